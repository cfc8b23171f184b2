//! The least that a Rust program can do: the same calls with the same headers, ten at once, and nothing else.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use metapod_client::DatasetId;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH};

use crate::Result;
use benchmarks::sandbox::TOKEN;

pub(crate) async fn run(metapod: &str, ids: &[DatasetId], at_once: usize) -> Result<Duration> {
    let client = reqwest::Client::builder().user_agent("bare-loop").no_proxy().build()?;
    let begun = Instant::now();
    let calls = ids.iter().map(|id| {
        let request = client
            .post(format!("{metapod}/api/migrations/retract/committed-dataset/{id}"))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(CONTENT_LENGTH, "0");
        async move {
            let response = request.send().await?;
            let status = response.status();
            response.bytes().await?;
            if status.is_success() { Ok(()) } else { Err(format!("the server answered {status}").into()) }
        }
    });
    stream::iter(calls).buffer_unordered(at_once).try_collect::<()>().await.map_err(|e: benchmarks::Error| e)?;
    Ok(begun.elapsed())
}
