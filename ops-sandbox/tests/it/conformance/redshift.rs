//! The clusters and the warehouse.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use ops_sandbox::redshift::{ClusterPort, ClusterSpec, Rights, WarehousePort};
use ops_sandbox::{Server, World};
use redshift_ops::conformance::cluster::Play;
use redshift_ops::conformance::warehouse::Who;
use redshift_ops::conformance::{Fault, Needs, Prepare, cluster, warehouse};
use redshift_ops::{
    Cluster, ClusterClient, ClusterId, ClusterRead, ClusterWrite, Load, LoadError, LoadsRead, Resize, Result,
    SessionKey, Snapshot, WarehouseRead, WarehouseWrite,
};

use super::{aws, fail};

struct ClusterStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

fn spec(play: &Play) -> ClusterSpec {
    let spec = ClusterSpec::new(play.id.as_str()).nodes(play.nodes, &play.node_type).database(&play.database);
    let spec = if play.is_paused() { spec.paused() } else { spec };
    let spec = play.pending.iter().fold(spec, |spec, setting| spec.pending(setting));
    // One that is done is there, too: it is not told.
    let done = Snapshot::new(format!("{}-yesterday", play.id), "available");
    let snapshots = play.snapshot.iter().map(|status| Snapshot::new(format!("{}-tonight", play.id), status));
    let spec = snapshots.chain([done]).fold(spec, ClusterSpec::snapshot);
    play.resize.iter().fold(spec, |spec, status| spec.resize(Resize::new(status)))
}

#[async_trait]
impl<P: ClusterRead + ClusterWrite> Prepare for ClusterStage<P> {
    type Scenario = cluster::Scenario;
    type Start = ();

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &cluster::Scenario) -> Result<()> {
        self.world.clear();
        scenario.plays.iter().for_each(|play| self.world.put_cluster(spec(play)));
        Ok(())
    }
}

#[async_trait]
impl<P: ClusterRead + ClusterWrite> cluster::Stage for ClusterStage<P> {
    fn reads(&self) -> &dyn ClusterRead {
        &self.port
    }

    fn writes(&self) -> &dyn ClusterWrite {
        &self.port
    }

    async fn look(&self, id: &ClusterId) -> Result<Cluster> {
        Ok(self.world.cluster(id).unwrap())
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn pass(&self, time: Duration) {
        self.world.advance(time);
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn clusters_in_memory() {
    let world = World::seeded(1);
    let stage = ClusterStage::<ClusterPort> { name: "clusters in memory", port: world.redshift_cluster(), world };
    let report = cluster::run_all(&stage).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn clusters_over_sockets() {
    let world = World::seeded(1);
    let server = Server::start(world.clone()).await.unwrap();
    let port = ClusterClient::new(aws(&server).await);
    let report = cluster::run_all(&ClusterStage { name: "clusters over sockets", port, world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

struct WarehouseStage {
    world: World,
    ports: [WarehousePort; 4],
}

impl WarehouseStage {
    fn port(&self, who: Who) -> &WarehousePort {
        let at = Who::ALL.iter().position(|one| *one == who).unwrap();
        &self.ports[at]
    }
}

#[async_trait]
impl Prepare for WarehouseStage {
    type Scenario = warehouse::Scenario;
    type Start = ();

    fn name(&self) -> &str {
        "a warehouse in memory"
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &warehouse::Scenario) -> Result<()> {
        self.world.clear();
        for user in &scenario.users {
            let has = |role: &str| user.roles.iter().any(|name| name == role);
            let rights = match () {
                () if user.superuser => Rights::Superuser,
                () if has("sys:operator") => Rights::Operator,
                () if has("sys:monitor") => Rights::Monitor,
                () => Rights::Plain,
            };
            self.world.put_user(&user.name, rights);
        }
        scenario.tables.iter().for_each(|table| self.world.put_table(table, 100));
        Ok(())
    }
}

#[async_trait]
impl warehouse::Stage for WarehouseStage {
    fn reads(&self, who: Who) -> &dyn WarehouseRead {
        self.port(who)
    }

    fn writes(&self, who: Who) -> &dyn WarehouseWrite {
        self.port(who)
    }

    fn loads(&self) -> &dyn LoadsRead {
        self.port(Who::Superuser)
    }

    async fn hold(&self, user: &str, table: &str) -> Result<SessionKey> {
        self.world.hold_table(user, table)
    }

    async fn swap(&self, user: &str) -> Result<SessionKey> {
        Ok(self.world.begin_drop(user, "fact"))
    }

    async fn close(&self, session: &SessionKey) -> Result<()> {
        self.world.close_session(session);
        Ok(())
    }

    async fn is_there(&self, session: &SessionKey) -> Result<bool> {
        Ok(self.world.sessions().iter().any(|one| one.key == *session))
    }

    async fn insert_load(&self, load: &Load) -> Result<()> {
        self.world.put_load(load);
        Ok(())
    }

    async fn insert_load_error(&self, error: &LoadError) -> Result<()> {
        self.world.put_load_error(error.clone());
        Ok(())
    }

    async fn pass(&self, time: Duration) {
        self.world.advance(time);
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn a_warehouse_in_memory() {
    let world = World::seeded(1);
    let ports = Who::ALL.map(|who| world.warehouse_as(who.user()));
    let report = warehouse::run_all(&WarehouseStage { world, ports }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
