//! The inbox through the API: connecting, reading, answering, and sending to many.

use std::time::Duration;

use axum::http::Method;
use crm_core::access::StandardRole;
use serde_json::{Value as Json, json};

use crate::office::{Office, id};
use crate::outside::APP_SECRET;

const ANA: &str = "12025550123";

fn words(text: &str) -> Json {
    json!({ "content": { "text": { "text": text } } })
}

#[tokio::test]
async fn a_conversation_is_read_answered_and_closed() {
    let office = Office::open().await;
    let connection = office.connect_number().await;
    let thread = office.hear(ANA, "Do you open on Sunday?").await;
    assert_eq!(
        (&thread["unread"], &thread["state"], &thread["connection_id"]),
        (&json!(1), &json!("open"), &json!(connection))
    );
    let at = format!("/api/social/conversations/{}", id(&thread));
    assert_eq!(office.get(&at).await.expect(200), thread);
    assert_eq!(office.get(&format!("{at}/participant")).await.expect(200)["name"], "Ana");

    let may = office.get(&format!("{at}/can-send")).await.expect(200);
    assert_eq!(may["verdict"], "permitted");
    let sent = office.post(&format!("{at}/messages"), words("We do.")).await.expect(201);
    assert_eq!((&sent["status"], &sent["direction"]), (&json!("queued"), &json!("outbound")));
    office.work().await;
    assert_eq!(office.world.channel.sent().len(), 1);
    let messages = office.get(&format!("{at}/messages")).await.expect(200);
    let told: Vec<_> =
        messages.as_array().unwrap().iter().map(|one| (one["text"].clone(), one["status"].clone())).collect();
    assert_eq!(told, [(json!("Do you open on Sunday?"), Json::Null), (json!("We do."), json!("sent"))]);
    assert_eq!(office.get(&format!("{at}/messages?limit=1")).await.expect(200)[0]["text"], "We do.", "the latest");

    let read = office.post(&format!("{at}/read"), json!({})).await.expect(200);
    assert_eq!(read["unread"], 0);
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let given = office.send(Method::PATCH, &format!("{at}/assign"), Some(json!({ "owner_id": rep }))).await.expect(200);
    assert_eq!(given["owner_id"], json!(rep));
    office.send(Method::PUT, &format!("{at}/tags"), Some(json!({ "tags": ["vip"] }))).await.expect(200);
    assert_eq!(
        office.get("/api/social/conversations?tags[has]=vip").await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
    office.post(&format!("{at}/notes"), json!({ "text": "Friendly", "mentions": [rep] })).await.expect(201);
    assert_eq!(office.get(&format!("{at}/notes")).await.expect(200)[0]["text"], "Friendly");

    let change = async |body: Json| office.send(Method::PATCH, &format!("{at}/status"), Some(body)).await;
    assert_eq!(change(json!({ "status": "snoozed", "until": "2020-01-01T00:00:00Z" })).await.status, 422);
    assert_eq!(change(json!({ "status": "snoozed" })).await.expect(200)["state"], "snoozed");
    assert_eq!(change(json!({ "status": "closed" })).await.expect(200)["state"], "closed");
    assert_eq!(change(json!({ "status": "closed" })).await.json()["code"], "conversation.already_closed");
    assert_eq!(change(json!({ "status": "open" })).await.expect(200)["state"], "open");
    let report =
        office.get("/api/social/analytics?from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z").await.expect(200);
    assert_eq!((&report["received"], &report["sent_by_people"]), (&json!(1), &json!(1)), "{report}");
}

#[tokio::test]
async fn whoever_does_not_see_a_conversation_cannot_answer_it() {
    let office = Office::open().await;
    office.connect_number().await;
    let thread = office.hear(ANA, "Hello").await;
    let at = format!("/api/social/conversations/{}", id(&thread));
    office.send(Method::PATCH, &format!("{at}/assign"), Some(json!({ "owner_id": office.owner }))).await.expect(200);
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let token = office.token(rep);
    let head = [("authorization", token.as_str())];
    let reply = office.send_with(Method::POST, &format!("{at}/messages"), Some(words("Hi")), &head).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (404, &json!("record.not_found")));
    assert_eq!(office.send_with(Method::GET, &format!("{at}/messages"), None, &head).await.status, 404);
    office.work().await;
    assert!(office.world.channel.sent().is_empty());
}

#[tokio::test]
async fn after_the_window_words_are_refused_and_a_template_goes() {
    let office = Office::open().await;
    let connection = office.connect_number().await;
    let templates = format!("/api/social/connections/{connection}/templates");
    assert_eq!(office.get(&templates).await.expect(200), json!([]));
    office.post(&format!("{templates}/refresh"), json!({})).await.expect(200);
    assert_eq!(office.get(&templates).await.expect(200)[0]["status"], "approved");
    let at = format!("/api/social/conversations/{}", id(&office.hear(ANA, "Hello").await));
    office.clock.advance(Duration::from_hours(25));

    let may = office.post(&format!("{at}/can-send"), json!({ "text": { "text": "Hi" } })).await.expect(200);
    assert_eq!(may["verdict"], "template_only", "{may}");
    let refused = office.post(&format!("{at}/messages"), words("Still there?")).await;
    let problem = refused.json();
    assert_eq!((refused.status.as_u16(), &problem["code"]), (409, &json!("window.template_only")));
    assert!(problem["explanation"]["because"].is_array(), "{problem}");
    let template = json!({ "name": "still_there", "language": "en" });
    let sent = office.post(&format!("{at}/messages/template"), template).await.expect(201);
    assert_eq!(sent["text"], "Are you still there?");
    office.work().await;
    assert_eq!(office.world.channel.sent().len(), 1);

    let values = json!([{ "body": { "positional": ["Ana", "{{1}}42"] } }]);
    let template = json!({ "name": "order_ready", "language": "en", "components": values });
    office.post(&format!("{at}/messages/template"), template).await.expect(201);
    let threads = office.get("/api/social/conversations").await.expect(200);
    assert_eq!(threads["items"][0]["preview"], "Dear Ana, your order {{1}}42 is ready.");
}

#[tokio::test]
async fn they_become_a_lead_and_the_lead_shows_its_conversations() {
    let office = Office::open().await;
    office.connect_number().await;
    let at = format!("/api/social/conversations/{}", id(&office.hear(ANA, "Hello").await));
    let participant = office.post(&format!("{at}/link-lead"), json!("new_lead")).await.expect(200);
    let lead = participant["lead_id"].as_str().unwrap().to_owned();
    let threads = office.get(&format!("/api/leads/{lead}/conversations")).await.expect(200);
    assert_eq!(threads.as_array().unwrap().len(), 1);
    let other = id(&office.lead("Lovelace").await);
    let linked = office.post(&format!("{at}/link-lead"), json!({ "lead": other })).await.expect(200);
    assert_eq!(linked["lead_id"], json!(other));
    assert_eq!(office.get(&format!("/api/leads/{lead}/conversations")).await.expect(200), json!([]));
    assert_eq!(office.post(&format!("{at}/link-lead"), json!("nobody")).await.expect(200)["lead_id"], Json::Null);
}

#[tokio::test]
async fn a_connection_is_shown_without_its_token_and_behaves_as_told() {
    let office = Office::open().await;
    let connection = office.connect_number().await;
    let at = format!("/api/social/connections/{connection}");
    let shown = office.get(&at).await;
    assert!(!shown.text().contains("canary") && !shown.text().contains("yranac"), "{}", shown.text());
    assert!(shown.json().get("token").is_none());
    assert_eq!(office.get(&format!("{at}/status")).await.expect(200)["valid"], true);

    let settings = Some(json!({ "leads": "create", "messages_per_minute": 30 }));
    let path = format!("{at}/settings");
    assert_eq!(office.send(Method::PUT, &path, settings.clone()).await.status, 428);
    let tag = shown.header("etag").unwrap().to_owned();
    let changed = office.change(Method::PUT, &path, settings.clone(), &tag).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(office.change(Method::PUT, &path, settings, &tag).await.status, 412);
    let wrong = office.change(Method::PUT, &path, Some(json!({ "messages_per_minute": 0 })), "*").await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["field"]), (422, &json!("messages_per_minute")));

    assert_eq!(office.send(Method::DELETE, &at, None).await.expect(200)["status"], "disconnected");
    assert_eq!(office.get(&format!("{at}/status")).await.json()["code"], "connection.disconnected");
}

#[tokio::test]
async fn a_trip_to_the_permission_page_is_good_for_who_began_it() {
    let office = Office::open().await;
    let neighbour = office.neighbour().await;
    let departure = json!({ "redirect_uri": "https://host.example/connected" });
    let begun = office.post("/api/social/connections/whatsapp/connect", departure.clone()).await.expect(200);
    let (url, state) = (begun["url"].as_str().unwrap(), begun["state"].as_str().unwrap());
    assert!(url.starts_with("https://www.facebook.com/v25.0/dialog/oauth?client_id=app-1"), "{url}");
    assert!(url.contains(&format!("state={state}")) && !url.contains(APP_SECRET), "{url}");
    let back = |state: &str| json!({ "state": state, "code": "code" });
    let accounts = "/api/social/connections/whatsapp/accounts";
    assert_eq!(office.post(accounts, back(state)).await.expect(200), json!([]), "the false platform has none");

    let foreign = neighbour.post(accounts, back(state)).await;
    assert_eq!((foreign.status.as_u16(), &foreign.json()["code"]), (422, &json!("connecting.foreign_state")));
    let elsewhere = office.post("/api/social/connections/messenger/accounts", back(state)).await;
    assert_eq!(elsewhere.json()["code"], "connecting.foreign_state");
    assert_eq!(office.post(accounts, back("AAAA")).await.json()["code"], "connecting.foreign_state");
    office.clock.advance(Duration::from_mins(15));
    assert_eq!(office.post(accounts, back(state)).await.json()["code"], "connecting.late");
    let unknown = office.post("/api/social/connections/pigeon/connect", departure).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["code"]), (409, &json!("channel.not_configured")));
    let choice = office.post("/api/social/connections", json!({ "choice": "none" })).await;
    assert_eq!((choice.status.as_u16(), &choice.json()["code"]), (422, &json!("connecting.foreign_choice")));
}

#[tokio::test]
async fn a_template_is_sent_to_many_with_a_ledger() {
    let office = Office::open().await;
    let connection = office.connect_number().await;
    office.post(&format!("/api/social/connections/{connection}/templates/refresh"), json!({})).await.expect(200);
    let new = json!({ "name": "News", "connection_id": connection, "pace": { "delay_s": 0, "jitter_s": 0 },
        "template": { "name": "still_there", "language": "en" } });
    let at = format!("/api/social/bulk-sends/{}", id(&office.post("/api/social/bulk-sends", new).await.expect(201)));
    assert_eq!(office.post(&format!("{at}/start"), json!({})).await.json()["code"], "bulk_send.no_recipients");
    let add = json!({ "recipients": { "numbers": ["+1 202 555 0141", "+1 202 555 0142", "+12025550141"] },
        "consented_at": "2026-01-01T00:00:00Z" });
    assert_eq!(office.post(&format!("{at}/recipients"), add).await.expect(200)["added"], 2, "each address once");
    assert_eq!(office.post(&format!("{at}/start"), json!({})).await.expect(200)["state"], "running");
    assert_eq!(office.post(&format!("{at}/pause"), json!({})).await.expect(200)["state"], "paused");
    assert_eq!(office.post(&format!("{at}/resume"), json!({})).await.expect(200)["state"], "running");
    for _ in 0..5 {
        office.work().await;
        office.clock.advance(Duration::from_mins(1));
    }
    let progress = office.get(&format!("{at}/progress")).await.expect(200);
    assert_eq!((&progress["recipients"], &progress["sent"]), (&json!(2), &json!(2)), "{progress}");
    let ledger = office.get(&format!("{at}/recipients?state=queued")).await.expect(200);
    assert_eq!(ledger["items"].as_array().unwrap().len(), 2);
    assert_eq!(office.post(&format!("{at}/stop"), json!({})).await.json()["code"], "bulk_send.step_not_allowed");
}

#[tokio::test]
async fn canned_replies_are_filled_and_business_hours_kept() {
    let office = Office::open().await;
    office.connect_number().await;
    let at = format!("/api/social/conversations/{}", id(&office.hear(ANA, "Hello").await));
    let replies = "/api/social/canned-replies";
    let wrong = office.send(Method::PUT, replies, Some(json!({ "shortcut": "hi", "text": "{{nobody}}" }))).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["code"]), (422, &json!("canned_reply.unknown_token")));
    let reply = json!({ "shortcut": "hi", "text": "Dear {{participant.name}}, {{organization.name}}" });
    let reply = office.send(Method::PUT, replies, Some(reply)).await.expect(200);
    let filled = office.get(&format!("{at}/canned-replies/hi")).await.expect(200);
    assert_eq!(filled["text"], "Dear Ana, office");
    assert_eq!(office.get(&format!("{at}/canned-replies/none")).await.expect(200)["text"], Json::Null);
    let path = format!("{replies}/{}", id(&reply));
    assert_eq!(office.change(Method::DELETE, &path, None, "\"7\"").await.status, 412);
    assert_eq!(office.change(Method::DELETE, &path, None, "\"1\"").await.status, 204);

    let hours = |weekday: u8| {
        Some(json!({ "name": "Hours", "time_zone": "UTC", "days_off": ["2026-12-25"],
            "week": [{ "weekday": weekday, "from": "09:00", "to": "17:30" }] }))
    };
    let wrong = office.send(Method::PUT, "/api/social/calendars", hours(8)).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["field"]), (422, &json!("week[0].weekday")));
    let kept = office.send(Method::PUT, "/api/social/calendars", hours(1)).await.expect(200);
    assert_eq!(office.get("/api/social/calendars").await.expect(200), json!([kept]));
}
