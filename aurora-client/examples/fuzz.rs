//! Feeds both decoders with broken messages: recorded ones that are changed, cut, and put together anew.
//!
//!     cargo run --release -p aurora-client --example fuzz -- json 600 [FOLDER]
//!
//! What is decoded is written and decoded again, and must say the same. Where FOLDER is given, the shortest message for each
//! way to end is kept there; those that lie there are begun with. A panic ends it, and prints the message.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a program for a terminal")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aurora_client::wire::{
    ApplicationException, CreateJob, Encoding, KillTasks, Message, MessageKind, Method, ReplyBody, StartJobUpdate,
    call, exception, reply,
};

/// The words of which JSON messages are made: a change of a byte alone seldom leaves a message.
const WORDS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u00",
    b"\\ud800",
    b"rec",
    b"lst",
    b"set",
    b"map",
    b"str",
    b"i32",
    b"i64",
    b"dbl",
    b"tf",
    b"-1",
    b"2147483647",
    b"99999999999999999999",
    b"1e400",
    b"\"NaN\"",
    b"null",
    b" ",
    b"\xc3\x28",
    b"\x0c",
    b"\x0f",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x01",
    b"\x0b\x00\x01",
];

/// Numbers that look like chance, and are the same every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() % end as u64).unwrap_or(0) }
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

fn recorded(encoding: Encoding) -> Vec<Vec<u8>> {
    let files = match encoding {
        Encoding::Json => {
            [include_str!("../tests/data/python-json.jsonl"), include_str!("../tests/data/gorealis-json.jsonl")]
        }
        _ => [include_str!("../tests/data/python-binary.jsonl"), include_str!("../tests/data/gorealis-binary.jsonl")],
    };
    let mut all = Vec::new();
    for line in files.iter().flat_map(|file| file.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for which in ["request", "response"] {
            let text = line[which].as_str().unwrap();
            all.push(if encoding == Encoding::Json { text.as_bytes().to_vec() } else { hex(text) });
        }
    }
    all
}

fn mutate(message: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = chance.below(message.len() + 1);
        match chance.below(7) {
            0 => {
                if let Some(byte) = message.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            1 => {
                if let Some(byte) = message.get_mut(at) {
                    *byte = chance.next().to_le_bytes()[0];
                }
            }
            2 => message.truncate(at),
            3 => {
                let end = (at + chance.below(16)).min(message.len());
                message.drain(at..end);
            }
            4 => {
                let word = WORDS[chance.below(WORDS.len())];
                message.splice(at..at, word.iter().copied());
            }
            5 => {
                let other = &others[chance.below(others.len())];
                let from = chance.below(other.len());
                let to = (from + chance.below(64)).min(other.len());
                message.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let end = (at + chance.below(32)).min(message.len());
                let again = message[at..end].to_vec();
                message.splice(at..at, again);
            }
        }
    }
    message.truncate(64 << 10);
}

/// How a message ends: in words that differ where the decoder took another way.
fn decode(encoding: Encoding, bytes: &[u8]) -> String {
    let head = match Message::open(encoding, bytes) {
        Ok(head) => head,
        Err(error) => return format!("head: {}", what(&error.to_string())),
    };
    let (name, seq, kind) = (head.name.clone(), head.seq, head.kind);
    fn ended<T: aurora_client::wire::Value + std::fmt::Debug>(
        head: Message<'_>,
        encoding: Encoding,
        again: impl Fn(Encoding, &T) -> Vec<u8>,
    ) -> String {
        let body = match head.body::<T>() {
            Ok(body) => body,
            Err(error) => return format!("body: {}", what(&error.to_string())),
        };
        let said = format!("{body:?}");
        for encoding in [encoding, if encoding == Encoding::Json { Encoding::Binary } else { Encoding::Json }] {
            let bytes = again(encoding, &body);
            let back = Message::open(encoding, &bytes).and_then(Message::body::<T>);
            let back = back.expect("what was written can be read");
            // A union whose member is not known is written without one, and a reply always has something in it.
            assert!(
                said.contains("Unknown(") || said.contains("success: None") || format!("{back:?}") == said,
                "what was written says the same"
            );
        }
        "well".to_owned()
    }
    match (kind, name.as_str()) {
        (MessageKind::Reply, _) => ended(head, encoding, |encoding, body: &ReplyBody| {
            reply(encoding, &name, seq, body.success.clone().unwrap_or_default())
        })
        .replace("well", "reply"),
        (MessageKind::Exception, _) => {
            ended(head, encoding, |encoding, body: &ApplicationException| exception(encoding, &name, seq, body))
        }
        (_, KillTasks::NAME) => ended(head, encoding, |encoding, body: &KillTasks| call(encoding, seq, body)),
        (_, StartJobUpdate::NAME) => ended(head, encoding, |encoding, body: &StartJobUpdate| call(encoding, seq, body)),
        _ => ended(head, encoding, |encoding, body: &CreateJob| call(encoding, seq, body)),
    }
}

/// An error without its place.
fn what(error: &str) -> &str {
    error.split(" at byte").next().unwrap_or(error)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let encoding = match arguments.first().map(String::as_str) {
        Some("json") => Encoding::Json,
        Some("binary") => Encoding::Binary,
        _ => panic!("say json or binary, for how many seconds, and a folder"),
    };
    let seconds: u64 = arguments.get(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let folder: Option<PathBuf> = arguments.get(2).map(PathBuf::from);
    let mut all = recorded(encoding);
    for file in folder.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten()) {
        all.push(std::fs::read(file.unwrap().path()).unwrap());
    }
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut ways: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let (begun, mut tried) = (Instant::now(), 0_u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..1000 {
            let mut message = all[chance.below(all.len())].clone();
            mutate(&mut message, &all, &mut chance);
            let came = std::panic::catch_unwind(|| decode(encoding, &message));
            let way = came.unwrap_or_else(|_| panic!("this message: {message:02x?}"));
            let known = ways.get(&way).is_none_or(|known| known.len() > message.len());
            if known {
                // It is begun with from now on, too.
                all.push(message.clone());
                ways.insert(way, message);
            }
            tried += 1;
        }
    }
    println!("{tried} messages in {} s, {} ways to end:", begun.elapsed().as_secs(), ways.len());
    for (number, (way, message)) in ways.iter().enumerate() {
        println!("  {way}: {} bytes", message.len());
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(format!("{number:02}")), message).unwrap();
        }
    }
}
