use std::time::Duration;

use ops_client::Environment;
use ops_client::http::{Call, ClientBuilder, Endpoint, Idempotency, RetryPolicy};

/// The real policy, but in a hurry.
pub(crate) fn hurried() -> RetryPolicy {
    RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(5))
}

pub(crate) fn builder(address: &str) -> ClientBuilder<Endpoint> {
    Endpoint::builder(Environment::new("test"), address).retry(hurried())
}

pub(crate) fn endpoint(address: &str) -> Endpoint {
    builder(address).build().unwrap()
}

/// A retract, declared as a write or as whatever the test needs.
pub(crate) fn retract(endpoint: &Endpoint, idempotency: Idempotency) -> Call {
    let call = match idempotency {
        Idempotency::Read => endpoint.get("metapod.look"),
        _ => endpoint.post("metapod.retract").empty(),
    };
    call.segments(&["api", "retract", "id-1"]).template("/api/retract/{id}").idempotency(idempotency)
}
