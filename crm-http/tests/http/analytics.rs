//! Figures over HTTP: what one sees, in the period that one names.

use axum::http::Method;
use crm_core::access::StandardRole;
use serde_json::json;

use crate::office::{Office, id};

const PERIOD: &str = "from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z";

#[tokio::test]
async fn figures_are_of_what_the_caller_sees() {
    let office = Office::open().await;
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let lead = id(&office.lead("Lovelace").await);
    let hers = json!({ "lead": { "last_name": "Byron", "source": "fair", "owner_id": rita }, "confirmed": true });
    office.post("/api/leads", hers).await.expect(201);
    office.post(&format!("/api/leads/{lead}/qualify"), json!({})).await.expect(200);
    let deal = json!({ "name": "Deal", "amount": { "minor": 500, "currency": "EUR" } });
    office.post("/api/opportunities", deal).await.expect(201);
    let task = json!({ "kind": "task", "subject": "Call back", "due_at": "2020-01-02T00:00:00Z",
        "records": [{ "kind": "lead", "id": lead }] });
    office.post("/api/activities", task).await.expect(201);

    let dashboard = office.get("/api/analytics/dashboard").await.expect(200);
    let one = |status: &str| json!({ "status": status, "count": 1 });
    assert_eq!(dashboard["leads"], json!([one("new"), one("qualified")]));
    assert_eq!(dashboard["deals"]["totals"][0]["amount"], json!({ "minor": 500, "currency": "EUR" }));
    assert_eq!(dashboard["activities"], json!({ "open": 1, "overdue": 1, "due_next_day": 0 }));
    let leads = office.get(&format!("/api/analytics/leads?{PERIOD}")).await.expect(200);
    assert_eq!((&leads["created"], &leads["qualification_basis_points"]), (&json!(2), &json!(5_000)));
    let deals = office.get(&format!("/api/analytics/pipeline?{PERIOD}")).await.expect(200);
    assert_eq!((&deals["stages"][0]["count"], &deals["win_basis_points"]), (&json!(1), &json!(null)));
    let elsewhere = "018f4e5a-0000-7000-8000-000000000000";
    let none = office.get(&format!("/api/analytics/pipeline?{PERIOD}&pipeline_id={elsewhere}")).await.expect(200);
    assert_eq!(none["open"], json!([]));
    let activities = office.get(&format!("/api/analytics/activities?{PERIOD}")).await.expect(200);
    assert_eq!(activities["overdue"], json!([{ "kind": "task", "count": 1 }]));

    let as_rita = [("authorization", office.token(rita))];
    let as_rita: Vec<_> = as_rita.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("/api/analytics/leads?{PERIOD}");
    let own = office.send_with(Method::GET, &path, None, &as_rita).await.expect(200);
    assert_eq!((&own["created"], &own["by_source"][0]["source"]), (&json!(1), &json!("fair")));
    let neighbour = office.neighbour().await;
    assert_eq!(neighbour.get(&path).await.expect(200)["created"], 0);
}

#[tokio::test]
async fn a_period_is_named_and_ends_after_it_begins() {
    let office = Office::open().await;
    for path in ["leads", "pipeline", "activities"] {
        for (query, code, field) in [
            ("", "timestamp.malformed", "from"),
            ("?from=2020-01-01T00:00:00Z", "timestamp.malformed", "to"),
            ("?from=yesterday&to=2020-01-01T00:00:00Z", "timestamp.malformed", "from"),
            ("?from=2020-01-01T00:00:00Z&to=2020-01-01T00:00:00Z", "period.ends_before_it_begins", "to"),
            (&format!("?{PERIOD}&colour=red"), "query.unknown_parameter", "colour"),
        ] {
            let reply = office.get(&format!("/api/analytics/{path}{query}")).await;
            let problem = reply.json();
            assert_eq!((reply.status.as_u16(), &problem["code"]), (422, &json!(code)), "{path}{query}: {problem}");
            assert_eq!(problem["errors"][0]["field"], field, "{path}{query}: {problem}");
        }
    }
    let wrong = office.get(&format!("/api/analytics/pipeline?{PERIOD}&pipeline_id=first")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["field"]), (422, &json!("pipeline_id")));
}
