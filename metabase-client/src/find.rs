//! What a name means that a person gave: «Belo Monte - Meta - Loads», «Table Name».
//!
//! The name that the database knows is a name for sure. Any other is compared loosely: the name that the database knows and the
//! one that people see, without regard to capitals and to what stands between words. What fits twice is an error that lists both.

use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{Answer, Database, Field, Metadata, Table};

/// How many candidates an error lists.
const MOST_LISTED: usize = 10;

const OP: &str = "metabase.find";

impl Metadata {
    /// The table of this name, in this schema or, where none is named, in any.
    ///
    /// # Errors
    /// `NotFound`, listing what is there; `Invalid` where the name fits several tables, listing those.
    pub fn table(&self, schema: Option<&str>, name: &str) -> Result<&Table> {
        let place = format!("the database \"{}\"", self.database.name);
        let Some(schema) = schema else { return pick(&self.tables, "table", name, &place, Names::of_table) };
        let mut schemas: Vec<&str> = self.tables.iter().filter_map(|table| table.schema.as_deref()).collect();
        schemas.sort_unstable();
        schemas.dedup();
        let schema = *pick(&schemas, "schema", schema, &place, |schema| Names::one(schema))?;
        let inside: Vec<&Table> = self.tables.iter().filter(|table| table.schema.as_deref() == Some(schema)).collect();
        let place = format!("the schema \"{schema}\" of {place}");
        pick(&inside, "table", name, &place, |table| Names::of_table(table)).copied()
    }
}

impl Table {
    /// The field of this name.
    ///
    /// # Errors
    /// As [`Metadata::table`].
    pub fn field(&self, name: &str) -> Result<&Field> {
        let place = format!("the table \"{}\"", self.name);
        pick(&self.fields, "field", name, &place, |field| Names::two(&field.name, &field.display_name))
    }
}

impl Answer {
    /// The place of the column of this name in each row.
    ///
    /// # Errors
    /// As [`Metadata::table`].
    pub fn column(&self, name: &str) -> Result<usize> {
        let places: Vec<usize> = (0..self.columns.len()).collect();
        let names = |place: &usize| Names::two(&self.columns[*place].name, &self.columns[*place].display_name);
        pick(&places, "column", name, "the answer", names).copied()
    }
}

/// The database of this name.
pub(crate) fn database<'a>(databases: &'a [Database], name: &str) -> Result<&'a Database> {
    pick(databases, "database", name, "Metabase", |database| Names::one(&database.name))
}

/// What something is called.
struct Names<'a> {
    schema: Option<&'a str>,
    known: &'a str,
    shown: &'a str,
}

impl<'a> Names<'a> {
    fn one(name: &'a str) -> Self {
        Self::two(name, name)
    }

    fn two(known: &'a str, shown: &'a str) -> Self {
        Self { schema: None, known, shown }
    }

    fn of_table(table: &'a Table) -> Self {
        Self { schema: table.schema.as_deref(), known: &table.name, shown: &table.display_name }
    }

    fn listed(&self) -> String {
        let schema = self.schema.map_or_else(String::new, |schema| format!("{schema}."));
        let shown = if self.shown == self.known { String::new() } else { format!(" (\"{}\")", self.shown) };
        format!("{schema}{}{shown}", self.known)
    }
}

fn pick<'a, T>(all: &'a [T], what: &str, name: &str, place: &str, names: impl Fn(&'a T) -> Names<'a>) -> Result<&'a T> {
    let loose = folded(name);
    let fits = |names: &Names<'_>| !loose.is_empty() && (folded(names.known) == loose || folded(names.shown) == loose);
    let mut found: Vec<&T> = all.iter().filter(|&one| names(one).known == name).collect();
    if found.is_empty() {
        found = all.iter().filter(|&one| fits(&names(one))).collect();
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(Error::new(OP, ErrorKind::NotFound, Effect::None)
            .with_message(format!("no {what} of {place} is called \"{name}\": {}", list(all.iter(), names)))
            .with_attempts(0)),
        _ => {
            Err(Error::invalid(OP, format!("\"{name}\" fits more than one {what} of {place}: {}", list(found, names)))
                .with_remedy("name it exactly as the database does")
                .with_attempts(0))
        }
    }
}

fn list<'a, T: 'a>(all: impl IntoIterator<Item = &'a T>, names: impl Fn(&'a T) -> Names<'a>) -> String {
    let mut listed: Vec<String> = all.into_iter().map(|one| names(one).listed()).collect();
    let more = listed.len().saturating_sub(MOST_LISTED);
    listed.truncate(MOST_LISTED);
    match (listed.is_empty(), more) {
        (true, _) => "there is none".to_owned(),
        (_, 0) => listed.join(", "),
        _ => format!("{}, and {more} more", listed.join(", ")),
    }
}

/// Small letters, and one `_` between words.
fn folded(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cell, Column, DatabaseId, FieldId, TableId};

    fn table(id: i64, schema: &str, name: &str, shown: &str) -> Table {
        Table::new(TableId::new(id), DatabaseId::new(1), Some(schema.to_owned()), name).shown_as(shown)
    }

    fn metadata(tables: Vec<Table>) -> Metadata {
        Metadata::new(Database::new(DatabaseId::new(1), "Belo Monte"), tables)
    }

    #[test]
    fn a_person_s_words_find_the_table() {
        let metadata = metadata(vec![
            table(1, "meta", "loads", "Loads"),
            table(2, "fact", "loads", "Loads"),
            table(3, "meta", "load_errors", "Load Errors"),
        ]);
        for (schema, name, id) in [
            ("meta", "loads", 1),
            ("Meta", "Loads", 1),
            ("META", " loads ", 1),
            ("fact", "Loads", 2),
            ("Meta", "Load Errors", 3),
            ("Meta", "load-errors", 3),
        ] {
            assert_eq!(metadata.table(Some(schema), name).unwrap().id, TableId::new(id), "{schema} {name}");
        }
        assert_eq!(metadata.table(None, "Load Errors").unwrap().id, TableId::new(3));
    }

    #[test]
    fn what_fits_twice_is_an_error_that_lists_both() {
        let tables = metadata(vec![table(1, "meta", "loads", "Loads"), table(2, "fact", "loads", "Loads")]);
        let error = tables.table(None, "Loads").unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
        let listed = "\"Loads\" fits more than one table of the database \"Belo Monte\": \
            meta.loads (\"Loads\"), fact.loads (\"Loads\")";
        assert_eq!(error.message(), Some(listed));

        // The name that the database knows decides; the one that people see does not.
        let twins = metadata(vec![table(1, "meta", "loads", "All loads"), table(2, "meta", "x", "Loads")]);
        assert_eq!(twins.table(Some("meta"), "loads").unwrap().id, TableId::new(1));
        assert_eq!(twins.table(Some("meta"), "Loads").unwrap_err().kind(), ErrorKind::Invalid);

        let schemas = metadata(vec![table(1, "meta", "loads", "Loads"), table(2, "META", "loads", "Loads")]);
        assert_eq!(schemas.table(Some("META"), "loads").unwrap().id, TableId::new(2));
        let error = schemas.table(Some("Meta"), "loads").unwrap_err();
        assert!(error.to_string().contains("fits more than one schema"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let found = metadata(vec![table(1, "meta", "loads", "Loads")]);
        let error = found.table(Some("meta"), "load").unwrap_err();
        assert!(error.is_not_found());
        assert!(error.to_string().contains("meta.loads (\"Loads\")"), "{error}");
        assert!(found.table(Some("fact"), "loads").unwrap_err().to_string().contains("schema"));
        assert!(found.table(None, "").unwrap_err().is_not_found());
        assert!(found.table(None, "--").unwrap_err().is_not_found());
        assert!(metadata(Vec::new()).table(None, "x").unwrap_err().to_string().contains("there is none"));
        let many = metadata((0..30).map(|id| table(id, "s", &format!("t{id}"), "T")).collect());
        let error = many.table(None, "x").unwrap_err().to_string();
        assert!(error.contains("and 20 more") && error.len() < 500, "{error}");
    }

    #[test]
    fn fields_and_columns_are_found_likewise() {
        let field = |id, name: &str, shown: &str| Field::new(FieldId::new(id), name, "type/Text").shown_as(shown);
        let fields = vec![field(1, "id", "ID"), field(2, "table_name", "Table Name")];
        let table = table(1, "meta", "loads", "Loads").with_fields(fields);
        for name in ["table_name", "Table Name", "TABLE NAME"] {
            assert_eq!(table.field(name).unwrap().id, FieldId::new(2), "{name}");
        }
        assert!(table.field("Name").unwrap_err().is_not_found());
        let columns = vec![Column::new("id", "type/Integer"), Column::new("table_name", "type/Text")];
        let answer = Answer::new(columns, vec![vec![Cell::from(1), Cell::from("a")]]);
        assert_eq!(answer.column("Table Name").unwrap(), 1);
    }

    #[test]
    fn databases_are_found_likewise() {
        let all = ["Belo Monte", "Itaipu"].map(|name| Database::new(DatabaseId::new(1), name));
        assert_eq!(database(&all, "belo monte").unwrap().name, "Belo Monte");
        assert!(database(&all, "Belo").unwrap_err().is_not_found());
    }
}
