//! What a webhook of Meta's costs before anything is stored: the signature, and reading the delivery.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crm_benches::must;
use crm_social_meta::parse::parse;
use crm_social_meta::webhook::check_signature;
use secrecy::SecretString;

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

criterion_group!(benches, reading);
criterion_main!(benches);
