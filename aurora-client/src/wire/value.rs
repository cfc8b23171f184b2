//! What every type that travels can do: read itself, write itself, and say what it is.

use std::collections::BTreeMap;
use std::fmt;

use super::error::DecodeError;
use super::idl::Idl;

/// How a value is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A truth.
    Bool,
    /// One byte.
    I8,
    /// A real number.
    Double,
    /// Two bytes.
    I16,
    /// Four bytes.
    I32,
    /// Eight bytes.
    I64,
    /// A text.
    Text,
    /// Fields by number.
    Struct,
    /// Values by key.
    Map,
    /// Values of one kind, in any order.
    Set,
    /// Values of one kind.
    List,
}

/// A reader of one of the encodings.
pub trait Read {
    /// A truth.
    ///
    /// # Errors
    /// All of these fail where the bytes are none of what is asked for.
    fn bool(&mut self) -> Result<bool, DecodeError>;
    /// A whole number of four bytes.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn i32(&mut self) -> Result<i32, DecodeError>;
    /// A whole number of eight bytes.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn i64(&mut self) -> Result<i64, DecodeError>;
    /// A real number.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn double(&mut self) -> Result<f64, DecodeError>;
    /// A text.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn text(&mut self) -> Result<String, DecodeError>;
    /// A struct begins.
    ///
    /// # Errors
    /// As [`Read::bool`]; and where it would be nested too deep.
    fn open_struct(&mut self) -> Result<(), DecodeError>;
    /// The next field; `None` ends the struct.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn open_field(&mut self) -> Result<Option<(i16, Kind)>, DecodeError>;
    /// A field's value was read.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn close_field(&mut self) -> Result<(), DecodeError>;
    /// A list or a set begins: of what, and how many. There are never more than bytes are left.
    ///
    /// # Errors
    /// As [`Read::open_struct`].
    fn open_list(&mut self) -> Result<(Kind, usize), DecodeError>;
    /// Before each value of a list or set.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn item(&mut self) -> Result<(), DecodeError>;
    /// All values of a list or set were read.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn close_list(&mut self) -> Result<(), DecodeError>;
    /// A map begins: from what, to what, and how many. Where it is empty the kinds mean nothing.
    ///
    /// # Errors
    /// As [`Read::open_struct`].
    fn open_map(&mut self) -> Result<(Kind, Kind, usize), DecodeError>;
    /// The next key, which is a text.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn key(&mut self) -> Result<String, DecodeError>;
    /// All entries of a map were read.
    ///
    /// # Errors
    /// As [`Read::bool`].
    fn close_map(&mut self) -> Result<(), DecodeError>;
    /// Passes over a value.
    ///
    /// # Errors
    /// As [`Read::open_struct`].
    fn skip(&mut self, kind: Kind) -> Result<(), DecodeError>;
    /// Before so many values of a size are kept.
    ///
    /// # Errors
    /// Where they would take far more memory than the message is long.
    fn room(&mut self, count: usize, size: usize) -> Result<(), DecodeError>;
    /// What is wrong with the value that was just read.
    fn wrong(&self, what: &'static str) -> DecodeError;
}

/// A writer of one of the encodings.
pub trait Write {
    /// A truth.
    fn bool(&mut self, value: bool);
    /// A whole number of four bytes.
    fn i32(&mut self, value: i32);
    /// A whole number of eight bytes.
    fn i64(&mut self, value: i64);
    /// A real number.
    fn double(&mut self, value: f64);
    /// A text.
    fn text(&mut self, value: &str);
    /// A struct begins.
    fn open_struct(&mut self);
    /// A field begins.
    fn open_field(&mut self, id: i16, kind: Kind);
    /// A field ends.
    fn close_field(&mut self);
    /// A struct ends.
    fn close_struct(&mut self);
    /// A list or a set begins.
    fn open_list(&mut self, of: Kind, len: usize);
    /// Before each value of a list or set.
    fn item(&mut self);
    /// A list or a set ends.
    fn close_list(&mut self);
    /// A map from texts begins.
    fn open_map(&mut self, to: Kind, len: usize);
    /// A key.
    fn key(&mut self, key: &str);
    /// A map ends.
    fn close_map(&mut self);
}

/// A type that travels.
pub trait Value: Sized {
    /// How it is encoded.
    const KIND: Kind;

    /// Reads one.
    ///
    /// # Errors
    /// Where what is there is none.
    fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError>;

    /// Writes it.
    fn write<W: Write>(&self, to: &mut W);

    /// Its name in an interface description. What it needs is described there before.
    fn describe(idl: &mut Idl) -> String;
}

macro_rules! plain {
    ($($type:ty: $kind:ident, $method:ident, $name:literal);+ $(;)?) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::$kind;

            fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError> {
                from.$method()
            }

            fn write<W: Write>(&self, to: &mut W) {
                to.$method(*self);
            }

            fn describe(_: &mut Idl) -> String {
                $name.to_owned()
            }
        }
    )+};
}

plain! {
    bool: Bool, bool, "bool";
    i32: I32, i32, "i32";
    i64: I64, i64, "i64";
    f64: Double, double, "double";
}

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError> {
        from.text()
    }

    fn write<W: Write>(&self, to: &mut W) {
        to.text(self);
    }

    fn describe(_: &mut Idl) -> String {
        "string".to_owned()
    }
}

/// A text that is never shown: what an executor reads may hold passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

impl Value for Hidden {
    const KIND: Kind = Kind::Text;

    fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError> {
        from.text().map(Self)
    }

    fn write<W: Write>(&self, to: &mut W) {
        to.text(&self.0);
    }

    fn describe(_: &mut Idl) -> String {
        "string".to_owned()
    }
}

/// So many values are made room for before any of them was read: a number alone costs no memory.
const AT_FIRST: usize = 1024;

/// A map makes room for so many entries with its first.
const MAP_AT_FIRST: usize = 11;

fn read_all<T: Value, R: Read>(from: &mut R) -> Result<Vec<T>, DecodeError> {
    let (kind, len) = from.open_list()?;
    if kind == T::KIND {
        from.room(len, size_of::<T>())?;
    }
    let mut all = Vec::with_capacity(if kind == T::KIND { len.min(AT_FIRST) } else { 0 });
    for _ in 0..len {
        from.item()?;
        // Values of another kind are no values of ours.
        if kind == T::KIND { all.push(T::read(from)?) } else { from.skip(kind)? }
    }
    from.close_list()?;
    Ok(all)
}

fn write_all<T: Value, W: Write>(all: &[T], to: &mut W) {
    to.open_list(T::KIND, all.len());
    for one in all {
        to.item();
        one.write(to);
    }
    to.close_list();
}

impl<T: Value> Value for Vec<T> {
    const KIND: Kind = Kind::List;

    fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError> {
        read_all(from)
    }

    fn write<W: Write>(&self, to: &mut W) {
        write_all(self, to);
    }

    fn describe(idl: &mut Idl) -> String {
        format!("list<{}>", T::describe(idl))
    }
}

/// A set, in the order in which it came: real numbers are in some, so that it is not sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set<T>(pub Vec<T>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T: Value> Value for Set<T> {
    const KIND: Kind = Kind::Set;

    fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError> {
        read_all(from).map(Self)
    }

    fn write<W: Write>(&self, to: &mut W) {
        write_all(&self.0, to);
    }

    fn describe(idl: &mut Idl) -> String {
        format!("set<{}>", T::describe(idl))
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    const KIND: Kind = Kind::Map;

    fn read<R: Read>(from: &mut R) -> Result<Self, DecodeError> {
        let (from_kind, to_kind, len) = from.open_map()?;
        if len > 0 && (from_kind, to_kind) != (Kind::Text, T::KIND) {
            return Err(from.wrong("a map of another kind"));
        }
        // However few there are, a map makes room for some.
        from.room(if len == 0 { 0 } else { len.max(MAP_AT_FIRST) }, size_of::<(String, T)>())?;
        let mut all = Self::new();
        for _ in 0..len {
            let key = from.key()?;
            all.insert(key, T::read(from)?);
        }
        from.close_map()?;
        Ok(all)
    }

    fn write<W: Write>(&self, to: &mut W) {
        to.open_map(T::KIND, self.len());
        for (key, value) in self {
            to.key(key);
            value.write(to);
        }
        to.close_map();
    }

    fn describe(idl: &mut Idl) -> String {
        format!("map<string, {}>", T::describe(idl))
    }
}
