//! The files of a night's datasets: real Parquet, in memory, and the same in a workspace of Databricks.

use std::sync::Arc;

use databricks_client::{CommandResult, Mapping, PathStatus, SparkPath, WorkspacePath};
use dataset_files::{DatasetFiles, FileSchema, FilesWrite};
use jiff::Timestamp;
use metapod_client::{S3Path, TransactionId};
use ops_client::{Effect, Error, ErrorKind, Result};
use parquet::basic::{Compression, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type, Int96, Int96Type,
};
use parquet::errors::Result as Written;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::ColumnDescriptor;

use super::Nightly;
use crate::World;
use crate::databricks::{self, CommandPlan};
use crate::rng::Rng;

/// Datasets of tonight with files, and datasets of yesterday: one that failed tonight.
const TONIGHT: [&str; 3] = ["dataset/account-balances", "dataset/exchange-rates", "model/fraud-score"];
const YESTERDAY: [&str; 1] = ["dataset/credit-limit-history"];
/// The empty file of the configuration.
const EMPTY: &str = "s3://sandbox-static/empty.gz.parquet";
/// How many rows a dataset has.
const ROWS: usize = 500;

struct File {
    folder: S3Path,
    path: S3Path,
    content: Vec<u8>,
    schema: FileSchema,
}

/// The files of some of the night's datasets, as Spark writes them, and an empty one.
///
/// # Errors
/// `Other`, where a file cannot be written.
pub async fn files(world: &World, night: &Nightly) -> Result<DatasetFiles> {
    let files = DatasetFiles::memory();
    for File { folder, path, content, .. } in all(world, night)? {
        files.put_new(&path, content).await?;
        files.put_new(&below(&folder, "_SUCCESS")?, Vec::new()).await?;
    }
    let id = FileSchema::parse("message spark_schema { required binary id (STRING); }")?;
    files.put_new(&wrong(EMPTY.parse())?, dataset_files::empty_parquet(&id)?).await?;
    Ok(files)
}

/// The workspace that sees these files where the buckets are mounted, beside what else tonight's run has committed.
///
/// # Errors
/// As [`files`].
pub fn workspace(world: &World, night: &Nightly) -> Result<databricks::Workspace> {
    let mounts = Mapping::mounts();
    let scene = databricks::workspace(world, night.transaction, &mounts)?;
    for File { folder, path, content, schema } in all(world, night)? {
        let mounted = (mounts.map(&folder)?, mounts.map(&path)?);
        let (Some(SparkPath::Workspace(folder)), Some(SparkPath::Workspace(path))) = mounted else { continue };
        world.remove_workspace_file(&folder);
        world.put_workspace_file(PathStatus::file(path, content.len() as u64));
        world.plan_command(CommandPlan::new(folder.as_str(), CommandResult::Text(printed(&folder, &schema))));
    }
    Ok(scene)
}

/// As Spark prints a schema.
fn printed(folder: &WorkspacePath, schema: &FileSchema) -> String {
    let mut text = format!("x: {folder}\nroot\n");
    for column in schema.columns() {
        text.push_str(&format!(" |-- {}: {} (nullable = {})\n", column.name, column.kind, column.nullable));
    }
    text
}

fn all(world: &World, night: &Nightly) -> Result<Vec<File>> {
    let tonight = TONIGHT.iter().map(|name| (night.transaction, *name));
    let yesterday = YESTERDAY.iter().map(|name| (night.yesterday, *name));
    let found = tonight.chain(yesterday).map(|(run, name)| file(world, run, name));
    found.filter_map(Result::transpose).collect()
}

fn file(world: &World, run: TransactionId, name: &str) -> Result<Option<File>> {
    let Some(detail) = world.find(run, name).and_then(|id| world.dataset(id)) else { return Ok(None) };
    let (Some(folder), Some(schema)) = (detail.dataset.path, detail.schema) else { return Ok(None) };
    let schema = FileSchema::from_metapod(&schema)?;
    let path = below(&folder, "part-00000.snappy.parquet")?;
    // The same rows at each call.
    let mut rng = Rng::new(name.len() as u64);
    let at = detail.dataset.committed_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let content = rows(&schema, at, &mut rng).map_err(|error| {
        Error::new("sandbox.files", ErrorKind::Other, Effect::None).with_message(format!("{name}: {error}"))
    })?;
    Ok(Some(File { folder, path, content, schema }))
}

fn below(folder: &S3Path, name: &str) -> Result<S3Path> {
    wrong(format!("{}/{name}", folder.as_str().trim_end_matches('/')).parse())
}

fn wrong<T, E: std::fmt::Display>(parsed: std::result::Result<T, E>) -> Result<T> {
    parsed.map_err(|error| Error::invalid("sandbox.files", error.to_string()))
}

/// A file with rows. What is a list, is empty: nobody reads these rows for their sense.
fn rows(schema: &FileSchema, at: Timestamp, rng: &mut Rng) -> Written<Vec<u8>> {
    let message = Arc::new(parquet::schema::parser::parse_message_type(&schema.to_string())?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::clone(&message), Arc::new(properties))?;
    let descriptor = parquet::schema::types::SchemaDescriptor::new(message);
    let mut group = writer.next_row_group()?;
    let mut at_column = 0;
    while let Some(mut column) = group.next_column()? {
        let of = descriptor.column(at_column);
        values(&mut column, &of, at, rng)?;
        column.close()?;
        at_column += 1;
    }
    group.close()?;
    writer.into_inner()
}

fn values(column: &mut SerializedColumnWriter<'_>, of: &ColumnDescriptor, at: Timestamp, rng: &mut Rng) -> Written<()> {
    if of.max_rep_level() > 0 {
        let levels = vec![0; ROWS];
        return match of.physical_type() {
            Physical::INT32 => column.typed::<Int32Type>().write_batch(&[], Some(&levels), Some(&levels)),
            Physical::INT64 => column.typed::<Int64Type>().write_batch(&[], Some(&levels), Some(&levels)),
            _ => column.typed::<ByteArrayType>().write_batch(&[], Some(&levels), Some(&levels)),
        }
        .map(drop);
    }
    let levels = vec![of.max_def_level(); ROWS];
    let levels = Some(levels.as_slice());
    let whole = |rng: &mut Rng, below| i64::try_from(rng.below(below)).unwrap_or_default();
    match of.physical_type() {
        Physical::BOOLEAN => {
            let all: Vec<bool> = (0..ROWS).map(|_| rng.chance(0.5)).collect();
            column.typed::<BoolType>().write_batch(&all, levels, None)
        }
        Physical::INT32 => {
            let today = i32::try_from(at.as_second() / 86_400).unwrap_or_default();
            let all: Vec<i32> = (0..ROWS).map(|_| today - i32::try_from(rng.below(90)).unwrap_or_default()).collect();
            column.typed::<Int32Type>().write_batch(&all, levels, None)
        }
        Physical::INT64 => {
            let all: Vec<i64> = (0..ROWS).map(|_| whole(rng, 1_000)).collect();
            column.typed::<Int64Type>().write_batch(&all, levels, None)
        }
        Physical::INT96 => {
            let all: Vec<Int96> = (0..ROWS)
                .map(|_| {
                    let mut value = Int96::new();
                    // From the Julian day of the Unix epoch on.
                    let day = u32::try_from(at.as_second() / 86_400 + 2_440_588).unwrap_or_default();
                    let nanos = whole(rng, 86_400).unsigned_abs() * 1_000_000_000;
                    value.set_data(nanos as u32, (nanos >> 32) as u32, day);
                    value
                })
                .collect();
            column.typed::<Int96Type>().write_batch(&all, levels, None)
        }
        Physical::FLOAT => {
            let all: Vec<f32> = (0..ROWS).map(|_| whole(rng, 1_000) as f32 / 1_000.0).collect();
            column.typed::<FloatType>().write_batch(&all, levels, None)
        }
        Physical::DOUBLE => {
            let all: Vec<f64> = (0..ROWS).map(|_| whole(rng, 1_000) as f64 / 1_000.0).collect();
            column.typed::<DoubleType>().write_batch(&all, levels, None)
        }
        Physical::BYTE_ARRAY => {
            let all: Vec<ByteArray> = (0..ROWS).map(|_| uuid(rng).as_str().into()).collect();
            column.typed::<ByteArrayType>().write_batch(&all, levels, None)
        }
        Physical::FIXED_LEN_BYTE_ARRAY => {
            let width = usize::try_from(of.type_length()).unwrap_or_default();
            let amount = |rng: &mut Rng| {
                // Hundredths, with as many digits after the point as the column has.
                let scale = u32::try_from(of.type_scale()).unwrap_or_default().saturating_sub(2);
                let value = i128::from(whole(rng, 1_000_000)) * 10_i128.pow(scale.min(30));
                let bytes = value.to_be_bytes();
                FixedLenByteArray::from(bytes.get(bytes.len().saturating_sub(width)..).unwrap_or_default().to_vec())
            };
            let all: Vec<FixedLenByteArray> = (0..ROWS).map(|_| amount(rng)).collect();
            column.typed::<FixedLenByteArrayType>().write_batch(&all, levels, None)
        }
    }
    .map(drop)
}

fn uuid(rng: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(rng.bytes()).into_uuid().to_string()
}
