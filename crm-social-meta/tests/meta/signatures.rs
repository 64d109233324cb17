//! All signature vectors and handshakes, and that the check is what makes them pass.

use crm_social_meta::webhook::{
    HandshakeRefusal, SIGNATURE_HEADER, SignatureRefusal, Webhook, WebhookRefusal, answer_handshake, check_signature,
};
use crm_social_meta::{AppCredentials, MetaConfig};
use secrecy::SecretString;
use serde_json::Value as Json;

use crate::shared::document;

struct Vector {
    name: String,
    secrets: Vec<SecretString>,
    body: Vec<u8>,
    header: Option<String>,
    valid: bool,
}

fn vectors() -> Vec<Vector> {
    let Some(document) = document("signature-vectors.json") else { return Vec::new() };
    let vectors = document["signatures"].as_array().unwrap().iter().map(|vector| Vector {
        name: vector["name"].as_str().unwrap().to_owned(),
        secrets: vector["app_secrets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|secret| secret.as_str().unwrap().into())
            .collect(),
        body: base64(vector["body_b64"].as_str().unwrap()),
        header: header(&vector["headers"]),
        valid: vector["valid"].as_bool().unwrap(),
    });
    vectors.collect()
}

/// As an HTTP server looks it up: whatever the case of the name.
fn header(headers: &Json) -> Option<String> {
    let named = headers.as_object().unwrap().iter().find(|(name, _)| name.eq_ignore_ascii_case(SIGNATURE_HEADER));
    named.map(|(_, value)| value.as_str().unwrap().to_owned())
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter(|byte| *byte != b'=');
    let mut bits = 0_u32;
    let mut held = 0;
    let mut bytes = Vec::new();
    for digit in digits {
        let value = ALPHABET.iter().position(|letter| *letter == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

#[test]
fn every_signature_vector_is_judged_as_expected() {
    let vectors = vectors();
    for vector in &vectors {
        let accepted = check_signature(&vector.secrets, vector.header.as_deref(), &vector.body).is_ok();
        assert_eq!(accepted, vector.valid, "{}", vector.name);
    }
    println!("{} signature vectors agree", vectors.len());
}

#[test]
fn every_flipped_bit_of_body_or_signature_is_refused() {
    for vector in vectors().into_iter().filter(|vector| vector.valid) {
        let header = vector.header.unwrap();
        for position in 0..vector.body.len() {
            let mut body = vector.body.clone();
            body[position] ^= 1;
            let refused = check_signature(&vector.secrets, Some(&header), &body);
            assert_eq!(refused, Err(SignatureRefusal::Wrong), "{} byte {position}", vector.name);
        }
        for position in "sha256=".len()..header.len() {
            let mut digits = header.clone().into_bytes();
            digits[position] = if digits[position] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(digits).unwrap();
            assert!(check_signature(&vector.secrets, Some(&forged), &vector.body).is_err(), "{forged}");
        }
    }
}

#[test]
fn checking_what_was_parsed_again_would_refuse_what_meta_sends() {
    let escaped = vectors().into_iter().filter(|vector| vector.valid && vector.name.starts_with("valid_escaped"));
    for vector in escaped {
        let document: Json = serde_json::from_slice(&vector.body).unwrap();
        let again = document.to_string();
        assert!(
            check_signature(&vector.secrets, vector.header.as_deref(), again.as_bytes()).is_err(),
            "{}",
            vector.name
        );
    }
}

#[test]
fn an_unsigned_delivery_is_refused_before_it_is_read() {
    let app = AppCredentials { id: "1".into(), secret: "0123456789abcdef0123456789abcdef".into() };
    let webhook = Webhook::new(&MetaConfig::new(app, "vt".into()));
    for body in [&b"{"[..], b"{\"object\":\"page\",\"entry\":[]}", &[0xff; 64]] {
        for header in [None, Some(""), Some("sha1=7e1531233bf4dce5496213700aadabb7a0905d43"), Some("sha256=00")] {
            let refusal = webhook.receive(header, body).unwrap_err();
            assert!(matches!(refusal, WebhookRefusal::Signature(_)), "{refusal:?}");
            assert_eq!(refusal.status(), 401);
        }
    }
}

#[test]
fn what_is_signed_and_unreadable_is_a_bad_request() {
    for vector in vectors() {
        let app = AppCredentials { id: "1".into(), secret: vector.secrets[0].clone() };
        let mut config = MetaConfig::new(app, "vt".into());
        config.former_secrets = vector.secrets[1..].to_vec();
        let answer = Webhook::new(&config).receive(vector.header.as_deref(), &vector.body);
        let status = answer.as_ref().map_or_else(WebhookRefusal::status, |_| 200);
        let readable = !matches!(vector.name.as_str(), "empty_body_valid" | "invalid_utf8_body_valid");
        let expected = if !vector.valid {
            401
        } else if readable {
            200
        } else {
            400
        };
        assert_eq!(status, expected, "{}", vector.name);
    }
}

#[test]
fn every_handshake_is_answered_as_expected() {
    let Some(document) = document("signature-vectors.json") else { return };
    for case in document["handshake"].as_array().unwrap() {
        let token = SecretString::from(case["verify_token"].as_str().unwrap());
        let answer = answer_handshake(&token, case["query"].as_str().unwrap());
        let status = match &answer {
            Ok(_) => 200,
            Err(refusal) => WebhookRefusal::Handshake(*refusal).status(),
        };
        assert_eq!(status, case["expect_status"], "{}", case["name"]);
        assert_eq!(answer.ok().as_deref(), case["expect_body"].as_str(), "{}", case["name"]);
    }
}

#[test]
fn a_handshake_with_a_wrong_token_of_any_length_is_forbidden() {
    let token = SecretString::from("vt-c0ffee");
    for wrong in ["v", "vt-c0ffe", "vt-c0ffee0", "VT-C0FFEE", "vt-c0ffee%00"] {
        let query = format!("hub.mode=subscribe&hub.verify_token={wrong}&hub.challenge=1");
        assert_eq!(answer_handshake(&token, &query), Err(HandshakeRefusal::Forbidden), "{wrong}");
    }
}
