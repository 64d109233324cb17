//! The shapes at the port.

use serde_json::Value as Json;

use super::*;
use crate::inbox::tests::shared;

#[test]
fn every_agreed_event_reads_and_is_written_back_as_it_was() {
    let Some(expected) = shared("meta/expected.json") else { return };
    let mut events = 0;
    for (file, payload) in expected["files"].as_object().unwrap() {
        for event in payload["events"].as_array().unwrap() {
            let read: InboundEvent = serde_json::from_value(event.clone()).unwrap();
            assert_eq!(&serde_json::to_value(&read).unwrap(), event, "{file}");
            events += 1;
        }
    }
    assert_eq!(events, 98);
}

#[test]
fn what_opens_a_window_is_as_agreed() {
    let Some(cases) = shared("meta/window-cases.json") else { return };
    for case in cases["opens_window"].as_array().unwrap() {
        let table = match case["platform"].as_str().unwrap() {
            "messenger" => MESSENGER,
            "instagram" => INSTAGRAM,
            "whatsapp" => WHATSAPP,
            _ => crate::inbox::tests::TIKTOK,
        };
        let (kind, detail) = match case["event"].as_str().unwrap().split_once(':') {
            Some((kind, detail)) => (kind, detail),
            None => (case["event"].as_str().unwrap(), "text"),
        };
        let mut event = InboundEvent::default();
        match (kind, detail) {
            ("referral", _) => {
                event.kind = EventKind::Postback;
                event.message_type = Some(MessageKind::Referral);
            }
            (_, "historical") => {
                event.kind = EventKind::Message;
                event.extra.historical = Some(true);
            }
            _ => {
                event.kind = serde_json::from_value(Json::from(kind)).unwrap();
                event.message_type = serde_json::from_value(Json::from(detail)).unwrap();
            }
        }
        assert_eq!(table.window.is_opened_by(&event), case["opens"].as_bool().unwrap(), "{case}");
    }
}

#[test]
fn platforms_have_plain_names() {
    assert_eq!("tiktok".parse::<Platform>().unwrap().as_str(), "tiktok");
    for name in ["", "TikTok", "tik tok", &"x".repeat(31)] {
        assert!(name.parse::<Platform>().is_err(), "{name}");
    }
    assert_eq!(serde_json::from_str::<Platform>("\"whatsapp\"").unwrap(), Platform::WHATSAPP);
}
