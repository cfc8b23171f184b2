//! The suite itself: a right implementation passes, and each wrong one fails the case that is about it.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use metapod_client::conformance::{Fault, Needs, Prepare, Scenario, Shown, Stage, run_all};
use metapod_client::{
    AttributeId, CommitDataset, CreateTransaction, CreatedDataset, CreatedTransaction, DatasetId, DatasetName, Effect,
    Error, ErrorKind, Health, IndexedAttributeId, MetapodRead, MetapodWrite, Probe, Result, Transaction, TransactionId,
};

/// What an implementation may get wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    RetractKeepsSchema,
    RetractTakesAll,
    RetractTwiceFails,
    AttributeTakesBoth,
    CommitForgetsActions,
    CommitAnywhere,
    CreateLosesOne,
    CopyKeepsIds,
    CopyKeepsAll,
    CopiesTheOld,
    FindsAnything,
    LostIsNothing,
}

#[derive(Default)]
struct State {
    transactions: Vec<(Transaction, Vec<Shown>)>,
    fault: Option<Fault>,
    minted: u8,
    too_old: Option<TransactionId>,
}

struct Fake {
    wrong: Wrong,
    state: Mutex<State>,
}

impl State {
    fn id(&mut self) -> String {
        self.minted += 1;
        format!("5a5fe3c0-a60c-42d2-8918-5d950ee881{:02x}", self.minted)
    }

    fn datasets(&mut self) -> impl Iterator<Item = &mut Shown> {
        self.transactions.iter_mut().flat_map(|(_, datasets)| datasets)
    }

    fn add(&mut self, mut transaction: Transaction, names: Vec<DatasetName>) -> CreatedTransaction {
        transaction.id = self.id().parse().unwrap();
        let datasets: Vec<_> = names.into_iter().map(|name| Shown::new(self.id().parse().unwrap(), name)).collect();
        let told = datasets.iter().map(|shown| CreatedDataset::new(shown.id, shown.name.clone())).collect();
        let created = CreatedTransaction::new(transaction.id, told);
        self.transactions.push((transaction, datasets));
        created
    }

    fn commit(&mut self, commit: &CommitDataset) {
        let mut schema = commit.schema.clone();
        for attribute in schema.iter_mut().flat_map(|schema| &mut schema.attributes) {
            attribute.id = Some(self.id().parse().unwrap());
        }
        let indexed = self.id().parse().unwrap();
        let Some(shown) = self.datasets().find(|shown| shown.id == commit.dataset) else { return };
        (shown.committed, shown.path, shown.format) = (true, Some(commit.path.clone()), Some(commit.format.into()));
        (shown.schema, shown.actions, shown.indexed) = (schema, commit.actions.clone(), vec![indexed]);
    }
}

fn no(kind: ErrorKind, effect: Effect) -> Error {
    Error::new("fake.call", kind, effect)
}

impl Fake {
    fn call<T>(&self, changes: bool, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock().unwrap();
        let lost = if changes { Effect::Possible } else { Effect::None };
        match state.fault {
            None => act(&mut state),
            Some(Fault::ExpiredToken) => Err(no(ErrorKind::Unauthenticated, Effect::None)),
            Some(Fault::Html) => Err(no(ErrorKind::Decode, lost)),
            Some(Fault::LostAnswer) => {
                let _ = act(&mut state);
                let effect = if self.wrong == Wrong::LostIsNothing { Effect::None } else { lost };
                Err(no(ErrorKind::Unavailable, effect))
            }
            Some(_) => Err(no(ErrorKind::Unavailable, lost)),
        }
    }
}

#[async_trait]
impl MetapodRead for Fake {
    async fn probe(&self) -> Result<Probe> {
        self.call(false, |_| Ok(Probe::new("fake", Duration::ZERO)))
    }

    async fn health(&self) -> Result<Health> {
        self.call(false, |_| Ok(Health::new(true, Vec::new())))
    }

    async fn transaction(&self, id: TransactionId) -> Result<Transaction> {
        let anything = (self.wrong == Wrong::FindsAnything).then(|| Transaction::new(id));
        self.call(false, |state| {
            let found = state.transactions.iter().find(|(transaction, _)| transaction.id == id);
            found.map(|(found, _)| found.clone()).or(anything).ok_or(no(ErrorKind::NotFound, Effect::None))
        })
    }
}

#[async_trait]
impl MetapodWrite for Fake {
    async fn retract_committed_dataset(&self, id: DatasetId) -> Result<()> {
        self.call(true, |state| {
            for shown in state.datasets().filter(|shown| shown.id == id || self.wrong == Wrong::RetractTakesAll) {
                if self.wrong == Wrong::RetractTwiceFails && !shown.committed {
                    return Err(no(ErrorKind::Conflict, Effect::None));
                }
                let schema = shown.schema.take().filter(|_| self.wrong == Wrong::RetractKeepsSchema);
                *shown = Shown::new(shown.id, shown.name.clone());
                shown.schema = schema;
            }
            Ok(())
        })
    }

    async fn retract_attribute(&self, id: AttributeId) -> Result<()> {
        self.call(true, |state| {
            for schema in state.datasets().filter_map(|shown| shown.schema.as_mut()) {
                let named = schema.attributes.iter().find(|attribute| attribute.id == Some(id));
                let name = named.map(|attribute| attribute.name.clone());
                let both = self.wrong == Wrong::AttributeTakesBoth;
                schema.attributes.retain(|a| a.id != Some(id) && !(both && Some(&a.name) == name.as_ref()));
            }
            Ok(())
        })
    }

    async fn retract_indexed_attribute(&self, id: IndexedAttributeId) -> Result<()> {
        self.call(true, |state| {
            state.datasets().for_each(|shown| shown.indexed.retain(|one| *one != id));
            Ok(())
        })
    }

    async fn commit_dataset(&self, commit: &CommitDataset) -> Result<()> {
        self.call(true, |state| {
            let mut here = state.transactions.iter().filter(|(transaction, _)| transaction.id == commit.transaction);
            let known = here.any(|(_, datasets)| datasets.iter().any(|shown| shown.id == commit.dataset));
            if !known && self.wrong != Wrong::CommitAnywhere {
                return Err(no(ErrorKind::Invalid, Effect::None));
            }
            let mut commit = commit.clone();
            if self.wrong == Wrong::CommitForgetsActions {
                commit.actions.clear();
            }
            state.commit(&commit);
            Ok(())
        })
    }

    async fn copy_transaction(&self, source: TransactionId, uncommitted: &[DatasetName]) -> Result<TransactionId> {
        self.call(true, |state| {
            if state.too_old == Some(source) && self.wrong != Wrong::CopiesTheOld {
                return Err(no(ErrorKind::Conflict, Effect::None));
            }
            let found = state.transactions.iter().find(|(transaction, _)| transaction.id == source);
            let (mut copy, mut datasets) = found.cloned().ok_or(no(ErrorKind::NotFound, Effect::None))?;
            (copy.id, copy.transaction_type) = (state.id().parse().unwrap(), Some("COPIED".to_owned().into()));
            for shown in &mut datasets {
                if uncommitted.contains(&shown.name) && self.wrong != Wrong::CopyKeepsAll {
                    *shown = Shown::new(shown.id, shown.name.clone());
                }
                if self.wrong != Wrong::CopyKeepsIds {
                    shown.id = state.id().parse().unwrap();
                }
            }
            let id = copy.id;
            state.transactions.push((copy, datasets));
            Ok(id)
        })
    }

    async fn create_transaction(&self, create: &CreateTransaction) -> Result<CreatedTransaction> {
        self.call(true, |state| {
            if create.datasets.is_empty() {
                return Err(no(ErrorKind::Invalid, Effect::None));
            }
            let mut transaction = Transaction::new("00000000-0000-4000-8000-000000000000".parse().unwrap());
            transaction.transaction_type = Some(create.transaction_type.as_str().to_owned().into());
            let mut created = state.add(transaction, create.datasets.clone());
            if self.wrong == Wrong::CreateLosesOne {
                created.datasets.pop();
            }
            Ok(created)
        })
    }
}

#[async_trait]
impl Prepare for Fake {
    type Scenario = Scenario;
    type Start = Vec<TransactionId>;

    fn name(&self) -> &str {
        "fake"
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<Vec<TransactionId>> {
        let mut state = self.state.lock().unwrap();
        *state = State::default();
        for play in &scenario.plays {
            let mut transaction = Transaction::new("00000000-0000-4000-8000-000000000000".parse().unwrap());
            transaction.name.clone_from(&play.name);
            transaction.transaction_type = Some(play.transaction_type.clone());
            transaction.started_at = Some(play.started_at);
            (transaction.target_date, transaction.reference_date) = (play.target_date, play.reference_date);
            let created = state.add(transaction, play.datasets.iter().map(|part| part.name.clone()).collect());
            for (part, dataset) in play.datasets.iter().zip(&created.datasets) {
                let Some(what) = &part.commit else { continue };
                let commit = CommitDataset::new(created.id, dataset.id, what.format, what.path.clone());
                state.commit(&commit.with_schema(what.schema.clone()).with_actions(what.actions.clone()));
            }
            state.too_old = Some(created.id);
        }
        Ok(state.transactions.iter().map(|(transaction, _)| transaction.id).collect())
    }
}

#[async_trait]
impl Stage for Fake {
    fn reads(&self) -> &dyn MetapodRead {
        self
    }

    fn writes(&self) -> &dyn MetapodWrite {
        self
    }

    async fn look(&self, transaction: TransactionId) -> Result<Vec<Shown>> {
        let state = self.state.lock().unwrap();
        let found = state.transactions.iter().find(|(found, _)| found.id == transaction);
        found.map(|(_, datasets)| datasets.clone()).ok_or(no(ErrorKind::NotFound, Effect::None))
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        self.state.lock().unwrap().fault = Some(fault);
        Ok(())
    }
}

#[tokio::test]
async fn a_right_one_passes_and_each_wrong_one_fails() {
    let table: [(Wrong, &[&str]); 13] = [
        (Wrong::Nothing, &[]),
        (Wrong::RetractKeepsSchema, &["a retract takes back the whole commit, and no other"]),
        (
            Wrong::RetractTakesAll,
            &["a retract takes back the whole commit, and no other", "a retract of an unknown dataset changes nothing"],
        ),
        (Wrong::RetractTwiceFails, &["a retract can be repeated"]),
        (Wrong::AttributeTakesBoth, &["a retract takes one attribute, and can be repeated"]),
        (Wrong::CommitForgetsActions, &["a commit is seen with all it says"]),
        (Wrong::CommitAnywhere, &["a dataset is not committed in another transaction"]),
        (Wrong::CreateLosesOne, &["a new transaction has its datasets, uncommitted"]),
        (Wrong::CopyKeepsIds, &["a copy has the source's paths, but for the named datasets"]),
        (Wrong::CopyKeepsAll, &["a copy has the source's paths, but for the named datasets"]),
        (Wrong::CopiesTheOld, &["a transaction of more than 7 days is not copied"]),
        (Wrong::FindsAnything, &["an unknown transaction is not found"]),
        (Wrong::LostIsNothing, &["a change whose answer is lost may have happened"]),
    ];
    for (wrong, failed) in table {
        let report = run_all(&Fake { wrong, state: Mutex::default() }).await;
        assert_eq!(report.failed(), failed, "{wrong:?}: {report}");
        assert!(report.not_possible().is_empty());
    }
}

#[tokio::test]
async fn what_a_stage_cannot_do_is_named() {
    struct Live(Fake);

    #[async_trait]
    impl Prepare for Live {
        type Scenario = Scenario;
        type Start = Vec<TransactionId>;

        fn name(&self) -> &str {
            "live"
        }
        fn can(&self, _: Needs) -> bool {
            false
        }
        async fn prepare(&self, scenario: &Scenario) -> Result<Vec<TransactionId>> {
            self.0.prepare(scenario).await
        }
    }

    #[async_trait]
    impl Stage for Live {
        fn reads(&self) -> &dyn MetapodRead {
            &self.0
        }
        fn writes(&self) -> &dyn MetapodWrite {
            unreachable!("nothing may be changed here")
        }
        async fn look(&self, _: TransactionId) -> Result<Vec<Shown>> {
            unreachable!("nothing can be looked at here")
        }
        async fn fault(&self, _: Fault) -> Result<()> {
            unreachable!("nothing may fail here")
        }
    }

    let report = run_all(&Live(Fake { wrong: Wrong::Nothing, state: Mutex::default() })).await;
    assert_eq!(report.passed().len(), 4, "{report}");
    assert_eq!(report.not_possible().len(), report.outcomes.len() - 4);
    assert!(report.to_string().contains("(cannot prepare, change)"), "{report}");
}
