//! Over S3, as a stand-in for AWS has it (`peers/aws`).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;

use dataset_files::object_store::aws::AmazonS3Builder;
use dataset_files::object_store::path::Path;
use dataset_files::object_store::{ObjectStore, ObjectStoreExt};
use dataset_files::{DatasetFiles, Effect, ErrorKind, FilesRead, FilesWrite, Look, S3Builder};

use ops_client::Environment;
use ops_client::http::Endpoint;

use crate::{empty, path, peer};

const SECRET: &str = "planted/secret+4711";

/// The stand-in's address, or `None`, said aloud, where none runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
fn address() -> Option<String> {
    let address = std::env::var("AWS_PEER_URL").ok();
    if address.is_none() {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: AWS_PEER_URL is not set");
        writeln!(std::io::stderr(), "skipped: start peers/aws and set AWS_PEER_URL").unwrap();
    }
    address
}

/// S3 in a region of the test's own, and a new bucket there.
async fn lake(address: &str, region: &str) -> (S3Builder, String) {
    order(address, "play", region).await;
    let bucket = format!("lake-{:x}", RandomState::new().build_hasher().finish());
    let client = Endpoint::builder(Environment::new("test"), address).build().unwrap();
    // Buckets are made by a call that has no place in a crate that reads. The stand-in looks at no signature.
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=AKIA/20261126/{region}/s3/aws4_request, SignedHeaders=host, Signature=x");
    let body = format!(
        "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    );
    let call = client.put("peer.bucket").segments(&[&bucket]).header("authorization", &scope);
    call.body("application/xml", body.into_bytes()).send().await.unwrap();
    let s3 = S3Builder::new().endpoint(address).region(region).retries(1);
    (s3.credentials("AKIAIOSFODNN7EXAMPLE", SECRET, None), bucket)
}

/// An order to the stand-in.
async fn order(address: &str, order: &str, region: &str) {
    let orders = Endpoint::builder(Environment::new("test"), address).build().unwrap();
    let segments: Vec<&str> = std::iter::once("peer").chain(order.split('/')).collect();
    orders.post("peer.order").segments(&segments).query("region", region).empty().send().await.unwrap();
}

#[tokio::test]
async fn files_of_s3_are_looked_at_by_ranges_and_never_overwritten() {
    let Some(address) = address() else { return };
    let (s3, bucket) = lake(&address, "eu-north-1").await;
    let files = DatasetFiles::s3(s3.clone());
    assert!(!format!("{files:?}").contains(SECRET), "{files:?}");

    let at = path(&format!("s3://{bucket}/t/day=1/part-0 é.parquet"));
    assert_eq!(files.look(&at).await.unwrap(), Look::Missing);
    files.put_new(&at, empty()).await.unwrap();
    let Look::File { size, modified } = files.look(&at).await.unwrap() else { panic!() };
    assert!(size == empty().len() as u64 && modified > jiff::Timestamp::UNIX_EPOCH);
    let error = files.put_new(&at, b"other".to_vec()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None), "{error}");
    assert!(files.describe(&at).await.unwrap().is_empty());
    let Look::Folder { files: below, more: false } = files.look(&path(&format!("s3://{bucket}/t"))).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(below[0].path, at);
    assert_eq!(files.describe(&path(&format!("s3://{bucket}/t"))).await.unwrap().path, at);

    let error = files.look(&path("s3://no-such-lake/x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(error.message(), Some("there is no such bucket"), "{error}");
    let error = files.put_new(&path("s3://no-such-lake/x"), empty()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::None), "{error}");
}

#[tokio::test]
async fn rows_come_by_ranges() {
    let (Some(address), Some((folder, expected))) = (address(), peer::made()) else { return };
    let (s3, bucket) = lake(&address, "eu-west-3").await;
    let files = DatasetFiles::s3(s3);
    for name in ["snappy.parquet", "many.avro"] {
        let at = path(&format!("s3a://{bucket}/{name}"));
        files.put_new(&at, std::fs::read(folder.join("made").join(name)).unwrap()).await.unwrap();
        let preview = files.first_rows(&at, 20).await.unwrap();
        peer::same(name, &expected[name], &preview.rows);
    }
    // The store of another hand may be given, too.
    let store = AmazonS3Builder::new()
        .with_endpoint(&address)
        .with_allow_http(true)
        .with_region("eu-west-3")
        .with_bucket_name(&bucket)
        .with_access_key_id("AKIAIOSFODNN7EXAMPLE")
        .with_secret_access_key(SECRET)
        .build()
        .unwrap();
    store.put(&Path::from("given"), empty().into()).await.unwrap();
    let given =
        DatasetFiles::memory().with_bucket("any", std::sync::Arc::new(store) as std::sync::Arc<dyn ObjectStore>);
    assert!(given.describe(&path("s3://any/given")).await.unwrap().is_empty());
}

#[tokio::test]
async fn credentials_that_have_expired_are_told_so() {
    let Some(address) = address() else { return };
    let (s3, bucket) = lake(&address, "af-south-1").await;
    for (fault, kind) in [("expired", ErrorKind::Unauthenticated), ("unavailable", ErrorKind::Unavailable)] {
        order(&address, &format!("fault/{fault}"), "af-south-1").await;
        let files = DatasetFiles::s3(s3.clone().retries(0));
        let at = path(&format!("s3://{bucket}/x"));
        let look = files.look(&at).await.unwrap_err();
        assert_eq!((look.kind(), look.effect()), (kind, Effect::None), "{look}");
        let put = files.put_new(&at, empty()).await.unwrap_err();
        let effect = if fault == "expired" { Effect::None } else { Effect::Possible };
        assert_eq!((put.kind(), put.effect()), (kind, effect), "{put}");
        for error in [look, put] {
            assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
            if fault == "expired" {
                assert!(error.words().unwrap().starts_with("ExpiredToken: "), "{error}");
                assert!(error.remedy().is_some());
            }
        }
    }
    // Others ask there, too.
    order(&address, "play", "af-south-1").await;
}

#[tokio::test]
async fn without_tls_only_this_machine_is_asked() {
    let far = DatasetFiles::s3(
        S3Builder::new().endpoint("http://s3.example.com/").region("us-east-1").credentials("a", SECRET, None),
    );
    let error = far.look(&path("s3://lake/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
    assert!(error.to_string().contains("without TLS"), "{error}");

    // Nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let here = S3Builder::new()
        .endpoint(format!("http://{closed}"))
        .region("us-east-1")
        .credentials("a", SECRET, None)
        .retries(0);
    let error = DatasetFiles::s3(here).look(&path("s3://lake/x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
}
