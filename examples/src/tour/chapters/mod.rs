//! The chapters: what breaks, and which recipe answers.

mod aurora;
mod deploy;
mod loader;
mod model;
mod schema;
mod table;

use super::guide::Guide;
use super::night::Night;
use crate::exit::Failure;
use crate::programs;

/// A chapter.
#[derive(Debug)]
pub(super) struct Chapter {
    pub(super) number: u8,
    /// When in the night: hours and minutes.
    pub(super) at: (i64, i64),
    pub(super) title: &'static str,
    /// The recipe that answers.
    recipe: &'static str,
    /// What else is to be seen.
    pub(super) shows: &'static str,
    /// The same by hand, on a real system.
    pub(super) command: &'static str,
}

impl Chapter {
    /// The program of its recipe.
    pub(super) fn program(&self) -> &'static str {
        programs::program(self.recipe)
    }
}

/// All of them, in the order of the night.
pub(super) const CHAPTERS: [Chapter; super::LAST as usize] = [
    Chapter {
        number: 1,
        at: (2, 4),
        title: "A model fails",
        recipe: "unblock-downstream",
        shows: "the run of the DAG, drawn before and after",
        command: "unblock-downstream --env prod --dag dagao --target-date today --task fx-model --plan-only",
    },
    Chapter {
        number: 2,
        at: (2, 41),
        title: "A schema bears a name twice",
        recipe: "retract-attribute",
        shows: "what cannot be taken back is named, or refused",
        command: "retract-attribute --env prod --transaction ID --dataset NAME --duplicates --plan-only",
    },
    Chapter {
        number: 3,
        at: (3, 20),
        title: "The loader hangs",
        recipe: "restart-redshift",
        shows: "mild before harsh: one session ends, the cluster stays up",
        command: "restart-redshift --env prod --log capivara.log --plan-only",
    },
    Chapter {
        number: 4,
        at: (4, 12),
        title: "A buggy deploy",
        recipe: "rollback-service",
        shows: "cut off in the middle, and taken up from its journal",
        command: "rollback-service --env prod --service metapod --last-good --plan-only",
    },
    Chapter {
        number: 5,
        at: (4, 50),
        title: "A table throttles",
        recipe: "relieve-throttling",
        shows: "the world moves between plan and run, and the recipe stops; drawn before and after",
        command: "relieve-throttling --env prod --service analytics --shard s3 --plan-only",
    },
    Chapter {
        number: 6,
        at: (5, 45),
        title: "Aurora is down",
        recipe: "restart-aurora",
        shows: "a diagnosis from three sides, and a machine that is replaced",
        command: "restart-aurora --env prod --plan-only",
    },
];

pub(super) async fn go(number: u8, guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    match number {
        1 => model::go(guide, night).await,
        2 => schema::go(guide, night).await,
        3 => loader::go(guide).await,
        4 => deploy::go(guide, night).await,
        5 => table::go(guide, night).await,
        _ => aurora::go(guide, night).await,
    }
}
