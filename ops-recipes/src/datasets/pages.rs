use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use metapod_model::{DatasetName, TransactionId};
use ops_client::Result;
use sonar_client::{DatasetDetail, SonarRead};

/// How many datasets one query asks about: schemas are large.
const PAGE: usize = 500;
/// How many of these queries are on their way at once.
const AT_ONCE: usize = 3;

/// All that is known of many datasets, page by page; no more than a few pages are in memory.
pub(crate) fn details(
    sonar: &Arc<dyn SonarRead>,
    transaction: TransactionId,
    names: Vec<DatasetName>,
) -> impl Stream<Item = Result<Vec<DatasetDetail>>> + Send + use<> {
    let sonar = Arc::clone(sonar);
    stream::iter(names.chunks(PAGE).map(<[DatasetName]>::to_vec).collect::<Vec<_>>())
        .map(move |page| {
            let sonar = Arc::clone(&sonar);
            async move { sonar.details(transaction, &page).await }
        })
        .buffered(AT_ONCE)
}
