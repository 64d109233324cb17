//! Importing the file, with a progress bar.

use std::error::Error;
use std::fs::File;
use std::path::Path;

use crm_core::csv::{CsvOptions, CsvReader};
use crm_core::import::{ImportOptions, ImportReport, NewImport, OnProgress, Start, fingerprint};
use crm_core::kernel::Name;
use crm_examples::Office;
use indicatif::{ProgressBar, ProgressStyle};

/// Imports the file, or says what that would do. The same file a second time answers with the first report.
pub(crate) async fn import(office: &Office, path: &Path, dry: bool) -> Result<ImportReport, Box<dyn Error>> {
    let open = || File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
    let size = open()?.metadata().map_or(0, |metadata| metadata.len());
    let fingerprint = fingerprint(open()?)?;
    // A file that this library wrote, such as one of rows that were left out, has a quote before what a spreadsheet would
    // execute; numbers such as +49 301 are among it.
    let options = CsvOptions { unneutralise: true, ..CsvOptions::default() };
    let mut source = CsvReader::open(open()?, options)?;
    let headers = source.headers().to_vec();
    let imports = office.session.imports();
    let kind = imports.guess_kind(&headers).await?;
    let mapping = imports.guess(kind, &headers).await?;
    let name = path.file_name().map_or_else(|| "list".into(), |name| name.to_string_lossy());
    let new = NewImport {
        kind,
        source: Name::try_from("List".to_owned())?,
        file_name: Name::try_from(name.into_owned())?,
        fingerprint,
        headers,
        mapping,
        options: ImportOptions::default(),
    };
    let bar = ProgressBar::new(size)
        .with_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {msg} {elapsed}")?);
    let on_progress: OnProgress<'_> = &mut |progress| {
        bar.set_position(progress.bytes_read);
        bar.set_message(format!("row {}", progress.row));
    };
    let report = if dry {
        imports.dry_run(new, &mut source, on_progress).await?
    } else {
        let start = imports.start(new).await?;
        if matches!(start, Start::AlreadyImported(_)) {
            eprintln!("This file was imported before; nothing is imported twice.");
        }
        imports.run(start.import().id, &mut source, on_progress).await?
    };
    bar.finish_and_clear();
    Ok(report)
}
