//! The binary: command line, configuration, stores, the worker loop and the server.
//!
//! A library first: `main` parses the command line and calls [`run`]. Everything is checked before anything is started,
//! and what is wrong is named by the key that it is set with.

mod config;
mod demo;
mod each;
mod files;
mod follow;
mod log;
mod mail;
mod metrics;
mod open;
mod providers;
mod serve;
mod vault;
mod verify;
mod worker;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use crm_core::crm::Crm;
use crm_core::store::MemoryStore;
use crm_system::{RandomIds, SystemClock};

pub use config::{Config, ConfigError};
pub use providers::StripeSettings;
pub use serve::{Ended, Running, start};

use crate::identity::mail::FileOutbox;
use crate::identity::{self, Identity};
use crate::signing::Secret;

/// A multi-tenant CRM over a documented HTTP API.
#[derive(Debug, Parser)]
#[command(name = "crm-http", version, about)]
pub struct CommandLine {
    #[command(flatten)]
    flags: config::Flags,
    #[command(subcommand)]
    command: Command,
}

impl CommandLine {
    /// What it configures, with the environment and the file that it names.
    ///
    /// # Errors
    /// `ConfigError` names the key.
    pub fn config(self) -> Result<Config, ConfigError> {
        Config::read(self.flags)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrates the database, then serves the API and works off what is due.
    Serve,
    /// Loads a believable organization to look around in, and says how to sign in.
    Demo,
    /// Brings the database to the present schema.
    Migrate,
    /// Takes in a CSV file of records.
    Import(files::ImportFlags),
    /// Writes the leads of an organization as CSV.
    Export(files::ExportFlags),
    /// Works off what is due, without serving.
    Worker,
    /// Looks whether everything is as it should be.
    Verify,
    /// Prints the `OpenAPI` document.
    Openapi,
}

/// Why the program ends early, in a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Says something to whoever started the program.
fn say(line: &str) {
    // Who closed the other end does not listen.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Does what the command line asks.
#[must_use]
pub fn run(line: CommandLine) -> ExitCode {
    log::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(obey(line)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "crm-http: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the document of what `serve` serves, which takes neither a database nor a configuration.
fn openapi() -> Result<(), Failure> {
    let crm = Crm::new(MemoryStore::new(), SystemClock, RandomIds::new());
    let outbox = FileOutbox::new(std::path::PathBuf::new());
    let signing_in = Identity::new(crm, Secret::generate()?, outbox, String::new())?;
    let (document, _) = crate::document(&crate::Options::default(), |api| identity::declare(api, &signing_in));
    say(&document.to_pretty_json()?);
    Ok(())
}

async fn obey(line: CommandLine) -> Result<(), Failure> {
    if matches!(line.command, Command::Openapi) {
        return openapi();
    }
    let config = Config::read(line.flags)?;
    match line.command {
        Command::Serve => serve::serve(&config).await,
        Command::Demo => demo::load(&config).await,
        Command::Migrate => open::migrate(&config).await,
        Command::Import(flags) => Box::pin(files::import(&config, &flags)).await,
        Command::Export(flags) => files::export(&config, &flags).await,
        Command::Worker => worker::work(&config).await,
        Command::Verify => verify::verify(&config).await,
        Command::Openapi => Ok(()),
    }
}
