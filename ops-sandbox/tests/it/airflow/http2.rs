//! API v1 by hand: shapes, defaults and traps, as they were seen on Airflow 2.11.2.

use std::time::Duration;

use airflow_client::{RunKey, TaskState};
use ops_sandbox::{Server, World, scenario};
use serde_json::{Value, json};

use super::http3::Caller;
use super::{in_state, night, pass, states, still};

async fn airflow2(world: &World) -> Caller {
    let server = Server::start(world.clone()).await.unwrap();
    let root = server.airflow2_url();
    Caller::new(server, root)
}

async fn failed() -> (World, RunKey, Caller) {
    let world = still();
    let run = night(&world, &["fx-model"]);
    pass(&world, 60);
    world.forget_orders(&run);
    let caller = airflow2(&world).await;
    (world, run, caller)
}

const RUN: &str = "/api/v1/dags/dagao/dagRuns/tonight";
const CLEAR: &str = "/api/v1/dags/dagao/clearTaskInstances";
const BATCH: &str = "/api/v1/dags/~/dagRuns/~/taskInstances/list";

#[tokio::test]
async fn objects_have_the_real_ones_fields() {
    let (_, _, caller) = failed().await;
    assert_eq!(caller.get("/api/v1/version").await.1, json!({"version": "2.11.2", "git_version": ""}));
    let reply = caller.send("GET", "/api/v2/version", None).await;
    assert_eq!(reply.status(), 404);
    assert!(reply.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let (_, dag) = caller.get("/api/v1/dags/dagao").await;
    assert_eq!((&dag["tags"][0], &dag["is_active"]), (&json!({"name": "models"}), &json!(true)));
    let (_, run) = caller.get(RUN).await;
    assert!(run["execution_date"] == run["logical_date"] && run["logical_date"].as_str().unwrap().ends_with("+00:00"));
    let (_, task) = caller.get(&format!("{RUN}/taskInstances/fx-model")).await;
    assert_eq!((&task["state"], &task["sla_miss"], task.get("id")), (&json!("failed"), &Value::Null, None));
    assert_eq!(caller.get(&format!("{RUN}/taskInstances/fx-model/-1")).await.0, 404);
    let (_, health) = caller.get("/api/v1/health").await;
    assert_eq!((&health["scheduler"]["status"], &health["dag_processor"]["status"]), (&json!("healthy"), &Value::Null));
}

#[tokio::test]
async fn refusals_are_problem_documents_and_sometimes_pages() {
    let (_, _, caller) = failed().await;
    let reply = caller.send("GET", "/api/v1/dags/nope", None).await;
    assert_eq!(reply.headers()["content-type"], "application/problem+json");
    let told: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!((&told["status"], &told["title"]), (&json!(404), &json!("DAG not found")));
    // What is not there has no runs, and no tasks.
    assert_eq!(caller.get("/api/v1/dags/nope/dagRuns").await, (200, json!({"dag_runs": [], "total_entries": 0})));
    let (status, none) = caller.get("/api/v1/dags/dagao/dagRuns/nope/taskInstances").await;
    assert_eq!((status, &none["total_entries"]), (200, &json!(0)));
    let (status, told) = caller.get("/api/v1/dags/dagao/dagRuns?foo=1").await;
    assert_eq!((status, &told["detail"]), (400, &json!("Extra query parameter(s) foo not in spec")));
    let (status, told) = caller.ask("POST", BATCH, Some(json!({"x": 1}))).await;
    assert_eq!((status, &told["detail"]), (400, &json!("{'x': ['Unknown field.']}")));
    let (status, page) = caller.get(&format!("{RUN}/taskInstances?state=bad")).await;
    assert!(status == 500 && page.as_str().unwrap().starts_with("<!doctype html>"));
    let (status, _) = caller.ask("POST", "/api/v1/dags/dagao/dagRuns", Some(json!({"logical_date": null}))).await;
    assert_eq!(status, 400);
    let (status, told) = caller.ask("POST", "/api/v1/dags/dagao/dagRuns", Some(json!({"dag_run_id": "tonight"}))).await;
    assert_eq!((status, &told["title"]), (409, &json!("Conflict")));
    // A type of a body without a body.
    let reply = caller.send("DELETE", RUN, Some(json!({}))).await;
    assert_eq!(reply.status(), 400);
    assert_eq!(caller.ask("DELETE", RUN, None).await.0, 204);
}

#[tokio::test]
async fn a_mark_is_a_dry_run_unless_said_and_answers_nothing() {
    let (world, run, caller) = failed().await;
    let path = format!("{RUN}/taskInstances/fx-model");
    let (status, dry) = caller.ask("PATCH", &path, Some(json!({"new_state": "success"}))).await;
    assert_eq!((status, dry.as_object().unwrap().len(), &dry["task_id"]), (200, 4, &json!("fx-model")));
    assert_eq!(in_state(&world, &run, &TaskState::Failed), ["fx-model"]);
    let mark = || Some(json!({"new_state": "success", "dry_run": false}));
    assert_eq!(caller.ask("PATCH", &path, mark()).await, (200, json!({})));
    assert_eq!(in_state(&world, &run, &TaskState::NoStatus).len(), 4);
    assert_eq!(caller.ask("PATCH", &path, mark()).await, (200, json!({})), "again, and silently");
    let many = "/api/v1/dags/dagao/updateTaskInstancesState";
    let (status, told) = caller.ask("POST", many, Some(json!({"task_id": "fx-model", "new_state": "failed"}))).await;
    assert!(status == 400 && told["detail"].as_str().unwrap().contains("include_upstream"));
    let whole = json!({
        "task_id": "itaipu-fx-model", "dag_run_id": "tonight", "new_state": "failed", "dry_run": true,
        "include_upstream": false, "include_downstream": true, "include_past": false, "include_future": false,
    });
    assert_eq!(caller.ask("POST", many, Some(whole)).await.1["task_instances"].as_array().unwrap().len(), 7);
    pass(&world, 60);
    assert_eq!(caller.get(RUN).await.1["state"], "success");
}

#[tokio::test]
async fn a_clear_leaves_the_run_as_it_is_unless_said() {
    let (world, run, caller) = failed().await;
    let (_, told) = caller.ask("POST", CLEAR, Some(json!({"dag_run_id": "tonight"}))).await;
    let listed = told["task_instances"].as_array().unwrap();
    assert_eq!((listed.len(), listed[0].as_object().unwrap().len()), (5, 4));
    assert_eq!(in_state(&world, &run, &TaskState::Failed).len(), 1);
    let (status, _) = caller.ask("POST", CLEAR, Some(json!({"dag_run_id": "tonight", "dry_run": false}))).await;
    pass(&world, 60);
    assert_eq!((status, in_state(&world, &run, &TaskState::NoStatus).len()), (200, 5));
    assert_eq!(caller.get(RUN).await.1["state"], "failed");
    let out = json!({"dag_run_id": "tonight", "dry_run": false, "only_failed": false, "reset_dag_runs": true});
    caller.ask("POST", CLEAR, Some(out)).await;
    pass(&world, 60);
    assert!(states(&world, &run).values().all(|state| *state == TaskState::Success));
}

#[tokio::test]
async fn a_clear_of_a_running_task_says_that_it_did_and_does_nothing() {
    let world = still();
    let run = night(&world, &[]);
    world.order(&run, [], [("fx-model", 60.0)]);
    pass(&world, 20);
    let caller = airflow2(&world).await;
    let clear = json!({"dag_run_id": "tonight", "task_ids": ["fx-model"], "dry_run": false, "only_failed": false});
    let (status, told) = caller.ask("POST", CLEAR, Some(clear)).await;
    assert_eq!((status, &told["task_instances"][0]["task_id"]), (200, &json!("fx-model")));
    assert_eq!(states(&world, &run)["fx-model"], TaskState::Running);
    pass(&world, 60);
    assert_eq!(caller.get(&format!("{RUN}/taskInstances/fx-model")).await.1["try_number"], 1);
}

#[tokio::test]
async fn task_instances_are_not_capped_and_dags_are() {
    let world = still();
    let dag = scenario::wide(&world, "wide", 3, 100).unwrap();
    super::run(&world, &dag, "r");
    let caller = airflow2(&world).await;
    let list = "/api/v1/dags/wide/dagRuns/r/taskInstances";
    let len = |page: &Value| page["task_instances"].as_array().unwrap().len();
    for (query, expected) in [("", 100), ("?limit=1000", 300), ("?limit=-1", 300), ("?limit=10&offset=295", 5)] {
        assert_eq!(len(&caller.get(&format!("{list}{query}")).await.1), expected, "{query}");
    }
    assert_eq!(caller.get(&format!("{list}?state=none")).await.1["total_entries"], 300);
    let body = json!({"dag_ids": ["wide"], "state": ["none"], "page_limit": 250});
    assert_eq!(len(&caller.ask("POST", BATCH, Some(body)).await.1), 250);
}

#[tokio::test]
async fn a_mapped_task_is_asked_for_by_its_places() {
    let world = still();
    let dag = scenario::shapes(&world).unwrap();
    super::run(&world, &dag, "r");
    pass(&world, 20);
    let caller = airflow2(&world).await;
    let path = "/api/v1/dags/shapes/dagRuns/r/taskInstances/loads.load-one";
    let (status, told) = caller.get(path).await;
    assert!(status == 404 && told["detail"].as_str().unwrap().contains("add the map_index"));
    assert_eq!(caller.get(&format!("{path}/1")).await.1["map_index"], 1);
    assert_eq!(caller.get(&format!("{path}/listMapped")).await.1["total_entries"], 3);
    let (_, value) = caller.get(&format!("{path}/xcomEntries/return_value?map_index=2&stringify=false")).await;
    assert_eq!(value["value"], "loads.load-one[2]");
}

#[tokio::test]
async fn logs_are_text_or_what_python_prints() {
    let (_, _, caller) = failed().await;
    let log = |number: u32| format!("{RUN}/taskInstances/fx-model/logs/{number}?full_content=true");
    let text = caller.send("GET", &log(1), None).await.text().await.unwrap();
    assert!(text.contains("] {logging_mixin.py:190} INFO - a try of fx-model begins\n"), "{text}");
    let missing = caller.send("GET", &log(9), None).await;
    assert_eq!(missing.status(), 200);
    assert!(missing.text().await.unwrap().contains("*** Could not read served logs"));
    let spare = Server::start(World::seeded(1)).await.unwrap();
    let json = Caller::new(spare, caller.server.airflow2_url());
    let (_, told) = json.with_header("accept", "application/json".to_owned()).get(&log(1)).await;
    assert!(told["content"].as_str().unwrap().starts_with("[('"));
}

#[tokio::test]
async fn a_variable_is_written_over() {
    let caller = airflow2(&still()).await;
    for value in ["1", "2"] {
        let (status, _) = caller.ask("POST", "/api/v1/variables", Some(json!({"key": "a/b", "value": value}))).await;
        assert_eq!(status, 200);
    }
    assert_eq!(caller.get("/api/v1/variables/a%2Fb").await.1["value"], "2");
}

#[tokio::test]
async fn a_session_is_begun_by_the_form() {
    let server = Server::builder(still()).require_airflow_logins(Duration::from_secs(60)).start().await.unwrap();
    let root = server.airflow2_url();
    let nobody = Caller::new(server, root.clone());
    assert_eq!(nobody.get("/api/v1/health").await.0, 200);
    let (status, told) = nobody.get("/api/v1/dags").await;
    assert_eq!((status, &told["title"], &told["detail"]), (403, &json!("Forbidden"), &Value::Null));

    let cookie = |reply: &reqwest::Response| {
        let set = reply.headers()["set-cookie"].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    };
    let form = nobody.send("GET", "/login/", None).await;
    let first = cookie(&form);
    let page = form.text().await.unwrap();
    let csrf = page.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let submit = async |cookie: &str, csrf: &str, password: &str| {
        let body = format!("csrf_token={csrf}&username=admin&password={password}");
        let post = client.post(format!("{root}/login/")).header("cookie", cookie).body(body);
        post.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    };
    assert_eq!(submit("", &csrf, "admin").await.status(), 400);
    let wrong = submit(&first, &csrf, "no").await;
    assert_eq!((wrong.status().as_u16(), &wrong.headers()["location"]), (302, &"/login/?next=/home".parse().unwrap()));
    let right = submit(&first, &csrf, "admin").await;
    assert_eq!((right.status().as_u16(), &right.headers()["location"]), (302, &"/home".parse().unwrap()));
    let spare = async || Server::start(World::seeded(1)).await.unwrap();
    let admin = Caller::new(spare().await, root.clone()).with_header("cookie", cookie(&right));
    assert_eq!(admin.get("/api/v1/dags").await.0, 200);
    // `viewer:viewer`.
    let viewer =
        Caller::new(spare().await, root.clone()).with_header("authorization", "Basic dmlld2VyOnZpZXdlcg==".into());
    assert_eq!(viewer.get("/api/v1/dags").await.0, 200);
    assert_eq!(viewer.ask("POST", CLEAR, Some(json!({}))).await.0, 403);
    nobody.server.forget_airflow_logins();
    assert_eq!(admin.get("/api/v1/dags").await.0, 403);
}
