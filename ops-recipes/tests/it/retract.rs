//! `retract-datasets`: selection, guards, run.

use std::sync::Arc;

use metapod_client::{Effect, Error, ErrorKind, MetapodRead, MockMetapodRead};
use ops_plan::{Observed, Plan, Registry, Verdict};
use ops_recipes::datasets::{
    DatasetChange, Facts, IdList, Job, JobState, Jobs, Knowledge, RetractDatasets, RetractReads, Selection, Writer,
    read_ids,
};
use ops_sandbox::World;
use sonar_client::{MockSonarRead, Probe, SonarRead};

use crate::stage::{
    NIGHT, TONIGHT, Told, Unseen, dataset_id, effects, id_of, night, now, open, plan, run, shown, texts, tonight,
    verdict, word, writes,
};

fn reads(world: &World) -> RetractReads {
    RetractReads::new(Arc::new(world.sonar()), Arc::new(world.metapod()))
}

fn idle() -> Arc<dyn Jobs> {
    Arc::new(Told(vec![Job::new("spark-contracts", JobState::Succeeded)]))
}

fn registry(world: &World) -> Registry {
    Registry::new().with::<RetractDatasets>(reads(world).with_jobs(idle()), writes(world))
}

fn names(list: &[&str]) -> Selection {
    Selection::Names(list.iter().map(|name| name.parse().unwrap()).collect())
}

async fn planned(world: &World, selection: Selection) -> Plan {
    plan(&registry(world), &RetractDatasets::new(tonight(), selection)).await
}

#[tokio::test]
async fn a_plan_is_worth_reading() {
    let world = night();
    let plan = planned(&world, names(&["policy/limits", "dataset/bill-cycles", "dataset/fx-model"])).await;
    insta::assert_snapshot!(shown(&plan));
}

#[tokio::test]
async fn all_committed_are_retracted_once_and_proved() {
    let world = night();
    let registry = registry(&world);
    let plan = plan(&registry, &RetractDatasets::new(tonight(), Selection::AllCommitted)).await;
    assert_eq!((plan.len(), plan.head().population), (5, Some(5)));
    assert!(!plan.head().one_by_one);
    let job = open(&registry, plan);
    let (after, findings) = run(&*job).await;
    assert_eq!(after, vec![Observed::Done; 5]);
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Pass), "{findings:?}");
    assert_eq!(word(&findings, "schema").unwrap().text, "schema is null for 5 datasets");
    assert_eq!(word(&findings, "count").unwrap().text, "numCommittedDatasets now: 0");
    for (name, hour) in NIGHT {
        assert_eq!(effects(&world)[&id_of(name)], u64::from(hour.is_some()), "{name}");
    }
    // A second plan has nothing to do, and says so.
    let again = planned(&world, Selection::AllCommitted).await;
    assert!(again.is_empty());
    assert!(word(&again.head().findings, "selection").unwrap().text.contains("nothing to retract"));
}

#[tokio::test]
async fn a_prefix_chooses_by_the_beginning() {
    let plan = planned(&night(), Selection::Prefix("contract-billing/".into())).await;
    assert_eq!(texts(&plan).len(), 2);
    assert!(texts(&plan)[0].starts_with("retract contract-billing/bills …"), "{:?}", texts(&plan));
    let none = planned(&night(), Selection::Prefix("series/".into())).await;
    assert!(none.is_empty());
    assert!(none.head().title.contains("retract 0 of 5 committed datasets"), "{}", none.head().title);
}

#[tokio::test]
async fn what_is_empty_is_never_all() {
    let world = night();
    for selection in [names(&[]), Selection::Prefix(String::new()), Selection::Ids(IdList::new("x", []))] {
        let plan = planned(&world, selection).await;
        assert_eq!((plan.len(), verdict(&plan, "selection")), (0, Some(Verdict::Block)));
    }
}

#[tokio::test]
async fn the_ids_of_the_runbooks_file() {
    let world = night();
    let file = format!(
        "{{\"data\": {{\"transaction\": {{\"datasets\": [\n{{\"id\": \"{}\", \"name\": \"policy/limits\"}},\n{{\"id\": \"{}\", \
         \"name\": \"dataset/old-name\"}},\n{{\"id\": \"{}\"}}]}}}}}}",
        id_of("policy/limits"),
        id_of("dataset/bill-cycles"),
        id_of("dataset/fx-model")
    );
    let list = read_ids(file.as_bytes(), "result.json").unwrap();
    let plan = planned(&world, Selection::Ids(list)).await;
    assert_eq!(plan.len(), 2);
    assert_eq!(verdict(&plan, "provenance"), Some(Verdict::Pass));
    assert_eq!(
        word(&plan.head().findings, "uncommitted").unwrap().text,
        "1 dataset not committed, so left out: dataset/fx-model"
    );
    assert!(word(&plan.head().findings, "renamed").unwrap().text.contains("dataset/old-name is dataset/bill-cycles"));
}

#[tokio::test]
async fn ids_of_another_transaction_stop_it() {
    let world = night();
    let foreign = (100..112).map(dataset_id);
    let list = IdList::new("ids.txt", foreign.chain([id_of("policy/limits")]));
    let plan = planned(&world, Selection::Ids(list)).await;
    let finding = word(&plan.head().findings, "provenance").unwrap();
    assert_eq!((plan.len(), finding.verdict), (0, Verdict::Block));
    assert!(finding.text.starts_with("12 of 13 ids of ids.txt are not of this transaction: 6a191f80-"), "{finding}");
    assert!(finding.text.ends_with(" and 7 more"), "{finding}");
}

#[tokio::test]
async fn unknown_names_stop_it() {
    let plan = planned(&night(), names(&["policy/limits", "policy/limit"])).await;
    assert_eq!((plan.len(), verdict(&plan, "names")), (0, Some(Verdict::Block)));
}

#[tokio::test]
async fn an_unknown_transaction_stops_it() {
    let world = night();
    let unknown = "00000000-001b-56f7-a4fe-b3a417f8f654".parse().unwrap();
    let plan = plan(&registry(&world), &RetractDatasets::new(unknown, Selection::AllCommitted)).await;
    let finding = word(&plan.head().findings, "transaction").unwrap();
    assert_eq!((plan.len(), finding.verdict), (0, Verdict::Block));
    assert!(finding.text.contains("Sonar knows no transaction 00000000-001b"), "{finding}");
}

fn sonar_that_answers(datasets: Result<Vec<sonar_client::Dataset>, Error>) -> MockSonarRead {
    let mut sonar = MockSonarRead::new();
    sonar.expect_probe().returning(|| Ok(Probe::new("https://sonar.example.com", std::time::Duration::ZERO)));
    sonar.expect_transaction().returning(|id| Ok(sonar_client::Transaction::new(id)));
    let mut datasets = Some(datasets);
    sonar.expect_datasets().returning(move |_, _| datasets.take().unwrap());
    sonar
}

#[tokio::test]
async fn half_an_answer_is_no_population() {
    let rejected =
        Error::new("sonar.datasets", ErrorKind::Rejected, Effect::None).with_message("1 error, with partial data");
    let sonar: Arc<dyn SonarRead> = Arc::new(sonar_that_answers(Err(rejected)));
    let world = night();
    let registry = Registry::new()
        .reading::<RetractDatasets>(RetractReads::new(sonar, Arc::new(world.metapod())).with_jobs(idle()));
    let plan = plan(&registry, &RetractDatasets::new(tonight(), Selection::AllCommitted)).await;
    let finding = word(&plan.head().findings, "transaction").unwrap();
    assert_eq!((plan.len(), finding.verdict), (0, Verdict::Block));
    assert!(finding.text.contains("partial data"), "{finding}");
}

#[tokio::test]
async fn an_answer_that_did_not_come_is_an_error_and_no_plan() {
    let timeout = Error::new("sonar.datasets", ErrorKind::Timeout, Effect::None);
    let sonar: Arc<dyn SonarRead> = Arc::new(sonar_that_answers(Err(timeout)));
    let world = night();
    let registry = Registry::new()
        .reading::<RetractDatasets>(RetractReads::new(sonar, Arc::new(world.metapod())).with_jobs(idle()));
    let recipe = RetractDatasets::new(tonight(), Selection::AllCommitted);
    let error = registry.propose(&recipe, ops_plan::Target::new("staging")).await.unwrap_err();
    assert!(matches!(error, ops_plan::Error::Client(_)), "{error}");
}

#[tokio::test]
async fn two_environments_stop_it() {
    let mut metapod = MockMetapodRead::new();
    metapod.expect_probe().returning(|| Ok(Probe::new("https://metapod.example.com", std::time::Duration::ZERO)));
    metapod
        .expect_transaction()
        .returning(|_| Err(Error::new("metapod.transaction", ErrorKind::NotFound, Effect::None)));
    let metapod: Arc<dyn MetapodRead> = Arc::new(metapod);
    let world = night();
    let registry = Registry::new()
        .reading::<RetractDatasets>(RetractReads::new(Arc::new(world.sonar()), metapod).with_jobs(idle()));
    let plan = plan(&registry, &RetractDatasets::new(tonight(), Selection::AllCommitted)).await;
    assert_eq!((plan.len(), verdict(&plan, "environment")), (0, Some(Verdict::Block)));
}

#[tokio::test]
async fn a_clock_that_is_off_is_told() {
    let mut sonar = sonar_that_answers(Ok(Vec::new()));
    sonar.checkpoint();
    sonar.expect_transaction().returning(|id| Ok(sonar_client::Transaction::new(id)));
    sonar.expect_datasets().returning(|_, _| Ok(Vec::new()));
    let server = std::time::SystemTime::from(now()) - std::time::Duration::from_secs(90);
    sonar.expect_probe().returning(move || {
        Ok(Probe::new("https://sonar.example.com", std::time::Duration::ZERO).with_server_time(server))
    });
    let world = night();
    let registry =
        Registry::new().reading::<RetractDatasets>(RetractReads::new(Arc::new(sonar), Arc::new(world.metapod())));
    let plan = plan(&registry, &RetractDatasets::new(tonight(), Selection::AllCommitted)).await;
    assert_eq!(word(&plan.head().findings, "clock").unwrap().text, "this machine's clock and Sonar's differ by 90 s");
}

async fn live_writer(jobs: Option<Arc<dyn Jobs>>, knowledge: Knowledge, selection: Selection) -> (Verdict, String) {
    let world = night();
    let mut reads = reads(&world);
    reads.jobs = jobs;
    let registry = Registry::new().reading::<RetractDatasets>(reads);
    let recipe = RetractDatasets::new(tonight(), selection).with_knowledge(knowledge);
    let plan = plan(&registry, &recipe).await;
    let finding = word(&plan.head().findings, "live-writer").unwrap();
    (finding.verdict, finding.text.clone())
}

#[tokio::test]
async fn live_writers() {
    let running = || -> Option<Arc<dyn Jobs>> {
        Some(Arc::new(Told(vec![
            Job::new("spark-contracts", JobState::UpForRetry),
            Job::new("spark-rest", JobState::NotReached),
        ])))
    };
    let all = || Selection::AllCommitted;
    let map = || Knowledge::new().with_writer(Writer::new("contract-*", "spark-contracts"));
    let whole =
        || map().with_writer(Writer::new("dataset/*", "spark-rest")).with_writer(Writer::new("policy/*", "policies"));

    // Nobody can look, or the look fails: ask.
    assert_eq!(live_writer(None, map(), all()).await.0, Verdict::Ask);
    assert_eq!(live_writer(None, map(), names(&["policy/limits"])).await.0, Verdict::Ask);
    let (verdict, text) = live_writer(Some(Arc::new(Unseen)), map(), all()).await;
    assert_eq!(verdict, Verdict::Ask);
    assert!(text.contains("Timeout"), "{text}");
    // Nothing lives: pass.
    assert_eq!(live_writer(Some(idle()), Knowledge::new(), all()).await.0, Verdict::Pass);
    // A live job writes a selected dataset: ask, and name both.
    let (verdict, text) = live_writer(running(), whole(), all()).await;
    assert_eq!(verdict, Verdict::Ask);
    assert_eq!(text, "live: spark-contracts (up for retry) writes contract-billing/bills, contract-billing/charges");
    // It writes others: warn.
    assert_eq!(live_writer(running(), whole(), names(&["policy/limits"])).await.0, Verdict::Warn);
    // The map does not know: ask for all, warn for named ones.
    assert_eq!(live_writer(running(), Knowledge::new(), all()).await.0, Verdict::Ask);
    assert_eq!(live_writer(running(), Knowledge::new(), Selection::Prefix("policy/".into())).await.0, Verdict::Ask);
    assert_eq!(live_writer(running(), Knowledge::new(), names(&["policy/limits"])).await.0, Verdict::Warn);
}

#[tokio::test]
async fn a_share_above_the_limit_asks() {
    let world = World::seeded(1).at(now());
    let id = ops_sandbox::scenario::bulk(&world, ops_sandbox::scenario::Bulk::new(60)).unwrap();
    let registry = registry(&world);
    let plan = plan(&registry, &RetractDatasets::new(id, Selection::AllCommitted)).await;
    let share = plan.share(&ops_plan::Limits::default()).unwrap();
    assert!(share.text.starts_with("60 of 60 objects (100"), "{share}");
}

#[tokio::test]
async fn named_ones_need_no_answer_about_their_share() {
    let plan = planned(&night(), names(&["policy/limits", "dataset/bill-cycles"])).await;
    assert!(plan.head().one_by_one);
    assert!(plan.share(&ops_plan::Limits::default()).is_none());
}

#[tokio::test]
async fn a_dataset_that_is_committed_again_is_left_alone() {
    let world = night();
    let registry = registry(&world);
    let plan = plan(&registry, &RetractDatasets::new(tonight(), Selection::AllCommitted)).await;
    let job = open(&registry, plan);
    world.recommit(id_of("policy/limits")).unwrap();
    world.retract(id_of("dataset/bill-cycles")).unwrap();
    let (after, findings) = run(&*job).await;
    let drifted: Vec<&Observed> = after.iter().filter(|seen| matches!(seen, Observed::Drifted(_))).collect();
    assert!(
        matches!(drifted[..], [Observed::Drifted(text)] if text.contains("committed at 2026-11-22T09:00:00Z")),
        "{after:?}"
    );
    assert_eq!(world.effects(id_of("policy/limits")), 0);
    // What was done already is not done again.
    assert_eq!(world.calls(id_of("dataset/bill-cycles")), 0);
    // The question would choose it today, and it was not retracted: told, not blamed.
    assert_eq!(word(&findings, "new-since").unwrap().verdict, Verdict::Warn);
    assert!(word(&findings, "new-since").unwrap().text.contains("policy/limits"));
}

#[tokio::test]
async fn a_recommit_after_the_effect_fails_the_proof() {
    let world = night();
    let registry = registry(&world);
    let plan = plan(&registry, &RetractDatasets::new(tonight(), Selection::AllCommitted)).await;
    let job = open(&registry, plan);
    let (after, _) = run(&*job).await;
    assert_eq!(after, vec![Observed::Done; 5]);
    world.commit(id_of("policy/limits"), ops_sandbox::metapod::CommitSpec::new()).unwrap();
    world.commit(id_of("model/churn-risk"), ops_sandbox::metapod::CommitSpec::new()).unwrap();
    let findings = job.verify(&[0, 1, 2, 3, 4]).await.unwrap();
    let proof = word(&findings, "retracted").unwrap();
    assert_eq!(proof.verdict, Verdict::Block);
    assert!(
        proof.text.starts_with("1 of 5 are committed again: policy/limits (committed 2026-11-22T09:00:00Z)"),
        "{proof}"
    );
    // Committed since by the live run, and of the selection: named.
    assert!(word(&findings, "new-since").unwrap().text.contains("model/churn-risk"));
    // And the action itself is never sent again.
    assert!(matches!(job.observe(&[4]).await.unwrap()[..], [Observed::Drifted(_)]));
}

#[tokio::test]
async fn a_dataset_that_vanishes_is_not_done() {
    let world = night();
    let registry = registry(&world);
    let recipe = RetractDatasets::new(tonight(), names(&["policy/limits"]));
    let job = open(&registry, plan(&registry, &recipe).await);
    let other = World::seeded(1).at(now());
    other.put(&crate::stage::transaction(tonight(), "2026-11-22", "2026-11-22T00:01:04Z"), &[]).unwrap();
    let elsewhere = Registry::new().with::<RetractDatasets>(reads(&other), writes(&other));
    let plan = job.plan().clone();
    let approval = crate::stage::yes_to_all(&plan);
    let approved = plan.approve(approval).map_err(|(_, error)| error).unwrap();
    let seen = ops_plan::Host::open(&elsewhere, &approved).unwrap().observe(&[0]).await.unwrap();
    assert!(matches!(&seen[..], [Observed::Drifted(text)] if text.contains("no longer lists")), "{seen:?}");
}

#[tokio::test]
async fn without_schema_no_page_is_read() {
    let world = night();
    let recipe = RetractDatasets::new(tonight(), Selection::AllCommitted).with_facts(Facts::WithoutSchema);
    let registry = registry(&world);
    let job = open(&registry, plan(&registry, &recipe).await);
    run(&*job).await;
    let details = world.log().iter().filter(|line| format!("{line:?}").contains("SonarDetails")).count();
    assert_eq!(details, 0);
    assert!(job.plan().head().facts.is_none());
}

#[test]
fn the_question_survives_a_file() {
    let recipe = RetractDatasets::new(tonight(), Selection::Prefix("contract-".into()))
        .with_concurrency(3)
        .with_knowledge(Knowledge::new().with_writer(Writer::new("contract-*", "spark-contracts")));
    let json = serde_json::to_string(&recipe).unwrap();
    let read: RetractDatasets = serde_json::from_str(&json).unwrap();
    assert_eq!((read.selection, read.concurrency, read.knowledge), (recipe.selection, 3, recipe.knowledge));
    let short: RetractDatasets =
        serde_json::from_str(&format!("{{\"transaction\":\"{TONIGHT}\",\"selection\":\"all-committed\"}}")).unwrap();
    assert_eq!((short.concurrency, short.facts), (10, Facts::WithSchema));
    // A question that does not say which is no question.
    assert!(serde_json::from_str::<RetractDatasets>(&format!("{{\"transaction\":\"{TONIGHT}\"}}")).is_err());
}

#[test]
fn keys_are_stable() {
    use ops_plan::Action;
    let json = format!(
        "{{\"retract\":{{\"transaction\":\"{TONIGHT}\",\"dataset\":\"{}\",\"name\":\"model/x\",\"before\":{{\"path\":null,\
         \"committed_at\":null,\"format\":null}}}}}}",
        dataset_id(1)
    );
    let change: DatasetChange = serde_json::from_str(&json).unwrap();
    assert_eq!(change.key(), format!("retract:{}", dataset_id(1)));
}
