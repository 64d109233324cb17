//! The API under load on PostgreSQL, beside axum and sqlx bare: create, get, list 50, convert, move to another stage.
//!
//! Both are served by this process and asked in turns over loopback, by 8 connections with one request each under way.
//! Ours includes signing in by a key, permission, tenant, reach, validation, duplicates, scores, assignment and events.
//! `CRM_BENCH_LARGE=1` works beside 100,000 leads instead of 10,000.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use crm_benches::{
    Database, Fault, Goal, Load, Office, Processes, Report, Requests, Server, Stock, ask, bare_router, drive, id_of,
    must, seed, stored_deal_id,
};
use crm_core::access::{Member, MemberId, StandardRole};
use crm_core::kernel::Page;
use crm_core::sign_in::NewApiKey;
use crm_http::identity::mail::FileOutbox;
use crm_http::identity::{Identity, declare};
use crm_http::protection::limits::{Rate, RateLimits};
use crm_http::signing::Secret;
use crm_http::{Options, router_with};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Connections that ask, and connections that each server has to its database.
const CONNECTIONS: u32 = 8;
/// How often both are asked in turns; the first turn warms up and does not count.
const TURNS: u64 = 6;
/// Requests of a turn that read, and of one that writes.
const READS: u64 = 2_000;
const WRITES: u64 = 400;
const DEALS: u64 = TURNS * WRITES;
/// Leads from here on are converted; the ones before belong to deals.
const TO_CONVERT: u64 = DEALS;

/// Two servers and what is asked of both.
struct Contest {
    runtime: Runtime,
    ours: SocketAddr,
    floor: SocketAddr,
    processes: Processes,
    report: Report,
}

/// One request, as it is made of a number.
struct Asked {
    ours: Requests,
    floor: Requests,
    status: (u16, u16),
}

impl Contest {
    fn run(&mut self, what: &str, count: u64, asked: &Asked, goal: Goal, computes: Option<Duration>) {
        let (mut ours, mut floor) = (Load::default(), Load::default());
        for turn in 0..TURNS {
            let numbers = turn * count..(turn + 1) * count;
            let one = self.turn(self.ours, numbers.clone(), &asked.ours, asked.status.0);
            let other = self.turn(self.floor, numbers, &asked.floor, asked.status.1);
            match turn {
                0 => {}
                1 => (ours, floor) = (one, other),
                _ => (ours, floor) = (ours.and(one), floor.and(other)),
            }
        }
        self.report.add_load(what, &ours, &floor, goal, computes);
    }

    fn turn(&self, address: SocketAddr, numbers: std::ops::Range<u64>, requests: &Requests, status: u16) -> Load {
        let connections = usize::try_from(CONNECTIONS).unwrap_or(1);
        must(self.runtime.block_on(drive(address, connections, numbers, requests, status, self.processes)))
    }
}

fn request(method: &str, path: &str, key: &str, body: Option<&serde_json::Value>) -> Vec<u8> {
    let authorization = if key.is_empty() { String::new() } else { format!("authorization: Bearer {key}\r\n") };
    let body = body.map(ToString::to_string).unwrap_or_default();
    let media = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: crm\r\n{authorization}{media}content-length: {length}\r\n\r\n{body}")
        .into()
}

async fn served(router: Router) -> Result<SocketAddr, Fault> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { must(axum::serve(listener, router).await) });
    Ok(address)
}

/// Our API on the office, and a key of its owner.
async fn ours(office: &Office) -> Result<(Router, String), Fault> {
    let crm = office.crm.clone();
    let outbox = FileOutbox::new(std::env::temp_dir().join("crm-bench-outbox"));
    let identity = Identity::new(crm.clone(), Secret::generate()?, outbox, "http://localhost/".to_owned())?;
    let owners = Member::ROLE.is(StandardRole::Owner.as_str());
    let owner = office.session.members().list(&owners, &Page::first(1)).await?.pop().ok_or("there is no owner")?;
    let session = crm.session(crm.caller(office.organization, owner.id).await?);
    let new: NewApiKey = serde_json::from_value(json!({ "name": "bench" }))?;
    let (_, key) = identity.create_key(&session, new).await?;
    let plenty = Rate::new(10_000_000, 10_000_000);
    let rates = RateLimits { tiers: vec![plenty], caller: plenty, anybody: plenty, ..RateLimits::default() };
    let options = Options { rates, docs: false, ..Options::default() };
    Ok((router_with(crm, identity.clone(), options, |api| declare(api, &identity))?, key))
}

async fn opened(server: &Server, leads: u64) -> Result<(Database, Database, Office), Fault> {
    let database = server.database().await?;
    let store = database.store().await?;
    seed(&Office::found(store.clone()).await?, Stock { leads, deals: DEALS, conversations: 0 }).await?;
    store.close().await;
    database.admin("analyze").await?;
    let copy = database.copy().await?;
    let office = Office::open(database.store().await?).await?;
    Ok((database, copy, office))
}

fn main() {
    let Some(server) = Server::from_environment("the API under load") else { return };
    let large = std::env::var("CRM_BENCH_LARGE").is_ok_and(|wish| wish == "1");
    let (leads, size) = if large { (100_000, "100 k") } else { (10_000, "10 k") };
    let runtime = must(Runtime::new());
    eprintln!("PostgreSQL: {}", must(runtime.block_on(server.described())));
    let (database, copy, office) = must(runtime.block_on(opened(&server, leads)));
    let (router, key) = must(runtime.block_on(ours(&office)));
    let bare = must(runtime.block_on(bare_router(&copy, CONNECTIONS)));
    let addresses = must(runtime.block_on(async { Ok::<_, Fault>((served(router).await?, served(bare).await?)) }));
    let processes = Processes { postmaster: must(runtime.block_on(server.postmaster())) };
    let mut contest = Contest { runtime, ours: addresses.0, floor: addresses.1, processes, report: Report::default() };
    let stages: Vec<_> = office.sales.stages.iter().filter(|stage| stage.kind.as_str() == "open").collect();
    let stages: Vec<_> = stages.iter().map(|stage| stage.id.to_string()).collect();

    let asked = by_id(&key, leads);
    contest.run(
        &format!("get one of {size} leads"),
        READS,
        &asked,
        Goal::Share(55.0),
        Some(Duration::from_micros(200)),
    );
    let asked = must(contest.runtime.block_on(pages(contest.ours, &key)));
    contest.run(
        &format!("list 50 of {size} leads"),
        READS / 4,
        &asked,
        Goal::Share(55.0),
        Some(Duration::from_micros(650)),
    );
    contest.run("create a lead", WRITES, &creation(&key), Goal::Share(35.0), Some(Duration::from_micros(570)));
    contest.run("move a deal to another stage", WRITES, &step(&key, stages), Goal::Share(40.0), None);
    contest.run("convert a lead", WRITES, &conversion(&key, office.seller), Goal::Share(50.0), None);
    contest.report.print();
    let Contest { runtime, .. } = contest;
    drop(office);
    must(runtime.block_on(async {
        database.remove().await?;
        copy.remove().await
    }));
}

fn by_id(key: &str, leads: u64) -> Asked {
    let key = key.to_owned();
    let id = move |number: u64| id_of(number * 7_919 % leads);
    Asked {
        ours: Arc::new(move |number| request("GET", &format!("/api/leads/{}", id(number)), &key, None)),
        floor: Arc::new(move |number| request("GET", &format!("/leads/{}", id(number)), "", None)),
        status: (200, 200),
    }
}

/// The first pages of the list, in turn. Ours are named by cursors, which are sealed, so that they are asked for first.
async fn pages(address: SocketAddr, key: &str) -> Result<Asked, Fault> {
    let mut places = vec![String::new()];
    while places.len() < 20 {
        let path = format!("/api/leads?limit=50{}", places.last().map_or("", String::as_str));
        let answer: serde_json::Value =
            serde_json::from_slice(&ask(address, &request("GET", &path, key, None)).await?)?;
        places
            .push(format!("&cursor={}", answer.get("next").and_then(|next| next.as_str()).ok_or("a list that ends")?));
    }
    let (key, count) = (key.to_owned(), u64::try_from(places.len())?);
    Ok(Asked {
        ours: Arc::new(move |number| {
            let place = places.get(usize::try_from(number % count).unwrap_or(0)).map_or("", String::as_str);
            request("GET", &format!("/api/leads?limit=50{place}"), &key, None)
        }),
        floor: Arc::new(move |number| {
            let before = (number % count * 50).checked_sub(1).map(|before| format!("?after={}", id_of(before)));
            request("GET", &format!("/leads{}", before.unwrap_or_default()), "", None)
        }),
        status: (200, 200),
    })
}

fn creation(key: &str) -> Asked {
    let key = key.to_owned();
    let person = |number: u64| {
        json!({ "first_name": format!("New{number}"), "last_name": format!("Person{number}"),
            "email": format!("new{number}@new{number}.example"), "company": format!("New Company {number}") })
    };
    Asked {
        ours: Arc::new(move |number| request("POST", "/api/leads", &key, Some(&json!({ "lead": person(number) })))),
        floor: Arc::new(move |number| request("POST", "/leads", "", Some(&person(number)))),
        status: (201, 201),
    }
}

fn step(key: &str, stages: Vec<String>) -> Asked {
    let (key, stages) = (key.to_owned(), Arc::new(stages));
    let goal = |number: u64, stages: &[String]| {
        let place = (usize::try_from(number).unwrap_or(0) + 1) % stages.len().max(1);
        json!({ "stage_id": stages.get(place) })
    };
    let own = Arc::clone(&stages);
    Asked {
        ours: Arc::new(move |number| {
            let path = format!("/api/opportunities/{}/stage", stored_deal_id(number));
            request("PATCH", &path, &key, Some(&goal(number, &own)))
        }),
        floor: Arc::new(move |number| {
            let path = format!("/deals/{}/stage", stored_deal_id(number));
            request("PATCH", &path, "", Some(&goal(number, &stages)))
        }),
        status: (200, 200),
    }
}

fn conversion(key: &str, owner: MemberId) -> Asked {
    let key = key.to_owned();
    let deal = json!({ "amount": { "minor": 100_000, "currency": "EUR" } });
    let wish = json!({ "opportunity": "new", "deal": deal, "owner_id": owner });
    Asked {
        ours: Arc::new(move |number| {
            request("POST", &format!("/api/leads/{}/convert", id_of(TO_CONVERT + number)), &key, Some(&wish))
        }),
        floor: Arc::new(move |number| {
            request("POST", &format!("/leads/{}/convert", id_of(TO_CONVERT + number)), "", Some(&json!({})))
        }),
        status: (200, 200),
    }
}
