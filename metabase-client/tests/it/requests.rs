//! What is sent: exactly this and nothing else. And what is made of a whole answer.

use metabase_client::{
    CardId, Cell, Column, Database, DatabaseId, Field, FieldId, Filter, MetabaseRead, MetabaseReadExt, Parameter,
    Query, Table, TableId, User, UserId,
};
use serde_json::{Value, json as value};
use wiremock::MockServer;

use crate::{LOADED, NAME, client, json, loads, on, server};

/// The one request that came: method and path, and its body.
async fn sent(server: &MockServer) -> (String, Value) {
    let requests = server.received_requests().await.unwrap();
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!(request.headers.get("accept").unwrap(), "application/json");
    let body = if request.body.is_empty() { Value::Null } else { request.body_json().unwrap() };
    assert_eq!(request.url.query(), None);
    (format!("{} {}", request.method, request.url.path()), body)
}

fn empty() -> wiremock::ResponseTemplate {
    json(202, r#"{"status": "completed", "data": {"rows": [], "cols": []}}"#)
}

#[tokio::test]
async fn a_probe() {
    let properties =
        r#"{"setup-token": null, "version": {"tag": "v0.49.3", "hash": "0a1b2c3"}, "has-user-setup": true}"#;
    let server = server(json(200, properties).insert_header("date", "Thu, 18 Jan 2018 09:00:00 GMT")).await;
    let probe = client(&server).probe().await.unwrap();
    assert_eq!(sent(&server).await, ("GET /api/session/properties".to_owned(), Value::Null));
    assert_eq!((probe.address, probe.version.as_deref()), (server.uri(), Some("v0.49.3")));
    assert!(probe.server_time.is_some());
}

#[tokio::test]
async fn who_asks() {
    let body = r#"{"id": 3, "email": "on-call@example.com", "common_name": "On Call", "is_superuser": false}"#;
    let server = server(json(200, body)).await;
    let mut user = User::new(UserId::new(3), "on-call@example.com");
    user.name = Some("On Call".to_owned());
    assert_eq!(client(&server).me().await.unwrap(), user);
    assert_eq!(sent(&server).await.0, "GET /api/user/current");
}

#[tokio::test]
async fn databases_as_a_list_and_wrapped() {
    let list =
        r#"[{"id": 1, "name": "Sample", "engine": "h2", "details": {"db": "x"}}, {"id": 2, "name": "Belo Monte"}]"#;
    let all = [
        Database::new(DatabaseId::new(1), "Sample").with_engine("h2"),
        Database::new(DatabaseId::new(2), "Belo Monte"),
    ];
    for body in [list.to_owned(), format!(r#"{{"total": 2, "data": {list}, "more": []}}"#)] {
        let server = server(json(200, &body)).await;
        assert_eq!(client(&server).databases().await.unwrap(), all);
        assert_eq!(sent(&server).await.0, "GET /api/database");
    }
}

const METADATA: &str = r#"{"id": 2, "name": "Belo Monte", "engine": "redshift", "features": ["basic"], "tables": [
    {"id": 30, "db_id": 2, "schema": "meta", "name": "loads", "display_name": "Loads", "fields": [
        {"id": 301, "name": "table_name", "display_name": "Table Name", "base_type": "type/Text",
         "fingerprint": {"global": {"distinct-count": 7}}},
        {"id": 302, "name": "loaded_at", "display_name": "Loaded At", "base_type": "type/DateTime"}]},
    {"id": 31, "schema": "", "name": "bare", "display_name": null}]}"#;

#[tokio::test]
async fn metadata() {
    let server = server(json(200, METADATA)).await;
    let told = client(&server).metadata(DatabaseId::new(2)).await.unwrap();
    assert_eq!(sent(&server).await.0, "GET /api/database/2/metadata");
    assert_eq!(told.database, Database::new(DatabaseId::new(2), "Belo Monte").with_engine("redshift"));
    let fields = vec![
        Field::new(NAME, "table_name", "type/Text").shown_as("Table Name"),
        Field::new(LOADED, "loaded_at", "type/DateTime").shown_as("Loaded At"),
    ];
    let table = |id, schema: Option<&str>, name: &str| {
        Table::new(TableId::new(id), DatabaseId::new(2), schema.map(str::to_owned), name)
    };
    let loads = table(30, Some("meta"), "loads").shown_as("Loads").with_fields(fields);
    assert_eq!(told.tables, [loads, table(31, None, "bare")]);
}

#[tokio::test]
async fn a_table_as_people_say_it() {
    let server = MockServer::start().await;
    let list = r#"{"data": [{"id": 1, "name": "Sample"}, {"id": 2, "name": "Belo Monte"}]}"#;
    on("GET /api/database", json(200, list)).mount(&server).await;
    on("GET /api/database/2/metadata", json(200, METADATA)).mount(&server).await;
    let metabase = client(&server);
    let table = metabase.find_spoken("Belo Monte - Meta - Loads").await.unwrap();
    assert_eq!(table.id, TableId::new(30));
    assert_eq!(table.field("Table Name").unwrap().id, NAME);
    assert_eq!(Query::of(&table), loads());
    let error = metabase.find_spoken("Belo Monte - Loads").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (metabase_client::ErrorKind::Invalid, 0));
    let error = metabase.find_table("Belo", "meta", "loads").await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("Sample, Belo Monte"), "{error}");
}

#[tokio::test]
async fn a_whole_query() {
    let server = server(empty()).await;
    let query = loads()
        .filter(Filter::is(NAME, "it's \"it\"").and(Filter::is_not(FieldId::new(4), 7)))
        .filter(Filter::contains(NAME, "fraud"))
        .filter(Filter::one_of(NAME, ["a", "b"]))
        .descending(LOADED)
        .ascending(NAME)
        .fields([LOADED, NAME])
        .limit(10);
    client(&server).query(&query).await.unwrap();
    let body = value!({
        "database": 2,
        "type": "query",
        "query": {
            "source-table": 30,
            "filter": ["and",
                ["=", ["field", 301, null], "it's \"it\""],
                ["!=", ["field", 4, null], 7],
                ["contains", ["field", 301, null], "fraud"],
                ["=", ["field", 301, null], "a", "b"]],
            "order-by": [["desc", ["field", 302, null]], ["asc", ["field", 301, null]]],
            "fields": [["field", 302, null], ["field", 301, null]],
            "limit": 10,
        },
    });
    assert_eq!(sent(&server).await, ("POST /api/dataset".to_owned(), body));
}

#[tokio::test]
async fn what_is_not_asked_for_is_left_out() {
    for (query, asked) in [
        (loads(), value!({"source-table": 30})),
        (
            loads().filter(Filter::is(NAME, true)),
            value!({"source-table": 30, "filter": ["=", ["field", 301, null], true]}),
        ),
        (
            loads().filter(Filter::All(vec![Filter::is(NAME, "a")])),
            value!({"source-table": 30, "filter": ["=", ["field", 301, null], "a"]}),
        ),
    ] {
        let server = server(empty()).await;
        client(&server).query(&query).await.unwrap();
        assert_eq!(sent(&server).await.1, value!({"database": 2, "type": "query", "query": asked}));
    }
}

#[tokio::test]
async fn an_answer() {
    // Metabase sends blanks while the database works.
    let body = r#"

        {"data": {"rows": [["fraud_report_policy", "2018-01-18T05:12:00Z", 7, null], ["x", null, 1.5, true]],
                  "cols": [{"name": "table_name", "display_name": "Table Name", "base_type": "type/Text", "source": "fields"},
                           {"name": "loaded_at", "display_name": "Loaded At", "base_type": "type/DateTime"},
                           {"name": "count", "display_name": "", "base_type": null}, {"name": "ok"}],
                  "native_form": {"query": "SELECT"}},
         "row_count": 2, "status": "completed", "error": null}"#;
    for status in [200, 202] {
        let server = server(json(status, body)).await;
        let answer = client(&server).query(&loads()).await.unwrap();
        let columns = [
            Column::new("table_name", "type/Text").shown_as("Table Name"),
            Column::new("loaded_at", "type/DateTime").shown_as("Loaded At"),
            Column::new("count", "type/*"),
            Column::new("ok", "type/*"),
        ];
        assert_eq!(answer.columns, columns);
        let half = Cell::Number(serde_json::Number::from_f64(1.5).unwrap());
        assert_eq!(
            answer.rows,
            [
                [Cell::from("fraud_report_policy"), Cell::from("2018-01-18T05:12:00Z"), Cell::from(7), Cell::Null],
                [Cell::from("x"), Cell::Null, half, Cell::from(true)],
            ]
        );
        assert!(!answer.may_be_cut);
        assert_eq!(answer.rows[0][answer.column("Loaded At").unwrap()].as_text(), Some("2018-01-18T05:12:00Z"));
    }
}

#[tokio::test]
async fn whether_there_may_be_more_is_told() {
    let body = |rows: usize, more: &str| {
        let rows = vec!["[1]"; rows].join(",");
        format!(r#"{{"status": "completed", "data": {{"cols": [{{"name": "a"}}], "rows": [{rows}]{more}}}}}"#)
    };
    for (rows, more, limit, cut) in [
        (0, "", None, false),
        (1999, "", None, false),
        (2000, "", None, true),
        (2000, "", Some(5000), true),
        (1999, "", Some(2000), false),
        (10, "", Some(10), true),
        (9, "", Some(10), false),
        (500, r#", "rows_truncated": 500"#, None, true),
        (500, r#", "rows_truncated": null"#, None, false),
    ] {
        let server = server(json(202, &body(rows, more))).await;
        let mut query = loads();
        query.limit = limit;
        let answer = client(&server).query(&query).await.unwrap();
        assert_eq!((answer.rows.len(), answer.may_be_cut), (rows, cut), "{rows} {more} {limit:?}");
    }
}

#[tokio::test]
async fn a_saved_question() {
    let server = server(empty()).await;
    let parameters = [
        Parameter::new("dataset", "policy/fraud"),
        Parameter::new("least", 7),
        Parameter::new("all", true),
        Parameter::new("day", "2018-01-18").with_type("date/single"),
        Parameter::field_filter("names", ["a", "b"]),
        Parameter::field_filter("ids", [1]),
    ];
    client(&server).question(CardId::new(12), &parameters).await.unwrap();
    let variable = |kind: &str, tag: &str, given: Value| value!({"type": kind, "target": ["variable", ["template-tag", tag]], "value": given});
    let filter = |kind: &str, tag: &str, given: Value| value!({"type": kind, "target": ["dimension", ["template-tag", tag]], "value": given});
    let body = value!({
        "ignore_cache": true,
        "parameters": [
            variable("text", "dataset", value!("policy/fraud")),
            variable("number", "least", value!(7)),
            variable("boolean", "all", value!(true)),
            variable("date/single", "day", value!("2018-01-18")),
            filter("string/=", "names", value!(["a", "b"])),
            filter("number/=", "ids", value!([1])),
        ],
    });
    assert_eq!(sent(&server).await, ("POST /api/card/12/query".to_owned(), body));
}

#[tokio::test]
async fn what_would_mean_something_else_is_not_sent() {
    let server = server(empty()).await;
    let metabase = client(&server);
    for query in
        [loads().filter(Filter::one_of::<&str>(NAME, [])), loads().filter(Filter::contains(NAME, "")), loads().limit(0)]
    {
        let error = metabase.query(&query).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (metabase_client::ErrorKind::Invalid, 0));
    }
    for parameter in [Parameter::field_filter::<&str>("names", []), Parameter::new(" ", "x")] {
        let error = metabase.question(CardId::new(1), &[parameter]).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (metabase_client::ErrorKind::Invalid, 0));
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}
