//! The Query API of Redshift, as far as operating a cluster needs it.

use std::time::Duration;

use jiff::Timestamp;
use redshift_ops::{Cluster, ClusterEvent, ClusterId, Snapshot};
use uuid::Uuid;

use super::About;
use super::cluster::{Change, Unit};
use super::state::Redshift;
use crate::Operation;
use crate::aws::Form;
use crate::aws::xml::Xml;
use crate::refusal::Refusal;
use crate::world::{Done, State};

/// How many are told at once, where nothing is said.
const PAGE: u32 = 100;

const ID: &str = "ClusterIdentifier";

/// Which call of a port it is, and what it is about.
pub(crate) fn asked(action: &str, form: &Form) -> Option<(Operation, Uuid)> {
    let of = |name: &str| form.get(name).map(ClusterId::new);
    let about = |id: Option<ClusterId>| id.as_ref().map_or(About::Everything, About::Cluster).subject();
    let operation = match action {
        "DescribeClusters" if form.get(ID).is_some() => Operation::RedshiftCluster,
        "DescribeClusters" => Operation::RedshiftClusters,
        "DescribeEvents" => return Some((Operation::RedshiftEvents, about(of("SourceIdentifier")))),
        "DescribeClusterSnapshots" => Operation::RedshiftSnapshots,
        "DescribeResize" => Operation::RedshiftResize,
        "RebootCluster" => Operation::RebootCluster,
        "PauseCluster" => Operation::PauseCluster,
        "ResumeCluster" => Operation::ResumeCluster,
        _ => return None,
    };
    Some((operation, about(of(ID))))
}

/// Does it. What it answers, without the envelope.
pub(crate) fn act(state: &mut State, operation: Operation, form: &Form) -> Result<Done<Xml>, Refusal> {
    let now = state.now();
    let redshift = &mut state.redshift;
    match operation {
        Operation::RedshiftClusters | Operation::RedshiftCluster => clusters(redshift, form).map(Done::same),
        Operation::RedshiftEvents => events(redshift, form, now).map(Done::same),
        Operation::RedshiftSnapshots => snapshots(redshift, form).map(Done::same),
        Operation::RedshiftResize => resize(named(redshift, form)?).map(Done::same),
        Operation::RebootCluster => change(redshift, form, Change::Reboot, now),
        Operation::PauseCluster => change(redshift, form, Change::Pause, now),
        _ => change(redshift, form, Change::Resume, now),
    }
}

fn named<'a>(redshift: &'a Redshift, form: &Form) -> Result<&'a Unit, Refusal> {
    redshift.cluster(&ClusterId::new(form.need(ID)?))
}

fn change(redshift: &mut Redshift, form: &Form, change: Change, now: Timestamp) -> Result<Done<Xml>, Refusal> {
    let id = ClusterId::new(form.need(ID)?);
    redshift.change(&id, change, now)?;
    Ok(Done::changed(Xml::default().node("Cluster", cluster(&redshift.cluster(&id)?.shown))))
}

/// Part of a list, with the mark of what follows.
fn page<T>(form: &Form, all: Vec<T>, name: &str, each: &str, told: fn(&T) -> Xml) -> Result<Xml, Refusal> {
    let (part, next) = form.page(all, PAGE, "Marker")?;
    let list = Xml::default().list_of(name, each, part.iter().map(told));
    Ok(next.into_iter().fold(list, |list, next| list.leaf("Marker", next)))
}

fn clusters(redshift: &Redshift, form: &Form) -> Result<Xml, Refusal> {
    let found = match form.get(ID) {
        Some(_) => vec![named(redshift, form)?.shown.clone()],
        None => redshift.clusters.values().map(|unit| unit.shown.clone()).collect(),
    };
    page(form, found, "Clusters", "Cluster", cluster)
}

fn cluster(one: &Cluster) -> Xml {
    let told = Xml::default()
        .leaf(ID, &one.id)
        .leaf("NodeType", &one.node_type)
        .leaf("ClusterStatus", &one.status)
        .leaf("NumberOfNodes", one.nodes)
        .leaf("MasterUsername", "sao_pedro")
        .leaf("ClusterCreateTime", "2017-11-20T23:14:05Z");
    let told = one.availability.iter().fold(told, |told, word| told.leaf("ClusterAvailabilityStatus", word));
    let told = one.database.iter().fold(told, |told, name| told.leaf("DBName", name));
    let told = one.host.iter().fold(told, |told, host| {
        told.node("Endpoint", Xml::default().leaf("Address", &host.address).leaf("Port", host.port))
    });
    let pending = one.pending.iter().fold(Xml::default(), |told, setting| told.leaf(setting, value(setting)));
    told.node("PendingModifiedValues", pending)
}

/// What a setting changes to: of a kind that it may have.
fn value(setting: &str) -> &'static str {
    match setting {
        "NumberOfNodes" | "AutomatedSnapshotRetentionPeriod" => "4",
        "EnhancedVpcRouting" | "PubliclyAccessible" => "true",
        "NodeType" => "ra3.4xlarge",
        _ => "another",
    }
}

fn events(redshift: &Redshift, form: &Form, now: Timestamp) -> Result<Xml, Refusal> {
    let source = form.get("SourceIdentifier").map(ClusterId::new);
    if source.is_some() && form.get("SourceType") != Some("cluster") {
        let words = "InvalidParameterCombination: SourceType must be given with SourceIdentifier.";
        return Err(Refusal::Invalid(words.to_owned()));
    }
    let time = |name: &str| {
        let wrong = || Refusal::Invalid(format!("InvalidParameterValue: {name} is no time"));
        form.get(name).map(|text| text.parse::<Timestamp>().map_err(|_| wrong())).transpose()
    };
    let minutes = form.number("Duration")?.unwrap_or(60);
    let back = now.saturating_sub(Duration::from_secs(u64::from(minutes) * 60)).unwrap_or(Timestamp::MIN);
    let (from, to) = (time("StartTime")?.unwrap_or(back), time("EndTime")?.unwrap_or(now));
    let mut found: Vec<(ClusterId, ClusterEvent)> = Vec::new();
    for (id, unit) in redshift.clusters.iter().filter(|(id, _)| source.as_ref().is_none_or(|source| source == *id)) {
        let meant = unit.events.iter().filter(|event| (from..=to).contains(&event.at));
        found.extend(meant.map(|event| (id.clone(), event.clone())));
    }
    // In no order that is promised: the oldest first.
    found.sort_by_key(|(_, event)| event.at);
    page(form, found, "Events", "Event", |(id, event)| {
        let told = Xml::default().leaf("SourceIdentifier", id).leaf("SourceType", "cluster");
        let told = told.leaf("Message", &event.message).leaf("Severity", "INFO").leaf("Date", event.at);
        let told = told.list_of("EventCategories", "EventCategory", [Xml::text("management")]);
        event.kind.iter().fold(told, |told, kind| told.leaf("EventId", kind))
    })
}

fn snapshots(redshift: &Redshift, form: &Form) -> Result<Xml, Refusal> {
    let units = match form.get(ID) {
        Some(_) => vec![named(redshift, form)?],
        None => redshift.clusters.values().collect(),
    };
    let of_unit = |unit: &Unit| {
        let id = unit.shown.id.clone();
        unit.snapshots.clone().into_iter().map(move |one| (id.clone(), one))
    };
    let all: Vec<(ClusterId, Snapshot)> = units.into_iter().flat_map(of_unit).collect();
    page(form, all, "Snapshots", "Snapshot", |(id, one)| {
        Xml::default()
            .leaf("SnapshotIdentifier", &one.id)
            .leaf(ID, id)
            .leaf("SnapshotType", "automated")
            .leaf("Status", &one.status)
            .leaf("TotalBackupSizeInMegaBytes", one.total_mib)
            .leaf("BackupProgressInMegaBytes", one.written_mib)
    })
}

fn resize(unit: &Unit) -> Result<Xml, Refusal> {
    let id = &unit.shown.id;
    let none = || Refusal::NotFound(format!("ResizeNotFound: A resize operation for the cluster {id} was not found."));
    let one = unit.resize.as_ref().ok_or_else(none)?;
    let told = Xml::default().leaf("Status", &one.status).leaf("TargetNodeType", &unit.shown.node_type);
    Ok(one.nodes.iter().fold(told, |told, nodes| told.leaf("TargetNumberOfNodes", nodes)))
}
