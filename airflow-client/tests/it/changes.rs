//! Exactly what is sent for each change and each preview of one, to either API, and that it is sent once.

use airflow_client::{
    AirflowClient, AirflowRead, AirflowTrigger, AirflowWrite, Clear, Effect, ErrorKind, ExecutionDate, NewRunState,
    NewTaskState, Release, SetTaskState, Spread, TaskKey, TaskRef, Trigger, Variable,
};
use wiremock::MockServer;

use crate::{V1, V2, client, dag, json, on, run, seen, server, task};

const GRAPH: &str = r#"{"tasks": [{"task_id": "x", "downstream_task_ids": ["y"]}, {"task_id": "y"}]}"#;
/// API v1's references, a mapped task named twice; API v2's have more fields.
const CLEARED: &str = r#"{"task_instances": [
    {"dag_id": "nightly", "dag_run_id": "a+b:c", "execution_date": "2026-11-25T00:00:00+00:00", "task_id": "y"},
    {"dag_id": "nightly", "dag_run_id": "a+b:c", "execution_date": "2026-11-25T00:00:00+00:00", "task_id": "y"},
    {"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "x", "state": null, "map_index": -1}]}"#;
const NONE: &str = r#"{"task_instances": [], "total_entries": 0}"#;

fn refs() -> [TaskRef; 2] {
    ["x", "y"].map(|name| TaskRef::new(run().run, task(name)))
}

/// A server that knows the DAG, clears as told, and runs what it is told.
async fn airflow(release: Release, running: &str) -> (MockServer, AirflowClient) {
    let api = if release.major == 2 { "v1" } else { "v2" };
    let tasks = format!("GET /api/{api}/dags/nightly/tasks");
    let clear = format!("POST /api/{api}/dags/nightly/clearTaskInstances");
    let list = format!("POST /api/{api}/dags/~/dagRuns/~/taskInstances/list");
    let server = server(&[(&tasks, GRAPH), (&clear, CLEARED), (&list, running)]).await;
    let client = client(&server, release);
    (server, client)
}

#[tokio::test]
async fn a_clear_of_what_failed_says_everything() {
    let clear = Clear::failed(run(), [task("x")]).spread(Spread::none().downstream()).on_latest_version();
    for (release, api, more) in [
        (
            V1,
            "v1",
            r#""include_parentdag":false,"include_past":false,"include_subdags":false,"include_upstream":false,"#,
        ),
        (Release::new(3, 0, 6), "v2", r#""include_past":false,"include_upstream":false,"#),
        (Release::new(3, 1, 8), "v2", r#""include_past":false,"include_upstream":false,"#),
        (V2, "v2", r#""include_past":false,"include_upstream":false,"#),
    ] {
        let (server, client) = airflow(release, NONE).await;
        assert_eq!(client.clear(&clear).await.unwrap(), refs());
        let prevent = if release.is_at_least(3, 2) { r#""prevent_running_task":true,"# } else { "" };
        let latest = if release.is_at_least(3, 1) { r#""run_on_latest_version":true,"# } else { "" };
        assert_eq!(
            seen(&server).await,
            [
                format!("GET /api/{api}/dags/nightly/tasks"),
                format!(
                    "POST /api/{api}/dags/nightly/clearTaskInstances {{\"dag_run_id\":\"a+b:c\",\"dry_run\":false,\
                     \"include_downstream\":true,\"include_future\":false,{more}\"only_failed\":true,\
                     \"only_running\":false,{prevent}\"reset_dag_runs\":true,{latest}\"task_ids\":[\"x\"]}}"
                ),
            ]
        );
    }
}

#[tokio::test]
async fn a_clear_of_anything_looks_first_what_runs() {
    let clear = Clear::any(run(), [task("x")]);
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let (server, client) = airflow(release, NONE).await;
        assert_eq!(client.clear(&clear).await.unwrap(), refs());
        let lines = seen(&server).await;
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[1].contains("clearTaskInstances") && lines[1].contains("\"dry_run\":true"), "{lines:?}");
        assert_eq!(
            lines[2],
            format!(
                "POST /api/{api}/dags/~/dagRuns/~/taskInstances/list {{\"dag_ids\":[\"nightly\"],\"dag_run_ids\":\
                 [\"a+b:c\"],\"page_limit\":1000,\"page_offset\":0,\"state\":[\"running\",\"restarting\",\"queued\",\
                 \"scheduled\"],\"task_ids\":[\"x\",\"y\"]}}"
            )
        );
        assert!(lines[3].contains("\"dry_run\":false") && lines[3].contains("\"only_failed\":false"), "{lines:?}");
    }
}

#[tokio::test]
async fn what_runs_is_named_and_not_cleared() {
    let running = r#"{"task_instances": [
        {"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "y", "map_index": 2, "state": "running"},
        {"dag_id": "nightly", "dag_run_id": "another", "task_id": "x", "state": "queued"}], "total_entries": 2}"#;
    for release in [V1, Release::new(3, 0, 6), V2] {
        let (server, client) = airflow(release, running).await;
        let clear = Clear::any(run(), [task("x")]);
        for error in [client.preview_clear(&clear).await.unwrap_err(), client.clear(&clear).await.unwrap_err()] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
            // The task of another run is none that would be cleared.
            assert_eq!(error.message(), Some("running or about to: y[2]"));
        }
        assert!(!seen(&server).await.iter().any(|line| line.contains("\"dry_run\":false")));
    }
}

#[tokio::test]
async fn what_runs_is_restarted_only_where_airflow_can() {
    let clear = Clear::any(run(), [task("x")]).restarting_running();
    let (server, client) = airflow(V2, NONE).await;
    client.clear(&clear).await.unwrap();
    let lines = seen(&server).await;
    assert!(lines.len() == 2 && lines[1].contains("\"prevent_running_task\":false"), "{lines:?}");

    let (server, client) = airflow(V1, NONE).await;
    for error in [client.preview_clear(&clear).await.unwrap_err(), client.clear(&clear).await.unwrap_err()] {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
    }
    assert!(!seen(&server).await.iter().any(|line| line.contains("clearTaskInstances")));
}

#[tokio::test]
async fn a_clear_of_nothing_or_of_strangers_is_never_sent() {
    for release in [V1, V2] {
        let (server, client) = airflow(release, NONE).await;
        for tasks in [vec![], vec![task("x"), task("z")]] {
            let clear = Clear::failed(run(), tasks);
            for error in [client.preview_clear(&clear).await.unwrap_err(), client.clear(&clear).await.unwrap_err()] {
                assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None), "{error}");
            }
        }
        assert!(!seen(&server).await.iter().any(|line| line.contains("clearTaskInstances")));
    }
}

#[tokio::test]
async fn marks_of_one_instance() {
    let path = "dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x";
    for (release, key, place, dry) in [
        (V1, TaskKey::new(task("x")), format!("PATCH /api/v1/{path}"), format!("PATCH /api/v1/{path}")),
        (V1, TaskKey::mapped(task("x"), 3), format!("PATCH /api/v1/{path}/3"), format!("PATCH /api/v1/{path}/3")),
        (V2, TaskKey::new(task("x")), format!("PATCH /api/v2/{path}/-1"), format!("PATCH /api/v2/{path}/-1/dry_run")),
        (
            V2,
            TaskKey::mapped(task("x"), 3),
            format!("PATCH /api/v2/{path}/3"),
            format!("PATCH /api/v2/{path}/3/dry_run"),
        ),
    ] {
        let v1 = release == V1;
        // The real answer of API v1 to a mark is `{}`, to its dry run four fields.
        let one = r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "execution_date": "2026-11-25T00:00:00+00:00", "task_id": "x"}"#;
        let many = format!("{{\"task_instances\": [{one}], \"total_entries\": 1}}");
        let change = SetTaskState::new(run(), key, NewTaskState::Success);

        let real = server(&[(&place, if v1 { "{}" } else { &many })]).await;
        client(&real, release).set_task_state(&change).await.unwrap();
        let preview = server(&[(&dry, if v1 { one } else { &many })]).await;
        let refs = client(&preview, release).preview_task_state(&change).await.unwrap();
        assert_eq!(refs, [TaskRef::new(run().run, task("x"))]);

        let flags = r#"{"include_downstream":false,"include_future":false,"include_past":false,"include_upstream":false,"new_state":"success"}"#;
        if v1 {
            assert_eq!(seen(&real).await, [format!(r#"{place} {{"dry_run":false,"new_state":"success"}}"#)]);
            assert_eq!(seen(&preview).await, [format!(r#"{dry} {{"dry_run":true,"new_state":"success"}}"#)]);
        } else {
            assert_eq!(seen(&real).await, [format!("{place} {flags}")]);
            assert_eq!(seen(&preview).await, [format!("{dry} {flags}")]);
        }
    }
}

#[tokio::test]
async fn marks_that_spread() {
    let change = SetTaskState::new(run(), task("x"), NewTaskState::Failed).spread(Spread::none().upstream().future());
    let flags = r#""include_downstream":false,"include_future":true,"include_past":false,"include_upstream":true"#;
    let place = "POST /api/v1/dags/nightly/updateTaskInstancesState";
    let one = server(&[(place, CLEARED)]).await;
    client(&one, V1).set_task_state(&change).await.unwrap();
    assert_eq!(client(&one, V1).preview_task_state(&change).await.unwrap(), refs());
    let body =
        |dry| format!(r#"{place} {{"dag_run_id":"a+b:c","dry_run":{dry},{flags},"new_state":"failed","task_id":"x"}}"#);
    assert_eq!(seen(&one).await, [body(false), body(true)]);

    let place = "PATCH /api/v2/dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x/-1";
    let two = server(&[(place, CLEARED)]).await;
    client(&two, V2).set_task_state(&change).await.unwrap();
    assert_eq!(seen(&two).await, [format!(r#"{place} {{{flags},"new_state":"failed"}}"#)]);

    // Which instances of the others would be meant, each API says otherwise.
    let change = SetTaskState::new(run(), TaskKey::mapped(task("x"), 0), NewTaskState::Failed);
    let error = client(&two, V2).set_task_state(&change.spread(Spread::none().past())).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
}

#[tokio::test]
async fn what_is_so_already_is_no_error() {
    let server = MockServer::start().await;
    let place = "PATCH /api/v2/dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x/-1";
    on(place, json(409, r#"{"detail": "Task id x is already in success state"}"#)).mount(&server).await;
    let change = SetTaskState::new(run(), task("x"), NewTaskState::Success);
    client(&server, V2).set_task_state(&change).await.unwrap();
}

#[tokio::test]
async fn runs_are_changed() {
    // Airflow 2 calls its empty answer a page.
    let ended = wiremock::ResponseTemplate::new(204).insert_header("content-type", "text/html; charset=utf-8");
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let one = format!("/api/{api}/dags/nightly/dagRuns/a%2Bb%3Ac");
        let body = r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "state": "failed"}"#;
        let dag_line = format!("PATCH /api/{api}/dags/nightly");
        let server = server(&[
            (&format!("GET {one}"), body),
            (&format!("PATCH {one}"), body),
            (&format!("POST {one}/clear"), CLEARED),
            (&dag_line, "{}"),
        ])
        .await;
        on(&format!("DELETE {one}"), ended.clone()).mount(&server).await;
        let client = client(&server, release);
        client.set_run_state(&run(), NewRunState::Queued).await.unwrap();
        client.clear_run(&run()).await.unwrap();
        client.set_paused(&dag(), true).await.unwrap();
        client.delete_run(&run()).await.unwrap();
        let mut wanted = vec![
            format!(r#"PATCH {one} {{"state":"queued"}}"#),
            format!(r#"POST {one}/clear {{"dry_run":false}}"#),
            format!(r#"{dag_line}?update_mask=is_paused {{"is_paused":true}}"#),
        ];
        if release == V1 {
            wanted.push(format!("GET {one}"));
        }
        wanted.push(format!("DELETE {one}"));
        assert_eq!(seen(&server).await, wanted);
        let requests = server.received_requests().await.unwrap();
        // Airflow 2 answers 400 to a type without a body.
        assert!(!requests.last().unwrap().headers.contains_key("content-type"));
        assert_eq!(requests[0].headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_run_that_is_running_is_not_deleted() {
    let one = "/api/v1/dags/nightly/dagRuns/a%2Bb%3Ac";
    let body = r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "state": "running"}"#;
    let first = server(&[(&format!("GET {one}"), body)]).await;
    let second = MockServer::start().await;
    let words = r#"{"detail": "The DagRun cannot be deleted in running state"}"#;
    on("DELETE /api/v2/dags/nightly/dagRuns/a%2Bb%3Ac", json(409, words)).mount(&second).await;
    for (server, release) in [(&first, V1), (&second, V2)] {
        let error = client(server, release).delete_run(&run()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
        assert!(error.remedy().unwrap().contains("set its state to failed first"), "{error}");
    }
    assert!(!seen(&first).await.iter().any(|line| line.starts_with("DELETE")));
}

#[tokio::test]
async fn variables_are_changed_or_made() {
    let mut variable = Variable::new("a/b", "1");
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let (one, all) = (format!("PATCH /api/{api}/variables/a%2Fb"), format!("POST /api/{api}/variables"));
        let here = server(&[(&one, "{}")]).await;
        client(&here, release).set_variable(&variable).await.unwrap();
        assert_eq!(seen(&here).await, [format!(r#"{one} {{"key":"a/b","value":"1"}}"#)]);

        let gone = server(&[]).await;
        on(&all, json(201, "{}")).mount(&gone).await;
        variable.description = Some("what for".into());
        client(&gone, release).set_variable(&variable).await.unwrap();
        let body = r#"{"description":"what for","key":"a/b","value":"1"}"#;
        assert_eq!(seen(&gone).await, [format!("{one} {body}"), format!("{all} {body}")]);
        variable.description = None;

        let delete = server(&[]).await;
        client(&delete, release).delete_variable("a/b").await.unwrap();
        assert_eq!(seen(&delete).await, [format!("DELETE /api/{api}/variables/a%2Fb")]);
    }
    variable.value = None;
    let error = client(&server(&[]).await, V2).set_variable(&variable).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
}

#[tokio::test]
async fn a_variable_that_somebody_else_just_made_is_changed() {
    let server = MockServer::start().await;
    let one = "PATCH /api/v2/variables/k";
    on(one, json(404, r#"{"detail": "not found"}"#)).up_to_n_times(1).mount(&server).await;
    on(one, json(200, "{}")).mount(&server).await;
    on("POST /api/v2/variables", json(409, r#"{"detail": "already exists"}"#)).mount(&server).await;
    client(&server, V2).set_variable(&Variable::new("k", "1")).await.unwrap();
    assert_eq!(seen(&server).await.len(), 3);
}

#[tokio::test]
async fn runs_are_made() {
    let body = r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "state": "queued"}"#;
    let mut conf = serde_json::Map::new();
    conf.insert("who".into(), "on-call".into());
    let about = Trigger::new(dag(), run().run).about(ExecutionDate::new("2026-11-24T00:00:00Z".parse().unwrap()));
    let about = about.with_conf(conf).with_note("by hand");
    for (release, api, nothing) in [(V1, "v1", ""), (V2, "v2", r#","logical_date":null"#)] {
        let place = format!("POST /api/{api}/dags/nightly/dagRuns");
        let server = server(&[(&place, body)]).await;
        let trigger = client(&server, release).into_trigger();
        trigger.trigger(&Trigger::new(dag(), run().run)).await.unwrap();
        assert_eq!(trigger.trigger(&about).await.unwrap().key, run());
        assert_eq!(
            seen(&server).await,
            [
                format!(r#"{place} {{"conf":{{}},"dag_run_id":"a+b:c"{nothing}}}"#),
                format!(
                    r#"{place} {{"conf":{{"who":"on-call"}},"dag_run_id":"a+b:c","logical_date":"2026-11-24T00:00:00Z","note":"by hand"}}"#
                ),
            ]
        );
    }
}

#[tokio::test]
async fn whether_it_may_is_asked_without_a_chance_of_an_effect() {
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let place = format!("POST /api/{api}/dags/nightly/clearTaskInstances");
        for (answer, may) in [
            (json(404, r#"{"detail": "Dag Run id not found"}"#), Some(true)),
            (json(200, NONE), Some(true)),
            (json(403, r#"{"detail": "Forbidden"}"#), Some(false)),
            (json(503, ""), None),
        ] {
            let server = server(&[(&format!("GET /api/{api}/dags/nightly"), r#"{"dag_id": "nightly"}"#)]).await;
            on(&place, answer).mount(&server).await;
            assert_eq!(client(&server, release).may_change(&dag()).await.ok(), may);
            let line = seen(&server).await.pop().unwrap();
            assert!(line.contains("\"dry_run\":true") && !line.contains("a+b:c"), "{line}");
        }
        // Who may not even look is told so.
        let server = MockServer::start().await;
        on(&format!("GET /api/{api}/dags/nightly"), json(403, r#"{"title": "Forbidden"}"#)).mount(&server).await;
        assert_eq!(client(&server, release).may_change(&dag()).await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
}
