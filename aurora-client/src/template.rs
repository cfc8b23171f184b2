//! Job templates: TOML files of ours, with `{{binds}}`, that become jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::{JobKey, NewJob, Process, Resources};

/// A template is written by people.
const MAX: usize = 1024 * 1024;

/// Why a template is none, or does not become a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    name: String,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for TemplateError {}

/// What stands for the placeholders of a template. `{{NAME}}` is a bind, `{{version.NAME}}` a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binds(BTreeMap<String, String>);

impl Binds {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With what stands for `{{name}}`.
    #[must_use]
    pub fn bind(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.0.insert(name.as_ref().to_owned(), value.into());
        self
    }

    /// With what stands for `{{version.name}}`.
    #[must_use]
    pub fn version(mut self, name: impl AsRef<str>, version: impl Into<String>) -> Self {
        self.0.insert(format!("version.{}", name.as_ref()), version.into());
        self
    }
}

/// A job with placeholders.
///
/// ```
/// use aurora_client::{Binds, JobTemplate};
///
/// let template = JobTemplate::parse("scale.toml", r#"
/// key = "jobs/prod/scale"
/// resources = { cpus = 0.5, ram-mb = 256, disk-mb = 128 }
///
/// ## Labels: the platform's jobs say here which transaction they write, of which day, at which version.
/// [labels]
/// version = "{{version.scale_cluster}}"
///
/// [[processes]]
/// name = "scale"
/// cmdline = "scale-cluster:{{version.scale_cluster}} --mode {{MODE}} --nodes {{N_NODES}}"
/// "#)?;
/// let binds = Binds::new().bind("MODE", "on-demand").bind("N_NODES", "12").version("scale_cluster", "4945885");
/// let job = template.fill(&binds)?;
/// assert_eq!(job.processes[0].cmdline, "scale-cluster:4945885 --mode on-demand --nodes 12");
///
/// // A misspelt bind is found here, not at night.
/// let misspelt = Binds::new().bind("MOD", "on-demand").bind("N_NODES", "12").version("scale_cluster", "4945885");
/// let error = template.fill(&misspelt).unwrap_err();
/// assert_eq!(error.to_string(), "scale.toml, line 11: {{MODE}} is not bound; did you mean it by MOD?");
/// # Ok::<(), aurora_client::TemplateError>(())
/// ```
///
/// Besides these: `cluster` (`aurora` unless told), `instances` (1), `service` (false), `max-failures` (1), `tier`, `contact`.
/// Placeholders may stand in every text but the names of settings.
#[derive(Clone)]
pub struct JobTemplate {
    name: String,
    text: String,
    /// Each placeholder, and the lines that it stands in.
    placeholders: BTreeMap<String, usize>,
}

impl fmt::Debug for JobTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobTemplate")
            .field("name", &self.name)
            .field("placeholders", &self.placeholders.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Shape {
    key: String,
    #[serde(default = "aurora")]
    cluster: String,
    #[serde(default)]
    instances: Number,
    resources: ResourcesShape,
    #[serde(default)]
    service: bool,
    max_failures: Option<i32>,
    tier: Option<String>,
    contact: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    processes: Vec<ProcessShape>,
}

/// A number, or a text with a placeholder that becomes one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u32),
    Text(String),
}

impl Default for Number {
    fn default() -> Self {
        Self::Number(1)
    }
}

fn aurora() -> String {
    "aurora".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ResourcesShape {
    cpus: f64,
    ram_mb: u64,
    disk_mb: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessShape {
    name: String,
    cmdline: String,
}

impl JobTemplate {
    /// Reads a template; `name` stands in messages.
    ///
    /// # Errors
    /// Where it is no TOML, a setting is not known or missing, or a placeholder is left open. The line is told; what stands in
    /// it is not.
    pub fn parse(name: &str, text: &str) -> Result<Self, TemplateError> {
        let error = |line, what: String| TemplateError { name: name.to_owned(), line, what };
        if text.len() > MAX {
            return Err(error(None, "it is longer than 1 MiB".into()));
        }
        let mut placeholders = BTreeMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            for found in pieces(line) {
                match found {
                    Piece::Text(_) => {}
                    Piece::Placeholder(inside) if is_name(inside) => {
                        placeholders.entry(inside.to_owned()).or_insert(number + 1);
                    }
                    Piece::Placeholder(inside) => {
                        let what =
                            format!("{{{{{inside}}}}} is no placeholder: letters, digits, «_», «-» and «.» make one");
                        return Err(error(Some(number + 1), what));
                    }
                    Piece::Open => return Err(error(Some(number + 1), "«{{» without «}}»".into())),
                }
            }
        }
        let template = Self { name: name.to_owned(), text: text.to_owned(), placeholders };
        template.shape()?;
        Ok(template)
    }

    /// The placeholders, by name.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.placeholders.keys().map(String::as_str)
    }

    /// The job that it becomes, with a mark of its own. Every placeholder must be bound, and every bind used.
    ///
    /// # Errors
    /// Where one is missing or left over, or what comes out is no job.
    pub fn fill(&self, binds: &Binds) -> Result<NewJob, TemplateError> {
        for (placeholder, line) in &self.placeholders {
            if !binds.0.contains_key(placeholder) {
                let free = binds.0.keys().filter(|name| !self.placeholders.contains_key(*name));
                let near = free.min_by_key(|name| distance(name, placeholder));
                let near = near.filter(|name| distance(name, placeholder) <= 1 + placeholder.len() / 3);
                let hint = near.map_or(String::new(), |name| format!("; did you mean it by {name}?"));
                return Err(self.error(Some(*line), format!("{{{{{placeholder}}}}} is not bound{hint}")));
            }
        }
        let left: BTreeSet<&str> =
            binds.0.keys().filter(|name| !self.placeholders.contains_key(*name)).map(String::as_str).collect();
        if let Some(first) = left.first() {
            let all: Vec<&str> = self.placeholders().collect();
            return Err(
                self.error(None, format!("{first} is bound, but nothing asks for it; it asks for {}", all.join(", ")))
            );
        }
        let shape = self.shape()?;
        let fill = |text: &str| -> String {
            pieces(text)
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Placeholder(name) => binds.0.get(name).map_or("", String::as_str),
                    Piece::Open => "{{",
                })
                .collect()
        };
        let key: JobKey = fill(&shape.key).parse().map_err(|error| self.error(None, format!("key: {error}")))?;
        let instances = match &shape.instances {
            Number::Number(number) => *number,
            Number::Text(text) => {
                let filled = fill(text);
                filled.parse().map_err(|_| self.error(None, format!("instances: {filled:?} is no number")))?
            }
        };
        // What the scheduler takes by default.
        if !(1..=4000).contains(&instances) {
            return Err(self.error(None, format!("instances: {instances} is not between 1 and 4000")));
        }
        let ResourcesShape { cpus, ram_mb, disk_mb } = shape.resources;
        let processes = shape.processes.iter().map(|one| Process::new(fill(&one.name), fill(&one.cmdline))).collect();
        let mut job = NewJob::new(key, Resources::new(cpus, ram_mb, disk_mb), processes);
        job.cluster = fill(&shape.cluster);
        job.instances = instances;
        job.is_service = shape.service;
        job.max_failures = shape.max_failures.unwrap_or(1);
        job.tier = shape.tier.as_deref().map(fill);
        job.contact = shape.contact.as_deref().map(fill);
        job.metadata = shape.labels.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
        Ok(job)
    }

    /// What the template says, placeholders and all.
    fn shape(&self) -> Result<Shape, TemplateError> {
        let shape: Shape = toml::from_str(&self.text).map_err(|error| {
            let before = error.span().and_then(|span| self.text.get(..span.start)).unwrap_or_default();
            self.error(Some(before.matches('\n').count() + 1), error.message().trim().to_owned())
        })?;
        let ResourcesShape { cpus, ram_mb, disk_mb } = shape.resources;
        let wrong = if !(cpus.is_finite() && cpus > 0.0) || ram_mb == 0 || disk_mb == 0 {
            "resources: cpus, ram-mb and disk-mb must be more than 0"
        } else if shape.processes.is_empty() {
            "it has no process"
        } else if shape.labels.contains_key(NewJob::NONCE) {
            "that label is ours: it marks the creation"
        } else {
            return Ok(shape);
        };
        Err(self.error(None, wrong.to_owned()))
    }

    fn error(&self, line: Option<usize>, what: String) -> TemplateError {
        TemplateError { name: self.name.clone(), line, what }
    }
}

/// A part of a text.
enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
    Open,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix("{{") {
            let Some((name, after)) = inside.split_once("}}") else {
                rest = "";
                return Some(Piece::Open);
            };
            rest = after;
            return Some(Piece::Placeholder(name.trim()));
        }
        let (before, after) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
        rest = after;
        Some(Piece::Text(before))
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// How many signs must be put in, taken out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut last = i + 1;
        for (j, b) in other.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let here = (diagonal + usize::from(a != *b)).min(above + 1).min(last + 1);
            diagonal = above;
            if let Some(slot) = row.get_mut(j) {
                *slot = last;
            }
            last = here;
        }
        if let Some(slot) = row.last_mut() {
            *slot = last;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"key = "jobs/prod/{{JOB}}"
instances = "{{N}}"
resources = { cpus = 1.5, ram-mb = 64, disk-mb = 32 }
# {{IN_A_COMMENT}} asks for nothing.
[[processes]]
name = "work"
cmdline = "work {{JOB}} {{ N }}"
"#;

    #[test]
    fn what_is_bound_is_put_in_everywhere() {
        let template = JobTemplate::parse("t", SMALL).unwrap();
        assert_eq!(template.placeholders().collect::<Vec<_>>(), ["JOB", "N"]);
        let binds = Binds::new().bind("JOB", "dagao").bind("N", "3");
        let job = template.fill(&binds).unwrap();
        assert_eq!((job.key.to_string().as_str(), job.instances), ("jobs/prod/dagao", 3));
        assert_eq!(job.processes[0].cmdline, "work dagao 3");
        assert_ne!(job.nonce, template.fill(&binds).unwrap().nonce, "each creation has its own mark");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let said = |text: &str| JobTemplate::parse("t", text).unwrap_err().to_string();
        assert!(said("key = 1").starts_with("t, line 1: "));
        assert!(said(&SMALL.replace("{{JOB}}\"", "{{JOB\"")).starts_with("t, line 1: "), "{}", said("{{JOB"));
        assert!(said(&SMALL.replace("instances", "instancez")).contains("line 2: unknown field `instancez`"));
        assert!(said(&SMALL.replace("64", "0")).contains("more than 0"));
        assert!(said(&SMALL.replace("[[processes]]", "[[labels]]")).starts_with("t, line"));
        let fill = |binds: Binds| JobTemplate::parse("t", SMALL).unwrap().fill(&binds).unwrap_err().to_string();
        assert_eq!(fill(Binds::new().bind("N", "3")), "t, line 1: {{JOB}} is not bound");
        let both = || Binds::new().bind("N", "3").bind("JOB", "x");
        assert!(fill(both().bind("M", "")).contains("M is bound, but nothing asks for it; it asks for JOB, N"));
        assert!(fill(both().bind("N", "many")).contains("\"many\" is no number"));
        assert!(fill(both().bind("N", "0")).contains("between 1 and 4000"));
        assert!(fill(both().bind("JOB", "a b")).contains("key: "));
    }

    #[test]
    fn the_nearest_name_is_found() {
        assert_eq!(
            [distance("MOD", "MODE"), distance("", "ab"), distance("abc", "abc"), distance("xbc", "ayc")],
            [1, 2, 0, 2]
        );
    }
}
