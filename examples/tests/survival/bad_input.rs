//! Answers that are none, over the wire: each a clear error, and nothing is changed.

use std::sync::Arc;

use async_trait::async_trait;
use metapod_client::{DatasetName, MetapodClient, TransactionId};
use ops_client::http::RetryPolicy;
use ops_client::{Environment, Probe};
use ops_plan::{Error, History, Host, MemoryJournal, Outcome, Plan, Registry};
use ops_recipes::datasets::{IdList, MetapodWrites, RetractDatasets, RetractReads, Selection, read_ids};
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Fault, Operation};
use sonar_client::{Dataset, DatasetDetail, DatasetFilter, SonarClient, SonarRead, Transaction};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::child::in_full;
use crate::engine::{Engine, Went};
use crate::stage::{Stage, approve, staging};

const DATASETS: usize = 12;

/// What a server sends for everything that it is asked.
#[derive(Clone)]
enum Answer {
    /// This body, whole.
    Body(&'static str, String),
    /// A length of two gigabytes, and then as much as is taken.
    Announced,
    /// Two gigabytes, without saying so.
    Unannounced,
}

const TWO_GIGABYTES: usize = 2 << 30;

/// A server that has only one answer. It ends with this value.
struct Broken {
    url: String,
    accepting: JoinHandle<()>,
}

impl Broken {
    async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let accepting = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                // Its error is a client that has heard enough.
                connections.spawn(async move { drop(serve(stream, &answer).await) });
            }
        });
        Self { url, accepting }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(said) = line.strip_prefix("content-length:") {
                length = said.trim().parse().unwrap_or(0);
            }
            if line.is_empty() {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).await?;
        match answer {
            Answer::Body(kind, body) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await?;
                stream.flush().await?;
            }
            Answer::Announced => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2147483648\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                let megabyte = vec![b' '; 1 << 20];
                for _ in 0..TWO_GIGABYTES / megabyte.len() {
                    stream.write_all(&megabyte).await?;
                }
            }
            Answer::Unannounced => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                let mut chunk = format!("{:x}\r\n", 1 << 20).into_bytes();
                chunk.extend(std::iter::repeat_n(b' ', 1 << 20));
                chunk.extend(b"\r\n");
                for _ in 0..TWO_GIGABYTES >> 20 {
                    stream.write_all(&chunk).await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
        }
    }
}

/// Which of Sonar's queries is answered badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Query {
    Transaction,
    Datasets,
    Details,
}

/// Sonar, one of whose queries goes to a server that is broken.
struct Partly {
    good: SonarClient,
    bad: SonarClient,
    query: Query,
}

impl Partly {
    fn for_query(&self, query: Query) -> &SonarClient {
        if query == self.query { &self.bad } else { &self.good }
    }
}

#[async_trait]
impl SonarRead for Partly {
    async fn probe(&self) -> ops_client::Result<Probe> {
        self.good.probe().await
    }

    async fn transaction(&self, id: TransactionId) -> ops_client::Result<Transaction> {
        self.for_query(Query::Transaction).transaction(id).await
    }

    async fn transactions(&self) -> ops_client::Result<Vec<Transaction>> {
        self.good.transactions().await
    }

    async fn datasets(&self, id: TransactionId, filter: &DatasetFilter) -> ops_client::Result<Vec<Dataset>> {
        self.for_query(Query::Datasets).datasets(id, filter).await
    }

    async fn details(&self, id: TransactionId, names: &[DatasetName]) -> ops_client::Result<Vec<DatasetDetail>> {
        self.for_query(Query::Details).details(id, names).await
    }

    async fn committed_count(&self, id: TransactionId) -> ops_client::Result<u64> {
        self.good.committed_count(id).await
    }
}

fn partly(stage: &Stage, query: Query, bad: &str) -> Registry {
    let sonar = |url: &str| {
        let builder = SonarClient::builder(Environment::new("staging"), url).retry(RetryPolicy::none());
        // Enough for all that is right here; the default would let a test read a quarter of a gigabyte.
        builder.build().unwrap().with_max_datasets_body(8 << 20)
    };
    let metapod = MetapodClient::builder(Environment::new("staging"), &stage.url()).build().unwrap();
    let sonar = Partly { good: sonar(&format!("{}/sonar", stage.url())), bad: sonar(bad), query };
    let reads = RetractReads::new(Arc::new(sonar), Arc::new(metapod.clone()));
    Registry::new().with::<RetractDatasets>(reads, MetapodWrites::new(Arc::new(metapod)))
}

/// What the plan, or that there is none, says; and that it cannot be run.
fn refusal(plan: ops_plan::Result<Plan>) -> String {
    match plan {
        Err(error @ Error::Client(_)) => in_full(&error),
        Err(error) => panic!("{error}"),
        Ok(plan) => {
            assert!(plan.is_empty(), "a plan was made of an answer that is none");
            let approval = ops_plan::Approval::new(plan.digest(), "ana", plan.head().made_at);
            let (_, error) = plan.approve(approval).unwrap_err();
            error.to_string()
        }
    }
}

fn assert_nothing_was_asked_for(stage: &Stage) {
    let changes: Vec<_> = stage.world.log().into_iter().filter(|line| line.operation.changes()).collect();
    assert!(changes.is_empty(), "{changes:?}");
    assert_eq!(stage.world.committed(stage.transaction), DATASETS);
}

#[test]
fn while_planning() {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>…</body></html>";
    let json = |text: &str| Answer::Body("application/json", text.to_owned());
    let cases = [
        (Answer::Body("text/html", page.into()), vec!["the answer is an HTML page, \"Sign in\""]),
        (Answer::Body("application/json", page.into()), vec!["the answer is an HTML page, \"Sign in\""]),
        (Answer::Announced, vec!["the answer is larger than the limit of "]),
        (Answer::Unannounced, vec!["the answer is larger than the limit of "]),
        (json("{\"data\":{\"transaction\":{\"id\":\"f78"), vec!["the answer cannot be read at ", "EOF"]),
        (json("{\"data\":{\"transaction\":null}}"), vec!["knows no transaction", "there is no such transaction"]),
        (json("{\"data\":null,\"errors\":[{\"message\":\"resolver blew up\"}]}"), vec!["resolver blew up"]),
        (
            json("{\"data\":{\"transaction\":{\"datasets\":[]}},\"errors\":[{\"message\":\"timed out\"}]}"),
            vec!["timed out"],
        ),
        (json("{}"), vec!["neither data nor errors"]),
        (json(""), vec!["the answer is empty"]),
        (json("[1, 2, 3]"), vec!["the answer cannot be read at "]),
    ];
    for (number, (answer, expected)) in cases.into_iter().enumerate() {
        for query in [Query::Transaction, Query::Datasets, Query::Details] {
            let stage = Stage::of(DATASETS);
            let text = stage.block_on(async {
                let broken = Broken::start(answer.clone()).await;
                let host = partly(&stage, query, &broken.url);
                refusal(host.propose(&stage.question(3), staging()).await)
            });
            assert!(expected.iter().any(|part| text.contains(part)), "case {number}, {query:?}: {text}");
            assert!(text.contains("nothing was changed"), "case {number}, {query:?}: {text}");
            assert!(text.len() < 1500, "case {number}, {query:?}: {text}");
            assert_nothing_was_asked_for(&stage);
        }
    }
}

/// The answers go bad after the plan was approved: what cannot be looked at is not changed.
#[test]
fn while_running() {
    for answer in [Answer::Body("text/html", "<html><title>Sign in</title>".into()), Answer::Announced] {
        let stage = Stage::of(DATASETS);
        let approved = approve(stage.plan(3));
        let report = stage.block_on(async {
            let broken = Broken::start(answer).await;
            let host = partly(&stage, Query::Datasets, &broken.url);
            stage.runner().start(&host, approved).await.unwrap()
        });
        assert_eq!((report.outcome, report.changed, report.left), (Outcome::Stopped, 0, DATASETS), "{}", report.text());
        assert!(report.text().contains("the world cannot be looked at: "), "{}", report.text());
        assert_nothing_was_asked_for(&stage);
        let report = stage.resume(&stage.only_run()).unwrap();
        assert_eq!((report.outcome, report.changed), (Outcome::Done, DATASETS), "{}", report.text());
    }
}

/// A proxy's page in place of Metapod's answer, with a status of 200: not taken for a success, and tried on one dataset only.
#[test]
fn a_page_for_every_change() {
    let stage = Stage::of(DATASETS);
    let plan = stage.plan(3);
    let now = plan.head().made_at;
    stage.world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Html);
    let job = stage.registry().open(&approve(plan)).unwrap();
    let mut journal = MemoryJournal::new();
    // A clock of its own: nobody need wait until what cannot have worked is overdue.
    let mut engine = Engine::new(&*job, &mut journal, &History::default(), now);
    assert_eq!(stage.block_on(engine.run()).unwrap(), Went::Ended(Outcome::Stopped));
    assert_eq!(engine.walk().left().len(), DATASETS);
    let stop = engine.walk().stopped().unwrap().to_string();
    assert!(stop.contains("the answer is an HTML page, \"Sign in\""), "{stop}");
    let called = stage.world.dataset_ids(stage.transaction).into_iter().filter(|&id| stage.world.calls(id) > 0).count();
    assert_eq!((called, stage.world.committed(stage.transaction)), (1, DATASETS));
}

#[test]
fn ids_of_another_transaction() {
    let stage = Stage::of(DATASETS);
    let other = bulk(&stage.world, Bulk::new(3)).unwrap();
    let ids = |transaction| stage.world.dataset_ids(transaction);
    let mut mixed = ids(stage.transaction);
    mixed.extend(ids(other));
    for (list, wrong) in [(ids(other), "3 of 3"), (mixed, "3 of 15")] {
        let text: String = list.iter().map(|id| format!("{id}\n")).collect();
        let list: IdList = read_ids(text.as_bytes(), "result.json").unwrap();
        let question = RetractDatasets::new(stage.transaction, Selection::Ids(list));
        let text = refusal(stage.block_on(stage.registry().propose(&question, staging())));
        assert!(text.contains(&format!("{wrong} ids of result.json are not of this transaction")), "{text}");
        assert!(text.contains(&ids(other)[0].to_string()), "{text}");
        assert_nothing_was_asked_for(&stage);
    }
}
