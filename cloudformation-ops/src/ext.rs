//! What follows from the ports' answers, for every implementation of them.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::wait::Looks;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{
    ChangeSet, ChangeSetName, DriftCheck, DriftCheckStatus, EventId, Followed, Stack, StackEvent, StackName, StacksRead,
};

/// Between two looks at what takes seconds: a change set, a check for drift.
const QUICK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));

/// Between two looks at a stack, which takes minutes. AWS grants few looks a second to all callers of an account
/// together.
const SLOW: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Conveniences over [`StacksRead`].
#[async_trait]
pub trait StacksReadExt: StacksRead {
    /// Looks at a change set, at once and then every half to 5 s, until it is computed; also where that failed, or
    /// where it [changes nothing](ChangeSet::is_empty_change).
    ///
    /// # Errors
    /// `Timeout` where it is not so before `deadline`. Otherwise as [`StacksRead::change_set`], but a failure that
    /// passes by itself is borne four times in a row.
    async fn wait_for_change_set(
        &self,
        stack: &StackName,
        name: &ChangeSetName,
        deadline: Duration,
    ) -> Result<ChangeSet> {
        let mut looks = Looks::new(deadline, QUICK.0, QUICK.1);
        let mut last = None;
        loop {
            if let Some(set) = looks.bear(self.change_set(stack, name).await)? {
                if !set.status.is_in_progress() {
                    return Ok(set);
                }
                last = Some(set.status);
            }
            if !looks.pause().await {
                return Err(late(&format!("the change set {name} of {stack}"), deadline, last.as_ref()));
            }
        }
    }

    /// Looks at a stack, at once and then every 1 to 10 s, until it is as wanted. `seen` is told of every look, with
    /// the events that are new; the first look's are those after `since`, the last one that was seen before.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use cloudformation_ops::{
    ///     ChangeSetName, ClientToken, Followed, Result, Stack, StackEvent, StackName, StacksRead, StacksReadExt,
    ///     StacksWrite,
    /// };
    ///
    /// async fn execute<S: StacksRead + StacksWrite>(
    ///     stacks: &S,
    ///     stack: &StackName,
    ///     set: &ChangeSetName,
    ///     token: &ClientToken,
    /// ) -> Result<bool> {
    ///     let before = stacks.events(stack, None).await?.pop().map(|event| event.id);
    ///     stacks.execute_change_set(stack, set, token).await?;
    ///     let seen = |stack: &Stack, new: &[StackEvent]| {
    ///         new.iter().for_each(|event| println!("{} {}", event.logical_id, event.status));
    ///         println!("{}", stack.status);
    ///     };
    ///     let ended = |followed: &Followed| followed.has_ended(token);
    ///     let deadline = Duration::from_secs(30 * 60);
    ///     let followed = stacks.wait_for_stack(stack, before.as_ref(), ended, deadline, seen).await?;
    ///     if let Some(event) = followed.first_failure() {
    ///         println!("{}: {}", event.logical_id, event.reason.as_deref().unwrap_or("no reason is given"));
    ///     }
    ///     Ok(followed.stack.status.is_complete())
    /// }
    /// ```
    ///
    /// # Errors
    /// `Timeout` where it is not so before `deadline`, with what was seen last. Otherwise as [`StacksRead::stack`] and
    /// [`StacksRead::events`], but a failure that passes by itself is borne four times in a row.
    async fn wait_for_stack<'a, U, S>(
        &self,
        name: &StackName,
        since: Option<&'a EventId>,
        until: U,
        deadline: Duration,
        mut seen: S,
    ) -> Result<Followed>
    where
        U: Fn(&Followed) -> bool + Send + Sync,
        S: FnMut(&Stack, &[StackEvent]) + Send,
    {
        let mut looks = Looks::new(deadline, SLOW.0, SLOW.1);
        let mut events: Vec<StackEvent> = Vec::new();
        let mut last = None;
        loop {
            let after = events.last().map(|event| &event.id).or(since);
            if let Some((stack, new)) = looks.bear(look(self, name, after).await)? {
                seen(&stack, &new);
                events.extend(new);
                last = Some(stack.status.clone());
                let followed = Followed::new(stack, events);
                if until(&followed) {
                    return Ok(followed);
                }
                events = followed.events;
            }
            if !looks.pause().await {
                return Err(late(name.as_str(), deadline, last.as_ref()));
            }
        }
    }

    /// Compares a stack's resources with its template, and waits for what is found.
    ///
    /// # Errors
    /// `Timeout` where it has not ended before `deadline`. Otherwise as [`StacksRead::start_drift_check`] and
    /// [`StacksRead::drift_check`], but a failure that passes by itself is borne four times in a row.
    async fn check_drift(&self, stack: &StackName, deadline: Duration) -> Result<DriftCheck> {
        let id = self.start_drift_check(stack).await?;
        let mut looks = Looks::new(deadline, QUICK.0, QUICK.1);
        loop {
            if let Some(check) = looks.bear(self.drift_check(stack, &id).await)?
                && check.status != DriftCheckStatus::InProgress
            {
                return Ok(check);
            }
            if !looks.pause().await {
                return Err(late(
                    &format!("the check of {stack} for drift"),
                    deadline,
                    Some(&DriftCheckStatus::InProgress),
                ));
            }
        }
    }
}

impl<T: StacksRead + ?Sized> StacksReadExt for T {}

/// The stack first: whoever sees it ended sees all events of that.
async fn look<R: StacksRead + ?Sized>(
    stacks: &R,
    name: &StackName,
    after: Option<&EventId>,
) -> Result<(Stack, Vec<StackEvent>)> {
    let stack = stacks.stack(name).await?;
    let new = stacks.events(name, after).await?;
    Ok((stack, new))
}

fn late(what: &str, deadline: Duration, last: Option<&impl fmt::Display>) -> Error {
    let seen = last.map_or_else(|| "nothing was seen of it".to_owned(), |status| format!("it is {status}"));
    Error::new("cloudformation.wait", ErrorKind::Timeout, Effect::None)
        .with_message(format!("{what} is not as wanted after {} s: {seen}", deadline.as_secs()))
}

#[cfg(test)]
#[cfg(feature = "mock")]
mod tests {
    use mockall::Sequence;

    use super::*;
    use crate::{ChangeSetStatus, DriftCheckId, Execution, MockStacksRead, ResourceStatus, StackStatus};

    const MINUTE: Duration = Duration::from_secs(60);

    fn name() -> StackName {
        "shop".parse().unwrap()
    }

    fn set(status: ChangeSetStatus) -> Result<ChangeSet> {
        Ok(ChangeSet::new("arn", "preview".parse().unwrap(), name(), status, Execution::Unavailable))
    }

    fn stack(status: StackStatus) -> Result<Stack> {
        Ok(Stack::new("arn", name(), status, "2018-01-17T00:00:00Z".parse().unwrap()))
    }

    fn event(id: &str) -> StackEvent {
        let at = "2018-01-17T00:00:00Z".parse().unwrap();
        StackEvent::new(EventId::new(id), at, name(), "Role", "AWS::IAM::Role", ResourceStatus::new("UPDATE_COMPLETE"))
    }

    fn away<T>() -> Result<T> {
        Err(Error::new("cloudformation.look", ErrorKind::Unavailable, Effect::None))
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_set_is_waited_for_until_it_is_computed_or_has_failed() {
        for last in [ChangeSetStatus::CreateComplete, ChangeSetStatus::Failed] {
            let mut answers = vec![
                set(last.clone()),
                away(),
                set(ChangeSetStatus::CreateInProgress),
                set(ChangeSetStatus::CreatePending),
            ];
            let mut stacks = MockStacksRead::new();
            stacks.expect_change_set().times(4).returning(move |_, _| answers.pop().unwrap());
            let found = stacks.wait_for_change_set(&name(), &"preview".parse().unwrap(), MINUTE).await.unwrap();
            assert_eq!(found.status, last);
        }
        let mut stacks = MockStacksRead::new();
        stacks.expect_change_set().returning(|_, _| set(ChangeSetStatus::CreateInProgress));
        let error = stacks.wait_for_change_set(&name(), &"preview".parse().unwrap(), MINUTE).await.unwrap_err();
        let words = "the change set preview of shop is not as wanted after 60 s: it is CREATE_IN_PROGRESS";
        assert_eq!((error.kind(), error.message()), (ErrorKind::Timeout, Some(words)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_event_is_told_twice_and_none_is_lost_to_a_failed_look() {
        let mut stacks = MockStacksRead::new();
        let mut order = Sequence::new();
        let looks = [
            ("e-0", Ok(vec![event("e-1")]), StackStatus::UpdateInProgress),
            ("e-1", away(), StackStatus::UpdateComplete),
            ("e-1", Ok(vec![event("e-2"), event("e-3")]), StackStatus::UpdateInProgress),
            ("e-3", Ok(vec![]), StackStatus::UpdateComplete),
        ];
        for (after, new, status) in looks {
            stacks.expect_stack().times(1).in_sequence(&mut order).return_once(|_| stack(status));
            let wanted = move |_: &StackName, found: &Option<&EventId>| found.map(EventId::as_str) == Some(after);
            stacks.expect_events().withf(wanted).times(1).in_sequence(&mut order).return_once(|_, _| new);
        }
        let mut told = Vec::new();
        let seen = |_: &Stack, new: &[StackEvent]| told.push(new.len());
        let until = |followed: &Followed| followed.stack.status.is_complete();
        let since = EventId::new("e-0");
        let followed = stacks.wait_for_stack(&name(), Some(&since), until, MINUTE, seen).await.unwrap();
        assert_eq!(told, [1, 2, 0]);
        assert_eq!(followed.events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["e-1", "e-2", "e-3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_deadline_and_tells_what_was_seen() {
        let mut stacks = MockStacksRead::new();
        stacks.expect_stack().returning(|_| stack(StackStatus::UpdateInProgress));
        stacks.expect_events().returning(|_, _| Ok(vec![]));
        let stacks: &dyn StacksRead = &stacks;
        let error = stacks.wait_for_stack(&name(), None, |_| false, MINUTE, |_, _| ()).await.unwrap_err();
        let words = "cloudformation.wait: Timeout: shop is not as wanted after 60 s: it is UPDATE_IN_PROGRESS";
        assert_eq!(error.to_string(), words);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_for_drift_is_waited_for() {
        let mut stacks = MockStacksRead::new();
        stacks.expect_start_drift_check().times(1).returning(|_| Ok(DriftCheckId::new("d-1")));
        let mut answers = vec![DriftCheckStatus::Failed, DriftCheckStatus::InProgress];
        stacks.expect_drift_check().times(2).returning(move |_, _| Ok(DriftCheck::new(answers.pop().unwrap())));
        assert_eq!(stacks.check_drift(&name(), MINUTE).await.unwrap().status, DriftCheckStatus::Failed);
    }
}
