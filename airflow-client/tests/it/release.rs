//! Which release answers: asked once, told, unknown, or none at all.

use airflow_client::{AirflowClient, AirflowRead, DagFilter, Effect, ErrorKind, Release};
use wiremock::{MockServer, ResponseTemplate};

use crate::{builder, dag, html, json, on, seen, server};

const TWO: &str = r#"{"version": "2.11.2", "git_version": null}"#;
const THREE: &str = r#"{"version": "3.3.2", "git_version": ".release:aa"}"#;
const NONE: &str = r#"{"dags": [], "total_entries": 0}"#;

async fn airflow(server: &MockServer) -> AirflowClient {
    builder(server).build().unwrap()
}

#[tokio::test]
async fn it_is_asked_once_by_all_calls_together() {
    let server = server(&[("GET /api/v1/version", TWO), ("GET /api/v1/dags", NONE)]).await;
    on("GET /api/v2/version", html(404)).mount(&server).await;
    let airflow = airflow(&server).await;
    let filter = DagFilter::all();
    let (one, two) = tokio::join!(airflow.dags(&filter), airflow.dags(&filter));
    one.and(two).unwrap();
    airflow.clone().dags(&filter).await.unwrap();
    let lines = seen(&server).await;
    assert_eq!(lines[..2], ["GET /api/v2/version", "GET /api/v1/version"]);
    assert_eq!(lines.iter().filter(|line| line.contains("version")).count(), 2);
    assert_eq!(airflow.release().await.unwrap(), Release::new(2, 11, 2));
}

#[tokio::test]
async fn a_probe_tells_the_version_and_the_time() {
    let server = server(&[]).await;
    let date = "Wed, 25 Nov 2026 20:53:27 GMT";
    on("GET /api/v2/version", json(200, THREE).insert_header("date", date)).mount(&server).await;
    let probe = airflow(&server).await.probe().await.unwrap();
    assert_eq!(probe.version.as_deref(), Some("3.3.2"));
    assert!(probe.server_time.is_some());
}

#[tokio::test]
async fn a_failure_to_find_out_is_not_kept() {
    let server = MockServer::start().await;
    on("GET /api/v2/version", json(401, "")).up_to_n_times(1).mount(&server).await;
    on("GET /api/v2/version", json(200, THREE)).mount(&server).await;
    on("GET /api/v2/dags", json(200, NONE)).mount(&server).await;
    let airflow = airflow(&server).await;
    assert_eq!(airflow.dags(&DagFilter::all()).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    airflow.dags(&DagFilter::all()).await.unwrap();
}

#[tokio::test]
async fn releases_that_are_not_known_are_named() {
    for (api, version) in [("v1", "2.6.3"), ("v1", "2.12.0"), ("v2", "4.0.0"), ("v2", "main"), ("v1", "1.10.15")] {
        let server = server(&[(&format!("GET /api/{api}/version"), &format!("{{\"version\": \"{version}\"}}"))]).await;
        let airflow = airflow(&server).await;
        for error in [airflow.dag(&dag()).await.unwrap_err(), airflow.probe().await.unwrap_err()] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Rejected, Effect::None));
            let message = error.message().unwrap();
            assert!(message.contains(&format!("{version:?}")) && message.contains("2.7 to 2.11"), "{error}");
        }
    }
    let error = airflow(&server(&[]).await).await.with_release(Release::new(2, 6, 3)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.message().unwrap().contains("2.6.3"), "{error}");
}

#[tokio::test]
async fn what_is_no_airflow_is_told_so() {
    let nothing = airflow(&server(&[]).await).await.dag(&dag()).await.unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Rejected);
    assert!(nothing.message().unwrap().contains("no Airflow answers here"), "{nothing}");

    for (answer, kind, words) in [
        (html(200), ErrorKind::Decode, "HTML page"),
        (json(200, r#"{"status": "UP"}"#), ErrorKind::Decode, "version"),
        (json(200, ""), ErrorKind::Decode, "empty"),
        (ResponseTemplate::new(302).insert_header("location", "/login"), ErrorKind::Rejected, "/login"),
    ] {
        let server = MockServer::start().await;
        on("GET /api/v2/version", answer).mount(&server).await;
        let error = airflow(&server).await.dag(&dag()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None));
        assert!(error.message().unwrap().contains(words), "{error}");
        assert!(error.remedy().unwrap().contains("address"), "{error}");
    }
}

#[tokio::test]
async fn a_release_that_was_told_is_not_asked_for() {
    let server = server(&[("GET /api/v1/dags", NONE)]).await;
    let airflow = airflow(&server).await.with_release(Release::new(2, 9, 3)).unwrap();
    airflow.dags(&DagFilter::all()).await.unwrap();
    assert_eq!(seen(&server).await.len(), 1);
}
