//! The tour: one night in a sandbox, in which things break one after another, and the recipes at work. Nothing of what it shows
//! is written here: plans, refusals, journals, reports and pictures are those of the recipes. Where one of them does not do what
//! the tour says, the tour fails.

mod chapters;
mod ending;
mod guide;
mod night;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use self::chapters::CHAPTERS;
use self::guide::Guide;
use self::night::Night;
use crate::connect::in_memory;
use crate::exit::{Exit, Failure};
use crate::main_loop::on_one_thread;
use crate::screen::{Ending, Screen};
use crate::text::{BOLD, Layout};
use crate::{log, signals};

/// How many chapters there are.
pub const LAST: u8 = 6;

/// What of the tour is wanted, and how.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// These chapters; none is all of them.
    pub chapters: Vec<u8>,
    /// Without time to read.
    pub fast: bool,
    /// Where pictures are wanted as SVG.
    pub svg: Option<PathBuf>,
    /// Another width than the terminal's.
    pub width: Option<usize>,
}

impl Options {
    fn wants(&self, chapter: u8) -> bool {
        self.chapters.is_empty() || self.chapters.contains(&chapter)
    }

    fn screen(&self) -> Screen {
        let layout = Layout::of_terminal();
        Screen::full(Layout { width: self.width.unwrap_or(layout.width), ..layout })
    }
}

/// Names the chapters.
pub fn list(options: &Options) -> ExitCode {
    let screen = options.screen();
    for chapter in &CHAPTERS {
        screen.say(
            &screen
                .layout
                .wrap(&format!("{} · ", chapter.number), &format!("{}: {}", chapter.title, chapter.program())),
        );
        screen.say(&screen.layout.wrap("    ", chapter.shows));
    }
    ExitCode::SUCCESS
}

/// Goes through the night.
pub fn run(options: &Options) -> ExitCode {
    let screen = options.screen();
    log::start(false);
    screen.end(on_one_thread(Box::pin(async {
        tokio::select! {
            ending = Box::pin(go(options, screen)) => ending,
            // Dropped in the middle: its world is in memory, its folder goes with it.
            () = signals::first() => Err(Failure {
                exit: Exit::Cancelled,
                text: "\nthe tour was left; nothing of it remains".into(),
            }),
        }
    })))
}

async fn go(options: &Options, screen: Screen) -> Result<Ending, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("tour-")
        .tempdir()
        .map_err(|error| Failure::refused(format!("no folder for the runs: {error}")))?;
    let night = Night::begin(options.wants(1))?;
    let reach = in_memory(night.world.clone(), night.nightly.clone(), night.settings.clone())?;
    let mut guide = Guide::new(options, screen, reach.keeping_beside(folder.path()), folder.path());
    welcome(&mut guide, options).await;
    for chapter in CHAPTERS.iter().filter(|chapter| options.wants(chapter.number)) {
        guide.open(chapter, &night);
        Box::pin(chapters::go(chapter.number, &mut guide, &night))
            .await
            .map_err(|failure| Failure { text: format!("chapter {}: {}", chapter.number, failure.text), ..failure })?;
        guide.time_to_read().await;
    }
    Box::pin(ending::go(&mut guide, &night)).await?;
    Ok(Ending::new(Exit::Done, guide.tally.to_string()).shown())
}

async fn welcome(guide: &mut Guide, options: &Options) {
    let layout = guide.screen.layout;
    let chosen = CHAPTERS.iter().filter(|chapter| options.wants(chapter.number)).count();
    guide.say(&layout.paint(BOLD, "One night on call, in a sandbox"));
    let breaks = match chosen {
        1 => "one thing in it breaks".to_owned(),
        all => format!("{all} things in it break, one after the other"),
    };
    guide.tell(&format!(
        "A small data platform lives in this process. Tonight {breaks}: the pager rings, and a recipe answers. Lines that \
         begin like this one are the tour's; all others are what the programs themselves say, and what they say comes \
         from the recipes at work."
    ));
    guide.tell(
        "The sandbox's clock is set to a night and goes a hundred times as fast; journals tell this machine's time.",
    );
    guide.time_to_read().await;
}
