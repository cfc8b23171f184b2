//! Reading: what bytes say, and which bytes are asked for.

pub(crate) mod avro;
mod chunk;
pub(crate) mod footer;
mod leaf;
mod pages;
pub(crate) mod preview;
mod rows;
pub(crate) mod source;
mod thrift;
mod unpack;
mod value;

/// Why something was not read: it is broken, or beyond what is read here, be it a limit or a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Damaged(String),
    Beyond(String),
}

impl Refusal {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    pub(crate) fn beyond(what: impl Into<String>) -> Self {
        Self::Beyond(what.into())
    }
}

impl From<parquet::errors::ParquetError> for Refusal {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Damaged(crate::words(error))
    }
}

pub(crate) type Read<T> = Result<T, Refusal>;

/// Bytes as they are counted by people.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..10_240 => format!("{count} bytes"),
        10_240..10_485_760 => format!("{} KiB", count >> 10),
        _ => format!("{} MiB", count >> 20),
    }
}
