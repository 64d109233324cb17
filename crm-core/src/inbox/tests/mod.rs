//! What the inbox promises, on the memory store.

mod invariants;
mod races;
mod receiving;
mod scenarios;

use std::io::Write as _;
use std::time::Duration;

use serde_json::Value as Json;

use super::channel::{Account, Capabilities, ConnectedAccount, Feature, Opener, Platform, SendingWindow};
use crate::kernel::Secret;

/// A further channel, which nothing outside the tests knows: 48 hours, and nothing afterwards.
pub(crate) const TIKTOK: Capabilities = Capabilities {
    window: SendingWindow {
        open_for: Duration::from_hours(48),
        opened_by: &[Opener::Message],
        late_tag: None,
        free_entry: None,
        after_advertisement: None,
    },
    longest_text: 1_000,
    media: &[],
    features: &[Feature::EchoReference],
};

/// Agreed data beside the project; says so and answers nothing when it is not there.
pub(crate) fn shared(path: &str) -> Option<Json> {
    let file = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).join(path);
    if let Ok(bytes) = std::fs::read(&file) {
        return Some(serde_json::from_slice(&bytes).unwrap());
    }
    // Not by println, which the harness keeps to itself when a test passes.
    std::io::stderr().write_all(format!("skipped: {} is not there\n", file.display()).as_bytes()).unwrap();
    None
}

/// A number that somebody has just connected.
pub(crate) fn account(external_id: &str) -> ConnectedAccount {
    let account = Account {
        platform: Platform::WHATSAPP,
        external_id: external_id.to_owned(),
        parent_id: None,
        login: None,
        token: Secret::new("token"),
    };
    ConnectedAccount {
        account,
        name: "Front desk".to_owned(),
        handle: None,
        scopes: Vec::new(),
        token_expires_at: None,
    }
}
