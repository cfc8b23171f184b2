//! The harsh remedy: the cluster restarts, and every session ends.

use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed};
use redshift_ops::{Cluster, ClusterEvent, ClusterStatus};

use super::sight::Seen;
use super::{Available, Reboot, RestartRedshift, WarehouseStep, root_cure};
use crate::redshift::WarehouseReads;
use crate::words::{age, count, names, utc};

/// What hangs for less may still go on by itself.
const YOUNG: SignedDuration = SignedDuration::from_mins(5);
/// How far back restarts are looked for: the service forgets after 14 days. Without one, a restart at any time since is ours, so that
/// a clock that is hours off cannot hide it.
const BACK: SignedDuration = SignedDuration::from_hours(13 * 24);

/// Why the cluster restarts.
pub(super) struct Why<'a> {
    text: String,
    since: Option<Timestamp>,
    seen: Option<&'a Seen>,
    /// Whether a blocker was seen: otherwise it is asked.
    evidence: bool,
}

impl<'a> Why<'a> {
    /// A blocker is seen, and cannot be ended.
    pub(super) fn seen(text: &str, since: Option<Timestamp>, seen: &'a Seen) -> Self {
        Self { text: text.to_owned(), since, seen: Some(seen), evidence: true }
    }

    /// All is seen, and nobody blocks the loader.
    pub(super) fn free(text: &str, since: Option<Timestamp>, seen: &'a Seen) -> Self {
        Self { text: text.to_owned(), since, seen: Some(seen), evidence: false }
    }

    /// Nothing is seen.
    pub(super) fn blind(text: &str, since: Option<Timestamp>) -> Self {
        Self { text: format!("cannot see who blocks the loader: {text}"), since, seen: None, evidence: false }
    }
}

/// Restarts the cluster, if nothing stands in the way.
pub(super) async fn plan(
    recipe: &RestartRedshift,
    draft: &mut Draft<WarehouseStep>,
    reads: &WarehouseReads,
    cluster: &Cluster,
    why: Why<'_>,
) -> Result<()> {
    let now = draft.now();
    if why.evidence {
        draft.finding(Finding::warn("blockers", format!("{}: the plan is a reboot", why.text)));
    } else {
        let right = "right when somebody saw that the loader does not go on, and its log was read";
        draft.finding(Finding::ask("no-evidence", why.text, right));
    }
    draft.finding(old_enough(why.since, now));
    draft.finding(status(cluster));
    draft.finding(at_rest(reads, cluster).await);
    if !cluster.pending.is_empty() {
        let text = format!("settings that wait for a reboot change, too: {}", names(&cluster.pending));
        draft.finding(Finding::warn("pending", text).with_advice("ask who changed them whether now is the time"));
    }
    if let Some(seen) = why.seen {
        draft.finding(if seen.other_loads == 0 {
            Finding::pass("other-loads", "no other load runs")
        } else {
            let text =
                format!("{} of {} at work would be ended, too", count(seen.other_loads, "session"), recipe.loader);
            Finding::ask("other-loads", text, "right when these loads can begin anew")
        });
        draft.finding(schemas(recipe, reads).await);
        draft.note(format!("{} end.", connected(seen)));
        draft.population(1);
    }
    let since = last_restart(reads, cluster, now).await?.map_or(now - BACK, |event| event.at);
    let sessions = why.seen.map(|seen| seen.sessions.len());
    let id = cluster.id.clone();
    draft.one_by_one();
    let reboot = Reboot { cluster: id.clone(), since, sessions };
    draft.phase_at("reboot", 1, vec![WarehouseStep::Reboot(reboot)]);
    draft.phase_at("available again", 1, vec![WarehouseStep::Available(Available { cluster: id })]);
    draft.note("All sessions end, and their transactions are taken back; nothing that was committed is lost.");
    let who = recipe.restarter.as_deref().unwrap_or("the task that starts it");
    draft.later(format!("See that the loader starts again: {who}."));
    root_cure(draft);
    Ok(())
}

fn old_enough(since: Option<Timestamp>, now: Timestamp) -> Finding {
    const GUARD: &str = "age";
    let Some(since) = since else {
        return Finding::warn(GUARD, "since when it hangs is not known").with_advice("give the loader's log");
    };
    if now.duration_since(since) < YOUNG {
        let text = format!("it hangs only since {} ({})", utc(since), age(since, now));
        return Finding::block(GUARD, text).with_advice(format!("a reboot is planned from {} on", utc(since + YOUNG)));
    }
    Finding::pass(GUARD, format!("it hangs since {} ({})", utc(since), age(since, now)))
}

fn status(cluster: &Cluster) -> Finding {
    const GUARD: &str = "status";
    if cluster.is_available() {
        return Finding::pass(GUARD, format!("{} is available", cluster.id));
    }
    let advice = match cluster.status {
        ClusterStatus::Rebooting => "it restarts already: wait, and look again",
        ClusterStatus::Paused | ClusterStatus::Resuming => "a paused cluster is resumed, not rebooted",
        _ => "the service takes a reboot only when the cluster is available",
    };
    let word = cluster.availability.as_deref().map_or(String::new(), |word| format!(" ({word})"));
    Finding::block(GUARD, format!("{} is {}{word}", cluster.id, cluster.status)).with_advice(advice)
}

/// Nothing that a reboot would break goes on.
async fn at_rest(reads: &WarehouseReads, cluster: &Cluster) -> Finding {
    const GUARD: &str = "at-rest";
    let look = async {
        let snapshots = reads.cluster.snapshots_in_progress(&cluster.id).await?;
        let resize = reads.cluster.resize(&cluster.id).await?;
        Ok::<_, ops_client::Error>((snapshots, resize.filter(redshift_ops::Resize::goes_on)))
    };
    match look.await {
        Err(error) => {
            let text = format!("whether a snapshot or a resize goes on is not known: {error}");
            Finding::ask(GUARD, text, "right when the console shows none")
        }
        Ok((_, Some(resize))) => Finding::block(GUARD, format!("a resize goes on ({})", resize.status))
            .with_advice("wait until it has ended"),
        Ok((snapshots, None)) if snapshots.is_empty() => Finding::pass(GUARD, "no snapshot and no resize goes on"),
        Ok((snapshots, None)) => {
            let made =
                names(snapshots.iter().map(|one| format!("{} ({} of {} MiB)", one.id, one.written_mib, one.total_mib)));
            Finding::block(GUARD, format!("a snapshot is being made: {made}")).with_advice("wait until it is complete")
        }
    }
}

/// Whether a swap was left half done.
async fn schemas(recipe: &RestartRedshift, reads: &WarehouseReads) -> Finding {
    const GUARD: &str = "half-swapped";
    let Some(warehouse) = &reads.warehouse else {
        return Finding::warn(GUARD, "which schemas there are was not asked");
    };
    match warehouse.schemas().await {
        Err(error) => Finding::warn(GUARD, format!("which schemas there are is not known: {error}")),
        Ok(there) => match recipe.missing(&there) {
            missing if missing.is_empty() => Finding::pass(GUARD, "all swapped schemas are there"),
            missing => {
                let text = format!("missing already: {}; the swap is half committed", names(missing));
                Finding::ask(GUARD, text, "right when the loader makes them again from the start")
            }
        },
    }
}

/// `12 sessions of loader, metabase and sandrews`.
fn connected(seen: &Seen) -> String {
    let mut users: Vec<&str> = seen.sessions.iter().map(|session| session.user.as_str()).collect();
    users.sort_unstable();
    users.dedup();
    format!("{} ({})", count(seen.sessions.len(), "session"), names(users))
}

/// By it is a later one told from it: where it cannot be read, there is no plan.
async fn last_restart(reads: &WarehouseReads, cluster: &Cluster, now: Timestamp) -> Result<Option<ClusterEvent>> {
    let events = reads.cluster.events(&cluster.id, now - BACK).await?;
    Ok(events.into_iter().find(ClusterEvent::is_restart))
}

/// Whether a restart has begun since.
pub(super) async fn rebooted(reads: &WarehouseReads, reboot: &Reboot) -> Result<Observed> {
    let cluster = reads.cluster.cluster(&reboot.cluster).await?;
    if cluster.status == ClusterStatus::Rebooting {
        return Ok(Observed::Done);
    }
    let events = reads.cluster.events(&reboot.cluster, reboot.since).await?;
    if events.iter().any(|event| event.is_restart() && event.at > reboot.since) {
        return Ok(Observed::Done);
    }
    Ok(match cluster.status {
        ClusterStatus::Available => Observed::Pending,
        other => Observed::Drifted(format!("{} is {other}", reboot.cluster)),
    })
}

/// Whether the cluster is there again, and answers.
pub(super) async fn available(reads: &WarehouseReads, available: &Available) -> Result<Observed> {
    let cluster = reads.cluster.cluster(&available.cluster).await?;
    if !cluster.is_available() {
        return Ok(Observed::InProgress);
    }
    // Without a way to it by SQL, the service's word is all there is.
    let Some(warehouse) = &reads.warehouse else { return Ok(Observed::Done) };
    Ok(match warehouse.probe().await {
        Ok(_) => Observed::Done,
        Err(error) if error.is_retryable() => Observed::InProgress,
        // That we may not log in says that it answers.
        Err(_) => Observed::Done,
    })
}

pub(super) async fn proof(
    recipe: &RestartRedshift,
    reads: &WarehouseReads,
    available: &Available,
) -> Result<Vec<Finding>> {
    let cluster = reads.cluster.cluster(&available.cluster).await?;
    let mut findings = vec![if cluster.is_available() {
        Finding::pass("available", format!("{} is available", cluster.id))
    } else {
        Finding::block("available", format!("{} is {}", cluster.id, cluster.status))
    }];
    if let Some(warehouse) = &reads.warehouse {
        findings.push(match warehouse.probe().await {
            Ok(_) => Finding::pass("sql", "it answers SQL"),
            Err(error) => Finding::block("sql", format!("it does not answer SQL: {error}")),
        });
    }
    findings.push(match loader_works(recipe, reads).await {
        Ok(true) => Finding::pass("loader", "the loader is connected again"),
        Ok(false) => Finding::warn("loader", "the loader has not connected again yet"),
        Err(error) => Finding::warn("loader", format!("whether the loader works again is not known: {error}")),
    });
    Ok(findings)
}

/// Whether the loader has a session again.
pub(super) async fn loader_works(recipe: &RestartRedshift, reads: &WarehouseReads) -> Result<bool> {
    let Some(warehouse) = &reads.warehouse else { return Ok(false) };
    let sessions = warehouse.sessions().await?;
    Ok(sessions.iter().any(|session| session.user == recipe.loader))
}
