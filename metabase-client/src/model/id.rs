//! Metabase's numbers, each of its own type: the number of a table is none of a field.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $id(i64);

        impl $id {
            /// This number.
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A database.
    DatabaseId,
    /// A table of any database.
    TableId,
    /// A field (a column) of any table.
    FieldId,
    /// A saved question; Metabase's API calls it a card.
    CardId,
    /// A user.
    UserId,
}
