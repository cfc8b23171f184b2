//! One reading, in a process that does nothing else.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use aurora_client::wire::{Answer, Encoding, Message, ReplyBody};
use benchmarks::process::{on_processor, peak};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;

/// What a reading took, and what it found.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Took {
    /// Seconds from the bytes to values.
    pub(crate) decoded: f64,
    /// Seconds from the bytes to groups.
    pub(crate) grouped: f64,
    /// Seconds of the processor, to the groups.
    pub(crate) cpu: f64,
    /// The most memory that the process ever had resident, in bytes; the body is part of it.
    pub(crate) peak: u64,
    /// What was found: the same for everyone who reads the same reply.
    pub(crate) found: Found,
}

/// What the groups say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Found {
    /// How many different jobs, instances and statuses there are.
    pub(crate) groups: usize,
    /// How many tasks are in each status.
    pub(crate) statuses: BTreeMap<i32, usize>,
}

/// Tasks by job, instance and status, counted. Nothing is copied.
type Groups<'a> = BTreeMap<([&'a str; 3], i32, i32), usize>;

/// Who reads.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum By {
    /// Our tables, from Thrift's JSON.
    Json,
    /// Our tables, from the binary encoding.
    Binary,
    /// `serde_json`, into a tree of values.
    Tree,
}

/// The process: reads once, and prints what that took. Reading the file and giving memory back are not measured.
#[derive(Args)]
pub(crate) struct Read {
    by: By,
    body: PathBuf,
}

impl Read {
    pub(crate) fn run(self) -> Result<()> {
        let body = std::fs::read(self.body)?;
        let took = match self.by {
            By::Json => ours(Encoding::Json, &body),
            By::Binary => ours(Encoding::Binary, &body),
            By::Tree => tree(&body),
        };
        Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string(&took?)?)?)
    }
}

fn ours(encoding: Encoding, body: &[u8]) -> Result<Took> {
    let decode = || -> Result<ReplyBody> { Ok(Message::open(encoding, body)?.body()?) };
    measured(decode, |reply| {
        let Answer::ScheduleStatus(answer) = reply.success.as_ref()?.result.as_ref()? else { return None };
        let mut groups = Groups::new();
        for task in answer.tasks.as_ref()? {
            let assigned = task.assigned_task.as_ref()?;
            let job = assigned.task.as_ref()?.job.as_ref()?;
            let job = [job.role.as_deref()?, job.environment.as_deref()?, job.name.as_deref()?];
            *groups.entry((job, assigned.instance_id?, task.status?.number())).or_default() += 1;
        }
        Some(groups)
    })
}

/// Fields by number and tag: what one has who takes a JSON library to Thrift's JSON.
fn tree(body: &[u8]) -> Result<Took> {
    let decode = || -> Result<Value> { Ok(serde_json::from_slice(body)?) };
    measured(decode, |message| {
        let number = |value: &Value| i32::try_from(value["i32"].as_i64()?).ok();
        let mut groups = Groups::new();
        let answer = &message[4]["0"]["rec"]["3"]["rec"]["3"]["rec"];
        for task in answer["1"]["lst"].as_array()?.get(2..)? {
            let assigned = &task["1"]["rec"];
            let job = &assigned["4"]["rec"]["28"]["rec"];
            let job = [job["1"]["str"].as_str()?, job["2"]["str"].as_str()?, job["3"]["str"].as_str()?];
            *groups.entry((job, number(&assigned["6"])?, number(&task["2"])?)).or_default() += 1;
        }
        Some(groups)
    })
}

fn measured<T>(decode: impl Fn() -> Result<T>, group: impl Fn(&T) -> Option<Groups<'_>>) -> Result<Took> {
    let (begun, before) = (Instant::now(), on_processor()?);
    let reply = decode()?;
    let decoded = begun.elapsed().as_secs_f64();
    let groups = group(&reply).ok_or("the reply is not of tasks")?;
    let (grouped, cpu) = (begun.elapsed().as_secs_f64(), on_processor()? - before);
    let mut found = Found { groups: groups.len(), statuses: BTreeMap::new() };
    for ((_, _, status), count) in &groups {
        *found.statuses.entry(*status).or_default() += count;
    }
    Ok(Took { decoded, grouped, cpu, peak: peak()?, found })
}
