//! Lists, page by page, until they are whole.

use std::cmp::Ordering;

use ops_client::http::Call;
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Api;
use super::lenient::maybe_number;

/// Pages are not made smaller than this.
const SMALLEST_PAGE: usize = 50;
/// How often a list is read that changes while it is read.
const READINGS: usize = 3;

/// One page of any list.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(
        alias = "dags",
        alias = "dag_runs",
        alias = "task_instances",
        alias = "xcom_entries",
        alias = "variables",
        alias = "pools",
        alias = "import_errors",
        alias = "event_logs"
    )]
    entries: Vec<T>,
    #[serde(default, deserialize_with = "maybe_number")]
    total_entries: Option<usize>,
}

/// What is asked for: so many, from there on.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Window {
    /// As most lists want it.
    pub(super) fn query(self, call: Call) -> Call {
        call.query("limit", self.limit.to_string()).query("offset", self.offset.to_string())
    }
}

impl Api<'_> {
    /// A whole list, in this order, each object once. It is checked against the number that the server names, and read
    /// again where they differ: objects may come and go between two pages.
    pub(super) async fn whole<T>(
        &self,
        call: impl Fn(Window) -> Call + Sync,
        order: impl Fn(&T, &T) -> Ordering + Send,
    ) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Send,
    {
        let mut last = (0, 0);
        for _ in 0..READINGS {
            let (mut list, total) = self.pages::<T>(usize::MAX, &call).await?;
            list.sort_by(&order);
            list.dedup_by(|a, b| order(a, b).is_eq());
            if list.len() == total {
                return Ok(list);
            }
            last = (list.len(), total);
        }
        let (found, total) = last;
        Err(Error::new(self.op, ErrorKind::Decode, Effect::None)
            .with_message(format!("the list does not add up: {found} different ones came, the server names {total}"))
            .with_remedy("ask again: what is listed may be changing faster than it can be read; larger pages help"))
    }

    /// The first `most` of a list, in the server's order, and how many there are in all.
    pub(super) async fn pages<T>(&self, most: usize, call: impl Fn(Window) -> Call + Sync) -> Result<(Vec<T>, usize)>
    where
        T: DeserializeOwned + Send,
    {
        let mut size = self.page_size;
        let mut list: Vec<T> = Vec::new();
        loop {
            let window = Window { limit: size.min(most - list.len()), offset: list.len() };
            let reply = match self.send(call(window)).await {
                Err(error) if is_too_slow(&error) && size > SMALLEST_PAGE => {
                    size = (size / 2).max(SMALLEST_PAGE);
                    continue;
                }
                other => other?,
            };
            let page: Page<T> = reply.json()?;
            drop(reply);
            let came = page.entries.len();
            list.extend(page.entries);
            // A server that names no number has no more once it brings fewer than were asked for.
            let total = page.total_entries.unwrap_or(list.len() + usize::from(came >= window.limit));
            if came == 0 || list.len() >= total || list.len() >= most {
                list.truncate(most);
                return Ok((list, total));
            }
        }
    }
}

/// Whether fewer at once might have come in time.
fn is_too_slow(error: &Error) -> bool {
    error.status() == Some(504) || (error.kind() == ErrorKind::Timeout && error.status().is_none())
}
