//! Who else lists: curl, and the official Python client.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::listing::Took;
use crate::servers::{Airflow, Login};

const PAGES: &str = include_str!("pages.py");

/// This client, in a process of its own.
pub(crate) fn ours(airflow: &Airflow) -> Result<Took> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("list");
    took(command, airflow, &airflow.login)
}

/// The official Python client, page by page.
pub(crate) fn python(airflow: &Airflow, login: &Login, pythons: &Path) -> Result<Took> {
    let mut command = Command::new(interpreter(airflow.major, pythons));
    command.args(["-c", PAGES]);
    took(command, airflow, login)
}

fn took(mut command: Command, airflow: &Airflow, login: &Login) -> Result<Took> {
    command.args([&airflow.address, airflow.run.dag.as_str(), airflow.run.run.as_str(), login.name()]);
    // Not on the command line, which everybody can read.
    let output = command.env("AIRFLOW_SECRET", login.secret()).output()?;
    if !output.status.success() {
        return Err(format!("a listing failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let took: Took = serde_json::from_slice(&output.stdout)?;
    check(took.count, airflow).map(|()| took)
}

/// The one request that would do, in seconds: curl reads the answer, and does not look into it.
pub(crate) fn curl(airflow: &Airflow, folder: &Path) -> Result<f64> {
    let (api, dag, run) = (airflow.major - 1, airflow.run.dag.as_str(), airflow.run.run.as_str());
    let url = format!("{}/api/v{api}/dags/~/dagRuns/~/taskInstances/list", airflow.address);
    let body = serde_json::json!({"dag_ids": [dag], "dag_run_ids": [run], "page_limit": 1000, "page_offset": 0});
    let header = match &airflow.login {
        Login::Session(_) => format!("header = \"cookie: {}\"", airflow.login.secret()),
        _ => format!("header = \"authorization: Bearer {}\"", airflow.login.secret()),
    };
    let (settings, answer) = (folder.join("curl"), folder.join("answer"));
    std::fs::write(&settings, header)?;
    let output = Command::new("curl")
        .args([
            "-sS",
            "-f",
            "-w",
            "%{time_total}",
            "-H",
            "content-type: application/json",
            "-d",
            &body.to_string(),
            "-K",
        ])
        .arg(&settings)
        .arg("-o")
        .arg(&answer)
        .arg(&url)
        .output()?;
    if !output.status.success() {
        return Err(format!("curl failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let answer: serde_json::Value = serde_json::from_slice(&std::fs::read(&answer)?)?;
    check(answer["task_instances"].as_array().map_or(0, Vec::len), airflow)?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Half a list is none.
fn check(count: usize, airflow: &Airflow) -> Result<()> {
    if count == airflow.tasks {
        return Ok(());
    }
    Err(format!("{count} of {} task instances came", airflow.tasks).into())
}

fn interpreter(major: u32, pythons: &Path) -> PathBuf {
    pythons.join(format!("airflow-python-{major}/bin/python"))
}

/// What the tools say of themselves.
pub(crate) fn versions(majors: &[u32], pythons: &Path) -> Vec<String> {
    let said = |command: &mut Command| {
        let output = command.output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    };
    let python = |major: &u32| {
        let line =
            "from importlib.metadata import version; print('apache-airflow-client', version('apache-airflow-client'))";
        said(Command::new(interpreter(*major, pythons)).args(["-c", line]))
    };
    let curl = said(Command::new("curl").arg("--version"));
    curl.into_iter().chain(majors.iter().filter_map(python)).collect()
}
