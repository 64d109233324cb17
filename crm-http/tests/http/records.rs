//! Records: made, read, changed, listed, moved along and removed.

use axum::http::Method;
use serde_json::json;

use crate::office::{Office, id};

#[tokio::test]
async fn a_lead_goes_from_intake_to_a_won_deal() {
    let office = Office::open().await;
    let made = office.post("/api/leads", json!({ "lead": { "first_name": "Ada", "last_name": "Lovelace",
        "company": "Analytical Engines", "email": "ada@engines.example", "phone": "+49 30 1234567", "tags": ["VIP"], "owner_id": office.owner } }));
    let made = made.await;
    let location = made.header("location").unwrap().to_owned();
    let lead = made.expect(201);
    assert_eq!(location, format!("/api/leads/{}", id(&lead)));
    assert_eq!((&lead["status"], &lead["phone"]["key"]), (&json!("new"), &json!("+49301234567")));

    let path = format!("/api/leads/{}", id(&lead));
    assert_eq!(office.get(&path).await.expect(200)["last_name"], "Lovelace");
    office.post(&format!("{path}/contact"), json!({})).await.expect(200);
    assert_eq!(office.post(&format!("{path}/qualify"), json!({})).await.expect(200)["status"], "qualified");

    let choices = json!({ "opportunity": "new", "deal": { "name": "Engine No. 2",
        "amount": { "minor": 1_250_000, "currency": "EUR" } } });
    let plan = office.post(&format!("{path}/convert/plan"), choices.clone()).await.expect(200);
    assert_eq!(plan["possible"], true, "{plan}");
    assert_eq!(office.get(&path).await.expect(200)["status"], "qualified", "a plan changes nothing");
    let conversion = office.post(&format!("{path}/convert"), choices).await.expect(200);
    assert_eq!(office.get(&path).await.expect(200)["status"], "converted");
    assert_eq!(office.get(&format!("{path}/conversion")).await.expect(200)["id"], conversion["id"]);

    let deal = format!("/api/opportunities/{}", conversion["opportunity_id"].as_str().unwrap());
    let stages = office.get("/api/pipeline/stages").await.expect(200);
    let open: Vec<_> = stages.as_array().unwrap().iter().filter(|stage| stage["kind"] == "open").collect();
    let body = json!({ "stage_id": open[1]["id"] });
    let moved = office.send(Method::PATCH, &format!("{deal}/stage"), Some(body)).await.expect(200);
    assert_eq!(moved["stage_id"], open[1]["id"]);
    let reasons = office.get("/api/close-reasons").await.expect(200);
    let won = reasons.as_array().unwrap().iter().find(|reason| reason["kind"] == "won").unwrap();
    let won = office.post(&format!("{deal}/win"), json!({ "reason_id": won["id"] })).await.expect(200);
    assert_eq!(won["status"], "won");
    let visits = office.get(&format!("{deal}/stages")).await.expect(200);
    assert_eq!(visits.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_change_names_the_version_that_it_has_seen() {
    let office = Office::open().await;
    let lead = office.lead("Lovelace").await;
    let path = format!("/api/leads/{}", id(&lead));
    let rename = |name: &str| Some(json!({ "last_name": name }));
    let unsaid = office.send(Method::PATCH, &path, rename("Byron")).await;
    assert_eq!((unsaid.status.as_u16(), unsaid.json()["code"].clone()), (428, json!("if_match.missing")));

    let read = office.get(&path).await;
    let tag = read.header("etag").unwrap().to_owned();
    let token = office.token(office.owner);
    let known = office.send_with(Method::GET, &path, None, &[("authorization", &token), ("if-none-match", &tag)]).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));

    let changed = office.change(Method::PATCH, &path, rename("Byron"), &tag).await;
    let next = changed.header("etag").unwrap().to_owned();
    assert_eq!(changed.expect(200)["last_name"], "Byron");
    let stale = office.change(Method::PUT, &path, rename("King"), &tag).await;
    assert_eq!((stale.status.as_u16(), stale.header("etag")), (412, Some(next.as_str())));
    office.change(Method::PUT, &path, rename("King"), "*").await.expect(200);
    assert_eq!(office.change(Method::PUT, &path, rename("King"), "W/\"1\"").await.status, 412);
    assert_eq!(office.change(Method::DELETE, &path, None, &next).await.status, 412);
    assert_eq!(office.change(Method::DELETE, &path, None, "*").await.status, 204);
    assert_eq!(office.get(&path).await.json()["code"], "record.not_found");
}

#[tokio::test]
async fn a_list_is_filtered_ordered_and_paged() {
    let office = Office::open().await;
    for number in 0..12 {
        office.lead(&format!("Lead {number:02}")).await;
    }
    for name in ["Lead 03", "Lead 07"] {
        let all = office.get("/api/leads?status=new&limit=200").await.expect(200);
        let lead = all["items"].as_array().unwrap().iter().find(|lead| lead["last_name"] == name).unwrap().clone();
        office.post(&format!("/api/leads/{}/qualify", id(&lead)), json!({})).await.expect(200);
    }
    let qualified = office.get("/api/leads?status=qualified").await.expect(200);
    assert_eq!(qualified["items"].as_array().unwrap().len(), 2);
    let search = json!({ "filter": { "not": { "field": "status", "equals": "qualified" } }, "limit": 200 });
    let others = office.post("/api/leads/search", search).await.expect(200);
    assert_eq!(others["items"].as_array().unwrap().len(), 10);

    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = office.get(&format!("/api/leads?sort=-created_at&limit=5{cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(id));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((seen.len(), pages), (12, 3));
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 12, "no record stands on two pages");

    let first = office.get("/api/leads?limit=5").await.expect(200);
    let next = first["next"].as_str().unwrap();
    for path in [
        format!("/api/leads?limit=5&status=new&cursor={next}"),
        format!("/api/leads?limit=5&sort=-id&cursor={next}"),
        format!("/api/contacts?limit=5&cursor={next}"),
        format!("/api/leads?limit=5&cursor={}x", &next[..next.len() - 1]),
        "/api/leads?cursor=AAAA".to_owned(),
    ] {
        let refused = office.get(&path).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["code"].clone()),
            (422, json!("page.foreign_cursor")),
            "{path}"
        );
    }
    let neighbour = office.neighbour().await;
    let refused = neighbour.get(&format!("/api/leads?limit=5&cursor={next}")).await;
    assert_eq!(refused.json()["code"], "page.foreign_cursor");
    assert_eq!(neighbour.get("/api/leads").await.expect(200), json!({ "items": [], "next": null }));
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let office = Office::open().await;
    for (query, code, parameter) in [
        ("colour=red", "query.unknown_parameter", "colour"),
        ("score=high", "predicate.malformed", "score"),
        ("score[like]=1", "predicate.malformed", "score[like]"),
        ("limit=0", "page.limit", "limit"),
        ("limit=201", "page.limit", "limit"),
        ("sort=email", "page.unordered_field", "sort"),
        ("owner_id=me", "predicate.malformed", "owner_id"),
        ("custom.Region=1", "predicate.malformed", "custom.Region"),
    ] {
        let reply = office.get(&format!("/api/leads?{query}")).await;
        let problem = reply.json();
        let named = (problem["code"].as_str().unwrap(), problem["errors"][0]["field"].as_str().unwrap());
        assert_eq!((reply.status.as_u16(), named), (422, (code, parameter)), "{query}: {problem}");
    }
}

#[tokio::test]
async fn a_file_is_tried_then_taken_in_once() {
    let office = Office::open().await;
    let file = "First Name,Last Name,E-Mail\nAda,Lovelace,ada@engines.example\nCharles,Babbage,charles@engines.example\n,,broken\n";
    let send = async |query: &str| {
        let request = axum::http::Request::builder()
            .method(Method::POST)
            .uri(format!("/api/imports{query}"))
            .header("authorization", office.token(office.owner))
            .header("content-type", "text/csv")
            .body(file.into())
            .unwrap();
        office.raw(request).await.expect(200)
    };
    let dry = send("?dry_run=true&source=fair").await;
    assert_eq!((&dry["start"], &dry["report"]["import"]["counts"]["created"]), (&json!(null), &json!(2)), "{dry}");
    assert_eq!(office.get("/api/leads").await.expect(200)["items"], json!([]));
    let done = send("?source=fair").await;
    assert_eq!((&done["start"], &done["report"]["import"]["state"]), (&json!("begun"), &json!("finished")));
    assert_eq!(office.get("/api/leads").await.expect(200)["items"].as_array().unwrap().len(), 2);
    assert_eq!(send("?source=fair").await["start"], "already_imported");
    let import = id(&done["report"]["import"]);
    let issues = office.get(&format!("/api/imports/{import}/issues")).await.expect(200);
    assert_eq!(issues["items"].as_array().unwrap().len(), 1, "{issues}");
    let errors = office.get(&format!("/api/imports/{import}/errors")).await;
    assert!(errors.text().contains("broken"), "{}", errors.text());
    let export = office.get("/api/leads/export?last_name=Babbage").await;
    assert_eq!(export.header("content-disposition"), Some("attachment; filename=\"leads.csv\""));
    assert!(export.text().contains("Babbage") && !export.text().contains("Lovelace"), "{}", export.text());
}
