//! The warehouse's ports on a real PostgreSQL, by both ways.

use std::time::Duration;

use async_trait::async_trait;
use redshift_ops::conformance::warehouse::{KEEP_A_SESSION, Scenario, Stage, WRITE_LOAD_ERRORS, Who, run_all};
use redshift_ops::conformance::{Fault, Needs, Prepare};
use redshift_ops::sql::{DataApiSql, Warehouse as Sql};
use redshift_ops::{ClusterId, Error, Load, LoadError, LoadsRead, Result, SessionKey, WarehouseRead, WarehouseWrite};

use tokio::sync::Mutex;

use crate::aws::Peer;
use crate::postgres::{Postgres, Warehouse};

/// The suite knows the database by its name, and who else is there: one after the other.
pub(crate) static TURN: Mutex<()> = Mutex::const_new(());

/// The ports of each who asks, and what is done behind them.
struct Peers {
    name: &'static str,
    keeps_a_session: bool,
    ports: Vec<(Who, Sql)>,
    behind: Warehouse,
}

impl Peers {
    fn port(&self, who: Who) -> &Sql {
        &self.ports.iter().find(|(one, _)| *one == who).unwrap().1
    }
}

#[async_trait]
impl Prepare for Peers {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, what: Needs) -> bool {
        match what {
            Needs::Prepare | Needs::Change | WRITE_LOAD_ERRORS => true,
            KEEP_A_SESSION => self.keeps_a_session,
            _ => false,
        }
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<()> {
        self.behind.as_new(&scenario.tables).await;
        Ok(())
    }
}

#[async_trait]
impl Stage for Peers {
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
        Ok(self.behind.open(user, &format!("begin; select count(*) from {table}")).await)
    }

    async fn swap(&self, user: &str) -> Result<SessionKey> {
        Ok(self.behind.run(user, "begin; drop schema fact cascade; commit").await)
    }

    async fn close(&self, session: &SessionKey) -> Result<()> {
        self.behind.close(session).await;
        Ok(())
    }

    async fn is_there(&self, session: &SessionKey) -> Result<bool> {
        let started = session.started.strftime("%Y-%m-%d %H:%M:%S%.6f");
        let query =
            format!("select count(*) from stv_sessions where process = {} and starttime = '{started}'", session.pid);
        Ok(self.behind.count(&query).await > 0)
    }

    async fn insert_load(&self, load: &Load) -> Result<()> {
        let at = load.at.map_or("null".to_owned(), |at| format!("'{}'", at.strftime("%Y-%m-%d %H:%M:%S%.6f")));
        let row = format!(
            "insert into meta.loads (table_name, metapod_transaction_id, load_time) values ($q${}$q$, '{}', {at})",
            load.table, load.transaction
        );
        self.behind.admin.batch_execute(&row).await.unwrap();
        Ok(())
    }

    async fn insert_load_error(&self, error: &LoadError) -> Result<()> {
        let row = format!(
            "insert into stl_load_errors (userid, slice, tbl, starttime, session, query, filename, line_number, colname, \
             type, col_length, position, raw_line, raw_field_value, err_code, err_reason) values \
             (1, 0, {}, '{}', 1, 1, $q${}$q$, {}, $q${}$q$, '', '', 0, '', '', 1, $q${}$q$)",
            error.table,
            error.at.strftime("%Y-%m-%d %H:%M:%S%.6f"),
            error.file,
            error.line,
            error.column,
            error.reason
        );
        self.behind.admin.batch_execute(&row).await.unwrap();
        Ok(())
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn fault(&self, _: Fault) -> Result<()> {
        Err(Error::invalid("peer.fault", "it does not fail on demand"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_over_the_wire() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let behind = postgres.found("belomonte").await;
    let port = |who: Who| (who, Sql::new(postgres.wire(&behind.name, who.user())));
    let ports = Who::ALL.map(port).into();
    let peer = Peers { name: "PostgreSQL over the wire", keeps_a_session: true, ports, behind };
    let report = run_all(&peer).await;
    assert!(report.failed().is_empty(), "{report}");
    let left_out = "a warehouse that is away tells nothing, a session whose end was not answered may have ended";
    assert_eq!(report.not_possible().join(", "), left_out, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_over_the_data_api() {
    let (Some(postgres), Some(peer)) = (Postgres::there_is(), Peer::there_is("us-east-2")) else { return };
    let _turn = TURN.lock().await;
    peer.play().await.unwrap();
    let behind = postgres.found("belomonte").await;
    let cluster = ClusterId::new("cantareira-k-redshift-redshiftcluster-1lp2x");
    let aws = peer.aws("AKIAIOSFODNN7EXAMPLE").await;
    let port = |who: Who| (who, Sql::new(DataApiSql::new(aws.clone(), cluster.clone(), "belomonte", who.user())));
    let ports = Who::ALL.map(port).into();
    let peer = Peers { name: "PostgreSQL over the Data API", keeps_a_session: false, ports, behind };
    let report = run_all(&peer).await;
    assert!(report.failed().is_empty(), "{report}");
    let left_out = "who asks has a session, nobody ends the session that asks, a warehouse that is away tells nothing, \
                    a session whose end was not answered may have ended";
    assert_eq!(report.not_possible().join(", "), left_out, "{report}");
}
