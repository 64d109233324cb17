//! Imports that are cut off, contested or held up by single rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::access::{Caller, Intent, OrganizationId, ProviderLink, Slug};
use crate::agenda::{Claim, Job, JobId};
use crate::crm::Crm;
use crate::event::Event;
use crate::import::importer::Run;
use crate::intake::Capture;
use crate::kernel::{Entity, Id, Page, Predicate, Timestamp};
use crate::store::{Agenda, BoxTx, MemoryStore, Records, Store, StoreError, StoreResult, Tx};
use crate::testing::{ManualClock, SequentialIds};

/// A store of which some commits fail.
struct Failing {
    store: MemoryStore,
    /// Commits until the first that fails.
    left: Arc<AtomicI64>,
    with: fn() -> StoreError,
    times: i64,
}

struct FailingTx<'a> {
    tx: BoxTx<'a>,
    left: &'a AtomicI64,
    with: fn() -> StoreError,
    times: i64,
}

#[async_trait]
impl Store for Failing {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        let tx = self.store.begin(organization, intent).await?;
        Ok(Box::new(FailingTx { tx, left: &self.left, with: self.with, times: self.times }))
    }
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        self.store.organizations_with_due_jobs(now, limit).await
    }
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.store.organization_by_slug(slug).await
    }
    async fn organization_by_link(&self, link: &ProviderLink) -> StoreResult<Option<OrganizationId>> {
        self.store.organization_by_link(link).await
    }
}

#[async_trait]
impl<'a, E: Entity> Records<E> for FailingTx<'a>
where
    dyn Tx + 'a: Records<E>,
{
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        Records::<E>::find(&mut *self.tx, id).await
    }
    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        Records::<E>::lock(&mut *self.tx, id).await
    }
    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        Records::<E>::list(&mut *self.tx, filter, page).await
    }
    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        Records::<E>::insert(&mut *self.tx, rows).await
    }
    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        Records::<E>::update(&mut *self.tx, row).await
    }
    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        Records::<E>::delete(&mut *self.tx, id, version).await
    }
}

#[async_trait]
impl Agenda for FailingTx<'_> {
    async fn claim(&mut self, claim: &Claim) -> StoreResult<Vec<Stored<Job>>> {
        self.tx.claim(claim).await
    }
    async fn finish(&mut self, jobs: &[(JobId, i64)]) -> StoreResult<usize> {
        self.tx.finish(jobs).await
    }
}

impl crate::lead::LeadReport for FailingTx<'_> {}
impl crate::pipeline::PipelineReport for FailingTx<'_> {}

#[async_trait]
impl Tx for FailingTx<'_> {
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()> {
        self.tx.claim_slug(slug, organization).await
    }
    async fn claim_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.tx.claim_link(link).await
    }
    async fn release_link(&mut self, link: &ProviderLink) -> StoreResult<()> {
        self.tx.release_link(link).await
    }
    async fn commit(self: Box<Self>) -> StoreResult<()> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        if left <= 1 && left > 1 - self.times {
            return Err((self.with)());
        }
        self.tx.commit().await
    }
}

/// The session of a program in the office, on a store of which the `n`-th commit from now fails.
fn failing(office: &Office, n: i64, with: fn() -> StoreError) -> Session {
    failing_often(office, n, 1, with)
}

/// One on a store of which so many commits fail from the `n`-th on.
fn failing_often(office: &Office, n: i64, times: i64, with: fn() -> StoreError) -> Session {
    let store = Failing { store: office.store.clone(), left: Arc::new(AtomicI64::new(n)), with, times };
    let crm = Crm::new(store, ManualClock::default(), SequentialIds::counting_from(1 << 32));
    crm.session(Caller::system(office.organization, "host"))
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("the line is cut".into())
}
fn conflict() -> StoreError {
    StoreError::Conflict { entity: "lead" }
}

fn defect() -> StoreError {
    StoreError::Fault("a column is gone".into())
}

/// Twelve hundred people, each of them another.
fn crowd() -> String {
    let rows = (1..=1_200).map(|number| format!("Person {number},p{number}@ex{number}.com\n"));
    std::iter::once("Last Name,Email\n".to_owned()).chain(rows).collect()
}

#[tokio::test]
async fn an_import_that_is_cut_off_goes_on_behind_the_last_row_kept() {
    let office = Office::open().await;
    let text = crowd();
    let whole = {
        let office = Office::open().await;
        leads(&office.boss().await, &text).await.import.counts
    };
    // The start and each of the three batches, and the end: whichever commit fails, the outcome is the same.
    for (cut, kept) in [(2, 0), (3, 500), (4, 1_000), (5, 1_200)] {
        let organization = office.neighbour(&format!("office-{cut}")).await;
        let session = failing(&organization, cut + 1, unavailable);
        let new = planned(&session, ImportKind::Leads, &text).await;
        let id = session.imports().start(new.clone()).await.unwrap().import().id;
        let cut_off = session.imports().run(id, &mut file(&text), &mut |_| {}).await.unwrap_err();
        assert_eq!(cut_off.code(), "store.unavailable");
        let left = session.imports().report(id).await.unwrap().import;
        assert_eq!((left.next_row, left.state), (kept + 1, ImportState::Running), "cut at commit {cut}");
        assert_eq!(i64::try_from(stored_leads(&organization).len()).unwrap(), kept);
        let again = session.imports().start(new).await.unwrap();
        assert!(matches!(again, Start::Resumed(_)), "{again:?}");
        let report = session.imports().run(id, &mut file(&text), &mut |_| {}).await.unwrap();
        assert_eq!((report.import.counts, report.import.state), (whole, ImportState::Finished));
        assert_eq!(stored_leads(&organization).len(), 1_200);
        assert_eq!(organization.store.dump::<Capture>(organization.organization).len(), 1_200);
        assert_eq!(organization.store.dump::<ImportRow>(organization.organization).len(), 1_200);
    }
}

#[tokio::test]
async fn a_batch_that_somebody_was_quicker_than_is_tried_again() {
    let office = Office::open().await;
    let session = failing(&office, 3, conflict);
    let text = crowd();
    let report = leads(&session, &text).await;
    assert_eq!((report.import.counts.created, report.import.counts.refused), (1_200, 0));
    assert!(report.issues.is_empty());
}

#[tokio::test]
async fn who_is_slower_several_times_loses_no_row() {
    let office = Office::open().await;
    let session = failing_often(&office, 3, 18, conflict);
    let text = crowd();
    let report = leads(&session, &text).await;
    assert_eq!((report.import.counts.created, report.import.counts.refused), (1_200, 0));
}

#[tokio::test]
async fn a_defect_of_the_store_stops_the_import_and_refuses_no_row() {
    let office = Office::open().await;
    let session = failing_often(&office, 4, 1_000, defect);
    let text = crowd();
    let id = session.imports().start(planned(&session, ImportKind::Leads, &text).await).await.unwrap().import().id;
    let stopped = session.imports().run(id, &mut file(&text), &mut |_| {}).await.unwrap_err();
    assert_eq!(stopped.code(), "store.fault");
    let boss = office.boss().await;
    let left = boss.imports().report(id).await.unwrap().import;
    assert_eq!((left.state, left.next_row, left.counts.refused), (ImportState::Running, 501, 0));
    let report = boss.imports().run(id, &mut file(&text), &mut |_| {}).await.unwrap();
    assert_eq!((report.import.counts.created, report.import.counts.refused), (1_200, 0));
}

#[tokio::test]
async fn a_row_that_the_store_refuses_costs_no_other_row() {
    let office = Office::open().await;
    let session = office.boss().await;
    field(&session, "number", CustomType::Text, true).await;
    let rows = (1..=600).map(|row| {
        let number = if row == 333 { 7 } else { row };
        format!("Person {row},p{row}@ex{row}.com,{number}\n")
    });
    let text: String = std::iter::once("Last Name,Email,Number\n".to_owned()).chain(rows).collect();
    let report = leads(&session, &text).await;
    assert_eq!((report.import.counts.created, report.import.counts.refused), (599, 1));
    let codes = told(&report);
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert_eq!((codes[0].0, codes[0].2), (333, "custom_field.taken"));
    assert_eq!(stored_leads(&office).len(), 599);
}

#[tokio::test]
async fn a_second_run_at_the_same_time_is_stopped() {
    let office = Office::open().await;
    let session = failing(&office, 3, unavailable);
    let text = crowd();
    let seen = session.imports().start(planned(&session, ImportKind::Leads, &text).await).await.unwrap();
    session.imports().run(seen.import().id, &mut file(&text), &mut |_| {}).await.unwrap_err();
    let (mut moved, mut again) = (session.imports().report(seen.import().id).await.unwrap().import, file(&text));
    assert_eq!((moved.next_row, stored_leads(&office).len()), (1, 0));
    // Another run gets as far as the first batch, and this one still believes that nothing has happened.
    moved.value.next_row = 501;
    let mut uow = session.begin(crate::access::Permission::LeadImport).await.unwrap();
    uow.save(moved, ImportEvent::Resumed).await.unwrap();
    uow.commit().await.unwrap();
    let stopped = Run::real(&session, seen.import().clone()).all(&mut again, &mut |_| {}).await.unwrap_err();
    assert_eq!(stopped.code(), "import.run_elsewhere");
    assert!(stored_leads(&office).is_empty());
}

#[tokio::test]
async fn a_source_that_breaks_off_fails_the_import_and_a_sound_copy_finishes_it() {
    struct Broken(CsvReader<Cursor<Vec<u8>>>, u64);
    impl RowSource for Broken {
        fn headers(&self) -> &[String] {
            self.0.headers()
        }
        fn next_row(&mut self) -> std::result::Result<Option<SourceRow>, SourceFault> {
            self.1 -= 1;
            if self.1 == 0 {
                return Err(SourceFault::Fatal(ImportRefusal::Unwritable("torn".to_owned()).into()));
            }
            self.0.next_row()
        }
        fn skip_to(&mut self, row: u64) -> Result<()> {
            RowSource::skip_to(&mut self.0, row)
        }
    }
    let office = Office::open().await;
    let session = office.boss().await;
    let text = crowd();
    let new = planned(&session, ImportKind::Leads, &text).await;
    let id = session.imports().start(new.clone()).await.unwrap().import().id;
    session.imports().run(id, &mut Broken(file(&text), 701), &mut |_| {}).await.unwrap_err();
    let left = session.imports().report(id).await.unwrap().import;
    assert_eq!((left.state, left.counts.read), (ImportState::Failed, 700));
    assert!(left.failure.as_deref().unwrap().contains("torn"));
    let mut told = Vec::new();
    let report = session.imports().run(id, &mut file(&text), &mut |progress| told.push(*progress)).await.unwrap();
    assert_eq!((report.import.counts.created, report.import.failure.clone()), (1_200, None));
    assert_eq!(told.iter().map(|progress| progress.row).collect::<Vec<_>>(), [1_200]);
    assert_eq!(
        office.events_of(id.uuid()),
        [
            "import.started",
            "import.advanced",
            "import.advanced",
            "import.failed",
            "import.resumed",
            "import.advanced",
            "import.finished"
        ]
    );
}

#[tokio::test]
async fn other_rows_than_those_it_was_begun_with_are_refused() {
    let office = Office::open().await;
    let session = office.boss().await;
    let new = planned(&session, ImportKind::Leads, "Last Name\nA\n").await;
    let id = session.imports().start(new).await.unwrap().import().id;
    let refused = session.imports().run(id, &mut file("Email\na@ex.com\n"), &mut |_| {}).await.unwrap_err();
    assert_eq!(refused.code(), "import.other_file");
}

#[tokio::test]
async fn events_of_a_long_unit_of_work_are_all_kept() {
    let office = Office::open().await;
    let session = office.boss().await;
    let mut uow = session.begin(crate::access::Permission::LeadImport).await.unwrap();
    for number in 0..2_500 {
        let mapping = ImportMapping {
            name: format!("mapping {number}").parse().unwrap(),
            kind: ImportKind::Leads,
            columns: Mapping::default(),
        };
        uow.insert(mapping, ImportMappingEvent::Created).await.unwrap();
    }
    uow.commit().await.unwrap();
    let events = office.store.dump::<Event>(office.organization);
    assert_eq!(events.iter().filter(|event| event.value.name == "import_mapping.created").count(), 2_500);
}
