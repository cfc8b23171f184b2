//! What is asked of a server, with bounds.

use std::io::{Error, Result};
use std::time::Duration;

use serde_json::Value;

/// A client of this machine's servers: no proxy, no connection that outlives its server.
pub(crate) fn client() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(Error::other)
}

/// The body of an answer; an error with the server's own words where it refuses.
pub(crate) async fn body(request: reqwest::RequestBuilder) -> Result<String> {
    let answer = request.send().await.map_err(Error::other)?;
    let (status, url) = (answer.status(), answer.url().clone());
    let text = answer.text().await.map_err(Error::other)?;
    if status.is_success() { Ok(text) } else { Err(Error::other(format!("{url} answers {status}: {text}"))) }
}

/// Asks a server that should answer at once.
pub(crate) async fn get(client: &reqwest::Client, url: &str) -> Result<String> {
    body(client.get(url).timeout(Duration::from_secs(2))).await
}

/// Sends JSON, and reads JSON.
pub(crate) async fn post(client: &reqwest::Client, url: &str, what: &Value) -> Result<Value> {
    let request = client.post(url).header("content-type", "application/json").header("accept", "application/json");
    let text = body(request.body(what.to_string())).await?;
    serde_json::from_str(&text).map_err(Error::other)
}
