//! `triage` and `doctor`: every system at once, each for so long and no longer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use ops_client::{Effect, Error, ErrorKind, Result};
use ops_plan::Verdict;
use ops_recipes::first::{Access, Checkup, MetapodSystem, Severity, Sign, SonarSystem, System, doctor, triage};
use ops_sandbox::{Fault, Operation};

use crate::stage::{TONIGHT, night, now};

/// A system that never answers.
struct Silent;

#[async_trait]
impl System for Silent {
    fn name(&self) -> &str {
        "Aurora"
    }

    fn address(&self) -> &str {
        "https://aurora.example.com"
    }

    async fn check_up(&self) -> Result<Checkup> {
        std::future::pending().await
    }

    async fn signs(&self, _: Timestamp) -> Result<Vec<Sign>> {
        std::future::pending().await
    }
}

/// A system that answers what it is told to.
struct Fixed(Checkup, Vec<Sign>);

#[async_trait]
impl System for Fixed {
    fn name(&self) -> &str {
        "Redshift"
    }

    fn address(&self) -> &str {
        "redshift.example.com:5439"
    }

    async fn check_up(&self) -> Result<Checkup> {
        Ok(self.0.clone())
    }

    async fn signs(&self, _: Timestamp) -> Result<Vec<Sign>> {
        Ok(self.1.clone())
    }
}

fn soon() -> Duration {
    Duration::from_millis(20)
}

#[tokio::test]
async fn the_worst_comes_first_and_silence_is_a_line() {
    let odd = Sign::new(Severity::Odd, "a load is late");
    let old = Sign::new(Severity::Broken, "a lock is held").since("2026-11-22T08:00:00Z".parse().unwrap());
    let systems: Vec<Arc<dyn System>> =
        vec![Arc::new(Fixed(Checkup::new(Access::Yes, Access::Yes), vec![odd, old])), Arc::new(Silent)];
    let overview = triage(&systems, now(), soon(), tokio::time::sleep).await;
    let told: Vec<&str> = overview.signs.iter().map(|(system, _)| system.as_str()).collect();
    assert_eq!(told, ["Redshift", "Aurora", "Redshift"]);
    assert!(overview.found_something());
    insta::assert_snapshot!(overview.to_string());
}

#[tokio::test]
async fn tonights_run_shows_its_signs() {
    let world = night();
    let sonar = |limits: (i64, i64)| -> Vec<Arc<dyn System>> {
        let system = SonarSystem::new(Arc::new(world.sonar()), "prod", "https://sonar.example.com")
            .with_limits(SignedDuration::from_hours(limits.0), SignedDuration::from_hours(limits.1));
        vec![Arc::new(system)]
    };
    let stuck = triage(&sonar((14, 2)), now(), soon(), tokio::time::sleep).await;
    let (_, sign) = &stuck.signs[0];
    assert_eq!(sign.severity, Severity::Stuck);
    assert_eq!(sign.what, "DAILY of 2026-11-22: 5 of 10 datasets not committed, and nothing was committed lately");
    assert_eq!(sign.since, Some("2026-11-22T05:04:05.678Z".parse().unwrap()));
    assert_eq!(sign.next.as_deref(), Some(&*format!("triage-failure --env prod --transaction {TONIGHT}")));
    let late = triage(&sonar((8, 5)), now(), soon(), tokio::time::sleep).await;
    assert!(late.signs[0].1.what.ends_with("the run overruns"), "{late}");
    let well = triage(&sonar((14, 5)), now(), soon(), tokio::time::sleep).await;
    assert!(!well.found_something(), "{well}");
    assert_eq!(well.to_string(), "Nothing wrong is seen in Sonar.\n");
    let tomorrow = "2026-11-23T09:00:00Z".parse().unwrap();
    let none = triage(&sonar((100, 100)), tomorrow, soon(), tokio::time::sleep).await;
    assert!(none.signs[0].1.what.starts_with("no DAILY transaction of target date 2026-11-23"), "{none}");
}

#[tokio::test]
async fn metapod_says_how_it_feels() {
    let mut metapod = metapod_client::MockMetapodRead::new();
    metapod.expect_health().returning(|| {
        let part = |name: &str, well| metapod_client::Component::new(name, well);
        Ok(metapod_client::Health::new(false, vec![part("http", true), part("datomic", false)]))
    });
    let systems: Vec<Arc<dyn System>> =
        vec![Arc::new(MetapodSystem::new(Arc::new(metapod), "prod", "https://metapod.example.com"))];
    let overview = triage(&systems, now(), soon(), tokio::time::sleep).await;
    assert_eq!(overview.signs[0].1.what, "says that it is not well: datomic");
}

#[tokio::test]
async fn the_doctor_sees_who_may_what() {
    let world = night();
    let systems: Vec<Arc<dyn System>> = vec![
        Arc::new(SonarSystem::new(Arc::new(world.sonar()), "prod", "https://sonar.example.com")),
        Arc::new(
            MetapodSystem::new(Arc::new(world.metapod()), "prod", "https://metapod.example.com")
                .with_holder(Some("ana".into()), Some("2026-11-22T09:10:00Z".parse().unwrap())),
        ),
    ];
    let diagnosis = doctor(&systems, now(), soon(), tokio::time::sleep).await;
    assert!(diagnosis.is_well(), "{diagnosis}");
    let metapod = diagnosis.systems[1].findings(now());
    let word = |guard: &str| metapod.iter().find(|finding| finding.guard == guard).unwrap();
    assert_eq!(word("read").verdict, Verdict::Pass);
    assert_eq!(word("write").verdict, Verdict::Warn, "it cannot be known without doing it");
    assert_eq!((word("credential").verdict, word("credential").text.as_str()), (Verdict::Warn, "expires in 10 min"));
    assert!(diagnosis.to_string().contains("as ana"), "{diagnosis}");

    world.faults().next(1, Operation::SonarTransaction, Fault::ExpiredToken);
    let expired = doctor(&systems, now(), soon(), tokio::time::sleep).await;
    assert!(!expired.is_well());
    assert!(expired.to_string().contains("get a new credential"), "{expired}");
}

#[tokio::test]
async fn a_skewed_clock_and_an_expired_credential() {
    let mut checkup = Checkup::new(Access::Yes, Access::No("403".into()));
    checkup.clock_ahead = Some(SignedDuration::from_secs(-45));
    checkup.expires = Some("2026-11-22T08:59:00Z".parse().unwrap());
    let systems: Vec<Arc<dyn System>> = vec![Arc::new(Fixed(checkup, Vec::new())), Arc::new(Silent)];
    let diagnosis = doctor(&systems, now(), soon(), tokio::time::sleep).await;
    assert_eq!(diagnosis.worst(), Verdict::Block);
    insta::assert_snapshot!(diagnosis.to_string());
}

#[tokio::test]
async fn an_error_is_a_line_too() {
    let mut sonar = sonar_client::MockSonarRead::new();
    sonar.expect_transactions().returning(|| Err(Error::new("sonar.transactions", ErrorKind::Connect, Effect::None)));
    let systems: Vec<Arc<dyn System>> =
        vec![Arc::new(SonarSystem::new(Arc::new(sonar), "prod", "https://sonar.example.com"))];
    let overview = triage(&systems, now(), soon(), tokio::time::sleep).await;
    assert!(overview.signs[0].1.what.contains("sonar.transactions: Connect"), "{overview}");
}
