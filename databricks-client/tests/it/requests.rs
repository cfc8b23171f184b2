//! What is sent: exactly this and nothing else.

use databricks_client::{DatabricksClient, Language, RunId, SqlParameter, WorkspaceRead, WorkspaceWrite};
use ops_client::http::SecretString;
use serde_json::{Value, json as value};

use crate::{asked, builder, client, context, json, of, server, sql, submit};

/// What a change sends, and where.
async fn sent(answer: &str, change: impl AsyncFnOnce(&DatabricksClient)) -> (String, Value) {
    let server = server(json(200, answer)).await;
    change(&client(&server)).await;
    let requests = server.received_requests().await.unwrap();
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!(request.url.query(), None);
    (format!("{} {}", request.method, request.url.path()), request.body_json().unwrap())
}

#[tokio::test]
async fn reads() {
    let server = server(json(404, r#"{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}"#)).await;
    let databricks = client(&server);
    // Whatever comes back: the request is what counts.
    let _ = databricks.me().await;
    let _ = databricks.path_status(&of("dbfs:/mnt/b/a key+é/")).await;
    let _ = databricks.path_status(&of("/Volumes/c/s/v/a key#1")).await;
    let _ = databricks.list(&of("/mnt/b"), 7).await;
    let _ = databricks.list(&of("/Volumes/c/s/v/k/"), 7).await;
    let _ = databricks.list(&of("/Volumes/c/s/v"), 7000).await;
    let _ = databricks.clusters().await;
    let _ = databricks.notebook(&of("/Shared/a look")).await;
    let _ = databricks.run(RunId::new(7)).await;
    let _ = databricks.run_output(RunId::new(7)).await;
    let _ = databricks.statement(&of("s-1")).await;
    let _ = databricks.context_status(&context()).await;
    let _ = databricks.command_status(&context(), &of("k-1")).await;
    let expected = [
        "GET /api/2.0/preview/scim/v2/Me",
        "GET /api/2.0/dbfs/get-status?path=%2Fmnt%2Fb%2Fa+key%2B%C3%A9",
        "HEAD /api/2.0/fs/directories/Volumes/c/s/v/a%20key%231",
        "HEAD /api/2.0/fs/files/Volumes/c/s/v/a%20key%231",
        "GET /api/2.0/dbfs/list?path=%2Fmnt%2Fb",
        "GET /api/2.0/fs/directories/Volumes/c/s/v/k?page_size=7",
        "HEAD /api/2.0/fs/files/Volumes/c/s/v/k",
        "GET /api/2.0/fs/directories/Volumes/c/s/v?page_size=1000",
        "HEAD /api/2.0/fs/files/Volumes/c/s/v",
        "GET /api/2.1/clusters/list?page_size=100",
        "GET /api/2.0/clusters/list",
        "GET /api/2.0/workspace/get-status?path=%2FShared%2Fa+look",
        "GET /api/2.1/jobs/runs/get?run_id=7",
        "GET /api/2.1/jobs/runs/get-output?run_id=7",
        "GET /api/2.0/sql/statements/s-1",
        "GET /api/1.2/contexts/status?clusterId=c-1&contextId=x-1",
        "GET /api/1.2/commands/status?clusterId=c-1&contextId=x-1&commandId=k-1",
    ];
    assert_eq!(asked(&server).await, expected);
}

#[tokio::test]
async fn contexts_and_commands() {
    let (place, body) = sent(r#"{"id": "x-1"}"#, async |databricks| {
        assert_eq!(databricks.create_context(&of("c-1"), Language::Scala).await.unwrap(), context());
    })
    .await;
    assert_eq!(place, "POST /api/1.2/contexts/create");
    assert_eq!(body, value!({"clusterId": "c-1", "language": "scala"}));

    let (place, body) = sent(r#"{"id": "k-1"}"#, async |databricks| {
        assert_eq!(databricks.execute(&context(), "1 + 1").await.unwrap().as_str(), "k-1");
    })
    .await;
    assert_eq!(place, "POST /api/1.2/commands/execute");
    assert_eq!(body, value!({"clusterId": "c-1", "contextId": "x-1", "language": "scala", "command": "1 + 1"}));

    let (place, body) = sent(r#"{"id": "k-1"}"#, async |databricks| {
        databricks.cancel_command(&context(), &of("k-1")).await.unwrap();
    })
    .await;
    assert_eq!(place, "POST /api/1.2/commands/cancel");
    assert_eq!(body, value!({"clusterId": "c-1", "contextId": "x-1", "commandId": "k-1"}));

    let (place, body) = sent(r#"{"id": "x-1"}"#, async |databricks| {
        databricks.destroy_context(&context()).await.unwrap();
    })
    .await;
    assert_eq!(place, "POST /api/1.2/contexts/destroy");
    assert_eq!(body, value!({"clusterId": "c-1", "contextId": "x-1"}));
}

#[tokio::test]
async fn notebooks() {
    let (place, body) = sent("{}", async |databricks| {
        let path = of("/Shared/look");
        databricks.import_notebook(&path, Language::Python, "print(1)\n", true).await.unwrap();
    })
    .await;
    assert_eq!(place, "POST /api/2.0/workspace/import");
    let expected = value!({"path": "/Shared/look", "format": "SOURCE", "language": "PYTHON",
                           "content": "cHJpbnQoMSkK", "overwrite": true});
    assert_eq!(body, expected);

    let (place, body) =
        sent("{}", async |databricks| databricks.delete_notebook(&of("/Shared/look")).await.unwrap()).await;
    assert_eq!(place, "POST /api/2.0/workspace/delete");
    assert_eq!(body, value!({"path": "/Shared/look", "recursive": false}), "never a whole folder");
}

#[tokio::test]
async fn runs() {
    let (place, body) = sent(r#"{"run_id": 455644833}"#, async |databricks| {
        assert_eq!(databricks.submit(&submit(), &of("tonight")).await.unwrap(), RunId::new(455_644_833));
    })
    .await;
    assert_eq!(place, "POST /api/2.1/jobs/runs/submit");
    let task = value!({"task_key": "notebook", "existing_cluster_id": "c-1",
                       "notebook_task": {"notebook_path": "/Shared/look", "source": "WORKSPACE",
                                         "base_parameters": {"dataset": "10b0"}}});
    let expected = value!({"run_name": "a look", "idempotency_token": "tonight", "timeout_seconds": 600,
                           "tasks": [task]});
    assert_eq!(body, expected);

    let (place, body) = sent("{}", async |databricks| databricks.cancel_run(RunId::new(7)).await.unwrap()).await;
    assert_eq!((place.as_str(), body), ("POST /api/2.1/jobs/runs/cancel", value!({"run_id": 7})));
}

#[tokio::test]
async fn statements() {
    let answer = r#"{"statement_id": "s-1", "status": {"state": "PENDING"}}"#;
    let (place, body) = sent(answer, async |databricks| {
        let day = SqlParameter::new("day", "2018-01-17").with_kind("DATE");
        let sql = sql().with_parameter(day).with_parameter(SqlParameter::null("x")).with_row_limit(20);
        assert_eq!(databricks.execute_statement(&sql).await.unwrap().id.as_str(), "s-1");
    })
    .await;
    assert_eq!(place, "POST /api/2.0/sql/statements");
    let expected = value!({
        "warehouse_id": "w-1", "statement": "SELECT 1", "row_limit": 20, "wait_timeout": "0s",
        "on_wait_timeout": "CONTINUE", "disposition": "INLINE", "format": "JSON_ARRAY",
        "parameters": [{"name": "day", "value": "2018-01-17", "type": "DATE"}, {"name": "x"}],
    });
    assert_eq!(body, expected);
    let (place, _) = sent("{}", async |databricks| databricks.cancel_statement(&of("s-1")).await.unwrap()).await;
    assert_eq!(place, "POST /api/2.0/sql/statements/s-1/cancel");
}

#[tokio::test]
async fn what_cannot_be_is_not_sent() {
    let server = server(json(200, "{}")).await;
    let databricks = client(&server);
    let large = "x".repeat((10 << 20) + 1);
    let refused = databricks.import_notebook(&of("/Shared/look"), Language::R, &large, true).await.unwrap_err();
    assert_eq!(refused.attempts(), 0);
    assert_eq!(databricks.list(&of("/mnt/b"), 0).await.unwrap_err().attempts(), 0);
    assert!(asked(&server).await.is_empty());
}

#[tokio::test]
async fn who_calls() {
    let server = server(json(200, r#"{"userName": "ana@example.com"}"#)).await;
    let token = SecretString::from("dapi-abc".to_owned());
    for (databricks, header) in
        [(client(&server).with_access_token(token), Some("Bearer dapi-abc")), (builder(&server).build().unwrap(), None)]
    {
        databricks.me().await.unwrap();
        let requests = server.received_requests().await.unwrap();
        let sent = requests.last().unwrap().headers.get("authorization").map(|value| value.to_str().unwrap());
        assert_eq!(sent, header);
    }
}
