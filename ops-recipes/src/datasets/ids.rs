//! Ids from a file: as Sonar's GraphiQL page prints them, or one a line.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use metapod_model::{DatasetId, DatasetName};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A file of ids may not be longer: 32 MiB.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A file may not hold more ids.
pub const MAX_IDS: usize = 200_000;

/// Ids that somebody collected, and where they come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IdList {
    /// Where they come from: a file's name, or what the caller calls it.
    pub from: String,
    /// The ids, in the order of the file, none twice.
    pub ids: Vec<ListedId>,
}

/// One id of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListedId {
    /// The dataset.
    pub id: DatasetId,
    /// Its name, where the list told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DatasetName>,
}

impl IdList {
    /// A list of ids without names.
    pub fn new(from: impl Into<String>, ids: impl IntoIterator<Item = DatasetId>) -> Self {
        Self { from: from.into(), ids: ids.into_iter().map(|id| ListedId { id, name: None }).collect() }
    }
}

/// Why a text is no list of ids: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    from: String,
    line: Option<usize>,
    what: String,
}

impl InputError {
    /// The line that is wrong, counted from 1, where it is known.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.from)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for InputError {}

/// Reads a list of ids. `name` is what errors and plans call it.
///
/// Two forms are understood: the reply to a query for a transaction's datasets as Sonar's GraphiQL page prints it (the
/// runbook's `result.json`; fields other than `id` and `name` are passed over), and one id a line, where blank lines and
/// what follows a `#` are passed over.
///
/// ```
/// use ops_recipes::datasets::read_ids;
///
/// let list = read_ids("# by hand\n59d180d4-e41a-4a30-ab34-bac476b95761\n".as_bytes(), "ids.txt")?;
/// assert_eq!(list.ids.len(), 1);
///
/// let wrong = read_ids("dataset/fx-model\n".as_bytes(), "ids.txt").unwrap_err();
/// assert!(wrong.to_string().starts_with("ids.txt, line 1: «dataset/fx-model» is a dataset's name"));
/// # Ok::<(), ops_recipes::datasets::InputError>(())
/// ```
///
/// # Errors
/// For an empty file, more than [`MAX_BYTES`] or [`MAX_IDS`], a text that is neither form, what is no id, an id that
/// comes twice, a reply with `errors`, and a reply whose transaction is `null`.
pub fn read_ids(reader: impl Read, name: &str) -> Result<IdList, InputError> {
    let fail = |line, what: String| InputError { from: name.to_owned(), line, what };
    let mut bytes = Vec::new();
    let read = reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| fail(None, format!("cannot be read: {error}")))?;
    if bytes.len() > MAX_BYTES {
        return Err(fail(None, format!("longer than {} MiB; this is no list of ids", MAX_BYTES / 1024 / 1024)));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        fail(Some(line), "not a text in UTF-8".into())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ids = match text.trim_start().chars().next() {
        None => return Err(fail(None, "empty; ids of datasets belong here".into())),
        Some('<') => {
            let what = "HTML or XML, not a reply of Sonar: perhaps a proxy or a login page answered";
            return Err(fail(Some(1), what.into()));
        }
        Some('{' | '[' | '"') => from_reply(text).map_err(|(line, what)| fail(line, what))?,
        Some(_) => from_lines(text).map_err(|(line, what)| fail(Some(line), what))?,
    };
    if ids.is_empty() {
        return Err(fail(None, "no id in it; an empty list is not «all»".into()));
    }
    Ok(IdList { from: name.to_owned(), ids })
}

fn too_many() -> String {
    format!("more than {MAX_IDS} ids; no transaction has so many datasets")
}

fn from_lines(text: &str) -> Result<Vec<ListedId>, (usize, String)> {
    let mut ids = Vec::new();
    let mut seen: HashMap<DatasetId, usize> = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let word = line.split('#').next().unwrap_or_default().trim();
        if word.is_empty() {
            continue;
        }
        let id: DatasetId = word.parse().map_err(|error| (number, format!("{error}")))?;
        if let Some(first) = seen.insert(id, number) {
            return Err((number, format!("{id} stands in line {first} already")));
        }
        if ids.len() == MAX_IDS {
            return Err((number, too_many()));
        }
        ids.push(ListedId { id, name: None });
    }
    Ok(ids)
}

/// The reply as it is nested; fields that are not named here are passed over.
#[derive(Deserialize)]
struct Reply {
    data: Option<Data>,
    errors: Option<Vec<Complaint>>,
}

#[derive(Deserialize)]
struct Data {
    transaction: Option<Transaction>,
}

#[derive(Deserialize)]
struct Transaction {
    datasets: Option<Entries>,
}

#[derive(Deserialize)]
struct Complaint {
    message: Option<String>,
}

fn from_reply(text: &str) -> Result<Vec<ListedId>, (Option<usize>, String)> {
    let reply: Reply = serde_json::from_str(text).map_err(|error| {
        let line = (error.line() > 0).then(|| error.line());
        let what = error.to_string();
        // serde_json says the position itself; ours comes first.
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
        if error.is_eof() {
            return (line, format!("ends in the middle: the file is cut off ({what})"));
        }
        let hint = if error.is_syntax() { "not JSON as Sonar prints it: " } else { "" };
        (line, format!("{hint}{what}"))
    })?;
    if let Some(complaint) = reply.errors.as_ref().and_then(|errors| errors.first()) {
        let words: String = complaint.message.as_deref().unwrap_or("no message").chars().take(200).collect();
        return Err((None, format!("a reply with errors, so perhaps only a part of the datasets; the first: {words}")));
    }
    match reply.data.and_then(|data| data.transaction) {
        None => Err((None, "no `data.transaction` in it, or `null`: Sonar does not know that transaction".into())),
        Some(Transaction { datasets: None }) => {
            Err((None, "no `data.transaction.datasets` in it: ask Sonar for `datasets(…) { id name }`".into()))
        }
        Some(Transaction { datasets: Some(Entries(ids)) }) => Ok(ids),
    }
}

/// The list below `datasets`. Checked while it is read, so that an error knows its line.
struct Entries(Vec<ListedId>);

#[derive(Deserialize)]
struct Entry {
    id: Option<IdText>,
    name: Option<String>,
}

struct IdText(DatasetId);

impl<'de> Deserialize<'de> for IdText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the list of datasets, each with its `id`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries, A::Error> {
                let mut ids = Vec::new();
                let mut seen = std::collections::HashSet::new();
                while let Some(entry) = list.next_element::<Entry>()? {
                    let Some(IdText(id)) = entry.id else {
                        let name = entry.name.unwrap_or_default();
                        let name: String = name.chars().take(80).collect();
                        let what = format!("a dataset without its id (name «{name}»): the query must ask for `id` too");
                        return Err(A::Error::custom(what));
                    };
                    if !seen.insert(id) {
                        return Err(A::Error::custom(format_args!("{id} comes twice")));
                    }
                    if ids.len() == MAX_IDS {
                        return Err(A::Error::custom(too_many()));
                    }
                    let name = entry.name.map(DatasetName::try_from).transpose().map_err(A::Error::custom)?;
                    ids.push(ListedId { id, name });
                }
                Ok(Entries(ids))
            }
        }

        from.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<IdList, String> {
        read_ids(text.as_bytes(), "result.json").map_err(|error| error.to_string())
    }

    const A: &str = "59d180d4-e41a-4a30-ab34-bac476b95761";
    const B: &str = "59d180d4-0000-4a30-ab34-bac476b95762";

    fn reply(datasets: &str) -> String {
        format!("{{\n  \"data\": {{\n    \"transaction\": {{\n      \"datasets\": {datasets}\n    }}\n  }}\n}}\n")
    }

    #[test]
    fn the_runbooks_file_is_read_as_it_is() {
        let text = reply(&format!(
            "[\n        {{\n          \"id\": \"{A}\",\n          \"name\": \"dataset/fx-model\"\n        }},\n        {{ \"name\": \
             \"model/x\", \"committed\": true, \"schema\": {{\"attributes\": [{{\"id\": \"no\"}}]}}, \"id\": \"{B}\" }} ]"
        ));
        let list = read(&text).unwrap();
        assert_eq!(list.ids.len(), 2);
        assert_eq!(list.ids[0].id.to_string(), A);
        assert_eq!(list.ids[1].name.as_ref().unwrap().as_str(), "model/x");
        assert_eq!(list.from, "result.json");
    }

    #[test]
    fn plain_lists_have_comments_and_blank_lines() {
        let list = read(&format!("\u{feff}# ids\r\n\r\n  {A}  # the first\r\n{B}")).unwrap();
        assert_eq!(list.ids.len(), 2);
    }

    #[test]
    fn each_fault_is_named_with_its_line() {
        let cases: Vec<(String, &str)> = vec![
            (String::new(), "result.json: empty"),
            ("  \n\n".into(), "result.json: empty"),
            ("# nothing\n".into(), "result.json: no id in it; an empty list is not «all»"),
            ("<!DOCTYPE html><html>".into(), "result.json, line 1: HTML or XML"),
            (format!("{A}\ndataset/fx-model"), "line 2: «dataset/fx-model» is a dataset's name"),
            (format!("{A}\n{B}\n{A}"), "line 3: 59d180d4-e41a-4a30-ab34-bac476b95761 stands in line 1 already"),
            (format!("{A}\n../x"), "line 2: «../x»"),
            (format!("{A}\n%2f"), "line 2: «%2f» is not a UUID"),
            (reply("[]"), "no id in it"),
            (reply("null"), "no `data.transaction.datasets` in it"),
            (reply("[null]"), "line 4: "),
            (
                reply(&format!("[\n{{\"id\":\"{A}\"}},\n{{\"id\":\"{A}\"}}]")),
                "line 6: 59d180d4-e41a-4a30-ab34-bac476b95761 comes twice",
            ),
            (reply("[{\"id\":\"dataset/fx-model\"}]"), "line 4: «dataset/fx-model» is a dataset's name"),
            (reply("[{\"name\":\"model/fx-model\"}]"), "line 4: a dataset without its id (name «model/fx-model»)"),
            (reply("[{\"id\":7}]"), "line 4: "),
            ("{\"data\":{\"transaction\":null}}".into(), "Sonar does not know that transaction"),
            ("{\"data\":null,\"errors\":[{\"message\":\"boom\"}]}".into(), "a reply with errors"),
            (
                format!("{{\"data\":{{\"transaction\":{{\"datasets\":[{{\"id\":\"{A}\"}}]}}}},\"errors\":[{{}}]}}"),
                "no message",
            ),
            ("{\"transaction\": 1}".into(), "no `data.transaction`"),
            ("[1, 2]".into(), "line 1: "),
            (format!("{} trailing", reply(&format!("[{{\"id\":\"{A}\"}}]"))), "not JSON as Sonar prints it: trailing"),
        ];
        for (text, wanted) in cases {
            let error = read(&text).unwrap_err();
            assert!(error.contains(wanted), "{text:?}\n  gives {error}\n  not   {wanted}");
            assert_eq!(error.lines().count(), 1);
        }
    }

    #[test]
    fn empty_errors_are_no_errors() {
        let text = format!("{{\"errors\":[],\"data\":{{\"transaction\":{{\"datasets\":[{{\"id\":\"{A}\"}}]}}}}}}");
        assert_eq!(read(&text).unwrap().ids.len(), 1);
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused() {
        let text = reply(&format!("[{{\"id\":\"{A}\",\"name\":\"dataset/é\"}}]"));
        let whole = text.trim_end();
        for end in (1..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let error = read(&whole[..end]).unwrap_err();
            assert!(error.contains("cut off"), "{end}: {error}");
        }
    }

    #[test]
    fn limits_hold() {
        let endless = read_ids(std::io::repeat(b' '), "stdin").unwrap_err();
        assert_eq!(endless.to_string(), "stdin: longer than 32 MiB; this is no list of ids");
        let lines: String = (0..=MAX_IDS).map(|i| format!("59d180d4-e41a-4a30-ab34-{i:012x}\n")).collect();
        let error = read(&lines).unwrap_err();
        assert!(error.contains("line 200001: more than 200000 ids"), "{error}");
        let entries: Vec<String> =
            (0..=MAX_IDS).map(|i| format!("{{\"id\":\"59d180d4-e41a-4a30-ab34-{i:012x}\"}}")).collect();
        let error = read(&reply(&format!("[{}]", entries.join(",")))).unwrap_err();
        assert!(error.contains("more than 200000 ids"), "{error}");
    }

    #[test]
    fn not_utf8_is_named_with_its_line() {
        let error = read_ids(&b"# one\n\xff\xfe"[..], "ids").unwrap_err();
        assert_eq!(error.to_string(), "ids, line 2: not a text in UTF-8");
        assert_eq!(error.line(), Some(2));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_ids(&bytes[..], "any");
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\":,a-f0-9\\- \n#]{0,200}") {
            let _ = read_ids(text.as_bytes(), "any");
        }

        #[test]
        fn what_is_written_is_read(numbers in proptest::collection::hash_set(any::<u128>(), 1..50)) {
            let ids: Vec<DatasetId> =
                numbers.iter().map(|n| format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", n >> 96, (n >> 80) & 0xffff,
                    (n >> 64) & 0xffff, (n >> 48) & 0xffff, n & 0xffff_ffff_ffff).parse().unwrap()).collect();
            let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
            let json = reply(&serde_json::to_string(
                &ids.iter().map(|id| serde_json::json!({"id": id})).collect::<Vec<_>>()).unwrap());
            for text in [lines, json] {
                let list = read(&text).unwrap();
                prop_assert_eq!(list.ids.iter().map(|listed| listed.id).collect::<Vec<_>>(), ids.clone());
            }
        }
    }
}
