//! The cases.

use std::time::Duration;

use ops_client::conformance::{Fault, Outcome, cases, check, parsed, same, told};

use super::{CLOCK, CommandPlay, RunPlay, Scene, Stage};
use crate::{
    Cluster, CommandState, CommandStep, Context, ContextStatus, Effect, ErrorKind, IdempotencyToken, Language,
    LifeCycle, NotebookPath, ObjectType, PathStatus, ResultState, RunId, Sql, SqlParameter, StatementId,
    StatementState, Submit, WorkspacePath, WorkspaceReadExt, WorkspaceWriteExt,
};

cases! { pub CASES on dyn Stage:
    "a probe is answered, and who asks is told" => probe;
    "a path that is not there is none, and cannot be listed" => no_path;
    "what is listed of a folder is told of each path alone" => folder;
    "what is not known is not found" => unknown;
    #[needs(Prepare)] "every path is told, with its size" => every_path;
    #[needs(Prepare)] "a list is no longer than was asked for, and says so" => bounded;
    #[needs(Prepare)] "an empty folder is empty, and a file is its own list" => edges;
    #[needs(Prepare)] "clusters are told with their states" => clusters;
    #[needs(Prepare, Change)] "a notebook is written, not overwritten by mistake, and taken away" => notebook;
    #[needs(Prepare, Change, CLOCK)] "a run goes on to its end, and its task tells what it told" => run;
    #[needs(Prepare, Change, CLOCK)] "a notebook that fails tells why" => failing_run;
    #[needs(Prepare, Change, CLOCK)] "a cancelled run ends as cancelled" => cancelled_run;
    #[needs(Prepare, Change)] "the same token is the same run, another one another" => token;
    #[needs(Prepare, Change)] "a run on a cluster that is not there is not found" => run_nowhere;
    #[needs(Prepare, Change)] "a command tells a text, a table or its failure" => commands;
    #[needs(Prepare, Change)] "a context is gone after its command" => context_gone;
    #[needs(Prepare, Change)] "a command that takes long is cancelled" => long_command;
    #[needs(Prepare, Change)] "a command that is late is ended with its context" => late_command;
    #[needs(Prepare, Change)] "a cluster that does not run takes no commands" => no_cluster;
    #[needs(Prepare, Change)] "a statement finds rows, at most so many" => statement;
    #[needs(Prepare, Change)] "a statement that fails says why" => failing_statement;
    #[needs(Prepare, Change)] "a statement that takes long is cancelled" => long_statement;
    #[needs(Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Fault)] "a credential that has expired is Unauthenticated" => expired;
    #[needs(Fault)] "a page of HTML is no answer" => html;
    #[needs(Prepare, Change, Fault)] "of a change whose answer is lost nobody knows" => lost;
}

async fn probe(scene: Scene<'_>) -> Outcome {
    scene.stage.read().probe().await.map_err(told)?;
    let me = scene.stage.read().me().await.map_err(told)?;
    check(!me.user_name.is_empty(), "whoever asks has a name")
}

async fn no_path(scene: Scene<'_>) -> Outcome {
    let below = format!("{}/no-such-file", scene.start.folder.as_str().trim_end_matches('/'));
    for path in [below.as_str(), "dbfs:/mnt/no-such-bucket/x", "/Volumes/no-such/catalog/at-all/x"] {
        let path: WorkspacePath = parsed(path)?;
        same("status", &None, &scene.stage.read().path_status(&path).await.map_err(told)?)?;
        refused(ErrorKind::NotFound, scene.stage.read().list(&path, 10).await)?;
    }
    Ok(())
}

async fn folder(scene: Scene<'_>) -> Outcome {
    let status = status(scene, &scene.start.folder).await?;
    check(status.is_folder, "a folder is one")?;
    let listing = scene.stage.read().list(&scene.start.folder, 20).await.map_err(told)?;
    check(!listing.entries.is_empty(), "something lies in it")?;
    check(listing.entries.is_sorted_by(|one, other| one.path < other.path), "each is told once, by name")?;
    for entry in &listing.entries {
        let alone = self::status(scene, &entry.path).await?;
        same("folder or file", &entry.is_folder, &alone.is_folder)?;
        check(entry.is_folder || entry.size == alone.size, "a file is as large as the list says")?;
    }
    Ok(())
}

async fn unknown(scene: Scene<'_>) -> Outcome {
    let read = scene.stage.read();
    refused(ErrorKind::NotFound, read.run(RunId::new(987_654_321)).await)?;
    refused(ErrorKind::NotFound, read.run_output(RunId::new(987_654_321)).await)?;
    let statement: StatementId = parsed("01f0aaaa-bbbb-1ccc-8ddd-eeeeffff0000")?;
    refused(ErrorKind::NotFound, read.statement(&statement).await)?;
    let nothing: NotebookPath = parsed("/Shared/no-such/notebook")?;
    same("notebook", &None, &read.notebook(&nothing).await.map_err(told)?)
}

async fn every_path(scene: Scene<'_>) -> Outcome {
    for wanted in &scene.scenario.files {
        let found = status(scene, &wanted.path).await?;
        same(wanted.path.as_str(), &(wanted.is_folder, bytes(wanted)), &(found.is_folder, bytes(&found)))?;
    }
    Ok(())
}

async fn bounded(scene: Scene<'_>) -> Outcome {
    for folder in ["dbfs:/mnt/metapod/10b0", "/Volumes/prod/metapod/data/10b0/"] {
        let path: WorkspacePath = parsed(folder)?;
        for (limit, most, more) in [(1, 1, true), (2, 2, true), (3, 3, false), (4, 3, false)] {
            let listing = scene.stage.read().list(&path, limit).await.map_err(told)?;
            same(folder, &(most, more), &(listing.entries.len(), listing.truncated))?;
        }
        refused(ErrorKind::Invalid, scene.stage.read().list(&path, 0).await)?;
    }
    Ok(())
}

async fn edges(scene: Scene<'_>) -> Outcome {
    for wanted in &scene.scenario.files {
        let listing = scene.stage.read().list(&wanted.path, 10).await.map_err(told)?;
        let found: Vec<&WorkspacePath> = listing.entries.iter().map(|entry| &entry.path).collect();
        same(wanted.path.as_str(), &if wanted.is_folder { vec![] } else { vec![&wanted.path] }, &found)?;
    }
    Ok(())
}

async fn clusters(scene: Scene<'_>) -> Outcome {
    same("clusters", &scene.scenario.clusters, &scene.stage.read().clusters().await.map_err(told)?)
}

async fn notebook(scene: Scene<'_>) -> Outcome {
    let (read, write) = (scene.stage.read(), scene.stage.write());
    let path: NotebookPath = parsed("/Shared/ops/new")?;
    write.import_notebook(&path, Language::Scala, "1 + 1", false).await.map_err(told)?;
    let found = read.notebook(&path).await.map_err(told)?.ok_or("it is not there")?;
    same("what is there", &(ObjectType::Notebook, Some(Language::Scala)), &(found.kind, found.language))?;
    refused(ErrorKind::Conflict, write.import_notebook(&path, Language::Sql, "SELECT 1", false).await)?;
    write.import_notebook(&path, Language::Python, "1 + 1", true).await.map_err(told)?;
    let nowhere: NotebookPath = parsed("/Shared/no-such/folder/new")?;
    refused(ErrorKind::NotFound, write.import_notebook(&nowhere, Language::Python, "", false).await)?;
    for _ in 0..2 {
        write.delete_notebook(&path).await.map_err(told)?;
        same("after it was taken away", &None, &read.notebook(&path).await.map_err(told)?)?;
    }
    Ok(())
}

async fn run(scene: Scene<'_>) -> Outcome {
    let play = play(scene, ResultState::Success)?;
    let id = submit(scene, play, "token-1").await?;
    let mut seen = Vec::new();
    for pass in [Duration::ZERO, play.pending, play.running] {
        scene.stage.pass(pass).await.map_err(told)?;
        let run = scene.stage.read().run(id).await.map_err(told)?;
        same("the same run", &(id, "a look"), &(run.id, run.name.as_str()))?;
        check(run.result.is_some() == run.has_ended(), "how it went is told at its end")?;
        seen.push(run.life_cycle);
    }
    same("what was seen", &vec![LifeCycle::Pending, LifeCycle::Running, LifeCycle::Terminated], &seen)?;
    let told_of = |_: &crate::Run| ();
    let ended = scene.stage.read().wait_for_run(id, Duration::ZERO, told_of).await.map_err(told)?;
    check(ended.has_succeeded(), "it went well")?;
    check(ended.started.is_some() && ended.ended.is_some(), "its times are told")?;
    same("what it told", &play.output, &scene.stage.read().output(&ended).await.map_err(told)?)
}

async fn failing_run(scene: Scene<'_>) -> Outcome {
    let play = play(scene, ResultState::Failed)?;
    let id = submit(scene, play, "token-1").await?;
    scene.stage.pass(play.pending + play.running).await.map_err(told)?;
    let run = scene.stage.read().run(id).await.map_err(told)?;
    same(
        "how it went",
        &(LifeCycle::Terminated, Some(ResultState::Failed)),
        &(run.life_cycle.clone(), run.result.clone()),
    )?;
    check(!run.has_succeeded(), "it did not go well")?;
    same("what it told", &play.output, &scene.stage.read().output(&run).await.map_err(told)?)
}

async fn cancelled_run(scene: Scene<'_>) -> Outcome {
    let play = play(scene, ResultState::Success)?;
    let id = submit(scene, play, "token-1").await?;
    scene.stage.write().cancel_run(id).await.map_err(told)?;
    scene.stage.write().cancel_run(id).await.map_err(told)?;
    scene.stage.pass(play.pending + play.running).await.map_err(told)?;
    let run = scene.stage.read().run(id).await.map_err(told)?;
    same("how it went", &(LifeCycle::Terminated, Some(ResultState::Canceled)), &(run.life_cycle, run.result))?;
    refused(ErrorKind::NotFound, scene.stage.write().cancel_run(RunId::new(987_654_321)).await)
}

async fn token(scene: Scene<'_>) -> Outcome {
    let play = play(scene, ResultState::Success)?;
    let first = submit(scene, play, "token-1").await?;
    same("with the same token", &first, &submit(scene, play, "token-1").await?)?;
    check(submit(scene, play, "token-2").await? != first, "another token is another run")
}

async fn run_nowhere(scene: Scene<'_>) -> Outcome {
    let play = play(scene, ResultState::Success)?;
    let submit = Submit::new("a look", parsed("no-such-cluster")?, play.notebook.clone());
    refused(ErrorKind::NotFound, scene.stage.write().submit(&submit, &parsed("token-1")?).await)
}

async fn commands(scene: Scene<'_>) -> Outcome {
    let cluster = cluster(scene, 0)?;
    for play in short(scene) {
        let mut states = Vec::new();
        let seen = |step: CommandStep<'_>| {
            if let CommandStep::Command(command) = step {
                states.push(command.state.clone());
            }
        };
        let command = format!("// {}", play.contains);
        let minute = Duration::from_secs(60);
        let run = scene.stage.write().run_command(&cluster.id, Language::Scala, &command, minute, seen);
        same(&play.contains, &play.result, &run.await.map_err(told)?)?;
        same("its last state", &Some(CommandState::Finished), &states.pop())?;
    }
    Ok(())
}

async fn context_gone(scene: Scene<'_>) -> Outcome {
    let cluster = cluster(scene, 0)?;
    let mut context: Option<Context> = None;
    let seen = |step: CommandStep<'_>| {
        if let CommandStep::Context(found, _) = step {
            context = Some(found.clone());
        }
    };
    let minute = Duration::from_secs(60);
    let run = scene.stage.write().run_command(&cluster.id, Language::Python, "count", minute, seen);
    run.await.map_err(told)?;
    let context = context.ok_or("no context was told")?;
    refused(ErrorKind::NotFound, scene.stage.write().context_status(&context).await)?;
    refused(ErrorKind::NotFound, scene.stage.write().execute(&context, "count").await)?;
    scene.stage.write().destroy_context(&context).await.map_err(told)
}

async fn long_command(scene: Scene<'_>) -> Outcome {
    let (write, cluster) = (scene.stage.write(), cluster(scene, 0)?);
    let context = write.create_context(&cluster.id, Language::Python).await.map_err(told)?;
    same("the context", &ContextStatus::Running, &write.context_status(&context).await.map_err(told)?)?;
    let id = write.execute(&context, "sleep").await.map_err(told)?;
    let running = write.command_status(&context, &id).await.map_err(told)?;
    same("at first", &(CommandState::Running, None), &(running.state, running.result))?;
    write.cancel_command(&context, &id).await.map_err(told)?;
    let ended = write.command_status(&context, &id).await.map_err(told)?;
    same("in the end", &CommandState::Cancelled, &ended.state)?;
    refused(ErrorKind::NotFound, write.command_status(&context, &parsed("no-such-command")?).await)?;
    write.destroy_context(&context).await.map_err(told)
}

async fn late_command(scene: Scene<'_>) -> Outcome {
    let cluster = cluster(scene, 0)?;
    let mut context: Option<Context> = None;
    let seen = |step: CommandStep<'_>| {
        if let CommandStep::Context(found, _) = step {
            context = Some(found.clone());
        }
    };
    let run = scene.stage.write().run_command(&cluster.id, Language::Python, "sleep", Duration::ZERO, seen);
    let error = run.await.err().ok_or("it cannot be over")?;
    same("its error", &(ErrorKind::Timeout, Effect::Possible), &(error.kind(), error.effect()))?;
    let context = context.ok_or("no context was told")?;
    refused(ErrorKind::NotFound, scene.stage.write().context_status(&context).await)
}

async fn no_cluster(scene: Scene<'_>) -> Outcome {
    let (write, asleep) = (scene.stage.write(), cluster(scene, 1)?);
    refused(ErrorKind::Conflict, write.create_context(&asleep.id, Language::Sql).await)?;
    refused(ErrorKind::NotFound, write.create_context(&parsed("no-such-cluster")?, Language::Sql).await)
}

async fn statement(scene: Scene<'_>) -> Outcome {
    let wanted = scene.scenario.statements.iter().find_map(|play| play.outcome.as_ref().ok());
    let wanted = wanted.ok_or("the scenario has no rows")?;
    let all = sql(scene, "SELECT * FROM parquet.`x` WHERE day = :day");
    let all = all.with_parameter(SqlParameter::new("day", "2018-01-17").with_kind("DATE"));
    let begun = scene.stage.write().execute_statement(&all).await.map_err(told)?;
    let minute = Duration::from_secs(60);
    let found = scene.stage.read().wait_for_statement(&begun.id, minute, |_| ()).await.map_err(told)?;
    same("how it went", &StatementState::Succeeded, &found.state)?;
    same("what it found", &Some(wanted), &found.table.as_ref())?;
    let few = scene.stage.write().execute_statement(&all.with_row_limit(2)).await.map_err(told)?;
    let found = scene.stage.read().wait_for_statement(&few.id, minute, |_| ()).await.map_err(told)?;
    let table = found.table.ok_or("no rows are told")?;
    same("the first two", &(&wanted.rows[..2], true), &(&table.rows[..], table.truncated))
}

async fn failing_statement(scene: Scene<'_>) -> Outcome {
    let wanted = scene.scenario.statements.iter().find_map(|play| play.outcome.as_ref().err());
    let begun = scene.stage.write().execute_statement(&sql(scene, "SELECT * FROM nowhere")).await.map_err(told)?;
    let minute = Duration::from_secs(60);
    let found = scene.stage.read().wait_for_statement(&begun.id, minute, |_| ()).await.map_err(told)?;
    same("why", &(StatementState::Failed, wanted, None), &(found.state, found.error.as_ref(), found.table))?;
    let elsewhere = Sql::new(parsed("no-such-warehouse")?, "SELECT 1");
    refused(ErrorKind::NotFound, scene.stage.write().execute_statement(&elsewhere).await)
}

async fn long_statement(scene: Scene<'_>) -> Outcome {
    let (read, write) = (scene.stage.read(), scene.stage.write());
    let begun = write.execute_statement(&sql(scene, "SELECT sleep(3600)")).await.map_err(told)?;
    let late = read.wait_for_statement(&begun.id, Duration::ZERO, |_| ()).await;
    refused(ErrorKind::Timeout, late)?;
    write.cancel_statement(&begun.id).await.map_err(told)?;
    same("in the end", &StatementState::Canceled, &read.statement(&begun.id).await.map_err(told)?.state)
}

async fn unavailable(scene: Scene<'_>) -> Outcome {
    scene.stage.fault(Fault::Unavailable).await.map_err(told)?;
    all_reads(scene, ErrorKind::Unavailable).await
}

async fn expired(scene: Scene<'_>) -> Outcome {
    scene.stage.fault(Fault::ExpiredToken).await.map_err(told)?;
    all_reads(scene, ErrorKind::Unauthenticated).await
}

async fn html(scene: Scene<'_>) -> Outcome {
    // Whoever has to log in has done so.
    scene.stage.read().me().await.map_err(told)?;
    scene.stage.fault(Fault::Html).await.map_err(told)?;
    let read = scene.stage.read();
    refused(ErrorKind::Decode, read.probe().await)?;
    refused(ErrorKind::Decode, read.me().await)?;
    refused(ErrorKind::Decode, read.clusters().await)?;
    refused(ErrorKind::Decode, read.run(RunId::new(1)).await)?;
    refused(ErrorKind::Decode, read.path_status(&parsed("dbfs:/mnt/metapod")?).await)
}

async fn lost(scene: Scene<'_>) -> Outcome {
    scene.stage.read().me().await.map_err(told)?;
    let play = play(scene, ResultState::Success)?;
    let submit = Submit::new("a look", cluster(scene, 0)?.id.clone(), play.notebook.clone());
    scene.stage.fault(Fault::LostAnswer).await.map_err(told)?;
    let write = scene.stage.write();
    possible(write.submit(&submit, &parsed("token-1")?).await)?;
    possible(write.create_context(&submit.cluster, Language::Python).await)?;
    possible(write.execute_statement(&sql(scene, "SELECT sleep(1)")).await)?;
    possible(write.import_notebook(&play.notebook, Language::Python, "1", true).await)
}

fn possible<T>(result: crate::Result<T>) -> Outcome {
    let error = ops_client::conformance::refused(result)?;
    same("its effect", &Effect::Possible, &error.effect())
}

async fn all_reads(scene: Scene<'_>, kind: ErrorKind) -> Outcome {
    let read = scene.stage.read();
    refused(kind, read.probe().await)?;
    refused(kind, read.me().await)?;
    refused(kind, read.path_status(&scene.start.folder).await)?;
    refused(kind, read.list(&scene.start.folder, 1).await)?;
    refused(kind, read.clusters().await)?;
    refused(kind, read.notebook(&parsed("/Shared/ops/look")?).await)?;
    refused(kind, read.run(RunId::new(1)).await)?;
    refused(kind, read.run_output(RunId::new(1)).await)?;
    refused(kind, read.statement(&parsed("01f0")?).await)
}

fn refused<T>(kind: ErrorKind, result: crate::Result<T>) -> Outcome {
    let error = ops_client::conformance::refused(result)?;
    same("its error", &(kind, Effect::None), &(error.kind(), error.effect()))
}

async fn status(scene: Scene<'_>, path: &WorkspacePath) -> Outcome<PathStatus> {
    let found = scene.stage.read().path_status(path).await.map_err(told)?;
    found.ok_or_else(|| format!("nothing lies at {path}"))
}

/// A folder has no size that counts.
fn bytes(status: &PathStatus) -> Option<u64> {
    status.size.filter(|_| !status.is_folder)
}

fn play(scene: Scene<'_>, result: ResultState) -> Outcome<&RunPlay> {
    let found = scene.scenario.runs.iter().find(|play| play.result == result);
    found.ok_or_else(|| format!("no run of the scenario ends as {result}"))
}

fn cluster(scene: Scene<'_>, at: usize) -> Outcome<&Cluster> {
    scene.scenario.clusters.get(at).ok_or_else(|| "the scenario has too few clusters".to_owned())
}

fn short(scene: Scene<'_>) -> impl Iterator<Item = &CommandPlay> {
    scene.scenario.commands.iter().filter(|play| play.lasts.is_zero())
}

fn sql(scene: Scene<'_>, statement: &str) -> Sql {
    Sql::new(scene.scenario.warehouse.clone(), statement)
}

async fn submit(scene: Scene<'_>, play: &RunPlay, token: &str) -> Outcome<RunId> {
    let submit = Submit::new("a look", cluster(scene, 0)?.id.clone(), play.notebook.clone());
    let submit = submit.with_parameter("dataset", "10b0").with_timeout_seconds(600);
    let token: IdempotencyToken = parsed(token)?;
    scene.stage.write().submit(&submit, &token).await.map_err(told)
}
