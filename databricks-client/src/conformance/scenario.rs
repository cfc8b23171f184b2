//! The scenario that all stages play: a dataset below a mount and one in a volume, clusters that run and do not, and
//! notebooks, commands and statements that go well, fail, or take long.

use std::time::Duration;

use ops_client::{Effect, Error, ErrorKind, Result};

use crate::{
    Cluster, ClusterState, Column, CommandResult, Language, NotebookPath, ParseError, PathStatus, ResultState,
    RunOutput, StatementError, Table, WarehouseId,
};

/// All that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// Files, and folders with nothing in them. The folder of the first one is the one to look at.
    pub files: Vec<PathStatus>,
    /// The first one runs, the second one does not.
    pub clusters: Vec<Cluster>,
    /// The only warehouse.
    pub warehouse: WarehouseId,
    /// Notebooks: one that goes well, one that fails.
    pub runs: Vec<RunPlay>,
    /// Commands: a text, a table, a failure, one that takes an hour.
    pub commands: Vec<CommandPlay>,
    /// Statements: rows, a failure, one that takes an hour.
    pub statements: Vec<StatementPlay>,
}

/// A notebook, and how its runs go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunPlay {
    /// Where it stands.
    pub notebook: NotebookPath,
    /// What it is written in.
    pub language: Language,
    /// What it says.
    pub source: String,
    /// How long it is prepared.
    pub pending: Duration,
    /// How long it runs then.
    pub running: Duration,
    /// How it goes.
    pub result: ResultState,
    /// What it tells.
    pub output: RunOutput,
}

/// Every command that contains a text, and what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandPlay {
    /// The text.
    pub contains: String,
    /// How long it takes.
    pub lasts: Duration,
    /// What it tells.
    pub result: CommandResult,
}

/// Every statement that contains a text, and what it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementPlay {
    /// The text.
    pub contains: String,
    /// How long it takes.
    pub lasts: Duration,
    /// What it finds.
    pub outcome: Result<Table, StatementError>,
}

/// What takes so long is not waited for.
const LONG: Duration = Duration::from_secs(60 * 60);

impl Scenario {
    /// The shipped scenario.
    ///
    /// # Errors
    /// `Invalid`, where one of its names is none.
    pub fn shipped() -> Result<Self> {
        let broken = |error: ParseError| {
            Error::new("databricks.conformance", ErrorKind::Invalid, Effect::None)
                .with_message("the scenario cannot be played")
                .with_source(error)
        };
        Self::played().map_err(broken)
    }

    fn played() -> std::result::Result<Self, ParseError> {
        let file = |path: &str, size| Ok::<_, ParseError>(PathStatus::file(path.parse()?, size));
        let folder = |path: &str| Ok::<_, ParseError>(PathStatus::folder(path.parse()?));
        let cluster = |id: &str, name, state| Ok::<_, ParseError>(Cluster::new(id.parse()?, name, state));
        let run = |path: &str, result, output| {
            Ok::<_, ParseError>(RunPlay {
                notebook: path.parse()?,
                language: Language::Python,
                source: "dbutils.notebook.exit('3 rows')\n".to_owned(),
                pending: Duration::from_secs(10),
                running: Duration::from_secs(60),
                result,
                output,
            })
        };
        let command = |contains: &str, lasts, result| CommandPlay { contains: contains.to_owned(), lasts, result };
        let statement =
            |contains: &str, lasts, outcome| StatementPlay { contains: contains.to_owned(), lasts, outcome };
        let error = CommandResult::Error {
            summary: Some("AnalysisException: Path does not exist".to_owned()),
            cause: "AnalysisException: Path does not exist\n  at line 1".to_owned(),
        };
        let bad = StatementError::new("BAD_REQUEST", "[TABLE_OR_VIEW_NOT_FOUND] no such table");
        Ok(Self {
            files: vec![
                file("dbfs:/mnt/metapod/10b0/part-0.parquet", 1024)?,
                file("dbfs:/mnt/metapod/10b0/part-1 of \"2\".parquet", 2048)?,
                file("dbfs:/mnt/metapod/10b0/_SUCCESS", 0)?,
                folder("dbfs:/mnt/metapod/empty")?,
                file("/Volumes/prod/metapod/data/10b0/part-0.avro", 4096)?,
                file("/Volumes/prod/metapod/data/10b0/part-1 %2F.avro", 512)?,
                file("/Volumes/prod/metapod/data/10b0/part-2.avro", 1)?,
                folder("/Volumes/prod/metapod/data/empty")?,
            ],
            clusters: vec![
                cluster("0118-031500-abc123", "etl", ClusterState::Running)?.with_spark_version("15.4.x-scala2.12"),
                cluster("0118-031501-def456", "analysts", ClusterState::Terminated)?.with_message("Inactive"),
            ],
            warehouse: "a1b2c3d4e5f60718".parse()?,
            runs: vec![
                run("/Shared/ops/look", ResultState::Success, RunOutput::of("3 rows"))?,
                run("/Shared/ops/fail", ResultState::Failed, RunOutput::failed("NameError: name 'x' is not defined"))?,
            ],
            commands: vec![
                command("count", Duration::ZERO, CommandResult::Text("res0: Long = 3".to_owned())),
                command("display", Duration::ZERO, CommandResult::Table(rows())),
                command("nowhere", Duration::ZERO, error),
                command("sleep", LONG, CommandResult::Text(String::new())),
            ],
            statements: vec![
                statement("parquet.`", Duration::ZERO, Ok(rows())),
                statement("nowhere", Duration::ZERO, Err(bad)),
                statement("sleep", LONG, Ok(Table::default())),
            ],
        })
    }
}

fn rows() -> Table {
    let row = |id: &str, name: Option<&str>| vec![Some(id.to_owned()), name.map(str::to_owned)];
    let columns = vec![Column::new("id", "long"), Column::new("name", "string")];
    Table::new(columns, vec![row("1", Some("Ana")), row("2", None), row("3", Some("Caio \"C\""))])
}
