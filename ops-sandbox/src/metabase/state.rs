//! What Metabase knows: its databases, their tables, the saved questions.

use metabase_client::{CardId, Cell, Database, DatabaseId, Field, FieldId, Metadata, Table, TableId};

use super::names;
use super::spec::{QuestionSpec, Source, TableSpec};
use crate::refusal::Refusal;

/// The kind of every database here.
const ENGINE: &str = "redshift";

/// Metabase's state. Ids count from 1, each kind for itself.
#[derive(Debug, Default)]
pub(crate) struct Metabase {
    pub(super) databases: Vec<Database>,
    pub(super) tables: Vec<Held>,
    pub(super) questions: Vec<QuestionSpec>,
    fields: i64,
}

/// A table, and where its rows come from.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) table: Table,
    pub(super) source: Source,
}

impl Metabase {
    /// Puts a table there, or another one in the place of that with its name. What keeps its name keeps its id.
    pub(super) fn put(&mut self, spec: TableSpec) -> Result<TableId, Refusal> {
        if let Source::Held(rows) = &spec.source {
            fits(rows, spec.columns.len())?;
        }
        let database = self.database_named(&spec.database);
        let before = self.tables.iter().position(|held| is_called(&held.table, database, &spec.schema, &spec.name));
        let known = before.map(|at| self.tables.remove(at).table);
        let id = known.as_ref().map_or_else(|| next(&self.tables, |held| held.table.id.get()), |table| table.id.get());
        let mut fields = Vec::new();
        for (name, base_type) in spec.columns {
            let same = known.iter().flat_map(|table| &table.fields).find(|field| field.name == name);
            let id = same.map_or_else(
                || {
                    self.fields += 1;
                    FieldId::new(self.fields)
                },
                |field| field.id,
            );
            let shown = names::shown(&name);
            fields.push(Field::new(id, name, base_type).shown_as(shown));
        }
        let shown = names::shown(&spec.name);
        let id = TableId::new(id);
        let table = Table::new(id, database, spec.schema, spec.name).shown_as(shown).with_fields(fields);
        self.tables.push(Held { table, source: spec.source });
        self.tables.sort_by_key(|held| held.table.id);
        Ok(id)
    }

    /// Puts a question there.
    pub(super) fn ask(&mut self, spec: QuestionSpec) -> Result<CardId, Refusal> {
        let held = self.asked(&spec)?;
        let unknown = spec.tags.iter().find(|tag| held.table.fields.iter().all(|field| field.name != tag.column));
        if let Some(tag) = unknown {
            return Err(Refusal::NotFound(format!("{} has no column {}", spec.table, tag.column)));
        }
        self.questions.push(spec);
        Ok(CardId::new(i64::try_from(self.questions.len()).unwrap_or(i64::MAX)))
    }

    /// The table that a question is about.
    pub(super) fn asked(&self, spec: &QuestionSpec) -> Result<&Held, Refusal> {
        let database = self.databases.iter().find(|database| database.name == spec.database);
        let called = |held: &&Held, id| is_called(&held.table, id, &spec.schema, &spec.table);
        let held = database.and_then(|database| self.tables.iter().find(|held| called(held, database.id)));
        held.ok_or_else(|| Refusal::NotFound(format!("there is no table {}", spec.table)))
    }

    /// The database of this name, made where there was none.
    fn database_named(&mut self, name: &str) -> DatabaseId {
        if let Some(known) = self.databases.iter().find(|database| database.name == name) {
            return known.id;
        }
        let id = DatabaseId::new(next(&self.databases, |database| database.id.get()));
        self.databases.push(Database::new(id, name).with_engine(ENGINE));
        id
    }

    pub(super) fn held_mut(&mut self, table: TableId) -> Result<&mut Held, Refusal> {
        let held = self.tables.iter_mut().find(|held| held.table.id == table);
        held.ok_or_else(|| Refusal::NotFound(format!("there is no table {table}")))
    }

    pub(super) fn database(&self, id: DatabaseId) -> Result<&Database, Refusal> {
        self.databases.iter().find(|database| database.id == id).ok_or_else(not_found)
    }

    pub(super) fn question(&self, id: CardId) -> Result<&QuestionSpec, Refusal> {
        let at = id.get().checked_sub(1).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.questions.get(at)).ok_or_else(not_found)
    }

    pub(super) fn metadata(&self, id: DatabaseId) -> Result<Metadata, Refusal> {
        let tables = self.tables.iter().filter(|held| held.table.database == id).map(|held| held.table.clone());
        Ok(Metadata::new(self.database(id)?.clone(), tables.collect()))
    }
}

/// Each row has a cell for each column.
pub(super) fn fits(rows: &[Vec<Cell>], columns: usize) -> Result<(), Refusal> {
    match rows.iter().find(|row| row.len() != columns) {
        Some(row) => Err(Refusal::Invalid(format!("a row of {} cells in a table of {columns} columns", row.len()))),
        None => Ok(()),
    }
}

fn is_called(table: &Table, database: DatabaseId, schema: &Option<String>, name: &str) -> bool {
    table.database == database && table.schema == *schema && table.name == name
}

fn next<T>(all: &[T], id: impl Fn(&T) -> i64) -> i64 {
    all.iter().map(id).max().unwrap_or(0) + 1
}

fn not_found() -> Refusal {
    Refusal::NotFound("Not found.".to_owned())
}
