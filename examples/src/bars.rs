//! A moving bar on standard error.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ops_plan::{Event, Progress, Watcher};

use crate::text::one_line;

/// Shows how far a run is.
#[derive(Debug)]
pub struct Bars(ProgressBar);

impl Bars {
    /// A bar for a plan of so many actions.
    pub fn new(actions: usize) -> Self {
        let bar = ProgressBar::new(actions as u64);
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg} · {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// So many are done; what is done now.
    pub fn at(&self, done: usize, what: &str) {
        self.0.set_position(done as u64);
        self.0.set_message(one_line(what));
    }

    /// Says something above it.
    pub fn say(&self, text: &str) {
        self.0.println(text);
    }

    /// It is over: the bar goes.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Watcher for Bars {
    fn saw(&self, event: &Event, progress: &Progress) {
        self.0.set_position(progress.done as u64);
        match event {
            Event::Phase { name, .. } => self.0.set_message(one_line(name)),
            Event::Stopping { why } => self.0.println(format!("stopping: {}", one_line(&why.to_string()))),
            Event::Going { how, .. } => self.0.println(one_line(how)),
            Event::Blind { .. } => self.0.set_message("a look failed; looking again"),
            Event::Verified { .. } => self.0.set_message("verified"),
            Event::Ended { .. } => self.end(),
            _ if progress.troubled > 0 => self.0.set_message(format!("{} in trouble", progress.troubled)),
            _ => {}
        }
    }
}
