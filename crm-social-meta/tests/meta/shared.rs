//! The cases beside the project, and our own copy of what they stand for.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value as Json;

/// The folder with the cases; `None`, with a printed line, when it is not there.
pub(crate) fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/meta"));
    if path.is_dir() {
        return Some(path);
    }
    // Not by println, which the harness keeps to itself when a test passes.
    std::io::stderr().write_all(b"skipped: ../shared/meta is not here\n").unwrap();
    None
}

/// One of the files with cases.
pub(crate) fn document(name: &str) -> Option<Json> {
    let text = fs::read(folder()?.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// The cases in one of the files.
pub(crate) fn cases(name: &str) -> Vec<Json> {
    document(name).map(|document| document["cases"].as_array().unwrap().clone()).unwrap_or_default()
}

/// Every payload: its name below `webhooks`, and its bytes.
pub(crate) fn payloads() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut payloads = Vec::new();
    for platform in ["messenger", "instagram", "whatsapp"] {
        for entry in fs::read_dir(folder.join("webhooks").join(platform)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{platform}/{}", path.file_name().unwrap().to_str().unwrap());
            payloads.push((name, fs::read(path).unwrap()));
        }
    }
    payloads.sort();
    payloads
}
