//! Pictures of tables: what they were asked for, before and after.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ops_plan::Plan;
use ops_recipes::services::picture::{svg, text};
use ops_recipes::services::{RelieveThrottling, TableStep};

use crate::connect::Reach;
use crate::drawing::{Drawing, Draws, actions_of};
use crate::exit::Failure;
use crate::text::Layout;

/// Draws the table that a plan is about.
#[derive(Debug, Default)]
pub struct DrawTable {
    file: Option<PathBuf>,
    about: Option<RelieveThrottling>,
}

impl DrawTable {
    /// Also into this file, where there is one.
    pub fn into_file(file: Option<PathBuf>) -> Self {
        Self { file, about: None }
    }
}

impl Draws for DrawTable {
    fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    async fn before(&mut self, reach: &Reach, plan: &Plan, layout: &Layout) -> Result<Option<Drawing>, Failure> {
        let about: RelieveThrottling = serde_json::from_str(plan.head().question.get())
            .map_err(|error| Failure::refused(format!("the plan's question names no table: {error}")))?;
        let changes: Vec<TableStep> = actions_of(plan)?;
        let drawn = draw(reach, &about, &changes, layout).await;
        self.about = Some(about);
        // A plan without a table says so itself.
        Ok(drawn.ok())
    }

    async fn after(&mut self, reach: &Reach, layout: &Layout) -> Result<Option<Drawing>, Failure> {
        match &self.about {
            Some(about) => draw(reach, about, &[], layout).await.map(Some),
            None => Ok(None),
        }
    }
}

async fn draw(
    reach: &Reach,
    about: &RelieveThrottling,
    changes: &[TableStep],
    layout: &Layout,
) -> Result<Drawing, Failure> {
    let environment = &reach.target.environment;
    let reads = reach.services().tables(environment)?;
    let now = reach.sandbox.as_ref().map_or_else(Timestamp::now, |sandbox| sandbox.world().now());
    let panels = about.panels(reads, environment, now, changes).await?;
    let svg = svg(&panels).map_err(|error| Failure::refused(format!("the picture cannot be drawn: {error}")))?;
    // Lines of blocks fit; a title may be longer.
    let fits = |line: &str| if line.chars().count() > layout.width { layout.wrap("", line) } else { line.to_owned() };
    let tree: Vec<String> = text(&panels, layout.width).trim_end().lines().map(fits).collect();
    Ok(Drawing { tree: tree.join("\n"), svg })
}
