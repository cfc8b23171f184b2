//! What travels: the scheduler's Thrift interface in both of its encodings, over tables. For peers, sandboxes and tests; it
//! follows the interface, and may change with any release of this crate.
//!
//! ```
//! use aurora_client::wire::{Encoding, GetQuota, Message, call};
//!
//! let ask = GetQuota { owner_role: Some("etl".into()) };
//! let bytes = call(Encoding::Json, 7, &ask);
//! assert_eq!(bytes, br#"[1,"getQuota",1,7,{"1":{"str":"etl"}}]"#);
//!
//! let message = Message::open(Encoding::Json, &bytes)?;
//! assert_eq!((message.name.as_str(), message.seq), ("getQuota", 7));
//! assert_eq!(message.body::<GetQuota>()?, ask);
//! # Ok::<(), aurora_client::wire::DecodeError>(())
//! ```

mod binary;
mod error;
mod idl;
mod json;
mod method;
mod room;
mod table;
mod tables;
mod value;

use self::binary::{BinaryReader, BinaryWriter};
pub use self::error::DecodeError;
pub use self::idl::{Idl, idl};
use self::json::{JsonReader, JsonWriter};
pub use self::method::*;
pub use self::tables::*;
pub use self::value::{Hidden, Kind, Read, Set, Value, Write};

/// Real replies nest about sixteen deep.
const MAX_DEPTH: usize = 64;

/// How bytes say what they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Thrift's JSON: every scheduler speaks it.
    #[default]
    Json,
    /// Strict binary: half as long; since 0.16.
    Binary,
}

impl Encoding {
    /// Its name in `Content-Type` and `Accept`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/vnd.apache.thrift.json",
            Self::Binary => "application/vnd.apache.thrift.binary",
        }
    }

    /// The encoding of a body, by its `Content-Type`; `None` where the scheduler takes none such.
    pub fn of_content_type(text: Option<&str>) -> Option<Self> {
        let plain = text.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        match plain.as_deref() {
            None | Some("application/x-thrift" | "application/json" | "application/vnd.apache.thrift.json") => {
                Some(Self::Json)
            }
            Some("application/vnd.apache.thrift.binary") => Some(Self::Binary),
            Some(_) => None,
        }
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A question.
    Call,
    /// Its answer.
    Reply,
    /// What went wrong before there could be an answer.
    Exception,
    /// A question that wants no answer.
    Oneway,
}

impl MessageKind {
    fn byte(self) -> u8 {
        match self {
            Self::Call => 1,
            Self::Reply => 2,
            Self::Exception => 3,
            Self::Oneway => 4,
        }
    }

    fn of(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Call,
            2 => Self::Reply,
            3 => Self::Exception,
            4 => Self::Oneway,
            _ => return None,
        })
    }
}

table::record! {
    /// What stands in a reply.
    ReplyBody { 0 success "success": Response }
    /// What went wrong before there could be an answer. Its kinds: 1 is an unknown method, 6 an internal error, 7 a protocol
    /// error.
    ApplicationException { 1 message "message": String, 2 kind "type": i32 }
}

fn write<T: Value>(encoding: Encoding, name: &str, kind: MessageKind, seq: i32, body: &T) -> Vec<u8> {
    match encoding {
        Encoding::Json => {
            let mut to = JsonWriter::default();
            to.message(name, kind, seq);
            body.write(&mut to);
            to.end()
        }
        Encoding::Binary => {
            let mut to = BinaryWriter::default();
            to.message(name, kind, seq);
            body.write(&mut to);
            to.bytes
        }
    }
}

/// A call of a method.
pub fn call<M: Method>(encoding: Encoding, seq: i32, ask: &M) -> Vec<u8> {
    write(encoding, M::NAME, MessageKind::Call, seq, ask)
}

/// The reply to a call.
pub fn reply(encoding: Encoding, name: &str, seq: i32, response: Response) -> Vec<u8> {
    write(encoding, name, MessageKind::Reply, seq, &ReplyBody { success: Some(response) })
}

/// What is sent where there can be no reply.
pub fn exception(encoding: Encoding, name: &str, seq: i32, exception: &ApplicationException) -> Vec<u8> {
    write(encoding, name, MessageKind::Exception, seq, exception)
}

/// A message of which the head was read.
#[derive(Debug)]
pub struct Message<'a> {
    /// The method.
    pub name: String,
    /// What it is.
    pub kind: MessageKind,
    /// The number that the caller gave it: a reply has the same.
    pub seq: i32,
    rest: Rest<'a>,
}

enum Rest<'a> {
    Json(JsonReader<'a>),
    Binary(BinaryReader<'a>),
}

/// What is not read yet may hold secrets: it is not shown.
impl std::fmt::Debug for Rest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "Json",
            Self::Binary(_) => "Binary",
        })
    }
}

impl<'a> Message<'a> {
    /// Reads the head of a message.
    ///
    /// # Errors
    /// Where the bytes are no message.
    pub fn open(encoding: Encoding, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Ok(match encoding {
            Encoding::Json => {
                let mut from = JsonReader::new(bytes)?;
                let (name, kind, seq) = from.message()?;
                Self { name, kind, seq, rest: Rest::Json(from) }
            }
            Encoding::Binary => {
                let mut from = BinaryReader::new(bytes);
                let (name, kind, seq) = from.message()?;
                Self { name, kind, seq, rest: Rest::Binary(from) }
            }
        })
    }

    /// Reads what it says, to its end.
    ///
    /// # Errors
    /// Where that is no such thing.
    pub fn body<T: Value>(self) -> Result<T, DecodeError> {
        match self.rest {
            Rest::Json(mut from) => {
                let body = T::read(&mut from)?;
                from.end()?;
                Ok(body)
            }
            Rest::Binary(mut from) => {
                let body = T::read(&mut from)?;
                from.end()?;
                Ok(body)
            }
        }
    }
}
