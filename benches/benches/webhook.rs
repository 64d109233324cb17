//! What a webhook of Meta's costs: the signature, reading the delivery, and keeping and applying it in memory.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crm_benches::must;
use crm_core::inbox::{self, Platform};
use crm_core::store::MemoryStore;
use crm_core::testing::social::Stage;
use crm_social_meta::parse::parse;
use crm_social_meta::webhook::check_signature;
use secrecy::SecretString;
use serde_json::json;
use tokio::runtime::Runtime;

const TEXT: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"100","changes":[{"field":"messages","value":{
    "messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100000","phone_number_id":"110"},
    "contacts":[{"profile":{"name":"Mo"},"wa_id":"12025550100"}],
    "messages":[{"from":"12025550100","id":"w_1","timestamp":"1790000001","type":"text","text":{"body":"Hello"}}]}}]}]}"#;
const MIXED: [(&str, &str); 3] = [
    ("messenger, 12 events", include_str!("../../crm-social-meta/fuzz/seeds/webhook/messenger.json")),
    ("instagram, 9 events", include_str!("../../crm-social-meta/fuzz/seeds/webhook/instagram.json")),
    ("whatsapp, 17 events", include_str!("../../crm-social-meta/fuzz/seeds/webhook/whatsapp.json")),
];

/// A chunk of history with so many messages.
fn history(messages: usize) -> String {
    let message = |number: usize| {
        format!(
            r#"{{"from":"12025550100","id":"h_{number}","timestamp":"1780000000","type":"text","text":{{"body":"Hello"}}}}"#
        )
    };
    let messages: Vec<_> = (0..messages).map(message).collect();
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"100","changes":[{{"field":"history","value":{{
        "metadata":{{"phone_number_id":"110"}},"history":[{{"threads":[{{"id":"12025550100","messages":[{}]}}]}}]}}}}]}}]}}"#,
        messages.join(",")
    )
}

fn reading(criterion: &mut Criterion) {
    let long = history(5_000);
    let mut group = criterion.benchmark_group("webhook");
    let bodies =
        [("whatsapp, one text", TEXT)].into_iter().chain(MIXED).chain([("history, 5 000 messages", long.as_str())]);
    for (name, body) in bodies {
        group.throughput(Throughput::Bytes(must(u64::try_from(body.len()))));
        group.bench_function(format!("parse: {name}"), |bencher| {
            bencher.iter(|| must(parse(black_box(body.as_bytes()))));
        });
    }
    let secrets = [SecretString::from("0123456789abcdef"), SecretString::from("fedcba9876543210")];
    let header = format!("sha256={}", "0".repeat(64));
    group.throughput(Throughput::Bytes(must(u64::try_from(TEXT.len()))));
    group.bench_function("signature: two secrets", |bencher| {
        bencher.iter(|| check_signature(&secrets, Some(&header), black_box(TEXT.as_bytes())).is_err());
    });
    group.finish();
}

/// A text from one of a thousand customers.
fn numbered(number: u64) -> String {
    TEXT.replace("w_1", &format!("w_{number}")).replace("12025550100", &format!("120255{:05}", number % 1_000))
}

/// From the bytes to the message in its thread, with everything that follows from it.
fn applying(criterion: &mut Criterion) {
    let runtime = must(Runtime::new());
    let mut number = 0;
    let stage = runtime.block_on(async {
        let stage = must(Stage::on(MemoryStore::new(), "bench", 0).await);
        must(stage.connect(&[json!({ "event": { "connection_id": "110" } })], "").await);
        stage
    });
    criterion.bench_function("webhook: parse, keep and apply one text, memory", |bencher| {
        bencher.iter(|| {
            number += 1;
            let delivery = must(parse(numbered(number).as_bytes()));
            runtime.block_on(async {
                let key = number.to_string();
                let kept = inbox::receive(stage.crm().ports(), &Platform::WHATSAPP, &key, delivery.events).await;
                assert_eq!(must(kept).kept, 1);
                must(stage.finish().await);
            });
        });
    });
}

criterion_group!(benches, reading, applying);
criterion_main!(benches);
