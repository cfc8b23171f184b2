//! The two changes of a dataset's commit facts, each the other's way back.

use std::fmt;

use jiff::Timestamp;
use metapod_model::{
    CommitFormat, DatasetAction, DatasetFormat, DatasetId, DatasetName, S3Path, Schema, TransactionId,
};
use ops_plan::{Action, Danger, Repeat};
use serde::{Deserialize, Serialize};

use crate::words::{fit, utc};

/// A dataset is retracted, or committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DatasetChange {
    /// What was committed is taken back.
    Retract(Retract),
    /// Files are registered.
    Commit(Box<Commit>),
}

/// What was committed of a dataset is taken back; the dataset stays in its transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retract {
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its name.
    pub name: DatasetName,
    /// What was committed when the plan was made: a dataset with other facts is another commit, and is left alone.
    pub before: Committed,
}

/// The facts that tell one commit of a dataset from the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Committed {
    /// Where its files lie.
    pub path: Option<S3Path>,
    /// When it was committed. Where that is not known, the path alone decides.
    pub committed_at: Option<Timestamp>,
    /// The format of the files.
    pub format: Option<DatasetFormat>,
}

impl Committed {
    /// The commit of the files at this path, whenever it was.
    pub fn at(path: S3Path) -> Self {
        Self { path: Some(path), ..Self::default() }
    }

    /// What Sonar tells of a committed dataset.
    pub fn of(dataset: &sonar_client::Dataset) -> Self {
        Self { path: dataset.path.clone(), committed_at: dataset.committed_at, format: dataset.format.clone() }
    }

    /// Whether the dataset that is seen now is still this commit.
    pub fn is_still(&self, seen: &sonar_client::Dataset) -> bool {
        let same_time = self.committed_at.is_none() || self.committed_at == seen.committed_at;
        seen.committed && same_time && self.path == seen.path
    }
}

/// Files are registered as those of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Commit {
    /// The transaction.
    pub transaction: TransactionId,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its name.
    pub name: DatasetName,
    /// Where the files lie.
    pub path: S3Path,
    /// Their format.
    pub format: CommitFormat,
    /// The columns, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// What Metapod shall do on the commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<DatasetAction>,
    /// Why.
    pub why: Why,
}

/// Why files are registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Why {
    /// The dataset had them, and they were retracted.
    Restore {
        /// When they were first committed.
        committed_at: Option<Timestamp>,
    },
    /// The file is empty: the dataset is passed over in this run.
    Empty {
        /// When the next run is expected to start, one day after this one (assumed).
        next_run: Option<Timestamp>,
    },
}

impl DatasetChange {
    /// The dataset's id.
    pub fn dataset(&self) -> DatasetId {
        match self {
            Self::Retract(retract) => retract.dataset,
            Self::Commit(commit) => commit.dataset,
        }
    }

    /// The transaction.
    pub fn transaction(&self) -> TransactionId {
        match self {
            Self::Retract(retract) => retract.transaction,
            Self::Commit(commit) => commit.transaction,
        }
    }

    /// The commit, where it is one.
    pub fn as_commit(&self) -> Option<&Commit> {
        match self {
            Self::Commit(commit) => Some(commit),
            Self::Retract(_) => None,
        }
    }

    /// The dataset's name.
    pub fn name(&self) -> &DatasetName {
        match self {
            Self::Retract(retract) => &retract.name,
            Self::Commit(commit) => &commit.name,
        }
    }
}

/// One line of at most 100 characters. The ids of a transaction begin alike (the second of its creation), so the end of
/// the id is shown.
impl fmt::Display for DatasetChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retract(Retract { dataset, name, before, .. }) => {
                write!(f, "retract {} …{}", fit(name.as_str(), 40), tail(*dataset))?;
                match before.committed_at {
                    Some(at) => write!(f, ", committed {}", utc(at)),
                    None => f.write_str(", committed"),
                }
            }
            Self::Commit(commit) => {
                let verb = match commit.why {
                    Why::Restore { .. } => "commit again",
                    Why::Empty { .. } => "commit empty",
                };
                let Commit { name, path, format, .. } = &**commit;
                write!(f, "{verb} {} as {format}, {}", fit(name.as_str(), 36), fit(path.as_str(), 36))
            }
        }
    }
}

impl Action for DatasetChange {
    fn key(&self) -> String {
        match self {
            Self::Retract(retract) => format!("retract:{}", retract.dataset),
            Self::Commit(commit) => format!("commit:{}", commit.dataset),
        }
    }

    fn danger(&self) -> Danger {
        Danger::Disruptive
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::Retract(_) => Repeat::Safe,
            // A second commit notifies every consumer a second time.
            Self::Commit(_) => Repeat::IfPending,
        }
    }

    /// The call; for a commit also the query that shows what came of it. Retractions come by the thousand: what shows them
    /// all is one query, and stands in the plan's notes.
    fn by_hand(&self) -> String {
        match self {
            Self::Retract(retract) => {
                by_hand_post(&format!("api/migrations/retract/committed-dataset/{}", retract.dataset), None)
            }
            Self::Commit(commit) => {
                let call = by_hand_post("api/graphql/query", Some(&commit_document(commit)));
                format!("{call}\n{}", by_hand_look(commit.transaction, &commit.name))
            }
        }
    }
}

/// The end of an id.
pub(crate) fn tail(id: DatasetId) -> String {
    let text = id.to_string();
    text.get(text.len().saturating_sub(12)..).unwrap_or_default().to_owned()
}

/// A POST to Metapod as a person would send it. The address and the credential are references: no token stands in a plan,
/// or in a list of processes.
pub(crate) fn by_hand_post(path: &str, json: Option<&serde_json::Value>) -> String {
    let body = json.map_or(String::new(), |json| {
        // A quote in a column's description must not end the shell's word.
        let json = json.to_string().replace('\'', "\\u0027");
        format!(" -H 'Content-Type: application/json' -d '{json}'")
    });
    format!("curl -fsS -X POST -H @\"$METAPOD_AUTH\"{body} \"$METAPOD_URL/{path}\"")
}

/// What stands for what in a call by hand.
pub(crate) const BY_HAND: &str = "By hand: METAPOD_URL is Metapod's address without a slash at its end; METAPOD_AUTH is a file with \
     the line «Authorization: Bearer …». Each «look» is a query for Sonar's GraphiQL page.";

/// The runbook's query for all that is still committed.
pub(crate) fn by_hand_look_at_all(transaction: TransactionId) -> String {
    format!(
        "look: {{ transaction(transactionId: \"{transaction}\") {{ datasets(committed: ONLY_COMMITTED) {{ id name \
         committedAt path }} }} }}"
    )
}

/// The runbook's query for one dataset.
pub(crate) fn by_hand_look(transaction: TransactionId, name: &DatasetName) -> String {
    let name = serde_json::Value::from(name.as_str());
    format!(
        "# look: {{ transaction(transactionId: \"{transaction}\") {{ datasets(datasetNames: [{name}]) {{ id name committed \
         committedAt path schema {{ attributes {{ id name }} }} }} }} }}"
    )
}

fn commit_document(commit: &Commit) -> serde_json::Value {
    let mut input = serde_json::json!({
        "transactionId": commit.transaction,
        "datasetId": commit.dataset,
        "format": commit.format,
        "path": commit.path,
    });
    if !commit.actions.is_empty() {
        input["actions"] = serde_json::json!(commit.actions);
    }
    if let Some(schema) = &commit.schema {
        let attributes = schema.attributes.iter().map(|attribute| {
            let mut wire = serde_json::json!({ "name": attribute.name });
            let mut put = |key: &str, value: Option<serde_json::Value>| {
                if let Some(value) = value {
                    wire[key] = value;
                }
            };
            put("logicalType", attribute.logical_type.as_ref().map(|word| word.as_str().into()));
            put("logicalSubType", attribute.logical_sub_type.as_ref().map(|word| word.as_str().into()));
            put("primaryKey", attribute.primary_key.map(Into::into));
            put("nullable", attribute.nullable.map(Into::into));
            put("description", attribute.description.as_deref().map(Into::into));
            wire
        });
        input["schema"] = serde_json::json!({ "attributes": attributes.collect::<Vec<_>>() });
    }
    serde_json::json!({
        "query": "mutation Commit($input: CommitDatasetInput) { commitDataset(input: $input) { id } }",
        "variables": { "input": input },
    })
}

#[cfg(test)]
mod tests {
    use metapod_model::Attribute;

    use super::*;

    fn retract(name: &str) -> DatasetChange {
        DatasetChange::Retract(Retract {
            transaction: "f7832a01-001b-56f7-a4fe-b3a417f8f654".parse().unwrap(),
            dataset: "59d180d4-e41a-4a30-ab34-bac476b95761".parse().unwrap(),
            name: name.parse().unwrap(),
            before: Committed {
                path: Some("s3://bucket/key".parse().unwrap()),
                committed_at: Some("2026-11-22T03:04:05.678Z".parse().unwrap()),
                format: Some(DatasetFormat::Parquet),
            },
        })
    }

    fn commit(why: Why) -> DatasetChange {
        let mut attribute = Attribute::new("limit");
        attribute.description = Some("the customer's limit".into());
        DatasetChange::Commit(Box::new(Commit {
            transaction: "f7832a01-001b-56f7-a4fe-b3a417f8f654".parse().unwrap(),
            dataset: "59d180d4-e41a-4a30-ab34-bac476b95761".parse().unwrap(),
            name: "dataset/fx-model".parse().unwrap(),
            path: "s3://bucket/static/empty.gz.parquet".parse().unwrap(),
            format: CommitFormat::Parquet,
            schema: Some(Schema::new(vec![attribute])),
            actions: Vec::new(),
            why,
        }))
    }

    #[test]
    fn one_line_says_what() {
        assert_eq!(
            retract("dataset/fx-model").to_string(),
            "retract dataset/fx-model …bac476b95761, committed 2026-11-22T03:04:05Z"
        );
        assert_eq!(
            commit(Why::Empty { next_run: None }).to_string(),
            "commit empty dataset/fx-model as PARQUET, s3://bucket/static/empty.gz.parquet"
        );
        let long = retract(&format!("dataset/{}", "x".repeat(400)));
        assert!(long.to_string().chars().count() <= 100, "{long}");
    }

    #[test]
    fn by_hand_is_the_call_and_for_a_commit_the_look() {
        let text = retract("dataset/fx-model").by_hand();
        assert!(text.starts_with(
            "curl -fsS -X POST -H @\"$METAPOD_AUTH\" \"$METAPOD_URL/api/migrations/retract/committed-dataset/59d180d4-"
        ));
        assert_eq!(text.lines().count(), 1, "a thousand of them are read one a line");
        let text = commit(Why::Restore { committed_at: None }).by_hand();
        assert!(text.contains("datasets(datasetNames: [\"dataset/fx-model\"])"), "{text}");
    }

    #[test]
    fn a_quote_does_not_end_the_shells_word() {
        let text = commit(Why::Restore { committed_at: None }).by_hand();
        assert!(text.contains("the customer\\u0027s limit"), "{text}");
        assert_eq!(text.lines().next().unwrap().matches('\'').count(), 4);
    }

    #[test]
    fn survives_the_way_through_a_file() {
        for change in [retract("model/x"), commit(Why::Restore { committed_at: None })] {
            let json = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<DatasetChange>(&json).unwrap(), change);
        }
    }
}
