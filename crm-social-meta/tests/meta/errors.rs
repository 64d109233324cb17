//! Refusals, lost answers, allowances and secrets.

use std::time::Duration;

use crm_core::inbox::channel::{
    ChannelGateway, FailureClass, FailureScope, OutboundContent, OutboundMessage, Recipient, RecipientKind, SendAs,
    SendOutcome,
};
use crm_social_meta::{GraphError, MetaChannels};
use serde_json::{Value as Json, json};

use crate::outbound::account;
use crate::server::{Answer, Server, graph_at, run};
use crate::shared::cases;

fn hello() -> OutboundMessage {
    let to = Recipient { id: "7".into(), kind: RecipientKind::Scoped };
    let content = OutboundContent::text("canary-text");
    OutboundMessage { client_id: "crm:1".into(), to, send_as: SendAs::Response, reply_to: None, content }
}

fn judged(error: &GraphError) -> Json {
    let (class, scope) = error.classify();
    json!({ "class": class, "scope": scope })
}

#[test]
fn every_refusal_is_classified_as_expected() {
    let cases = cases("graph-errors.json");
    for case in &cases {
        let status = u16::try_from(case["http_status"].as_u64().unwrap()).unwrap();
        let error = GraphError::read(status, &case["body"]);
        assert_eq!(judged(&error), case["expect"], "{}", case["name"]);
    }
    println!("{} refusals agree", cases.len());
}

#[test]
fn the_words_of_a_refusal_change_nothing() {
    for case in cases("graph-errors.json") {
        for words in ["", "token expired", "outside of allowed window", "rate limit", "永久"] {
            let mut body = case["body"].clone();
            if body["error"].is_object() {
                body["error"]["message"] = json!(words);
                body["error"]["type"] = json!(words);
            }
            let status = u16::try_from(case["http_status"].as_u64().unwrap()).unwrap();
            assert_eq!(judged(&GraphError::read(status, &body)), case["expect"], "{} with '{words}'", case["name"]);
        }
    }
}

#[test]
fn without_its_subcode_a_closed_window_would_look_like_a_lost_token() {
    for case in cases("graph-errors.json") {
        if case["expect"]["class"] == "window_closed" && case["body"]["error"]["code"] == 10 {
            let mut body = case["body"].clone();
            body["error"].as_object_mut().unwrap().remove("error_subcode");
            assert_eq!(judged(&GraphError::read(400, &body))["class"], "reauth", "{}", case["name"]);
        }
    }
}

#[test]
fn refusals_reach_the_inbox_over_http_with_their_numbers() {
    run(async {
        let server = Server::start().await;
        for case in cases("graph-errors.json") {
            let channels = MetaChannels::new(server.graph(|_| {}));
            let status = u16::try_from(case["http_status"].as_u64().unwrap()).unwrap();
            let body = if case["body"].is_null() { b"<html>".to_vec() } else { case["body"].to_string().into_bytes() };
            server.answer(Answer { status, headers: Vec::new(), body });
            let outcome = channels.send(&account("messenger", "facebook_login"), &hello()).await;
            let SendOutcome::Refused(failure) = outcome else { panic!("{}: {outcome:?}", case["name"]) };
            assert_eq!(json!({"class": failure.class, "scope": failure.scope}), case["expect"], "{}", case["name"]);
            assert_eq!(failure.code, case["body"]["error"]["code"].as_i64(), "{}", case["name"]);
            assert_eq!(failure.trace.as_deref(), case["body"]["error"]["fbtrace_id"].as_str());
            if failure.code == Some(131_048) {
                assert!(failure.retry_after >= Some(Duration::from_hours(1)));
            }
        }
    });
}

#[test]
fn a_server_that_is_not_reached_means_that_nothing_was_sent() {
    run(async {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        let channels = MetaChannels::new(graph_at(&base, |_| {}));
        let outcome = channels.send(&account("messenger", "facebook_login"), &hello()).await;
        let SendOutcome::Refused(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!((failure.class, failure.scope), (FailureClass::RetryBackoff, FailureScope::Message));
    });
}

#[test]
fn an_answer_that_never_comes_leaves_the_outcome_unknown() {
    run(async {
        use tokio::io::AsyncReadExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                // Reads the request, then hangs up without a word.
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut buffer = [0; 16_384];
                let _ = stream.read(&mut buffer).await;
            }
        });
        let channels = MetaChannels::new(graph_at(&base, |_| {}));
        let outcome = channels.send(&account("messenger", "facebook_login"), &hello()).await;
        assert!(matches!(outcome, SendOutcome::Unknown { .. }), "{outcome:?}");
    });
}

#[test]
fn a_time_out_after_writing_leaves_the_outcome_unknown() {
    run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let held = tokio::spawn(async move {
            let mut streams = Vec::new();
            loop {
                streams.push(listener.accept().await.unwrap());
            }
        });
        let channels = MetaChannels::new(graph_at(&base, |config| config.timeout = Duration::from_millis(300)));
        let outcome = channels.send(&account("whatsapp", "embedded_signup"), &hello()).await;
        assert!(matches!(outcome, SendOutcome::Unknown { .. }), "{outcome:?}");
        held.abort();
    });
}

#[test]
fn answers_that_are_no_json_leave_the_outcome_unknown() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        for (status, body) in [(200, &b"<html>"[..]), (200, b""), (200, b"{}"), (200, b"[]"), (504, b"gateway")] {
            server.answer(Answer { status, headers: Vec::new(), body: body.to_vec() });
            let outcome = channels.send(&account("messenger", "facebook_login"), &hello()).await;
            assert!(matches!(outcome, SendOutcome::Unknown { .. }), "{status} {body:?}: {outcome:?}");
        }
    });
}

#[test]
fn a_redirect_is_not_followed() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let away = format!("{}/elsewhere", server.base);
        server.answer(Answer { status: 307, headers: vec![("location", away)], body: Vec::new() });
        let outcome = channels.send(&account("messenger", "facebook_login"), &hello()).await;
        assert!(matches!(outcome, SendOutcome::Refused(_)), "{outcome:?}");
        assert_eq!(server.received().len(), 1);
    });
}

#[test]
fn allowances_in_headers_are_honoured() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let page = account("messenger", "facebook_login");
        let usage = json!({"1": [{"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": 7}]});
        let mut answer = Answer::json(200, &json!({"message_id": "m_1"}));
        answer.headers.push(("x-business-use-case-usage", usage.to_string()));
        server.answer(answer);
        assert!(matches!(channels.send(&page, &hello()).await, SendOutcome::Accepted(_)));
        let outcome = channels.send(&page, &hello()).await;
        let SendOutcome::Refused(failure) = outcome else { panic!("{outcome:?}") };
        assert_eq!((failure.class, failure.scope), (FailureClass::RetryBackoff, FailureScope::Connection));
        assert_eq!(failure.retry_after, Some(Duration::from_mins(7)));
        assert_eq!(server.received().len(), 1, "the second was not sent");
        let other = account("whatsapp", "embedded_signup");
        assert!(matches!(channels.send(&other, &hello()).await, SendOutcome::Accepted(_)), "other accounts go on");
    });
}

#[test]
fn no_secret_is_ever_printed() {
    run(async {
        let server = Server::start().await;
        let channels = MetaChannels::new(server.graph(|_| {}));
        let mut shown = vec![format!("{channels:?} {:?}", channels.graph().config())];
        let page = account("messenger", "facebook_login");
        shown.push(format!("{page:?}"));
        for status in [200, 400, 500] {
            server.answer(Answer { status, headers: Vec::new(), body: b"<html>".to_vec() });
            shown.push(format!("{:?}", channels.send(&page, &hello()).await));
            server.answer(Answer { status, headers: Vec::new(), body: b"<html>".to_vec() });
            shown.push(format!("{:?}", channels.graph().exchange_whatsapp_code(&"code-canary".into()).await));
        }
        shown.push(format!("{:?}", channels.graph().exchange_whatsapp_code(&"code-canary".into()).await));
        let unreachable = MetaChannels::new(graph_at("http://127.0.0.1:9", |_| {}));
        shown.push(format!("{:?}", unreachable.graph().exchange_whatsapp_code(&"code-canary".into()).await));
        for text in shown {
            assert!(!text.contains("canary"), "{text}");
        }
    });
}
