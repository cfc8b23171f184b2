//! Who leads through the night: says what the programs say, leaves time to read it, and counts.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use ops_plan::{Registry, Report, RunDir, Runs};
use ops_recipes::first::{PATIENCE, recipes_for, triage};
use ops_sandbox::World;

use super::Options;
use super::chapters::Chapter;
use super::night::Night;
use crate::connect::Reach;
use crate::drawing::Drawing;
use crate::exit::{Exit, Failure};
use crate::programs::program;
use crate::screen::Screen;
use crate::text::{BOLD, ORANGE, count};
use crate::{show, surroundings};

/// How long a line takes to be read.
const A_LINE: Duration = Duration::from_millis(210);
/// What begins the lines of the tour's own.
const MARK: &str = "» ";

/// What there was, all in all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) plans: usize,
    pub(super) runs: usize,
    pub(super) changes: usize,
    pub(super) refusals: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plans, runs, changes, refusals } = *self;
        let of = [(plans, "plan"), (runs, "run"), (changes, "change"), (refusals, "refusal")];
        f.write_str(&of.map(|(number, one)| count(number, one)).join(", "))
    }
}

/// Who leads through the night.
pub(super) struct Guide {
    pub(super) screen: Screen,
    pub(super) reach: Reach,
    pub(super) registry: Registry,
    pub(super) runs: Runs,
    pub(super) tally: Tally,
    /// The chapters that were gone through.
    pub(super) seen: Vec<&'static Chapter>,
    /// The runs, in their order.
    pub(super) ran: Vec<Ran>,
    svg: Option<PathBuf>,
    pub(super) paced: bool,
    unread: u32,
}

impl fmt::Debug for Guide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guide").field("tally", &self.tally).finish_non_exhaustive()
    }
}

/// A run that is over.
pub(super) struct Ran {
    pub(super) dir: RunDir,
    pub(super) report: Report,
}

impl Guide {
    pub(super) fn new(options: &Options, screen: Screen, reach: Reach, folder: &std::path::Path) -> Self {
        Self {
            screen,
            registry: reach.registry(),
            runs: Runs::at(folder),
            reach,
            tally: Tally::default(),
            seen: Vec::new(),
            ran: Vec::new(),
            svg: options.svg.clone(),
            // Where nobody reads along, nobody is waited for.
            paced: !options.fast && surroundings::is_read(),
            unread: 0,
        }
    }

    /// What a program says.
    pub(super) fn say(&mut self, text: &str) {
        self.unread = self.unread.saturating_add(u32::try_from(text.lines().count()).unwrap_or(u32::MAX));
        self.screen.say(text);
    }

    /// What the tour says.
    pub(super) fn tell(&mut self, text: &str) {
        self.say(&self.screen.layout.wrap(MARK, text));
    }

    /// What somebody would type to see what follows.
    pub(super) fn typed(&mut self, command: &str) {
        let text = self.screen.layout.wrap("$ ", command);
        self.say(&format!("\n{}", self.screen.layout.paint(BOLD, &text)));
    }

    pub(super) async fn time_to_read(&mut self) {
        let lines = std::mem::take(&mut self.unread);
        if self.paced {
            tokio::time::sleep(A_LINE.saturating_mul(lines)).await;
        }
    }

    /// A chapter does what it says, or the tour fails.
    pub(super) fn expect(&self, so: bool, what: &str) -> Result<(), Failure> {
        if so {
            return Ok(());
        }
        let text = format!("the tour does not show what it says it shows: {what}");
        Err(Failure { exit: Exit::Unverified, text })
    }

    pub(super) fn open(&mut self, chapter: &'static Chapter, night: &Night) {
        night.until(chapter.at.0, chapter.at.1);
        self.heading(&format!("{} · {} · {}", chapter.number, self.clock(night), chapter.title));
        self.seen.push(chapter);
    }

    pub(super) fn heading(&mut self, title: &str) {
        let layout = self.screen.layout;
        let rule = "─".repeat(layout.width.saturating_sub(title.chars().count() + 4));
        self.say(&format!("\n{}", layout.paint(BOLD, format!("── {title} {rule}").trim_end())));
    }

    pub(super) fn clock(&self, night: &Night) -> String {
        night.world.now().to_zoned(TimeZone::UTC).strftime("%H:%M").to_string()
    }

    /// The pager rings: the alert's text alone names the recipe.
    pub(super) fn paged(&mut self, alert: &str, recipe: &str) -> Result<(), Failure> {
        let layout = self.screen.layout;
        self.say(&layout.paint(ORANGE, &layout.wrap("[pager] ", alert)));
        self.typed("triage --match ALERT");
        let found = recipes_for(alert);
        for one in &found {
            let text = format!("{}: {} («{}»)", program(one.known.recipe), one.known.what, one.alert);
            self.say(&layout.wrap("", &text));
        }
        let first = found.first().map(|one| one.known.recipe);
        self.expect(first == Some(recipe), &format!("the alert names {recipe} first"))
    }

    /// What triage says of it, which names the program that answers.
    pub(super) async fn triaged(&mut self, recipe: &str) -> Result<(), Failure> {
        let now = self.world()?.now();
        let mut overview = triage(&self.reach.systems(), now, PATIENCE, tokio::time::sleep).await;
        let all = overview.signs.len();
        let named = |next: &Option<String>| next.as_ref().is_some_and(|next| next.starts_with(program(recipe)));
        overview.signs.retain(|(_, sign)| named(&sign.next));
        self.expect(overview.found_something(), &format!("triage names {recipe}"))?;
        self.typed(&format!("triage --env {}", self.reach.target.environment));
        self.say(&show::overview(&overview, &self.screen.layout));
        let others = all - overview.signs.len();
        if others > 0 {
            self.tell(&format!("and {} of something else, left out here", count(others, "sign")));
        }
        self.time_to_read().await;
        Ok(())
    }

    pub(super) fn world(&self) -> Result<World, Failure> {
        Ok(self.reach.sandbox_only("the tour")?.world().clone())
    }

    /// A picture, as its program shows it.
    pub(super) async fn drawn(&mut self, name: &str, drawing: Option<Drawing>) -> Result<(), Failure> {
        let Some(drawing) = drawing else { return self.expect(false, &format!("{name} is drawn")) };
        self.say(&format!("\n{}", drawing.tree));
        if let Some(folder) = &self.svg {
            let file = folder.join(format!("{name}.svg"));
            let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, &drawing.svg));
            written.map_err(|error| Failure::refused(format!("{}: {error}", file.display())))?;
            self.tell(&format!("drawn: {}", file.display()));
        }
        self.time_to_read().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ops_plan::Recipe;
    use ops_recipes::aurora::RestartAurora;

    use super::*;
    use crate::connect::in_memory;

    fn guide(night: &Night, folder: &std::path::Path) -> Guide {
        let options = Options { fast: true, ..Options::default() };
        let reach = in_memory(night.world.clone(), night.nightly.clone(), night.settings.clone()).unwrap();
        Guide::new(&options, options.screen(), reach, folder)
    }

    /// Otherwise the tour would prove nothing.
    #[tokio::test]
    async fn what_a_recipe_does_not_do_fails_the_tour() {
        let night = Night::begin(false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut guide = guide(&night, folder.path());
        let failure = guide.triaged(RestartAurora::ID).await.unwrap_err();
        assert_eq!((failure.exit, failure.text.contains("triage names restart-aurora")), (Exit::Unverified, true));
        assert!(guide.paged("all is well", RestartAurora::ID).is_err());
    }

    #[tokio::test]
    async fn a_plan_that_changes_nothing_is_none_to_show() {
        let night = Night::begin(false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut guide = guide(&night, folder.path());
        let question = ops_recipes::services::RelieveThrottling::new("analytics").in_shard("s3");
        assert_eq!(guide.planned(&question).await.unwrap_err().exit, Exit::Unverified);
    }
}
