//! A plan in the making: what a recipe fills while it reads.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::deck::Cards;
use crate::digest::Hasher;
use crate::facts::FactSink;
use crate::head::{BLOCK, Phase};
use crate::host::Ask;
use crate::{Action, Digest, Error, Finding, Head, Plan, Recipe, Result, Subject, Target, Verdict};

/// The format of heads that this version writes.
pub(crate) const FORMAT: u32 = 1;

/// How many actions run at once unless a phase says otherwise.
const WIDTH: usize = 10;

/// A plan in the making.
pub struct Draft<A> {
    head: Head,
    actions: Vec<A>,
    facts: FactSink,
}

impl<A> std::fmt::Debug for Draft<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("head", &self.head).field("actions", &self.actions.len()).finish_non_exhaustive()
    }
}

impl<A: Action> Draft<A> {
    pub(crate) fn new(ask: Ask, version: u32) -> Result<Self> {
        let facts = FactSink::open(ask.spill.as_deref())?;
        let head = Head {
            format: FORMAT,
            recipe: ask.recipe,
            version,
            question: ask.question,
            target: ask.target,
            identity: Vec::new(),
            title: String::new(),
            subjects: Vec::new(),
            population: None,
            one_by_one: false,
            made_at: ask.now,
            findings: Vec::new(),
            phases: Vec::new(),
            notes: Vec::new(),
            later: Vec::new(),
            settles: Vec::new(),
            undoes: None,
            facts: None,
            blocks: Vec::new(),
        };
        Ok(Self { head, actions: Vec::new(), facts })
    }

    /// Where the plan wants to act.
    pub fn target(&self) -> &Target {
        &self.head.target
    }

    /// The time of planning; a recipe never asks a clock itself.
    pub fn now(&self) -> Timestamp {
        self.head.made_at
    }

    /// What the plan does, in one line.
    pub fn title(&mut self, title: impl Into<String>) -> &mut Self {
        self.head.title = title.into();
        self
    }

    /// What a system said of itself or of the caller.
    pub fn identity(&mut self, line: impl Into<String>) -> &mut Self {
        self.head.identity.push(line.into());
        self
    }

    /// Something that the plan changes: locked while it runs.
    pub fn subject(&mut self, subject: Subject) -> &mut Self {
        self.head.subjects.push(subject);
        self
    }

    /// Of how many objects the actions were chosen.
    pub fn population(&mut self, count: usize) -> &mut Self {
        self.head.population = Some(count as u64);
        self
    }

    /// That the objects were named one by one: up to 20 of them need no answer about their share.
    pub fn one_by_one(&mut self) -> &mut Self {
        self.head.one_by_one = true;
        self
    }

    /// A guard's word.
    pub fn finding(&mut self, finding: Finding) -> &mut Self {
        self.head.findings.push(finding);
        self
    }

    /// Whether a guard blocks already: then the rest need not be read.
    pub fn is_blocked(&self) -> bool {
        self.head.findings.iter().any(|finding| finding.verdict == Verdict::Block)
    }

    /// What else to know before approving.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.head.notes.push(note.into());
        self
    }

    /// What the runbook says to do afterwards.
    pub fn later(&mut self, text: impl Into<String>) -> &mut Self {
        self.head.later.push(text.into());
        self
    }

    /// An obligation that the plan settles.
    pub fn settles(&mut self, obligation: impl Into<String>) -> &mut Self {
        self.head.settles.push(obligation.into());
        self
    }

    pub(crate) fn undoes(&mut self, run: String) {
        self.head.undoes = Some(run);
    }

    /// The next phase; ten of its actions run at once.
    pub fn phase(&mut self, name: impl Into<String>, actions: Vec<A>) -> &mut Self {
        self.phase_at(name, WIDTH, actions)
    }

    /// The next phase, of which at most `width` actions run at once. A phase without actions is left out.
    pub fn phase_at(&mut self, name: impl Into<String>, width: usize, mut actions: Vec<A>) -> &mut Self {
        if !actions.is_empty() {
            self.head.phases.push(Phase::new(name.into(), width.max(1), actions.iter().map(Action::danger)));
            if self.actions.is_empty() {
                self.actions = actions;
            } else {
                self.actions.append(&mut actions);
            }
        }
        self
    }

    /// The actions so far, in order.
    pub fn actions(&self) -> &[A] {
        &self.actions
    }

    /// Lets another recipe plan into this draft: a recipe that is made of others adds its own guards before and after.
    ///
    /// # Errors
    /// The other recipe's.
    pub async fn filled_by<R: Recipe>(
        self,
        recipe: &R,
        reads: &R::Reads,
        as_ours: impl Fn(R::Action) -> A,
    ) -> Result<Self, ops_client::Error> {
        let Self { head, mut actions, facts } = self;
        let theirs = recipe.plan(reads, Draft { head, actions: Vec::new(), facts }).await?;
        actions.extend(theirs.actions.into_iter().map(as_ours));
        Ok(Self { head: theirs.head, actions, facts: theirs.facts })
    }

    /// Keeps what was so before the action with this key; [`Recipe::undo`](crate::Recipe::undo) gets it back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, key: &str, fact: &impl Serialize) -> Result<(), ops_client::Error> {
        self.facts.keep(key, fact).map_err(|error| {
            ops_client::Error::new("plan.keep", ops_client::ErrorKind::Other, ops_client::Effect::None)
                .with_source(error)
        })
    }

    /// Closes the plan: its digests are taken, and it can no longer change.
    ///
    /// # Errors
    /// When two actions have the same key, or an action cannot be written as JSON.
    pub fn seal(mut self) -> Result<Plan> {
        let mut keys = HashSet::with_capacity(self.actions.len());
        for action in &self.actions {
            let key = action.key();
            if let Some(key) = keys.replace(key) {
                return Err(Error::Invalid(format!(
                    "two actions of this plan have the key «{key}»: a defect of the recipe"
                )));
            }
        }
        drop(keys);
        self.head.subjects.sort();
        self.head.subjects.dedup();
        let mut blocks = Blocks::default();
        let mut line = Vec::new();
        for action in &self.actions {
            line.clear();
            serde_json::to_writer(&mut line, action).map_err(Error::unwritable)?;
            blocks.add(&line);
        }
        self.head.blocks = blocks.finish();
        let deck = Cards::new(self.actions);
        let (digest, facts) = self.facts.finish()?;
        self.head.facts = digest;
        Plan::sealed(self.head, Arc::new(deck), facts)
    }
}

/// The digests of all blocks, action by action.
#[derive(Default)]
pub(crate) struct Blocks {
    done: Vec<Digest>,
    hasher: Hasher,
    count: usize,
}

impl Blocks {
    /// One more action, as its line of JSON without the end.
    pub(crate) fn add(&mut self, line: &[u8]) {
        // A hasher cannot fail.
        let _ = self.hasher.write_all(line);
        let _ = self.hasher.write_all(b"\n");
        self.count += 1;
        if self.count == BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        self.done.push(std::mem::take(&mut self.hasher).finish());
        self.count = 0;
    }

    pub(crate) fn finish(mut self) -> Vec<Digest> {
        if self.count > 0 {
            self.close();
        }
        self.done
    }
}
