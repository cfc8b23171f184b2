//! Lists: page by page, every fact of them.

use fleet_ops::{ErrorKind, FleetRead, GroupFilter, InstanceId, Life, RefreshState, Size};
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, MockServer};

use crate::{client, on, result, seen};

fn group(name: &str, inner: &str) -> String {
    format!(
        "<member><AutoScalingGroupName>{name}</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>5</MaxSize>\
         <DesiredCapacity>2</DesiredCapacity>{inner}</member>"
    )
}

fn groups(members: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("<NextToken>{token}</NextToken>")).unwrap_or_default();
    format!("<AutoScalingGroups>{members}</AutoScalingGroups>{token}")
}

const LIST: &str = "DescribeAutoScalingGroups";

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let server = MockServer::start().await;
    let last = result(LIST, &groups(&group("a", ""), None));
    Mock::given(body_string_contains("NextToken=t%2F2")).respond_with(last).with_priority(1).mount(&server).await;
    let first = groups(&[group("c", ""), group("b", ""), group("a", "")].concat(), Some("t/2"));
    on(LIST, result(LIST, &first)).mount(&server).await;
    let found = client(&server.uri()).await.groups(&GroupFilter::all()).await.unwrap();
    // One that moved to the next page meanwhile is one all the same.
    assert_eq!(found.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(seen(&server).await.len(), 2);
}

#[tokio::test]
async fn a_list_without_an_end_ends() {
    let server = MockServer::start().await;
    on(LIST, result(LIST, &groups("", Some("again")))).mount(&server).await;
    let error = client(&server.uri()).await.groups(&GroupFilter::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
}

#[tokio::test]
async fn every_fact_of_a_group_arrives() {
    let machine = |id: &str, life: &str, health: &str, protected: bool| {
        format!(
            "<member><InstanceId>{id}</InstanceId><AvailabilityZone>us-east-1b</AvailabilityZone>\
             <LifecycleState>{life}</LifecycleState><HealthStatus>{health}</HealthStatus>\
             <ProtectedFromScaleIn>{protected}</ProtectedFromScaleIn></member>"
        )
    };
    let machines = [
        machine("i-3", "Terminating:Wait", "Unhealthy", false),
        machine("i-1", "InService", "Healthy", true),
        machine("i-2", "Warmed:Stopped", "HEALTHY", false),
    ];
    let inner = format!(
        "<Tags><member><Key>service</Key><Value>mesos</Value></member></Tags><Instances>{}</Instances>\
         <SuspendedProcesses><member><ProcessName>Terminate</ProcessName></member>\
         <member><ProcessName>Launch</ProcessName></member></SuspendedProcesses>",
        machines.concat()
    );
    let server = MockServer::start().await;
    on(LIST, result(LIST, &groups(&group("masters", &inner), None))).mount(&server).await;
    let fleet = client(&server.uri()).await;
    let found = fleet.group("masters").await.unwrap();
    assert_eq!(found.size, Size::new(1, 2, 5));
    assert_eq!(found.suspended, ["Launch", "Terminate"]);
    let facts = |id: &str| {
        let machine = found.machine(&InstanceId::new(id)).unwrap();
        (machine.life.clone(), machine.healthy, machine.protected, machine.zone.as_str())
    };
    assert_eq!(facts("i-1"), (Life::InService, true, true, "us-east-1b"));
    assert_eq!(facts("i-2"), (Life::Other("Warmed:Stopped".into()), true, false, "us-east-1b"));
    assert_eq!(facts("i-3"), (Life::Terminating, false, false, "us-east-1b"));
    assert!(found.machines.is_sorted_by(|a, b| a.id < b.id));

    // A group that the service lists all the same is none that was meant.
    let others = fleet.groups(&GroupFilter::all().tag("service", "other")).await.unwrap();
    assert!(others.is_empty());
    assert_eq!(fleet.groups(&GroupFilter::all().tag("service", "mesos")).await.unwrap(), [found]);
}

#[tokio::test]
async fn the_newest_refresh_comes_first() {
    let refresh = |id: &str, state: &str, inner: &str| {
        format!("<member><InstanceRefreshId>{id}</InstanceRefreshId><Status>{state}</Status>{inner}</member>")
    };
    let members = [
        refresh(
            "old",
            "RollbackSuccessful",
            "<StartTime>2018-01-17T00:00:00Z</StartTime><StatusReason>why</StatusReason>",
        ),
        refresh(
            "new",
            "Baking",
            "<StartTime>2018-01-18T00:00:00Z</StartTime><PercentageComplete>70</PercentageComplete>",
        ),
        refresh("waits", "Pending", ""),
    ];
    let action = "DescribeInstanceRefreshes";
    let server = MockServer::start().await;
    let list = format!("<InstanceRefreshes>{}</InstanceRefreshes>", members.concat());
    on(action, result(action, &list)).mount(&server).await;
    let found = client(&server.uri()).await.refreshes("masters").await.unwrap();
    let facts: Vec<_> = found.iter().map(|found| (found.id.as_str(), found.state.clone(), found.percent)).collect();
    let wanted =
        [("waits", RefreshState::Pending, 0), ("new", RefreshState::InProgress, 70), ("old", RefreshState::Failed, 0)];
    assert_eq!(facts, wanted);
    assert_eq!(
        found[2].began,
        Some("2018-01-18T00:00:00Z".parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_hours(24))
    );
    assert_eq!(found[2].reason.as_deref(), Some("why"));
}
