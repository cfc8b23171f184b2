//! What can be said about runs: which there are, how they go, what they left, how to go on.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use ops_plan::{
    Ask, BoxFuture, Due, Entry, Event, Facts, Follower, Head, Host, Job, Obligation, Outcome, Plan, Registry, RunDir,
    RunState, Runs, Summary,
};
use serde_json::{Value, json};

use crate::connect::{Rights, connect};
use crate::exit::{Exit, Failure};
use crate::flags::Common;
use crate::notify::{Notifier, Subject};
use crate::programs::program;
use crate::resume::context;
use crate::screen::{Ending, Screen};
use crate::text::{BLUE, Layout, ORANGE, age, count};

/// How often a journal is looked at again.
const AGAIN: Duration = Duration::from_millis(300);
/// A line of the watch names so many actions.
const NAMED: usize = 3;

/// All runs, the newest last.
///
/// # Errors
/// Where the folder cannot be read.
pub fn list(runs: &Runs, screen: Screen) -> Result<Ending, Failure> {
    let now = Timestamp::now();
    let all = runs.list()?;
    let mut documents = Vec::new();
    for run in &all {
        match run {
            Ok(run) => {
                screen.say(&entry(run, &screen.layout, now));
                documents.push(document(run));
            }
            Err(error) => screen.say(&screen.layout.wrap("x x ", &error.to_string())),
        }
    }
    let line = format!("{} below {}", count(all.len(), "run"), runs.path().display());
    Ok(Ending::new(Exit::Done, line).with("runs", documents.into()))
}

/// One run among others: its id, how it stands, what it is.
pub(crate) fn entry(run: &Summary, layout: &Layout, now: Timestamp) -> String {
    let (mark, style) = match run.state {
        RunState::Planned => ("P . ", BLUE),
        RunState::Running => ("R > ", BLUE),
        RunState::Ended(Outcome::Done) => ("D + ", BLUE),
        RunState::Interrupted => ("I ! ", ORANGE),
        RunState::Ended(Outcome::Unknown) => ("U ? ", ORANGE),
        RunState::Ended(Outcome::VerificationFailed) => ("V x ", ORANGE),
        _ => ("S ! ", ORANGE),
    };
    let id = layout.wrap("", &run.info.id);
    let (operator, host) = who(run);
    let sign = age(run.last_sign, now);
    let progress = format!("{} of {} done", run.history.done(), run.info.changes);
    let debts = run.history.debts().count();
    let owed = if debts > 0 { format!(" · {debts} owed") } else { String::new() };
    let about = format!("{} · {progress}{owed} · {operator} on {host} · {sign}", run.state);
    format!(
        "{}{id}\n{}\n{}",
        layout.paint(style, mark),
        layout.wrap("    ", &about),
        layout.wrap("    ", &run.info.title)
    )
}

/// Who ran it last, or planned it.
fn who(run: &Summary) -> (&str, &str) {
    match &run.history.process {
        Some((operator, host, _)) => (operator, host),
        None => (&run.info.operator, &run.info.host),
    }
}

fn document(run: &Summary) -> Value {
    let (operator, host) = who(run);
    json!({
        "id": run.info.id,
        "folder": run.dir.path(),
        "recipe": run.info.recipe,
        "environment": run.info.target.environment,
        "title": run.info.title,
        "state": run.state.to_string(),
        "changes": run.info.changes,
        "done": run.history.done(),
        "owed": run.history.debts().collect::<Vec<_>>(),
        "operator": operator,
        "host": host,
        "last_sign": run.last_sign,
    })
}

/// One run: what it is, how it stands, what it left, and the next command. For whoever takes over.
///
/// # Errors
/// Where there is no such run, or its files cannot be read.
pub fn handover(runs: &Runs, name: &str, screen: Screen) -> Result<Ending, Failure> {
    let run = Runs::summary(runs.find(name)?)?;
    let now = Timestamp::now();
    let layout = &screen.layout;
    screen.say(&entry(&run, layout, now));
    let folder = run.dir.path().display().to_string();
    let mut lines = Vec::new();
    if let Some((operator, host, pid)) = &run.history.process {
        lines.push(format!("process: {pid} of {operator} on {host}"));
    }
    if let Some(approval) = &run.history.approval {
        lines.push(format!("approved: {:.0} by {}", approval.at, approval.who));
        lines.extend(approval.accepted.iter().map(|accepted| format!("  {}: {}", accepted.guard, accepted.reason)));
    }
    if let Some(stop) = &run.history.stop {
        lines.push(format!("stopped: {stop}"));
    }
    lines.extend(run.history.findings.iter().map(|finding| format!("verified: {finding}")));
    lines.extend(run.history.debts().map(|debt| format!("owed: {}", owed(debt))));
    if run.history.debts().next().is_none() {
        lines.push("owed: nothing".into());
    }
    let next = next(&run, &folder);
    lines.push(format!("next: {next}"));
    if run.state == RunState::Ended(Outcome::Done) {
        lines.push(format!("undo: {} --undo {folder}", program(&run.info.recipe)));
    }
    let left = run.dir.path().join("by-hand-left.md");
    let by_hand = if left.is_file() { left } else { run.dir.by_hand() };
    lines.push(format!("by hand: {}", by_hand.display()));
    for line in &lines {
        screen.say(&layout.wrap("  ", line));
    }
    let line = format!("{}: {} — next: {next}", run.info.id, run.state);
    Ok(Ending::new(Exit::Done, line).shown().with("run", document(&run)).with("next", next.into()))
}

/// What is owed, by whom, until when.
pub(crate) fn owed(debt: &Obligation) -> String {
    let owner = debt.owner.as_ref().map_or(String::new(), |owner| format!(" ({owner})"));
    let until = debt.deadline.map_or(String::new(), |at| format!(", until {at:.0}"));
    let remedy =
        debt.remedy.as_ref().map_or(String::new(), |remedy| format!("; settled by {}", program(&remedy.recipe)));
    format!("{}{owner}{until}{remedy}", debt.what)
}

fn next(run: &Summary, folder: &str) -> String {
    let gone = context(&run.dir).is_err();
    match run.state {
        RunState::Planned => format!("{} again: plans grow old", program(&run.info.recipe)),
        RunState::Running => format!("runs watch {folder}"),
        RunState::Ended(Outcome::Done) => "nothing; it is done".into(),
        _ if gone => "nothing: its sandbox ended with its program".into(),
        RunState::Ended(Outcome::VerificationFailed) => {
            format!("look at the findings, then {} again", program(&run.info.recipe))
        }
        _ => format!("runs resume {folder} (it looks first; nothing is done twice)"),
    }
}

/// Follows a run until it ends, from any machine that sees its folder.
///
/// # Errors
/// Where there is no such run, or its journal cannot be read.
pub async fn watch(runs: &Runs, name: &str, screen: Screen) -> Result<Ending, Failure> {
    let dir = runs.find(name)?;
    let info = dir.info()?;
    screen.say(&screen.layout.wrap("", &info.title));
    let mut follower = Follower::new(dir.journal());
    let mut done = 0;
    loop {
        // The state is asked before the journal: what is written in between is read after it.
        let state = Runs::summary(dir.clone())?.state;
        let entries = if dir.journal().exists() { follower.poll()? } else { Vec::new() };
        for entry in &entries {
            if let Event::Confirmed { keys } | Event::AlreadyDone { keys } = &entry.event {
                done += keys.len();
            }
            if let Some(text) = told(&entry.event, done, info.changes) {
                screen.say(&line(entry, &text, &screen.layout));
            }
        }
        let (exit, word) = match state {
            RunState::Running => (None, String::new()),
            RunState::Planned => (Some(Exit::Done), "was never approved".into()),
            RunState::Ended(outcome) => (Some(Exit::from(outcome)), outcome.to_string()),
            _ => (Some(Exit::Stopped), "its process gives no sign of life".into()),
        };
        if let Some(exit) = exit {
            let line = format!("{}: {word}, {done} of {} done", info.id, info.changes);
            return Ok(Ending::new(exit, line).with("state", state.to_string().into()));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn line(entry: &Entry, text: &str, layout: &Layout) -> String {
    let time = entry.at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%M:%SZ ").to_string();
    layout.wrap(&time, text)
}

/// What an event means to somebody who watches; nothing for what only the journal needs.
pub(crate) fn told(event: &Event, done: usize, all: usize) -> Option<String> {
    let some = |keys: &[String]| match keys {
        few if few.len() <= NAMED => few.join(", "),
        many => format!("{} and {} more", many.first().map_or("", String::as_str), many.len() - 1),
    };
    Some(match event {
        Event::Approved { approval } => format!("approved by {}", approval.who),
        Event::Started { operator, host, pid, resumed, .. } => {
            let word = if *resumed { "resumed" } else { "started" };
            format!("{word} by {operator} on {host} (process {pid})")
        }
        Event::Phase { name, actions, .. } => format!("phase «{name}», {}", count(*actions, "action")),
        Event::Tried { key, attempt, effect: _, error } => format!("call {attempt} failed: {key}: {error}"),
        Event::Confirmed { keys } => format!("{done} of {all} done: {}", some(keys)),
        Event::AlreadyDone { keys } => format!("{done} of {all} done, these were so already: {}", some(keys)),
        Event::Going { how, .. } => format!("under way: {how}"),
        Event::Drifted { key, how } => format!("left alone, somebody else changed it: {key}: {how}"),
        Event::Failed { key, why } => format!("failed: {key}: {why}"),
        Event::Unknown { key, why } => format!("unknown: {key}: {why}"),
        Event::Blind { error } => format!("a look failed: {error}"),
        Event::Obliged { obligation } => format!("owed: {}", owed(obligation)),
        Event::Settled { id } => format!("settled: {id}"),
        Event::Stopping { why } => format!("stopping: {why}"),
        Event::Verified { findings } => {
            let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
            format!("verified\n{}", texts.join("\n"))
        }
        Event::Ended { outcome } => format!("ended: {outcome}"),
        _ => return None,
    })
}

/// What is still owed, by all runs. The systems are asked where they can be reached; `offline` asks nobody.
///
/// # Errors
/// Where the folder cannot be read.
pub async fn due(runs: &Runs, common: &Common, offline: bool, screen: Screen) -> Result<Ending, Failure> {
    let now = Timestamp::now();
    let everywhere = Everywhere::reach(runs, common, offline).await?;
    let host: Option<&dyn Host> = if offline { None } else { Some(&everywhere) };
    let debts = runs.due(host, now).await?;
    for error in &debts.unreadable {
        screen.say(&screen.layout.wrap("x x ", &format!("what this run owes is not known: {error}")));
    }
    let due = debts.due;
    for debt in &due {
        let (mark, style) = if debt.overdue { ("O ! ", ORANGE) } else { ("D . ", BLUE) };
        let text = screen.layout.wrap("", &format!("{}: {}", debt.environment, owed(&debt.obligation)));
        screen.say(&format!("{}{text}", screen.layout.paint(style, mark)));
        screen.say(&screen.layout.wrap("    ", &format!("left by {}", debt.run)));
        if let Some(why) = &debt.unseen {
            screen.say(&screen.layout.wrap("    ", &format!("not looked at: {why}")));
        }
    }
    everywhere.tell_overdue(&due, &common.manner.operator());
    let overdue = due.iter().filter(|debt| debt.overdue).count();
    let (exit, line) = match due.len() {
        0 if !debts.unreadable.is_empty() => {
            (Exit::Found, format!("{} cannot be read", count(debts.unreadable.len(), "run")))
        }
        0 => (Exit::Done, "nothing is owed".to_owned()),
        owed => (Exit::Found, format!("{} owed, {overdue} overdue", count(owed, "debt"))),
    };
    let documents = due.iter().map(|debt| {
        json!({ "run": debt.run, "environment": debt.environment, "owed": debt.obligation, "overdue": debt.overdue, "unseen": debt.unseen })
    });
    let documents: Vec<Value> = documents.collect();
    Ok(Ending::new(exit, line).with("due", documents.into()))
}

/// The recipes of several environments: each run is asked where it ran, never elsewhere.
#[derive(Default)]
struct Everywhere {
    hosts: HashMap<String, Registry>,
    unreachable: HashMap<String, String>,
    notifiers: HashMap<String, Notifier>,
}

impl Everywhere {
    async fn reach(runs: &Runs, common: &Common, offline: bool) -> Result<Self, Failure> {
        let mut everywhere = Self::default();
        for run in runs.list()?.into_iter().flatten() {
            let name = run.info.target.environment.clone();
            let known = everywhere.hosts.contains_key(&name) || everywhere.unreachable.contains_key(&name);
            if offline || known || run.history.debts().next().is_none() {
                continue;
            }
            let connected = match place(&run.dir, common) {
                Ok(place) => connect(place, Rights::Read).await,
                Err(failure) => Err(failure),
            };
            match connected {
                Ok(reach) if reach.target == run.info.target => {
                    if let Some(notifier) = Notifier::start(&reach.settings.notify) {
                        everywhere.notifiers.insert(name.clone(), notifier);
                    }
                    everywhere.hosts.insert(name, reach.registry());
                }
                Ok(reach) => {
                    drop(everywhere.unreachable.insert(name, format!("the way leads to {} today", reach.target)));
                }
                Err(failure) => drop(everywhere.unreachable.insert(name, failure.text)),
            }
        }
        Ok(everywhere)
    }

    fn tell_overdue(&self, due: &[Due], operator: &str) {
        for debt in due.iter().filter(|debt| debt.overdue) {
            if let Some(notifier) = self.notifiers.get(&debt.environment) {
                let subject = Subject {
                    run: debt.run.clone(),
                    recipe: debt.obligation.remedy.as_ref().map_or(String::new(), |remedy| remedy.recipe.clone()),
                    environment: debt.environment.clone(),
                    title: debt.obligation.what.clone(),
                    operator: operator.to_owned(),
                };
                notifier.tell("overdue", format!("[overdue] {}", owed(&debt.obligation)), subject);
            }
        }
        self.notifiers.values().for_each(Notifier::finish);
    }

    fn host(&self, environment: &str) -> ops_plan::Result<&Registry> {
        self.hosts.get(environment).ok_or_else(|| {
            let why = self.unreachable.get(environment).map_or("nobody knows the way", String::as_str);
            ops_plan::Error::Invalid(format!("{environment} cannot be asked: {why}"))
        })
    }
}

/// Flags win only for the environment that they name.
fn place(dir: &RunDir, common: &Common) -> Result<crate::place::Place, Failure> {
    let kept = context(dir)?;
    let meant = common.place.env.is_none() || common.place.env == kept.env;
    Ok(if meant { common.place.clone().or(kept) } else { kept })
}

impl Host for Everywhere {
    fn plan(&self, ask: Ask) -> BoxFuture<'_, ops_plan::Result<Plan>> {
        Box::pin(async move { self.host(&ask.target.environment)?.plan(ask).await })
    }

    fn load(
        &self,
        head: Head,
        actions: &mut dyn Iterator<Item = ops_plan::Result<Vec<u8>>>,
        facts: Facts,
    ) -> ops_plan::Result<Plan> {
        self.host(&head.target.environment)?.load(head, actions, facts)
    }

    fn load_part(&self, head: Head, part: ops_plan::Part, block: &[u8]) -> ops_plan::Result<Plan> {
        self.host(&head.target.environment)?.load_part(head, part, block)
    }

    fn open(&self, approved: &ops_plan::Approved) -> ops_plan::Result<std::sync::Arc<dyn Job>> {
        self.host(&approved.plan().head().target.environment)?.open(approved)
    }

    fn undo<'a>(
        &'a self,
        plan: &'a Plan,
        changed: &'a [usize],
        run: &'a str,
        ask: Ask,
    ) -> BoxFuture<'a, ops_plan::Result<Plan>> {
        Box::pin(async move { self.host(&plan.head().target.environment)?.undo(plan, changed, run, ask).await })
    }

    fn still_owed<'a>(&'a self, head: &'a Head, obligation: &'a Obligation) -> BoxFuture<'a, ops_plan::Result<bool>> {
        Box::pin(async move { self.host(&head.target.environment)?.still_owed(head, obligation).await })
    }
}
