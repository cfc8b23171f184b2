//! A server that answers from memory: what it does not know yet it asks the real one, once.
//!
//! Planning against it costs what the client does, and next to nothing of the server's time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::Result;
use benchmarks::sandbox::TOKEN;

type Question = (Method, String, Bytes);

#[derive(Clone)]
struct Memory {
    behind: String,
    client: reqwest::Client,
    answers: Arc<Mutex<HashMap<Question, Bytes>>>,
}

/// A server that answers from memory, in a thread of its own, until the process ends.
pub(crate) struct Canned {
    pub(crate) url: String,
    memory: Memory,
}

impl Canned {
    /// In front of the server at `behind`.
    pub(crate) fn before(behind: &str) -> Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let memory = Memory { behind: behind.to_owned(), client, answers: Arc::default() };
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().fallback(answer).with_state(memory.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async move { axum::serve(tokio::net::TcpListener::from_std(listener)?, router).await })
        });
        Ok(Self { url, memory })
    }

    /// The longest answer so far.
    pub(crate) fn longest(&self) -> Bytes {
        let answers = self.memory.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.values().max_by_key(|answer| answer.len()).cloned().unwrap_or_default()
    }
}

async fn answer(State(memory): State<Memory>, method: Method, uri: Uri, body: Bytes) -> Response {
    match recall(memory, method, uri.to_string(), body).await {
        Ok(answer) => ([(CONTENT_TYPE, "application/json")], Body::from(answer)).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn recall(memory: Memory, method: Method, path: String, body: Bytes) -> Result<Bytes> {
    let known =
        |question: &Question| memory.answers.lock().unwrap_or_else(PoisonError::into_inner).get(question).cloned();
    let question = (method, path, body);
    if let Some(answer) = known(&question) {
        return Ok(answer);
    }
    let (method, path, body) = question.clone();
    let asked = memory
        .client
        .request(method, format!("{}{path}", memory.behind))
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(CONTENT_TYPE, "application/json")
        .body(body);
    let answer = asked.send().await?;
    if !answer.status().is_success() {
        return Err(format!("{} from the real server", answer.status()).into());
    }
    let answer = answer.bytes().await?;
    memory.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answer.clone());
    Ok(answer)
}
