//! Any bytes as the entries of WhatsApp.

#![no_main]

use crm_social_meta::parse::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|entries: &[u8]| {
    let mut body = br#"{"object":"whatsapp_business_account","entry":"#.to_vec();
    body.extend_from_slice(entries);
    body.push(b'}');
    drop(parse(&body));
});
