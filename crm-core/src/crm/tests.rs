//! What becomes of due work.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Crm, DueRun};
use crate::access::{Caller, Intent, OrganizationId, Permission, Slug};
use crate::agenda::{Job, JobId, JobState, LeaseLost};
use crate::kernel::{Clock, Result, Stored, Timestamp};
use crate::store::{BoxTx, InStore, JobHandler, MemoryStore, Session, Store, StoreError, StoreResult};
use crate::testing::office::{Office, SharedClock, named, run};
use crate::testing::{ManualClock, ObservedStore, SequentialIds, give_way};

const KIND: &str = "test.note";

/// Writes down which jobs it began, and does with them what `then` says.
#[derive(Clone, Default)]
struct Scribe {
    began: Arc<Mutex<Vec<JobId>>>,
    then: Then,
}

#[derive(Clone, Default)]
enum Then {
    #[default]
    Finish,
    Fail,
    /// Takes longer than the lease.
    Dawdle(Arc<ManualClock>),
}

impl Scribe {
    fn that(then: Then) -> Self {
        Self { then, ..Self::default() }
    }
    fn began(&self) -> Vec<JobId> {
        self.began.lock().unwrap().clone()
    }
    fn hired_by(&self, crm: &Crm) -> Crm {
        let handler: Arc<dyn JobHandler> = Arc::new(self.clone());
        crm.clone().with_job_handlers([handler])
    }
}

#[async_trait]
impl JobHandler for Scribe {
    fn kind(&self) -> &str {
        KIND
    }

    async fn run(&self, session: &Session, job: &Stored<Job>) -> Result<()> {
        self.began.lock().unwrap().push(job.id);
        let mut uow = session.begin(Permission::AgendaRun).await?;
        match &self.then {
            Then::Finish => give_way().await,
            Then::Fail => return Err(StoreError::SlugTaken("ink".to_owned()).into()),
            Then::Dawdle(clock) => {
                clock.advance(Duration::from_hours(1));
                for _ in 0..20 {
                    give_way().await;
                }
            }
        }
        uow.finish(job).await?;
        uow.commit().await
    }
}

async fn put(office: &Office, jobs: Vec<Job>) {
    let session = office.crm.session(Caller::system(office.organization, "test"));
    let mut uow = session.begin(Permission::AgendaRun).await.unwrap();
    uow.add_parts(jobs).await.unwrap();
    uow.commit().await.unwrap();
}

fn notes(office: &Office, count: usize) -> Vec<Job> {
    vec![Job::at(office.clock.now(), KIND, Json::Null); count]
}

fn jobs(office: &Office) -> Vec<Stored<Job>> {
    office.store.dump::<Job>(office.organization)
}

fn counts(run: &DueRun) -> [u32; 5] {
    assert!(run.troubles.is_empty(), "{:?}", run.troubles);
    [run.done, run.failed, run.died, run.unknown, run.lost]
}

#[tokio::test]
async fn due_jobs_are_done_and_gone_and_others_wait() {
    let office = Office::open().await;
    let scribe = Scribe::default();
    let crm = scribe.hired_by(&office.crm);
    let mut all = notes(&office, 3);
    all.push(Job::at(office.clock.now().plus(Duration::from_secs(1)), KIND, Json::Null));
    put(&office, all).await;
    assert_eq!(counts(&crm.run_due("anna", 2).await.unwrap()), [2, 0, 0, 0, 0]);
    assert_eq!(counts(&crm.run_due("anna", 100).await.unwrap()), [1, 0, 0, 0, 0]);
    assert_eq!(crm.run_due("anna", 100).await.unwrap().tried(), 0);
    assert_eq!((scribe.began().len(), jobs(&office).len()), (3, 1));
}

#[tokio::test]
async fn the_slices_of_the_house_have_their_handlers() {
    let office = Office::open().await;
    let lead = office.lead(named("Lovelace")).await;
    let now = office.clock.now();
    let kinds = [crate::scoring::RECHECK, crate::scoring::RESCORE, crate::assignment::DRAIN];
    put(&office, kinds.map(|kind| Job::at(now, kind, json!({ "lead_id": lead.id }))).to_vec()).await;
    assert_eq!(counts(&office.crm.run_due("anna", 100).await.unwrap()), [3, 0, 0, 0, 0]);
    assert!(jobs(&office).is_empty());
}

#[tokio::test]
async fn a_job_of_an_unknown_kind_waits_with_the_reason_and_never_dies() {
    let office = Office::open().await;
    put(&office, notes(&office, 1)).await;
    for _ in 0..40 {
        assert_eq!(counts(&office.crm.run_due("anna", 10).await.unwrap()), [0, 0, 0, 1, 0]);
        assert_eq!(office.crm.run_due("anna", 10).await.unwrap().tried(), 0, "it waits");
        office.clock.advance(Duration::from_hours(1));
    }
    let job = jobs(&office).remove(0);
    assert_eq!((job.state, job.attempts, job.errors.len()), (JobState::Ready, 0, 1));
    assert_eq!(job.errors[0], "no handler for 'test.note' here; give one to Crm::with_job_handlers");
    let crm = Scribe::default().hired_by(&office.crm);
    assert_eq!(counts(&crm.run_due("anna", 10).await.unwrap()), [1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_job_that_fails_comes_back_after_a_pause_and_dies_after_its_last_attempt() {
    let office = Office::open().await;
    let crm = Scribe::that(Then::Fail).hired_by(&office.crm);
    put(&office, vec![Job { max_attempts: 3, ..notes(&office, 1).remove(0) }]).await;
    for _ in 0..2 {
        assert_eq!(counts(&crm.run_due("anna", 10).await.unwrap()), [0, 1, 0, 0, 0]);
        assert!(jobs(&office)[0].due_at > office.clock.now(), "it does not return at once");
        office.clock.advance(Duration::from_hours(7));
    }
    assert_eq!(counts(&crm.run_due("anna", 10).await.unwrap()), [0, 0, 1, 0, 0]);
    office.clock.advance(Duration::from_hours(7));
    assert_eq!(crm.run_due("anna", 10).await.unwrap().tried(), 0);
    let job = jobs(&office).remove(0);
    assert_eq!((job.state, job.attempts), (JobState::Dead, 3));
    assert_eq!(job.errors, vec!["organization.slug_taken: the slug 'ink' is taken; choose another"; 3]);
}

#[tokio::test]
async fn a_job_that_kills_its_workers_dies_too() {
    let office = Office::open().await;
    let scribe = Scribe::default();
    let crm = scribe.hired_by(&office.crm);
    // Three workers took it, and none was heard of again.
    put(&office, vec![Job { max_attempts: 3, attempts: 3, token: 3, ..notes(&office, 1).remove(0) }]).await;
    assert_eq!(counts(&crm.run_due("anna", 10).await.unwrap()), [0, 0, 1, 0, 0]);
    assert_eq!(scribe.began(), Vec::<JobId>::new());
    assert_eq!(jobs(&office)[0].errors, ["it was begun 3 times and none came to an end"]);
}

#[tokio::test]
async fn many_jobs_of_one_organization_do_not_keep_another_waiting() {
    let office = Office::open().await;
    let neighbour = office.neighbour("neighbour").await;
    let crm = Scribe::default().hired_by(&office.crm);
    put(&office, notes(&office, 100)).await;
    office.clock.advance(Duration::from_secs(1));
    put(&neighbour, notes(&office, 3)).await;
    assert_eq!(counts(&crm.run_due("anna", 20).await.unwrap()), [20, 0, 0, 0, 0]);
    assert_eq!((jobs(&office).len(), jobs(&neighbour).len()), (83, 0), "what the other leaves is used");
}

/// Cannot reach one organization.
struct Closed(MemoryStore, OrganizationId);

#[async_trait]
impl Store for Closed {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        if organization == self.1 {
            return Err(StoreError::Unavailable("closed".into()));
        }
        self.0.begin(organization, intent).await
    }
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        self.0.organizations_with_due_jobs(now, limit).await
    }
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.0.organization_by_slug(slug).await
    }
}

#[tokio::test]
async fn trouble_with_one_organization_does_not_stop_the_others() {
    let office = Office::open().await;
    let neighbour = office.neighbour("neighbour").await;
    put(&office, notes(&office, 2)).await;
    put(&neighbour, notes(&office, 2)).await;
    let store = Closed(office.store.clone(), office.organization);
    let (clock, ids) = (SharedClock(Arc::clone(&office.clock)), SequentialIds::counting_from(1 << 40));
    let crm = Scribe::default().hired_by(&Crm::new(store, clock, ids));
    let run = crm.run_due("anna", 10).await.unwrap();
    assert_eq!((run.done, run.troubles.len()), (2, 1));
    assert_eq!((run.troubles[0].0, run.troubles[0].1.code()), (office.organization, "store.unavailable"));
    assert_eq!((jobs(&office).len(), jobs(&neighbour).len()), (2, 0));
}

#[tokio::test]
async fn a_worker_that_took_too_long_finishes_nothing() {
    let office = Office::open().await;
    put(&office, notes(&office, 1)).await;
    let slow = Scribe::that(Then::Dawdle(Arc::clone(&office.clock))).hired_by(&office.crm);
    let quick = Scribe::default().hired_by(&office.crm);
    // The slow one has the job and sleeps; the quick one takes it over when the lease is over.
    let session = office.crm.session(Caller::system(office.organization, "test"));
    let taken = super::due::claim(&session, "slow", 1).await.unwrap().remove(0);
    office.clock.advance(Duration::from_hours(1));
    assert_eq!(counts(&quick.run_due("quick", 1).await.unwrap()), [1, 0, 0, 0, 0]);
    let late = InStore::new(KIND, |_, _| Box::pin(async { Ok(()) })).run(&session, &taken).await.unwrap_err();
    assert!(late.downcast_ref::<LeaseLost>().is_some(), "{late}");
    // Of two jobs claimed together, the second is left when the first took the whole lease.
    put(&office, notes(&office, 2)).await;
    assert_eq!(counts(&slow.run_due("slow", 2).await.unwrap()), [1, 0, 0, 0, 1]);
    assert_eq!(counts(&quick.run_due("quick", 2).await.unwrap()), [1, 0, 0, 0, 0]);
}

/// Runs both, one step at a time, as `turns` says: `true` is the first one's turn.
fn interleaved<T>(first: impl Future<Output = T>, second: impl Future<Output = T>, turns: &[bool]) -> [T; 2] {
    let mut tasks: [Pin<Box<dyn Future<Output = T> + '_>>; 2] = [Box::pin(first), Box::pin(second)];
    let (mut done, mut turns) = ([None, None], turns.iter().copied().cycle());
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        let turn = usize::from(!turns.next().unwrap_or(true));
        let next = if done[turn].is_none() { turn } else { 1 - turn };
        if done[next].is_some() {
            return done.map(Option::unwrap);
        }
        if let Poll::Ready(outcome) = tasks[next].as_mut().poll(&mut context) {
            done[next] = Some(outcome);
        }
    }
    panic!("two tasks wait for each other");
}

/// How many jobs there were, and how often each was begun when two workers worked at once.
fn begun_by_two(sizes: &[usize], turns: &[bool], dawdling: bool) -> (usize, BTreeMap<JobId, usize>) {
    let office = run(Office::behind(|store| ObservedStore::new(store.clone())));
    let scribe = if dawdling { Scribe::that(Then::Dawdle(Arc::clone(&office.clock))) } else { Scribe::default() };
    for (number, size) in sizes.iter().enumerate() {
        let neighbour = run(office.neighbour(&format!("neighbour-{number}")));
        run(put(&neighbour, notes(&office, *size)));
    }
    let crm = scribe.hired_by(&office.crm);
    let worker = async |name: &str| {
        for _ in 0..50 {
            crm.run_due(name, 7).await.unwrap();
        }
    };
    interleaved(worker("anna"), worker("bert"), turns);
    let mut begun = BTreeMap::new();
    scribe.began().into_iter().for_each(|job| *begun.entry(job).or_default() += 1);
    (sizes.iter().sum(), begun)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn two_workers_at_once_do_every_job_and_none_twice(
        sizes in prop::collection::vec(1_usize..20, 1..4),
        turns in prop::collection::vec(any::<bool>(), 1..64),
    ) {
        let (total, begun) = begun_by_two(&sizes, &turns, false);
        prop_assert_eq!(begun.len(), total);
        prop_assert!(begun.values().all(|times| *times == 1), "{:?}", begun);
    }
}

#[test]
fn a_job_that_outlasts_its_lease_is_seen_to_be_begun_twice() {
    let (_, begun) = begun_by_two(&[15, 15], &[true, false], true);
    assert!(begun.values().any(|times| *times > 1), "{begun:?}");
}
