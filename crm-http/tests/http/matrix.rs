//! Every endpoint, every role: who may do what, and that nothing of another organization can be told from nothing.
//!
//! The endpoints come from the router itself, so that a new one is in the matrix before its first reader. A permission
//! that is declared at an endpoint must be the one that the service asks for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Method, Request};
use crm_core::access::StandardRole;
use crm_http::api::Route;
use crm_http::{Options, document};
use serde_json::{Value as Json, json};

use crate::bodies::{Own, body, named};
use crate::document::snapshot;
use crate::office::{Office, Reply, id};
use crate::outside::talking;

fn routes() -> Vec<Route> {
    document(&Options::default(), |_| ()).1
}

/// An organization with at least one record of each kind.
async fn furnished(office: &Office) -> Own {
    let one = |json: &Json| id(json);
    let lead = one(&office.lead("Lead").await);
    let qualified = one(&office.lead("Qualified").await);
    office.post(&format!("/api/leads/{qualified}/qualify"), json!({})).await.expect(200);
    let contact = one(&office.post("/api/contacts", json!({ "last_name": "Contact" })).await.expect(201));
    let point = json!({ "value": { "email": "contact@example.com" } });
    let point = one(&office.post(&format!("/api/contacts/{contact}/points"), point).await.expect(201));
    let account = one(&office.post("/api/accounts", json!({ "name": "Account" })).await.expect(201));
    let domain = json!({ "domain": "owned.example" });
    office.post(&format!("/api/accounts/{account}/domains"), domain).await.expect(204);
    let deal = office.post("/api/opportunities", json!({ "name": "Deal" })).await.expect(201);
    let stages = [
        json!({ "name": "One", "kind": "open", "probability": 10 }),
        json!({ "name": "W", "kind": "won" }),
        json!({ "name": "L", "kind": "lost" }),
    ];
    let other = office.post("/api/pipelines", json!({ "name": "Other", "stages": stages })).await.expect(201);
    let all = office.get("/api/pipeline/stages").await.expect(200);
    let open: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|stage| stage["kind"] == "open" && stage["pipeline_id"] == deal["pipeline_id"])
        .collect();
    let reasons = office.get("/api/close-reasons").await.expect(200);
    let reason = |kind: &str| id(reasons.as_array().unwrap().iter().find(|reason| reason["kind"] == kind).unwrap());
    let activity = json!({ "kind": "task", "subject": "Task", "records": [{ "kind": "lead", "id": lead }] });
    let activity = one(&office.post("/api/activities", activity).await.expect(201));
    let rules = office.get("/api/scoring/rules").await.expect(200);
    let member = json!({ "name": "Member", "email": "member@office.example", "role": "sales_rep" });
    let member = one(&office.post("/api/members", member).await.expect(201));
    let team = one(&office.post("/api/teams", json!({ "name": "Team" })).await.expect(201));
    let role = json!({ "name": "Role", "permissions": ["lead_read"], "reach": "own" });
    let role = one(&office.post("/api/roles", role).await.expect(201));
    let field = json!({ "record_kind": "lead", "key": "colour", "label": "Colour", "holds": { "choice": ["red"] } });
    let custom_field = one(&office.post("/api/custom-fields", field).await.expect(201));
    let forecast = json!({ "owner_id": office.owner, "period": "2026-11-01", "category": "commit",
        "amount": { "minor": 100, "currency": "EUR" } });
    let forecast_override = one(&office.post("/api/forecast/overrides", forecast).await.expect(201));
    let upload = upload(office, &office.token(office.owner), "Last Name\nImported\n").await.expect(200);
    let mapping = json!({ "name": "Mapping", "kind": "leads", "mapping": [] });
    let import_mapping = one(&office.post("/api/import-mappings", mapping).await.expect(201));
    let policy = json!({ "certainty": "likely", "action": "allow_and_flag" });
    let policy = one(&office.send(Method::PUT, "/api/duplicate-policies", Some(policy)).await.expect(200));
    for _ in 0..2 {
        let twin = json!({ "lead": { "first_name": "Twin", "last_name": "Twin", "email": "twin@example.com", "company": "Twins" }, "confirmed": true });
        office.post("/api/leads", twin).await;
    }
    let flags = office.get("/api/duplicates").await.expect(200);
    let flag = flags[0]["flag"].as_str().map_or_else(|| lead.clone(), str::to_owned);
    let subscription = office.subscribe("leadgen_monthly").await;
    let talk = talking(office).await;
    let team_path = format!("/api/teams/{team}/members/{}", office.owner);
    office.send(Method::PUT, &team_path, None).await.expect(204);
    Own {
        stage: id(open[0]),
        next_stage: id(open[1]),
        other_stage: id(&other["stages"][0]),
        pipeline: deal["pipeline_id"].as_str().unwrap().to_owned(),
        other_pipeline: id(&other["pipeline"]),
        won: reason("won"),
        lost: reason("lost"),
        deal: id(&deal),
        scoring_rule: id(&rules[0]),
        import: id(&upload["report"]["import"]),
        lead,
        qualified,
        contact,
        point,
        account,
        activity,
        member,
        team,
        role,
        custom_field,
        forecast_override,
        import_mapping,
        policy,
        flag,
        subscription: subscription["external_id"].as_str().unwrap().to_owned(),
        item: subscription["truth"]["items"][0]["id"].as_str().unwrap().to_owned(),
        talk,
    }
}

async fn upload(office: &Office, token: &str, file: &str) -> Reply {
    let request = Request::builder().method(Method::POST).uri("/api/imports").header("authorization", token);
    office.raw(request.header("content-type", "text/csv").body(Body::from(file.to_owned())).unwrap()).await
}

async fn ask(office: &Office, token: Option<&str>, route: &Route, path: &str, own: &Own) -> Reply {
    if route.method == Method::POST && route.path == "/imports" {
        return upload(office, token.unwrap_or("none"), "Last Name\nAnother\n").await;
    }
    let unlinks = route.method == Method::DELETE && route.path == "/activities/{id}/records";
    let path = if unlinks { format!("{path}?kind=lead&id={}", own.lead) } else { path.to_owned() };
    let mut head = vec![("if-match", "\"1\"")];
    head.extend(token.map(|token| ("authorization", token)));
    office.send_with(route.method.clone(), &format!("/api{path}"), body(&route.method, route.path, own), &head).await
}

/// For each endpoint and role, the status of a request for the organization's own records.
#[tokio::test]
async fn every_role_may_do_what_it_may_and_nothing_else() {
    let mut rows: BTreeMap<(String, &str), String> = BTreeMap::new();
    let mut wrong = Vec::new();
    // An organization for each role: what one has changed is not in the way of another.
    for role in StandardRole::ALL {
        let office = Office::open().await;
        let own = furnished(&office).await;
        let member = office.hire("someone", *role).await;
        // What removes comes last, so that the rest still finds its records.
        let mut routes = routes();
        routes.sort_by_key(|route| (route.method == Method::DELETE, route.path.contains("convert")));
        for route in routes {
            let path = named(route.path, &own);
            let at = format!("{} {}", route.method, route.path);
            let nobody = ask(&office, None, &route, &path, &own).await;
            if route.public {
                // Whoever asks is nobody here, and gets what nobody gets.
                let row = rows.entry((route.method.to_string(), route.path)).or_default();
                let _ = write!(row, " {}", nobody.status.as_u16());
                let asked = ask(&office, Some(&office.token(member)), &route, &path, &own).await;
                if asked.status != nobody.status || asked.body != nobody.body {
                    wrong.push(format!("{at} answers {} to {}", asked.status, role.as_str()));
                }
                continue;
            }
            if nobody.status != 401 {
                wrong.push(format!("{at} answers {} to nobody", nobody.status));
            }
            let allowed = route.permission.is_none_or(|needed| role.permissions().contains(needed));
            let reply = ask(&office, Some(&office.token(member)), &route, &path, &own).await;
            let status = reply.status.as_u16();
            let row = rows.entry((route.method.to_string(), route.path)).or_default();
            let _ = write!(row, " {status}");
            let refused = status == 403 && reply.json()["code"] == "permission.missing";
            if refused == allowed || status == 401 || status >= 500 {
                wrong.push(format!("{at} answers {status} to {}: {}", role.as_str(), reply.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let table = rows.into_iter().fold(String::new(), |mut table, ((method, path), statuses)| {
        let _ = writeln!(table, "{method:<6} {path:<48}{statuses}");
        table
    });
    snapshot("matrix.txt", &table);
}

/// A request with identifiers of a neighbour is answered, byte by byte, as one with identifiers of nobody.
#[tokio::test]
async fn what_belongs_to_another_organization_does_not_exist() {
    let office = Office::open().await;
    let own = furnished(&office).await;
    let neighbour = office.neighbour().await;
    let foreign = furnished(&neighbour).await;
    let mut tried = 0;
    let mut wrong = Vec::new();
    for route in routes().into_iter().filter(|route| names_records(route.path)) {
        let theirs = named(route.path, &foreign);
        let (mut absent, mut replaced) = (theirs.clone(), BTreeMap::new());
        for (number, part) in theirs.split(['/', '?']).filter(|part| uuid(part)).enumerate() {
            let nobodys = format!("018f4e5a-0000-7000-8000-{number:012}");
            absent = absent.replace(part, &nobodys);
            replaced.insert(nobodys, part.to_owned());
        }
        let token = office.token(office.owner);
        let foreign_reply = ask(&office, Some(&token), &route, &theirs, &own).await;
        let absent_reply = ask(&office, Some(&token), &route, &absent, &own).await;
        let mut expected = absent_reply.text();
        for (nobodys, part) in replaced {
            expected = expected.replace(&nobodys, &part);
        }
        tried += 1;
        let head = |reply: &Reply| {
            let mut head = reply.head.clone();
            head.remove("x-request-id");
            head
        };
        if foreign_reply.text() != expected
            || foreign_reply.status != absent_reply.status
            || head(&foreign_reply) != head(&absent_reply)
        {
            wrong.push(format!(
                "{} {}: {} {} but {} {}",
                route.method,
                route.path,
                foreign_reply.status,
                foreign_reply.text(),
                absent_reply.status,
                absent_reply.text()
            ));
        }
        if foreign_reply.status.is_success() {
            // A list under a record that does not exist may be empty, and so is the neighbour's.
            let items = foreign_reply.json();
            let empty = items == json!([]) || items == json!({ "items": [], "next": null });
            if !empty && !route.path.ends_with("availability") {
                wrong.push(format!("{} {} succeeds: {}", route.method, route.path, foreign_reply.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 60, "{tried}");
}

/// Identifiers of a neighbour in bodies lead nowhere, and filters find nothing.
#[tokio::test]
async fn a_body_or_filter_that_names_another_organizations_record_gets_nothing() {
    let office = Office::open().await;
    let own = furnished(&office).await;
    let neighbour = office.neighbour().await;
    let foreign = furnished(&neighbour).await;
    let refused = [
        office.post("/api/opportunities", json!({ "name": "x", "account_id": foreign.account })).await,
        office.post("/api/opportunities", json!({ "name": "x", "stage_id": foreign.stage })).await,
        office.post("/api/contacts", json!({ "last_name": "x", "account_id": foreign.account })).await,
        office.post("/api/leads", json!({ "lead": { "last_name": "x", "owner_id": neighbour.owner } })).await,
        office
            .post(
                "/api/activities",
                json!({ "kind": "task", "subject": "x", "records": [{ "kind": "lead", "id": foreign.lead }] }),
            )
            .await,
        office.post("/api/engagements", json!({ "lead_id": foreign.lead, "kind": "page_view" })).await,
        office.post(&format!("/api/leads/{}/assign", own.lead), json!({ "owner_id": neighbour.owner })).await,
        office
            .post(
                &format!("/api/leads/{}/convert", own.qualified),
                json!({ "opportunity": "nothing", "account": { "existing": foreign.account } }),
            )
            .await,
        office
            .send(
                Method::PATCH,
                &format!("/api/opportunities/{}/stage", own.deal),
                Some(json!({ "stage_id": foreign.stage })),
            )
            .await,
    ];
    for (number, reply) in refused.iter().enumerate() {
        assert!(matches!(reply.status.as_u16(), 404 | 409 | 422), "{number}: {} {}", reply.status, reply.text());
    }
    for query in [
        format!("/api/leads?id={}", foreign.lead),
        format!("/api/leads?owner_id={}", neighbour.owner),
        format!("/api/opportunities?account_id={}", foreign.account),
    ] {
        assert_eq!(office.get(&query).await.expect(200)["items"], json!([]), "{query}");
    }
}

/// The matrix notices an endpoint whose declared permission is not the one that is asked for.
#[tokio::test]
async fn the_matrix_notices_a_permission_that_is_not_asked_for() {
    let office = Office::open().await;
    let own = furnished(&office).await;
    let viewer = office.hire("vera", StandardRole::Viewer).await;
    let planted = Route {
        permission: None,
        ..routes().into_iter().find(|route| route.path == "/leads" && route.method == Method::POST).unwrap()
    };
    let reply = ask(&office, Some(&office.token(viewer)), &planted, "/leads", &own).await;
    let refused = reply.status == 403;
    let allowed = planted.permission.is_none_or(|needed| StandardRole::Viewer.permissions().contains(needed));
    assert!(refused == allowed, "the rule of the matrix must not hold for a planted mistake");
}

/// Whether a path names a record, and not only a kind or a platform.
fn names_records(path: &str) -> bool {
    path.contains('{') && path != "/custom-fields/{kind}" && !path.contains("{platform}")
}

fn uuid(part: &str) -> bool {
    part.len() == 36 && part.matches('-').count() == 4
}
