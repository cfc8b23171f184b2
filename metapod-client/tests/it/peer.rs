//! The documents and variables before a GraphQL server by another hand, `peers/graphql`, whose address is in
//! `GRAPHQL_PEER_URL`. It validates them, reads, and refuses to change anything: that refusal shows that they were valid.

use std::io::Write;

use metapod_client::{
    Attribute, CommitDataset, CommitFormat, CreateTransaction, CreateType, DatasetAction, Environment, Error,
    ErrorKind, LogicalType, MetapodClient, MetapodRead, MetapodWrite, Schema, TransactionType,
};

/// `None`, said aloud, where no peer runs. In CI that is a failure.
#[expect(clippy::disallowed_methods, reason = "where the peer listens is known to the script that started it")]
#[expect(clippy::explicit_write, reason = "what a passing test prints is not shown, unless it goes straight out")]
fn client() -> Option<MetapodClient> {
    let Ok(address) = std::env::var("GRAPHQL_PEER_URL") else {
        assert!(std::env::var_os("CI").is_none(), "in CI the peer must run: GRAPHQL_PEER_URL is not set");
        writeln!(std::io::stderr(), "skipped: start peers/graphql and set GRAPHQL_PEER_URL").unwrap();
        return None;
    };
    Some(MetapodClient::builder(Environment::new("test"), &address).build().unwrap())
}

fn valid_but_refused(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert!(error.to_string().contains("this server only reads"), "{error}");
}

#[tokio::test]
async fn a_transaction_is_read() {
    let Some(client) = client() else { return };
    // The first one of Sonar's conformance scenario, which the peer serves.
    let id = "f1286abb-f69b-5874-910a-c91681b639f6".parse().unwrap();
    let found = client.transaction(id).await.unwrap();
    assert_eq!((found.id, found.transaction_type), (id, Some(TransactionType::Daily)));
    assert_eq!(found.target_date, Some("2018-01-18".parse().unwrap()));

    let unknown = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    assert_eq!(client.transaction(unknown).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_commit_is_valid() {
    let Some(client) = client() else { return };
    let bare = CommitDataset::new(
        "f1286abb-f69b-5874-910a-c91681b639f6".parse().unwrap(),
        "5a5fe3c0-a60c-42d2-8918-5d950ee88136".parse().unwrap(),
        CommitFormat::Parquet,
        "s3://bucket/empty.gz.parquet".parse().unwrap(),
    );
    let mut tags = Attribute::new("tags").with_type(LogicalType::Array);
    tags.logical_sub_type = Some(LogicalType::String);
    tags.primary_key = Some(false);
    tags.nullable = Some(true);
    tags.description = Some("The tags.".to_owned());
    let whole = bare.clone().with_schema(Schema::new(vec![tags])).with_actions(vec![DatasetAction::CreateArchive]);
    for commit in [bare, whole] {
        valid_but_refused(&client.commit_dataset(&commit).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_new_transaction_is_valid() {
    let Some(client) = client() else { return };
    for kind in [CreateType::Daily, CreateType::Custom] {
        let create = CreateTransaction::new(kind, vec!["dataset/a".parse().unwrap()]);
        valid_but_refused(&client.create_transaction(&create).await.unwrap_err());
    }
}
