//! What is made of whole answers.

use databricks_client::{
    Cluster, ClusterState, Column, Command, CommandResult, CommandState, ErrorKind, Language, LifeCycle, Me, Notebook,
    ObjectType, PathStatus, ResultState, RunId, RunOutput, StatementState, Table, TaskRun, WorkspaceRead,
    WorkspaceWrite,
};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{asked, client, context, json, of, on, server, sql};

#[tokio::test]
async fn who_asks() {
    let body = r#"{"id": "7", "userName": "ana@example.com", "displayName": "Ana", "active": true,
                   "groups": [{"display": "admins"}, {"value": "9"}], "emails": [{"value": "x"}]}"#;
    let server = server(json(200, body).insert_header("date", "Thu, 18 Jan 2018 09:00:00 GMT")).await;
    let me = Me::new("ana@example.com").with_display_name("Ana").with_groups(["admins"]);
    assert_eq!(client(&server).me().await.unwrap(), me);
    let probe = client(&server).probe().await.unwrap();
    assert_eq!(probe.address, server.uri());
    assert!(probe.server_time.is_some());
}

#[tokio::test]
async fn paths_of_dbfs() {
    let server = MockServer::start().await;
    let file = r#"{"path": "/mnt/b/k/part-0", "is_dir": false, "file_size": 9007199254740993,
                   "modification_time": 1516248000000}"#;
    on("GET /api/2.0/dbfs/get-status", json(200, file)).mount(&server).await;
    let list = format!(r#"{{"files": [{file}, {{"path": "/mnt/b/k/d", "is_dir": true, "file_size": 0}}]}}"#);
    on("GET /api/2.0/dbfs/list", json(200, &list)).mount(&server).await;
    let at = "2018-01-18T04:00:00Z".parse().unwrap();
    let file = PathStatus::file(of("/mnt/b/k/part-0"), 9_007_199_254_740_993).with_modified(at);
    let databricks = client(&server);
    assert_eq!(databricks.path_status(&of("/mnt/b/k/part-0")).await.unwrap(), Some(file.clone()));
    let listing = databricks.list(&of("/mnt/b/k"), 5).await.unwrap();
    assert_eq!((listing.entries, listing.truncated), (vec![PathStatus::folder(of("/mnt/b/k/d")), file], false));
}

#[tokio::test]
async fn a_file_of_a_volume_is_told_by_its_headers_alone() {
    let server = MockServer::start().await;
    on("HEAD /api/2.0/fs/directories/Volumes/c/s/v/k", ResponseTemplate::new(404)).mount(&server).await;
    let told = ResponseTemplate::new(200)
        .insert_header("content-length", "100000000000")
        .insert_header("last-modified", "Thu, 18 Jan 2018 04:00:00 GMT");
    on("HEAD /api/2.0/fs/files/Volumes/c/s/v/k", told).mount(&server).await;
    let file = PathStatus::file(of("/Volumes/c/s/v/k"), 100_000_000_000);
    let file = file.with_modified("2018-01-18T04:00:00Z".parse().unwrap());
    assert_eq!(client(&server).path_status(&of("/Volumes/c/s/v/k")).await.unwrap(), Some(file));
}

#[tokio::test]
async fn a_volume_is_listed_page_by_page() {
    let server = MockServer::start().await;
    let folder = "/api/2.0/fs/directories/Volumes/c/s/v";
    let entry = |n: u32| format!(r#"{{"path": "/Volumes/c/s/v/{n}", "is_directory": false, "file_size": {n}}}"#);
    let first = format!(r#"{{"contents": [{}, {}], "next_page_token": "a+b"}}"#, entry(2), entry(1));
    let second = format!(r#"{{"contents": [{}], "next_page_token": ""}}"#, entry(3));
    let next = Mock::given(method("GET")).and(path(folder)).and(query_param("page_token", "a+b"));
    next.respond_with(json(200, &second)).with_priority(1).mount(&server).await;
    on(&format!("GET {folder}"), json(200, &first)).mount(&server).await;
    for (limit, names, more) in [(1, vec!["1"], true), (2, vec!["1", "2"], true), (9, vec!["1", "2", "3"], false)] {
        let listing = client(&server).list(&of("/Volumes/c/s/v"), limit).await.unwrap();
        let found: Vec<&str> = listing.entries.iter().map(|entry| entry.path.name()).collect();
        assert_eq!((found, listing.truncated), (names, more));
    }
    assert_eq!(asked(&server).await.pop().unwrap(), format!("GET {folder}?page_size=7&page_token=a%2Bb"));
}

#[tokio::test]
async fn a_list_that_leads_to_itself_ends() {
    let body = r#"{"contents": [], "next_page_token": "a"}"#;
    let server = server(json(200, body)).await;
    let error = client(&server).list(&of("/Volumes/c/s/v"), 9).await.unwrap_err();
    assert_eq!((error.kind(), asked(&server).await.len()), (ErrorKind::Decode, 2));
    let error = client(&server).clusters().await.unwrap_err();
    assert_eq!((error.kind(), asked(&server).await.len()), (ErrorKind::Decode, 4));
}

#[tokio::test]
async fn clusters() {
    let server = MockServer::start().await;
    let first = r#"{"clusters": [{"cluster_id": "c-1", "cluster_name": "etl", "state": "RUNNING", "state_message": "",
                                  "spark_version": "15.4.x-scala2.12", "num_workers": 3}], "next_page_token": "n"}"#;
    let second = r#"{"clusters": [{"cluster_id": "c-2", "state": "NEW_WORD", "state_message": "why"}]}"#;
    let place = "/api/2.1/clusters/list";
    let next = Mock::given(method("GET")).and(path(place)).and(query_param("page_token", "n"));
    next.respond_with(json(200, second)).with_priority(1).mount(&server).await;
    on(&format!("GET {place}"), json(200, first)).mount(&server).await;
    let all = [
        Cluster::new(of("c-1"), "etl", ClusterState::Running).with_spark_version("15.4.x-scala2.12"),
        Cluster::new(of("c-2"), "", ClusterState::Other("NEW_WORD".to_owned())).with_message("why"),
    ];
    assert_eq!(client(&server).clusters().await.unwrap(), all);
    let empty = crate::server(json(200, "{}")).await;
    assert_eq!(client(&empty).clusters().await.unwrap(), []);
}

#[tokio::test]
async fn objects() {
    let body = r#"{"path": "/Shared/look", "object_type": "NOTEBOOK", "language": "SCALA", "object_id": 789}"#;
    let server = server(json(200, body)).await;
    let notebook = Notebook::new(of("/Shared/look"), Language::Scala).with_object_id(789);
    assert_eq!(client(&server).notebook(&of("/Shared/look")).await.unwrap(), Some(notebook));
    let folder = crate::server(json(200, r#"{"object_type": "DIRECTORY"}"#)).await;
    let found = client(&folder).notebook(&of("/Shared")).await.unwrap().unwrap();
    assert_eq!((found.kind, found.language), (ObjectType::Directory, None));
}

#[tokio::test]
async fn runs() {
    let body = r#"{"job_id": 1, "run_id": 7, "run_name": "a look", "start_time": 1516248000000, "end_time": 0,
        "run_page_url": "https://workspace.example.com/#job/1/run/7",
        "state": {"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED", "state_message": "lost"},
        "tasks": [{"task_key": "notebook", "run_id": 8, "state": {"life_cycle_state": "TERMINATED",
                   "result_state": "FAILED", "state_message": ""}}]}"#;
    let run = client(&server(json(200, body)).await).run(RunId::new(7)).await.unwrap();
    assert_eq!((&run.life_cycle, &run.result), (&LifeCycle::InternalError, &Some(ResultState::Failed)));
    assert_eq!((run.message.as_deref(), run.ended), (Some("lost"), None));
    assert_eq!(run.started, Some("2018-01-18T04:00:00Z".parse().unwrap()));
    let task = TaskRun::new("notebook", RunId::new(8), LifeCycle::Terminated, Some(ResultState::Failed));
    assert_eq!((run.output_of(), &run.tasks), (Some(RunId::new(8)), &vec![task]));
    assert!(run.has_ended() && !run.has_succeeded());
}

#[tokio::test]
async fn outputs() {
    let good = r#"{"metadata": {"run_id": 8}, "notebook_output": {"result": "3 rows", "truncated": false}}"#;
    let bad = r#"{"metadata": {}, "notebook_output": {}, "error": "NameError", "error_trace": "at line 1"}"#;
    let mut failed = RunOutput::failed("NameError");
    failed.trace = Some("at line 1".to_owned());
    for (body, output) in [(good, RunOutput::of("3 rows")), (bad, failed), ("{}", RunOutput::default())] {
        let server = server(json(200, body)).await;
        assert_eq!(client(&server).run_output(RunId::new(8)).await.unwrap(), output);
    }
}

#[tokio::test]
async fn commands() {
    let table = Table::new(
        vec![Column::new("id", "long"), Column::new("tags", r#"{"type":"array"}"#)],
        vec![vec![Some("1".to_owned()), Some(r#"["a"]"#.to_owned())], vec![None, Some("é".to_owned())]],
    );
    let error = CommandResult::Error { summary: Some("one line".to_owned()), cause: "all\nof it".to_owned() };
    let finished = r#""status": "Finished", "results": "#;
    for (body, command) in [
        (r#""status": "Queued""#.to_owned(), Command::new(CommandState::Queued)),
        (r#""status": "Running", "results": null"#.to_owned(), Command::new(CommandState::Running)),
        (
            format!(r#"{finished}{{"resultType": "text", "data": "3"}}"#),
            Command::finished(CommandResult::Text("3".to_owned())),
        ),
        (
            format!(
                r#"{finished}{{"resultType": "table", "data": [[1, ["a"]], [null, "é"]], "truncated": true, "schema":
                [{{"name": "id", "type": "\"long\""}}, {{"name": "tags", "type": {{"type": "array"}}}}]}}"#
            ),
            Command::finished(CommandResult::Table(table.truncated())),
        ),
        (
            format!(r#"{finished}{{"resultType": "error", "summary": "one line", "cause": "all\nof it"}}"#),
            Command::finished(error),
        ),
        (
            format!(r#"{finished}{{"resultType": "images", "fileNames": ["a.png"]}}"#),
            Command::finished(CommandResult::Other("images".to_owned())),
        ),
    ] {
        let server = server(json(200, &format!(r#"{{"id": "k-1", {body}}}"#))).await;
        assert_eq!(client(&server).command_status(&context(), &of("k-1")).await.unwrap(), command, "{body}");
    }
}

#[tokio::test]
async fn statements_are_read_part_by_part() {
    let server = MockServer::start().await;
    let first = r#"{"statement_id": "s-1", "status": {"state": "SUCCEEDED"},
        "manifest": {"format": "JSON_ARRAY", "truncated": false, "total_row_count": 3, "schema": {"column_count": 1,
            "columns": [{"name": "n", "type_text": "DECIMAL(10,2)", "type_name": "DECIMAL", "position": 0}]}},
        "result": {"chunk_index": 0, "data_array": [["1.00"], [null]], "next_chunk_index": 1}}"#;
    on("GET /api/2.0/sql/statements/s-1", json(200, first)).mount(&server).await;
    let chunk = "GET /api/2.0/sql/statements/s-1/result/chunks/1";
    on(chunk, json(200, r#"{"chunk_index": 1, "data_array": [["3.00"]]}"#)).mount(&server).await;
    let statement = client(&server).statement(&of("s-1")).await.unwrap();
    let rows = vec![vec![Some("1.00".to_owned())], vec![None], vec![Some("3.00".to_owned())]];
    assert_eq!(statement.state, StatementState::Succeeded);
    assert_eq!(statement.table, Some(Table::new(vec![Column::new("n", "DECIMAL(10,2)")], rows)));
}

#[tokio::test]
async fn parts_that_do_not_go_on_end() {
    let server = MockServer::start().await;
    let first = r#"{"statement_id": "s-1", "status": {"state": "SUCCEEDED"}, "manifest": {"schema": {}},
                    "result": {"data_array": [], "next_chunk_index": 1}}"#;
    on("GET /api/2.0/sql/statements/s-1", json(200, first)).mount(&server).await;
    let chunk = "GET /api/2.0/sql/statements/s-1/result/chunks/1";
    on(chunk, json(200, r#"{"data_array": [], "next_chunk_index": 1}"#)).mount(&server).await;
    let error = client(&server).statement(&of("s-1")).await.unwrap_err();
    assert_eq!((error.kind(), asked(&server).await.len()), (ErrorKind::Decode, 2));
}

#[tokio::test]
async fn a_statement_that_failed_says_why() {
    let body = r#"{"statement_id": "s-1", "status": {"state": "FAILED",
                   "error": {"error_code": "BAD_REQUEST", "message": "no such table"}}}"#;
    let server = server(json(200, body)).await;
    let statement = client(&server).execute_statement(&sql()).await.unwrap();
    let error = statement.error.unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("BAD_REQUEST", "no such table"));
    assert!(statement.state.has_ended() && statement.table.is_none());
}

#[tokio::test]
async fn what_is_gone_already_need_not_go() {
    let gone = json(404, r#"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Path doesn't exist."}"#);
    client(&server(gone).await).delete_notebook(&of("/Shared/look")).await.unwrap();
    let gone = json(500, r#"{"error": "ContextNotFound: x-1"}"#);
    client(&server(gone).await).destroy_context(&context()).await.unwrap();
}
