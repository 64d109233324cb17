//! A gateway that tells what Stripe told at each step of a scenario, with delays and failures by dice.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use crm_billing_stripe::testing::FakeStripe;
use crm_core::billing::{
    BillingGateway, Cancellation, ChangePreview, CheckoutRequest, CheckoutSession, CustomerTruth, ExternalId,
    GatewayError, GatewayIdentity, GatewayResult, IdempotencyKey, InvoiceTruth, LostCommand, MeterEvent, Mode,
    NewCustomer, ObjectRef, PaymentMethodTruth, PortalRequest, PortalSession, PriceTruth, ProviderEvent,
    SubscriptionChange, SubscriptionTruth,
};
use crm_core::kernel::Timestamp;
use serde_json::Value as Json;

/// Numbers that come out the same for the same seed (splitmix64).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}

/// Lets others go first, a few times.
pub(crate) async fn dawdle(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

/// The truth at each step of a scenario.
pub(crate) struct Told {
    truths: Vec<Vec<SubscriptionTruth>>,
    step: AtomicUsize,
    dice: Mutex<Dice>,
    lost: Mutex<Vec<ProviderEvent>>,
    /// Of a thousand requests, how many fail.
    failures: usize,
}

impl Told {
    pub(crate) fn new(truths: Vec<Vec<SubscriptionTruth>>, mut dice: Dice) -> Self {
        let failures = if dice.below(2) == 0 { 0 } else { 50 };
        Self { truths, step: AtomicUsize::new(0), dice: Mutex::new(dice), lost: Mutex::default(), failures }
    }

    fn roll(&self, end: usize) -> usize {
        self.dice.lock().unwrap().below(end)
    }

    /// A request on its way: late, and sometimes without an answer.
    async fn way(&self) -> GatewayResult<()> {
        dawdle(self.roll(6)).await;
        if self.roll(1_000) < self.failures { Err(GatewayError::Outage) } else { Ok(()) }
    }
}

/// What a scenario is played on.
pub(crate) trait World {
    /// So many of the events have happened; never fewer than before.
    fn reach(&self, step: usize);
    /// These could not be delivered.
    fn lose(&self, lost: Vec<ProviderEvent>);
}

impl World for Told {
    fn reach(&self, step: usize) {
        self.step.fetch_max(step, Ordering::SeqCst);
    }
    fn lose(&self, lost: Vec<ProviderEvent>) {
        *self.lost.lock().unwrap() = lost;
    }
}

/// The same, at the stand-in.
pub(crate) struct AtStripe {
    pub(crate) stripe: FakeStripe,
    objects: Vec<Vec<Json>>,
    step: AtomicUsize,
}

impl AtStripe {
    pub(crate) fn new(stripe: FakeStripe, objects: Vec<Vec<Json>>) -> Self {
        Self { stripe, objects, step: AtomicUsize::new(0) }
    }
}

impl World for AtStripe {
    fn reach(&self, step: usize) {
        if self.step.fetch_max(step, Ordering::SeqCst) < step {
            for object in &self.objects[step] {
                self.stripe.put(object.clone());
            }
        }
    }
    fn lose(&self, lost: Vec<ProviderEvent>) {
        for event in lost {
            let mut event: Json = serde_json::from_str(&event.body).unwrap();
            // As if it had just been lost: a sweep does not reach back for ever.
            event["created"] = (self.stripe.now().micros() / 1_000_000).into();
            self.stripe.say(event);
        }
    }
}

#[async_trait]
impl BillingGateway for Told {
    fn identity(&self) -> GatewayIdentity {
        GatewayIdentity { provider: "stripe".to_owned(), account: None, mode: Mode::Test }
    }
    async fn customer(&self, customer: &ExternalId) -> GatewayResult<CustomerTruth> {
        self.way().await?;
        Ok(CustomerTruth { id: customer.clone(), deleted: false, default_payment_method: None })
    }
    async fn subscriptions(&self, _: &ExternalId) -> GatewayResult<Vec<SubscriptionTruth>> {
        self.way().await?;
        let told = self.truths[self.step.load(Ordering::SeqCst)].clone();
        // The answer is on its way while the world moves on.
        self.way().await?;
        Ok(told)
    }
    async fn invoices(&self, _: &ExternalId) -> GatewayResult<Vec<InvoiceTruth>> {
        self.way().await?;
        Ok(Vec::new())
    }
    async fn payment_methods(&self, _: &ExternalId) -> GatewayResult<Vec<PaymentMethodTruth>> {
        self.way().await?;
        Ok(Vec::new())
    }
    async fn undelivered_events(&self, _: Timestamp) -> GatewayResult<Vec<ProviderEvent>> {
        Ok(self.lost.lock().unwrap().clone())
    }
    async fn finalise_drafts(&self, _: &ExternalId) -> GatewayResult<usize> {
        Ok(0)
    }

    async fn create_customer(&self, _: &NewCustomer, _: &IdempotencyKey) -> GatewayResult<CustomerTruth> {
        unreachable!("nothing is made here")
    }
    async fn customer_of(&self, _: &ObjectRef) -> GatewayResult<Option<ExternalId>> {
        unreachable!("all events of the scenarios name their customer")
    }
    async fn prices(&self) -> GatewayResult<Vec<PriceTruth>> {
        unreachable!("nobody asks for prices here")
    }
    async fn open_checkout(&self, _: &CheckoutRequest, _: &IdempotencyKey) -> GatewayResult<CheckoutSession> {
        unreachable!("nothing is opened here")
    }
    async fn checkout(&self, _: &ExternalId) -> GatewayResult<CheckoutSession> {
        unreachable!("nothing is opened here")
    }
    async fn expire_checkout(&self, _: &ExternalId) -> GatewayResult<CheckoutSession> {
        unreachable!("nothing is opened here")
    }
    async fn open_portal(&self, _: &PortalRequest, _: &IdempotencyKey) -> GatewayResult<PortalSession> {
        unreachable!("nothing is opened here")
    }
    async fn preview_change(&self, _: &SubscriptionChange) -> GatewayResult<ChangePreview> {
        unreachable!("nothing is changed here")
    }
    async fn change_subscription(
        &self,
        _: &SubscriptionChange,
        _: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth> {
        unreachable!("nothing is changed here")
    }
    async fn cancel_subscription(
        &self,
        _: &ExternalId,
        _: Cancellation,
        _: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth> {
        unreachable!("nothing is changed here")
    }
    async fn effect_of(&self, _: &LostCommand) -> GatewayResult<Option<ExternalId>> {
        unreachable!("no answer is lost here")
    }
    async fn record_usage(&self, _: &MeterEvent) -> GatewayResult<()> {
        unreachable!("nothing is counted here")
    }
}
