//! Events come late, twice, out of order or never, and the records say what is so.

use std::time::Duration;

use super::fixture::{Business, at, id, item, january, open_invoice};
use crate::billing::desk::{ReceivedEvent, ReceivedState};
use crate::billing::{
    BillingAccount, GatewayError, Invoice, InvoiceStatus, PaymentMethod, PaymentMethodTruth, Received, Subscription,
    SubscriptionStatus as S, Synced,
};
use crate::kernel::Page;
use crate::paywall::{Level, ServiceModule};
use crate::testing::books::Failure;

const LEADS: ServiceModule = ServiceModule::LeadGeneration;

fn states(business: &Business) -> Vec<ReceivedState> {
    business.office.store.dump::<ReceivedEvent>(business.billing.desk()).iter().map(|event| event.state).collect()
}

async fn linked() -> Business {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.desk().link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    business
}

#[tokio::test]
async fn an_event_is_stored_once_and_leads_to_the_truth() {
    let business = linked().await;
    business.books.put(january(S::Active));
    let event = business.event("evt_1", Some("cus_1"));
    assert_eq!(business.desk().receive(event.clone()).await.unwrap(), Received::Stored);
    assert_eq!(business.desk().receive(event.clone()).await.unwrap(), Received::Repeated);
    assert_eq!(states(&business), [ReceivedState::Waiting]);
    assert_eq!(business.level(LEADS), Level::None, "an event by itself opens nothing");
    business.work().await;
    assert_eq!(business.level(LEADS), Level::Full);
    assert_eq!(states(&business), [ReceivedState::Settled]);
    assert_eq!(business.desk().drift().await.unwrap(), 0);
    assert_eq!(business.desk().receive(event).await.unwrap(), Received::Repeated, "also long after");

    let mut foreign = business.event("evt_2", Some("cus_1"));
    foreign.mode = crate::billing::Mode::Live;
    assert_eq!(business.desk().receive(foreign).await.unwrap(), Received::Foreign);
    let mut foreign = business.event("evt_3", Some("cus_1"));
    foreign.account = Some(id("acct_other"));
    assert_eq!(business.desk().receive(foreign).await.unwrap(), Received::Foreign);
    assert_eq!(states(&business).len(), 1);
}

#[tokio::test]
async fn an_event_without_a_customer_is_asked_about_or_left_alone() {
    let business = linked().await;
    business.books.put(january(S::Active));
    business.desk().receive(business.event("evt_1", None)).await.unwrap();
    let mut nobody = business.event("evt_2", None);
    nobody.object = None;
    business.desk().receive(nobody).await.unwrap();
    let mut stranger = business.event("evt_3", None);
    stranger.object = Some(crate::billing::ObjectRef { kind: "plan".to_owned(), id: Some(id("plan_1")) });
    business.desk().receive(stranger).await.unwrap();
    business.work().await;
    assert_eq!(business.level(LEADS), Level::Full);
    assert_eq!(states(&business), [ReceivedState::Settled, ReceivedState::Unconcerned, ReceivedState::Unconcerned]);
}

#[tokio::test]
async fn an_unknown_customer_is_waited_for_and_then_laid_before_a_person() {
    let business = Business::open().await;
    business.books.put_customer(&id("cus_1"));
    business.books.put(january(S::Active));
    let desk = business.desk();
    desk.receive(business.event("evt_1", Some("cus_1"))).await.unwrap();
    business.work().await;
    assert_eq!(states(&business), [ReceivedState::Waiting]);
    business.office.clock.advance(Duration::from_mins(9));
    business.work().await;
    assert_eq!(states(&business), [ReceivedState::Waiting], "our own record of it may not be committed yet");
    business.office.clock.advance(Duration::from_mins(2));
    business.work().await;
    assert_eq!(states(&business), [ReceivedState::Orphaned]);
    assert_eq!(desk.orphans(&Page::first(10)).await.unwrap().len(), 1);

    desk.link(&id("cus_1"), business.tenant()).await.unwrap();
    business.work().await;
    assert_eq!((states(&business), business.level(LEADS)), (vec![ReceivedState::Settled], Level::Full));
    let elsewhere = desk.link(&id("cus_1"), business.billing.desk()).await.unwrap_err();
    assert_eq!(elsewhere.code(), "billing_customer.linked_elsewhere");
}

#[tokio::test]
async fn invariant_3_an_older_fetch_never_overwrites_a_newer_one() {
    let business = linked().await;
    business.books.put(january(S::Active));
    // The first fetch takes its answer now and gives it late; the second overtakes it.
    business.books.answer_late([0, 0, 0, 0, 0, 0, 9, 0]);
    let slow = async { business.desk().sync(&id("cus_1")).await.unwrap() };
    let fast = async {
        tokio::task::yield_now().await;
        let mut ended = january(S::Canceled);
        ended.ended_at = Some(at("2026-01-09T00:00:00Z"));
        business.books.put(ended);
        business.desk().sync(&id("cus_1")).await.unwrap()
    };
    let (slow, fast) = futures_util::future::join(Box::pin(slow), Box::pin(fast)).await;
    let (Synced::Fetched(slow), Synced::Fetched(fast)) = (slow, fast) else { panic!("both know the customer") };
    assert_eq!((slow.written, fast.written), (false, true), "the slow one was begun first and arrived last");
    assert_eq!(business.level(LEADS), Level::None);

    let versions = || business.office.store.dump::<BillingAccount>(business.tenant())[0].entitlement_version;
    let before = versions();
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(versions(), before, "the same again is no change");
}

#[tokio::test]
async fn invariant_3_every_change_raises_the_version_and_nothing_else_does() {
    let business = linked().await;
    let version = || {
        let account = business.office.store.dump::<BillingAccount>(business.tenant());
        account.first().map_or(0, |account| account.entitlement_version)
    };
    let mut seen = version();
    for status in [S::Incomplete, S::Active, S::PastDue, S::Unpaid, S::Active, S::Paused, S::Canceled] {
        business.books.put(january(status.clone()));
        business.desk().sync(&id("cus_1")).await.unwrap();
        assert_eq!(version(), seen + 1, "{status:?}");
        seen = version();
        business.desk().sync(&id("cus_1")).await.unwrap();
        assert_eq!(version(), seen, "{status:?} again");
    }
}

#[tokio::test]
async fn a_provider_that_fails_loses_nothing_and_takes_nothing_away() {
    let business = linked().await;
    business.books.put(january(S::Active));
    business.desk().receive(business.event("evt_1", Some("cus_1"))).await.unwrap();
    let failures = [GatewayError::Outage, GatewayError::Retryable { after: None }, GatewayError::Unauthorised];
    business.books.fail(failures.map(Failure::Before));
    let run = business.office.crm.run_due("worker", 10).await.unwrap();
    assert_eq!((run.failed, business.level(LEADS)), (1, Level::None));
    for _ in 0..5 {
        business.office.clock.advance(Duration::from_mins(2));
        business.work().await;
    }
    assert_eq!((business.level(LEADS), states(&business)), (Level::Full, vec![ReceivedState::Settled]));

    business.books.fail([Failure::Before(GatewayError::Outage)]);
    assert!(business.desk().sync(&id("cus_1")).await.is_err());
    assert_eq!(business.level(LEADS), Level::Full, "an outage revokes nothing");
}

#[tokio::test]
async fn what_no_event_told_of_is_found_and_counted() {
    let business = linked().await;
    business.books.put(january(S::Active));
    business.desk().begin_sweeping().await.unwrap();
    business.work().await;
    assert_eq!(business.level(LEADS), Level::Full, "the pass through all customers finds it");
    assert_eq!(business.desk().drift().await.unwrap(), 1);

    // An event that could not be delivered is taken up by the sweep, and is no drift.
    let mut ended = january(S::Canceled);
    ended.ended_at = Some(business.now());
    business.books.put(ended);
    business.books.keep_undelivered(business.event("evt_1", Some("cus_1")));
    let swept = business.desk().sweep().await.unwrap();
    assert_eq!(swept.missed, 1);
    business.work().await;
    assert_eq!((business.level(LEADS), business.desk().drift().await.unwrap()), (Level::None, 1));
}

#[tokio::test]
async fn who_is_about_to_change_by_time_is_fetched_before() {
    let business = linked().await;
    business.books.put(january(S::Active));
    business.desk().sync(&id("cus_1")).await.unwrap();
    business.office.clock.set(at("2026-02-03T23:30:00Z"));
    let mut renewed = january(S::Active);
    renewed.items = vec![item("si_1", "leadgen_monthly", at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z"))];
    business.books.put(renewed);
    assert_eq!(business.desk().sweep().await.unwrap().fetching, 1);
    business.work().await;
    business.office.clock.set(at("2026-02-04T00:00:00Z"));
    assert_eq!(business.level(LEADS), Level::Full, "the renewal was found before the lease ran out");
}

#[tokio::test]
async fn a_deleted_customer_has_nothing_any_more() {
    let business = linked().await;
    business.books.put(january(S::Active));
    business.desk().sync(&id("cus_1")).await.unwrap();
    business.books.delete_customer(&id("cus_1"));
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!(business.level(LEADS), Level::None);
    assert_eq!(business.office.store.dump::<Subscription>(business.tenant())[0].status, S::Canceled);
}

#[tokio::test]
async fn invoices_and_payment_methods_are_mirrored_with_one_default() {
    let business = linked().await;
    let mut truth = january(S::PastDue);
    truth.latest_invoice = Some(open_invoice(&["si_1"], business.now()));
    business.books.put(truth);
    let card = |name: &str| PaymentMethodTruth {
        id: id(name),
        kind: "card".to_owned(),
        brand: Some("visa".to_owned()),
        last4: Some("4242".to_owned()),
        expiry_month: Some(12),
        expiry_year: Some(2030),
        created_at: None,
    };
    business.books.attach(&id("cus_1"), card("pm_1"), true);
    business.books.attach(&id("cus_1"), card("pm_2"), true);
    business.desk().sync(&id("cus_1")).await.unwrap();
    let methods = || {
        let rows = business.office.store.dump::<PaymentMethod>(business.tenant());
        let mut rows: Vec<_> = rows.into_iter().map(|row| (row.external_id.to_string(), row.is_default)).collect();
        rows.sort();
        rows
    };
    assert_eq!(methods(), [("pm_1".to_owned(), false), ("pm_2".to_owned(), true)]);
    let invoices = || business.office.store.dump::<Invoice>(business.tenant());
    assert_eq!((invoices()[0].status.clone(), invoices()[0].total_minor), (InvoiceStatus::Open, 9_900));

    let mut paid = open_invoice(&["si_1"], business.now());
    paid.status = InvoiceStatus::Paid;
    business.books.put_invoice(paid);
    business.books.detach(&id("pm_2"));
    business.desk().sync(&id("cus_1")).await.unwrap();
    assert_eq!((invoices().len(), invoices()[0].status.clone()), (1, InvoiceStatus::Paid));
    assert_eq!(methods(), [("pm_1".to_owned(), false)]);
}

#[tokio::test]
async fn invariant_9_what_happens_to_one_customer_leaves_the_other_as_it_was() {
    let business = linked().await;
    let neighbour = business.office.neighbour("neighbour").await;
    business.books.put_customer(&id("cus_2"));
    let mut theirs = january(S::Active);
    theirs.id = id("sub_2");
    theirs.customer = id("cus_2");
    business.books.put(theirs);
    business.desk().link(&id("cus_2"), neighbour.organization).await.unwrap();
    business.work().await;
    let records = || {
        let store = &business.office.store;
        let organization = neighbour.organization;
        (store.dump::<Subscription>(organization), store.dump::<BillingAccount>(organization))
    };
    let before = records();
    business.books.put(january(S::Unpaid));
    for name in ["evt_1", "evt_2", "evt_3"] {
        business.desk().receive(business.event(name, Some("cus_1"))).await.unwrap();
        business.work().await;
    }
    assert_eq!(records(), before);
    assert_eq!(business.level(LEADS), Level::ReadOnly);
}
