//! «Dealing with Datomic self-destructs»: a table that refuses requests gets the units that were wanted.

mod look;
mod picture;
mod step;

use std::collections::BTreeMap;

use dynamodb_ops::{
    Billing, Bounds, Capacity, CapacityChange, Decreases, Finding as Throttle, HeadRoom, Place, Remedy, ScalingChange,
    ScalingTarget, Table, TableName, TablesReadExt, Unit, Usage, Window, diagnose,
};
use jiff::{SignedDuration, Timestamp};
use ops_client::{ErrorKind, Result};
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe, Subject};
use serde::{Deserialize, Serialize};

use self::step::Owed;
pub use self::step::{Known, SetBounds, SetUnits, TableStep};
use super::{TableReads, TableWrites};
use crate::words::{names, utc, when};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &[
    "self-destruct",
    "datomic self-destructs",
    "throttled requests",
    "provisionedthroughputexceededexception",
    "readthrottleevents",
    "writethrottleevents",
];

/// Raises the capacity of a table that refuses requests: only what throttles, to what was wanted and some head-room.
///
/// What it does not raise: what a hot partition refuses, for units do not help; a table that is paid by request; what the account may
/// not have. What scales by itself gets a higher lower bound, or a higher upper one where it is at its end. It is proved by data of the
/// time *after* the change; no data is «not known yet». Lowering it again stays owed, and is this run's undo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RelieveThrottling {
    /// The service whose Datomic database it is.
    pub service: String,
    /// Its shard.
    #[serde(default)]
    pub prototype: Option<String>,
    /// The table, where its name does not follow from these.
    #[serde(default)]
    pub table: Option<TableName>,
    /// How far back is looked, in minutes.
    #[serde(default = "hour")]
    pub minutes: u32,
    /// How much more than what was wanted.
    #[serde(default)]
    pub head_room: HeadRoom,
}

fn hour() -> u32 {
    60
}

impl RelieveThrottling {
    /// The table of this service.
    pub fn new(service: impl Into<String>) -> Self {
        Self { service: service.into(), prototype: None, table: None, minutes: hour(), head_room: HeadRoom::default() }
    }

    /// In this shard.
    #[must_use]
    pub fn in_shard(mut self, prototype: impl Into<String>) -> Self {
        self.prototype = Some(prototype.into());
        self
    }

    /// This very table.
    #[must_use]
    pub fn of_table(mut self, table: TableName) -> Self {
        self.table = Some(table);
        self
    }

    /// Looks so many minutes back.
    #[must_use]
    pub fn looking_back(mut self, minutes: u32) -> Self {
        self.minutes = minutes.clamp(1, 24 * 60);
        self
    }

    /// With so many times what was wanted.
    #[must_use]
    pub fn with_head_room(mut self, head_room: HeadRoom) -> Self {
        self.head_room = head_room;
        self
    }

    fn window(&self, now: Timestamp) -> Window {
        Window::before(now, SignedDuration::from_mins(self.minutes.into()))
    }

    async fn find(&self, reads: &TableReads, environment: &str) -> Result<Table> {
        match &self.table {
            Some(name) => reads.tables.table(name).await,
            None => reads.tables.find_table(environment, self.prototype.as_deref(), &self.service).await,
        }
    }
}

impl Recipe for RelieveThrottling {
    const ID: &'static str = "relieve-throttling";
    const VERSION: u32 = 1;
    type Reads = TableReads;
    type Writes = TableWrites;
    type Action = TableStep;

    async fn plan(&self, reads: &TableReads, mut draft: Draft<TableStep>) -> Result<Draft<TableStep>> {
        let now = draft.now();
        let Some(table) = self.open(&mut draft, reads).await? else { return Ok(draft) };
        let mut usages = Vec::with_capacity(table.places.len());
        for place in &table.places {
            usages.push(reads.tables.usage(&table.name, &place.place, &self.window(now)).await?);
        }
        let scaling = reads.tables.scaling(&table.name).await?;
        let limits = reads.tables.limits().await?;
        let throttles = diagnose(&table, &usages, &scaling, &limits, self.head_room);
        tell_use(&mut draft, &table, &usages, &scaling);
        if throttles.is_empty() {
            draft.finding(match usages.iter().filter_map(Usage::newest).max() {
                Some(newest) => {
                    let text = format!("nothing to do: no request was refused in {} min", self.minutes);
                    Finding::pass("throttles", format!("{text}; known until {}", when(newest, now)))
                }
                None => Finding::warn("throttles", format!("nothing is known of the last {} min", self.minutes))
                    .with_advice("nobody asked for it, or it is another region: no data is no throttle, and no proof"),
            });
            return Ok(draft);
        }
        let raise = Raise::of(&mut draft, &throttles);
        raise.plan(&mut draft, &table, reads);
        Ok(draft)
    }

    async fn observe(&self, reads: &TableReads, actions: &[&TableStep]) -> Result<Vec<Observed>> {
        let mut seen = Vec::with_capacity(actions.len());
        for step in actions {
            seen.push(match step {
                TableStep::Bounds(set) => look::bounds(reads, set).await?,
                TableStep::Units(set) => look::units(reads, set).await?,
                TableStep::Known(known) => look::known(reads, known).await?,
            });
        }
        Ok(seen)
    }

    async fn perform(&self, writes: &TableWrites, action: &TableStep) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &TableReads, done: &[&TableStep]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for step in done {
            match step {
                TableStep::Known(known) => findings.push(look::proof(reads, known).await?),
                TableStep::Units(set) => {
                    let table = reads.tables.table(&set.table).await?;
                    let has = table.place(&set.change.place).map(|there| there.capacity);
                    findings.push(match has {
                        Some(has) if has == set.change.to => {
                            Finding::pass("units", format!("{} of {} has {has}", set.change.place, set.table))
                        }
                        Some(has) => {
                            Finding::block("units", format!("{} of {} has {has} by now", set.change.place, set.table))
                        }
                        None => Finding::block("units", format!("{} of {} is gone", set.change.place, set.table)),
                    });
                }
                TableStep::Bounds(_) => {}
            }
        }
        Ok(findings)
    }

    fn undo(&self, action: &TableStep, _: Option<&serde_json::value::RawValue>) -> Option<TableStep> {
        action.undone()
    }

    async fn review_undo(&self, reads: &TableReads, mut draft: Draft<TableStep>) -> Result<Draft<TableStep>> {
        let now = draft.now();
        let back: Vec<SetUnits> = draft
            .actions()
            .iter()
            .filter_map(|step| match step {
                TableStep::Units(set) => Some(set.clone()),
                _ => None,
            })
            .collect();
        for set in back {
            let table = reads.tables.table(&set.table).await?;
            let Some(there) = table.place(&set.change.place) else { continue };
            draft.finding(may_be_lowered(there, now));
            let usage = reads.tables.usage(&set.table, &set.change.place, &self.window(now)).await?;
            draft.finding(is_enough(&usage, set.change.to));
        }
        let settled: Vec<String> = draft
            .actions()
            .iter()
            .filter_map(|step| step.undone())
            .filter_map(|step| step.obligation())
            .map(|obligation| obligation.id)
            .collect();
        for id in settled {
            draft.settles(id);
        }
        Ok(draft)
    }

    fn obligation(&self, action: &TableStep) -> Option<Obligation> {
        action.obligation()
    }

    async fn still_owed(&self, reads: &TableReads, obligation: &Obligation) -> Result<bool> {
        match Owed::of(&obligation.id) {
            Some(owed) => look::still_raised(reads, &owed).await,
            None => Ok(true),
        }
    }
}

impl RelieveThrottling {
    /// Finds the table, and says in the draft what it is. `None` where the plan ends here.
    async fn open(&self, draft: &mut Draft<TableStep>, reads: &TableReads) -> Result<Option<Table>> {
        let environment = draft.target().environment.to_string();
        let shard = self.prototype.as_deref().map_or(String::new(), |prototype| format!(" in {prototype}"));
        let title = format!("{} · {}{shard} · relieve what throttles", draft.target(), self.service);
        draft.title(title);
        match reads.tables.probe().await {
            Ok(probe) => {
                draft.identity(format!("DynamoDB at {}", probe.address));
            }
            Err(error) => {
                draft.finding(Finding::warn("identity", format!("the service does not say what it is: {error}")));
            }
        }
        let table = match self.find(reads, &environment).await {
            Ok(table) => table,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {
                draft.subject(Subject::new("service", format!("{environment}/{}", self.service)));
                let text = error.message().unwrap_or("there is no such table").to_owned();
                let advice = error.remedy().unwrap_or("check the name, the account and the region").to_owned();
                draft.finding(Finding::block("table", text).with_advice(advice));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        draft.subject(Subject::new("table", table.name.to_string()));
        draft.population(table.places.len());
        draft.one_by_one();
        if !table.is_active() {
            let text = format!("{} is {}", table.name, look::busy(&table));
            draft.finding(Finding::block("at-rest", text).with_advice("wait until that has ended, and look again"));
            return Ok(None);
        }
        Ok(Some(table))
    }
}

/// What is there, and how much of it was used.
fn tell_use(draft: &mut Draft<TableStep>, table: &Table, usages: &[Usage], scaling: &[ScalingTarget]) {
    for (there, usage) in table.places.iter().zip(usages) {
        let peak = |unit| usage.peak(unit).map_or("unknown".to_owned(), |peak| format!("{peak:.1}"));
        let peaks = format!("at most {} read, {} write a second consumed", peak(Unit::Read), peak(Unit::Write));
        let has = match table.billing {
            Billing::OnDemand { .. } => "paid by request".to_owned(),
            _ => there.capacity.to_string(),
        };
        draft.note(format!("{}, {}: {has}; {peaks}.", table.name, there.place));
    }
    for target in scaling {
        let suspended = if target.suspended { ", but somebody has stopped it" } else { "" };
        let text =
            format!("{}s of {} scale by themselves between {}{suspended}.", target.unit, target.place, target.bounds);
        draft.note(text);
    }
}

/// What is raised.
#[derive(Default)]
struct Raise {
    bounds: Vec<ScalingChange>,
    units: BTreeMap<Place, Vec<(Unit, u64)>>,
}

impl Raise {
    /// Says each throttle in the draft, and takes what helps.
    fn of(draft: &mut Draft<TableStep>, throttles: &[Throttle]) -> Self {
        const GUARD: &str = "throttles";
        let mut raise = Self::default();
        for throttle in throttles {
            let told = throttle.to_string();
            let wanted = format!("{:.1} a second were wanted", throttle.wanted);
            draft.finding(match &throttle.remedy {
                Remedy::Raise { to, .. } => {
                    raise.units(throttle, *to);
                    Finding::pass(GUARD, format!("{told}; {wanted}"))
                }
                Remedy::RaiseMinimum { bounds, min, .. } => {
                    raise.bounds(throttle, *bounds, Bounds::new(*min, bounds.max));
                    raise.units(throttle, *min);
                    Finding::pass(GUARD, format!("{told}; {wanted}; what scales by itself follows too slowly"))
                }
                Remedy::RaiseMaximum { bounds, max, .. } => {
                    raise.bounds(throttle, *bounds, Bounds::new(bounds.min, *max));
                    raise.units(throttle, *max);
                    Finding::pass(GUARD, format!("{told}; {wanted}; what scales by itself is at its end"))
                }
                Remedy::SpreadKeys => {
                    let most = throttle.unit.of_a_partition();
                    let advice = format!(
                        "units do not help: one partition serves {most} {}s a second, however many there are. Find the hot key (CloudWatch \
                         Contributor Insights), and spread it or ask for it less often",
                        throttle.unit
                    );
                    Finding::warn("hot-partition", told).with_advice(advice)
                }
                Remedy::OnDemandLimit(limit) => {
                    let limit = match limit {
                        Some(limit) => format!("its limit is {limit} a second: raise or remove that"),
                        None => "it has no limit of its own: it grows to twice its last peak within minutes, and ends at the \
                                 account's limit"
                            .to_owned(),
                    };
                    Finding::warn("on-demand", format!("{told}; the table is paid by request")).with_advice(limit)
                }
                Remedy::AskAws { limit } => Finding::warn("limit", format!("{told}; {wanted}"))
                    .with_advice(format!("{limit} are all it may have: ask AWS for more (service quotas)")),
                _ => Finding::warn("bursts", format!("{told}; {wanted}, which is less than what is there"))
                    .with_advice("bursts within a minute are not seen here: some are normal; they matter where they end in errors; more head-room raises it \
                         nevertheless"),
            });
        }
        raise
    }

    fn units(&mut self, throttle: &Throttle, to: u64) {
        self.units.entry(throttle.place.clone()).or_default().push((throttle.unit, to));
    }

    fn bounds(&mut self, throttle: &Throttle, seen: Bounds, to: Bounds) {
        self.bounds.push(ScalingChange::new(throttle.place.clone(), throttle.unit, seen, to));
    }

    fn plan(self, draft: &mut Draft<TableStep>, table: &Table, reads: &TableReads) {
        let (now, name) = (draft.now(), &table.name);
        let bounds = self.bounds.into_iter().map(|change| TableStep::Bounds(SetBounds { table: name.clone(), change }));
        let (mut units, mut known) = (Vec::new(), Vec::new());
        for (place, raised) in self.units {
            let Some(there) = table.place(&place) else { continue };
            // Never lower than what is there.
            let to = raised.iter().fold(there.capacity, |to, (unit, wanted)| to.with(*unit, to.of(*unit).max(*wanted)));
            if to == there.capacity {
                continue;
            }
            draft.note(cost(reads, there.capacity, to));
            draft.note(way_back(there, now));
            let of = raised.iter().map(|(unit, _)| *unit).collect();
            known.push(TableStep::Known(Known { table: name.clone(), place: place.clone(), units: of, since: now }));
            let change = CapacityChange::new(place, there.capacity, to);
            units.push(TableStep::Units(SetUnits { table: name.clone(), change }));
        }
        if units.is_empty() {
            return;
        }
        // A table takes one change at a time. Units first: so the way back begins with the bounds, and nothing scales up again what
        // was lowered.
        draft.phase_at("units", 1, units);
        draft.phase_at("bounds", 1, bounds.collect());
        draft.phase_at("what came of it", 1, known);
        draft.later("Lower it again when the demand has passed (undo this run): it costs until then.");
    }
}

fn cost(reads: &TableReads, from: Capacity, to: Capacity) -> String {
    match &reads.prices {
        Some(prices) => format!("What it costs, by the price list: {}.", prices.of_change(from, to)),
        None => "What it costs is not known: no prices for this region are configured.".to_owned(),
    }
}

fn way_back(there: &dynamodb_ops::Provision, now: Timestamp) -> String {
    let left = Decreases::of(there, now);
    if left.left > 0 {
        format!("{} may be lowered {} more times today, then once an hour.", there.place, left.left)
    } else {
        format!("{} may be lowered again from {} on.", there.place, utc(left.next))
    }
}

/// Whether the service takes a decrease now.
fn may_be_lowered(there: &dynamodb_ops::Provision, now: Timestamp) -> Finding {
    let left = Decreases::of(there, now);
    let text = way_back(there, now);
    if left.allowed(now) {
        Finding::pass("decreases", text)
    } else {
        Finding::block("decreases", text).with_advice("four a UTC day, then one an hour: plan the undo again then")
    }
}

/// Whether what was wanted lately fits into what it goes back to.
fn is_enough(usage: &Usage, to: Capacity) -> Finding {
    let wanted = |unit| usage.points(unit).iter().map(dynamodb_ops::Point::wanted).fold(0.0, f64::max);
    let short: Vec<String> = Unit::BOTH
        .into_iter()
        .filter(|unit| wanted(*unit) > to.of(*unit) as f64)
        .map(|unit| format!("{:.1} {unit}s a second were wanted, {} will be there", wanted(unit), to.of(unit)))
        .collect();
    if short.is_empty() {
        Finding::pass("demand", format!("what was wanted lately fits into {to}"))
    } else {
        Finding::ask("demand", names(short), "right when the demand has passed by now")
    }
}
