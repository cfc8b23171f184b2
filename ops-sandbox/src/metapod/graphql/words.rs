//! The closed words of the schema, and the way to and from our own.

use async_graphql::{Enum, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::Timestamp;
use jiff::civil;
use metapod_client as model;

/// An instant.
pub(super) struct DateTime(pub(super) Timestamp);

impl DateTime {
    /// As Metapod writes it: UTC with milliseconds.
    pub(super) fn text(&self) -> String {
        format!("{:.3}", self.0)
    }
}

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.text())
    }
}

/// A day.
pub(super) struct Date(pub(super) civil::Date);

#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommittedFilter {
    #[graphql(name = "ONLY_COMMITTED")]
    Committed,
    #[graphql(name = "ONLY_UNCOMMITTED")]
    Uncommitted,
    #[graphql(name = "ONLY_ABORTED")]
    Aborted,
}

impl From<CommittedFilter> for sonar_client::State {
    fn from(filter: CommittedFilter) -> Self {
        match filter {
            CommittedFilter::Committed => Self::Committed,
            CommittedFilter::Uncommitted => Self::Uncommitted,
            CommittedFilter::Aborted => Self::Aborted,
        }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionType {
    Daily,
    Custom,
    Copied,
    Hotfix,
    Debug,
    Compaction,
    Unknown,
}

impl From<&model::TransactionType> for TransactionType {
    fn from(kind: &model::TransactionType) -> Self {
        match kind.as_str() {
            "DAILY" => Self::Daily,
            "CUSTOM" => Self::Custom,
            "COPIED" => Self::Copied,
            "HOTFIX" => Self::Hotfix,
            "DEBUG" => Self::Debug,
            "COMPACTION" => Self::Compaction,
            _ => Self::Unknown,
        }
    }
}

impl From<TransactionType> for model::TransactionType {
    fn from(kind: TransactionType) -> Self {
        match kind {
            TransactionType::Daily => Self::Daily,
            TransactionType::Custom => Self::Custom,
            TransactionType::Copied => Self::Copied,
            TransactionType::Hotfix => Self::Hotfix,
            TransactionType::Debug => Self::Debug,
            TransactionType::Compaction => Self::Other("COMPACTION".to_owned()),
            TransactionType::Unknown => Self::Other("UNKNOWN".to_owned()),
        }
    }
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::CommitFormat")]
pub(super) enum DatasetFormat {
    Parquet,
    Avro,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum DatasetAction {
    CreateArchive,
}

impl From<DatasetAction> for model::DatasetAction {
    fn from(action: DatasetAction) -> Self {
        match action {
            DatasetAction::CreateArchive => Self::CreateArchive,
        }
    }
}

impl DatasetAction {
    /// None for an action that the schema does not know.
    pub(super) fn of(action: &model::DatasetAction) -> Option<Self> {
        match action {
            model::DatasetAction::CreateArchive => Some(Self::CreateArchive),
            _ => None,
        }
    }
}

macro_rules! logical_types {
    ($($variant:ident = $of:ident),+ $(,)?) => {
        #[derive(Enum, Clone, Copy, PartialEq, Eq)]
        pub(super) enum LogicalType {
            $($variant,)+
        }

        impl From<LogicalType> for model::LogicalType {
            fn from(kind: LogicalType) -> Self {
                match kind {
                    $(LogicalType::$variant => Self::$of,)+
                }
            }
        }

        impl LogicalType {
            /// None for a type that the schema does not know.
            pub(super) fn of(kind: &model::LogicalType) -> Option<Self> {
                match kind {
                    $(model::LogicalType::$of => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

logical_types! {
    Array = Array,
    Boolean = Boolean,
    Date = Date,
    Decimal = Decimal,
    Double = Double,
    Enum = Enum,
    Integer = Integer,
    String = String,
    Timestamp = Timestamp,
    Uuid = Uuid,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompactedStatus {
    Compacted,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum Country {
    Br,
    Co,
    Data,
    Mx,
}
