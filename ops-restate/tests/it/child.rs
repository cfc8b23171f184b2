//! The handlers in a process of their own: this test program again, which can be killed.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ops_sandbox::Server;
use serde::{Deserialize, Serialize};

use crate::stage::{handlers_at, over_sockets};

const ERRAND: &str = "HANDLER_ERRAND";
const MARK: &str = "handlers: ";

#[derive(Debug, Serialize, Deserialize)]
struct Errand {
    metapod: String,
    sonar: String,
    archive: PathBuf,
    address: String,
}

/// Handlers over the sockets of a sandbox.
pub(crate) struct Handlers {
    errand: Errand,
    child: Child,
}

impl Handlers {
    pub(crate) fn start(sandbox: &Server, archive: &Path) -> Self {
        let (metapod, sonar) = (sandbox.metapod_url(), sandbox.sonar_url());
        let mut errand = Errand { metapod, sonar, archive: archive.to_owned(), address: "127.0.0.1:0".into() };
        let (child, address) = begin(&errand);
        errand.address = address.trim_start_matches("http://").to_owned();
        Self { errand, child }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.errand.address)
    }

    /// SIGKILL, and a new process at the same address.
    pub(crate) fn kill(&mut self) {
        end(&mut self.child);
        self.child = begin(&self.errand).0;
    }
}

impl Drop for Handlers {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn begin(errand: &Errand) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child::serves", "--nocapture"])
        .env(ERRAND, serde_json::to_string(errand).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.filter_map(|line| Some(line.strip_prefix(MARK)?.to_owned())).next();
    (child, address.expect("the handlers ended without a word"))
}

/// Serves, where it is told to. Otherwise this is one of the test program's many tests, and does nothing.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the errand of a child comes by its environment")]
async fn serves() {
    let Ok(errand) = std::env::var(ERRAND) else { return };
    // A child that is forgotten must not stay for ever.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(900));
        std::process::abort();
    });
    let errand: Errand = serde_json::from_str(&errand).unwrap();
    let host = over_sockets(&errand.metapod, &errand.sonar);
    let serving = handlers_at(&errand.archive, host, errand.address.parse().unwrap()).await;
    let mut out = std::io::stdout();
    writeln!(out, "\n{MARK}{}", serving.address()).unwrap();
    out.flush().unwrap();
    serving.forever().await;
}
