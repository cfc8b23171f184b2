//! What CloudWatch tells of a table.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode};
use jiff::Timestamp;

use crate::wire::{timestamp, unreadable};
use crate::{Cause, Effect, Error, ErrorKind, Place, Point, Result, TableName, Unit, Usage, Window};

const NAMESPACE: &str = "AWS/DynamoDB";
const MINUTE: i32 = 60;
/// The units are told no more often.
const FIVE_MINUTES: i32 = 300;

/// One of the metrics of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Consumed,
    Provisioned,
    Throttled,
    ThrottledBy(Cause),
}

const ALL: [What; 7] = [
    What::Consumed,
    What::Provisioned,
    What::Throttled,
    What::ThrottledBy(Cause::Provisioned),
    What::ThrottledBy(Cause::KeyRange),
    What::ThrottledBy(Cause::AccountLimit),
    What::ThrottledBy(Cause::OnDemandLimit),
];

impl What {
    fn metric(self, unit: Unit) -> String {
        let unit = match unit {
            Unit::Read => "Read",
            Unit::Write => "Write",
        };
        match self {
            Self::Consumed => format!("Consumed{unit}CapacityUnits"),
            Self::Provisioned => format!("Provisioned{unit}CapacityUnits"),
            Self::Throttled | Self::ThrottledBy(Cause::Unnamed) => format!("{unit}ThrottleEvents"),
            Self::ThrottledBy(Cause::Provisioned) => format!("{unit}ProvisionedThroughputThrottleEvents"),
            Self::ThrottledBy(Cause::KeyRange) => format!("{unit}KeyRangeThroughputThrottleEvents"),
            Self::ThrottledBy(Cause::AccountLimit) => format!("{unit}AccountLimitThrottleEvents"),
            Self::ThrottledBy(Cause::OnDemandLimit) => format!("{unit}MaxOnDemandThroughputThrottleEvents"),
        }
    }

    /// Of how long a time one number is, and what it is of those that were told in that time.
    fn period_and_statistic(self) -> (i32, &'static str) {
        if self == Self::Provisioned { (FIVE_MINUTES, "Average") } else { (MINUTE, "Sum") }
    }
}

/// By the id under which it is asked for: those must begin with a small letter.
fn asked() -> impl Iterator<Item = (String, Unit, What)> {
    let of = |unit| ALL.into_iter().enumerate().map(move |(n, what)| (format!("{unit}{n}"), unit, what));
    Unit::BOTH.into_iter().flat_map(of)
}

/// All that is asked of a place, in one call.
pub(crate) fn queries(table: &TableName, place: &Place) -> Vec<MetricDataQuery> {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let mut dimensions = vec![dimension("TableName", table.as_str())];
    dimensions.extend(place.index().map(|index| dimension("GlobalSecondaryIndexName", index)));
    let query = |(id, unit, what): (String, Unit, What)| {
        let metric = Metric::builder().namespace(NAMESPACE).metric_name(what.metric(unit));
        let metric = metric.set_dimensions(Some(dimensions.clone())).build();
        let (period, statistic) = what.period_and_statistic();
        let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
        MetricDataQuery::builder().id(id).metric_stat(stat).return_data(true).build()
    };
    asked().map(query).collect()
}

/// What the pages of an answer tell together.
#[derive(Debug)]
pub(crate) struct Answers {
    op: &'static str,
    window: Window,
    told: BTreeMap<(Unit, What), BTreeMap<Timestamp, f64>>,
    /// What is not told completely yet.
    open: BTreeSet<(Unit, What)>,
}

impl Answers {
    pub(crate) fn new(op: &'static str, window: Window) -> Self {
        Self { op, window, told: BTreeMap::new(), open: asked().map(|(_, unit, what)| (unit, what)).collect() }
    }

    /// Takes one page's part of a metric.
    pub(crate) fn take(&mut self, result: &MetricDataResult) -> Result<()> {
        let id = result.id().unwrap_or_default();
        let (_, unit, what) = asked()
            .find(|(asked, ..)| asked == id)
            .ok_or_else(|| unreadable(self.op, "CloudWatch tells what was not asked for"))?;
        match result.status_code() {
            Some(StatusCode::Complete) => drop(self.open.remove(&(unit, what))),
            // Its rest is on another page.
            Some(StatusCode::PartialData) => drop(self.open.insert((unit, what))),
            other => {
                let word = other.map_or("no status", StatusCode::as_str);
                return Err(self.incomplete(format!("CloudWatch has not told {}: {word}", what.metric(unit))));
            }
        }
        if result.timestamps().len() != result.values().len() {
            return Err(unreadable(self.op, format!("{} has other times than values", what.metric(unit))));
        }
        let (period, _) = what.period_and_statistic();
        // A first time is rounded down to a whole period.
        let from = self.window.from.as_second().div_euclid(period.into()) * i64::from(period);
        let told = self.told.entry((unit, what)).or_default();
        for (time, value) in result.timestamps().iter().zip(result.values()) {
            let at = timestamp(time).ok_or_else(|| unreadable(self.op, "a minute has no time"))?;
            if !value.is_finite() || *value < 0.0 {
                return Err(unreadable(self.op, format!("{} is {value}", what.metric(unit))));
            }
            if at.as_second() >= from && at < self.window.to {
                told.insert(minute(at), *value);
            }
        }
        Ok(())
    }

    /// What was told, the oldest first.
    pub(crate) fn usage(mut self, place: &Place) -> Result<Usage> {
        if let Some((unit, what)) = self.open.first() {
            return Err(self.incomplete(format!("CloudWatch has told a part of {} only", what.metric(*unit))));
        }
        let mut usage = Usage::new(place.clone(), self.window);
        usage.reads = self.points(Unit::Read);
        usage.writes = self.points(Unit::Write);
        let mut provisioned =
            |unit| self.told.remove(&(unit, What::Provisioned)).unwrap_or_default().into_iter().collect();
        usage.provisioned_reads = provisioned(Unit::Read);
        usage.provisioned_writes = provisioned(Unit::Write);
        Ok(usage)
    }

    fn points(&mut self, unit: Unit) -> Vec<Point> {
        let mut points = BTreeMap::new();
        let mut refused = BTreeMap::new();
        for what in ALL {
            if what == What::Provisioned {
                continue;
            }
            for (at, value) in self.told.remove(&(unit, what)).unwrap_or_default() {
                let point = points.entry(at).or_insert_with(|| Point::new(at));
                match what {
                    What::Consumed => point.consumed = Some(value / f64::from(MINUTE)),
                    What::ThrottledBy(cause) => point.throttled.add(cause, value),
                    _ => drop(refused.insert(at, value)),
                }
            }
        }
        for (at, all) in refused {
            if let Some(point) = points.get_mut(&at) {
                point.throttled.add(Cause::Unnamed, (all - point.throttled.all()).max(0.0));
            }
        }
        points.into_values().collect()
    }

    /// It may be whole when it is asked for again.
    fn incomplete(&self, message: String) -> Error {
        Error::new(self.op, ErrorKind::Unavailable, Effect::None).with_message(message)
    }
}

fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::primitives::DateTime;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_600_800 + minute * 60).unwrap()
    }

    fn result(unit: Unit, what: What, status: StatusCode, points: &[(i64, f64)]) -> MetricDataResult {
        let (id, ..) = asked().find(|asked| (asked.1, asked.2) == (unit, what)).unwrap();
        let times = points.iter().map(|(minute, _)| DateTime::from_secs(at(*minute).as_second())).collect();
        let values = points.iter().map(|(_, value)| *value).collect();
        let result = MetricDataResult::builder().id(id).status_code(status);
        result.set_timestamps(Some(times)).set_values(Some(values)).build()
    }

    fn told(results: &[MetricDataResult]) -> Result<Usage> {
        let mut answers = Answers::new("dynamodb.usage", Window { from: at(0), to: at(10) });
        for (_, unit, what) in asked() {
            answers.take(&result(unit, what, StatusCode::Complete, &[]))?;
        }
        results.iter().try_for_each(|result| answers.take(result))?;
        answers.usage(&Place::Table)
    }

    #[test]
    fn minutes_are_sorted_and_units_are_by_the_second() {
        let (part, whole) = (StatusCode::PartialData, StatusCode::Complete);
        let usage = told(&[
            result(Unit::Write, What::Consumed, part, &[(3, 600.0), (2, 1_200.0)]),
            result(Unit::Write, What::Consumed, whole, &[(1, 60.0), (10, 6.0), (-1, 6.0)]),
            result(Unit::Read, What::Provisioned, StatusCode::Complete, &[(5, 50.0), (0, 40.0)]),
        ])
        .unwrap();
        let seen: Vec<_> = usage.writes.iter().map(|point| (point.at, point.consumed)).collect();
        assert_eq!(seen, [(at(1), Some(1.0)), (at(2), Some(20.0)), (at(3), Some(10.0))], "and none of another time");
        assert_eq!(usage.provisioned_reads, [(at(0), 40.0), (at(5), 50.0)]);
        assert!(usage.reads.is_empty() && usage.provisioned_writes.is_empty());
    }

    #[test]
    fn what_the_causes_leave_over_has_none() {
        let usage = told(&[
            result(Unit::Read, What::Throttled, StatusCode::Complete, &[(1, 10.0), (2, 4.0), (3, 1.0)]),
            result(Unit::Read, What::ThrottledBy(Cause::KeyRange), StatusCode::Complete, &[(1, 7.0), (3, 2.0)]),
        ])
        .unwrap();
        let by = |n: usize, cause| usage.reads[n].throttled.of(cause);
        assert_eq!((by(0, Cause::KeyRange), by(0, Cause::Unnamed)), (7.0, 3.0));
        assert_eq!((by(1, Cause::KeyRange), by(1, Cause::Unnamed)), (0.0, 4.0));
        assert_eq!((by(2, Cause::KeyRange), by(2, Cause::Unnamed)), (2.0, 0.0), "told at different times");
        assert_eq!(usage.reads[1].consumed, None);
    }

    #[test]
    fn half_an_answer_is_none() {
        let error = told(&[result(Unit::Read, What::Throttled, StatusCode::InternalError, &[])]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let error = told(&[result(Unit::Read, What::Throttled, StatusCode::PartialData, &[(1, 2.0)])]).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error}");
        let none = Answers::new("dynamodb.usage", Window { from: at(0), to: at(1) });
        assert!(none.usage(&Place::Table).is_err(), "nothing was answered at all");
        for value in [f64::NAN, f64::INFINITY, -1.0] {
            let wrong = told(&[result(Unit::Read, What::Consumed, StatusCode::Complete, &[(1, value)])]);
            assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Decode);
        }
        let foreign = MetricDataResult::builder().id("read9").status_code(StatusCode::Complete).build();
        assert_eq!(told(&[foreign]).unwrap_err().kind(), ErrorKind::Decode);
    }
}
