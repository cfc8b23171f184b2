//! The Redshift Data API: SQL over HTTPS, as a user of AWS.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_redshiftdata::Client;
use aws_sdk_redshiftdata::types::{Field, SqlParameter, StatusString};
use ops_aws::{Aws, Idempotency, Pages};
use uuid::Uuid;

use super::{Rows, Sql, Statement, refusal};
use crate::{ClusterId, Effect, Error, ErrorKind, Result};

/// No answer is read further than this.
const MOST_ROWS: usize = 10_000;
/// How long a statement may take before it is cancelled.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at a statement.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// A warehouse over the Redshift Data API. It needs no network path and no password; it needs a cluster that is available, and a
/// connection that is free. Every statement is a session of its own.
#[derive(Clone)]
pub struct DataApiSql {
    aws: Aws,
    data: Client,
    cluster: ClusterId,
    database: String,
    user: String,
    address: String,
    patience: Duration,
}

impl fmt::Debug for DataApiSql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataApiSql").field("address", &self.address).field("user", &self.user).finish_non_exhaustive()
    }
}

impl DataApiSql {
    /// The database of this cluster, as this user of it. The caller needs `redshift-data:ExecuteStatement` and
    /// `redshift:GetClusterCredentials` for the user.
    pub fn new(aws: Aws, cluster: ClusterId, database: impl Into<String>, user: impl Into<String>) -> Self {
        let database = database.into();
        let address = format!("{} of {cluster} (Data API, {})", database, aws.address());
        let data = Client::new(aws.sdk());
        Self { data, aws, cluster, database, user: user.into(), address, patience: PATIENCE }
    }

    /// With so much time for one statement; a minute unless told.
    #[must_use]
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Hands the statement over. Its token makes sure that it is taken once, however often it is sent.
    async fn begin(&self, op: &'static str, statement: &Statement) -> Result<String> {
        let mut request = self.data.execute_statement().cluster_identifier(self.cluster.as_str());
        request = request.database(&self.database).db_user(&self.user).sql(statement.text());
        request = request.client_token(Uuid::new_v4().to_string());
        for (name, value) in statement.values() {
            let parameter = SqlParameter::builder().name(name).value(value).build();
            let parameter = parameter.map_err(|error| Error::invalid(op, error.to_string()).with_attempts(0))?;
            request = request.parameters(parameter);
        }
        let call = self.aws.call(op, Idempotency::Write).known(known);
        let begun = call.send(|| request.clone().send()).await?;
        begun
            .id
            .ok_or_else(|| Error::new(op, ErrorKind::Decode, Effect::Possible).with_message("the statement has no id"))
    }

    /// Looks until the statement has ended. Whether it has rows.
    async fn end(&self, op: &'static str, id: &str) -> Result<bool> {
        let began = Instant::now();
        let mut pause = SHORTEST;
        loop {
            let call = self.aws.call(op, Idempotency::Read).known(known);
            let seen = call.send(|| self.data.describe_statement().id(id).send()).await;
            // It was handed over: whatever is not heard of it, it may have been done.
            let seen = seen.map_err(|error| error.with_effect(Effect::Possible))?;
            match seen.status {
                Some(StatusString::Finished) => return Ok(seen.has_result_set.unwrap_or_default()),
                Some(StatusString::Failed) => return Err(failed(op, seen.error.as_deref().unwrap_or("it failed"))),
                Some(StatusString::Aborted) => {
                    let words = seen.error.unwrap_or_default();
                    let error = Error::new(op, ErrorKind::Timeout, Effect::Possible).with_message("it was cancelled");
                    return Err(if words.is_empty() { error } else { error.with_words(words) });
                }
                _ if began.elapsed() >= self.patience => {
                    // It may not outlive its caller. That it is refused changes nothing.
                    let call = self.aws.call(op, Idempotency::Write).known(known);
                    let _ = call.send(|| self.data.cancel_statement().id(id).send()).await;
                    let late = Error::new(op, ErrorKind::Timeout, Effect::Possible);
                    return Err(late.with_message(format!("no answer within {} s", self.patience.as_secs())));
                }
                _ => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 3 / 2).min(LONGEST);
                }
            }
        }
    }

    async fn rows(&self, op: &'static str, id: &str) -> Result<Rows> {
        let mut columns: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        let mut pages = Pages::of(op);
        while let Some(token) = pages.due()? {
            let request = self.data.get_statement_result().id(id).set_next_token(token);
            let page = self.aws.call(op, Idempotency::Read).known(known).send(|| request.clone().send()).await;
            let page = page.map_err(|error| error.with_effect(Effect::Certain))?;
            if columns.is_empty() {
                let described = page.column_metadata.unwrap_or_default();
                columns =
                    described.into_iter().map(|column| column.label.or(column.name).unwrap_or_default()).collect();
            }
            for record in page.records {
                if rows.len() >= MOST_ROWS {
                    let error = Error::new(op, ErrorKind::Decode, Effect::Possible);
                    return Err(error.with_message(format!("the answer is too large: more than {MOST_ROWS} rows")));
                }
                rows.push(record.into_iter().map(text).collect());
            }
            pages.turn(page.next_token);
        }
        Ok(Rows::new(columns, rows))
    }
}

#[async_trait]
impl Sql for DataApiSql {
    fn address(&self) -> &str {
        &self.address
    }

    async fn query(&self, op: &'static str, idempotency: Idempotency, statement: &Statement) -> Result<Rows> {
        if let Some((name, _)) = statement.values().iter().find(|(_, value)| value.is_empty()) {
            // The service takes no empty parameter.
            return Err(Error::invalid(op, format!("the value of :{name} is empty")).with_attempts(0));
        }
        let asked = async {
            let id = self.begin(op, statement).await?;
            if self.end(op, &id).await? { self.rows(op, &id).await } else { Ok(Rows::default()) }
        };
        let answer: Result<Rows> = asked.await;
        answer.map_err(|error| {
            let effect = if idempotency == Idempotency::Read { Effect::None } else { error.effect() };
            error.with_target(&self.address).with_effect(effect)
        })
    }
}

/// What is known of this service's refusals.
fn known(code: &str, message: &str) -> Option<ErrorKind> {
    match code.trim_end_matches("Exception") {
        "ActiveStatementsExceeded" | "ActiveSessionsExceeded" => Some(ErrorKind::RateLimited),
        "ExecuteStatement" | "QueryTimeout" | "DatabaseConnection" => refusal::by_words(message),
        "Validation" => refusal::by_words(message),
        _ => None,
    }
}

/// The statement was refused by the warehouse, which says so in words only.
fn failed(op: &'static str, words: &str) -> Error {
    let words = words.strip_prefix("ERROR: ").unwrap_or(words);
    let kind = refusal::by_words(words).unwrap_or(ErrorKind::Rejected);
    let effect = if kind == ErrorKind::Unavailable { Effect::Possible } else { Effect::None };
    let error = Error::new(op, kind, effect).with_words(words);
    match refusal::remedy(kind) {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    }
}

/// A value as the simple protocol would write it.
fn text(field: Field) -> Option<String> {
    match field {
        Field::StringValue(text) => Some(text),
        Field::LongValue(number) => Some(number.to_string()),
        Field::DoubleValue(number) => Some(number.to_string()),
        Field::BooleanValue(flag) => Some(flag.to_string()),
        _ => None,
    }
}
