//! Pictures of a plan: with the plan on the screen, and in the run's folder before and after. A picture that cannot be made
//! is a line: it never stops what it shows.

use std::path::Path;

use ops_plan::{Plan, RunDir};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::connect::Reach;
use crate::exit::Failure;
use crate::screen::Screen;
use crate::text::Layout;

/// What the plan does: the file in the run's folder.
const BEFORE: &str = "before-after.svg";
/// What came of it.
const AFTER: &str = "after.svg";

/// A picture: for the screen, and as SVG.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Lines for people.
    pub tree: String,
    /// A document of its own.
    pub svg: String,
}

/// What draws the plans of a recipe.
pub trait Draws {
    /// Where the picture of the plan is wanted besides, as SVG.
    fn file(&self) -> Option<&Path>;

    /// What the plan does; nothing where there is nothing to draw.
    ///
    /// # Errors
    /// Where it cannot be drawn, because a system does not answer.
    fn before(
        &mut self,
        reach: &Reach,
        plan: &Plan,
        layout: &Layout,
    ) -> impl Future<Output = Result<Option<Drawing>, Failure>>;

    /// What came of it.
    ///
    /// # Errors
    /// As [`Draws::before`].
    fn after(&mut self, reach: &Reach, layout: &Layout) -> impl Future<Output = Result<Option<Drawing>, Failure>>;
}

/// The actions of a plan: what it writes, a line each after its head.
///
/// # Errors
/// Where one is not understood.
pub(crate) fn actions_of<A: DeserializeOwned>(plan: &Plan) -> Result<Vec<A>, Failure> {
    let mut written = Vec::new();
    plan.write(&mut written)?;
    let lines = written.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.is_empty());
    let actions: Result<Vec<A>, _> = lines.map(serde_json::from_slice).collect();
    actions.map_err(|error| Failure::refused(format!("a change of the plan cannot be drawn: {error}")))
}

/// Draws nothing.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Draws for Nothing {
    fn file(&self) -> Option<&Path> {
        None
    }

    async fn before(&mut self, _: &Reach, _: &Plan, _: &Layout) -> Result<Option<Drawing>, Failure> {
        Ok(None)
    }

    async fn after(&mut self, _: &Reach, _: &Layout) -> Result<Option<Drawing>, Failure> {
        Ok(None)
    }
}

/// The picture of one plan on its way through a program.
pub(crate) struct Sketch<D> {
    draws: D,
    before: Option<Drawing>,
    files: Map<String, Value>,
}

impl<D: Draws> Sketch<D> {
    /// Draws the plan, and shows it.
    pub(crate) async fn of(mut draws: D, reach: &Reach, plan: &Plan, screen: Screen) -> Self {
        let before = match draws.before(reach, plan, &screen.layout).await {
            Ok(before) => before,
            Err(failure) => {
                screen.say(&screen.layout.wrap("", &format!("\ncannot be drawn: {failure}")));
                None
            }
        };
        let mut sketch = Self { draws, before: None, files: Map::new() };
        if let Some(drawing) = before {
            screen.say(&format!("\n{}", drawing.tree));
            if let Some(file) = sketch.draws.file().map(Path::to_owned) {
                sketch.write("asked", &file, &drawing.svg, screen);
            }
            sketch.before = Some(drawing);
        }
        sketch
    }

    /// Puts the picture of the plan into the run's folder.
    pub(crate) fn keep(&mut self, dir: &RunDir, screen: Screen) {
        if let Some(drawing) = self.before.take() {
            self.write("before_after", &dir.path().join(BEFORE), &drawing.svg, screen);
        }
    }

    /// Draws what came of it. Names all files.
    pub(crate) async fn after(mut self, reach: &Reach, dir: &RunDir, screen: Screen) -> Option<Value> {
        match self.draws.after(reach, &screen.layout).await {
            Ok(None) => {}
            Ok(Some(drawing)) => {
                screen.say(&format!("\n{}", drawing.tree));
                self.write("after", &dir.path().join(AFTER), &drawing.svg, screen);
            }
            Err(failure) => screen.say(&screen.layout.wrap("", &format!("\ncannot be drawn: {failure}"))),
        }
        (!self.files.is_empty()).then_some(Value::Object(self.files))
    }

    fn write(&mut self, name: &str, file: &Path, svg: &str, screen: Screen) {
        let said = match std::fs::write(file, svg) {
            Ok(()) => {
                self.files.insert(name.to_owned(), file.display().to_string().into());
                format!("drawn: {}", file.display())
            }
            Err(error) => format!("cannot be drawn: {}: {error}", file.display()),
        };
        screen.say(&screen.layout.wrap("", &said));
    }
}
