//! The sandbox in a process of its own.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};

use databricks_client::{DatabricksClient, WorkspaceRead};
use gocd_client::{BuildsReadExt, GocdClient};
use metapod_client::{Environment, MetapodClient, MetapodWrite};
use serde_json::Value;
use sonar_client::{DatasetFilter, SonarClient, SonarRead, TransactionId};

const BINARY: &str = env!("CARGO_BIN_EXE_ops-sandbox");

fn start(arguments: &[&str]) -> (Child, ChildStdin, HashMap<String, String>) {
    let mut child = Command::new(BINARY)
        .args(arguments)
        .arg("--until-eof")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = HashMap::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // However many systems there are, the run comes last.
    while !told.contains_key("run") {
        let line = lines.next().unwrap().unwrap();
        let (name, value) = line.split_once(' ').unwrap();
        told.insert(name.to_owned(), value.to_owned());
    }
    let stdin = child.stdin.take().unwrap();
    (child, stdin, told)
}

#[tokio::test]
async fn it_serves_and_dies_with_its_starter() {
    let (mut child, stdin, told) = start(&["--datasets", "20", "--seed", "3"]);
    let sandbox = Environment::new("sandbox");
    let sonar = SonarClient::builder(sandbox.clone(), &told["sonar"]).build().unwrap();
    let metapod = MetapodClient::builder(sandbox, &told["metapod"]).build().unwrap();
    let transaction: TransactionId = told["transaction"].parse().unwrap();
    let committed = sonar.datasets(transaction, &DatasetFilter::committed()).await.unwrap();
    assert_eq!((committed.len(), told["committed"].as_str()), (20, "20"));
    for dataset in &committed {
        metapod.retract_committed_dataset(dataset.id).await.unwrap();
    }
    let report = reqwest::Client::builder().build().unwrap().get(format!("{}/sandbox/effects", told["url"]));
    let report: Value = serde_json::from_slice(&report.send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!((&report["effects"], &report["calls"]), (&Value::from(20), &Value::from(21)));

    // Airflow lies there too, without a DAG.
    for (name, path) in [("airflow2", "api/v1/dags"), ("airflow3", "api/v2/dags")] {
        let asked = reqwest::get(format!("{}/{path}", told[name])).await.unwrap();
        assert!(asked.text().await.unwrap().contains("total_entries"), "{name}");
    }
    assert_eq!(told["run"], "-");

    // So do Aurora's schedulers and the Mesos master, each on its own port, and the machines.
    let schedulers: Vec<&str> = told["aurora"].split(',').collect();
    assert_eq!((schedulers.len(), told["aws"].ends_with("/aws")), (2, true));
    for url in [format!("{}/health", schedulers[0]), format!("{}/state-summary", told["mesos"])] {
        assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
    }

    // Slack knows nobody without its token.
    let asked = reqwest::get(format!("{}/api/auth.test", told["slack"])).await.unwrap();
    assert!(asked.text().await.unwrap().contains("not_authed"));

    // And GoCD, and the services, each below its stack's name.
    let gocd = GocdClient::builder(Environment::new("sandbox"), &told["gocd"]).build().unwrap();
    assert_eq!(gocd.builds(&"metapod".parse().unwrap(), 3).await.unwrap().len(), 3);
    let workspace = DatabricksClient::builder(Environment::new("sandbox"), &told["databricks"]).build().unwrap();
    assert_eq!(workspace.me().await.unwrap().user_name, "admin@example.com");
    let parts = [("environment", "sandbox"), ("prototype", "global"), ("suffix", "k"), ("service", "metapod")];
    let address =
        parts.iter().fold(told["services"].clone(), |url, (name, part)| url.replace(&format!("{{{name}}}"), part));
    let answer = reqwest::get(format!("{address}/api/version")).await.unwrap().text().await.unwrap();
    assert!(answer.contains("b4dc0de"), "{answer}");

    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn wrong_arguments_are_told() {
    for wrong in [&["--datasets"][..], &["--datasets", "many"], &["--what"], &["--trouble", "much"]] {
        let output = Command::new(BINARY).args(wrong).output().unwrap();
        let mut words = String::new();
        output.stderr.as_slice().read_to_string(&mut words).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains("usage: ops-sandbox"), "{words}");
    }
}
