//! What a statement answers: text in rows.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::{Effect, Error, ErrorKind, Result};

/// The rows of an answer, with their columns' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// Rows of these columns. A row of another length is made to fit: what is missing is null.
    pub fn new(columns: Vec<String>, mut rows: Vec<Vec<Option<String>>>) -> Self {
        for row in &mut rows {
            row.resize(columns.len(), None);
        }
        Self { columns, rows }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Each of them, read for the operation that asked.
    pub fn each<'a>(&'a self, op: &'static str) -> impl Iterator<Item = Row<'a>> + 'a {
        self.rows.iter().map(move |values| Row { op, columns: &self.columns, values })
    }

    /// The only one.
    ///
    /// # Errors
    /// `Decode` where there is none.
    pub fn first<'a>(&'a self, op: &'static str) -> Result<Row<'a>> {
        self.each(op).next().ok_or_else(|| unreadable(op, "the answer has no row".to_owned()))
    }
}

/// A row, whose values are read by their columns' names. `char` columns come padded with blanks: they are cut off.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    op: &'static str,
    columns: &'a [String],
    values: &'a [Option<String>],
}

impl<'a> Row<'a> {
    /// A text; `None` where it is null.
    ///
    /// # Errors
    /// `Decode` where there is no such column.
    pub fn text(&self, column: &str) -> Result<Option<&'a str>> {
        let at = self.columns.iter().position(|name| name.eq_ignore_ascii_case(column));
        let at = at.ok_or_else(|| unreadable(self.op, format!("the answer has no column {column}")))?;
        Ok(self.values.get(at).and_then(Option::as_deref).map(|text| text.trim_end_matches(' ')))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `Decode` where it is not.
    pub fn some(&self, column: &str) -> Result<&'a str> {
        self.text(column)?.ok_or_else(|| unreadable(self.op, format!("{column} is null")))
    }

    /// A number.
    ///
    /// # Errors
    /// `Decode` where it is none.
    pub fn number<T: std::str::FromStr>(&self, column: &str) -> Result<T> {
        let text = self.some(column)?;
        text.trim().parse().map_err(|_| unreadable(self.op, format!("{column} is no number: {text:?}")))
    }

    /// Yes or no.
    ///
    /// # Errors
    /// `Decode` where it is neither.
    pub fn flag(&self, column: &str) -> Result<bool> {
        match self.some(column)? {
            "t" | "true" | "True" | "1" => Ok(true),
            "f" | "false" | "False" | "0" => Ok(false),
            other => Err(unreadable(self.op, format!("{column} is neither true nor false: {other:?}"))),
        }
    }

    /// A time without a zone: Redshift's are in UTC.
    ///
    /// # Errors
    /// `Decode` where it is none.
    pub fn time(&self, column: &str) -> Result<Option<Timestamp>> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        let time = time(text).ok_or_else(|| unreadable(self.op, format!("{column} is no time: {text:?}")))?;
        Ok(Some(time))
    }

    /// A time that must be there.
    ///
    /// # Errors
    /// As [`Row::time`].
    pub fn some_time(&self, column: &str) -> Result<Timestamp> {
        self.time(column)?.ok_or_else(|| unreadable(self.op, format!("{column} is null")))
    }
}

/// `2018-01-18 09:02:49.654123`, with or without a fraction or an offset.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // PostgreSQL leaves out the minutes of an offset.
    if let Some((head, "00")) = text.rsplit_once('+') {
        return time(head);
    }
    let civil: DateTime = text.parse().ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

pub(super) fn unreadable(op: &'static str, message: String) -> Error {
    Error::new(op, ErrorKind::Decode, Effect::None).with_message(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        let wanted: Timestamp = "2018-01-18T09:02:49.654123Z".parse().unwrap();
        for text in ["2018-01-18 09:02:49.654123", "2018-01-18 09:02:49.654123+00", "2018-01-18T09:02:49.654123Z"] {
            assert_eq!(time(text), Some(wanted), "{text}");
        }
        assert!(time("2018-01-18 09:02:49").is_some());
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn padding_is_cut_off_and_what_is_missing_is_told() {
        let rows = Rows::new(vec!["user_name".into(), "pid".into()], vec![vec![Some("sandrews   ".into())]]);
        let row = rows.first("x.y").unwrap();
        assert_eq!(row.some("USER_NAME").unwrap(), "sandrews");
        assert_eq!(row.some("pid").unwrap_err().kind(), ErrorKind::Decode);
        assert!(row.text("nothing").unwrap_err().to_string().contains("no column nothing"));
    }
}
