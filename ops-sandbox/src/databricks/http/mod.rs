//! Databricks' REST APIs, as far as the client asks them.

mod login;
mod shape;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, head, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use databricks_client::{
    ClusterId, CommandId, ContextId, IdempotencyToken, Language, Me, NotebookPath, PathStatus, RunId, Sql,
    SqlParameter, StatementId, Submit, WarehouseId, WorkspacePath,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use login::Logins;
use login::Person;

use super::About;
use super::port::done;
use super::state::no_path;
use crate::Operation;
use crate::refusal::Refusal;
use crate::server::App;
use crate::server::form::pairs;
use crate::world::{self, Done};

/// How many rows a part of an answer has: few, so that parts are seen.
const PART: usize = 2;
/// How many files a page has, at most.
const PAGE: usize = 1000;

/// All that lies below a workspace's address.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/oidc/v1/token", post(token))
        .route("/api/2.0/preview/scim/v2/Me", get(me))
        .route("/api/2.0/dbfs/get-status", get(dbfs_status))
        .route("/api/2.0/dbfs/list", get(dbfs_list))
        .route("/api/2.0/fs/files/{*path}", head(file))
        .route("/api/2.0/fs/directories/{*path}", get(directory).head(is_directory))
        .route("/api/2.1/clusters/list", get(clusters))
        .route("/api/2.0/workspace/get-status", get(object))
        .route("/api/2.0/workspace/import", post(import))
        .route("/api/2.0/workspace/delete", post(delete))
        .route("/api/2.1/jobs/runs/submit", post(submit))
        .route("/api/2.1/jobs/runs/get", get(run))
        .route("/api/2.1/jobs/runs/get-output", get(output))
        .route("/api/2.1/jobs/runs/cancel", post(cancel_run))
        .route("/api/1.2/contexts/create", post(create_context))
        .route("/api/1.2/contexts/status", get(context))
        .route("/api/1.2/contexts/destroy", post(destroy_context))
        .route("/api/1.2/commands/execute", post(execute))
        .route("/api/1.2/commands/status", get(command))
        .route("/api/1.2/commands/cancel", post(cancel_command))
        .route("/api/2.0/sql/statements", post(execute_statement))
        .route("/api/2.0/sql/statements/{id}", get(statement))
        .route("/api/2.0/sql/statements/{id}/result/chunks/{n}", get(chunk))
        .route("/api/2.0/sql/statements/{id}/cancel", post(cancel_statement))
        .fallback(async || problem(404, "ENDPOINT_NOT_FOUND", "No API found"))
}

fn problem(status: u16, code: &str, message: &str) -> Response {
    told(status, &json!({"error_code": code, "message": message}))
}

fn told(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn unauthenticated() -> Response {
    problem(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API.")
}

/// Which API is asked: each has its own way of refusing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Api {
    /// Contexts and commands.
    Commands,
    /// Runs.
    Jobs,
    Other,
}

impl Api {
    fn of(operation: Operation) -> Self {
        use Operation::*;
        match operation {
            CreateContext | ContextStatus | DestroyContext | ExecuteCommand | CommandStatus | CancelCommand => {
                Self::Commands
            }
            SubmitRun | DatabricksRun | DatabricksRunOutput | CancelRun => Self::Jobs,
            _ => Self::Other,
        }
    }

    fn refused(self, refusal: &Refusal) -> Response {
        let words = refusal.words();
        match (self, refusal) {
            (_, Refusal::Forbidden(_)) => problem(403, "PERMISSION_DENIED", words),
            (_, Refusal::Invalid(_)) | (Self::Jobs, Refusal::NotFound(_)) => {
                problem(400, "INVALID_PARAMETER_VALUE", words)
            }
            (Self::Commands, Refusal::NotFound(_)) if words.starts_with("Cluster ") => {
                problem(400, "INVALID_PARAMETER_VALUE", words)
            }
            // An exception of the server, by its name.
            (Self::Commands, _) => told(500, &json!({"error": words})),
            (Self::Other, Refusal::NotFound(_)) => problem(404, "RESOURCE_DOES_NOT_EXIST", words),
            (_, Refusal::Conflict(_)) => problem(400, "RESOURCE_ALREADY_EXISTS", words),
            _ => problem(refusal.status(), "BAD_REQUEST", words),
        }
    }
}

/// One call: who asks, whether they may, and what comes of it.
struct Asked<'a> {
    app: &'a App,
    who: Option<Person>,
    operation: Operation,
    about: About,
}

impl<'a> Asked<'a> {
    fn new(app: &'a App, headers: &HeaderMap, operation: Operation, about: About) -> Self {
        Self { app, who: app.databricks_logins().who(headers), operation, about }
    }

    async fn read(self, what: impl FnOnce(&mut world::State) -> Result<Value, Refusal>) -> Response {
        self.answer(|state| what(state).map(Done::same), |body| told(200, &body)).await
    }

    async fn change(self, what: impl FnOnce(&mut world::State) -> Result<Done<Value>, Refusal>) -> Response {
        self.answer(what, |body| told(200, &body)).await
    }

    async fn answer<T>(
        self,
        what: impl FnOnce(&mut world::State) -> Result<Done<T>, Refusal>,
        tell: impl FnOnce(T) -> Response,
    ) -> Response {
        let Self { app, who, operation, about } = self;
        let refused = match who {
            None => Some(unauthenticated()),
            Some(Person::Viewer) if operation.changes() => {
                Some(problem(403, "PERMISSION_DENIED", "viewer does not have the permission."))
            }
            Some(_) => None,
        };
        let subject = about.subject();
        let act = async || match app.world().act(operation, subject, what) {
            Ok(done) => tell(done),
            Err(refusal) => Api::of(operation).refused(&refusal),
        };
        app.perform(operation, subject, refused, unauthenticated, act).await
    }
}

/// A query, or what it should have said.
struct Query(Vec<(String, String)>);

impl Query {
    fn read(query: Option<String>) -> Self {
        Self(pairs(&query.unwrap_or_default()))
    }

    fn text(&self, name: &str) -> Result<&str, Refusal> {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.ok_or_else(|| Refusal::Invalid(format!("Missing required field: {name}")))
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<T, Refusal> {
        parsed(name, self.text(name)?)
    }
}

fn parsed<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::Invalid(format!("Invalid value of field {name}")))
}

fn body<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::Invalid(format!("Could not parse request object: {error}")))
}

/// What a call is about, where it says so.
fn about<T: Clone>(what: &Result<T, Refusal>, about: impl FnOnce(T) -> About) -> About {
    what.as_ref().map_or(About::Everything, |what| about(what.clone()))
}

async fn token(State(app): State<App>, headers: HeaderMap, form: Bytes) -> Response {
    let form = pairs(&String::from_utf8_lossy(&form));
    let says = |name: &str, value: &str| form.iter().any(|(key, given)| key == name && given == value);
    let whole = says("grant_type", "client_credentials") && says("scope", "all-apis");
    let refused = |error: &str| told(400, &json!({"error": error, "error_description": "no token is given"}));
    let act = async || match app.databricks_logins().token(&headers) {
        _ if !whole => refused("invalid_request"),
        None => told(401, &json!({"error": "invalid_client", "error_description": "Client authentication failed"})),
        Some((token, lasts)) => told(
            200,
            &json!({"access_token": token, "scope": "all-apis", "token_type": "Bearer", "expires_in": lasts.as_secs()}),
        ),
    };
    app.perform(Operation::DatabricksLogin, About::Everything.subject(), None, unauthenticated, act).await
}

async fn me(State(app): State<App>, headers: HeaderMap) -> Response {
    let asked = Asked::new(&app, &headers, Operation::DatabricksMe, About::Everything);
    let who = asked.who.unwrap_or(Person::Viewer);
    asked
        .read(|_| {
            let me = Me::new(format!("{}@example.com", who.name()));
            Ok(shape::me(&if who == Person::Admin { me.with_groups(["admins"]) } else { me }))
        })
        .await
}

async fn dbfs_status(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let path = Query::read(query).parsed::<WorkspacePath>("path");
    let asked = Asked::new(&app, &headers, Operation::DatabricksPathStatus, about(&path, About::Path));
    asked
        .read(|state| {
            let path = path?;
            state.databricks.status(&path).as_ref().map(shape::dbfs).ok_or_else(|| no_path(&path))
        })
        .await
}

async fn dbfs_list(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let path = Query::read(query).parsed::<WorkspacePath>("path");
    let asked = Asked::new(&app, &headers, Operation::DatabricksList, about(&path, About::Path));
    asked
        .read(|state| {
            let entries = state.databricks.entries(&path?)?;
            // Of an empty folder there is no list.
            Ok(match &entries[..] {
                [] => json!({}),
                entries => json!({"files": entries.iter().map(shape::dbfs).collect::<Vec<_>>()}),
            })
        })
        .await
}

/// A path of a volume, from an address.
fn volume(path: &str) -> Result<WorkspacePath, Refusal> {
    let path = format!("/{path}");
    if !path.starts_with("/Volumes/") {
        return Err(Refusal::Invalid("Only paths below /Volumes are supported".to_owned()));
    }
    // A volume that cannot be is none.
    path.parse().map_err(|_| Refusal::NotFound(format!("Not Found: {path}")))
}

async fn file(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let path = volume(&path);
    let asked = Asked::new(&app, &headers, Operation::DatabricksPathStatus, about(&path, About::Path));
    let found = |state: &mut world::State| {
        let path = path?;
        let status = state.databricks.status(&path).filter(|status| !status.is_folder);
        status.map(Done::same).ok_or_else(|| no_path(&path))
    };
    let tell = |status: PathStatus| {
        let length = status.size.unwrap_or_default().to_string();
        ([(CONTENT_LENGTH, length), (CONTENT_TYPE, "application/octet-stream".to_owned())], ()).into_response()
    };
    asked.answer(found, tell).await
}

async fn is_directory(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let path = volume(&path);
    let asked = Asked::new(&app, &headers, Operation::DatabricksPathStatus, about(&path, About::Path));
    asked
        .read(|state| {
            let path = path?;
            let status = state.databricks.status(&path).filter(|status| status.is_folder);
            status.map(|_| json!({})).ok_or_else(|| no_path(&path))
        })
        .await
}

async fn directory(
    State(app): State<App>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let (path, query) = (volume(&path), Query::read(query));
    let asked = Asked::new(&app, &headers, Operation::DatabricksList, about(&path, About::Path));
    asked
        .read(|state| {
            let path = path?;
            let entries = state.databricks.entries(&path)?;
            if state.databricks.status(&path).is_some_and(|status| !status.is_folder) {
                return Err(no_path(&path));
            }
            let size = query.parsed("page_size").unwrap_or(PAGE).clamp(1, PAGE);
            let from = query.parsed::<usize>("page_token").unwrap_or(0);
            let page: Vec<Value> = entries.iter().skip(from).take(size).map(shape::entry).collect();
            let next = from.saturating_add(page.len());
            let mut told = json!({"contents": page});
            if next < entries.len() {
                told["next_page_token"] = next.to_string().into();
            }
            Ok(told)
        })
        .await
}

async fn clusters(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Query::read(query);
    Asked::new(&app, &headers, Operation::DatabricksClusters, About::Everything)
        .read(|state| {
            let size = query.parsed("page_size").unwrap_or(20).clamp(1, 100);
            let from = query.parsed::<usize>("page_token").unwrap_or(0);
            let all = &state.databricks.clusters;
            let page: Vec<Value> = all.iter().skip(from).take(size).map(shape::cluster).collect();
            let next = from.saturating_add(page.len());
            let next = if next < all.len() { next.to_string() } else { String::new() };
            Ok(json!({"clusters": page, "next_page_token": next, "prev_page_token": ""}))
        })
        .await
}

async fn object(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let path = Query::read(query).parsed::<NotebookPath>("path");
    let asked = Asked::new(&app, &headers, Operation::DatabricksNotebook, about(&path, About::Notebook));
    asked
        .read(|state| {
            let path = path?;
            let found = state.databricks.notebook(&path);
            let none = || Refusal::NotFound(format!("Path ({path}) doesn't exist."));
            found.as_ref().map(shape::notebook).ok_or_else(none)
        })
        .await
}

async fn import(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Import {
        path: NotebookPath,
        format: String,
        language: String,
        content: String,
        #[serde(default)]
        overwrite: bool,
    }
    let given = body::<Import>(&bytes);
    let of = given.as_ref().map_or(About::Everything, |given| About::Notebook(given.path.clone()));
    Asked::new(&app, &headers, Operation::ImportNotebook, of)
        .change(|state| {
            let given = given?;
            if given.format != "SOURCE" {
                return Err(Refusal::Invalid(format!("Unsupported format: {}", given.format)));
            }
            let language: Language = parsed("language", &given.language)?;
            let source = STANDARD.decode(&given.content).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let source = source.ok_or_else(|| Refusal::Invalid("The content is not base64".to_owned()))?;
            state.databricks.import(&given.path, language, &source, given.overwrite)?;
            Ok(Done::changed(json!({})))
        })
        .await
}

async fn delete(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Delete {
        path: NotebookPath,
    }
    let given = body::<Delete>(&bytes);
    let of = given.as_ref().map_or(About::Everything, |given| About::Notebook(given.path.clone()));
    let asked = Asked::new(&app, &headers, Operation::DeleteNotebook, of);
    asked.change(|state| state.databricks.delete(&given?.path).map(|()| Done::changed(json!({})))).await
}

async fn submit(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Submission {
        run_name: String,
        idempotency_token: IdempotencyToken,
        tasks: Vec<Task>,
    }
    #[derive(Deserialize)]
    struct Task {
        existing_cluster_id: ClusterId,
        notebook_task: NotebookTask,
    }
    #[derive(Deserialize)]
    struct NotebookTask {
        notebook_path: NotebookPath,
        #[serde(default)]
        base_parameters: BTreeMap<String, String>,
    }
    let given = body::<Submission>(&bytes).and_then(|given| match <[Task; 1]>::try_from(given.tasks) {
        Ok([task]) => Ok((given.run_name, given.idempotency_token, task)),
        Err(_) => Err(Refusal::Invalid("Here a run has one task".to_owned())),
    });
    let of = given
        .as_ref()
        .map_or(About::Everything, |(.., task)| About::Notebook(task.notebook_task.notebook_path.clone()));
    Asked::new(&app, &headers, Operation::SubmitRun, of)
        .change(|state| {
            let (name, token, Task { existing_cluster_id, notebook_task }) = given?;
            let mut submit = Submit::new(name, existing_cluster_id, notebook_task.notebook_path);
            submit.parameters = notebook_task.base_parameters;
            let now = state.now();
            let (run, new) = state.databricks.submit(&submit, &token, now)?;
            let told = json!({"run_id": run});
            Ok(if new { Done::changed(told) } else { Done::same(told) })
        })
        .await
}

async fn run(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let id = Query::read(query).parsed::<RunId>("run_id");
    let asked = Asked::new(&app, &headers, Operation::DatabricksRun, about(&id, About::Run));
    asked.read(|state| Ok(shape::run(&state.databricks.run(id?, state.now())?))).await
}

async fn output(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let id = Query::read(query).parsed::<RunId>("run_id");
    let asked = Asked::new(&app, &headers, Operation::DatabricksRunOutput, about(&id, About::Run));
    asked.read(|state| Ok(shape::output(&state.databricks.output(id?, state.now())?))).await
}

async fn cancel_run(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Cancel {
        run_id: RunId,
    }
    let id = body::<Cancel>(&bytes).map(|given| given.run_id);
    let asked = Asked::new(&app, &headers, Operation::CancelRun, about(&id, About::Run));
    asked
        .change(|state| {
            let now = state.now();
            state.databricks.cancel_run(id?, now).map(nothing)
        })
        .await
}

/// An answer that says nothing.
fn nothing(changed: bool) -> Done<Value> {
    let Done { changed, .. } = done(changed);
    Done { answer: json!({}), changed }
}

/// What the API for commands is told.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InContext {
    cluster_id: ClusterId,
    context_id: Option<ContextId>,
    command_id: Option<CommandId>,
    language: Option<String>,
    command: Option<String>,
}

impl InContext {
    fn of_query(query: Option<String>) -> Result<Self, Refusal> {
        let query = Query::read(query);
        Ok(Self {
            cluster_id: query.parsed("clusterId")?,
            context_id: Some(query.parsed("contextId")?),
            command_id: query.parsed("commandId").ok(),
            language: None,
            command: None,
        })
    }

    fn context(&self) -> Result<&ContextId, Refusal> {
        self.context_id.as_ref().ok_or_else(|| Refusal::Invalid("Missing required field: contextId".to_owned()))
    }

    fn command_id(&self) -> Result<&CommandId, Refusal> {
        self.command_id.as_ref().ok_or_else(|| Refusal::Invalid("Missing required field: commandId".to_owned()))
    }

    fn language(&self) -> Result<Language, Refusal> {
        parsed("language", self.language.as_deref().unwrap_or_default())
    }
}

fn on_cluster(given: &Result<InContext, Refusal>) -> About {
    about(given, |given| About::Cluster(given.cluster_id))
}

async fn create_context(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    let given = body::<InContext>(&bytes);
    let asked = Asked::new(&app, &headers, Operation::CreateContext, on_cluster(&given));
    asked
        .change(|state| {
            let given = given?;
            let context = state.databricks.begin_context(&given.cluster_id, given.language()?)?;
            Ok(Done::changed(json!({"id": context.id})))
        })
        .await
}

async fn context(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let given = InContext::of_query(query);
    let asked = Asked::new(&app, &headers, Operation::ContextStatus, on_cluster(&given));
    asked
        .read(|state| {
            let given = given?;
            let status = state.databricks.context(&given.cluster_id, given.context()?)?;
            Ok(json!({"id": given.context()?, "status": status.as_str()}))
        })
        .await
}

async fn destroy_context(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    let given = body::<InContext>(&bytes);
    let asked = Asked::new(&app, &headers, Operation::DestroyContext, on_cluster(&given));
    asked
        .change(|state| {
            let given = given?;
            state.databricks.end_context(&given.cluster_id, given.context()?)?;
            Ok(Done::changed(json!({"id": given.context()?})))
        })
        .await
}

async fn execute(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    let given = body::<InContext>(&bytes);
    let asked = Asked::new(&app, &headers, Operation::ExecuteCommand, on_cluster(&given));
    asked
        .change(|state| {
            let (given, now) = (given?, state.now());
            given.language()?;
            let command = given.command.as_deref().unwrap_or_default();
            let id = state.databricks.begin_command(&given.cluster_id, given.context()?, command, now)?;
            Ok(Done::changed(json!({"id": id})))
        })
        .await
}

async fn command(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let given = InContext::of_query(query);
    let asked = Asked::new(&app, &headers, Operation::CommandStatus, on_cluster(&given));
    asked
        .read(|state| {
            let (given, now) = (given?, state.now());
            let id = given.command_id()?;
            let command = state.databricks.command(&given.cluster_id, given.context()?, id, now)?;
            Ok(shape::command(id.as_str(), &command))
        })
        .await
}

async fn cancel_command(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    let given = body::<InContext>(&bytes);
    let asked = Asked::new(&app, &headers, Operation::CancelCommand, on_cluster(&given));
    asked
        .change(|state| {
            let (given, now) = (given?, state.now());
            let (context, id) = (given.context()?, given.command_id()?);
            state.databricks.cancel_command(&given.cluster_id, context, id, now).map(nothing)
        })
        .await
}

async fn execute_statement(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    struct Question {
        warehouse_id: WarehouseId,
        statement: String,
        row_limit: Option<u32>,
        #[serde(default)]
        parameters: Vec<Parameter>,
    }
    #[derive(Deserialize)]
    struct Parameter {
        name: String,
        value: Option<String>,
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    let given = body::<Question>(&bytes);
    let of = given.as_ref().map_or(About::Everything, |given| About::Warehouse(given.warehouse_id.clone()));
    Asked::new(&app, &headers, Operation::ExecuteStatement, of)
        .change(|state| {
            let (given, now) = (given?, state.now());
            let mut sql = Sql::new(given.warehouse_id, given.statement);
            sql.row_limit = given.row_limit.unwrap_or(u32::MAX);
            for Parameter { name, value, kind } in given.parameters {
                let mut one = SqlParameter::null(name);
                (one.value, one.kind) = (value, kind);
                sql.parameters.push(one);
            }
            Ok(Done::changed(shape::statement(&state.databricks.begin_statement(&sql, now)?, PART)))
        })
        .await
}

async fn statement(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let id = parsed::<StatementId>("statement_id", &id);
    let asked = Asked::new(&app, &headers, Operation::DatabricksStatement, about(&id, About::Statement));
    asked.read(|state| Ok(shape::statement(&state.databricks.statement(&id?, state.now())?, PART))).await
}

async fn chunk(State(app): State<App>, Path((id, n)): Path<(String, usize)>, headers: HeaderMap) -> Response {
    let id = parsed::<StatementId>("statement_id", &id);
    let asked = Asked::new(&app, &headers, Operation::DatabricksStatement, about(&id, About::Statement));
    asked
        .read(|state| {
            let table = state.databricks.statement(&id?, state.now())?.table.unwrap_or_default();
            Ok(shape::chunk(&table, n, PART))
        })
        .await
}

async fn cancel_statement(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let id = parsed::<StatementId>("statement_id", &id);
    let asked = Asked::new(&app, &headers, Operation::CancelStatement, about(&id, About::Statement));
    asked
        .change(|state| {
            let now = state.now();
            state.databricks.cancel_statement(&id?, now).map(nothing)
        })
        .await
}
