use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ParseError, shown};

/// Where a dataset's files lie: `s3://bucket/key`, or `s3a://bucket/key` as Spark writes it. The spelling is kept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct S3Path(Box<str>);

impl S3Path {
    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        self.parts().0
    }

    /// The key below the bucket, without the slash before it.
    pub fn key(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_once('/').unwrap_or((rest, ""))
    }
}

impl TryFrom<String> for S3Path {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let rest = text.strip_prefix("s3://").or_else(|| text.strip_prefix("s3a://"));
        let whole = rest.and_then(|rest| rest.split_once('/')).is_some_and(|(bucket, key)| {
            !bucket.is_empty() && !key.is_empty() && text.len() <= 2048 && !text.chars().any(char::is_control)
        });
        if !whole {
            return Err(ParseError::new(format!(
                "«{}» is no S3 path; one like s3://bucket/key belongs here",
                shown(&text)
            )));
        }
        Ok(Self(text.into_boxed_str()))
    }
}

impl FromStr for S3Path {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.to_owned().try_into()
    }
}

impl From<S3Path> for String {
    fn from(path: S3Path) -> Self {
        path.0.into()
    }
}

impl fmt::Display for S3Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for S3Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Path({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_and_key() {
        let path: S3Path = "s3a://metapod-bucket/10b090f0/part-0".parse().unwrap();
        assert_eq!((path.bucket(), path.key()), ("metapod-bucket", "10b090f0/part-0"));
        for wrong in ["", "s3://", "s3://bucket", "s3://bucket/", "s3:///key", "http://bucket/key", "/tmp/x"] {
            assert!(wrong.parse::<S3Path>().is_err(), "{wrong}");
        }
    }
}
