//! The two sides of a service: which one is live, and with which version.

use std::fmt;

use cloudformation_ops::{ParameterValue, Stack};
use serde::{Deserialize, Serialize};

use crate::words::names;

/// One of the two sides of a service that is deployed blue and green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// The one.
    Blue,
    /// The other.
    Green,
}

impl Colour {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }

    /// As parameters are called after it.
    fn title(self) -> &'static str {
        match self {
            Self::Blue => "Blue",
            Self::Green => "Green",
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Blue => "blue",
            Self::Green => "green",
        })
    }
}

impl std::str::FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "blue" => Ok(Self::Blue),
            "green" => Ok(Self::Green),
            other => Err(format!("a side is blue or green, not {other:?}")),
        }
    }
}

/// What the parameters of a side are called after its colour, the likeliest first: `Size` for `BlueSize` and `GreenSize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ParameterNames {
    /// How many instances a side has.
    pub size: Vec<String>,
    /// Which version.
    pub version: Vec<String>,
}

impl Default for ParameterNames {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self { size: words(&["Size", "Instances"]), version: words(&["Version", "Sha"]) }
    }
}

/// A side of a service, as its stack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// Which.
    pub(crate) colour: Colour,
    /// The parameter with its number of instances.
    pub(crate) size_key: String,
    /// How many instances it has.
    pub(crate) size: u32,
    /// The parameter with its version.
    pub(crate) version_key: String,
    /// Its version.
    pub(crate) version: String,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} × {}", self.colour, self.size, self.version)
    }
}

/// Both sides of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    blue: Side,
    green: Side,
}

/// What the sides say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picture<'a> {
    /// One side has instances, the other has none: the usual case.
    One {
        /// The side with instances.
        live: &'a Side,
        /// The side without.
        idle: &'a Side,
    },
    /// Both have instances: a deploy, or a way back, is half done.
    Both,
    /// Neither has: the service is down.
    Neither,
}

impl Sides {
    /// Reads them from a stack's parameters.
    ///
    /// # Errors
    /// Which parameter is not there or no number, and which ones there are.
    pub(crate) fn of(stack: &Stack, called: &ParameterNames) -> Result<Self, String> {
        let side = |colour: Colour| {
            let (size_key, size) = find(stack, colour, &called.size)?;
            let (version_key, version) = find(stack, colour, &called.version)?;
            let size =
                size.trim().parse().map_err(|_| format!("{size_key} is {size:?}, and no number of instances"))?;
            Ok::<_, String>(Side { colour, size_key, size, version_key, version })
        };
        Ok(Self { blue: side(Colour::Blue)?, green: side(Colour::Green)? })
    }

    /// One of them.
    pub(crate) fn side(&self, colour: Colour) -> &Side {
        match colour {
            Colour::Blue => &self.blue,
            Colour::Green => &self.green,
        }
    }

    /// Both.
    pub(crate) fn both(&self) -> [&Side; 2] {
        [&self.blue, &self.green]
    }

    /// What they say together.
    pub(crate) fn picture(&self) -> Picture<'_> {
        match (self.blue.size, self.green.size) {
            (0, 0) => Picture::Neither,
            (_, 0) => Picture::One { live: &self.blue, idle: &self.green },
            (0, _) => Picture::One { live: &self.green, idle: &self.blue },
            _ => Picture::Both,
        }
    }
}

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.picture() {
            Picture::One { live, idle } => write!(f, "live: {live}; idle: {idle}"),
            Picture::Both => write!(f, "both live: {}, {}", self.blue, self.green),
            Picture::Neither => write!(f, "neither is live: {}, {}", self.blue, self.green),
        }
    }
}

/// The first of these parameters that the stack has, and its value.
fn find(stack: &Stack, colour: Colour, words: &[String]) -> Result<(String, String), String> {
    let keys = || words.iter().map(|word| format!("{}{word}", colour.title()));
    for key in keys() {
        match stack.parameters.get(&key) {
            Some(ParameterValue::Plain(value)) => return Ok((key, value.clone())),
            Some(_) => return Err(format!("{key} is hidden: it cannot be read")),
            None => {}
        }
    }
    let there = names(stack.parameters.keys());
    Err(format!("there is no parameter {} (there are: {there})", keys().collect::<Vec<_>>().join(" or ")))
}
