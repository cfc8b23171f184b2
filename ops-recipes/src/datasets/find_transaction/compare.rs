//! What all of them say, side by side.

use std::collections::BTreeSet;

use jiff::Timestamp;
use metapod_model::TransactionId;

use super::sonar::List;
use super::{Candidate, FindTransaction, Sought, Told, Verdict};

/// Makes one answer of what was told. What Sonar knows to be of another day is no candidate.
pub(super) fn compare(
    question: &FindTransaction,
    environment: &str,
    now: Timestamp,
    mut told: Vec<Told>,
    list: &List,
) -> Sought {
    for one in &mut told {
        let other_day = |id| list.get(id).and_then(|known| known.target_date).filter(|day| *day != question.day);
        let outcome = &mut one.outcome;
        let wrong: Vec<String> = outcome
            .said
            .iter()
            .filter_map(|said| Some((said.transaction, other_day(said.transaction)?)))
            .map(|(id, day)| format!("it names {id}, which is of target date {day} in Sonar"))
            .collect();
        outcome.said.retain(|said| other_day(said.transaction).is_none());
        outcome.notes.extend(wrong);
    }
    let all = candidates(&told, list);
    let fits = |one: &Candidate| match (&question.kind, &one.kind) {
        (Some(asked), Some(known)) => asked == known,
        _ => true,
    };
    let (candidates, beside): (Vec<_>, Vec<_>) = all.into_iter().partition(fits);
    Sought {
        environment: environment.to_owned(),
        day: question.day,
        today: question.today,
        kind: question.kind.clone(),
        at: now,
        verdict: verdict(&told, &candidates),
        candidates,
        beside,
        told,
    }
}

fn candidates(told: &[Told], list: &List) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    for one in told {
        for said in &one.outcome.said {
            let by = (one.source, said.clone());
            match all.iter_mut().find(|candidate| candidate.transaction == said.transaction) {
                Some(candidate) => candidate.by.push(by),
                None => {
                    let known = list.get(said.transaction);
                    all.push(Candidate {
                        transaction: said.transaction,
                        kind: known.and_then(|known| known.transaction_type.clone()),
                        name: known.and_then(|known| known.name.clone()),
                        by: vec![by],
                    });
                }
            }
        }
    }
    all
}

/// Sources disagree where two of them name some, and none in common.
fn verdict(told: &[Told], candidates: &[Candidate]) -> Verdict {
    match candidates {
        [] => return Verdict::Nothing,
        [only] => return Verdict::Agreed(only.transaction),
        _ => {}
    }
    let fits = |id: &TransactionId| candidates.iter().any(|candidate| candidate.transaction == *id);
    let named = told.iter().map(|one| -> BTreeSet<TransactionId> {
        one.outcome.said.iter().map(|said| said.transaction).filter(fits).collect()
    });
    let named: Vec<_> = named.filter(|named| !named.is_empty()).collect();
    let apart = |(at, one): (usize, &BTreeSet<_>)| named[at + 1..].iter().any(|other| one.is_disjoint(other));
    if named.iter().enumerate().any(apart) { Verdict::Disagreed } else { Verdict::Several }
}
