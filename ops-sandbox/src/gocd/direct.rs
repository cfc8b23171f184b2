//! What a test does to GoCD behind everybody's back: no fault hits it, nothing is logged.

use gocd_client::{Build, Job, PipelineName, Stage, StageResult};
use ops_client::Result;

use super::port::GocdPort;
use super::spec::PipelineSpec;
use crate::World;
use crate::refusal::Refusal;

/// GoCD: what is put there, and what runs.
impl World {
    /// GoCD's port.
    pub fn gocd(&self) -> GocdPort {
        GocdPort::new(self.clone())
    }

    /// Puts a pipeline there, or another one in the place of that with its name.
    ///
    /// # Errors
    /// `Invalid`, where its builds are not ordered, the newest first.
    pub fn put_pipeline(&self, spec: PipelineSpec) -> Result<()> {
        self.state().gocd.put(spec).map_err(|refusal| refusal.directly())
    }

    /// One more build of a pipeline.
    ///
    /// # Errors
    /// `NotFound` for an unknown pipeline, `Conflict` where it has a build of that number or a later one.
    pub fn add_build(&self, build: Build) -> Result<()> {
        self.state().gocd.add(build).map_err(|refusal| refusal.directly())
    }

    /// Begins another build of what was built last: its first stage runs, until [`end_build`](Self::end_build). Its
    /// number.
    ///
    /// # Errors
    /// `NotFound` for an unknown pipeline, or one that was never built.
    pub fn begin_build(&self, pipeline: &PipelineName) -> Result<u32> {
        let begin = || -> std::result::Result<u32, Refusal> {
            let mut state = self.state();
            let now = state.now();
            let held = state.gocd.pipeline(pipeline)?;
            let newest = held.builds.first().map(|(_, build)| build);
            let last = newest.ok_or_else(|| Refusal::NotFound(format!("{pipeline} was never built")))?;
            let counter = last.counter + 1;
            let label = match last.label.split_once(':') {
                Some((_, commit)) => format!("{counter}:{commit}"),
                None => counter.to_string(),
            };
            let stages = last.stages.iter().enumerate().map(|(at, stage)| {
                let next = if at == 0 { running(&stage.name, now) } else { Stage::not_begun(&stage.name) };
                if stage.manual { next.by_hand() } else { next }
            });
            let build = Build::new(held.name.clone(), counter, label)
                .with_scheduled(now)
                .with_revisions(last.revisions.clone())
                .with_stages(stages.collect());
            state.gocd.add(build)?;
            Ok(counter)
        };
        begin().map_err(|refusal| refusal.directly())
    }

    /// Ends what runs of a pipeline, well or not. Where it is well, so are the stages that follow by themselves.
    ///
    /// # Errors
    /// `NotFound` for an unknown pipeline, `Conflict` where nothing of it runs.
    pub fn end_build(&self, pipeline: &PipelineName, result: StageResult) -> Result<()> {
        let end = || -> std::result::Result<(), Refusal> {
            let mut state = self.state();
            let held = state.gocd.pipeline_mut(pipeline)?;
            let running = held.builds.iter_mut().map(|(_, build)| build).find(|build| build.is_running());
            let build = running.ok_or_else(|| Refusal::Conflict(format!("nothing of {pipeline} runs")))?;
            let begun = build.scheduled;
            for stage in &mut build.stages {
                if stage.running {
                    stage.running = false;
                    stage.result = result.clone();
                    stage.jobs.iter_mut().filter(|job| job.state != "Completed").for_each(|job| {
                        (job.state, job.result) = ("Completed".to_owned(), result.clone());
                    });
                } else if !stage.has_begun() && (stage.manual || result != StageResult::Passed) {
                    break;
                } else if !stage.has_begun() {
                    let job = Job::new("all", StageResult::Passed);
                    let job = begun.map_or_else(|| job.clone(), |at| job.clone().with_scheduled(at));
                    *stage = Stage::new(&stage.name, StageResult::Passed).with_jobs(vec![job]);
                }
            }
            Ok(())
        };
        end().map_err(|refusal| refusal.directly())
    }

    /// Pauses a pipeline.
    ///
    /// # Errors
    /// `NotFound` for an unknown pipeline.
    pub fn pause_pipeline(&self, pipeline: &PipelineName, by: &str, cause: &str) -> Result<()> {
        self.set_paused(pipeline, Some((by.to_owned(), cause.to_owned())))
    }

    /// Lets a paused pipeline go on.
    ///
    /// # Errors
    /// `NotFound` for an unknown pipeline.
    pub fn release_pipeline(&self, pipeline: &PipelineName) -> Result<()> {
        self.set_paused(pipeline, None)
    }

    fn set_paused(&self, pipeline: &PipelineName, paused: Option<(String, String)>) -> Result<()> {
        let mut state = self.state();
        state.gocd.pipeline_mut(pipeline).map_err(|refusal| refusal.directly())?.paused = paused;
        Ok(())
    }
}

pub(super) fn running(name: &str, at: jiff::Timestamp) -> Stage {
    let job = Job::new("all", StageResult::Unknown).with_state("Building").with_scheduled(at);
    Stage::building(name).with_jobs(vec![job])
}
