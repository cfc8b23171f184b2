//! How every plan here begins: who answers, and which transaction this is.

use std::sync::Arc;

use futures_util::future::join4;
use metapod_client::MetapodRead;
use metapod_model::TransactionId;
use ops_client::{Error, ErrorKind, Probe, Result};
use ops_plan::{Action, Draft, Finding, Subject};
use sonar_client::{Dataset, DatasetFilter, SonarRead, Transaction};

use crate::clock::clock;
use crate::words::{run_day, when};

/// Asks both systems who they are and whether they know the transaction. `None` where they do not agree about it: then the
/// draft says so, and nothing else is worth reading.
///
/// # Errors
/// When one of them does not answer.
pub(crate) async fn open<A: Action>(
    draft: &mut Draft<A>,
    sonar: &Arc<dyn SonarRead>,
    metapod: &Arc<dyn MetapodRead>,
    id: TransactionId,
) -> Result<Option<Transaction>> {
    draft.subject(Subject::new("transaction", id));
    let (sonar_is, metapod_is, seen, known) =
        join4(sonar.probe(), metapod.probe(), sonar.transaction(id), metapod.transaction(id)).await;
    introduce(draft, "Sonar", sonar_is);
    introduce(draft, "Metapod", metapod_is);
    let transaction = match population(draft, id, seen)? {
        Some(transaction) => transaction,
        None => return Ok(None),
    };
    match known {
        Ok(_) => {}
        Err(error) if error.is_not_found() => {
            let text = format!("Sonar knows transaction {id}, Metapod does not: they speak of different environments");
            draft.finding(Finding::block("environment", text).with_advice("check both addresses"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let kind = transaction.transaction_type.as_ref().map_or("of unknown type", |kind| kind.as_str());
    let day = transaction.target_date.map_or("no target date".into(), run_day);
    let started = transaction.started_at.map_or(String::new(), |at| format!(", started {}", when(at, draft.now())));
    let name = transaction.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    draft.note(format!("Transaction {id}{name}: {kind}, {day}{started}."));
    Ok(Some(transaction))
}

/// Passes an answer on; what says that the transaction or its datasets are not known becomes a finding that cannot be
/// passed.
///
/// # Errors
/// When the system did not answer: then it is worth trying again.
pub(crate) fn population<A: Action, T>(
    draft: &mut Draft<A>,
    id: TransactionId,
    answer: Result<T>,
) -> Result<Option<T>> {
    let error = match answer {
        Ok(answer) => return Ok(Some(answer)),
        Err(error) => error,
    };
    let (text, advice) = match error.kind() {
        ErrorKind::NotFound => (
            format!("Sonar knows no transaction {id} in {}", draft.target().environment),
            "check the id and the environment",
        ),
        ErrorKind::Rejected | ErrorKind::Decode => (
            format!("Sonar's answer cannot be relied on: {error}"),
            "half an answer is no population; try again, and tell Sonar's owners if it stays",
        ),
        _ => return Err(error),
    };
    draft.finding(Finding::block("transaction", text).with_advice(advice));
    Ok(None)
}

/// The datasets that a filter chooses; `None` as [`population`] says.
///
/// # Errors
/// When Sonar did not answer.
pub(crate) async fn datasets<A: Action>(
    draft: &mut Draft<A>,
    sonar: &Arc<dyn SonarRead>,
    id: TransactionId,
    filter: &DatasetFilter,
) -> Result<Option<Vec<Dataset>>> {
    let answer = sonar.datasets(id, filter).await;
    population(draft, id, answer)
}

/// How every title begins: where, and what of.
pub(crate) fn title<A: Action>(draft: &Draft<A>, id: TransactionId, what: &str) -> String {
    format!("{} · transaction {id} · {what}", draft.target())
}

fn introduce<A: Action>(draft: &mut Draft<A>, system: &str, probe: Result<Probe, Error>) {
    let now = draft.now();
    match probe {
        Ok(probe) => {
            let version = probe.version.map_or(String::new(), |version| format!(", version {version}"));
            draft.identity(format!("{system} at {}{version}", probe.address));
            if let Some(finding) = clock(now, probe.server_time, system) {
                draft.finding(finding);
            }
        }
        Err(error) => {
            draft.finding(Finding::warn("identity", format!("{system} does not say who it is: {error}")));
        }
    }
}
