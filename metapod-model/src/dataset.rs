//! What is known of a dataset. Words that Metapod may add to later keep their text when they are read.

use serde::{Deserialize, Serialize};

use crate::{AttributeId, ParseError, PartitionId};

/// A word with known values on the wire and room for unknown ones.
macro_rules! word {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A value that this version does not know, as it was read.
            Other(String),
        }

        impl $name {
            /// The spelling on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($wire => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use word;

word! {
    /// The format of a dataset's files, as read.
    DatasetFormat {
        /// Parquet, the only literal that was seen.
        Parquet = "PARQUET",
        /// Avro: the twins that are loaded into the warehouse (inferred).
        Avro = "AVRO",
    }
}

/// The format of files that are committed: a closed choice, spelt exactly (a lower-case `parquet` was documented once,
/// and did not work).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CommitFormat {
    /// Parquet.
    #[serde(rename = "PARQUET")]
    Parquet,
    /// Avro (inferred).
    #[serde(rename = "AVRO")]
    Avro,
}

impl CommitFormat {
    /// The spelling on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parquet => "PARQUET",
            Self::Avro => "AVRO",
        }
    }
}

impl std::fmt::Display for CommitFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for CommitFormat {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.to_ascii_uppercase().as_str() {
            "PARQUET" => Ok(Self::Parquet),
            "AVRO" => Ok(Self::Avro),
            _ => Err(ParseError::new(format!("«{}» is no format; PARQUET or AVRO belongs here", crate::shown(text)))),
        }
    }
}

impl TryFrom<&DatasetFormat> for CommitFormat {
    type Error = ParseError;

    fn try_from(format: &DatasetFormat) -> Result<Self, ParseError> {
        match format {
            DatasetFormat::Parquet => Ok(Self::Parquet),
            DatasetFormat::Avro => Ok(Self::Avro),
            DatasetFormat::Other(text) => text.parse(),
        }
    }
}

impl From<CommitFormat> for DatasetFormat {
    fn from(format: CommitFormat) -> Self {
        match format {
            CommitFormat::Parquet => Self::Parquet,
            CommitFormat::Avro => Self::Avro,
        }
    }
}

word! {
    /// What Metapod does when the dataset is committed.
    DatasetAction {
        /// Append it to its archive, the only literal that was seen.
        CreateArchive = "CREATE_ARCHIVE",
    }
}

word! {
    /// The logical type of an attribute.
    LogicalType {
        /// A list; the type of its elements is the sub-type.
        Array = "ARRAY",
        /// True or false.
        Boolean = "BOOLEAN",
        /// A day.
        Date = "DATE",
        /// An exact decimal.
        Decimal = "DECIMAL",
        /// A floating-point number.
        Double = "DOUBLE",
        /// One of a fixed set of words.
        Enum = "ENUM",
        /// A whole number.
        Integer = "INTEGER",
        /// A text.
        String = "STRING",
        /// An instant.
        Timestamp = "TIMESTAMP",
        /// A UUID.
        Uuid = "UUID",
    }
}

/// One column of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attribute {
    /// Its id, which the retract route needs. It must exist (inferred); a server that does not tell it leaves `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AttributeId>,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_type: Option<LogicalType>,
    /// The type of an array's elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logical_sub_type: Option<LogicalType>,
    /// Whether it belongs to the primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<bool>,
    /// Whether it may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nullable: Option<bool>,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Attribute {
    /// An attribute of which only the name is known.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            id: None,
            name: name.into(),
            logical_type: None,
            logical_sub_type: None,
            primary_key: None,
            nullable: None,
            description: None,
        }
    }

    /// With its id.
    #[must_use]
    pub fn with_id(mut self, id: AttributeId) -> Self {
        self.id = Some(id);
        self
    }

    /// With its type.
    #[must_use]
    pub fn with_type(mut self, logical_type: LogicalType) -> Self {
        self.logical_type = Some(logical_type);
        self
    }
}

/// The columns of a committed dataset. A retracted dataset has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schema {
    /// The columns, in the server's order.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// A schema with these columns.
    pub fn new(attributes: Vec<Attribute>) -> Self {
        Self { attributes }
    }

    /// The attributes whose name an earlier attribute bears already: a schema with any is invalid.
    pub fn duplicates(&self) -> Vec<&Attribute> {
        let mut seen = std::collections::HashSet::new();
        self.attributes.iter().filter(|attribute| !seen.insert(attribute.name.as_str())).collect()
    }
}

/// One file of a committed dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Partition {
    /// Its id, minted at the commit.
    pub id: PartitionId,
}

impl Partition {
    /// The partition with this id.
    pub fn new(id: PartitionId) -> Self {
        Self { id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_survive() {
        let read: DatasetFormat = serde_json::from_str("\"ORC\"").unwrap();
        assert_eq!(read, DatasetFormat::Other("ORC".into()));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"ORC\"");
        assert!(CommitFormat::try_from(&read).is_err());
    }

    #[test]
    fn the_wire_spells_parquet_in_capitals() {
        assert_eq!("parquet".parse::<CommitFormat>().unwrap().as_str(), "PARQUET");
    }

    #[test]
    fn a_name_borne_twice_is_a_duplicate() {
        let schema = Schema::new(vec![Attribute::new("id"), Attribute::new("limit"), Attribute::new("id")]);
        assert_eq!(schema.duplicates().len(), 1);
    }
}
