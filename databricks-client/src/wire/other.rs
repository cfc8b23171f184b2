//! Who asks, clusters, and the workspace's own tree.

use serde::Deserialize;

use super::{Fit, parsed, said};
use crate::{Cluster, ClusterState, Language, Me, Notebook, NotebookPath, ObjectType};

#[derive(Deserialize)]
pub(crate) struct MeIn {
    #[serde(rename = "userName")]
    user_name: String,
    #[serde(rename = "displayName")]
    display_name: Option<String>,
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    display: Option<String>,
}

impl From<MeIn> for Me {
    fn from(told: MeIn) -> Self {
        let mut me = Self::new(told.user_name);
        me.display_name = said(told.display_name);
        me.groups = told.groups.into_iter().filter_map(|group| said(group.display)).collect();
        me
    }
}

/// Where there is none, it has nothing in it.
#[derive(Deserialize)]
pub(crate) struct Clusters {
    #[serde(default)]
    clusters: Vec<ClusterIn>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct ClusterIn {
    cluster_id: String,
    #[serde(default)]
    cluster_name: String,
    state: String,
    state_message: Option<String>,
    spark_version: Option<String>,
}

impl Clusters {
    /// Clusters, and where it goes on.
    pub(crate) fn told(self) -> Fit<(Vec<Cluster>, Option<String>)> {
        let clusters = self.clusters.into_iter().map(|told| {
            let id = parsed("clusters.cluster_id", &told.cluster_id)?;
            let mut cluster = Cluster::new(id, told.cluster_name, ClusterState::told(&told.state));
            (cluster.message, cluster.spark_version) = (said(told.state_message), said(told.spark_version));
            Ok(cluster)
        });
        Ok((clusters.collect::<Fit<_>>()?, said(self.next_page_token)))
    }
}

#[derive(Deserialize)]
pub(crate) struct Object {
    object_type: String,
    language: Option<String>,
    object_id: Option<u64>,
}

impl Object {
    pub(crate) fn told(self, path: &NotebookPath) -> Notebook {
        let mut found = Notebook::other(path.clone(), ObjectType::told(&self.object_type));
        found.language = self.language.and_then(|language| language.parse::<Language>().ok());
        found.object_id = self.object_id;
        found
    }
}
