-- Redshift's system views over PostgreSQL's own sessions and locks: what they show, and what a kill does, is real.
-- They lie in pg_catalog, so that they are found with and without a schema.
set allow_system_table_mods = on;
set search_path = pg_catalog;

-- --- Who sees what -----------------------------------------------------------------------------------------------------

-- On Redshift, who logs in as `IAM:loader` is loader.
create function peer_user(name text) returns text language sql immutable
    return regexp_replace(name, '^IAMA?:', '');

create function peer_super() returns boolean language sql stable
    return (select rolsuper from pg_roles where rolname = current_user);

create function peer_sees(owner text) returns boolean language sql stable
    return owner = peer_user(current_user::text) or peer_super() or pg_has_role('sys:monitor', 'member');

-- It knows memberships that were inherited, and says no for a superuser that has none.
create function user_is_member_of(user_name text, role_name text) returns boolean language plpgsql stable as $$
declare
    whose oid := (select oid from pg_roles where rolname = user_name);
    what oid := (select oid from pg_roles where rolname = role_name);
begin
    if peer_user(user_name) <> peer_user(current_user::text) and not peer_super() then
        raise insufficient_privilege using message = 'permission denied to check the roles of other users';
    end if;
    if whose is null then
        raise undefined_object using message = format('user "%s" does not exist', user_name);
    end if;
    if what is null then
        raise undefined_object using message = format('role "%s" does not exist', role_name);
    end if;
    return exists (
        with recursive held (role) as (
            select roleid from pg_auth_members where member = whose
            union
            select m.roleid from pg_auth_members m join held on m.member = held.role
        )
        select from held where role = what
    );
end $$;

-- --- Time ----------------------------------------------------------------------------------------------------------------

create function peer_utc(at timestamptz) returns timestamp language sql immutable
    return at at time zone 'UTC';

-- When the statement began, in whole seconds.
create function getdate() returns timestamp language sql stable
    return date_trunc('second', peer_utc(statement_timestamp()));

create function peer_micros(since timestamptz, until timestamptz) returns bigint language sql immutable
    return greatest(0, extract(epoch from until - since) * 1000000)::bigint;

-- --- Sessions ------------------------------------------------------------------------------------------------------------

-- PostgreSQL hides from a reader what others do; who may see it is decided by the views.
create function peer_activity() returns table (
    pid int, userid int, user_name text, db_name text, own boolean, backend_start timestamptz, xact_start timestamptz,
    query_start timestamptz, state_change timestamptz, runs boolean, failed boolean, waits boolean, query text, xid bigint
) language sql stable security definer as $$
    select a.pid, u.oid::int, u.rolname::text, coalesce(a.datname::text, 'dev'), a.backend_type <> 'client backend',
           a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.state in ('active', 'fastpath function call'), a.state = 'idle in transaction (aborted)',
           coalesce(a.wait_event_type = 'Lock', false), a.query, a.backend_xid::text::bigint
      from pg_stat_activity a
      join pg_roles u on u.rolname = peer_user(a.usename::text)
     -- The launcher is the server's own: a session of rdsdb that is always there.
     where a.backend_type in ('client backend', 'logical replication launcher')
$$;

create view stv_sessions as
    select peer_utc(backend_start) as starttime,
           pid as process,
           user_name::char(50),
           db_name::char(50),
           0 as timeout_sec
      from peer_activity()
     where peer_sees(user_name);

-- --- Queries: of each session the one that runs, or the last -------------------------------------------------------------

create view stv_recents as
    select userid,
           (case when runs then 'Running' else 'Done' end)::char(20) as status,
           peer_utc(query_start) as starttime,
           least(2147483647, peer_micros(query_start, case when runs then clock_timestamp() else state_change end))::int
               as duration,
           user_name::char(50),
           db_name::char(50),
           left(query, 600)::char(600) as query,
           case when runs then pid else -1 end as pid
      from peer_activity()
     where query <> '' and not own and peer_sees(user_name);

create view stv_inflight as
    select userid,
           12811 as slice,
           pid as query,
           ''::char(320) as label,
           coalesce(xid, 0) as xid,
           pid,
           peer_utc(query_start) as starttime,
           left(query, 100)::char(100) as text,
           0 as suspended,
           0 as insert_pristine,
           0 as concurrency_scaling_status
      from peer_activity()
     where runs and not own and peer_sees(user_name);

create view sys_query_history as
    select userid as user_id,
           peer_micros('epoch', query_start) as query_id,
           'default'::char(320) as query_label,
           coalesce(xid, 0) as transaction_id,
           pid as session_id,
           db_name::char(128) as database_name,
           (case when query ~* '^\s*(select|with)\M' then 'SELECT'
                 when query ~* '^\s*(create|alter|drop|truncate)\M' then 'DDL'
                 when query ~* '^\s*(insert|update|delete|copy|unload)\M' then upper(substring(query from '\w+'))
                 else 'UTILITY' end)::char(32) as query_type,
           (case when runs then 'running' when failed then 'failed' else 'success' end)::char(10) as status,
           false as result_cache_hit,
           peer_utc(query_start) as start_time,
           case when not runs then peer_utc(state_change) end as end_time,
           peer_micros(query_start, until) as elapsed_time,
           0::bigint as queue_time,
           peer_micros(query_start, until) as execution_time,
           ''::char(512) as error_message,
           left(query, 4000)::char(4000) as query_text,
           case when waits then peer_micros(query_start, until) else 0 end as lock_wait_time
      from peer_activity(), lateral (select case when runs then clock_timestamp() else state_change end) as t (until)
     where query <> '' and not own and peer_sees(user_name);

-- --- Locks ---------------------------------------------------------------------------------------------------------------

-- One row a lock, and one a transaction. Tables are those of the database that is named: object ids of two databases, made of
-- the same template, are the same. A transaction that only reads has no number; PostgreSQL's stand-in for it serves.
create view svv_transactions as
    select a.user_name as txn_owner,
           a.db_name as txn_db,
           coalesce(a.xid, split_part(l.virtualtransaction, '/', 2)::bigint) as xid,
           a.pid,
           peer_utc(a.xact_start) as txn_start,
           l.mode as lock_mode,
           case when l.locktype = 'relation' then 'relation' else 'transactionid' end as lockable_object_type,
           l.relation::bigint::int as relation,
           l.granted
      from pg_locks l
      join peer_activity() a on a.pid = l.pid
     where peer_sees(a.user_name)
       -- Locks are read before who has them: a transaction that ended between the two has none any more.
       and a.xact_start is not null
       and (l.locktype = 'virtualxid'
            or l.locktype = 'relation'
               and l.database = (select oid from pg_database where datname = a.db_name)
               and l.relation >= 16384
               -- Redshift has neither indexes nor these views.
               and not exists (
                   select from pg_class c
                    where c.oid = l.relation
                      and (c.relkind in ('i', 't') or c.relnamespace in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace))
               ));

-- Writers, and who waits to be one: a reader that holds them up is not in it.
create view stv_locks as
    select l.relation::bigint as table_id,
           null::timestamp as last_commit,
           null::timestamp as last_update,
           coalesce(a.xid, 0) as lock_owner,
           l.pid::bigint as lock_owner_pid,
           peer_utc(a.xact_start) as lock_owner_start_ts,
           null::timestamp as lock_owner_end_ts,
           (case when l.granted then 'Holding write lock' else 'Waiting for write lock' end)::char(22) as lock_status
      from pg_locks l
      join peer_activity() a on a.pid = l.pid
     where peer_super()
       and a.xact_start is not null
       and l.locktype = 'relation'
       and l.database = (select oid from pg_database where datname = a.db_name)
       and l.relation >= 16384
       and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock');

-- --- Loads that failed: a table, to be filled by hand --------------------------------------------------------------------

create table stl_load_errors (
    userid int,
    slice int,
    tbl int,
    starttime timestamp,
    session int,
    query int,
    filename char(256),
    line_number bigint,
    colname char(127),
    type char(10),
    col_length char(10),
    position int,
    raw_line char(1024),
    raw_field_value char(1024),
    err_code int,
    err_reason char(100)
);
alter table stl_load_errors enable row level security;
create policy seen on stl_load_errors for select using (peer_sees((select rolname from pg_roles where oid = userid)::text));

grant select on stv_sessions, stv_recents, stv_inflight, sys_query_history, svv_transactions, stv_locks, stl_load_errors
    to public;
