//! The schedulers: which answer, which leads, and what that means for whoever asks.

use aurora_client::{Leading, SchedulerHealth, SchedulerSeen};
use jiff::Timestamp;

use super::state::Aurora;
use crate::refusal::Refusal;

/// What becomes of a connection to a scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It answers, and is well.
    Well,
    /// Nothing listens.
    Refused,
    /// Nothing comes back.
    Lost,
}

/// A scheduler.
#[derive(Clone, Debug)]
pub(crate) struct Scheduler {
    pub(crate) host: String,
    /// Its address, without a slash at its end.
    pub(crate) address: String,
    pub(crate) reach: Reach,
    pub(crate) leads: bool,
    pub(crate) registered: bool,
    /// When its process began.
    pub(crate) since: Timestamp,
}

impl Scheduler {
    pub(crate) fn new(host: impl Into<String>, since: Timestamp) -> Self {
        let host = host.into();
        let address = format!("http://{host}:8081");
        Self { host, address, reach: Reach::Well, leads: false, registered: false, since }
    }

    fn seen(&self, leads_any: bool, now: Timestamp) -> SchedulerSeen {
        let health = match self.reach {
            Reach::Well => SchedulerHealth::Ok,
            Reach::Refused => SchedulerHealth::Refused("Connection refused".to_owned()),
            Reach::Lost => SchedulerHealth::Unreachable("no connection in time".to_owned()),
        };
        let mut seen = SchedulerSeen::new(&self.address, health);
        if self.reach == Reach::Well {
            seen = seen.leading(self.leading(leads_any), Some(self.registered));
            seen.uptime_s = u64::try_from(now.duration_since(self.since).as_secs()).ok();
        }
        seen
    }

    /// What it says of its lead.
    pub(crate) fn leading(&self, leads_any: bool) -> Leading {
        match (self.leads, leads_any) {
            (true, _) => Leading::Yes,
            (false, true) => Leading::No,
            (false, false) => Leading::Nobody,
        }
    }
}

impl Aurora {
    /// Every scheduler, as whoever asks sees it.
    pub(crate) fn seen(&self, now: Timestamp) -> Vec<SchedulerSeen> {
        let any = self.leads_inside();
        self.schedulers.iter().map(|one| one.seen(any, now)).collect()
    }

    /// The scheduler that leads and answers.
    pub(crate) fn leader(&self) -> Option<&Scheduler> {
        self.schedulers.iter().find(|one| one.leads && one.reach == Reach::Well)
    }

    /// Whether a scheduler leads, as those see it that are inside.
    pub(crate) fn leads_inside(&self) -> bool {
        self.schedulers.iter().any(|one| one.leads && one.reach != Reach::Refused)
    }

    pub(super) fn leader_host(&self) -> Option<String> {
        self.schedulers.iter().find(|one| one.leads).map(|one| one.host.clone())
    }

    /// Whether tasks can be given places.
    pub(super) fn gets_offers(&self) -> bool {
        let ready = |one: &super::cluster::Scheduler| one.leads && one.registered && one.reach != Reach::Refused;
        self.mesos.leads() && self.schedulers.iter().any(ready)
    }

    /// That somebody answers who leads.
    pub(crate) fn answers(&self) -> Result<(), Refusal> {
        if self.leader().is_some() {
            return Ok(());
        }
        Err(match self.schedulers.iter().map(|one| one.reach).min_by_key(|reach| *reach as u8) {
            Some(Reach::Refused) => Refusal::Unreachable("Connection refused".to_owned()),
            Some(Reach::Lost) => Refusal::Unreachable("no connection in time".to_owned()),
            _ => Refusal::Unavailable("no scheduler leads".to_owned()),
        })
    }

    /// All schedulers answer, the first one leads and is registered.
    pub(super) fn become_well(&mut self, now: Timestamp) {
        for (at, one) in self.schedulers.iter_mut().enumerate() {
            if one.reach == Reach::Refused {
                one.since = now;
            }
            one.reach = Reach::Well;
            one.leads = at == 0;
            one.registered = at == 0;
        }
        self.trouble = super::Trouble::Healthy;
        let host = self.leader_host();
        self.mesos.register(host, now);
        self.place_soon(now);
    }
}
