//! From the text of an alert to the recipe that answers it.

/// A recipe and the texts that it answers.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Known {
    /// The recipe's id, which is also the name of its program.
    pub recipe: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    /// The texts.
    pub alerts: &'static [&'static str],
}

/// Every recipe of this build.
pub const RECIPES: &[Known] = &[
    #[cfg(feature = "databricks")]
    Known {
        recipe: "load-dataset",
        what: "says where a dataset of a run lies and how a notebook reads it, and shows its first rows",
        alerts: crate::datasets::load_dataset::ALERTS,
    },
    #[cfg(feature = "datasets")]
    Known {
        recipe: "triage-failure",
        what: "says what failed in a run, and what to do next",
        alerts: crate::datasets::triage_failure::ALERTS,
    },
    #[cfg(feature = "datasets")]
    Known {
        recipe: "retract-datasets",
        what: "takes back what was committed of datasets",
        alerts: crate::datasets::retract_datasets::ALERTS,
    },
    #[cfg(feature = "datasets")]
    Known {
        recipe: "retract-attribute",
        what: "takes attributes out of a schema, for good",
        alerts: crate::datasets::retract_attribute::ALERTS,
    },
    #[cfg(feature = "datasets")]
    Known {
        recipe: "commit-empty-dataset",
        what: "commits an empty file for a dataset that fails",
        alerts: crate::datasets::commit_empty_dataset::ALERTS,
    },
    #[cfg(feature = "airflow")]
    Known {
        recipe: "unblock-downstream",
        what: "passes over a task that failed, so that what follows it runs",
        alerts: crate::airflow::unblock_downstream::ALERTS,
    },
    #[cfg(feature = "airflow")]
    Known {
        recipe: "hold-machines",
        what: "keeps the machines of a job up, so that its logs can be read",
        alerts: crate::airflow::hold_machines::ALERTS,
    },
    #[cfg(feature = "airflow")]
    Known {
        recipe: "release-machines",
        what: "lets the machines go that were kept",
        alerts: crate::airflow::release_machines::ALERTS,
    },
    #[cfg(feature = "airflow")]
    Known {
        recipe: "stop-run",
        what: "stops a run and its jobs, and waits until nothing is left",
        alerts: crate::airflow::stop_run::ALERTS,
    },
    #[cfg(feature = "airflow")]
    Known {
        recipe: "clear-and-rerun",
        what: "runs tasks of a run again, with all that hangs on them",
        alerts: crate::airflow::clear_and_rerun::ALERTS,
    },
    #[cfg(all(feature = "airflow", feature = "datasets"))]
    Known {
        recipe: "redeploy-dag",
        what: "ends jobs of a run, and runs them anew with what is deployed",
        alerts: crate::airflow::redeploy_dag::ALERTS,
    },
    #[cfg(feature = "aurora")]
    Known { recipe: "kill-job", what: "ends tasks of a job on Aurora", alerts: crate::aurora::jobs::kill_job::ALERTS },
    #[cfg(feature = "aurora")]
    Known {
        recipe: "restart-job",
        what: "restarts instances of a job, batch by batch",
        alerts: crate::aurora::jobs::restart_job::ALERTS,
    },
    #[cfg(feature = "recover")]
    Known {
        recipe: "recover-run",
        what: "climbs the runbook's ladder for a failed run, rung by rung",
        alerts: crate::recover::ALERTS,
    },
    #[cfg(feature = "aurora")]
    Known {
        recipe: "cycle-machines",
        what: "replaces the machines of a group, some at a time",
        alerts: crate::aurora::cycle_machines::ALERTS,
    },
    #[cfg(feature = "aurora")]
    Known {
        recipe: "create-job",
        what: "creates a job on Aurora from a template",
        alerts: crate::aurora::jobs::create_job::ALERTS,
    },
    #[cfg(feature = "aurora")]
    Known {
        recipe: "restart-aurora",
        what: "replaces the machine of a dead Aurora scheduler",
        alerts: crate::aurora::restart_aurora::ALERTS,
    },
    #[cfg(feature = "aurora")]
    Known {
        recipe: "scale-up",
        what: "makes more machines, by the job that does it",
        alerts: crate::aurora::scale::UP_ALERTS,
    },
    #[cfg(feature = "aurora")]
    Known {
        recipe: "scale-down",
        what: "takes machines away, by the job that does it",
        alerts: crate::aurora::scale::DOWN_ALERTS,
    },
    #[cfg(feature = "redshift")]
    Known {
        recipe: "restart-redshift",
        what: "frees a loader that hangs: ends what blocks it, or reboots the cluster",
        alerts: crate::redshift::restart_redshift::ALERTS,
    },
    #[cfg(feature = "redshift")]
    Known {
        recipe: "dataset-loaded",
        what: "says whether a dataset was loaded into the warehouse, and for which transaction",
        alerts: crate::redshift::dataset_loaded::ALERTS,
    },
    #[cfg(feature = "services")]
    Known {
        recipe: "rollback-service",
        what: "brings a service back to a version that worked",
        alerts: crate::services::rollback_service::ALERTS,
    },
    #[cfg(feature = "services")]
    Known {
        recipe: "relieve-throttling",
        what: "raises the capacity of a table that refuses requests, as far as that helps",
        alerts: crate::services::relieve_throttling::ALERTS,
    },
];

/// A recipe that answers a text, and what was recognized.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Match {
    /// The recipe.
    pub known: Known,
    /// The part of the text that was recognized.
    pub alert: &'static str,
}

/// The recipes that answer an alert or a line of a log; the longest text that was recognized first. Case and white space do
/// not matter.
///
/// ```
/// use ops_recipes::first::recipes_for;
///
/// let found = recipes_for("[ALERT] schema of archive/x has Duplicate  attributes");
/// assert_eq!(found[0].known.recipe, "retract-attribute");
/// assert!(recipes_for("all is well").is_empty());
/// ```
pub fn recipes_for(text: &str) -> Vec<Match> {
    let text = plain(text);
    let recognized = |known: &Known| {
        let alerts = known.alerts.iter().copied().chain([known.recipe]);
        let alert = alerts.filter(|alert| text.contains(&plain(alert))).max_by_key(|alert| alert.len())?;
        Some(Match { known: *known, alert })
    };
    let mut found: Vec<Match> = RECIPES.iter().filter_map(recognized).collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.alert.len()));
    found
}

fn plain(text: &str) -> String {
    text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(all(test, feature = "datasets"))]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_recipes() {
        use ops_plan::Recipe;

        use crate::datasets::{CommitEmptyDataset, RetractAttribute, RetractDatasets};
        for id in [RetractDatasets::ID, RetractAttribute::ID, CommitEmptyDataset::ID] {
            assert!(RECIPES.iter().any(|known| known.recipe == id), "{id}");
        }
    }

    #[test]
    #[cfg(feature = "airflow")]
    fn ids_are_those_of_the_recipes_for_runs() {
        use ops_plan::Recipe;

        use crate::airflow::{ClearAndRerun, HoldMachines, ReleaseMachines, StopRun, UnblockDownstream};
        for id in [UnblockDownstream::ID, HoldMachines::ID, ReleaseMachines::ID, StopRun::ID, ClearAndRerun::ID] {
            assert!(RECIPES.iter().any(|known| known.recipe == id), "{id}");
        }
    }

    #[test]
    fn every_alert_finds_its_own_recipe() {
        for known in RECIPES {
            for alert in known.alerts {
                let found = recipes_for(&format!("[P1] {}: see runbook", alert.to_uppercase()));
                assert!(found.iter().any(|found| found.known.recipe == known.recipe), "{alert}");
            }
        }
    }
}
