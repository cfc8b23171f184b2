//! How one system of the world is felt by the others: machines that come and go, jobs that end, what they write.

use aurora_client::HostMode;
use jiff::Timestamp;

use crate::airflow::Outside;
use crate::aurora::{self, Agent};
use crate::fleet::{self, Duty};
use crate::world::State;

/// Who is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Fleet,
    Aurora,
    Airflow,
    Redshift,
    Stacks,
}

impl State {
    /// Lets everything happen that happens by itself until now: each thing at its own time, whichever system it is of.
    pub(crate) fn catch_up(&mut self) {
        let mut now = None;
        while let Some((at, who)) = self.next() {
            if at > *now.get_or_insert_with(|| self.now()) {
                break;
            }
            match who {
                Who::Fleet => self.fleet.step(),
                Who::Aurora => self.aurora.step(),
                Who::Redshift => self.redshift.step(),
                Who::Stacks => self.stacks.step(),
                Who::Airflow => {
                    let Self { airflow, aurora, catalogue, rng, .. } = self;
                    airflow.step_on(&mut Outside { aurora, catalogue, rng });
                }
            }
            self.settle(at);
        }
        if self.aurora.has_news() || self.fleet.has_news() {
            self.settle(self.now());
        }
    }

    fn next(&self) -> Option<(Timestamp, Who)> {
        let of = [
            self.fleet.next_at().map(|at| (at, Who::Fleet)),
            self.aurora.next_at().map(|at| (at, Who::Aurora)),
            self.airflow.next_at().map(|at| (at, Who::Airflow)),
            self.redshift.next_at().map(|at| (at, Who::Redshift)),
            self.stacks.next_at().map(|at| (at, Who::Stacks)),
        ];
        of.into_iter().flatten().min()
    }

    /// Tells each system what the others did, until there is no more to tell.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        while self.fleet.has_news() || self.aurora.has_news() {
            for one in self.fleet.take_news() {
                self.machine(one, now);
            }
            for one in self.aurora.take_news() {
                self.job(one, now);
            }
        }
    }

    /// A machine has come, or is gone.
    fn machine(&mut self, one: fleet::News, now: Timestamp) {
        match one {
            fleet::News::Came { machine, host, duty: Duty::Agent { room, slave_type } } => {
                let agent = Agent { machine, host, slave_type, room, mode: HostMode::None };
                self.aurora.agent_came(agent, now);
            }
            fleet::News::Came { machine, host, duty: Duty::MesosMaster } => {
                self.aurora.master_came(machine, host, now);
            }
            fleet::News::Left { machine, duty: Duty::Agent { .. } } => self.aurora.agent_left(&machine, now),
            fleet::News::Left { machine, duty: Duty::MesosMaster } => self.aurora.master_left(&machine, now),
            _ => {}
        }
    }

    /// A job ended, wrote something, or wants machines.
    fn job(&mut self, one: aurora::News, now: Timestamp) {
        let Self { airflow, aurora, catalogue, rng, fleet, .. } = self;
        match one {
            aurora::News::Ended { link, well, words } => {
                airflow.job_ended(link, well, &words, now, &mut Outside { aurora, catalogue, rng });
            }
            aurora::News::Wrote { transaction, names } => catalogue.commit_named(rng, now, transaction, &names),
            aurora::News::Scale { nodes, mode } => fleet.scale(nodes, mode.as_deref(), now),
        }
    }
}
