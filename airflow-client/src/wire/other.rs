//! Health, variables, pools, import errors, events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ops_client::Result;
use serde::Deserialize;
use serde_json::Value;

use super::list::Window;
use super::shape::{EventShape, ImportErrorShape, PoolShape, VariableShape};
use super::{Api, v1, v2};
use crate::{Event, EventFilter, Health, ImportError, Part, Pool, Variable};

#[derive(Deserialize)]
struct PartShape {
    status: Option<String>,
    /// `latest_scheduler_heartbeat` and its like.
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

impl Api<'_> {
    pub(crate) async fn health(&self) -> Result<Health> {
        let path = if self.is_v1() { v1::HEALTH } else { v2::HEALTH };
        let parts: BTreeMap<String, Option<PartShape>> =
            self.send(self.get(path, "/api/{api}/health")).await?.json()?;
        let parts = parts.into_iter().filter_map(|(name, shape)| {
            let shape = shape?;
            let beat = shape.more.iter().find(|(name, _)| name.ends_with("_heartbeat"));
            let mut part = Part::new(name, shape.status.map(|status| status == "healthy"));
            part.heartbeat = beat.and_then(|(_, at)| at.as_str()?.parse::<Timestamp>().ok());
            Some(part)
        });
        Ok(Health::new(parts.collect()))
    }

    pub(crate) async fn variables(&self) -> Result<Vec<Variable>> {
        let call = |window: Window| window.query(self.get(&["variables"], "/api/{api}/variables"));
        let list = self.whole(call, |a: &VariableShape, b| a.key.cmp(&b.key)).await?;
        Ok(list.into_iter().map(Variable::from).collect())
    }

    pub(crate) async fn variable(&self, key: &str) -> Result<Variable> {
        let reply = self.send(self.get(&["variables", key], "/api/{api}/variables/{key}")).await?;
        reply.json::<VariableShape>().map(Variable::from)
    }

    pub(crate) async fn pools(&self) -> Result<Vec<Pool>> {
        let call = |window: Window| window.query(self.get(&["pools"], "/api/{api}/pools"));
        let list = self.whole(call, |a: &PoolShape, b| a.name.cmp(&b.name)).await?;
        Ok(list.into_iter().map(Pool::from).collect())
    }

    pub(crate) async fn import_errors(&self) -> Result<Vec<ImportError>> {
        let call = |window: Window| window.query(self.get(&["importErrors"], "/api/{api}/importErrors"));
        let list = self.whole(call, |a: &ImportErrorShape, b| a.import_error_id.cmp(&b.import_error_id)).await?;
        Ok(list.into_iter().map(ImportError::from).collect())
    }

    pub(crate) async fn events(&self, filter: &EventFilter) -> Result<Vec<Event>> {
        if filter.limit == 0 {
            return Ok(Vec::new());
        }
        // Before 2.8 the server knows no filter: then all is read, and what was not asked for is left out here.
        let filters = self.release.is_at_least(2, 8);
        let call = |window: Window| {
            let mut call = window.query(self.get(&["eventLogs"], "/api/{api}/eventLogs")).query("order_by", "-when");
            if filters {
                if let Some(dag) = &filter.dag {
                    call = call.query("dag_id", dag.as_str());
                }
                if let Some(task) = &filter.task {
                    call = call.query("task_id", task.as_str());
                }
                if let Some(since) = filter.since {
                    call = call.query("after", since.to_string());
                }
            }
            call
        };
        let most = if filters { filter.limit } else { usize::MAX };
        let (list, _) = self.pages::<EventShape>(most, call).await?;
        let mut events: Vec<Event> = list.into_iter().map(Event::from).collect();
        if !filters {
            events.retain(|event| {
                filter.dag.as_ref().is_none_or(|dag| event.dag.as_ref() == Some(dag))
                    && filter.task.as_ref().is_none_or(|task| event.task.as_ref() == Some(task))
                    && filter.since.is_none_or(|since| event.at >= since)
            });
            events.truncate(filter.limit);
        }
        Ok(events)
    }
}
