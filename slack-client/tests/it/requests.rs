//! What is sent, exactly, and what is made of the answers.

use slack_client::{Author, Finder, MessagesRead, Window};

use crate::{A, B, asked, builder, channel, client, json, message, night, on_cursor, page, server};

#[tokio::test]
async fn a_probe_says_who_asks() {
    let server = server(json(200, r#"{"ok": true, "team": "T", "user": "ops", "bot_id": "B1"}"#)).await;
    let slack = client(&server).with_token("xoxb-1".to_owned().into());
    let probe = slack.probe().await.unwrap();
    assert_eq!(probe.address, server.uri());
    assert!(probe.server_time.is_some());
    assert_eq!(asked(&server).await, ["GET /api/auth.test"]);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers["authorization"], "Bearer xoxb-1");
}

#[tokio::test]
async fn pages_are_followed_by_their_cursor() {
    let server = server(page(&message("1516233605.000300", A), "bmV4dDox")).await;
    on_cursor(&server, "bmV4dDox", page(&message("1516233605.000216", B), "")).await;
    let told = client(&server).with_page_size(50).transactions(&channel(), night(), 120).await.unwrap();
    let found: Vec<_> = told.found.iter().map(|mention| (mention.transaction.to_string(), mention.at)).collect();
    let at = |text: &str| text.parse().unwrap();
    let wanted = [(A.to_owned(), at("2018-01-18T00:00:05.0003Z")), (B.to_owned(), at("2018-01-18T00:00:05.000216Z"))];
    assert_eq!(found, wanted);
    assert_eq!((told.messages, told.more), (2, false));
    let place = "GET /api/conversations.history?channel=C1234567890&oldest=1516232700.000000&latest=1516237200.000216";
    let expected =
        [format!("{place}&inclusive=true&limit=50"), format!("{place}&inclusive=true&limit=50&cursor=bmV4dDox")];
    assert_eq!(asked(&server).await, expected);
}

#[tokio::test]
async fn no_more_is_asked_for_than_is_looked_at() {
    let two = format!("{},{}", message("1516233605.000300", A), message("1516233605.000216", B));
    let server = server(page(&two, "x")).await;
    on_cursor(&server, "x", page(&message("1516233604.000000", B), "y")).await;
    let told = client(&server).transactions(&channel(), night(), 3).await.unwrap();
    assert_eq!((told.messages, told.more), (3, true));
    let limits: Vec<_> = asked(&server).await.iter().map(|asked| asked.contains("limit=3")).collect();
    assert_eq!(limits, [true, false]);
    assert!(asked(&server).await[1].contains("limit=1&cursor=x"));
    for (size, limit) in [(0, "limit=1"), (5000, "limit=999")] {
        client(&server).with_page_size(size).transactions(&channel(), night(), 1000).await.unwrap();
        let asked = asked(&server).await;
        assert!(asked.iter().any(|asked| asked.ends_with(limit)), "{asked:?}");
    }
}

#[tokio::test]
async fn who_wrote_it_and_whether_a_run_started() {
    for (fields, by, starts) in [
        (r#""bot_id": "B1", "text": "Airflow started running a dagao""#, Author::Bot, true),
        (r#""subtype": "bot_message", "user": "U1", "text": "a failure""#, Author::Bot, false),
        (r#""user": "U1", "text": null, "blocks": null"#, Author::Person, false),
        (r#""text": "Started running""#, Author::Unknown, true),
    ] {
        let attachment =
            format!(r#""attachments": [{{"title": "Transaction", "text": "{A}"}}, {{"footer": "transaction {A}"}}]"#);
        let server = server(page(&format!(r#"{{"ts": "1516233605.000216", {fields}, {attachment}}}"#), "")).await;
        let told = client(&server).transactions(&channel(), night(), 1).await.unwrap();
        assert_eq!(told.found.len(), 1, "it is told once");
        assert_eq!((told.found[0].by, told.found[0].starts), (by, starts), "{fields}");
    }
}

#[tokio::test]
async fn another_page_may_be_the_one_where_people_look() {
    let text = format!(r#"{{"ts": "1516233605.000216", "text": "<https://watch.example.com/t/{A}>"}}"#);
    let server = server(page(&text, "")).await;
    let none = client(&server).transactions(&channel(), night(), 1).await.unwrap();
    assert!(none.found.is_empty() && none.messages == 1);
    let finder = Finder::default().with_links("watch.example.com/");
    let one = client(&server).with_finder(finder).transactions(&channel(), night(), 1).await.unwrap();
    assert_eq!(one.found.len(), 1);
}

#[tokio::test]
async fn what_is_no_question_is_not_sent() {
    let server = server(page("", "")).await;
    let Window { from, to, .. } = night();
    let early = Window::new("1969-01-01T00:00:00Z".parse().unwrap(), to);
    for (window, limit) in [(Window::new(to, from), 1), (night(), 0), (early, 1)] {
        let error = client(&server).transactions(&channel(), window, limit).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (slack_client::ErrorKind::Invalid, 0));
    }
    assert!(asked(&server).await.is_empty());
}

#[tokio::test]
async fn an_address_below_a_path() {
    let server = server(page("", "")).await;
    let address = format!("{}/slack/", server.uri());
    let environment = slack_client::Environment::new("test");
    let slack = slack_client::SlackClient::builder(environment, &address).build().unwrap();
    slack.transactions(&channel(), night(), 1).await.unwrap();
    assert!(asked(&server).await[0].starts_with("GET /slack/api/conversations.history?"));
    assert!(builder(&server).build().unwrap().endpoint().address().starts_with("http://127.0.0.1"));
}
