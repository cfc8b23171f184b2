//! The mocks stand where a port is expected.

use metapod_client::{
    Effect, Error, ErrorKind, MetapodRead, MetapodWrite, MockMetapodRead, MockMetapodWrite, Transaction,
};

use crate::support::{DATASET, TRANSACTION};

#[tokio::test]
async fn a_mock_tells_one_unhappy_reply() {
    let mut writes = MockMetapodWrite::new();
    writes
        .expect_retract_committed_dataset()
        .withf(|id| id.to_string() == DATASET)
        .once()
        .returning(|_| Err(Error::new("metapod.retract_committed_dataset", ErrorKind::Timeout, Effect::Possible)));
    let writes: Box<dyn MetapodWrite> = Box::new(writes);
    let error = writes.retract_committed_dataset(DATASET.parse().unwrap()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Possible);
}

#[tokio::test]
async fn a_mock_tells_a_transaction() {
    let mut reads = MockMetapodRead::new();
    reads.expect_transaction().returning(|id| Ok(Transaction::new(id)));
    let reads: Box<dyn MetapodRead> = Box::new(reads);
    let id = TRANSACTION.parse().unwrap();
    assert_eq!(reads.transaction(id).await.unwrap().id, id);
}
