//! GoCD: what was built, what runs, who may ask, and what its API says beside the client's own questions.

use std::time::Duration;

use gocd_client::{
    Build, BuildsRead, BuildsReadExt, Effect, Environment, ErrorKind, GocdClient, PipelineName, ShaPrefix, StageResult,
};
use ops_client::http::RetryPolicy;
use ops_sandbox::gocd::{About, PipelineSpec, builds};
use ops_sandbox::{Fault, Operation, Server, System, World};

pub(crate) fn client(address: &str) -> GocdClient {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    GocdClient::builder(Environment::new("sandbox"), address).retry(quick).build().unwrap()
}

/// All ways to the same pipelines.
async fn ways(world: &World) -> (Server, Vec<Box<dyn BuildsRead>>) {
    let server = Server::start(world.clone()).await.unwrap();
    let far = [server.gocd_url(), server.gocd19_url()].map(|address| Box::new(client(&address)) as Box<dyn BuildsRead>);
    let ways = far.into_iter().chain([Box::new(world.gocd()) as Box<dyn BuildsRead>]).collect();
    (server, ways)
}

fn of(text: &str) -> PipelineName {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_build_to_go_back_to() {
    let world = World::seeded(1).at("2018-01-18T16:00:00Z".parse().unwrap());
    let scene = builds(&world).unwrap();
    let (_server, ways) = ways(&world).await;
    for gocd in &ways {
        for pipeline in &scene.services {
            let newest = gocd.last_good(pipeline, None, None).await.unwrap().unwrap();
            assert_eq!((newest.sha(None).unwrap(), newest.counter), (scene.bad.clone(), 812));
            let before = gocd.last_good(pipeline, Some(&scene.bad), None).await.unwrap().unwrap();
            assert_eq!(before.sha(None).unwrap(), scene.good);
            let new = gocd.between(pipeline, &scene.good, &scene.bad, None).await.unwrap();
            assert_eq!(new.iter().map(|build| build.counter).collect::<Vec<_>>(), [812, 811, 810]);
            let error = gocd.resolve(pipeline, &scene.ambiguous, None).await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
            let told = before.to_string();
            assert!(
                told.ends_with("by Ana <ana@example.com>, 2018-01-17T13:00:00Z: Retract whole transactions"),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn a_deploy_runs_until_it_ends() {
    let world = World::seeded(1);
    let scene = builds(&world).unwrap();
    let (_server, ways) = ways(&world).await;
    let pipeline = &scene.to_prod[0];
    for gocd in &ways {
        assert_eq!(gocd.running(pipeline).await.unwrap(), None);
        let counter = world.begin_build(pipeline).unwrap();
        let running = gocd.running(pipeline).await.unwrap().unwrap();
        assert_eq!((running.counter, running.is_running(), running.has_passed()), (counter, true, false));
        assert!(!gocd.status(pipeline).await.unwrap().schedulable, "its first stage runs");
        assert_eq!(gocd.running(&scene.to_prod[1]).await.unwrap(), None, "another one does not");

        world.end_build(pipeline, StageResult::Passed).unwrap();
        assert_eq!(gocd.running(pipeline).await.unwrap(), None);
        let newest = gocd.last_good(pipeline, None, None).await.unwrap().unwrap();
        assert_eq!(newest.counter, counter, "every stage of it has passed");

        world.begin_build(pipeline).unwrap();
        world.end_build(pipeline, StageResult::Failed).unwrap();
        assert_eq!(gocd.last_good(pipeline, None, None).await.unwrap().unwrap().counter, counter);
        assert_eq!(world.end_build(pipeline, StageResult::Passed).unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(world.begin_build(&of("nothing")).unwrap_err().kind(), ErrorKind::NotFound);
    world.put_pipeline(PipelineSpec::new(of("new"))).unwrap();
    assert_eq!(world.begin_build(&of("new")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn who_pauses_a_pipeline_is_told() {
    let world = World::seeded(1);
    world.put_pipeline(PipelineSpec::new(of("metapod")).locked()).unwrap();
    let (_server, ways) = ways(&world).await;
    for gocd in &ways {
        world.pause_pipeline(&of("metapod"), "caio", "the lock is lost").unwrap();
        let status = gocd.status(&of("Metapod")).await.unwrap();
        assert_eq!((status.paused_by.as_deref(), status.cause.as_deref()), (Some("caio"), Some("the lock is lost")));
        assert!(status.paused && status.locked && !status.schedulable);
        world.release_pipeline(&of("metapod")).unwrap();
        assert!(!gocd.status(&of("metapod")).await.unwrap().paused);
    }
}

#[tokio::test]
async fn a_build_that_begins_between_two_pages_moves_nothing() {
    let world = World::seeded(1);
    let name = of("metapod");
    let all = (1..=150).rev().map(|counter| Build::new(name.clone(), counter, counter.to_string()));
    world.put_pipeline(PipelineSpec::new(name.clone()).builds(all)).unwrap();
    let server = Server::start(world.clone()).await.unwrap();
    // Newer releases know where a page ended; older ones count anew, and tell a build twice.
    for (address, first, twice) in [(server.gocd_url(), 100, false), (server.gocd19_url(), 10, true)] {
        let gocd = client(&address);
        let page = gocd.history(&name, None).await.unwrap();
        assert_eq!(page.builds.len(), first);
        let last = page.builds.last().unwrap().counter;
        world.add_build(Build::new(name.clone(), page.builds[0].counter + 1, "new")).unwrap();
        let next = gocd.history(&name, page.next).await.unwrap();
        assert_eq!(next.builds[0].counter == last, twice, "{address}");
    }
    let error = world.add_build(Build::new(name, 150, "old")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn who_does_not_say_who_they_are() {
    let world = World::seeded(1);
    builds(&world).unwrap();
    let server = Server::builder(world.clone()).require_gocd_logins().start().await.unwrap();
    let nobody = client(&server.gocd_url());
    let wrong = nobody.clone().with_access_token("go_nobody".to_owned().into());
    for gocd in [&nobody, &wrong] {
        let error = gocd.probe().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthenticated, Some(401)));
    }
    let known = nobody.with_access_token("go_viewer".to_owned().into());
    assert_eq!(known.probe().await.unwrap().version.as_deref(), Some("23.5.0"));
    let older = client(&server.gocd19_url()).with_login("admin", "admin".to_owned().into());
    assert_eq!(older.probe().await.unwrap().version.as_deref(), Some("19.1.0"));
    let count = world.count(Operation::GocdProbe, About::Everything.subject());
    assert_eq!((count.calls, count.refused, count.effects), (4, 2, 0));
}

#[tokio::test]
async fn faults_hit_gocd_and_the_log_tells() {
    let world = World::seeded(1);
    let scene = builds(&world).unwrap();
    let (_server, ways) = ways(&world).await;
    let pipeline = &scene.services[0];
    for gocd in &ways {
        // What the server is must be known: to ask for it can fail likewise.
        gocd.history(pipeline, None).await.unwrap();
        world.clear_log();
        world.faults().sometimes(1.0, System::Gocd, Fault::Status(503));
        let error = gocd.resolve(pipeline, &"6c957ed".parse::<ShaPrefix>().unwrap(), None).await.unwrap_err();
        assert_eq!((error.op(), error.kind(), error.effect()), ("gocd.history", ErrorKind::Unavailable, Effect::None));
        world.faults().clear();
        let subject = About::Pipeline(pipeline.clone()).subject();
        assert_eq!(world.count(Operation::GocdHistory, subject).calls, u64::from(error.attempts()));
    }
    // A client asks again where that may help.
    world.faults().next(1, Operation::GocdHistory, Fault::HalfBody);
    assert!(ways[0].history(pipeline, None).await.is_ok());
}

#[tokio::test]
async fn the_api_refuses_what_gocd_refuses() {
    let world = World::seeded(1);
    builds(&world).unwrap();
    let server = Server::start(world).await.unwrap();
    let get = async |path: &str, accept: &str| {
        let request = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = request.get(format!("{}{path}", server.url())).header("accept", accept).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let v1 = "application/vnd.go.cd.v1+json";
    for (path, accept, status, words) in [
        ("/gocd/go/api/pipelines/metapod/history", "application/json", 404, "appears to be incorrect"),
        ("/gocd/go/api/pipelines/metapod/history/0", v1, 404, "appears to be incorrect"),
        ("/gocd/go/api/pipelines/metapod/history?page_size=101", v1, 400, "between 10 and 100"),
        ("/gocd/go/api/pipelines/metapod/history?after=x", v1, 400, "positive integer"),
        ("/gocd/go/api/pipelines/metapod/history?after=0", v1, 200, "\"812:b4dc0de"),
        ("/gocd/go/api/pipelines/a%20b/history", v1, 404, "was not found"),
        ("/gocd19/go/api/pipelines/metapod/history", v1, 404, "appears to be incorrect"),
        ("/gocd19/go/api/pipelines/metapod/history/7", "*/*", 200, "\"total\":8"),
        ("/gocd/go/pipelines", "text/html", 302, ""),
    ] {
        let (found, body) = get(path, accept).await;
        assert!(found == status && body.contains(words), "{path}: {found} {body}");
    }
    let (_, body) = get("/gocd/go/api/pipelines/metapod/history?page_size=10", v1).await;
    assert!(!body.contains("_links"), "there is no next page");
}
