//! How a program of ours ends: its code, and what it says when it could not do what it was asked.

use std::error::Error as StdError;
use std::fmt;
use std::process::ExitCode;

use ops_plan::{Error, Outcome};

/// The end of every `--help`.
pub const CODES: &str = "Exit codes:
  0    done, or nothing to do
  2    the command line or the configuration is wrong
  3    refused; nothing was changed
  4    stopped before the end; can be resumed
  5    what became of a change cannot be told; resuming looks first
  6    all was done, and the world is not as wanted
  7    somebody else holds it
  10   triage, doctor or due found something
  130  cancelled; can be resumed";

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// The command line or the configuration is wrong.
    Usage,
    /// Refused; nothing was changed.
    Refused,
    /// Stopped before the end; can be resumed.
    Stopped,
    /// What became of a change cannot be told.
    Unknown,
    /// All was done, and the world is not as wanted.
    Unverified,
    /// Somebody else holds it.
    Held,
    /// Triage found something.
    Found,
    /// A person stopped it.
    Cancelled,
}

impl Exit {
    /// The number that a shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Stopped => 4,
            Self::Unknown => 5,
            Self::Unverified => 6,
            Self::Held => 7,
            Self::Found => 10,
            Self::Cancelled => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Unknown => Self::Unknown,
            Outcome::VerificationFailed => Self::Unverified,
            Outcome::Cancelled => Self::Cancelled,
            // A way of ending that is new to us is at least not done.
            _ => Self::Stopped,
        }
    }
}

/// Why a program could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How it ends.
    pub exit: Exit,
    /// What to say, perhaps in several lines.
    pub text: String,
}

impl Failure {
    /// The command line or the configuration is wrong.
    pub fn usage(text: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, text: text.into() }
    }

    /// Refused; nothing was changed.
    pub fn refused(text: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, text: text.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Held { .. } => Exit::Held,
            Error::Journal { .. } => Exit::Stopped,
            _ => Exit::Refused,
        };
        let text = match &error {
            Error::Refused(refusal) => {
                let mut text = String::from("refused, nothing was changed");
                for problem in &refusal.problems {
                    text.push_str(&format!("\n{}: {}\n  → {}", problem.guard, problem.text, problem.remedy));
                }
                text
            }
            Error::Client(source) => format!("{error}: {}", told(source)),
            other => chain(other),
        };
        Self { exit, text }
    }
}

impl From<ops_client::Error> for Failure {
    fn from(error: ops_client::Error) -> Self {
        Self::refused(told(&error))
    }
}

/// A client's error with its cause and, where one is known, its remedy.
pub fn told(error: &ops_client::Error) -> String {
    match error.remedy() {
        Some(remedy) if !error.to_string().contains(remedy) => format!("{}\n  → {remedy}", chain(error)),
        _ => chain(error),
    }
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use ops_plan::{Problem, Refusal};

    use super::*;

    #[test]
    fn a_refusal_names_every_problem_and_its_remedy() {
        let problem = |guard: &str| Problem::new(guard, "it is so", "do this");
        let refusal = Refusal { problems: vec![problem("share"), problem("expected-count")] };
        let failure = Failure::from(Error::Refused(refusal));
        assert_eq!(failure.exit.code(), 3);
        assert_eq!(
            failure.text,
            "refused, nothing was changed\nshare: it is so\n  → do this\nexpected-count: it is so\n  → do this"
        );
    }

    #[test]
    fn codes_are_those_of_the_help() {
        let all = [Exit::Done, Exit::Usage, Exit::Refused, Exit::Stopped, Exit::Unknown, Exit::Unverified];
        for exit in all.into_iter().chain([Exit::Held, Exit::Found, Exit::Cancelled]) {
            assert!(CODES.contains(&format!("\n  {:<4} ", exit.code())), "{exit:?}");
        }
    }
}
