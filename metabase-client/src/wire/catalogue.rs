//! Databases, tables, fields; users; the version. What else Metabase tells (of a database, also how it connects) is not kept.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Fit, Misfit};
use crate::{Database, DatabaseId, Field, FieldId, Metadata, Table, TableId, User, UserId};

#[derive(Deserialize)]
pub(crate) struct Properties {
    version: Option<Version>,
}

#[derive(Deserialize)]
struct Version {
    tag: Option<String>,
}

impl Properties {
    pub(crate) fn version(self) -> Option<String> {
        self.version?.tag
    }
}

#[derive(Deserialize)]
pub(crate) struct UserIn {
    id: i64,
    email: String,
    common_name: Option<String>,
    #[serde(default)]
    is_superuser: bool,
}

impl From<UserIn> for User {
    fn from(user: UserIn) -> Self {
        let mut told = Self::new(UserId::new(user.id), user.email);
        told.name = user.common_name.filter(|name| !name.is_empty());
        told.superuser = user.is_superuser;
        told
    }
}

#[derive(Deserialize)]
struct DatabaseIn {
    id: i64,
    name: String,
    engine: Option<String>,
}

impl From<DatabaseIn> for Database {
    fn from(database: DatabaseIn) -> Self {
        let mut told = Self::new(DatabaseId::new(database.id), database.name);
        told.engine = database.engine;
        told
    }
}

/// Older releases answer a bare list, newer ones `{"data": [...]}`.
pub(crate) struct Databases(Vec<DatabaseIn>);

impl Databases {
    pub(crate) fn told(self) -> Vec<Database> {
        self.0.into_iter().map(Database::from).collect()
    }
}

impl<'de> Deserialize<'de> for Databases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped {
            data: Vec<DatabaseIn>,
        }

        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Databases;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of databases")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Databases, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Databases)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Databases, A::Error> {
                Wrapped::deserialize(MapAccessDeserializer::new(map)).map(|wrapped| Databases(wrapped.data))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
pub(crate) struct MetadataIn {
    id: i64,
    name: String,
    engine: Option<String>,
    tables: Vec<TableIn>,
}

#[derive(Deserialize)]
struct TableIn {
    id: i64,
    schema: Option<String>,
    name: String,
    display_name: Option<String>,
    #[serde(default)]
    fields: Vec<FieldIn>,
}

#[derive(Deserialize)]
struct FieldIn {
    id: i64,
    name: String,
    display_name: Option<String>,
    base_type: Option<String>,
}

/// What is known of a field or a column whose type is not told: in Metabase's words, anything.
pub(super) const ANYTHING: &str = "type/*";

impl MetadataIn {
    pub(crate) fn told(self, asked: DatabaseId) -> Fit<Metadata> {
        let Self { id, name, engine, tables } = self;
        if id != asked.get() {
            return Err(Misfit::at("id", "it is another database"));
        }
        let tables = tables.into_iter().map(|table| {
            // A database without schemas tells none, or an empty one.
            let schema = table.schema.filter(|schema| !schema.is_empty());
            let told = Table::new(TableId::new(table.id), asked, schema, table.name);
            let told = told.with_fields(table.fields.into_iter().map(Field::from).collect());
            named(table.display_name, told, Table::shown_as)
        });
        let tables = tables.collect();
        Ok(Metadata::new(DatabaseIn { id, name, engine }.into(), tables))
    }
}

impl From<FieldIn> for Field {
    fn from(field: FieldIn) -> Self {
        let base_type = field.base_type.unwrap_or_else(|| ANYTHING.to_owned());
        named(field.display_name, Self::new(FieldId::new(field.id), field.name, base_type), Self::shown_as)
    }
}

/// What has no name for people keeps its own.
pub(super) fn named<T>(display_name: Option<String>, told: T, shown_as: fn(T, String) -> T) -> T {
    match display_name {
        Some(name) if !name.is_empty() => shown_as(told, name),
        _ => told,
    }
}
