//! What is wrong with an Aurora that does not answer: read from three sides, so that no cure is worse than the illness.

use std::fmt;

use crate::{Framework, Leading, MesosSeen, SchedulerHealth, SchedulerSeen};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// One scheduler leads, and Mesos has its framework.
    Healthy,
    /// A scheduler leads and works; others do not answer.
    Degraded,
    /// Schedulers answer, but none leads.
    NoLeader,
    /// A scheduler leads, but is not registered at Mesos.
    NotRegistered,
    /// No scheduler answers, and Mesos has lost the framework: the runbook's case.
    SchedulerDown,
    /// No scheduler answers here, while Mesos has a framework that works: the way there is broken.
    UnreachableFromHere,
    /// More than one scheduler leads.
    SplitBrain,
    /// Mesos itself does not answer, or has no leader.
    MesosDown,
    /// None of these: what was seen does not fit together.
    Unclear,
}

/// What is wrong, what was seen, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What is wrong.
    pub condition: Condition,
    /// What was seen, a line each.
    pub evidence: Vec<String>,
    /// What helps.
    pub advice: &'static str,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healthy => "Aurora works",
            Self::Degraded => "Aurora works, but not every scheduler answers",
            Self::NoLeader => "no scheduler leads",
            Self::NotRegistered => "a scheduler leads, but is not registered at Mesos",
            Self::SchedulerDown => "the scheduler is down, and Mesos has lost its framework",
            Self::UnreachableFromHere => {
                "no scheduler can be reached from here, though Mesos has a framework that works"
            }
            Self::SplitBrain => "more than one scheduler leads",
            Self::MesosDown => "Mesos is down, or has no leader",
            Self::Unclear => "what was seen does not fit together",
        })
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl Condition {
    fn advice(self) -> &'static str {
        match self {
            Self::Healthy => "nothing",
            Self::Degraded => "look at the schedulers that do not answer; the others do their work",
            Self::NoLeader => "wait for one election; then look at ZooKeeper and at the schedulers' logs",
            Self::NotRegistered => {
                "read the scheduler's log; where it will not register by itself, replace its machine"
            }
            Self::SchedulerDown => "replace the machine of the scheduler",
            Self::UnreachableFromHere => "try from another place: a laptop off the network sees this, too",
            Self::SplitBrain => "stop, and ask a person who knows the cluster: two leaders start every job twice",
            Self::MesosDown => "this is no problem of Aurora: bring the Mesos master back first",
            Self::Unclear => "look again in a minute; then look at each scheduler by hand",
        }
    }
}

/// Says what is wrong, from what every scheduler told and what the leading Mesos master told; `None` where none did.
/// `framework` is the name by which Aurora registers: `Aurora`, unless its scheduler was told otherwise.
///
/// Tasks go on while the scheduler is down: only creating, killing and looking stop.
///
/// ```
/// use aurora_client::{Condition, Framework, FrameworkId, MesosSeen, SchedulerHealth, SchedulerSeen, diagnose};
///
/// let dead = SchedulerSeen::new("http://a.example.com:8081", SchedulerHealth::Refused("connection refused".into()));
/// let mut mesos = MesosSeen::new("http://m.example.com:5050");
/// assert_eq!(diagnose(&[dead.clone()], Some(&mesos), "Aurora").condition, Condition::SchedulerDown);
///
/// mesos.frameworks.push(Framework::new(FrameworkId::new("f-1"), "Aurora"));
/// let far = SchedulerSeen::new("http://a.example.com:8081", SchedulerHealth::Unreachable("no answer in 5 s".into()));
/// assert_eq!(diagnose(&[far], Some(&mesos), "Aurora").condition, Condition::UnreachableFromHere);
/// assert_eq!(diagnose(&[dead], None, "Aurora").condition, Condition::MesosDown);
/// ```
pub fn diagnose(schedulers: &[SchedulerSeen], mesos: Option<&MesosSeen>, framework: &str) -> Diagnosis {
    let condition = condition(schedulers, mesos, framework);
    let mut evidence: Vec<String> = schedulers.iter().map(scheduler).collect();
    match mesos {
        None => evidence.push("Mesos: no leading master answers".into()),
        Some(mesos) => {
            let ours: Vec<&Framework> = mesos.frameworks.iter().filter(|one| one.name == framework).collect();
            if ours.is_empty() {
                evidence.push(format!("Mesos at {}: no framework {framework}", mesos.leader));
            }
            evidence.extend(ours.iter().map(|one| {
                let active = if one.active { "active" } else { "not active" };
                let connected = if one.connected { "connected" } else { "not connected" };
                format!("Mesos at {}: framework {} ({}) is {active}, {connected}", mesos.leader, one.name, one.id)
            }));
        }
    }
    Diagnosis { condition, evidence, advice: condition.advice() }
}

fn condition(schedulers: &[SchedulerSeen], mesos: Option<&MesosSeen>, framework: &str) -> Condition {
    let leaders = schedulers.iter().filter(|seen| seen.leading == Leading::Yes).count();
    let registered = schedulers.iter().filter(|seen| seen.registered == Some(true)).count();
    let Some(mesos) = mesos else { return Condition::MesosDown };
    if leaders > 1 || registered > 1 {
        return Condition::SplitBrain;
    }
    let works = mesos.frameworks.iter().any(|one| one.name == framework && one.active && one.connected);
    let answer = schedulers.iter().filter(|seen| seen.health.answers()).count();
    if answer == 0 {
        let refused = schedulers.iter().all(|seen| matches!(seen.health, SchedulerHealth::Refused(_)));
        return match (works, refused) {
            (false, _) => Condition::SchedulerDown,
            (true, false) => Condition::UnreachableFromHere,
            // A closed port is an answer of the machine itself; the master has not noticed yet.
            (true, true) => Condition::Unclear,
        };
    }
    if leaders == 0 {
        return Condition::NoLeader;
    }
    if registered == 0 && !works {
        return Condition::NotRegistered;
    }
    if registered == 0 || !works {
        return Condition::Unclear;
    }
    let sick = schedulers.iter().any(|seen| seen.health != SchedulerHealth::Ok);
    if sick { Condition::Degraded } else { Condition::Healthy }
}

fn scheduler(seen: &SchedulerSeen) -> String {
    let health = match &seen.health {
        SchedulerHealth::Ok => "is well",
        SchedulerHealth::Sick => "says that it is sick",
        SchedulerHealth::Refused(why) => return format!("{} refuses connections ({why})", seen.address),
        SchedulerHealth::Unreachable(why) => return format!("{} does not answer ({why})", seen.address),
    };
    let leading = match seen.leading {
        Leading::Yes => "leads",
        Leading::No => "follows",
        Leading::Nobody => "knows no leader",
        Leading::Unknown => "does not say whether it leads",
    };
    let registered = match seen.registered {
        Some(true) => ", registered",
        Some(false) => ", not registered",
        None => "",
    };
    format!("{} {health}, {leading}{registered}", seen.address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrameworkId;

    fn ok(leading: Leading, registered: bool) -> SchedulerSeen {
        SchedulerSeen::new("a", SchedulerHealth::Ok).leading(leading, Some(registered))
    }

    fn refused() -> SchedulerSeen {
        SchedulerSeen::new("b", SchedulerHealth::Refused("refused".into()))
    }

    fn far() -> SchedulerSeen {
        SchedulerSeen::new("c", SchedulerHealth::Unreachable("no answer".into()))
    }

    fn mesos(works: Option<bool>) -> MesosSeen {
        let mut seen = MesosSeen::new("m");
        if let Some(works) = works {
            let mut framework = Framework::new(FrameworkId::new("f"), "Aurora");
            (framework.active, framework.connected) = (works, works);
            seen.frameworks.push(framework);
            seen.frameworks.push(Framework::new(FrameworkId::new("g"), "other"));
        }
        seen
    }

    #[test]
    fn every_row_of_the_table() {
        use Condition::*;
        use Leading::{No, Nobody, Yes};
        let (works, lost, gone) = (mesos(Some(true)), mesos(Some(false)), mesos(None));
        for (schedulers, mesos, wants) in [
            (vec![ok(Yes, true), ok(No, false)], Some(&works), Healthy),
            (vec![ok(Nobody, false), ok(Nobody, false)], Some(&works), NoLeader),
            (vec![ok(Nobody, false)], Some(&gone), NoLeader),
            (vec![ok(Yes, false)], Some(&lost), NotRegistered),
            (vec![ok(Yes, false)], Some(&gone), NotRegistered),
            (vec![refused(), refused()], Some(&lost), SchedulerDown),
            (vec![refused()], Some(&gone), SchedulerDown),
            (vec![far()], Some(&lost), SchedulerDown),
            (vec![far(), far()], Some(&works), UnreachableFromHere),
            (vec![far(), refused()], Some(&works), UnreachableFromHere),
            (vec![refused()], Some(&works), Unclear),
            (vec![ok(Yes, true), refused()], Some(&works), Degraded),
            (vec![ok(Yes, true), ok(Yes, false)], Some(&works), SplitBrain),
            (vec![ok(Yes, true), ok(No, true)], Some(&works), SplitBrain),
            (vec![ok(Yes, true)], None, MesosDown),
            (vec![refused()], None, MesosDown),
            (vec![ok(Yes, true)], Some(&gone), Unclear),
        ] {
            let diagnosis = diagnose(&schedulers, mesos, "Aurora");
            assert_eq!(diagnosis.condition, wants, "{:?}", diagnosis.evidence);
            assert!(!diagnosis.evidence.is_empty() && !diagnosis.advice.is_empty());
        }
    }
}
