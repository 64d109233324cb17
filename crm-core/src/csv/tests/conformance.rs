//! The damaged files that come with their expected contents.

use std::fs::{self, File};
use std::io::Read as _;
use std::io::Write as _;
use std::path::PathBuf;

use super::read;
use crate::csv::CsvOptions;

type Cells = Vec<Vec<String>>;

/// The folder of damaged files, where the shared data lies beside the project.
fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/broken-csv"));
    if path.is_dir() {
        return Some(path);
    }
    // Not by println, which the harness keeps to itself when a test passes.
    std::io::stderr().write_all(b"skipped: ../shared/data/broken-csv is not here\n").unwrap();
    None
}

/// Name, damaged bytes and expected table (header first) of each file.
fn files() -> Vec<(String, Vec<u8>, Cells)> {
    let Some(folder) = folder() else { return Vec::new() };
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    let names: Vec<_> = manifest.as_array().unwrap().iter().map(|entry| entry["file_name"].as_str().unwrap()).collect();
    assert!(!names.is_empty(), "the manifest lists no file");
    names
        .into_iter()
        .map(|name| {
            let mut damaged = Vec::new();
            File::open(folder.join(name)).unwrap().read_to_end(&mut damaged).unwrap();
            let fixed = folder.join("expected-fixed").join(name);
            let mut oracle = ::csv::ReaderBuilder::new().has_headers(false).from_path(fixed).unwrap();
            let expected = oracle.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            (name.to_owned(), damaged, expected)
        })
        .collect()
}

fn table(bytes: &[u8], options: &CsvOptions) -> Option<Cells> {
    let (headers, rows) = read(bytes, options).ok()?;
    let rows: Option<Cells> = rows.into_iter().map(|row| row.ok().map(|record| record.cells)).collect();
    Some(std::iter::once(headers).chain(rows?).collect())
}

#[test]
fn every_damaged_file_reads_as_its_expected_repair() {
    for (name, damaged, expected) in files() {
        assert_eq!(table(&damaged, &CsvOptions::default()), Some(expected), "{name}");
    }
}

#[test]
fn without_repairs_no_damaged_file_reads_as_expected() {
    for (name, damaged, expected) in files() {
        assert_ne!(table(&damaged, &CsvOptions::strict()), Some(expected), "{name}");
    }
}

#[test]
fn expected_repairs_are_well_formed_and_stay_as_they_are() {
    let Some(folder) = folder() else { return };
    for (name, _, expected) in files() {
        let fixed = fs::read_to_string(folder.join("expected-fixed").join(&name)).unwrap();
        assert_eq!(table(fixed.as_bytes(), &CsvOptions::strict()), Some(expected), "{name}");
    }
}
