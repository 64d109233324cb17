//! Any bytes as the entries of Messenger and Instagram.

#![no_main]

use crm_social_meta::parse::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|entries: &[u8]| {
    for object in ["page", "instagram"] {
        let mut body = format!(r#"{{"object":"{object}","entry":"#).into_bytes();
        body.extend_from_slice(entries);
        body.push(b'}');
        drop(parse(&body));
    }
});
