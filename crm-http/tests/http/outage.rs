//! The database goes away in the middle of a request.

use axum::http::Method;
use crm_core::access::Caller;
use crm_http::Options;
use serde_json::{Value as Json, json};

use crate::database::{Cut, Database, Line};
use crate::office::{Office, Reply, generous, id};

fn options() -> Options {
    Options { rates: generous(), ..Options::default() }
}

/// Checks that a refusal says that the database is away, and nothing of what is behind it.
fn check_refusal(reply: &Reply, at: &str) {
    assert_eq!(reply.status, 503, "{at}: {}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{at}");
    assert!(reply.header("retry-after").is_some(), "{at}");
    let problem = reply.json();
    let code = problem["code"].as_str().unwrap();
    assert!(matches!(code, "store.unavailable" | "store.outcome_unknown"), "{at}: {code}");
    let said = reply.text().to_lowercase();
    for internal in ["sqlx", "postgres", "socket", "tcp", "127.0.0.1", "crm_app", "broken pipe", "eof", "insert into"] {
        assert!(!said.contains(internal), "{at}: {said} tells of {internal}");
    }
}

async fn post(office: &Office, path: &str, key: &str, body: Json) -> Reply {
    let token = office.token(office.owner);
    let head = [("authorization", token.as_str()), ("idempotency-key", key)];
    office.send_with(Method::POST, path, Some(body), &head).await
}

/// How many leads have this name.
async fn made(office: &Office, name: &str) -> usize {
    let page = office.get(&format!("/api/leads?last_name={name}")).await.expect(200);
    page["items"].as_array().unwrap().len()
}

async fn check_that_all_fits_together(office: &Office, at: &str) {
    let session = office.crm.session(Caller::system(office.organization, "test"));
    let inspected = session.inspection().run().await.unwrap();
    assert_eq!(inspected.findings, [], "{at}");
}

/// What became of a command during which the line was cut at every point in turn.
#[derive(Debug, Default)]
struct Outcomes {
    cuts: u32,
    refused: u32,
    kept: u32,
}

/// Gives a command again and again, and cuts the line one point later each time, until it is carried out uncut.
async fn cut_everywhere(
    line: &Line,
    how: fn(u32) -> Cut,
    word: &str,
    give: impl AsyncFn(&str) -> Reply,
    effects: impl AsyncFn(&str) -> usize,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for point in 1.. {
        let (name, at) = (format!("{word}{point}"), format!("{:?}", how(point)));
        line.cut(how(point));
        let reply = give(&name).await;
        if line.spare() {
            assert!(reply.status.is_success(), "{at}: {}", reply.text());
            assert_eq!(effects(&name).await, 1, "{at}");
            break;
        }
        outcomes.cuts += 1;
        // The next transaction finds a connection: the service is back by itself.
        let effect = effects(&name).await;
        assert!(effect <= 1, "{at}");
        if reply.status.is_success() {
            // The line was cut before the transaction had begun, or when nothing hung on it any more.
            assert_eq!(effect, 1, "{at}");
        } else {
            check_refusal(&reply, &at);
            outcomes.refused += 1;
            outcomes.kept += u32::from(effect == 1);
        }
        let again = give(&name).await;
        let heard = again.status.is_success() || again.json()["code"] == "idempotency_key.at_work";
        assert!(heard, "{at}: {} {}", again.status, again.text());
        assert_eq!(effects(&name).await, 1, "{at}: the same command has one effect");
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_database_is_killed_is_done_as_a_whole_or_not_at_all() {
    let Some(database) = Database::fresh("a killed database").await else { return };
    let (store, line) = database.store_behind_a_line().await;
    let office = Office::on(store.clone(), options()).await;
    // Statements are prepared once for each connection, which would be other points to cut at.
    office.lead("Warm").await;
    for word in ["Unheard", "Unanswered"] {
        let how: fn(u32) -> Cut = if word == "Unheard" { Cut::Unheard } else { Cut::Unanswered };
        let give = async |name: &str| {
            let lead = json!({ "lead": { "last_name": name }, "confirmed": true });
            post(&office, "/api/leads", name, lead).await
        };
        let outcomes = cut_everywhere(&line, how, word, give, async |name| made(&office, name).await).await;
        assert!(outcomes.cuts >= 8 && outcomes.refused >= 5, "{word}: {outcomes:?}");
        eprintln!("{word}: {outcomes:?}");
        // Only an answer to the commit that is lost, or a line that is cut behind it, is refused and has its effect.
        assert!(outcomes.kept < outcomes.refused && (outcomes.kept > 0 || word == "Unheard"), "{word}: {outcomes:?}");
    }
    check_that_all_fits_together(&office, "in the end").await;
    store.close().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_whose_database_is_killed_makes_all_records_or_none() {
    let Some(database) = Database::fresh("a killed database").await else { return };
    let (store, line) = database.store_behind_a_line().await;
    let office = Office::on(store.clone(), options()).await;
    let count = async |list: &str, query: &str| {
        let page = office.get(&format!("/api/{list}?{query}&limit=200")).await.expect(200);
        page["items"].as_array().unwrap().len()
    };
    let mut undone = 0;
    for point in 1.. {
        let lead = office.lead(&format!("Lead{point}")).await;
        let path = format!("/api/leads/{}", id(&lead));
        office.post(&format!("{path}/qualify"), json!({})).await.expect(200);
        line.cut(Cut::Unheard(point));
        let reply =
            post(&office, &format!("{path}/convert"), &format!("c{point}"), json!({ "opportunity": "new" })).await;
        let uncut = line.spare();
        let at = format!("cut at {point}");
        let made = [
            count("opportunities", &format!("name%5Bprefix%5D=Lead{point}%20Ltd")).await,
            count("accounts", &format!("name=Lead{point}%20Ltd")).await,
            count("contacts", &format!("last_name=Lead{point}")).await,
        ];
        let status = office.get(&path).await.expect(200)["status"].clone();
        if reply.status.is_success() {
            assert_eq!((made, status), ([1, 1, 1], json!("converted")), "{at}");
        } else {
            check_refusal(&reply, &at);
            let whole = made == [1, 1, 1] && status == "converted";
            let nothing = made == [0, 0, 0] && status == "qualified";
            assert!(whole || nothing, "{at}: {made:?}");
            undone += u32::from(nothing);
        }
        if uncut {
            assert!(undone > 10, "{undone}");
            break;
        }
    }
    check_that_all_fits_together(&office, "in the end").await;
    store.close().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_every_answer_is_503_and_afterwards_all_is_as_before() {
    let Some(database) = Database::fresh("a database that stays away").await else { return };
    let (store, line) = database.store_behind_a_line().await;
    let office = Office::on(store.clone(), options()).await;
    let lead = office.lead("Lovelace").await;
    let path = format!("/api/leads/{}", id(&lead));
    line.take_down();
    for (method, path, body) in [
        (Method::GET, path.as_str(), None),
        (Method::GET, "/api/leads", None),
        (Method::POST, "/api/leads", Some(json!({ "lead": { "last_name": "Byron" } }))),
        (Method::PATCH, path.as_str(), Some(json!({ "city": "Paris" }))),
        (Method::DELETE, path.as_str(), None),
        (Method::GET, "/health/ready", None),
    ] {
        let at = format!("{method} {path}");
        let reply = office.change(method, path, body, "\"1\"").await;
        if path == "/health/ready" {
            assert_eq!((reply.status.as_u16(), reply.json()["code"].clone()), (503, json!("store.unavailable")));
        } else {
            check_refusal(&reply, &at);
        }
    }
    assert_eq!(office.send_with(Method::GET, "/health/live", None, &[]).await.status, 200);
    line.bring_up();
    assert_eq!(office.get(&path).await.expect(200), lead);
    assert_eq!(made(&office, "Byron").await, 0);
    assert_eq!(office.send_with(Method::GET, "/health/ready", None, &[]).await.status, 200);
    check_that_all_fits_together(&office, "in the end").await;
    store.close().await;
    database.remove().await;
}
