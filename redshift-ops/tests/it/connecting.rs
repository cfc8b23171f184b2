//! Coming to the warehouse over the wire: who is let in, whose certificate is believed, and what is said where it fails.

use std::time::Duration;

use ops_client::retry::{Idempotency, RetryPolicy};
use redshift_ops::sql::{Login, Sql, SqlLimits, Statement, Warehouse, WireSql, WireSqlBuilder};
use redshift_ops::{
    ClusterClient, ClusterId, Effect, ErrorKind, LoadFilter, LoadsRead, Pid, SessionKey, WarehouseRead, WarehouseWrite,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::aws::Peer;
use crate::postgres::Postgres;
use crate::warehouse::TURN;

fn builder(postgres: &Postgres, user: &str) -> WireSqlBuilder {
    let login = Login::new(user, "planted-4711".to_owned().into());
    WireSql::builder("localhost", postgres.port, "belomonte", login).retry(RetryPolicy::none())
}

async fn refused(sql: WireSql) -> redshift_ops::Error {
    let error = Warehouse::new(sql).probe().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("planted-4711"), "{error:?}");
    error
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_why() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let with_ca = |user| builder(&postgres, user).ca_bundle_pem(postgres.ca.clone());
    let wrong = refused(with_ca("sandrews").build().unwrap()).await;
    assert_eq!((wrong.kind(), wrong.effect()), (ErrorKind::Unauthenticated, Effect::None), "{wrong}");
    let login = Login::new("sandrews", "sandrews".to_owned().into());
    let elsewhere = WireSql::builder("localhost", postgres.port, "nowhere", login).ca_bundle_pem(postgres.ca.clone());
    let error = refused(elsewhere.build().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    // The certificate is nobody's whom this machine trusts.
    let error = refused(builder(&postgres, "sandrews").build().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    // Without TLS the server lets nobody in, and nobody gives it a password.
    let error = refused(builder(&postgres, "sandrews").plain_to_loopback().build().unwrap()).await;
    assert!(matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Connect), "{error}");
}

#[tokio::test]
async fn a_host_of_another_name_is_not_believed() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let login = Login::new("sandrews", "sandrews".to_owned().into());
    // The certificate is for `localhost` and 127.0.0.1.
    let other = WireSql::builder("127.0.0.2", postgres.port, "belomonte", login).ca_bundle_pem(postgres.ca.clone());
    let error = refused(other.retry(RetryPolicy::none()).build().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
}

#[tokio::test]
async fn a_login_that_aws_makes_lets_in() {
    let (Some(postgres), Some(peer)) = (Postgres::there_is(), Peer::there_is("eu-west-1")) else { return };
    let _turn = TURN.lock().await;
    peer.play().await.unwrap();
    let client = ClusterClient::new(peer.aws("AKIAIOSFODNN7EXAMPLE").await);
    let cluster = ClusterId::new("cantareira-k-redshift-redshiftcluster-1lp2x");
    let login = client.login(cluster, "operator", "belomonte");
    let sql = WireSql::builder("localhost", postgres.port, "belomonte", login).ca_bundle_pem(postgres.ca.clone());
    let me = Warehouse::new(sql.build().unwrap()).me().await.unwrap();
    assert!(me.sees_all() && !me.superuser, "{me:?}");
    assert_eq!(me.may_end("sandrews"), Some(true));
}

/// A server that answers every connection with these bytes.
async fn answering(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 64];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(bytes).await;
                // It stays open: who waits for more has to give up by themselves.
                tokio::time::sleep(Duration::from_secs(30)).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn what_is_no_warehouse_is_told() {
    let connect = |port| {
        let login = Login::new("ada", "planted-4711".to_owned().into());
        let limits = SqlLimits::default().with_connect(Duration::from_millis(500));
        WireSql::builder("localhost", port, "dev", login).limits(limits).retry(RetryPolicy::none()).build().unwrap()
    };
    for bytes in [&b"HTTP/1.1 400 Bad Request\r\n\r\n<html>"[..], b"N", b"", b"S\x00\x00garbage"] {
        let error = refused(connect(answering(bytes).await)).await;
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Connect, Effect::None), "{bytes:?}: {error}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = refused(connect(closed)).await;
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.remedy().unwrap().contains("VPN"), "{error}");
}

#[test]
fn what_cannot_be_meant_is_not_tried() {
    let build = |host: &str, port, database: &str| {
        WireSql::builder(host, port, database, Login::new("ada", "planted-4711".to_owned().into()))
    };
    for wrong in [
        build("", 5439, "dev"),
        build("ada:planted-4711@example.com", 5439, "dev"),
        build("/tmp", 5439, "dev"),
        build("example.com", 0, "dev"),
        build("example.com", 5439, ""),
        build("warehouse.example.com", 5439, "dev").plain_to_loopback(),
        build("example.com", 5439, "dev").ca_bundle_pem("no certificate"),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0), "{error}");
        assert!(!format!("{error:?}").contains("planted-4711"), "{error:?}");
    }
    let sql = build("example.com", 5439, "dev").build().unwrap();
    assert!(!format!("{sql:?}").contains("planted-4711"));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_a_limit_and_statements_a_time() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let with = |limits| {
        let login = Login::new("sandrews", "sandrews".to_owned().into());
        let sql = WireSql::builder("localhost", postgres.port, "belomonte", login).ca_bundle_pem(postgres.ca.clone());
        sql.limits(limits).retry(RetryPolicy::none()).build().unwrap()
    };
    let ask = async |sql: &WireSql, text: &str| sql.query("x.y", Idempotency::Read, &Statement::new(text)).await;
    let small = with(SqlLimits::default().with_answer(10, 100_000));
    let many = ask(&small, "select n from generate_series(1, 11) n").await.unwrap_err();
    assert_eq!(many.kind(), ErrorKind::Decode, "{many}");
    let large = ask(&small, "select repeat('x', 2000000)").await.unwrap_err();
    assert!(large.to_string().contains("too large"), "{large}");
    // The next one is answered again.
    assert_eq!(ask(&small, "select n from generate_series(1, 10) n").await.unwrap().len(), 10);
    let quick = with(SqlLimits::default().with_statement(Duration::from_secs(1)));
    let late = ask(&quick, "select pg_sleep(20)").await.unwrap_err();
    assert_eq!((late.kind(), late.effect()), (ErrorKind::Timeout, Effect::None), "{late}");
    assert_eq!(ask(&quick, "select 1").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_cut_is_opened_anew() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let warehouse = postgres.warehouse("test_cut").await;
    let sql = Warehouse::new(postgres.wire("test_cut", "sao_pedro"));
    let before = sql.me().await.unwrap().pid;
    let cut = format!("select count(pg_terminate_backend({before}))");
    assert_eq!(warehouse.count(&cut).await, 1);
    assert_ne!(sql.me().await.unwrap().pid, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_value_is_taken_for_what_it_is() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let warehouse = postgres.warehouse("test_values").await;
    let sql = postgres.wire("test_values", "sao_pedro");
    for value in [
        "it's",
        r"back\slash",
        r"\'; drop table meta.loads; --",
        "a:b ::c",
        "\u{e9} \u{1f600}",
        "%_",
        "$q$x$q$",
        "'",
        r"\",
    ] {
        let statement = Statement::new("select :value as value, ':value'::text as literal").with("value", value);
        let rows = sql.query("x.y", Idempotency::Read, &statement).await.unwrap();
        let row = rows.first("x.y").unwrap();
        assert_eq!((row.some("value").unwrap(), row.some("literal").unwrap()), (value, ":value"));
        let loads = Warehouse::new(postgres.wire("test_values", "sao_pedro"));
        assert!(loads.loads(&LoadFilter::newest().of_table(value)).await.unwrap().is_empty());
    }
    assert!(warehouse.count("select count(*) from meta.loads").await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_users_are_never_ended() {
    let Some(postgres) = Postgres::there_is() else { return };
    let _turn = TURN.lock().await;
    let behind = postgres.warehouse("test_protected").await;
    let reader = behind.open("sandrews", "begin; select 1").await;
    let sql = Warehouse::new(postgres.wire("test_protected", "sao_pedro")).protecting(["sandrews"]);
    for error in [sql.terminate(&reader).await.unwrap_err(), sql.cancel(&reader).await.unwrap_err()] {
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None), "{error}");
    }
    let nobody = SessionKey::new(Pid::new(i32::MAX).unwrap(), reader.started);
    assert_eq!(sql.terminate(&nobody).await.unwrap_err().kind(), ErrorKind::NotFound);
}
