//! A client that knows nothing but the document: which operations there are, what they take, and an example of it.
//!
//! It signs itself in, makes every request that the document shows, and holds each answer against the document. Records
//! that it must name it knows from answers: those of a list stand at the path of the list.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request};
use crm_core::crm::Crm;
use crm_core::store::MemoryStore;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_http::identity::mail::FileOutbox;
use crm_http::identity::{Identity, declare};
use crm_http::signing::Secret;
use crm_http::{Options, router_with};
use serde_json::{Value as Json, json};

use crate::office::{Office, Reply, SharedClock, generous};
use crate::outside::World;
use crate::schema::problems;

/// How often an operation is tried, each time with other records.
const ROUNDS: usize = 8;

struct Client {
    office: Office,
    outbox: std::path::PathBuf,
    document: Json,
    access: Option<String>,
    /// Identifiers by the path of their list, the newest last.
    records: BTreeMap<String, Vec<String>>,
    /// Texts that answers have given and other requests take, by name.
    given: BTreeMap<String, String>,
    /// What an answer was that the document does not promise.
    broken: Vec<String>,
}

/// An operation of the document.
#[derive(Clone)]
struct Operation {
    method: Method,
    path: String,
    json: Json,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
    fn parameters(&self, place: &str) -> Vec<&Json> {
        let all = self.json["parameters"].as_array();
        all.into_iter().flatten().filter(|one| one["in"] == place).collect()
    }
}

/// The list that a record named like this is found in.
fn list_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "lead_id" => "/api/leads",
        "account_id" => "/api/accounts",
        "contact_id" | "primary_contact_id" => "/api/contacts",
        "owner_id" | "member_id" => "/api/members",
        "pipeline_id" => "/api/pipelines",
        "stage_id" => "/api/pipeline/stages",
        "reason_id" => "/api/close-reasons",
        "point_id" => "/api/contacts/{id}/points",
        _ => return None,
    })
}

impl Client {
    async fn open() -> Self {
        let clock = std::sync::Arc::new(ManualClock::default());
        let crm = Crm::new(MemoryStore::new(), SharedClock(clock.clone()), SequentialIds::new());
        let name = crm_http::signing::hexadecimal(&crm_http::signing::random::<8>().unwrap());
        let outbox = std::env::temp_dir().join(format!("crm-http-client-{name}"));
        let mailer = FileOutbox::new(outbox.clone());
        let identity =
            Identity::new(crm.clone(), Secret::new([7; 32]), mailer, "https://crm.example/".to_owned()).unwrap();
        let options = Options { rates: generous(), ..Options::default() };
        let router = router_with(crm.clone(), identity.clone(), options, |api| declare(api, &identity)).unwrap();
        let (organization, owner) =
            (crm_core::kernel::Id::new(uuid::Uuid::nil()), crm_core::kernel::Id::new(uuid::Uuid::nil()));
        let world = World::new(SharedClock(clock.clone()));
        let office = Office { crm, clock, router, organization, owner, world };
        let document = office.send_with(Method::GET, "/docs/openapi.json", None, &[]).await.expect(200);
        let (records, given) = (BTreeMap::new(), BTreeMap::new());
        Self { office, outbox, document, access: None, records, given, broken: Vec::new() }
    }

    fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, json) in item.as_object().unwrap() {
                let method: Method = method.to_ascii_uppercase().parse().unwrap();
                operations.push(Operation { method, path: path.clone(), json: json.clone() });
            }
        }
        // What makes records comes first, and what removes them, or ends a sign-in, last.
        operations.sort_by_key(|operation| {
            let removes = operation.method == Method::DELETE;
            let depth = operation.path.matches('/').count();
            let depth = if removes { 100 - depth } else { 0 };
            let names = operation.path.contains('{');
            (removes, operation.path.contains("/auth/"), depth, names, operation.method != Method::POST)
        });
        operations
    }

    fn operation(&self, name: &str) -> Operation {
        self.operations().into_iter().find(|operation| operation.name() == name).unwrap()
    }

    /// One of the records in a list, another in each round.
    fn record(&self, list: &str, round: usize) -> Option<&String> {
        let known = self.records.get(list)?;
        known.iter().rev().nth(round % known.len().max(1))
    }

    /// The path with records in the place of braces; nothing when none is known.
    fn path(&self, operation: &Operation, round: usize) -> Option<String> {
        let mut path = operation.path.clone();
        while let Some(begin) = path.find('{') {
            let end = begin + path[begin..].find('}').unwrap();
            let name = path[begin + 1..end].to_owned();
            let list = list_of(&name).map_or_else(|| list_before(&operation.path, &name), str::to_owned);
            let parameter = operation.parameters("path").into_iter().find(|one| one["name"] == name.as_str()).unwrap();
            let value = match name.as_str() {
                "kind" => "lead".to_owned(),
                "domain" => "example.com".to_owned(),
                _ => self.record(&list, round)?.clone(),
            };
            assert_eq!(problems(&self.document, &parameter["schema"], &json!(value)), [""; 0], "{}", operation.name());
            path.replace_range(begin..=end, &value);
        }
        let mut query = Vec::new();
        for parameter in operation.parameters("query").into_iter().filter(|one| one["required"] == true) {
            let name = parameter["name"].as_str().unwrap();
            query.push(match name {
                "kind" => "kind=lead".to_owned(),
                "id" => format!("id={}", self.record("/api/leads", round)?),
                name => format!("{name}={}", parameter["example"].as_str().unwrap_or("2026-11-01")),
            });
        }
        Some(if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) })
    }

    /// An example with records that are there in the place of those that it names.
    fn filled(&self, example: &Json, round: usize) -> Json {
        match example {
            Json::Object(members) => {
                let fill = |(name, member): (&String, &Json)| {
                    let named = if name == "id" && members.contains_key("kind") { "lead_id" } else { name };
                    let own = self.given.get("member_id").filter(|_| name == "owner_id");
                    let record = own.or_else(|| list_of(named).and_then(|list| self.record(list, round)));
                    let given = self.given.get(name);
                    let value = match record.or(given).filter(|_| member.is_string()) {
                        Some(text) => json!(text),
                        None => self.filled(member, round),
                    };
                    (name.clone(), value)
                };
                Json::Object(members.iter().map(fill).collect())
            }
            Json::Array(items) => items.iter().map(|item| self.filled(item, round)).collect(),
            other => other.clone(),
        }
    }

    /// Makes the request that the document shows, and holds the answer against it.
    async fn make(&mut self, operation: &Operation, round: usize) -> Option<Reply> {
        let path = self.path(operation, round)?;
        let mut request = Request::builder().method(operation.method.clone()).uri(&path);
        if operation.json.get("security").is_some() {
            request = request.header("authorization", format!("Bearer {}", self.access.clone().unwrap_or_default()));
        }
        for parameter in operation.parameters("header") {
            let value = match parameter["name"].as_str().unwrap() {
                "If-Match" => "*".to_owned(),
                _ => format!("{}-{}-{round}", parameter["example"].as_str().unwrap(), operation.json["operationId"]),
            };
            request = request.header(parameter["name"].as_str().unwrap(), value.replace('"', ""));
        }
        let mut body = Body::empty();
        if let Some((media, content)) =
            operation.json["requestBody"]["content"].as_object().and_then(|all| all.iter().next())
        {
            let example = content.get("example").unwrap_or_else(|| panic!("{} shows no example", operation.name()));
            request = request.header("content-type", media);
            body = match example {
                Json::String(text) => Body::from(text.clone()),
                json => {
                    let wrong = problems(&self.document, &content["schema"], json);
                    assert!(wrong.is_empty(), "{}: the example does not fit: {wrong:?}", operation.name());
                    // An address belongs to one member, and the client's own is that of the example.
                    let other =
                        format!("\"{}-{round}@example.com\"", operation.path.trim_matches('/').replace('/', "-"));
                    let text = self.filled(json, round).to_string();
                    let shown = operation.path.contains("/auth/");
                    Body::from(if shown { text } else { text.replace("\"ada@example.com\"", &other) })
                }
            };
        }
        let reply = self.office.raw(request.body(body).unwrap()).await;
        self.check(operation, &reply);
        if reply.status.is_success() {
            self.learn(operation, &reply);
        }
        Some(reply)
    }

    fn check(&mut self, operation: &Operation, reply: &Reply) {
        let status = reply.status.as_str();
        let promise = &operation.json["responses"][status];
        let mut broken = |what: String| self.broken.push(format!("{}: {status}: {what}", operation.name()));
        if promise.is_null() {
            return broken(format!("is not promised: {}", reply.text()));
        }
        let media = reply.header("content-type").map(|media| media.split(';').next().unwrap());
        match promise["content"].as_object() {
            None if reply.body.is_empty() => {}
            None => broken(format!("a body comes that is not promised: {}", reply.text())),
            Some(content) => match media.and_then(|media| content.get(media)) {
                None => broken(format!("{media:?} is not promised")),
                Some(content) if media.is_some_and(|media| media.ends_with("json")) => {
                    let wrong = problems(&self.document, &content["schema"], &reply.json());
                    if !wrong.is_empty() {
                        broken(format!("{wrong:?} in {}", reply.text()));
                    }
                }
                Some(_) => {}
            },
        }
        for name in promise["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            if reply.header(name).is_none() {
                broken(format!("'{name}' is promised and absent"));
            }
        }
    }

    fn learn(&mut self, operation: &Operation, reply: &Reply) {
        let json = reply.json();
        for name in ["access_token", "refresh_token", "member_id"] {
            if let Some(text) = json[name].as_str() {
                self.given.insert(name.to_owned(), text.to_owned());
            }
        }
        if let Some(access) = json["access_token"].as_str() {
            self.access = Some(access.to_owned());
        }
        let items = json["items"].as_array().or(json.as_array());
        let mut found: Vec<_> = items.into_iter().flatten().collect();
        found.push(&json);
        if operation.method != Method::GET && operation.method != Method::POST || operation.path.ends_with('}') {
            return;
        }
        let known = self.records.entry(operation.path.clone()).or_default();
        for id in found.iter().flat_map(|record| ids(record)) {
            // Who deactivates themselves cannot sign in any more.
            if !known.contains(&id) && self.given.get("member_id") != Some(&id) {
                known.push(id);
            }
        }
    }

    async fn sign_in(&mut self) {
        for name in ["POST /api/auth/register", "POST /api/auth/login"] {
            let operation = self.operation(name);
            if self.make(&operation, 0).await.is_some_and(|reply| reply.status.is_success()) {
                return;
            }
        }
        panic!("the client cannot sign in: {:?}", self.broken);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.outbox);
    }
}

/// The identifiers of a record: its own, or those of its parts when it is put together from several.
fn ids(record: &Json) -> Vec<String> {
    let own = |record: &Json| record["id"].as_str().map(str::to_owned);
    let parts = || record.as_object().into_iter().flat_map(|members| members.values()).filter_map(own).collect();
    own(record).map_or_else(parts, |id| vec![id])
}

/// `/api/leads` for `/api/leads/{id}/history`; what is told apart by a word in between is the same list.
fn list_before(path: &str, name: &str) -> String {
    let before = path.split(&format!("/{{{name}}}")).next().unwrap();
    before.trim_end_matches("/by-id").to_owned()
}

#[tokio::test]
async fn a_client_that_knows_only_the_document_can_use_every_operation() {
    let mut client = Client::open().await;
    client.sign_in().await;
    let operations = client.operations();
    let mut done = BTreeSet::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..ROUNDS {
        for operation in operations.iter().filter(|operation| operation.json["tags"] != json!(["events"])) {
            if done.contains(&operation.name()) || (operation.method == Method::DELETE && round + 3 < ROUNDS) {
                continue;
            }
            let Some(mut reply) = client.make(operation, round).await else { continue };
            if reply.status == 401 && operation.json.get("security").is_some() {
                client.sign_in().await;
                let Some(again) = client.make(operation, round + 100).await else { continue };
                reply = again;
            }
            if reply.status.is_success() {
                done.insert(operation.name());
            } else {
                last.insert(operation.name(), format!("{} {}", reply.status, reply.text()));
            }
        }
    }
    client.broken.sort();
    client.broken.dedup();
    assert!(client.broken.is_empty(), "{} broken promises:\n{}", client.broken.len(), client.broken.join("\n"));
    last.retain(|name, _| !done.contains(name));
    // Deliveries are signed by who sends them, conversations begin with those who write, and what the host has not brought
    // answers 501, as the document says.
    let outside =
        ["/webhooks/", "/social/connections", "/social/conversations", "/social/messages", "/social/bulk-sends"];
    let missing = |name: &String| last.get(name).is_some_and(|answer| answer.starts_with("501"));
    let names: Vec<_> = operations.iter().map(Operation::name).collect();
    let (absent, usable): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| outside.iter().any(|part| name.contains(part)) || missing(name));
    let never = usable.iter().filter(|name| !done.contains(**name)).collect::<Vec<_>>();
    eprintln!("{} of {} operations succeeded; not: {never:#?}\n{last:#?}", done.len(), names.len());
    assert!(absent.len() * 5 < names.len() * 2, "too few could be tried: {absent:#?}");
    assert!(never.len() * 100 <= usable.len() * 15, "too few operations succeed: {never:#?}\n{last:#?}");
}

/// A client that holds answers against a document would notice one that promises something else.
#[tokio::test]
async fn a_document_that_promises_something_else_is_found_out() {
    let mut client = Client::open().await;
    client.sign_in().await;
    let me = client.operation("GET /api/me");
    client.make(&me, 0).await.unwrap();
    assert_eq!(client.broken, [""; 0]);
    let mut wrong = me.clone();
    wrong.json["responses"]["200"]["content"]["application/json"]["schema"] = json!({ "type": "array" });
    client.make(&wrong, 0).await.unwrap();
    assert_eq!(client.broken.len(), 1, "{:?}", client.broken);
    let mut wrong = me.clone();
    wrong.json["responses"].as_object_mut().unwrap().remove("200");
    client.make(&wrong, 0).await.unwrap();
    assert_eq!(client.broken.len(), 2, "{:?}", client.broken);
}
