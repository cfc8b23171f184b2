//! Lists that come in pages, and every fact of an answer.

use cloudformation_ops::{
    ChangeAction, ChangeSetStatus, DriftCheckId, DriftCheckStatus, DriftStatus, ErrorKind, EventId, Execution, Family,
    ParameterValue, Replacement, ResourceDrift, StackStatus, StacksRead,
};
use wiremock::matchers::body_string_contains;
use wiremock::{Mock, MockServer};

use crate::{client, name, on, result, seen, set, stack, stacks};

fn event(id: &str) -> String {
    format!(
        "<member><StackId>arn</StackId><StackName>prod-s1-k-correnteza</StackName><EventId>{id}</EventId>\
         <LogicalResourceId>GreenService</LogicalResourceId><PhysicalResourceId></PhysicalResourceId>\
         <ResourceType>Custom::Service</ResourceType><ResourceStatus>UPDATE_FAILED</ResourceStatus>\
         <ResourceStatusReason>No instance got healthy &amp; in time</ResourceStatusReason>\
         <Timestamp>2018-01-17T00:00:00.123Z</Timestamp><ClientRequestToken>order-1</ClientRequestToken></member>"
    )
}

/// Pages of events, the newest first: each has so many, and there are so many pages.
async fn events(server: &MockServer, pages: usize, size: usize) {
    for page in 0..pages {
        let first = (pages - page) * size;
        let members: String = (0..size).map(|at| event(&format!("e-{}", first - at))).collect();
        let next = if page + 1 < pages { format!("<NextToken>p{}</NextToken>", page + 1) } else { String::new() };
        let answer = result("DescribeStackEvents", &format!("<StackEvents>{members}</StackEvents>{next}"));
        let mock = Mock::given(body_string_contains("DescribeStackEvents"));
        let mock = if page > 0 { mock.and(body_string_contains(format!("NextToken=p{page}"))) } else { mock };
        mock.respond_with(answer).with_priority(if page > 0 { 1 } else { 2 }).mount(server).await;
    }
}

#[tokio::test]
async fn a_family_is_read_whole_and_by_name() {
    let server = MockServer::start().await;
    let later = stacks(
        &[
            stack("prod-s0-k-correnteza", "UPDATE_IN_PROGRESS", ""),
            stack("prod-s2-k-correnteza", "DELETE_COMPLETE", ""),
            stack("prod-s0-k-metapod", "CREATE_COMPLETE", ""),
            // What is not meant need not be readable.
            "<member><StackName>strange</StackName></member>".to_owned(),
        ],
        None,
    );
    Mock::given(body_string_contains("NextToken=more%2B")).respond_with(later).with_priority(1).mount(&server).await;
    let first = stacks(&[stack("prod-s1-k-correnteza", "CREATE_COMPLETE", "")], Some("more+"));
    on("DescribeStacks", first).with_priority(2).mount(&server).await;
    let found = client(&server.uri()).await.stacks(&Family::new("prod", "correnteza")).await.unwrap();
    let found: Vec<_> = found.iter().map(|stack| (stack.name.as_str(), stack.status.as_str())).collect();
    let wanted = [("prod-s0-k-correnteza", "UPDATE_IN_PROGRESS"), ("prod-s1-k-correnteza", "CREATE_COMPLETE")];
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_list_without_an_end_ends() {
    let server = MockServer::start().await;
    on("DescribeStacks", stacks(&[], Some("again"))).mount(&server).await;
    let error = client(&server.uri()).await.stacks(&Family::new("prod", "correnteza")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
}

#[tokio::test]
async fn events_are_read_back_to_the_one_seen_last_and_no_further() {
    let server = MockServer::start().await;
    events(&server, 5, 3).await;
    let stacks = client(&server.uri()).await;
    let ids = |events: Vec<cloudformation_ops::StackEvent>| {
        events.into_iter().map(|event| event.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let since = async |id: &str| ids(stacks.events(&name(), Some(&EventId::new(id))).await.unwrap());
    assert_eq!(since("e-15").await, Vec::<String>::new());
    assert_eq!(seen(&server).await.len(), 1);
    assert_eq!(since("e-10").await, ["e-11", "e-12", "e-13", "e-14", "e-15"]);
    assert_eq!(seen(&server).await.len(), 3, "two pages more");
    assert_eq!(since("gone").await.len(), 15, "all that is known");
}

#[tokio::test]
async fn without_an_event_seen_the_last_hundred_are_told() {
    let server = MockServer::start().await;
    events(&server, 5, 40).await;
    let found = client(&server.uri()).await.events(&name(), None).await.unwrap();
    assert_eq!((found.len(), seen(&server).await.len()), (100, 3));
    assert_eq!((found[0].id.as_str(), found[99].id.as_str()), ("e-101", "e-200"));
    let event = &found[0];
    assert_eq!((event.logical_id.as_str(), event.physical_id.as_deref()), ("GreenService", None));
    assert_eq!((event.resource_type.as_str(), event.status.as_str()), ("Custom::Service", "UPDATE_FAILED"));
    assert_eq!(event.reason.as_deref(), Some("No instance got healthy & in time"));
    assert_eq!((event.at.to_string().as_str(), event.token.as_deref()), ("2018-01-17T00:00:00.123Z", Some("order-1")));
    assert!(event.status.is_failed() && !event.is_about_the_stack());
}

#[tokio::test]
async fn every_fact_of_a_stack_arrives() {
    let inner = "<StackStatusReason>User Initiated</StackStatusReason>\
     <LastUpdatedTime>2018-01-17T01:02:03Z</LastUpdatedTime>\
         <Parameters><member><ParameterKey>BlueSize</ParameterKey><ParameterValue>2</ParameterValue></member>\
         <member><ParameterKey>ApiToken</ParameterKey><ParameterValue>****</ParameterValue></member>\
         <member><ParameterKey>Nothing</ParameterKey></member></Parameters>\
         <Tags><member><Key>service</Key><Value>correnteza</Value></member></Tags>\
         <Capabilities><member>CAPABILITY_NAMED_IAM</member></Capabilities><ParentId>arn:parent</ParentId>\
         <DriftInformation><StackDriftStatus>DRIFTED</StackDriftStatus></DriftInformation>";
    let server = MockServer::start().await;
    on("DescribeStacks", stacks(&[stack(name().as_str(), "UPDATE_ROLLBACK_FAILED", inner)], None)).mount(&server).await;
    let found = client(&server.uri()).await.stack(&name()).await.unwrap();
    assert_eq!(found.id, "arn:aws:cloudformation:us-east-1:123456789012:stack/prod-s1-k-correnteza/1");
    assert_eq!(
        (found.status.clone(), found.reason.as_deref()),
        (StackStatus::UpdateRollbackFailed, Some("User Initiated"))
    );
    assert_eq!(found.created.to_string(), "2018-01-16T00:00:00Z");
    assert_eq!(found.updated.unwrap().to_string(), "2018-01-17T01:02:03Z");
    assert_eq!(found.parameter("BlueSize"), Some("2"));
    assert_eq!(found.parameter("Nothing"), Some(""));
    assert_eq!((found.parameter("ApiToken"), &found.parameters["ApiToken"]), (None, &ParameterValue::Hidden));
    assert_eq!(found.tags["service"], "correnteza");
    assert!(found.capabilities.contains("CAPABILITY_NAMED_IAM"));
    assert_eq!((found.drift.clone(), found.parent.as_deref()), (DriftStatus::Drifted, Some("arn:parent")));
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<cloudformation_ops::Stack>(&text).unwrap(), found);
}

#[tokio::test]
async fn every_fact_of_a_change_set_arrives() {
    let detail = |inner: &str, target: &str| format!("<member><Target>{target}</Target>{inner}</member>");
    let details = [
        detail(
            "<Evaluation>Static</Evaluation><ChangeSource>ParameterReference</ChangeSource>\
             <CausingEntity>GreenSize</CausingEntity>",
            "<Attribute>Properties</Attribute><Name>MaxSize</Name><Path>/Properties/MaxSize</Path>\
             <RequiresRecreation>Never</RequiresRecreation><BeforeValue>0</BeforeValue><AfterValue>2</AfterValue>",
        ),
        detail(
            "<Evaluation>Dynamic</Evaluation><ChangeSource>DirectModification</ChangeSource>",
            "<Attribute>Properties</Attribute><Name>MaxSize</Name><Path>/Properties/MaxSize</Path>\
             <RequiresRecreation>Conditionally</RequiresRecreation>",
        ),
        detail("", "<Attribute>Tags</Attribute>"),
    ];
    let change =
        |inner: &str| format!("<member><Type>Resource</Type><ResourceChange>{inner}</ResourceChange></member>");
    let group = change(&format!(
        "<Action>Modify</Action><LogicalResourceId>GreenGroup</LogicalResourceId>\
         <PhysicalResourceId>g-1</PhysicalResourceId>\
         <ResourceType>AWS::AutoScaling::AutoScalingGroup</ResourceType><Replacement>Conditional</Replacement>\
         <Details>{}</Details>",
        details.concat()
    ));
    let launch = change(
        "<Action>Modify</Action><LogicalResourceId>GreenLaunch</LogicalResourceId><Replacement>True</Replacement>",
    );
    let hook = "<member><Type>Hook</Type></member>";
    let head = "<ChangeSetName>rollback-1</ChangeSetName><ChangeSetId>arn:set</ChangeSetId>\
     <StackName>prod-s1-k-correnteza</StackName>\
         <Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><StatusReason></StatusReason>\
         <Description>back</Description><CreationTime>2018-01-17T00:00:00Z</CreationTime>\
         <Parameters><member><ParameterKey>GreenSize</ParameterKey><ParameterValue>2</ParameterValue></member>\
         </Parameters>";
    let server = MockServer::start().await;
    let page =
        |changes: &str, next: &str| result("DescribeChangeSet", &format!("{head}<Changes>{changes}</Changes>{next}"));
    let second = Mock::given(body_string_contains("NextToken=2")).respond_with(page(&launch, "")).with_priority(1);
    second.mount(&server).await;
    let first = page(&format!("{hook}{group}"), "<NextToken>2</NextToken>");
    on("DescribeChangeSet", first).with_priority(2).mount(&server).await;

    let found = client(&server.uri()).await.change_set(&name(), &set()).await.unwrap();
    assert_eq!(
        (found.status.clone(), found.execution.clone()),
        (ChangeSetStatus::CreateComplete, Execution::Available)
    );
    assert!(found.is_available() && found.reason.is_none());
    assert_eq!((found.id.as_str(), found.description.as_deref()), ("arn:set", Some("back")));
    assert_eq!(found.parameter("GreenSize"), Some("2"));
    let changes: Vec<_> =
        found.changes.iter().map(|change| (change.logical_id.as_str(), &change.replacement)).collect();
    assert_eq!(changes, [("GreenGroup", &Replacement::Sometimes), ("GreenLaunch", &Replacement::Always)]);
    assert!(found.changes.iter().all(|change| change.action == ChangeAction::Modify));
    let [size, tags] = &found.changes[0].properties[..] else { panic!("{:?}", found.changes[0]) };
    assert_eq!(
        (size.path.as_str(), size.before.as_deref(), size.after.as_deref()),
        ("/Properties/MaxSize", Some("0"), Some("2"))
    );
    assert_eq!((size.cause.as_deref(), &size.replaces), (Some("GreenSize"), &Replacement::Sometimes));
    assert_eq!((tags.path.as_str(), tags.before.as_deref()), ("/Tags", None));
}

#[tokio::test]
async fn change_sets_are_listed_by_name() {
    let member = |name: &str, execution: &str| {
        format!(
            "<member><ChangeSetId>arn:{name}</ChangeSetId><ChangeSetName>{name}</ChangeSetName>\
             <Status>CREATE_COMPLETE</Status>\
             <ExecutionStatus>{execution}</ExecutionStatus></member>"
        )
    };
    let server = MockServer::start().await;
    let list = format!("<Summaries>{}{}</Summaries>", member("b", "OBSOLETE"), member("a", "AVAILABLE"));
    on("ListChangeSets", result("ListChangeSets", &list)).mount(&server).await;
    let found = client(&server.uri()).await.change_sets(&name()).await.unwrap();
    let found: Vec<_> = found.iter().map(|set| (set.name.as_str(), &set.execution)).collect();
    assert_eq!(found, [("a", &Execution::Available), ("b", &Execution::Obsolete)]);
}

#[tokio::test]
async fn what_has_drifted_is_told_once_the_check_has_ended() {
    let server = MockServer::start().await;
    let action = "DescribeStackDriftDetectionStatus";
    let ended = "<DetectionStatus>DETECTION_FAILED</DetectionStatus>\
     <DetectionStatusReason>one cannot be read</DetectionStatusReason>\
                 <StackDriftStatus>DRIFTED</StackDriftStatus>";
    on(action, result(action, "<DetectionStatus>DETECTION_IN_PROGRESS</DetectionStatus>"))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&server)
        .await;
    on(action, result(action, ended)).with_priority(2).mount(&server).await;
    let drift = "<StackResourceDrifts><member><LogicalResourceId>GreenGroup</LogicalResourceId>\
     <PhysicalResourceId>g-1</PhysicalResourceId>\
                 <ResourceType>AWS::AutoScaling::AutoScalingGroup</ResourceType>\
                 <StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><PropertyDifferences><member>\
                 <PropertyPath>/DesiredCapacity</PropertyPath><ExpectedValue>0</ExpectedValue>\
                 <ActualValue>3</ActualValue>\
                 <DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences></member>\
                 </StackResourceDrifts>";
    on("DescribeStackResourceDrifts", result("DescribeStackResourceDrifts", drift)).mount(&server).await;
    let (stacks, id) = (client(&server.uri()).await, DriftCheckId::new("d-1"));
    let goes_on = stacks.drift_check(&name(), &id).await.unwrap();
    assert_eq!((goes_on.status, goes_on.resources.len()), (DriftCheckStatus::InProgress, 0));
    let found = stacks.drift_check(&name(), &id).await.unwrap();
    assert_eq!((found.status, found.drift), (DriftCheckStatus::Failed, DriftStatus::Drifted));
    assert_eq!(found.reason.as_deref(), Some("one cannot be read"));
    let [group] = &found.resources[..] else { panic!("{:?}", found.resources) };
    assert_eq!((group.logical_id.as_str(), &group.drift), ("GreenGroup", &ResourceDrift::Modified));
    assert_eq!(group.differences, [("/DesiredCapacity".to_owned(), "0".to_owned(), "3".to_owned())]);
}
