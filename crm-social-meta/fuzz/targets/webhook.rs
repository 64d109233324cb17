//! Any bytes as a delivery: no panic, and what is read can be written and read back.

#![no_main]

use crm_core::inbox::InboundEvent;
use crm_social_meta::parse::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(delivery) = parse(body) else { return };
    for inbound in delivery.events {
        let written = serde_json::to_value(&inbound.event).expect("an event can be written");
        let read: InboundEvent = serde_json::from_value(written).expect("what was written can be read");
        assert_eq!(read, inbound.event);
    }
});
