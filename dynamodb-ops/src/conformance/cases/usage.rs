//! What tables were asked for, and what is found in it.

use ops_client::conformance::{Outcome, check, refused, same, told};

use super::support::{last_minutes, on_demand, throttled, unknown_table};
use crate::conformance::{Demand, Paid, Play, Scene};
use crate::{
    Cause, Effect, ErrorKind, HeadRoom, Place, Point, Remedy, ScalingTarget, Throttled, Unit, Usage, Window, diagnose,
};

/// Of the scenario's sixty minutes: the youngest are told late, and time goes on.
const AT_LEAST: usize = 55;

async fn usage(scene: Scene<'_>, play: &Play, place: &Place) -> Outcome<Usage> {
    scene.stage.reads().usage(&play.name, place, &last_minutes(scene, 60)?).await.map_err(told)
}

/// All that the scenario tells, with what the port tells of it.
async fn all(scene: Scene<'_>) -> Outcome<Vec<(&Play, &Demand, Usage)>> {
    let mut all = Vec::new();
    for play in &scene.scenario.plays {
        for demand in &play.demand {
            let usage = usage(scene, play, &demand.place()).await?;
            same("of what it is", &demand.place(), &usage.place)?;
            all.push((play, demand, usage));
        }
    }
    Ok(all)
}

fn close(what: &str, wanted: f64, found: f64) -> Outcome {
    check((wanted - found).abs() < 0.01, &format!("{what} is {wanted}: it is {found}"))
}

pub(super) async fn unknown_has_nothing(scene: Scene<'_>) -> Outcome {
    let (window, table) = (last_minutes(scene, 60)?, unknown_table()?);
    let reads = scene.stage.reads();
    let usage = reads.usage(&table, &Place::Table, &window).await.map_err(told)?;
    same("its use", &Usage::new(Place::Table, window), &usage)?;
    same("what scales it", &Vec::<ScalingTarget>::new(), &reads.scaling(&table).await.map_err(told)?)
}

pub(super) async fn bad_window(scene: Scene<'_>) -> Outcome {
    let (good, table) = (last_minutes(scene, 24 * 60)?, unknown_table()?);
    let reads = scene.stage.reads();
    reads.usage(&table, &Place::Table, &good).await.map_err(told)?;
    let longer = last_minutes(scene, 10)?.from;
    let before = Window::before(good.from, jiff::SignedDuration::from_mins(5));
    let two = [Window { from: longer, to: good.from }, Window { from: before.from, to: good.to }];
    for bad in two {
        let error = refused(reads.usage(&table, &Place::Table, &bad).await)?;
        same("the failure", &(ErrorKind::Invalid, Effect::None), &(error.kind(), error.effect()))?;
    }
    Ok(())
}

pub(super) async fn consumed(scene: Scene<'_>) -> Outcome {
    for (play, demand, usage) in all(scene).await? {
        for unit in Unit::BOTH {
            let points = usage.points(unit);
            let enough = points.len() >= AT_LEAST && points.len() <= 60;
            check(enough, &format!("{} minutes of {}", points.len(), play.name))?;
            check(points.is_sorted_by(|a, b| a.at < b.at), "the oldest comes first, and each once")?;
            check(points.iter().all(|point| point.at.as_second() % 60 == 0), "they are whole minutes")?;
            for point in points {
                let found = point.consumed.ok_or("nothing was consumed")?;
                close("units a second", demand.minute(unit).consumed / 60.0, found)?;
            }
            let newest = usage.newest().ok_or("there is no newest minute")?;
            check(points.iter().all(|point| point.at <= newest), "none is newer than the newest")?;
        }
    }
    Ok(())
}

pub(super) async fn refused_by_cause(scene: Scene<'_>) -> Outcome {
    for (play, demand, usage) in all(scene).await? {
        for unit in Unit::BOTH {
            for cause in Cause::ALL {
                let wanted = demand.minute(unit).refused(cause);
                let what = format!("{unit}s of {} of {} that were refused: {cause}", usage.place, play.name);
                for point in usage.points(unit) {
                    close(&what, wanted, point.throttled.of(cause))?;
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn only_the_window(scene: Scene<'_>) -> Outcome {
    let play = throttled(scene)?;
    let hour = last_minutes(scene, 60)?;
    let window = Window::before(last_minutes(scene, 10)?.from, jiff::SignedDuration::from_mins(20));
    check(hour.from < window.from, "it lies within the hour")?;
    let usage = scene.stage.reads().usage(&play.name, &Place::Table, &window).await.map_err(told)?;
    same("the window", &window, &usage.window)?;
    for unit in Unit::BOTH {
        let at: Vec<_> = usage.points(unit).iter().map(|point| point.at).collect();
        same("how many minutes", &20, &at.len())?;
        same("the first", &Some(&window.from), &at.first())?;
        check(at.iter().all(|at| *at < window.to), "the end is not in it")?;
    }
    Ok(())
}

pub(super) async fn provisioned(scene: Scene<'_>) -> Outcome {
    for play in scene.scenario.plays.iter().filter(|play| play.billing == Paid::Provisioned) {
        for provision in play.table(scene.stage.now()).places {
            let usage = usage(scene, play, &provision.place).await?;
            for unit in Unit::BOTH {
                let found = usage.provisioned(unit);
                check(!found.is_empty(), &format!("{unit} units of {} of {} are told", provision.place, play.name))?;
                check(found.is_sorted_by(|a, b| a.0 < b.0), "the oldest comes first")?;
                let wanted: f64 = u32::try_from(provision.capacity.of(unit)).map_err(|error| error.to_string())?.into();
                found.iter().try_for_each(|(_, found)| close("the units", wanted, *found))?;
            }
        }
    }
    let usage = usage(scene, on_demand(scene)?, &Place::Table).await?;
    check(Unit::BOTH.into_iter().all(|unit| usage.provisioned(unit).is_empty()), "what is paid by request has none")
}

pub(super) async fn diagnosed(scene: Scene<'_>) -> Outcome {
    let reads = scene.stage.reads();
    let limits = reads.limits().await.map_err(told)?;
    for play in &scene.scenario.plays {
        let table = reads.table(&play.name).await.map_err(told)?;
        let scaling = reads.scaling(&play.name).await.map_err(told)?;
        let mut usages = Vec::new();
        for provision in &table.places {
            usages.push(usage(scene, play, &provision.place).await?);
        }
        let found = diagnose(&table, &usages, &scaling, &limits, HeadRoom::default());
        let mut wanted = Vec::new();
        for demand in &play.demand {
            for unit in Unit::BOTH {
                let cause = Cause::ALL.into_iter().find(|cause| demand.minute(unit).refused(*cause) > 0.0);
                wanted.extend(cause.map(|cause| (demand.place(), unit, cause)));
            }
        }
        let told: Vec<_> = found.iter().map(|finding| (finding.place.clone(), finding.unit, finding.cause)).collect();
        same(&format!("what throttles in {}", play.name), &wanted, &told)?;
        for finding in found {
            let helps = match finding.cause {
                Cause::KeyRange => finding.remedy == Remedy::SpreadKeys,
                _ => matches!(&finding.remedy, Remedy::Raise { from, to } if from < to),
            };
            check(helps, &format!("it is told what helps: {finding:?}"))?;
            let minute = play.demand.iter().find(|demand| demand.place() == finding.place);
            let minute = minute.ok_or("it throttles where nothing was asked for")?.minute(finding.unit);
            let mut point = Point::new(finding.since);
            point.consumed = Some(minute.consumed / 60.0);
            point.throttled = Throttled::default();
            Cause::ALL.into_iter().for_each(|cause| point.throttled.add(cause, minute.refused(cause)));
            close("what was wanted", point.wanted(), finding.wanted)?;
        }
    }
    Ok(())
}
