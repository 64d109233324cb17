//! Every payload gives exactly the expected events.

use std::collections::BTreeSet;

use crm_core::inbox::channel::{EventKind, Inbound};
use crm_social_meta::parse::{Malformed, parse};
use serde_json::{Value as Json, json};

use crate::shared::{document, payloads};

fn events(body: &[u8]) -> Vec<Inbound> {
    parse(body).unwrap().events
}

fn as_json(events: &[Inbound]) -> Json {
    serde_json::to_value(events.iter().map(|inbound| &inbound.event).collect::<Vec<_>>()).unwrap()
}

/// What differs between the expected and the actual events of one file.
fn difference(expected: &Json, platform: &str, body: &[u8]) -> Option<String> {
    let delivery = parse(body).ok()?;
    let actual = as_json(&delivery.events);
    let named = delivery.platform.map(|platform| platform.to_string());
    (actual != expected["events"] || named.as_deref() != Some(platform) || expected["platform"] != platform)
        .then(|| format!("expected {:#}\nactual {actual:#}", expected["events"]))
}

#[test]
fn every_payload_gives_exactly_the_expected_events() {
    let Some(expected) = document("expected.json") else { return };
    let expected = expected["files"].as_object().unwrap();
    let mut seen = BTreeSet::new();
    for (name, body) in payloads() {
        let platform = name.split('/').next().unwrap();
        let difference = difference(&expected[&name], platform, &body);
        assert!(difference.is_none(), "{name}: {}", difference.unwrap());
        seen.insert(name);
    }
    let wanted: BTreeSet<String> = expected.keys().cloned().collect();
    assert_eq!(seen, wanted, "every file has an expectation and every expectation a file");
    println!("{} payloads agree", seen.len());
}

#[test]
fn the_comparison_notices_every_kind_of_mistake() {
    let Some(document) = document("expected.json") else { return };
    let mut noticed = 0;
    for (name, body) in payloads() {
        let right = &document["files"][&name];
        let platform = name.split('/').next().unwrap();
        for index in 0..right["events"].as_array().unwrap().len() {
            for field in right["events"][index].as_object().unwrap().keys() {
                let mut wrong = right.clone();
                wrong["events"][index][field] = json!({ "planted": true });
                assert!(difference(&wrong, platform, &body).is_some(), "{name}: a wrong {field} went unnoticed");
                noticed += 1;
            }
        }
        let mut short = right.clone();
        short["events"].as_array_mut().unwrap().pop();
        assert!(difference(&short, platform, &body).is_some(), "{name}: a missing event went unnoticed");
    }
    assert!(noticed > 1_000, "only {noticed} mistakes were planted");
}

#[test]
fn an_event_keeps_the_element_that_it_was_read_from() {
    for (name, body) in payloads() {
        let document: Json = serde_json::from_slice(&body).unwrap();
        for inbound in events(&body) {
            assert!(contains(&document, &inbound.raw), "{name}: {}", inbound.raw);
        }
    }
}

fn contains(haystack: &Json, needle: &Json) -> bool {
    haystack == needle
        || match haystack {
            Json::Array(items) => items.iter().any(|item| contains(item, needle)),
            Json::Object(members) => members.values().any(|member| contains(member, needle)),
            _ => false,
        }
}

#[test]
fn a_bad_element_leaves_its_neighbours_alone() {
    let good = |mid: &str| {
        json!({"sender": {"id": "7"}, "recipient": {"id": "1"}, "timestamp": 1_789_041_600_000_i64,
               "message": {"mid": mid, "text": "x"}})
    };
    let bad = [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!({"sender": {"id": "7"}}),
        json!({"sender": "7", "recipient": {"id": "1"}}),
        json!({"sender": {"id": "7"}, "recipient": {"id": "1"}, "message": "x"}),
        json!({"sender": {"id": "7"}, "recipient": {"id": "1"}, "message": {"text": "no mid"}}),
        json!({"sender": {"id": "7"}, "recipient": {"id": "1"}, "read": {}}),
        json!({"sender": {"id": {}}, "recipient": {"id": []}, "message": {"mid": 7}}),
    ];
    for bad in bad {
        let messaging = json!([good("m_1"), bad, good("m_2")]);
        let entries = json!([null, {"id": "1", "messaging": messaging}, 7, {"id": "2", "messaging": [good("m_3")]}]);
        let events = events(json!({"object": "page", "entry": entries}).to_string().as_bytes());
        let read: Vec<_> = events
            .iter()
            .filter(|inbound| inbound.event.kind == EventKind::Message)
            .map(|inbound| inbound.event.external_message_id.clone().unwrap())
            .collect();
        assert_eq!(read, ["m_1", "m_2", "m_3"], "{bad}");
        assert_eq!(events.len(), 4, "the bad element is kept as ignored: {bad}");
    }
}

#[test]
fn a_bad_whatsapp_element_leaves_its_neighbours_alone() {
    let good = |id: &str| json!({"from": "12025550123", "id": id, "timestamp": "1789041600", "type": "text", "text": {"body": "x"}});
    let status = json!({"id": "w", "status": "read", "timestamp": "1789041600", "recipient_id": "12025550123"});
    let bad = [
        json!(null),
        json!("x"),
        json!({}),
        json!({"from": "1"}),
        json!({"id": "w", "type": "text"}),
        json!({"from": "1", "id": "w", "type": "reaction", "reaction": 7}),
        json!({"from": "1", "id": "w", "type": "revoke"}),
        json!({"from": [], "id": {}, "type": 7}),
    ];
    for bad in bad {
        let value = json!({"metadata": {"phone_number_id": "3"}, "messages": [good("a"), bad, good("b")], "statuses": [bad, status]});
        let changes = json!([7, {"field": "messages", "value": value}, {"field": "messages", "value": []}]);
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": changes}]});
        let kinds: Vec<_> = events(body.to_string().as_bytes()).iter().map(|inbound| inbound.event.kind).collect();
        let count = |kind| kinds.iter().filter(|other| **other == kind).count();
        assert_eq!((count(EventKind::Message), count(EventKind::Status)), (2, 1), "{bad}");
    }
}

#[test]
fn unknown_types_are_kept_as_unsupported() {
    let messenger = json!({"object": "page", "entry": [{"id": "1", "messaging": [{"sender": {"id": "7"}, "recipient": {"id": "1"},
        "timestamp": 1, "message": {"mid": "m", "attachments": [{"type": "hologram"}]}}]}]});
    let whatsapp = json!({"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [{"field": "messages",
        "value": {"metadata": {"phone_number_id": "3"}, "messages": [{"from": "1", "id": "w", "type": "hologram"}]}}]}]});
    for body in [messenger, whatsapp] {
        let events = events(body.to_string().as_bytes());
        assert_eq!(events.len(), 1);
        assert_eq!(as_json(&events)[0]["message_type"], "unsupported");
    }
}

#[test]
fn what_is_no_delivery_is_refused_and_says_why() {
    for body in ["", "{", "\u{feff}{}", "{\"object\":\"page\"", "nan"] {
        assert!(matches!(parse(body.as_bytes()), Err(Malformed::NotJson { .. })), "{body:?}");
    }
    for body in ["null", "[]", "7", "{}", r#"{"object":7}"#, r#"{"entry":[]}"#] {
        assert_eq!(parse(body.as_bytes()), Err(Malformed::NoObject), "{body}");
    }
    let deep = format!("{{\"object\":\"page\",\"entry\":{}", "[".repeat(100_000));
    assert!(matches!(parse(deep.as_bytes()), Err(Malformed::NotJson { .. })));
    assert!(parse(b"{").unwrap_err().to_string().contains("JSON"));
}

#[test]
fn another_object_is_accepted_and_ignored() {
    let delivery = parse(br#"{"object":"user","entry":[{"id":"1"}]}"#).unwrap();
    assert_eq!(delivery.platform, None);
    assert_eq!(delivery.events[0].event.extra.reason.as_deref(), Some("object:user"));
}

#[test]
fn a_cut_emoji_does_not_cost_the_other_messages() {
    let body = br#"{"object":"page","entry":[{"id":"1","messaging":[
        {"sender":{"id":"7"},"recipient":{"id":"1"},"timestamp":1,"message":{"mid":"a","text":"cut \ud83d"}},
        {"sender":{"id":"7"},"recipient":{"id":"1"},"timestamp":2,"message":{"mid":"b","text":"nul \u0000"}}]}]}"#;
    let texts: Vec<_> = events(body).into_iter().map(|inbound| inbound.event.text.unwrap()).collect();
    assert_eq!(texts, ["cut \u{fffd}", "nul \u{fffd}"]);
}

#[test]
fn a_message_in_a_group_belongs_to_the_group_and_names_who_wrote_it() {
    let message = json!({"from": "12025550123", "group_id": "Y2FwaV9ncm91cDox", "id": "w", "timestamp": "1789041600",
        "type": "text", "text": {"body": "hi all"}});
    let contacts = json!([{"wa_id": "12025550123", "profile": {"name": "Ana"}}]);
    let value = json!({"metadata": {"phone_number_id": "3"}, "contacts": contacts, "messages": [message]});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [{"field": "messages", "value": value}]}]});
    let event = &as_json(&events(body.to_string().as_bytes()))[0];
    assert_eq!((&event["participant_id"], &event["sender_id"]), (&json!("Y2FwaV9ncm91cDox"), &json!("12025550123")));
    assert_eq!(event["extra"]["group"], json!({"id": "Y2FwaV9ncm91cDox", "sender_id": "12025550123"}));
    assert_eq!(event["extra"]["profile_name"], "Ana");
}

#[test]
fn a_reaction_of_our_side_belongs_to_our_connection() {
    let body = json!({"object": "instagram", "entry": [{"id": "1", "messaging": [{"sender": {"id": "1"}, "recipient": {"id": "7"},
        "timestamp": 1, "reaction": {"mid": "m", "action": "unreact"}}]}]});
    let event = &as_json(&events(body.to_string().as_bytes()))[0];
    assert_eq!((&event["connection_id"], &event["participant_id"]), (&json!("1"), &json!("7")));
    assert_eq!(event["extra"], json!({"action": "unreact", "emoji": null}));
}
