//! Commands on imports.

use super::importer::{OnProgress, Run, SHOWN_ISSUES};
use super::ledger::{ImportIssue, ImportRow};
use super::mapping::{ImportMapping, ImportMappingEvent, ImportMappingId, Mapping};
use super::model::{Import, ImportEvent, ImportId, ImportState, NewImport};
use super::refusal::ImportRefusal;
use super::source::RowSource;
use super::target::ImportKind;
use crate::access::{Actor, Permission, Reach};
use crate::custom_field::Schema;
use crate::event::Event;
use crate::identity::KeyKind;
use crate::intake::MatchBy;
use crate::kernel::{Entity, Name, Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session, UnitOfWork};

/// What beginning an import comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// It is new.
    Begun(Stored<Import>),
    /// The same content is on its way already; a run goes on behind the last row that was kept.
    Resumed(Stored<Import>),
    /// The same content was imported to its end, and rows of it were kept; a run changes nothing.
    AlreadyImported(Stored<Import>),
}

impl Start {
    /// The import, whichever it is.
    #[must_use]
    pub fn import(&self) -> &Stored<Import> {
        match self {
            Self::Begun(import) | Self::Resumed(import) | Self::AlreadyImported(import) => import,
        }
    }
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportReport {
    /// The import with its sums. That of a dry run is not stored.
    pub import: Stored<Import>,
    /// The first thousand issues, in the order of rows.
    pub issues: Vec<ImportIssue>,
    /// False for a dry run in which a batch failed as a whole: doubles of rows before it may count as new then.
    pub exact: bool,
}

/// Commands on imports.
///
/// All of them need `LeadImport`; those of accounts also the permissions to make and change these. The cells that an import
/// left out are shown to who began it and to those whose reach takes in whoever did.
///
/// ```
/// use crm_core::access::{Caller, NewMember, NewOrganization, StandardRole, TimeZone};
/// use crm_core::crm::Crm;
/// use crm_core::csv::{CsvOptions, CsvReader};
/// use crm_core::import::{ImportKind, ImportOptions, NewImport, fingerprint};
/// use crm_core::kernel::Currency;
/// use crm_core::store::MemoryStore;
/// use crm_core::testing::{ManualClock, SequentialIds};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let crm = Crm::new(MemoryStore::new(), ManualClock::default(), SequentialIds::new());
/// let office = NewOrganization {
///     slug: "office".to_owned().try_into()?,
///     name: "Office".parse()?,
///     default_currency: Currency::EUR,
///     time_zone: TimeZone::utc(),
///     region: None,
/// };
/// let (email, name) = ("olivia@example.com".parse()?, "Olivia".parse()?);
/// let olivia = NewMember { name, email, role: StandardRole::Owner, custom_role_id: None };
/// let (office, _) = crm.found(office, olivia).await?;
/// let session = crm.session(Caller::system(office.id, "nightly"));
///
/// let content = "First name,E-mail\nAda,ada@example.com\nGrace,nobody\n";
/// let mut file = CsvReader::open(content.as_bytes(), CsvOptions::default())?;
/// let new = NewImport {
///     kind: ImportKind::Leads,
///     source: "trade-fair".parse()?,
///     file_name: "people.csv".parse()?,
///     fingerprint: fingerprint(content.as_bytes())?,
///     headers: file.headers().to_vec(),
///     mapping: session.imports().guess(ImportKind::Leads, file.headers()).await?,
///     options: ImportOptions::default(),
/// };
/// let start = session.imports().start(new).await?;
/// let report = session.imports().run(start.import().id, &mut file, &mut |_| {}).await?;
/// assert_eq!((report.import.counts.created, report.import.counts.refused), (1, 1));
/// assert_eq!(report.issues[0].code, "email.no_at_sign");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Imports<'a>(pub(crate) &'a Session);

impl Imports<'_> {
    /// Proposes a mapping for a header.
    ///
    /// # Errors
    /// Those of the door.
    #[cfg(feature = "csv")]
    pub async fn guess(&self, kind: ImportKind, headers: &[String]) -> Result<Mapping> {
        let mut uow = self.begin(kind).await?;
        let schema = Schema::load(&mut uow, kind.record()).await?;
        Ok(super::guess::guess(kind, headers, &schema))
    }

    /// Proposes what a list with this header is of.
    ///
    /// # Errors
    /// Those of the door.
    #[cfg(feature = "csv")]
    pub async fn guess_kind(&self, headers: &[String]) -> Result<ImportKind> {
        let leads = self.guess(ImportKind::Leads, headers).await?;
        let accounts = self.guess(ImportKind::Accounts, headers).await?;
        Ok(super::guess::guess_kind(&leads, &accounts))
    }

    /// Begins an import, or finds the one of the same content. Other choices count as long as no row was judged. Content
    /// that came to its end without a single row that was kept is begun once more.
    ///
    /// # Errors
    /// `InvalidInput` that names every column of the mapping that is wrong, see [`Mapping::check`];
    /// `ImportRefusal::KeyNotUsable`.
    pub async fn start(&self, new: NewImport) -> Result<Start> {
        let mut uow = self.begin(new.kind).await?;
        check(&mut uow, &new).await?;
        let Some(mut import) = same(&mut uow, &new).await? else {
            let import = Import::new(new, uow.now());
            let import = uow.insert(import, ImportEvent::Started).await?;
            uow.commit().await?;
            return Ok(Start::Begun(import));
        };
        if import.was_in_vain() {
            let import = import.once_more(new, uow.now());
            let import = uow.insert(import, ImportEvent::Started).await?;
            uow.commit().await?;
            return Ok(Start::Begun(import));
        }
        if import.state == ImportState::Finished {
            return Ok(Start::AlreadyImported(import));
        }
        import.value.begin_anew(new);
        import.value.resume();
        let import = uow.save(import, ImportEvent::Resumed).await?;
        uow.commit().await?;
        Ok(Start::Resumed(import))
    }

    /// Imports the rows of a source in batches, each kept as a whole, from the first row that was not yet judged.
    ///
    /// When it is cut off, by an error or because nobody waits for it any more, what was kept stays, and the next run
    /// over the same content goes on from there. A finished import is answered with its report.
    ///
    /// # Errors
    /// `RecordNotFound`; `ImportRefusal::OtherFile`, `RunElsewhere`; those of the source and the store. What is wrong
    /// with single rows is no error but an issue.
    pub async fn run(
        &self,
        id: ImportId,
        source: &mut dyn RowSource,
        progress: OnProgress<'_>,
    ) -> Result<ImportReport> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        let mut import = uow.get(id).await?;
        check_kind(self.0, import.kind)?;
        if import.state == ImportState::Finished {
            return report(&mut uow, import).await;
        }
        if import.state == ImportState::Failed {
            import.value.resume();
            import = uow.save(import, ImportEvent::Resumed).await?;
        }
        uow.commit().await?;
        let mut run = Run::real(self.0, import);
        run.all(source, progress).await?;
        report(&mut self.0.begin(Permission::LeadImport).await?, run.import).await
    }

    /// Does everything that a run would do in one unit of work, and drops it.
    ///
    /// Takes no turns in rotations and holds no record, so that others work on; but a store with one writer at a time
    /// (SQLite) keeps all others waiting until it ends: there, try large files on a copy.
    ///
    /// Of content that was imported already it is the report of that import, as a run would answer.
    ///
    /// The report is that of the run to come, as long as nobody changes anything meanwhile; identifiers of records that
    /// the run would make are others then.
    ///
    /// # Errors
    /// As [`Imports::start`] and [`Imports::run`].
    pub async fn dry_run(
        &self,
        new: NewImport,
        source: &mut dyn RowSource,
        progress: OnProgress<'_>,
    ) -> Result<ImportReport> {
        let mut uow = self.begin(new.kind).await?;
        check(&mut uow, &new).await?;
        let known = same(&mut uow, &new).await?;
        let (mut import, stored) = match known {
            Some(import) if import.was_in_vain() => {
                (uow.fresh(uow.new_id(), import.once_more(new.clone(), uow.now())), false)
            }
            Some(import) if import.state == ImportState::Finished => return report(&mut uow, import).await,
            Some(import) => (import, true),
            None => (uow.fresh(uow.new_id(), Import::new(new.clone(), uow.now())), false),
        };
        import.value.begin_anew(new);
        import.value.resume();
        drop(uow);
        let mut run = Run::dry(self.0, import, stored);
        run.all(source, progress).await?;
        Ok(ImportReport { import: run.import, issues: run.issues, exact: run.exact })
    }

    /// What an import did so far.
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn report(&self, id: ImportId) -> Result<ImportReport> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        let import = readable(&mut uow, id).await?;
        report(&mut uow, import).await
    }

    /// The imports that match, in the page's order.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Import>, page: &Page<Import>) -> Result<Vec<Stored<Import>>> {
        self.0.begin(Permission::LeadImport).await?.list(filter, page).await
    }

    /// What is to be known about cells and rows of an import; in the order of identifiers it is that of rows.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn issues(&self, id: ImportId, page: &Page<ImportIssue>) -> Result<Vec<Stored<ImportIssue>>> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        readable(&mut uow, id).await?;
        uow.list(&ImportIssue::IMPORT.is(id), page).await
    }

    /// What became of each row of an import; in the order of identifiers it is that of rows.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn rows(
        &self,
        id: ImportId,
        filter: Predicate<ImportRow>,
        page: &Page<ImportRow>,
    ) -> Result<Vec<Stored<ImportRow>>> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        readable(&mut uow, id).await?;
        uow.list(&ImportRow::IMPORT.is(id).and(filter), page).await
    }

    /// Keeps a mapping under a name; one of that name is replaced.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn save_mapping(&self, name: Name, kind: ImportKind, mapping: Mapping) -> Result<Stored<ImportMapping>> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        let known = uow.list(&ImportMapping::NAME_FIELD.is(name.as_str()), &Page::first(1)).await?.pop();
        let value = ImportMapping { name, kind, columns: mapping };
        let saved = match known {
            None => uow.insert(value, ImportMappingEvent::Created).await?,
            Some(row) => uow.save(Stored { value, ..row }, ImportMappingEvent::Changed).await?,
        };
        uow.commit().await?;
        Ok(saved)
    }

    /// The mappings that are kept.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn mappings(&self) -> Result<Vec<Stored<ImportMapping>>> {
        self.0.begin(Permission::LeadImport).await?.list_all(&Predicate::everything()).await
    }

    /// Removes a mapping. Imports that were begun with it keep theirs.
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn delete_mapping(&self, id: ImportMappingId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::LeadImport).await?;
        let row = uow.get_at(id, Some(version)).await?;
        uow.delete(row, ImportMappingEvent::Deleted).await?;
        uow.commit().await
    }

    async fn begin(&self, kind: ImportKind) -> Result<UnitOfWork<'_>> {
        check_kind(self.0, kind)?;
        self.0.begin(Permission::LeadImport).await
    }
}

/// The import, for a caller who may read what stands in its cells.
pub(super) async fn readable(uow: &mut UnitOfWork<'_>, id: ImportId) -> Result<Stored<Import>> {
    let import = uow.get(id).await?;
    check_kind(uow.session(), import.kind)?;
    let Reach::Owners(members) = uow.caller().reach().clone() else { return Ok(import) };
    let begun = Event::RECORD.is(id.uuid()).and(Event::NAME_FIELD.is("import.started"));
    let begun = uow.list(&begun, &Page::first(1)).await?.pop();
    let by_them = begun.is_some_and(|event| match &event.actor {
        Actor::Member(member) => members.contains(member),
        Actor::System(_) => false,
    });
    if by_them { Ok(import) } else { Err(RecordNotFound { entity: Import::NAME, id: id.uuid() }.into()) }
}

fn check_kind(session: &Session, kind: ImportKind) -> Result<()> {
    if kind == ImportKind::Accounts {
        session.caller().check(Permission::AccountCreate)?;
        session.caller().check(Permission::AccountUpdate)?;
    }
    Ok(())
}

async fn check(uow: &mut UnitOfWork<'_>, new: &NewImport) -> Result<()> {
    let schema = Schema::load(uow, new.kind.record()).await?;
    new.mapping.check(new.kind, &new.headers, &schema)?;
    match &new.options.match_by {
        MatchBy::Keys(kinds)
            if new.kind == ImportKind::Accounts
                && kinds.iter().any(|kind| !matches!(kind, KeyKind::Domain | KeyKind::Company)) =>
        {
            Err(ImportRefusal::KeyNotUsable.into())
        }
        _ => Ok(()),
    }
}

/// The import of the same content and kind; the last attempt.
async fn same(uow: &mut UnitOfWork<'_>, new: &NewImport) -> Result<Option<Stored<Import>>> {
    let same = Import::FINGERPRINT.is(new.fingerprint.as_str()).and(Import::KIND.is(new.kind.as_str()));
    Ok(uow.list_all(&same).await?.into_iter().max_by_key(|import| import.attempt))
}

async fn report(uow: &mut UnitOfWork<'_>, import: Stored<Import>) -> Result<ImportReport> {
    let issues = uow.list(&ImportIssue::IMPORT.is(import.id), &Page::first(SHOWN_ISSUES)).await?;
    let issues = issues.into_iter().map(|issue| issue.value).collect();
    Ok(ImportReport { import, issues, exact: true })
}
