//! The seam: recipes without their types, for any engine that can drive them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::deck::Cards;
use crate::draft::Blocks;
use crate::head::BLOCK;
use crate::{
    Action, Approved, Danger, Draft, Error, Facts, Finding, Head, Obligation, Observed, Part, Plan, Recipe, Result,
    Subject, Target,
};

/// A future on the heap.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A question to a recipe.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ask {
    /// The recipe's id.
    pub recipe: String,
    /// Its question, as JSON.
    pub question: Box<RawValue>,
    /// Where.
    pub target: Target,
    /// The time of planning.
    pub now: Timestamp,
    /// A file for what is kept about the world before; without one it stays in memory.
    pub spill: Option<PathBuf>,
}

impl Ask {
    /// Asks `recipe` for a plan.
    ///
    /// # Errors
    /// When the question cannot be written as JSON.
    pub fn new<R: Recipe>(recipe: &R, target: Target, now: Timestamp) -> Result<Self> {
        let question = serde_json::value::to_raw_value(recipe).map_err(Error::unwritable)?;
        Ok(Self { recipe: R::ID.to_owned(), question, target, now, spill: None })
    }

    /// Asks a recipe by its id, with its question as JSON.
    pub fn raw(recipe: impl Into<String>, question: Box<RawValue>, target: Target, now: Timestamp) -> Self {
        Self { recipe: recipe.into(), question, target, now, spill: None }
    }

    /// With a file for what is kept about the world before.
    #[must_use]
    pub fn spilling_to(mut self, file: PathBuf) -> Self {
        self.spill = Some(file);
        self
    }
}

/// An approved plan, opened: what an engine drives.
pub trait Job: Send + Sync {
    /// The plan, for its cards.
    fn plan(&self) -> &Plan;

    /// Looks at some actions.
    fn observe<'a>(&'a self, which: &'a [usize]) -> BoxFuture<'a, ops_client::Result<Vec<Observed>>>;

    /// Performs one action.
    fn perform(&self, i: usize) -> BoxFuture<'_, ops_client::Result<()>>;

    /// Proves the effect of what was done.
    fn verify<'a>(&'a self, done: &'a [usize]) -> BoxFuture<'a, ops_client::Result<Vec<Finding>>>;

    /// What an action leaves behind.
    fn obligation(&self, i: usize) -> Option<Obligation>;
}

/// Recipes by their ids, with the handles that they read and write through.
pub trait Host: Send + Sync {
    /// Plans. Nothing is changed.
    fn plan(&self, ask: Ask) -> BoxFuture<'_, Result<Plan>>;

    /// Makes a plan of what was stored, and checks every digest.
    ///
    /// # Errors
    /// When the recipe is not known in that version, or the plan is not what was stored.
    fn load(&self, head: Head, actions: &mut dyn Iterator<Item = Result<Vec<u8>>>, facts: Facts) -> Result<Plan>;

    /// Makes a part of a plan of the block that it lies in ([`Plan::block`]), and checks that block's digest.
    ///
    /// # Errors
    /// When the recipe is not known in that version, there is no such part, or the block is not what was planned.
    fn load_part(&self, head: Head, part: Part, block: &[u8]) -> Result<Plan>;

    /// Opens an approved plan.
    ///
    /// # Errors
    /// When the recipe is not known, or has no handle to write through.
    fn open(&self, approved: &Approved) -> Result<Arc<dyn Job>>;

    /// Plans to take back what a run changed: `changed` are the indices of its actions, in the order of their phases.
    fn undo<'a>(&'a self, plan: &'a Plan, changed: &'a [usize], run: &'a str, ask: Ask) -> BoxFuture<'a, Result<Plan>>;

    /// Looks whether an obligation is still open in the world.
    fn still_owed<'a>(&'a self, head: &'a Head, obligation: &'a Obligation) -> BoxFuture<'a, Result<bool>>;
}

/// The host of one program.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<&'static str, Box<dyn Entry>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl Registry {
    /// A host of no recipe.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a recipe that may read and write.
    #[must_use]
    pub fn with<R: Recipe>(self, reads: R::Reads, writes: R::Writes) -> Self {
        self.entry::<R>(reads, Some(Arc::new(writes)))
    }

    /// With a recipe that may only read: it can plan, and nothing else.
    #[must_use]
    pub fn reading<R: Recipe>(self, reads: R::Reads) -> Self {
        self.entry::<R>(reads, None)
    }

    fn entry<R: Recipe>(mut self, reads: R::Reads, writes: Option<Arc<R::Writes>>) -> Self {
        self.entries.insert(R::ID, Box::new(Handles::<R> { reads: Arc::new(reads), writes }));
        self
    }

    /// Whether a recipe is known here.
    pub fn knows(&self, recipe: &str) -> bool {
        self.entries.contains_key(recipe)
    }

    /// The ids of its recipes, in order.
    pub fn recipes(&self) -> Vec<&'static str> {
        let mut known: Vec<_> = self.entries.keys().copied().collect();
        known.sort_unstable();
        known
    }

    /// Plans with a recipe of this registry, now.
    ///
    /// # Errors
    /// When a system does not answer, or the recipe is not in this registry.
    pub async fn propose<R: Recipe>(&self, recipe: &R, target: Target) -> Result<Plan> {
        self.plan(Ask::new(recipe, target, Timestamp::now())?).await
    }

    fn find(&self, recipe: &str) -> Result<&dyn Entry> {
        self.entries
            .get(recipe)
            .map(|entry| &**entry)
            .ok_or_else(|| Error::Invalid(format!("no recipe «{recipe}» here; there is {}", self.recipes().join(", "))))
    }
}

impl Host for Registry {
    fn plan(&self, ask: Ask) -> BoxFuture<'_, Result<Plan>> {
        Box::pin(async move { self.find(&ask.recipe)?.plan(ask).await })
    }

    fn load(&self, head: Head, actions: &mut dyn Iterator<Item = Result<Vec<u8>>>, facts: Facts) -> Result<Plan> {
        self.find(&head.recipe)?.load(head, actions, facts)
    }

    fn load_part(&self, head: Head, part: Part, block: &[u8]) -> Result<Plan> {
        self.find(&head.recipe)?.load_part(head, part, block)
    }

    fn open(&self, approved: &Approved) -> Result<Arc<dyn Job>> {
        self.find(&approved.plan().head().recipe)?.open(approved)
    }

    fn undo<'a>(&'a self, plan: &'a Plan, changed: &'a [usize], run: &'a str, ask: Ask) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move { self.find(&plan.head().recipe)?.undo(plan, changed, run, ask).await })
    }

    fn still_owed<'a>(&'a self, head: &'a Head, obligation: &'a Obligation) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move { self.find(&head.recipe)?.still_owed(head, obligation).await })
    }
}

/// A recipe without its type.
trait Entry: Send + Sync {
    fn plan(&self, ask: Ask) -> BoxFuture<'_, Result<Plan>>;
    fn load(&self, head: Head, actions: &mut dyn Iterator<Item = Result<Vec<u8>>>, facts: Facts) -> Result<Plan>;
    fn load_part(&self, head: Head, part: Part, block: &[u8]) -> Result<Plan>;
    fn open(&self, approved: &Approved) -> Result<Arc<dyn Job>>;
    fn undo<'a>(&'a self, plan: &'a Plan, changed: &'a [usize], run: &'a str, ask: Ask) -> BoxFuture<'a, Result<Plan>>;
    fn still_owed<'a>(&'a self, head: &'a Head, obligation: &'a Obligation) -> BoxFuture<'a, Result<bool>>;
}

struct Handles<R: Recipe> {
    reads: Arc<R::Reads>,
    writes: Option<Arc<R::Writes>>,
}

fn question<R: Recipe>(raw: &RawValue) -> Result<R> {
    serde_json::from_str(raw.get()).map_err(|e| Error::Invalid(format!("this is no question to {}: {e}", R::ID)))
}

fn same_version<R: Recipe>(head: &Head) -> Result<()> {
    if head.version == R::VERSION {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "a plan of {} version {}; this program has version {}: plan again",
        R::ID,
        head.version,
        R::VERSION
    )))
}

/// The actions of a plan that this recipe made.
fn actions_of<R: Recipe>(plan: &Plan) -> Result<Arc<Vec<R::Action>>> {
    plan.deck()
        .typed()
        .downcast::<Arc<Vec<R::Action>>>()
        .map(|actions| *actions)
        .map_err(|_| Error::Invalid(format!("this plan was not made or loaded by the {} of this program", R::ID)))
}

impl<R: Recipe> Entry for Handles<R> {
    fn plan(&self, ask: Ask) -> BoxFuture<'_, Result<Plan>> {
        Box::pin(async move {
            let recipe: R = question(&ask.question)?;
            let draft = Draft::new(ask, R::VERSION)?;
            recipe.plan(&self.reads, draft).await?.seal()
        })
    }

    fn load(&self, head: Head, lines: &mut dyn Iterator<Item = Result<Vec<u8>>>, facts: Facts) -> Result<Plan> {
        same_version::<R>(&head)?;
        let mut actions: Vec<R::Action> = Vec::new();
        let mut blocks = Blocks::default();
        for (number, line) in lines.enumerate() {
            let (line, place) = (line?, format!("plan, line {}", number + 2));
            if number >= head.len() {
                return Err(Error::corrupt(
                    place,
                    format!("more than the {} actions that the head promises", head.len()),
                ));
            }
            // What was written is checked, not what it reads as: a change that means nothing is a change.
            blocks.add(&line);
            actions.push(
                serde_json::from_slice(&line)
                    .map_err(|e| Error::corrupt(place, format!("no action of {}: {e}", R::ID)))?,
            );
        }
        if actions.len() != head.len() {
            let text = format!("{} actions, the head promises {}", actions.len(), head.len());
            return Err(Error::corrupt("plan", text));
        }
        if blocks.finish() != head.blocks {
            return Err(Error::corrupt("plan", "an action was changed after the plan was made: the digests differ"));
        }
        if head.facts.is_some() && Some(facts.each(|_, _| ())?) != head.facts {
            return Err(Error::corrupt("facts", "changed after the plan was made: the digests differ"));
        }
        Plan::sealed(head, Arc::new(Cards::new(actions)), facts)
    }

    fn load_part(&self, head: Head, part: Part, block: &[u8]) -> Result<Plan> {
        same_version::<R>(&head)?;
        let place = format!("plan, block {}", part.block());
        if !part.fits(&head) {
            return Err(Error::corrupt(place, format!("no part of this plan: {part:?}")));
        }
        let mut digests = Blocks::default();
        let lines: Vec<&[u8]> = block.strip_suffix(b"\n").unwrap_or(block).split(|&byte| byte == b'\n').collect();
        lines.iter().for_each(|line| digests.add(line));
        if head.blocks.get(part.block()) != digests.finish().first() || lines.len() > BLOCK {
            return Err(Error::corrupt(place, "changed after the plan was made: the digests differ"));
        }
        let skipped = part.from % BLOCK;
        let mut actions: Vec<R::Action> = Vec::with_capacity(part.len());
        for (number, line) in lines.iter().enumerate().skip(skipped).take(part.len()) {
            actions.push(serde_json::from_slice(line).map_err(|e| {
                Error::corrupt(format!("{place}, line {}", number + 1), format!("no action of {}: {e}", R::ID))
            })?);
        }
        if actions.len() != part.len() {
            return Err(Error::corrupt(place, format!("{} lines, too few for {part:?}", lines.len())));
        }
        Plan::part_of(head, part, Arc::new(Cards::new(actions)))
    }

    fn open(&self, approved: &Approved) -> Result<Arc<dyn Job>> {
        let Some(writes) = self.writes.clone() else {
            return Err(Error::Invalid(format!(
                "{} has no handle to write through: this program only previews",
                R::ID
            )));
        };
        let plan = approved.plan().clone();
        Ok(Arc::new(Opened::<R> {
            recipe: question(&plan.head().question)?,
            actions: actions_of::<R>(&plan)?,
            plan,
            reads: Arc::clone(&self.reads),
            writes,
        }))
    }

    fn undo<'a>(&'a self, plan: &'a Plan, changed: &'a [usize], run: &'a str, ask: Ask) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            if let Some(part) = plan.part() {
                return Err(Error::Invalid(format!("only a whole plan can be undone, this is {part:?}")));
            }
            let recipe: R = question(&plan.head().question)?;
            let actions = actions_of::<R>(plan)?;
            let mut before = HashMap::new();
            if plan.head().facts.is_some() {
                plan.facts().each(|key, fact| drop(before.insert(key, fact)))?;
            }
            let mut draft: Draft<R::Action> = Draft::new(ask, R::VERSION)?;
            draft.undoes(run.to_owned());
            draft.title(format!("undo of {run}: {}", plan.head().title));
            for subject in &plan.head().subjects {
                draft.subject(Subject::clone(subject));
            }
            let changed: std::collections::HashSet<usize> = changed.iter().copied().collect();
            let mut end = actions.len();
            let mut stuck = Vec::new();
            for phase in plan.head().phases.iter().rev() {
                let start = end.saturating_sub(phase.len());
                let mut inverse = Vec::new();
                for i in (start..end).rev().filter(|i| changed.contains(i)) {
                    let key = actions[i].key();
                    match recipe.undo(&actions[i], before.get(&key).map(|fact| &**fact)) {
                        Some(action) => inverse.push(action),
                        // A wait changed nothing.
                        None if actions[i].danger() == Danger::Nothing => {}
                        None => stuck.push(actions[i].to_string()),
                    }
                }
                draft.phase_at(format!("undo {}", phase.name), phase.width, inverse);
                end = start;
            }
            if let Some(first) = stuck.first() {
                let text =
                    format!("{} of {} changes cannot be taken back, the first: {first}", stuck.len(), changed.len());
                draft.finding(Finding::warn("no-way-back", text));
            }
            recipe.review_undo(&self.reads, draft).await?.seal()
        })
    }

    fn still_owed<'a>(&'a self, head: &'a Head, obligation: &'a Obligation) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let recipe: R = question(&head.question)?;
            Ok(recipe.still_owed(&self.reads, obligation).await?)
        })
    }
}

struct Opened<R: Recipe> {
    recipe: R,
    plan: Plan,
    actions: Arc<Vec<R::Action>>,
    reads: Arc<R::Reads>,
    writes: Arc<R::Writes>,
}

impl<R: Recipe> Opened<R> {
    fn chosen(&self, which: &[usize]) -> Vec<&R::Action> {
        which.iter().filter_map(|&i| self.actions.get(i)).collect()
    }
}

impl<R: Recipe> Job for Opened<R> {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn observe<'a>(&'a self, which: &'a [usize]) -> BoxFuture<'a, ops_client::Result<Vec<Observed>>> {
        Box::pin(async move {
            let seen = self.recipe.observe(&self.reads, &self.chosen(which)).await?;
            if seen.len() == which.len() {
                return Ok(seen);
            }
            let text = format!("{} answers to {} questions: a defect of {}", seen.len(), which.len(), R::ID);
            Err(ops_client::Error::invalid("plan.observe", text))
        })
    }

    fn perform(&self, i: usize) -> BoxFuture<'_, ops_client::Result<()>> {
        Box::pin(async move {
            match self.actions.get(i) {
                Some(action) => self.recipe.perform(&self.writes, action).await,
                None => Err(ops_client::Error::invalid("plan.perform", format!("the plan has no action {i}"))),
            }
        })
    }

    fn verify<'a>(&'a self, done: &'a [usize]) -> BoxFuture<'a, ops_client::Result<Vec<Finding>>> {
        Box::pin(async move { self.recipe.verify(&self.reads, &self.chosen(done)).await })
    }

    fn obligation(&self, i: usize) -> Option<Obligation> {
        self.actions.get(i).and_then(|action| self.recipe.obligation(action))
    }
}
