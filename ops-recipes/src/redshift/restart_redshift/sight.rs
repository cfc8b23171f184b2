//! What is seen of the loader in the warehouse.

use std::collections::BTreeSet;

use jiff::Timestamp;
use redshift_ops::{LastQuery, LockGraph, Me, Pid, SERVICE_USER, Session, SessionKey};

use super::RestartRedshift;
use crate::redshift::WarehouseReads;
use crate::words::names;

/// What is seen of the loader in the warehouse. «Nobody» and «cannot see» are never the same.
pub(super) enum Sight {
    /// It cannot be seen, and why.
    Blind(String),
    /// All is seen, and the loader waits for no lock.
    Free(Seen),
    /// The loader waits, and for whom.
    Blocked(Seen, Vec<Blocked>),
    /// Sessions wait for each other in a circle: the warehouse ends one of them by itself.
    Deadlock(String),
}

/// Who asked, and who is there.
pub(super) struct Seen {
    pub(super) me: Me,
    pub(super) sessions: Vec<Session>,
    /// Sessions of the loader that run something or block others, and wait for nothing; without the one that hangs.
    pub(super) other_loads: usize,
}

/// A session of the loader that waits.
pub(super) struct Blocked {
    pub(super) loader: SessionKey,
    /// Since when, as far as is known.
    pub(super) since: Option<Timestamp>,
    pub(super) roots: Vec<Root>,
}

/// A session that blocks it, and waits for nobody itself.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) session: Session,
    pub(super) holds: String,
    pub(super) last: Option<LastQuery>,
    pub(super) waiting: usize,
    /// Why it may not be ended.
    pub(super) obstacle: Option<String>,
}

impl Sight {
    pub(super) async fn of(recipe: &RestartRedshift, reads: &WarehouseReads) -> Self {
        match Self::look(recipe, reads).await {
            Ok(sight) => sight,
            Err(error) => Self::Blind(format!("the warehouse does not answer by SQL: {error}")),
        }
    }

    async fn look(recipe: &RestartRedshift, reads: &WarehouseReads) -> ops_client::Result<Self> {
        let Some(warehouse) = &reads.warehouse else {
            return Ok(Self::Blind("no way to the warehouse by SQL is configured".into()));
        };
        let me = warehouse.me().await?;
        if !me.sees_all() {
            return Ok(Self::Blind(format!("{} sees only its own sessions and locks", me.user)));
        }
        let graph = LockGraph::of(&warehouse.contended_locks().await?);
        let sessions = warehouse.sessions().await?;
        let running = warehouse.running().await?;
        let waits = |pid: &Pid| graph.waits().iter().any(|wait| wait.waiter == *pid);
        let of_loader: Vec<&Session> = sessions.iter().filter(|session| session.user == recipe.loader).collect();
        let lost: Vec<Pid> = graph.unexplained();
        let lost: Vec<&&Session> = of_loader.iter().filter(|session| lost.contains(&session.key.pid)).collect();
        if !lost.is_empty() {
            let pids = names(lost.iter().map(|session| session.key.pid));
            return Ok(Self::Blind(format!("the loader ({pids}) waits for a lock, and nobody is seen who has it")));
        }
        let blocked: Vec<&Session> = of_loader.iter().copied().filter(|session| waits(&session.key.pid)).collect();
        // What the log says to hang is no *other* load, though it waits for nobody.
        let works = running.iter().filter(|query| recipe.hangs_in() != Some(&query.text)).map(|query| query.pid);
        let works: BTreeSet<Pid> = works.collect();
        // A load between two statements runs nothing, and is one all the same: its locks tell.
        let is_busy = |pid: &Pid| works.contains(pid) || !graph.blocked_by(*pid).is_empty();
        let other_loads = of_loader.iter().filter(|one| is_busy(&one.key.pid) && !waits(&one.key.pid)).count();
        let seen = Seen { me, sessions: sessions.clone(), other_loads };
        if blocked.is_empty() {
            return Ok(Self::Free(seen));
        }
        let mut all = Vec::new();
        for session in blocked {
            let pid = session.key.pid;
            let mut roots = Vec::new();
            for root in graph.roots_of(pid) {
                // One that has ended meanwhile blocks nobody any more.
                let Some(found) = sessions.iter().find(|session| session.key.pid == root) else { continue };
                let last = warehouse.last_query(&found.key).await.ok().flatten();
                roots.push(Root {
                    session: found.clone(),
                    holds: held(&graph, root),
                    last,
                    waiting: graph.blocked_by(root).len(),
                    obstacle: recipe.obstacle(&seen.me, found),
                });
            }
            if roots.is_empty() && graph.roots_of(pid).is_empty() {
                let circle = graph.cycles().iter().map(names).collect::<Vec<_>>().join("; ");
                return Ok(Self::Deadlock(circle));
            }
            let since = running.iter().find(|query| query.pid == pid).map(|query| query.began);
            all.push(Blocked { loader: session.key, since, roots });
        }
        Ok(Self::Blocked(seen, all))
    }
}

impl RestartRedshift {
    /// Why a session may not be ended by anybody here.
    fn obstacle(&self, me: &Me, session: &Session) -> Option<String> {
        let user = &session.user;
        if session.key.pid == me.pid {
            return Some("it is the session that asks".into());
        }
        if *user == self.loader {
            return Some("it is another session of the loader".into());
        }
        if user == SERVICE_USER {
            return Some("it is the service's own".into());
        }
        if self.protected.contains(user) {
            return Some(format!("{user} is protected"));
        }
        (me.may_end(user) == Some(false)).then(|| format!("{} has no right to end sessions of {user}", me.user))
    }
}

/// `AccessShareLock on fact.bills`.
fn held(graph: &LockGraph, pid: Pid) -> String {
    let mut held: Vec<String> = graph
        .waits()
        .iter()
        .filter(|wait| wait.holder == pid && !wait.queued)
        .map(|wait| format!("{} on {}", wait.held, wait.relation))
        .collect();
    held.sort();
    held.dedup();
    names(held)
}
