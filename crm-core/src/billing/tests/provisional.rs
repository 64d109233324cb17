//! What is gone by while the provider cannot be asked, and what is done when it can be again.

use std::time::Duration;

use super::fixture::{Business, id, january, open_invoice};
use crate::billing::desk::{ReceivedEvent, ReceivedState};
use crate::billing::{
    GatewayError, InvoiceStatus, ProviderEvent, Subscription, SubscriptionStatus as S, SubscriptionTruth,
};
use crate::kernel::Timestamp;
use crate::paywall::{Level, ServiceModule};
use crate::testing::books::Failure;

const LEADS: ServiceModule = ServiceModule::LeadGeneration;

/// A tenant whose subscription was fetched a moment ago.
async fn fetched(status: S) -> Business {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(status));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    business
}

fn telling(business: &Business, name: &str, at: Timestamp, truth: SubscriptionTruth) -> ProviderEvent {
    let event = business.event(name, Some("cus_1"));
    ProviderEvent { occurred_at: at, subscription: Some(truth), ..event }
}

/// Receives events while the provider is away; works on them once, in vain.
async fn during_an_outage(business: &Business, events: Vec<ProviderEvent>) {
    for event in events {
        business.desk().receive(event).await.unwrap();
    }
    business.books.fail([Failure::Before(GatewayError::Outage)]);
    let run = business.office.crm.run_due("worker", 10).await.unwrap();
    assert_eq!(run.failed, 1, "the fetch; what else was due is done");
}

fn kept(business: &Business) -> (S, bool) {
    let row = business.office.store.dump::<Subscription>(business.tenant()).remove(0);
    (row.status.clone(), row.provisional)
}

async fn afterwards(business: &Business) {
    for _ in 0..5 {
        business.office.clock.advance(Duration::from_mins(2));
        business.work().await;
    }
}

#[tokio::test]
async fn newer_events_count_until_the_provider_can_be_asked() {
    let business = fetched(S::Incomplete).await;
    assert_eq!(business.level(LEADS), Level::None);
    let later = business.now().plus(Duration::from_secs(1));
    business.office.clock.set(later);
    during_an_outage(&business, vec![telling(&business, "evt_1", later, january(S::Active))]).await;
    assert_eq!((business.level(LEADS), kept(&business)), (Level::Full, (S::Active, true)));
    let waiting = business.office.store.dump::<ReceivedEvent>(business.billing.desk());
    assert!(waiting.iter().all(|event| event.state == ReceivedState::Waiting), "it is still to be asked");

    // The truth is another, and wins.
    let mut ended = january(S::Canceled);
    ended.ended_at = Some(later);
    business.books.put(ended);
    afterwards(&business).await;
    assert_eq!((business.level(LEADS), kept(&business)), (Level::None, (S::Canceled, false)));
    assert_eq!(business.desk().drift().await.unwrap(), 0);
}

#[tokio::test]
async fn an_event_from_before_the_last_fetch_counts_for_nothing() {
    let business = fetched(S::Active).await;
    let before = business.now().minus(Duration::from_secs(1));
    during_an_outage(&business, vec![telling(&business, "evt_1", before, january(S::Canceled))]).await;
    assert_eq!((business.level(LEADS), kept(&business)), (Level::Full, (S::Active, false)), "and nothing is revoked");
    let theirs = SubscriptionTruth { customer: id("cus_2"), ..january(S::Canceled) };
    let business = fetched(S::Active).await;
    let after = business.now().plus(Duration::from_secs(1));
    during_an_outage(&business, vec![telling(&business, "evt_1", after, theirs)]).await;
    assert_eq!(business.level(LEADS), Level::Full, "nor by what is said of another customer");
}

#[tokio::test]
async fn any_order_of_events_comes_to_the_same_and_an_end_is_the_end() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let business = fetched(S::Incomplete).await;
        let at = |seconds| business.now().plus(Duration::from_secs(seconds));
        // The last two happened in the same second, and one is the end.
        let all = [
            telling(&business, "evt_3", at(1), january(S::Active)),
            telling(&business, "evt_1", at(2), january(S::Canceled)),
            telling(&business, "evt_2", at(2), january(S::PastDue)),
        ];
        during_an_outage(&business, order.map(|number| all[number].clone()).to_vec()).await;
        assert_eq!(kept(&business), (S::Canceled, true), "{order:?}");
        assert_eq!(business.level(LEADS), Level::None, "{order:?}");
    }
}

#[tokio::test]
async fn an_event_keeps_the_invoice_that_is_known() {
    let business = fetched(S::Active).await;
    let failed_at = business.now().minus(Duration::from_hours(1));
    let mut truth = january(S::PastDue);
    truth.latest_invoice = Some(open_invoice(&["si_1"], failed_at));
    business.books.put(truth.clone());
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(business.level(LEADS), Level::Grace);
    // An event names the invoice and does not hold it; the period began weeks ago.
    truth.latest_invoice = None;
    let after = business.now().plus(Duration::from_secs(1));
    during_an_outage(&business, vec![telling(&business, "evt_1", after, truth)]).await;
    assert_eq!(business.level(LEADS), Level::Grace, "the grace is that of the invoice");
}

#[tokio::test]
async fn what_stays_unpaid_because_of_drafts_is_brought_back() {
    let business = fetched(S::Unpaid).await;
    let mut paid = open_invoice(&["si_1"], business.now());
    paid.status = InvoiceStatus::Open;
    business.books.put_invoice(paid.clone());
    let mut draft = open_invoice(&["si_1"], business.now().plus(Duration::from_hours(1)));
    draft.id = id("in_2");
    draft.status = InvoiceStatus::Draft;
    business.books.put_invoice(draft);
    business.desk().sync(&id("cus_1")).await.unwrap();
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(business.level(LEADS), Level::ReadOnly, "nothing is sent while a bill is open");
    paid.status = InvoiceStatus::Paid;
    business.books.put_invoice(paid);
    business.desk().sync(&id("cus_1")).await.unwrap();
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(business.level(LEADS), Level::Full);
}
