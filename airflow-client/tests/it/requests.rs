//! Exactly what is sent for each reading, to either API.

use airflow_client::{
    AirflowClient, AirflowRead, AirflowReadExt, DagFilter, EventFilter, ExecutionDate, Release, RunFilter, RunState,
    TaskFilter, TaskKey, TaskState,
};
use proptest::prelude::*;

use crate::{V1, V2, client, dag, run, seen, server, task};

const NO_RUNS: &str = r#"{"dag_runs": [], "total_entries": 0}"#;
const A_RUN: &str = r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "state": "success"}"#;
const NO_TASKS: &str = r#"{"task_instances": [], "total_entries": 0}"#;
const A_TASK: &str = r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "task_id": "x", "state": null}"#;

/// What the calls of `act` sent.
async fn sent(release: Release, answers: &[(&str, &str)], act: impl AsyncFnOnce(AirflowClient)) -> Vec<String> {
    let server = server(answers).await;
    act(client(&server, release)).await;
    seen(&server).await
}

fn about(text: &str) -> ExecutionDate {
    ExecutionDate::new(text.parse().unwrap())
}

#[tokio::test]
async fn dags() {
    let none = r#"{"dags": [], "total_entries": 0}"#;
    let act = async |airflow: AirflowClient| {
        airflow.dags(&DagFilter::all()).await.unwrap();
        let filter = DagFilter::all().tagged("a b").tagged("c").paused(true).inactive_too();
        airflow.dags(&filter).await.unwrap();
    };
    assert_eq!(
        sent(V1, &[("GET /api/v1/dags", none)], act).await,
        [
            "GET /api/v1/dags?limit=1000&offset=0&only_active=true",
            "GET /api/v1/dags?limit=1000&offset=0&only_active=false&tags=a+b%2Cc&paused=true",
        ]
    );
    assert_eq!(
        sent(V2, &[("GET /api/v2/dags", none)], act).await,
        [
            "GET /api/v2/dags?limit=1000&offset=0&exclude_stale=true&order_by=dag_id",
            "GET /api/v2/dags?limit=1000&offset=0&exclude_stale=false&tags=a+b&tags=c&order_by=dag_id&paused=true",
        ]
    );
}

#[tokio::test]
async fn one_dag_and_its_graph() {
    let act = async |airflow: AirflowClient| {
        airflow.dag(&dag()).await.unwrap();
        airflow.graph(&dag()).await.unwrap();
    };
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let (one, tasks) = (format!("GET /api/{api}/dags/nightly"), format!("GET /api/{api}/dags/nightly/tasks"));
        let answers = [(&*one, r#"{"dag_id": "nightly"}"#), (&tasks, r#"{"tasks": []}"#)];
        assert_eq!(sent(release, &answers, act).await, [one.clone(), tasks.clone()]);
    }
}

#[tokio::test]
async fn runs() {
    let act = async |airflow: AirflowClient| {
        let filter = RunFilter::of_every_dag().about(about("2026-11-24T00:00:00Z"), about("2026-11-25T00:00:00Z"));
        let filter = filter.in_state(RunState::Running).in_state(RunState::Queued).at_most(7);
        airflow.dag_runs(&filter.started_from("2026-11-25T01:00:00Z".parse().unwrap())).await.unwrap();
        assert_eq!(airflow.dag_runs(&RunFilter::of(dag()).at_most(0)).await.unwrap(), []);
    };
    assert_eq!(
        sent(V1, &[("GET /api/v1/dags/~/dagRuns", NO_RUNS)], act).await,
        ["GET /api/v1/dags/~/dagRuns?limit=7&offset=0&order_by=-execution_date\
          &execution_date_gte=2026-11-24T00%3A00%3A00Z&execution_date_lte=2026-11-25T00%3A00%3A00Z\
          &state=running&state=queued&start_date_gte=2026-11-25T01%3A00%3A00Z"]
    );
    assert_eq!(
        sent(V2, &[("GET /api/v2/dags/~/dagRuns", NO_RUNS)], act).await,
        ["GET /api/v2/dags/~/dagRuns?limit=7&offset=0&order_by=-run_after\
          &logical_date_gte=2026-11-24T00%3A00%3A00Z&logical_date_lte=2026-11-25T00%3A00%3A00Z\
          &state=running&state=queued&start_date_gte=2026-11-25T01%3A00%3A00Z"]
    );
}

#[tokio::test]
async fn the_runs_of_a_day_are_about_the_day_before() {
    let answers =
        [("GET /api/v2/dags/nightly/dagRuns", NO_RUNS), ("GET /api/v2/dags/nightly", r#"{"dag_id": "nightly"}"#)];
    let act = async |airflow: AirflowClient| {
        airflow.runs_on(&dag(), "2026-11-25".parse().unwrap()).await.unwrap();
    };
    let lines = sent(V2, &answers, act).await;
    assert!(lines[0].contains("logical_date_gte=2026-11-24T00%3A00%3A00Z"), "{lines:?}");
    assert!(lines[0].contains("logical_date_lte=2026-11-24T23%3A59%3A59.999999Z"), "{lines:?}");
}

#[tokio::test]
async fn one_run_whose_id_has_signs_in_it() {
    let act = async |airflow: AirflowClient| {
        airflow.dag_run(&run()).await.unwrap();
    };
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let line = format!("GET /api/{api}/dags/nightly/dagRuns/a%2Bb%3Ac");
        assert_eq!(sent(release, &[(&line, A_RUN)], act).await, [&*line]);
    }
}

#[tokio::test]
async fn task_instances_by_one_batch() {
    let act = async |airflow: AirflowClient| {
        let filter = TaskFilter::all().of([task("x"), task("y")]);
        let filter = filter.in_state(TaskState::NoStatus).in_state(TaskState::UpstreamFailed);
        airflow.task_instances(&run(), &filter).await.unwrap();
        assert_eq!(airflow.task_instances(&run(), &TaskFilter::all().of([])).await.unwrap(), []);
    };
    let with = async |release, api: &str| {
        let list = format!("POST /api/{api}/dags/~/dagRuns/~/taskInstances/list");
        let one = format!("GET /api/{api}/dags/nightly/dagRuns/a%2Bb%3Ac");
        sent(release, &[(&*list, NO_TASKS), (&*one, A_RUN)], act).await
    };
    // An empty list is looked into: the run may not be there.
    assert_eq!(
        with(V1, "v1").await,
        [
            r#"POST /api/v1/dags/~/dagRuns/~/taskInstances/list {"dag_ids":["nightly"],"dag_run_ids":["a+b:c"],"page_limit":1000,"page_offset":0,"state":["none","upstream_failed"],"task_ids":["x","y"]}"#,
            "GET /api/v1/dags/nightly/dagRuns/a%2Bb%3Ac",
        ]
    );
    assert_eq!(
        with(V2, "v2").await,
        [
            r#"POST /api/v2/dags/~/dagRuns/~/taskInstances/list {"dag_ids":["nightly"],"dag_run_ids":["a+b:c"],"page_limit":1000,"page_offset":0,"state":[null,"upstream_failed"],"task_ids":["x","y"]}"#,
            "GET /api/v2/dags/nightly/dagRuns/a%2Bb%3Ac",
        ]
    );
    // The batch has no pages before 2.10.
    assert_eq!(
        with(Release::new(2, 9, 3), "v1").await[0],
        r#"POST /api/v1/dags/~/dagRuns/~/taskInstances/list {"dag_ids":["nightly"],"dag_run_ids":["a+b:c"],"state":["none","upstream_failed"],"task_ids":["x","y"]}"#
    );
}

#[tokio::test]
async fn one_task_instance_and_what_it_left() {
    let (plain, mapped) = (TaskKey::new(task("x")), TaskKey::mapped(task("x"), 3));
    let keys = r#"{"xcom_entries": [{"key": "b"}, {"key": "a"}], "total_entries": 2}"#;
    let act = async |airflow: AirflowClient| {
        for key in [&plain, &mapped] {
            airflow.task_instance(&run(), key).await.unwrap();
            airflow.tries(&run(), key).await.unwrap();
            assert_eq!(airflow.xcom_keys(&run(), key).await.unwrap(), ["a", "b"]);
            assert_eq!(airflow.xcom(&run(), key, "a b/c").await.unwrap(), serde_json::json!({"id": 1}));
        }
        airflow.rendered_fields(&run(), &mapped).await.unwrap();
    };
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let root = format!("GET /api/{api}/dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x");
        let places = ["", "/tries", "/3", "/3/tries", "/xcomEntries", "/xcomEntries/a%20b%2Fc"];
        let places = places.map(|place| format!("{root}{place}"));
        let tries = format!("{{\"task_instances\": [{A_TASK}], \"total_entries\": 1}}");
        let text = r#"{"key": "a", "value": "{\"id\": 1}"}"#;
        let bodies = [A_TASK, &tries, A_TASK, &tries, keys, text];
        let answers: Vec<(&str, &str)> = places.iter().map(String::as_str).zip(bodies).collect();
        let wanted = [
            "",
            "/tries",
            "/xcomEntries?limit=1000&offset=0",
            "/xcomEntries/a%20b%2Fc?stringify=false",
            "/3",
            "/3/tries",
            "/xcomEntries?limit=1000&offset=0&map_index=3",
            "/xcomEntries/a%20b%2Fc?map_index=3&stringify=false",
            "/3",
        ];
        assert_eq!(sent(release, &answers, act).await, wanted.map(|place| format!("{root}{place}")));
    }
}

#[tokio::test]
async fn what_an_older_release_does_not_know_is_not_sent() {
    let old = Release::new(2, 7, 3);
    let place = "GET /api/v1/dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x/xcomEntries/k";
    let act = async |airflow: AirflowClient| {
        // As Python prints it: no JSON, so it stays a text.
        let value = airflow.xcom(&run(), &TaskKey::new(task("x")), "k").await.unwrap();
        assert_eq!(value, "['a']");
    };
    assert_eq!(sent(old, &[(place, r#"{"key": "k", "value": "['a']"}"#)], act).await, [place]);

    let events = r#"{"event_logs": [
        {"when": "2026-11-25T01:00:02Z", "event": "api.clear", "dag_id": "nightly", "task_id": "x"},
        {"when": "2026-11-25T01:00:01Z", "event": "cli.run", "dag_id": "other", "task_id": "x"},
        {"when": "2026-11-25T01:00:00Z", "event": "success", "dag_id": "nightly", "task_id": "x"}], "total_entries": 3}"#;
    let act = async |airflow: AirflowClient| {
        let found = airflow.events(&EventFilter::newest().of(dag()).about(task("x")).at_most(1)).await.unwrap();
        assert_eq!(found.iter().map(|event| &*event.event).collect::<Vec<_>>(), ["clear"]);
    };
    let lines = sent(old, &[("GET /api/v1/eventLogs", events)], act).await;
    assert_eq!(lines, ["GET /api/v1/eventLogs?limit=1000&offset=0&order_by=-when"]);
}

#[tokio::test]
async fn events() {
    let act = async |airflow: AirflowClient| {
        let filter = EventFilter::newest().of(dag()).about(task("x")).since("2026-11-25T00:00:00Z".parse().unwrap());
        airflow.events(&filter).await.unwrap();
    };
    for (release, api) in [(V1, "v1"), (V2, "v2")] {
        let place = format!("GET /api/{api}/eventLogs");
        let lines = sent(release, &[(&place, r#"{"event_logs": [], "total_entries": 0}"#)], act).await;
        let query = "limit=100&offset=0&order_by=-when&dag_id=nightly&task_id=x&after=2026-11-25T00%3A00%3A00Z";
        assert_eq!(lines, [format!("{place}?{query}")]);
    }
}

#[tokio::test]
async fn the_rest_that_is_listed() {
    let act = async |airflow: AirflowClient| {
        airflow.variables().await.unwrap();
        airflow.variable("a/b").await.unwrap();
        airflow.pools().await.unwrap();
        airflow.import_errors().await.unwrap();
        airflow.health().await.unwrap();
    };
    for (release, api, health) in [(V1, "v1", "health"), (V2, "v2", "monitor/health")] {
        let places = ["variables", "variables/a%2Fb", "pools", "importErrors", health];
        let places = places.map(|place| format!("GET /api/{api}/{place}"));
        let bodies = [
            r#"{"variables": [], "total_entries": 0}"#,
            r#"{"key": "a/b", "value": "1"}"#,
            r#"{"pools": [], "total_entries": 0}"#,
            r#"{"import_errors": [], "total_entries": 0}"#,
            r#"{"scheduler": {"status": "healthy"}}"#,
        ];
        let answers: Vec<(&str, &str)> = places.iter().map(String::as_str).zip(bodies).collect();
        let window = "?limit=1000&offset=0";
        let wanted =
            [window, "", window, window, ""].into_iter().zip(&places).map(|(query, place)| format!("{place}{query}"));
        assert_eq!(sent(release, &answers, act).await, wanted.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn below_a_path_and_with_what_every_call_has() {
    let server = server(&[("GET /proxy/airflow/api/v2/dags/nightly", r#"{"dag_id": "nightly"}"#)]).await;
    let address = format!("{}/proxy/airflow/", server.uri());
    let airflow = AirflowClient::builder(airflow_client::Environment::new("test"), &address)
        .credential(ops_client::http::Credential::header("X-On-Call", "planted".into()))
        .build()
        .unwrap();
    airflow.with_release(V2).unwrap().dag(&dag()).await.unwrap();
    let request = &server.received_requests().await.unwrap()[0];
    assert_eq!(request.headers["accept"], "application/json");
    assert_eq!(request.headers["x-on-call"], "planted");
    assert!(!request.headers.contains_key("content-type") && !request.headers.contains_key("authorization"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever passes for an id is one segment of a path, and comes back as it was.
    #[test]
    fn an_id_stays_one_segment(name in r"[\PC&&[^/]]{1,40}") {
        let Ok(id) = name.parse::<airflow_client::DagRunId>() else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let path = runtime.block_on(async {
            let server = server(&[]).await;
            let key = airflow_client::RunKey::new(dag(), id);
            client(&server, V1).dag_run(&key).await.unwrap_err();
            server.received_requests().await.unwrap()[0].url.path().to_owned()
        });
        let encoded = path.strip_prefix("/api/v1/dags/nightly/dagRuns/").unwrap();
        prop_assert!(!encoded.contains('/'), "{encoded}");
        let mut bytes = encoded.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                decoded.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            } else {
                decoded.push(byte);
            }
        }
        prop_assert_eq!(decoded, name.as_bytes());
    }
}
