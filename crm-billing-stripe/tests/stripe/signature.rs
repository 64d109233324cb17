//! Signatures: Stripe's vectors, and any change to a signed webhook.

use std::time::Duration;

use crm_billing_stripe::{SignatureError, WebhookSecrets, signature_header};
use crm_core::kernel::Timestamp;
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::shared;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes().filter(|byte| *byte != b'=') {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

fn payload(case: &Json) -> Vec<u8> {
    if let Some(text) = case.get("payload") {
        return text.as_str().unwrap().as_bytes().to_vec();
    }
    if let Some(text) = case.get("payload_b64") {
        return base64(text.as_str().unwrap());
    }
    let repeat = &case["payload_repeat"];
    repeat["unit"].as_str().unwrap().repeat(usize::try_from(repeat["count"].as_u64().unwrap()).unwrap()).into_bytes()
}

fn verdict(case: &Json) -> &'static str {
    let secrets: Vec<_> = case["secrets"].as_array().unwrap().iter().map(|secret| secret.as_str().unwrap()).collect();
    let Ok(secrets) = WebhookSecrets::new(secrets) else { return "secret_not_configured" };
    let tolerance = case["tolerance_s"].as_u64().map(Duration::from_secs);
    match secrets.verify(&payload(case), case["header"].as_str(), at(case["now"].as_i64().unwrap()), tolerance) {
        Ok(()) => "ok",
        Err(SignatureError::BodyTooLarge) => "body_too_large",
        Err(SignatureError::EmptyBody) => "empty_body",
        Err(SignatureError::MissingHeader) => "missing_header",
        Err(SignatureError::HeaderTooLarge) => "header_too_large",
        Err(SignatureError::MalformedHeader) => "malformed_header",
        Err(SignatureError::NoSignature) => "no_v1_signature",
        Err(SignatureError::Mismatch) => "signature_mismatch",
        Err(SignatureError::TooOld) => "timestamp_too_old",
        Err(SignatureError::InFuture) => "timestamp_in_future",
    }
}

#[test]
fn every_vector_has_its_verdict() {
    let Some(vectors) = shared::json("signature-vectors.json") else { return };
    let cases = vectors["cases"].as_array().unwrap();
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| case["expect"] != verdict(case))
        .map(|case| format!("{}: {} instead of {}", case["name"], verdict(case), case["expect"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(cases.len(), 63);
}

const SECRET: &str = "whsec_test";

fn refused(body: &[u8], header: &str, now: Timestamp) -> bool {
    let secrets = WebhookSecrets::new([SECRET]).unwrap();
    secrets.verify(body, Some(header), now, Some(Duration::from_mins(5))).is_err()
}

proptest! {
    #[test]
    fn a_flipped_bit_anywhere_is_refused(body in prop::collection::vec(any::<u8>(), 1..200), bit in any::<prop::sample::Index>()) {
        let now = at(1_767_225_600);
        let header = signature_header(SECRET, &body, now);
        prop_assert!(!refused(&body, &header, now));

        let mut changed = body.clone();
        let place = bit.index(body.len() * 8);
        changed[place / 8] ^= 1 << (place % 8);
        prop_assert!(refused(&changed, &header, now), "body");

        let mut changed = header.clone().into_bytes();
        let place = bit.index(changed.len() * 8);
        changed[place / 8] ^= 1 << (place % 8);
        // A letter of the hexadecimal digits may change its case, which changes nothing.
        if !changed.eq_ignore_ascii_case(header.as_bytes()) && let Ok(changed) = String::from_utf8(changed) {
            prop_assert!(refused(&body, &changed, now), "header {}", changed);
        }
    }

    #[test]
    fn checking_never_panics(body in prop::collection::vec(any::<u8>(), 0..50), header in ".{0,100}", now in any::<i32>()) {
        prop_assert!(refused(&body, &header, at(i64::from(now))));
    }

    #[test]
    fn checking_nearly_sound_headers_never_panics(body in "x{1,3}", header in "((t|v1|v0| )=?[0-9a-f-]{0,70},?){0,6}") {
        prop_assert!(refused(body.as_bytes(), &header, at(1_767_225_600)));
    }
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", WebhookSecrets::new([SECRET, "whsec_other"]).unwrap());
    assert!(!shown.contains("whsec"), "{shown}");
}
