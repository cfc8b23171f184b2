//! Pictures of a run: as it is, what a plan does to it, and what came of it.

use std::path::{Path, PathBuf};

use airflow_client::RunKey;
use dag_picture::{Picture, SvgOptions, TreeOptions};
use ops_plan::Plan;
use ops_recipes::airflow::{DagChange, DagKnowledge, RedeployStep, RunPicture};
use serde::Deserialize;

use crate::connect::Reach;
use crate::drawing::{Drawing, Draws, actions_of};
use crate::exit::Failure;
use crate::text::Layout;

/// A picture, as a tree for this screen.
pub fn tree(picture: &Picture, layout: &Layout) -> String {
    let options = TreeOptions::default().width(layout.width).colours(layout.colours);
    picture.tree(&options).trim_end().to_owned()
}

/// Writes a picture as SVG.
///
/// # Errors
/// Where it cannot be written.
pub fn write_svg(picture: &Picture, file: &Path) -> Result<(), Failure> {
    std::fs::write(file, picture.svg(&SvgOptions::default()))
        .map_err(|error| Failure::refused(format!("cannot write {}: {error}", file.display())))
}

/// Draws the run that a plan is about.
#[derive(Debug, Default)]
pub struct DrawRun {
    file: Option<PathBuf>,
    before: Option<RunPicture>,
}

/// What every question about a run tells.
#[derive(Deserialize)]
struct About {
    run: RunKey,
    #[serde(default)]
    knowledge: DagKnowledge,
}

impl DrawRun {
    /// Also into this file, where there is one.
    pub fn into_file(file: Option<PathBuf>) -> Self {
        Self { file, before: None }
    }
}

impl Draws for DrawRun {
    fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    async fn before(&mut self, reach: &Reach, plan: &Plan, layout: &Layout) -> Result<Option<Drawing>, Failure> {
        let about: About = serde_json::from_str(plan.head().question.get())
            .map_err(|error| Failure::refused(format!("the plan's question names no run: {error}")))?;
        let changes = changes(plan)?;
        let seen = RunPicture::read(&*reach.airflow()?.reads, &about.run).await?;
        let title = if changes.is_empty() { "as it is".to_owned() } else { plan.head().title.clone() };
        let picture = seen.clone().note(title).after(&changes, &about.knowledge).picture();
        self.before = Some(seen);
        Ok(Some(drawn(&picture, layout)))
    }

    async fn after(&mut self, reach: &Reach, layout: &Layout) -> Result<Option<Drawing>, Failure> {
        let Some(before) = &self.before else { return Ok(None) };
        let now = RunPicture::read(&*reach.airflow()?.reads, &before.run().key).await?;
        let picture = now.since(before).note("what came of it until now, and the states before").picture();
        Ok(Some(drawn(&picture, layout)))
    }
}

/// A change that is drawn: of a run, or of a redeployment, of which only what changes the run is drawn.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Run(DagChange),
    Redeploy(RedeployStep),
}

/// The changes of a plan that are drawn.
fn changes(plan: &Plan) -> Result<Vec<DagChange>, Failure> {
    let lines = actions_of(plan)?.into_iter();
    Ok(lines
        .filter_map(|line| match line {
            Line::Run(change) | Line::Redeploy(RedeployStep::Dag(change)) => Some(change),
            Line::Redeploy(_) => None,
        })
        .collect())
}

fn drawn(picture: &Picture, layout: &Layout) -> Drawing {
    Drawing { tree: tree(picture, layout), svg: picture.svg(&SvgOptions::default()) }
}
