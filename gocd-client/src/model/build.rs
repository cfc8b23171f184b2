//! A build: which commits it was made of, and how its stages went.

use std::fmt;

use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{PipelineName, Sha, Stage, StageResult};

const OP: &str = "gocd.sha";
/// How many materials an error lists.
const MOST_LISTED: usize = 10;
/// How much is shown of words of others, in characters.
const MOST_SHOWN: usize = 100;

/// One build of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Build {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// Its number, from 1 on.
    pub counter: u32,
    /// What people call it: its number, often with the commit, `812:6c957ed851d82103e2b151b04aa8a5ede042c3c5`.
    pub label: String,
    /// When it began. Older servers tell only when its jobs did.
    pub scheduled: Option<Timestamp>,
    /// What it was made of.
    pub revisions: Vec<MaterialRevision>,
    /// Its stages, in their order; those that were not begun too.
    pub stages: Vec<Stage>,
}

/// One material of a build, and the revision of it that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaterialRevision {
    /// What kind of material: `Git`, `Pipeline`, …
    pub kind: String,
    /// Its name, where the server tells one.
    pub name: Option<String>,
    /// Where it comes from: `URL: https://git.example.com/metapod.git, Branch: master`.
    pub description: String,
    /// GoCD's own name for it, which never changes.
    pub fingerprint: String,
    /// Whether it is what made this build begin.
    pub changed: bool,
    /// The newest first: what is new in this build, or the last change where nothing is.
    pub modifications: Vec<Modification>,
}

/// One change of a material.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Modification {
    /// The commit; for a pipeline, its stage.
    pub revision: String,
    /// Who made it.
    pub author: Option<String>,
    /// When it was made.
    pub at: Option<Timestamp>,
    /// What its author says about it.
    pub comment: Option<String>,
}

impl Build {
    /// A build of this number, of nothing yet.
    pub fn new(pipeline: PipelineName, counter: u32, label: impl Into<String>) -> Self {
        Self { pipeline, counter, label: label.into(), scheduled: None, revisions: Vec::new(), stages: Vec::new() }
    }

    /// With when it began.
    #[must_use]
    pub fn with_scheduled(mut self, at: Timestamp) -> Self {
        self.scheduled = Some(at);
        self
    }

    /// Made of these.
    #[must_use]
    pub fn with_revisions(mut self, revisions: Vec<MaterialRevision>) -> Self {
        self.revisions = revisions;
        self
    }

    /// With these stages.
    #[must_use]
    pub fn with_stages(mut self, stages: Vec<Stage>) -> Self {
        self.stages = stages;
        self
    }

    /// Whether a stage runs at this moment. A build that waits for somebody to start its next stage does not run.
    pub fn is_running(&self) -> bool {
        self.stages.iter().any(|stage| stage.running)
    }

    /// Whether all is well: every stage has passed, up to the first one that waits for somebody to start it.
    ///
    /// A stage that begins by itself and has not begun yet has not passed. (GoCD shows a stage that a pipeline got
    /// later as not begun, also in older builds.)
    pub fn has_passed(&self) -> bool {
        let mut begun = self.stages.iter().take_while(|stage| stage.has_begun() || !stage.manual).peekable();
        begun.peek().is_some() && begun.all(|stage| stage.result == StageResult::Passed && !stage.running)
    }

    /// The stage that waits for somebody to start it, where everything before it has passed.
    pub fn waits_for(&self) -> Option<&Stage> {
        let next = self.stages.iter().find(|stage| !stage.has_begun())?;
        (next.manual && self.has_passed()).then_some(next)
    }

    /// The commit that it was built from: the one in its label, or the one of its only git material. Where a material
    /// is named (by its name, its fingerprint, or a part of its description), the one of that material.
    ///
    /// # Errors
    /// `Invalid` where there are several git materials and none is named, or the name fits several, listing them;
    /// `NotFound` where there is no such material, or no commit at all.
    pub fn sha(&self, material: Option<&str>) -> Result<Sha> {
        if material.is_none()
            && let Some(sha) = self.label.rsplit(':').next().and_then(|last| last.parse().ok())
        {
            return Ok(sha);
        }
        let commits: Vec<(&MaterialRevision, Sha)> =
            self.revisions.iter().filter_map(|revision| Some((revision, revision.sha()?))).collect();
        let of = format!("{} {}", self.pipeline, plain(&self.label));
        let listed = || list(commits.iter().map(|(revision, _)| *revision));
        let mut found = match material {
            None => commits.clone(),
            Some(name) => pick(&commits, name),
        };
        // The same repository twice, at the same commit, is no contradiction.
        found.dedup_by(|one, other| one.1 == other.1);
        match (&found[..], material) {
            ([(_, sha)], _) => Ok(sha.clone()),
            ([], None) => Err(not_found(format!("neither the label nor a material of {of} tells a commit"))),
            ([], Some(name)) => Err(not_found(format!("no git material of {of} is called \"{name}\": {}", listed()))),
            (_, None) => Err(Error::invalid(OP, format!("{of} was built from several git materials: {}", listed()))
                .with_remedy("name the one that is meant")
                .with_attempts(0)),
            (_, Some(name)) => {
                let several = list(found.iter().map(|(revision, _)| *revision));
                Err(Error::invalid(OP, format!("\"{name}\" fits several git materials of {of}: {several}"))
                    .with_remedy("name it by its fingerprint")
                    .with_attempts(0))
            }
        }
    }

    /// The newest change of what made it begin, for people: who, when, why.
    pub fn last_change(&self) -> Option<&Modification> {
        let of = |changed: bool| self.revisions.iter().filter(move |revision| revision.changed == changed);
        of(true).chain(of(false)).find_map(|revision| revision.modifications.first())
    }
}

impl fmt::Display for Build {
    /// One line: `812:6c957ed… by Ana, 2018-01-18T04:02:00Z: Retract whole transactions`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.label))?;
        let Some(change) = self.last_change() else { return Ok(()) };
        if let Some(author) = &change.author {
            write!(f, " by {}", plain(author))?;
        }
        if let Some(at) = change.at.or(self.scheduled) {
            write!(f, ", {at}")?;
        }
        match change.subject() {
            Some(subject) => write!(f, ": {subject}"),
            None => Ok(()),
        }
    }
}

impl MaterialRevision {
    /// A material of this kind and description.
    pub fn new(kind: impl Into<String>, description: impl Into<String>, fingerprint: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            name: None,
            description: description.into(),
            fingerprint: fingerprint.into(),
            changed: true,
            modifications: Vec::new(),
        }
    }

    /// With a name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With these changes, the newest first.
    #[must_use]
    pub fn with_modifications(mut self, modifications: Vec<Modification>) -> Self {
        self.modifications = modifications;
        self
    }

    /// Not what made the build begin.
    #[must_use]
    pub fn unchanged(mut self) -> Self {
        self.changed = false;
        self
    }

    /// The commit that was taken, where it is a git repository.
    pub fn sha(&self) -> Option<Sha> {
        if !self.kind.eq_ignore_ascii_case("git") {
            return None;
        }
        self.modifications.first()?.revision.parse().ok()
    }

    fn called(&self) -> String {
        let name = self.name.as_ref().map_or_else(String::new, |name| format!("{name}: "));
        format!("\"{}\"", plain(&format!("{name}{}", self.description)))
    }
}

impl Modification {
    /// A change to this revision.
    pub fn new(revision: impl Into<String>) -> Self {
        Self { revision: revision.into(), author: None, at: None, comment: None }
    }

    /// With who made it, when, and what they say.
    #[must_use]
    pub fn with_author(mut self, author: impl Into<String>, at: Timestamp, comment: impl Into<String>) -> Self {
        (self.author, self.at, self.comment) = (Some(author.into()), Some(at), Some(comment.into()));
        self
    }

    /// The first line of the comment, at most 100 characters of it.
    pub fn subject(&self) -> Option<String> {
        let line = self.comment.as_deref()?.trim().lines().next()?.trim();
        Some(plain(line)).filter(|line| !line.is_empty())
    }
}

/// Words of others, for a line on a terminal: without what would move its cursor, and not too long.
fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect()
}

/// The materials that a name means: its own name or fingerprint decide; a part of the description is enough otherwise.
fn pick<'a>(all: &[(&'a MaterialRevision, Sha)], name: &str) -> Vec<(&'a MaterialRevision, Sha)> {
    let chosen = |fits: &dyn Fn(&MaterialRevision) -> bool| -> Vec<_> {
        all.iter().filter(|(revision, _)| fits(revision)).cloned().collect()
    };
    let exact = chosen(&|one| one.fingerprint == name || one.name.as_deref() == Some(name) || one.description == name);
    if !exact.is_empty() || name.is_empty() {
        return exact;
    }
    chosen(&|one| one.description.contains(name))
}

fn list<'a>(revisions: impl Iterator<Item = &'a MaterialRevision>) -> String {
    let mut all: Vec<String> = revisions.map(MaterialRevision::called).collect();
    let more = all.len().saturating_sub(MOST_LISTED);
    all.truncate(MOST_LISTED);
    match (all.is_empty(), more) {
        (true, _) => "there is none".to_owned(),
        (_, 0) => all.join(", "),
        _ => format!("{}, and {more} more", all.join(", ")),
    }
}

fn not_found(message: String) -> Error {
    Error::new(OP, ErrorKind::NotFound, Effect::None).with_message(message).with_attempts(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_do_not_reach_the_terminal_as_they_are() {
        let at = "2018-01-18T04:02:00Z".parse().unwrap();
        let evil =
            Modification::new("x").with_author("A\u{1b}[2Jna", at, format!("\u{7}Tidy{}\nmore", "!".repeat(500)));
        let revision = MaterialRevision::new("Git", "URL:\n\u{1b}c", "f").with_modifications(vec![evil]);
        let build = Build::new("metapod".parse().unwrap(), 1, "1\r\n").with_revisions(vec![revision]);
        let shown = format!("{build} {}", build.sha(Some("x")).unwrap_err());
        assert!(shown.starts_with("1 by A[2Jna, 2018-01-18T04:02:00Z: Tidy!!!"), "{shown}");
        assert!(!shown.chars().any(char::is_control) && shown.len() < 500, "{shown}");
    }
}
