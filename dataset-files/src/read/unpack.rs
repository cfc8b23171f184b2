//! Unpacking, never beyond what was announced: a few bytes can blow up to any size.

use std::io::Read as _;

use super::{Read, Refusal};

/// Unpacks Snappy's bare format.
pub(super) fn snappy(packed: &[u8], most: usize) -> Read<Vec<u8>> {
    let claimed = snap::raw::decompress_len(packed).map_err(|error| Refusal::damaged(format!("snappy: {error}")))?;
    if claimed > most {
        return Err(beyond(claimed as u64, most));
    }
    snap::raw::Decoder::new().decompress_vec(packed).map_err(|error| Refusal::damaged(format!("snappy: {error}")))
}

pub(super) fn gzip(packed: &[u8], most: usize) -> Read<Vec<u8>> {
    all("gzip", flate2::read::MultiGzDecoder::new(packed), most)
}

/// Deflate without a header, as Avro has it.
pub(super) fn deflate(packed: &[u8], most: usize) -> Read<Vec<u8>> {
    all("deflate", flate2::read::DeflateDecoder::new(packed), most)
}

pub(super) fn zstd(packed: &[u8], most: usize) -> Read<Vec<u8>> {
    let broken = |error| Refusal::damaged(format!("zstd: {error}"));
    let mut decoder = zstd::stream::read::Decoder::new(packed).map_err(broken)?;
    // A frame may ask for a window of gigabytes; nothing here is larger than this.
    decoder.window_log_max(27).map_err(broken)?;
    all("zstd", decoder, most)
}

fn all(codec: &str, packed: impl std::io::Read, most: usize) -> Read<Vec<u8>> {
    let mut unpacked = Vec::new();
    let mut bounded = packed.take(most as u64 + 1);
    bounded.read_to_end(&mut unpacked).map_err(|error| Refusal::damaged(format!("{codec}: {error}")))?;
    if unpacked.len() > most {
        return Err(beyond(unpacked.len() as u64, most));
    }
    Ok(unpacked)
}

fn beyond(size: u64, most: usize) -> Refusal {
    Refusal::beyond(format!("unpacked it has {size} bytes or more, and {most} are expected or allowed"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn nothing_blows_up() {
        let zeros = vec![0; 1 << 20];
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflated.write_all(&zeros).unwrap();
        let mut gzipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzipped.write_all(&zeros).unwrap();
        type Unpack = fn(&[u8], usize) -> Read<Vec<u8>>;
        let cases: [(Unpack, Vec<u8>); 4] = [
            (deflate, deflated.finish().unwrap()),
            (gzip, gzipped.finish().unwrap()),
            (snappy, snap::raw::Encoder::new().compress_vec(&zeros).unwrap()),
            (zstd, zstd::encode_all(&zeros[..], 3).unwrap()),
        ];
        for (unpack, packed) in cases {
            assert_eq!(unpack(&packed, 1 << 20).as_deref(), Ok(&zeros[..]));
            assert!(matches!(unpack(&packed, (1 << 20) - 1), Err(Refusal::Beyond(_))));
            assert!(matches!(unpack(&packed[..packed.len() / 2], 1 << 20), Err(Refusal::Damaged(_))));
        }
    }
}
