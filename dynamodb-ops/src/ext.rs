//! What follows from the ports' answers, for every implementation of them.

use std::time::Duration;

use async_trait::async_trait;
use ops_client::wait::Looks;
use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{Table, TableName, TablesRead};

/// Between two looks at a table that is changed: it takes seconds to minutes.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// Conveniences over [`TablesRead`].
#[async_trait]
pub trait TablesReadExt: TablesRead {
    /// The table behind a service's Datomic database: of its [likely names](TableName::candidates), the one that is
    /// there.
    ///
    /// # Errors
    /// `NotFound` where none is, with names that look alike; `Invalid` where several are, or the parts make no name.
    /// Otherwise as [`TablesRead::table`].
    async fn find_table<'a>(&self, environment: &str, prototype: Option<&'a str>, service: &str) -> Result<Table> {
        const OP: &str = "dynamodb.find_table";
        let candidates = TableName::candidates(environment, prototype, service)
            .map_err(|error| Error::invalid(OP, error.to_string()).with_attempts(0))?;
        let mut found = Vec::new();
        for name in &candidates {
            match self.table(name).await {
                Ok(table) => found.push(table),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        let list = |names: &[TableName]| names.iter().map(TableName::as_str).collect::<Vec<_>>().join(", ");
        match <[Table; 1]>::try_from(found) {
            Ok([table]) => Ok(table),
            Err(none) if none.is_empty() => {
                let alike = self.tables(&format!("{environment}-")).await.unwrap_or_default();
                let alike: Vec<TableName> = alike.into_iter().filter(|name| name.as_str().contains(service)).collect();
                let text = format!("there is no table {}", list(&candidates).replace(", ", " and no table "));
                let missing = Error::new(OP, ErrorKind::NotFound, Effect::None).with_message(text);
                Err(missing.with_remedy(if alike.is_empty() {
                    "check the service's name, the account and the region".to_owned()
                } else {
                    format!("say which table is meant; there are: {}", list(&alike))
                }))
            }
            Err(both) => {
                let names: Vec<TableName> = both.into_iter().map(|table| table.name).collect();
                let text = format!("several tables may be the one of {service}: {}", list(&names));
                Err(Error::invalid(OP, text).with_remedy("say which one is meant"))
            }
        }
    }

    /// Looks at a table, at once and then every 1 to 10 s, until it is as wanted. `seen` is told of every look.
    ///
    /// # Errors
    /// `Timeout` where it is not so before `deadline`, with what was seen last. Otherwise as [`TablesRead::table`], but
    /// a failure that passes by itself is borne four times in a row.
    async fn wait_for_table<U, S>(&self, name: &TableName, until: U, deadline: Duration, mut seen: S) -> Result<Table>
    where
        U: Fn(&Table) -> bool + Send + Sync,
        S: FnMut(&Table) + Send,
    {
        let mut looks = Looks::new(deadline, PAUSES.0, PAUSES.1);
        let mut last = None;
        loop {
            if let Some(table) = looks.bear(self.table(name).await)? {
                seen(&table);
                if until(&table) {
                    return Ok(table);
                }
                last = Some(table.status);
            }
            if !looks.pause().await {
                let seen = last.map_or_else(|| "nothing was seen of it".to_owned(), |status| format!("it is {status}"));
                return Err(Error::new("dynamodb.wait", ErrorKind::Timeout, Effect::None)
                    .with_message(format!("{name} is not as wanted after {} s: {seen}", deadline.as_secs())));
            }
        }
    }
}

impl<T: TablesRead + ?Sized> TablesReadExt for T {}
