//! What follows from the ports' answers, for every implementation of them.

use std::time::Duration;

use async_trait::async_trait;
use ops_client::wait::Looks;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{FleetRead, Group};

/// Between two looks. A machine takes minutes.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);

/// Conveniences over [`FleetRead`].
#[async_trait]
pub trait FleetReadExt: FleetRead {
    /// Looks at a group, at once and then every 1 to 15 s, until it is as wanted. `seen` is told of every look.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use fleet_ops::{FleetRead, FleetReadExt, FleetWrite, Group, InstanceId, Result};
    ///
    /// async fn replace<F: FleetRead + FleetWrite>(fleet: &F, group: &str, old: &InstanceId) -> Result<Group> {
    ///     fleet.replace(old).await?;
    ///     let whole = |group: &Group| group.machine(old).is_none() && group.is_whole();
    ///     let seen = |group: &Group| println!("{} of {}", group.in_service().count(), group.size.desired);
    ///     fleet.wait_for_group(group, whole, Duration::from_secs(20 * 60), seen).await
    /// }
    /// ```
    ///
    /// # Errors
    /// `Timeout` where it is not so before `deadline`, with what was seen last. Otherwise as [`FleetRead::group`], but a
    /// failure that passes by itself is borne four times in a row.
    async fn wait_for_group<U, S>(&self, name: &str, until: U, deadline: Duration, mut seen: S) -> Result<Group>
    where
        U: Fn(&Group) -> bool + Send + Sync,
        S: FnMut(&Group) + Send,
    {
        let mut looks = Looks::new(deadline, SHORTEST, LONGEST);
        let mut last = None;
        loop {
            if let Some(found) = looks.bear(self.group(name).await)? {
                seen(&found);
                if until(&found) {
                    return Ok(found);
                }
                last = Some(found);
            }
            if !looks.pause().await {
                return Err(late(name, deadline, last.as_ref()));
            }
        }
    }
}

impl<T: FleetRead + ?Sized> FleetReadExt for T {}

fn late(name: &str, deadline: Duration, last: Option<&Group>) -> Error {
    let seen = match last {
        Some(group) => format!("{} of {} machines in service", group.in_service().count(), group.size.desired),
        None => "nothing was seen of it".to_owned(),
    };
    Error::new("fleet.wait", ErrorKind::Timeout, Effect::None)
        .with_message(format!("{name} is not as wanted after {} s: {seen}", deadline.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::Instant;

    use super::*;
    use crate::{GroupFilter, InstanceId, Life, Machine, Probe, Refresh, Size};

    /// Answers one look after the other; the last answer stays.
    struct Answers(Mutex<Vec<Result<Group>>>);

    impl Answers {
        fn new(mut answers: Vec<Result<Group>>) -> Self {
            answers.reverse();
            Self(Mutex::new(answers))
        }
    }

    #[async_trait]
    impl FleetRead for Answers {
        async fn group(&self, _: &str) -> Result<Group> {
            let mut left = self.0.lock().unwrap();
            if left.len() > 1 { left.pop().unwrap() } else { left[0].as_ref().map(Clone::clone).map_err(again) }
        }

        async fn probe(&self) -> Result<Probe> {
            unreachable!("nobody asks")
        }

        async fn groups(&self, _: &GroupFilter) -> Result<Vec<Group>> {
            unreachable!("nobody asks")
        }

        async fn refreshes(&self, _: &str) -> Result<Vec<Refresh>> {
            unreachable!("nobody asks")
        }
    }

    fn again(error: &Error) -> Error {
        Error::new(error.op(), error.kind(), error.effect())
    }

    fn group(life: Life) -> Group {
        let mut group = Group::new("masters", Size::new(1, 1, 1));
        group.machines.push(Machine::new(InstanceId::new("i-1"), life));
        group
    }

    fn away() -> Error {
        Error::new("fleet.group", ErrorKind::Unavailable, Effect::None)
    }

    async fn wait(answers: Vec<Result<Group>>, deadline: u64) -> (Result<Group>, usize, Duration) {
        let (began, mut looks) = (Instant::now(), 0);
        let fleet: &dyn FleetRead = &Answers::new(answers);
        let deadline = Duration::from_secs(deadline);
        let result = fleet.wait_for_group("masters", Group::is_whole, deadline, |_| looks += 1).await;
        (result, looks, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_so_already_is_not_waited_for() {
        let (result, looks, time) = wait(vec![Ok(group(Life::InService))], 0).await;
        assert_eq!((result.unwrap().name.as_str(), looks, time), ("masters", 1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_deadline_and_tells_what_was_seen() {
        let (result, looks, time) = wait(vec![Ok(group(Life::Pending))], 600).await;
        let error = result.unwrap_err();
        assert_eq!(
            error.to_string(),
            "fleet.wait: Timeout: masters is not as wanted after 600 s: 0 of 1 machines in service"
        );
        assert!((Duration::from_secs(600)..Duration::from_secs(601)).contains(&time), "{time:?}");
        assert!((40..90).contains(&looks), "every 15 s in the end, more often at first: {looks}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_passes_is_borne() {
        let mut answers: Vec<Result<Group>> = (0..4).map(|_| Err(away())).collect();
        answers.push(Ok(group(Life::Pending)));
        answers.extend((0..4).map(|_| Err(away())));
        answers.push(Ok(group(Life::InService)));
        let (result, looks, _) = wait(answers, 600).await;
        assert_eq!((result.is_ok(), looks), (true, 2));

        let (result, ..) = wait(vec![Err(away())], 600).await;
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
        let gone = Error::new("fleet.group", ErrorKind::NotFound, Effect::None);
        let (result, _, time) = wait(vec![Err(gone)], 600).await;
        assert_eq!((result.unwrap_err().kind(), time), (ErrorKind::NotFound, Duration::ZERO));
    }
}
