//! The names that people see. Metabase makes them of those that the database knows.

/// Words that are written in capitals.
const CAPITALS: [&str; 6] = ["id", "url", "ip", "uid", "uuid", "guid"];

/// `metapod_transaction_id` is shown as `Metapod Transaction ID`.
pub(super) fn shown(name: &str) -> String {
    let words = name.split(['_', '-', ' ']).filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        match letters.next() {
            _ if CAPITALS.contains(&word.to_lowercase().as_str()) => word.to_uppercase(),
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => String::new(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_people() {
        for (name, wanted) in [("loads", "Loads"), ("table_name", "Table Name"), ("id", "ID"), ("_a__url", "A URL")] {
            assert_eq!(shown(name), wanted);
        }
    }
}
