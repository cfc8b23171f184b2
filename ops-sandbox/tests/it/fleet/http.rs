//! The Query API of Auto Scaling.

use fleet_ops::Size;
use ops_sandbox::fleet::{About, GroupSpec};
use ops_sandbox::{Fault, Operation, Server, World};

async fn call(server: &Server, signed: bool, form: &str) -> (u16, String) {
    let post = reqwest::Client::builder().build().unwrap().post(format!("{}/", server.aws_url())).body(form.to_owned());
    let post = if signed { post.header("authorization", "AWS4-HMAC-SHA256 Credential=x") } else { post };
    let answer = post.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The text of the first element of this name.
fn text<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let from = xml.find(&format!("<{name}>"))? + name.len() + 2;
    xml[from..].split_once(&format!("</{name}>")).map(|(text, _)| text)
}

async fn served() -> Server {
    let world = World::seeded(1).at("2026-11-25T03:00:00Z".parse().unwrap());
    for (name, service) in [("a-web", "web"), ("b-web", "web"), ("c&d", "other")] {
        world.put_group(GroupSpec::new(name, 2).size(Size::new(1, 2, 4)).tag("service", service));
    }
    Server::start(world).await.unwrap()
}

#[tokio::test]
async fn groups_are_told_in_pages_and_by_tags() {
    let server = served().await;
    let (status, all) = call(&server, true, "Action=DescribeAutoScalingGroups&MaxRecords=2").await;
    assert_eq!((status, all.matches("<AutoScalingGroupName>").count()), (200, 2));
    let next = text(&all, "NextToken").unwrap();
    let form = format!("Action=DescribeAutoScalingGroups&NextToken={next}&MaxRecords=2");
    let (_, rest) = call(&server, true, &form).await;
    assert_eq!(text(&rest, "AutoScalingGroupName"), Some("c&amp;d"));
    assert!(text(&rest, "NextToken").is_none());
    let form =
        "Action=DescribeAutoScalingGroups&Filters.member.1.Name=tag%3Aservice&Filters.member.1.Values.member.1=web";
    let (_, web) = call(&server, true, form).await;
    assert_eq!(web.matches("<AutoScalingGroupName>").count(), 2);
    assert_eq!(web.matches("<LifecycleState>InService</LifecycleState>").count(), 4);
    let form = "Action=DescribeAutoScalingGroups&AutoScalingGroupNames.member.1=nobody";
    assert!(text(&call(&server, true, form).await.1, "AutoScalingGroups").unwrap().is_empty());
    let (_, who) = call(&server, true, "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!(text(&who, "Account"), Some("123456789012"));
}

#[tokio::test]
async fn changes_take_effect_and_refusals_have_their_codes() {
    let server = served().await;
    let world = server.world();
    let machine = world.group("a-web").unwrap().machines.remove(0).id;
    let end =
        format!("Action=TerminateInstanceInAutoScalingGroup&InstanceId={machine}&ShouldDecrementDesiredCapacity=false");
    assert_eq!(call(&server, false, &end).await.0, 403, "it is not signed");
    let (status, told) = call(&server, true, &end).await;
    assert_eq!((status, text(&told, "StatusCode")), (200, Some("InProgress")));
    let count = world.count(Operation::ReplaceMachine, About::Machine(&machine).subject());
    assert_eq!((count.calls, count.refused, count.effects), (2, 1, 1));

    let size = "Action=UpdateAutoScalingGroup&AutoScalingGroupName=a-web&DesiredCapacity=";
    assert_eq!(call(&server, true, &format!("{size}3")).await.0, 200);
    assert_eq!(world.group("a-web").unwrap().size, Size::new(1, 3, 4));
    let (status, told) = call(&server, true, &format!("{size}9")).await;
    assert_eq!((status, text(&told, "Code")), (400, Some("ValidationError")));
    world.keep_group_busy("a-web", std::time::Duration::from_secs(60)).unwrap();
    let (_, told) = call(&server, true, &format!("{size}2")).await;
    assert_eq!(text(&told, "Code"), Some("ScalingActivityInProgress"));

    let refresh = "Action=StartInstanceRefresh&AutoScalingGroupName=b-web";
    let (_, begun) = call(&server, true, refresh).await;
    let (_, told) = call(&server, true, refresh).await;
    assert_eq!(text(&told, "Code"), Some("InstanceRefreshInProgress"));
    let (_, told) = call(&server, true, "Action=DescribeInstanceRefreshes&AutoScalingGroupName=b-web").await;
    assert_eq!(text(&told, "InstanceRefreshId"), text(&begun, "InstanceRefreshId"));
    let cancel = "Action=CancelInstanceRefresh&AutoScalingGroupName=b-web";
    assert_eq!(call(&server, true, cancel).await.0, 200);
    assert_eq!(text(&call(&server, true, cancel).await.1, "Code"), Some("ActiveInstanceRefreshNotFound"));
    for (fault, status, code) in [
        (Fault::Throttle { retry_after: std::time::Duration::ZERO }, 400, "Throttling"),
        (Fault::Status(503), 503, "ServiceUnavailable"),
    ] {
        world.faults().next(1, Operation::CancelRefresh, fault);
        let (told, xml) = call(&server, true, cancel).await;
        assert_eq!((told, text(&xml, "Code")), (status, Some(code)));
    }
    world.faults().next(1, Operation::CancelRefresh, Fault::ExpiredToken);
    assert_eq!(text(&call(&server, true, cancel).await.1, "Code"), Some("ExpiredToken"));
}
