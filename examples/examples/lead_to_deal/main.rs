//! From a list of leads to a pipeline of deals: import, duplicates, scores, owners, conversion, board and forecast.
//!
//! `cargo run --release --example lead_to_deal -- LEADS.csv --database sqlite:crm.db`

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod deals;
mod intake;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use crm_core::crm::Crm;
use crm_core::kernel::MetadataPhoneNumbers;
use crm_examples::{office, open};
use crm_system::{RandomIds, SystemClock};

/// Imports a list of leads and works it into deals, telling the reasons of every step.
#[derive(Parser)]
#[command(name = "lead_to_deal")]
struct Arguments {
    /// A CSV file of leads, or of companies; without one, a small list of ours.
    file: Option<PathBuf>,
    /// Where to keep everything: `sqlite:PATH`, `postgres://USER@HOST/DATABASE` or `memory:`.
    #[arg(long, default_value = "sqlite:crm.db", env = "DATABASE_URL")]
    database: String,
    /// Say what the import would do, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

const OWN_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/leads.csv");

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run(Arguments::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let store = open(&arguments.database).await?;
    let crm = Crm::new(store, SystemClock, RandomIds::new()).with_phones(MetadataPhoneNumbers);
    let office = office(&crm).await?;
    let file = arguments.file.unwrap_or_else(|| PathBuf::from(OWN_LIST));
    let imported = intake::import(&office, &file, arguments.dry_run).await?;
    report::import(&imported);
    if arguments.dry_run {
        return Ok(());
    }
    report::duplicates(&office, imported.import.id).await?;
    report::best_leads(&office).await?;
    report::owners(&office).await?;
    deals::work(&office).await?;
    report::board(&office).await?;
    report::forecast(&office).await?;
    Ok(())
}
