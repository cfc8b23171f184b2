//! What is at a path, and writing what is new.

use dataset_files::{DatasetFiles, Effect, ErrorKind, FilesRead, FilesWrite, Look};

use crate::{Lake, empty, path};

fn names(look: Look) -> Vec<String> {
    match look {
        Look::Folder { files, more: false } => files.into_iter().map(|file| file.path.as_str().to_owned()).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_folder_as_spark_writes_it_is_its_files_with_data() {
    let lake = Lake::new();
    for key in
        ["t/_SUCCESS", "t/_metadata", "t/.part-0.parquet.crc", "t/_delta_log/0.json", "t/_temporary/0/part-9.parquet"]
    {
        lake.put(key, "x").await;
    }
    lake.put("t/part-0-empty.parquet", "").await;
    assert!(names(lake.files.look(&path("s3://lake/t")).await.unwrap()).is_empty());
    assert_eq!(lake.files.describe(&path("s3://lake/t")).await.unwrap_err().kind(), ErrorKind::NotFound);

    lake.put("t/_day=2/part-2.parquet", empty()).await;
    lake.put("t/part-1.parquet", empty()).await;
    lake.put("table/part-3.parquet", empty()).await;
    let wanted = ["s3a://lake/t/_day=2/part-2.parquet", "s3a://lake/t/part-1.parquet"];
    for folder in ["s3a://lake/t", "s3a://lake/t/"] {
        assert_eq!(names(lake.files.look(&path(folder)).await.unwrap()), wanted);
        assert_eq!(lake.files.describe(&path(folder)).await.unwrap().path, path(wanted[0]));
        assert_eq!(lake.files.first_rows(&path(folder), 1).await.unwrap().path, path(wanted[0]));
    }
    assert_eq!(lake.files.look(&path("s3://lake/tab")).await.unwrap(), Look::Missing);
    assert!(
        matches!(lake.files.look(&path("s3://lake/t/part-1.parquet")).await.unwrap(), Look::File { size, .. } if size > 100)
    );
}

#[tokio::test]
async fn a_list_is_bounded() {
    let lake = Lake::new();
    for file in 0..30 {
        lake.put(&format!("t/{file:02}"), "x").await;
    }
    let files = lake.files.clone().with_limits(dataset_files::Limits::default().with_listed(7));
    let Look::Folder { files, more: true } = files.look(&path("s3://lake/t")).await.unwrap() else { panic!() };
    assert_eq!(files.len(), 7);
}

/// The same of memory and of folders.
#[tokio::test]
async fn nothing_is_overwritten() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("lake")).unwrap();
    for files in [DatasetFiles::memory(), DatasetFiles::local(root.path())] {
        let at = path("s3://lake/deep/down/empty.parquet");
        assert_eq!(files.look(&at).await.unwrap(), Look::Missing);
        assert_eq!(files.describe(&at).await.unwrap_err().kind(), ErrorKind::NotFound);
        files.put_new(&at, empty()).await.unwrap();
        let error = files.put_new(&at, b"other".to_vec()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
        assert!(files.describe(&at).await.unwrap().is_empty());
        assert_eq!(names(files.look(&path("s3://lake/deep")).await.unwrap()), ["s3://lake/deep/down/empty.parquet"]);
        for wrong in ["s3://lake/a//b", "s3://lake/a/../b", "s3://lake/a/"] {
            assert_eq!(files.put_new(&path(wrong), empty()).await.unwrap_err().kind(), ErrorKind::Invalid, "{wrong}");
        }
    }
    let elsewhere = DatasetFiles::local(root.path()).look(&path("s3://none/x")).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::NotFound);
    assert!(elsewhere.message().unwrap().starts_with("there is no such bucket"), "{elsewhere}");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_leaves_its_bucket_s_folder() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.parquet"), empty()).unwrap();
    let root = tempfile::tempdir().unwrap();
    let bucket = root.path().join("lake");
    std::fs::create_dir_all(bucket.join("t")).unwrap();
    std::fs::write(bucket.join("t/own.parquet"), empty()).unwrap();
    symlink(outside.path(), root.path().join("led")).unwrap();
    symlink(outside.path(), bucket.join("led")).unwrap();
    symlink(outside.path().join("secret.parquet"), bucket.join("t/led.parquet")).unwrap();
    symlink(outside.path().join("new.parquet"), bucket.join("new.parquet")).unwrap();
    symlink(bucket.join("t/own.parquet"), bucket.join("within.parquet")).unwrap();

    let files = DatasetFiles::local(root.path());
    for led in ["s3://lake/led/secret.parquet", "s3://lake/t/led.parquet", "s3://led/secret.parquet", "s3://lake/led"] {
        assert_eq!(files.look(&path(led)).await.unwrap_err().kind(), ErrorKind::Forbidden, "{led}");
        assert_eq!(files.describe(&path(led)).await.unwrap_err().kind(), ErrorKind::Forbidden, "{led}");
    }
    for led in ["s3://lake/led/new.parquet", "s3://lake/new.parquet"] {
        assert_eq!(files.put_new(&path(led), empty()).await.unwrap_err().kind(), ErrorKind::Forbidden, "{led}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(files.look(&path("s3://../x")).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(names(files.look(&path("s3://lake/t")).await.unwrap()), ["s3://lake/t/own.parquet"]);
    assert!(files.describe(&path("s3://lake/within.parquet")).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_bucket_of_memory_is_one_for_all_handles() {
    let files = DatasetFiles::memory();
    files.clone().put_new(&path("s3://a/x"), empty()).await.unwrap();
    assert!(matches!(files.look(&path("s3://a/x")).await.unwrap(), Look::File { .. }));
    assert_eq!(files.look(&path("s3://b/x")).await.unwrap(), Look::Missing);
}
