//! What people ask of an engine, but for approving and watching.

use std::hash::{BuildHasher, Hasher, RandomState};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use ops_plan::{Head, Limits, Verdict};
use ops_restate::{Engine, Stage, Submitted};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::pages::Pages;
use super::watch::{exit_of, said};
use super::way::Way;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::runs::owed;
use crate::screen::{Ending, Screen};
use crate::show::{self, Shown};
use crate::text::{BLUE, ORANGE, count};

/// How many runs are asked for at once.
const AT_ONCE: usize = 8;

/// A person at an engine's desk.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// The way to it.
    pub way: &'a Way,
    /// It.
    pub engine: &'a Engine,
    /// What is allowed without being asked, by environment.
    pub config: &'a Config,
    /// Where it is spoken.
    pub screen: Screen,
}

/// A question to a recipe.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Where.
    pub environment: &'a str,
    /// The recipe's id.
    pub recipe: &'a str,
    /// What it is asked, as JSON.
    pub question: &'a str,
    /// The run's name; one that nobody has unless said.
    pub run: Option<&'a str>,
}

impl Desk<'_> {
    /// Has the handlers plan, shows the plan, and leaves it waiting for its approval.
    ///
    /// # Errors
    /// Where the question is no JSON, a guard blocks the plan, or the engine or its handlers refuse.
    pub async fn submit(&self, asked: Question<'_>, operator: &str) -> Result<Ending, Failure> {
        let wrong = |error| Failure::usage(format!("the question is no JSON: {error}"));
        let question: Box<RawValue> = serde_json::from_str(asked.question).map_err(wrong)?;
        let run = asked.run.map_or_else(|| new_name(asked.recipe), str::to_owned);
        let plan = self.engine.plan(asked.environment, asked.recipe, question, &run, operator);
        let submitted = plan.await.map_err(|error| self.named_twice(error))?;
        let pages = Pages::read(self.engine, &run).await.map_err(|error| self.way.trouble(error))?;
        self.offered(&submitted, &pages).await
    }

    /// Has the handlers plan to take back what a run changed.
    ///
    /// # Errors
    /// Where the run is not over or changed nothing, or the engine or its handlers refuse.
    pub async fn undo(&self, run: &str, undo: Option<&str>, operator: &str) -> Result<Ending, Failure> {
        let undo = undo.map_or_else(|| format!("undo-{run}"), str::to_owned);
        let submitted = self.engine.undo(run, &undo, operator).await.map_err(|error| self.named_twice(error))?;
        let pages = Pages::read(self.engine, &undo).await.map_err(|error| self.way.trouble(error))?;
        self.offered(&submitted, &pages).await
    }

    /// Shows what was submitted. What can never be approved does not wait.
    async fn offered(&self, submitted: &Submitted, pages: &Pages) -> Result<Ending, Failure> {
        let run = &submitted.run;
        self.show_plan(pages);
        if let Err(blocked) = refuse_blocked(pages.head()) {
            self.engine.cancel(run).await.map_err(|error| self.way.trouble(error))?;
            return Err(blocked);
        }
        let plan =
            json!({ "digest": submitted.digest.to_string(), "changes": pages.head().changes(), "head": pages.head() });
        let ending = |line: String| {
            Ending::new(Exit::Done, line)
                .with("run", run.clone().into())
                .with("before", submitted.before.into())
                .with("plan", plan)
        };
        if pages.head().changes() == 0 {
            self.engine.cancel(run).await.map_err(|error| self.way.trouble(error))?;
            return Ok(ending(format!("nothing to do — {}", pages.head().title)));
        }
        if submitted.before {
            let stands = self.stands(run).await?;
            return Ok(ending(format!("run {run} was there already: {stands}")));
        }
        Ok(ending(format!("run {run} waits for approval — next: engine approve {run}")))
    }

    fn named_twice(&self, error: ops_client::Error) -> Failure {
        let taken = error.kind() == ops_client::ErrorKind::Conflict;
        let mut failure = self.way.trouble(error);
        if taken {
            failure.text.push_str("\n  → give yours another name with --run NAME");
        }
        failure
    }

    async fn stands(&self, run: &str) -> Result<String, Failure> {
        let status = self.engine.status(run).await.map_err(|error| self.way.trouble(error))?;
        Ok(status.map_or_else(|| "the engine forgot it".to_owned(), |status| said(&status)))
    }

    fn show_plan(&self, pages: &Pages) {
        let limits = limits(self.config, pages.head());
        self.screen.say(&show::plan(pages, &limits, &self.screen.layout, Timestamp::now()));
    }

    /// A run: its plan, how it stands, and the next command.
    ///
    /// # Errors
    /// Where there is no such run, or the engine does not answer.
    pub async fn show(&self, run: &str) -> Result<Ending, Failure> {
        let status = self.engine.status(run).await.map_err(|error| self.way.trouble(error))?;
        let status = status.ok_or_else(|| no_such(run))?;
        let pages = Pages::read(self.engine, run).await.map_err(|error| self.way.trouble(error))?;
        self.show_plan(&pages);
        let next = match &status.stage {
            Stage::Waiting => format!("engine approve {run}"),
            Stage::Running { .. } => format!("engine watch {run}"),
            _ => format!("engine report {run}"),
        };
        let line = format!("run {run}: {} — next: {next}", said(&status));
        let document = serde_json::to_value(&status).unwrap_or(Value::Null);
        Ok(Ending::new(Exit::Done, line).with("status", document).with("next", next.into()))
    }

    /// Asks a run to stop.
    ///
    /// # Errors
    /// Where there is no such run, or the engine does not answer.
    pub async fn cancel(&self, run: &str) -> Result<Ending, Failure> {
        if self.engine.cancel(run).await.map_err(|error| self.way.trouble(error))? {
            let line = format!("run {run} stops: what is in flight ends first — next: engine watch {run}");
            return Ok(Ending::new(Exit::Done, line));
        }
        let status = self.engine.status(run).await.map_err(|error| self.way.trouble(error))?;
        let status = status.ok_or_else(|| no_such(run))?;
        Ok(Ending::new(Exit::Done, format!("run {run} is over: {}", said(&status))))
    }

    /// What came of a run, also long after the engine forgot it.
    ///
    /// # Errors
    /// Where there is no such run, it is not over, or the engine does not answer.
    pub async fn report(&self, run: &str, markdown: bool) -> Result<Ending, Failure> {
        let Some(report) = self.engine.report(run).await.map_err(|error| self.way.trouble(error))? else {
            let status = self.engine.status(run).await.map_err(|error| self.way.trouble(error))?;
            let status = status.ok_or_else(|| no_such(run))?;
            // How it stands may be pasted, too; a script learns by the exit that the run is not over.
            for line in status.text().lines() {
                self.screen.say(&self.screen.layout.wrap("", &crate::text::clean(line)));
            }
            return Err(Failure::refused(format!("run {run} has no report yet: {}", said(&status))));
        };
        if !markdown {
            return Ok(super::watch::reported(&report, self.screen));
        }
        self.screen.say(&crate::text::clean(report.markdown().trim_end()));
        Ok(Ending::new(exit_of(&report), report.line()).shown())
    }

    /// All runs that were ever submitted, and how each stands.
    ///
    /// # Errors
    /// Where the engine does not answer.
    pub async fn runs(&self) -> Result<Ending, Failure> {
        let mut runs = self.engine.runs().await.map_err(|error| self.way.trouble(error))?;
        runs.sort_unstable();
        let all = stream::iter(runs)
            .map(|run| async move { self.engine.status(&run).await.map(|status| (run, status)) })
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await
            .map_err(|error| self.way.trouble(error))?;
        let mut documents = Vec::new();
        for (run, status) in &all {
            // A plan that was handed in, and whose submission broke off before the run began.
            let (mark, style, text) = match status {
                None => ("P . ", BLUE, "was never begun: submit it again".to_owned()),
                Some(status) => {
                    let (mark, style) = match &status.stage {
                        Stage::Waiting => ("P . ", BLUE),
                        Stage::Running { .. } => ("R > ", BLUE),
                        Stage::Ended { outcome, .. } if *outcome == ops_plan::Outcome::Done => ("D + ", BLUE),
                        _ => ("S ! ", ORANGE),
                    };
                    let over = matches!(status.stage, Stage::Ended { .. });
                    // The line of a run that is over has its title.
                    let text = if over { said(status) } else { format!("{}\n{}", status.title, said(status)) };
                    (mark, style, text)
                }
            };
            self.screen.say(&format!("{}{run}", self.screen.layout.paint(style, mark)));
            self.screen.say(&self.screen.layout.wrap("    ", &text));
            documents.push(json!({ "run": run, "status": status }));
        }
        Ok(Ending::new(Exit::Done, count(all.len(), "run")).with("runs", documents.into()))
    }

    /// What runs left behind.
    ///
    /// # Errors
    /// Where the engine does not answer.
    pub async fn due(&self) -> Result<Ending, Failure> {
        let due = self.engine.due().await.map_err(|error| self.way.trouble(error))?;
        let now = Timestamp::now();
        let late = |debt: &&ops_restate::Debt| debt.obligation.deadline.is_some_and(|until| until < now);
        let overdue = due.iter().filter(late).count();
        for debt in &due {
            let (mark, style) = if late(&debt) { ("O ! ", ORANGE) } else { ("D . ", BLUE) };
            let text = self.screen.layout.wrap("", &owed(&debt.obligation));
            self.screen.say(&format!("{}{text}", self.screen.layout.paint(style, mark)));
            self.screen.say(&self.screen.layout.wrap("    ", &format!("left by {}", debt.run)));
        }
        let (exit, line) = match due.len() {
            0 => (Exit::Done, "nothing is owed".to_owned()),
            owed => (Exit::Found, format!("{} owed, {overdue} overdue", count(owed, "debt"))),
        };
        Ok(Ending::new(exit, line).with("due", serde_json::to_value(&due).unwrap_or(Value::Null)))
    }

    /// Who holds a subject.
    ///
    /// # Errors
    /// Where the engine does not answer.
    pub async fn holder(&self, environment: &str, kind: &str, id: &str) -> Result<Ending, Failure> {
        let holder = self.engine.holder(environment, kind, id).await.map_err(|error| self.way.trouble(error))?;
        Ok(match holder {
            Some((run, operator)) => {
                let line = format!("{kind} {id} is held by run {run} of {operator} — next: engine show {run}");
                Ending::new(Exit::Held, line).with("run", run.into()).with("operator", operator.into())
            }
            None => Ending::new(Exit::Done, format!("nobody holds {kind} {id}")),
        })
    }

    /// Takes a subject from a run that is surely gone: `gone` says so, where the engine still shows it as running.
    ///
    /// # Errors
    /// Where the run runs, does not hold it, or the engine does not answer.
    pub async fn free(
        &self,
        (environment, kind, id): (&str, &str, &str),
        run: &str,
        gone: bool,
    ) -> Result<Ending, Failure> {
        let status = self.engine.status(run).await.map_err(|error| self.way.trouble(error))?;
        if let Some(status) = status.filter(|status| !gone && matches!(status.stage, Stage::Running { .. })) {
            let text = format!(
                "run {run} {}; what it holds is its own\n  → engine cancel {run}; or, where it was killed with the engine's own tools, --surely-gone",
                said(&status)
            );
            return Err(Failure::refused(text));
        }
        if self.engine.free(environment, kind, id, run).await.map_err(|error| self.way.trouble(error))? {
            return Ok(Ending::new(Exit::Done, format!("{kind} {id} is free")));
        }
        Err(Failure::refused(format!("run {run} does not hold {kind} {id}; engine holder tells who does")))
    }
}

/// What is allowed without being asked in the environment of a plan.
pub(super) fn limits(config: &Config, head: &Head) -> Limits {
    config.environments.get(&head.target.environment).map_or_else(Limits::default, |known| known.limits.clone())
}

/// What blocks a plan.
pub(super) fn refuse_blocked(head: &Head) -> Result<(), Failure> {
    let blocked: Vec<String> =
        head.findings.iter().filter(|finding| finding.verdict == Verdict::Block).map(ToString::to_string).collect();
    if blocked.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("refused, nothing was changed\n{}", blocked.join("\n"))))
}

/// There is no run of this name.
pub(super) fn no_such(run: &str) -> Failure {
    Failure::refused(format!("no run «{run}» here; engine runs lists them"))
}

/// A name that no other run has: when it was made, and something of chance.
fn new_name(recipe: &str) -> String {
    let chance = RandomState::new().build_hasher().finish() & 0xff_ffff;
    format!("{recipe}-{}-{chance:06x}", Timestamp::now().strftime("%Y%m%dt%H%M%Sz"))
}
