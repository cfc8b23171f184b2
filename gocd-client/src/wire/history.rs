//! A page of history, of either generation: they differ in how it goes on.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Fit, Misfit, said};
use crate::{Build, Cursor, HistoryPage, Job, MaterialRevision, Modification, PipelineName, Stage, StageResult};

/// States in which a job does nothing more.
const OVER: [&str; 3] = ["Completed", "Discontinued", "Rescheduled"];

#[derive(Deserialize)]
pub(crate) struct Page {
    pipelines: Vec<BuildIn>,
    #[serde(rename = "_links")]
    links: Option<Links>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

#[derive(Deserialize)]
struct Pagination {
    offset: u64,
    total: u64,
}

#[derive(Deserialize)]
struct BuildIn {
    name: String,
    counter: u32,
    label: String,
    scheduled_date: Option<i64>,
    build_cause: Option<Cause>,
    #[serde(default)]
    stages: Vec<StageIn>,
}

#[derive(Deserialize)]
struct Cause {
    #[serde(default)]
    material_revisions: Vec<RevisionIn>,
}

#[derive(Deserialize)]
struct RevisionIn {
    #[serde(default)]
    changed: bool,
    material: MaterialIn,
    #[serde(default)]
    modifications: Vec<ModificationIn>,
}

#[derive(Deserialize)]
struct MaterialIn {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    description: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Deserialize)]
struct ModificationIn {
    revision: String,
    modified_time: Option<i64>,
    user_name: Option<String>,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct StageIn {
    name: String,
    counter: Option<Counter>,
    result: Option<String>,
    status: Option<String>,
    scheduled: Option<bool>,
    approval_type: Option<String>,
    approved_by: Option<String>,
    #[serde(default)]
    jobs: Vec<JobIn>,
}

/// A stage's counter is a text, mostly.
#[derive(Deserialize)]
#[serde(untagged)]
enum Counter {
    Number(u32),
    Text(String),
}

#[derive(Deserialize)]
struct JobIn {
    name: String,
    state: Option<String>,
    result: Option<String>,
    scheduled_date: Option<i64>,
}

impl Page {
    /// A page of a server that gives cursors, asked for from `after` on.
    pub(crate) fn by_cursor(self, pipeline: &PipelineName, after: Option<Cursor>) -> Fit<HistoryPage> {
        let next = match self.links.as_ref().and_then(|links| links.next.as_ref()) {
            None => None,
            Some(link) => {
                let next = cursor_of(&link.href);
                Some(next.ok_or_else(|| Misfit::at("_links.next.href", "it has no number of what comes after"))?)
            }
        };
        if next.is_some() && next == after {
            return Err(Misfit::at("_links.next.href", "it leads to this very page"));
        }
        Ok(HistoryPage::new(self.builds(pipeline)?, next))
    }

    /// A page of a server that counts from the newest build on.
    pub(crate) fn by_offset(self, pipeline: &PipelineName, after: Option<Cursor>) -> Fit<HistoryPage> {
        let Some(pagination) = &self.pagination else { return Err(Misfit::at("pagination", "it is not there")) };
        if pagination.offset != after.map_or(0, Cursor::get) {
            return Err(Misfit::at("pagination.offset", "it is another page"));
        }
        let next = pagination.offset.saturating_add(self.pipelines.len() as u64);
        let more = !self.pipelines.is_empty() && next < pagination.total;
        Ok(HistoryPage::new(self.builds(pipeline)?, more.then_some(Cursor::new(next))))
    }

    fn builds(self, pipeline: &PipelineName) -> Fit<Vec<Build>> {
        self.pipelines.into_iter().enumerate().map(|(at, build)| build.told(at, pipeline)).collect()
    }
}

/// The number in the address of the next page. Nothing else of it is used: it may lead to another host.
fn cursor_of(href: &str) -> Option<Cursor> {
    let (_, query) = href.split_once('?')?;
    let query = query.split('#').next()?;
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after="))?;
    after.parse().ok().filter(|place| *place > 0).map(Cursor::new)
}

impl BuildIn {
    fn told(self, at: usize, pipeline: &PipelineName) -> Fit<Build> {
        // GoCD does not tell names apart by their capitals.
        if !self.name.eq_ignore_ascii_case(pipeline.as_str()) {
            return Err(Misfit::at(&format!("pipelines[{at}].name"), "it is another pipeline"));
        }
        if self.counter == 0 {
            return Err(Misfit::at(&format!("pipelines[{at}].counter"), "builds are counted from 1 on"));
        }
        let stages: Vec<Stage> = self.stages.into_iter().map(Stage::from).collect();
        let first = || stages.iter().flat_map(|stage| &stage.jobs).filter_map(|job| job.scheduled).min();
        let scheduled = self.scheduled_date.and_then(instant).or_else(first);
        let revisions = self.build_cause.map(|cause| cause.material_revisions).unwrap_or_default();
        let mut build = Build::new(pipeline.clone(), self.counter, self.label)
            .with_revisions(revisions.into_iter().map(MaterialRevision::from).collect())
            .with_stages(stages);
        build.scheduled = scheduled;
        Ok(build)
    }
}

impl From<RevisionIn> for MaterialRevision {
    fn from(told: RevisionIn) -> Self {
        let MaterialIn { kind, name, description, fingerprint } = told.material;
        let mut revision = Self::new(kind, description.unwrap_or_default(), fingerprint.unwrap_or_default());
        revision.name = said(name);
        revision.changed = told.changed;
        revision.modifications = told.modifications.into_iter().map(Modification::from).collect();
        revision
    }
}

impl From<ModificationIn> for Modification {
    fn from(told: ModificationIn) -> Self {
        let mut modification = Self::new(told.revision);
        modification.at = told.modified_time.and_then(instant);
        (modification.author, modification.comment) = (said(told.user_name), said(told.comment));
        modification
    }
}

impl From<StageIn> for Stage {
    fn from(told: StageIn) -> Self {
        let begun = told.scheduled.unwrap_or(!told.jobs.is_empty());
        let result = StageResult::told(told.result.as_deref().unwrap_or_default());
        let running = begun && is_running(told.status.as_deref(), &result, &told.jobs);
        let mut stage = Self::new(told.name, result);
        let counter = match told.counter {
            Some(Counter::Number(counter)) => counter,
            Some(Counter::Text(text)) => text.parse().unwrap_or(1),
            None => 1,
        };
        stage.counter = if begun { counter.max(1) } else { 0 };
        stage.running = running;
        stage.manual = told.approval_type.as_deref() == Some("manual");
        stage.approved_by = said(told.approved_by).filter(|_| begun);
        stage.jobs = told.jobs.into_iter().map(Job::from).collect();
        stage
    }
}

/// Newer servers say it. Of older ones, the result is `Failed` as soon as one job has failed, whatever the others do.
fn is_running(status: Option<&str>, result: &StageResult, jobs: &[JobIn]) -> bool {
    match status {
        Some("Building" | "Failing") => true,
        Some("Passed" | "Failed" | "Cancelled") => false,
        _ => {
            let over = |job: &JobIn| job.state.as_deref().is_none_or(|state| OVER.contains(&state));
            *result == StageResult::Unknown || !jobs.iter().all(over)
        }
    }
}

impl From<JobIn> for Job {
    fn from(told: JobIn) -> Self {
        let mut job = Self::new(told.name, StageResult::told(told.result.as_deref().unwrap_or_default()));
        job.state = told.state.unwrap_or_default();
        job.scheduled = told.scheduled_date.and_then(instant);
        job
    }
}

fn instant(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_next_page_only_the_number_counts() {
        for (href, place) in [
            ("https://gocd.example.com/go/api/pipelines/p/history?after=7", Some(7)),
            ("/go/api/pipelines/p/history?page_size=10&after=42#x", Some(42)),
            ("https://elsewhere.example.org/?after=3", Some(3)),
            ("/history?after=", None),
            ("/history?after=-1", None),
            ("/history?after=0", None),
            ("/history?after=7%26x", None),
            ("/history?before=7", None),
            ("/history/after=7", None),
        ] {
            assert_eq!(cursor_of(href), place.map(Cursor::new), "{href}");
        }
    }
}
