//! Metabase.

use async_trait::async_trait;
use metabase_client::conformance::{Fault, Needs, Prepare, Report, Scenario, Stage, Start, run_all};
use metabase_client::{MetabaseClient, MetabaseRead, Result};
use ops_sandbox::metabase::{QuestionSpec, TableSpec};
use ops_sandbox::{Server, World};

use super::fail;
use crate::metabase::client;

struct MetabaseStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

#[async_trait]
impl<P: MetabaseRead> Prepare for MetabaseStage<P> {
    type Scenario = Scenario;
    type Start = Start;

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<Start> {
        self.world.clear();
        for play in &scenario.tables {
            let table = TableSpec::new(&play.database, &play.schema, &play.name).rows(play.rows.clone());
            let columns = play.columns.iter();
            let table = columns.fold(table, |table, column| table.column(&column.name, &column.base_type));
            self.world.put_metabase_table(table)?;
        }
        let asked = &scenario.question;
        let question = QuestionSpec::new(&asked.database, &asked.schema, &asked.table);
        let card = self.world.put_metabase_question(question.variable(&asked.tag, &asked.column))?;
        let databases = self.world.metabase().databases().await?;
        let first = databases.iter().find(|database| database.name == scenario.tables[0].database).unwrap();
        Ok(Start::new(first.id).with_question(card))
    }
}

#[async_trait]
impl<P: MetabaseRead> Stage for MetabaseStage<P> {
    fn metabase(&self) -> &dyn MetabaseRead {
        &self.port
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn metabase_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&MetabaseStage { name: "in memory", port: world.metabase(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

async fn over_sockets(name: &'static str, as_somebody: fn(MetabaseClient) -> MetabaseClient) -> Report {
    let world = World::seeded(1);
    let server = Server::builder(world.clone()).require_metabase_logins().start().await.unwrap();
    run_all(&MetabaseStage { name, port: as_somebody(client(&server)), world }).await
}

#[tokio::test]
async fn metabase_over_sockets_with_a_session() {
    let report = over_sockets("a session", |client| client.with_login("viewer", "viewer".to_owned().into())).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn metabase_over_sockets_with_an_api_key() {
    let report = over_sockets("an API key", |client| client.with_api_key("mb_admin".to_owned().into())).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
