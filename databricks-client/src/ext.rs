//! What follows from the ports, for every implementation of them: waiting, and a command from its beginning to its end.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::wait::Looks;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{
    ClusterId, Command, CommandId, CommandResult, CommandState, Context, ContextStatus, Language, Run, RunId,
    RunOutput, Statement, StatementId, WorkspaceRead, WorkspaceWrite,
};

/// Between two looks at what takes seconds: a statement, a context, a command.
const QUICK: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// Between two looks at a run, which takes minutes.
const SLOW: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// Conveniences over [`WorkspaceRead`].
#[async_trait]
pub trait WorkspaceReadExt: WorkspaceRead {
    /// Looks at a run, at once and then every 1 to 15 s, until it is over, however it went. `seen` is told of every look.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use databricks_client::{
    ///     IdempotencyToken, Result, Run, RunOutput, Submit, WorkspaceRead, WorkspaceReadExt, WorkspaceWrite,
    /// };
    ///
    /// async fn look<W>(workspace: &W, submit: &Submit, token: &IdempotencyToken) -> Result<RunOutput>
    /// where
    ///     W: WorkspaceRead + WorkspaceWrite,
    /// {
    ///     let run = workspace.submit(submit, token).await?;
    ///     let seen = |run: &Run| println!("{} {}", run.name, run.life_cycle);
    ///     let run = workspace.wait_for_run(run, Duration::from_secs(30 * 60), seen).await?;
    ///     workspace.output(&run).await
    /// }
    /// ```
    ///
    /// # Errors
    /// `Timeout` where it is not over before `deadline`, with what was seen last. Otherwise as [`WorkspaceRead::run`], but
    /// a failure that passes by itself is borne four times in a row.
    async fn wait_for_run<S>(&self, run: RunId, deadline: Duration, mut seen: S) -> Result<Run>
    where
        S: FnMut(&Run) + Send,
    {
        let mut looks = Looks::new(deadline, SLOW.0, SLOW.1);
        let mut last = None;
        loop {
            if let Some(found) = looks.bear(self.run(run).await)? {
                seen(&found);
                if found.has_ended() {
                    return Ok(found);
                }
                last = Some(found.life_cycle);
            }
            if !looks.pause().await {
                return Err(late(Effect::None, &format!("run {run}"), deadline, last.as_ref()));
            }
        }
    }

    /// What a run told: that of its only task, where it has one.
    ///
    /// # Errors
    /// `Invalid` where it has several tasks; otherwise as [`WorkspaceRead::run_output`].
    async fn output(&self, run: &Run) -> Result<RunOutput> {
        match run.output_of() {
            Some(of) => self.run_output(of).await,
            None => {
                let keys: Vec<&str> = run.tasks.iter().map(|task| task.key.as_str()).collect();
                let message = format!("run {} has several tasks: ask for the run of one, {}", run.id, keys.join(", "));
                Err(Error::invalid("databricks.run_output", message).with_attempts(0))
            }
        }
    }

    /// Looks at a statement, at once and then every quarter to 5 s, until it is over, however it went. `seen` is told of
    /// every look.
    ///
    /// # Errors
    /// `Timeout` where it is not over before `deadline`. Otherwise as [`WorkspaceRead::statement`], but a failure that
    /// passes by itself is borne four times in a row.
    async fn wait_for_statement<'a, S>(
        &self,
        statement: &'a StatementId,
        deadline: Duration,
        mut seen: S,
    ) -> Result<Statement>
    where
        S: FnMut(&Statement) + Send,
    {
        let mut looks = Looks::new(deadline, QUICK.0, QUICK.1);
        let mut last = None;
        loop {
            if let Some(found) = looks.bear(self.statement(statement).await)? {
                seen(&found);
                if found.state.has_ended() {
                    return Ok(found);
                }
                last = Some(found.state);
            }
            if !looks.pause().await {
                return Err(late(Effect::None, &format!("statement {statement}"), deadline, last.as_ref()));
            }
        }
    }
}

impl<T: WorkspaceRead + ?Sized> WorkspaceReadExt for T {}

/// How far a command is that is run whole.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum CommandStep<'a> {
    /// Its context is being made.
    Context(&'a Context, &'a ContextStatus),
    /// It was begun.
    Begun(&'a CommandId),
    /// So it stands.
    Command(&'a Command),
    /// It is over, and its context could not be taken away: it stays until its cluster ends.
    Left(&'a Context, &'a Error),
}

/// Conveniences over [`WorkspaceWrite`].
#[async_trait]
pub trait WorkspaceWriteExt: WorkspaceWrite {
    /// Runs a command in a context of its own: makes it, waits for it, has the command executed, waits for its end, and
    /// destroys the context whatever happened. `seen` is told of every step. A command that fails is an answer
    /// ([`CommandResult::Error`]), not an error.
    ///
    /// Where the future is dropped meanwhile, the context stays until its cluster ends.
    ///
    /// # Errors
    /// `Timeout` where the command is not over before `deadline` (it is then asked to end), `Rejected` where somebody else
    /// ended it, or the context cannot be made; otherwise as the calls that it is made of. As soon as the command may have
    /// been begun, the effect is `Possible`.
    async fn run_command<'a, S>(
        &self,
        cluster: &'a ClusterId,
        language: Language,
        command: &'a str,
        deadline: Duration,
        mut seen: S,
    ) -> Result<CommandResult>
    where
        S: FnMut(CommandStep<'_>) + Send,
    {
        let mut looks = Looks::new(deadline, QUICK.0, QUICK.1);
        let context = self.create_context(cluster, language).await?;
        let done = in_context(self, &context, command, deadline, &mut looks, &mut seen).await;
        if let Err(error) = self.destroy_context(&context).await {
            seen(CommandStep::Left(&context, &error));
        }
        done
    }
}

impl<T: WorkspaceWrite + ?Sized> WorkspaceWriteExt for T {}

async fn in_context<W: WorkspaceWrite + ?Sized>(
    workspace: &W,
    context: &Context,
    command: &str,
    deadline: Duration,
    looks: &mut Looks,
    seen: &mut (dyn FnMut(CommandStep<'_>) + Send),
) -> Result<CommandResult> {
    let mut last = None;
    loop {
        if let Some(status) = looks.bear(workspace.context_status(context).await)? {
            seen(CommandStep::Context(context, &status));
            match status {
                ContextStatus::Running => break,
                ContextStatus::Error => {
                    let message = format!("no context can be made on cluster {}", context.cluster);
                    return Err(refused(Effect::None, message));
                }
                other => last = Some(other),
            }
        }
        if !looks.pause().await {
            return Err(late(Effect::None, "the context", deadline, last.as_ref()));
        }
    }
    let id = workspace.execute(context, command).await?;
    seen(CommandStep::Begun(&id));
    let mut last = None;
    loop {
        let look = workspace.command_status(context, &id).await;
        if let Some(found) = looks.bear(look).map_err(|error| error.with_effect(Effect::Possible))? {
            seen(CommandStep::Command(&found));
            match found {
                Command { state: CommandState::Cancelled, .. } => {
                    return Err(refused(Effect::Possible, "the command was cancelled".to_owned()));
                }
                Command { result: Some(result), state, .. } if state.has_ended() => return Ok(result),
                Command { state, .. } if state.has_ended() => {
                    return Err(refused(Effect::Possible, format!("the command is {state}, and told nothing")));
                }
                Command { state, .. } => last = Some(state),
            }
        }
        if !looks.pause().await {
            // Its context will be destroyed, which ends it too.
            let _ = workspace.cancel_command(context, &id).await;
            return Err(late(Effect::Possible, "the command", deadline, last.as_ref()));
        }
    }
}

fn refused(effect: Effect, message: String) -> Error {
    Error::new("databricks.run_command", ErrorKind::Rejected, effect).with_message(message)
}

fn late(effect: Effect, what: &str, deadline: Duration, last: Option<&impl fmt::Display>) -> Error {
    let seen = last.map_or_else(|| "nothing was seen of it".to_owned(), |status| format!("it is {status}"));
    Error::new("databricks.wait", ErrorKind::Timeout, effect)
        .with_message(format!("{what} is not over after {} s: {seen}", deadline.as_secs()))
}
