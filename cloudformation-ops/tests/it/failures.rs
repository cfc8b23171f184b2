//! Refusals of this service, and what is sent again.

use cloudformation_ops::{Change, Effect, Error, ErrorKind, Stack, StackStatus, StacksRead, StacksWrite};
use wiremock::{MockServer, ResponseTemplate};

use crate::{SECRET, client, name, on, refusal, result, seen, set, stack, stacks, token};

async fn with(action: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    on(action, answer).mount(&server).await;
    server
}

fn change() -> Change {
    let created = "2018-01-17T00:00:00Z".parse().unwrap();
    let mut stack = Stack::new("arn", name(), StackStatus::UpdateComplete, created);
    stack.parameters.insert("GreenSize".to_owned(), "0".into());
    Change::of(&stack).with("GreenSize", "2").unwrap()
}

async fn created(code: &str, message: &str) -> Error {
    let server = with("CreateChangeSet", refusal(400, code, message)).await;
    client(&server.uri()).await.create_change_set(&change(), &set()).await.unwrap_err()
}

async fn executed(status: u16, code: &str, message: &str) -> Error {
    let server = with("ExecuteChangeSet", refusal(status, code, message)).await;
    client(&server.uri()).await.execute_change_set(&name(), &set(), &token()).await.unwrap_err()
}

#[tokio::test]
async fn the_services_words_have_their_kind() {
    let arn = "arn:aws:cloudformation:us-east-1:123456789012:stack/prod-s1-k-correnteza/1";
    let busy = format!("Stack:{arn} is in UPDATE_IN_PROGRESS state and can not be updated.");
    let dead = format!("Stack:{arn} is in UPDATE_ROLLBACK_FAILED state and can not be updated.");
    for (code, message, kind, remedy) in [
        ("ValidationError", "Stack [prod-s1-k-correnteza] does not exist", ErrorKind::NotFound, Some("check the name")),
        ("ValidationError", &*busy, ErrorKind::Conflict, Some("wait until the update has ended, or cancel it")),
        ("ValidationError", &*dead, ErrorKind::Conflict, Some("continue the rollback")),
        ("AlreadyExistsException", "ChangeSet rollback-1 already exists", ErrorKind::Conflict, Some("look at it")),
        ("ValidationError", "Parameters: [GrenSize] do not exist in the template", ErrorKind::Invalid, None),
        ("InsufficientCapabilitiesException", "Requires capabilities", ErrorKind::Invalid, Some("more than roles")),
        ("LimitExceededException", "ChangeSet limit exceeded", ErrorKind::Rejected, None),
        ("AccessDenied", "is not authorized to perform: cloudformation:CreateChangeSet", ErrorKind::Forbidden, None),
        (
            "ExpiredToken",
            "The security token included in the request is expired",
            ErrorKind::Unauthenticated,
            Some("log in"),
        ),
    ] {
        let error = created(code, message).await;
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
        assert_eq!(error.words(), Some(&*format!("{code}: {message}")));
        let told = error.remedy().unwrap_or_default();
        assert!(remedy.map_or(told.is_empty(), |remedy| told.contains(remedy)), "{message}: {told}");
    }
    for (status, code, message, kind, remedy) in [
        (404, "ChangeSetNotFound", "ChangeSet [rollback-1] does not exist", ErrorKind::NotFound, "preview anew"),
        (
            400,
            "InvalidChangeSetStatus",
            "ChangeSet [arn] cannot be executed in its current status of [OBSOLETE]",
            ErrorKind::Conflict,
            "OBSOLETE",
        ),
        (400, "TokenAlreadyExistsException", "Token order-1 already exists", ErrorKind::Conflict, "take a new one"),
    ] {
        let error = executed(status, code, message).await;
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
        assert!(error.remedy().unwrap_or_default().contains(remedy), "{error}");
    }
    for (action, message) in [
        ("CancelUpdateStack", "CancelUpdateStack cannot be called from current stack status"),
        (
            "ContinueUpdateRollback",
            &*format!("Stack [{arn}] is in UPDATE_COMPLETE state and can not continue rolling back."),
        ),
        ("RollbackStack", "RollbackStack cannot be called from current stack status"),
    ] {
        let server = with(action, refusal(400, "ValidationError", message)).await;
        let stacks = client(&server.uri()).await;
        let result = match action {
            "CancelUpdateStack" => stacks.cancel_update(&name(), &token()).await,
            "RollbackStack" => stacks.roll_back(&name(), &token()).await,
            _ => stacks.continue_rollback(&name(), &[], &token()).await,
        };
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None), "{error}");
        assert!(error.remedy().is_some(), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let missing = refusal(400, "ValidationError", "Stack with id prod-s1-k-correnteza does not exist");
    let server = with("DescribeStacks", missing).await;
    let error = client(&server.uri()).await.stack(&name()).await.unwrap_err();
    assert!(error.is_not_found() && error.remedy().is_some(), "{error}");
    // A stand-in may answer with nothing, with a deleted one, or with another one.
    let others = [stacks(&[], None), stacks(&[stack(name().as_str(), "DELETE_COMPLETE", "")], None)];
    for answer in others.into_iter().chain([stacks(&[stack("other", "CREATE_COMPLETE", "")], None)]) {
        let server = with("DescribeStacks", answer).await;
        let error = client(&server.uri()).await.stack(&name()).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
    // A set that is not there is deleted; one of a stack that is not there was never.
    let server =
        with("DeleteChangeSet", refusal(404, "ChangeSetNotFound", "ChangeSet [rollback-1] does not exist")).await;
    client(&server.uri()).await.delete_change_set(&name(), &set()).await.unwrap();
    let server = with("DeleteChangeSet", refusal(400, "ValidationError", "Stack [x] does not exist")).await;
    assert!(client(&server.uri()).await.delete_change_set(&name(), &set()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn only_what_bears_a_token_or_is_harmless_is_sent_again() {
    let away = || refusal(503, "ServiceUnavailable", "come back");
    let server = with("CreateChangeSet", away()).await;
    let error = client(&server.uri()).await.create_change_set(&change(), &set()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect(), error.attempts()),
        (ErrorKind::Unavailable, Effect::Possible, 1),
        "{error}"
    );
    assert_eq!(seen(&server).await.len(), 1);

    let server = with("ExecuteChangeSet", away()).await;
    let error = client(&server.uri()).await.execute_change_set(&name(), &set(), &token()).await.unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::Possible, 4), "{error}");
    let sent = seen(&server).await;
    assert!(sent.iter().all(|line| line.contains("ClientRequestToken=order-1")), "{sent:?}");
    let server = with("DescribeStacks", away()).await;
    let error = client(&server.uri()).await.stack(&name()).await.unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::None, 4), "{error}");
}

/// The first attempt may have done it: the refusal of the second one does not say that nothing happened.
#[tokio::test]
async fn a_refusal_after_a_lost_answer_may_be_a_success() {
    let server = MockServer::start().await;
    let lost = refusal(503, "ServiceUnavailable", "come back");
    on("ExecuteChangeSet", lost).up_to_n_times(1).with_priority(1).mount(&server).await;
    let done = refusal(400, "InvalidChangeSetStatus", "its current execution status is [EXECUTE_IN_PROGRESS]");
    on("ExecuteChangeSet", done).with_priority(2).mount(&server).await;
    let error = client(&server.uri()).await.execute_change_set(&name(), &set(), &token()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.attempts()), (ErrorKind::Conflict, Effect::Possible, 2), "{error}");
}

#[tokio::test]
async fn what_cannot_be_read_is_not_guessed() {
    for (inner, message) in [
        ("<CreationTime>2018-01-16T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>", "has no id"),
        ("<StackId>arn</StackId><CreationTime>2018-01-16T00:00:00Z</CreationTime>", "has no status"),
        ("<StackId>arn</StackId><StackStatus>CREATE_COMPLETE</StackStatus>", "when"),
    ] {
        let member = format!("<member><StackName>{}</StackName>{inner}</member>", name());
        let server = with("DescribeStacks", stacks(&[member], None)).await;
        let error = client(&server.uri()).await.stack(&name()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert!(error.message().unwrap_or_default().contains(message), "{error}");
    }
    // A parameter that is not understood would be one that is not listed.
    let inner = "<Parameters><member><ParameterValue>2</ParameterValue></member></Parameters>";
    let server = with("DescribeStacks", stacks(&[stack(name().as_str(), "CREATE_COMPLETE", inner)], None)).await;
    let error = client(&server.uri()).await.stack(&name()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Decode, Some("a parameter has no key")), "{error}");
    let server = with("DetectStackDrift", result("DetectStackDrift", "")).await;
    let error = client(&server.uri()).await.start_drift_check(&name()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::None), "{error}");
}

/// A proxy's login page has status 200, and these operations answer nothing that could be missed.
#[tokio::test]
async fn a_page_is_no_success() {
    let page = || ResponseTemplate::new(200).set_body_raw("<html><title>Sign in</title></html>", "text/html");
    let server = with("ExecuteChangeSet", page()).await;
    let error = client(&server.uri()).await.execute_change_set(&name(), &set(), &token()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Possible), "{error}");
}

#[tokio::test]
async fn no_secret_is_in_a_failure() {
    let echo = format!("The signature does not match: {}", SECRET.repeat(9));
    let error = created("SignatureDoesNotMatch", &echo).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error} {error:?} {error:#?}").contains(SECRET), "{error:?}");
}
