//! Any text as the query of a handshake and as a signature: never accepted without the secret, never echoed as markup.

#![no_main]

use crm_social_meta::webhook::{answer_handshake, check_signature};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

fuzz_target!(|text: &str| {
    let secret = SecretString::from("a secret that no fuzzer guesses");
    assert!(check_signature(&[secret], Some(text), b"{}").is_err());
    if let Ok(challenge) = answer_handshake(&SecretString::from("vt"), text) {
        assert!(challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')));
    }
});
