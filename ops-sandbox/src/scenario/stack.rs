//! The machines of a stack, and the cluster on them.

use aurora_client::Resources;
use jiff::SignedDuration;

use crate::World;
use crate::fleet::GroupSpec;

/// What is in the world after [`stack`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stack {
    /// Its name: environment and suffix.
    pub name: String,
    /// The group of the one machine with the Mesos master.
    pub mesos_master: String,
    /// The group of the three machines that run tasks.
    pub on_demand: String,
    /// The group of the two machines with the schedulers.
    pub aurora: String,
}

/// The stack `cantareira-stable`: a Mesos master, three machines that run tasks (16 cores, 64 GB each), two schedulers of which
/// the first one leads. Its groups bear the tags `environment`, `suffix` and `service`.
pub fn stack(world: &World) -> Stack {
    let (environment, suffix) = ("cantareira", "stable");
    let name = format!("{environment}-{suffix}");
    let group = |service: &str, machines: u32| {
        let spec = GroupSpec::new(format!("{name}-{service}"), machines);
        spec.tag("environment", environment).tag("suffix", suffix).tag("service", service)
    };
    let of = |service: &str| format!("{name}-{service}");
    world.put_group(group("mesos-master", 1).runs_mesos());
    let room = Resources::new(16.0, 64 << 10, 500 << 10);
    world.put_group(group("mesos-on-demand", 3).runs_tasks("on-demand", room));
    world.put_group(group("aurora", 2));
    let (mesos_master, on_demand, aurora) = (of("mesos-master"), of("mesos-on-demand"), of("aurora"));
    let machines = world.group(&aurora).map(|group| group.machines).unwrap_or_default();
    let hosts = machines.iter().filter_map(|machine| world.host_of(&machine.id));
    let hosts: Vec<String> = hosts.collect();
    world.put_schedulers(hosts, world.now() - SignedDuration::from_hours(12 * 24));
    Stack { name, mesos_master, on_demand, aurora }
}
