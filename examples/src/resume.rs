//! Taking up a run where its last process left it.

use jiff::Timestamp;
use ops_plan::{Outcome, RunDir, RunState, Runs, Summary};

use crate::connect::{Rights, connect};
use crate::exit::Failure;
use crate::flags::Common;
use crate::main_loop::{Watched, reported, runner};
use crate::notify::Subject;
use crate::place::Place;
use crate::screen::{Ending, Screen};
use crate::text::age;

/// After so long a person should look at the plan again before going on.
const LONG_AGO: i64 = 2 * 3_600;

/// Which run, and how sure the person is.
#[derive(Clone, Copy, Debug)]
pub struct Resume<'a> {
    /// Its id, an unambiguous part of it, or its folder.
    pub run: &'a str,
    /// Whether another machine's run is taken over.
    pub take_over: bool,
    /// Whether an old run is resumed without being asked.
    pub yes: bool,
}

/// How a run reached its systems.
///
/// # Errors
/// Where the run does not tell, or was made in a sandbox that is gone.
pub fn context(dir: &RunDir) -> Result<Place, Failure> {
    let info = dir.info()?;
    let place: Place = match &info.context {
        None => Place::default(),
        Some(context) => serde_json::from_str(context.get()).map_err(|error| {
            Failure::refused(format!("{}: how the systems were reached cannot be read: {error}", dir.path().display()))
        })?,
    };
    if place.embedded {
        return Err(Failure::refused(format!(
            "{} was made in the embedded sandbox, which ended with its program: there is nothing left to resume or to undo\n  → \
             «cargo run -p ops-sandbox» keeps a sandbox alive; it prints the addresses for --env sandbox --sonar-url … --metapod-url …",
            info.id
        )));
    }
    Ok(place)
}

/// Takes up a run.
///
/// # Errors
/// Where it cannot be taken up; nothing was changed then.
pub async fn resume(which: Resume<'_>, common: &Common, screen: Screen) -> Result<Ending, Failure> {
    let runs = Runs::at(&common.manner.runs);
    let dir = runs.find(which.run)?;
    let place = common.place.clone().or(context(&dir)?);
    let summary = Runs::summary(dir.clone())?;
    old_enough_to_ask(&summary, which.yes, screen)?;
    let reach = connect(place, Rights::Write).await?;
    if reach.target != summary.info.target {
        let text = format!("{} is a run in {}, and --env says {}", summary.info.id, summary.info.target, reach.target);
        return Err(Failure::refused(text));
    }
    let registry = reach.registry();
    screen.say(&screen.layout.wrap("", &format!("resuming {}: {}", summary.info.id, summary.info.title)));
    screen.say(
        &screen.layout.wrap(
            "",
            &format!("{} of {} changes are done; looking first", summary.history.done(), summary.info.changes),
        ),
    );
    for address in reach.addresses() {
        screen.say(&screen.layout.wrap("  reached  ", &address));
    }
    let info = &summary.info;
    let subject = Subject {
        run: info.id.clone(),
        recipe: info.recipe.clone(),
        environment: info.target.environment.clone(),
        title: info.title.clone(),
        operator: common.manner.operator(),
    };
    let watched = Watched::begin(screen, &reach, subject, info.changes, runner(&runs, &reach, &common.manner)?);
    let report = watched.runner.resume(&registry, &dir, which.take_over).await;
    watched.end();
    Ok(reported(screen, &reach, &dir, &report?))
}

/// Resuming never expires, because it looks first; but after hours the reason for the run may be gone.
fn old_enough_to_ask(summary: &Summary, yes: bool, screen: Screen) -> Result<(), Failure> {
    let now = Timestamp::now();
    let resumable = !matches!(summary.state, RunState::Planned | RunState::Ended(Outcome::Done));
    if yes || !resumable || !is_long_ago(summary.last_sign, now) {
        return Ok(());
    }
    let ago = age(summary.last_sign, now);
    let text = format!("the last sign of life of {} is from {ago}: is it still wanted?", summary.info.id);
    if !screen.can_ask() {
        return Err(Failure::refused(format!("{text}\n  → look at it with «runs show», and add --yes")));
    }
    screen.say(&screen.layout.wrap("", &format!("{text} Type yes:")));
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    if read.is_ok() && line.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::refused("not resumed, nothing was changed"))
}

fn is_long_ago(sign: Timestamp, now: Timestamp) -> bool {
    now.duration_since(sign).as_secs() >= LONG_AGO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_two_hours_a_person_is_asked() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        for (sign, asked) in [("08:59:59", false), ("07:00:01", false), ("07:00:00", true), ("00:00:00", true)] {
            assert_eq!(is_long_ago(format!("2026-11-22T{sign}Z").parse().unwrap(), now), asked, "{sign}");
        }
        assert!(!is_long_ago("2026-11-22T09:05:00Z".parse().unwrap(), now), "another machine's clock is ahead");
    }
}
