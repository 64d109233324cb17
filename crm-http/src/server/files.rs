//! Files in and out: `import` and `export`.

use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use crm_core::access::{Caller, Slug};
use crm_core::crm::Crm;
use crm_core::csv::{CsvOptions, CsvReader};
use crm_core::import::{ImportKind, ImportOptions, NewImport, Start, export_leads, fingerprint};
use crm_core::kernel::Predicate;
use crm_core::store::Session;
use indicatif::{ProgressBar, ProgressStyle};

use super::config::Config;
use super::{Failure, open, say};

/// What an import takes.
#[derive(Debug, Args)]
pub(super) struct ImportFlags {
    /// The file.
    file: PathBuf,
    /// Short name of the organization.
    #[arg(long)]
    organization: String,
    /// What the file holds.
    #[arg(long, value_enum, default_value = "leads")]
    kind: Kind,
    /// Where the records come from.
    #[arg(long, default_value = "import")]
    source: String,
    /// Say what would become of each row and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Leads,
    Accounts,
}

/// What an export takes.
#[derive(Debug, Args)]
pub(super) struct ExportFlags {
    /// Short name of the organization.
    #[arg(long)]
    organization: String,
    /// Where to write; the standard output, unless said otherwise.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// A session of the product itself in the organization with this name.
async fn session(crm: &Crm, slug: &str) -> Result<Session, Failure> {
    let slug = Slug::try_from(slug.to_owned()).map_err(|error| format!("organization: {error}"))?;
    let organization = crm.organization_by_slug(&slug).await?;
    let organization = organization.ok_or_else(|| format!("organization: there is none named '{}'", slug.as_str()))?;
    Ok(crm.session(Caller::system(organization, "command-line")))
}

pub(super) async fn import(config: &Config, flags: &ImportFlags) -> Result<(), Failure> {
    let crm = open::open(config).await?;
    let session = session(&crm, &flags.organization).await?;
    let unreadable = |error| format!("file: '{}' cannot be read: {error}", flags.file.display());
    let print = fingerprint(File::open(&flags.file).map_err(unreadable)?)?;
    let file = File::open(&flags.file).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut rows = CsvReader::open(BufReader::new(file), CsvOptions::default())?;
    let headers = rows.headers().to_vec();
    let kind = match flags.kind {
        Kind::Leads => ImportKind::Leads,
        Kind::Accounts => ImportKind::Accounts,
    };
    let mapping = session.imports().guess(kind, &headers).await?;
    for column in &mapping.columns {
        say(&format!("  {:<30} -> {}", column.header, String::from(column.target.clone())));
    }
    let name = flags.file.file_name().map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned());
    let new = NewImport {
        kind,
        source: flags.source.parse()?,
        file_name: name.parse()?,
        fingerprint: print,
        headers,
        mapping,
        options: ImportOptions::default(),
    };
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg}")?;
    let bar = ProgressBar::new(length).with_style(style);
    let mut progress = |now: &crm_core::import::Progress| {
        bar.set_position(now.bytes_read);
        bar.set_message(format!("row {}, {} made", now.row, now.counts.created));
    };
    let report = if flags.dry_run {
        session.imports().dry_run(new, &mut rows, &mut progress).await?
    } else {
        let start = session.imports().start(new).await?;
        match start {
            Start::Begun(_) => {}
            Start::Resumed(_) => say("an import of this file was interrupted and goes on"),
            Start::AlreadyImported(_) => say("this file was imported before, and is not imported again; then"),
        }
        session.imports().run(start.import().id, &mut rows, &mut progress).await?
    };
    bar.finish_and_clear();
    let counts = report.import.counts;
    let tense = if flags.dry_run { "would be" } else { "were" };
    say(&format!(
        "{} rows: {} {tense} made, {} updated, {} linked, {} skipped, {} repeated, {} refused",
        counts.read, counts.created, counts.updated, counts.linked, counts.skipped, counts.repeated, counts.refused
    ));
    for issue in report.issues.iter().take(20) {
        say(&format!("  line {}: {}", issue.line_number, issue.message));
    }
    Ok(())
}

pub(super) async fn export(config: &Config, flags: &ExportFlags) -> Result<(), Failure> {
    let crm = open::open(config).await?;
    let session = session(&crm, &flags.organization).await?;
    let everything = Predicate::everything();
    if let Some(path) = &flags.output {
        let file = File::create(path).map_err(|error| format!("output: '{}': {error}", path.display()))?;
        let count = export_leads(&session, &everything, file).await?;
        say(&format!("{count} leads were written to '{}'", path.display()));
    } else {
        let mut bytes = Vec::new();
        export_leads(&session, &everything, &mut bytes).await?;
        std::io::stdout().write_all(&bytes)?;
    }
    Ok(())
}
