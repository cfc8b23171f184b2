//! What a program says: everything, one line, or one JSON document.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Map, Value};

use crate::exit::{Exit, Failure};
use crate::flags::Manner;
use crate::surroundings;
use crate::text::{Layout, one_line};

/// Where and how a program speaks.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    mode: Mode,
    /// How texts are laid out.
    pub layout: Layout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Full,
    Quiet,
    Json,
}

/// How a program ended, for each way of saying it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The code.
    pub exit: Exit,
    /// In one line.
    pub line: String,
    /// Whether the line says what the screen shows already.
    pub shown: bool,
    /// What belongs in the JSON document.
    pub fields: Map<String, Value>,
}

impl Ending {
    /// An end in one line.
    pub fn new(exit: Exit, line: impl Into<String>) -> Self {
        Self { exit, line: line.into(), shown: false, fields: Map::new() }
    }

    /// What the line says stands on the screen already.
    #[must_use]
    pub fn shown(mut self) -> Self {
        self.shown = true;
        self
    }

    /// With something for the JSON document.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// With something for the JSON document, where there is something.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl Screen {
    /// As the flags want it.
    pub fn new(manner: &Manner) -> Self {
        let mode = match (manner.json, manner.quiet) {
            (true, _) => Mode::Json,
            (_, true) => Mode::Quiet,
            _ => Mode::Full,
        };
        Self { mode, layout: Layout::of_terminal() }
    }

    /// Everything, laid out like this.
    pub fn full(layout: Layout) -> Self {
        Self { mode: Mode::Full, layout }
    }

    /// Whether people read along.
    pub fn is_full(&self) -> bool {
        self.mode == Mode::Full
    }

    /// Whether a person can be asked.
    pub fn can_ask(&self) -> bool {
        self.is_full() && surroundings::can_ask()
    }

    /// Says something to people.
    pub fn say(&self, text: &str) {
        if self.is_full() {
            // Whoever reads may have heard enough (`| head`): that is no error.
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        }
    }

    /// Says how it ended, and gives the code.
    pub fn end(&self, ending: Result<Ending, Failure>) -> ExitCode {
        let exit = match &ending {
            Ok(ending) => ending.exit,
            Err(failure) => failure.exit,
        };
        let mut out = std::io::stdout().lock();
        let _ = match (self.mode, ending) {
            (Mode::Full, Ok(ending)) if ending.shown => Ok(()),
            (Mode::Full, Ok(ending)) => writeln!(out, "{}", self.layout.wrap("", &ending.line)),
            (Mode::Full, Err(failure)) => {
                drop(out);
                writeln!(std::io::stderr().lock(), "{}", self.failure(&failure))
            }
            (Mode::Quiet, Ok(ending)) => writeln!(out, "{}", one_line(&ending.line)),
            (Mode::Quiet, Err(failure)) => writeln!(out, "{}", one_line(&failure.text)),
            (Mode::Json, Ok(ending)) => writeln!(out, "{}", document(exit, &ending.line, ending.fields)),
            (Mode::Json, Err(failure)) => writeln!(out, "{}", document(exit, &failure.text, Map::new())),
        };
        exit.into()
    }

    /// Each line wrapped by itself: a refusal names one problem a line.
    pub(crate) fn failure(&self, failure: &Failure) -> String {
        let line = |line: &str| {
            let text = line.trim_start();
            let indent = " ".repeat(line.len() - text.len());
            match text.strip_prefix("→ ") {
                Some(remedy) => self.layout.wrap(&format!("{indent}→ "), remedy),
                None => self.layout.wrap(&indent, text),
            }
        };
        failure.text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn document(exit: Exit, text: &str, fields: Map<String, Value>) -> Value {
    let mut document = Map::new();
    document.insert("exit".into(), exit.code().into());
    document.insert("text".into(), text.into());
    document.extend(fields);
    Value::Object(document)
}
