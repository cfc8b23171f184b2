//! Tables and saved questions in the making.

use metabase_client::Cell;

use crate::world::State;

/// What a table's rows are at this moment, seen in the rest of the world.
pub(crate) type View = fn(&State) -> Vec<Vec<Cell>>;

/// Where a table's rows come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// They lie in the table.
    Held(Vec<Vec<Cell>>),
    /// They are seen in another system, anew at each query.
    Seen(View),
}

/// A table: where it is, what its columns are, what its rows are.
///
/// ```
/// use ops_sandbox::World;
/// use ops_sandbox::metabase::TableSpec;
///
/// let loads = TableSpec::new("Belo Monte", "meta", "loads")
///     .column("table_name", "type/Text")
///     .column("rejected", "type/Integer")
///     .row(["fraud_report_policy".into(), 3.into()]);
/// let table = World::seeded(1).put_metabase_table(loads)?;
/// # Ok::<(), ops_client::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is put into a world"]
pub struct TableSpec {
    pub(super) database: String,
    pub(super) schema: Option<String>,
    pub(super) name: String,
    /// Name and type.
    pub(super) columns: Vec<(String, String)>,
    pub(super) source: Source,
}

impl TableSpec {
    /// A table without columns and rows. An empty schema is none.
    pub fn new(database: impl Into<String>, schema: impl Into<String>, name: impl Into<String>) -> Self {
        let schema = Some(schema.into()).filter(|schema| !schema.is_empty());
        let source = Source::Held(Vec::new());
        Self { database: database.into(), schema, name: name.into(), columns: Vec::new(), source }
    }

    /// And a column of this type, in Metabase's words (`type/Text`).
    pub fn column(mut self, name: impl Into<String>, base_type: impl Into<String>) -> Self {
        self.columns.push((name.into(), base_type.into()));
        self
    }

    /// And a row, with a cell for each column.
    pub fn row(self, row: impl IntoIterator<Item = Cell>) -> Self {
        self.rows([row.into_iter().collect()])
    }

    /// And these rows.
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        match &mut self.source {
            Source::Held(held) => held.extend(rows),
            Source::Seen(_) => self.source = Source::Held(rows.into_iter().collect()),
        }
        self
    }

    /// With rows that lie elsewhere in the world, instead of any of its own.
    pub(crate) fn seen(mut self, view: View) -> Self {
        self.source = Source::Seen(view);
        self
    }
}

/// A saved question in SQL: all of a table, where some columns are what its variables say.
#[derive(Clone, Debug)]
#[must_use = "it is put into a world"]
pub struct QuestionSpec {
    pub(super) database: String,
    pub(super) schema: Option<String>,
    pub(super) table: String,
    pub(super) tags: Vec<Tag>,
}

/// A variable of a question.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) column: String,
    /// Whether it is a field filter, which may be left out and takes several values.
    pub(super) is_filter: bool,
}

impl QuestionSpec {
    /// All rows of a table.
    pub fn new(database: impl Into<String>, schema: impl Into<String>, table: impl Into<String>) -> Self {
        let schema = Some(schema.into()).filter(|schema| !schema.is_empty());
        Self { database: database.into(), schema, table: table.into(), tags: Vec::new() }
    }

    /// Only those where the column is what this variable says. It must be given.
    pub fn variable(self, tag: impl Into<String>, column: impl Into<String>) -> Self {
        self.tag(tag, column, false)
    }

    /// Only those where the column is one of the values of this field filter, where it is given.
    pub fn field_filter(self, tag: impl Into<String>, column: impl Into<String>) -> Self {
        self.tag(tag, column, true)
    }

    fn tag(mut self, name: impl Into<String>, column: impl Into<String>, is_filter: bool) -> Self {
        self.tags.push(Tag { name: name.into(), column: column.into(), is_filter });
        self
    }
}
