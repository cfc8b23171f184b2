//! What jobs are told: they read it when a try begins, from Airflow's variables.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use airflow_client::{RunKey, TaskKey, Variable};
use serde::Deserialize;
use serde_json::Value;

/// Which jobs fail, and how long they sleep first.
///
/// The variable `orders.RUN_ID` (`{"fail": [..], "sleep": {..}}`) is for one run; where it is not there, `fail_tasks` (a list of
/// names) and `sleep_tasks` (names with seconds) are for all. What is no JSON orders nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Orders {
    #[serde(default)]
    fail: Vec<String>,
    #[serde(default)]
    sleep: HashMap<String, Value>,
}

impl Orders {
    pub(super) fn read(variables: &BTreeMap<String, Variable>, run: &RunKey) -> Self {
        let text = |key: &str| variables.get(key).and_then(|variable| variable.value.as_deref());
        if let Some(own) = text(&Self::variable(run)).and_then(|text| serde_json::from_str(text).ok()) {
            return own;
        }
        let parsed = |key| text(key).and_then(|text| serde_json::from_str(text).ok());
        Self {
            fail: parsed("fail_tasks").and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default(),
            sleep: parsed("sleep_tasks").and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default(),
        }
    }

    /// The variable with the orders for one run.
    pub(super) fn variable(run: &RunKey) -> String {
        format!("orders.{}", run.run)
    }

    /// How much longer this instance takes, and whether it fails. It goes by its task, its task and place, or its item.
    pub(super) fn of(&self, key: &TaskKey, item: Option<&str>) -> (Duration, bool) {
        let whole = key.to_string();
        let names = [Some(key.task.as_str()), Some(whole.as_str()), item];
        let named = |name: &str| names.contains(&Some(name));
        let sleep = self.sleep.iter().find(|(name, _)| named(name)).map(|(_, value)| value);
        let seconds = sleep.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
        let takes = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        (takes.unwrap_or_default(), self.fail.iter().any(|name| named(name)))
    }
}
