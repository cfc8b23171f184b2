//! How many rows a Parquet file says it has. Only its footer is read, and of that only one number: no crate for Parquet is
//! worth that.
//!
//! A file ends with the footer (a Thrift struct in the compact protocol), its length in four bytes, and `PAR1`.

/// The end of a Parquet file: the footer's length and the magic word.
pub(crate) const TAIL: usize = 8;
/// A footer that is longer is no footer of an empty file.
pub(crate) const MAX_FOOTER: u32 = 8 * 1024 * 1024;
/// Structs inside structs: real footers have five levels.
const MAX_DEPTH: usize = 32;
/// The field of the number of rows in the footer.
const NUM_ROWS: i64 = 3;

/// How long the footer is, from the last eight bytes of a file.
///
/// # Errors
/// When these are not the end of a Parquet file; says why.
pub fn footer_length(tail: &[u8]) -> Result<u32, String> {
    let [a, b, c, d, magic @ ..] = tail else { return Err("shorter than any Parquet file".into()) };
    match magic {
        b"PAR1" => {}
        b"PARE" => return Err("a Parquet file with an encrypted footer".into()),
        _ => return Err("does not end as a Parquet file does".into()),
    }
    let length = u32::from_le_bytes([*a, *b, *c, *d]);
    if length == 0 || length > MAX_FOOTER {
        return Err(format!("a footer of {length} bytes is no footer of an empty file"));
    }
    Ok(length)
}

/// The number of rows, from the footer.
///
/// # Errors
/// When this is no footer; says why.
pub fn footer_rows(footer: &[u8]) -> Result<u64, String> {
    let mut input = Compact(footer);
    let mut id = 0;
    while let Some((field, kind)) = input.field(id)? {
        id = field;
        if id == NUM_ROWS && kind == I64 {
            let rows = input.zigzag()?;
            return u64::try_from(rows).map_err(|_| format!("a footer that claims {rows} rows"));
        }
        input.skip(kind, 0)?;
    }
    Err("a footer without a number of rows".into())
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// Thrift's compact protocol, as far as a number must be found in it.
struct Compact<'a>(&'a [u8]);

impl Compact<'_> {
    fn byte(&mut self) -> Result<u8, String> {
        let (first, rest) = self.0.split_first().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*first)
    }

    fn pass(&mut self, bytes: u64) -> Result<(), String> {
        let bytes = usize::try_from(bytes).map_err(|_| cut())?;
        self.0 = self.0.get(bytes..).ok_or_else(cut)?;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number in the footer does not end".into())
    }

    fn zigzag(&mut self) -> Result<i64, String> {
        let raw = self.varint()?;
        Ok((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()))
    }

    /// The next field's id and type; `None` at the end of the struct.
    fn field(&mut self, last: i64) -> Result<Option<(i64, u8)>, String> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let step = i64::from(head >> 4);
        let id = if step == 0 { self.zigzag()? } else { last.saturating_add(step) };
        Ok(Some((id, head & 0x0f)))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("a footer nested too deep".into());
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.pass(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.pass(8),
            BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            LIST | SET => {
                let head = self.byte()?;
                let size = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                // Each element takes at least one byte, so a false size ends with the input.
                (0..size).try_for_each(|_| self.element(head & 0x0f, depth))
            }
            MAP => {
                let size = self.varint()?;
                if size == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                (0..size).try_for_each(|_| {
                    self.element(kinds >> 4, depth)?;
                    self.element(kinds & 0x0f, depth)
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some((field, kind)) = self.field(id)? {
                    id = field;
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(format!("a footer with a field of unknown type {kind}")),
        }
    }

    /// In a list a truth value takes a byte of its own.
    fn element(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if kind == TRUE || kind == FALSE { self.pass(1) } else { self.skip(kind, depth + 1) }
    }
}

fn cut() -> String {
    "a footer that is cut off".into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A whole file of this many rows, made by hand: version 1, a schema of a root and one column, the rows, no row group.
    pub(crate) fn file(rows: u64) -> Vec<u8> {
        let mut footer = vec![0x15, 0x02]; // 1: i32 version = 1
        footer.extend([0x19, 0x2c]); // 2: list of 2 structs
        footer.extend([0x48, 4]); // 4: name
        footer.extend(b"root");
        footer.extend([0x15, 0x02, 0x00]); // 5: num_children = 1
        footer.extend([0x15, 0x0c, 0x25, 0x02, 0x18, 2]); // 1: type, 3: repetition, 4: name
        footer.extend(b"id");
        footer.extend([0x00]);
        footer.push(0x16); // 3: i64 rows
        let mut zigzag = rows << 1;
        while zigzag >= 0x80 {
            footer.push((zigzag & 0x7f) as u8 | 0x80);
            zigzag >>= 7;
        }
        footer.push(zigzag as u8);
        footer.extend([0x19, 0x0c, 0x00]); // 4: empty list of row groups, end
        let length = u32::try_from(footer.len()).unwrap();
        let mut file = b"PAR1".to_vec();
        file.extend(&footer);
        file.extend(length.to_le_bytes());
        file.extend(b"PAR1");
        file
    }

    fn rows(file: &[u8]) -> Result<u64, String> {
        let end = file.len().checked_sub(TAIL).ok_or("short")?;
        let length = footer_length(&file[end..])? as usize;
        footer_rows(&file[end - length..end])
    }

    #[test]
    fn rows_are_read() {
        assert_eq!(rows(&file(0)), Ok(0));
        assert_eq!(rows(&file(1_000_000)), Ok(1_000_000));
    }

    #[test]
    fn what_is_no_footer_is_named() {
        assert!(footer_length(b"").unwrap_err().contains("shorter"));
        assert!(footer_length(b"\x01\0\0\0PARE").unwrap_err().contains("encrypted"));
        assert!(footer_length(b"\x01\0\0\0GZIP").unwrap_err().contains("does not end"));
        assert!(footer_length(b"\xff\xff\xff\xffPAR1").is_err());
        assert!(footer_rows(&[0]).unwrap_err().contains("without"));
    }

    #[test]
    fn a_footer_cut_off_anywhere_is_refused_or_says_the_same() {
        let file = file(7);
        let footer = &file[4..file.len() - TAIL];
        for end in 0..footer.len() {
            assert!(matches!(footer_rows(&footer[..end]), Err(_) | Ok(7)));
        }
    }

    #[test]
    fn a_deep_or_huge_footer_ends() {
        assert!(footer_rows(&[0x1c; 4096]).is_err());
        // A list that claims 2^60 elements.
        assert!(footer_rows(&[0x19, 0xf5, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 1]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = footer_rows(&bytes);
            let _ = footer_length(&bytes);
        }
    }
}
