//! `find_transaction`: who says which transaction is that of a day, and where they disagree.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use metapod_client::TransactionId;
use ops_client::Result;
use ops_recipes::datasets::find_transaction::{LoaderLog, LogSaid, Source, Verdict};
use ops_recipes::datasets::{FindReads, FindTransaction, Sought};
use ops_sandbox::metapod::TransactionSpec;
use ops_sandbox::{Fault, Operation, World};

use crate::stage::{NOW, night, now, tonight};

const DAY: &str = "2026-11-22";
const OTHER: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

fn day() -> Date {
    DAY.parse().unwrap()
}

fn other() -> TransactionId {
    OTHER.parse().unwrap()
}

fn sonar(world: &World) -> FindReads {
    FindReads::new().with_sonar(Arc::new(world.sonar()))
}

fn log(id: TransactionId) -> Arc<dyn LoaderLog> {
    Arc::new(LogSaid::new(id).of_day(day()).last(now()))
}

async fn look(question: &FindTransaction, reads: &FindReads) -> Sought {
    question.look(reads, "prod", now(), tokio::time::sleep).await
}

async fn of_the_day(reads: &FindReads) -> Sought {
    look(&FindTransaction::of(day()), reads).await
}

/// A log that never ends.
struct Endless;

#[async_trait]
impl LoaderLog for Endless {
    async fn said(&self) -> Result<LogSaid> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn one_that_all_name_is_the_answer() {
    let sought = of_the_day(&sonar(&night()).with_log(log(tonight()))).await;
    assert_eq!(sought.transaction(), Some(tonight()));
    assert_eq!(sought.candidates[0].by.len(), 2);
    let text = sought.to_string();
    for line in [
        "prod · the transaction of 2026-11-22",
        "target date 2026-11-22, execution date 2026-11-21",
        "    Sonar: started 2026-11-22T00:01:04Z (8 h ago)",
        "    the loader's log: loaded, last line 2026-11-22T09:00:00Z (0 s ago)",
        "  Sonar: names 1 transaction",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}:\n{text}");
    }
    assert!(!text.contains("nobody else says so"), "{text}");
}

#[tokio::test]
async fn several_of_a_day_are_listed_and_a_kind_chooses() {
    let world = night();
    let custom = world.add_transaction(TransactionSpec::custom().for_day(day()).started_at(now()), []).unwrap();
    let sought = of_the_day(&sonar(&world)).await;
    assert_eq!((sought.verdict, sought.candidates.len(), sought.transaction()), (Verdict::Several, 2, None));
    assert!(sought.to_string().contains("--kind CUSTOM or DAILY"), "{sought}");
    // That another source names one of them decides nothing.
    assert_eq!(of_the_day(&sonar(&world).with_log(log(tonight()))).await.verdict, Verdict::Several);

    for (kind, id) in [("DAILY", tonight()), ("CUSTOM", custom)] {
        let question = FindTransaction::of(day()).with_kind(kind.to_owned().into());
        let sought = look(&question, &sonar(&world)).await;
        assert_eq!((sought.transaction(), sought.beside.len()), (Some(id), 1));
        assert!(sought.to_string().contains(&format!("the {kind} transaction of")), "{sought}");
    }
    world.add_transaction(TransactionSpec::daily(day()).started_at(now()), []).unwrap();
    let question = FindTransaction::of(day()).with_kind("DAILY".to_owned().into());
    let sought = look(&question, &sonar(&world)).await;
    assert!(sought.verdict == Verdict::Several && sought.to_string().contains("all are of one kind"), "{sought}");
}

#[tokio::test]
async fn two_that_disagree_are_shown_with_both() {
    let sought = of_the_day(&sonar(&night()).with_log(log(other()))).await;
    assert_eq!((sought.verdict, sought.candidates.len(), sought.transaction()), (Verdict::Disagreed, 2, None));
    let text = sought.to_string();
    assert!(text.contains(OTHER) && text.contains(&tonight().to_string()) && text.contains("disagree"), "{text}");
}

#[tokio::test]
async fn what_sonar_knows_to_be_of_another_day_is_no_candidate() {
    let world = night();
    world.add_transaction(TransactionSpec::daily("2026-11-20".parse().unwrap()).with_id(other()), []).unwrap();
    let sought = of_the_day(&sonar(&world).with_log(log(other()))).await;
    assert_eq!(sought.transaction(), Some(tonight()));
    assert!(sought.to_string().contains(&format!("it names {OTHER}, which is of target date 2026-11-20")), "{sought}");
}

#[tokio::test]
async fn a_source_that_fails_or_is_silent_is_a_line() {
    let world = night();
    let reads = sonar(&world).with_log(Arc::new(Endless)).with_patience(Duration::from_millis(50));
    let sought = of_the_day(&reads.with_failed(Source::Slack, "no token")).await;
    assert_eq!(sought.transaction(), Some(tonight()));
    let text = sought.to_string();
    assert!(text.contains("the loader's log: no answer: no answer within"), "{text}");
    assert!(text.contains("Slack: no answer: no token") && text.contains("nobody else says so"), "{text}");

    world.faults().next(1, Operation::SonarTransactions, Fault::Status(503));
    let sought = of_the_day(&sonar(&world).with_log(log(tonight()))).await;
    assert_eq!((sought.transaction(), &sought.candidates[0].kind), (Some(tonight()), &None));
    assert!(sought.told[0].failed.is_some());

    world.faults().next(1, Operation::SonarTransactions, Fault::Status(503));
    let sought = of_the_day(&sonar(&world)).await;
    assert!(sought.verdict == Verdict::Nothing && sought.to_string().contains("no source answered"), "{sought}");
}

#[tokio::test]
async fn where_nobody_names_one_that_is_told_with_what_to_do() {
    let sought =
        look(&FindTransaction::of("2026-01-01".parse().unwrap()), &sonar(&night()).with_log(log(tonight()))).await;
    assert_eq!(sought.verdict, Verdict::Nothing);
    let text = sought.to_string();
    for part in
        ["no source names one (Sonar, the loader's log)", "check the date", "it is about target date 2026-11-22"]
    {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let nobody = of_the_day(&FindReads::new()).await;
    assert!(nobody.to_string().contains("nobody: no source is configured"), "{nobody}");
    let unnamed = Arc::new(LogSaid::new(tonight()));
    assert_eq!(
        of_the_day(&FindReads::new().with_log(unnamed)).await.verdict,
        Verdict::Nothing,
        "of no day, it is a note"
    );
}

#[tokio::test]
async fn near_midnight_it_is_said_which_day_is_meant() {
    for (at, meant, says) in [
        ("2026-11-22T00:12:00Z", "2026-11-22", Some("the run of the night before is of target date 2026-11-21")),
        ("2026-11-22T23:50:00Z", "2026-11-22", Some("the run that begins at midnight is of target date 2026-11-23")),
        (NOW, "2026-11-22", None),
    ] {
        let now: Timestamp = at.parse().unwrap();
        let sought = FindTransaction::today(now).look(&sonar(&night()), "prod", now, tokio::time::sleep).await;
        let text = sought.to_string();
        assert!(sought.day.to_string() == meant && text.contains(&format!("«today» is {meant} in UTC")), "{text}");
        assert_eq!(text.contains("near midnight"), says.is_some(), "{text}");
        assert!(text.contains(says.unwrap_or_default()), "{text}");
    }
}

#[cfg(feature = "slack")]
mod slack {
    use ops_sandbox::slack::{ChannelSpec, MessageSpec};
    use slack_client::ChannelId;

    use super::*;

    fn channel() -> ChannelId {
        "C1234567890".parse().unwrap()
    }

    fn says(at: &str, text: String) -> MessageSpec {
        MessageSpec::new(at.parse().unwrap(), text).by_bot()
    }

    async fn with(world: &World, messages: Vec<MessageSpec>) -> Sought {
        world.put_channel(ChannelSpec::new(channel()).messages(messages));
        of_the_day(&FindReads::new().with_slack(Arc::new(world.slack()), channel())).await
    }

    fn started(at: &str, id: TransactionId) -> MessageSpec {
        says(at, format!("Airflow started running a dagao: transaction {id}"))
    }

    #[tokio::test]
    async fn the_announcement_counts_and_the_first_one_says_since_when() {
        let sought = with(
            &night(),
            vec![
                started("2026-11-21T00:00:05Z", other()),
                started("2026-11-22T00:00:05Z", tonight()),
                started("2026-11-22T00:40:00Z", tonight()),
                says("2026-11-22T01:00:00Z", format!("failed: transaction {OTHER}")),
                MessageSpec::new("2026-11-22T01:10:00Z".parse().unwrap(), format!("was it transaction {OTHER}?")),
            ],
        )
        .await;
        assert_eq!(sought.transaction(), Some(tonight()));
        let since = sought.candidates[0].by[0].1.since.map(|at| at.to_string());
        assert_eq!(since.as_deref(), Some("2026-11-22T00:00:05Z"));
    }

    #[tokio::test]
    async fn a_late_announcement_is_found_in_the_rest_of_the_day() {
        let sought = with(&night(), vec![started("2026-11-22T05:00:00Z", tonight())]).await;
        assert_eq!(sought.transaction(), Some(tonight()));
    }

    #[tokio::test]
    async fn without_an_announcement_programs_are_believed_and_people_are_not() {
        let person = MessageSpec::new("2026-11-22T02:10:00Z".parse().unwrap(), format!("transaction {OTHER}"));
        let sought = with(&night(), vec![person.clone()]).await;
        assert_eq!(sought.verdict, Verdict::Nothing);
        assert!(sought.to_string().contains("1 message of that time, none announces a run"), "{sought}");
        let failure = says("2026-11-22T03:00:00Z", format!("failed: transaction {}", tonight()));
        assert_eq!(with(&night(), vec![person, failure]).await.transaction(), Some(tonight()));
    }

    #[tokio::test]
    async fn where_only_a_page_may_be_read_that_is_a_note() {
        let world = night();
        world.limit_slack(Duration::from_secs(60), 1);
        let early = says("2026-11-22T00:00:05Z", "hello".to_owned());
        let sought = with(&world, vec![early, started("2026-11-22T05:00:00Z", tonight())]).await;
        assert_eq!(sought.verdict, Verdict::Nothing);
        assert!(sought.to_string().contains("the rest of the day was not looked at"), "{sought}");
    }

    #[tokio::test]
    async fn a_day_that_has_not_begun_is_not_looked_for() {
        let world = night();
        world.put_channel(ChannelSpec::new(channel()));
        let reads = FindReads::new().with_slack(Arc::new(world.slack()), channel());
        let sought = look(&FindTransaction::of("2026-12-24".parse().unwrap()), &reads).await;
        assert!(sought.to_string().contains("that day has not begun"), "{sought}");
    }
}

#[cfg(feature = "airflow")]
mod airflow {
    use airflow_client::{DagRun, ExecutionDate, MockAirflowRead, RunKey, RunState, TaskInstance, TaskKey, TaskState};
    use ops_sandbox::airflow::RunSpec;
    use ops_sandbox::scenario;
    use serde_json::{Map, Value};

    use super::*;

    /// The run of a day, which was given this.
    async fn given(conf: Map<String, Value>, execution_date: &str) -> Sought {
        let world = night();
        let dag = scenario::dagao(&world).unwrap();
        let about = ExecutionDate::new(execution_date.parse().unwrap());
        let spec = RunSpec::new("scheduled__night".parse().unwrap()).scheduled().about(about).conf(conf);
        world.add_run(&dag, spec).unwrap();
        world.advance(Duration::from_secs(30));
        let reads = sonar(&world).with_airflow(Arc::new(world.airflow()), [dag]);
        of_the_day(&reads).await
    }

    /// A task that began at this second, or did not.
    fn task(name: &str, began: Option<i64>) -> TaskInstance {
        let mut task = TaskInstance::new(TaskKey::new(name.parse().unwrap()), TaskState::Success);
        task.started_at = began.map(|second| Timestamp::from_second(second).unwrap());
        task
    }

    #[tokio::test]
    async fn a_task_that_has_begun_tells_what_it_was_started_with() {
        let mut airflow = MockAirflowRead::new();
        let run = RunKey::new("dagao".parse().unwrap(), "scheduled__night".parse().unwrap());
        let run = DagRun::new(run, RunState::Running);
        airflow.expect_dag_runs().returning(move |_| Ok(vec![run.clone()]));
        let tasks = [("itaipu-late", None), ("other", Some(1)), ("itaipu-rest", Some(3)), ("itaipu-core", Some(2))];
        let tasks = tasks.map(|(name, began)| task(name, began)).to_vec();
        airflow.expect_task_instances().returning(move |_, _| Ok(tasks.clone()));
        // The fields of the first one are forgotten.
        airflow.expect_rendered_fields().times(2).returning(|_, task| match task.task.as_str() {
            "itaipu-rest" => Ok(conf("command", &format!("run \"profile.metapod_transaction={}\"", tonight()))),
            _ => Err(ops_client::Error::invalid("airflow.rendered_fields", "none")
                .with_kind(ops_client::ErrorKind::NotFound)),
        });
        let reads = FindReads::new().with_airflow(Arc::new(airflow), ["dagao".parse().unwrap()]);
        let sought = of_the_day(&reads).await;
        assert_eq!(sought.transaction(), Some(tonight()));
        let (_, said) = &sought.candidates[0].by[0];
        assert_eq!(said.how, "rendered in itaipu-rest of scheduled__night, which began");
        assert_eq!(said.since, Timestamp::from_second(3).ok());
    }

    #[tokio::test]
    async fn without_a_dag_nobody_is_asked() {
        let reads = FindReads::new().with_airflow(Arc::new(MockAirflowRead::new()), []);
        assert!(of_the_day(&reads).await.to_string().contains("which DAG makes transactions is not told"));
    }

    fn conf(name: &str, value: &str) -> Map<String, Value> {
        Map::from_iter([(name.to_owned(), Value::from(value))])
    }

    #[tokio::test]
    async fn the_run_of_the_day_before_names_what_it_was_given() {
        for name in ["transaction", "metapod_transaction"] {
            let sought = given(conf(name, &tonight().to_string()), "2026-11-21T00:00:00Z").await;
            assert_eq!((sought.transaction(), sought.candidates[0].by.len()), (Some(tonight()), 2), "{sought}");
            assert!(sought.to_string().contains("Airflow: given to dagao scheduled__night, which began"), "{sought}");
        }
        let sought = given(conf("transaction", OTHER), "2026-11-21T00:00:00Z").await;
        assert_eq!(sought.verdict, Verdict::Disagreed);
    }

    #[tokio::test]
    async fn a_run_of_another_day_or_without_a_transaction_is_a_note() {
        let sought = given(conf("transaction", OTHER), "2026-11-20T00:00:00Z").await;
        assert!(
            sought.transaction() == Some(tonight()) && sought.to_string().contains("dagao has no run of that date")
        );
        let sought = given(Map::new(), "2026-11-21T00:00:00Z").await;
        assert!(
            sought.transaction() == Some(tonight()) && sought.to_string().contains("names no transaction"),
            "{sought}"
        );
    }
}

#[tokio::test]
#[cfg(feature = "slack")]
async fn slacks_channel_is_looked_at_first() {
    use ops_recipes::first::{Access, SlackSystem, System};
    let (world, night) = World::nightly(1);
    let channel = ops_sandbox::scenario::announcements(&world, &night).unwrap();
    let system = |channel| SlackSystem::new(Arc::new(world.slack()), channel, "memory");
    let checkup = system(channel.clone()).check_up().await.unwrap();
    assert_eq!((checkup.read, checkup.write), (Access::Yes, Access::NotNeeded));
    let none = system("C0NOSUCH00".parse().unwrap()).check_up().await.unwrap();
    assert!(matches!(none.read, Access::No(_)), "a channel that is not there: {none:?}");
    world.faults().next(1, Operation::SlackProbe, Fault::Status(503));
    assert!(system(channel).signs(world.now()).await.is_err());
}
