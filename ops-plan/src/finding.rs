use std::fmt;

use serde::{Deserialize, Serialize};

/// What a guard says about a plan or about a finished run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All is well.
    Pass,
    /// Worth knowing; stops nothing.
    Warn,
    /// A person must answer it by name and with a reason.
    Ask,
    /// Cannot be passed: wrong identity, unknown population, or something that cannot work. After a run: not as wanted.
    Block,
}

/// One guard's word, and what was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The guard's name, kebab-case: what `--accept` takes.
    pub guard: String,
    /// Its word.
    pub verdict: Verdict,
    /// What was looked at, and what was seen.
    pub text: String,
    /// When accepting is right (for an ask), or what to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    /// A guard's word.
    pub fn new(verdict: Verdict, guard: impl Into<String>, text: impl Into<String>) -> Self {
        Self { guard: guard.into(), verdict, text: text.into(), advice: None }
    }

    /// All is well.
    pub fn pass(guard: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, guard, text)
    }

    /// Worth knowing.
    pub fn warn(guard: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, guard, text)
    }

    /// A question; `right_when` says when accepting is right.
    pub fn ask(guard: impl Into<String>, text: impl Into<String>, right_when: impl Into<String>) -> Self {
        Self::new(Verdict::Ask, guard, text).with_advice(right_when)
    }

    /// Cannot be passed.
    pub fn block(guard: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Verdict::Block, guard, text)
    }

    /// With when accepting is right, or what to do instead.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Pass => "ok",
            Verdict::Warn => "warn",
            Verdict::Ask => "ask",
            Verdict::Block => "block",
        };
        write!(f, "{word} {}: {}", self.guard, self.text)?;
        if let Some(advice) = &self.advice {
            write!(f, " — {advice}")?;
        }
        Ok(())
    }
}
