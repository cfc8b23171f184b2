//! Where loads are logged: a table whose name and columns differ from platform to platform.

use jiff::Timestamp;
use ops_client::{Error, Result};

use super::Statement;
use super::statement::identifier;
use crate::LoadFilter;

/// More loads are never asked for at once.
const MOST: u32 = 1_000;

/// The Loads table: its name and its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadsTable {
    schema: String,
    table: String,
    name: String,
    transaction: String,
    time: String,
}

impl Default for LoadsTable {
    /// `meta.loads` with `table_name`, `metapod_transaction_id` and `load_time`.
    fn default() -> Self {
        let columns = ("table_name", "metapod_transaction_id", "load_time");
        Self {
            schema: "meta".into(),
            table: "loads".into(),
            name: columns.0.into(),
            transaction: columns.1.into(),
            time: columns.2.into(),
        }
    }
}

impl LoadsTable {
    /// The table of this schema and name, with its columns for a table's name, a transaction and a time.
    ///
    /// # Errors
    /// `Invalid` where one of the names can be none: letters, digits, `_` and `$`, not beginning with a digit.
    pub fn new(table: (&str, &str), name: &str, transaction: &str, time: &str) -> Result<Self> {
        for word in [table.0, table.1, name, transaction, time] {
            if identifier(word).is_none() {
                let wrong = Error::invalid("redshift.loads_table", format!("{word:?} is no name of a table or column"));
                return Err(wrong.with_attempts(0));
            }
        }
        Ok(Self {
            schema: table.0.to_owned(),
            table: table.1.to_owned(),
            name: name.to_owned(),
            transaction: transaction.to_owned(),
            time: time.to_owned(),
        })
    }

    /// Its schema and name.
    pub fn table(&self) -> String {
        format!("{}.{}", self.schema, self.table)
    }

    pub(super) fn statement(&self, filter: &LoadFilter) -> Statement {
        // They were checked.
        let id = |name: &str| identifier(name).unwrap_or_default();
        let (name, transaction, time) = (id(&self.name), id(&self.transaction), id(&self.time));
        let mut wanted = Vec::new();
        if !filter.tables.is_empty() {
            let places: Vec<String> = (0..filter.tables.len()).map(|at| format!(":table{at}")).collect();
            wanted.push(format!("{name} in ({})", places.join(", ")));
        }
        if filter.transaction.is_some() {
            wanted.push(format!("cast({transaction} as varchar(64)) = :transaction"));
        }
        let wanted = if wanted.is_empty() { String::new() } else { format!(" where {}", wanted.join(" and ")) };
        let text = format!(
            "select {name} as name, cast({transaction} as varchar(64)) as transaction, {time} as at \
             from {}.{}{wanted} order by {time} desc nulls last limit {}",
            id(&self.schema),
            id(&self.table),
            filter.limit.min(MOST),
        );
        let mut statement = Statement::new(text);
        for (at, table) in filter.tables.iter().enumerate() {
            statement = statement.with(format!("table{at}"), table);
        }
        match &filter.transaction {
            Some(transaction) => statement.with("transaction", transaction),
            None => statement,
        }
    }
}

/// The newest first, and what has no time last.
pub(super) fn newest_first(a: Option<Timestamp>, b: Option<Timestamp>) -> std::cmp::Ordering {
    b.cmp(&a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked() {
        let filter = LoadFilter::newest().of_table("fraud_report_policy").of_transaction("1b").at_most(5_000);
        let statement = LoadsTable::default().statement(&filter);
        assert_eq!(
            statement.inline().unwrap(),
            "select \"table_name\" as name, cast(\"metapod_transaction_id\" as varchar(64)) as transaction, \
             \"load_time\" as at from \"meta\".\"loads\" where \"table_name\" in ('fraud_report_policy') and \
             cast(\"metapod_transaction_id\" as varchar(64)) = '1b' order by \"load_time\" desc nulls last limit 1000"
        );
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let error = LoadsTable::new(("meta", "loads; drop"), "a", "b", "c").unwrap_err();
        assert!(error.to_string().contains("\"loads; drop\""), "{error}");
    }
}
