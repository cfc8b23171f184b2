//! Pages of both generations, as real servers write them.

use gocd_client::{
    Build, BuildsRead, BuildsReadExt, Cursor, ErrorKind, Job, MaterialRevision, Modification, Stage, StageResult,
};
use wiremock::MockServer;

use crate::{VERSION, asked, client, json, metapod, on, server};

const SHA: &str = "6c957ed851d82103e2b151b04aa8a5ede042c3c5";

const NEW: &str = r#"{
  "_links": {
    "previous": {"href": "https://gocd.example.com/go/api/pipelines/metapod/history?before=900"},
    "next": {"href": "https://elsewhere.example.org/go/api/pipelines/metapod/history?after=812"}
  },
  "pipelines": [{
    "name": "Metapod", "counter": 812, "label": "812:6c957ed851d82103e2b151b04aa8a5ede042c3c5", "natural_order": 812.0,
    "can_run": true, "preparing_to_schedule": false, "comment": null, "scheduled_date": 1516248120000,
    "build_cause": {
      "trigger_message": "modified by Ana <ana@example.com>", "trigger_forced": false, "approver": "",
      "material_revisions": [
        {"changed": true,
         "material": {"name": "code", "fingerprint": "f00d", "type": "Git", "description": "URL: https://git.example.com/metapod.git, Branch: master"},
         "modifications": [
           {"revision": "6c957ed851d82103e2b151b04aa8a5ede042c3c5", "modified_time": 1516248000000, "user_name": "Ana <ana@example.com>",
            "comment": "Retract whole transactions", "email_address": null},
           {"revision": "0000000000000000000000000000000000000001", "modified_time": null, "user_name": null, "comment": null}]},
        {"changed": false,
         "material": {"name": "base", "fingerprint": "beef", "type": "Pipeline", "description": "base"},
         "modifications": [{"revision": "base/7/build/1", "modified_time": 1516240000000, "user_name": "Unknown", "comment": "Unknown"}]}
      ]
    },
    "stages": [
      {"result": "Passed", "status": "Passed", "rerun_of_counter": null, "name": "build", "counter": "2", "scheduled": true,
       "approval_type": "success", "approved_by": "changes", "operate_permission": true, "can_run": true,
       "jobs": [{"name": "jar", "scheduled_date": 1516248125000, "state": "Completed", "result": "Passed"}]},
      {"result": "Failed", "status": "Failing", "rerun_of_counter": null, "name": "test", "counter": "1", "scheduled": true,
       "approval_type": "success", "approved_by": "changes", "operate_permission": true, "can_run": false,
       "jobs": [{"name": "unit", "scheduled_date": 1516248200000, "state": "Completed", "result": "Failed"},
                {"name": "it", "scheduled_date": 1516248200000, "state": "Building", "result": "Unknown"}]},
      {"status": "Unknown", "rerun_of_counter": null, "name": "publish", "counter": "1", "scheduled": false,
       "approval_type": "manual", "approved_by": null, "operate_permission": true, "can_run": false, "jobs": []}
    ]
  }]
}"#;

#[tokio::test]
async fn a_page_of_a_newer_server() {
    let server = server("23.5.0", json(200, NEW)).await;
    let page = client(&server).history(&metapod(), None).await.unwrap();
    assert_eq!(page.next, Some(Cursor::new(812)));
    let at = |milliseconds| jiff::Timestamp::from_millisecond(milliseconds).unwrap();
    let job = |name: &str, result, when| Job::new(name, result).with_scheduled(at(when));
    let code = MaterialRevision::new("Git", "URL: https://git.example.com/metapod.git, Branch: master", "f00d");
    let mut passed = Stage::new("build", StageResult::Passed);
    (passed.counter, passed.jobs) = (2, vec![job("jar", StageResult::Passed, 1_516_248_125_000)]);
    let mut failing = Stage::new("test", StageResult::Failed).with_jobs(vec![
        job("unit", StageResult::Failed, 1_516_248_200_000),
        job("it", StageResult::Unknown, 1_516_248_200_000).with_state("Building"),
    ]);
    failing.running = true;
    let wanted = Build::new(metapod(), 812, format!("812:{SHA}"))
        .with_scheduled(at(1_516_248_120_000))
        .with_revisions(vec![
            code.with_name("code").with_modifications(vec![
                Modification::new(SHA).with_author(
                    "Ana <ana@example.com>",
                    at(1_516_248_000_000),
                    "Retract whole transactions",
                ),
                Modification::new("0000000000000000000000000000000000000001"),
            ]),
            MaterialRevision::new("Pipeline", "base", "beef").with_name("base").unchanged().with_modifications(vec![
                Modification::new("base/7/build/1").with_author("Unknown", at(1_516_240_000_000), "Unknown"),
            ]),
        ])
        .with_stages(vec![passed, failing, Stage::not_begun("publish").by_hand()]);
    assert_eq!(page.builds, [wanted]);
    let build = &page.builds[0];
    assert!(build.is_running() && !build.has_passed() && build.waits_for().is_none());
    let line = format!("812:{SHA} by Ana <ana@example.com>, 2018-01-18T04:00:00Z: Retract whole transactions");
    assert_eq!(build.to_string(), line);
}

/// As servers before 20.1 write it: ids besides, no status of a stage, no date of a build.
fn old(offset: usize, total: usize, counters: &[u32]) -> String {
    let build = |counter: &u32| {
        format!(
            r#"{{"id": 1, "name": "metapod", "counter": {counter}, "label": "{counter}", "natural_order": {counter}.0, "can_run": true,
              "build_cause": {{"material_revisions": [{{"changed": true,
                "material": {{"id": 2, "fingerprint": "f00d", "type": "Git", "description": "URL: x"}},
                "modifications": [{{"id": 3, "revision": "{SHA}", "modified_time": 1516248000000, "user_name": "Ana", "comment": "x", "email_address": ""}}]}}]}},
              "stages": [{{"id": 4, "name": "build", "counter": "1", "result": "Failed", "scheduled": true, "approval_type": "success",
                "approved_by": "changes", "jobs": [{{"id": 5, "name": "a", "state": "Completed", "result": "Failed", "scheduled_date": 1516248125000}},
                  {{"id": 6, "name": "b", "state": "Assigned", "result": "Unknown", "scheduled_date": 1516248124000}}]}}]}}"#
        )
    };
    let builds = counters.iter().map(build).collect::<Vec<_>>().join(",");
    format!(r#"{{"pipelines": [{builds}], "pagination": {{"offset": {offset}, "total": {total}, "page_size": 10}}}}"#)
}

#[tokio::test]
async fn a_page_of_an_older_server() {
    let server = server("19.3.0", json(200, &old(0, 25, &[25, 24]))).await;
    let page = client(&server).history(&metapod(), None).await.unwrap();
    assert_eq!(page.next, Some(Cursor::new(2)), "after what came");
    let build = &page.builds[0];
    assert_eq!(build.scheduled, jiff::Timestamp::from_millisecond(1_516_248_124_000).ok(), "when its first job began");
    assert!(build.is_running(), "the result says Failed, but a job is still to come");
    assert_eq!(build.sha(None).unwrap().as_str(), SHA);
}

#[tokio::test]
async fn older_pages_overlap_while_builds_begin() {
    let server = MockServer::start().await;
    on("GET /go/api/version", json(200, r#"{"version": "19.3.0"}"#)).mount(&server).await;
    for (offset, total, counters) in [(0, 4, &[4, 3][..]), (2, 5, &[3, 2]), (4, 5, &[1])] {
        let place = format!("GET /go/api/pipelines/metapod/history/{offset}");
        on(&place, json(200, &old(offset, total, counters))).mount(&server).await;
    }
    let builds = client(&server).builds(&metapod(), 100).await.unwrap();
    let counters: Vec<u32> = builds.iter().map(|build| build.counter).collect();
    assert_eq!(counters, [4, 3, 2, 1], "each once");
}

#[tokio::test]
async fn an_empty_history_ends() {
    for (version, body) in [
        ("23.5.0", r#"{"pipelines": []}"#),
        ("19.3.0", r#"{"pipelines": [], "pagination": {"offset": 0, "total": 3, "page_size": 10}}"#),
    ] {
        let server = server(version, json(200, body)).await;
        let page = client(&server).history(&metapod(), None).await.unwrap();
        assert!(page.builds.is_empty() && page.next.is_none(), "{version}");
    }
}

#[tokio::test]
async fn only_our_server_is_asked_for_the_next_page() {
    let server = MockServer::start().await;
    on("GET /go/api/version", json(200, VERSION)).mount(&server).await;
    let place = "GET /go/api/pipelines/metapod/history";
    on(place, json(200, NEW)).mount(&server).await;
    let second = wiremock::Mock::given(wiremock::matchers::query_param("after", "812"));
    let last = r#"{"pipelines": [{"name": "metapod", "counter": 811, "label": "811"}]}"#;
    second.respond_with(json(200, last)).with_priority(1).mount(&server).await;
    let builds = client(&server).builds(&metapod(), 100).await.unwrap();
    assert_eq!(builds.len(), 2, "the link leads to another host, and only its number is taken");
}

#[tokio::test]
async fn pages_that_are_none() {
    let misnamed = NEW.replace("Metapod", "another");
    let no_number = NEW.replace("after=812", "after=x");
    let uncounted = NEW.replace("\"counter\": 812", "\"counter\": 0");
    for (version, body, says) in [
        ("23.5.0", "7", "its top"),
        ("23.5.0", "{}", "pipelines"),
        ("23.5.0", r#"{"pipelines": [{"name": "metapod"}]}"#, "pipelines[0]"),
        ("23.5.0", &misnamed, "`pipelines[0].name`: it is another pipeline"),
        ("23.5.0", &uncounted, "`pipelines[0].counter`"),
        ("23.5.0", &no_number, "`_links.next.href`: it has no number"),
        ("19.3.0", r#"{"pipelines": []}"#, "`pagination`: it is not there"),
        ("19.3.0", &old(10, 25, &[1]), "`pagination.offset`: it is another page"),
    ] {
        let server = server(version, json(200, body)).await;
        let error = client(&server).history(&metapod(), None).await.unwrap_err();
        assert_eq!((error.kind(), error.op()), (ErrorKind::Decode, "gocd.history"), "{body}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let server = server("23.5.0", json(200, NEW)).await;
    let error = client(&server).history(&metapod(), Some(Cursor::new(812))).await.unwrap_err();
    assert!(error.to_string().contains("it leads to this very page"), "or it would be read for ever: {error}");
    assert_eq!(asked(&server).await.len(), 2);
}
