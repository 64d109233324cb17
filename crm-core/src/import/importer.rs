//! Running an import: batches of rows, each one unit of work, until the source ends.
//!
//! A batch that fails as a whole is tried again when somebody was quicker, then halved, down to the row that is to
//! blame. A dry run goes the same way in one unit of work, which is dropped in the end. It holds nobody up but those who
//! write the same records; on a store with one writer (SQLite) all others wait for its end.

use super::accounts::judge_accounts;
use super::judged::{Entry, Judged};
use super::leads::judge_leads;
use super::ledger::{ImportCounts, ImportIssue, IssueKind};
use super::model::{Import, ImportEvent, ImportState};
use super::reading::Reading;
use super::refusal::ImportRefusal;
use super::source::{RowSource, SourceFault, SourceRow};
use super::target::ImportKind;
use crate::access::Permission;
use crate::kernel::{Error, Kind, Result, Stored};
use crate::store::{Session, UnitOfWork};

/// Rows of one unit of work.
const BATCH: usize = 500;
/// Cells of a batch come to about so many bytes at most.
const BATCH_BYTES: usize = 8 << 20;
/// Issues that a report shows; the others can be listed.
pub(super) const SHOWN_ISSUES: u32 = 1_000;

/// How far an import is, told after every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last row that was judged.
    pub row: u64,
    /// What became of the rows so far.
    pub counts: ImportCounts,
    /// How many bytes of the source were read; zero when nobody knows.
    pub bytes_read: u64,
}

/// Called after every batch.
pub type OnProgress<'a> = &'a mut (dyn FnMut(&Progress) + Send);

/// One run over a source, real or dry.
pub(super) struct Run<'a> {
    session: &'a Session,
    pub(super) import: Stored<Import>,
    /// The first issues that this run found.
    pub(super) issues: Vec<ImportIssue>,
    /// Whether nothing had to be left out of a dry run's transaction.
    pub(super) exact: bool,
    mode: Mode<'a>,
    /// Whether the import is in the store already.
    stored: bool,
    header_noted: bool,
}

enum Mode<'a> {
    /// Every batch is committed.
    Real,
    /// Nothing is; the one unit of work waits here between two batches.
    Dry(Option<UnitOfWork<'a>>),
}

enum End {
    No,
    Yes,
    Broken(Error),
}

impl<'a> Run<'a> {
    /// A run that commits every batch.
    pub(super) fn real(session: &'a Session, import: Stored<Import>) -> Self {
        Self::new(session, import, Mode::Real, true)
    }

    /// A run that keeps nothing.
    pub(super) fn dry(session: &'a Session, import: Stored<Import>, stored: bool) -> Self {
        Self::new(session, import, Mode::Dry(None), stored)
    }

    fn new(session: &'a Session, import: Stored<Import>, mode: Mode<'a>, stored: bool) -> Self {
        let header_noted = import.counts.read > 0;
        Self { session, import, issues: Vec::new(), exact: true, mode, stored, header_noted }
    }

    /// Reads the source to its end.
    pub(super) async fn all(&mut self, source: &mut dyn RowSource, progress: OnProgress<'_>) -> Result<()> {
        if source.headers() != self.import.headers.as_slice() {
            return Err(ImportRefusal::OtherFile.into());
        }
        source.skip_to(u64::try_from(self.import.next_row).unwrap_or(1))?;
        loop {
            let (entries, end) = fill(source);
            self.batch(&mut *source, &entries).await?;
            if !entries.is_empty() {
                progress(&Progress {
                    row: u64::try_from(self.import.next_row).unwrap_or(1).saturating_sub(1),
                    counts: self.import.counts,
                    bytes_read: source.bytes_read(),
                });
            }
            match end {
                End::No => {}
                End::Yes => return self.end(None).await,
                End::Broken(error) => {
                    self.end(Some(error.to_string())).await?;
                    return Err(error);
                }
            }
        }
    }

    /// Judges a batch, halving it as often as it takes.
    async fn batch(&mut self, source: &mut dyn RowSource, entries: &[Entry]) -> Result<()> {
        let mut open = vec![(entries, 1)];
        while let Some((part, tries)) = open.pop() {
            let Err(error) = self.attempt(&mut *source, part).await else { continue };
            if is_final(&error) {
                return Err(error);
            }
            // Whatever a dry run had found so far went with its unit of work.
            self.exact &= matches!(self.mode, Mode::Real);
            match part {
                [] => return Err(error),
                _ if tries < most_tries(&error) => open.push((part, tries + 1)),
                [entry] => self.refuse(entry, &error).await?,
                _ => {
                    let (first, second) = part.split_at(part.len() / 2);
                    open.extend([(second, 1), (first, 1)]);
                }
            }
        }
        Ok(())
    }

    async fn attempt(&mut self, source: &mut dyn RowSource, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut uow = self.open().await?;
        let reading = Reading::load(&mut uow, &self.import).await?;
        let judged = match self.import.kind {
            ImportKind::Leads => judge_leads(&mut uow, &self.import, &reading, entries).await?,
            ImportKind::Accounts => judge_accounts(&mut uow, &self.import, &reading, entries).await?,
        };
        let header = if self.header_noted { Vec::new() } else { header_issues(&reading, source) };
        self.keep(uow, judged, header).await
    }

    async fn refuse(&mut self, entry: &Entry, error: &Error) -> Result<()> {
        let mut uow = self.open().await?;
        let reading = Reading::load(&mut uow, &self.import).await?;
        self.keep(uow, vec![entry.refused(&reading, error)], Vec::new()).await
    }

    /// Opens the unit of work and holds the import against other runs.
    async fn open(&mut self) -> Result<UnitOfWork<'a>> {
        if let Mode::Dry(kept) = &mut self.mode
            && let Some(uow) = kept.take()
        {
            return Ok(uow);
        }
        let mut uow = self.session.begin(Permission::LeadImport).await?;
        if matches!(self.mode, Mode::Dry(_)) {
            uow.rehearse();
        }
        if !self.stored {
            self.import.version = 1;
            uow.insert_all(vec![(self.import.clone(), ImportEvent::Started)]).await?;
            return Ok(uow);
        }
        let stored = uow.lock(self.import.id).await?;
        let is_moved = stored.next_row != self.import.next_row || stored.state != ImportState::Running;
        if is_moved && matches!(self.mode, Mode::Real) {
            return Err(ImportRefusal::RunElsewhere(u64::try_from(stored.next_row).unwrap_or(0)).into());
        }
        self.import.version = stored.version;
        Ok(uow)
    }

    /// Writes down what became of the rows, in the unit of work that made the records.
    async fn keep(&mut self, mut uow: UnitOfWork<'a>, judged: Vec<Judged>, header: Vec<ImportIssue>) -> Result<()> {
        let mut import = self.import.clone();
        let (mut rows, mut issues) = (Vec::with_capacity(judged.len()), header);
        for judged in judged {
            import.value.counts.count(judged.row.outcome);
            import.value.next_row = judged.row.row_number + 1;
            rows.push(judged.row);
            issues.extend(judged.issues);
        }
        uow.add_parts(rows).await?;
        let shown = usize::try_from(SHOWN_ISSUES).unwrap_or(usize::MAX).saturating_sub(self.issues.len());
        let first: Vec<_> = issues.iter().take(shown).cloned().collect();
        uow.add_parts(issues).await?;
        let counts = import.counts;
        let import = uow.save(import, ImportEvent::Advanced { counts }).await?;
        self.close(uow).await?;
        self.import = import;
        self.issues.extend(first);
        self.header_noted = true;
        Ok(())
    }

    async fn close(&mut self, uow: UnitOfWork<'a>) -> Result<()> {
        match &mut self.mode {
            Mode::Real => uow.commit().await,
            Mode::Dry(kept) => {
                *kept = Some(uow);
                Ok(())
            }
        }
    }

    /// Writes down that the source ended, or broke off.
    async fn end(&mut self, failure: Option<String>) -> Result<()> {
        let mut uow = self.open().await?;
        let mut import = self.import.clone();
        import.value.failure.clone_from(&failure);
        import.value.state = if failure.is_some() { ImportState::Failed } else { ImportState::Finished };
        import.value.finished_at = failure.is_none().then(|| uow.now());
        let counts = import.counts;
        let event = match failure {
            Some(failure) => ImportEvent::Failed { failure },
            None => ImportEvent::Finished { counts },
        };
        let import = uow.save(import, event).await?;
        self.close(uow).await?;
        self.import = import;
        Ok(())
    }
}

/// The next rows, as many as go into one unit of work.
fn fill(source: &mut dyn RowSource) -> (Vec<Entry>, End) {
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while entries.len() < BATCH && bytes < BATCH_BYTES {
        match source.next_row() {
            Ok(Some(row)) => {
                bytes += size(&row);
                entries.push(Entry::Readable(row));
            }
            Ok(None) => return (entries, End::Yes),
            Err(SourceFault::Row(row)) => entries.push(Entry::Unreadable(row)),
            Err(SourceFault::Fatal(error)) => return (entries, End::Broken(error)),
        }
    }
    (entries, End::No)
}

fn size(row: &SourceRow) -> usize {
    row.cells.iter().map(String::len).sum()
}

fn header_issues(reading: &Reading, source: &dyn RowSource) -> Vec<ImportIssue> {
    let mut findings = reading.findings(0, 1);
    for note in source.header_notes() {
        let header = note.column.and_then(|number| reading.headers.get(number.checked_sub(1)?));
        findings.add(IssueKind::Note, header.map(String::as_str), "csv.repaired", None, note.message);
    }
    findings.issues
}

/// How often a batch is tried in all. Somebody who was quicker is soon out of the way; a key that is taken mostly stays so.
fn most_tries(error: &Error) -> u32 {
    match error.code() {
        "record.changed_meanwhile" => 8,
        _ if error.kind() == Kind::Conflict => 2,
        _ => 1,
    }
}

/// Whether no part of the batch would fare better. A defect of ours is no fault of a row: the import stays where it is.
fn is_final(error: &Error) -> bool {
    let elsewhere = error.downcast_ref::<ImportRefusal>().is_some();
    let hopeless = matches!(
        error.kind(),
        Kind::Unavailable
            | Kind::Internal
            | Kind::Forbidden
            | Kind::Unauthenticated
            | Kind::SubscriptionRequired
            | Kind::NotFound
    );
    elsewhere || hopeless
}
