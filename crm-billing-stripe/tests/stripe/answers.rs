//! Stripe down, slow, rate limiting, or not Stripe at all; and requests that are sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crm_core::billing::{BillingGateway, CustomerTruth, GatewayError, GatewayResult, NewCustomer};
use crm_core::kernel::Id;
use serde_json::json;

use crate::fake::{Asked, Reply, Server, config, gateway, with};

fn customer() -> Reply {
    Reply::json(&json!({"id": "cus_1", "object": "customer", "livemode": false}))
}

fn refusal(status: u16, sort: &str) -> Reply {
    Reply::new(status, json!({"error": {"type": sort, "code": sort, "message": "no"}}).to_string())
}

async fn ask(server: &Server) -> GatewayResult<CustomerTruth> {
    gateway(server.address()).0.customer(&"cus_1".parse().unwrap()).await
}

/// What a question is answered when Stripe answers so, and how often Stripe is asked.
async fn answered(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> (GatewayResult<CustomerTruth>, usize) {
    let server = Server::start(move |_, before| reply(before)).await;
    (ask(&server).await, server.asked().len())
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_stays_is_not() {
    for (status, sort) in [(500, "api_error"), (503, ""), (409, "invalid_request_error"), (429, "rate_limit_error")] {
        let (result, asked) = answered(move |before| if before < 2 { refusal(status, sort) } else { customer() }).await;
        assert_eq!((result.is_ok(), asked), (true, 3), "{status}");
        let (result, asked) = answered(move |_| refusal(status, sort)).await;
        assert!(result.unwrap_err().is_passing(), "{status}");
        assert_eq!(asked, 4, "{status}");
    }
    for (status, sort) in [(400, "invalid_request_error"), (401, ""), (402, "card_error"), (403, ""), (404, "")] {
        let (result, asked) = answered(move |_| refusal(status, sort)).await;
        assert!(!result.unwrap_err().is_passing(), "{status}");
        assert_eq!(asked, 1, "{status}");
    }
}

#[tokio::test]
async fn stripe_itself_says_whether_to_ask_again() {
    let stop = |_| refusal(500, "api_error").header("Stripe-Should-Retry", "false");
    assert_eq!(answered(stop).await, (Err(GatewayError::Outage), 1));
    let again = |before| match before {
        0 => refusal(400, "invalid_request_error").header("Stripe-Should-Retry", "true"),
        _ => customer(),
    };
    let (result, asked) = answered(again).await;
    assert_eq!((result.is_ok(), asked), (true, 2));
}

#[tokio::test]
async fn too_many_requests_are_met_with_longer_pauses_and_stripes_wish() {
    let server = Server::start(|_, before| match before {
        0 => refusal(429, "rate_limit_error"),
        1 => refusal(429, "rate_limit_error").header("Retry-After", "17"),
        _ => customer(),
    })
    .await;
    let (gateway, pace) = gateway(server.address());
    gateway.customer(&"cus_1".parse().unwrap()).await.unwrap();
    assert_eq!(pace.pauses(), [2, 17].map(Duration::from_secs));

    let server = Server::start(|_, _| refusal(429, "rate_limit_error").header("Retry-After", "5")).await;
    let error = ask(&server).await.unwrap_err();
    assert_eq!(error, GatewayError::Retryable { after: Some(Duration::from_secs(5)) });
}

#[tokio::test]
async fn we_do_not_ask_more_often_than_we_allow_ourselves() {
    let server = Server::start(|_, _| customer()).await;
    let mut config = config(server.address());
    config.requests_per_second = 5;
    let (gateway, pace) = with(config);
    for _ in 0..15 {
        gateway.customer(&"cus_1".parse().unwrap()).await.unwrap();
    }
    let waited: Duration = pace.pauses().iter().sum();
    // Five at once, then ten more at five a second.
    assert!((Duration::from_millis(1_900)..=Duration::from_millis(2_100)).contains(&waited), "{waited:?}");
}

#[tokio::test]
async fn an_effect_that_is_asked_for_again_has_the_same_key_and_happens_once() {
    let effects = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&effects);
    // The stand-in does it, and fails while answering.
    let server = Server::start(move |request: &Asked, before| {
        assert_eq!(request.header("idempotency-key"), Some("make-1"));
        if before == 0 {
            counted.fetch_add(1, Ordering::SeqCst);
            return refusal(500, "api_error").header("Stripe-Should-Retry", "true");
        }
        customer()
    })
    .await;
    let (gateway, _) = gateway(server.address());
    let organization = Id::new("8f14e45f-ceea-467f-9a3c-0c5f5b1e0001".parse().unwrap());
    let new = NewCustomer { organization, name: "Acme".to_owned(), email: None };
    gateway.create_customer(&new, &"make-1".parse().unwrap()).await.unwrap();
    let bodies: Vec<_> = server.asked().into_iter().map(|request| request.parameters).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(effects.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_is_never_tried_again() {
    let (result, asked) = answered(|_| refusal(400, "idempotency_error")).await;
    assert_eq!(asked, 1);
    assert!(matches!(result, Err(GatewayError::Refused { code, .. }) if code == "stripe_request.key_reused"));
}

#[tokio::test]
async fn a_page_of_html_is_an_outage_and_not_an_answer() {
    let page = |_| Reply::new(200, "<html>Maintenance</html>").header("content-type", "text/html");
    assert_eq!(answered(page).await, (Err(GatewayError::Outage), 4));
    let page = |before| if before == 0 { Reply::new(200, "<html>") } else { customer() };
    assert!(answered(page).await.0.is_ok());
    for body in ["", "null", "[1]", "{\"id\":", r#"{"id":7}"#, r#"{"object":"customer"}"#] {
        let (result, _) = answered(move |_| Reply::new(200, body)).await;
        assert_eq!(result, Err(GatewayError::Outage), "{body}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (result, asked) = answered(|_| Reply::new(302, "").header("location", "http://127.0.0.1:1/")).await;
    assert_eq!((result, asked), (Err(GatewayError::Outage), 1));
}

#[tokio::test]
async fn a_slow_stripe_is_given_up_and_a_silent_one_too() {
    let server = Server::start(|_, _| customer().after(Duration::from_mins(1))).await;
    let mut impatient = config(server.address());
    (impatient.timeout, impatient.retries) = (Duration::from_millis(50), 1);
    let (gateway, _) = with(impatient);
    assert_eq!(gateway.customer(&"cus_1".parse().unwrap()).await, Err(GatewayError::Outage));
    assert_eq!(server.asked().len(), 2);

    // Nobody listens there any more.
    let address = server.address().to_owned();
    drop(server);
    let mut gone = config(&address);
    gone.timeout = Duration::from_millis(200);
    let (gateway, pace) = with(gone);
    assert_eq!(gateway.customer(&"cus_1".parse().unwrap()).await, Err(GatewayError::Outage));
    assert_eq!(pace.pauses().len(), 3);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let server = Server::start(|_, _| Reply::new(200, format!("{{\"id\":\"{}\"}}", "x".repeat(5_000)))).await;
    let mut narrow = config(server.address());
    narrow.longest_answer = 4_096;
    let (gateway, _) = with(narrow);
    assert_eq!(gateway.customer(&"cus_1".parse().unwrap()).await, Err(GatewayError::Outage));
    assert_eq!(server.asked().len(), 1, "it would be as long the next time");
}

#[tokio::test]
async fn an_answer_of_the_other_mode_is_not_used() {
    let live = |_| Reply::json(&json!({"id": "cus_1", "object": "customer", "livemode": true}));
    assert_eq!(answered(live).await, (Err(GatewayError::Outage), 1));
}

#[tokio::test]
async fn lists_are_read_to_their_end_and_never_in_circles() {
    let id = "cus_1".parse().unwrap();
    let page = |from: usize, has_more: bool| {
        let data: Vec<_> = (from..from + 2).map(|n| json!({"id": format!("pm_{n}"), "type": "card"})).collect();
        Reply::json(&json!({"object": "list", "data": data, "has_more": has_more}))
    };
    let server = Server::start(move |request: &Asked, before| {
        assert_eq!(request.parameter("limit"), Some("100"));
        let last = before.checked_sub(1).map(|page| format!("pm_{}", page * 2 + 1));
        assert_eq!(request.parameter("starting_after"), last.as_deref());
        page(before * 2, before < 2)
    })
    .await;
    let found = gateway(server.address()).0.payment_methods(&id).await.unwrap();
    let ids: Vec<_> = found.iter().map(|method| method.id.as_str()).collect();
    assert_eq!(ids, ["pm_0", "pm_1", "pm_2", "pm_3", "pm_4", "pm_5"]);

    let server = Server::start(move |_, _| page(0, true)).await;
    assert_eq!(gateway(server.address()).0.payment_methods(&id).await, Err(GatewayError::Outage));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_identifier_that_leads_elsewhere_is_not_sent() {
    let server = Server::start(|_, _| customer()).await;
    let (gateway, _) = gateway(server.address());
    for id in ["../refunds", "cus_1?expand[]=sources", "cus_1/sources", "cus_1#"] {
        let refused = gateway.customer(&id.parse().unwrap()).await;
        assert!(matches!(refused, Err(GatewayError::Refused { .. })), "{id}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_key() {
    let server =
        Server::start(|_, _| Reply::new(401, format!("{{\"error\":{{\"message\":\"{}\"}}}}", crate::fake::KEY))).await;
    let (gateway, _) = gateway(server.address());
    let error = gateway.customer(&"cus_1".parse().unwrap()).await.unwrap_err();
    let shown = format!("{error} {error:?} {gateway:?}");
    assert!(!shown.contains("4eC39"), "{shown}");
    assert_eq!(error, GatewayError::Unauthorised);
}
