//! Databricks: who may ask, what goes on by itself, and what becomes of a change whose answer is lost.

use std::time::Duration;

use databricks_client::{
    Cluster, ClusterState, CommandResult, DatabricksClient, Effect, Environment, ErrorKind, Language, Mapping,
    NotebookPath, PathStatus, Run, Sql, StatementState, Submit, WorkspaceRead, WorkspaceReadExt, WorkspaceWrite,
    WorkspaceWriteExt,
};
use ops_client::http::RetryPolicy;
use ops_sandbox::databricks::{About, CommandPlan, RunPlan, workspace};
use ops_sandbox::{Fault, Operation, Server, System, World};

pub(crate) fn client(address: &str) -> DatabricksClient {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    DatabricksClient::builder(Environment::new("sandbox"), address).retry(quick).build().unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);

/// A world with a cluster and a notebook, and what submits it.
fn prepared() -> (World, Submit) {
    let world = World::seeded(1);
    let notebook: NotebookPath = "/Shared/ops/look".parse().unwrap();
    let cluster = Cluster::new("0118-031500-abc123".parse().unwrap(), "etl", ClusterState::Running);
    let submit = Submit::new("a look", cluster.id.clone(), notebook.clone());
    world.put_workspace_cluster(cluster);
    world.put_notebook(notebook.clone(), Language::Python, "1");
    world.plan_run(RunPlan::new(notebook).lasting(Duration::ZERO, Duration::ZERO).telling("3 rows"));
    (world, submit)
}

#[tokio::test]
async fn who_does_not_say_who_they_are_and_who_may_only_read() {
    let (world, submit) = prepared();
    let server = Server::builder(world).require_databricks_logins(MINUTE).start().await.unwrap();
    let nobody = client(&server.databricks_url());
    assert_eq!(nobody.probe().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let wrong = nobody.clone().with_oauth("viewer", "wrong".to_owned().into());
    assert_eq!(wrong.probe().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    for viewer in [
        nobody.clone().with_access_token("dapi_viewer".to_owned().into()),
        nobody.clone().with_oauth("viewer", "viewer".to_owned().into()),
    ] {
        assert_eq!(viewer.me().await.unwrap().user_name, "viewer@example.com");
        let error = viewer.submit(&submit, &"t".parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Forbidden, Effect::None));
    }
}

#[tokio::test]
async fn a_machine_logs_in_once_and_again_when_its_token_has_ended() {
    let (world, _) = prepared();
    let server = Server::builder(world.clone()).require_databricks_logins(MINUTE).start().await.unwrap();
    let machine = client(&server.databricks_url()).with_oauth("admin", "admin".to_owned().into());
    let logins = || world.count(Operation::DatabricksLogin, About::Everything.subject()).calls;
    let (one, other) = tokio::join!(machine.me(), machine.clusters());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(logins(), 1);
    server.forget_databricks_logins();
    let (one, other) = tokio::join!(machine.me(), machine.clusters());
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(logins(), 2);
}

#[tokio::test]
async fn a_submission_whose_answer_is_lost_is_sent_again_and_runs_once() {
    let (world, submit) = prepared();
    let server = Server::start(world.clone()).await.unwrap();
    let workspace = client(&server.databricks_url());
    world.faults().next(1, Operation::SubmitRun, Fault::DropAfterEffect);
    let run = workspace.submit(&submit, &"tonight".parse().unwrap()).await.unwrap();
    let count = world.count(Operation::SubmitRun, About::Notebook(submit.notebook.clone()).subject());
    assert_eq!((count.calls, count.effects), (2, 1));

    let mut seen = 0;
    let run = workspace.wait_for_run(run, MINUTE, |_: &Run| seen += 1).await.unwrap();
    assert!(run.has_succeeded() && seen > 0);
    assert_eq!(workspace.output(&run).await.unwrap().result.as_deref(), Some("3 rows"));
}

#[tokio::test]
async fn a_command_is_never_sent_again_and_leaves_no_context() {
    let (world, submit) = prepared();
    world.plan_command(CommandPlan::new("count", CommandResult::Text("3".to_owned())));
    let server = Server::start(world.clone()).await.unwrap();
    let workspace = client(&server.databricks_url());
    let run = async || workspace.run_command(&submit.cluster, Language::Scala, "count", MINUTE, |_| ()).await;
    let calls = || world.count(Operation::ExecuteCommand, About::Cluster(submit.cluster.clone()).subject()).calls;

    world.faults().next(1, Operation::ExecuteCommand, Fault::DropAfterEffect);
    let error = run().await.unwrap_err();
    assert_eq!((error.effect(), calls(), world.open_contexts()), (Effect::Possible, 1, 0));

    // While it is looked at, looks are borne that fail.
    world.faults().next(3, Operation::CommandStatus, Fault::Status(503));
    assert_eq!(run().await.unwrap(), CommandResult::Text("3".to_owned()));
    assert_eq!((calls(), world.open_contexts()), (2, 0));
}

#[tokio::test]
async fn a_cluster_that_ends_takes_its_contexts_with_it_and_a_run_starts_it() {
    let (world, submit) = prepared();
    let workspace = world.databricks();
    let context = workspace.create_context(&submit.cluster, Language::Sql).await.unwrap();
    world.set_workspace_cluster(&submit.cluster, ClusterState::Terminated).unwrap();
    assert_eq!(workspace.context_status(&context).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(workspace.create_context(&submit.cluster, Language::Sql).await.unwrap_err().kind(), ErrorKind::Conflict);
    workspace.submit(&submit, &"t".parse().unwrap()).await.unwrap();
    assert_eq!(workspace.clusters().await.unwrap()[0].state, ClusterState::Running);
    let unknown = "no-such-cluster".parse().unwrap();
    assert!(world.set_workspace_cluster(&unknown, ClusterState::Running).unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_notebook_that_is_not_there_makes_a_run_that_fails() {
    let (world, submit) = prepared();
    let workspace = world.databricks();
    let missing = Submit::new("a look", submit.cluster, "/Shared/no-such".parse().unwrap());
    let run = workspace.submit(&missing, &"t".parse().unwrap()).await.unwrap();
    let run = workspace.wait_for_run(run, MINUTE, |_| ()).await.unwrap();
    assert!(!run.has_succeeded());
    assert!(workspace.output(&run).await.unwrap().error.unwrap().contains("/Shared/no-such"));
}

#[tokio::test]
async fn what_a_transaction_has_committed_lies_there_and_can_be_read() {
    let (world, night) = World::nightly(1);
    let scene = workspace(&world, night.transaction, &Mapping::mounts()).unwrap();
    assert_eq!(scene.datasets.len(), world.committed(night.transaction));
    let databricks = world.databricks();
    let read = async |path: &str| {
        let code = format!("spark.read.parquet(\"{path}\").count()");
        databricks.run_command(&scene.cluster, Language::Scala, &code, MINUTE, |_| ()).await.unwrap()
    };
    let folder = &scene.datasets[0];
    let listing = databricks.list(folder, 10).await.unwrap();
    assert_eq!((listing.entries.len(), listing.bytes() > 1000), (2, true));
    assert!(read(folder.as_str()).await.is_good());
    let nothing = read("dbfs:/mnt/example-metapod/nothing").await;
    let CommandResult::Error { summary: Some(summary), .. } = nothing else { panic!("{nothing:?}") };
    assert!(summary.contains("PATH_NOT_FOUND"), "{summary}");

    let beside: NotebookPath = "/Shared/ops/new".parse().unwrap();
    let source = "spark.read.parquet(\"dbfs:/mnt/example-metapod/nothing\")";
    databricks.import_notebook(&beside, Language::Python, source, false).await.unwrap();
    let submit = Submit::new("a look", scene.asleep, beside);
    let run = databricks.submit(&submit, &"t".parse().unwrap()).await.unwrap();
    let run = databricks.wait_for_run(run, MINUTE, |_| ()).await.unwrap();
    assert!(databricks.output(&run).await.unwrap().error.unwrap().contains("PATH_NOT_FOUND"));
    let sql = Sql::new(scene.warehouse, "SELECT * FROM avro.`dbfs:/mnt/example-metapod/nothing`");
    let begun = databricks.execute_statement(&sql).await.unwrap();
    let ended = databricks.wait_for_statement(&begun.id, MINUTE, |_| ()).await.unwrap();
    assert_eq!(ended.state, StatementState::Failed);
}

#[tokio::test]
async fn files_can_be_taken_away_with_their_folder() {
    let world = World::seeded(1);
    let path = |text: &str| text.parse().unwrap();
    world.put_workspace_file(PathStatus::file(path("dbfs:/mnt/b/d/part-0"), 7));
    world.put_workspace_file(PathStatus::file(path("dbfs:/mnt/b/dd"), 7));
    let workspace = world.databricks();
    assert!(workspace.path_status(&path("/mnt/b/d/")).await.unwrap().unwrap().is_folder);
    world.remove_workspace_file(&path("/mnt/b/d"));
    assert_eq!(workspace.path_status(&path("/mnt/b/d")).await.unwrap(), None);
    assert_eq!(workspace.list(&path("dbfs:/"), 5).await.unwrap().entries.len(), 1);
    assert_eq!(workspace.list(&path("dbfs:/mnt/b"), 5).await.unwrap().bytes(), 7);
}

#[tokio::test]
async fn a_notebook_that_was_written_is_what_was_written() {
    let (world, _) = prepared();
    let server = Server::start(world.clone()).await.unwrap();
    let path: NotebookPath = "/Users/ana@example.com/a look".parse().unwrap();
    let source = "print('é \"\\n\"')\n";
    world.put_notebook("/Users/ana@example.com/other".parse().unwrap(), Language::Sql, "");
    let workspace = client(&server.databricks_url());
    workspace.import_notebook(&path, Language::Python, source, false).await.unwrap();
    assert_eq!(world.notebook_source(&path).as_deref(), Some(source));
    assert_eq!(Operation::ImportNotebook.system(), System::Databricks);
}
