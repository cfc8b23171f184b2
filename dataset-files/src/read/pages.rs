//! One page: its header, and its unpacked bytes as the decoders of the `parquet` crate take them.

use std::collections::VecDeque;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::Result as ParquetResult;

use super::thrift::{Compact, FALSE, I32, STRUCT, TRUE};
use super::{Read, Refusal, bytes as counted, footer, unpack};
use crate::Limits;

/// The header of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    kind: i64,
    unpacked: i64,
    packed: i64,
    values: i64,
    nulls: i64,
    rows: i64,
    encoding: i64,
    definition: i64,
    repetition: i64,
    is_packed: bool,
}

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_V2: i64 = 3;
/// Bytes of a header, its statistics counted.
pub(super) const MAX_HEADER: usize = 1 << 20;

/// What is known of a column when its pages are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) physical: Physical,
    pub(super) length: i32,
    pub(super) codec: Compression,
    pub(super) max_def: i16,
    pub(super) max_rep: i16,
}

/// A page that was read, and how many rows begin in it.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) page: Page,
    pub(super) rows: usize,
    pub(super) values: u64,
}

/// Reads a header and its length; `None` where more bytes are needed.
pub(super) fn header(bytes: &[u8]) -> Read<Option<(Header, usize)>> {
    let mut reader = Compact::new(bytes);
    match read(&mut reader) {
        Ok(header) => Ok(Some((header, reader.at()))),
        Err(_) if reader.is_at_end() && bytes.len() < MAX_HEADER => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn read(reader: &mut Compact<'_>) -> Read<Header> {
    let mut header = Header { is_packed: true, ..Header::default() };
    let mut last = 0;
    let mut inner = 0;
    while let Some(head) = reader.field(last)? {
        match (head.id, head.kind) {
            (1, I32) => header.kind = reader.int()?,
            (2, I32) => header.unpacked = reader.int()?,
            (3, I32) => header.packed = reader.int()?,
            (5, STRUCT) => inner = part(reader, &mut header, DATA)?,
            (7, STRUCT) => inner = part(reader, &mut header, DICTIONARY)?,
            (8, STRUCT) => inner = part(reader, &mut header, DATA_V2)?,
            (_, kind) => reader.skip(kind)?,
        }
        last = head.id;
    }
    if matches!(header.kind, DATA | DICTIONARY | DATA_V2) && inner != header.kind + 1 {
        return Err(Refusal::damaged("a page's header is of another kind than the page"));
    }
    Ok(header)
}

/// The part of a header that is of one kind of pages; that kind and one, so that none is zero.
fn part(reader: &mut Compact<'_>, header: &mut Header, kind: i64) -> Read<i64> {
    let mut last = 0;
    while let Some(head) = reader.field(last)? {
        match (kind, head.id, head.kind) {
            (_, 1, I32) => header.values = reader.int()?,
            (DATA_V2, 2, I32) => header.nulls = reader.int()?,
            (DATA_V2, 3, I32) => header.rows = reader.int()?,
            (DATA_V2, 4, I32) | (DATA | DICTIONARY, 2, I32) => header.encoding = reader.int()?,
            (DATA_V2, 5, I32) | (DATA, 3, I32) => header.definition = reader.int()?,
            (DATA_V2, 6, I32) | (DATA, 4, I32) => header.repetition = reader.int()?,
            (DATA_V2, 7, TRUE) => header.is_packed = true,
            (DATA_V2, 7, FALSE) => header.is_packed = false,
            (_, _, kind) => reader.skip(kind)?,
        }
        last = head.id;
    }
    Ok(kind + 1)
}

impl Header {
    /// The bytes behind it.
    pub(super) fn body(&self) -> Read<usize> {
        size(self.packed)
    }

    /// Whether it is a page of which nothing is needed.
    pub(super) fn is_other(&self) -> bool {
        !matches!(self.kind, DATA | DICTIONARY | DATA_V2)
    }
}

fn size(value: i64) -> Read<usize> {
    usize::try_from(value).map_err(|_| Refusal::damaged(format!("a page claims a size of {value}")))
}

fn small(value: i64) -> Read<u32> {
    u32::try_from(value).map_err(|_| Refusal::damaged(format!("a page claims {value} of something")))
}

fn encoding(number: i64) -> Read<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        other => {
            return Err(Refusal::beyond(format!("its pages are encoded in a way ({other}) that is not read here")));
        }
    })
}

/// Unpacks a page. Every size that it claims is held against its bytes and the limits before memory is taken for it.
pub(super) fn build(header: &Header, body: &Bytes, kind: Kind, limits: &Limits) -> Read<Built> {
    let values = size(header.values)?;
    if values > limits.page_values || (kind.max_rep > 0 && values > limits.page_values / 16) {
        return Err(Refusal::beyond(format!("one of its pages has {values} values")));
    }
    let encoding = encoding(header.encoding)?;
    let unpacked = size(header.unpacked)?;
    if unpacked > limits.unpacked_bytes {
        let most = counted(limits.unpacked_bytes as u64);
        return Err(Refusal::beyond(format!("a page of {} is larger than {most}", counted(unpacked as u64))));
    }
    match header.kind {
        DICTIONARY => {
            let buf = unpacked_bytes(body, unpacked, kind.codec)?;
            dictionary_fits(&buf, values, kind)?;
            let page = Page::DictionaryPage { buf, num_values: small(header.values)?, encoding, is_sorted: false };
            Ok(Built { page, rows: 0, values: 0 })
        }
        DATA_V2 => {
            let (rep, def) = (size(header.repetition)?, size(header.definition)?);
            let levels = rep.checked_add(def).filter(|levels| *levels <= body.len().min(unpacked));
            let levels = levels.ok_or_else(|| Refusal::damaged("a page's levels are larger than the page"))?;
            let buf = if header.is_packed && kind.codec != Compression::UNCOMPRESSED {
                let mut buf = body.slice(..levels).to_vec();
                if unpacked > levels {
                    buf.extend_from_slice(&unpacked_bytes(&body.slice(levels..), unpacked - levels, kind.codec)?);
                }
                Bytes::from(buf)
            } else {
                body.clone()
            };
            let rows = size(header.rows)?;
            if rows > values || size(header.nulls)? > values {
                return Err(Refusal::damaged("a page has more rows than values"));
            }
            let page = Page::DataPageV2 {
                buf,
                num_values: small(header.values)?,
                encoding,
                num_nulls: small(header.nulls)?,
                num_rows: small(header.rows)?,
                def_levels_byte_len: small(header.definition)?,
                rep_levels_byte_len: small(header.repetition)?,
                is_compressed: false,
                statistics: None,
            };
            Ok(Built { page, rows, values: values as u64 })
        }
        _ => {
            let buf = unpacked_bytes(body, unpacked, kind.codec)?;
            let levels = |number| match number {
                // Nobody has written them packed for years.
                4 => Err(Refusal::beyond("its levels are packed in the old way")),
                _ => Ok(Encoding::RLE),
            };
            let def_level_encoding = if kind.max_def > 0 { levels(header.definition)? } else { Encoding::RLE };
            let rep_level_encoding = if kind.max_rep > 0 { levels(header.repetition)? } else { Encoding::RLE };
            let rows = if kind.max_rep > 0 { begun(&buf, values, kind.max_rep)? } else { values };
            let page = Page::DataPage {
                buf,
                num_values: small(header.values)?,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics: None,
            };
            Ok(Built { page, rows, values: values as u64 })
        }
    }
}

fn unpacked_bytes(packed: &Bytes, size: usize, codec: Compression) -> Read<Bytes> {
    let unpacked = match codec {
        Compression::UNCOMPRESSED => packed.clone(),
        Compression::SNAPPY => unpack::snappy(packed, size)?.into(),
        Compression::GZIP(_) => unpack::gzip(packed, size)?.into(),
        Compression::ZSTD(_) => unpack::zstd(packed, size)?.into(),
        other => {
            return Err(Refusal::beyond(format!("it is packed with {}, which is not read here", footer::codec(other))));
        }
    };
    if unpacked.len() != size {
        return Err(Refusal::damaged(format!("a page has {} bytes and claims {size}", unpacked.len())));
    }
    Ok(unpacked)
}

/// A dictionary has room for as many values as it claims.
fn dictionary_fits(buf: &Bytes, values: usize, kind: Kind) -> Read<()> {
    let each = match kind.physical {
        Physical::BOOLEAN => return Err(Refusal::damaged("a dictionary of truths")),
        Physical::INT32 | Physical::FLOAT | Physical::BYTE_ARRAY => 4,
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::INT96 => 12,
        Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(kind.length).unwrap_or(0).max(1),
    };
    if values.checked_mul(each).is_none_or(|least| least > buf.len()) {
        return Err(Refusal::damaged(format!("a dictionary of {} bytes claims {values} values", buf.len())));
    }
    Ok(())
}

/// How many rows begin in a page of the first version: its header does not say so, its repetition levels do.
fn begun(buf: &Bytes, values: usize, max_rep: i16) -> Read<usize> {
    let short = || Refusal::damaged("a page's levels go beyond the page");
    let (length, rest) = buf.split_first_chunk::<4>().ok_or_else(short)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| short())?;
    let mut levels = Compact::new(rest.get(..length).ok_or_else(short)?);
    let bits = usize::try_from(16 - max_rep.leading_zeros()).unwrap_or(16);
    let mut left = values;
    let mut begun = 0;
    while left > 0 {
        let head = levels.varint()?;
        let count = usize::try_from(head >> 1).map_err(|_| short())?;
        if head & 1 == 0 {
            let mut level = 0_u64;
            for byte in 0..bits.div_ceil(8) {
                level |= u64::from(levels.take_byte()?) << (8 * byte);
            }
            let run = count.min(left);
            // A run of nothing would never end.
            if run == 0 {
                return Err(short());
            }
            begun += if level == 0 { run } else { 0 };
            left -= run;
        } else {
            if count == 0 {
                return Err(short());
            }
            for _ in 0..count {
                let mut group = [0_u8; 16];
                for byte in group.iter_mut().take(bits) {
                    *byte = levels.take_byte()?;
                }
                let group = u128::from_le_bytes(group);
                for place in 0..8.min(left) {
                    begun += usize::from((group >> (place * bits)) & ((1 << bits) - 1) == 0);
                }
                left -= 8.min(left);
                if left == 0 {
                    break;
                }
            }
        }
    }
    Ok(begun)
}

/// Pages that were read before.
#[derive(Debug)]
pub(super) struct Ready(VecDeque<Page>);

impl Ready {
    pub(super) fn new(pages: Vec<Page>) -> Self {
        Self(pages.into())
    }
}

impl Iterator for Ready {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pop_front().map(Ok)
    }
}

impl PageReader for Ready {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        Ok(self.0.pop_front())
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        Ok(self.0.front().map(|page| PageMetadata {
            num_rows: match page {
                Page::DataPageV2 { num_rows, .. } => Some(*num_rows as usize),
                _ => None,
            },
            num_levels: page.is_data_page().then_some(page.num_values() as usize),
            is_dict: page.is_dictionary_page(),
        }))
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        self.0.pop_front();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_their_levels() {
        // Eight levels packed into a byte: 0 1 1 0 0 0 1 0; then a run of five ones and one of three zeros.
        let levels = [0x03, 0b0100_0110, 10, 1, 6, 0];
        let mut page = vec![u8::try_from(levels.len()).unwrap(), 0, 0, 0];
        page.extend(levels);
        assert_eq!(begun(&page.clone().into(), 16, 1), Ok(8));
        assert_eq!(begun(&page.clone().into(), 4, 1), Ok(2));
        assert!(begun(&page.into(), 17, 1).is_err());
    }

    #[test]
    fn a_header_that_is_cut_asks_for_more() {
        // Kind 0, 100 bytes, 50 of them packed, 7 values, plain.
        let bytes = [0x15, 0, 0x15, 200, 1, 0x15, 100, 0x2c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
        let (read, length) = header(&bytes).unwrap().unwrap();
        assert_eq!((read.unpacked, read.packed, read.values, length), (100, 50, 7, bytes.len()));
        for cut in 0..bytes.len() {
            assert_eq!(header(&bytes[..cut]), Ok(None), "{cut}");
        }
        assert!(header(&[0xff; 64]).is_err());
    }
}
