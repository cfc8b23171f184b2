//! The cluster's ports over AWS.

mod login;
mod wire;

use std::time::Instant;

use async_trait::async_trait;
use aws_sdk_redshift::Client;
use aws_sdk_redshift::primitives::DateTime;
use aws_sdk_redshift::types::SourceType;
use jiff::Timestamp;
use ops_aws::{Aws, Idempotency, Pages};

pub use self::login::Credentials;
#[cfg(feature = "sql")]
pub use self::login::TemporaryLogin;
use self::wire::known;
use crate::{
    Cluster, ClusterEvent, ClusterId, ClusterRead, ClusterWrite, Effect, Error, ErrorKind, Probe, Resize, Result,
    Snapshot,
};

/// As many as the service gives at once, and as few as it may be asked for.
const PAGE: i32 = 100;
const LEAST: i32 = 20;

/// The Redshift clusters of one account and region. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ClusterClient {
    aws: Aws,
    redshift: Client,
}

impl ClusterClient {
    /// Over these services of AWS.
    pub fn new(aws: Aws) -> Self {
        Self { redshift: Client::new(aws.sdk()), aws }
    }

    /// Where it calls, and as whom.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }
}

#[async_trait]
impl ClusterRead for ClusterClient {
    async fn probe(&self) -> Result<Probe> {
        let began = Instant::now();
        let call = self.aws.call("redshift.probe", Idempotency::Read).known(known);
        call.send(|| self.redshift.describe_clusters().max_records(LEAST).send()).await?;
        Ok(Probe::new(self.aws.address(), began.elapsed()))
    }

    async fn clusters(&self) -> Result<Vec<Cluster>> {
        const OP: &str = "redshift.clusters";
        let mut clusters = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(marker) = pages.due()? {
            let request = self.redshift.describe_clusters().max_records(PAGE).set_marker(marker);
            let page = self.aws.call(OP, Idempotency::Read).known(known).send(|| request.clone().send()).await?;
            for cluster in page.clusters() {
                clusters.push(wire::cluster(OP, cluster)?);
            }
            pages.turn(page.marker);
        }
        clusters.sort_by(|a, b| a.id.cmp(&b.id));
        clusters.dedup_by(|a, b| a.id == b.id);
        Ok(clusters)
    }

    async fn cluster(&self, id: &ClusterId) -> Result<Cluster> {
        const OP: &str = "redshift.cluster";
        named(OP, id)?;
        let call = self.aws.call(OP, Idempotency::Read).known(known);
        let page = call.send(|| self.redshift.describe_clusters().cluster_identifier(id.as_str()).send()).await?;
        match page.clusters().iter().find(|cluster| cluster.cluster_identifier() == Some(id.as_str())) {
            Some(cluster) => wire::cluster(OP, cluster),
            None => Err(Error::new(OP, ErrorKind::NotFound, Effect::None)
                .with_target(self.aws.address())
                .with_message(format!("there is no cluster {id}"))),
        }
    }

    async fn events(&self, id: &ClusterId, from: Timestamp) -> Result<Vec<ClusterEvent>> {
        const OP: &str = "redshift.events";
        named(OP, id)?;
        let mut events = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(marker) = pages.due()? {
            let request = self.redshift.describe_events().source_identifier(id.as_str());
            let request = request.source_type(SourceType::Cluster).start_time(DateTime::from_secs(from.as_second()));
            let request = request.max_records(PAGE).set_marker(marker);
            let page = self.aws.call(OP, Idempotency::Read).known(known).send(|| request.clone().send()).await?;
            let ours = page.events().iter().filter(|event| event.source_identifier() == Some(id.as_str()));
            for event in ours {
                events.push(wire::event(OP, event)?);
            }
            pages.turn(page.marker);
        }
        // The service counts in whole seconds or coarser.
        events.retain(|event| event.at >= from);
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        Ok(events)
    }

    async fn snapshots_in_progress(&self, id: &ClusterId) -> Result<Vec<Snapshot>> {
        const OP: &str = "redshift.snapshots";
        named(OP, id)?;
        let mut snapshots = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(marker) = pages.due()? {
            let request = self.redshift.describe_cluster_snapshots().cluster_identifier(id.as_str());
            let request = request.max_records(PAGE).set_marker(marker);
            let page = self.aws.call(OP, Idempotency::Read).known(known).send(|| request.clone().send()).await?;
            snapshots.extend(page.snapshots().iter().map(wire::snapshot).filter(|found| found.status == "creating"));
            pages.turn(page.marker);
        }
        Ok(snapshots)
    }

    async fn resize(&self, id: &ClusterId) -> Result<Option<Resize>> {
        const OP: &str = "redshift.resize";
        named(OP, id)?;
        let call = self.aws.call(OP, Idempotency::Read).known(known);
        match call.send(|| self.redshift.describe_resize().cluster_identifier(id.as_str()).send()).await {
            Ok(resize) => Ok(Some(wire::resize(&resize))),
            // To the service, one that never was is not found, and neither is a cluster.
            Err(error) if error.is_not_found() => self.cluster(id).await.map(|_| None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl ClusterWrite for ClusterClient {
    async fn reboot(&self, id: &ClusterId) -> Result<()> {
        const OP: &str = "redshift.reboot";
        named(OP, id)?;
        let call = self.aws.call(OP, Idempotency::Once).known(known);
        call.send(|| self.redshift.reboot_cluster().cluster_identifier(id.as_str()).send()).await.map(drop)
    }

    async fn pause(&self, id: &ClusterId) -> Result<()> {
        const OP: &str = "redshift.pause";
        named(OP, id)?;
        let call = self.aws.call(OP, Idempotency::Once).known(known);
        call.send(|| self.redshift.pause_cluster().cluster_identifier(id.as_str()).send()).await.map(drop)
    }

    async fn resume(&self, id: &ClusterId) -> Result<()> {
        const OP: &str = "redshift.resume";
        named(OP, id)?;
        let call = self.aws.call(OP, Idempotency::Once).known(known);
        call.send(|| self.redshift.resume_cluster().cluster_identifier(id.as_str()).send()).await.map(drop)
    }
}

/// To the service, no identifier at all means every cluster.
fn named(op: &'static str, id: &ClusterId) -> Result<()> {
    if id.as_str().trim().is_empty() {
        return Err(Error::invalid(op, "an empty cluster identifier").with_attempts(0));
    }
    Ok(())
}
