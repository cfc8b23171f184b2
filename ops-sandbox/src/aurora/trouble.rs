//! What may be wrong with a cluster: each row of the table by which it is diagnosed.

use jiff::Timestamp;

use super::cluster::Reach;
use super::state::Aurora;

/// What is wrong with the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// Nothing: every scheduler answers, one leads and is registered.
    #[default]
    Healthy,
    /// Every scheduler answers, none leads.
    NoLeader,
    /// One leads, and Mesos does not know it.
    NotRegistered,
    /// No scheduler runs; Mesos lives, and so does what runs there. A new Mesos master helps.
    SchedulerDown,
    /// No scheduler can be reached from here; inside all is well.
    UnreachableFromHere,
    /// All but one scheduler are down. Where there was one only, there is another beside it.
    Degraded,
    /// Two say that they lead. Where there was one only, there is another beside it.
    SplitBrain,
    /// No Mesos master answers.
    MesosDown,
    /// A Mesos master answers, and none leads.
    MesosWithoutLeader,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Healthy,
        Self::NoLeader,
        Self::NotRegistered,
        Self::SchedulerDown,
        Self::UnreachableFromHere,
        Self::Degraded,
        Self::SplitBrain,
        Self::MesosDown,
        Self::MesosWithoutLeader,
    ];

    /// Its name, as it is written here.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

impl Aurora {
    /// From now on this is wrong, and nothing else.
    pub(crate) fn set_trouble(&mut self, trouble: Trouble, now: Timestamp) {
        if !self.mesos.leads() {
            let host = self.mesos.last_master();
            (self.mesos.up, self.mesos.leader) = (true, Some(host));
        }
        self.become_well(now);
        self.trouble = trouble;
        let schedulers = &mut self.schedulers;
        match trouble {
            Trouble::Healthy => {}
            Trouble::NoLeader => {
                schedulers.iter_mut().for_each(|one| (one.leads, one.registered) = (false, false));
                self.mesos.disconnect();
            }
            Trouble::NotRegistered => {
                schedulers.iter_mut().for_each(|one| one.registered = false);
                self.mesos.disconnect();
            }
            Trouble::SchedulerDown => {
                for one in schedulers {
                    (one.reach, one.leads, one.registered) = (Reach::Refused, false, false);
                }
                self.mesos.disconnect();
            }
            Trouble::UnreachableFromHere => schedulers.iter_mut().for_each(|one| one.reach = Reach::Lost),
            Trouble::Degraded => {
                self.at_least_two(now);
                self.schedulers.iter_mut().skip(1).for_each(|one| one.reach = Reach::Refused);
            }
            Trouble::SplitBrain => {
                self.at_least_two(now);
                self.schedulers.iter_mut().take(2).for_each(|one| (one.leads, one.registered) = (true, true));
            }
            Trouble::MesosDown | Trouble::MesosWithoutLeader => {
                self.mesos.up = trouble != Trouble::MesosDown;
                self.mesos.leader = None;
                schedulers.iter_mut().for_each(|one| one.registered = false);
                self.mesos.disconnect();
            }
        }
    }

    fn at_least_two(&mut self, now: Timestamp) {
        if self.schedulers.len() < 2 {
            self.schedulers.push(super::cluster::Scheduler::new("aurora-2.example.com", now));
        }
    }
}
