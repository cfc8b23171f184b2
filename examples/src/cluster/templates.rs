//! Job templates: where they lie, and what is put into them.

use std::path::{Path, PathBuf};

use ops_recipes::aurora::Order;

use crate::connect::Reach;
use crate::exit::Failure;
use crate::secrets::read_bounded;

/// A template is written by people.
const MAX: u64 = 1024 * 1024;
/// The version of the sandbox's jobs.
const SANDBOX_VERSION: &str = "e4b90d2";

/// A name, and what stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// What stands for it.
    pub value: String,
}

impl std::str::FromStr for Binding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), value: value.to_owned() })
            }
            _ => Err(format!("{text:?} is no bind: NAME=VALUE belongs here")),
        }
    }
}

/// The templates that programs bring along: the sandbox knows them, and anybody may begin with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// A nightly run, by hand.
    Dagao,
    /// Machines are made, or taken away.
    Scale,
}

impl Template {
    fn file(self) -> &'static str {
        match self {
            Self::Dagao => "dagao.toml",
            Self::Scale => "scale.toml",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Dagao => include_str!("../../jobs/dagao.toml"),
            Self::Scale => include_str!("../../jobs/scale.toml"),
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Dagao, Self::Scale]
            .into_iter()
            .find(|known| known.file() == name || known.file() == format!("{name}.toml"))
    }

    /// A template with its binds: a file, one of the configured folder, or in the embedded sandbox one that is brought along.
    ///
    /// # Errors
    /// Where there is no such template, or it cannot be read.
    pub fn order(
        self,
        reach: &Reach,
        named: Option<&str>,
        binds: &[Binding],
        versions: &[Binding],
    ) -> Result<Order, Failure> {
        let name = named.unwrap_or(self.file());
        let mut order = match find(reach, name) {
            Some(path) => read(&path)?,
            None => match Self::named(name).filter(|_| reach.sandbox.is_some()) {
                Some(known) => known.of_sandbox(reach),
                None => return Err(missing(reach, name)),
            },
        };
        for bind in binds {
            order = order.bind(&bind.name, &bind.value);
        }
        for version in versions {
            order = order.version(&version.name, &version.value);
        }
        Ok(order)
    }

    /// As the sandbox knows it: with what it cannot do without.
    fn of_sandbox(self, reach: &Reach) -> Order {
        let order = Order::new(self.file(), self.text());
        match (self, &reach.sandbox) {
            (Self::Dagao, Some(sandbox)) => order
                .bind("profile.metapod_transaction", sandbox.transaction.to_string())
                .version("dagao", SANDBOX_VERSION),
            (Self::Scale, Some(_)) => order.version("scale_cluster", SANDBOX_VERSION),
            (_, None) => order,
        }
    }
}

fn find(reach: &Reach, name: &str) -> Option<PathBuf> {
    let here = PathBuf::from(name);
    let folder = reach.settings.job_templates.as_deref();
    let among = |file: String| folder.map(|folder| folder.join(file));
    [Some(here), among(name.to_owned()), among(format!("{name}.toml"))]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
}

fn read(path: &Path) -> Result<Order, Failure> {
    let name = path.display().to_string();
    let bytes = read_bounded(path, MAX).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name}: no text in UTF-8")))?;
    Ok(Order::new(name, text))
}

fn missing(reach: &Reach, name: &str) -> Failure {
    let folder = match &reach.settings.job_templates {
        Some(folder) => format!("nor in {}", folder.display()),
        None => "and no job_templates are configured".to_owned(),
    };
    let known = if reach.sandbox.is_some() { "\n  the sandbox knows dagao.toml and scale.toml" } else { "" };
    Failure::usage(format!("there is no job template {name} here, {folder}{known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_along_becomes_jobs() {
        let dagao = Order::new("dagao.toml", Template::Dagao.text());
        let dagao = dagao.bind("profile.metapod_transaction", "t").version("dagao", "v").job().unwrap();
        assert_eq!(dagao.key.to_string(), "jobs/prod/dagao");
        let scale = Order::new("scale.toml", Template::Scale.text()).version("scale_cluster", "v");
        let scale = scale.bind("MODE", "on-demand").bind("N_NODES", "5").bind("SCALE_TIMEOUT", "0").job().unwrap();
        assert!(scale.processes[0].cmdline.ends_with("MODE=on-demand N_NODES=5 SCALE_TIMEOUT=0"));
        assert_eq!((Template::named("scale"), Template::named("other")), (Some(Template::Scale), None));
    }

    #[test]
    fn a_bind_has_a_name() {
        assert_eq!("a=b=c".parse(), Ok(Binding { name: "a".into(), value: "b=c".into() }));
        for wrong in ["", "a", "=b"] {
            assert!(wrong.parse::<Binding>().is_err(), "{wrong}");
        }
    }
}
