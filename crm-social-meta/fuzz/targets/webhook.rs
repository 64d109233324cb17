//! Any bytes as a delivery: no panic, and what is read can be written.

#![no_main]

use crm_social_meta::parse::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(delivery) = parse(body) {
        assert!(!format!("{:?}", delivery.events).contains('\0'));
    }
});
