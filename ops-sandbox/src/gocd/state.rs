//! What GoCD knows: its pipelines, the builds of each, who has paused what.

use gocd_client::{Build, Cursor, HistoryPage, PipelineName, PipelineStatus};

use super::spec::PipelineSpec;
use crate::refusal::Refusal;

/// GoCD's state.
#[derive(Debug, Default)]
pub(crate) struct Gocd {
    pipelines: Vec<Pipeline>,
    /// The number of the last build of all: newer servers tell by it where a page ends.
    last: u64,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) name: PipelineName,
    /// The newest first, each with its number.
    pub(super) builds: Vec<(u64, Build)>,
    pub(super) paused: Option<(String, String)>,
    pub(super) locked: bool,
}

impl Gocd {
    /// Puts a pipeline there, or another one in the place of that with its name.
    pub(super) fn put(&mut self, spec: PipelineSpec) -> Result<(), Refusal> {
        let PipelineSpec { name, builds, paused, locked } = spec;
        if !builds.is_sorted_by(|newer, older| newer.counter > older.counter) {
            return Err(Refusal::Invalid(format!("the builds of {name} are not ordered, the newest first")));
        }
        let first = self.last;
        self.last += builds.len() as u64;
        let numbers = (first + 1..=self.last).rev();
        let builds = builds.into_iter().map(|mut build| {
            build.pipeline = name.clone();
            build
        });
        let builds = numbers.zip(builds).collect();
        self.pipelines.retain(|pipeline| !pipeline.is(&name));
        self.pipelines.push(Pipeline { name, builds, paused, locked });
        Ok(())
    }

    pub(super) fn add(&mut self, build: Build) -> Result<(), Refusal> {
        let number = self.last + 1;
        let pipeline = self.pipeline_mut(&build.pipeline)?;
        if pipeline.builds.first().is_some_and(|(_, newest)| newest.counter >= build.counter) {
            return Err(Refusal::Conflict(format!("{} has a build {} already", build.pipeline, build.counter)));
        }
        pipeline.builds.insert(0, (number, build));
        self.last = number;
        Ok(())
    }

    pub(super) fn pipeline(&self, name: &PipelineName) -> Result<&Pipeline, Refusal> {
        self.pipelines.iter().find(|pipeline| pipeline.is(name)).ok_or_else(|| unknown(name))
    }

    pub(super) fn pipeline_mut(&mut self, name: &PipelineName) -> Result<&mut Pipeline, Refusal> {
        self.pipelines.iter_mut().find(|pipeline| pipeline.is(name)).ok_or_else(|| unknown(name))
    }
}

fn unknown(name: &PipelineName) -> Refusal {
    Refusal::NotFound(format!("Pipeline with name '{name}' was not found!"))
}

impl Pipeline {
    /// GoCD does not tell names apart by their capitals.
    fn is(&self, name: &PipelineName) -> bool {
        self.name.as_str().eq_ignore_ascii_case(name.as_str())
    }

    /// Builds that are older than this number, at most so many.
    pub(super) fn after(&self, after: Option<Cursor>, most: usize) -> HistoryPage {
        let older = |(number, _): &&(u64, Build)| after.is_none_or(|after| *number < after.get());
        let found: Vec<&(u64, Build)> = self.builds.iter().filter(older).take(most).collect();
        let oldest = self.builds.last().map(|(number, _)| *number);
        let next = found.last().map(|(number, _)| *number).filter(|number| Some(*number) != oldest);
        HistoryPage::new(found.into_iter().map(|(_, build)| build.clone()).collect(), next.map(Cursor::new))
    }

    /// Builds from this place on, counted from the newest one.
    pub(super) fn from(&self, offset: usize, most: usize) -> Vec<Build> {
        self.builds.iter().skip(offset).take(most).map(|(_, build)| build.clone()).collect()
    }

    pub(super) fn status(&self) -> PipelineStatus {
        let mut status = PipelineStatus::ready();
        if let Some((by, cause)) = &self.paused {
            status = status.paused(by, cause);
        }
        status.locked = self.locked;
        let begins = self.builds.iter().any(|(_, build)| build.stages.first().is_some_and(|stage| stage.running));
        status.schedulable &= !status.locked && !begins;
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gocd(builds: u32) -> (Gocd, PipelineName) {
        let name: PipelineName = "metapod".parse().unwrap();
        let mut gocd = Gocd::default();
        let other = PipelineSpec::new("other".parse().unwrap());
        gocd.put(other.builds([Build::new(name.clone(), 1, "1")])).unwrap();
        let all = (1..=builds).rev().map(|counter| Build::new(name.clone(), counter, counter.to_string()));
        gocd.put(PipelineSpec::new(name.clone()).builds(all)).unwrap();
        (gocd, name)
    }

    #[test]
    fn a_page_ends_with_the_number_of_its_last_build() {
        let (mut gocd, name) = gocd(5);
        let page = gocd.pipeline(&name).unwrap().after(None, 3);
        assert_eq!(page.builds.iter().map(|build| build.counter).collect::<Vec<_>>(), [5, 4, 3]);
        // A build that begins meanwhile moves nothing.
        gocd.add(Build::new(name.clone(), 6, "6")).unwrap();
        let page = gocd.pipeline(&name).unwrap().after(page.next, 3);
        assert_eq!(page.builds.iter().map(|build| build.counter).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(page.next, None);
        let whole = gocd.pipeline(&"Metapod".parse().unwrap()).unwrap().after(None, 6);
        assert_eq!((whole.builds.len(), whole.next), (6, None));
    }

    #[test]
    fn builds_are_counted_upwards() {
        let (mut gocd, name) = gocd(2);
        assert!(matches!(gocd.add(Build::new(name.clone(), 2, "2")), Err(Refusal::Conflict(_))));
        let twice = [Build::new(name.clone(), 1, "1"), Build::new(name.clone(), 1, "1")];
        assert!(matches!(gocd.put(PipelineSpec::new(name).builds(twice)), Err(Refusal::Invalid(_))));
    }
}
