//! A network on its worst night: three of ten answers fail, in every way there is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ops_client::http::{Credential, RetryPolicy, TokenSource};
use ops_plan::{Error, Outcome, Plan, Registry, Verdict};
use ops_recipes::datasets::{Facts, RetractDatasets};
use secrecy::SecretString;

use crate::stage::{Stage, approve, assert_done, over_http_as, staging};

const DATASETS: usize = 10_000;

/// Tokens that the server takes again after it refused one.
pub(crate) struct Tokens;

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> ops_client::Result<SecretString> {
        Ok("fresh".to_owned().into())
    }
}

/// Somebody whose token is renewed, and who comes back soon.
pub(crate) fn patient(url: &str) -> Registry {
    let credential = Credential::bearer_with_refresh(None, Arc::new(Tokens));
    over_http_as(credential, url, soon(), |client| Arc::new(client))
}

pub(crate) fn soon() -> RetryPolicy {
    RetryPolicy::default().with_attempts(6).with_pauses(Duration::from_millis(1), Duration::from_millis(8))
}

/// Plans until a plan can be made. Under faults an answer may be none, and then the plan is none either.
async fn plan(host: &Registry, question: &RetractDatasets) -> Plan {
    for _ in 0..50 {
        match host.propose(question, staging()).await {
            Ok(plan) if plan.head().findings.iter().all(|finding| finding.verdict != Verdict::Block) => return plan,
            Ok(_) | Err(Error::Client(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no plan in fifty tries");
}

#[test]
fn ten_thousand_datasets() {
    let stage = Stage::large(DATASETS);
    stage.world.faults().everything(0.3, 7);
    let host = patient(&stage.url());
    let question = stage.question(10).with_facts(Facts::WithoutSchema);
    let runner = stage.runner();
    let mut report = stage.block_on(async {
        let plan = plan(&host, &question).await;
        assert_eq!(plan.head().changes(), DATASETS);
        runner.start(&host, approve(plan)).await.unwrap()
    });
    let run = stage.only_run();
    // Nearly always it ends by itself. A write that is answered 500 three times, each after a look, stops the run by rule
    // (a few in a hundred such nights), and a person takes it up again.
    let mut resumed = 0;
    while report.outcome != Outcome::Done {
        println!("{}", report.text());
        assert!(resumed < 3, "{}", report.text());
        resumed += 1;
        report = stage.block_on(runner.resume(&host, &run, false)).unwrap();
    }
    assert_done(&report, DATASETS);
    assert!(report.findings.iter().any(|finding| finding.guard == "retracted" && finding.verdict == Verdict::Pass));
    assert_eq!(stage.world.committed(stage.transaction), 0);
    let fired = stage.world.faults().fired();
    assert!(fired > DATASETS as u64 * 3 / 10, "{fired}");
    for id in stage.world.dataset_ids(stage.transaction) {
        assert_eq!(stage.world.effects(id), 1, "{id}");
    }
}
