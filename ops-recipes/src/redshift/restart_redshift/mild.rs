//! The mild remedy: sessions that block the loader end, and it goes on by itself.

use ops_client::Result;
use ops_plan::{Draft, Finding, Observed};
use redshift_ops::{Load, LoadFilter, LockGraph, Pid, Session};

use super::sight::{Blocked, Root, Seen};
use super::{RestartRedshift, Swap, Terminate, WarehouseStep, root_cure};
use crate::redshift::WarehouseReads;
use crate::words::{age, count, fit, utc, wait};

/// As many sessions are ended at once.
const WIDTH: usize = 4;

/// Says who blocks the loader. What stands in the way of ending them.
pub(super) fn tell(draft: &mut Draft<WarehouseStep>, blocked: &[Blocked]) -> Vec<String> {
    let now = draft.now();
    for one in blocked {
        let since = one.since.map_or(String::new(), |since| format!(" since {} ({})", utc(since), age(since, now)));
        draft.note(format!("The loader ({}) waits for a lock{since}.", one.loader));
    }
    let mut obstacles = Vec::new();
    for root in roots(blocked) {
        let Root { session, holds, last, waiting, obstacle } = &root;
        let does = match last {
            Some(last) if last.ended.is_none() => format!(", runs «{}»", fit(&last.text, 80)),
            Some(last) => format!(", is idle in its transaction; last ran «{}»", fit(&last.text, 80)),
            None => String::new(),
        };
        let who = format!("{} of {} has {holds}{does}", session.key, session.user);
        draft.note(format!("Root: {who}; {} because of it.", wait(*waiting)));
        if let Some(obstacle) = obstacle {
            obstacles.push(format!("{} of {} cannot be ended: {obstacle}", session.key, session.user));
        }
    }
    obstacles
}

/// All roots, each once.
fn roots(blocked: &[Blocked]) -> Vec<Root> {
    let mut roots: Vec<Root> = blocked.iter().flat_map(|one| one.roots.iter().cloned()).collect();
    roots.sort_by_key(|root| root.session.key);
    roots.dedup_by_key(|root| root.session.key);
    roots
}

/// Ends what blocks the loader.
pub(super) async fn plan(
    recipe: &RestartRedshift,
    draft: &mut Draft<WarehouseStep>,
    reads: &WarehouseReads,
    seen: &Seen,
    blocked: &[Blocked],
) {
    const GUARD: &str = "right";
    let roots = roots(blocked);
    if roots.is_empty() {
        let advice = "look again: what blocked it has just ended";
        draft.finding(Finding::block("blockers", "nobody blocks the loader any more").with_advice(advice));
        return;
    }
    draft.finding(Finding::pass("blockers", format!("{} the loader", blocks(roots.len()))));
    draft.finding(match roots.iter().all(|root| seen.me.may_end(&root.session.user) == Some(true)) {
        true if seen.me.superuser => Finding::pass(GUARD, format!("{} is a superuser", seen.me.user)),
        true => Finding::pass(GUARD, format!("{} may end sessions, but not those of superusers", seen.me.user)),
        false => Finding::warn(GUARD, format!("whether {} may end these sessions is not known", seen.me.user))
            .with_advice("where it may not, nothing happens, and the plan then is a reboot"),
    });
    draft.population(seen.sessions.len());
    draft.one_by_one();
    let terminate = |root: &Root| {
        WarehouseStep::Terminate(Terminate {
            session: root.session.key,
            user: root.session.user.clone(),
            holds: root.holds.clone(),
            last: root.last.as_ref().map(|last| fit(&last.text, 200)),
            waiting: root.waiting,
        })
    };
    draft.phase_at("end what blocks the loader", WIDTH, roots.iter().map(terminate).collect());
    let transaction = recipe.loaded().map(ToOwned::to_owned);
    let newest = match &transaction {
        Some(transaction) => loads(reads, transaction).await.ok().flatten().and_then(|loads| newest(&loads)),
        None => None,
    };
    let ended: Vec<_> = roots.iter().map(|root| root.session.key).collect();
    let swap = |one: &Blocked| {
        let (transaction, ended) = (transaction.clone(), ended.clone());
        WarehouseStep::Swap(Swap { loader: one.loader, ended, transaction, newest })
    };
    draft.phase_at("the loader goes on", WIDTH, blocked.iter().map(swap).collect());
    draft.note("Whoever is ended gets an error, and their transaction is taken back; they can ask again afterwards.");
    draft.note("Another reader may block the next schema: then the run stops, and a new plan shows it.");
    root_cure(draft);
}

fn blocks(sessions: usize) -> String {
    if sessions == 1 { "1 session blocks".to_owned() } else { format!("{} block", count(sessions, "session")) }
}

/// Loads of a transaction; `None` where nothing to look at is configured.
async fn loads(reads: &WarehouseReads, transaction: &str) -> Result<Option<Vec<Load>>> {
    let Some(loads) = &reads.loads else { return Ok(None) };
    loads.loads(&LoadFilter::newest().of_transaction(transaction).at_most(1_000)).await.map(Some)
}

fn newest(loads: &[Load]) -> Option<jiff::Timestamp> {
    loads.iter().filter_map(|load| load.at).max()
}

/// How many loads of the transaction were logged since the plan was made; `None` where that cannot be looked at.
pub(super) async fn loads_since(reads: &WarehouseReads, swap: &Swap) -> Result<Option<usize>> {
    let Some(transaction) = &swap.transaction else { return Ok(None) };
    let Some(loads) = loads(reads, transaction).await? else { return Ok(None) };
    Ok(Some(loads.iter().filter(|load| load.at > swap.newest).count()))
}

/// One look at the warehouse, for all steps.
#[derive(Default)]
pub(super) struct Look(Option<(Vec<Session>, LockGraph)>);

impl Look {
    async fn at(&mut self, reads: &WarehouseReads) -> Result<&(Vec<Session>, LockGraph)> {
        if self.0.is_none() {
            let Some(warehouse) = &reads.warehouse else {
                let error = ops_client::Error::invalid("redshift.look", "no way to the warehouse by SQL is configured");
                return Err(error.with_attempts(0));
            };
            // The sessions first: one that waits later than this is not missed.
            let sessions = warehouse.sessions().await?;
            self.0 = Some((sessions, LockGraph::of(&warehouse.contended_locks().await?)));
        }
        Ok(self.0.get_or_insert_default())
    }

    /// Whether a session is gone, or blocks nobody any more.
    pub(super) async fn terminated(
        &mut self,
        recipe: &RestartRedshift,
        reads: &WarehouseReads,
        terminate: &Terminate,
    ) -> Result<Observed> {
        let (sessions, graph) = self.at(reads).await?;
        let wanted = terminate.session;
        let blocks = |pid: Pid| {
            let mut loaders = sessions.iter().filter(|session| session.user == recipe.loader);
            loaders.any(|loader| graph.roots_of(loader.key.pid).contains(&pid))
        };
        Ok(match sessions.iter().find(|session| session.key.pid == wanted.pid) {
            None => Observed::Done,
            Some(now) if now.key != wanted => Observed::Drifted(format!(
                "the process {} serves another session by now, of {}: it is left alone",
                wanted.pid, now.user
            )),
            // Nothing has to end that is not in the way.
            Some(_) if !blocks(wanted.pid) => Observed::Done,
            Some(_) => Observed::Pending,
        })
    }

    /// Whether the loader has swapped its tables.
    pub(super) async fn swapped(&mut self, reads: &WarehouseReads, swap: &Swap) -> Result<Observed> {
        let pid = swap.loader.pid;
        let (sessions, graph) = self.at(reads).await?;
        let lives = sessions.iter().any(|session| session.key == swap.loader);
        let anew: Vec<&Session> = sessions
            .iter()
            .filter(|session| graph.roots_of(pid).contains(&session.key.pid) && !swap.ended.contains(&session.key))
            .collect();
        if let (true, Some(other)) = (lives, anew.first()) {
            let text = format!("the loader is blocked anew, by {} of {}: a new plan is needed", other.key, other.user);
            return Ok(Observed::Drifted(text));
        }
        let waits = graph.waits().iter().any(|wait| wait.waiter == pid);
        if lives && (waits || holds_locks(reads, pid).await?) {
            return Ok(Observed::InProgress);
        }
        Ok(match loads_since(reads, swap).await? {
            // Its transaction has ended; there is no more to look at.
            None => Observed::Done,
            Some(rows) if rows > 0 => Observed::Done,
            Some(_) if lives => Observed::InProgress,
            Some(_) => Observed::Drifted("the loader's session has ended, and no load of it is logged".to_owned()),
        })
    }
}

async fn holds_locks(reads: &WarehouseReads, pid: Pid) -> Result<bool> {
    match &reads.warehouse {
        Some(warehouse) => Ok(!warehouse.locks_of(pid).await?.is_empty()),
        None => Ok(false),
    }
}
