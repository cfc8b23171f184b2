//! Each failure: its kind, its effect, how often the call was sent, and the words that are kept.

use airflow_client::{
    AirflowClient, AirflowRead, AirflowTrigger, AirflowWrite, Clear, DagFilter, Effect, Error, ErrorKind, NewRunState,
    NewTaskState, Release, Result, SetTaskState, TaskFilter, Trigger, Variable,
};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{V1, V2, client, dag, html, json, on, run, seen, server, task};

/// A server that gives this answer to every call.
async fn always(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// API v1's problem, API v2's detail, as real servers sent them.
const PROBLEM: &str = r#"{"detail": null, "status": 404, "title": "Task instance not found", "type": "https://x"}"#;
const EXTRA: &str = r#"{"detail": [{"type": "extra_forbidden", "loc": ["body", "dry_run"], "msg": "Extra inputs are not permitted", "input": true}]}"#;
const TWICE: &str =
    r#"{"detail": {"reason": "Unique constraint violation", "statement": "hidden", "message": "Serious error"}}"#;

#[tokio::test]
async fn readings() {
    for (answer, kind, times, words) in [
        (
            json(400, r#"{"title": "Bad Request", "detail": "Extra query parameter(s) x"}"#),
            ErrorKind::Invalid,
            1,
            "Bad Request: Extra query parameter(s) x",
        ),
        (json(422, EXTRA), ErrorKind::Invalid, 1, "body.dry_run: Extra inputs are not permitted"),
        (json(401, r#"{"detail": "Token Expired"}"#), ErrorKind::Unauthenticated, 1, "Token Expired"),
        (json(403, r#"{"detail": "Invalid JWT token"}"#), ErrorKind::Unauthenticated, 1, "Invalid JWT token"),
        (json(403, r#"{"detail": "Forbidden"}"#), ErrorKind::Forbidden, 1, "Forbidden"),
        (json(404, PROBLEM), ErrorKind::NotFound, 1, "Task instance not found"),
        (json(404, r#"{"error": "/api/v1 has been removed"}"#), ErrorKind::NotFound, 1, "/api/v1 has been removed"),
        (json(429, r#"{"detail": "slow down"}"#), ErrorKind::RateLimited, 3, "slow down"),
        (
            ResponseTemplate::new(500).set_body_string("Internal Server Error"),
            ErrorKind::Unavailable,
            3,
            "Internal Server Error",
        ),
        (json(503, r#"{"detail": ["one", {"msg": "two"}]}"#), ErrorKind::Unavailable, 3, "one; two"),
    ] {
        let server = always(answer).await;
        for release in [V1, V2] {
            let error = client(&server, release).dags(&DagFilter::all()).await.unwrap_err();
            assert_eq!((error.kind(), error.effect(), error.attempts()), (kind, Effect::None, times), "{error}");
            assert_eq!(error.words(), Some(words));
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}

#[tokio::test]
async fn a_page_where_json_belongs() {
    for (answer, kind) in [
        (html(200), ErrorKind::Decode),
        (html(404), ErrorKind::NotFound),
        (html(500), ErrorKind::Unavailable),
        (ResponseTemplate::new(302).insert_header("location", "/login/?next=x"), ErrorKind::Rejected),
    ] {
        let server = always(answer).await;
        let error = client(&server, V1).task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
    }
}

#[tokio::test]
async fn airflow_2_says_the_same_to_strangers_and_to_guests() {
    let server = always(json(403, r#"{"detail": null, "status": 403, "title": "Forbidden"}"#)).await;
    let error = client(&server, V1).dags(&DagFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.remedy().unwrap().contains("not logged in"), "{error}");
    let error = client(&server, V2).dags(&DagFilter::all()).await.unwrap_err();
    assert!(error.remedy().unwrap().contains("lacks the right"), "{error}");
}

async fn each_change(airflow: &AirflowClient) -> Vec<Error> {
    let mark = SetTaskState::new(run(), task("x"), NewTaskState::Success);
    let trigger = airflow.clone().into_trigger();
    fn failed<T>(result: Result<T>) -> Error {
        result.err().unwrap()
    }
    vec![
        failed(airflow.set_task_state(&mark).await),
        failed(airflow.clear(&Clear::failed(run(), [task("x")])).await),
        failed(airflow.set_run_state(&run(), NewRunState::Failed).await),
        failed(airflow.clear_run(&run()).await),
        failed(airflow.delete_run(&run()).await),
        failed(trigger.trigger(&Trigger::new(dag(), run().run)).await),
    ]
}

/// A server that answers what a change looks at first, and this to the change itself.
async fn changing(release: Release, answer: ResponseTemplate) -> MockServer {
    let api = if release.major == 2 { "v1" } else { "v2" };
    let server = server(&[
        (&format!("GET /api/{api}/dags/nightly/tasks"), r#"{"tasks": [{"task_id": "x"}]}"#),
        (
            &format!("GET /api/{api}/dags/nightly/dagRuns/a%2Bb%3Ac"),
            r#"{"dag_id": "nightly", "dag_run_id": "a+b:c", "state": "failed"}"#,
        ),
    ])
    .await;
    Mock::given(any()).respond_with(answer).with_priority(9).mount(&server).await;
    server
}

#[tokio::test]
async fn what_changes_a_run_is_sent_once() {
    for (answer, kind, effect) in [
        (ResponseTemplate::new(500), ErrorKind::Unavailable, Effect::Possible),
        (ResponseTemplate::new(502), ErrorKind::Unavailable, Effect::Possible),
        (ResponseTemplate::new(504), ErrorKind::Unavailable, Effect::Possible),
        (json(422, EXTRA), ErrorKind::Invalid, Effect::None),
        (json(409, TWICE), ErrorKind::Conflict, Effect::None),
        (json(404, PROBLEM), ErrorKind::NotFound, Effect::None),
        (json(403, r#"{"detail": "Forbidden"}"#), ErrorKind::Forbidden, Effect::None),
    ] {
        for release in [V1, V2] {
            let server = changing(release, answer.clone()).await;
            for error in each_change(&client(&server, release)).await {
                let found = (error.kind(), error.effect(), error.attempts());
                assert_eq!(found, (kind, effect, 1), "{error}");
            }
        }
    }
    // Nothing happened: it may be sent again.
    let server = changing(V2, ResponseTemplate::new(429)).await;
    for error in each_change(&client(&server, V2)).await {
        assert_eq!(
            (error.kind(), error.effect(), error.attempts()),
            (ErrorKind::RateLimited, Effect::None, 3),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_change_that_a_page_answers_may_have_happened() {
    for release in [V1, V2] {
        let server = changing(release, html(200)).await;
        let airflow = client(&server, release);
        for error in each_change(&airflow).await {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Possible), "{error}");
        }
    }
}

#[tokio::test]
async fn a_change_whose_answer_cannot_be_read_has_happened() {
    let server = changing(V2, json(200, r#"{"task_instances": [{"task_id": 7}]}"#)).await;
    let error = client(&server, V2).clear(&Clear::failed(run(), [task("x")])).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Decode, Effect::Certain, 1));
    assert!(error.message().unwrap().contains("task_instances[0]"), "{error}");
}

#[tokio::test]
async fn a_pause_and_a_variable_are_safe_to_repeat() {
    for release in [V1, V2] {
        let server = changing(release, ResponseTemplate::new(503)).await;
        let airflow = client(&server, release);
        for error in [
            airflow.set_paused(&dag(), true).await.unwrap_err(),
            airflow.set_variable(&Variable::new("k", "v")).await.unwrap_err(),
            airflow.delete_variable("k").await.unwrap_err(),
        ] {
            assert_eq!((error.effect(), error.attempts()), (Effect::Possible, 3), "{error}");
        }
    }
}

#[tokio::test]
async fn a_dry_run_is_a_reading() {
    for release in [V1, V2] {
        let server = changing(release, ResponseTemplate::new(500)).await;
        let airflow = client(&server, release);
        let mark = SetTaskState::new(run(), task("x"), NewTaskState::Failed);
        for error in [
            airflow.preview_clear(&Clear::failed(run(), [task("x")])).await.unwrap_err(),
            airflow.preview_task_state(&mark).await.unwrap_err(),
        ] {
            assert_eq!((error.effect(), error.attempts()), (Effect::None, 3), "{error}");
        }
        // The batch is a POST, and was seen to answer 500 once.
        let error = airflow.task_instances(&run(), &TaskFilter::all()).await.unwrap_err();
        assert_eq!((error.effect(), error.attempts()), (Effect::None, 3), "{error}");
    }
}

#[tokio::test]
async fn objects_that_are_none_name_their_place() {
    for (place, body, found) in [
        ("GET /api/v2/dags", r#"{"dags": [{"dag_id": "a"}, {"dag_id": "~"}], "total_entries": 2}"#, "[1].dag_id"),
        ("GET /api/v2/dags", r#"{"dags": [{"dag_id": 5}], "total_entries": 1}"#, "[0].dag_id"),
        ("GET /api/v2/dags", r#"{"total_entries": 1}"#, "entries"),
        ("GET /api/v2/dags", r#"[]"#, "its top"),
    ] {
        let server = MockServer::start().await;
        on(place, json(200, body)).mount(&server).await;
        let error = client(&server, V2).dags(&DagFilter::all()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 1));
        assert!(error.message().unwrap().contains(found), "{error}");
    }
}

#[tokio::test]
async fn a_state_that_airflow_2_does_not_know_is_never_asked_for() {
    let server = always(html(500)).await;
    for state in ["awaiting_input", "frozen"] {
        let filter = TaskFilter::all().in_state(state.parse().unwrap());
        let error = client(&server, V1).task_instances(&run(), &filter).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
        assert!(error.message().unwrap().contains(state), "{error}");
    }
    assert_eq!(seen(&server).await.len(), 0);
}
