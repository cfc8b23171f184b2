//! Lists that come in pieces, in any order, with doubles, and that must be whole; objects in every shape they come in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use airflow_client::{
    AirflowRead, AirflowReadExt, DagFilter, Effect, ErrorKind, RunFilter, RunState, TaskFilter, TaskKey, TaskState,
    TriggerRule,
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::{V1, V2, client, dag, on, run, seen, server, task};

const LIST: &str = "POST /api/v2/dags/~/dagRuns/~/taskInstances/list";

fn instance(number: usize) -> Value {
    json!({"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": format!("t{number}"), "state": "success"})
}

/// A server that pages by the batch's body as Airflow does, over these instances.
async fn paging(all: Vec<Value>, total: usize) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let number = |name: &str| body[name].as_u64().unwrap() as usize;
        let page: Vec<&Value> = all.iter().skip(number("page_offset")).take(number("page_limit")).collect();
        ResponseTemplate::new(200).set_body_json(json!({"task_instances": page, "total_entries": total}))
    };
    let (verb, place) = LIST.split_once(' ').unwrap();
    Mock::given(wiremock::matchers::method(verb))
        .and(wiremock::matchers::path(place))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn pages_are_followed_and_sorted() {
    let server = paging((0..25).rev().map(instance).collect(), 25).await;
    let list = client(&server, V2).with_page_size(10).task_instances(&run(), &TaskFilter::all()).await.unwrap();
    assert_eq!(list.len(), 25);
    assert!(list.is_sorted_by_key(|task| task.key.clone()));
    assert_eq!(seen(&server).await.len(), 3);
}

#[tokio::test]
async fn a_list_that_does_not_add_up_is_read_again_and_then_an_error() {
    // A task that was cleared between two pages: one comes twice, another one not at all.
    let mut all: Vec<Value> = (0..25).map(instance).collect();
    all[20] = instance(3);
    let server = paging(all, 25).await;
    let error = client(&server, V2).with_page_size(10).task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None));
    assert!(error.message().unwrap().contains("24 different ones came, the server names 25"), "{error}");
    assert_eq!(seen(&server).await.len(), 9);

    let empty = paging(Vec::new(), 5).await;
    let error = client(&empty, V2).task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn a_gateway_that_gives_up_gets_smaller_pages() {
    let all: Vec<Value> = (0..300).map(instance).collect();
    let server = MockServer::start().await;
    let asked = AtomicUsize::new(0);
    let answer = move |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let number = |name: &str| body[name].as_u64().unwrap() as usize;
        if number("page_limit") > 130 {
            asked.fetch_add(1, Ordering::SeqCst);
            return ResponseTemplate::new(504);
        }
        let page: Vec<&Value> = all.iter().skip(number("page_offset")).take(number("page_limit")).collect();
        ResponseTemplate::new(200).set_body_json(json!({"task_instances": page, "total_entries": all.len()}))
    };
    let (_, place) = LIST.split_once(' ').unwrap();
    Mock::given(wiremock::matchers::path(place)).respond_with(answer).mount(&server).await;
    let list = client(&server, V2).with_page_size(500).task_instances(&run(), &TaskFilter::all()).await.unwrap();
    assert_eq!(list.len(), 300);
    let limits: Vec<u64> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["page_limit"].as_u64().unwrap())
        .collect();
    // Three attempts of each size that is too large.
    assert_eq!(limits, [500, 500, 500, 250, 250, 250, 125, 125, 125]);
}

#[tokio::test]
async fn a_page_that_never_comes_is_an_error_in_the_end() {
    let server = MockServer::start().await;
    on(LIST, ResponseTemplate::new(504)).mount(&server).await;
    let error = client(&server, V2).with_page_size(100).task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unavailable, Some(504)));
    assert_eq!(seen(&server).await.len(), 6);

    on(LIST, ResponseTemplate::new(200).set_delay(Duration::from_secs(9))).with_priority(1).mount(&server).await;
    let slow = crate::builder(&server)
        .limits(ops_client::http::Limits::default().with_total(Duration::from_millis(20)))
        .build()
        .unwrap();
    let slow = slow.with_release(V2).unwrap().with_page_size(60);
    let error = slow.task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_cap_that_the_server_keeps_to_itself_does_not_matter() {
    let page = |from: usize, to: usize| {
        let dags: Vec<Value> = (from..to).map(|n| json!({"dag_id": format!("d{n:03}")})).collect();
        json!({"dags": dags, "total_entries": 150})
    };
    let server = MockServer::start().await;
    for (offset, body) in [("0", page(0, 100)), ("100", page(100, 150))] {
        Mock::given(wiremock::matchers::path("/api/v1/dags"))
            .and(wiremock::matchers::query_param("offset", offset))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    assert_eq!(client(&server, V1).dags(&DagFilter::all()).await.unwrap().len(), 150);
}

#[tokio::test]
async fn an_answer_about_another_run_is_refused() {
    let stranger =
        r#"{"task_instances": [{"dag_id": "nightly", "dag_run_id": "other", "task_id": "x"}], "total_entries": 1}"#;
    let server = server(&[(LIST, stranger)]).await;
    let error = client(&server, V2).task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().unwrap().contains("nightly other"), "{error}");
}

#[tokio::test]
async fn task_instances_in_every_shape() {
    let body = r#"{"task_instances": [
        {"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "a", "state": null, "try_number": 0, "map_index": -1,
         "duration": null, "hostname": "", "pid": null, "start_date": null},
        {"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "b", "state": "awaiting_input", "try_number": 2.0,
         "max_tries": 3.0, "map_index": 4, "duration": 8.095, "pid": 17, "rendered_map_index": "file-4", "a": {"b": [1]},
         "start_date": "2026-11-25T20:53:50.647732+00:00", "end_date": "2026-11-25T20:53:51Z"},
        {"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "c", "state": "frozen", "rendered_map_index": "5", "map_index": 5},
        {"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "d"}], "total_entries": 4.0}"#;
    let server = server(&[(LIST, body)]).await;
    let list = client(&server, V2).task_instances(&run(), &TaskFilter::all()).await.unwrap();
    let states: Vec<&TaskState> = list.iter().map(|task| &task.state).collect();
    let frozen = TaskState::Other("frozen".into());
    assert_eq!(states, [&TaskState::NoStatus, &TaskState::AwaitingInput, &frozen, &TaskState::NoStatus]);
    let (none, full) = (&list[0], &list[1]);
    assert_eq!((&none.key, none.try_number, &none.hostname, none.pid), (&TaskKey::new(task("a")), 0, &None, None));
    assert_eq!((&full.key, full.try_number, full.max_tries), (&TaskKey::mapped(task("b"), 4), 2, 3));
    assert_eq!(full.duration, Some(Duration::from_millis(8095)));
    assert_eq!(full.started_at, Some("2026-11-25T20:53:50.647732Z".parse().unwrap()));
    assert_eq!(full.label.as_deref(), Some("file-4"));
    assert_eq!(list[2].label, None, "a place alone is no name");
}

#[tokio::test]
async fn tasks_of_a_dag() {
    let body = r#"{"tasks": [{"task_id": "g.x", "trigger_rule": "all_done", "downstream_task_ids": ["y", "w"], "retries": 2.0,
        "is_mapped": true, "class_ref": {"class_name": "PythonOperator", "module_path": "m"}, "operator_name": "@task"},
        {"task_id": "y", "trigger_rule": "once_in_a_while", "downstream_task_ids": null, "retries": null},
        {"task_id": "w", "is_mapped": null}]}"#;
    let server = server(&[("GET /api/v1/dags/nightly/tasks", body)]).await;
    let graph = client(&server, V1).graph(&dag()).await.unwrap();
    let first = graph.task(&task("g.x")).unwrap();
    assert_eq!((first.retries, first.mapped, &first.trigger_rule), (2, true, &TriggerRule::AllDone));
    assert_eq!(first.downstream, [task("w"), task("y")]);
    assert_eq!(first.operator.as_deref(), Some("PythonOperator"));
    assert_eq!(graph.task(&task("y")).unwrap().trigger_rule, TriggerRule::Other("once_in_a_while".into()));
}

#[tokio::test]
async fn dags_of_either_api_are_the_same() {
    let one = r#"{"dags": [{"dag_id": "nightly", "is_paused": false, "is_active": true, "tags": [{"name": "b"}, {"name": "a"}],
        "owners": ["team"], "schedule_interval": {"__type": "CronExpression", "value": "0 0 * * *"},
        "timetable_description": "At 00:00", "next_dagrun_create_after": "2026-11-26T00:00:00+00:00",
        "max_active_runs": 16, "has_import_errors": null, "fileloc": "/dags/n.py"}], "total_entries": 1}"#;
    let two = r#"{"dags": [{"dag_id": "nightly", "is_paused": false, "is_stale": false,
        "tags": [{"name": "a", "dag_id": "nightly"}, {"name": "b", "dag_id": "nightly"}], "owners": ["team"],
        "timetable_summary": "0 0 * * *", "timetable_description": "At 00:00",
        "next_dagrun_run_after": "2026-11-26T00:00:00Z", "max_active_runs": 16.0, "has_import_errors": false,
        "fileloc": "/dags/n.py"}], "total_entries": 1}"#;
    let first = client(&server(&[("GET /api/v1/dags", one)]).await, V1).dags(&DagFilter::all()).await.unwrap();
    let second = client(&server(&[("GET /api/v2/dags", two)]).await, V2).dags(&DagFilter::all()).await.unwrap();
    assert_eq!(first, second);
    assert_eq!((first[0].active, first[0].schedule.as_deref()), (true, Some("0 0 * * *")));
    assert!(first[0].next_run.is_some());
}

#[tokio::test]
async fn runs_are_sorted_by_what_they_are_about() {
    let body = r#"{"dag_runs": [
        {"dag_id": "nightly", "dag_run_id": "old", "state": "success", "logical_date": "2026-11-23T00:00:00Z",
         "run_after": "2026-11-24T00:00:00Z", "start_date": null, "conf": null},
        {"dag_id": "nightly", "dag_run_id": "hand", "state": "running", "logical_date": null,
         "run_after": "2026-11-25T20:00:00Z", "conf": {"a": 1}},
        {"dag_id": "nightly", "dag_run_id": "new", "state": "melting", "logical_date": "2026-11-24T00:00:00Z"},
        {"dag_id": "nightly", "dag_run_id": "hand", "state": "running", "logical_date": null,
         "run_after": "2026-11-25T20:00:00Z"}], "total_entries": 3}"#;
    let server = server(&[("GET /api/v2/dags/nightly/dagRuns", body)]).await;
    let runs = client(&server, V2).dag_runs(&RunFilter::of(dag())).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.key.run.as_str()).collect::<Vec<_>>(), ["hand", "new", "old"]);
    assert_eq!((runs[0].execution_date, &runs[1].state), (None, &RunState::Other("melting".into())));
}

#[tokio::test]
async fn to_api_v1_a_dag_that_is_not_there_has_no_runs() {
    let server = server(&[("GET /api/v1/dags/nightly/dagRuns", r#"{"dag_runs": [], "total_entries": 0}"#)]).await;
    let error = client(&server, V1).dag_runs(&RunFilter::of(dag())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_current_try_comes_last_and_each_once() {
    let one = |number: u32, state: &str| json!({"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "x", "state": state, "try_number": number});
    let body =
        json!({"task_instances": [one(2, "failed"), one(1, "failed"), one(2, "up_for_retry")], "total_entries": 3});
    let place = "GET /api/v1/dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x/tries";
    let server = server(&[(place, &body.to_string())]).await;
    let tries = client(&server, V1).tries(&run(), &TaskKey::new(task("x"))).await.unwrap();
    let states: Vec<_> = tries.iter().map(|task| (task.try_number, task.state.as_str())).collect();
    assert_eq!(states, [(1, "failed"), (2, "up_for_retry")]);

    let old = client(&server, airflow_client::Release::new(2, 9, 3));
    let error = old.tries(&run(), &TaskKey::new(task("x"))).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Rejected, 0));
}

#[tokio::test]
async fn a_wait_bears_what_passes_and_ends_when_it_is_so() {
    let server = MockServer::start().await;
    let place = "GET /api/v2/dags/nightly/dagRuns/a%2Bb%3Ac";
    let body = |state: &str| json!({"dag_id": "nightly", "dag_run_id": "a+b:c", "state": state});
    let answer = |state: &str| ResponseTemplate::new(200).set_body_json(body(state));
    on(place, answer("running")).up_to_n_times(2).mount(&server).await;
    on(place, ResponseTemplate::new(503)).up_to_n_times(4).mount(&server).await;
    on(place, answer("failed")).mount(&server).await;
    let airflow = client(&server, V2);
    let found = airflow.wait_for_run(&run(), |run| run.state.is_final(), || std::future::ready(())).await.unwrap();
    assert_eq!(found.state, RunState::Failed);
    assert_eq!(seen(&server).await.len(), 7);

    let gone = MockServer::start().await;
    let error = client(&gone, V2).wait_for_run(&run(), |_| true, || std::future::ready(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
