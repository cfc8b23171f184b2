//! What outlives the engine's own memory: plans, approvals, reports and debts, as files in a folder or an object store.
//!
//! ```text
//! plans/RUN.json                     what a run's plan is about; written last, so that a plan is there whole or not at all
//! runs/RUN/block-00000.jsonl         250 of its actions
//! runs/RUN/facts-00000.jsonl         what was so before, for an undo
//! runs/RUN/approval.json             a person's word
//! runs/RUN/report.json .txt .md      what came of it
//! runs/RUN/actions.jsonl             every action by its key, and what came of it
//! runs/RUN/by-hand-left.md           what a person would have to do instead
//! debts/ID.json                      what a run left behind
//! settled/ID.json                    that a later run settled it
//! ```

use std::path::Path as File;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use ops_plan::{Approval, BLOCK, Error, Facts, Head, Host, Obligation, Plan, Report, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One file of the archive may not be larger: it travels in one message of the engine.
pub(crate) const LARGEST: usize = 8 * 1024 * 1024;

/// Where plans, approvals, reports and debts are kept. Cheap to clone. All handlers of one engine share one.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Arc<dyn ObjectStore>,
}

/// A debt as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Debt {
    /// The run that left it.
    pub run: String,
    /// What is owed.
    pub obligation: Obligation,
}

/// What of a plan travels apart from its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Piece {
    /// A block of actions.
    Block(usize),
    /// Some facts.
    Facts(usize),
}

impl Piece {
    fn name(self) -> String {
        match self {
            Self::Block(n) => format!("block-{n:05}.jsonl"),
            Self::Facts(n) => format!("facts-{n:05}.jsonl"),
        }
    }
}

impl Archive {
    /// In any object store. Where several environments or teams share a bucket, give each a prefix
    /// (`object_store::prefix::PrefixStore`).
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// In a folder, which is made if it is not there. For handlers on one machine.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn folder(folder: &File) -> Result<Self> {
        let failed = |source| Error::Io { what: format!("cannot make the archive {}", folder.display()), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|e| failed(std::io::Error::other(e)))?;
        Ok(Self::new(Arc::new(store.with_fsync(true))))
    }

    /// Keeps a part of a plan, as it came.
    pub(crate) async fn keep_piece(&self, run: &str, piece: Piece, lines: String) -> Result<()> {
        self.put(&of_run(run, &piece.name()), lines.into_bytes()).await
    }

    /// Keeps the head of a plan whose parts are there. A run has one plan for ever: another one is refused.
    pub(crate) async fn keep_head(&self, run: &str, head: &Head) -> Result<()> {
        let path = head_of(run);
        let bytes = json(head)?;
        let how = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&path, bytes.clone().into(), how).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => self.admit(run, head).await.map(drop),
            Err(error) => Err(failed(format!("cannot keep {path}"), error)),
        }
    }

    /// Whether a run has this plan already; another one is refused.
    pub(crate) async fn admit(&self, run: &str, head: &Head) -> Result<bool> {
        match self.head(run).await? {
            None => Ok(false),
            Some(there) if there.digest()? == head.digest()? => Ok(true),
            Some(_) => Err(Error::Invalid(format!("run {run} has another plan already: give this one another name"))),
        }
    }

    /// Keeps a whole plan.
    pub(crate) async fn keep_plan(&self, run: &str, plan: &Plan) -> Result<()> {
        for (piece, lines) in pieces(plan)? {
            self.keep_piece(run, piece, lines).await?;
        }
        self.keep_head(run, plan.head()).await
    }

    /// The head of a run's plan; none where there is no such run.
    pub(crate) async fn head(&self, run: &str) -> Result<Option<Head>> {
        self.read(&head_of(run)).await
    }

    /// A block of a run's plan, as it was kept: whoever reads it checks its digest.
    pub(crate) async fn block(&self, run: &str, n: usize) -> Result<Vec<u8>> {
        let path = of_run(run, &Piece::Block(n).name());
        self.get(&path).await?.ok_or_else(|| missing(&path))
    }

    /// A run's whole plan, with its facts; every digest is checked.
    pub(crate) async fn plan(&self, run: &str, host: &dyn Host) -> Result<Plan> {
        let path = head_of(run);
        let head = self.head(run).await?.ok_or_else(|| missing(&path))?;
        let mut actions = Vec::new();
        for n in 0..head.blocks.len() {
            actions.push(self.block(run, n).await?);
        }
        let mut facts = Vec::new();
        for n in 0.. {
            match self.get(&of_run(run, &Piece::Facts(n).name())).await? {
                Some(more) => facts.extend(more),
                None => break,
            }
        }
        let mut lines = actions.iter().flat_map(|block| {
            let block = block.strip_suffix(b"\n").unwrap_or(block);
            block.split(|&byte| byte == b'\n').map(|line| Ok(line.to_vec()))
        });
        host.load(head, &mut lines, Facts::Memory(facts))
    }

    pub(crate) async fn keep_approval(&self, run: &str, approval: &Approval) -> Result<()> {
        self.put(&of_run(run, "approval.json"), json(approval)?).await
    }

    /// Keeps what came of a run: for programs, for people, and every action by its key.
    pub(crate) async fn keep_report(&self, run: &str, plan: &Plan, report: &Report, ends: &Ends) -> Result<()> {
        let mut actions = Vec::new();
        for i in 0..plan.len() {
            let line = Line { key: plan.key(i).unwrap_or_default(), end: ends.of(i) };
            actions.extend(json(&line)?);
            actions.push(b'\n');
        }
        self.put(&of_run(run, "actions.jsonl"), actions).await?;
        let left: Vec<usize> = (0..plan.len()).filter(|&i| matches!(ends.of(i), End::Left | End::Perhaps)).collect();
        if !left.is_empty() {
            let mut by_hand = Vec::new();
            plan.write_by_hand(left, &mut by_hand)
                .map_err(|source| Error::Io { what: "cannot write by-hand-left.md".into(), source })?;
            self.put(&of_run(run, "by-hand-left.md"), by_hand).await?;
        }
        self.put(&of_run(run, "report.txt"), report.text().into_bytes()).await?;
        self.put(&of_run(run, "report.md"), report.markdown().into_bytes()).await?;
        self.put(&of_run(run, "report.json"), json(report)?).await
    }

    /// What came of a run; none while it runs, or where there is no such run.
    ///
    /// # Errors
    /// When the store does not answer, or what is there is no report.
    pub async fn report(&self, run: &str) -> Result<Option<Report>> {
        self.read(&of_run(run, "report.json")).await
    }

    /// The indices of the actions that a run changed, or may have changed, in order: what an undo looks at.
    pub(crate) async fn changed(&self, run: &str) -> Result<Option<Vec<usize>>> {
        let Some(bytes) = self.get(&of_run(run, "actions.jsonl")).await? else { return Ok(None) };
        let mut changed = Vec::new();
        for (i, line) in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
            let line: Line = serde_json::from_slice(line).map_err(|e| corrupt("actions.jsonl", &e))?;
            if matches!(line.end, End::Changed | End::Perhaps) {
                changed.push(i);
            }
        }
        Ok(Some(changed))
    }

    /// Every run that is kept, by its name, in order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn runs(&self) -> Result<Vec<String>> {
        let found: Vec<_> = self
            .store
            .list(Some(&Path::from("plans")))
            .try_collect()
            .await
            .map_err(|e| failed("cannot list the runs".into(), e))?;
        let name = |path: &Path| Some(path.filename()?.strip_suffix(".json")?.to_owned());
        let mut runs: Vec<_> = found.iter().filter_map(|plan| name(&plan.location)).collect();
        runs.sort();
        Ok(runs)
    }

    pub(crate) async fn keep_debt(&self, run: &str, obligation: &Obligation) -> Result<()> {
        let debt = Debt { run: run.to_owned(), obligation: obligation.clone() };
        let name = format!("{}.json", obligation.id);
        self.put(&Path::from_iter(["debts", &name]), json(&debt)?).await?;
        // The same may have been owed and settled before.
        match self.store.delete(&Path::from_iter(["settled", &name])).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(format!("cannot open the debt {} again", obligation.id), error)),
        }
    }

    pub(crate) async fn settle(&self, run: &str, id: &str) -> Result<()> {
        self.put(&Path::from_iter(["settled", &format!("{id}.json")]), json(&run)?).await
    }

    /// What runs left behind and no later run settled, in the order of their ids.
    ///
    /// # Errors
    /// When the store does not answer, or a file is no debt.
    pub async fn due(&self) -> Result<Vec<Debt>> {
        let folder = Path::from("debts");
        let mut found: Vec<_> = self
            .store
            .list(Some(&folder))
            .try_collect()
            .await
            .map_err(|e| failed("cannot list the debts".into(), e))?;
        found.sort_by(|a, b| a.location.cmp(&b.location));
        let mut due = Vec::new();
        for debt in found {
            let settled = debt.location.filename().map(|name| Path::from_iter(["settled", name]));
            if let Some(settled) = settled
                && self.get(&settled).await?.is_none()
                && let Some(debt) = self.read(&debt.location).await?
            {
                due.push(debt);
            }
        }
        Ok(due)
    }

    async fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>> {
        let Some(bytes) = self.get(path).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|e| corrupt(path.as_ref(), &e))
    }

    async fn get(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let trouble = |e| failed(format!("cannot read {path}"), e);
        let found = match self.store.get(path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(trouble(error)),
        };
        Ok(Some(found.bytes().await.map_err(trouble)?.to_vec()))
    }

    async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        self.store.put(path, bytes.into()).await.map(drop).map_err(|e| failed(format!("cannot keep {path}"), e))
    }
}

/// A plan as it travels: a block or some facts a message.
pub(crate) fn pieces(plan: &Plan) -> Result<Vec<(Piece, String)>> {
    let text = |bytes| String::from_utf8(bytes).map_err(|_| Error::Invalid("a plan that is no text".into()));
    let mut pieces = Vec::new();
    for n in 0..plan.len().div_ceil(BLOCK) {
        let lines = plan.block(n)?;
        if lines.len() > LARGEST {
            let text =
                format!("block {n} of the plan has {} bytes, {LARGEST} are possible: plan fewer objects", lines.len());
            return Err(Error::Invalid(text));
        }
        pieces.push((Piece::Block(n), text(lines)?));
    }
    let mut facts = Vec::new();
    plan.facts()
        .write(&mut facts)
        .map_err(|source| Error::Io { what: "cannot read the plan's facts".into(), source })?;
    let facts = text(facts)?;
    let mut piece = String::new();
    let mut n = 0;
    for line in facts.split_inclusive('\n') {
        if !piece.is_empty() && piece.len() + line.len() > LARGEST / 8 {
            pieces.push((Piece::Facts(n), std::mem::take(&mut piece)));
            n += 1;
        }
        piece.push_str(line);
    }
    if !piece.is_empty() {
        pieces.push((Piece::Facts(n), piece));
    }
    Ok(pieces)
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    /// Done, by this run.
    Changed,
    /// It was so already.
    Already,
    /// Called, and no effect was seen.
    Perhaps,
    /// Not done.
    Left,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    key: String,
    end: End,
}

/// What came of every action of a plan.
#[derive(Debug)]
pub(crate) struct Ends(pub(crate) Vec<End>);

impl Ends {
    pub(crate) fn of(&self, i: usize) -> End {
        self.0.get(i).copied().unwrap_or(End::Left)
    }
}

fn head_of(run: &str) -> Path {
    Path::from_iter(["plans", &format!("{run}.json")])
}

fn of_run(run: &str, name: &str) -> Path {
    Path::from_iter(["runs", run, name])
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|e| Error::Invalid(format!("cannot be written as JSON: {e}")))
}

fn missing(path: &Path) -> Error {
    Error::Corrupt { file: path.to_string(), what: "not in the archive".into() }
}

fn corrupt(file: &str, error: &serde_json::Error) -> Error {
    Error::Corrupt { file: file.to_owned(), what: error.to_string() }
}

fn failed(what: String, error: object_store::Error) -> Error {
    Error::Io { what, source: std::io::Error::other(error) }
}
