//! What the door costs: the question whether an organization has a service, warm, by time alone, and from a store in
//! memory; and what a fetch makes of a customer. What takes a database is in `billing.rs`.
//!
//! The floor of the warm question is a plain map with an instant of expiry; both are asked among 100,000 organizations.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crm_core::access::OrganizationId;
use crm_core::billing::{AccessPolicy, Catalogue, Snapshot, Subscription, SubscriptionPaywall, decide, project};
use crm_core::kernel::{Clock, Id, Timestamp};
use crm_core::paywall::{Need, Paywall, ServiceModule};
use crm_core::store::MemoryStore;
use crm_core::testing::ManualClock;
use serde_json::json;
use tokio::runtime::Runtime;

const ORGANIZATIONS: u128 = 100_000;
const NEED: Need = Need { service: ServiceModule::BasicCrm, viewing: false };

fn organization(number: u128) -> OrganizationId {
    Id::new(uuid::Uuid::from_u128(
        0x019c_adc6_0000_7000_8000_0000_0000_0000 | number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & 0xffff_ffff_ffff,
    ))
}

/// A subscription with two items, paid for a month.
fn subscription(now: Timestamp) -> Subscription {
    let period = json!({ "start": now.minus(Duration::from_hours(24)), "end": now.plus(Duration::from_hours(600)) });
    let item = |id: &str, key: &str| {
        json!({
            "id": id, "quantity": 1, "period": period,
            "price": { "id": format!("price_{key}"), "lookup_key": key, "product": null, "service": null,
                "unit_amount": null, "interval": "month", "interval_count": 1, "metered": false, "active": true },
        })
    };
    let truth = json!({
        "id": "sub_1", "customer": "cus_1", "status": "active", "created_at": now, "cancel_at": null,
        "cancel_at_period_end": false, "canceled_at": null, "ended_at": null, "collection_pause": null,
        "pause_reason": null, "trial": null, "default_payment_method": null, "discounts": [], "schedule": null,
        "pending_update": false, "latest_invoice": null,
        "items": [item("si_1", "leadgen_monthly"), item("si_2", "email_monthly")],
    });
    let prices = crm_core::billing::default_prices().unwrap_or_else(|error| panic!("{error}"));
    let truth = serde_json::from_value(truth).unwrap_or_else(|error| panic!("{error}"));
    project(None, truth, &Catalogue::new(prices), false, now).0
}

fn paywall(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("{error}"));
    let now = ManualClock::default().now();
    let plain: HashMap<OrganizationId, (u64, Timestamp)> =
        (0..ORGANIZATIONS).map(|number| (organization(number), (1, now.plus(Duration::from_secs(5))))).collect();
    let mut number = 0;
    let mut next = move || {
        number = (number + 7_919) % ORGANIZATIONS;
        organization(number)
    };
    bench.bench_function("access check, a plain map with expiry (floor)", |run| {
        run.iter(|| plain.get(&black_box(next())).is_some_and(|(bits, until)| now < *until && bits & 1 != 0));
    });

    let cached = SubscriptionPaywall::new(Arc::new(MemoryStore::new()), AccessPolicy::default());
    for number in 0..ORGANIZATIONS {
        runtime.block_on(cached.entitlements(organization(number), now));
    }
    bench.bench_function("access check, warm, one of 100,000", |run| {
        run.iter(|| cached.known(black_box(next()), now).is_some_and(|known| known.check(NEED).is_ok()));
    });
    let one = organization(1);
    bench.bench_function("access check, warm, the same again", |run| {
        run.iter(|| cached.known(black_box(one), now).is_some_and(|known| known.check(NEED).is_ok()));
    });
    let snapshot = Snapshot { version: 1, subscriptions: vec![subscription(now)], ..Snapshot::default() };
    let policy = AccessPolicy::default();
    let known = subscription(now);
    let prices = crm_core::billing::default_prices().unwrap_or_else(|error| panic!("{error}"));
    let catalogue = Catalogue::new(prices);
    bench.bench_function("projection of one customer", |run| {
        run.iter_batched(
            || known.truth.clone(),
            |truth| project(Some(&known), truth, black_box(&catalogue), false, now),
            BatchSize::SmallInput,
        );
    });
    bench.bench_function("decision on a subscription of two items", |run| {
        run.iter(|| decide(black_box(&snapshot), &policy, black_box(now)));
    });
    bench.bench_function("access check, cold, store in memory", |run| {
        run.iter_batched(
            || SubscriptionPaywall::new(Arc::new(MemoryStore::new()), AccessPolicy::default()),
            |cold| runtime.block_on(cold.entitlements(one, now)),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, paywall);
criterion_main!(benches);
