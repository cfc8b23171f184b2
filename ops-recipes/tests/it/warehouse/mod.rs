//! The recipes of the warehouse on real servers: a PostgreSQL with Redshift's views (`peers/redshift`), and a stand-in for AWS
//! with time in it (`peers/aws`).

#[allow(dead_code, reason = "the clients' own tests use the rest of it")]
#[path = "../../../../redshift-ops/tests/it/aws.rs"]
mod aws;
mod hang;
mod kills;
#[allow(dead_code, reason = "the clients' own tests use the rest of it")]
#[path = "../../../../redshift-ops/tests/it/postgres.rs"]
mod postgres;
mod reboot;

use jiff::{SignedDuration, Timestamp};
use redshift_ops::loader::{HangDetector, LoaderSeen, Scanner};

const CLUSTER: &str = "cantareira-k-redshift-redshiftcluster-1lp2x";
const TRANSACTION: &str = "556b5e98-60a1-5743-ad2e-da82d4798170";

/// A log that says that the loader has hung for so long, and is fresh.
fn hung_for(time: SignedDuration) -> LoaderSeen {
    let now = Timestamp::now();
    let line = |at: Timestamp, map: &str| format!("{at:.3} [CAPIVARA:main] INFO capivara - {{:line 1, {map}}}\n");
    let mut log = line(now - time, ":log :execute-statement, :statement [\"DROP SCHEMA IF EXISTS fact CASCADE\"]");
    let report = format!(
        ":log :progress-reporter, :wip {{}}, :done-count 2, :wip-count 0, :transaction-info {{:total-count 2, \
         :transaction-id \"{TRANSACTION}\", :target-date \"2018-01-18\"}}"
    );
    for seconds in [90, 60, 30, 0] {
        log += &line(now - SignedDuration::from_secs(seconds), &report);
    }
    let mut detector = HangDetector::new();
    let read = Scanner::new().scan(log.as_bytes(), |event| detector.see(&event)).unwrap();
    detector.seen(&read)
}
