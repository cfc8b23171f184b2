//! A rollback and its way back, on real stacks with real instances behind real balancers.

use ops_plan::Outcome;
use serde_json::json;

use super::cases::over;
use super::end;
use crate::services::peer::{BAD, GOOD, Peer};
use crate::services::real::{S0, S1, stack, to};

async fn story(region: &'static str, distributed: bool) -> Option<(String, Vec<String>)> {
    let peer = Peer::there_is(region).await?;
    peer.play(json!([stack(S0, (2, BAD), (0, "1a2b3c4")), stack(S1, (0, "1a2b3c4"), (2, BAD))])).await;
    let plan = peer.plan(&to("correnteza", GOOD)).await;
    let over = over(distributed, "prod", peer.registry()).await?;
    let customer = peer.customer(S0).await;
    let report = over.run(plan).await;
    assert_eq!(report.outcome, Outcome::Done, "{}", report.text());
    // The plan takes the old sides down itself.
    let mut seen = over.owed().await;
    assert!(seen.is_empty(), "{seen:?}");
    for name in [S0, S1] {
        let instances = peer.service(name).await.instances;
        seen.extend(instances.iter().map(|one| format!("{name}: {} {}", one.side, one.version)));
        assert_eq!(peer.stack(name).await.parameter("Alarm"), Some("off"));
    }
    let undo = over.take_back(&report.run).await;
    assert_eq!(undo.outcome, Outcome::Done, "{}", undo.text());
    assert!(customer.answers().await.iter().all(|answer| answer.healthy), "a customer saw it");
    let instances = peer.service(S0).await.instances;
    seen.extend(instances.iter().map(|one| format!("after the undo: {} {}", one.side, one.version)));
    Some((end(&report), seen))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_roll_real_stacks_back_and_forth() {
    let (machine, restate) = tokio::join!(story("us-gov-west-1", false), story("us-gov-east-1", true));
    if let Some(restate) = restate {
        assert_eq!(machine.unwrap(), restate);
    }
}
