//! An answer that is read line by line, for what has no natural end: logs.

use std::fmt;
use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

use super::Reply;
use super::send::Delivered;
use crate::{Effect, Error, ErrorKind, Result};

/// What an answer that is read line by line may bring.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineLimits {
    /// The whole answer, in bytes. 64 MiB.
    pub total: u64,
    /// One line, in bytes. 1 MiB.
    pub line: usize,
    /// How long nothing may come. 60 s.
    pub idle: Duration,
}

impl Default for LineLimits {
    fn default() -> Self {
        Self { total: 64 << 20, line: 1 << 20, idle: Duration::from_secs(60) }
    }
}

impl LineLimits {
    /// With at most so many bytes.
    #[must_use]
    pub fn with_total(mut self, bytes: u64) -> Self {
        self.total = bytes;
        self
    }

    /// With lines of at most so many bytes.
    #[must_use]
    pub fn with_line(mut self, bytes: usize) -> Self {
        self.line = bytes;
        self
    }

    /// With so much time in which nothing may come.
    #[must_use]
    pub fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }
}

/// The lines of an answer. At any time no more than one line and one piece of the network are held.
pub struct Lines {
    reply: Reply,
    open: Option<Response>,
    limits: LineLimits,
    /// What came and was not handed out yet: from `at` on.
    held: Vec<u8>,
    at: usize,
    /// Up to where `held` was searched for the end of a line.
    searched: usize,
    brought: u64,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("reply", &self.reply).field("brought", &self.brought).finish_non_exhaustive()
    }
}

impl Lines {
    pub(super) fn new(delivered: Delivered, limits: LineLimits) -> Self {
        let Delivered { reply, open } = delivered;
        Self { reply, open, limits, held: Vec::new(), at: 0, searched: 0, brought: 0 }
    }

    /// The answer without its body: status and headers.
    pub fn reply(&self) -> &Reply {
        &self.reply
    }

    /// The next line, without its end; what is not UTF-8 is replaced. `None` after the last one.
    ///
    /// # Errors
    /// `Decode` where the answer or a line is larger than it may be, `Timeout` where nothing came for too long, `Unavailable`
    /// where the answer broke off. After an error comes nothing more.
    pub async fn next(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(end) = self.held[self.searched..].iter().position(|byte| *byte == b'\n') {
                let end = self.searched + end;
                let line = text(&self.held[self.at..end]);
                (self.at, self.searched) = (end + 1, end + 1);
                return Ok(Some(line));
            }
            self.searched = self.held.len();
            if self.held.len() - self.at > self.limits.line {
                return self.end(ErrorKind::Decode, format!("a line is longer than {} bytes", self.limits.line));
            }
            let Some(response) = &mut self.open else {
                let rest = std::mem::take(&mut self.held);
                let last = (rest.len() > self.at).then(|| text(&rest[self.at..]));
                (self.at, self.searched) = (0, 0);
                return Ok(last);
            };
            match timeout(self.limits.idle, response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    self.brought = self.brought.saturating_add(chunk.len() as u64);
                    if self.brought > self.limits.total {
                        let message = format!("the answer is larger than the limit of {} bytes", self.limits.total);
                        return self.end(ErrorKind::Decode, message);
                    }
                    self.held.drain(..self.at);
                    self.searched -= self.at;
                    self.at = 0;
                    self.held.extend_from_slice(&chunk);
                }
                Ok(Ok(None)) => self.open = None,
                Ok(Err(error)) => {
                    let message = format!("the answer broke off after {} bytes", self.brought);
                    let ended = self.end(ErrorKind::Unavailable, message);
                    return ended.map_err(|ended| ended.with_source(error.without_url()));
                }
                Err(_) => {
                    let message = format!("nothing came for {:.1} s", self.limits.idle.as_secs_f64());
                    return self.end(ErrorKind::Timeout, message);
                }
            }
        }
    }

    /// Gives up: what is held is dropped with the connection.
    fn end(&mut self, kind: ErrorKind, message: String) -> Result<Option<String>> {
        self.open = None;
        self.held = Vec::new();
        (self.at, self.searched) = (0, 0);
        let error: Error = self.reply.failure(kind, Effect::Possible);
        Err(error.with_message(message))
    }
}

fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}
