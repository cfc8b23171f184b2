//! What was begun in a workspace, and how it stands by the clock.

use std::time::Duration;

use databricks_client::{
    ClusterId, Command, CommandId, CommandResult, CommandState, Context, ContextId, ContextStatus, IdempotencyToken,
    Language, LifeCycle, ResultState, Run, RunId, RunOutput, Sql, Statement, StatementError, StatementId,
    StatementState, Submit, Table, TaskRun,
};
use jiff::Timestamp;

use super::reads::no_such_path;
use super::spec::Course;
use super::state::Databricks;
use crate::agenda::later;
use crate::refusal::Refusal;

/// The key of the only task of a run that was submitted.
const TASK: &str = "notebook";

/// A run, and the run of its only task.
#[derive(Debug)]
pub(crate) struct HeldRun {
    name: String,
    task: RunId,
    begun: Timestamp,
    cancelled: Option<Timestamp>,
    course: Course,
}

impl HeldRun {
    fn ends(&self) -> Timestamp {
        later(later(self.begun, self.course.pending), self.course.running)
    }

    fn stands(&self, now: Timestamp) -> (LifeCycle, Option<ResultState>) {
        match self.cancelled {
            Some(at) if at <= now => (LifeCycle::Terminated, Some(ResultState::Canceled)),
            _ if now >= self.ends() => (LifeCycle::Terminated, Some(self.course.result.clone())),
            _ if now >= later(self.begun, self.course.pending) => (LifeCycle::Running, None),
            _ => (LifeCycle::Pending, None),
        }
    }
}

#[derive(Debug)]
pub(crate) struct HeldContext {
    pub(super) cluster: ClusterId,
}

#[derive(Debug)]
pub(crate) struct HeldCommand {
    context: ContextId,
    ends: Timestamp,
    cancelled: bool,
    result: CommandResult,
}

#[derive(Debug)]
pub(crate) struct HeldStatement {
    ends: Timestamp,
    cancelled: bool,
    outcome: Result<Table, StatementError>,
}

impl Databricks {
    pub(super) fn submit(
        &mut self,
        submit: &Submit,
        token: &IdempotencyToken,
        now: Timestamp,
    ) -> Result<(RunId, bool), Refusal> {
        if let Some(run) = self.tokens.get(token) {
            return Ok((*run, false));
        }
        self.start(&submit.cluster)?;
        let (id, task) = (RunId::new(self.number()), RunId::new(self.number()));
        let course = match (self.notebook(&submit.notebook), self.courses.get(&submit.notebook)) {
            (Some(_), Some(course)) => course.clone(),
            (Some(_), None) => {
                let source = self.source(&submit.notebook).unwrap_or_default();
                self.missing(source).map_or_else(Course::default, |path| Course::failing(no_such_path(&path)))
            }
            (None, _) => Course::failing(format!("Unable to access the notebook {}.", submit.notebook)),
        };
        self.runs.insert(id, HeldRun { name: submit.name.clone(), task, begun: now, cancelled: None, course });
        self.tokens.insert(token.clone(), id);
        Ok((id, true))
    }

    pub(super) fn run(&self, id: RunId, now: Timestamp) -> Result<Run, Refusal> {
        if let Some(held) = self.runs.get(&id) {
            let (life_cycle, result) = held.stands(now);
            let task = TaskRun::new(TASK, held.task, life_cycle.clone(), result.clone());
            return Ok(shown(held, id, life_cycle, result).with_tasks(vec![task]));
        }
        let held = self.by_task(id).ok_or_else(|| no_run(id))?;
        let (life_cycle, result) = held.stands(now);
        Ok(shown(held, id, life_cycle, result))
    }

    fn by_task(&self, task: RunId) -> Option<&HeldRun> {
        self.runs.values().find(|held| held.task == task)
    }

    /// Only the run of a task tells what a notebook told.
    pub(super) fn output(&self, id: RunId, now: Timestamp) -> Result<RunOutput, Refusal> {
        if self.runs.contains_key(&id) {
            let words = "Retrieving the output of runs with multiple tasks is not supported.";
            return Err(Refusal::Invalid(words.to_owned()));
        }
        let held = self.by_task(id).ok_or_else(|| no_run(id))?;
        Ok(match held.stands(now) {
            (LifeCycle::Terminated, Some(ResultState::Canceled)) => RunOutput::failed("Run was cancelled."),
            (LifeCycle::Terminated, _) => held.course.output.clone(),
            _ => RunOutput::default(),
        })
    }

    /// Whether it did not end before.
    pub(super) fn cancel_run(&mut self, id: RunId, now: Timestamp) -> Result<bool, Refusal> {
        let held = self.runs.get_mut(&id).ok_or_else(|| no_run(id))?;
        let runs = held.cancelled.is_none() && now < held.ends();
        if runs {
            held.cancelled = Some(now);
        }
        Ok(runs)
    }

    pub(super) fn begin_context(&mut self, cluster: &ClusterId, language: Language) -> Result<Context, Refusal> {
        if !self.cluster(cluster)?.state.is_usable() {
            return Err(Refusal::Conflict("ClusterNotReadyException: Cluster not in Running state".to_owned()));
        }
        let id = id(&format!("context-{}", self.number()))?;
        let context = Context::new(cluster.clone(), id, language);
        self.contexts.insert(context.id.clone(), HeldContext { cluster: cluster.clone() });
        Ok(context)
    }

    pub(super) fn context(&self, cluster: &ClusterId, id: &ContextId) -> Result<ContextStatus, Refusal> {
        match self.contexts.get(id) {
            Some(held) if held.cluster == *cluster => Ok(ContextStatus::Running),
            _ => Err(Refusal::NotFound(format!("ContextNotFound: {id}"))),
        }
    }

    pub(super) fn end_context(&mut self, cluster: &ClusterId, id: &ContextId) -> Result<(), Refusal> {
        self.context(cluster, id)?;
        self.contexts.remove(id);
        self.commands.retain(|_, command| command.context != *id);
        Ok(())
    }

    pub(super) fn begin_command(
        &mut self,
        cluster: &ClusterId,
        context: &ContextId,
        command: &str,
        now: Timestamp,
    ) -> Result<CommandId, Refusal> {
        self.context(cluster, context)?;
        let fits = self.commands_told.iter().rev().find(|plan| command.contains(&plan.contains));
        let (lasts, result) = match fits {
            Some(plan) => (plan.lasts, plan.result.clone()),
            None => (
                Duration::ZERO,
                match self.missing(command) {
                    Some(path) => {
                        CommandResult::Error { summary: Some(no_such_path(&path)), cause: no_such_path(&path) }
                    }
                    None => CommandResult::Text(String::new()),
                },
            ),
        };
        let id: CommandId = id(&format!("command-{}", self.number()))?;
        let held = HeldCommand { context: context.clone(), ends: later(now, lasts), cancelled: false, result };
        self.commands.insert(id.clone(), held);
        Ok(id)
    }

    fn held_command(
        &mut self,
        cluster: &ClusterId,
        context: &ContextId,
        id: &CommandId,
    ) -> Result<&mut HeldCommand, Refusal> {
        self.context(cluster, context)?;
        let found = self.commands.get_mut(id).filter(|held| held.context == *context);
        found.ok_or_else(|| Refusal::NotFound(format!("CommandNotFound: {id}")))
    }

    pub(super) fn command(
        &mut self,
        cluster: &ClusterId,
        context: &ContextId,
        id: &CommandId,
        now: Timestamp,
    ) -> Result<Command, Refusal> {
        let held = self.held_command(cluster, context, id)?;
        Ok(match held {
            HeldCommand { cancelled: true, .. } => Command::new(CommandState::Cancelled),
            held if held.ends <= now => Command::finished(held.result.clone()),
            _ => Command::new(CommandState::Running),
        })
    }

    /// Whether it did not end before.
    pub(super) fn cancel_command(
        &mut self,
        cluster: &ClusterId,
        context: &ContextId,
        id: &CommandId,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        let held = self.held_command(cluster, context, id)?;
        let runs = !held.cancelled && now < held.ends;
        held.cancelled |= runs;
        Ok(runs)
    }

    pub(super) fn begin_statement(&mut self, sql: &Sql, now: Timestamp) -> Result<Statement, Refusal> {
        if !self.warehouses.contains(&sql.warehouse) {
            return Err(Refusal::NotFound(format!("SQL warehouse {} does not exist.", sql.warehouse)));
        }
        let fits = self.statements_told.iter().rev().find(|plan| sql.statement.contains(&plan.contains));
        let (lasts, outcome) = match fits {
            Some(plan) => (plan.lasts, plan.outcome.clone()),
            None => (
                Duration::ZERO,
                match self.missing(&sql.statement) {
                    Some(path) => Err(StatementError::new("BAD_REQUEST", no_such_path(&path))),
                    None => Ok(Table::default()),
                },
            ),
        };
        let outcome = outcome.map(|mut table| {
            let most = usize::try_from(sql.row_limit).unwrap_or(usize::MAX);
            table.truncated |= table.rows.len() > most;
            table.rows.truncate(most);
            table
        });
        let id: StatementId = id(&format!("statement-{}", self.number()))?;
        self.statements.insert(id.clone(), HeldStatement { ends: later(now, lasts), cancelled: false, outcome });
        Ok(Statement::new(id, StatementState::Pending))
    }

    pub(super) fn statement(&self, id: &StatementId, now: Timestamp) -> Result<Statement, Refusal> {
        let held = self.statements.get(id).ok_or_else(|| no_statement(id))?;
        let stands = |state| Statement::new(id.clone(), state);
        Ok(match &held.outcome {
            _ if held.cancelled => stands(StatementState::Canceled),
            _ if now < held.ends => stands(StatementState::Running),
            Ok(table) => stands(StatementState::Succeeded).with_table(table.clone()),
            Err(error) => stands(StatementState::Failed).with_error(error.clone()),
        })
    }

    /// Whether it did not end before.
    pub(super) fn cancel_statement(&mut self, id: &StatementId, now: Timestamp) -> Result<bool, Refusal> {
        let held = self.statements.get_mut(id).ok_or_else(|| no_statement(id))?;
        let runs = !held.cancelled && now < held.ends;
        held.cancelled |= runs;
        Ok(runs)
    }
}

fn shown(held: &HeldRun, id: RunId, life_cycle: LifeCycle, result: Option<ResultState>) -> Run {
    let mut run = Run::new(id, &held.name, life_cycle);
    (run.result, run.started) = (result, Some(held.begun));
    if run.has_ended() {
        run.ended = Some(held.cancelled.unwrap_or_else(|| held.ends()));
        run.message = held.course.output.error.clone().filter(|_| held.cancelled.is_none());
    }
    run.page = Some(format!("https://workspace.example.com/#job/run/{id}"));
    run
}

fn no_run(id: RunId) -> Refusal {
    Refusal::NotFound(format!("Run {id} does not exist."))
}

fn no_statement(id: &StatementId) -> Refusal {
    Refusal::NotFound(format!("The statement {id} was not found."))
}

/// An id that was made here.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::Rejected("no id can be made".to_owned()))
}
