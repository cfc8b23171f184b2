//! The answer as a person reads it.

use std::fmt::{self, Write};

use dataset_files::{Preview, Value};

use super::{Found, Loadable, Seen};
use crate::words::{count, fit, names, when};

/// The widest table of rows.
const WIDTH: usize = 100;
/// The widest cell.
const CELL: usize = 28;

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} · {}\nin {}", self.environment, self.dataset, self.transaction)?;
        if let Some(found) = &self.loadable {
            loadable(f, self, found)?;
        }
        for doubt in &self.doubts {
            writeln!(f, "! {doubt}")?;
        }
        if let Some(preview) = self.loadable.as_ref().and_then(|found| found.preview.as_ref()) {
            rows(f, preview)?;
        }
        Ok(())
    }
}

fn loadable(f: &mut fmt::Formatter<'_>, all: &Found, found: &Loadable) -> fmt::Result {
    if let Some(at) = found.committed_at {
        writeln!(f, "committed {}, {}", when(at, all.at), found.format)?;
    }
    writeln!(f, "\nS3 path\n  {}\n  {}", found.s3, Sign(&found.in_bucket))?;
    if let Some(spark) = &found.spark {
        writeln!(f, "Databricks path\n  {spark}\n  {}", Sign(&found.in_workspace))?;
    }
    writeln!(f, "\nScala\n  val x = {}\nPython\n  x = {}", found.scala, found.python)
}

struct Sign<'a>(&'a Seen);

impl fmt::Display for Sign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Seen::Missing => f.write_str("x nothing is there"),
            Seen::Unknown(why) => write!(f, "? nobody looked: {why}"),
            Seen::There { files, more, bytes } => {
                f.write_str("+ there")?;
                if let Some(files) = files {
                    write!(f, ", {}{}", if *more { "more than " } else { "" }, count(*files, "file"))?;
                }
                bytes.map_or(Ok(()), |bytes| write!(f, ", {}", size(bytes)))
            }
        }
    }
}

/// `512 B`, `3.4 MB`.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1_000.0 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1_000.0;
    }
    format!("{value:.1} TB")
}

fn rows(f: &mut fmt::Formatter<'_>, preview: &Preview) -> fmt::Result {
    let more = if preview.more { "the first " } else { "all " };
    writeln!(f, "\n{more}{}, {} read of {}", count(preview.rows.len(), "row"), size(preview.bytes_read), preview.path)?;
    let cell = |row: &[Value], i: usize| {
        row.get(i).map_or_else(String::new, |value| {
            let text: String = value.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            fit(&text, CELL)
        })
    };
    let mut widths: Vec<usize> = Vec::new();
    let mut width = 0;
    for (i, column) in preview.columns.iter().enumerate() {
        let cells = preview.rows.iter().map(|row| cell(row, i).chars().count());
        let own = cells.chain([column.name.chars().count().min(CELL)]).max().unwrap_or_default();
        width += own + 2;
        if width > WIDTH && i > 0 {
            break;
        }
        widths.push(own);
    }
    line(f, &widths, preview.columns.iter().map(|column| fit(&column.name, CELL)))?;
    for row in &preview.rows {
        line(f, &widths, (0..widths.len()).map(|i| cell(row, i)))?;
    }
    let beyond = preview.columns.get(widths.len()..).unwrap_or_default();
    if !beyond.is_empty() {
        let beyond_names = names(beyond.iter().map(|column| &column.name));
        writeln!(f, "and {}: {beyond_names} (--json has all)", count(beyond.len(), "column"))?;
    }
    for left in &preview.left_out {
        writeln!(f, "not shown: {} ({})", left.name, left.why)?;
    }
    Ok(())
}

fn line(f: &mut fmt::Formatter<'_>, widths: &[usize], cells: impl Iterator<Item = String>) -> fmt::Result {
    let mut text = String::from(" ");
    for (width, cell) in widths.iter().zip(cells) {
        write!(text, " {cell:width$} ")?;
    }
    writeln!(f, "{}", text.trim_end())
}
