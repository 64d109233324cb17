//! The CRM in one binary: `crm-http serve`.

use std::process::ExitCode;

use clap::Parser;
use crm_http::server::{CommandLine, run};

fn main() -> ExitCode {
    run(CommandLine::parse())
}
