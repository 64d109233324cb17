//! The same command twice: by the same client, by many at once, and under a key that was used for something else.

use axum::http::Method;
use crm_http::Options;
use futures_util::future::join_all;
use serde_json::json;

use crate::database::{Database, SqliteFile};
use crate::office::{Office, Reply, generous, id};

async fn post(office: &Office, path: &str, key: &str, body: serde_json::Value) -> Reply {
    let token = office.token(office.owner);
    let head = [("authorization", token.as_str()), ("idempotency-key", key)];
    office.send_with(Method::POST, path, Some(body), &head).await
}

async fn leads(office: &Office) -> usize {
    office.get("/api/leads?limit=200").await.expect(200)["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repetition_takes_effect_once_and_hears_the_same_bytes() {
    let office = Office::open().await;
    let body = json!({ "lead": { "last_name": "Lovelace" }, "confirmed": true });
    let first = post(&office, "/api/leads", "k1", body.clone()).await;
    let second = post(&office, "/api/leads", "k1", body.clone()).await;
    assert_eq!((first.status, second.status), (201.try_into().unwrap(), 201.try_into().unwrap()));
    assert_eq!(first.body, second.body);
    for name in ["etag", "location", "content-type"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), (None, Some("true")));
    let written_otherwise = json!({ "confirmed": true, "lead": { "last_name": "Lovelace" } });
    assert_eq!(post(&office, "/api/leads", "k1", written_otherwise).await.body, first.body);
    assert_eq!(leads(&office).await, 1);

    let other = post(&office, "/api/leads", "k1", json!({ "lead": { "last_name": "Byron" } })).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].clone()), (422, json!("idempotency_key.reused")));
    let other = post(&office, "/api/intake", "k1", json!({ "items": [] })).await;
    assert_eq!(other.json()["code"], "idempotency_key.reused");
    assert_eq!(leads(&office).await, 1);
}

#[tokio::test]
async fn a_refused_command_keeps_no_key() {
    let office = Office::open().await;
    let refused = post(&office, "/api/leads", "k1", json!({ "lead": {} })).await;
    assert_eq!(refused.status, 422);
    let made = post(&office, "/api/leads", "k1", json!({ "lead": { "last_name": "Lovelace" } })).await;
    assert_eq!(made.status, 201);
    for key in ["", &"k".repeat(201), "two words"] {
        let malformed = post(&office, "/api/leads", key, json!({ "lead": { "last_name": "Byron" } })).await;
        assert_eq!(malformed.status, 400, "{key}");
    }
}

#[tokio::test]
async fn keys_of_two_members_never_meet() {
    let office = Office::open().await;
    let rita = office.hire("rita", crm_core::access::StandardRole::SalesRep).await;
    let body = json!({ "lead": { "last_name": "Lovelace" }, "confirmed": true });
    let first = post(&office, "/api/leads", "k1", body.clone()).await;
    let token = office.token(rita);
    let head = [("authorization", token.as_str()), ("idempotency-key", "k1")];
    let second = office.send_with(Method::POST, "/api/leads", Some(body), &head).await;
    assert_ne!(id(&first.json()), id(&second.json()));
}

const KEYS: usize = 100;
const RACERS: usize = 8;
/// Keys that are raced for at once: a store with a disk serves one writer after another.
const WAVE: usize = 10;

/// Races for each of a hundred keys, and repeats each command once more when all is over.
async fn race(office: &Office) {
    let lead = |key: usize| json!({ "lead": { "last_name": format!("Racer {key}") }, "confirmed": true });
    for wave in (0..KEYS).collect::<Vec<_>>().chunks(WAVE) {
        let races = wave.iter().flat_map(|key| std::iter::repeat_n(*key, RACERS)).map(|key| {
            let office = office.clone();
            tokio::spawn(async move { (key, post(&office, "/api/leads", &format!("race-{key}"), lead(key)).await) })
        });
        let replies: Vec<_> = join_all(races).await.into_iter().map(Result::unwrap).collect();
        for key in wave {
            let own: Vec<_> = replies.iter().filter(|(other, _)| other == key).map(|(_, reply)| reply).collect();
            let first = own.iter().find(|reply| reply.status == 201).unwrap();
            for reply in &own {
                assert!(
                    (reply.status == 201 && reply.body == first.body)
                        || (reply.status == 409 && reply.header("retry-after").is_some()),
                    "{key}: {} {}",
                    reply.status,
                    reply.text()
                );
            }
            let again = post(office, "/api/leads", &format!("race-{key}"), lead(*key)).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{key}");
            assert_eq!(again.header("idempotent-replayed"), Some("true"), "{key}");
            assert_eq!(own.len(), RACERS);
        }
    }
    assert_eq!(leads(office).await, KEYS);
}

/// Converts one lead by 64 commands at once.
async fn convert_at_once(office: &Office) {
    let lead = office.lead("Lovelace").await;
    let path = format!("/api/leads/{}", id(&lead));
    office.post(&format!("{path}/qualify"), json!({})).await.expect(200);
    let races = (0..64).map(|number| {
        let (office, path) = (office.clone(), format!("{path}/convert"));
        tokio::spawn(async move { post(&office, &path, &format!("c{number}"), json!({ "opportunity": "new" })).await })
    });
    let replies: Vec<_> = join_all(races).await.into_iter().map(Result::unwrap).collect();
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    let refused = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!(
        (won, won + refused),
        (1, 64),
        "{:?}",
        replies.iter().map(|reply| reply.status.as_u16()).collect::<Vec<_>>()
    );
    for list in ["contacts", "accounts", "opportunities"] {
        let page = office.get(&format!("/api/{list}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{list}");
    }
}

fn options() -> Options {
    Options { rates: generous(), ..Options::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_racing_posts_under_each_of_a_hundred_keys_one_takes_effect() {
    race(&Office::open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_racing_posts_one_takes_effect_in_a_file() {
    let file = SqliteFile::new();
    race(&Office::on(file.store().await, options()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_eight_racing_posts_one_takes_effect_on_a_server() {
    let Some(database) = Database::fresh("racing posts").await else { return };
    let store = database.store().await;
    race(&Office::on(store.clone(), options()).await).await;
    store.close().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_conversions_of_one_lead_at_once_there_is_one() {
    convert_at_once(&Office::open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_conversions_of_one_lead_there_is_one_in_a_file() {
    let file = SqliteFile::new();
    convert_at_once(&Office::on(file.store().await, options()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_conversions_of_one_lead_there_is_one_on_a_server() {
    let Some(database) = Database::fresh("racing conversions").await else { return };
    let store = database.store().await;
    convert_at_once(&Office::on(store.clone(), options()).await).await;
    store.close().await;
    database.remove().await;
}
