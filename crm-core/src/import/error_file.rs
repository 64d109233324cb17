//! The rows that were left out, as a file to be mended and imported.

use std::io::Write;

use super::ledger::{ImportIssue, ImportRow, IssueKind, RowOutcome};
use super::model::ImportId;
use super::refusal::ImportRefusal;
use super::service::{Imports, readable};
use super::target::Target;
use crate::access::Permission;
use crate::csv::{Cell, CsvWriter};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Page, Result};

impl Imports<'_> {
    /// Writes the rows that led to no record, with their original columns and what is wrong in a column `error`.
    ///
    /// The file can be mended and imported; the guess ignores its last column, and the same mapping fits. Texts that a
    /// spreadsheet would execute have a quote before them: read it with [`crate::csv::CsvOptions::unneutralise`]. Of a
    /// row that could not be read at all there are empty cells. Answers how many rows were written.
    ///
    /// # Errors
    /// `RecordNotFound`; `ImportRefusal::Unwritable`.
    pub async fn write_error_file<W: Write + Send>(&self, id: ImportId, writer: W) -> Result<u64> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        let import = readable(&mut uow, id).await?;
        // An error file that is imported again has such a column already, which is renewed.
        let is_old = |header: &String| header == "error" && *import.mapping.target(header) == Target::Ignore;
        let kept: Vec<usize> = (0..import.headers.len())
            .filter(|index| import.headers.get(*index).is_some_and(|header| !is_old(header)))
            .collect();
        let headers: Vec<&str> =
            kept.iter().filter_map(|index| import.headers.get(*index)).map(String::as_str).collect();
        let own = if headers.contains(&"error") { "import error" } else { "error" };
        let mut file = CsvWriter::new(writer);
        file.write(headers.iter().copied().chain([own]).map(Cell::Text)).map_err(ImportRefusal::from)?;
        let left_out = [RowOutcome::Refused, RowOutcome::Warned, RowOutcome::Blocked].map(RowOutcome::as_str);
        let filter = ImportRow::IMPORT.is(id).and(ImportRow::OUTCOME.is_one_of(left_out));
        let mut page = Page::first(LARGEST_PAGE);
        let mut written = 0;
        loop {
            let rows = uow.list(&filter, &page).await?;
            let Some(last) = rows.last() else { break };
            page = page.following(last);
            let issues = ImportIssue::IMPORT
                .is(id)
                .and(ImportIssue::ROW.at_least(rows.first().map_or(0, |row| row.row_number)))
                .and(ImportIssue::ROW.at_most(last.row_number));
            let issues = uow.list_all(&issues).await?;
            for row in &rows {
                let cells = row.cells.as_deref().unwrap_or_default();
                let sentences: Vec<String> = issues
                    .iter()
                    .filter(|issue| issue.row_number == row.row_number && issue.kind == IssueKind::Error)
                    .map(|issue| sentence(issue))
                    .collect();
                let error = sentences.join("; ");
                let cells = kept.iter().map(|index| match cells.get(*index).map(String::as_str) {
                    None | Some("") => Cell::Empty,
                    Some(cell) => Cell::Text(cell),
                });
                file.write(cells.chain([Cell::Text(&error)])).map_err(ImportRefusal::from)?;
                written += 1;
            }
        }
        file.finish().map_err(ImportRefusal::from)?;
        Ok(written)
    }
}

fn sentence(issue: &ImportIssue) -> String {
    let place = issue.column_name.as_ref().map_or_else(String::new, |column| format!("{column}: "));
    format!("{place}{} ({})", issue.message, issue.code)
}
