//! The statements. All of them are plain selects that Redshift and PostgreSQL read alike; columns and views as in the database
//! developer guide.

use crate::{Pid, SessionKey};

use super::Statement;

/// The columns of a lock, with the table's name where it is in this database.
const LOCKS: &str = "select t.pid, t.txn_owner, t.txn_db, t.xid, t.txn_start, t.lock_mode, t.relation, t.granted, \
     trim(n.nspname) as schema_name, trim(c.relname) as table_name \
     from svv_transactions t \
     left join pg_class c on c.oid = t.relation and t.txn_db = current_database() \
     left join pg_namespace n on n.oid = c.relnamespace \
     where t.lockable_object_type = 'relation' and ";

pub(super) fn probe() -> Statement {
    Statement::new("select version() as version, getdate() as now")
}

pub(super) fn me() -> Statement {
    Statement::new(
        "select current_user as name, pg_backend_pid() as pid, \
         (select usesuper from pg_user where usename = current_user) as superuser",
    )
}

/// Whether a user has a role, also by way of another one. Clusters of before 2022 do not know the function.
pub(super) fn has_role(user: &str, role: &str) -> Statement {
    Statement::new("select user_is_member_of(:user, :role) as has").with("user", user).with("role", role)
}

pub(super) fn sessions() -> Statement {
    Statement::new("select process, starttime, user_name, db_name from stv_sessions order by process, starttime")
}

pub(super) fn sessions_of(pid: Pid) -> Statement {
    Statement::new(format!("select process, starttime, user_name, db_name from stv_sessions where process = {pid}"))
}

pub(super) fn own_pid() -> Statement {
    Statement::new("select pg_backend_pid() as pid")
}

/// A query that is done has the pid -1.
pub(super) fn running() -> Statement {
    Statement::new(
        "select pid, user_name, db_name, starttime, getdate() as now, query from stv_recents \
         where trim(status) = 'Running' and pid > 0 order by starttime",
    )
}

pub(super) fn last_query(session: &SessionKey) -> Statement {
    let text = format!(
        "select start_time, end_time, trim(status) as status, query_text from sys_query_history \
         where session_id = {} and start_time >= cast(:started as timestamp) order by start_time desc limit 1",
        session.pid
    );
    Statement::new(text).with("started", session.started.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

pub(super) fn contended_locks() -> Statement {
    Statement::new(format!(
        "{LOCKS} t.relation in (select w.relation from svv_transactions w \
         where w.lockable_object_type = 'relation' and not w.granted) order by t.txn_start, t.pid"
    ))
}

pub(super) fn locks_of(pid: Pid) -> Statement {
    Statement::new(format!("{LOCKS} t.pid = {pid} order by t.txn_start, t.relation"))
}

pub(super) fn schemas() -> Statement {
    Statement::new(
        "select trim(nspname) as name from pg_namespace \
         where substring(nspname, 1, 3) <> 'pg_' and nspname <> 'information_schema' order by nspname",
    )
}

/// The columns `raw_line` and `raw_field_value` are left out: they hold what customers wrote.
pub(super) fn load_errors(limit: u32) -> Statement {
    Statement::new(format!(
        "select starttime, tbl, filename, line_number, colname, err_reason from stl_load_errors \
         order by starttime desc limit {limit}"
    ))
}

pub(super) fn terminate(pid: Pid) -> Statement {
    Statement::new(format!("select pg_terminate_backend({pid})"))
}

pub(super) fn cancel(pid: Pid) -> Statement {
    Statement::new(format!("select pg_cancel_backend({pid})"))
}
