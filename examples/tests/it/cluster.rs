//! The programs about the cluster, in the embedded sandbox: a stack of machines, Aurora and Mesos on sockets.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::stage::{Came, Stage, command, run};

const SERVICE: &str = "jobs/prod/serving-credit-line";

fn here() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn start(folder: &Path, program: &str, arguments: &[&str]) -> Came {
    run(command(folder, program, arguments))
}

fn json(came: &Came) -> serde_json::Value {
    serde_json::from_str(&came.out).unwrap_or_else(|error| panic!("{error}: {}{}", came.out, came.err))
}

/// Names every action that cannot be taken back: they are known from a refusal, because the sandbox is made anew each time.
fn all_named(folder: &Path, program: &str, arguments: &[&str]) -> Vec<String> {
    let looked = start(folder, program, &[arguments, &["--plan-only", "--json"]].concat());
    let document = json(&looked);
    let keys = document["actions"].as_array().unwrap_or_else(|| panic!("{document}")).iter();
    let keys = keys.filter(|action| action["danger"] == "irreversible").map(|action| action["key"].as_str().unwrap());
    keys.flat_map(|key| ["--irreversible".to_owned(), key.to_owned()]).collect()
}

/// The same for what the second run's id is in: it began twenty minutes before its sandbox.
fn kills() -> Vec<String> {
    let began = |ahead: i64| Timestamp::now() - SignedDuration::from_mins(20) + SignedDuration::from_secs(ahead);
    let key = |at: Timestamp| format!("kill/manual__{}/itaipu-policy-model", at.strftime("%Y-%m-%dT%H:%M:%S+00:00"));
    (0..30).flat_map(|ahead| ["--irreversible".to_owned(), key(began(ahead))]).collect()
}

fn done(folder: &Path, program: &str, arguments: &[&str], named: &[String]) -> Came {
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    start(folder, program, &[arguments, &named, &["--yes"]].concat())
}

#[test]
fn jobs_are_listed_and_a_job_is_a_table() {
    let folder = here();
    start(folder.path(), "aurora-jobs", &["status"]).is(0, &["job active waiting finished failed", SERVICE, "13 jobs"]);
    let waits = start(folder.path(), "aurora-jobs", &["status", "jobs/prod/train-churn-risk"]);
    waits.is(10, &["instance state host since why task", "0 PENDING -", "Constraint not satisfied: slave_type"]);
    let model = start(folder.path(), "aurora-jobs", &["status", "jobs/prod/itaipu-policy-model"]);
    let rows: Vec<&str> = model.out.lines().filter(|line| line.starts_with("0 ")).collect();
    assert!(rows.len() == 2 && rows[0].contains("RUNNING") && rows[1].contains("FINISHED"), "{}", model.out);
    let document = json(&start(folder.path(), "aurora-jobs", &["status", "jobs/prod/train-churn-risk", "--json"]));
    assert_eq!(document["tasks"][0]["state"], "PENDING", "{document}");
    assert!(document["tasks"][0]["pending_reason"].as_str().unwrap().contains("slave_type"), "{document}");
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_job_is_created_once_and_awaited() {
    let folder = here();
    start(folder.path(), "aurora-jobs", &["create", "--until", "finished", "--yes"])
        .is(0, &["create jobs/prod/dagao, 1 instance", "[done]", "FINISHED"]);
    let own = "key = \"jobs/prod/mine\"\nresources = { cpus = 1.0, ram-mb = 64, disk-mb = 64 }\n\
               [[processes]]\nname = \"mine\"\ncmdline = \"./mine {{DAY}} {{version.mine}}\"\n";
    std::fs::write(folder.path().join("mine.toml"), own).unwrap();
    let mine = ["create", "mine.toml", "DAY=2026-11-26", "--job-version", "mine=4945885", "--yes"];
    start(folder.path(), "aurora-jobs", &mine).is(0, &["Binds: DAY=2026-11-26", "Versions: mine=4945885", "[done]"]);
}

#[test]
fn instances_are_restarted_in_batches_and_killed_by_number() {
    let folder = here();
    let restart = ["restart", SERVICE, "--instances", "0-1", "--batch", "2", "--watch-secs", "1", "--yes"];
    start(folder.path(), "aurora-jobs", &restart)
        .is(0, &["restart jobs/prod/serving-credit-line: instances 0-1", "every restarted instance runs"]);
    let kill = ["kill", SERVICE, "--instances", "1,3"];
    start(folder.path(), "aurora-jobs", &[&kill[..], &["--yes"]].concat()).is(3, &["--irreversible kill/jobs/prod/"]);
    let named = all_named(folder.path(), "aurora-jobs", &kill);
    done(folder.path(), "aurora-jobs", &kill, &named).is(0, &["instances 1,3", "verified: 2 tasks ended"]);
}

#[test]
fn what_is_wrong_is_refused_before_anything_is_sent() {
    let folder = here();
    for (arguments, code, says) in [
        (&["kill", SERVICE, "--yes"][..], 2, "--all"),
        (&["restart", SERVICE, "--yes"], 2, "say which instances"),
        (&["kill", SERVICE, "--instances", "3-1"], 2, "numbers and ranges"),
        (&["kill", SERVICE, "--instances", "1", "--all"], 2, "cannot be used with"),
        (&["kill", "--all"], 2, "say which job"),
        (&["status", "prod/jobs/dagao"], 2, "role and environment seem swapped"),
        (&["status", "dagao"], 2, "job key"),
        (&["status", "jobs/prod/serving"], 3, "there is jobs/prod/serving-credit-line"),
        (&["create", "dagao.toml", "profile.metapod_transactio=x", "--yes"], 3, "profile.metapod_transactio"),
        (&["create", "other.toml"], 2, "the sandbox knows dagao.toml"),
        (&["create", "dagao.toml", "alone"], 2, "NAME=VALUE belongs here"),
    ] {
        start(folder.path(), "aurora-jobs", arguments).is(code, &[says]);
    }
    start(folder.path(), "cycle-machines", &["--group", "nobody", "--yes"]).is(3, &["there is no group nobody"]);
    start(folder.path(), "cycle-machines", &["--exclude", "x"]).is(2, &["begins with i-"]);
    start(folder.path(), "scale-cluster", &["up", "2", "--yes"]).is(3, &["2 are fewer than the 3"]);
    start(folder.path(), "scale-cluster", &["up"]).is(2, &["say how many machines"]);
    start(folder.path(), "restart-aurora", &["--trouble", "x"]).is(2, &["SchedulerDown"]);
    start(folder.path(), "redeploy-dag", &["--task", "nobody", "--yes"]).is(3, &["has no task nobody"]);
    assert!(!folder.path().join("runs").join("spill").exists());
}

#[test]
fn plans_change_nothing() {
    let folder = here();
    for (program, arguments, says) in [
        ("aurora-jobs", &["create"][..], "planned 1 change"),
        ("aurora-jobs", &["restart", SERVICE, "--all"], "planned 4 changes"),
        ("aurora-jobs", &["kill", SERVICE, "--all"], "planned 1 change"),
        ("cycle-machines", &[], "planned 3 changes"),
        ("scale-cluster", &["up", "5"], "planned 1 change"),
        ("scale-cluster", &["down", "2"], "planned 1 change"),
        ("redeploy-dag", &[], "planned 3 changes"),
        ("stop-run", &[], "kill 1 process of job itaipu-policy-model"),
    ] {
        start(folder.path(), program, &[arguments, &["--plan-only"]].concat()).is(0, &[says, "nothing was changed"]);
        start(folder.path(), program, &[arguments, &["--by-hand"]].concat()).is(0, &["# sandbox · "]);
    }
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_dead_scheduler_is_replaced_after_its_journal_was_kept() {
    let folder = here();
    let named = all_named(folder.path(), "restart-aurora", &[]);
    let came = done(folder.path(), "restart-aurora", &[], &named);
    came.is(0, &["the scheduler is down", "is kept: runs/journals/i-", "[done]", "1 of 1 machines work"]);
    let kept = std::fs::read_dir(folder.path().join("runs/journals")).unwrap().flatten().next().unwrap();
    assert!(std::fs::read_to_string(kept.path()).unwrap().starts_with("the journal of i-"));
}

#[test]
fn another_trouble_has_another_answer() {
    let folder = here();
    for (trouble, code, says) in [
        ("Healthy", 0, "nothing to do"),
        ("NotRegistered", 0, "--accept not-registered=REASON"),
        ("SplitBrain", 3, "more than one scheduler leads: replacing a machine is not the answer"),
        ("mesosdown", 3, "Mesos is down"),
        ("NoLeader", 3, "no scheduler leads"),
    ] {
        start(folder.path(), "restart-aurora", &["--trouble", trouble, "--plan-only"]).is(code, &[says]);
    }
    start(folder.path(), "restart-aurora", &["--trouble", "Healthy", "--teardown", "x", "--plan-only"])
        .is(3, &["x is not what an old scheduler of Aurora left"]);
}

#[test]
fn machines_are_replaced_and_jobs_on_them_are_asked_about() {
    let folder = here();
    start(folder.path(), "cycle-machines", &["--yes"]).is(3, &["live-jobs", "jobs/prod/itaipu-policy-model"]);
    let ask = ["--batch", "2", "--accept", "live-jobs=they may begin anew"];
    let named = all_named(folder.path(), "cycle-machines", &ask);
    assert_eq!(named.len(), 6, "{named:?}");
    done(folder.path(), "cycle-machines", &ask, &named).is(0, &["[done]", "3 of 3 machines work"]);
}

#[test]
fn more_machines_are_owed_back() {
    let folder = here();
    start(folder.path(), "scale-cluster", &["up", "5", "--yes"])
        .is(0, &["from 3 to 5 machines", "5 of 5 machines work", "1 still owed"]);
    start(folder.path(), "runs", &["due", "--offline"]).is(10, &["back from 5 to 3 machines", "scale-cluster down"]);
    start(folder.path(), "scale-cluster", &["down", "2", "--yes"]).is(0, &["from 3 to 2 machines", "[done]"]);
}

#[test]
fn a_job_is_killed_and_begins_anew() {
    let folder = here();
    let ask = ["--task", "itaipu-policy-model", "--version", "4945885", "--accept", "version=looked"];
    done(folder.path(), "redeploy-dag", &ask, &kills())
        .is(0, &["kill 1 process of job itaipu-policy-model", "[done] sandbox", "4 of 4 done"]);
}

#[test]
fn a_stopped_run_leaves_no_job_at_work() {
    let folder = here();
    done(folder.path(), "stop-run", &[], &kills()).is(0, &["kill 1 process of job itaipu-policy-model", "[done"]);
}

#[test]
fn the_first_looks_know_the_cluster() {
    let folder = here();
    start(folder.path(), "doctor", &[]).is(0, &["Aurora 0.23.0", "write: allowed"]);
    start(folder.path(), "triage", &["--match", "aurora's page does not answer"]).is(10, &["restart-aurora"]);
    start(folder.path(), "triage", &["--match", "jobs kill"]).is(10, &["aurora-jobs kill"]);
}

#[test]
fn only_what_needs_the_cluster_misses_it() {
    let stage = Stage::bulk(3);
    stage.write("ops.toml", &stage.configure("only", ""));
    let only = |program: &str, more: &[&str]| start(stage.folder.path(), program, &[more, &["--env", "only"]].concat());
    for (program, arguments, says) in [
        ("aurora-jobs", &["status"][..], "aurora_urls"),
        ("aurora-jobs", &["kill", SERVICE, "--all"], "aurora_urls"),
        ("cycle-machines", &["--group", "g"], "fleet"),
        ("restart-aurora", &["--group", "g"], "aurora_urls"),
        ("scale-cluster", &["up", "5"], "aurora_urls"),
    ] {
        only(program, arguments).is(2, &["cannot be reached", says]);
    }
    let config = "[environments.down]\naurora_urls = [\"http://127.0.0.1:9\"]\nmesos_urls = [\"http://127.0.0.1:9\"]\n";
    stage.write("ops.toml", config);
    let with = |program: &str, more: &[&str]| start(stage.folder.path(), program, &[more, &["--env", "down"]].concat());
    with("triage", &[]).is(10, &["Aurora", "restart-aurora --env down"]);
    with("restart-aurora", &["--trouble", "SplitBrain"]).is(2, &["the machines cannot be reached"]);
    let login = "aurora_login = { user = \"ana\", password = { env = \"NOT_THERE\" } }\n";
    stage.write("ops.toml", &format!("{config}{login}"));
    with("aurora-jobs", &["status"]).is(3, &["the environment variable NOT_THERE: it is not set"]);
}

#[test]
fn help_teaches() {
    let folder = here();
    for program in ["aurora-jobs", "restart-aurora", "cycle-machines", "scale-cluster", "redeploy-dag"] {
        start(folder.path(), program, &["--help"]).is(0, &["When:", "Examples:", "Exit codes:", program]);
    }
    for verb in ["create", "restart", "kill"] {
        start(folder.path(), "aurora-jobs", &[verb, "--help"]).is(0, &["Examples:", "Alerts:", "--plan-only"]);
    }
}
