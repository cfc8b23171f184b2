//! Ids: each kind a type of its own, so that one can never be given for another.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ParseError, shown};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this value.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The value.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                parse(text, $what).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }
    };
}

id! {
    /// A transaction: the datasets of one run, registered up front. Scheduled runs carry UUIDs of version 5, ad-hoc and
    /// copied ones version 4 (inferred from ids that were seen).
    TransactionId, "a transaction's id"
}
id! {
    /// One dataset in one transaction.
    DatasetId, "a dataset's id"
}
id! {
    /// One attribute of a dataset's schema.
    AttributeId, "an attribute's id"
}
id! {
    /// One indexed attribute. No query returns these ids.
    IndexedAttributeId, "an indexed attribute's id"
}
id! {
    /// One file of a committed dataset.
    PartitionId, "a partition's id"
}

impl TransactionId {
    /// Whether this looks like the transaction of a scheduled run (UUID version 5): a hint, inferred, never a proof.
    pub fn looks_scheduled(self) -> bool {
        self.0.get_version_num() == 5
    }
}

impl DatasetId {
    /// When the id was minted, that is when its transaction was created: the first 32 bits are Unix seconds (inferred
    /// from ids that were seen). `None` where that second lies before 2015 or after 2100, so is none.
    pub fn minted_at(self) -> Option<Timestamp> {
        let second = i64::from(self.0.as_fields().0);
        (1_420_070_400..4_102_444_800).contains(&second).then(|| Timestamp::from_second(second).ok()).flatten()
    }
}

/// Only the hyphenated form: the shorter forms that the `uuid` crate reads are never printed by Metapod or Sonar, and a
/// stray word of 32 hexadecimal digits is more likely something else.
fn parse(text: &str, what: &str) -> Result<Uuid, ParseError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(ParseError::new(format!("empty text where {what} belongs")));
    }
    let parsed = (trimmed.len() == 36).then(|| Uuid::try_parse(trimmed).ok()).flatten();
    parsed.ok_or_else(|| {
        let hint = if trimmed.contains('/') && trimmed.parse::<crate::DatasetName>().is_ok() {
            "is a dataset's name"
        } else {
            "is not a UUID"
        };
        ParseError::new(format!(
            "«{}» {hint}; {what} belongs here, like 59d180d4-e41a-4a30-ab34-bac476b95761",
            shown(trimmed)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_are_not_ids() {
        for text in [
            "",
            " ",
            "..",
            "a/b",
            "%2f",
            "59d180d4-e41a-4a30-ab34-bac476b9576",
            "{59d180d4-e41a-4a30-ab34-bac476b95761}",
        ] {
            assert!(text.parse::<DatasetId>().is_err(), "{text}");
        }
    }

    #[test]
    fn travels_as_text() {
        let id: DatasetId = "59d180d4-e41a-4a30-ab34-bac476b95761".parse().unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"59d180d4-e41a-4a30-ab34-bac476b95761\"");
        assert_eq!(format!("{id:?}"), "DatasetId(59d180d4-e41a-4a30-ab34-bac476b95761)");
    }
}
