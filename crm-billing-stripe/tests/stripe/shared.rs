//! Where Stripe's own material lies, and how to say that it is not there.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value as Json;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/stripe").join(name)
}

/// The bytes of a file; says so when it is not there.
pub(crate) fn bytes(name: &str) -> Option<Vec<u8>> {
    let read = std::fs::read(path(name));
    if read.is_err() {
        // Not by println, which the harness keeps to itself when a test passes.
        std::io::stderr().write_all(format!("skipped: ../shared/stripe/{name} is not there\n").as_bytes()).unwrap();
    }
    read.ok()
}

/// A file as JSON.
pub(crate) fn json(name: &str) -> Option<Json> {
    Some(serde_json::from_slice(&bytes(name)?).unwrap())
}

/// The event of a file, as its bytes.
pub(crate) fn event(file: &str) -> Vec<u8> {
    bytes(&format!("events/{file}")).unwrap()
}
