//! Prints what the inbox reads in webhook payloads of Messenger, Instagram and WhatsApp.
//!
//! ```sh
//! cargo run --example meta_webhook -- FILE…
//! ```
//!
//! The output is one JSON document, `{"files": {"FILE": {"platform": …, "events": […]}}}`; the platform is taken from the
//! payload. A file that is no payload is named on standard error, and the program ends with 1 after printing the others.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use crm_social_meta::parse::parse;
use serde_json::{Map, Value as Json, json};

/// Prints what the inbox reads in webhook payloads of Messenger, Instagram and WhatsApp.
#[derive(Parser)]
struct Options {
    /// Payload files, as Meta posts them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn read(file: &Path) -> Result<Json, String> {
    let body = std::fs::read(file).map_err(|error| error.to_string())?;
    let delivery = parse(&body).map_err(|error| error.to_string())?;
    let events: Vec<_> = delivery.events.iter().map(|inbound| &inbound.event).collect();
    Ok(json!({ "platform": delivery.platform, "events": events }))
}

fn main() -> io::Result<ExitCode> {
    let mut files = Map::new();
    let mut failed = false;
    for file in Options::parse().files {
        match read(&file) {
            Ok(delivery) => {
                files.insert(file.display().to_string(), delivery);
            }
            Err(error) => {
                failed = true;
                writeln!(io::stderr(), "{}: {error}", file.display())?;
            }
        }
    }
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &json!({ "files": files }))?;
    writeln!(out)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
