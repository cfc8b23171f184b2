//! The answer, for people.

use std::fmt::{self, Formatter};

use jiff::civil::time;
use jiff::tz::TimeZone;

use super::{Candidate, Sought, Verdict};
use crate::words::{count, fit, names, run_day, utc, when};

/// Readable in a narrow window.
const WIDTH: usize = 78;
/// So near to midnight people may mean the other day.
const NEAR_MIDNIGHT: i8 = 2;

impl fmt::Display for Sought {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = self.kind.as_ref().map_or(String::new(), |kind| format!("{kind} "));
        writeln!(f, "{}", fit(&format!("{} · the {kind}transaction of {}", self.environment, self.day), WIDTH))?;
        writeln!(f, "{}", run_day(self.day))?;
        self.meant(f)?;
        writeln!(f)?;
        for candidate in &self.candidates {
            self.candidate(f, candidate)?;
        }
        self.comes_to(f)?;
        if !self.beside.is_empty() {
            writeln!(f, "\nOf another kind:")?;
            for candidate in &self.beside {
                self.candidate(f, candidate)?;
            }
        }
        writeln!(f, "\nAsked:")?;
        for told in &self.told {
            let what = match &told.failed {
                Some(why) => format!("no answer: {why}"),
                None => format!("names {}", count(told.outcome.said.len(), "transaction")),
            };
            writeln!(f, "  {}: {what}", told.source)?;
            for note in &told.outcome.notes {
                writeln!(f, "    {note}")?;
            }
        }
        if self.told.is_empty() {
            writeln!(f, "  nobody: no source is configured")?;
        }
        Ok(())
    }
}

impl Sought {
    /// What «today» was taken for, and what else it may have been.
    fn meant(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.today {
            return Ok(());
        }
        writeln!(f, "«today» is {} in UTC, where it is {}", self.day, utc(self.at))?;
        let clock = self.at.to_zoned(TimeZone::UTC).time();
        let other = if clock < time(NEAR_MIDNIGHT, 0, 0, 0) {
            self.day.yesterday().map(|day| ("the run of the night before", day))
        } else if clock >= time(24 - NEAR_MIDNIGHT, 0, 0, 0) {
            self.day.tomorrow().map(|day| ("the run that begins at midnight", day))
        } else {
            return Ok(());
        };
        match other {
            Ok((what, day)) => writeln!(f, "  near midnight: {what} is of target date {day}"),
            Err(_) => Ok(()),
        }
    }

    fn candidate(&self, f: &mut Formatter<'_>, candidate: &Candidate) -> fmt::Result {
        let sign = if self.transaction() == Some(candidate.transaction) { "F ✓" } else { "C ?" };
        writeln!(f, "{sign} {}", candidate.transaction)?;
        let kind = candidate.kind.as_ref().map_or("of a kind that is not known".to_owned(), ToString::to_string);
        let name = candidate.name.as_ref().map_or(String::new(), |name| format!(", {}", fit(name, WIDTH)));
        writeln!(f, "    {kind}{name}")?;
        for (source, said) in &candidate.by {
            let since = said.since.map_or("at an unknown time".to_owned(), |at| when(at, self.at));
            writeln!(f, "    {source}: {} {since}", said.how)?;
        }
        Ok(())
    }

    fn comes_to(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Agreed(_) => {
                let silent = self.told.iter().filter(|told| told.outcome.said.is_empty()).count();
                if silent > 0 && self.candidates.iter().all(|one| one.by.len() == 1) {
                    writeln!(f, "    nobody else says so")?;
                }
                Ok(())
            }
            Verdict::Disagreed => {
                writeln!(f, "! The sources disagree. Look at both in Sonar before you take one:")?;
                writeln!(f, "  a run that was started again has a second transaction.")
            }
            Verdict::Several => {
                writeln!(f, "! There are several. Say which kind: --kind {}", self.kinds())
            }
            Verdict::Nothing => {
                if !self.told.is_empty() && self.told.iter().all(|told| told.failed.is_some()) {
                    return writeln!(f, "N ✗ no source answered: doctor says what is wrong with them");
                }
                let asked = names(self.told.iter().map(|told| told.source));
                writeln!(f, "N ✗ no source names one ({})", if asked.is_empty() { "none was asked" } else { &asked })?;
                writeln!(f, "    check the date, and whether the run has started (dag-run);")?;
                writeln!(f, "    its first task makes the transaction")
            }
        }
    }

    fn kinds(&self) -> String {
        let mut kinds: Vec<String> =
            self.candidates.iter().filter_map(|one| one.kind.as_ref()).map(ToString::to_string).collect();
        kinds.sort();
        kinds.dedup();
        // Several of one kind are told apart by nothing but their ids.
        if kinds.len() > 1 { kinds.join(" or ") } else { "KIND (all are of one kind: take the id)".to_owned() }
    }
}
