//! What is refused, and how it is said.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use crm_core::access::{OrganizationId, StandardRole};
use crm_core::kernel::Timestamp;
use crm_core::paywall::{AccessReason, Entitlements, Paywall};
use crm_http::protection::limits::{Rate, RateLimits};
use crm_http::{Options, router_with};
use serde_json::json;

use crate::office::{Office, Trusting, generous, id};

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_code_and_a_request_id() {
    let office = Office::open().await;
    let lead = id(&office.lead("Lovelace").await);
    let owner = office.token(office.owner);
    let signed_in = [("authorization", owner.as_str())];
    let cases = [
        (Method::GET, "/api/leads".to_owned(), None, &[][..], 401, "token.refused"),
        (Method::GET, "/api/nothing".to_owned(), None, &signed_in[..], 404, "path.unknown"),
        (Method::DELETE, "/api/leads".to_owned(), None, &signed_in[..], 405, "method.not_allowed"),
        (Method::GET, "/api/leads/not-an-id".to_owned(), None, &signed_in[..], 404, "path.malformed"),
        (Method::POST, "/api/leads".to_owned(), Some(json!({ "lead": {} })), &signed_in[..], 422, "lead.anonymous"),
        (
            Method::POST,
            "/api/leads".to_owned(),
            Some(json!({ "lead": { "email": "x" } })),
            &signed_in[..],
            422,
            "input.invalid",
        ),
        (Method::POST, format!("/api/leads/{lead}/convert"), Some(json!([])), &signed_in[..], 422, "input.invalid"),
    ];
    for (method, path, body, head, status, code) in cases {
        let reply = office.send_with(method, &path, body, head).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str().unwrap()), (status, code), "{path}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        assert_eq!(reply.header("x-request-id").map(str::len), Some(32));
        for name in
            ["x-content-type-options", "content-security-policy", "strict-transport-security", "referrer-policy"]
        {
            assert!(reply.header(name).is_some(), "{name} is missing at {path}");
        }
        assert!(reply.header("access-control-allow-origin").is_none(), "CORS is off");
    }
}

#[tokio::test]
async fn what_is_not_to_be_set_is_refused_and_changes_nothing() {
    let office = Office::open().await;
    let lead = office.lead("Lovelace").await;
    let path = format!("/api/leads/{}", id(&lead));
    for member in
        ["organization_id", "id", "version", "owner", "role", "created_at", "is_admin", "score", "status", "owner_id"]
    {
        let change = office.change(Method::PATCH, &path, Some(json!({ "last_name": "Byron", member: "1" })), "*").await;
        assert_eq!(change.status, 422, "{member}");
        if member != "owner_id" {
            let make = office.post("/api/leads", json!({ "lead": { "last_name": "Byron", member: "1" } })).await;
            assert_eq!(make.status, 422, "{member}");
        }
    }
    assert_eq!(office.get(&path).await.expect(200), lead);
}

#[tokio::test]
async fn a_body_that_no_one_should_send_is_refused() {
    let office = Office::open().await;
    let send = async |media: &str, body: Vec<u8>| {
        let request = Request::builder().method(Method::POST).uri("/api/leads").header("content-type", media);
        let request = request.header("authorization", office.token(office.owner)).body(Body::from(body)).unwrap();
        let reply = office.raw(request).await;
        (reply.status.as_u16(), reply.json()["code"].as_str().unwrap().to_owned())
    };
    let json = "application/json";
    assert_eq!(send(json, b"{".to_vec()).await, (400, "body.malformed_json".to_owned()));
    assert_eq!(send("text/plain", b"{}".to_vec()).await, (415, "body.media_type".to_owned()));
    assert_eq!(send(json, vec![b' '; (1 << 20) + 1]).await, (413, "body.too_large".to_owned()));
    let nul = br#"{"lead":{"last_name":"a\u0000b"}}"#.to_vec();
    assert_eq!(send(json, nul).await, (422, "text.nul".to_owned()));
    let deep = format!(r#"{{"lead":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(send(json, deep.into_bytes()).await.0, 400 | 422));
    let twice = br#"{"lead":{"last_name":"a","last_name":"b"}}"#.to_vec();
    assert_eq!(send(json, twice).await.0, 422);
}

struct Nothing;

#[async_trait::async_trait]
impl Paywall for Nothing {
    fn known(&self, _: OrganizationId, now: Timestamp) -> Option<Arc<Entitlements>> {
        Some(Arc::new(Entitlements::closed(AccessReason::NotSubscribed, now)))
    }
    async fn entitlements(&self, _: OrganizationId, now: Timestamp) -> Arc<Entitlements> {
        Arc::new(Entitlements::closed(AccessReason::NotSubscribed, now))
    }
}

#[tokio::test]
async fn what_is_not_subscribed_to_says_which_service_is_missing() {
    let mut office = Office::open().await;
    let crm = office.crm.clone().with_paywall(Nothing);
    let options = Options { rates: generous(), ..Options::default() };
    office.router = router_with(crm.clone(), Trusting(crm), options, |_| ()).unwrap();
    let reply = office.get("/api/scoring/rules").await;
    let problem = reply.json();
    assert_eq!(reply.status, 403);
    assert_eq!((&problem["error"], &problem["service"]), (&json!("subscription_required"), &json!("LeadGeneration")));
    assert_eq!(problem["message"], problem["detail"]);
    assert!(problem["message"].as_str().is_some_and(|message| !message.is_empty()));
    office.get("/api/leads").await.expect(200);
}

#[tokio::test]
async fn a_noisy_caller_is_told_when_to_come_back_and_others_are_served() {
    let rates = RateLimits { caller: Rate::new(1, 3), ..generous() };
    let office = Office::with(Options { rates, ..Options::default() }).await;
    let calm = office.hire("carla", StandardRole::Viewer).await;
    for _ in 0..3 {
        office.get("/api/me").await.expect(200);
    }
    let mut refused = office.get("/api/me").await;
    for _ in 0..200 {
        if refused.status != 200 {
            break;
        }
        refused = office.get("/api/me").await;
    }
    assert_eq!((refused.status.as_u16(), refused.json()["code"].clone()), (429, json!("rate.exceeded")));
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    let token = office.token(calm);
    let other = office.send_with(Method::GET, "/api/me", None, &[("authorization", &token)]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn the_process_says_that_it_lives_and_can_serve() {
    let office = Office::open().await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(office.send_with(Method::GET, path, None, &[]).await.status, 200, "{path}");
    }
}
