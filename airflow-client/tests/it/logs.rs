//! Logs of either API, line by line.

use airflow_client::{AirflowRead, ErrorKind, LogLine, LogRequest, Release, TaskKey};
use futures_util::StreamExt;
use wiremock::{MockServer, ResponseTemplate};

use crate::{V1, V2, client, json, on, run, seen, task};

const HEAD: &str = "vm\n INFO - ::group::Log message source details\n*** Found local files:\n***   * /logs/1.log\n INFO - ::endgroup::\n";

fn place(api: &str) -> String {
    format!("GET /api/{api}/dags/nightly/dagRuns/a%2Bb%3Ac/taskInstances/x/logs/2")
}

async fn log(
    release: Release,
    body: &str,
    request: &LogRequest,
) -> (MockServer, airflow_client::Result<Vec<airflow_client::Result<LogLine>>>) {
    let server = MockServer::start().await;
    let (api, kind) = if release == V1 { ("v1", "text/plain") } else { ("v2", "application/x-ndjson") };
    on(&place(api), ResponseTemplate::new(200).set_body_raw(body, kind)).mount(&server).await;
    let lines = match client(&server, release).log(request).await {
        Ok(lines) => Ok(lines.collect().await),
        Err(error) => Err(error),
    };
    (server, lines)
}

fn second_try() -> LogRequest {
    LogRequest::new(run(), task("x"), 2)
}

#[tokio::test]
async fn text_of_airflow_2() {
    let body = format!("{HEAD}[2026-11-25T20:54:05.836+0000] {{a.py:7}} ERROR - it broke\nTraceback:\r\n  é\n\nlast");
    let (server, lines) = log(V1, &body, &second_try()).await;
    let lines: Vec<LogLine> = lines.unwrap().into_iter().map(Result::unwrap).collect();
    let texts: Vec<&str> = lines.iter().skip(5).map(|line| &*line.text).collect();
    assert_eq!(texts, ["it broke", "Traceback:", "  é", "", "last"]);
    assert_eq!(lines[5].level.as_deref(), Some("error"));
    assert_eq!(lines[5].at, Some("2026-11-25T20:54:05.836Z".parse().unwrap()));
    assert_eq!(lines[0], LogLine::new("vm"));
    assert_eq!(seen(&server).await, [format!("{}?full_content=true", place("v1"))]);
    assert_eq!(server.received_requests().await.unwrap()[0].headers["accept"], "text/plain");
}

#[tokio::test]
async fn json_of_airflow_3() {
    let body = "{\"timestamp\":null,\"event\":\"::group::Log\",\"sources\":[\"/logs/1.log\"]}\n\
                {\"timestamp\":\"2026-11-25T20:54:05.304978Z\",\"event\":\"it broke\",\"level\":\"error\",\
                \"error_detail\":[{\"exc_type\":\"RuntimeError\",\"exc_value\":\"told to\"}]}\nno JSON\n";
    let request = LogRequest::new(run(), TaskKey::mapped(task("x"), 3), 2);
    let (server, lines) = log(V2, body, &request).await;
    let lines: Vec<LogLine> = lines.unwrap().into_iter().map(Result::unwrap).collect();
    let texts: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
    assert_eq!(texts, ["::group::Log /logs/1.log", "it broke: RuntimeError: told to", "no JSON"]);
    assert_eq!(lines[1].level.as_deref(), Some("error"));
    assert_eq!(seen(&server).await, [format!("{}?full_content=true&map_index=3", place("v2"))]);
    assert_eq!(server.received_requests().await.unwrap()[0].headers["accept"], "application/x-ndjson");
}

#[tokio::test]
async fn a_try_that_never_was() {
    for apology in [
        "vm\n INFO - ::group::Log message source details\n*** Could not read served logs: refused\n INFO - ::endgroup::\n\n",
        "\n INFO - ::group::Log message source details\n INFO - ::endgroup::\n",
        "vm\n*** Log file does not exist: /logs/9.log\n*** Fetching from: http://vm:8793/\n*** Failed to fetch log file\n",
        "",
    ] {
        let (_, lines) = log(V1, apology, &second_try()).await;
        let error = lines.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.message().unwrap().contains("try 2 of x"), "{error}");
    }
    let server = MockServer::start().await;
    on(&place("v2"), json(404, r#"{"detail": "TaskInstance not found"}"#)).mount(&server).await;
    let error = client(&server, V2).log(&second_try()).await.err().unwrap();
    assert_eq!((error.kind(), error.words()), (ErrorKind::NotFound, Some("TaskInstance not found")));

    for release in [V1, V2] {
        let error = client(&server, release).log(&LogRequest::new(run(), task("x"), 0)).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn a_short_log_without_stamps_is_a_log() {
    let (_, lines) = log(V1, &format!("{HEAD}it says this\n"), &second_try()).await;
    assert_eq!(lines.unwrap().len(), 6);
}

#[tokio::test]
async fn more_than_it_may_bring_ends_in_an_error() {
    let body = format!("{HEAD}{}", "[2026-11-25T20:54:05.836+0000] {a.py:7} INFO - again\n".repeat(5000));
    for release in [V1, V2] {
        let (_, lines) = log(release, &body, &second_try().at_most(10_000)).await;
        // Where even the first piece is too large, the log itself is the error.
        let error = match lines {
            Ok(mut lines) => {
                assert!(lines.iter().rev().skip(1).all(Result::is_ok), "an error is the last");
                lines.pop().unwrap().unwrap_err()
            }
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.message().unwrap().contains("10000 bytes"), "{error}");
    }
}
