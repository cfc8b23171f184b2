//! The log: load after load, and the last one hangs. It is the same every time.

use std::io::{Result, Write};

use jiff::{SignedDuration, Timestamp};

/// So many tables has a load.
const TABLES: u64 = 24;
/// So long does the loader take for a table, in reports.
const REPORTS: u64 = 4;
/// So many lines stand between two reports, which are 30 s apart.
const LINES: u32 = 200;
/// The last load, which hangs, begins so long before the end.
const LAST: u64 = 2 << 20;

/// Writes a log of about this size, in bytes; how many of its lines matter.
pub(crate) fn write(to: impl Write, size: u64) -> Result<u64> {
    // 2018-01-18T00:00:00Z.
    let now = Timestamp::from_second(1_516_233_600).unwrap_or_default();
    let mut log = Log { to, now, chance: 0x9e37_79b9_7f4a_7c15, bytes: 0, marks: 0, load: 0 };
    while log.bytes + LAST < size {
        log.load(size - LAST)?;
        log.swap()?;
    }
    log.load(size)?;
    log.drops()?;
    while log.bytes < size {
        log.work(LINES)?;
        log.report(0, TABLES)?;
    }
    // Whatever the size: it is to be seen that it hangs.
    for _ in 0..3 {
        log.report(0, TABLES)?;
    }
    log.to.flush()?;
    Ok(log.marks)
}

struct Log<W> {
    to: W,
    now: Timestamp,
    chance: u64,
    bytes: u64,
    marks: u64,
    load: u64,
}

impl<W: Write> Log<W> {
    /// All tables of a transaction, or as many as there is room for.
    fn load(&mut self, size: u64) -> Result<()> {
        self.load += 1;
        for table in 0..TABLES {
            self.statement(&format!("CREATE TABLE temporary_fact.table_{table} (LIKE fact.table_{table})"))?;
            self.statement(&format!(
                "COPY temporary_fact.table_{table} FROM 's3://warehouse-example/load-{:06}/table_{table}/manifest' \
                 CREDENTIALS 'aws_iam_role=arn:aws:iam::000000000000:role/loader' MANIFEST FORMAT AVRO 'auto'",
                self.load
            ))?;
            for _ in 0..REPORTS {
                if self.bytes < size {
                    self.work(LINES)?;
                    self.report(1, table)?;
                }
            }
            self.statement(&format!("ANALYZE temporary_fact.table_{table}"))?;
        }
        self.report(0, TABLES)
    }

    fn swap(&mut self) -> Result<()> {
        self.drops()?;
        self.statement("ALTER SCHEMA temporary_fact RENAME TO fact")?;
        self.statement("ALTER SCHEMA temporary_dimension RENAME TO dimension")?;
        self.statement("COMMIT")
    }

    fn drops(&mut self) -> Result<()> {
        for name in ["ada", "grace", "joão"] {
            let pid = 1_000 + self.below(30_000);
            self.mark("main", "redshift", 124, &format!(":killing-schema-query, :pid {pid}, :username \"{name}\""))?;
        }
        self.statement("DROP SCHEMA IF EXISTS fact CASCADE")?;
        self.statement("DROP SCHEMA IF EXISTS dimension CASCADE")
    }

    fn statement(&mut self, text: &str) -> Result<()> {
        self.mark("main", "redshift", 91, &format!(":execute-statement, :statement [\"{text}\"]"))
    }

    fn report(&mut self, wip: u64, done: u64) -> Result<()> {
        let thread = format!("async-dispatch-{}", self.below(8));
        let map = if wip == 0 { String::new() } else { format!("\"fact/table_{done}\" :loading") };
        let text = format!(
            ":progress-reporter, :wip {{{map}}}, :done-count {done}, :wip-count {wip}, :transaction-info {{:total-count \
             {TABLES}, :transaction-id \"{:08x}-60a1-5743-ad2e-da82d4798170\", :target-date \"2018-01-18\"}}",
            self.load
        );
        self.mark(&thread, "progress", 20, &text)
    }

    /// A line that matters.
    fn mark(&mut self, thread: &str, component: &str, number: u32, text: &str) -> Result<()> {
        self.marks += 1;
        self.line("INFO", thread, component, number, text)
    }

    /// What a loader tells else, for half a minute.
    fn work(&mut self, lines: u32) -> Result<()> {
        for _ in 0..lines {
            let (kind, number, table) = (self.below(1000), self.below(1 << 40), self.below(TABLES));
            let thread = format!("async-dispatch-{}", number % 32);
            match kind {
                0 => self.failure(&thread, number)?,
                1..400 => {
                    let (rows, file) = (number % 90_000_000, number % 512);
                    let text = format!(
                        ":copy-progress, :table \"temporary_fact.table_{table}\", :file \"s3://warehouse-example/load-{:06}/\
                         table_{table}/part-{file:05}-{number:010x}.avro\", :rows-loaded {rows}, :bytes-loaded {number}, \
                         :percent {}, :slice {}",
                        self.load,
                        number % 101,
                        file % 16
                    );
                    self.line("INFO", &thread, "copy", 58, &text)?;
                }
                400..700 => {
                    let text = format!(
                        ":list-objects, :bucket \"warehouse-example\", :prefix \"load-{:06}/table_{table}/\", :keys {}, \
                         :truncated? {}, :marker \"{number:032x}\", :took-ms {}",
                        self.load,
                        number % 1000,
                        number % 3 == 0,
                        number % 700
                    );
                    self.line("DEBUG", &thread, "s3", 112, &text)?;
                }
                700..900 => {
                    let text = format!(
                        ":message-received, :queue \"https://sqs.example.com/000000000000/dataset-committed\", :message-id \
                         \"{number:08x}-{:04x}-4000-8000-{number:012x}\", :body {{:dataset-name \"dataset/table-{table}\", \
                         :path \"s3://warehouse-example/{number:x}\", :format :avro}}, :receive-count {}",
                        number % 65_536,
                        1 + number % 3
                    );
                    self.line("INFO", &thread, "consumer", 77, &text)?;
                }
                _ => {
                    let text = format!(
                        ":http-out, :method :get, :url \"https://metapod.example.com/api/migrations/{number:x}\", :status 200, \
                         :headers {{\"content-type\" \"application/transit+json\", \"x-region\" \"São Paulo {}\"}}, :took-ms {}",
                        number % 4,
                        number % 900
                    );
                    self.line("INFO", &thread, "http", 45, &text)?;
                }
            }
        }
        Ok(())
    }

    /// A failure, and where it came from.
    fn failure(&mut self, thread: &str, number: u64) -> Result<()> {
        let text =
            format!(":request-failed, :exception \"java.net.SocketTimeoutException: Read timed out {number:x}\"");
        self.line("ERROR", thread, "http", 61, &text)?;
        let mut trace = String::from("java.net.SocketTimeoutException: Read timed out\n");
        for depth in 0..5 + number % 30 {
            trace.push_str(&format!("\tat clojure.lang.AFn.run(AFn.java:{})\n", 10 + depth * 7));
        }
        self.put(trace.as_bytes())
    }

    /// The lines share the half minute.
    fn line(&mut self, level: &str, thread: &str, component: &str, number: u32, text: &str) -> Result<()> {
        self.now += SignedDuration::from_millis(30_000 / i64::from(LINES));
        let line = format!(
            "{:.3} [CAPIVARA:{thread}] {level} capivara.components.{component} - {{:line {number}, :cid \"DEFAULT\", :log {text}}}\n",
            self.now
        );
        self.put(line.as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        self.to.write_all(bytes)
    }

    /// A number that looks like chance.
    fn below(&mut self, end: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % end
    }
}
