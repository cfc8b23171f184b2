use std::collections::HashMap;

use jiff::Timestamp;

use super::runs::{Runs, Summary};
use crate::{Error, Head, Host, Obligation, Result};

/// An obligation that is still open.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Due {
    /// The run that left it.
    pub run: String,
    /// In which environment.
    pub environment: String,
    /// What is owed.
    pub obligation: Obligation,
    /// Whether its deadline has passed.
    pub overdue: bool,
    /// Why the world could not be asked about it, where it could not.
    pub unseen: Option<String>,
}

/// What all runs still owe.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Debts {
    /// What is still open, the nearest deadline first.
    pub due: Vec<Due>,
    /// The runs that cannot be read: what they owe is not known.
    pub unreadable: Vec<Error>,
}

impl Runs {
    /// The obligations of all runs that no later run settled, and that the world, where `host` can look, still shows.
    /// What the world shows as settled is left out; what cannot be looked at stays.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn due(&self, host: Option<&dyn Host>, now: Timestamp) -> Result<Debts> {
        let mut debts = Debts::default();
        let mut runs = Vec::new();
        for run in self.list()? {
            match run {
                Ok(run) => runs.push(run),
                Err(error) => debts.unreadable.push(error),
            }
        }
        // An id may come again: only what was settled after it was left behind is settled.
        let mut settled: HashMap<&str, Timestamp> = HashMap::new();
        for (id, at) in runs.iter().flat_map(|run| run.history.settled_at()) {
            let last = settled.entry(id).or_insert(at);
            *last = at.max(*last);
        }
        for run in &runs {
            let mut head = None;
            for obligation in &run.history.obligations {
                if settled.get(obligation.id.as_str()).copied() >= run.history.obliged_at(&obligation.id) {
                    continue;
                }
                let unseen = match host {
                    None => Some("no system was asked".to_owned()),
                    Some(host) => match owed(host, run, &mut head, obligation).await {
                        Ok(true) => None,
                        Ok(false) => continue,
                        Err(error) => Some(error.to_string()),
                    },
                };
                debts.due.push(Due {
                    run: run.info.id.clone(),
                    environment: run.info.target.environment.clone(),
                    obligation: obligation.clone(),
                    overdue: obligation.deadline.is_some_and(|deadline| deadline < now),
                    unseen,
                });
            }
        }
        debts.due.sort_by_key(|due| due.obligation.deadline.unwrap_or(Timestamp::MAX));
        Ok(debts)
    }
}

/// Looks whether an obligation is open; the head of the run's plan is read once.
async fn owed(host: &dyn Host, run: &Summary, head: &mut Option<Head>, obligation: &Obligation) -> Result<bool> {
    let head = match head {
        Some(head) => head,
        None => head.insert(run.dir.head()?),
    };
    host.still_owed(head, obligation).await
}
