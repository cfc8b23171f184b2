//! Numbers as people read them.

use std::time::Duration;

/// The middle of some measurements.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// In seconds.
pub fn seconds(values: &[Duration]) -> Vec<f64> {
    values.iter().map(Duration::as_secs_f64).collect()
}

/// `12,345`.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A bound on a ratio.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Wanted {
    fn word(self, value: f64) -> &'static str {
        let ok = match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        };
        if ok { "yes" } else { "**no**" }
    }
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// How often a second; empty where that says nothing.
    pub per_second: String,
    /// As it is shown, and as it is compared.
    pub ratio: Option<(String, f64)>,
    /// What the ratio should be, as it is shown and as it is compared.
    pub wanted: Option<(&'static str, Wanted)>,
}

/// The table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| what | per second | ratio | wanted | ok? |\n|---|---:|---:|---:|---|\n");
    for row in rows {
        let ratio = row.ratio.as_ref().map_or("", |(shown, _)| shown);
        let (wanted, ok) = match (&row.ratio, row.wanted) {
            (Some((_, value)), Some((shown, wanted))) => (shown, wanted.word(*value)),
            _ => ("", ""),
        };
        text.push_str(&format!("| {} | {} | {ratio} | {wanted} | {ok} |\n", row.what, row.per_second));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_thousands() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0]) - 2.5).abs() < 1e-9);
        assert_eq!([thousands(999.4), thousands(1000.0), thousands(1_234_567.0)], ["999", "1,000", "1,234,567"]);
    }
}
