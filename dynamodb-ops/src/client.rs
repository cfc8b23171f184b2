//! The ports over DynamoDB, CloudWatch and Application Auto Scaling.

use std::time::Instant;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::Client as Scaling;
use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_cloudwatch::Client as CloudWatch;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::ScanBy;
use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::types::{GlobalSecondaryIndexUpdate, ProvisionedThroughput, UpdateGlobalSecondaryIndexAction};
use jiff::{SignedDuration, Timestamp};
use ops_aws::{Aws, Call, Idempotency, Pages};

use crate::metrics::{Answers, queries};
use crate::wire::{self, known, unreadable};
use crate::{
    AccountLimits, Billing, Bounds, Capacity, CapacityChange, Effect, Error, ErrorKind, Place, Probe, Provision,
    Result, ScalingChange, ScalingTarget, Table, TableName, TableStatus, TablesRead, TablesWrite, Usage, Window,
};

/// As many names as DynamoDB gives at once.
const PAGE: i32 = 100;
/// As many resources as Application Auto Scaling is asked for at once.
const RESOURCES: usize = 50;
/// With the minutes that are begun at its ends.
const LONGEST: SignedDuration = SignedDuration::from_mins(24 * 60 + 1);
/// As many minutes as CloudWatch gives at once.
const POINTS: i32 = 100_800;

/// The tables of one account and region. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TablesClient {
    aws: Aws,
    tables: DynamoDb,
    metrics: CloudWatch,
    scaling: Scaling,
}

impl TablesClient {
    /// Over these services of AWS.
    pub fn new(aws: Aws) -> Self {
        let sdk = aws.sdk();
        Self { tables: DynamoDb::new(sdk), metrics: CloudWatch::new(sdk), scaling: Scaling::new(sdk), aws }
    }

    /// Where it calls, and as whom.
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    fn call(&self, op: &'static str, idempotency: Idempotency) -> Call<'_> {
        self.aws.call(op, idempotency).known(known)
    }

    async fn described(&self, op: &'static str, name: &TableName) -> Result<Table> {
        let call = self.call(op, Idempotency::Read);
        let found = call.send(|| self.tables.describe_table().table_name(name.as_str()).send()).await;
        let found = found.map_err(advised)?;
        let table = found.table().ok_or_else(|| unreadable(op, "there is no table in the answer"))?;
        wire::table(op, table)
    }

    /// What scales by itself at these places, and perhaps elsewhere in the table.
    async fn targets(&self, op: &'static str, table: &TableName, places: &[Place]) -> Result<Vec<ScalingTarget>> {
        let mut targets = Vec::new();
        for places in places.chunks(RESOURCES) {
            let resources: Vec<String> = places.iter().map(|place| wire::resource(table, place)).collect();
            let mut pages = Pages::of(op);
            while let Some(token) = pages.due()? {
                let request = self.scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Dynamodb);
                let request = request.set_resource_ids(Some(resources.clone())).set_next_token(token);
                let page = self.call(op, Idempotency::Read).send(|| request.clone().send()).await?;
                for target in page.scalable_targets() {
                    targets.extend(wire::scaling(op, table, target)?);
                }
                pages.turn(page.next_token);
            }
        }
        targets.sort_by(|a, b| (&a.place, a.unit).cmp(&(&b.place, b.unit)));
        targets.dedup_by(|a, b| (&a.place, a.unit) == (&b.place, b.unit));
        Ok(targets)
    }

    /// Nothing was sent that changes anything.
    fn refused(&self, op: &'static str, kind: ErrorKind, message: String) -> Error {
        Error::new(op, kind, Effect::None).with_target(self.aws.address()).with_message(message)
    }

    /// Whether what is there is what was seen, and takes a change.
    fn judged(&self, op: &'static str, table: &Table, change: &CapacityChange) -> Result<Provision> {
        let (name, place) = (&table.name, &change.place);
        if table.billing != Billing::Provisioned {
            let why = format!("{name} is paid by request: it has no units");
            return Err(self.refused(op, ErrorKind::Invalid, why));
        }
        let Some(found) = table.place(place) else {
            return Err(self.refused(op, ErrorKind::NotFound, format!("{name} has no {}", what(place))));
        };
        if found.capacity != change.seen {
            let why = format!("{place} of {name} has {}, not {}", found.capacity, change.seen);
            return Err(self.refused(op, ErrorKind::Conflict, why).with_remedy("look again: somebody else was faster"));
        }
        let of_it = format!("{place} of {name}");
        for (what, status) in [(name.as_str(), &table.status), (of_it.as_str(), &found.status)] {
            if *status != TableStatus::Active {
                let why = format!("{what} is {status}");
                return Err(self.refused(op, ErrorKind::Conflict, why).with_remedy("wait until it is ACTIVE"));
            }
        }
        if found.capacity == change.to {
            let why = format!("{place} of {name} has {} already", change.to);
            return Err(self.refused(op, ErrorKind::Invalid, why));
        }
        Ok(found.clone())
    }
}

#[async_trait]
impl TablesRead for TablesClient {
    async fn probe(&self) -> Result<Probe> {
        let began = Instant::now();
        let call = self.call("dynamodb.probe", Idempotency::Read);
        call.send(|| self.tables.list_tables().limit(1).send()).await?;
        Ok(Probe::new(self.aws.address(), began.elapsed()))
    }

    async fn table(&self, name: &TableName) -> Result<Table> {
        self.described("dynamodb.table", name).await
    }

    async fn tables(&self, prefix: &str) -> Result<Vec<TableName>> {
        const OP: &str = "dynamodb.tables";
        let mut names = Vec::new();
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.tables.list_tables().limit(PAGE).set_exclusive_start_table_name(token);
            let page = self.call(OP, Idempotency::Read).send(|| request.clone().send()).await?;
            for name in page.table_names().iter().filter(|name| name.starts_with(prefix)) {
                names.push(name.parse().map_err(|error| unreadable(OP, format!("{error}")))?);
            }
            pages.turn(page.last_evaluated_table_name);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    async fn limits(&self) -> Result<AccountLimits> {
        const OP: &str = "dynamodb.limits";
        let call = self.call(OP, Idempotency::Read);
        let found = call.send(|| self.tables.describe_limits().send()).await?;
        wire::limits(OP, &found)
    }

    async fn usage(&self, table: &TableName, place: &Place, window: &Window) -> Result<Usage> {
        const OP: &str = "dynamodb.usage";
        let length = window.to.duration_since(window.from);
        if length <= SignedDuration::ZERO || length > LONGEST {
            return Err(not_sent(OP, "a time that is looked at is a day at most, and ends after it begins"));
        }
        // The minute that is running then, too.
        let from = DateTime::from_secs(window.from.as_second().div_euclid(60) * 60);
        let to = DateTime::from_secs(window.to.as_second() + i64::from(window.to.subsec_nanosecond() > 0));
        let queries = queries(table, place);
        let mut answers = Answers::new(OP, *window);
        let mut pages = Pages::of(OP);
        while let Some(token) = pages.due()? {
            let request = self.metrics.get_metric_data().set_metric_data_queries(Some(queries.clone()));
            let request = request.start_time(from).end_time(to).scan_by(ScanBy::TimestampAscending);
            let request = request.max_datapoints(POINTS).set_next_token(token);
            let page = self.call(OP, Idempotency::Read).send(|| request.clone().send()).await?;
            page.metric_data_results().iter().try_for_each(|result| answers.take(result))?;
            pages.turn(page.next_token);
        }
        answers.usage(place)
    }

    async fn scaling(&self, table: &TableName) -> Result<Vec<ScalingTarget>> {
        const OP: &str = "dynamodb.scaling";
        // It is asked for by the names of the indexes: the service has no «all of this table».
        let places: Vec<Place> = match self.described(OP, table).await {
            Ok(table) => table.places.into_iter().map(|provision| provision.place).collect(),
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        self.targets(OP, table, &places).await
    }
}

#[async_trait]
impl TablesWrite for TablesClient {
    async fn set_capacity(&self, table: &TableName, change: &CapacityChange) -> Result<()> {
        const OP: &str = "dynamodb.set_capacity";
        let units = units(OP, change.to)?;
        let found = self.judged(OP, &self.described(OP, table).await?, change)?;
        let request = self.tables.update_table().table_name(table.as_str());
        let request = match &change.place {
            Place::Table => request.provisioned_throughput(units),
            Place::Index(index) => {
                let update = UpdateGlobalSecondaryIndexAction::builder().index_name(index);
                let update = update.provisioned_throughput(units).build();
                let update = update.map_err(|error| not_sent(OP, "the change is incomplete").with_source(error))?;
                request.global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().update(update).build())
            }
        };
        // Not again: by then, what was read is old.
        let sent = self.call(OP, Idempotency::Once).send(|| request.clone().send()).await;
        sent.map(drop).map_err(|error| wire::told_when(advised(error), table, &found, Timestamp::now()))
    }

    async fn set_scaling(&self, table: &TableName, change: &ScalingChange) -> Result<()> {
        const OP: &str = "dynamodb.set_scaling";
        let ScalingChange { place, unit, seen, to } = change;
        let (min, max) = numbers(OP, *to)?;
        let targets = self.targets(OP, table, std::slice::from_ref(place)).await?;
        let Some(found) = targets.iter().find(|target| target.place == *place && target.unit == *unit) else {
            let why = format!("{unit}s of {place} of {table} do not scale by themselves");
            return Err(self.refused(OP, ErrorKind::NotFound, why));
        };
        if found.bounds != *seen {
            let why = format!("{unit}s of {place} of {table} scale from {}, not from {seen}", found.bounds);
            return Err(self.refused(OP, ErrorKind::Conflict, why).with_remedy("look again: somebody else was faster"));
        }
        let request = self.scaling.register_scalable_target().service_namespace(ServiceNamespace::Dynamodb);
        let request = request.resource_id(wire::resource(table, place));
        let request = request.scalable_dimension(wire::dimension(place, *unit)).min_capacity(min).max_capacity(max);
        self.call(OP, Idempotency::Once).send(|| request.clone().send()).await.map(drop)
    }
}

fn what(place: &Place) -> String {
    place.index().map_or_else(|| "units".to_owned(), |index| format!("index {index}"))
}

fn units(op: &'static str, to: Capacity) -> Result<ProvisionedThroughput> {
    let number = |units: u64| i64::try_from(units).ok().filter(|units| *units > 0);
    let (Some(read), Some(write)) = (number(to.read), number(to.write)) else {
        return Err(not_sent(op, format!("{to}: there is at least one unit of each, and not that many")));
    };
    let units = ProvisionedThroughput::builder().read_capacity_units(read).write_capacity_units(write).build();
    units.map_err(|error| not_sent(op, "the units are incomplete").with_source(error))
}

fn numbers(op: &'static str, to: Bounds) -> Result<(i32, i32)> {
    match (i32::try_from(to.min), i32::try_from(to.max)) {
        (Ok(min), Ok(max)) if 0 < min && min <= max => Ok((min, max)),
        _ => Err(not_sent(op, format!("{to} are no bounds: the lower one is 1 or more, and not above the higher one"))),
    }
}

/// With what a person can do about a refusal.
fn advised(error: Error) -> Error {
    let remedy = match error.kind() {
        _ if error.remedy().is_some() => None,
        ErrorKind::NotFound => Some("check the name, the account and the region"),
        ErrorKind::Conflict => Some("wait until it is ACTIVE"),
        _ => None,
    };
    match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

fn not_sent(op: &'static str, message: impl Into<String>) -> Error {
    Error::invalid(op, message.into()).with_attempts(0)
}
