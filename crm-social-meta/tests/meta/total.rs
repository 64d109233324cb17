//! The parser is total: truncated, type-swapped and arbitrary documents never make it panic or lose good neighbours.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use crm_core::inbox::channel::{EventKind, InboundEvent};
use crm_social_meta::parse::{Delivery, Malformed, parse};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::shared::payloads;

static SEEDS: LazyLock<Vec<Json>> = LazyLock::new(seeds);

/// Payloads of our own, so that the properties have a meaning where the shared ones are absent.
fn seeds() -> Vec<Json> {
    let own = [
        include_str!("../../fuzz/seeds/webhook/messenger.json"),
        include_str!("../../fuzz/seeds/webhook/instagram.json"),
        include_str!("../../fuzz/seeds/webhook/whatsapp.json"),
    ];
    let shared = payloads();
    let shared = shared.iter().map(|(_, body)| serde_json::from_slice(body).unwrap());
    own.into_iter().map(|text| serde_json::from_str(text).unwrap()).chain(shared).collect()
}

/// Whether reading the body panics.
fn panics(read: fn(&[u8]) -> Result<Delivery, Malformed>, body: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| read(body))).is_err()
}

/// A value of another type.
fn odd() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(u64::MAX)),
        Just(json!(1.5e300)),
        Just(json!("")),
        Just(json!("\u{0}")),
        Just(json!("9223372036854775807")),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[]])),
        Just(json!({"id": {}})),
        any::<i64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(|text| json!(text)),
    ]
}

/// How many values a document has, itself included.
fn count(document: &Json) -> usize {
    1 + match document {
        Json::Array(items) => items.iter().map(count).sum(),
        Json::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts a value in the place of the one with this number.
fn swap(document: &mut Json, place: &mut usize, value: &Json) {
    if *place == 0 {
        *document = value.clone();
    }
    let reached = std::mem::replace(place, place.wrapping_sub(1));
    if reached == 0 {
        return;
    }
    match document {
        Json::Array(items) => items.iter_mut().for_each(|item| swap(item, place, value)),
        Json::Object(members) => members.values_mut().for_each(|member| swap(member, place, value)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn swapped_types_never_panic(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), value in odd()) {
        let mut document = SEEDS[which.index(SEEDS.len())].clone();
        let mut place = place.index(count(&document));
        swap(&mut document, &mut place, &value);
        prop_assert!(!panics(parse, document.to_string().as_bytes()));
    }

    #[test]
    fn what_is_read_can_be_written_and_read_back(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), value in odd()) {
        let mut document = SEEDS[which.index(SEEDS.len())].clone();
        let mut place = place.index(count(&document));
        swap(&mut document, &mut place, &value);
        for inbound in parse(document.to_string().as_bytes()).map(|delivery| delivery.events).unwrap_or_default() {
            let written = serde_json::to_value(&inbound.event).unwrap();
            let read: InboundEvent = serde_json::from_value(written).unwrap();
            prop_assert_eq!(read, inbound.event);
        }
    }

    #[test]
    fn truncated_bodies_never_panic(which in any::<prop::sample::Index>(), end in any::<prop::sample::Index>()) {
        let body = SEEDS[which.index(SEEDS.len())].to_string();
        prop_assert!(!panics(parse, &body.as_bytes()[..end.index(body.len())]));
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!panics(parse, &bytes));
    }

    #[test]
    fn broken_escapes_never_panic(text in r#"\{"object":"page","x":"(\\\\|\\u[0-9a-fA-F]{0,4}|[a-z]|\\"){0,12}"#) {
        prop_assert!(!panics(parse, text.as_bytes()));
    }

    #[test]
    fn good_elements_beside_a_bad_one_are_all_read(value in odd(), before in 0..4_usize, after in 0..4_usize) {
        let good = |number: usize| json!({"sender": {"id": "7"}, "recipient": {"id": "1"}, "timestamp": 1,
            "message": {"mid": format!("m{number}"), "text": "x"}});
        let mut messaging: Vec<Json> = (0..before).map(good).collect();
        messaging.push(value);
        messaging.extend((before..before + after).map(good));
        let body = json!({"object": "page", "entry": [{"id": "1", "messaging": messaging}]}).to_string();
        let read = parse(body.as_bytes()).unwrap().events;
        let messages = read.iter().filter(|inbound| inbound.event.kind == EventKind::Message).count();
        prop_assert_eq!(messages, before + after);
    }
}

#[test]
fn every_prefix_of_every_seed_is_survived() {
    for seed in SEEDS.iter() {
        let body = seed.to_string();
        for end in 0..=body.len() {
            assert!(!panics(parse, &body.as_bytes()[..end]));
        }
    }
}

#[test]
fn a_parser_that_panics_would_be_noticed() {
    fn careless(body: &[u8]) -> Result<Delivery, Malformed> {
        let document: Json = serde_json::from_slice(body).unwrap();
        assert!(document["entry"][0]["messaging"][0]["sender"]["id"].is_string());
        parse(body)
    }
    std::panic::set_hook(Box::new(|_| {}));
    let noticed = SEEDS.iter().any(|seed| {
        let total = count(seed);
        (0..total).any(|place| {
            let mut document = seed.clone();
            swap(&mut document, &mut place.clone(), &json!(7));
            panics(careless, document.to_string().as_bytes())
        })
    });
    let _ = std::panic::take_hook();
    assert!(noticed);
}
