//! The warehouse's ports over SQL, whichever way it is sent.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use ops_client::retry::Idempotency;

use super::loads::newest_first;
use super::rows::unreadable;
use super::{LoadsTable, Row, Rows, Sql, Statement, texts};
use crate::statement::masked;
use crate::{
    Effect, Error, ErrorKind, LastQuery, Load, LoadError, LoadFilter, LoadsRead, Lock, LockMode, Me, Pid, Probe,
    Relation, Result, RunningQuery, SERVICE_USER, Session, SessionKey, WarehouseRead, WarehouseWrite,
};

/// More rows that could not be loaded are never asked for at once.
const MOST_ERRORS: u32 = 1_000;

/// A warehouse that is asked by SQL. Cheap to clone.
///
/// It ends no session of its own, none of `rdsdb` and none of a protected user, whoever asks for it.
#[derive(Clone)]
pub struct Warehouse {
    sql: Arc<dyn Sql>,
    loads: LoadsTable,
    protected: BTreeSet<String>,
}

impl fmt::Debug for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warehouse")
            .field("address", &self.sql.address())
            .field("protected", &self.protected)
            .finish_non_exhaustive()
    }
}

impl Warehouse {
    /// The warehouse that this way leads to.
    pub fn new(sql: impl Sql + 'static) -> Self {
        Self { sql: Arc::new(sql), loads: LoadsTable::default(), protected: BTreeSet::from([SERVICE_USER.to_owned()]) }
    }

    /// Where loads are logged elsewhere than in `meta.loads`.
    #[must_use]
    pub fn with_loads(mut self, table: LoadsTable) -> Self {
        self.loads = table;
        self
    }

    /// With users whose sessions are never ended: the loader's above all.
    #[must_use]
    pub fn protecting<U: Into<String>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        self.protected.extend(users.into_iter().map(Into::into));
        self
    }

    /// Where it is, for people.
    pub fn address(&self) -> &str {
        self.sql.address()
    }

    async fn read(&self, op: &'static str, statement: Statement) -> Result<Rows> {
        self.sql.query(op, Idempotency::Read, &statement).await
    }

    /// Whether the user has a role; `None` where the warehouse does not tell.
    async fn has_role(&self, op: &'static str, user: &str, role: &str) -> Result<Option<bool>> {
        match self.read(op, texts::has_role(user, role)).await {
            Ok(rows) => Ok(rows.first(op)?.flag("has").ok()),
            // It has no such function, no such role, or tells it to others only.
            Err(error) if !error.is_retryable() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// That it is this very session, and that it may be ended.
    async fn check(&self, op: &'static str, session: &SessionKey) -> Result<()> {
        let rows = self.read(op, texts::sessions_of(session.pid)).await?;
        let seen = rows.each(op).map(|row| found_session(&row)).collect::<Result<Vec<_>>>()?;
        let Some(found) = seen.iter().find(|seen| seen.key.started == session.started).or(seen.first()) else {
            let me = self.me().await?;
            let refusal = if me.sees_all() {
                self.refusal(op, ErrorKind::NotFound, format!("{session} has ended"))
            } else {
                let what = format!("{} sees only its own sessions, and {session} is none of them", me.user);
                let remedy = "a superuser may, or who has the role sys:operator";
                self.refusal(op, ErrorKind::Forbidden, what).with_remedy(remedy)
            };
            return Err(refusal);
        };
        if found.key.started != session.started {
            let now = format!("the process {} serves another session by now, of {}", session.pid, found.user);
            return Err(self.refusal(op, ErrorKind::Conflict, now));
        }
        if self.protected.contains(&found.user) {
            return Err(self.refusal(op, ErrorKind::Conflict, format!("sessions of {} are protected", found.user)));
        }
        let own: Pid = pid(&self.read(op, texts::own_pid()).await?.first(op)?, op)?;
        if own == session.pid {
            return Err(self.refusal(op, ErrorKind::Conflict, "it is the session that asks".to_owned()));
        }
        Ok(())
    }

    fn refusal(&self, op: &'static str, kind: ErrorKind, message: String) -> Error {
        Error::new(op, kind, Effect::None).with_target(self.address()).with_message(message)
    }
}

#[async_trait]
impl WarehouseRead for Warehouse {
    async fn probe(&self) -> Result<Probe> {
        const OP: &str = "redshift.sql";
        let began = Instant::now();
        let rows = self.read(OP, texts::probe()).await?;
        let row = rows.first(OP)?;
        let probe = Probe::new(self.address(), began.elapsed()).with_version(row.some("version")?);
        Ok(probe.with_server_time(SystemTime::from(row.some_time("now")?)))
    }

    async fn me(&self) -> Result<Me> {
        const OP: &str = "redshift.me";
        let rows = self.read(OP, texts::me()).await?;
        let row = rows.first(OP)?;
        let mut me = Me::new(row.some("name")?, pid(&row, OP)?);
        me.superuser = row.text("superuser")?.is_some() && row.flag("superuser")?;
        if !me.superuser {
            me.monitor = self.has_role(OP, &me.user, "sys:monitor").await?;
            me.operator = self.has_role(OP, &me.user, "sys:operator").await?;
        }
        Ok(me)
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        const OP: &str = "redshift.sessions";
        let rows = self.read(OP, texts::sessions()).await?;
        let mut sessions = rows.each(OP).map(|row| found_session(&row)).collect::<Result<Vec<_>>>()?;
        sessions.sort_by_key(|session| session.key);
        Ok(sessions)
    }

    async fn running(&self) -> Result<Vec<RunningQuery>> {
        const OP: &str = "redshift.running";
        let rows = self.read(OP, texts::running()).await?;
        let mut running = Vec::with_capacity(rows.len());
        for row in rows.each(OP) {
            let began = row.some_time("starttime")?;
            let text = masked(row.text("query")?.unwrap_or_default());
            let mut found = RunningQuery::new(pid(&row, OP)?, row.some("user_name")?, began, text);
            found.database = row.text("db_name")?.unwrap_or_default().to_owned();
            // The view's own `duration` is in microseconds, and ends after 35 minutes.
            let elapsed = row.some_time("now")?.duration_since(began);
            found.elapsed = Duration::try_from(elapsed).unwrap_or_default();
            running.push(found);
        }
        Ok(running)
    }

    async fn last_query(&self, session: &SessionKey) -> Result<Option<LastQuery>> {
        const OP: &str = "redshift.last_query";
        let rows = self.read(OP, texts::last_query(session)).await?;
        let Some(row) = rows.each(OP).next() else { return Ok(None) };
        let over = matches!(row.some("status")?, "success" | "failed" | "canceled");
        let ended = if over { row.time("end_time")? } else { None };
        let text = masked(row.text("query_text")?.unwrap_or_default());
        Ok(Some(LastQuery::new(row.some_time("start_time")?, ended, text)))
    }

    async fn contended_locks(&self) -> Result<Vec<Lock>> {
        const OP: &str = "redshift.locks";
        self.read(OP, texts::contended_locks()).await?.each(OP).map(|row| lock(&row, OP)).collect()
    }

    async fn locks_of(&self, pid: Pid) -> Result<Vec<Lock>> {
        const OP: &str = "redshift.locks_of";
        self.read(OP, texts::locks_of(pid)).await?.each(OP).map(|row| lock(&row, OP)).collect()
    }

    async fn schemas(&self) -> Result<Vec<String>> {
        const OP: &str = "redshift.schemas";
        let rows = self.read(OP, texts::schemas()).await?;
        let mut names = rows.each(OP).map(|row| row.some("name").map(ToOwned::to_owned)).collect::<Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    async fn load_errors(&self, limit: u32) -> Result<Vec<LoadError>> {
        const OP: &str = "redshift.load_errors";
        let rows = self.read(OP, texts::load_errors(limit.min(MOST_ERRORS))).await?;
        let mut errors = Vec::with_capacity(rows.len());
        for row in rows.each(OP) {
            let text = |column| Ok::<_, Error>(row.text(column)?.unwrap_or_default());
            let mut found =
                LoadError::new(row.some_time("starttime")?, text("filename")?, text("colname")?, text("err_reason")?);
            found.table = row.number("tbl")?;
            found.line = row.number("line_number").unwrap_or_default();
            errors.push(found);
        }
        Ok(errors)
    }
}

#[async_trait]
impl WarehouseWrite for Warehouse {
    async fn terminate(&self, session: &SessionKey) -> Result<()> {
        const OP: &str = "redshift.terminate";
        self.check(OP, session).await?;
        // What it answers differs between versions, and says nothing either way: the session is gone or not.
        self.sql.query(OP, Idempotency::Once, &texts::terminate(session.pid)).await.map(drop)
    }

    async fn cancel(&self, session: &SessionKey) -> Result<()> {
        const OP: &str = "redshift.cancel";
        self.check(OP, session).await?;
        self.sql.query(OP, Idempotency::Once, &texts::cancel(session.pid)).await.map(drop)
    }
}

#[async_trait]
impl LoadsRead for Warehouse {
    async fn loads(&self, filter: &LoadFilter) -> Result<Vec<Load>> {
        const OP: &str = "redshift.loads";
        if filter.tables.iter().chain(&filter.transaction).any(|word| word.trim().is_empty()) {
            return Err(Error::invalid(OP, "an empty name of a table, or of a transaction").with_attempts(0));
        }
        let rows = self.read(OP, self.loads.statement(filter)).await.map_err(|error| self.without_table(error))?;
        let mut loads = Vec::with_capacity(rows.len());
        for row in rows.each(OP) {
            let transaction = row.text("transaction")?.unwrap_or_default();
            loads.push(Load::new(row.some("name")?, transaction, row.time("at")?));
        }
        loads.sort_by(|a: &Load, b: &Load| newest_first(a.at, b.at));
        Ok(loads)
    }
}

impl Warehouse {
    /// The name of the Loads table is the platform's own.
    fn without_table(&self, error: Error) -> Error {
        if !error.is_not_found() {
            return error;
        }
        error.with_remedy(format!("{} is looked in: configure the Loads table and its columns", self.loads.table()))
    }
}

fn found_session(row: &Row<'_>) -> Result<Session> {
    let process: Pid = process(row)?;
    let key = SessionKey::new(process, row.some_time("starttime")?);
    Ok(Session::new(key, row.some("user_name")?, row.text("db_name")?.unwrap_or_default()))
}

fn process(row: &Row<'_>) -> Result<Pid> {
    let number: i32 = row.number("process")?;
    Pid::new(number).ok_or_else(|| unreadable("redshift.sessions", format!("process is no process id: {number}")))
}

fn pid(row: &Row<'_>, op: &'static str) -> Result<Pid> {
    let number: i32 = row.number("pid")?;
    Pid::new(number).ok_or_else(|| unreadable(op, format!("pid is no process id: {number}")))
}

fn lock(row: &Row<'_>, op: &'static str) -> Result<Lock> {
    let name = match (row.text("schema_name")?, row.text("table_name")?) {
        (Some(schema), Some(table)) => Some(format!("{schema}.{table}")),
        _ => None,
    };
    let relation = Relation::new(row.number("relation")?, name);
    let mode = LockMode::of(row.some("lock_mode")?);
    let mut lock = Lock::held(pid(row, op)?, row.some("txn_owner")?, relation, mode, row.some_time("txn_start")?);
    lock.database = row.text("txn_db")?.unwrap_or_default().to_owned();
    lock.xid = row.number("xid").unwrap_or_default();
    lock.granted = row.flag("granted")?;
    Ok(lock)
}
