//! How each rung is climbed here: which machines, which templates, which versions.

use serde::{Deserialize, Serialize};

use super::{Evidence, Ladder, RecoverRun, Rules, Rung};
use crate::aurora::jobs::Until;
use crate::aurora::{CreateJob, CycleMachines, Order, ScaleUp, Scaling};

/// How the rungs are climbed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ways {
    /// Which machines are cycled, and how many at a time.
    pub cycle: CycleMachines,
    /// The job's template and binds.
    pub order: Order,
    /// Which placeholder of the job's template is its version.
    pub version: String,
    /// The scaling's template, mode and group.
    pub scaling: Scaling,
    /// Which placeholder of the scaling's template is its version.
    pub scale_version: String,
}

impl Ways {
    /// By these, with the placeholders that the runbook's commands have: `dagao` and `scale_cluster`.
    pub fn new(cycle: CycleMachines, order: Order, scaling: Scaling) -> Self {
        Self { cycle, order, version: "dagao".to_owned(), scaling, scale_version: "scale_cluster".to_owned() }
    }

    /// This rung as a recipe.
    ///
    /// What was bound before stays. Otherwise the job is created with the version that failed, because only one thing is changed
    /// at a time, and with the one that worked only by [`Rung::RollBack`]; the cluster is scaled by what scaled it last.
    pub fn climb(&self, ladder: &Ladder, rules: &Rules, seen: &Evidence, rung: Rung) -> RecoverRun {
        let ladder = ladder.clone();
        match rung {
            Rung::Cycle => RecoverRun::cycle(ladder, self.cycle.clone()),
            Rung::ScaleUp => {
                let mut scaling = self.scaling.clone();
                if let Some(version) = &seen.scale_version {
                    scaling.order.versions.entry(self.scale_version.clone()).or_insert_with(|| version.clone());
                }
                let there = seen.nodes.unwrap_or_default();
                RecoverRun::scale_up(ladder, ScaleUp::new(scaling, rules.nodes.unwrap_or(there)))
            }
            Rung::Create | Rung::CreateOnMore | Rung::RollBack => {
                let mut order = self.order.clone();
                match (rung, &seen.failed_version, &seen.worked_version) {
                    (Rung::RollBack, _, Some(worked)) => order = order.version(&self.version, worked),
                    (_, Some(failed), _) => {
                        order.versions.entry(self.version.clone()).or_insert_with(|| failed.clone());
                    }
                    _ => {}
                }
                RecoverRun::create(ladder, rung, CreateJob::new(order, Until::Running))
            }
        }
    }
}
