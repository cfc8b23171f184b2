//! Which instances of a job are meant. All of them is a choice of its own, never what saying nothing means.

use aurora_client::{InstanceSet, Instances};
use clap::Args;

use crate::exit::Failure;

/// No range is longer: a job has some thousand instances at most.
const LONGEST: u32 = 100_000;

/// Which instances of a job.
#[derive(Args, Clone, Debug)]
pub struct WhichInstances {
    /// All that are active
    #[arg(long, conflicts_with = "instances")]
    all: bool,
    /// These: numbers and ranges, parted by commas
    #[arg(long, value_name = "0-3,7", value_parser = instances)]
    instances: Option<InstanceSet>,
}

impl WhichInstances {
    /// Those that are meant.
    ///
    /// # Errors
    /// Where nothing is said.
    pub fn get(&self) -> Result<Instances, Failure> {
        match (&self.instances, self.all) {
            (Some(set), _) => Ok(Instances::Only(set.clone())),
            (None, true) => Ok(Instances::All),
            (None, false) => Err(Failure::usage("say which instances: --instances 0-3,7, or --all for all of them")),
        }
    }
}

fn instances(text: &str) -> Result<InstanceSet, String> {
    let wrong = |part: &str| format!("{part:?} is no instance: numbers and ranges belong here, as in 0-3,7");
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong(part));
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        if first > last || last - first >= LONGEST {
            return Err(wrong(part));
        }
        all.extend(first..=last);
    }
    InstanceSet::new(all).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_written_as_they_are_shown() {
        for text in ["0", "0-3,7", "1,3", "5-5"] {
            let shown = instances(text).unwrap().to_string();
            assert_eq!(instances(&shown).unwrap(), instances(text).unwrap());
        }
        for wrong in ["", "a", "3-1", "1,,2", "-1", "0-4294967295", "4294967295", "1-"] {
            assert!(instances(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn saying_nothing_is_not_all() {
        let nothing = WhichInstances { all: false, instances: None };
        assert!(nothing.get().unwrap_err().text.contains("--all"));
        assert_eq!(WhichInstances { all: true, ..nothing }.get().unwrap(), Instances::All);
    }
}
