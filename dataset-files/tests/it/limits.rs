//! What is too large is refused, or left out, and it is said.

use dataset_files::{DatasetFiles, ErrorKind, FileSchema, FilesRead, Limits, empty_parquet};

use crate::{Lake, path, peer};

#[tokio::test]
async fn a_large_footer_is_read_by_one_more_range_or_refused() {
    let columns: String = (0..3000).map(|column| format!("optional int64 column_{column};")).collect();
    let schema = FileSchema::parse(&format!("message m {{ {columns} }}")).unwrap();
    let file = empty_parquet(&schema).unwrap();
    assert!(file.len() > 128 << 10);
    let lake = Lake::new();
    let path = lake.put("wide.parquet", file.clone()).await;
    let read = lake.files.describe(&path).await.unwrap();
    assert_eq!((read.columns.len(), read.rows), (3000, Some(0)));
    assert!(read.bytes_read <= file.len() as u64);

    let strict = lake.files.clone().with_limits(Limits::default().with_footer_bytes(100_000));
    let error = strict.describe(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert!(error.to_string().contains("larger than 97 KiB"), "{error}");
    // A file without rows shows its first columns, and says what it does not show.
    let preview = lake.files.first_rows(&path, 20).await.unwrap();
    assert_eq!((preview.rows.len(), preview.columns.len(), preview.left_out.len()), (0, 100, 2900));
}

#[tokio::test]
async fn what_goes_beyond_a_limit_is_left_out_and_said() {
    let Some((folder, _)) = peer::made() else { return };
    let files = DatasetFiles::local(folder);
    let at = path("s3://made/snappy.parquet");
    let with = |limits: Limits| files.clone().with_limits(limits);

    let few = with(Limits::default().with_columns(3).with_rows(2)).first_rows(&at, 1000).await.unwrap();
    assert_eq!((few.columns.len(), few.rows.len(), few.more), (3, 2, true));
    assert_eq!(few.left_out[0].why, "only 3 columns are shown");

    let small = with(Limits::default().with_unpacked_bytes(100)).first_rows(&at, 20).await.unwrap();
    assert!(small.left_out.iter().any(|out| out.name == "id" && out.why.contains("larger than 100 bytes")));
    assert!(!small.columns.is_empty() && small.rows.iter().all(|row| row.len() == small.columns.len()));

    let short = with(Limits::default().with_value_chars(5)).first_rows(&at, 20).await.unwrap();
    assert!(short.rows.iter().flatten().all(|value| match value {
        dataset_files::Value::Text(text) | dataset_files::Value::Nested(text) | dataset_files::Value::Bytes(text) => {
            text.chars().count() <= 6
        }
        _ => true,
    }));

    let frugal = with(Limits::default().with_column_bytes(10)).first_rows(&at, 20).await.unwrap();
    assert!(frugal.columns.is_empty() && frugal.left_out[0].why.contains("take more than 10 bytes"));

    for limits in [Limits::default().with_avro_block_bytes(10), Limits::default().with_unpacked_bytes(10)] {
        let error = with(limits).first_rows(&path("s3://made/deflate.avro"), 20).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    }
    let header = Limits::default().with_tail_bytes(64).with_avro_header_bytes(100);
    assert_eq!(with(header).describe(&path("s3://made/many.avro")).await.unwrap_err().kind(), ErrorKind::Rejected);
    // A smaller first read is no limit.
    let slow = Limits::default().with_tail_bytes(64);
    assert_eq!(with(slow).first_rows(&path("s3://made/many.avro"), 20).await.unwrap().rows.len(), 20);
    assert_eq!(with(slow).first_rows(&at, 20).await.unwrap().rows.len(), 20);
}

#[tokio::test]
async fn of_an_avro_file_only_the_blocks_that_hold_the_rows_are_read() {
    let Some((folder, _)) = peer::made() else { return };
    let files = DatasetFiles::local(folder).with_limits(Limits::default().with_tail_bytes(4096));
    let file = files.describe(&path("s3://made/many.avro")).await.unwrap();
    assert_eq!(file.rows, None);
    let preview = files.first_rows(&path("s3://made/many.avro"), 20).await.unwrap();
    assert!(preview.more && preview.bytes_read < file.size / 10, "{} of {}", preview.bytes_read, file.size);
}
