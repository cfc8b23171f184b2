//! A triage as a person reads it, at night, on a narrow screen.

use std::fmt;

use super::triage_failure::{Failed, Standing, SubjectReport, Triage};
use crate::words::{age, count, fit, utc};

/// A narrow screen.
const WIDTH: usize = 50;
/// So many subjects are written out; the rest is counted.
const SHOWN: usize = 40;
/// So many names of a subject are written out.
const NAMED: usize = 8;

impl fmt::Display for Triage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transaction = &self.transaction;
        let kind = transaction.transaction_type.as_ref().map_or("transaction", |kind| kind.as_str());
        writeln!(f, "{}", fit(&format!("{} · {kind}", self.environment), WIDTH))?;
        writeln!(f, "{}", transaction.id)?;
        if let Some(target) = transaction.target_date {
            writeln!(f, "target date    {target}")?;
            if let Ok(execution) = target.yesterday() {
                writeln!(f, "execution date {execution}")?;
            }
        }
        if let Some(started) = transaction.started_at {
            writeln!(f, "started {} ({})", utc(started), age(started, self.at))?;
        }
        writeln!(f, "{} of {} committed", self.committed, count(self.total, "dataset"))?;
        if let Some(why) = &self.blind {
            wrapped(f, "", &format!("Cannot tell what failed from what is not reached yet: {why}."))?;
        }
        let told: Vec<&SubjectReport> = self.subjects.iter().filter(|s| s.standing != Standing::NotReached).collect();
        if told.is_empty() {
            writeln!(f, "\nNothing failed.")?;
        }
        for subject in told.iter().take(SHOWN) {
            self.subject(f, subject)?;
        }
        if told.len() > SHOWN {
            writeln!(f, "\nand {} more subjects", told.len() - SHOWN)?;
        }
        if self.not_reached > 0 {
            writeln!(f, "\n{} not reached yet", count(self.not_reached, "dataset"))?;
        }
        Ok(())
    }
}

impl Triage {
    fn subject(&self, f: &mut fmt::Formatter<'_>, report: &SubjectReport) -> fmt::Result {
        let (letter, sign) = match report.standing {
            Standing::Failed => ('F', '✗'),
            Standing::Held => ('H', '·'),
            Standing::CannotTell => ('?', '?'),
            Standing::NotReached => ('N', '…'),
        };
        let critical = if report.critical { " CRITICAL" } else { "" };
        let room = WIDTH.saturating_sub(4 + critical.len());
        writeln!(f, "\n{letter} {sign} {}{critical}", fit(&report.subject.to_string(), room))?;
        let what = match (report.failed, report.standing) {
            (_, Standing::Held) => "waits for something before it that failed",
            (Failed::Dataset, _) => "the dataset is missing",
            (Failed::DatasetAndModel, _) => "the dataset is missing, so the model is too",
            (Failed::Model, _) => "only the model is missing",
            (Failed::Twin, _) => "only a twin in another format is missing",
        };
        wrapped(f, "  ", what)?;
        for job in &report.evidence {
            wrapped(f, "  ", &format!("job {job}"))?;
        }
        for name in report.uncommitted.iter().take(NAMED) {
            writeln!(f, "  - {}", fit(name.as_str(), WIDTH - 4))?;
        }
        if report.uncommitted.len() > NAMED {
            writeln!(f, "  and {} more", report.uncommitted.len() - NAMED)?;
        }
        if let Some(owner) = &report.owner {
            wrapped(f, "  ", &format!("owner: {owner}"))?;
        }
        match report.downstream.as_deref() {
            None => wrapped(f, "  ", "downstream: not configured")?,
            Some([]) => wrapped(f, "  ", "downstream: nothing")?,
            Some(all) => wrapped(f, "  ", &format!("downstream: {}", crate::words::names(all)))?,
        }
        self.next(f, report)
    }

    /// What to do next, with the ids filled in.
    fn next(&self, f: &mut fmt::Formatter<'_>, report: &SubjectReport) -> fmt::Result {
        if report.standing == Standing::Held {
            return Ok(());
        }
        if report.critical {
            wrapped(f, "  ", "next: mend the cause at once, with the owner; the business waits for it")?;
        }
        let Some(first) = report.uncommitted.first() else { return Ok(()) };
        let empty = match &report.downstream {
            Some(all) if all.is_empty() => {
                wrapped(f, "  ", "next, if it may be empty in this run:")?;
                true
            }
            Some(_) => {
                wrapped(f, "  ", "next, if what is downstream may read nothing:")?;
                false
            }
            None => {
                wrapped(f, "  ", "next: unblock-downstream if anything is made from it; if nothing is:")?;
                true
            }
        };
        if !empty {
            let job = report.evidence.first().and_then(|job| job.split(' ').next());
            return self.command(f, "unblock-downstream", job.map(|job| ("--task", job)));
        }
        self.command(f, "commit-empty-dataset", Some(("--dataset", first.as_str())))?;
        match report.uncommitted.len() {
            1 => Ok(()),
            more => wrapped(f, "  ", &format!("and so for the other {} above", more - 1)),
        }
    }

    /// A command in lines that fit: each but the last ends as a shell wants it.
    fn command(&self, f: &mut fmt::Formatter<'_>, recipe: &str, about: Option<(&str, &str)>) -> fmt::Result {
        writeln!(f, "  {recipe} --env {} \\", self.environment)?;
        writeln!(f, "    --transaction \\\n    {}{}", self.transaction.id, if about.is_some() { " \\" } else { "" })?;
        match about {
            Some((flag, value)) => writeln!(f, "    {flag} {value}"),
            None => Ok(()),
        }
    }
}

/// Whole words, in lines that fit; a longer word stands alone.
fn wrapped(f: &mut fmt::Formatter<'_>, indent: &str, text: &str) -> fmt::Result {
    let mut line = indent.to_owned();
    for word in text.split_whitespace() {
        let gap = usize::from(line.len() > indent.len());
        if gap == 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(f, "{line}")?;
            line.truncate(indent.len());
            line.push_str(word);
        } else {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    writeln!(f, "{line}")
}
