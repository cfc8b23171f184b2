//! Which of the UUIDs in a text are transactions.

use std::ops::Range;

use metapod_model::TransactionId;

/// How far from its word an id may stand, in bytes.
const NEAR: usize = 64;
/// How far before its word.
const NEAR_BEFORE: usize = 32;
const WORD: &str = "transaction";
/// What an id is called instead, where it is something else.
const OTHERS: [&str; 2] = ["dataset", "partition"];
const ID: usize = 36;

/// Finds transactions in the text of a message: UUIDs that stand near the word «transaction», or in a link to the page on which
/// people follow transactions. What is called a dataset is none.
///
/// ```
/// use slack_client::Finder;
///
/// let text = "Airflow started running a dagao: dataset 5a60b8e8-001b-56f7-a4fe-b3a417f8f654 \
///             of transaction f7832a01-001b-56f7-a4fe-b3a417f8f654";
/// let found = Finder::default().transactions(text);
/// assert_eq!(found, ["f7832a01-001b-56f7-a4fe-b3a417f8f654".parse().unwrap()]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finder {
    /// What a link to the monitoring page has in it, in small letters.
    links: Vec<String>,
}

impl Default for Finder {
    /// Links that have `sonar` in them are those to the monitoring page.
    fn default() -> Self {
        Self { links: vec!["sonar".to_owned()] }
    }
}

impl Finder {
    /// Takes links that have this in them, too: a host, or the beginning of an address.
    #[must_use]
    pub fn with_links(mut self, part: &str) -> Self {
        let part = part.trim().to_ascii_lowercase();
        if !part.is_empty() {
            self.links.push(part);
        }
        self
    }

    /// The transactions that a text names, in the order in which they stand there, each once.
    pub fn transactions(&self, text: &str) -> Vec<TransactionId> {
        let text = text.to_ascii_lowercase();
        let ids = ids(&text);
        let mut named = vec![false; ids.len()];
        for (at, _) in text.match_indices(WORD) {
            spoken(&text, &ids, at, &mut named);
        }
        for link in links(&text) {
            if self.links.iter().any(|part| text[link.clone()].contains(part.as_str())) {
                linked(&text, &ids, &link, &mut named);
            }
        }
        let mut found = Vec::new();
        for ((_, id), _) in ids.iter().zip(named).filter(|(_, named)| *named) {
            if !found.contains(id) {
                found.push(*id);
            }
        }
        found
    }
}

/// Whether a text says that a run started.
pub(crate) fn starts_a_run(text: &str) -> bool {
    text.to_ascii_lowercase().contains("started running")
}

type Id = (Range<usize>, TransactionId);

/// The ids that the word at this place speaks of: those that follow it, otherwise the one before it.
fn spoken(text: &str, ids: &[Id], word: usize, named: &mut [bool]) {
    let end = word + WORD.len();
    let next = ids.partition_point(|(place, _)| place.start < end);
    if let Some((place, _)) = ids.get(next) {
        let gap = &text[end..place.start];
        if gap.len() <= NEAR && !gap.contains(WORD) && !is_another(gap) {
            named[next] = true;
            follow(text, ids, next, named);
            return;
        }
    }
    let Some(((place, _), before)) = next.checked_sub(1).and_then(|at| ids.get(at)).zip(next.checked_sub(1)) else {
        return;
    };
    // A word within an address that has the id further on is no word about what stands before.
    let Some(gap) = text.get(place.end..word) else { return };
    let called = &text[text.floor_char_boundary(place.start.saturating_sub(NEAR_BEFORE))..place.start];
    if gap.len() <= NEAR_BEFORE && !gap.contains(['\n', '.', ';', '/']) && !is_another(gap) && !is_another(called) {
        named[before] = true;
    }
}

/// «Transactions A, B and C».
fn follow(text: &str, ids: &[Id], from: usize, named: &mut [bool]) {
    for (at, pair) in ids.windows(2).enumerate().skip(from) {
        let gap = &text[pair[0].0.end..pair[1].0.start];
        let letters: String = gap.chars().filter(|c| c.is_alphabetic()).collect();
        if gap.len() > NEAR_BEFORE || gap.contains('\n') || !matches!(letters.as_str(), "" | "and" | "e" | "or") {
            break;
        }
        named[at + 1] = true;
    }
}

/// The first id of a link, unless it is something else's.
fn linked(text: &str, ids: &[Id], link: &Range<usize>, named: &mut [bool]) {
    let first = ids.partition_point(|(place, _)| place.start < link.start);
    if let Some((place, _)) = ids.get(first)
        && place.end <= link.end
        && !is_another(&text[link.start..place.start])
    {
        named[first] = true;
    }
}

fn is_another(text: &str) -> bool {
    OTHERS.iter().any(|other| text.contains(other))
}

/// Where the addresses are.
fn links(text: &str) -> Vec<Range<usize>> {
    let (mut links, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find("http").map(|at| from + at) {
        let rest = &text[at..];
        if rest.starts_with("http://") || rest.starts_with("https://") {
            let ends = |c: char| c.is_whitespace() || matches!(c, '|' | '<' | '>' | '"' | '\'' | ')' | ']');
            from = at + rest.find(ends).unwrap_or(rest.len());
            links.push(at..from);
        } else {
            from = at + "http".len();
        }
    }
    links
}

/// Every UUID that stands alone.
fn ids(text: &str) -> Vec<Id> {
    let (bytes, mut ids, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at + ID <= bytes.len() {
        if is_id(&bytes[at..at + ID])
            && begins(bytes, at)
            && ends(bytes, at + ID)
            && let Some(Ok(id)) = text.get(at..at + ID).map(str::parse::<TransactionId>)
        {
            ids.push((at..at + ID, id));
            at += ID;
        } else {
            at += 1;
        }
    }
    ids
}

fn is_id(bytes: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    bytes.iter().enumerate().all(fits)
}

/// Whether what stands before is not a part of it.
fn begins(bytes: &[u8], at: usize) -> bool {
    let before = |by: usize| at.checked_sub(by).and_then(|at| bytes.get(at)).copied();
    match before(1) {
        None => true,
        Some(b'-') => !before(2).is_some_and(|byte| byte.is_ascii_hexdigit()),
        // In an encoded address, a slash is `%2f`.
        Some(byte) if byte.is_ascii_alphanumeric() => before(3) == Some(b'%'),
        Some(_) => true,
    }
}

fn ends(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(b'-') => !bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit),
        Some(byte) => !byte.is_ascii_alphanumeric(),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "f7832a01-001b-56f7-a4fe-b3a417f8f654";
    const B: &str = "10b090f0-fda6-4ef3-b091-9b8fec7c45fc";

    fn found(text: &str) -> Vec<String> {
        Finder::default().transactions(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn near_the_word() {
        for text in [
            format!("Metapod transaction: `{A}`"),
            format!("metapod_transaction={A}"),
            format!("TransactionId \"{}\"", A.to_uppercase()),
            format!("*Transaction*\n{A}"),
            format!("{A} is tonight's transaction"),
            format!("transaction-{A}"),
            format!("dataset {B} of transaction {A}"),
            format!("the transaction {A}, dataset {B}"),
            format!("<https://example.com/x/#/transactions/{A}|look>"),
            format!("https://example.com/?q=transactions%2F{A}"),
            format!("transações… transaction {A}"),
        ] {
            assert_eq!(found(&text), [A], "{text}");
        }
        assert_eq!(found(&format!("transactions {A}, {B} and {A}")), [A, B]);
        assert_eq!(found(&format!("transaction {A} follows transaction {B}")), [A, B]);
    }

    #[test]
    fn in_a_link_to_the_monitoring_page() {
        assert_eq!(found(&format!("<https://sonar.example.com/#/tx/{A}|sonar>")), [A]);
        let other = format!("(https://monitor.example.com/{A})");
        assert!(found(&other).is_empty());
        let finder = Finder::default().with_links("https://Monitor.example.com");
        assert_eq!(finder.transactions(&other), [A.parse().unwrap()]);
    }

    #[test]
    fn what_is_something_else() {
        for text in [
            A.to_owned(),
            format!("request {A}"),
            format!("dataset {A} failed. The transaction goes on"),
            format!("dataset {A} of a transaction"),
            format!("the transaction failed for dataset {A}"),
            format!("https://sonar.example.com/#/datasets/{A}"),
            format!("transaction {}{A}", "x".repeat(100)),
            format!("transaction {}{A}", "word ".repeat(20)),
            format!("transaction {A}0"),
            format!("transaction 0{A}"),
            format!("transaction {A}-{A}"),
            format!("the sonar at https://example.com/{A}"),
            "transaction f7832a01-001b-56f7-a4fe-b3a417f8f65".to_owned(),
        ] {
            assert_eq!(found(&text), Vec::<String>::new(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r"(\PC|\n|transaction|https?://|sonar|dataset|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}){0,60}") {
            let found = found(&text);
            let lower = text.to_ascii_lowercase();
            for id in &found {
                prop_assert!(lower.contains(id.as_str()));
            }
            if !lower.contains("transaction") && !lower.contains("sonar") {
                prop_assert!(found.is_empty());
            }
        }

        #[test]
        fn what_stands_after_its_word_is_found(before in r"\PC{0,80}", gap in r"[ :=`*_<>\n]{1,20}", id: u128, after in r"( \PC{0,40})?") {
            let id = self::id(id);
            let found = Finder::default().transactions(&format!("{before} transaction{gap}{id}{after}"));
            prop_assert!(found.contains(&id));
        }

        #[test]
        fn what_has_no_word_near_is_not(id: u128, far in "[a-m ]{80,120}") {
            let id = self::id(id);
            let text = format!("transaction {far} {id} {far} transaction");
            prop_assert!(Finder::default().transactions(&text).is_empty());
        }
    }

    fn id(bits: u128) -> TransactionId {
        TransactionId::from_uuid(uuid::Uuid::from_u128(bits))
    }
}
