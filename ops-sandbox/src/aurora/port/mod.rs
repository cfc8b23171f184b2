//! Aurora and Mesos in memory: all of their ports. Faults hit them as they hit the real clients, which do not try again here.

mod admin;
mod mesos;
mod read;
mod write;

use aurora_client::Result;

use super::About;
use crate::refusal::Refusal;
use crate::world::{Done, State};
use crate::{Operation, World};

pub use mesos::MesosPort;

/// Aurora in memory: all three of its ports.
#[derive(Clone, Debug)]
pub struct AuroraPort {
    world: World,
    who: Who,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Admin,
    Operator,
    Viewer,
    Stranger,
}

impl AuroraPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world, who: Who::Admin }
    }

    /// As one who may change jobs, and is no administrator.
    #[must_use]
    pub fn as_operator(mut self) -> Self {
        self.who = Who::Operator;
        self
    }

    /// As one whose password is good, and who may change nothing.
    #[must_use]
    pub fn as_viewer(mut self) -> Self {
        self.who = Who::Viewer;
        self
    }

    /// As one with a wrong password. Aurora answers every read all the same.
    #[must_use]
    pub fn as_stranger(mut self) -> Self {
        self.who = Who::Stranger;
        self
    }

    /// What a scheduler says to who may not do it.
    fn refused(&self, admin: bool) -> Option<Refusal> {
        if !self.world.state().aurora.secured {
            return None;
        }
        match self.who {
            Who::Stranger => Some(Refusal::Unauthenticated("the user or the password was not accepted".to_owned())),
            Who::Viewer => Some(forbidden()),
            Who::Operator if admin => Some(forbidden()),
            Who::Operator | Who::Admin => None,
        }
    }

    async fn read<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        what: impl FnOnce(&State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        let what = |state: &mut State| {
            state.aurora.answers()?;
            what(state).map(Done::same)
        };
        self.world.call(operation, about.subject(), Refusal::told, what).await
    }

    async fn change<T: Send>(
        &self,
        operation: Operation,
        about: About<'_>,
        admin: bool,
        what: impl FnOnce(&mut State) -> std::result::Result<Done<T>, Refusal> + Send,
    ) -> Result<T> {
        let answers = self.world.state().aurora.answers();
        if let (Ok(()), Some(refusal)) = (answers, self.refused(admin)) {
            self.world.turn_away(operation, about.subject());
            return Err(refusal.told(operation));
        }
        let what = |state: &mut State| {
            state.aurora.answers()?;
            what(state)
        };
        self.world.call(operation, about.subject(), Refusal::told, what).await
    }
}

fn forbidden() -> Refusal {
    Refusal::Forbidden("Subject does not have the permission that this needs".to_owned())
}
