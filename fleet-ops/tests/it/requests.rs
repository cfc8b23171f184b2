//! What is sent, to the letter.

use fleet_ops::{ErrorKind, FleetRead, FleetWrite, GroupFilter, InstanceId, RefreshRequest, Size};
use wiremock::MockServer;

use crate::{SECRET, client, on, result, seen};

const VERSION: &str = "Version=2011-01-01";

#[tokio::test]
async fn each_call_is_one_request() {
    let server = MockServer::start().await;
    for action in ["DescribeAutoScalingGroups", "DescribeInstanceRefreshes", "CancelInstanceRefresh"] {
        on(action, result(action, "")).mount(&server).await;
    }
    for action in ["TerminateInstanceInAutoScalingGroup", "UpdateAutoScalingGroup"] {
        on(action, result(action, "")).mount(&server).await;
    }
    let started = result("StartInstanceRefresh", "<InstanceRefreshId>r-1</InstanceRefreshId>");
    on("StartInstanceRefresh", started).mount(&server).await;
    let fleet = client(&server.uri()).await;

    fleet.probe().await.unwrap();
    fleet.groups(&GroupFilter::all()).await.unwrap();
    fleet.groups(&GroupFilter::all().tag("service", "mesos").tag("environment", "prod")).await.unwrap();
    fleet.group("a&b").await.unwrap_err();
    fleet.refreshes("masters").await.unwrap();
    fleet.replace(&InstanceId::new("i-0abc")).await.unwrap();
    fleet.set_size("masters", Size::new(1, 3, 5)).await.unwrap();
    assert_eq!(fleet.start_refresh("masters", &RefreshRequest::new(90, 60)).await.unwrap(), "r-1");
    fleet.cancel_refresh("masters").await.unwrap();

    let groups = format!("Action=DescribeAutoScalingGroups&{VERSION}");
    let wanted = [
        format!("{groups}&MaxRecords=1"),
        format!("{groups}&MaxRecords=100"),
        format!(
            "{groups}&MaxRecords=100\
             &Filters.member.1.Name=tag%3Aenvironment&Filters.member.1.Values.member.1=prod\
             &Filters.member.2.Name=tag%3Aservice&Filters.member.2.Values.member.1=mesos"
        ),
        format!("{groups}&AutoScalingGroupNames.member.1=a%26b"),
        format!("Action=DescribeInstanceRefreshes&{VERSION}&AutoScalingGroupName=masters&MaxRecords=100"),
        format!(
            "Action=TerminateInstanceInAutoScalingGroup&{VERSION}&InstanceId=i-0abc&ShouldDecrementDesiredCapacity=false"
        ),
        format!(
            "Action=UpdateAutoScalingGroup&{VERSION}&AutoScalingGroupName=masters&MinSize=1&MaxSize=5&DesiredCapacity=3"
        ),
        format!(
            "Action=StartInstanceRefresh&{VERSION}&AutoScalingGroupName=masters&Strategy=Rolling\
             &Preferences.MinHealthyPercentage=90&Preferences.InstanceWarmup=60"
        ),
        format!("Action=CancelInstanceRefresh&{VERSION}&AutoScalingGroupName=masters"),
    ];
    let sorted = |line: &str| {
        let mut parts: Vec<String> = line.split('&').map(ToOwned::to_owned).collect();
        parts.sort();
        parts
    };
    let seen = seen(&server).await;
    assert_eq!(seen.len(), wanted.len(), "{seen:#?}");
    for (wanted, seen) in wanted.iter().zip(&seen) {
        assert_eq!(sorted(wanted), sorted(seen));
    }
    assert!(!format!("{fleet:?} {fleet:#?}").contains(SECRET));
}

#[tokio::test]
async fn what_cannot_be_meant_is_not_sent() {
    let server = MockServer::start().await;
    let fleet = client(&server.uri()).await;
    let errors = [
        // To the service, no name means every group.
        fleet.group("").await.unwrap_err(),
        fleet.refreshes(" ").await.unwrap_err(),
        fleet.replace(&InstanceId::new("")).await.unwrap_err(),
        fleet.set_size("", Size::new(0, 1, 1)).await.unwrap_err(),
        fleet.set_size("masters", Size::new(0, 2, 1)).await.unwrap_err(),
        fleet.set_size("masters", Size::new(0, 0, u32::MAX)).await.unwrap_err(),
        fleet.start_refresh("masters", &RefreshRequest::new(101, 0)).await.unwrap_err(),
        fleet.cancel_refresh("").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{error}");
    }
    assert!(seen(&server).await.is_empty());
}
