//! A process that ends between any two steps: whoever goes on comes to the same, and nobody is charged twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::fixture::Business;
use crate::access::{Intent, OrganizationId, Slug};
use crate::billing::{GatewayError, NewCheckout};
use crate::crm::Crm;
use crate::kernel::{Result, Timestamp};
use crate::paywall::{Level, ServiceModule};
use crate::store::{BoxTx, MemoryStore, Store, StoreError, StoreResult};
use crate::testing::SequentialIds;
use crate::testing::books::Failure;
use crate::testing::office::{SharedClock, run};

/// A store that cannot be opened once its time has come, and can be again later: all that a process that ended before
/// this transaction leaves behind is what it committed before.
#[derive(Clone)]
struct Ending {
    store: MemoryStore,
    left: Arc<AtomicI64>,
}

#[async_trait]
impl Store for Ending {
    async fn begin(&self, organization: OrganizationId, intent: Intent) -> StoreResult<BoxTx<'_>> {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            return Err(StoreError::Unavailable("the process ends".into()));
        }
        self.store.begin(organization, intent).await
    }
    async fn organizations_with_due_jobs(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<OrganizationId>> {
        self.store.organizations_with_due_jobs(now, limit).await
    }
    async fn organization_by_slug(&self, slug: &Slug) -> StoreResult<Option<OrganizationId>> {
        self.store.organization_by_slug(slug).await
    }
}

/// Subscribes, pays and hears of it; tries whatever failed again. Answers whether the store ever ended.
async fn subscribe(business: &Business, crm: &Crm, left: &AtomicI64) -> bool {
    let wish = NewCheckout { prices: vec!["leadgen_monthly".to_owned()], trial: false };
    let page = loop {
        let boss = async {
            Ok::<_, crate::kernel::Error>(crm.session(crm.caller(business.tenant(), business.office.owner).await?))
        };
        let asked: Result<_> = async { boss.await?.subscriptions(&business.billing).checkout(&wish).await }.await;
        if let Ok(page) = asked {
            break page;
        }
    };
    business.books.complete_checkout(&page.id).unwrap();
    let event = business.event("evt_1", page.customer.as_ref().map(crate::billing::ExternalId::as_str));
    while crm.billing_desk(&business.billing).receive(event.clone()).await.is_err() {}
    for _ in 0..12 {
        // A whole run may fail; the next one finds what it left.
        let _ = crm.run_due("worker", 10).await;
        business.office.clock.advance(Duration::from_mins(1));
    }
    left.load(Ordering::SeqCst) <= 0
}

fn beginning(business: &Business, left: i64) -> (Crm, Arc<AtomicI64>) {
    let left = Arc::new(AtomicI64::new(left));
    let store = Ending { store: business.office.store.clone(), left: Arc::clone(&left) };
    let clock = SharedClock(Arc::clone(&business.office.clock));
    let crm = Crm::new(store, clock, SequentialIds::counting_from(1 << 40)).with_paywall(Arc::clone(&business.paywall));
    (crm.with_job_handlers(business.billing.job_handlers()), left)
}

fn charged_once(business: &Business, what: &str) {
    let (_, effects) = business.books.counts();
    assert_eq!(effects, 2, "{what}: one customer and one checkout");
    assert_eq!(business.level(ServiceModule::LeadGeneration), Level::Full, "{what}");
}

#[test]
fn invariant_10_a_crash_between_any_two_steps_ends_in_the_same_and_charges_once() {
    run(async {
        let mut crashes = 0;
        for step in 1.. {
            let business = Business::open().await;
            let (crm, left) = beginning(&business, step);
            let ended = subscribe(&business, &crm, &left).await;
            charged_once(&business, &format!("before step {step}"));
            if !ended {
                break;
            }
            crashes += 1;
        }
        assert!(crashes > 20, "only {crashes} steps were ended before");
    });
}

#[test]
fn invariant_10_an_answer_that_is_lost_anywhere_changes_nothing() {
    run(async {
        for lost in 0..12 {
            for failure in [Failure::After, Failure::Before(GatewayError::Outage)] {
                let business = Business::open().await;
                let (crm, left) = beginning(&business, 0);
                let before = std::iter::repeat_n(Failure::Not, lost);
                business.books.fail(before.chain([failure.clone()]));
                subscribe(&business, &crm, &left).await;
                charged_once(&business, &format!("request {lost}, {failure:?}"));
            }
        }
    });
}
