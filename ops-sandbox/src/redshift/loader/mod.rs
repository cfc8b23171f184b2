//! A loader: loads tables, kills who uses its schemas, swaps these in one transaction, tells the Loads table.

mod log;

use jiff::Timestamp;
use redshift_ops::{LockMode, Pid};

use super::sessions::Then;
use super::spec::LoaderSpec;
use super::state::{Due, Redshift};
use super::warehouse::LoadRow;
use crate::agenda::later;
use log::Log;

/// Which loader, by the order in which they were put into the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoaderId(pub(super) usize);

/// What a loader does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// It starts, or starts again.
    Begin,
    /// It says how far it is.
    Report,
    /// A table is loaded.
    Loaded,
    /// Those come who come in between.
    Intrude,
    /// It drops the schema of this number.
    Drop(usize),
    /// That is dropped.
    Dropped(usize),
    /// The temporary schema of this number has its name.
    Renamed(usize),
}

/// A loader as it is now.
#[derive(Debug)]
pub(super) struct Loader {
    spec: LoaderSpec,
    /// Raised with each failure: what was due before it is void.
    life: u32,
    starts: u32,
    session: Option<Pid>,
    /// The tables that it loads, as `schema` and `name` with how many rows.
    tables: Vec<(String, String, u64)>,
    done: usize,
    loading: Option<String>,
    /// What its session waits for locks to do.
    waits: Option<Step>,
    is_done: bool,
    log: Log,
}

impl Loader {
    fn new(spec: LoaderSpec, tables: Vec<(String, String, u64)>) -> Self {
        Self {
            spec,
            life: 0,
            starts: 0,
            session: None,
            tables,
            done: 0,
            loading: None,
            waits: None,
            is_done: false,
            log: Log::default(),
        }
    }
}

fn temporary(schema: &str) -> String {
    format!("temporary_{schema}")
}

impl Redshift {
    pub(super) fn put_loader(&mut self, spec: LoaderSpec, now: Timestamp) -> LoaderId {
        let mut tables: Vec<(String, String, u64)> = Vec::new();
        for schema in &spec.schemas {
            let of = self.warehouse.tables.values().filter(|table| table.schema == *schema);
            tables.extend(of.map(|table| (schema.clone(), table.name.clone(), table.rows)));
        }
        let (id, begins) = (self.loaders.len(), spec.begins.unwrap_or(now));
        self.loaders.push(Loader::new(spec, tables));
        self.agenda.write(begins, Due::Loader(id, 0, Step::Begin));
        LoaderId(id)
    }

    pub(super) fn log_of(&self, id: LoaderId) -> String {
        self.loaders.get(id.0).map(|loader| loader.log.to_string()).unwrap_or_default()
    }

    /// The session that a loader has at this moment.
    pub(super) fn session_of(&self, id: LoaderId) -> Option<Pid> {
        self.loaders.get(id.0)?.session
    }

    pub(super) fn is_loaded(&self, id: LoaderId) -> bool {
        self.loaders.get(id.0).is_some_and(|loader| loader.is_done)
    }

    /// How often a loader was started.
    pub(super) fn starts_of(&self, id: LoaderId) -> u32 {
        self.loaders.get(id.0).map(|loader| loader.starts).unwrap_or_default()
    }

    pub(super) fn loader_goes_on(&mut self, which: usize, life: u32, step: Step, at: Timestamp) {
        if self.loaders.get(which).is_none_or(|loader| loader.life != life || loader.is_done) {
            return;
        }
        match step {
            Step::Begin => self.begin(which, at),
            Step::Report => self.report(which, at),
            Step::Loaded => self.loaded(which, at),
            Step::Intrude => self.intrude(which, at),
            Step::Drop(schema) => self.drop(which, schema, at),
            Step::Dropped(schema) => self.dropped(which, schema, at),
            Step::Renamed(schema) => self.renamed(which, schema, at),
        }
    }

    /// A loader's statement has its locks.
    pub(super) fn loader_is_ready(&mut self, pid: Pid, at: Timestamp) {
        let Some(which) = self.loader_of(pid) else { return };
        let loader = &mut self.loaders[which];
        let Some(step) = loader.waits.take() else { return };
        let time = match step {
            // Nobody knows why: it waits for nothing, and does not go on.
            Step::Dropped(_) if loader.spec.stalls && loader.starts == 1 => return,
            Step::Loaded => loader.spec.table,
            Step::Dropped(_) => loader.spec.drop,
            _ => loader.spec.rename,
        };
        self.agenda.write(later(at, time), Due::Loader(which, loader.life, step));
    }

    /// A loader's session, or what it ran, was ended by others.
    pub(super) fn loader_failed(&mut self, pid: Pid, words: &str, at: Timestamp) {
        let Some(which) = self.loader_of(pid) else { return };
        let loader = &mut self.loaders[which];
        (loader.session, loader.waits, loader.loading) = (None, None, None);
        loader.log.failed(at, words);
        loader.life += 1;
        self.agenda.write(later(at, loader.spec.again), Due::Loader(which, loader.life, Step::Begin));
        self.warehouse.end(pid, false, at);
    }

    fn loader_of(&self, pid: Pid) -> Option<usize> {
        self.loaders.iter().position(|loader| loader.session == Some(pid))
    }

    fn begin(&mut self, which: usize, at: Timestamp) {
        let is_reached = self.is_reached().is_ok();
        let loader = &mut self.loaders[which];
        if !is_reached {
            loader.log.failed(at, "Connection refused");
            let again = later(at, loader.spec.again);
            self.agenda.write(again, Due::Loader(which, loader.life, Step::Begin));
            return;
        }
        loader.starts += 1;
        loader.session = Some(self.warehouse.open(&loader.spec.user, at).pid);
        (loader.done, loader.loading) = (0, None);
        self.agenda.write(later(at, loader.spec.report), Due::Loader(which, loader.life, Step::Report));
        for (schema, name, rows) in &loader.tables {
            let schema = temporary(schema);
            if self.warehouse.table(&format!("{schema}.{name}")).is_err() {
                self.warehouse.put_table(&schema, name, *rows);
            }
        }
        self.load(which, at);
    }

    fn report(&mut self, which: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        let (done, total) = (loader.done, loader.tables.len());
        loader.log.progress(at, loader.loading.as_deref(), done, total, &loader.spec);
        self.agenda.write(later(at, loader.spec.report), Due::Loader(which, loader.life, Step::Report));
    }

    /// Loads the next table, or goes on to the swap.
    fn load(&mut self, which: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        let Some((schema, name, _)) = loader.tables.get(loader.done).cloned() else {
            return self.kill(which, at);
        };
        let full = format!("{}.{name}", temporary(&schema));
        loader.loading = Some(name.clone());
        loader.waits = Some(Step::Loaded);
        let statement = format!("COPY {full} FROM 's3://example-data/{name}/' FORMAT AVRO 'auto'");
        loader.log.statement(at, &statement);
        let wants = self.warehouse.table(&full).ok().map(|oid| (oid, LockMode::ShareRowExclusive));
        let Some(pid) = loader.session else { return };
        self.warehouse.run(pid, statement, wants, Then::Loader, at);
    }

    fn loaded(&mut self, which: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        loader.done += 1;
        loader.loading = None;
        if let Some(pid) = loader.session {
            self.warehouse.end_transaction(pid, at);
        }
        self.load(which, at);
    }

    /// Ends the sessions that use its schemas.
    fn kill(&mut self, which: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        for session in self.warehouse.users_of(&loader.spec.schemas) {
            let pid = session.key.pid;
            if loader.session != Some(pid) && session.user != "rdsdb" {
                loader.log.kill(at, pid, &session.user);
                self.warehouse.end(pid, true, at);
            }
        }
        let (life, gap) = (loader.life, loader.spec.gap);
        self.agenda.write(later(at, gap / 2), Due::Loader(which, life, Step::Intrude));
        self.agenda.write(later(at, gap), Due::Loader(which, life, Step::Drop(0)));
    }

    fn intrude(&mut self, which: usize, at: Timestamp) {
        for intruder in std::mem::take(&mut self.loaders[which].spec.intruders) {
            let Ok(oid) = self.warehouse.table(&intruder.table) else { continue };
            let pid = self.warehouse.open(&intruder.user, at).pid;
            self.warehouse.run(pid, intruder.statement(), [(oid, intruder.mode)], Then::Idle, at);
        }
    }

    fn drop(&mut self, which: usize, number: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        let Some(schema) = loader.spec.schemas.get(number) else { return self.rename(which, 0, at) };
        let statement = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
        loader.log.statement(at, &statement);
        loader.waits = Some(Step::Dropped(number));
        let wants = self.warehouse.tables_of(schema).into_iter().map(|oid| (oid, LockMode::AccessExclusive));
        let wants: Vec<_> = wants.collect();
        let Some(pid) = loader.session else { return };
        self.warehouse.run(pid, statement, wants, Then::Loader, at);
    }

    fn dropped(&mut self, which: usize, number: usize, at: Timestamp) {
        self.drop(which, number + 1, at);
    }

    fn rename(&mut self, which: usize, number: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        let Some(schema) = loader.spec.schemas.get(number) else { return self.commit(which, at) };
        let statement = format!("ALTER SCHEMA {} RENAME TO {schema}", temporary(schema));
        loader.log.statement(at, &statement);
        loader.waits = Some(Step::Renamed(number));
        let Some(pid) = loader.session else { return };
        self.warehouse.run(pid, statement, [], Then::Loader, at);
    }

    fn renamed(&mut self, which: usize, number: usize, at: Timestamp) {
        self.rename(which, number + 1, at);
    }

    /// What the transaction did is seen by all, and the session ends.
    fn commit(&mut self, which: usize, at: Timestamp) {
        let loader = &mut self.loaders[which];
        loader.is_done = true;
        let Some(pid) = loader.session.take() else { return };
        for schema in &loader.spec.schemas {
            self.warehouse.drop_schema(schema, at);
            self.warehouse.rename_schema(&temporary(schema), schema);
        }
        for (_, name, rows) in &loader.tables {
            let mut row = LoadRow::new(name, &loader.spec.transaction, Some(at));
            (row.target_date, row.row_count) = (Some(loader.spec.target_date), *rows);
            self.warehouse.add_load(row);
        }
        self.warehouse.end(pid, false, at);
    }
}
