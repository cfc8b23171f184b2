//! When capacity may be lowered again.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::Provision;

/// So many a UTC day, without waiting.
const FREE: u64 = 4;
/// Then one, where the last was so long ago.
const REST: SignedDuration = SignedDuration::from_hours(1);
/// All in all.
const MOST: u64 = 27;

/// How often a table or an index may be lowered today. Four times a UTC day; then once where the last time was an hour
/// ago or more: at most 27 times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decreases {
    /// How many of today's four are left.
    pub left: u64,
    /// From when on the next one is allowed: a time that has passed says that it is now.
    pub next: Timestamp,
}

impl Decreases {
    /// What is left at a time.
    ///
    /// ```
    /// use dynamodb_ops::{Capacity, Decreases, Place, Provision};
    ///
    /// let mut table = Provision::new(Place::Table, Capacity::new(50, 20));
    /// (table.decreases_today, table.last_decrease) = (4, Some("2026-11-26T10:30:00Z".parse()?));
    /// let left = Decreases::of(&table, "2026-11-26T10:45:00Z".parse()?);
    /// assert_eq!((left.left, left.next), (0, "2026-11-26T11:30:00Z".parse()?));
    /// # Ok::<(), jiff::Error>(())
    /// ```
    pub fn of(provision: &Provision, now: Timestamp) -> Self {
        // What the service counted was counted that day: none of today's, where the last was yesterday.
        let today = provision.last_decrease.is_none_or(|last| same_day(last, now));
        let used = if today { provision.decreases_today } else { 0 };
        let left = FREE.saturating_sub(used);
        let next = match provision.last_decrease {
            _ if left > 0 => now,
            _ if used >= MOST => tomorrow(now),
            Some(last) => last.checked_add(REST).unwrap_or(now).min(tomorrow(now)),
            None => tomorrow(now),
        };
        Self { left, next }
    }

    /// Whether one is allowed at this time.
    pub fn allowed(self, now: Timestamp) -> bool {
        self.next <= now
    }
}

fn same_day(one: Timestamp, other: Timestamp) -> bool {
    one.to_zoned(TimeZone::UTC).date() == other.to_zoned(TimeZone::UTC).date()
}

/// The next UTC midnight.
fn tomorrow(now: Timestamp) -> Timestamp {
    let next = now.to_zoned(TimeZone::UTC).date().tomorrow().and_then(|date| date.to_zoned(TimeZone::UTC));
    next.map_or(Timestamp::MAX, |next| next.timestamp())
}
