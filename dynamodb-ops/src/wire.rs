//! What travels, in our words. AWS's own words are those of its API reference.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget};
use aws_sdk_dynamodb::operation::describe_limits::DescribeLimitsOutput;
use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{BillingMode, ProvisionedThroughputDescription, TableDescription};
use jiff::Timestamp;

use crate::{
    AccountLimits, Billing, Bounds, Capacity, Decreases, Effect, Error, ErrorKind, Place, Provision, Result,
    ScalingTarget, Table, TableName, TableStatus, Unit,
};

/// What is known of these services' refusals: it is said by text only that an index is not there.
pub(crate) fn known(code: &str, message: &str) -> Option<ErrorKind> {
    match code.strip_suffix("Exception").unwrap_or(code) {
        "Validation" if message.contains("does not have the specified index") => Some(ErrorKind::NotFound),
        "ObjectNotFound" => Some(ErrorKind::NotFound),
        "ConcurrentUpdate" => Some(ErrorKind::Conflict),
        _ => None,
    }
}

pub(crate) fn table(op: &'static str, found: &TableDescription) -> Result<Table> {
    let name = found.table_name().ok_or_else(|| unreadable(op, "a table has no name"))?;
    let name: TableName = name.parse().map_err(|error| unreadable(op, format!("{error}")))?;
    let mode = found.billing_mode_summary().and_then(|summary| summary.billing_mode());
    // Nothing is told of it where a table never was paid otherwise than by units.
    let by_request = mode == Some(&BillingMode::PayPerRequest);
    let capacity = |place: &Place, units: Option<&ProvisionedThroughputDescription>| match units {
        Some(units) => capacity(op, &name, place, units),
        None if by_request => Ok(Capacity::new(0, 0)),
        None => Err(unreadable(op, format!("{place} of {name} has no units"))),
    };
    let provision =
        |place: Place, status: &str, units: Option<&ProvisionedThroughputDescription>| -> Result<Provision> {
            let mut provision = Provision::new(place, Capacity::new(0, 0));
            provision.capacity = capacity(&provision.place, units)?;
            provision.status = TableStatus::told(status);
            provision.last_increase = units.and_then(|units| timestamp(units.last_increase_date_time()?));
            provision.last_decrease = units.and_then(|units| timestamp(units.last_decrease_date_time()?));
            provision.decreases_today =
                units.and_then(|units| count(units.number_of_decreases_today())).unwrap_or_default();
            Ok(provision)
        };
    let status = found.table_status().map_or("", |status| status.as_str());
    let mut places = vec![provision(Place::Table, status, found.provisioned_throughput())?];
    for index in found.global_secondary_indexes() {
        let place = index.index_name().ok_or_else(|| unreadable(op, format!("an index of {name} has no name")))?;
        let status = index.index_status().map_or("", |status| status.as_str());
        places.push(provision(Place::Index(place.to_owned()), status, index.provisioned_throughput())?);
    }
    places.sort_by(|a, b| a.place.cmp(&b.place));
    let mut table = Table::new(name, Capacity::new(0, 0));
    table.places = places;
    found.table_arn().unwrap_or_default().clone_into(&mut table.arn);
    table.status = TableStatus::told(status);
    if by_request {
        let most = found.on_demand_throughput();
        // -1 says that there is no limit.
        table.billing = Billing::OnDemand {
            max_read: most.and_then(|most| count(most.max_read_request_units())),
            max_write: most.and_then(|most| count(most.max_write_request_units())),
        };
    }
    table.items = count(found.item_count()).unwrap_or_default();
    table.bytes = count(found.table_size_bytes()).unwrap_or_default();
    table.created = found.creation_date_time().and_then(timestamp);
    Ok(table)
}

fn capacity(
    op: &'static str,
    table: &TableName,
    place: &Place,
    units: &ProvisionedThroughputDescription,
) -> Result<Capacity> {
    match (count(units.read_capacity_units()), count(units.write_capacity_units())) {
        (Some(read), Some(write)) => Ok(Capacity::new(read, write)),
        _ => Err(unreadable(op, format!("{place} of {table} has units that are none"))),
    }
}

pub(crate) fn limits(op: &'static str, found: &DescribeLimitsOutput) -> Result<AccountLimits> {
    let both = |read, write| match (count(read), count(write)) {
        (Some(read), Some(write)) => Ok(Capacity::new(read, write)),
        _ => Err(unreadable(op, "a limit is missing")),
    };
    Ok(AccountLimits::new(
        both(found.account_max_read_capacity_units(), found.account_max_write_capacity_units())?,
        both(found.table_max_read_capacity_units(), found.table_max_write_capacity_units())?,
    ))
}

/// Where Application Auto Scaling keeps the bounds of a place.
pub(crate) fn resource(table: &TableName, place: &Place) -> String {
    match place {
        Place::Table => format!("table/{table}"),
        Place::Index(index) => format!("table/{table}/index/{index}"),
    }
}

pub(crate) fn dimension(place: &Place, unit: Unit) -> ScalableDimension {
    match (place, unit) {
        (Place::Table, Unit::Read) => ScalableDimension::DynamoDbTableReadCapacityUnits,
        (Place::Table, Unit::Write) => ScalableDimension::DynamoDbTableWriteCapacityUnits,
        (Place::Index(_), Unit::Read) => ScalableDimension::DynamoDbIndexReadCapacityUnits,
        (Place::Index(_), Unit::Write) => ScalableDimension::DynamoDbIndexWriteCapacityUnits,
    }
}

/// What scales, if it is a place of this table.
pub(crate) fn scaling(op: &'static str, table: &TableName, found: &ScalableTarget) -> Result<Option<ScalingTarget>> {
    let place = match found.resource_id().strip_prefix(resource(table, &Place::Table).as_str()) {
        Some("") => Place::Table,
        Some(rest) => match rest.strip_prefix("/index/") {
            Some(index) => Place::Index(index.to_owned()),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    let Some(unit) = Unit::BOTH.into_iter().find(|unit| dimension(&place, *unit) == *found.scalable_dimension()) else {
        return Ok(None);
    };
    let (Ok(min), Ok(max)) = (u64::try_from(found.min_capacity()), u64::try_from(found.max_capacity())) else {
        return Err(unreadable(op, format!("{unit}s of {place} of {table} have bounds that are none")));
    };
    let mut target = ScalingTarget::new(place, unit, Bounds::new(min, max));
    target.suspended =
        found.suspended_state().and_then(|state| state.dynamic_scaling_out_suspended()).unwrap_or_default();
    Ok(Some(target))
}

/// What was refused because it was lowered too often: when it may be lowered, as far as that is known.
pub(crate) fn told_when(error: Error, table: &TableName, provision: &Provision, now: Timestamp) -> Error {
    // The same code says that the account or the table has no more.
    let of_decreases = |words: &str| words.starts_with("LimitExceeded") && words.contains("decrease");
    if !error.words().is_some_and(of_decreases) {
        return error;
    }
    let error = error.with_kind(ErrorKind::RateLimited);
    let left = Decreases::of(provision, now);
    let often = format!("{} of {table} was lowered {} times today", provision.place, provision.decreases_today);
    if left.allowed(now) {
        // Our clock is not the service's.
        return error.with_message(format!("{often}, and may not be now"));
    }
    let pause = Duration::try_from(left.next.duration_since(now)).unwrap_or_default();
    let error = error.with_message(format!("{often}, and may be again from {:.0} on", left.next));
    error.with_retry_after(pause).with_remedy("lower it then; it may be raised at any time")
}

pub(crate) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.as_nanos()).ok()
}

fn count(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

pub(crate) fn unreadable(op: &'static str, message: impl Into<String>) -> Error {
    Error::new(op, ErrorKind::Decode, Effect::None).with_message(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "LimitExceededException: Subscriber limit exceeded: Provisioned throughput decreases are \
                         limited within a given UTC day.";

    fn lowered(times: u64, words: &str, now: &str) -> Error {
        let mut provision = Provision::new(Place::Table, Capacity::new(50, 20));
        provision.decreases_today = times;
        provision.last_decrease = Some("2026-11-26T10:30:00Z".parse().unwrap());
        let refused = Error::new("dynamodb.set_capacity", ErrorKind::Rejected, Effect::None).with_words(words);
        told_when(refused, &"prod-metapod-datomic".parse().unwrap(), &provision, now.parse().unwrap())
    }

    #[test]
    fn who_lowers_too_often_is_told_from_when_on_it_may_be() {
        let error = lowered(4, WORDS, "2026-11-26T10:45:00Z");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::RateLimited, Effect::None));
        let told = "the table of prod-metapod-datomic was lowered 4 times today, and may be again from ";
        assert_eq!(error.message(), Some(&*format!("{told}2026-11-26T11:30:00Z on")));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(45 * 60)));
        let last = lowered(27, WORDS, "2026-11-26T10:45:00Z");
        assert!(last.message().unwrap().ends_with("from 2026-11-27T00:00:00Z on"), "{last}");
        // By our clock it may.
        let error = lowered(4, WORDS, "2026-11-26T11:30:01Z");
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, None));
        assert!(error.message().unwrap().ends_with("may not be now"), "{error}");
    }

    #[test]
    fn other_limits_are_no_matter_of_time() {
        let other = "LimitExceededException: Subscriber limit exceeded: WriteCapacityUnits of the table";
        for words in [other, "ValidationException: a decrease"] {
            let error = lowered(4, words, "2026-11-26T10:45:00Z");
            assert_eq!((error.kind(), error.message()), (ErrorKind::Rejected, None));
        }
    }
}
