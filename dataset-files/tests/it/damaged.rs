//! Files that are cut, damaged, or lie.

use dataset_files::{ErrorKind, FilesRead};

use crate::{Lake, empty, path, peer};

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said() {
    let whole = empty();
    let footer = |length: u32, magic: &[u8]| [b"PAR1", &[0; 30][..], &length.to_le_bytes(), magic].concat();
    let lake = Lake::new();
    for (content, kind, says) in [
        (vec![], ErrorKind::Decode, "it has no bytes"),
        (b"PAR1".to_vec(), ErrorKind::Decode, "it is cut, or was never finished"),
        (whole[..whole.len() - 1].to_vec(), ErrorKind::Decode, "it is cut, or was never finished"),
        (b"id,name\n1,x\n".to_vec(), ErrorKind::Decode, "neither Parquet nor Avro (it is a text)"),
        (vec![0x1f, 0x8b, 8, 0], ErrorKind::Decode, "packed with gzip as a whole"),
        (vec![0; 1000], ErrorKind::Decode, "neither Parquet nor Avro"),
        (footer(u32::MAX, b"PAR1"), ErrorKind::Decode, "its footer claims 4294967295 bytes, and the file has 42"),
        (footer(0, b"PAR1"), ErrorKind::Decode, "its footer claims 0 bytes"),
        (footer(20, b"PARE"), ErrorKind::Rejected, "its footer is encrypted"),
        (footer(20, b"PAR1"), ErrorKind::Decode, "damaged"),
        (b"Obj\x01".to_vec(), ErrorKind::Decode, "it ends within its header"),
        (b"Obj\x01\x00aaaaaaaaaaaaaaaa".to_vec(), ErrorKind::Decode, "its header has no schema"),
        (b"Obj\x01\x02\x16avro.schema\x02{\x00aaaaaaaaaaaaaaaa".to_vec(), ErrorKind::Decode, "its schema"),
    ] {
        let path = lake.put("damaged", content.clone()).await;
        let error = lake.files.describe(&path).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(says), "{says} is not in {error}");
        assert!(error.to_string().contains("s3://lake/damaged"), "{error}");
        assert_eq!(lake.files.first_rows(&path, 5).await.unwrap_err().kind(), kind);
    }
}

/// A sequence of numbers that is the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % most as u64).unwrap()
    }
}

fn spoilt(whole: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut spoilt = whole.to_vec();
    for _ in 0..=dice.below(4) {
        if spoilt.is_empty() {
            break;
        }
        let at = dice.below(spoilt.len());
        match dice.below(6) {
            0 => spoilt[at] ^= 1 << dice.below(8),
            1 => spoilt[at] = [0, 0x7f, 0x80, 0xff][dice.below(4)],
            2 => drop(spoilt.remove(at)),
            3 => spoilt.insert(at, u8::try_from(dice.below(256)).unwrap()),
            // A length without an end.
            4 => spoilt.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f]).for_each(drop),
            _ => spoilt.truncate(at.max(1)),
        }
    }
    spoilt
}

/// Thousands of damaged footers: each is read, or refused.
#[tokio::test]
async fn no_footer_does_harm() {
    let whole = empty();
    let lake = Lake::new();
    let mut dice = Dice(7);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..4000 {
        // The end stays right, so that the footer is reached.
        let mut file = spoilt(&whole[..whole.len() - 8], &mut dice);
        let length = u32::try_from(file.len().saturating_sub(4)).unwrap();
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(b"PAR1");
        let path = lake.put("damaged", file).await;
        match lake.files.describe(&path).await {
            Ok(_) => read += 1,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Decode | ErrorKind::Rejected), "{error}");
                refused += 1;
            }
        }
        drop(lake.files.first_rows(&path, 3).await);
    }
    assert!(read > 0 && refused > 1000, "{read} were read, {refused} refused");
}

/// The same of files with rows, anywhere in them.
#[tokio::test]
async fn no_page_and_no_block_does_harm() {
    let Some((folder, _)) = peer::made() else { return };
    let lake = Lake::new();
    let mut dice = Dice(11);
    for name in [
        "plain.parquet",
        "v2.parquet",
        "small-pages-v2.parquet",
        "deltas.parquet",
        "gzip.parquet",
        "snappy.avro",
        "null.avro",
    ] {
        let whole = std::fs::read(folder.join("made").join(name)).unwrap();
        let mut refused = 0;
        for _ in 0..150 {
            let path = lake.put("damaged", spoilt(&whole, &mut dice)).await;
            if let Err(error) = lake.files.first_rows(&path, 20).await {
                assert!(matches!(error.kind(), ErrorKind::Decode | ErrorKind::Rejected), "{error}");
                refused += 1;
            }
        }
        assert!(refused > 0, "{name}");
    }
}

#[tokio::test]
async fn what_is_encrypted_is_told_so() {
    let Some((folder, _)) = peer::made() else { return };
    let files = dataset_files::DatasetFiles::local(folder);
    let error = files.describe(&path("s3://made/encrypted.parquet")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Rejected, Some("the file is not read: its footer is encrypted"))
    );
    let preview = files.first_rows(&path("s3://made/encrypted-columns.parquet"), 1).await.unwrap();
    assert_eq!(
        (preview.left_out[0].name.as_str(), preview.left_out[0].why.as_str()),
        ("name", "it is encrypted, or damaged")
    );
}

/// A file that ends anywhere is no file.
#[tokio::test]
async fn a_file_that_is_cut_is_refused_wherever_it_is_cut() {
    let Some((folder, _)) = peer::made() else { return };
    let lake = Lake::new();
    for (name, step) in [("int96.parquet", 13), ("none.avro", 1)] {
        let whole = std::fs::read(folder.join("made").join(name)).unwrap();
        for end in (1..whole.len()).step_by(step) {
            let path = lake.put("cut", &whole[..end]).await;
            let error = lake.files.describe(&path).await.expect_err(name);
            assert_eq!(error.kind(), ErrorKind::Decode, "{name} at {end}: {error}");
        }
    }
}
