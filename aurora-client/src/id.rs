//! Names and keys: each kind a type of its own, so that one can never be given for another.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Aurora's own limit for each part of a job key, in bytes.
const MAX_LENGTH: usize = 255;

/// Why a text is no key or id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    what: &'static str,
    why: String,
    text: String,
}

impl ParseError {
    fn new(what: &'static str, text: &str, why: impl Into<String>) -> Self {
        Self { what, why: why.into(), text: text.chars().take(80).collect() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}: {}", self.text, self.what, self.why)
    }
}

impl std::error::Error for ParseError {}

/// The key of a job: role, environment and name, in Aurora's own order.
///
/// ```
/// use aurora_client::JobKey;
///
/// let key: JobKey = "jobs/prod/itaipu-contracts".parse()?;
/// assert_eq!((key.role(), key.environment(), key.name()), ("jobs", "prod", "itaipu-contracts"));
///
/// // Alerts and log searches write environment and role the other way round, after the cluster.
/// assert_eq!(JobKey::from_alert("aurora/prod/jobs/itaipu-contracts")?, key);
///
/// // A key whose parts were swapped is recognised, not sent.
/// assert!("prod/jobs/itaipu-contracts".parse::<JobKey>().unwrap_err().to_string().contains("jobs/prod/"));
/// # Ok::<(), aurora_client::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobKey {
    role: String,
    environment: String,
    name: String,
}

impl JobKey {
    /// A key of its parts.
    ///
    /// # Errors
    /// Where a part is empty, too long, or has other signs than letters, digits, `-`, `.` and `_`; and where role and
    /// environment look swapped.
    pub fn new(role: &str, environment: &str, name: &str) -> Result<Self, ParseError> {
        let text = || format!("{role}/{environment}/{name}");
        for part in [role, environment, name] {
            part_of(part).map_err(|why| ParseError::new("job key", &text(), why))?;
        }
        if !is_environment(environment) && is_environment(role) {
            let why = format!("role and environment seem swapped; the order is {environment}/{role}/{name}");
            return Err(ParseError::new("job key", &text(), why));
        }
        Ok(Self { role: role.into(), environment: environment.into(), name: name.into() })
    }

    /// A key as alerts and log searches write it: `cluster/environment/role/name`.
    ///
    /// # Errors
    /// Where it has not these four parts, or one of them is none.
    pub fn from_alert(text: &str) -> Result<Self, ParseError> {
        match parts(text)[..] {
            [_, environment, role, name] if is_environment(environment) => Self::new(role, environment, name),
            [_, _, _, _] => Err(ParseError::new("job key of an alert", text, "its second part is no environment")),
            _ => Err(ParseError::new("job key of an alert", text, "it has not the form cluster/environment/role/name")),
        }
    }

    /// The role: whose job it is.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The environment: `prod`, `devel`, `test` or `staging` with or without a number.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The job's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn parts(text: &str) -> Vec<&str> {
    text.split('/').collect()
}

fn part_of(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("a part of it is empty")
    } else if text.len() > MAX_LENGTH {
        Err("a part of it is longer than 255 characters")
    } else if matches!(text, "." | "..")
        || !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
    {
        Err("only letters, digits, «-», «.» and «_» may be in its parts")
    } else {
        Ok(())
    }
}

/// The scheduler's default pattern.
fn is_environment(text: &str) -> bool {
    matches!(text, "prod" | "devel" | "test")
        || text.strip_prefix("staging").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

impl FromStr for JobKey {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match parts(text)[..] {
            [role, environment, name] => Self::new(role, environment, name),
            [_, _, _, _] => Err(ParseError::new("job key", text, "it names a cluster too: read it as a ClusterJob")),
            _ => Err(ParseError::new("job key", text, "it has not the form role/environment/name")),
        }
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.role, self.environment, self.name)
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobKey({self})")
    }
}

impl TryFrom<String> for JobKey {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<JobKey> for String {
    fn from(key: JobKey) -> Self {
        key.to_string()
    }
}

/// A job with the cluster that it runs on: `cluster/role/environment/name`, as Aurora's own tools write it.
///
/// ```
/// use aurora_client::ClusterJob;
///
/// let job: ClusterJob = "aurora/jobs/prod/dagao".parse()?;
/// assert_eq!(job.cluster, "aurora");
/// assert_eq!(job.key.to_string(), "jobs/prod/dagao");
/// # Ok::<(), aurora_client::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterJob {
    /// The cluster's name.
    pub cluster: String,
    /// The job.
    pub key: JobKey,
}

impl FromStr for ClusterJob {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match parts(text)[..] {
            [cluster, role, environment, name] => {
                part_of(cluster).map_err(|why| ParseError::new("job of a cluster", text, why))?;
                Ok(Self { cluster: cluster.into(), key: JobKey::new(role, environment, name)? })
            }
            _ => Err(ParseError::new("job of a cluster", text, "it has not the form cluster/role/environment/name")),
        }
    }
}

impl fmt::Display for ClusterJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.key)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// An id as the system wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as the system writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id! {
    /// The id of a task: one process of one instance of a job. Whatever takes its place has another.
    TaskId
}

id! {
    /// The id of a framework that is registered at a Mesos master.
    FrameworkId
}

/// Numbers of instances of a job: at least one. To Aurora an empty set means *all*, so that there is none here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<u32>", into = "BTreeSet<u32>")]
pub struct InstanceSet(BTreeSet<u32>);

impl InstanceSet {
    /// These instances.
    ///
    /// # Errors
    /// Where there are none, or a number is larger than Aurora can tell (2³¹ − 1).
    pub fn new(instances: impl IntoIterator<Item = u32>) -> Result<Self, ParseError> {
        let set: BTreeSet<u32> = instances.into_iter().collect();
        match set.last() {
            None => Err(ParseError::new("set of instances", "", "it is empty, and to Aurora that means all of them")),
            Some(last) if i32::try_from(*last).is_err() => {
                Err(ParseError::new("set of instances", &last.to_string(), "Aurora's numbers end at 2147483647"))
            }
            Some(_) => Ok(Self(set)),
        }
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// Whether this one is among them.
    pub fn contains(&self, instance: u32) -> bool {
        self.0.contains(&instance)
    }

    /// How many there are: at least one.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl TryFrom<BTreeSet<u32>> for InstanceSet {
    type Error = ParseError;

    fn try_from(set: BTreeSet<u32>) -> Result<Self, ParseError> {
        Self::new(set)
    }
}

impl From<InstanceSet> for BTreeSet<u32> {
    fn from(set: InstanceSet) -> Self {
        set.0
    }
}

/// Written as ranges, as Aurora's own tools do: `0-3,7`.
impl fmt::Display for InstanceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = self.0.iter().copied().peekable();
        let mut comma = "";
        while let Some(first) = numbers.next() {
            let mut last = first;
            while numbers.next_if(|next| Some(*next) == last.checked_add(1)).is_some() {
                last += 1;
            }
            if first == last {
                write!(f, "{comma}{first}")?
            } else {
                write!(f, "{comma}{first}-{last}")?
            }
            comma = ",";
        }
        Ok(())
    }
}

/// Which instances of a job are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instances {
    /// All that are active.
    All,
    /// These.
    Only(InstanceSet),
}

impl Instances {
    /// Whether this one is meant.
    pub fn contains(&self, instance: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(set) => set.contains(instance),
        }
    }
}

impl fmt::Display for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all instances"),
            Self::Only(set) if set.len() == 1 => write!(f, "instance {set}"),
            Self::Only(set) => write!(f, "instances {set}"),
        }
    }
}
