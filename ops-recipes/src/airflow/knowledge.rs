//! What no system knows of a DAG: which tasks the business waits for, which make machines and take them away, who owns what.
//! It comes from configuration, and is part of the question, so that a run that is resumed asks the same.

use std::fmt;

use airflow_client::TaskId;
use serde::{Deserialize, Serialize};

/// A task's id, or the beginning of ids followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskPattern(String);

impl TaskPattern {
    /// Whether the pattern covers this task.
    pub fn covers(&self, task: &TaskId) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => task.as_str().starts_with(start),
            None => task.as_str() == self.0,
        }
    }
}

impl<T: Into<String>> From<T> for TaskPattern {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for TaskPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who owns some tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TaskOwner {
    /// Which tasks.
    pub tasks: TaskPattern,
    /// Who: a team, an address, a channel.
    pub owner: String,
}

impl TaskOwner {
    /// These tasks belong to `owner`.
    pub fn new(tasks: impl Into<TaskPattern>, owner: impl Into<String>) -> Self {
        Self { tasks: tasks.into(), owner: owner.into() }
    }
}

/// What the configuration knows of a DAG's tasks.
///
/// ```
/// use ops_recipes::airflow::{DagKnowledge, TaskOwner};
///
/// let knowledge = DagKnowledge::new()
///     .with_critical("policy-*")
///     .with_owner(TaskOwner::new("fx-*", "fx-team@example.com"));
/// assert!(knowledge.is_critical(&"policy-limits".parse()?));
/// assert!(knowledge.makes_machines(&"scale-ec2-fx-model".parse()?));
/// assert!(knowledge.takes_machines(&"downscale-fx-model".parse()?));
/// assert_eq!(knowledge.owner(&"fx-model".parse()?), Some("fx-team@example.com"));
/// # Ok::<(), airflow_client::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DagKnowledge {
    /// Tasks whose output the business waits for every morning.
    pub critical: Vec<TaskPattern>,
    /// Tasks that hand data to those who serve customers.
    pub serving: Vec<TaskPattern>,
    /// Tasks that make machines. `scale-*` unless said (attested in the runbook's pictures).
    pub scale_up: Vec<TaskPattern>,
    /// Tasks that take machines away. `downscale-*` unless said (attested in the runbook's pictures).
    pub scale_down: Vec<TaskPattern>,
    /// Who owns which tasks; the first that matches says it.
    pub owners: Vec<TaskOwner>,
}

impl Default for DagKnowledge {
    fn default() -> Self {
        Self {
            critical: Vec::new(),
            serving: Vec::new(),
            scale_up: vec!["scale-*".into()],
            scale_down: vec!["downscale-*".into()],
            owners: Vec::new(),
        }
    }
}

impl DagKnowledge {
    /// Knows how machines' tasks are called, and nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// With more tasks that the business waits for.
    #[must_use]
    pub fn with_critical(mut self, tasks: impl Into<TaskPattern>) -> Self {
        self.critical.push(tasks.into());
        self
    }

    /// With more tasks that hand data to those who serve customers.
    #[must_use]
    pub fn with_serving(mut self, tasks: impl Into<TaskPattern>) -> Self {
        self.serving.push(tasks.into());
        self
    }

    /// With one more owner.
    #[must_use]
    pub fn with_owner(mut self, owner: TaskOwner) -> Self {
        self.owners.push(owner);
        self
    }

    /// Whether the business waits for the task.
    pub fn is_critical(&self, task: &TaskId) -> bool {
        covered(&self.critical, task)
    }

    /// Whether the task hands data to those who serve customers.
    pub fn is_serving(&self, task: &TaskId) -> bool {
        covered(&self.serving, task)
    }

    /// Whether the task makes machines.
    pub fn makes_machines(&self, task: &TaskId) -> bool {
        covered(&self.scale_up, task) && !self.takes_machines(task)
    }

    /// Whether the task takes machines away.
    pub fn takes_machines(&self, task: &TaskId) -> bool {
        covered(&self.scale_down, task)
    }

    /// Who owns the task.
    pub fn owner(&self, task: &TaskId) -> Option<&str> {
        self.owners.iter().find(|owner| owner.tasks.covers(task)).map(|owner| owner.owner.as_str())
    }
}

fn covered(patterns: &[TaskPattern], task: &TaskId) -> bool {
    patterns.iter().any(|pattern| pattern.covers(task))
}
