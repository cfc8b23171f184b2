//! Which path a text reads that is not there: a program that reads nothing fails, as Spark's does.

use databricks_client::WorkspacePath;

use super::state::Databricks;

impl Databricks {
    /// The first path that is read by this code (`spark.read.…("PATH")`, `…FROM parquet.` and the path in back quotes) and at
    /// which nothing lies. What is in a bucket is not known here.
    pub(super) fn missing(&self, code: &str) -> Option<WorkspacePath> {
        let after = |mark: &'static str| code.split(mark).skip(1);
        let quoted = after("spark.read").filter_map(|rest| {
            let line = rest.lines().next().unwrap_or_default();
            line.match_indices('"').find_map(|(at, _)| path(&literal(&line[at + 1..], '"')))
        });
        let named = ["parquet.`", "avro.`"].into_iter().flat_map(after).filter_map(|rest| path(&literal(rest, '`')));
        quoted.chain(named).find(|path| self.status(path).is_none())
    }
}

fn path(text: &str) -> Option<WorkspacePath> {
    if text.starts_with("dbfs:/") || text.starts_with("/Volumes/") { text.parse().ok() } else { None }
}

/// Up to the quote that closes it; in double quotes a backslash takes away what the next sign means.
fn literal(text: &str, quote: char) -> String {
    let (mut out, mut signs) = (String::new(), text.chars().peekable());
    while let Some(sign) = signs.next() {
        match sign {
            '\\' if quote == '"' => out.extend(signs.next()),
            '`' if quote == '`' && signs.peek() == Some(&'`') => out.extend(signs.next()),
            sign if sign == quote => break,
            sign => out.push(sign),
        }
    }
    out
}

/// Spark's words for it.
pub(super) fn no_such_path(path: &WorkspacePath) -> String {
    format!("AnalysisException: [PATH_NOT_FOUND] Path does not exist: {path}")
}

#[cfg(test)]
mod tests {
    use databricks_client::{Format, Mapping, PathStatus};

    use super::*;

    #[test]
    fn what_a_reader_reads_is_found() {
        let mut held = Databricks::default();
        let key = "a\"b\\c`d/part-0";
        let read = Mapping::mounts().map(&format!("s3://b/{key}").parse().unwrap()).unwrap().unwrap();
        let file: WorkspacePath = read.as_str().parse().unwrap();
        for format in [Format::Parquet, Format::Avro] {
            let reader = read.reader(format);
            for code in [format!("val x = 1\n{}.count()", reader.scala()), reader.python(), reader.sql()] {
                assert_eq!(held.missing(&code).as_ref(), Some(&file), "{code}");
            }
        }
        held.put(PathStatus::file(file, 7));
        assert_eq!(held.missing(&read.reader(Format::Avro).scala()), None);
        for other in
            ["", "spark.read", "spark.read.parquet(\"s3://b/k\")", "spark.read\n.x(\"dbfs:/mnt/none\")", "é`\""]
        {
            assert_eq!(held.missing(other), None, "{other}");
        }
    }
}
