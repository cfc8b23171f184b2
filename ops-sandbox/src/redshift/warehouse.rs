//! The warehouse: users, tables, sessions, and what was loaded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use redshift_ops::{LastQuery, Load, LoadError, Lock, LockMode, Pid, Relation, RunningQuery, Session, SessionKey};

use super::locks::Locks;
use super::sessions::{Live, Statement, Then, Transaction};
use super::spec::Rights;
use crate::refusal::Refusal;

/// The first process, object and transaction that is made.
const FIRST_PID: i32 = 19_805;
const FIRST_OID: u32 = 100_123;
const FIRST_XID: i64 = 4_711_001;

const USERS: [(&str, Rights); 7] = [
    ("loader", Rights::Plain),
    ("metabase", Rights::Plain),
    ("monitor", Rights::Monitor),
    ("operator", Rights::Operator),
    ("rdsdb", Rights::Superuser),
    ("sandrews", Rights::Plain),
    ("sao_pedro", Rights::Superuser),
];

/// A row of the Loads table, as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadRow {
    /// Its number, from 1.
    pub id: u64,
    /// The table, without its schema.
    pub table_name: String,
    /// Metapod's transaction.
    pub metapod_transaction_id: String,
    /// For which day.
    pub target_date: Option<Date>,
    /// When.
    pub load_time: Option<Timestamp>,
    /// How many rows were loaded.
    pub row_count: u64,
}

impl LoadRow {
    /// A table that was loaded for a transaction. Its number comes with its place in the table.
    pub fn new(table: impl Into<String>, transaction: impl Into<String>, at: Option<Timestamp>) -> Self {
        Self {
            id: 0,
            table_name: table.into(),
            metapod_transaction_id: transaction.into(),
            target_date: None,
            load_time: at,
            row_count: 0,
        }
    }

    fn told(&self) -> Load {
        Load::new(&self.table_name, &self.metapod_transaction_id, self.load_time)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) rows: u64,
}

/// What others have to be told of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A loader's statement has its locks.
    Ready(Pid),
    /// A session's statement was cancelled, and its transaction taken back.
    Failed(Pid),
    /// A session has ended, and not from its own side.
    Cut(Pid),
}

#[derive(Debug)]
pub(crate) struct Warehouse {
    pub(super) database: String,
    pub(super) users: BTreeMap<String, Rights>,
    pub(super) schemas: BTreeSet<String>,
    pub(super) tables: BTreeMap<u32, Table>,
    pub(super) sessions: BTreeMap<Pid, Live>,
    locks: Locks,
    pub(super) loads: Vec<LoadRow>,
    /// The newest last.
    pub(super) errors: Vec<LoadError>,
    pub(super) news: VecDeque<News>,
    next_pid: i32,
    next_oid: u32,
    next_xid: i64,
}

impl Default for Warehouse {
    fn default() -> Self {
        let mut warehouse = Self {
            database: "belomonte".to_owned(),
            users: USERS.into_iter().map(|(name, rights)| (name.to_owned(), rights)).collect(),
            schemas: BTreeSet::new(),
            tables: BTreeMap::new(),
            sessions: BTreeMap::new(),
            locks: Locks::default(),
            loads: Vec::new(),
            errors: Vec::new(),
            news: VecDeque::new(),
            next_pid: FIRST_PID,
            next_oid: FIRST_OID,
            next_xid: FIRST_XID,
        };
        warehouse.put_table("meta", "loads", 0);
        warehouse
    }
}

impl Warehouse {
    /// An empty one, whose sessions are still other ones than those of this one.
    pub(super) fn anew(&self) -> Self {
        Self { next_pid: self.next_pid, next_xid: self.next_xid, ..Self::default() }
    }

    pub(super) fn rights(&self, user: &str) -> Rights {
        self.users.get(user).copied().unwrap_or_default()
    }

    pub(super) fn put_table(&mut self, schema: &str, name: &str, rows: u64) -> u32 {
        let oid = self.next_oid;
        self.next_oid += 2;
        self.schemas.insert(schema.to_owned());
        self.tables.insert(oid, Table { schema: schema.to_owned(), name: name.to_owned(), rows });
        oid
    }

    /// The table of this name, `schema.name`.
    pub(super) fn table(&self, full: &str) -> Result<u32, Refusal> {
        let found = self.tables.iter().find(|(_, table)| {
            full.split_once('.').is_some_and(|(schema, name)| schema == table.schema && name == table.name)
        });
        let words = || Refusal::NotFound(format!("relation \"{full}\" does not exist"));
        found.map(|(oid, _)| *oid).ok_or_else(words)
    }

    /// The tables of a schema.
    pub(super) fn tables_of(&self, schema: &str) -> Vec<u32> {
        self.tables.iter().filter(|(_, table)| table.schema == schema).map(|(oid, _)| *oid).collect()
    }

    /// Takes a schema away, with all that is in it. Who waits for one of its tables is told that there is none.
    pub(super) fn drop_schema(&mut self, schema: &str, at: Timestamp) {
        self.tables.retain(|_, table| table.schema != schema);
        self.schemas.remove(schema);
        let tables = &self.tables;
        let waiting = self.locks.iter().filter(|claim| !claim.granted && !tables.contains_key(&claim.oid));
        let waiting: Vec<Pid> = waiting.map(|claim| claim.pid).collect();
        self.locks.forget(|oid| !tables.contains_key(&oid));
        for pid in waiting {
            self.cancel(pid, at);
        }
        self.pass_on(at);
    }

    /// Gives a schema another name.
    pub(super) fn rename_schema(&mut self, from: &str, to: &str) {
        let moved = self.tables.values_mut().filter(|table| table.schema == from);
        moved.for_each(|table| table.schema = to.to_owned());
        if self.schemas.remove(from) {
            self.schemas.insert(to.to_owned());
        }
    }

    pub(super) fn open(&mut self, user: &str, at: Timestamp) -> SessionKey {
        let pid = loop {
            let pid = Pid::new(self.next_pid);
            self.next_pid = self.next_pid.checked_add(13).unwrap_or(FIRST_PID);
            match pid {
                Some(pid) if !self.sessions.contains_key(&pid) => break pid,
                _ => {}
            }
        };
        let key = SessionKey::new(pid, at);
        self.put(key, user);
        key
    }

    pub(super) fn put(&mut self, key: SessionKey, user: &str) {
        let session = Session::new(key, user, &self.database);
        self.sessions.insert(key.pid, Live::new(session));
    }

    /// The session, where it is this very one.
    pub(super) fn live(&mut self, key: &SessionKey) -> Option<&mut Live> {
        self.sessions.get_mut(&key.pid).filter(|live| live.shown.key == *key)
    }

    /// Begins a statement, and a transaction where there is none.
    pub(super) fn run(
        &mut self,
        pid: Pid,
        text: impl Into<String>,
        wants: impl IntoIterator<Item = (u32, LockMode)>,
        then: Then,
        at: Timestamp,
    ) {
        let Some(live) = self.sessions.get_mut(&pid) else { return };
        live.finish(at);
        if live.transaction.is_none() {
            live.transaction = Some(Transaction { xid: self.next_xid, since: at });
            self.next_xid += 3;
        }
        let wants = wants.into_iter().collect();
        live.running = Some(Statement { text: text.into(), began: at, wants, then });
        self.go_on(pid, at);
    }

    /// A statement asks for the tables that it wants, one after the other.
    fn go_on(&mut self, pid: Pid, at: Timestamp) {
        let Some(live) = self.sessions.get_mut(&pid) else { return };
        let Some(statement) = &mut live.running else { return };
        while let Some((oid, mode)) = statement.wants.front() {
            if !self.locks.ask(pid, *oid, mode.clone()) {
                return;
            }
            statement.wants.pop_front();
        }
        match statement.then {
            Then::Loader => self.news.push_back(News::Ready(pid)),
            Then::Idle => live.finish(at),
            Then::Commit => {
                live.finish(at);
                self.end_transaction(pid, at);
            }
        }
    }

    /// A transaction ends, well or not: its locks are free.
    pub(super) fn end_transaction(&mut self, pid: Pid, at: Timestamp) {
        if let Some(live) = self.sessions.get_mut(&pid) {
            live.finish(at);
            live.transaction = None;
        }
        self.locks.free(pid);
        self.pass_on(at);
    }

    /// Locks that are free go to who waits for them.
    pub(super) fn pass_on(&mut self, at: Timestamp) {
        loop {
            let served = self.locks.grant();
            if served.is_empty() {
                return;
            }
            served.into_iter().for_each(|pid| self.go_on(pid, at));
        }
    }

    /// A session is there no longer. `cut`: not from its own side.
    pub(super) fn end(&mut self, pid: Pid, cut: bool, at: Timestamp) {
        if self.sessions.remove(&pid).is_some() {
            if cut {
                self.news.push_back(News::Cut(pid));
            }
            self.locks.free(pid);
            self.pass_on(at);
        }
    }

    /// What a session runs is cancelled. True where it ran something.
    pub(super) fn cancel(&mut self, pid: Pid, at: Timestamp) -> bool {
        let runs = self.sessions.get(&pid).is_some_and(|live| live.running.is_some());
        if runs {
            self.end_transaction(pid, at);
            self.news.push_back(News::Failed(pid));
        }
        runs
    }

    /// The session that somebody wants to end or to cancel, if that may be.
    pub(super) fn aimed_at(
        &self,
        user: &str,
        own: &SessionKey,
        key: &SessionKey,
        spared: &[String],
    ) -> Result<(), Refusal> {
        let gone = || Refusal::NotFound(format!("no session has the process {}", key.pid));
        let rights = self.rights(user);
        let found = &self.sessions.get(&key.pid).ok_or_else(gone)?.shown;
        if !self.sees(user, &found.user) {
            return Err(Refusal::Forbidden(format!("process {} is of a session that {user} cannot see", key.pid)));
        }
        if found.key != *key {
            let began = found.key.started;
            return Err(Refusal::Conflict(format!("process {} serves another session, of {began}", key.pid)));
        }
        if found.key == *own {
            return Err(Refusal::Conflict("it is the session that asks".to_owned()));
        }
        if found.user == "rdsdb" || spared.contains(&found.user) {
            return Err(Refusal::Conflict(format!("the sessions of {} are protected", found.user)));
        }
        let may = found.user == user
            || rights == Rights::Superuser
            || rights == Rights::Operator && self.rights(&found.user) != Rights::Superuser;
        let words = || Refusal::Forbidden("must be a superuser to terminate this process (42501)".to_owned());
        may.then_some(()).ok_or_else(words)
    }

    /// Whether a user sees what is another's.
    pub(super) fn sees(&self, user: &str, owner: &str) -> bool {
        user == owner || self.rights(user) != Rights::Plain
    }

    pub(super) fn sessions_for(&self, user: &str) -> Vec<Session> {
        let mut seen: Vec<Session> = self.seen(user).map(|live| live.shown.clone()).collect();
        seen.sort_by_key(|session| session.key);
        seen
    }

    fn seen(&self, user: &str) -> impl Iterator<Item = &Live> {
        self.sessions.values().filter(move |live| self.sees(user, &live.shown.user))
    }

    pub(super) fn running_for(&self, user: &str, now: Timestamp) -> Vec<RunningQuery> {
        let told = |live: &Live| {
            let (session, statement) = (&live.shown, live.running.as_ref()?);
            let text: String = statement.text.chars().take(600).collect();
            let mut told = RunningQuery::new(session.key.pid, &session.user, statement.began, text);
            told.database.clone_from(&session.database);
            told.elapsed = Duration::try_from(now.duration_since(statement.began)).unwrap_or_default();
            Some(told)
        };
        let mut running: Vec<RunningQuery> = self.seen(user).filter_map(told).collect();
        running.sort_by_key(|query| query.began);
        running
    }

    pub(super) fn last_query_for(&self, user: &str, key: &SessionKey) -> Option<LastQuery> {
        let live = self.sessions.get(&key.pid).filter(|live| live.shown.key == *key)?;
        let told = || match &live.running {
            Some(statement) => Some(LastQuery::new(statement.began, None, &statement.text)),
            None => live.last.clone(),
        };
        self.sees(user, &live.shown.user).then(told).flatten()
    }

    /// All locks that a user sees.
    pub(super) fn locks_for(&self, user: &str) -> Vec<Lock> {
        let told = |claim: &super::locks::Claim| {
            let live = self.sessions.get(&claim.pid)?;
            let transaction = live.transaction?;
            let name = self.tables.get(&claim.oid).map(|table| format!("{}.{}", table.schema, table.name));
            let relation = Relation::new(claim.oid, name);
            let mut lock = Lock::held(claim.pid, &live.shown.user, relation, claim.mode.clone(), transaction.since);
            lock.database.clone_from(&live.shown.database);
            (lock.xid, lock.granted) = (transaction.xid, claim.granted);
            self.sees(user, &live.shown.user).then_some(lock)
        };
        self.locks.iter().filter_map(told).collect()
    }

    /// Those on tables that somebody is seen to wait for.
    pub(super) fn contended_for(&self, user: &str) -> Vec<Lock> {
        let mut locks = self.locks_for(user);
        let wanted: BTreeSet<u32> = locks.iter().filter(|lock| !lock.granted).map(|lock| lock.relation.oid).collect();
        locks.retain(|lock| wanted.contains(&lock.relation.oid));
        locks
    }

    /// The sessions that have or want a table of these schemas.
    pub(super) fn users_of(&self, schemas: &[String]) -> Vec<Session> {
        let of_schema = |oid: u32| self.tables.get(&oid).is_some_and(|table| schemas.contains(&table.schema));
        let pids: BTreeSet<Pid> =
            self.locks.iter().filter(|claim| of_schema(claim.oid)).map(|claim| claim.pid).collect();
        pids.into_iter().filter_map(|pid| self.sessions.get(&pid)).map(|live| live.shown.clone()).collect()
    }

    pub(super) fn add_load(&mut self, mut row: LoadRow) {
        row.id = self.loads.len() as u64 + 1;
        self.loads.push(row);
    }

    /// The newest first; those that do not tell when, last.
    pub(super) fn loads_for(&self, filter: &redshift_ops::LoadFilter) -> Vec<Load> {
        let mut loads: Vec<Load> =
            self.loads.iter().rev().map(LoadRow::told).filter(|load| filter.takes(load)).collect();
        loads.sort_by_key(|load| std::cmp::Reverse(load.at));
        loads.truncate(filter.limit.min(1000) as usize);
        loads
    }

    pub(super) fn errors_for(&self, user: &str, limit: u32) -> Vec<LoadError> {
        if self.rights(user) == Rights::Plain {
            return Vec::new();
        }
        let mut errors: Vec<LoadError> = self.errors.iter().rev().cloned().collect();
        errors.sort_by_key(|error| std::cmp::Reverse(error.at));
        errors.truncate(limit as usize);
        errors
    }
}
