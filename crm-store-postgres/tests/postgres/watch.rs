//! What one process commits changes what another lets through, at once when it is told and soon when it is not.

use std::sync::Arc;
use std::time::Duration;

use crm_core::access::OrganizationId;
use crm_core::billing::{AccessPolicy, Billing, Pages, STALENESS, ServiceGrant, SubscriptionPaywall};
use crm_core::crm::Crm;
use crm_core::kernel::{Stored, Timestamp};
use crm_core::paywall::{Need, Paywall, ServiceModule};
use crm_core::store::{Sighting, Store};
use crm_core::testing::books::FakeBooks;
use crm_core::testing::{ManualClock, SequentialIds};
use crm_store_postgres::{PgOptions, PgStore};
use tokio::task::JoinHandle;

use crate::database::{Database, at, founded, organization};

const INBOX: Need = Need { service: ServiceModule::SocialInbox, viewing: false };
/// Nothing here takes as long, unless it never comes.
const EVER: Duration = Duration::from_secs(30);
const CUT: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
    where datname = current_database() and application_name = 'crm listener'";

/// A process that sells.
struct Seller {
    crm: Crm,
    billing: Billing,
    tenant: OrganizationId,
}

impl Seller {
    async fn on(store: &PgStore, tenant: OrganizationId) -> Self {
        let desk = organization(store).await;
        let books = FakeBooks::new(Arc::new(ManualClock::new(at(0))), Vec::new());
        let crm = Crm::new(store.clone(), ManualClock::new(at(0)), SequentialIds::counting_from(1 << 40));
        Self { crm, billing: Billing::new(Arc::new(books), desk, Pages::default()), tenant }
    }

    async fn give(&self) -> Stored<ServiceGrant> {
        let grant =
            ServiceGrant { service: INBOX.service, until: None, reason: "A test".to_owned().try_into().unwrap() };
        self.crm.billing_desk(&self.billing).grant(self.tenant, grant).await.unwrap()
    }

    async fn take_back(&self, grant: &Stored<ServiceGrant>) {
        self.crm.billing_desk(&self.billing).withdraw(self.tenant, grant.id).await.unwrap();
    }
}

/// Another process, which asks its own paywall on connections of its own.
struct Door {
    paywall: Arc<SubscriptionPaywall>,
    tenant: OrganizationId,
    listening: JoinHandle<()>,
}

impl Door {
    async fn on(database: &Database, tenant: OrganizationId, listen_url: Option<String>) -> Self {
        let options = PgOptions { max_connections: 2, listen_url, ..PgOptions::default() };
        let store = PgStore::connect_with(&database.app_url, &options).await.unwrap();
        let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(store), AccessPolicy::default()));
        let listening = tokio::spawn({
            let paywall = Arc::clone(&paywall);
            async move { paywall.follow().await }
        });
        Self { paywall, tenant, listening }
    }

    async fn is_open(&self, now: Timestamp) -> bool {
        let known = self.paywall.known(self.tenant, now);
        let found = match known {
            Some(known) => known,
            None => self.paywall.entitlements(self.tenant, now).await,
        };
        found.check(INBOX).is_ok()
    }

    /// Waits until it is so, while its clock stands still: nothing but being told can bring it about.
    async fn becomes(&self, open: bool) {
        let change = async {
            while self.is_open(at(0)).await != open {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(tokio::time::timeout(EVER, change).await.is_ok(), "the door was told nothing");
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Waits until somebody listens.
async fn listeners(database: &Database) -> i64 {
    let mut connection = database.admin_connection().await;
    loop {
        let count = "select count(*) from pg_stat_activity where datname = current_database() \
                     and application_name = 'crm listener' and query like 'LISTEN%' and state = 'idle'";
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
        if count > 0 {
            return count;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_one_process_commits_opens_and_closes_the_door_of_another() {
    let (database, store, tenant) = founded().await;
    let seller = Seller::on(&store, tenant).await;
    let door = Door::on(&database, tenant, None).await;
    assert!(!door.is_open(at(0)).await);
    for _ in 0..5 {
        let grant = seller.give().await;
        door.becomes(true).await;
        seller.take_back(&grant).await;
        door.becomes(false).await;
    }
}

#[tokio::test]
async fn a_door_that_is_told_nothing_stays_as_it_was_and_compares_versions_in_the_end() {
    let (database, store, tenant) = founded().await;
    let seller = Seller::on(&store, tenant).await;
    let grant = seller.give().await;
    // It listens where nobody speaks.
    let nowhere = database.app_url.replace("postgres://", "postgres://nobody_").replace("crm_app", "crm_nobody");
    let deaf = Door::on(&database, tenant, Some(nowhere)).await;
    let hearing = Door::on(&database, tenant, None).await;
    assert!(deaf.is_open(at(0)).await);
    hearing.becomes(true).await;
    seller.take_back(&grant).await;
    hearing.becomes(false).await;
    assert!(deaf.is_open(at(0)).await, "so it was the telling that closed the other");
    let later = at(0).plus(STALENESS);
    assert!(deaf.is_open(later.minus(Duration::from_micros(1))).await);
    assert!(!deaf.is_open(later).await);
}

#[tokio::test]
async fn what_was_said_while_the_line_was_cut_is_found_when_it_is_back() {
    let (database, store, tenant) = founded().await;
    let seller = Seller::on(&store, tenant).await;
    let mut grant = seller.give().await;
    let door = Door::on(&database, tenant, None).await;
    door.becomes(true).await;
    for _ in 0..2 {
        listeners(&database).await;
        // Cut and change in one go: most of the time nobody listens when it is said.
        database.admin(CUT).await;
        seller.take_back(&grant).await;
        door.becomes(false).await;
        listeners(&database).await;
        database.admin(CUT).await;
        grant = seller.give().await;
        door.becomes(true).await;
    }
}

#[tokio::test]
async fn nothing_is_told_of_what_is_not_committed() {
    let (_database, store, tenant) = founded().await;
    let mut watch = store.watch().unwrap();
    assert_eq!(watch.next().await, Sighting::Gap, "what was said before is not known");
    let mut undone = store.begin(tenant, crm_core::access::Intent::Write).await.unwrap();
    undone.announce_access(1).await.unwrap();
    drop(undone);
    let mut kept = store.begin(tenant, crm_core::access::Intent::Write).await.unwrap();
    kept.announce_access(2).await.unwrap();
    kept.commit().await.unwrap();
    assert_eq!(watch.next().await, Sighting::Access { organization: tenant, version: 2 });
    let mut reading = store.begin(tenant, crm_core::access::Intent::Read).await.unwrap();
    assert!(reading.announce_access(3).await.is_err(), "reading changes nothing");
}
