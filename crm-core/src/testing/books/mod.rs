//! A provider that keeps its books in memory, for the tests of this crate and of hosts.
//!
//! It answers like a real one: late (each answer yields a few times between being taken and being given, so that
//! others run in between), with failures that the test orders, and under one idempotency key with one effect.

mod gateway;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::billing::{
    CheckoutPayment, CheckoutRequest, CheckoutSession, CheckoutStatus, CustomerTruth, ExternalId, GatewayError,
    GatewayResult, IdempotencyKey, InvoiceTruth, ItemTruth, MeterEvent, PaymentMethodTruth, Period, PriceTruth,
    ProviderEvent, SubscriptionStatus, SubscriptionTruth, TrialPeriod,
};
use crate::kernel::{Clock, Timestamp};

/// A month, as these books count it.
const MONTH: Duration = Duration::from_hours(24 * 31);
const DAY: Duration = Duration::from_hours(24);

/// A provider that keeps its books in memory. Clones share them.
#[derive(Clone)]
pub struct FakeBooks {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    prices: Vec<PriceTruth>,
    customers: BTreeMap<ExternalId, CustomerTruth>,
    subscriptions: BTreeMap<ExternalId, SubscriptionTruth>,
    invoices: BTreeMap<ExternalId, InvoiceTruth>,
    payment_methods: BTreeMap<ExternalId, (ExternalId, PaymentMethodTruth)>,
    checkouts: BTreeMap<ExternalId, (CheckoutRequest, CheckoutSession)>,
    meters: BTreeMap<ExternalId, MeterEvent>,
    effects: BTreeMap<String, ExternalId>,
    /// Keys that are no longer good, with what they made.
    forgotten: BTreeMap<String, ExternalId>,
    undelivered: Vec<ProviderEvent>,
    failures: Vec<Failure>,
    pauses: Vec<u32>,
    made: u64,
    asked: u64,
    posted: u64,
}

/// A failure that the test orders.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The next request fails before anything is done.
    Before(GatewayError),
    /// The next command is carried out, and its answer is lost.
    After,
    /// The next request goes well.
    Not,
}

impl FakeBooks {
    /// Books without customers, with these prices.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, prices: Vec<PriceTruth>) -> Self {
        Self { state: Arc::new(Mutex::new(State { prices, ..State::default() })), clock }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many times the next answers yield between being taken and being given.
    pub fn answer_late(&self, pauses: impl IntoIterator<Item = u32>) {
        self.state().pauses = pauses.into_iter().collect();
    }

    /// Has the next requests fail, in this order.
    pub fn fail(&self, failures: impl IntoIterator<Item = Failure>) {
        self.state().failures = failures.into_iter().collect();
    }

    /// How many requests were answered, and how many commands had an effect.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.asked, state.posted)
    }

    /// Forgets all keys, as a provider does after a day: the same key has a second effect from now on.
    pub fn forget_keys(&self) {
        let mut state = self.state();
        let keys = std::mem::take(&mut state.effects);
        state.forgotten.extend(keys);
    }

    /// Writes a subscription into the books, over what is there.
    pub fn put(&self, subscription: SubscriptionTruth) {
        let mut state = self.state();
        if let Some(invoice) = &subscription.latest_invoice {
            state.invoices.insert(invoice.id.clone(), invoice.clone());
        }
        state.subscriptions.insert(subscription.id.clone(), subscription);
    }

    /// Writes a customer into the books.
    pub fn put_customer(&self, customer: &ExternalId) {
        let truth = CustomerTruth { id: customer.clone(), deleted: false, default_payment_method: None };
        self.state().customers.insert(customer.clone(), truth);
    }

    /// Deletes a customer, as an operator may in the provider's own pages. Its subscriptions are no longer listed.
    pub fn delete_customer(&self, customer: &ExternalId) {
        let mut state = self.state();
        if let Some(truth) = state.customers.get_mut(customer) {
            truth.deleted = true;
        }
        state.subscriptions.retain(|_, subscription| subscription.customer != *customer);
    }

    /// Attaches a payment method to a customer and makes it the default when asked.
    pub fn attach(&self, customer: &ExternalId, method: PaymentMethodTruth, default: bool) {
        let mut state = self.state();
        if let Some(truth) = state.customers.get_mut(customer).filter(|_| default) {
            truth.default_payment_method = Some(method.id.clone());
        }
        state.payment_methods.insert(method.id.clone(), (customer.clone(), method));
    }

    /// Takes a payment method off.
    pub fn detach(&self, method: &ExternalId) {
        self.state().payment_methods.remove(method);
    }

    /// Writes an invoice into the books, over what is there.
    pub fn put_invoice(&self, invoice: InvoiceTruth) {
        self.state().invoices.insert(invoice.id.clone(), invoice);
    }

    /// The subscription as it is in the books.
    #[must_use]
    pub fn subscription(&self, id: &ExternalId) -> Option<SubscriptionTruth> {
        self.state().subscriptions.get(id).cloned()
    }

    /// The usage that was recorded.
    #[must_use]
    pub fn usage(&self) -> Vec<MeterEvent> {
        self.state().meters.values().cloned().collect()
    }

    /// Keeps an event as one that could not be delivered.
    pub fn keep_undelivered(&self, event: ProviderEvent) {
        self.state().undelivered.push(event);
    }

    /// The customer goes through a checkout and pays, or begins the trial. Answers with the subscription.
    ///
    /// # Errors
    /// `NotFound` when there is no such open checkout.
    pub fn complete_checkout(&self, session: &ExternalId) -> GatewayResult<SubscriptionTruth> {
        let now = self.clock.now();
        let mut state = self.state();
        let missing = || GatewayError::NotFound { object: "checkout.session".to_owned() };
        let (request, page) = state.checkouts.get(session).cloned().ok_or_else(missing)?;
        if page.status != CheckoutStatus::Open {
            return Err(missing());
        }
        let trial = request.trial_days.map(|days| TrialPeriod { start: Some(now), end: now.plus(DAY * days) });
        let end = trial.map_or(now.plus(MONTH), |trial| trial.end);
        let mut items = Vec::new();
        for line in &request.lines {
            let price = state.prices.iter().find(|price| price.id == line.price).cloned().ok_or_else(missing)?;
            let id = state.next("si");
            let period = Some(Period { start: now, end });
            items.push(ItemTruth { id, price, quantity: line.quantity.unwrap_or(1), period });
        }
        let status = if trial.is_some() { SubscriptionStatus::Trialing } else { SubscriptionStatus::Active };
        let truth =
            SubscriptionTruth { trial, ..subscription(state.next("sub"), request.customer, status, items, now) };
        state.subscriptions.insert(truth.id.clone(), truth.clone());
        if let Some((_, page)) = state.checkouts.get_mut(session) {
            page.status = CheckoutStatus::Complete;
            page.payment = if truth.trial.is_some() { CheckoutPayment::NothingDue } else { CheckoutPayment::Paid };
            page.subscription = Some(truth.id.clone());
            page.url = None;
        }
        Ok(truth)
    }

    /// Takes an answer from the books and gives it later, or fails as ordered.
    async fn answer<T>(&self, take: impl FnOnce(&mut State) -> GatewayResult<T>) -> GatewayResult<T> {
        let (outcome, pauses) = {
            let mut state = self.state();
            state.asked += 1;
            let pauses = state.pauses.pop().unwrap_or(0);
            let failure = if state.failures.is_empty() { None } else { Some(state.failures.remove(0)) };
            let outcome = match failure {
                Some(Failure::Before(error)) => Err(error),
                Some(Failure::After) => take(&mut state).and(Err(GatewayError::Outage)),
                Some(Failure::Not) | None => take(&mut state),
            };
            (outcome, pauses)
        };
        for _ in 0..pauses {
            Pause(false).await;
        }
        outcome
    }
}

impl State {
    fn next(&mut self, kind: &str) -> ExternalId {
        self.made += 1;
        let id = format!("{kind}_{}", self.made);
        // Small letters, an underscore and digits are always accepted.
        id.parse().unwrap_or_else(|_| unreachable!())
    }

    /// Has an effect once under a key: later requests are answered with what the first one made.
    fn once(&mut self, key: &IdempotencyKey, effect: impl FnOnce(&mut Self) -> ExternalId) -> ExternalId {
        if let Some(made) = self.effects.get(key.as_str()) {
            return made.clone();
        }
        self.posted += 1;
        let made = effect(self);
        self.effects.insert(key.to_string(), made.clone());
        made
    }

    fn subscription(&self, id: &ExternalId) -> GatewayResult<SubscriptionTruth> {
        self.subscriptions.get(id).cloned().ok_or_else(|| GatewayError::NotFound { object: "subscription".to_owned() })
    }
}

/// Lets others run once.
struct Pause(bool);

impl Future for Pause {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A subscription without anything out of the ordinary.
#[must_use]
pub fn subscription(
    id: ExternalId,
    customer: ExternalId,
    status: SubscriptionStatus,
    items: Vec<ItemTruth>,
    created_at: Timestamp,
) -> SubscriptionTruth {
    SubscriptionTruth {
        id,
        customer,
        status,
        items,
        created_at,
        cancel_at: None,
        cancel_at_period_end: false,
        canceled_at: None,
        ended_at: None,
        collection_pause: None,
        pause_reason: None,
        trial: None,
        default_payment_method: None,
        discounts: Vec::new(),
        schedule: None,
        pending_update: false,
        latest_invoice: None,
    }
}
