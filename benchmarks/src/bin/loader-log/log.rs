//! The log that is read: loads one after the other, and the last of them hangs. The same bytes every time.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::Result;

/// A load has so many tables.
const TABLES: u64 = 24;
/// So many lines of other things stand between two reports, which are 30 s apart.
const LINES: u64 = 40;
/// The transaction of the load that hangs.
pub(crate) const HUNG: &str = "00000000-60a1-5743-ad2e-da82d4798170";

/// What was made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    /// How many bytes.
    pub(crate) bytes: u64,
    /// How many lines.
    pub(crate) lines: u64,
    /// How many lines of those that matter.
    pub(crate) marked: u64,
}

/// Writes loads until the log is about so long, and then one that hangs.
pub(crate) fn write(file: &Path, bytes: u64) -> Result<Made> {
    let mut log = Log {
        out: BufWriter::with_capacity(1 << 20, File::create(file)?),
        made: Made::default(),
        now: "2018-01-18T00:00:00Z".parse()?,
        chance: 0x9e37_79b9_7f4a_7c15,
        text: String::new(),
    };
    while log.made.bytes < bytes {
        let transaction = format!("{:08x}-60a1-5743-ad2e-da82d4798170", log.below(u64::from(u32::MAX)) + 1);
        log.load(&transaction)?;
        for statement in [
            "ALTER SCHEMA temporary_fact RENAME TO fact",
            "ALTER SCHEMA temporary_dimension RENAME TO dimension",
            "COMMIT",
        ] {
            log.statement(statement)?;
        }
    }
    log.load(HUNG)?;
    for _ in 0..3 {
        log.progress(HUNG, TABLES)?;
    }
    log.out.flush()?;
    Ok(log.made)
}

struct Log {
    out: BufWriter<File>,
    made: Made,
    now: Timestamp,
    chance: u64,
    text: String,
}

impl Log {
    /// Numbers that look like chance, and are the same every time.
    fn below(&mut self, end: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % end
    }

    /// All tables of a load, and the drops that begin the swap.
    fn load(&mut self, transaction: &str) -> Result<()> {
        for schema in ["temporary_fact", "temporary_dimension"] {
            self.statement(&format!("CREATE SCHEMA {schema}"))?;
        }
        for table in 0..TABLES {
            self.statement(&format!(
                "COPY temporary_fact.table_{table} FROM 's3://bucket.example.com/{transaction}/table_{table}/manifest' \
                 CREDENTIALS 'aws_iam_role=arn:aws:iam::123456789012:role/loader' FORMAT AS AVRO 'auto' MAXERROR 0"
            ))?;
            for _ in 0..1 + self.below(4) {
                for _ in 0..LINES {
                    self.other(transaction, table)?;
                }
                self.progress(transaction, table)?;
            }
        }
        self.progress(transaction, TABLES)?;
        for _ in 0..1 + self.below(3) {
            let pid = 10_000 + self.below(20_000);
            self.line("main", "capivara.components.redshift", |text| {
                write!(
                    text,
                    r#"{{:line 124, :cid "DEFAULT", :log :killing-schema-query, :pid {pid}, :username "ada"}}"#
                )
            })?;
            self.made.marked += 1;
        }
        self.statement("DROP SCHEMA IF EXISTS fact CASCADE")?;
        self.statement("DROP SCHEMA IF EXISTS dimension CASCADE")
    }

    fn statement(&mut self, statement: &str) -> Result<()> {
        self.made.marked += 1;
        self.line("main", "capivara.components.redshift", |text| {
            write!(text, r#"{{:line 91, :cid "DEFAULT", :log :execute-statement, :statement ["{statement}"]}}"#)
        })
    }

    fn progress(&mut self, transaction: &str, done: u64) -> Result<()> {
        self.made.marked += 1;
        self.now = self.now.checked_add(SignedDuration::from_secs(30))?;
        let wip = (TABLES - done).min(4);
        self.line("async-dispatch-8", "capivara.components.progress", |text| {
            text.push_str(r#"{:line 20, :cid "DEFAULT", :log :progress-reporter, :wip {"#);
            for number in 0..wip {
                let comma = if number == 0 { "" } else { ", " };
                let table = done + number;
                write!(text, r#"{comma}"dataset/table-{table}" {{:state :copying, :files {table}, :attempt 1}}"#)?;
            }
            write!(
                text,
                r#"}}, :done-count {done}, :wip-count {wip}, :transaction-info {{:total-count {TABLES}, :transaction-id "{transaction}", :target-date "2018-01-18"}}}}"#
            )
        })
    }

    /// What else a loader says: nearly every line has a `:log`, and few matter.
    fn other(&mut self, transaction: &str, table: u64) -> Result<()> {
        let (what, number) = (self.below(100), self.below(1_000_000));
        match what {
            0..40 => self.line("async-dispatch-3", "capivara.components.copy", |text| {
                write!(
                    text,
                    r#"{{:line 77, :cid "DEFAULT", :log :copy-progress, :table "temporary_fact.table_{table}", :slice {}, :rows {number}, :bytes {}}}"#,
                    number % 32,
                    number * 311
                )
            }),
            40..75 => self.line("async-dispatch-5", "common-s3.components.s3-client", |text| {
                write!(
                    text,
                    r#"{{:line 58, :cid "DEFAULT.{number:06X}", :log :list-objects, :bucket "bucket.example.com", :prefix "{transaction}/table_{table}/", :marker "part-{number:05}-{transaction}.avro", :count 1000, :truncated true}}"#
                )
            }),
            75..90 => self.line("sqs-consumer-2", "common-sqs.consumer", |text| {
                write!(
                    text,
                    r#"{{:line 33, :cid "SQS.{number:06X}", :log :in-message, :queue :committed-dataset, :payload {{:dataset-name "dataset/table-{table}", :transaction-id #uuid "{transaction}", :format :avro}}}}"#
                )
            }),
            90..96 => self.line("main", "capivara.components.progress", |text| {
                write!(text, r#"{{:line 14, :cid "DEFAULT", :log :progress-reporter-tick, :number {number}}}"#)
            }),
            96..99 => self.line("qtp-12", "common-http.server", |text| {
                write!(text, "GET /api/version 200 in {} ms, de São Paulo", number % 900)
            }),
            _ => self.trace(number),
        }
    }

    /// A stack trace: its lines say no time, and no map.
    fn trace(&mut self, number: u64) -> Result<()> {
        self.line("async-dispatch-5", "common-s3.components.s3-client", |text| {
            write!(
                text,
                "java.net.SocketTimeoutException: Read timed out\n\
                 \tat java.net.SocketInputStream.socketRead0(Native Method)"
            )?;
            for frame in 0..20 + number % 20 {
                write!(text, "\n\tat clojure.core.async.impl.ioc_macros$run_state_machine_{frame}.invoke(ioc_macros.clj:{number})")?;
            }
            Ok(())
        })
    }

    fn line(&mut self, thread: &str, namespace: &str, say: impl FnOnce(&mut String) -> std::fmt::Result) -> Result<()> {
        let milliseconds = i64::try_from(self.below(700))?;
        self.now = self.now.checked_add(SignedDuration::from_millis(milliseconds))?;
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        write!(text, "{:.3} [CAPIVARA:{thread}] INFO {namespace} - ", self.now)?;
        say(&mut text)?;
        text.push('\n');
        self.out.write_all(text.as_bytes())?;
        self.made.bytes += text.len() as u64;
        self.made.lines += text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        self.text = text;
        Ok(())
    }
}
