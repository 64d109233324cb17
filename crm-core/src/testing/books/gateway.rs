//! The gateway to the books.

use async_trait::async_trait;

use super::{DAY, FakeBooks, MONTH};
use crate::billing::{
    BillingGateway, Cancellation, ChangePreview, CheckoutPayment, CheckoutRequest, CheckoutSession, CheckoutStatus,
    CustomerTruth, ExternalId, GatewayError, GatewayIdentity, GatewayResult, IdempotencyKey, InvoiceStatus,
    InvoiceTruth, ItemChange, ItemTruth, LostCommand, MeterEvent, Mode, NewCustomer, ObjectRef, PaymentMethodTruth,
    Period, PortalRequest, PortalSession, PreviewLine, PriceTruth, ProviderEvent, SubscriptionChange,
    SubscriptionStatus, SubscriptionTruth,
};
use crate::kernel::{Currency, Money, Timestamp};

#[async_trait]
impl BillingGateway for FakeBooks {
    fn identity(&self) -> GatewayIdentity {
        GatewayIdentity { provider: "fake".to_owned(), account: None, mode: Mode::Test }
    }

    async fn create_customer(&self, _: &NewCustomer, key: &IdempotencyKey) -> GatewayResult<CustomerTruth> {
        self.answer(|state| {
            let id = state.once(key, |state| {
                let id = state.next("cus");
                let truth = CustomerTruth { id: id.clone(), deleted: false, default_payment_method: None };
                state.customers.insert(id.clone(), truth);
                id
            });
            Ok(CustomerTruth { id, deleted: false, default_payment_method: None })
        })
        .await
    }

    async fn customer(&self, customer: &ExternalId) -> GatewayResult<CustomerTruth> {
        self.answer(|state| {
            let missing = || GatewayError::NotFound { object: "customer".to_owned() };
            state.customers.get(customer).cloned().ok_or_else(missing)
        })
        .await
    }

    async fn customer_of(&self, object: &ObjectRef) -> GatewayResult<Option<ExternalId>> {
        self.answer(|state| {
            let Some(id) = &object.id else { return Ok(None) };
            let by_subscription = state.subscriptions.get(id).map(|found| found.customer.clone());
            let by_invoice = state.invoices.get(id).and_then(|found| found.customer.clone());
            Ok(by_subscription.or(by_invoice))
        })
        .await
    }

    async fn subscriptions(&self, customer: &ExternalId) -> GatewayResult<Vec<SubscriptionTruth>> {
        self.answer(|state| Ok(state.subscriptions.values().filter(|one| one.customer == *customer).cloned().collect()))
            .await
    }

    async fn invoices(&self, customer: &ExternalId) -> GatewayResult<Vec<InvoiceTruth>> {
        self.answer(|state| {
            Ok(state.invoices.values().filter(|one| one.customer.as_ref() == Some(customer)).cloned().collect())
        })
        .await
    }

    async fn payment_methods(&self, customer: &ExternalId) -> GatewayResult<Vec<PaymentMethodTruth>> {
        self.answer(|state| {
            let own = state.payment_methods.values().filter(|(owner, _)| owner == customer);
            Ok(own.map(|(_, method)| method.clone()).collect())
        })
        .await
    }

    async fn prices(&self) -> GatewayResult<Vec<PriceTruth>> {
        self.answer(|state| Ok(state.prices.clone())).await
    }

    async fn open_checkout(&self, request: &CheckoutRequest, key: &IdempotencyKey) -> GatewayResult<CheckoutSession> {
        let expires_at = Some(self.clock.now().plus(DAY));
        self.answer(|state| {
            let id = state.once(key, |state| {
                let id = state.next("cs");
                let page = CheckoutSession {
                    id: id.clone(),
                    url: Some(format!("https://books.example/checkout/{id}")),
                    status: CheckoutStatus::Open,
                    payment: CheckoutPayment::Unpaid,
                    customer: Some(request.customer.clone()),
                    subscription: None,
                    expires_at,
                };
                state.checkouts.insert(id.clone(), (request.clone(), page));
                id
            });
            let missing = || GatewayError::NotFound { object: "checkout.session".to_owned() };
            state.checkouts.get(&id).map(|(_, page)| page.clone()).ok_or_else(missing)
        })
        .await
    }

    async fn checkout(&self, session: &ExternalId) -> GatewayResult<CheckoutSession> {
        self.answer(|state| {
            let missing = || GatewayError::NotFound { object: "checkout.session".to_owned() };
            state.checkouts.get(session).map(|(_, page)| page.clone()).ok_or_else(missing)
        })
        .await
    }

    async fn expire_checkout(&self, session: &ExternalId) -> GatewayResult<CheckoutSession> {
        self.answer(|state| {
            let missing = || GatewayError::NotFound { object: "checkout.session".to_owned() };
            let (_, page) = state.checkouts.get_mut(session).ok_or_else(missing)?;
            page.status = CheckoutStatus::Expired;
            page.url = None;
            Ok(page.clone())
        })
        .await
    }

    async fn open_portal(&self, request: &PortalRequest, _: &IdempotencyKey) -> GatewayResult<PortalSession> {
        self.answer(|_| Ok(PortalSession { url: format!("https://books.example/portal/{}", request.customer) })).await
    }

    async fn preview_change(&self, change: &SubscriptionChange) -> GatewayResult<ChangePreview> {
        let now = self.clock.now();
        self.answer(|state| {
            let before = state.subscription(&change.subscription)?;
            let after = changed(before.clone(), change, &state.prices, now)?;
            let cost = |truth: &SubscriptionTruth| -> i64 {
                let costs = truth.items.iter().map(|item| {
                    item.price.unit_amount.map_or(0, Money::minor).saturating_mul(i64::from(item.quantity))
                });
                costs.sum()
            };
            let due = Money::new((cost(&after) - cost(&before)).max(0), Currency::USD);
            let line = PreviewLine { description: "the difference".to_owned(), amount: due };
            Ok(ChangePreview { due, lines: vec![line], prorated_from: Some(now) })
        })
        .await
    }

    async fn change_subscription(
        &self,
        change: &SubscriptionChange,
        key: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth> {
        let now = self.clock.now();
        self.answer(|state| {
            let before = state.subscription(&change.subscription)?;
            let after = changed(before, change, &state.prices, now)?;
            let id = state.once(key, |state| {
                let id = after.id.clone();
                state.subscriptions.insert(id.clone(), after);
                id
            });
            state.subscription(&id)
        })
        .await
    }

    async fn cancel_subscription(
        &self,
        subscription: &ExternalId,
        cancellation: Cancellation,
        key: &IdempotencyKey,
    ) -> GatewayResult<SubscriptionTruth> {
        let now = self.clock.now();
        self.answer(|state| {
            let mut truth = state.subscription(subscription)?;
            let id = state.once(key, |state| {
                let id = truth.id.clone();
                match cancellation {
                    Cancellation::Now => {
                        truth.status = SubscriptionStatus::Canceled;
                        truth.ended_at = Some(now);
                    }
                    Cancellation::AtPeriodEnd => truth.cancel_at_period_end = true,
                    Cancellation::Never => {
                        truth.cancel_at_period_end = false;
                        truth.cancel_at = None;
                    }
                }
                state.subscriptions.insert(id.clone(), truth);
                id
            });
            state.subscription(&id)
        })
        .await
    }

    /// What is finalised here is paid at once, and revives its subscription.
    async fn finalise_drafts(&self, subscription: &ExternalId) -> GatewayResult<usize> {
        self.answer(|state| {
            let of_it = |invoice: &&mut InvoiceTruth| {
                invoice.status == InvoiceStatus::Draft && invoice.subscription.as_ref() == Some(subscription)
            };
            let drafts = state.invoices.values_mut().filter(of_it);
            let finalised = drafts.map(|draft| draft.status = InvoiceStatus::Paid).count();
            if let Some(truth) = state.subscriptions.get_mut(subscription).filter(|_| finalised > 0) {
                truth.status = SubscriptionStatus::Active;
            }
            Ok(finalised)
        })
        .await
    }

    async fn effect_of(&self, command: &LostCommand) -> GatewayResult<Option<ExternalId>> {
        self.answer(|state| {
            Ok(state.effects.get(command.key.as_str()).or(state.forgotten.get(command.key.as_str())).cloned())
        })
        .await
    }

    async fn record_usage(&self, event: &MeterEvent) -> GatewayResult<()> {
        self.answer(|state| {
            state.meters.entry(event.identifier.clone()).or_insert_with(|| event.clone());
            Ok(())
        })
        .await
    }

    async fn undelivered_events(&self, since: Timestamp) -> GatewayResult<Vec<ProviderEvent>> {
        self.answer(|state| Ok(state.undelivered.iter().filter(|event| event.occurred_at >= since).cloned().collect()))
            .await
    }
}

/// The subscription after a change. What comes with the next period is noted as a schedule.
fn changed(
    mut truth: SubscriptionTruth,
    change: &SubscriptionChange,
    prices: &[PriceTruth],
    now: Timestamp,
) -> GatewayResult<SubscriptionTruth> {
    if change.when == crate::billing::ChangeWhen::AtPeriodEnd {
        truth.schedule = Some(truth.id.clone());
        return Ok(truth);
    }
    let refused = |code: &str| GatewayError::Refused { code: code.to_owned(), reason: "there is no such".to_owned() };
    let find = |id: &ExternalId| prices.iter().find(|price| price.id == *id).cloned();
    for (number, wish) in change.items.iter().enumerate() {
        match wish {
            ItemChange::Add { price, quantity } => {
                let price = find(price).ok_or_else(|| refused("price"))?;
                let id = format!("si_{}_{}_{number}", truth.id, truth.items.len());
                let id = id.parse().map_err(|_| refused("item"))?;
                let period = Some(Period { start: now, end: now.plus(MONTH) });
                truth.items.push(ItemTruth { id, price, quantity: *quantity, period });
            }
            ItemChange::Replace { item, price, quantity } => {
                let price = find(price).ok_or_else(|| refused("price"))?;
                let known = truth.items.iter_mut().find(|known| known.id == *item).ok_or_else(|| refused("item"))?;
                known.price = price;
                known.quantity = *quantity;
            }
            ItemChange::Remove { item } => truth.items.retain(|known| known.id != *item),
        }
    }
    Ok(truth)
}
