//! What kind of failure a message tells of.
//!
//! The first pattern of [`KNOWN`] that is in the message decides, whatever its case. What runs out comes before what the network
//! does, because a machine out of memory also refuses connections; what the job itself throws comes last, because everything
//! that fails on a JVM is called an exception in the end.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Class {
    /// The network, or a file that is not there: what new machines and another try may cure.
    Generic,
    /// Something ran out, or a host was lost.
    Resources,
    /// The job's own doing: it will fail again.
    Code,
    /// The message does not tell.
    Unknown,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Generic, Self::Resources, Self::Code, Self::Unknown];
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Generic => "generic",
            Self::Resources => "resources",
            Self::Code => "code",
            Self::Unknown => "unknown",
        })
    }
}

/// Which words tell which kind, in the order in which they are looked for.
pub const KNOWN: &[(&str, Class)] = &[
    ("outofmemory", Class::Resources),
    ("out of memory", Class::Resources),
    ("cannot allocate memory", Class::Resources),
    ("memory limit exceeded", Class::Resources),
    ("exceeding memory limits", Class::Resources),
    ("gc overhead limit", Class::Resources),
    ("no space left on device", Class::Resources),
    ("disk limit exceeded", Class::Resources),
    ("disk quota exceeded", Class::Resources),
    ("too many open files", Class::Resources),
    ("executorlostfailure", Class::Resources),
    ("host was lost", Class::Resources),
    ("slave was lost", Class::Resources),
    ("agent was lost", Class::Resources),
    ("preempted", Class::Resources),
    ("connection refused", Class::Generic),
    ("connection reset", Class::Generic),
    ("connection timed out", Class::Generic),
    ("connect timed out", Class::Generic),
    ("read timed out", Class::Generic),
    ("broken pipe", Class::Generic),
    ("no route to host", Class::Generic),
    ("network is unreachable", Class::Generic),
    ("host is unreachable", Class::Generic),
    ("unknownhostexception", Class::Generic),
    ("unknown host", Class::Generic),
    ("name or service not known", Class::Generic),
    ("temporary failure in name resolution", Class::Generic),
    ("sockettimeoutexception", Class::Generic),
    ("connectexception", Class::Generic),
    ("nohttpresponseexception", Class::Generic),
    ("handshake timed out", Class::Generic),
    ("filenotfoundexception", Class::Generic),
    ("no such file or directory", Class::Generic),
    ("file does not exist", Class::Generic),
    ("path does not exist", Class::Generic),
    ("nosuchkey", Class::Generic),
    ("specified key does not exist", Class::Generic),
    ("status code: 503", Class::Generic),
    ("slow down", Class::Generic),
    ("analysisexception", Class::Code),
    ("nullpointerexception", Class::Code),
    ("classcastexception", Class::Code),
    ("nosuchmethoderror", Class::Code),
    ("assertion", Class::Code),
    ("integrity", Class::Code),
    ("traceback", Class::Code),
    ("panicked at", Class::Code),
    ("exception", Class::Code),
];

/// A table of patterns: those that were added, then [`KNOWN`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Patterns(Vec<(String, Class)>);

impl Patterns {
    /// Only what is known here.
    pub fn new() -> Self {
        Self::default()
    }

    /// Words that tell this kind; they go before all that is known here.
    #[must_use]
    pub fn with(mut self, words: impl Into<String>, class: Class) -> Self {
        let words: String = words.into();
        if !words.trim().is_empty() {
            self.0.push((words, class));
        }
        self
    }

    /// Which kind a message tells.
    pub fn class(&self, message: &str) -> Class {
        let message = message.to_lowercase();
        let own = self.0.iter().find(|(words, _)| message.contains(&words.to_lowercase())).map(|(_, class)| *class);
        let known = || KNOWN.iter().find(|(words, _)| message.contains(words)).map(|(_, class)| *class);
        own.or_else(known).unwrap_or(Class::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let patterns = Patterns::new();
        for (message, class) in [
            ("java.net.ConnectException: Connection refused (Connection refused)", Class::Generic),
            ("java.io.FileNotFoundException: s3a://bucket/part-0.avro", Class::Generic),
            (
                "com.amazonaws.AmazonS3Exception: The specified key does not exist. (Error Code: NoSuchKey)",
                Class::Generic,
            ),
            ("Task failed: java.lang.OutOfMemoryError: Java heap space", Class::Resources),
            ("OSError: [Errno 28] No space left on device", Class::Resources),
            ("org.apache.spark.sql.AnalysisException: cannot resolve 'amount'", Class::Code),
            ("Exception in thread main", Class::Code),
            ("Task failed: Process exited with status 1.", Class::Unknown),
            ("", Class::Unknown),
        ] {
            assert_eq!(patterns.class(message), class, "{message}");
        }
    }

    #[test]
    fn what_is_added_goes_first() {
        let patterns = Patterns::new().with("Quorum Lost", Class::Generic).with(" ", Class::Code);
        assert_eq!(patterns.class("IllegalStateException: quorum lost"), Class::Generic);
        assert_eq!(patterns.class("all is well"), Class::Unknown);
    }

    #[test]
    fn words_are_written_as_they_are_looked_for() {
        assert!(KNOWN.iter().all(|(words, _)| *words == words.to_lowercase() && !words.is_empty()));
    }
}
