//! What travels through the engine: small, and never a plan.

use jiff::Timestamp;
use ops_client::Effect;
use ops_plan::{Approval, Digest, Failure, Obligation, Observed, Outcome, Part, Stop, Word};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::archive::Piece;

/// How many troubles are named at most: by a part, while a run goes on, and in its report.
pub(crate) const NAMED: usize = 20;

/// A run that is to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunOrder {
    /// The digest of the plan that was kept for it.
    pub(crate) digest: Digest,
    /// Who submitted it.
    pub(crate) operator: String,
}

/// A part that is to be walked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartOrder {
    pub(crate) run: String,
    pub(crate) part: Part,
    pub(crate) approval: Approval,
    /// The time before it.
    pub(crate) at: Timestamp,
    /// Whether a walk of it ended without telling what it did.
    pub(crate) lost: bool,
}

/// What came of a part. Indices are those of the whole plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartEnd {
    pub(crate) outcome: Outcome,
    pub(crate) stop: Option<Stop>,
    pub(crate) changed: Ranges,
    pub(crate) already: Ranges,
    /// Called, and no effect was seen: an undo looks at them too.
    pub(crate) perhaps: Ranges,
    /// How many calls were accepted.
    pub(crate) performed: usize,
    /// How many calls failed.
    pub(crate) tried: usize,
    /// How many actions failed.
    pub(crate) failed: usize,
    /// Whether one of them was destructive.
    pub(crate) destructive: bool,
    pub(crate) troubles: Vec<(String, String)>,
    pub(crate) debts: Vec<Obligation>,
}

/// Some numbers in order, as ranges with both ends: ten thousand of them are usually one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ranges(Vec<(usize, usize)>);

impl FromIterator<usize> for Ranges {
    fn from_iter<T: IntoIterator<Item = usize>>(numbers: T) -> Self {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        Self(ranges)
    }
}

impl Ranges {
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().flat_map(|&(from, to)| from..=to)
    }
}

/// A look, with the time at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Looked {
    pub(crate) at: Timestamp,
    pub(crate) seen: Result<Vec<Observed>, String>,
}

/// A call, with the time at its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Called {
    pub(crate) at: Timestamp,
    pub(crate) result: Result<(), Refused>,
}

/// How a call failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    effect: Word,
    retryable: bool,
    auth: bool,
    retry_after_ms: Option<u64>,
    text: String,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self {
            effect: failure.effect.into(),
            retryable: failure.retryable,
            auth: failure.auth,
            retry_after_ms: failure.retry_after.map(|rest| u64::try_from(rest.as_millis()).unwrap_or(u64::MAX)),
            text: failure.text,
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self {
            effect: Effect::from(refused.effect),
            retryable: refused.retryable,
            auth: refused.auth,
            retry_after: refused.retry_after_ms.map(std::time::Duration::from_millis),
            text: refused.text,
        }
    }
}

/// What a part has done since it last told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) done: usize,
    pub(crate) performed: usize,
    pub(crate) tried: usize,
    /// The keys of what is in trouble, and why.
    pub(crate) troubles: Vec<(String, String)>,
}

/// Who holds a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) run: String,
    pub(crate) operator: String,
}

/// A part of a plan on its way to the archive.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) run: String,
    pub(crate) piece: Piece,
    pub(crate) lines: String,
}

/// The head of a plan on its way to the archive, exactly as it was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HeadDelivery {
    pub(crate) run: String,
    pub(crate) head: Box<RawValue>,
}

/// A question to a recipe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) run: String,
    pub(crate) environment: String,
    pub(crate) recipe: String,
    pub(crate) question: Box<RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_went() {
        for numbers in [vec![], vec![0], vec![0, 1, 2], vec![3, 5, 6, 9, 10]] {
            let ranges: Ranges = numbers.iter().copied().collect();
            assert_eq!(ranges.iter().collect::<Vec<_>>(), numbers);
        }
    }
}
