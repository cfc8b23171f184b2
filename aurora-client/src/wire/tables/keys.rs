//! Keys and identity.

use crate::wire::table::record;

record! {
    /// `JobKey` of the interface.
    JobKey {
        1 role "role": String,
        2 environment "environment": String,
        3 name "name": String,
    }
    /// `InstanceKey` of the interface.
    InstanceKey {
        1 job_key "jobKey": JobKey,
        2 instance_id "instanceId": i32,
    }
    /// `JobUpdateKey` of the interface.
    JobUpdateKey {
        1 job "job": JobKey,
        2 id "id": String,
    }
    /// `Identity` of the interface.
    Identity {
        2 user "user": String,
    }
    /// `Metadata` of the interface.
    Metadata {
        1 key "key": String,
        2 value "value": String,
    }
    /// `Range` of the interface.
    Range {
        1 first "first": i32,
        2 last "last": i32,
    }
}
