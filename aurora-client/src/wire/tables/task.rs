//! What jobs and tasks are told to be.

use std::collections::BTreeMap;

use super::keys::{Identity, JobKey, Metadata};
use super::number::{CronCollisionPolicy, Mode};
use super::one_of::{Container, Image, Resource, SlaPolicy, TaskConstraint};
use crate::wire::table::record;
use crate::wire::value::{Hidden, Set};

record! {
    /// `JobConfiguration` of the interface.
    JobConfiguration {
        4 cron_schedule "cronSchedule": String,
        5 cron_collision_policy "cronCollisionPolicy": CronCollisionPolicy,
        6 task_config "taskConfig": TaskConfig,
        7 owner "owner": Identity,
        8 instance_count "instanceCount": i32,
        9 key "key": JobKey,
    }
    /// `TaskConfig` of the interface.
    TaskConfig {
        7 is_service "isService": bool,
        11 priority "priority": i32,
        13 max_task_failures "maxTaskFailures": i32,
        17 owner "owner": Identity,
        18 production "production": bool,
        20 constraints "constraints": Set<Constraint>,
        22 task_links "taskLinks": BTreeMap<String, String>,
        23 contact_email "contactEmail": String,
        25 executor_config "executorConfig": ExecutorConfig,
        27 metadata "metadata": Set<Metadata>,
        28 job "job": JobKey,
        29 container "container": Container,
        30 tier "tier": String,
        32 resources "resources": Set<Resource>,
        33 mesos_fetcher_uris "mesosFetcherUris": Set<MesosFetcherURI>,
        34 partition_policy "partitionPolicy": PartitionPolicy,
        35 sla_policy "slaPolicy": SlaPolicy,
    }
    /// `ExecutorConfig` of the interface.
    ExecutorConfig {
        1 name "name": String,
        2 data "data": Hidden,
    }
    /// `Constraint` of the interface.
    Constraint {
        1 name "name": String,
        2 constraint "constraint": TaskConstraint,
    }
    /// `ValueConstraint` of the interface.
    ValueConstraint {
        1 negated "negated": bool,
        2 values "values": Set<String>,
    }
    /// `LimitConstraint` of the interface.
    LimitConstraint {
        1 limit "limit": i32,
    }
    /// `MesosFetcherURI` of the interface.
    MesosFetcherURI {
        1 value "value": String,
        2 extract "extract": bool,
        3 cache "cache": bool,
        4 output_file "outputFile": String,
    }
    /// `PartitionPolicy` of the interface.
    PartitionPolicy {
        1 reschedule "reschedule": bool,
        2 delay_secs "delaySecs": i64,
    }
    /// `PercentageSlaPolicy` of the interface.
    PercentageSlaPolicy {
        1 percentage "percentage": f64,
        2 duration_secs "durationSecs": i64,
    }
    /// `CountSlaPolicy` of the interface.
    CountSlaPolicy {
        1 count "count": i64,
        2 duration_secs "durationSecs": i64,
    }
    /// `CoordinatorSlaPolicy` of the interface.
    CoordinatorSlaPolicy {
        1 coordinator_url "coordinatorUrl": String,
        2 status_key "statusKey": String,
    }
    /// `MesosContainer` of the interface.
    MesosContainer {
        1 image "image": Image,
        2 volumes "volumes": Vec<Volume>,
    }
    /// `DockerContainer` of the interface.
    DockerContainer {
        1 image "image": String,
        2 parameters "parameters": Vec<DockerParameter>,
    }
    /// `DockerImage` of the interface.
    DockerImage {
        1 name "name": String,
        2 tag "tag": String,
    }
    /// `AppcImage` of the interface.
    AppcImage {
        1 name "name": String,
        2 image_id "imageId": String,
    }
    /// `DockerParameter` of the interface.
    DockerParameter {
        1 name "name": String,
        2 value "value": String,
    }
    /// `Volume` of the interface.
    Volume {
        1 container_path "containerPath": String,
        2 host_path "hostPath": String,
        3 mode "mode": Mode,
    }
    /// `ResourceAggregate` of the interface.
    ResourceAggregate {
        4 resources "resources": Set<Resource>,
    }
}
