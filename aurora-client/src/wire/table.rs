//! The words in which the tables are written: `record!`, `union!` and `numbers!`.

/// A struct: each field with its number. Every field may be missing; unknown ones are passed over.
macro_rules! record {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $id:literal $field:ident $wire:literal : $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[allow(missing_docs, reason = "the interface names its fields; what they mean is told by the client's own model")]
        pub struct $name { $($(#[$field_doc])* pub $field: Option<$type>,)* }

        impl $crate::wire::value::Value for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::Struct;

            fn read<R: $crate::wire::value::Read>(from: &mut R) -> Result<Self, $crate::wire::DecodeError> {
                #[allow(unused_mut, reason = "a struct may have no field")]
                let mut value = Self::default();
                from.open_struct()?;
                while let Some((id, kind)) = from.open_field()? {
                    match (id, kind) {
                        $(($id, <$type as $crate::wire::value::Value>::KIND) => {
                            value.$field = Some(<$type as $crate::wire::value::Value>::read(from)?);
                        })*
                        _ => from.skip(kind)?,
                    }
                    from.close_field()?;
                }
                Ok(value)
            }

            fn write<W: $crate::wire::value::Write>(&self, to: &mut W) {
                to.open_struct();
                $(if let Some(value) = &self.$field {
                    to.open_field($id, <$type as $crate::wire::value::Value>::KIND);
                    $crate::wire::value::Value::write(value, to);
                    to.close_field();
                })*
                to.close_struct();
            }

            fn describe(idl: &mut $crate::wire::idl::Idl) -> String {
                idl.define("struct", stringify!($name), |_idl| {
                    vec![$(format!(
                        "{}: optional {} {}",
                        $id,
                        <$type as $crate::wire::value::Value>::describe(_idl),
                        $wire
                    )),*]
                })
            }
        }
    )+};
}

/// A union: exactly one member. One that is not known is kept by its number.
macro_rules! union {
    ($($(#[$doc:meta])* $name:ident { $($id:literal $member:ident $wire:literal : $type:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the interface names its members")]
        #[allow(clippy::large_enum_variant, reason = "one is read and taken apart at once")]
        pub enum $name {
            $($member($type),)+
            /// A member that this version does not know, by its number; 0 where there is none at all.
            Unknown(i16),
        }

        impl $crate::wire::value::Value for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::Struct;

            fn read<R: $crate::wire::value::Read>(from: &mut R) -> Result<Self, $crate::wire::DecodeError> {
                let mut value = Self::Unknown(0);
                from.open_struct()?;
                while let Some((id, kind)) = from.open_field()? {
                    match (id, kind) {
                        $(($id, <$type as $crate::wire::value::Value>::KIND) => {
                            value = Self::$member(<$type as $crate::wire::value::Value>::read(from)?);
                        })+
                        _ => {
                            from.skip(kind)?;
                            if value == Self::Unknown(0) {
                                value = Self::Unknown(id);
                            }
                        }
                    }
                    from.close_field()?;
                }
                Ok(value)
            }

            fn write<W: $crate::wire::value::Write>(&self, to: &mut W) {
                to.open_struct();
                match self {
                    $(Self::$member(value) => {
                        to.open_field($id, <$type as $crate::wire::value::Value>::KIND);
                        $crate::wire::value::Value::write(value, to);
                        to.close_field();
                    })+
                    Self::Unknown(_) => {}
                }
                to.close_struct();
            }

            fn describe(idl: &mut $crate::wire::idl::Idl) -> String {
                idl.define("union", stringify!($name), |_idl| {
                    vec![$(format!(
                        "{}: {} {}",
                        $id,
                        <$type as $crate::wire::value::Value>::describe(_idl),
                        $wire
                    )),+]
                })
            }
        }
    )+};
}

/// Names for numbers. One that is not known is kept.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident { $($number:literal $variant:ident $wire:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the interface names them")]
        pub enum $name {
            $($variant,)+
            /// A number that this version does not know.
            Unknown(i32),
        }

        impl $name {
            /// The number.
            pub fn number(self) -> i32 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Unknown(number) => number,
                }
            }

            /// What the interface calls it.
            pub fn word(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($wire),)+
                    Self::Unknown(_) => None,
                }
            }
        }

        impl From<i32> for $name {
            fn from(number: i32) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    other => Self::Unknown(other),
                }
            }
        }

        impl $crate::wire::value::Value for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::I32;

            fn read<R: $crate::wire::value::Read>(from: &mut R) -> Result<Self, $crate::wire::DecodeError> {
                from.i32().map(Self::from)
            }

            fn write<W: $crate::wire::value::Write>(&self, to: &mut W) {
                to.i32(self.number());
            }

            fn describe(idl: &mut $crate::wire::idl::Idl) -> String {
                idl.define("enum", stringify!($name), |_| vec![$(format!("{} = {},", $wire, $number)),+])
            }
        }
    )+};
}

pub(super) use {numbers, record, union};
