//! The actions of a plan, without their type.

use std::any::Any;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::{Action, Card, Danger, Error, Repeat, Result};

/// What the walk needs to know of an action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) danger: Danger,
    pub(crate) repeat: Repeat,
    pub(crate) settle: Duration,
}

/// The actions of a plan, by index.
pub(crate) trait Deck: fmt::Debug + Send + Sync {
    fn len(&self) -> usize;
    fn card(&self, i: usize) -> Card;
    /// The key alone: a card costs its text too.
    fn key(&self, i: usize) -> String;
    fn rules(&self, i: usize) -> Rules;
    fn by_hand(&self, i: usize) -> String;
    /// Writes action `i` as one line of JSON, without its end.
    fn write(&self, i: usize, out: &mut dyn Write) -> Result<()>;
    /// The actions themselves, for the recipe that made them: an `Arc<Vec<A>>`.
    fn typed(&self) -> Box<dyn Any>;
}

/// The one implementation.
pub(crate) struct Cards<A>(Arc<Vec<A>>);

impl<A> fmt::Debug for Cards<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} actions", self.0.len())
    }
}

impl<A: Action> Cards<A> {
    pub(crate) fn new(mut actions: Vec<A>) -> Self {
        actions.shrink_to_fit();
        Self(Arc::new(actions))
    }
}

impl<A: Action> Deck for Cards<A> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn card(&self, i: usize) -> Card {
        Card::of(&self.0[i])
    }

    fn key(&self, i: usize) -> String {
        self.0[i].key()
    }

    fn rules(&self, i: usize) -> Rules {
        let action = &self.0[i];
        Rules { danger: action.danger(), repeat: action.repeat(), settle: action.settle() }
    }

    fn by_hand(&self, i: usize) -> String {
        self.0[i].by_hand()
    }

    fn write(&self, i: usize, out: &mut dyn Write) -> Result<()> {
        serde_json::to_writer(out, &self.0[i]).map_err(Error::unwritable)
    }

    fn typed(&self) -> Box<dyn Any> {
        Box::new(Arc::clone(&self.0))
    }
}
