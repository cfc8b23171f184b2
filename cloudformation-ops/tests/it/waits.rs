//! Waiting, over the client itself.

use std::time::Duration;

use cloudformation_ops::{EventId, Followed, Stack, StackEvent, StacksReadExt};
use wiremock::MockServer;

use crate::{client, name, on, result, stack, stacks, token};

fn event(id: &str, status: &str) -> String {
    format!(
        "<member><StackName>{0}</StackName><EventId>{id}</EventId><LogicalResourceId>{0}</LogicalResourceId>\
         <ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>{status}</ResourceStatus>\
         <Timestamp>2018-01-17T00:00:00Z</Timestamp><ClientRequestToken>order-1</ClientRequestToken></member>",
        name()
    )
}

/// Answers one after the other; the last one stays.
async fn in_turn(server: &MockServer, action: &str, answers: Vec<wiremock::ResponseTemplate>) {
    let last = answers.len().saturating_sub(1);
    for (at, answer) in answers.into_iter().enumerate() {
        let mock = on(action, answer).with_priority(u8::try_from(at + 1).unwrap());
        if at < last { mock.up_to_n_times(1) } else { mock }.mount(server).await;
    }
}

#[tokio::test]
async fn each_look_tells_the_stack_and_what_is_new() {
    let server = MockServer::start().await;
    let look = |status: &str| stacks(&[stack(name().as_str(), status, "")], None);
    let looks = vec![look("CREATE_COMPLETE"), look("UPDATE_IN_PROGRESS"), look("UPDATE_COMPLETE")];
    in_turn(&server, "DescribeStacks", looks).await;
    let (old, began, done) =
        (event("e-0", "CREATE_COMPLETE"), event("e-1", "UPDATE_IN_PROGRESS"), event("e-2", "UPDATE_COMPLETE"));
    let list = |events: &[&String]| {
        let events: String = events.iter().map(|event| event.as_str()).collect();
        result("DescribeStackEvents", &format!("<StackEvents>{events}</StackEvents>"))
    };
    let lists = vec![list(&[&old]), list(&[&began, &old]), list(&[&done, &began, &old])];
    in_turn(&server, "DescribeStackEvents", lists).await;

    let mut told = Vec::new();
    let seen = |stack: &Stack, new: &[StackEvent]| {
        let new: Vec<_> = new.iter().map(|event| event.id.as_str()).collect();
        told.push(format!("{} {}", stack.status, new.join(" ")));
    };
    let (stacks, token) = (client(&server.uri()).await, token());
    let ended = |followed: &Followed| followed.has_ended(&token);
    let since = EventId::new("e-0");
    let followed = stacks.wait_for_stack(&name(), Some(&since), ended, Duration::from_secs(60), seen).await.unwrap();
    // That nothing went on at first was not taken for the end.
    assert_eq!(told, ["CREATE_COMPLETE ", "UPDATE_IN_PROGRESS e-1", "UPDATE_COMPLETE e-2"]);
    assert_eq!(followed.events.len(), 2);
    assert!(followed.stack.status.is_complete() && followed.first_failure().is_none());
}
