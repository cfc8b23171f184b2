//! «Checking a dataset loaded».

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use metapod_model::{DatasetName, TransactionId};
use ops_client::Result;
use redshift_ops::{Load, LoadFilter, LoadsRead, LockGraph, WarehouseRead};
use serde::{Deserialize, Serialize};
#[cfg(feature = "datasets")]
use sonar_client::{DatasetFilter, SonarRead};

use crate::words::{age, count, fit, names, utc, when};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] =
    &["dataset loaded", "not loaded", "missing in redshift", "belo monte", "dataset not in metabase"];

/// So many past loads are listed.
const LISTED: usize = 5;
/// Rows that could not be loaded are told for as long.
const RECENT: SignedDuration = SignedDuration::from_hours(24);
/// A narrow screen.
const WIDTH: usize = 50;

/// The name that a dataset has in the Loads table: without its family, and `_` for `-`. It does not lead back: `policy/x` and
/// `dataset/x` have the same.
///
/// ```
/// use metapod_model::DatasetName;
/// use ops_recipes::redshift::TableName;
///
/// let dataset: DatasetName = "policy/fraud-report-policy".parse()?;
/// assert_eq!(TableName::of(&dataset).as_str(), "fraud_report_policy");
/// # Ok::<(), metapod_model::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TableName(String);

impl TableName {
    /// The name of a dataset's table.
    pub fn of(dataset: &DatasetName) -> Self {
        let name = dataset.as_str();
        Self(name.rsplit('/').next().unwrap_or(name).replace('-', "_"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Says whether a dataset was loaded into the warehouse for transactions, when it was loaded last, and what is known where it
/// was not. It reads and changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DatasetLoaded {
    /// The dataset.
    pub dataset: DatasetName,
    /// The transactions that are asked about. One load more or less says nothing: it is asked per transaction.
    pub transactions: Vec<TransactionId>,
    /// The user as whom the loader works.
    #[serde(default = "loader")]
    pub loader: String,
}

fn loader() -> String {
    "loader".into()
}

/// What it reads from.
#[derive(Clone)]
#[non_exhaustive]
pub struct LoadedReads {
    /// The Loads table.
    pub loads: Arc<dyn LoadsRead>,
    /// Through what it is looked at: `Redshift`, `Metabase`.
    pub source: String,
    /// The warehouse's sessions, for whether the loader hangs.
    pub warehouse: Option<Arc<dyn WarehouseRead>>,
    /// Sonar, for whether the dataset is committed.
    #[cfg(feature = "datasets")]
    pub sonar: Option<Arc<dyn SonarRead>>,
}

impl fmt::Debug for LoadedReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedReads").field("source", &self.source).finish_non_exhaustive()
    }
}

impl LoadedReads {
    /// The Loads table, looked at through this.
    pub fn new(loads: Arc<dyn LoadsRead>, source: impl Into<String>) -> Self {
        Self {
            loads,
            source: source.into(),
            warehouse: None,
            #[cfg(feature = "datasets")]
            sonar: None,
        }
    }

    /// With the warehouse's sessions.
    #[must_use]
    pub fn with_warehouse(mut self, warehouse: Arc<dyn WarehouseRead>) -> Self {
        self.warehouse = Some(warehouse);
        self
    }

    /// With Sonar.
    #[cfg(feature = "datasets")]
    #[must_use]
    pub fn with_sonar(mut self, sonar: Arc<dyn SonarRead>) -> Self {
        self.sonar = Some(sonar);
        self
    }
}

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Loaded {
    /// Where, as the caller names it.
    pub environment: String,
    /// Through what it was looked at.
    pub source: String,
    /// The dataset.
    pub dataset: DatasetName,
    /// Its name in the warehouse.
    pub table: TableName,
    /// When it was looked at.
    pub at: Timestamp,
    /// The answer for each transaction.
    pub answers: Vec<Answered>,
    /// The last loads of the table, whichever transaction they were for; the newest first.
    pub last: Vec<Load>,
    /// What is known of a loader that is at work, or of rows that could not be loaded; only where something was not loaded.
    pub known: Vec<String>,
}

/// Whether the dataset was loaded for one transaction.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answered {
    /// The transaction.
    pub transaction: TransactionId,
    /// Its loads, the newest first: the loader may run twice for one transaction.
    pub loads: Vec<Load>,
    /// What is known of it where there is none.
    pub known: Vec<String>,
}

impl Answered {
    /// Whether it was loaded.
    pub fn is_loaded(&self) -> bool {
        !self.loads.is_empty()
    }
}

impl Loaded {
    /// Whether it was loaded for every transaction that was asked about.
    pub fn is_complete(&self) -> bool {
        self.answers.iter().all(Answered::is_loaded)
    }
}

impl DatasetLoaded {
    /// Whether this dataset was loaded for these transactions.
    pub fn new(dataset: DatasetName, transactions: impl IntoIterator<Item = TransactionId>) -> Self {
        Self { dataset, transactions: transactions.into_iter().collect(), loader: loader() }
    }

    /// Where the loader works as another user than `loader`.
    #[must_use]
    pub fn with_loader(mut self, user: impl Into<String>) -> Self {
        self.loader = user.into();
        self
    }

    /// Looks.
    ///
    /// # Errors
    /// Where the Loads table cannot be read. What else cannot be read is said in the answer.
    pub async fn look(&self, reads: &LoadedReads, environment: &str, now: Timestamp) -> Result<Loaded> {
        let table = TableName::of(&self.dataset);
        let last = LoadFilter::newest().of_table(table.as_str()).at_most(u32::try_from(LISTED).unwrap_or(u32::MAX));
        let last = reads.loads.loads(&last).await?;
        let mut answers = Vec::with_capacity(self.transactions.len());
        for &transaction in &self.transactions {
            let filter = LoadFilter::newest().of_table(table.as_str()).of_transaction(transaction.to_string());
            let loads = reads.loads.loads(&filter).await?;
            let known = if loads.is_empty() { self.known_of(reads, transaction, now).await } else { Vec::new() };
            answers.push(Answered { transaction, loads, known });
        }
        let missing = answers.iter().any(|answer| !answer.is_loaded());
        let known = if missing { self.known(reads, &table, now).await } else { Vec::new() };
        Ok(Loaded {
            environment: environment.to_owned(),
            source: reads.source.clone(),
            dataset: self.dataset.clone(),
            table,
            at: now,
            answers,
            last,
            known,
        })
    }

    /// What is known of a transaction for which it was not loaded.
    async fn known_of(&self, reads: &LoadedReads, transaction: TransactionId, now: Timestamp) -> Vec<String> {
        let mut known = Vec::new();
        #[cfg(feature = "datasets")]
        if let Some(sonar) = &reads.sonar {
            known.push(self.committed(sonar.as_ref(), transaction).await);
        }
        let others = LoadFilter::newest().of_transaction(transaction.to_string()).at_most(1_000);
        known.push(match reads.loads.loads(&others).await {
            Err(error) => format!("what else was loaded for it is not known: {error}"),
            Ok(loads) => match loads.first() {
                None => "no table at all was loaded for it: its load has not ended".to_owned(),
                Some(newest) => {
                    let at = newest.at.map_or(String::new(), |at| format!(", the newest {}", when(at, now)));
                    format!("loaded for it: {}{at}", count(loads.len(), "other table"))
                }
            },
        });
        known
    }

    #[cfg(feature = "datasets")]
    async fn committed(&self, sonar: &dyn SonarRead, transaction: TransactionId) -> String {
        let filter = DatasetFilter::all().named(vec![self.dataset.clone()]);
        match sonar.datasets(transaction, &filter).await {
            Err(error) => format!("whether it is committed is not known: {error}"),
            Ok(found) => match found.iter().find(|found| found.name == self.dataset) {
                None => format!("the transaction has no dataset {}", self.dataset),
                Some(found) if found.committed => "the dataset is committed: loading it is what is missing".to_owned(),
                Some(_) => "the dataset is not committed: there is nothing to load yet".to_owned(),
            },
        }
    }

    /// What is known of the loader, and of rows that could not be loaded.
    async fn known(&self, reads: &LoadedReads, table: &TableName, now: Timestamp) -> Vec<String> {
        let Some(warehouse) = &reads.warehouse else {
            return vec!["what the loader does is not known: the warehouse's sessions were not asked".to_owned()];
        };
        let mut known = vec![match self.at_work(warehouse.as_ref()).await {
            Ok(text) => text,
            Err(error) => format!("what the loader does is not known: {error}"),
        }];
        if let Ok(errors) = warehouse.load_errors(100).await {
            let ours = errors.iter().filter(|error| {
                let file = error.file.replace('-', "_");
                now.duration_since(error.at) < RECENT && file.contains(table.as_str())
            });
            for error in ours.take(3) {
                let place = format!("{} line {}, column {}", error.file, error.line, error.column);
                known.push(format!("a row was not loaded {}: {} ({place})", age(error.at, now), error.reason));
            }
        }
        known
    }

    async fn at_work(&self, warehouse: &dyn WarehouseRead) -> Result<String> {
        let me = warehouse.me().await?;
        if !me.sees_all() {
            return Ok(format!("what the loader does cannot be seen: {} sees only its own sessions", me.user));
        }
        let graph = LockGraph::of(&warehouse.contended_locks().await?);
        let sessions = warehouse.sessions().await?;
        let loaders: Vec<_> = sessions.iter().filter(|session| session.user == self.loader).collect();
        let waits = |pid| graph.waits().iter().any(|wait| wait.waiter == pid);
        if let Some(hung) = loaders.iter().find(|session| waits(session.key.pid)) {
            let roots = names(graph.roots_of(hung.key.pid));
            return Ok(format!(
                "the loader ({}) waits for a lock that {roots} has: restart-redshift frees it",
                hung.key
            ));
        }
        let running = warehouse.running().await?;
        let works = running.iter().find(|query| loaders.iter().any(|session| session.key.pid == query.pid));
        Ok(match works {
            Some(query) => format!("the loader is at work: «{}»", fit(&query.text, 60)),
            None if loaders.is_empty() => "the loader is not connected".to_owned(),
            None => "the loader is connected, and runs nothing at this moment".to_owned(),
        })
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", fit(&format!("{} · {}", self.environment, self.dataset), WIDTH))?;
        writeln!(f, "table {} (by {})", self.table, self.source)?;
        writeln!(f, "  other datasets may have that name too")?;
        for answer in &self.answers {
            writeln!(f)?;
            let sign = if answer.is_loaded() { "L ✓" } else { "N ✗" };
            writeln!(f, "{sign} {}", answer.transaction)?;
            match answer.loads.first() {
                Some(load) => {
                    let at = load.at.map_or("at a time that is not logged".to_owned(), |at| when(at, self.at));
                    writeln!(f, "    loaded {at}")?;
                    if answer.loads.len() > 1 {
                        writeln!(f, "    {} times in all", answer.loads.len())?;
                    }
                }
                None => writeln!(f, "    not loaded")?,
            }
            for line in &answer.known {
                writeln!(f, "    {line}")?;
            }
        }
        if !self.known.is_empty() {
            writeln!(f)?;
        }
        for line in &self.known {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "\nLast loads of {}:", self.table)?;
        for load in &self.last {
            let at =
                load.at.map_or("at an unknown time".to_owned(), |at| format!("{} ({})", utc(at), age(at, self.at)));
            writeln!(f, "  {at}\n    {}", load.transaction)?;
        }
        if self.last.is_empty() {
            writeln!(f, "  none: no load of it is logged at all")?;
        }
        Ok(())
    }
}
