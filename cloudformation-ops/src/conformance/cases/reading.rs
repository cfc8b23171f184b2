//! What there is.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{failed, last_event, set_name, shard, unknown_stack};
use crate::conformance::Scene;
use crate::{DriftCheckStatus, DriftStatus, Effect, ErrorKind, Family, ParameterValue, Stack};

pub(super) async fn probe(scene: Scene<'_>) -> Outcome {
    check(!scene.stage.reads().probe().await.map_err(told)?.address.is_empty(), "a probe tells the address")
}

pub(super) async fn unknown(scene: Scene<'_>) -> Outcome {
    let (reads, name) = (scene.stage.reads(), unknown_stack()?);
    let failures = [
        ("the stack", refused(reads.stack(&name).await)?),
        ("its events", refused(reads.events(&name, None).await)?),
        ("a change set", refused(reads.change_set(&name, &set_name()?).await)?),
        ("its drift", refused(reads.start_drift_check(&name).await)?),
    ];
    failures.iter().try_for_each(|(what, error)| failed(what, ErrorKind::NotFound, Effect::None, error))?;
    match reads.change_sets(&name).await {
        Ok(sets) => check(sets.is_empty(), "no stack has no change sets"),
        Err(error) => failed("its change sets", ErrorKind::NotFound, Effect::None, &error),
    }
}

pub(super) async fn facts(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.plays {
        let stack = scene.stage.reads().stack(&play.name).await.map_err(told)?;
        same("the name", &play.name, &stack.name)?;
        check(stack.status.is_complete() && stack.status.takes_an_update(), "the stack is in rest")?;
        for (key, value) in play.shown() {
            same(&key, &Some(&value), &stack.parameters.get(&key))?;
        }
        same("the tags", &play.tags, &stack.tags)?;
        same("the parent", &None, &stack.parent)?;
        check(stack.id.contains(play.name.as_str()), "the id has the name in it")?;
        let sets = scene.stage.reads().change_sets(&play.name).await.map_err(told)?;
        check(sets.is_empty(), "there is no change set")?;
    }
    Ok(())
}

pub(super) async fn hidden(scene: Scene<'_>) -> Outcome {
    let stacks = scene.stage.reads().stacks(&Family::of_environment("prod")).await.map_err(told)?;
    for play in &scene.scenario.plays {
        let stack = stacks.iter().find(|stack| stack.name == play.name).ok_or("a stack is missing")?;
        same("the token", &Some(&ParameterValue::Hidden), &stack.parameters.get("ApiToken"))?;
        check(!format!("{stack:?}").contains(&play.token), "the token is nowhere")?;
    }
    Ok(())
}

pub(super) async fn families(scene: Scene<'_>) -> Outcome {
    let families = [
        Family::new("prod", "metapod"),
        Family::new("prod", "correnteza"),
        Family::new("prod", "correnteza").prototype("s1"),
        Family::new("prod", "correnteza").prototype("s0").prototype("s1").suffix("k"),
        Family::new("prod", "correnteza").suffix("x"),
        Family::new("staging", "correnteza"),
        Family::new("prod", "corrent"),
        Family::of_environment("prod"),
    ];
    for family in families {
        let plays = scene.scenario.plays.iter().map(|play| &play.name);
        let wanted: Vec<_> = plays.filter(|name| family.matches(name)).collect();
        let found = scene.stage.reads().stacks(&family).await.map_err(told)?;
        same(&format!("{family:?}"), &wanted, &found.iter().map(|stack| &stack.name).collect())?;
        for listed in found {
            let alone: Stack = scene.stage.reads().stack(&listed.name).await.map_err(told)?;
            same("the stack", &listed, &alone)?;
        }
    }
    Ok(())
}

pub(super) async fn unknown_change_set(scene: Scene<'_>) -> Outcome {
    let error = refused(scene.stage.reads().change_set(&shard(scene)?.name, &set_name()?).await)?;
    failed("the failure", ErrorKind::NotFound, Effect::None, &error)
}

pub(super) async fn created(scene: Scene<'_>) -> Outcome {
    let play = shard(scene)?;
    let events = scene.stage.reads().events(&play.name, None).await.map_err(told)?;
    check(events.iter().all(|event| event.stack == play.name), "they are of this stack")?;
    check(events.is_sorted_by(|a, b| a.at <= b.at), "the oldest comes first")?;
    let mut ids: Vec<_> = events.iter().map(|event| &event.id).collect();
    ids.sort();
    ids.dedup();
    same("different events", &events.len(), &ids.len())?;
    let own: Vec<_> = events.iter().filter(|event| event.is_about_the_stack()).collect();
    let words = |at: Option<&&crate::StackEvent>| at.map(|event| event.status.as_str().to_owned());
    same("how it began", &Some("CREATE_IN_PROGRESS".to_owned()), &words(own.first()))?;
    same("how it ended", &Some("CREATE_COMPLETE".to_owned()), &words(own.last()))?;
    let resource =
        |event: &crate::StackEvent| !event.is_about_the_stack() && event.status.as_str() == "CREATE_COMPLETE";
    check(events.iter().any(resource), "resources were created")?;
    check(crate::first_failure(&events).is_none(), "nothing failed")
}

pub(super) async fn no_news(scene: Scene<'_>) -> Outcome {
    let name = &shard(scene)?.name;
    let last = last_event(scene, name).await?;
    check(last.is_some(), "there are events")?;
    same("events since", &vec![], &scene.stage.reads().events(name, last.as_ref()).await.map_err(told)?)?;
    // From the middle on, it is the rest.
    let all = scene.stage.reads().events(name, None).await.map_err(told)?;
    let middle = all.len() / 2;
    let after = all.get(middle).map(|event| &event.id);
    let rest = scene.stage.reads().events(name, after).await.map_err(told)?;
    same("the rest", &all.get(middle + 1..), &Some(&*rest))
}

pub(super) async fn drift(scene: Scene<'_>) -> Outcome {
    let (reads, name) = (scene.stage.reads(), &shard(scene)?.name);
    let id = reads.start_drift_check(name).await.map_err(told)?;
    let mut steps = super::support::Steps::default();
    let check_made = loop {
        let found = reads.drift_check(name, &id).await.map_err(told)?;
        if found.status != DriftCheckStatus::InProgress {
            break found;
        }
        scene.stage.pass(steps.next().ok_or("the check never ends")?).await;
    };
    same("the check", &DriftCheckStatus::Complete, &check_made.status)?;
    same("the drift", &DriftStatus::InSync, &check_made.drift)?;
    same("what has drifted", &vec![], &check_made.resources)?;
    same("the stack's drift", &DriftStatus::InSync, &reads.stack(name).await.map_err(told)?.drift)?;
    let error =
        refused(reads.drift_check(name, &crate::DriftCheckId::new("00000000-0000-4000-8000-000000000000")).await)?;
    failed("another check", ErrorKind::NotFound, Effect::None, &error)
}
