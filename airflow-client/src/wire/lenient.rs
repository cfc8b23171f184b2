//! Numbers and lists as they come: integers written as `2.0`, lists that are `null`, numbers below zero where none belong.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

/// An integer, also from a number with a point; what does not fit becomes the nearest that does. `null` is the default.
pub(super) fn number<'de, D: Deserializer<'de>, T: FromNumber + Default>(from: D) -> Result<T, D::Error> {
    Ok(maybe_number(from)?.unwrap_or_default())
}

/// The same, where `null` means that there is none.
pub(super) fn maybe_number<'de, D: Deserializer<'de>, T: FromNumber>(from: D) -> Result<Option<T>, D::Error> {
    Ok(from.deserialize_any(Number)?.map(T::from_whole))
}

/// Read as it comes: to try one type after the other would keep a copy of each number.
struct Number;

impl Visitor<'_> for Number {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or null")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // A cast from a float keeps within the bounds, and makes 0 of what is no number.
        Ok(Some(number as i64))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// `null` is the default.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

pub(super) trait FromNumber {
    fn from_whole(number: i64) -> Self;
}

impl FromNumber for i64 {
    fn from_whole(number: i64) -> Self {
        number
    }
}

impl FromNumber for u32 {
    fn from_whole(number: i64) -> Self {
        Self::try_from(number.max(0)).unwrap_or(Self::MAX)
    }
}

impl FromNumber for usize {
    fn from_whole(number: i64) -> Self {
        Self::try_from(number.max(0)).unwrap_or(Self::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Deserialize)]
    struct Shape {
        #[serde(default, deserialize_with = "number")]
        count: u32,
        #[serde(default, deserialize_with = "maybe_number")]
        pid: Option<u32>,
    }

    fn count(json: &str) -> u32 {
        serde_json::from_str::<Shape>(&format!("{{\"count\": {json}}}")).unwrap().count
    }

    #[test]
    fn numbers_as_they_come() {
        for (json, number) in [("2", 2), ("2.0", 2), ("-1", 0), ("null", 0), ("1e300", u32::MAX), ("-0.5", 0)] {
            assert_eq!(count(json), number, "{json}");
        }
        let shape: Shape = serde_json::from_str("{\"pid\": 17.0}").unwrap();
        assert_eq!((shape.count, shape.pid), (0, Some(17)));
        assert_eq!(serde_json::from_str::<Shape>("{\"pid\": null}").unwrap().pid, None);
        assert!(serde_json::from_str::<Shape>("{\"count\": \"two\"}").is_err());
    }

    proptest! {
        #[test]
        fn whole_and_pointed_say_the_same(number in 0_u32..1 << 31) {
            prop_assert_eq!(count(&number.to_string()), number);
            prop_assert_eq!(count(&format!("{number}.0")), number);
        }

        #[test]
        fn no_number_is_too_wild(number in any::<f64>().prop_filter("JSON has no others", |n| n.is_finite())) {
            let expected = if number <= 0.0 { 0 } else if number >= f64::from(u32::MAX) { u32::MAX } else { number as u32 };
            prop_assert_eq!(count(&format!("{number:e}")), expected);
        }
    }
}
