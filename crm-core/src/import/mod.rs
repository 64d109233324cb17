//! Import and export: tables in, tables out, and what became of every row.
//!
//! A [`RowSource`] gives rows, a [`Mapping`] says which column becomes which field, and [`Imports`] brings them in:
//! leads through intake, accounts matched by domain or name. There is no cap on rows. Each batch is one unit of work,
//! in which the [`Import`] itself moves on, so that an import that was cut off goes on behind the last row that was
//! kept. The same content (by [`Fingerprint`]) is imported once. A dry run is the same code in a transaction that is
//! dropped.
//!
//! One bad row never costs the others: every bad cell of it becomes an [`ImportIssue`] with row, column, code, value
//! and remedy, and the rows that were left out can be had as a file, to be mended and imported. What became of each row
//! stands in the ledger ([`ImportRow`]).
//!
//! Refused as a whole: a mapping that names columns or fields that are not there, or one field twice; rows from another
//! file than the import was begun with; a second run at the same time. Said: `import.started`, `import.advanced`,
//! `import.finished`, `import.failed`, `import.resumed`, `import_mapping.…`, `lead.exported`.

mod account_row;
mod accounts;
#[cfg(feature = "csv")]
mod csv_source;
#[cfg(feature = "csv")]
mod error_file;
#[cfg(feature = "csv")]
mod export;
#[cfg(feature = "csv")]
mod guess;
mod importer;
mod judged;
mod lead_row;
mod leads;
mod ledger;
mod list;
mod mapping;
mod model;
mod options;
mod reading;
mod refusal;
mod service;
mod source;
mod target;
mod unique;
mod values;

#[cfg(all(test, feature = "csv"))]
mod tests;

#[cfg(feature = "csv")]
pub use csv_source::fingerprint;
#[cfg(feature = "csv")]
pub use export::export_leads;
#[cfg(feature = "csv")]
pub use guess::guess;
pub use importer::{OnProgress, Progress};
pub use ledger::{ImportCounts, ImportIssue, ImportRow, IssueKind, RowOutcome};
pub use mapping::{ImportMapping, ImportMappingEvent, ImportMappingId, MappedColumn, Mapping};
pub use model::{Fingerprint, Import, ImportEvent, ImportId, ImportState, NewImport};
pub use options::{BadValues, DateOrder, DecimalMark, ImportOptions, UnknownOwner};
pub use refusal::ImportRefusal;
pub use service::{ImportReport, Imports, Start};
pub use source::{CellNote, RowSource, SourceFault, SourceRow, UnreadableRow};
pub use target::{ImportKind, Target};
pub use values::CellError;
