//! Follows a run that an engine has, from wherever the engine can be asked.

use std::time::Duration;

use ops_plan::{Report, Stop};
use ops_restate::{Stage, Status};
use serde_json::Value;

use super::desk::{Desk, no_such};
use crate::bars::Bars;
use crate::exit::{Exit, Failure};
use crate::screen::{Ending, Screen};
use crate::surroundings;
use crate::text::one_line;

/// How often the engine is asked.
const AGAIN: Duration = Duration::from_millis(400);
/// How many looks in a row may fail: a cluster takes some seconds to choose another leader.
const PATIENCE: usize = 5;
/// How long after a look that failed.
const REST: Duration = Duration::from_secs(3);

/// Follows a run to its end, and tells what came of it. Leaving (Ctrl-C) stops nothing.
///
/// # Errors
/// Where there is no such run, or the engine does not answer for a while.
pub async fn watch(desk: &Desk<'_>, run: &str) -> Result<Ending, Failure> {
    let Desk { way, engine, screen, .. } = *desk;
    let mut seen = Seen { screen, bar: None, last: String::new(), phases: Vec::new(), told: 0 };
    let mut failed = 0;
    loop {
        let status = match engine.status(run).await {
            Ok(status) => status.ok_or_else(|| no_such(run))?,
            Err(error) if error.is_retryable() && failed + 1 < PATIENCE => {
                failed += 1;
                seen.say("the engine does not answer; asking again");
                tokio::time::sleep(REST).await;
                continue;
            }
            Err(error) => return Err(way.trouble(error)),
        };
        failed = 0;
        if let Stage::Ended { outcome, line } = &status.stage {
            seen.end();
            let report = engine.report(run).await.map_err(|error| way.trouble(error))?;
            return Ok(match report {
                Some(report) => reported(&report, screen),
                None => Ending::new(Exit::from(*outcome), format!("[{outcome}] {run}: {line}")),
            });
        }
        if seen.phases.is_empty() && matches!(status.stage, Stage::Running { .. }) {
            let (head, _) = engine.page(run, 0).await.map_err(|error| way.trouble(error))?;
            seen.phases = head.phases.into_iter().map(|phase| one_line(&phase.name)).collect();
        }
        seen.show(&status);
        tokio::time::sleep(AGAIN).await;
    }
}

/// What a person sees of a run: a bar where one can be drawn, and a line for each change elsewhere.
struct Seen {
    screen: Screen,
    bar: Option<Bars>,
    last: String,
    /// The names of its phases.
    phases: Vec<String>,
    /// How many of its troubles were told.
    told: usize,
}

impl Seen {
    fn show(&mut self, status: &Status) {
        // A run that waits for a person has no bar: nothing moves.
        let Stage::Running { phase } = &status.stage else { return self.say(&said(status)) };
        let name = self.phases.get(*phase).map_or("", String::as_str);
        let what = format!("«{name}»{}", trouble(status));
        for (key, why) in status.troubles.iter().skip(self.told) {
            let text = self.screen.layout.wrap("", &format!("trouble: {key}: {why}"));
            match &self.bar {
                Some(bar) => bar.say(&text),
                None => self.screen.say(&text),
            }
        }
        self.told = status.troubles.len();
        if self.screen.is_full() && surroundings::can_draw() {
            let bar = self.bar.get_or_insert_with(|| Bars::new(status.planned));
            bar.at(status.progress.done, &what);
        } else {
            self.say(&format!("{} of {} done, {what}", status.progress.done, status.planned));
        }
    }

    /// Says it once.
    fn say(&mut self, text: &str) {
        if self.last != text {
            text.clone_into(&mut self.last);
            self.screen.say(&self.screen.layout.wrap("", text));
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.end();
        }
    }
}

/// How a run stands, in one line.
pub(super) fn said(status: &Status) -> String {
    match &status.stage {
        Stage::Waiting => "waits for approval".to_owned(),
        Stage::Running { .. } => {
            format!("runs, {} of {} done{}", status.progress.done, status.planned, trouble(status))
        }
        Stage::Ended { line, .. } => line.clone(),
        _ => "stands where this version does not know".to_owned(),
    }
}

fn trouble(status: &Status) -> String {
    match status.progress.troubled {
        0 => String::new(),
        troubled => format!(", {troubled} in trouble"),
    }
}

/// What came of a run, for people and for programs.
pub(super) fn reported(report: &Report, screen: Screen) -> Ending {
    screen.say("");
    for line in report.text().lines() {
        screen.say(&screen.layout.wrap("", line));
    }
    if report.outcome.is_resumable() {
        let text =
            format!("go on: plan again (engine submit {} …); what is done is seen, and left alone", report.recipe);
        screen.say(&screen.layout.wrap("", &text));
    } else if report.changed > 0 {
        screen.say(&screen.layout.wrap("", &format!("undo:   engine undo {}", report.run)));
    }
    let document = serde_json::to_value(report).unwrap_or(Value::Null);
    Ending::new(exit_of(report), report.line()).shown().with("run", report.run.clone().into()).with("report", document)
}

/// How a run's report ends a program.
pub(super) fn exit_of(report: &Report) -> Exit {
    match &report.stop {
        Some(Stop::Held(_)) => Exit::Held,
        _ => Exit::from(report.outcome),
    }
}
