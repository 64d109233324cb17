//! The question whether an organization has a service allocates nothing while the answer is at hand.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use crm_benches::{Fault, Office};
use crm_core::billing::{AccessPolicy, Billing, Pages, ServiceGrant, SubscriptionPaywall};
use crm_core::kernel::Name;
use crm_core::paywall::{Need, Paywall, ServiceModule};
use crm_core::store::MemoryStore;
use crm_core::testing::ManualClock;
use crm_core::testing::books::FakeBooks;

/// The system's allocator, which counts what each thread asks it for.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator as it is; counting touches a number of this thread alone, and
// never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        // SAFETY: the caller keeps the contract of the very same call.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// How often this thread asks for memory meanwhile.
fn asked_for<T>(act: impl FnOnce() -> T) -> (u64, T) {
    let before = ASKED.with(Cell::get);
    let made = act();
    (ASKED.with(Cell::get) - before, made)
}

/// A paywall that knows an organization with one service, and the organization.
async fn paywall() -> Result<(SubscriptionPaywall, Office), Fault> {
    let store = MemoryStore::new();
    let office = Office::found(store.clone()).await?;
    let books = FakeBooks::new(Arc::new(ManualClock::default()), Vec::new());
    let billing = Billing::new(Arc::new(books), office.organization, Pages::default());
    let reason = Name::try_from("A test".to_owned())?;
    let grant = ServiceGrant { service: ServiceModule::SocialInbox, until: None, reason };
    office.crm.billing_desk(&billing).grant(office.organization, grant).await?;
    let paywall = SubscriptionPaywall::new(Arc::new(store), AccessPolicy::default());
    paywall.entitlements(office.organization, office.now()).await;
    Ok((paywall, office))
}

#[tokio::test]
async fn a_warm_access_check_allocates_nothing() {
    let (paywall, office) = paywall().await.unwrap();
    let (organization, now) = (office.organization, office.now());
    let need = Need { service: ServiceModule::SocialInbox, viewing: false };
    let check = || paywall.known(organization, now).is_some_and(|known| known.check(need).is_ok());
    // What a thread keeps for itself is made at the first question.
    assert!(check());
    let (asked, open) = asked_for(|| (0..1_000).all(|_| check()));
    assert!(open);
    assert_eq!(asked, 0, "for a thousand checks");

    // The counter does count: a box is one, and asking the store takes more.
    assert_eq!(asked_for(|| Box::new(organization)).0, 1);
    paywall.forget(organization);
    let before = ASKED.with(Cell::get);
    paywall.entitlements(organization, now).await;
    assert!(ASKED.with(Cell::get) > before, "asking the store allocates");
}
