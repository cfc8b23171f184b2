//! The answer to a GraphQL document: data, or errors, or both.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::Reply;
use crate::{Effect, Error, ErrorKind, Result};

/// How many complaints are told; a broken list can bring one for each element.
const MAX_COMPLAINTS: usize = 8;

#[derive(Deserialize)]
struct Envelope<D> {
    data: Option<D>,
    errors: Option<Vec<Complaint>>,
}

/// One error. Servers differ in their form: anything is read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Complaint {
    Usual { message: String, path: Option<Vec<Step>> },
    Bare(String),
    Strange(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Key(String),
    Index(u64),
    Strange(IgnoredAny),
}

impl Reply {
    /// The data of an answer to a GraphQL document. Any error in it makes it no answer: half a population is none.
    ///
    /// # Errors
    /// - `Rejected` for an answer with errors, in the server's words. A write that was refused before anything of it ran (no
    ///   data, and errors that name no place in it) has no effect; any other may have been made half or whole: `Possible`.
    /// - `Decode` for an answer that has neither data nor errors, where the effect of a write is `Possible`, and as
    ///   [`json`](Self::json) does.
    pub fn graphql<D: DeserializeOwned>(&self) -> Result<D> {
        let (data, rejected) = match self.json::<Envelope<D>>() {
            Ok(envelope) => {
                let rejected = envelope.rejected(self);
                (Ok(envelope.data), rejected)
            }
            // Part of the data need not fit what was asked for: the errors beside it tell more.
            Err(unreadable) => {
                let envelope = self.json::<Envelope<IgnoredAny>>().ok();
                (Err(unreadable), envelope.and_then(|envelope| envelope.rejected(self)))
            }
        };
        match rejected {
            Some(error) => Err(error),
            None => data?.ok_or_else(|| {
                let error = self.error(ErrorKind::Decode, Effect::Possible, "");
                error.with_message("the answer has neither data nor errors")
            }),
        }
    }
}

impl<D> Envelope<D> {
    fn rejected(&self, reply: &Reply) -> Option<Error> {
        let complaints = self.errors.as_deref().filter(|errors| !errors.is_empty())?;
        let (effect, message) = match &self.data {
            None if complaints.iter().all(Complaint::is_of_the_document) => {
                (Effect::None, "the document was refused: it did not run")
            }
            None => (Effect::Possible, "the document was answered with errors; no data came along"),
            Some(_) => (Effect::Possible, "the document was answered with errors; part of the data came along"),
        };
        Some(reply.error(ErrorKind::Rejected, effect, &words(complaints)).with_message(message))
    }
}

/// The complaints on one line: what is said, and about which place.
fn words(complaints: &[Complaint]) -> String {
    let mut words: Vec<String> = complaints.iter().take(MAX_COMPLAINTS).map(Complaint::words).collect();
    if complaints.len() > MAX_COMPLAINTS {
        words.push(format!("and {} more", complaints.len() - MAX_COMPLAINTS));
    }
    words.join("; ")
}

impl Complaint {
    /// Whether it names no place in the answer: the document itself was not liked.
    fn is_of_the_document(&self) -> bool {
        matches!(self, Self::Usual { path, .. } if path.as_ref().is_none_or(Vec::is_empty))
    }

    fn words(&self) -> String {
        match self {
            Self::Usual { message, path: Some(path) } if !path.is_empty() => {
                let mut at = String::new();
                for step in path {
                    match step {
                        Step::Key(key) if at.is_empty() => at.push_str(key),
                        Step::Key(key) => at.extend([".", key]),
                        Step::Index(index) => at.push_str(&format!("[{index}]")),
                        Step::Strange(_) => at.push('?'),
                    }
                }
                format!("{message} (at {at})")
            }
            Self::Usual { message, .. } | Self::Bare(message) => message.clone(),
            Self::Strange(_) => "an error in an unknown form".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(text: &str) -> Envelope<IgnoredAny> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn complaints_of_any_form_are_told() {
        let envelope = envelope(
            r#"{"data": {"transaction": {}}, "errors": [
            {"message": "resolver failed", "path": ["transaction", "datasets", 3, "schema"], "locations": 7},
            {"message": "no path"}, "just words", {"reason": 7}]}"#,
        );
        assert!(envelope.data.is_some());
        assert_eq!(
            words(&envelope.errors.unwrap()),
            "resolver failed (at transaction.datasets[3].schema); no path; just words; an error in an unknown form"
        );
    }

    #[test]
    fn a_flood_of_complaints_is_cut() {
        let many: Vec<Complaint> = (0..100_000).map(|_| Complaint::Bare("no".to_owned())).collect();
        assert!(words(&many).ends_with("no; and 99992 more"));
    }

    #[test]
    fn a_document_that_never_ran_is_told_from_one_that_failed() {
        let refused = |text| envelope(text).errors.iter().flatten().all(Complaint::is_of_the_document);
        assert!(refused(r#"{"errors":[{"message":"no such field"}]}"#));
        assert!(refused(r#"{"data":null,"errors":[{"message":"no such field","path":null}]}"#));
        assert!(!refused(r#"{"data":null,"errors":[{"message":"x","path":["commitDataset",0]}]}"#));
        assert!(!refused(r#"{"errors":["x"]}"#));
        assert!(!refused(r#"{"errors":[{"message":"no such field"},{"reason":7}]}"#));
    }
}
