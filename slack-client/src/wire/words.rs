//! All texts that lie in a JSON value, whatever its shape: the blocks of a message are nested as its author pleased.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How much of the texts is kept, in bytes: what follows is not searched.
pub(super) const MAX: usize = 64 << 10;
/// What is no word of a message: it would only stand between those that are.
const NO_WORDS: [&str; 6] = ["type", "block_id", "action_id", "image_url", "thumb_url", "ts"];

/// The texts, a line each. It has no `Debug`, and is dropped as soon as it was searched.
#[derive(Default)]
pub(super) struct Words(String);

impl Words {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut words = String::new();
        Gather(&mut words).deserialize(deserializer)?;
        Ok(Self(words))
    }
}

struct Gather<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Gather<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Gather<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("words")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        let room = MAX.saturating_sub(self.0.len() + 1);
        if room > 0 {
            self.0.push_str(&text[..text.floor_char_boundary(room)]);
            self.0.push('\n');
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Gather(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if NO_WORDS.contains(&name.as_str()) {
                fields.next_value::<IgnoredAny>()?;
            } else {
                fields.next_value_seed(Gather(&mut *self.0))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> String {
        serde_json::from_str::<Words>(json).unwrap().0
    }

    #[test]
    fn all_texts_are_gathered_and_nothing_else() {
        let blocks = r#"[{"type": "section", "block_id": "b1", "fields": [{"type": "mrkdwn", "text": "*Transaction*"},
            {"type": "mrkdwn", "text": "x"}], "n": [1, -1, 1.5, true, null]}]"#;
        assert_eq!(words(blocks), "*Transaction*\nx\n");
        assert_eq!((words("null"), words("\"a\"")), (String::new(), "a\n".to_owned()));
    }

    #[test]
    fn no_more_is_kept_than_is_searched() {
        let long = serde_json::to_string(&["é".repeat(MAX), "more".to_owned()]).unwrap();
        assert!(words(&long).len() <= MAX);
        // One that is nested without end is refused, not followed.
        assert!(serde_json::from_str::<Words>(&"[".repeat(100_000)).is_err());
    }
}
