//! What was decided, kept at hand in this process.
//!
//! One slot for each organization holds what access depends on and the decision that is in force. An answer is given
//! from it while it is fresh: not invalidated since it was loaded, and compared with the store's version within
//! [`STALENESS`]. Time alone makes a new decision without the store. So an answer is never wrong for longer than
//! [`STALENESS`] after the commit that changed it, and not at all after [`SubscriptionPaywall::forget`].
//!
//! Where the store tells of what other processes commit, [`SubscriptionPaywall::follow`] listens: the next question after
//! the telling asks the store. What is not heard is found by comparing versions, so that listening is speed and never
//! correctness.
//!
//! It fails closed: whoever cannot be looked up has nothing but what is always on. What is known already is kept through
//! an outage of the store, up to the next instant at which it would change by time.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use futures_util::lock::Mutex;

use super::decide::{Snapshot, decide};
use super::policy::AccessPolicy;
use crate::access::{Intent, OrganizationId};
use crate::billing::account::{BillingAccount, ServiceGrant, Subscription};
use crate::kernel::{Page, Predicate, Stored, Timestamp};
use crate::paywall::{AccessReason, Entitlements, Paywall};
use crate::store::{Records, Sighting, Store, StoreResult, Tx};

/// How long an answer may rest on what was loaded before the store is asked whether it still holds.
pub const STALENESS: Duration = Duration::from_secs(5);
/// How long the store is left alone after it could not be reached.
const OUTAGE_PAUSE: Duration = Duration::from_secs(1);

/// The paywall that follows from subscriptions.
pub struct SubscriptionPaywall {
    store: Arc<dyn Store>,
    policy: AccessPolicy,
    slots: RwLock<HashMap<OrganizationId, Arc<Slot>, BuildHasherDefault<IdHasher>>>,
}

#[derive(Default)]
struct Slot {
    held: ArcSwapOption<Held>,
    /// Raised when what is held may be wrong.
    generation: AtomicU64,
    /// Held by the one that asks the store.
    loading: Mutex<()>,
}

/// What is held of one organization.
struct Held {
    generation: u64,
    snapshot: Arc<Snapshot>,
    /// When the store was last asked, and from when on it is to be asked again.
    checked_at: Timestamp,
    check_again_at: Timestamp,
    entitlements: Arc<Entitlements>,
}

impl Held {
    /// Whether it may answer without asking the store. A clock that went backwards asks.
    fn is_fresh(&self, generation: u64, now: Timestamp) -> bool {
        self.generation == generation && self.checked_at.minus(STALENESS) <= now && now < self.check_again_at
    }
}

/// Hashes identifiers, whose bits are spread already.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        // Multiplying spreads bits upwards only, and a map finds its place by the lowest.
        self.0.rotate_left(26)
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
    fn write_usize(&mut self, _: usize) {}
}

impl SubscriptionPaywall {
    /// A paywall that reads this store and decides by this policy.
    pub fn new(store: Arc<dyn Store>, policy: AccessPolicy) -> Self {
        Self { store, policy, slots: RwLock::default() }
    }

    /// Says that an organization's access may have changed. The next question asks the store.
    pub fn forget(&self, organization: OrganizationId) {
        if let Some(slot) = self.slot(organization) {
            slot.generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Listens to what other processes commit, where the store tells of it; ends at once where it does not.
    ///
    /// Spawn it once in each process, and drop it to end it:
    ///
    /// ```
    /// # fn listen(paywall: std::sync::Arc<crm_core::billing::SubscriptionPaywall>) {
    /// tokio::spawn(async move { paywall.follow().await });
    /// # }
    /// ```
    pub async fn follow(&self) {
        let Some(mut watch) = self.store.watch() else { return };
        loop {
            match watch.next().await {
                Sighting::Access { organization, version } => self.hear(organization, version),
                Sighting::Gap => self.forget_all(),
            }
        }
    }

    /// Takes up that a version was committed; one that is known already changes nothing.
    fn hear(&self, organization: OrganizationId, version: i64) {
        let Some(slot) = self.slot(organization) else { return };
        let known = slot.held.load().as_ref().is_some_and(|held| held.snapshot.version >= version);
        if !known {
            slot.generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Says that anything may have changed, as after a lost connection.
    pub fn forget_all(&self) {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        for slot in slots.values() {
            slot.generation.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn slot(&self, organization: OrganizationId) -> Option<Arc<Slot>> {
        // A panic elsewhere can't leave the map half-written.
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(&organization).map(Arc::clone)
    }

    fn slot_or_new(&self, organization: OrganizationId) -> Arc<Slot> {
        self.slot(organization).unwrap_or_else(|| {
            let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(organization).or_default())
        })
    }

    /// What a slot answers without the store.
    fn answer(&self, slot: &Slot, now: Timestamp) -> Option<Arc<Entitlements>> {
        let generation = slot.generation.load(Ordering::Acquire);
        let held = slot.held.load();
        let held = held.as_ref().filter(|held| held.is_fresh(generation, now))?;
        if held.entitlements.holds_at(now) {
            return Some(Arc::clone(&held.entitlements));
        }
        // Time has moved past what was decided: decide anew from what is known.
        let entitlements = self.judge(&held.snapshot, held.check_again_at, now);
        slot.held.store(Some(Arc::new(Held { entitlements: Arc::clone(&entitlements), ..held.copy() })));
        Some(entitlements)
    }

    fn judge(&self, snapshot: &Snapshot, check_again_at: Timestamp, now: Timestamp) -> Arc<Entitlements> {
        Arc::new(decide(snapshot, &self.policy, now).entitlements().at_most_until(check_again_at))
    }

    /// Asks the store, and holds what it says.
    async fn look_up(&self, organization: OrganizationId, slot: &Slot, now: Timestamp) -> Arc<Entitlements> {
        let generation = slot.generation.load(Ordering::Acquire);
        let before = slot.held.load_full();
        match self.load(organization, before.as_deref()).await {
            Ok(snapshot) => {
                let check_again_at = now.plus(STALENESS);
                let entitlements = self.judge(&snapshot, check_again_at, now);
                let kept = Arc::clone(&entitlements);
                slot.held.store(Some(Arc::new(Held {
                    generation,
                    snapshot,
                    checked_at: now,
                    check_again_at,
                    entitlements,
                })));
                kept
            }
            Err(_) => match before {
                // The store can't be reached: what was so stays so, up to where it would change by time.
                Some(held) if decide(&held.snapshot, &self.policy, held.checked_at).entitlements().holds_at(now) => {
                    let check_again_at = now.plus(OUTAGE_PAUSE);
                    let entitlements = self.judge(&held.snapshot, check_again_at, now);
                    let kept = Arc::clone(&entitlements);
                    slot.held.store(Some(Arc::new(Held { check_again_at, entitlements, ..held.copy() })));
                    kept
                }
                _ => Arc::new(Entitlements::closed(AccessReason::Unavailable, now)),
            },
        }
    }

    /// Reads what access depends on; what is known already, when its version is still that of the store.
    async fn load(&self, organization: OrganizationId, known: Option<&Held>) -> StoreResult<Arc<Snapshot>> {
        let mut tx = self.store.begin(organization, Intent::Read).await?;
        let account = Records::<BillingAccount>::find(&mut *tx, BillingAccount::id_of(organization)).await?;
        let BillingAccount { entitlement_version: version, withholdings, .. } =
            account.map(|account| account.value).unwrap_or_default();
        if let Some(known) = known
            && known.snapshot.version == version
        {
            return Ok(Arc::clone(&known.snapshot));
        }
        let subscriptions = all::<Subscription>(&mut *tx).await?;
        let grants = all::<ServiceGrant>(&mut *tx).await?;
        Ok(Arc::new(Snapshot { version, subscriptions, grants, withholdings }))
    }
}

impl Held {
    fn copy(&self) -> Self {
        let Self { generation, checked_at, check_again_at, .. } = *self;
        let (snapshot, entitlements) = (Arc::clone(&self.snapshot), Arc::clone(&self.entitlements));
        Self { generation, snapshot, checked_at, check_again_at, entitlements }
    }
}

async fn all<E: crate::kernel::Entity>(tx: &mut (dyn Tx + '_)) -> StoreResult<Vec<E>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let (mut page, mut found) = (Page::first(1_000), Vec::new());
    loop {
        let rows: Vec<Stored<E>> = Records::<E>::list(tx, &Predicate::everything(), &page).await?;
        let Some(last) = rows.last() else { return Ok(found) };
        page = page.following(last);
        found.extend(rows.into_iter().map(|row| row.value));
    }
}

#[async_trait]
impl Paywall for SubscriptionPaywall {
    fn known(&self, organization: OrganizationId, now: Timestamp) -> Option<Arc<Entitlements>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        self.answer(slots.get(&organization)?, now)
    }

    async fn entitlements(&self, organization: OrganizationId, now: Timestamp) -> Arc<Entitlements> {
        let slot = self.slot_or_new(organization);
        // Whoever comes while another asks the store waits, and takes what that one has found.
        let _asking = slot.loading.lock().await;
        match self.answer(&slot, now) {
            Some(found) => found,
            None => self.look_up(organization, &slot, now).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::Hash;

    use super::*;
    use crate::kernel::Id;

    /// How many of the lowest 16 bits' values the hashes of 30,000 identifiers have.
    fn places(hash: impl Fn(OrganizationId) -> u64) -> usize {
        let ids = (0..30_000_u128).map(|number| {
            Id::new(uuid::Uuid::from_u128(0x019c_adc6_0000_7000_8000_0000_0000_0000 | (number * 0x9E37_79B9)))
        });
        ids.map(|id| hash(id) & 0xffff).collect::<HashSet<_>>().len()
    }

    #[test]
    fn identifiers_that_differ_anywhere_have_places_of_their_own() {
        let hashed = |id: OrganizationId| {
            let mut hasher = IdHasher::default();
            id.hash(&mut hasher);
            hasher
        };
        // Chance alone would give 24,000.
        assert!(places(|id| hashed(id).finish()) > 20_000);
        assert!(places(|id| hashed(id).0) < 5_000, "without the turn they share few");
    }
}
