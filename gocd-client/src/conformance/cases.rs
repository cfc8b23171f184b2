//! The cases.

use std::collections::BTreeSet;
use std::fmt::Debug;

use ops_client::conformance::{Fault, Outcome, cases, check, parsed, same, told};

use super::{PipelinePlay, Scene, Stage};
use crate::{Build, BuildsReadExt, Cursor, Effect, ErrorKind, PipelineName, Sha, ShaPrefix};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "an unknown pipeline is not found" => unknown;
    "builds are of the pipeline, each once, the newest first" => newest_first;
    "a whole commit finds its build" => whole_commit;
    "a commit that was never built is not found" => never_built;
    #[needs(Prepare)] "every build arrives with all that is known of it" => every_build;
    #[needs(Prepare)] "a pipeline that was never built has no builds" => no_builds;
    #[needs(Prepare)] "the beginning of a commit finds its build" => prefix;
    #[needs(Prepare)] "the beginning of two commits is refused, and both are named" => ambiguous;
    #[needs(Prepare)] "of a commit that was built twice, the build that passed is found" => built_twice;
    #[needs(Prepare)] "several repositories want a name" => materials;
    #[needs(Prepare)] "what runs is told" => running;
    #[needs(Prepare)] "what waits for somebody does not run, and has passed" => waiting;
    #[needs(Prepare)] "the last good build is told, also before another one" => last_good;
    #[needs(Prepare)] "builds between two commits are told" => between;
    #[needs(Prepare)] "a paused pipeline says by whom and why" => paused;
    #[needs(Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Fault)] "a credential that has expired is Unauthenticated" => expired;
    #[needs(Fault)] "a page of HTML is no answer" => html;
}

async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.gocd().probe().await.map_err(told)?;
    check(probe.version.is_some(), "a version is told")
}

async fn unknown(scene: Scene<'_>) -> Outcome {
    let (gocd, nobody) = (scene.stage.gocd(), parsed::<PipelineName>("no-such-pipeline")?);
    refused(ErrorKind::NotFound, gocd.history(&nobody, None).await)?;
    refused(ErrorKind::NotFound, gocd.status(&nobody).await)?;
    refused(ErrorKind::NotFound, gocd.running(&nobody).await)
}

async fn newest_first(scene: Scene<'_>) -> Outcome {
    let builds = all(scene, &scene.start.pipeline).await?;
    check(!builds.is_empty(), "there is a build")?;
    check(builds.iter().all(|build| build.pipeline == scene.start.pipeline), "each is of the pipeline")?;
    let counters: BTreeSet<u32> = builds.iter().map(|build| build.counter).collect();
    same("counters", &builds.len(), &counters.len())?;
    check(builds.is_sorted_by(|newer, older| newer.counter > older.counter), "the newest come first")?;
    let few = scene.stage.gocd().builds(&scene.start.pipeline, 3).await.map_err(told)?;
    same("the newest three", &builds[..builds.len().min(3)], &few[..])
}

async fn whole_commit(scene: Scene<'_>) -> Outcome {
    let newest = scene.stage.gocd().builds(&scene.start.pipeline, 1).await.map_err(told)?;
    let newest = newest.first().ok_or("there is no build")?;
    let Some(material) = newest.revisions.iter().find(|revision| revision.sha().is_some()) else { return Ok(()) };
    let (named, sha) = (Some(material.fingerprint.as_str()), newest.sha(Some(&material.fingerprint)).map_err(told)?);
    let found = resolve(scene, &scene.start.pipeline, sha.as_str(), named).await.map_err(told)?;
    same("its commit", &sha, &found.sha(named).map_err(told)?)
}

async fn never_built(scene: Scene<'_>) -> Outcome {
    let error = match resolve(scene, &scene.start.pipeline, "fedcba98765432", None).await {
        Ok(found) => return Err(format!("found {found}")),
        Err(error) => error,
    };
    // A stage where the pipeline has several repositories says that first.
    let kinds = [ErrorKind::NotFound, ErrorKind::Invalid];
    check(kinds.contains(&error.kind()) && error.effect() == Effect::None, "it is refused without effect")?;
    check(error.kind() == ErrorKind::Invalid || error.to_string().contains("looked at"), "it says how far was looked")
}

async fn every_build(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.pipelines {
        let builds = all(scene, &play.name).await?;
        same("number of builds", &play.builds.len(), &builds.len())?;
        for (wanted, found) in play.builds.iter().zip(&builds) {
            same(&wanted.label, wanted, found)?;
        }
    }
    Ok(())
}

async fn no_builds(scene: Scene<'_>) -> Outcome {
    let play = play(scene, |play| play.builds.is_empty())?;
    let page = scene.stage.gocd().history(&play.name, None).await.map_err(told)?;
    check(page.builds.is_empty() && page.next.is_none(), "there is nothing, and nothing comes after it")?;
    same("what runs", &None, &scene.stage.gocd().running(&play.name).await.map_err(told)?)
}

async fn prefix(scene: Scene<'_>) -> Outcome {
    let first = first(scene)?;
    let (newest, oldest) = (first.builds.first(), first.builds.last());
    for build in [newest, oldest].into_iter().flatten() {
        let sha = build.sha(None).map_err(told)?;
        for digits in [7, 8, 20, 40] {
            let found = resolve(scene, &first.name, &sha.as_str()[..digits], None).await;
            // The oldest builds share their first digits.
            match found {
                Ok(found) => same("the build", build, &found)?,
                Err(error) => same(&error.to_string(), &(ErrorKind::Invalid, 7), &(error.kind(), digits))?,
            }
        }
    }
    Ok(())
}

async fn ambiguous(scene: Scene<'_>) -> Outcome {
    let first = first(scene)?;
    let shas = first.builds.iter().map(|build| build.sha(None)).collect::<Result<Vec<_>, _>>().map_err(told)?;
    let twins: Vec<&Sha> = shas.iter().filter(|sha| sha.short() == "1a2b3c4").collect();
    let error = resolve(scene, &first.name, "1a2b3c4", None).await.err().ok_or("one of two was taken")?;
    same("its kind", &(ErrorKind::Invalid, Effect::None), &(error.kind(), error.effect()))?;
    let message = error.to_string();
    check(twins.len() == 2 && twins.iter().all(|sha| message.contains(sha.as_str())), "both are named")?;
    for twin in twins {
        let found = resolve(scene, &first.name, &twin.as_str()[..8], None).await.map_err(told)?;
        same("one digit more", twin, &found.sha(None).map_err(told)?)?;
    }
    Ok(())
}

async fn built_twice(scene: Scene<'_>) -> Outcome {
    let found = resolve(scene, &first(scene)?.name, "6c957ed", None).await.map_err(told)?;
    check(found.has_passed(), "the build that passed is found, not the newer one that has failed")
}

async fn materials(scene: Scene<'_>) -> Outcome {
    let play = play(scene, |play| play.builds.iter().any(|build| build.revisions.len() > 1))?;
    let build = play.builds.first().ok_or("it has no builds")?;
    for revision in &build.revisions {
        let sha = revision.sha().ok_or("a material without a commit")?;
        let error = resolve(scene, &play.name, sha.short(), None).await.err().ok_or("no name was wanted")?;
        same("its kind", &ErrorKind::Invalid, &error.kind())?;
        check(error.to_string().contains(&revision.description), "the materials are listed")?;
        let named = Some(revision.fingerprint.as_str());
        let found = resolve(scene, &play.name, sha.short(), named).await.map_err(told)?;
        same("the build", build, &found)?;
    }
    Ok(())
}

async fn running(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.pipelines {
        let wanted = play.builds.iter().find(|build| build.is_running());
        let found = scene.stage.gocd().running(&play.name).await.map_err(told)?;
        same(play.name.as_str(), &wanted, &found.as_ref())?;
    }
    check(play(scene, |play| play.name.as_str().ends_with("to-prod"))?.builds[0].is_running(), "a deploy runs")
}

async fn waiting(scene: Scene<'_>) -> Outcome {
    let play = play(scene, |play| play.builds.iter().any(|build| build.waits_for().is_some()))?;
    let builds = scene.stage.gocd().builds(&play.name, 1).await.map_err(told)?;
    let newest = builds.first().ok_or("there is no build")?;
    check(!newest.is_running() && newest.has_passed(), "it does not run, and has passed")?;
    same("what it waits for", &Some("publish"), &newest.waits_for().map(|stage| stage.name.as_str()))
}

async fn last_good(scene: Scene<'_>) -> Outcome {
    let first = first(scene)?;
    let good = |before| scene.stage.gocd().last_good(&first.name, before, None);
    let newest = good(None).await.map_err(told)?.ok_or("no build has passed")?;
    let sha = newest.sha(None).map_err(told)?;
    same("the newest", "b4dc0de", sha.short())?;
    let before = good(Some(&sha)).await.map_err(told)?.ok_or("no build before it has passed")?;
    check(before.has_passed(), "it has passed")?;
    same("before it", "6c957ed", before.sha(None).map_err(told)?.short())?;
    let oldest = first.builds.last().ok_or("there is no build")?.sha(None).map_err(told)?;
    same("before the oldest", &None, &good(Some(&oldest)).await.map_err(told)?)?;
    refused(ErrorKind::NotFound, good(Some(&parsed("fedcba9876543210fedcba9876543210fedcba98")?)).await)
}

async fn between(scene: Scene<'_>) -> Outcome {
    let first = first(scene)?;
    let sha = |at: usize| first.builds[at].sha(None).map_err(told);
    let (good, bad) = (sha(4)?, sha(1)?);
    let found = scene.stage.gocd().between(&first.name, &good, &bad, None).await.map_err(told)?;
    same("what is new", &first.builds[1..4], &found[..])?;
    let same_commit = scene.stage.gocd().between(&first.name, &bad, &bad, None).await.map_err(told)?;
    same("nothing is new", &Vec::new(), &same_commit)?;
    refused(ErrorKind::Invalid, scene.stage.gocd().between(&first.name, &bad, &good, None).await)?;
    let nobody = parsed("fedcba9876543210fedcba9876543210fedcba98")?;
    refused(ErrorKind::NotFound, scene.stage.gocd().between(&first.name, &nobody, &bad, None).await)?;
    refused(ErrorKind::NotFound, scene.stage.gocd().between(&first.name, &good, &nobody, None).await)
}

async fn paused(scene: Scene<'_>) -> Outcome {
    for play in &scene.scenario.pipelines {
        same(play.name.as_str(), &play.status, &scene.stage.gocd().status(&play.name).await.map_err(told)?)?;
    }
    check(scene.scenario.pipelines.iter().any(|play| play.status.paused), "one is paused")
}

async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable).await
}

async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated).await
}

async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode).await
}

/// Every operation tells of the fault.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind) -> Outcome {
    scene.stage.fault(fault).await.map_err(told)?;
    let (gocd, pipeline) = (scene.stage.gocd(), &scene.start.pipeline);
    refused(kind, gocd.probe().await)?;
    refused(kind, gocd.history(pipeline, None).await)?;
    refused(kind, gocd.history(pipeline, Some(Cursor::new(1))).await)?;
    refused(kind, gocd.status(pipeline).await)?;
    refused(kind, gocd.running(pipeline).await)
}

/// Every build, by pages; as many pages as any sound history has.
async fn all(scene: Scene<'_>, pipeline: &PipelineName) -> Outcome<Vec<Build>> {
    let (mut builds, mut after) = (Vec::new(), None);
    for _ in 0..1000 {
        let page = scene.stage.gocd().history(pipeline, after).await.map_err(told)?;
        builds.extend(page.builds);
        after = page.next;
        if after.is_none() {
            return Ok(builds);
        }
    }
    Err("the history does not end".to_owned())
}

async fn resolve(
    scene: Scene<'_>,
    pipeline: &PipelineName,
    commit: &str,
    material: Option<&str>,
) -> crate::Result<Build> {
    let commit: ShaPrefix = commit.parse().map_err(|error| crate::Error::invalid("test", format!("{error}")))?;
    scene.stage.gocd().resolve(pipeline, &commit, material).await
}

fn first<'a>(scene: Scene<'a>) -> Outcome<&'a PipelinePlay> {
    scene.scenario.pipelines.first().ok_or_else(|| "the scenario has no pipeline".to_owned())
}

fn play<'a>(scene: Scene<'a>, fits: impl Fn(&PipelinePlay) -> bool) -> Outcome<&'a PipelinePlay> {
    scene
        .scenario
        .pipelines
        .iter()
        .find(|play| fits(play))
        .ok_or_else(|| "the scenario has no such pipeline".to_owned())
}

/// Reading never has an effect, failed or not.
fn refused<T: Debug>(kind: ErrorKind, result: crate::Result<T>) -> Outcome {
    match result {
        Err(error) if error.kind() == kind && error.effect() == Effect::None => Ok(()),
        Err(error) => Err(format!("wanted {kind} without effect, found {:?} with {error}", error.effect())),
        Ok(value) => Err(format!("wanted {kind}, found {value:?}")),
    }
}
