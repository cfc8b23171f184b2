//! The first pages of a column chunk: as few bytes as hold the wanted rows.

use bytes::{Bytes, BytesMut};
use ops_client::{Error, Result};
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;

use super::pages::{self, Header, Kind, MAX_HEADER};
use super::source::Source;
use super::{Read, Refusal, bytes as counted};
use crate::Limits;

/// What is read at first: the header of the first page, and small pages whole.
const FIRST: usize = 32 << 10;
/// What is read behind a page: the header of the next one.
const AHEAD: usize = 1 << 10;
/// Pages without values could go on for ever.
const MAX_PAGES: usize = 4096;

/// Either the store failed, or the file is not to be read so.
#[derive(Debug)]
pub(super) enum Trouble {
    Failed(Error),
    Refused(Refusal),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The bytes of a chunk from its next page on.
struct Window<'a> {
    source: &'a Source,
    limits: &'a Limits,
    at: u64,
    end: u64,
    have: Bytes,
    read: u64,
}

impl Window<'_> {
    fn left(&self) -> u64 {
        self.end - self.at
    }

    /// Sees to it that so many bytes are there, and reads a few more if it must read. Fewer only at the chunk's end.
    async fn fill(&mut self, wanted: usize, ahead: usize) -> std::result::Result<(), Trouble> {
        let wanted = (wanted as u64).min(self.left());
        let have = self.have.len() as u64;
        if wanted <= have {
            return Ok(());
        }
        let range = self.at + have..self.end.min(self.at + wanted + ahead as u64);
        let most = self.limits.column_bytes;
        // What the whole preview has read so far: columns that are read side by side may go beyond it by one piece each.
        if self.read + (range.end - range.start) > most {
            return Err(Refusal::beyond(format!("its first rows take more than {}", counted(most))).into());
        }
        if self.source.read_for_rows() > self.limits.preview_bytes {
            let most = counted(self.limits.preview_bytes);
            return Err(Refusal::beyond(format!("the preview has read {most}, as much as it may")).into());
        }
        self.read += range.end - range.start;
        let more = self.source.range(range).await?;
        self.have = if self.have.is_empty() {
            more
        } else {
            let mut both = BytesMut::with_capacity(self.have.len() + more.len());
            both.extend_from_slice(&self.have);
            both.extend_from_slice(&more);
            both.freeze()
        };
        Ok(())
    }

    /// Takes bytes from the beginning. They were filled in before.
    fn take(&mut self, count: usize) -> Read<Bytes> {
        if count > self.have.len() {
            return Err(Refusal::damaged("a page goes beyond its column"));
        }
        self.at += count as u64;
        Ok(self.have.split_to(count))
    }

    async fn header(&mut self) -> std::result::Result<Header, Trouble> {
        let mut wanted = FIRST;
        loop {
            self.fill(wanted.min(MAX_HEADER), 0).await?;
            if let Some((header, length)) = pages::header(&self.have)? {
                self.take(length)?;
                return Ok(header);
            }
            if self.have.len() as u64 >= self.left() || wanted >= MAX_HEADER {
                return Err(Refusal::damaged("a page's header goes beyond its column").into());
            }
            wanted = self.have.len().max(wanted / 2) * 2;
        }
    }
}

/// The pages that hold the first rows of a chunk.
pub(super) async fn pages(
    source: &Source,
    chunk: &ColumnChunkMetaData,
    rows: usize,
    limits: &Limits,
) -> std::result::Result<Vec<Page>, Trouble> {
    let column = chunk.column_descr();
    let kind = Kind {
        physical: column.physical_type(),
        length: column.type_length(),
        codec: chunk.compression(),
        max_def: column.max_def_level(),
        max_rep: column.max_rep_level(),
    };
    let (start, end) = place(chunk, source.size)?;
    let total = u64::try_from(chunk.num_values()).map_err(|_| Refusal::damaged("a column with less than no value"))?;
    let mut window = Window { source, limits, at: start, end, have: Bytes::new(), read: 0 };
    let mut pages = Vec::new();
    let (mut begun, mut values) = (0_usize, 0_u64);
    // Where values repeat, a row ends where the next one begins.
    let enough = if kind.max_rep > 0 { rows.saturating_add(1) } else { rows };
    while begun < enough && values < total && window.left() > 0 {
        if pages.len() > MAX_PAGES {
            return Err(Refusal::beyond("its first rows are in thousands of pages").into());
        }
        let header = window.header().await?;
        let body = header.body()?;
        if body as u64 > window.left() {
            return Err(Refusal::damaged("a page goes beyond its column").into());
        }
        if header.is_other() {
            window.at += body as u64;
            window.have = window.have.slice(body.min(window.have.len())..);
            continue;
        }
        window.fill(body, AHEAD).await?;
        let body = window.take(body)?;
        let limits = *limits;
        let built = source.aside(move || pages::build(&header, &body, kind, &limits)).await?;
        begun = begun.saturating_add(built.rows);
        values = values.saturating_add(built.values);
        pages.push(built.page);
    }
    Ok(pages)
}

/// Where a chunk lies, if that is within its file.
fn place(chunk: &ColumnChunkMetaData, size: u64) -> Read<(u64, u64)> {
    let outside = || Refusal::damaged("a column lies outside of the file");
    let data = chunk.data_page_offset();
    // Some writers tell a dictionary at 0, where the magic is.
    let start =
        chunk.dictionary_page_offset().filter(|dictionary| *dictionary > 0 && *dictionary < data).unwrap_or(data);
    let start = u64::try_from(start).map_err(|_| outside())?;
    let length = u64::try_from(chunk.compressed_size()).map_err(|_| outside())?;
    let end = start.checked_add(length).filter(|end| *end <= size).ok_or_else(outside)?;
    Ok((start, end))
}

/// As a result of a whole read.
pub(super) fn settle<T>(
    source: &Source,
    outcome: std::result::Result<T, Trouble>,
) -> Result<std::result::Result<T, String>> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        // A limit concerns this column only; what is damaged or does not answer concerns all of them.
        Err(Trouble::Refused(Refusal::Beyond(why))) => Ok(Err(why)),
        Err(Trouble::Refused(damaged)) => Err(source.refused(damaged)),
        Err(Trouble::Failed(error)) => Err(error),
    }
}
