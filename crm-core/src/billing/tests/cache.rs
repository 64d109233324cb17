//! What is kept at hand says what is so.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use proptest::prelude::*;

use super::access::any_truth;
use super::fixture::{Business, DAY, SECOND, at, id, january, open_invoice};
use crate::access::{Intent, OrganizationId, Slug};
use crate::billing::{AccessPolicy, STALENESS, SubscriptionPaywall, SubscriptionStatus};
use crate::kernel::Timestamp;
use crate::paywall::{AccessReason, Need, Paywall, ServiceModule};
use crate::store::{BoxTx, BoxWatch, MemoryStore, Sighting, Store, StoreError, StoreResult, Watch};
use crate::testing::office::run;

const LEADS: Need = Need { service: ServiceModule::LeadGeneration, viewing: false };
const LOOKING: Need = Need { service: ServiceModule::LeadGeneration, viewing: true };

/// A store that counts how often it is opened, and that can be cut off.
#[derive(Clone)]
struct Watched {
    store: MemoryStore,
    opened: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<Sighting>>>,
}

/// Tells what there is to tell, and then waits for ever.
struct Listener(Arc<Mutex<Vec<Sighting>>>);

#[async_trait]
impl Watch for Listener {
    async fn next(&mut self) -> Sighting {
        let next = self.0.lock().unwrap().pop();
        match next {
            Some(sighting) => sighting,
            None => std::future::pending().await,
        }
    }
}

#[async_trait]
impl Store for Watched {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("down".into()));
        }
        self.store.begin(organization, intent).await
    }
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        self.store.organizations_with_due_jobs(now, limit).await
    }
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.store.organization_by_slug(slug).await
    }
    fn watch(&self) -> Option<BoxWatch<'_>> {
        Some(Box::new(Listener(Arc::clone(&self.told))))
    }
}

async fn business_with_january() -> Business {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(SubscriptionStatus::Active));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    business
}

fn watched(business: &Business) -> (Watched, SubscriptionPaywall) {
    let store = Watched {
        store: business.office.store.clone(),
        opened: Arc::default(),
        down: Arc::default(),
        told: Arc::default(),
    };
    (store.clone(), SubscriptionPaywall::new(Arc::new(store), AccessPolicy::default()))
}

#[tokio::test]
async fn many_who_ask_at_once_have_the_store_asked_once() {
    let business = business_with_january().await;
    let (store, paywall) = watched(&business);
    let answers = join_all((0..50).map(|_| paywall.entitlements(business.tenant(), business.now()))).await;
    assert!(answers.iter().all(|answer| answer.check(LEADS).is_ok()));
    assert_eq!(store.opened.load(Ordering::SeqCst), 1);
    assert!(paywall.known(business.tenant(), business.now()).is_some(), "and nobody waits from then on");
}

#[tokio::test]
async fn invariant_7_the_answer_is_what_is_decided_at_every_instant() {
    let business = business_with_january().await;
    let mut truth = january(SubscriptionStatus::PastDue);
    truth.latest_invoice = Some(open_invoice(&["si_1"], at("2026-01-09T00:00:00Z")));
    truth.cancel_at = Some(at("2026-01-20T00:00:00Z"));
    business.books.put(truth);
    business.desk().sync(&id("cus_1")).await.unwrap();
    let (_, paywall) = watched(&business);
    let boundaries = ["2026-01-10T00:00:00Z", "2026-01-16T00:00:00Z", "2026-01-20T00:00:00Z"];
    for boundary in boundaries.map(at) {
        for now in [boundary.minus(SECOND), boundary.minus(Duration::from_micros(1)), boundary, boundary.plus(SECOND)] {
            business.office.clock.set(now);
            let decided = business.decision().entitlements();
            for need in [LEADS, LOOKING] {
                let answer = match paywall.known(business.tenant(), now) {
                    Some(known) => known,
                    None => paywall.entitlements(business.tenant(), now).await,
                };
                assert_eq!(answer.check(need), decided.check(need), "{now} {need:?}");
                assert!(answer.holds_at(now));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn invariant_7_the_answer_is_what_is_decided_for_any_subscription(truth in any_truth()) {
        run(async {
            let business = Business::open().await;
            business.books.put_customer(&id("cus_1"));
            business.books.put(truth);
            business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
            business.desk().sync(&id("cus_1")).await.unwrap();
            let (_, paywall) = watched(&business);
            // From one change by time to the next.
            for _ in 0..12 {
                let Some(boundary) = business.decision().next_change_at else { break };
                for now in [boundary.minus(Duration::from_micros(1)), boundary, boundary.plus(Duration::from_micros(1))] {
                    business.office.clock.set(now);
                    let decided = business.decision().entitlements();
                    let answer = match paywall.known(business.tenant(), now) {
                        Some(known) => known,
                        None => paywall.entitlements(business.tenant(), now).await,
                    };
                    for service in ServiceModule::ALL {
                        for viewing in [false, true] {
                            let need = Need { service: *service, viewing };
                            assert_eq!(answer.check(need), decided.check(need), "{now} {need:?}");
                        }
                    }
                }
            }
        });
    }
}

#[tokio::test]
async fn what_was_told_is_heard_once_and_only_when_it_is_news() {
    let business = business_with_january().await;
    let (store, paywall) = watched(&business);
    let (tenant, now) = (business.tenant(), business.now());
    paywall.entitlements(tenant, now).await;
    let version = business.office.store.dump::<crate::billing::BillingAccount>(tenant)[0].entitlement_version;
    let sightings = [
        // Known already, somebody else's, news, and a gap.
        (Sighting::Access { organization: tenant, version }, true),
        (Sighting::Access { organization: business.billing.desk(), version: 99 }, true),
        (Sighting::Access { organization: tenant, version: version + 1 }, false),
        (Sighting::Gap, false),
    ];
    for (sighting, known) in sightings {
        *store.told.lock().unwrap() = vec![sighting];
        // It listens until the store has no more to tell.
        let listening = std::pin::pin!(paywall.follow());
        assert!(futures_util::FutureExt::now_or_never(listening).is_none());
        assert_eq!(paywall.known(tenant, now).is_some(), known, "{sighting:?}");
        let opened = store.opened.load(Ordering::SeqCst);
        assert!(paywall.entitlements(tenant, now).await.check(LEADS).is_ok());
        assert_eq!(store.opened.load(Ordering::SeqCst) - opened, usize::from(!known), "{sighting:?}");
    }
}

#[tokio::test]
async fn a_store_that_tells_of_nothing_is_not_listened_to() {
    let business = business_with_january().await;
    let paywall = SubscriptionPaywall::new(Arc::new(business.office.store.clone()), AccessPolicy::default());
    paywall.follow().await;
}

#[tokio::test]
async fn a_change_is_seen_at_once_when_told_and_within_the_bound_when_not() {
    let business = business_with_january().await;
    let (_, untold) = watched(&business);
    let (tenant, now) = (business.tenant(), business.now());
    let told = &business.paywall;
    for paywall in [&untold, told] {
        assert!(paywall.entitlements(tenant, now).await.check(LEADS).is_ok());
    }
    let mut ended = january(SubscriptionStatus::Canceled);
    ended.ended_at = Some(now);
    business.books.put(ended);
    business.desk().sync(&id("cus_1")).await.unwrap();

    assert!(told.known(tenant, now).is_none(), "what is known is not trusted any more");
    assert!(told.entitlements(tenant, now).await.check(LEADS).is_err());
    let just_before = now.plus(STALENESS).minus(Duration::from_micros(1));
    assert!(untold.known(tenant, just_before).unwrap().check(LEADS).is_ok(), "not yet: it was told nothing");
    assert!(untold.known(tenant, now.plus(STALENESS)).is_none());
    assert!(untold.entitlements(tenant, now.plus(STALENESS)).await.check(LEADS).is_err());
}

#[tokio::test]
async fn an_outage_takes_nothing_away_and_gives_nothing() {
    let business = business_with_january().await;
    let (store, paywall) = watched(&business);
    let (tenant, now) = (business.tenant(), business.now());
    assert!(paywall.entitlements(tenant, now).await.check(LEADS).is_ok());
    store.down.store(true, Ordering::SeqCst);
    let later = now.plus(DAY);
    assert!(paywall.entitlements(tenant, later).await.check(LEADS).is_ok(), "what was paid stays open");
    let behind_the_lease = at("2026-02-04T00:00:00Z");
    let closed = paywall.entitlements(tenant, behind_the_lease).await.check(LEADS).unwrap_err();
    assert_eq!(closed.reason, AccessReason::Unavailable, "up to the instant at which time would change it");

    let (store, stranger) = watched(&business);
    store.down.store(true, Ordering::SeqCst);
    let unknown = stranger.entitlements(tenant, now).await;
    assert_eq!(unknown.check(LEADS).unwrap_err().reason, AccessReason::Unavailable);
    let basics = Need { service: ServiceModule::BasicCrm, viewing: false };
    assert_eq!(unknown.check(basics), Ok(()));
    store.down.store(false, Ordering::SeqCst);
    assert!(stranger.entitlements(tenant, now).await.check(LEADS).is_ok(), "and it is asked again at once");
}

#[tokio::test]
async fn the_door_follows_the_subscription() {
    use crate::access::Permission::{LeadCreate, LeadImport, ScoringRead};
    let business = business_with_january().await;
    let boss = business.office.boss().await;
    assert!(boss.begin(LeadImport).await.is_ok());
    let mut truth = january(SubscriptionStatus::Unpaid);
    business.books.put(truth.clone());
    business.desk().sync(&id("cus_1")).await.unwrap();
    let boss = business.office.boss().await;
    let refused = boss.begin(LeadImport).await.map(drop).unwrap_err();
    assert_eq!(refused.code(), "subscription.required");
    assert!(boss.begin(ScoringRead).await.is_ok(), "what is there may be seen");
    assert!(boss.begin(LeadCreate).await.is_ok(), "the basics are never sold");
    truth.status = SubscriptionStatus::Active;
    business.books.put(truth);
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert!(boss.begin(LeadImport).await.is_ok(), "recovery opens at once");
}
