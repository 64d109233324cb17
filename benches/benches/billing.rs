//! What billing costs with a database: webhooks from their bytes to the commit, the way from a commit to the door of another
//! process, and the first question about an organization.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crm_benches::{Database, Fault, Goal, Office, Report, Round, Server, must};
use crm_billing_stripe::{SecretKey, StripeBilling, StripeConfig, StripeWebhook, WebhookSecrets, signature_header};
use crm_core::billing::{AccessPolicy, Billing, Pages, Received, ServiceGrant, SubscriptionPaywall};
use crm_core::kernel::{Clock, Name};
use crm_core::paywall::{Need, Paywall, ServiceModule};
use crm_core::testing::ManualClock;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Webhooks in a second, and for how many seconds.
const RATE: u64 = 500;
const SECONDS: u64 = 20;
/// How many customers they are about.
const CUSTOMERS: u64 = 200;
const SECRET: &str = "whsec_bench";
const INBOX: Need = Need { service: ServiceModule::SocialInbox, viewing: false };
/// What has not come by then never does.
const GIVEN_UP: Duration = Duration::from_secs(30);

/// An office at a database, which is its own desk.
struct House {
    office: Office,
    billing: Billing,
}

impl House {
    async fn at(database: &Database) -> Result<Self, Fault> {
        let office = Office::found(database.store().await?).await?;
        let gateway = StripeBilling::new(StripeConfig::new(SecretKey::parse("sk_test_bench")?)?)?;
        let billing = Billing::new(Arc::new(gateway), office.organization, Pages::default());
        Ok(Self { office, billing })
    }

    async fn grant(&self) -> Result<crm_core::kernel::Stored<ServiceGrant>, Fault> {
        let reason = Name::try_from("A benchmark".to_owned())?;
        let grant = ServiceGrant { service: INBOX.service, until: None, reason };
        Ok(self.office.crm.billing_desk(&self.billing).grant(self.office.organization, grant).await?)
    }
}

/// Of five webhooks one comes twice, and each may be overtaken by those after it.
fn arriving() -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..RATE * SECONDS).map(|number| number - u64::from(number % 5 == 4)).collect();
    for block in numbers.chunks_mut(7) {
        block.reverse();
    }
    numbers
}

fn event(number: u64) -> Vec<u8> {
    let customer = format!("cus_bench{}", number % CUSTOMERS);
    let event = json!({
        "id": format!("evt_bench{number}"), "object": "event", "type": "invoice.paid", "created": 1_767_225_600,
        "livemode": false, "data": {"object": {"id": format!("in_{number}"), "object": "invoice", "customer": customer,
            "status": "paid", "lines": {"object": "list", "has_more": false, "data": []}}},
    });
    event.to_string().into_bytes()
}

/// Webhooks at their rate, whether or not those before are done: each is timed from when it came.
async fn webhooks(house: Arc<House>) -> Result<Round, Fault> {
    let webhook = Arc::new(StripeWebhook::new(WebhookSecrets::new([SECRET])?));
    let now = ManualClock::default().now();
    let (begin, mut running) = (Instant::now(), JoinSet::new());
    for (place, number) in arriving().into_iter().enumerate() {
        let came = begin + Duration::from_secs(1) * u32::try_from(place)? / u32::try_from(RATE)?;
        let (house, webhook) = (Arc::clone(&house), Arc::clone(&webhook));
        running.spawn(async move {
            tokio::time::sleep_until(came.into()).await;
            let body = event(number);
            let header = signature_header(SECRET, &body, now);
            let event = must(webhook.read(&body, Some(&header), now));
            let received = must(house.office.crm.billing_desk(&house.billing).receive(event).await);
            assert_ne!(received, Received::Foreign);
            came.elapsed()
        });
    }
    Ok(Round::without_floor(running.join_all().await))
}

/// From the commit in one process to the other door in another, with connections of its own.
async fn doors(house: &House, database: &Database, times: usize) -> Result<Round, Fault> {
    let paywall = Arc::new(SubscriptionPaywall::new(Arc::new(database.store().await?), AccessPolicy::default()));
    let listening = tokio::spawn({
        let paywall = Arc::clone(&paywall);
        async move { paywall.follow().await }
    });
    let (organization, now) = (house.office.organization, house.office.now());
    let becomes = async |open: bool| {
        let begin = Instant::now();
        while begin.elapsed() < GIVEN_UP {
            let known = match paywall.known(organization, now) {
                Some(known) => known,
                None => paywall.entitlements(organization, now).await,
            };
            if known.check(INBOX).is_ok() == open {
                return Ok(begin.elapsed());
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        Err::<_, Fault>(
            format!("the other door was not told that the service is {}", if open { "there" } else { "gone" }).into(),
        )
    };
    let mut round = Round::default();
    becomes(false).await?;
    for _ in 0..times {
        let grant = house.grant().await?;
        round.ours.push(becomes(true).await?);
        house.office.crm.billing_desk(&house.billing).withdraw(organization, grant.id).await?;
        round.ours.push(becomes(false).await?);
    }
    listening.abort();
    Ok(round)
}

/// The first question about an organization, in a process that knows nothing of it.
async fn cold(house: &House, database: &Database, times: usize) -> Result<Round, Fault> {
    let (store, mut round) = (Arc::new(database.store().await?), Round::default());
    let (organization, now) = (house.office.organization, house.office.now());
    let grant = house.grant().await?;
    for _ in 0..times {
        let paywall = SubscriptionPaywall::new(store.clone(), AccessPolicy::default());
        let begin = Instant::now();
        let open = paywall.entitlements(organization, now).await.check(INBOX).is_ok();
        round.ours.push(begin.elapsed());
        if !open {
            return Err("the service that was given is not there".into());
        }
    }
    house.office.crm.billing_desk(&house.billing).withdraw(organization, grant.id).await?;
    Ok(round)
}

fn main() {
    let Some(server) = Server::from_environment("billing") else { return };
    let (runtime, mut report) = (must(Runtime::new()), Report::default());
    runtime.block_on(async {
        let database = must(server.database().await);
        let house = Arc::new(must(House::at(&database).await));
        let round = must(cold(&house, &database, 2_000).await);
        report.add("access check, cold, PostgreSQL", &round, "-", Goal::P99(Duration::from_millis(1)));
        let round = must(doors(&house, &database, 200).await);
        report.add("commit to the door of another process", &round, "-", Goal::P99(Duration::from_millis(100)));
        let round = must(webhooks(Arc::clone(&house)).await);
        let what = format!("webhook verified to committed, {RATE}/s");
        report.add(&what, &round, "-", Goal::P99(Duration::from_millis(50)));
        drop(house);
        must(database.remove().await);
    });
    report.print();
}
