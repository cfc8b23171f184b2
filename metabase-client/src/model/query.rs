//! A question about one table, put together without SQL.

use crate::{DatabaseId, FieldId, Table, TableId, Value};

/// Which rows of a table are wanted, which of their fields, in which order.
///
/// ```
/// use metabase_client::{DatabaseId, FieldId, Filter, Query, TableId};
///
/// let (name, loaded) = (FieldId::new(7), FieldId::new(9));
/// let last_loads = Query::new(DatabaseId::new(1), TableId::new(4))
///     .filter(Filter::is(name, "fraud_report_policy"))
///     .descending(loaded)
///     .limit(10);
/// assert_eq!(last_loads.contradiction(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// The database.
    pub database: DatabaseId,
    /// The table.
    pub table: TableId,
    /// Which rows; none means all.
    pub filter: Option<Filter>,
    /// In which order; the first one counts most.
    pub order: Vec<Order>,
    /// Which fields; none means all.
    pub fields: Vec<FieldId>,
    /// How many rows at most.
    pub limit: Option<u32>,
}

impl Query {
    /// How many rows Metabase gives at most, unless it is set up otherwise.
    pub const MOST_ROWS: usize = 2000;

    /// All that is in a table.
    pub fn new(database: DatabaseId, table: TableId) -> Self {
        Self { database, table, filter: None, order: Vec::new(), fields: Vec::new(), limit: None }
    }

    /// All that is in a table that was found.
    pub fn of(table: &Table) -> Self {
        Self::new(table.database, table.id)
    }

    /// Only rows for which this holds too.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Ordered by this field (after those that were named before), the smallest first.
    #[must_use]
    pub fn ascending(mut self, field: FieldId) -> Self {
        self.order.push(Order { field, descending: false });
        self
    }

    /// Ordered by this field (after those that were named before), the greatest or the latest first.
    #[must_use]
    pub fn descending(mut self, field: FieldId) -> Self {
        self.order.push(Order { field, descending: true });
        self
    }

    /// Only these fields, in this order.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = FieldId>) -> Self {
        self.fields = fields.into_iter().collect();
        self
    }

    /// At most so many rows.
    #[must_use]
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Why it cannot be asked, where that is so: each of these would mean something else to Metabase than to who wrote it.
    pub fn contradiction(&self) -> Option<&'static str> {
        if self.limit == Some(0) {
            return Some("a limit of no rows asks for nothing");
        }
        self.filter.as_ref().and_then(Filter::contradiction)
    }
}

/// What must hold for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// The field is this.
    Is(FieldId, Value),
    /// The field is not this.
    IsNot(FieldId, Value),
    /// The field's text has this in it; capitals count.
    Contains(FieldId, String),
    /// The field is one of these.
    OneOf(FieldId, Vec<Value>),
    /// All of these hold.
    All(Vec<Filter>),
}

impl Filter {
    /// The field is this.
    pub fn is(field: FieldId, value: impl Into<Value>) -> Self {
        Self::Is(field, value.into())
    }

    /// The field is not this.
    pub fn is_not(field: FieldId, value: impl Into<Value>) -> Self {
        Self::IsNot(field, value.into())
    }

    /// The field's text has this in it; capitals count.
    pub fn contains(field: FieldId, part: impl Into<String>) -> Self {
        Self::Contains(field, part.into())
    }

    /// The field is one of these.
    pub fn one_of<V: Into<Value>>(field: FieldId, values: impl IntoIterator<Item = V>) -> Self {
        Self::OneOf(field, values.into_iter().map(Into::into).collect())
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut all = match self {
            Self::All(all) => all,
            one => vec![one],
        };
        match other {
            Self::All(more) => all.extend(more),
            one => all.push(one),
        }
        Self::All(all)
    }

    fn contradiction(&self) -> Option<&'static str> {
        match self {
            Self::Contains(_, part) if part.is_empty() => Some("every text has an empty text in it"),
            Self::OneOf(_, values) if values.is_empty() => Some("no value is named, which could be taken for all"),
            Self::All(all) if all.is_empty() => Some("no condition is named, which would mean all rows"),
            Self::All(all) => all.iter().find_map(Self::contradiction),
            _ => None,
        }
    }
}

/// By what rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Order {
    /// The field.
    pub field: FieldId,
    /// Whether the greatest comes first.
    pub descending: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: FieldId = FieldId::new(1);

    #[test]
    fn filters_add_up() {
        let query = Query::new(DatabaseId::new(1), TableId::new(2)).filter(Filter::is(F, "a"));
        assert_eq!(query.filter, Some(Filter::is(F, "a")));
        let query = query.filter(Filter::is(F, 1).and(Filter::is(F, true)));
        let all = vec![Filter::is(F, "a"), Filter::is(F, 1), Filter::is(F, true)];
        assert_eq!(query.filter, Some(Filter::All(all)));
    }

    #[test]
    fn what_would_mean_all_or_nothing_is_a_contradiction() {
        let all = || Query::new(DatabaseId::new(1), TableId::new(2));
        for wrong in [
            all().limit(0),
            all().filter(Filter::contains(F, "")),
            all().filter(Filter::one_of::<&str>(F, [])),
            all().filter(Filter::All(Vec::new())),
            all().filter(Filter::is(F, "a").and(Filter::one_of::<&str>(F, []))),
        ] {
            assert!(wrong.contradiction().is_some(), "{wrong:?}");
        }
        assert_eq!(all().filter(Filter::one_of(F, ["a"])).limit(1).contradiction(), None);
    }
}
