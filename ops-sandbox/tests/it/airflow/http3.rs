//! API v2 by hand: shapes, defaults and traps, as they were seen on Airflow 3.3.2.

use std::time::Duration;

use ops_sandbox::{Fault, Operation, Server, World, scenario};
use serde_json::{Value, json};

use super::{in_state, night, pass, states, still};
use airflow_client::{RunKey, TaskState};

/// A server, and who asks it.
pub(crate) struct Caller {
    pub(crate) server: Server,
    root: String,
    header: Option<(String, String)>,
}

impl Caller {
    pub(crate) fn new(server: Server, root: String) -> Self {
        Self { server, root, header: None }
    }

    pub(crate) fn with_header(mut self, name: &str, value: String) -> Self {
        self.header = Some((name.to_owned(), value));
        self
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> reqwest::Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut request = client.request(method.parse().unwrap(), format!("{}{path}", self.root));
        if let Some((name, value)) = &self.header {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let reply = self.send(method, path, body).await;
        let (status, text) = (reply.status().as_u16(), reply.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, None).await
    }
}

async fn airflow3(world: &World) -> Caller {
    let server = Server::start(world.clone()).await.unwrap();
    let root = server.airflow3_url();
    Caller::new(server, root)
}

/// A night whose model failed, ended.
async fn failed() -> (World, RunKey, Caller) {
    let world = still();
    let run = night(&world, &["fx-model"]);
    pass(&world, 60);
    world.forget_orders(&run);
    let caller = airflow3(&world).await;
    (world, run, caller)
}

const RUN: &str = "/api/v2/dags/dagao/dagRuns/tonight";
const BATCH: &str = "/api/v2/dags/~/dagRuns/~/taskInstances/list";
const CLEAR: &str = "/api/v2/dags/dagao/clearTaskInstances";

#[tokio::test]
async fn objects_have_the_real_ones_fields() {
    let (_, _, caller) = failed().await;
    let (status, version) = caller.get("/api/v2/version").await;
    assert_eq!((status, &version["version"]), (200, &json!("3.3.2")));
    let (_, dag) = caller.get("/api/v2/dags/dagao").await;
    assert_eq!(dag["tags"][0], json!({"name": "models", "dag_id": "dagao", "dag_display_name": "dagao"}));
    let (_, run) = caller.get(RUN).await;
    assert_eq!((&run["logical_date"], &run["state"]), (&Value::Null, &json!("failed")));
    assert!(run["run_after"].as_str().unwrap().ends_with('Z'));
    let (_, task) = caller.get(&format!("{RUN}/taskInstances/fx-model")).await;
    assert_eq!((&task["state"], &task["map_index"], &task["try_number"]), (&json!("failed"), &json!(-1), &json!(1)));
    assert_eq!(task["executor_config"], "{}");
    let (_, tasks) = caller.get("/api/v2/dags/dagao/tasks").await;
    let first = &tasks["tasks"][0];
    assert!(first["retries"].is_f64() && first["pool_slots"].is_f64(), "numbers come as floats");
    assert_eq!(first["retry_delay"]["__type"], "TimeDelta");
    assert_eq!(tasks["total_entries"], 15);
    let (_, health) = caller.get("/api/v2/monitor/health").await;
    assert_eq!((&health["scheduler"]["status"], &health["triggerer"]["status"]), (&json!("healthy"), &Value::Null));
}

#[tokio::test]
async fn refusals_are_told_as_the_real_one_tells_them() {
    let (_, _, caller) = failed().await;
    let detail = async |method: &str, path: &str, body: Option<Value>| {
        let (status, told) = caller.ask(method, path, body).await;
        (status, told["detail"].clone())
    };
    assert_eq!(detail("GET", "/api/v2/dags/nope", None).await, (404, json!("The Dag with ID: `nope` was not found")));
    let gone = "The DagRun with dag_id: `dagao` and run_id: `nope` was not found";
    assert_eq!(detail("GET", "/api/v2/dags/dagao/dagRuns/nope", None).await, (404, json!(gone)));
    assert_eq!(caller.get("/api/v2/nope").await, (404, json!({"error": "API route not found"})));
    let (status, old) = caller.get("/api/v1/version").await;
    assert!(status == 404 && old["error"].as_str().unwrap().contains("removed"));
    let (status, told) = detail("GET", &format!("{RUN}/taskInstances?state=bad"), None).await;
    assert!(status == 422 && told.as_str().unwrap().starts_with("Invalid value for state."));
    let (status, told) = detail("POST", BATCH, Some(json!({"x": 1}))).await;
    assert_eq!((status, &told[0]["type"], &told[0]["loc"]), (422, &json!("extra_forbidden"), &json!(["body", "x"])));
    // A misspelt filter is passed over.
    let (status, all) = caller.get(&format!("{RUN}/taskInstances?statee=failed")).await;
    assert_eq!((status, &all["total_entries"]), (200, &json!(15)));
    let (status, told) = detail("POST", "/api/v2/dags/dagao/dagRuns", Some(json!({"dag_run_id": "x"}))).await;
    assert_eq!((status, &told[0]["type"]), (422, &json!("missing")));
    let twice = json!({"dag_run_id": "tonight", "logical_date": null});
    let (status, told) = detail("POST", "/api/v2/dags/dagao/dagRuns", Some(twice)).await;
    assert_eq!((status, &told["reason"]), (409, &json!("Unique constraint violation")));
    let bad = json!({"dag_run_id": "a b", "logical_date": null});
    assert_eq!(detail("POST", "/api/v2/dags/dagao/dagRuns", Some(bad)).await.0, 400);
}

#[tokio::test]
async fn a_mark_clears_what_follows_and_a_second_one_conflicts() {
    let (world, run, caller) = failed().await;
    let path = format!("{RUN}/taskInstances/fx-model");
    let success = || Some(json!({"new_state": "success"}));
    let (status, dry) = caller.ask("PATCH", &format!("{path}/dry_run"), success()).await;
    assert_eq!((status, &dry["total_entries"]), (200, &json!(1)));
    assert_eq!(in_state(&world, &run, &TaskState::UpstreamFailed).len(), 4);
    let (status, told) = caller.ask("PATCH", &path, Some(json!({"new_state": "success", "dry_run": true}))).await;
    assert_eq!((status, &told["detail"][0]["type"]), (422, &json!("extra_forbidden")));
    let (status, told) = caller.ask("PATCH", &format!("{path}/-1"), success()).await;
    assert_eq!((status, &told["task_instances"][0]["state"]), (200, &json!("success")));
    let (_, again) = caller.get(RUN).await;
    assert_eq!((&again["state"], &again["start_date"]), (&json!("queued"), &Value::Null));
    assert_eq!(in_state(&world, &run, &TaskState::NoStatus).len(), 4);
    let (status, told) = caller.ask("PATCH", &path, success()).await;
    assert_eq!((status, &told["detail"]), (409, &json!("Task id fx-model is already in success state")));
    pass(&world, 60);
    assert_eq!(caller.get(RUN).await.1["state"], "success");
}

#[tokio::test]
async fn a_clear_has_its_own_defaults() {
    let (world, run, caller) = failed().await;
    // A dry run, of what failed.
    let (status, told) = caller.ask("POST", CLEAR, Some(json!({"dag_run_id": "tonight"}))).await;
    assert_eq!((status, &told["total_entries"]), (200, &json!(5)));
    assert_eq!(in_state(&world, &run, &TaskState::Failed).len(), 1);
    // An unknown task clears nothing, and says nothing.
    let unknown = json!({"dag_run_id": "tonight", "task_ids": ["nope"], "dry_run": false});
    assert_eq!(caller.ask("POST", CLEAR, Some(unknown)).await.1["total_entries"], 0);
    for (body, status) in [
        (json!({"dag_run_id": "tonight", "task_ids": []}), 422),
        (json!({"only_failed": true, "only_running": true}), 422),
        (json!({"dag_run_id": "tonight", "start_date": "2026-01-01T00:00:00Z"}), 422),
        (json!({"dag_run_id": "nope"}), 404),
        (json!({"dag_run_id": "tonight", "include_past": true}), 400),
    ] {
        assert_eq!(caller.ask("POST", CLEAR, Some(body.clone())).await.0, status, "{body}");
    }
    // Without the run set going again the tasks stay as they are for ever.
    let trap = json!({"dag_run_id": "tonight", "dry_run": false, "reset_dag_runs": false});
    let (_, told) = caller.ask("POST", CLEAR, Some(trap)).await;
    assert_eq!(told["task_instances"][0]["state"], Value::Null);
    pass(&world, 60);
    assert_eq!(in_state(&world, &run, &TaskState::NoStatus).len(), 5);
    let none = json!({"dag_run_id": "tonight", "dry_run": false});
    assert_eq!(caller.ask("POST", CLEAR, Some(none)).await.1["total_entries"], 0);
    let out = json!({"dag_run_id": "tonight", "dry_run": false, "only_failed": false, "task_ids": ["fx-model"]});
    assert_eq!(caller.ask("POST", CLEAR, Some(out)).await.1["total_entries"], 1);
    pass(&world, 60);
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success));
}

#[tokio::test]
async fn a_clear_without_a_run_takes_all_runs() {
    let (world, _, caller) = failed().await;
    let other = super::run(&world, &"dagao".parse().unwrap(), "other");
    world.order(&other, ["core-checks"], []);
    pass(&world, 60);
    let (_, told) = caller.ask("POST", CLEAR, Some(json!({}))).await;
    assert_eq!(told["total_entries"], 6);
}

#[tokio::test]
async fn a_running_task_is_kept_from_a_clear_where_that_is_asked_for() {
    let world = still();
    let run = night(&world, &[]);
    world.order(&run, [], [("fx-model", 600.0)]);
    pass(&world, 20);
    let caller = airflow3(&world).await;
    let clear = |prevent: bool| {
        json!({
            "dag_run_id": "tonight", "task_ids": ["fx-model"], "dry_run": false, "only_failed": false,
            "prevent_running_task": prevent,
        })
    };
    let (status, told) = caller.ask("POST", CLEAR, Some(clear(true))).await;
    assert!(status == 409 && told["detail"].as_str().unwrap().contains("AirflowClearRunningTaskException"));
    let (status, told) = caller.ask("DELETE", RUN, None).await;
    assert!(status == 409 && told["detail"].as_str().unwrap().contains("running state"));
    let (status, told) = caller.ask("POST", CLEAR, Some(clear(false))).await;
    assert_eq!((status, &told["task_instances"][0]["state"]), (200, &json!("restarting")));
}

#[tokio::test]
async fn pages_are_capped_but_not_those_of_the_batch() {
    let world = still();
    let dag = scenario::wide(&world, "wide", 3, 100).unwrap();
    super::run(&world, &dag, "r");
    let caller = airflow3(&world).await;
    let list = "/api/v2/dags/wide/dagRuns/r/taskInstances";
    let len = |page: &Value| page["task_instances"].as_array().unwrap().len();
    assert_eq!(len(&caller.get(list).await.1), 50);
    let (_, page) = caller.get(&format!("{list}?limit=1000")).await;
    assert_eq!((len(&page), &page["total_entries"]), (100, &json!(300)));
    let body = json!({"dag_ids": ["wide"], "dag_run_ids": ["r"], "page_limit": 1000});
    assert_eq!(len(&caller.ask("POST", BATCH, Some(body)).await.1), 300);
    // By a cursor, to the end.
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let (_, page) = caller.get(&format!("{list}?limit=100&cursor={cursor}")).await;
        seen += len(&page);
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, 300);
    // No state is null in the body, and a word in the query.
    let none = json!({"dag_ids": ["wide"], "state": [null], "page_limit": 1000});
    assert_eq!(len(&caller.ask("POST", BATCH, Some(none)).await.1), 300);
    assert_eq!(caller.get(&format!("{list}?state=none")).await.1["total_entries"], 300);
}

#[tokio::test]
async fn logs_come_as_json_or_by_the_line() {
    let (_, _, caller) = failed().await;
    let log = format!("{RUN}/taskInstances/fx-model/logs/1");
    let (status, whole) = caller.get(&log).await;
    let said = |line: &Value| line["event"].as_str().unwrap_or_default().contains("a try of fx-model begins");
    assert!(status == 200 && whole["content"].as_array().unwrap().iter().any(said));
    let lines = Caller::new(Server::start(caller.server.world().clone()).await.unwrap(), caller.server.airflow3_url());
    let lines = lines.with_header("accept", "application/x-ndjson".to_owned());
    let text = lines.send("GET", &log, None).await.text().await.unwrap();
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && text.lines().count() > 3);
    let plain = Caller::new(Server::start(World::seeded(1)).await.unwrap(), caller.server.airflow3_url());
    let plain = plain.with_header("accept", "text/plain".to_owned());
    assert_eq!(plain.ask("GET", &log, None).await.0, 406);
    assert_eq!(caller.get(&format!("{RUN}/taskInstances/fx-model/logs/9")).await.0, 404);
}

#[tokio::test]
async fn variables_are_made_once() {
    let caller = airflow3(&still()).await;
    let a = || Some(json!({"key": "a/b c", "value": "1"}));
    assert_eq!(caller.ask("POST", "/api/v2/variables", a()).await.0, 201);
    assert_eq!(caller.ask("POST", "/api/v2/variables", a()).await.0, 409);
    for path in ["/api/v2/variables/a%2Fb%20c", "/api/v2/variables/a/b%20c"] {
        assert_eq!(caller.get(path).await.1["value"], "1");
    }
    assert_eq!(caller.ask("DELETE", "/api/v2/variables/a%2Fb%20c", None).await.0, 204);
    assert_eq!(caller.ask("DELETE", "/api/v2/variables/a%2Fb%20c", None).await.0, 404);
}

#[tokio::test]
async fn a_login_is_asked_for_where_it_should_be() {
    let world = still();
    night(&world, &[]);
    let server = Server::builder(world.clone()).require_airflow_logins(Duration::from_secs(60)).start().await.unwrap();
    let root = server.airflow3_url();
    let nobody = Caller::new(server, root.clone());
    assert_eq!(nobody.get("/api/v2/version").await.0, 200);
    assert_eq!(nobody.get("/api/v2/dags").await, (401, json!({"detail": "Not authenticated"})));
    let wrong = json!({"username": "admin", "password": "no"});
    assert_eq!(nobody.ask("POST", "/auth/token", Some(wrong)).await.0, 401);
    let mut callers = Vec::new();
    for user in ["admin", "viewer"] {
        let body = json!({"username": user, "password": user});
        let (status, told) = nobody.ask("POST", "/auth/token", Some(body)).await;
        assert_eq!(status, 201);
        let token = told["access_token"].as_str().unwrap().to_owned();
        assert_eq!(token.split('.').count(), 3);
        let spare = Server::start(World::seeded(1)).await.unwrap();
        callers.push(Caller::new(spare, root.clone()).with_header("authorization", format!("Bearer {token}")));
    }
    let (admin, viewer) = (&callers[0], &callers[1]);
    assert_eq!((admin.get("/api/v2/dags").await.0, viewer.get("/api/v2/dags").await.0), (200, 200));
    for (method, path) in [
        ("POST", CLEAR.to_owned()),
        ("PATCH", format!("{RUN}/taskInstances/fx-model")),
        ("PATCH", format!("{RUN}/taskInstances/fx-model/dry_run")),
        ("DELETE", RUN.to_owned()),
    ] {
        assert_eq!(viewer.ask(method, &path, Some(json!({}))).await, (403, json!({"detail": "Forbidden"})), "{path}");
    }
    assert_eq!(viewer.ask("POST", BATCH, Some(json!({}))).await.0, 200, "a list is a list, also by POST");
    world.faults().next(1, Operation::AirflowDags, Fault::ExpiredToken);
    assert_eq!(admin.get("/api/v2/dags").await, (401, json!({"detail": "Token Expired"})));
    nobody.server.forget_airflow_logins();
    assert_eq!(admin.get("/api/v2/dags").await, (403, json!({"detail": "Invalid JWT token"})));
}
