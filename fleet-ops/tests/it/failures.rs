//! Refusals of this service, and what is sent again.

use fleet_ops::{Effect, ErrorKind, FleetRead, FleetWrite, InstanceId, RefreshRequest, Size};
use wiremock::{MockServer, ResponseTemplate};

use crate::{client, on, refusal, result, seen};

async fn with(action: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    on(action, answer).mount(&server).await;
    server
}

#[tokio::test]
async fn the_services_words_have_their_kind() {
    let nowhere = "Instance Id not found - No managed instance found for instance ID: i-0abc";
    for (code, message, kind) in [
        ("ValidationError", nowhere, ErrorKind::NotFound),
        ("ScalingActivityInProgress", "Scaling activities are in progress", ErrorKind::Conflict),
        ("ResourceContention", "You already have a pending update", ErrorKind::Conflict),
        ("Throttling", "Rate exceeded", ErrorKind::RateLimited),
        ("AccessDenied", "is not authorized to perform", ErrorKind::Forbidden),
        ("ExpiredToken", "The security token included in the request is expired", ErrorKind::Unauthenticated),
    ] {
        let server = with("TerminateInstanceInAutoScalingGroup", refusal(400, code, message)).await;
        let error = client(&server.uri()).await.replace(&InstanceId::new("i-0abc")).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
        assert_eq!(error.words(), Some(&*format!("{code}: {message}")));
    }
    for (code, message, kind) in [
        ("InstanceRefreshInProgress", "An Instance Refresh is already in progress", ErrorKind::Conflict),
        ("LimitExceeded", "You have already reached a limit", ErrorKind::Rejected),
        ("ValidationError", "AutoScalingGroup name not found - null", ErrorKind::NotFound),
    ] {
        let server = with("StartInstanceRefresh", refusal(400, code, message)).await;
        let fleet = client(&server.uri()).await;
        let error = fleet.start_refresh("masters", &RefreshRequest::new(90, 0)).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
    }
    let none = refusal(400, "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found");
    let server = with("CancelInstanceRefresh", none).await;
    let error = client(&server.uri()).await.cancel_refresh("masters").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::None), "{error}");

    let over = "Desired capacity:9 must be between the specified min size:1 and max size:5";
    let server = with("UpdateAutoScalingGroup", refusal(400, "ValidationError", over)).await;
    let error = client(&server.uri()).await.set_size("masters", Size::new(1, 3, 5)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None), "{error}");
}

#[tokio::test]
async fn a_machine_is_not_ended_twice() {
    let away = || refusal(503, "ServiceUnavailable", "come back");
    let server = with("TerminateInstanceInAutoScalingGroup", away()).await;
    let error = client(&server.uri()).await.replace(&InstanceId::new("i-0abc")).await.unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::Possible, 1), "{error}");
    assert_eq!(seen(&server).await.len(), 1);

    // A size and a look may be sent again.
    let server = with("UpdateAutoScalingGroup", away()).await;
    let error = client(&server.uri()).await.set_size("masters", Size::new(1, 3, 5)).await.unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::Possible, 4), "{error}");
    let server = with("DescribeAutoScalingGroups", away()).await;
    let error = client(&server.uri()).await.group("masters").await.unwrap_err();
    assert_eq!((error.effect(), error.attempts()), (Effect::None, 4), "{error}");
}

#[tokio::test]
async fn what_cannot_be_read_is_not_guessed() {
    let server = with("StartInstanceRefresh", result("StartInstanceRefresh", "")).await;
    let fleet = client(&server.uri()).await;
    let error = fleet.start_refresh("masters", &RefreshRequest::new(90, 0)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Certain), "{error}");

    let machine = "<LifecycleState>InService</LifecycleState>";
    let groups = format!(
        "<AutoScalingGroups><member><AutoScalingGroupName>masters</AutoScalingGroupName>\
         <Instances><member>{machine}</member></Instances></member></AutoScalingGroups>"
    );
    let server = with("DescribeAutoScalingGroups", result("DescribeAutoScalingGroups", &groups)).await;
    let error = client(&server.uri()).await.group("masters").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Decode, Some("a machine has no id")), "{error}");
}

/// A proxy's login page has status 200, and this operation answers nothing that could be missed.
#[tokio::test]
async fn a_page_is_no_success() {
    let page = ResponseTemplate::new(200).set_body_raw("<html><title>Sign in</title></html>", "text/html");
    let server = with("UpdateAutoScalingGroup", page).await;
    let error = client(&server.uri()).await.set_size("masters", Size::new(1, 3, 5)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Decode, Effect::Possible), "{error}");
}
