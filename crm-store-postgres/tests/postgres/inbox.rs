//! The inbox on a real server: the agreed scenarios in any order, and many first messages at once.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use crm_core::access::Caller;
use crm_core::inbox::channel::{Inbound, InboundEvent, Platform};
use crm_core::kernel::Predicate;
use crm_core::testing::social::{Scenario, Stage};
use serde_json::json;

use crate::database::Database;

/// The agreed scenarios; says so and answers none when they are not there.
fn scenarios() -> Vec<Scenario> {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/meta/scenarios.json"));
    if let Ok(bytes) = std::fs::read(file) {
        return Scenario::all(&serde_json::from_slice(&bytes).unwrap());
    }
    // Not by println, which the harness keeps to itself when a test passes.
    std::io::stderr().write_all(format!("skipped: {} is not there\n", file.display()).as_bytes()).unwrap();
    Vec::new()
}

#[tokio::test]
async fn every_scenario_ends_as_agreed_here_too() {
    let database = Database::fresh().await;
    let store = Arc::new(database.store().await);
    let mut scene = Stage::on(Arc::clone(&store), "scenarios", 1 << 40).await.unwrap();
    for (which, scenario) in scenarios().iter().enumerate() {
        let count = scenario.steps.len();
        // Their own order, the reverse of it, and each turned by one, where that can happen; each event told twice.
        let own: Vec<usize> = (0..count).collect();
        let reverse: Vec<usize> = own.iter().rev().copied().collect();
        let turned: Vec<usize> = (0..count).map(|place| (place + 1) % count).collect();
        for (turn, order) in [own, reverse, turned].iter().enumerate() {
            if turn > 0 && (!scenario.can_happen(order) || scenario.is_about_arrival()) {
                continue;
            }
            let suffix = format!("-{which}.{turn}");
            scene.connect(&scenario.steps, &suffix).await.unwrap();
            for place in order {
                let step = &scenario.steps[*place];
                if scenario.name == "media_failure_keeps_message" && step.get("media_fetch").is_some() {
                    continue;
                }
                scene.play(step, &suffix).await.unwrap();
                if step.get("event").is_some() {
                    scene.play(step, &suffix).await.unwrap();
                }
            }
            if scenario.name != "media_failure_keeps_message" {
                let state = scene.state(&suffix).await.unwrap();
                assert_eq!(scenario.differences(&state), None, "{} in the order {order:?}", scenario.name);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_first_messages_at_once_make_one_conversation() {
    let database = Database::fresh().await;
    let store = Arc::new(database.store().await);
    let stage = Stage::on(Arc::clone(&store), "races", 1 << 41).await.unwrap();
    let step = json!({ "event": { "connection_id": "300400500600701" } });
    stage.connect(&[step], "").await.unwrap();
    let organization = stage.session().caller().organization();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let ports = stage.crm().ports().clone();
        let event: InboundEvent = serde_json::from_value(json!({
            "kind": "message", "external_message_id": format!("w{number}"), "direction": "inbound",
            "participant_id": "12025550123", "connection_id": "300400500600701", "message_type": "text",
            "text": "hi", "timestamp": "2026-09-10T12:00:00.000Z",
        }))
        .unwrap();
        let crm = stage.crm().clone();
        tasks.spawn(async move {
            let inbound = vec![Inbound { event, raw: json!({}) }];
            let key = format!("delivery-{number}");
            let kept = crm_core::inbox::receive(&ports, &Platform::WHATSAPP, &key, inbound).await.unwrap();
            assert_eq!(kept.kept, 1);
            crm.run_due(&format!("worker-{number}"), 4).await.unwrap();
        });
    }
    tasks.join_all().await;
    for _ in 0..50 {
        if stage.crm().run_due("last", 100).await.unwrap().tried() == 0 {
            break;
        }
    }
    let session = stage.crm().session(Caller::system(organization, "test"));
    let threads = session.inbox(stage.crm().channels()).latest(&Predicate::everything(), 10).await.unwrap();
    assert_eq!((threads.len(), threads[0].unread), (1, 32));
    let messages = session.inbox(stage.crm().channels()).messages(threads[0].id, None, 100).await.unwrap();
    assert_eq!(messages.len(), 32);
}
