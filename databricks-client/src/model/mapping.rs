//! From a bucket's path to the one by which Spark reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use metapod_model::S3Path;
use ops_client::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{Format, ParseError, Reader, WorkspacePath};

const BUCKET: &str = "{bucket}";

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// What begins so: `s3://` (every bucket), `s3://bucket`, or `s3://bucket/folder`. `s3a://` says the same.
    pub from: String,
    /// Begins so instead: `dbfs:/mnt/…`, `/Volumes/catalog/schema/volume/…`, or `s3://` where it shall stay as it is (with
    /// this scheme). `{bucket}` is the bucket's name.
    pub to: String,
    bucket: Option<String>,
    /// Without a slash at its end.
    folder: String,
}

impl Rule {
    /// A line of the table.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Result<Self, ParseError> {
        let (from, to) = (from.into(), to.into());
        let refused = |why, text: &str| Err(ParseError::new("rule of a mapping", why, text));
        let Some(rest) = from.strip_prefix("s3://").or_else(|| from.strip_prefix("s3a://")) else {
            return refused("s3://, s3://bucket or s3://bucket/folder belongs at its left", &from);
        };
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() && !folder.is_empty() {
            return refused("a folder without a bucket", &from);
        }
        if rest.chars().any(|c| c.is_control() || matches!(c, '{' | '}')) {
            return refused("no control characters and no braces belong at its left", &from);
        }
        let bucket = (!bucket.is_empty()).then(|| bucket.to_owned());
        let folder = folder.strip_suffix('/').unwrap_or(folder).to_owned();
        if to.replace(BUCKET, "").contains(['{', '}']) {
            return refused("only {bucket} can be put in at its right", &to);
        }
        if !is_external(&to) {
            to.replace(BUCKET, "bucket").parse::<WorkspacePath>()?;
        }
        Ok(Self { from, to, bucket, folder })
    }

    /// What comes after what the rule names, with its slash; nothing where it is not the rule for this path.
    fn rest<'a>(&self, path: &'a S3Path) -> Option<&'a str> {
        if self.bucket.as_deref().is_some_and(|bucket| bucket != path.bucket()) {
            return None;
        }
        // With the slash before the key: whole parts are compared, `a/b` is not the folder of `a/bc`.
        let from_bucket = path.as_str().len() - path.key().len() - 1;
        let key = path.as_str().get(from_bucket..)?;
        if self.folder.is_empty() {
            return Some(key);
        }
        let rest = path.key().strip_prefix(self.folder.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The more it says, the sooner it is taken.
    fn weight(&self) -> (bool, usize) {
        (self.bucket.is_some(), self.folder.len())
    }
}

fn is_external(to: &str) -> bool {
    matches!(to, "s3://" | "s3a://")
}

/// Which paths of buckets are read by which paths of a workspace: a table of prefixes. Of those that fit, the longest one
/// is taken; whole parts of a path are compared. In a file it is a table of texts:
///
/// ```
/// use databricks_client::{Format, Mapping};
///
/// let mapping: Mapping = serde_json::from_str(r#"{
///     "s3://":                       "dbfs:/mnt/{bucket}",
///     "s3://metapod-new":            "/Volumes/prod/metapod/{bucket}",
///     "s3://metapod-new/restricted": "s3://"
/// }"#)?;
/// let read = |path: &str| -> Result<_, Box<dyn std::error::Error>> {
///     let path = mapping.map(&path.parse()?)?.ok_or("no rule fits")?;
///     Ok(path.reader(Format::Parquet).python())
/// };
/// assert_eq!(read("s3a://metapod/10b0/part-0")?, r#"spark.read.parquet("dbfs:/mnt/metapod/10b0/part-0")"#);
/// assert_eq!(read("s3://metapod-new/10b0/")?, r#"spark.read.parquet("/Volumes/prod/metapod/metapod-new/10b0/")"#);
/// assert_eq!(read("s3a://metapod-new/restricted/x")?, r#"spark.read.parquet("s3://metapod-new/restricted/x")"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Mounts are deprecated, and new workspaces have none: such a table has volumes, or `s3://` where clusters read buckets
/// by themselves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Mapping(Vec<Rule>);

impl Mapping {
    /// A table of these lines.
    ///
    /// # Errors
    /// Where two of them say the same at their left.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, ParseError> {
        let mut all: Vec<Rule> = Vec::new();
        for rule in rules {
            if all.iter().any(|other| (&other.bucket, &other.folder) == (&rule.bucket, &rule.folder)) {
                return Err(ParseError::new("mapping", "two of its rules say the same at their left", &rule.from));
            }
            all.push(rule);
        }
        Ok(Self(all))
    }

    /// Every bucket is mounted below `/mnt`, by its own name: as the runbook has it.
    pub fn mounts() -> Self {
        let (from, to) = ("s3://".to_owned(), format!("dbfs:/mnt/{BUCKET}"));
        Self(vec![Rule { from, to, bucket: None, folder: String::new() }])
    }

    /// Its lines.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// The path by which Spark reads this one; nothing where no rule fits ([`no_rule`](Self::no_rule) says so in words).
    ///
    /// # Errors
    /// `Invalid`, where the target cannot hold such a path: mounts and volumes fold `//`, `/./` and `/../` away, and would
    /// read something else.
    pub fn map(&self, path: &S3Path) -> Result<Option<SparkPath>> {
        let fitting = self.0.iter().filter_map(|rule| Some((rule, rule.rest(path)?)));
        let Some((rule, rest)) = fitting.max_by_key(|(rule, _)| rule.weight()) else { return Ok(None) };
        let wrong = |why: &dyn fmt::Display| {
            Error::invalid("databricks.map", format!("{path} cannot be read below {}: {why}", rule.to)).with_attempts(0)
        };
        if is_external(&rule.to) {
            let external = format!("{}{}/{}", rule.to, path.bucket(), path.key());
            return external.parse().map(|path| Some(SparkPath::External(path))).map_err(|why| wrong(&why));
        }
        let begin = rule.to.replace(BUCKET, path.bucket());
        let begin = if rest.is_empty() { begin.as_str() } else { begin.strip_suffix('/').unwrap_or(&begin) };
        let mapped: WorkspacePath = format!("{begin}{rest}").parse().map_err(|why: ParseError| wrong(&why))?;
        Ok(Some(SparkPath::Workspace(mapped)))
    }

    /// That no rule fits, and which there are.
    pub fn no_rule(&self, path: &S3Path) -> String {
        let rules: Vec<&str> = self.0.iter().map(|rule| rule.from.as_str()).collect();
        match &rules[..] {
            [] => format!("no rule says how {path} is read there: the mapping is empty"),
            _ => format!("no rule says how {path} is read there: they begin with {}", rules.join(", ")),
        }
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|rule| (&rule.from, &rule.to))).finish()
    }
}

impl TryFrom<BTreeMap<String, String>> for Mapping {
    type Error = ParseError;

    fn try_from(table: BTreeMap<String, String>) -> Result<Self, ParseError> {
        let rules: Result<Vec<Rule>, ParseError> = table.into_iter().map(|(from, to)| Rule::new(from, to)).collect();
        Self::new(rules?)
    }
}

impl From<Mapping> for BTreeMap<String, String> {
    fn from(mapping: Mapping) -> Self {
        mapping.0.into_iter().map(|rule| (rule.from, rule.to)).collect()
    }
}

/// A path that Spark reads in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum SparkPath {
    /// In one of its file systems: whether something lies there can be asked.
    Workspace(WorkspacePath),
    /// In a bucket, which clusters read by themselves: the workspace knows nothing of it.
    External(S3Path),
}

impl SparkPath {
    /// As Spark takes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Workspace(path) => path.as_str(),
            Self::External(path) => path.as_str(),
        }
    }

    /// How it is read.
    pub fn reader(&self, format: Format) -> Reader {
        Reader::new(self.clone(), format)
    }
}

impl FromStr for SparkPath {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if !text.starts_with("s3://") && !text.starts_with("s3a://") {
            return text.parse().map(Self::Workspace);
        }
        let external = text.parse().map(Self::External);
        external.map_err(|_| ParseError::new("path that Spark reads", "one like s3://bucket/key belongs here", text))
    }
}

impl TryFrom<String> for SparkPath {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<SparkPath> for String {
    fn from(path: SparkPath) -> Self {
        match path {
            SparkPath::Workspace(path) => path.into(),
            SparkPath::External(path) => path.into(),
        }
    }
}

impl fmt::Display for SparkPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mapping(rules: &[(&str, &str)]) -> Mapping {
        Mapping::new(rules.iter().map(|(from, to)| Rule::new(*from, *to).unwrap())).unwrap()
    }

    fn mapped(mapping: &Mapping, path: &str) -> Option<String> {
        mapping.map(&path.parse().unwrap()).unwrap().map(|path| path.to_string())
    }

    #[test]
    fn as_the_runbook_has_it() {
        for scheme in ["s3", "s3a"] {
            let found = mapped(&Mapping::mounts(), &format!("{scheme}://metapod-bucket/10b090f0/part-0"));
            assert_eq!(found.as_deref(), Some("dbfs:/mnt/metapod-bucket/10b090f0/part-0"));
        }
        assert_eq!(Mapping::mounts(), mapping(&[("s3://", "dbfs:/mnt/{bucket}")]));
    }

    #[test]
    fn the_longest_prefix_wins_and_whole_parts_are_compared() {
        let mapping = mapping(&[
            ("s3://", "dbfs:/mnt/{bucket}"),
            ("s3://b", "/Volumes/c/s/v"),
            ("s3a://b/x/y/", "/Volumes/c/s/{bucket}/deep/"),
            ("s3://b/x", "s3a://"),
        ]);
        for (path, found) in [
            ("s3://a/x/y/z", "dbfs:/mnt/a/x/y/z"),
            ("s3://bb/x", "dbfs:/mnt/bb/x"),
            ("s3a://b/k/", "/Volumes/c/s/v/k/"),
            ("s3://b/xy", "/Volumes/c/s/v/xy"),
            ("s3://b/x", "s3a://b/x"),
            ("s3://b/x/yy", "s3a://b/x/yy"),
            ("s3://b/x/y", "/Volumes/c/s/b/deep/"),
            ("s3://b/x/y/", "/Volumes/c/s/b/deep/"),
            ("s3://b/x/y/z", "/Volumes/c/s/b/deep/z"),
        ] {
            assert_eq!(mapped(&mapping, path).as_deref(), Some(found), "{path}");
        }
    }

    #[test]
    fn where_no_rule_fits_it_is_said() {
        let one = mapping(&[("s3://b", "/Volumes/c/s/v")]);
        let path: S3Path = "s3://a/k".parse().unwrap();
        assert_eq!(one.map(&path).unwrap(), None);
        assert_eq!(one.no_rule(&path), "no rule says how s3://a/k is read there: they begin with s3://b");
        assert!(mapping(&[]).no_rule(&path).ends_with("the mapping is empty"));
    }

    #[test]
    fn what_a_target_cannot_hold_is_refused_and_a_bucket_holds_it() {
        for key in ["a//b", "/a", "a/./b", "../a", "a//"] {
            let path: S3Path = format!("s3://b/{key}").parse().unwrap();
            for target in ["dbfs:/mnt/{bucket}", "/Volumes/c/s/v"] {
                let error = mapping(&[("s3://", target)]).map(&path).unwrap_err();
                assert!(error.to_string().contains("folded away"), "{error}");
            }
            let kept = mapping(&[("s3://", "s3://")]).map(&path).unwrap();
            assert_eq!(kept, Some(SparkPath::External(path)));
        }
    }

    #[test]
    fn rules_that_are_none() {
        for (from, to) in [
            ("", "dbfs:/mnt"),
            ("b", "dbfs:/mnt"),
            ("s3:///x", "dbfs:/mnt"),
            ("s3://{bucket}", "dbfs:/mnt"),
            ("s3://b", ""),
            ("s3://b", "mnt"),
            ("s3://b", "dbfs:/mnt/{key}"),
            ("s3://b", "dbfs:/mnt//x"),
            ("s3://b", "/Volumes/c/s"),
            ("s3://b", "s3://other"),
        ] {
            assert!(Rule::new(from, to).is_err(), "{from} {to}");
        }
        let twice = [("s3://b/x", "dbfs:/mnt/a"), ("s3a://b/x/", "dbfs:/mnt/b")];
        assert!(Mapping::new(twice.map(|(from, to)| Rule::new(from, to).unwrap())).is_err());
    }

    #[test]
    fn a_table_is_written_as_it_is_read() {
        let one = mapping(&[("s3://", "dbfs:/mnt/{bucket}"), ("s3a://b/x/", "s3://")]);
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(text, r#"{"s3://":"dbfs:/mnt/{bucket}","s3a://b/x/":"s3://"}"#);
        assert_eq!(serde_json::from_str::<Mapping>(&text).unwrap(), one);
        assert!(serde_json::from_str::<Mapping>(r#"{"s3://": "nowhere"}"#).is_err());
    }

    fn part() -> impl Strategy<Value = String> {
        r"[a-zA-Z0-9 _=%+\\\x22'`{}$é.-]{1,12}".prop_filter("a part", |part| !matches!(part.as_str(), "." | ".."))
    }

    proptest! {
        #[test]
        fn a_mount_keeps_every_byte_of_the_key(
            bucket in "[a-z0-9][a-z0-9.-]{2,20}",
            parts in prop::collection::vec(part(), 1..6),
            folder in any::<bool>(),
            a in any::<bool>(),
        ) {
            let key = format!("{}{}", parts.join("/"), if folder { "/" } else { "" });
            let path = format!("s3{}://{bucket}/{key}", if a { "a" } else { "" });
            let found = mapped(&Mapping::mounts(), &path);
            prop_assert_eq!(found, Some(format!("dbfs:/mnt/{bucket}/{key}")));
        }

        #[test]
        fn no_path_makes_it_panic_or_leave_its_target(key in r"(\PC|/|\.){1,30}", target in 0..3usize) {
            prop_assume!(!key.chars().any(char::is_control));
            let path: S3Path = format!("s3://bucket/{key}").parse().unwrap();
            let to = ["dbfs:/mnt/{bucket}", "/Volumes/c/s/{bucket}", "s3://"][target];
            if let Ok(found) = mapping(&[("s3://", to)]).map(&path) {
                let begin = ["dbfs:/mnt/bucket/", "/Volumes/c/s/bucket/", "s3://bucket/"][target];
                let found = found.unwrap();
                prop_assert_eq!(found.to_string().parse::<SparkPath>().unwrap(), found.clone());
                let found = found.to_string();
                prop_assert_eq!(found.strip_prefix(begin), Some(key.as_str()));
            }
        }

        #[test]
        fn the_order_of_the_rules_does_not_matter(turn in 0..3usize, key in "(x|y|xy)(/(x|y|xy)){0,3}") {
            let mut rules = [("s3://", "dbfs:/mnt/all"), ("s3://b/x", "dbfs:/mnt/x"), ("s3://b/x/y", "dbfs:/mnt/xy")];
            let path = format!("s3://b/{key}");
            let first = mapped(&mapping(&rules), &path);
            rules.rotate_left(turn);
            prop_assert_eq!(mapped(&mapping(&rules), &path), first);
        }
    }
}
