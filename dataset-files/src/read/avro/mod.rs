//! Avro's object containers: the header, and blocks of values behind it. The format is small and frozen; the crates that read it take
//! memory for what a length claims, unpack without a bound, and want the whole stream.

mod datum;
mod kind;

use bytes::Bytes;
use metapod_model::S3Path;
use ops_client::Result;

use super::source::Source;
use super::{Read, Refusal, bytes as counted, unpack};
use crate::{Column, Description, FileFormat, Limits, Preview, Value};
use datum::Cursor;
use kind::Schema;

const MAGIC: &[u8] = b"Obj\x01";
const SYNC: usize = 16;

/// Whether these are the first bytes of an Avro file.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// The header of a file.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    schema: std::sync::Arc<Schema>,
    text: String,
    codec: Codec,
    sync: [u8; SYNC],
    /// Its length.
    length: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
    Other(String),
}

impl Codec {
    fn name(&self) -> &str {
        match self {
            Self::Null => "uncompressed",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Zstandard => "zstandard",
            Self::Other(name) => name,
        }
    }
}

/// Reads the header of a file whose first bytes are these.
pub(crate) async fn header(source: &Source, head: Bytes, limits: &Limits) -> Result<(Header, Bytes)> {
    let mut head = head;
    loop {
        match parse(&head) {
            Ok(Some(header)) => return Ok((header, head)),
            Err(refusal) => return Err(source.refused(refusal)),
            Ok(None) => {
                let have = head.len() as u64;
                if have >= source.size {
                    return Err(source.refused(Refusal::damaged("it ends within its header")));
                }
                if have >= limits.avro_header_bytes {
                    let most = counted(limits.avro_header_bytes);
                    return Err(source.refused(Refusal::beyond(format!("its header is larger than {most}"))));
                }
                let wanted = (have * 4).min(limits.avro_header_bytes).min(source.size);
                head = joined(head, source.range(have..wanted).await?);
            }
        }
    }
}

fn joined(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() { second } else { [&first[..], &second[..]].concat().into() }
}

fn parse(head: &[u8]) -> Read<Option<Header>> {
    let mut cursor = Cursor::new(head);
    let mut text = None;
    let mut codec = Codec::Null;
    macro_rules! or_more {
        ($read:expr) => {
            match $read {
                Ok(read) => read,
                Err(_) if cursor.wants_more() => return Ok(None),
                Err(refusal) => return Err(refusal),
            }
        };
    }
    or_more!(cursor.take(MAGIC.len()));
    loop {
        let count = or_more!(cursor.block());
        if count == 0 {
            break;
        }
        for _ in 0..count {
            let key = or_more!(cursor.bytes());
            let value = or_more!(cursor.bytes());
            match key {
                b"avro.schema" => text = Some(String::from_utf8_lossy(value).into_owned()),
                b"avro.codec" => {
                    codec = match value {
                        b"null" | b"" => Codec::Null,
                        b"deflate" => Codec::Deflate,
                        b"snappy" => Codec::Snappy,
                        b"zstandard" => Codec::Zstandard,
                        other => Codec::Other(super::value::text(other, 40).to_string()),
                    }
                }
                _ => {}
            }
        }
    }
    let sync = or_more!(cursor.take(SYNC)).try_into().map_err(|_| Refusal::damaged("its header has no end"))?;
    let text = text.ok_or_else(|| Refusal::damaged("its header has no schema"))?;
    let schema = std::sync::Arc::new(Schema::parse(&text)?);
    Ok(Some(Header { schema, text, codec, sync, length: cursor.at() }))
}

/// A block: how many values, how many bytes, and where they begin.
struct Block {
    count: u64,
    start: usize,
    size: usize,
}

/// Reads where a block begins; `None` where more bytes are needed.
fn block(bytes: &[u8]) -> Read<Option<Block>> {
    let mut cursor = Cursor::new(bytes);
    let numbers = cursor.long().and_then(|count| Ok((count, cursor.long()?)));
    match numbers {
        Ok((count, size)) => match (u64::try_from(count), usize::try_from(size)) {
            (Ok(count), Ok(size)) => Ok(Some(Block { count, start: cursor.at(), size })),
            _ => Err(Refusal::damaged(format!("a block claims {count} values in {size} bytes"))),
        },
        Err(_) if cursor.wants_more() => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

impl Header {
    fn columns(&self) -> Vec<Column> {
        self.schema.columns()
    }

    /// What is known of the file; `head` are its first bytes, and where that is all of it, its rows are counted.
    pub(crate) fn description(&self, path: S3Path, size: u64, head: &[u8]) -> Read<Description> {
        let mut description =
            Description::new(path, size, FileFormat::Avro).with_columns(self.columns(), self.text.clone());
        description.codec = Some(self.codec.name().to_owned());
        if head.len() as u64 == size {
            description.rows = Some(self.count(head)?);
        }
        Ok(description)
    }

    fn count(&self, file: &[u8]) -> Read<u64> {
        let mut rows = 0_u64;
        let mut rest = file.get(self.length..).unwrap_or_default();
        while !rest.is_empty() {
            let cut = || Refusal::damaged("it ends within a block");
            let block = block(rest)?.ok_or_else(cut)?;
            let end = block.start.checked_add(block.size).ok_or_else(cut)?;
            self.ends(rest.get(end..).and_then(|rest| rest.get(..SYNC)).ok_or_else(cut)?)?;
            rows = rows.saturating_add(block.count);
            rest = rest.get(end + SYNC..).unwrap_or_default();
        }
        Ok(rows)
    }

    fn ends(&self, sync: &[u8]) -> Read<()> {
        if sync == self.sync { Ok(()) } else { Err(Refusal::damaged("a block does not end as its header says")) }
    }

    fn unpack(&self, block: &Bytes, most: usize) -> Read<Bytes> {
        Ok(match &self.codec {
            Codec::Null if block.len() > most => {
                return Err(Refusal::beyond(format!("a block has {}", counted(block.len() as u64))));
            }
            Codec::Null => block.clone(),
            Codec::Deflate => unpack::deflate(block, most)?.into(),
            Codec::Zstandard => unpack::zstd(block, most)?.into(),
            // Behind each block is a checksum of what is unpacked.
            Codec::Snappy => {
                let (packed, sum) =
                    block.split_last_chunk::<4>().ok_or_else(|| Refusal::damaged("a block without a checksum"))?;
                let unpacked = unpack::snappy(packed, most)?;
                let mut crc = flate2::Crc::new();
                crc.update(&unpacked);
                if crc.sum() != u32::from_be_bytes(*sum) {
                    return Err(Refusal::damaged("a block's checksum is another one"));
                }
                unpacked.into()
            }
            Codec::Other(name) => {
                return Err(Refusal::beyond(format!("it is packed with {name}, which is not read here")));
            }
        })
    }
}

/// The first rows of a file with this header and these first bytes.
pub(crate) async fn first_rows(
    source: &Source,
    header: &Header,
    head: Bytes,
    count: usize,
    limits: &Limits,
) -> Result<Preview> {
    let wanted = count.min(limits.rows);
    let mut rows: Vec<Vec<Value>> = Vec::new();
    // The file from `at` on, as far as it is read.
    let mut at = header.length as u64;
    let mut have = head.slice(header.length.min(head.len())..);
    let mut more = false;
    let refused = |refusal| source.refused(refusal);
    while at < source.size {
        let left = source.size - at;
        let block = loop {
            if let Some(block) = block(&have).map_err(refused)? {
                break block;
            }
            if have.len() as u64 >= left {
                return Err(refused(Refusal::damaged("it ends within a block")));
            }
            let from = at + have.len() as u64;
            have = joined(have, source.range(from..source.size.min(from + 64)).await?);
        };
        more = more || block.count > 0 && rows.len() >= wanted;
        if rows.len() >= wanted && (more || block.count > 0) {
            break;
        }
        if block.size as u64 > limits.avro_block_bytes {
            let (is, most) = (counted(block.size as u64), counted(limits.avro_block_bytes));
            return Err(refused(Refusal::beyond(format!("a block of {is} is larger than {most}"))));
        }
        let length = block.start + block.size + SYNC;
        if length as u64 > left {
            return Err(refused(Refusal::damaged("it ends within a block")));
        }
        if source.read_for_rows() > limits.preview_bytes {
            let most = counted(limits.preview_bytes);
            return Err(refused(Refusal::beyond(format!("its first rows take more than {most}"))));
        }
        if length > have.len() {
            let from = at + have.len() as u64;
            have = joined(have, source.range(from..at + length as u64).await?);
        }
        let (body, sync) = (have.slice(block.start..block.start + block.size), have.slice(length - SYNC..length));
        header.ends(&sync).map_err(refused)?;
        let of_block = usize::try_from(block.count).unwrap_or(usize::MAX).min(wanted - rows.len());
        more = more || block.count > of_block as u64;
        let (header, limits) = (header.clone(), *limits);
        let read = source.aside(move || {
            let body = header.unpack(&body, limits.unpacked_bytes)?;
            header.schema.rows(&body, of_block, &limits)
        });
        rows.extend(read.await.map_err(refused)?);
        have = have.slice(length..);
        at += length as u64;
    }
    let mut columns = header.columns();
    let left_out = columns.split_off(limits.columns.min(columns.len()));
    let mut preview = Preview::new(source.path.clone(), columns, rows);
    preview.more = more;
    let why = format!("only {} columns are shown", limits.columns);
    preview.left_out = left_out.into_iter().map(|column| crate::LeftOut::new(column.name, why.clone())).collect();
    preview.bytes_read = source.read();
    Ok(preview)
}
