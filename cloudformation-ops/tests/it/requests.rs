//! What is sent, to the letter.

use cloudformation_ops::{Change, DriftCheckId, EventId, Family, StacksRead, StacksWrite};
use wiremock::MockServer;

use crate::{SECRET, client, name, on, result, seen, set, stack, stacks, token};

const VERSION: &str = "Version=2010-05-15";

fn sorted(line: &str) -> Vec<String> {
    let mut parts: Vec<String> = line.split('&').map(ToOwned::to_owned).collect();
    parts.sort();
    parts
}

async fn sent(server: &MockServer, wanted: &[String]) {
    let seen = seen(server).await;
    assert_eq!(seen.len(), wanted.len(), "{seen:#?}");
    for (wanted, seen) in wanted.iter().zip(&seen) {
        assert_eq!(sorted(wanted), sorted(seen));
    }
}

#[tokio::test]
async fn each_look_is_one_request() {
    let server = MockServer::start().await;
    on("ListStacks", result("ListStacks", "<StackSummaries/>")).mount(&server).await;
    on("DescribeStacks", stacks(&[stack(name().as_str(), "CREATE_COMPLETE", "")], None)).mount(&server).await;
    on("DescribeStackEvents", result("DescribeStackEvents", "<StackEvents/>")).mount(&server).await;
    on("ListChangeSets", result("ListChangeSets", "<Summaries/>")).mount(&server).await;
    let empty = "<ChangeSetName>rollback-1</ChangeSetName><ChangeSetId>arn</ChangeSetId>\
                 <StackName>prod-s1-k-correnteza</StackName><Status>CREATE_PENDING</Status>";
    on("DescribeChangeSet", result("DescribeChangeSet", empty)).mount(&server).await;
    let begun = "<StackDriftDetectionId>d-1</StackDriftDetectionId>";
    on("DetectStackDrift", result("DetectStackDrift", begun)).mount(&server).await;
    let action = "DescribeStackDriftDetectionStatus";
    on(action, result(action, "<DetectionStatus>DETECTION_COMPLETE</DetectionStatus>")).mount(&server).await;
    let action = "DescribeStackResourceDrifts";
    on(action, result(action, "<StackResourceDrifts/>")).mount(&server).await;
    let stacks = client(&server.uri()).await;

    stacks.probe().await.unwrap();
    assert_eq!(stacks.stacks(&Family::new("prod", "correnteza")).await.unwrap().len(), 1);
    stacks.stack(&name()).await.unwrap();
    stacks.events(&name(), Some(&EventId::new("e-1"))).await.unwrap();
    stacks.change_set(&name(), &set()).await.unwrap();
    stacks.change_sets(&name()).await.unwrap();
    assert_eq!(stacks.start_drift_check(&name()).await.unwrap().as_str(), "d-1");
    stacks.drift_check(&name(), &DriftCheckId::new("d-1")).await.unwrap();

    let one = |action: &str| format!("Action={action}&{VERSION}&StackName=prod-s1-k-correnteza");
    let wanted = [
        format!("Action=ListStacks&{VERSION}&StackStatusFilter.member.1=IMPORT_IN_PROGRESS"),
        format!("Action=DescribeStacks&{VERSION}"),
        one("DescribeStacks"),
        one("DescribeStackEvents"),
        one("DescribeChangeSet") + "&ChangeSetName=rollback-1&IncludePropertyValues=true",
        one("ListChangeSets"),
        one("DetectStackDrift"),
        format!("Action=DescribeStackDriftDetectionStatus&{VERSION}&StackDriftDetectionId=d-1"),
        one("DescribeStackResourceDrifts")
            + "&StackResourceDriftStatusFilters.member.1=MODIFIED&StackResourceDriftStatusFilters.member.2=DELETED",
    ];
    sent(&server, &wanted).await;
    assert!(!format!("{stacks:?} {stacks:#?}").contains(SECRET));
}

#[tokio::test]
async fn each_order_is_one_request() {
    let server = MockServer::start().await;
    let answered = ["ExecuteChangeSet", "DeleteChangeSet", "ContinueUpdateRollback", "RollbackStack"];
    for action in answered {
        on(action, result(action, "")).mount(&server).await;
    }
    on("CancelUpdateStack", result("CancelUpdateStack", "")).mount(&server).await;
    let stacks = client(&server.uri()).await;

    stacks.execute_change_set(&name(), &set(), &token()).await.unwrap();
    stacks.delete_change_set(&name(), &set()).await.unwrap();
    stacks.cancel_update(&name(), &token()).await.unwrap();
    stacks.continue_rollback(&name(), &[], &token()).await.unwrap();
    stacks.continue_rollback(&name(), &["BlueService".into(), "Balancer".into()], &token()).await.unwrap();
    stacks.roll_back(&name(), &token()).await.unwrap();

    let one = |action: &str| format!("Action={action}&{VERSION}&StackName=prod-s1-k-correnteza");
    let wanted = [
        one("ExecuteChangeSet") + "&ChangeSetName=rollback-1&ClientRequestToken=order-1&DisableRollback=false",
        one("DeleteChangeSet") + "&ChangeSetName=rollback-1",
        one("CancelUpdateStack") + "&ClientRequestToken=order-1",
        one("ContinueUpdateRollback") + "&ClientRequestToken=order-1",
        one("ContinueUpdateRollback")
            + "&ClientRequestToken=order-1&ResourcesToSkip.member.1=BlueService&ResourcesToSkip.member.2=Balancer",
        one("RollbackStack") + "&ClientRequestToken=order-1",
    ];
    sent(&server, &wanted).await;
}

/// What AWS is not told of falls back to its default, and what it is told of a hidden value would replace it.
#[tokio::test]
async fn every_parameter_is_sent_and_no_hidden_value() {
    let parameter = |key: &str, value: &str| {
        format!("<member><ParameterKey>{key}</ParameterKey><ParameterValue>{value}</ParameterValue></member>")
    };
    let parameters = [
        parameter("GreenSize", "0"),
        parameter("ApiToken", "****"),
        parameter("Alarm", "off"),
        parameter("Nothing", ""),
        parameter("GreenVersion", "60dc0de"),
    ];
    let inner = format!(
        "<Parameters>{}</Parameters><Tags><member><Key>shard</Key><Value>s1</Value></member></Tags>\
         <Capabilities><member>CAPABILITY_AUTO_EXPAND</member></Capabilities>",
        parameters.concat()
    );
    let server = MockServer::start().await;
    on("DescribeStacks", stacks(&[stack(name().as_str(), "UPDATE_COMPLETE", &inner)], None)).mount(&server).await;
    on("CreateChangeSet", result("CreateChangeSet", "<Id>arn</Id>")).mount(&server).await;
    let stacks = client(&server.uri()).await;

    let stack = stacks.stack(&name()).await.unwrap();
    let change = Change::of(&stack).with("GreenSize", "2").unwrap().with("GreenVersion", "9e3c0de").unwrap();
    stacks.create_change_set(&change.described("back to 9e3c0de"), &set()).await.unwrap();

    let wanted = format!(
        "Action=CreateChangeSet&{VERSION}&StackName=prod-s1-k-correnteza&ChangeSetName=rollback-1&ChangeSetType=UPDATE\
         &UsePreviousTemplate=true&Description=back%20to%209e3c0de\
         &Parameters.member.1.ParameterKey=Alarm&Parameters.member.1.UsePreviousValue=true\
         &Parameters.member.2.ParameterKey=ApiToken&Parameters.member.2.UsePreviousValue=true\
         &Parameters.member.3.ParameterKey=GreenSize&Parameters.member.3.ParameterValue=2\
         &Parameters.member.4.ParameterKey=GreenVersion&Parameters.member.4.ParameterValue=9e3c0de\
         &Parameters.member.5.ParameterKey=Nothing&Parameters.member.5.UsePreviousValue=true\
         &Capabilities.member.1=CAPABILITY_AUTO_EXPAND&Capabilities.member.2=CAPABILITY_IAM\
         &Capabilities.member.3=CAPABILITY_NAMED_IAM"
    );
    let seen = seen(&server).await;
    assert_eq!(sorted(&wanted), sorted(&seen[1]));
}
