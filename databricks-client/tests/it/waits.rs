//! Waiting, by servers whose answers follow each other.

use databricks_client::{
    CommandResult, CommandStep, Effect, ErrorKind, Language, LifeCycle, Run, RunId, Statement, StatementState,
    WorkspaceReadExt, WorkspaceWriteExt,
};
use wiremock::MockServer;

use crate::{MINUTE, asked, client, json, of, on};

const CREATE: &str = "POST /api/1.2/contexts/create";
const CONTEXT: &str = "GET /api/1.2/contexts/status";
const EXECUTE: &str = "POST /api/1.2/commands/execute";
const COMMAND: &str = "GET /api/1.2/commands/status";
const CANCEL: &str = "POST /api/1.2/commands/cancel";
const DESTROY: &str = "POST /api/1.2/contexts/destroy";

/// Mounts answers that follow each other; the last one stays.
async fn follow(server: &MockServer, what: &str, answers: &[(u16, &str)]) {
    for (at, (status, body)) in answers.iter().enumerate() {
        let mock = on(what, json(*status, body)).with_priority(u8::try_from(at + 1).unwrap());
        let last = at + 1 == answers.len();
        (if last { mock } else { mock.up_to_n_times(1) }).mount(server).await;
    }
}

/// Which calls were made, each of which is told once where it follows itself.
async fn calls(server: &MockServer) -> Vec<String> {
    let mut calls: Vec<String> = asked(server).await;
    calls.iter_mut().for_each(|call| call.truncate(call.find('?').unwrap_or(call.len())));
    calls.dedup();
    calls
}

/// A command that goes well, but for what `except` says.
async fn cluster(except: &[(&str, &[(u16, &str)])]) -> MockServer {
    let server = MockServer::start().await;
    let well: [(&str, &[(u16, &str)]); 6] = [
        (CREATE, &[(200, r#"{"id": "x-1"}"#)]),
        (CONTEXT, &[(200, r#"{"id": "x-1", "status": "Running"}"#)]),
        (EXECUTE, &[(200, r#"{"id": "k-1"}"#)]),
        (COMMAND, &[(200, r#"{"id": "k-1", "status": "Finished", "results": {"resultType": "text", "data": "3"}}"#)]),
        (CANCEL, &[(200, r#"{"id": "k-1"}"#)]),
        (DESTROY, &[(200, r#"{"id": "x-1"}"#)]),
    ];
    for (what, answers) in well {
        let answers = except.iter().find(|(other, _)| *other == what).map_or(answers, |(_, answers)| answers);
        follow(&server, what, answers).await;
    }
    server
}

#[tokio::test]
async fn a_run_is_looked_at_until_it_is_over_and_every_look_is_told() {
    let server = MockServer::start().await;
    let body =
        |state: &str| format!(r#"{{"run_id": 7, "run_name": "a look", "state": {{"life_cycle_state": "{state}"}}}}"#);
    let (pending, skipped) = (body("PENDING"), body("SKIPPED"));
    follow(&server, "GET /api/2.1/jobs/runs/get", &[(200, &pending), (200, &skipped)]).await;
    let mut seen = Vec::new();
    let told = |run: &Run| seen.push(run.life_cycle.clone());
    let run = client(&server).wait_for_run(RunId::new(7), MINUTE, told).await.unwrap();
    assert!(run.has_ended() && !run.has_succeeded());
    assert_eq!(seen, [LifeCycle::Pending, LifeCycle::Skipped]);
}

#[tokio::test]
async fn a_wait_ends_at_its_deadline_and_tells_what_was_seen() {
    let server = MockServer::start().await;
    let body = r#"{"run_id": 7, "state": {"life_cycle_state": "BLOCKED"}}"#;
    follow(&server, "GET /api/2.1/jobs/runs/get", &[(200, body)]).await;
    let error = client(&server).wait_for_run(RunId::new(7), std::time::Duration::ZERO, |_| ()).await.unwrap_err();
    let words = "databricks.wait: Timeout: run 7 is not over after 0 s: it is BLOCKED";
    assert_eq!(error.to_string(), words);
}

#[tokio::test]
async fn a_statement_is_waited_for() {
    let server = MockServer::start().await;
    let body = |state: &str| format!(r#"{{"statement_id": "s-1", "status": {{"state": "{state}"}}}}"#);
    let (running, ended) = (body("RUNNING"), body("CANCELED"));
    follow(&server, "GET /api/2.0/sql/statements/s-1", &[(200, &running), (200, &ended)]).await;
    let mut seen = Vec::new();
    let told = |statement: &Statement| seen.push(statement.state.clone());
    client(&server).wait_for_statement(&of("s-1"), MINUTE, told).await.unwrap();
    assert_eq!(seen, [StatementState::Running, StatementState::Canceled]);
}

#[tokio::test]
async fn a_command_runs_in_a_context_of_its_own() {
    let pending = r#"{"id": "x-1", "status": "Pending"}"#;
    let running = r#"{"id": "x-1", "status": "Running"}"#;
    let server = cluster(&[(CONTEXT, &[(200, pending), (200, running)])]).await;
    let mut steps = Vec::new();
    let told = |step: CommandStep<'_>| {
        steps.push(match step {
            CommandStep::Context(_, status) => status.to_string(),
            CommandStep::Begun(id) => id.to_string(),
            CommandStep::Command(command) => command.state.to_string(),
            other => format!("{other:?}"),
        });
    };
    let result = client(&server).run_command(&of("c-1"), Language::Scala, "x.count", MINUTE, told).await.unwrap();
    assert_eq!(result, CommandResult::Text("3".to_owned()));
    assert_eq!(steps, ["Pending", "Running", "k-1", "Finished"]);
    assert_eq!(calls(&server).await, [CREATE, CONTEXT, EXECUTE, COMMAND, DESTROY]);
}

#[tokio::test]
async fn whatever_happens_the_context_is_destroyed() {
    let bad = r#"{"id": "x-1", "status": "Error"}"#;
    let cancelled = r#"{"id": "k-1", "status": "Cancelled", "results": null}"#;
    let wordless = r#"{"id": "k-1", "status": "Error"}"#;
    let running = r#"{"id": "k-1", "status": "Running"}"#;
    let gone = r#"{"error": "CommandNotFound: k-1"}"#;
    let refused = r#"{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}"#;
    for (what, answer, kind, effect, deadline, last) in [
        (CONTEXT, (200, bad), ErrorKind::Rejected, Effect::None, MINUTE, CONTEXT),
        (EXECUTE, (400, refused), ErrorKind::Invalid, Effect::None, MINUTE, EXECUTE),
        (EXECUTE, (503, "{}"), ErrorKind::Unavailable, Effect::Possible, MINUTE, EXECUTE),
        (COMMAND, (200, cancelled), ErrorKind::Rejected, Effect::Possible, MINUTE, COMMAND),
        (COMMAND, (200, wordless), ErrorKind::Rejected, Effect::Possible, MINUTE, COMMAND),
        (COMMAND, (400, gone), ErrorKind::NotFound, Effect::Possible, MINUTE, COMMAND),
        (COMMAND, (200, running), ErrorKind::Timeout, Effect::Possible, std::time::Duration::ZERO, CANCEL),
    ] {
        let server = cluster(&[(what, &[answer])]).await;
        let run = client(&server).run_command(&of("c-1"), Language::Scala, "1", deadline, |_| ()).await;
        let error = run.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, effect), "{error}");
        let calls = calls(&server).await;
        assert_eq!(calls[calls.len() - 2..], [last, DESTROY], "{error}");
    }
}

#[tokio::test]
async fn a_context_that_stays_is_told_and_takes_nothing_from_the_result() {
    let server = cluster(&[(DESTROY, &[(400, r#"{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}"#)])]).await;
    let mut left = 0;
    let told = |step: CommandStep<'_>| left += usize::from(matches!(step, CommandStep::Left(..)));
    assert!(client(&server).run_command(&of("c-1"), Language::Scala, "1", MINUTE, told).await.is_ok());
    assert_eq!(left, 1);
}

#[tokio::test]
async fn where_there_is_no_context_there_is_none_to_destroy() {
    let answer: &[(u16, &str)] = &[(500, r#"{"error": "ClusterNotReadyException: Cluster not in Running state"}"#)];
    let server = cluster(&[(CREATE, answer)]).await;
    let error = client(&server).run_command(&of("c-1"), Language::Sql, "1", MINUTE, |_| ()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
    assert_eq!(calls(&server).await, [CREATE]);
}
