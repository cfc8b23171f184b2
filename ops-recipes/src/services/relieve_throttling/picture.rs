//! What a table was asked for, drawn: consumed, provisioned and throttled over time.

use dynamodb_ops::{Unit, Usage};
use ops_client::Result;

use super::{RelieveThrottling, TableStep};
use crate::services::TableReads;
use crate::services::picture::{Line, Panel, Role};

impl RelieveThrottling {
    /// The figures of the table and its indexes, as they are at a time: a panel for the reads and one for the writes of each place
    /// that anything is known of. What `changes` would make of the units is a line of its own.
    ///
    /// # Errors
    /// Where the table cannot be found, or the figures cannot be read.
    pub async fn panels(
        &self,
        reads: &TableReads,
        environment: &str,
        now: jiff::Timestamp,
        changes: &[TableStep],
    ) -> Result<Vec<Panel>> {
        let table = self.find(reads, environment).await?;
        let mut panels = Vec::new();
        for there in &table.places {
            let usage = reads.tables.usage(&table.name, &there.place, &self.window(now)).await?;
            let planned = changes.iter().find_map(|step| match step {
                TableStep::Units(set) if set.table == table.name && set.change.place == there.place => {
                    Some(set.change.to)
                }
                _ => None,
            });
            for unit in Unit::BOTH {
                let title = format!("{}, {}: {unit}s a second", table.name, there.place);
                let panel = panel(&title, &usage, unit, there.capacity.of(unit));
                panels.push(match planned.map(|to| to.of(unit)).filter(|to| *to != there.capacity.of(unit)) {
                    Some(to) => {
                        let level = [usage.window.from, usage.window.to].map(|at| (at, to as f64));
                        panel.with(Line::new("planned", Role::Limit, level.to_vec()))
                    }
                    None => panel,
                });
            }
        }
        Ok(panels)
    }
}

fn panel(title: &str, usage: &Usage, unit: Unit, units: u64) -> Panel {
    let points = usage.points(unit);
    let consumed = points.iter().filter_map(|point| Some((point.at, point.consumed?))).collect();
    let refused = points.iter().filter(|point| point.throttled.all() > 0.0);
    let refused = refused.map(|point| (point.at, point.throttled.all() / 60.0)).collect();
    let mut provisioned = usage.provisioned(unit).to_vec();
    if units > 0 {
        provisioned.push((usage.window.to, units as f64));
    }
    Panel::new(title, usage.window.from, usage.window.to)
        .with(Line::new("consumed", Role::Demand, consumed))
        .with(Line::new("provisioned", Role::Limit, provisioned))
        .with(Line::new("throttled", Role::Trouble, refused))
}
