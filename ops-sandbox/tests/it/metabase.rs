//! Metabase: what is put there, who may ask, and what its API says beside the client's own questions.

use metabase_client::{
    Cell, Environment, ErrorKind, Filter, MetabaseClient, MetabaseRead, MetabaseReadExt, Parameter, Query,
};
use ops_client::http::RetryPolicy;
use ops_sandbox::metabase::{About, QuestionSpec, TableSpec};
use ops_sandbox::{Fault, Operation, Server, System, World};
use serde_json::{Value, json};

use crate::server::by_hand;

pub(crate) fn client(server: &Server) -> MetabaseClient {
    let builder = MetabaseClient::builder(Environment::new("sandbox"), &server.metabase_url());
    builder.retry(RetryPolicy::none()).build().unwrap()
}

fn loads() -> TableSpec {
    TableSpec::new("Belo Monte", "meta", "loads").column("id", "type/Integer").column("table_name", "type/Text")
}

fn row(id: i64, name: &str) -> [Cell; 2] {
    [Cell::from(id), Cell::from(name)]
}

#[tokio::test]
async fn a_table_that_is_put_again_keeps_its_ids() {
    let world = World::seeded(1);
    let metabase = world.metabase();
    let id = world.put_metabase_table(loads().row(row(1, "a"))).unwrap();
    let before = metabase.find_table("Belo Monte", "meta", "loads").await.unwrap();
    world.put_metabase_table(TableSpec::new("Belo Monte", "meta", "other").column("x", "type/Text")).unwrap();
    assert_eq!(world.put_metabase_table(loads().column("more", "type/Text")).unwrap(), id);
    let after = metabase.find_spoken("Belo Monte - Meta - Loads").await.unwrap();
    assert_eq!((after.id, &after.fields[..2]), (before.id, &before.fields[..]));
    assert!(metabase.query(&Query::of(&after)).await.unwrap().rows.is_empty());

    world.add_metabase_row(id, [Cell::from(7), Cell::Null, Cell::Null]).unwrap();
    assert_eq!(metabase.query(&Query::of(&after)).await.unwrap().rows.len(), 1);
    assert_eq!(world.add_metabase_row(id, row(1, "short")).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(world.put_metabase_table(loads().row([Cell::Null])).unwrap_err().kind(), ErrorKind::Invalid);
    let stray = QuestionSpec::new("Belo Monte", "meta", "loads").variable("x", "nothing");
    assert_eq!(world.put_metabase_question(stray).unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_field_filter_may_be_left_out() {
    let world = World::seeded(1);
    world.put_metabase_table(loads().row(row(1, "a")).row(row(2, "b")).row(row(3, "c"))).unwrap();
    let spec = QuestionSpec::new("Belo Monte", "meta", "loads").field_filter("names", "table_name");
    let card = world.put_metabase_question(spec).unwrap();
    let server = Server::start(world).await.unwrap();
    let ports: [&dyn MetabaseRead; 2] = [&server.world().metabase(), &client(&server)];
    for port in ports {
        assert_eq!(port.question(card, &[]).await.unwrap().rows.len(), 3);
        let some = Parameter::field_filter("names", ["a", "c", "x"]);
        assert_eq!(port.question(card, &[some]).await.unwrap().rows, [row(1, "a"), row(3, "c")]);
        let variable = Parameter::new("names", "a");
        assert_eq!(port.question(card, &[variable]).await.unwrap_err().kind(), ErrorKind::Rejected);
    }
}

#[tokio::test]
async fn a_large_number_travels_as_a_text() {
    let world = World::seeded(1);
    let large = 9_007_199_254_740_993;
    world.put_metabase_table(loads().row(row(large, "a"))).unwrap();
    let server = Server::start(world).await.unwrap();
    let metabase = client(&server);
    let table = metabase.find_table("Belo Monte", "meta", "loads").await.unwrap();
    let found = metabase.query(&Query::of(&table).filter(Filter::is(table.fields[0].id, large))).await.unwrap();
    assert_eq!(found.rows[0][0], Cell::from(large.to_string()));
    assert_eq!(found.rows[0][0].as_integer(), Some(large));
    assert_eq!(server.world().metabase().query(&Query::of(&table)).await.unwrap().rows, found.rows);
}

#[tokio::test]
async fn who_is_not_known_is_turned_away_and_a_session_ends() {
    let world = World::seeded(1);
    world.put_metabase_table(loads()).unwrap();
    let server = Server::builder(world).require_metabase_logins().start().await.unwrap();
    let somebody = |password: &str| client(&server).with_login("viewer@example.com", password.to_owned().into());
    for stranger in [client(&server), somebody("wrong"), client(&server).with_api_key("mb_x".to_owned().into())] {
        assert_eq!(stranger.me().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
        assert_eq!(stranger.probe().await.unwrap().version.as_deref(), Some("v0.49.3"));
    }
    let viewer = somebody("viewer");
    assert_eq!(viewer.me().await.unwrap(), server.world().metabase().as_viewer().me().await.unwrap());
    server.forget_metabase_logins();
    assert!(!viewer.me().await.unwrap().superuser, "it logged in again by itself");
    let logins = server.world().count(Operation::MetabaseLogin, About::Everything.subject());
    assert_eq!(logins.calls, 3);
    let admin = client(&server).with_api_key("mb_admin".to_owned().into());
    assert!(admin.me().await.unwrap().superuser);
}

#[tokio::test]
async fn faults_hit_it_and_calls_are_counted() {
    let world = World::seeded(1);
    let table = world.put_metabase_table(loads()).unwrap();
    let server = Server::start(world).await.unwrap();
    let world = server.world();
    let query = Query::new(world.metabase().databases().await.unwrap()[0].id, table);
    for (fault, kind) in [
        (Fault::HalfBody, ErrorKind::Unavailable),
        (Fault::DropBeforeEffect, ErrorKind::Unavailable),
        (Fault::Status(403), ErrorKind::Forbidden),
        (Fault::Html, ErrorKind::Decode),
    ] {
        for port in [&world.metabase() as &dyn MetabaseRead, &client(&server)] {
            world.faults().next(1, System::Metabase, fault);
            assert_eq!(port.query(&query).await.unwrap_err().kind(), kind, "{fault:?}");
        }
    }
    assert!(client(&server).query(&query).await.unwrap().rows.is_empty());
    let count = world.count(Operation::MetabaseQuery, About::Table(table).subject());
    assert_eq!((count.calls, count.effects), (9, 0));
}

#[tokio::test]
async fn by_hand_it_answers_as_metabase_does() {
    let world = World::seeded(1);
    world.put_metabase_table(loads().row(row(1, "a"))).unwrap();
    let server = Server::start(world).await.unwrap();
    let ask = async |query: Value| {
        let body = json!({"database": 1, "type": "query", "query": query});
        let (status, text) = by_hand(&server, "POST", "/metabase/api/dataset", Some(body)).await;
        (status, serde_json::from_str::<Value>(&text).unwrap_or(Value::String(text)))
    };
    let (status, found) = ask(json!({"source-table": 1})).await;
    assert_eq!((status, &found["status"], &found["data"]["rows"]), (202, &json!("completed"), &json!([[1, "a"]])));
    assert_eq!(found["data"]["cols"][1]["display_name"], "Table Name");
    let (status, failed) = ask(json!({"source-table": 9})).await;
    assert_eq!(
        (status, &failed["status"], &failed["error"]),
        (202, &json!("failed"), &json!("Table 9 does not exist"))
    );
    assert_eq!(ask(json!({"source-table": 1, "aggregation": [["count"]]})).await.0, 400);

    let get = async |path: &str| by_hand(&server, "GET", &format!("/metabase{path}"), None).await;
    assert_eq!(get("/api/health").await, (200, r#"{"status":"ok"}"#.to_owned()));
    assert_eq!(get("/api/database/9/metadata").await, (404, "Not found.".to_owned()));
    assert_eq!(get("/api/nothing").await.0, 404);
    let (status, page) = get("/question/1").await;
    assert!(status == 200 && page.contains("<html>"), "what it does not know is its page");
}
