//! The end of a Parquet file: the footer's length, the footer, and what it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use metapod_model::S3Path;
use parquet::basic::Compression;
use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};

use super::thrift::{Compact, I32, LIST, STRUCT};
use super::{Read, Refusal};
use crate::schema::shape::{self, Field};
use crate::schema::{MAX_DEPTH, spark};
use crate::{Column, Description, FileFormat};

/// The magic, and the length before it.
pub(crate) const END: u64 = 8;
const MAGIC: &[u8] = b"PAR1";
/// The magic of a file whose footer is encrypted.
const ENCRYPTED: &[u8] = b"PARE";
/// How many column chunks a file may have, over all row groups: in memory each takes half a kilobyte.
const CHUNKS: u64 = 1 << 18;
/// How many columns a schema may have, what groups them counted.
const ELEMENTS: u64 = 1 << 15;

/// What a footer says.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) fields: Vec<Field>,
    pub(crate) rows: u64,
    /// Some columns are encrypted, though the footer is not.
    pub(crate) encrypted: bool,
}

/// Whether these are the first bytes of a Parquet file.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC) || head.starts_with(ENCRYPTED)
}

/// The length of the footer, from the last bytes of a file; `None` where it is no Parquet file.
pub(crate) fn length(tail: &[u8], size: u64) -> Read<Option<u64>> {
    let Some((length, magic)) = tail.last_chunk::<8>().and_then(|end| end.split_first_chunk::<4>()) else {
        return Ok(None);
    };
    if magic == ENCRYPTED {
        return Err(Refusal::beyond("its footer is encrypted"));
    }
    if magic != MAGIC {
        return Ok(None);
    }
    let length = u64::from(u32::from_le_bytes(*length));
    // The magic stands at both ends.
    if length == 0 || length.saturating_add(END + 4) > size {
        return Err(Refusal::damaged(format!("its footer claims {length} bytes, and the file has {size}")));
    }
    Ok(Some(length))
}

/// Reads a footer. It may panic, because the crate that decodes it may: whoever calls this contains that.
pub(crate) fn decode(bytes: &[u8]) -> Read<Footer> {
    let encrypted = walk(bytes)?;
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let metadata = ParquetMetaDataReader::decode_metadata_with_options(bytes, Some(&options))?;

    let rows = count(metadata.file_metadata().num_rows())?;
    let mut sum = 0_u64;
    for group in metadata.row_groups() {
        sum = sum.saturating_add(count(group.num_rows())?);
        if group.columns().len() != metadata.file_metadata().schema_descr().num_columns() {
            return Err(Refusal::damaged("a row group has other columns than the schema"));
        }
    }
    // What decides whether a file is empty must not be in doubt.
    if sum != rows {
        return Err(Refusal::damaged(format!("its footer tells {rows} rows, its row groups {sum}")));
    }
    let fields = shape::fields(metadata.file_metadata().schema());
    Ok(Footer { metadata: Arc::new(metadata), fields, rows, encrypted })
}

fn count(rows: i64) -> Read<u64> {
    u64::try_from(rows).map_err(|_| Refusal::damaged(format!("{rows} rows")))
}

impl Footer {
    pub(crate) fn columns(&self) -> Vec<Column> {
        self.fields.iter().map(Field::column).collect()
    }

    pub(crate) fn description(&self, path: S3Path, size: u64) -> Description {
        let file = self.metadata.file_metadata();
        let noted = file.key_value_metadata().and_then(|notes| notes.iter().find(|note| note.key == spark::KEY));
        let mut description = Description::new(path, size, FileFormat::Parquet)
            .with_columns(self.columns(), crate::schema::text(file.schema()))
            .with_rows(self.rows);
        description.row_groups = Some(self.metadata.num_row_groups() as u64);
        description.created_by = file.created_by().map(str::to_owned);
        description.spark_schema = noted.and_then(|note| note.value.clone());
        description.codec = self.metadata.row_groups().first().map(|group| {
            let codecs: BTreeSet<String> = group.columns().iter().map(|chunk| codec(chunk.compression())).collect();
            codecs.into_iter().collect::<Vec<_>>().join(", ")
        });
        description
    }
}

pub(super) fn codec(codec: Compression) -> String {
    match codec {
        Compression::UNCOMPRESSED => "uncompressed",
        Compression::SNAPPY => "snappy",
        Compression::GZIP(_) => "gzip",
        Compression::LZO => "lzo",
        Compression::BROTLI(_) => "brotli",
        Compression::LZ4 => "lz4",
        Compression::ZSTD(_) => "zstd",
        Compression::LZ4_RAW => "lz4 raw",
    }
    .to_owned()
}

/// Goes through a footer before it is decoded: every list is as long as it says, nothing lies too deep, nothing is too many. Whether
/// columns are encrypted.
fn walk(bytes: &[u8]) -> Read<bool> {
    let mut footer = Compact::new(bytes);
    let mut last = 0;
    let mut encrypted = false;
    while let Some(head) = footer.field(last)? {
        match (head.id, head.kind) {
            (2, LIST) => schema(&mut footer)?,
            (4, LIST) => groups(&mut footer)?,
            (id, kind) => {
                encrypted |= id == 8;
                footer.skip(kind)?;
            }
        }
        last = head.id;
    }
    Ok(encrypted)
}

fn schema(footer: &mut Compact<'_>) -> Read<()> {
    let (elements, kind) = footer.list()?;
    if elements > ELEMENTS {
        return Err(Refusal::beyond(format!("its schema has {elements} elements, and {ELEMENTS} are read")));
    }
    if kind != STRUCT {
        return Err(Refusal::damaged("its schema is no list of elements"));
    }
    // How many children are still to come, for each level that is open.
    let mut open: Vec<u64> = Vec::new();
    for place in 0..elements {
        let mut children = 0;
        let mut last = 0;
        while let Some(head) = footer.field(last)? {
            if (head.id, head.kind) == (5, I32) {
                children = u64::try_from(footer.int()?).unwrap_or(u64::MAX);
            } else {
                footer.skip(head.kind)?;
            }
            last = head.id;
        }
        if children > elements - place - 1 {
            return Err(Refusal::damaged(format!("a part of its schema claims {children} parts")));
        }
        if let Some(level) = open.last_mut() {
            *level -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        if open.len() > MAX_DEPTH {
            return Err(Refusal::beyond(format!("its schema is more than {MAX_DEPTH} levels deep")));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Ok(())
}

fn groups(footer: &mut Compact<'_>) -> Read<()> {
    let (groups, kind) = footer.list()?;
    if kind != STRUCT {
        return Err(Refusal::damaged("its row groups are no list of them"));
    }
    let mut chunks = groups;
    for _ in 0..groups {
        let mut last = 0;
        while let Some(head) = footer.field(last)? {
            if (head.id, head.kind) == (1, LIST) {
                let (count, kind) = footer.list()?;
                chunks = chunks.saturating_add(count);
                if chunks > CHUNKS {
                    return Err(Refusal::beyond(format!("it has more than {CHUNKS} column chunks")));
                }
                (0..count).try_for_each(|_| footer.skip(kind))?;
            } else {
                footer.skip(head.kind)?;
            }
            last = head.id;
        }
    }
    Ok(())
}
