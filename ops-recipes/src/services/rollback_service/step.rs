//! The step: a side of a service gets another version or size, and serves.

use std::fmt;
use std::time::Duration;

use cloudformation_ops::{EventId, Stack, StackName};
use jiff::Timestamp;
use ops_plan::{Action, Danger, Digest, Repeat};
use serde::{Deserialize, Serialize};

use crate::words::shell;

/// How long an update of a stack may take, its instances' start and the answers of all of them included.
const SERVES_WITHIN: Duration = Duration::from_secs(45 * 60);

/// A parameter of a stack, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParameterChange {
    /// Its name.
    pub key: String,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
}

/// What must answer behind the load balancer before a step is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Serving {
    /// All answers are healthy, and this version is among them: the old one still answers, too.
    Among(String),
    /// All answers are healthy, and of this version.
    Only(String),
    /// Nobody answers, and nobody is asked.
    Nobody,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Among(version) => write!(f, "until all answers are healthy and {version} is among them"),
            Self::Only(version) => write!(f, "until only {version} answers, and well"),
            Self::Nobody => f.write_str("until the stack is updated"),
        }
    }
}

/// An update of a service's stack: some parameters change, all others keep their values, and so does the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpdateService {
    /// The stack.
    pub stack: StackName,
    /// What it does, in a word: part of its key.
    pub step: String,
    /// What it does, for people.
    pub what: String,
    /// The parameters that change.
    pub changes: Vec<ParameterChange>,
    /// All others that can be read, as a digest.
    pub others: Digest,
    /// When the stack was updated last, where nothing of this plan comes before.
    pub since: Option<Timestamp>,
    /// The newest event of the stack when the plan was made.
    pub after: Option<EventId>,
    /// What names the change set, and what the service knows the update by: the same however often it is asked for.
    pub token: String,
    /// What must answer then.
    pub serving: Serving,
    /// What must answer when it was taken back.
    pub back: Serving,
}

impl UpdateService {
    /// The same, backwards.
    pub(super) fn undone(&self) -> Self {
        let turn = |change: &ParameterChange| ParameterChange {
            key: change.key.clone(),
            from: change.to.clone(),
            to: change.from.clone(),
        };
        let changes: Vec<ParameterChange> = self.changes.iter().map(turn).collect();
        Self {
            stack: self.stack.clone(),
            step: format!("undo-{}", self.step),
            what: told(&changes),
            changes,
            others: self.others,
            since: None,
            after: self.after.clone(),
            token: format!("{}-undo", self.token),
            serving: self.back.clone(),
            back: self.serving.clone(),
        }
    }

    /// Which of its parameters the stack has not as they were: `BlueSize is 3, and was 2`.
    pub(super) fn departs(&self, stack: &Stack) -> Vec<String> {
        self.unlike(stack, "and was", |change| &change.from)
    }

    /// Which of its parameters the stack has not as wanted.
    pub(super) fn lacks(&self, stack: &Stack) -> Vec<String> {
        self.unlike(stack, "not", |change| &change.to)
    }

    fn unlike(&self, stack: &Stack, word: &str, wanted: impl Fn(&ParameterChange) -> &String) -> Vec<String> {
        let unlike = |change: &ParameterChange| {
            let is = stack.parameter(&change.key).unwrap_or("(not there)");
            let wanted = wanted(change);
            (is != wanted).then(|| format!("{} is {is}, {word} {wanted}", change.key))
        };
        self.changes.iter().filter_map(unlike).collect()
    }

    /// The digest of the parameters that the stack has beside those that change.
    pub(super) fn others(stack: &Stack, changes: &[ParameterChange]) -> Digest {
        let mut text = String::new();
        for (key, value) in &stack.parameters {
            if !changes.iter().any(|change| change.key == *key) {
                text.push_str(&format!("{key}={value:?}\n"));
            }
        }
        Digest::of(text)
    }
}

/// `GreenVersion b4dc0de → 6c957ed, GreenSize 0 → 2`.
pub(super) fn told(changes: &[ParameterChange]) -> String {
    let one = |change: &ParameterChange| format!("{} {} → {}", change.key, change.from, change.to);
    changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Action for UpdateService {
    fn key(&self) -> String {
        format!("update/{}/{}", self.stack, self.step)
    }

    fn danger(&self) -> Danger {
        Danger::Disruptive
    }

    fn repeat(&self) -> Repeat {
        // The service knows the update by its token, and takes it once.
        Repeat::Safe
    }

    fn settle(&self) -> Duration {
        SERVES_WITHIN
    }

    fn by_hand(&self) -> String {
        let stack = &self.stack;
        let set: Vec<String> = self
            .changes
            .iter()
            .map(|change| shell(&format!("ParameterKey={},ParameterValue={}", change.key, change.to)))
            .collect();
        format!(
            "aws cloudformation create-change-set --stack-name {stack} --change-set-name {token} --use-previous-template \\\n  \
               --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM --parameters {} \\\n  \
               ParameterKey=…,UsePreviousValue=true   # for EVERY other parameter of the stack: one left out falls back to its default\n\
             aws cloudformation describe-change-set --stack-name {stack} --change-set-name {token}   # read it\n\
             aws cloudformation execute-change-set --stack-name {stack} --change-set-name {token}\n\
             aws cloudformation wait stack-update-complete --stack-name {stack}\n\
             # then ask /api/version many times, each over a new connection, {}",
            set.join(" "),
            self.serving,
            token = self.token,
        )
    }
}

impl fmt::Display for UpdateService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.stack, self.what, self.serving)
    }
}
