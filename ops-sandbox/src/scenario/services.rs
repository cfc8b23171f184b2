//! Services on the night on which something must be rolled back.

use cloudformation_ops::{ServiceStack, StackName};
use ops_client::{Error, Result};

use crate::World;
use crate::gocd::{self, Builds};
use crate::stacks::StackSpec;

/// What is in the world after [`services`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Services {
    /// What was built.
    pub builds: Builds,
    /// The stack of `metapod`: two instances, of the bad commit, on the blue side.
    pub metapod: StackName,
    /// The stacks of `correnteza`, one for each shard, with one instance of the bad commit each: the first one's is on the
    /// green side, the second one's on the blue side.
    pub correnteza: [StackName; 2],
}

/// The services `metapod` and `correnteza` of an environment, as CloudFormation's stacks, and [the builds](gocd::builds) of
/// both. All of them run the bad commit.
///
/// # Errors
/// `Invalid` where the environment cannot be a part of a stack's name.
pub fn services(world: &World, environment: &str) -> Result<Services> {
    let builds = gocd::builds(world)?;
    let (bad, idle) = (short(builds.bad.as_str()), short(builds.ambiguous.as_str()));
    let spec = |prototype: &str, service: &str| {
        let name = ServiceStack::new(environment, prototype, "k", service).name();
        let name = name.map_err(|error| Error::invalid("sandbox.world", error.to_string()))?;
        let tags = [("environment", environment), ("prototype", prototype), ("service", service)];
        Ok((name.clone(), tags.iter().fold(StackSpec::new(name), |spec, (key, value)| spec.tag(*key, *value))))
    };
    let (metapod, spec_of_metapod) = spec("global", "metapod")?;
    let (first, spec_of_first) = spec("s0", "correnteza")?;
    let (second, spec_of_second) = spec("s1", "correnteza")?;
    world.put_stack(spec_of_metapod.blue(2, bad).green(0, idle));
    world.put_stack(spec_of_first.blue(0, idle).green(1, bad));
    world.put_stack(spec_of_second.blue(1, bad).green(0, idle));
    Ok(Services { builds, metapod, correnteza: [first, second] })
}

/// As stacks have it.
fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}
