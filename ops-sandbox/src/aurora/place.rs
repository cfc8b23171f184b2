//! Where tasks go, and why some wait.

use std::collections::BTreeSet;
use std::time::Duration;

use aurora_client::{HostMode, PendingReason, Resources, TaskStatus};
use jiff::Timestamp;

use super::hosts::Agent;
use super::life::Due;
use super::state::{Aurora, Record};
use crate::agenda::later;

/// How long the scheduler takes until it looks for places.
const LOOK: Duration = Duration::from_millis(100);

impl Aurora {
    pub(super) fn place_soon(&mut self, now: Timestamp) {
        let at = later(now, LOOK);
        // In a world that is made from the past on, something may want a place before another did that came later.
        if self.places.is_none_or(|foreseen| at < foreseen) {
            self.places = Some(at);
            self.agenda.write(at, Due::Place);
        }
    }

    /// Whatever waits is given a place, the oldest first, where there is one. Without a scheduler that leads and is registered
    /// nothing moves.
    pub(super) fn place(&mut self, now: Timestamp) {
        self.places = None;
        if !self.gets_offers() {
            return;
        }
        for at in self.which(|record| record.task.status == TaskStatus::Pending) {
            let Some(record) = &self.tasks[at] else { continue };
            let vetoes = |agent: &&Agent| self.vetoes(record, agent).is_empty();
            // Hosts that are to be left alone come last.
            let best = self.agents.iter().filter(vetoes).min_by_key(|agent| agent.mode != HostMode::None);
            let Some((machine, host)) = best.map(|agent| (agent.machine.clone(), agent.host.clone())) else { continue };
            if let Some(record) = self.tasks[at].as_mut() {
                record.machine = Some(machine);
                record.task.host = Some(host);
            }
            self.assigned(at, now);
        }
    }

    /// What is free on a machine.
    fn free(&self, agent: &Agent) -> Resources {
        let holds = |record: &&Record| {
            let placed = record.machine.as_ref() == Some(&agent.machine);
            placed && !record.task.status.is_terminal()
        };
        self.records().filter(holds).fold(agent.room, |room, record| {
            let taken = record.task.config.resources;
            Resources::new(
                room.cpus - taken.cpus,
                room.ram_mb.saturating_sub(taken.ram_mb),
                room.disk_mb.saturating_sub(taken.disk_mb),
            )
        })
    }

    /// What speaks against this machine.
    fn vetoes(&self, record: &Record, agent: &Agent) -> Vec<String> {
        let mut vetoes = Vec::new();
        if matches!(agent.mode, HostMode::Draining | HostMode::Drained) {
            vetoes.push("Host maintenance".to_owned());
        }
        if record.job.slave_type.as_ref().is_some_and(|wanted| *wanted != agent.slave_type) {
            vetoes.push("Constraint not satisfied: slave_type".to_owned());
        }
        let (free, needs) = (self.free(agent), record.task.config.resources);
        let short = [
            (free.cpus < needs.cpus, "CPU"),
            (free.ram_mb < needs.ram_mb, "RAM"),
            (free.disk_mb < needs.disk_mb, "disk"),
        ];
        vetoes.extend(short.into_iter().filter(|(short, _)| *short).map(|(_, name)| format!("Insufficient: {name}")));
        vetoes
    }

    /// Why the tasks of a job wait, as the scheduler joins it: the reasons of the machine that comes nearest.
    pub(crate) fn reasons(&self, wanted: impl Fn(&Record) -> bool) -> Vec<PendingReason> {
        let waiting = self.records().filter(|record| record.task.status == TaskStatus::Pending && wanted(record));
        let reason = |record: &Record| {
            let nearest = self.agents.iter().map(|agent| self.vetoes(record, agent)).min_by_key(Vec::len);
            let words: BTreeSet<String> = match nearest {
                Some(vetoes) if self.gets_offers() => vetoes.into_iter().collect(),
                _ => BTreeSet::from(["No matching hosts".to_owned()]),
            };
            let words: Vec<String> = words.into_iter().collect();
            PendingReason::new(record.task.id.clone(), words.join(","))
        };
        waiting.map(reason).collect()
    }
}
