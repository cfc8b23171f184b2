//! Asking every system at once, each for so long and no longer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, join_all, select};
use ops_client::Result;

use super::System;

/// The answers, in the order of the systems; what does not answer in time is an error in words.
pub(crate) async fn ask_all<'a, T, S, F>(
    systems: &'a [Arc<dyn System>],
    patience: Duration,
    sleep: &S,
    question: impl Fn(&'a dyn System) -> BoxFuture<'a, Result<T>> + Send,
) -> Vec<(&'a dyn System, Result<T, String>)>
where
    S: Fn(Duration) -> F + Sync,
    F: Future<Output = ()> + Send,
    T: Send,
{
    join_all(systems.iter().map(|system| {
        let answer = question(&**system);
        let limit = Box::pin(sleep(patience));
        async move {
            let answer = match select(answer, limit).await {
                Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
                Either::Right(_) => Err(format!("no answer within {} s", patience.as_secs())),
            };
            (&**system, answer)
        }
    }))
    .await
}
