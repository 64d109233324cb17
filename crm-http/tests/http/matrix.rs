//! Every endpoint, every role: who may do what, and that nothing of another organization can be told from nothing.
//!
//! The endpoints come from the router itself, so that a new one is in the matrix before its first reader. A permission
//! that is declared at an endpoint must be the one that the service asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Request};
use crm_core::access::{Caller, Permission, StandardRole};
use crm_core::store::MemoryStore;
use crm_http::api::Route;
use crm_http::{Authenticator, Options, document};
use serde_json::{Value as Json, json};

use crate::bodies::{Own, body, named};
use crate::document::snapshot;
use crate::leaky::LeakyStore;
use crate::office::{Office, Reply, Trusting, generous, id};
use crate::outside::talking;

fn routes() -> Vec<Route> {
    document(&Options::default(), |_| ()).1
}

/// An organization with at least one record of each kind.
async fn furnished(office: &Office) -> Own {
    let one = |json: &Json| id(json);
    let lead = one(&office.lead("Lead").await);
    let qualified = one(&office.lead("Qualified").await);
    let twin = one(&office.lead("Twin").await);
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
        twin,
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

/// An answer that is not the one that the endpoint's permission and the caller's role ask for.
#[derive(Debug)]
struct Wrong {
    method: Method,
    path: &'static str,
    role: StandardRole,
    why: String,
}

impl Wrong {
    fn at(route: &Route, role: StandardRole, why: String) -> Self {
        Self { method: route.method.clone(), path: route.path, role, why }
    }
}

/// Asks every endpoint for the office's own records as a member of this role; tells what is wrong and each status.
async fn judge(office: &Office, role: StandardRole, begin: impl FnOnce()) -> (Vec<Wrong>, Vec<(Route, u16)>) {
    let own = furnished(office).await;
    let member = office.hire("someone", role).await;
    begin();
    let (mut wrong, mut statuses) = (Vec::new(), Vec::new());
    // What removes comes last, so that the rest still finds its records.
    let mut routes = routes();
    let uses_up = |path: &str| path.contains("convert") || path.ends_with("/merge");
    routes.sort_by_key(|route| (route.method == Method::DELETE, uses_up(route.path)));
    for route in routes {
        let path = named(route.path, &own);
        let nobody = ask(office, None, &route, &path, &own).await;
        if route.public {
            // Whoever asks is nobody here, and gets what nobody gets.
            let asked = ask(office, Some(&office.token(member)), &route, &path, &own).await;
            if asked.status != nobody.status || asked.body != nobody.body {
                wrong.push(Wrong::at(
                    &route,
                    role,
                    format!("answers {} and {} to nobody", asked.status, nobody.status),
                ));
            }
            statuses.push((route, nobody.status.as_u16()));
            continue;
        }
        if nobody.status != 401 {
            wrong.push(Wrong::at(&route, role, format!("answers {} to nobody", nobody.status)));
        }
        let allowed = route.permission.is_none_or(|needed| role.permissions().contains(needed));
        let reply = ask(office, Some(&office.token(member)), &route, &path, &own).await;
        let status = reply.status.as_u16();
        let refused = status == 403 && reply.json()["code"] == "permission.missing";
        if refused == allowed || status == 401 || status >= 500 {
            wrong.push(Wrong::at(&route, role, format!("answers {status}: {}", reply.text())));
        }
        statuses.push((route, status));
    }
    (wrong, statuses)
}

/// For each endpoint and role, the status of a request for the organization's own records.
#[tokio::test]
async fn every_role_may_do_what_it_may_and_nothing_else() {
    let mut rows: BTreeMap<(String, &str), String> = BTreeMap::new();
    // An organization for each role: what one has changed is not in the way of another.
    for role in StandardRole::ALL {
        let (wrong, statuses) = judge(&Office::open().await, *role, || ()).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
        for (route, status) in statuses {
            let row = rows.entry((route.method.to_string(), route.path)).or_default();
            let _ = write!(row, " {status}");
        }
    }
    let table = rows.into_iter().fold(String::new(), |mut table, ((method, path), statuses)| {
        let _ = writeln!(table, "{method:<6} {path:<48}{statuses}");
        table
    });
    snapshot("matrix.txt", &table);
}

/// Gives everybody one permission more than their role has, or one less, from when it is told to.
struct Tampered {
    inner: Trusting,
    permission: Permission,
    gives: bool,
    begun: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Authenticator for Tampered {
    async fn authenticate(&self, head: &Parts) -> crm_core::kernel::Result<Caller> {
        let caller = self.inner.authenticate(head).await?;
        let Some(member) = caller.member_id().filter(|_| self.begun.load(Ordering::Relaxed)) else { return Ok(caller) };
        let one = [self.permission].into_iter().collect();
        let (has, reach) = (caller.permissions(), caller.reach().clone());
        let permissions = if self.gives { has.union(one) } else { has.without(one) };
        Ok(Caller::member(caller.organization(), member, permissions, reach))
    }
}

/// With one permission too many or too few in a role, the matrix names the endpoints of that permission and no others.
#[tokio::test]
async fn the_matrix_notices_a_permission_that_a_role_must_not_have_or_lacks() {
    let permission = Permission::ForecastOverride;
    for (role, gives) in [(StandardRole::Viewer, true), (StandardRole::Owner, false)] {
        assert_eq!(role.permissions().contains(permission), !gives);
        let begun = Arc::new(AtomicBool::new(false));
        let tamper = |crm| Tampered { inner: Trusting(crm), permission, gives, begun: Arc::clone(&begun) };
        let options = Options { rates: generous(), ..Options::default() };
        let office = Office::guarded(MemoryStore::new(), options, tamper).await;
        let (wrong, _) = judge(&office, role, || begun.store(true, Ordering::Relaxed)).await;
        let mut named: Vec<_> = wrong.iter().map(|wrong| (wrong.method.to_string(), wrong.path)).collect();
        let declared = routes().into_iter().filter(|route| route.permission == Some(permission));
        let mut expected: Vec<_> = declared.map(|route| (route.method.to_string(), route.path)).collect();
        named.sort();
        expected.sort();
        assert!(!expected.is_empty());
        assert_eq!(named, expected, "{role:?}: {wrong:#?}");
        assert!(wrong.iter().all(|wrong| wrong.role == role && !wrong.why.is_empty()));
    }
}

/// Asks for records of a neighbour and for records of nobody, as a member of each role, and tells which endpoints answer
/// differently, or give something.
async fn compare_foreign_with_absent(office: &Office) -> (usize, Vec<Wrong>) {
    let own = furnished(office).await;
    let foreign = furnished(&office.neighbour().await).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for role in StandardRole::ALL {
        let token = office.token(office.hire(role.as_str(), *role).await);
        for route in routes().into_iter().filter(|route| names_records(route.path)) {
            tried += 1;
            if let Some(why) = difference(office, &token, &route, &own, &foreign).await {
                wrong.push(Wrong::at(&route, *role, why));
            }
        }
    }
    (tried, wrong)
}

async fn difference(office: &Office, token: &str, route: &Route, own: &Own, foreign: &Own) -> Option<String> {
    let theirs = named(route.path, foreign);
    let (mut absent, mut replaced) = (theirs.clone(), BTreeMap::new());
    for (number, part) in theirs.split(['/', '?']).filter(|part| uuid(part)).enumerate() {
        let nobodys = format!("018f4e5a-0000-7000-8000-{number:012}");
        absent = absent.replace(part, &nobodys);
        replaced.insert(nobodys, part.to_owned());
    }
    let foreign_reply = ask(office, Some(token), route, &theirs, own).await;
    let absent_reply = ask(office, Some(token), route, &absent, own).await;
    let mut expected = absent_reply.text();
    for (nobodys, part) in replaced {
        expected = expected.replace(&nobodys, &part);
    }
    let head = |reply: &Reply| {
        let mut head = reply.head.clone();
        head.remove("x-request-id");
        head
    };
    let same = foreign_reply.text() == expected
        && foreign_reply.status == absent_reply.status
        && head(&foreign_reply) == head(&absent_reply);
    if !same {
        let (one, other) = (foreign_reply.text(), absent_reply.text());
        return Some(format!("{} {one} but {} {other}", foreign_reply.status, absent_reply.status));
    }
    // A list under a record that does not exist may be empty, and so is the neighbour's.
    let items = foreign_reply.json();
    let is_empty = items == json!([]) || items == json!({ "items": [], "next": null });
    let succeeds = foreign_reply.status.is_success() && !is_empty && !route.path.ends_with("availability");
    succeeds.then(|| format!("succeeds: {}", foreign_reply.text()))
}

/// A request with identifiers of a neighbour is answered, byte by byte, as one with identifiers of nobody.
#[tokio::test]
async fn what_belongs_to_another_organization_does_not_exist() {
    let (tried, wrong) = compare_foreign_with_absent(&Office::open().await).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 60 * StandardRole::ALL.len(), "{tried}");
}

/// With the predicate gone that keeps organizations apart, the comparison names the endpoints that show or touch foreign
/// records, for the roles that may use them.
#[tokio::test]
async fn the_comparison_notices_a_store_that_finds_foreign_records() {
    let options = Options { rates: generous(), ..Options::default() };
    let (_, wrong) = compare_foreign_with_absent(&Office::on(LeakyStore::new(), options).await).await;
    let named: BTreeSet<_> =
        wrong.iter().map(|wrong| (wrong.method.as_str(), wrong.path, wrong.role.as_str())).collect();
    for path in ["/leads/{id}", "/contacts/{id}", "/accounts/{id}", "/opportunities/{id}", "/activities/{id}"] {
        assert!(named.contains(&("GET", path, "owner")), "GET {path} is not named");
        assert!(named.contains(&("PATCH", path, "owner")), "PATCH {path} is not named");
    }
    for (route, role) in routes().iter().flat_map(|route| StandardRole::ALL.iter().map(move |role| (route, role))) {
        let may = route.permission.is_none_or(|needed| role.permissions().contains(needed));
        let is_named = named.contains(&(route.method.as_str(), route.path, role.as_str()));
        assert!(may || !is_named, "{} {} is named for {}", route.method, route.path, role.as_str());
    }
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
        office.post(&format!("/api/leads/{}/merge", own.lead), json!({ "loser_id": foreign.lead })).await,
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

/// Whether a path names a record, and not only a kind or a platform.
fn names_records(path: &str) -> bool {
    path.contains('{') && path != "/custom-fields/{kind}" && !path.contains("{platform}")
}

fn uuid(part: &str) -> bool {
    part.len() == 36 && part.matches('-').count() == 4
}
