//! How many of something are subscribed to, such as seats. What changes often is told to the provider once in a while.

use serde_json::json;

use super::offer::PlanRefusal;
use super::subscriptions::Subscriptions;
use crate::access::Permission;
use crate::agenda::{Job, JobState};
use crate::billing::account::Subscription;
use crate::billing::bundle::Billing;
use crate::billing::desk::may_try_again;
use crate::billing::external::ExternalId;
use crate::billing::gateway::GatewayError;
use crate::billing::request::{ChangeWhen, ItemChange, SubscriptionChange};
use crate::kernel::{Page, Result, Stored};
use crate::store::Session;

/// The kind of job that tells the provider how many there are.
pub const QUANTITY: &str = "billing.quantity";
/// How long changes are gathered. Providers take 200 of them an hour for a subscription.
const GATHERING: std::time::Duration = std::time::Duration::from_secs(30);

impl Subscriptions<'_> {
    /// Says how many of an item there are from now on. Of what is said within 30 s the last counts, and the provider is
    /// told of that alone; the difference is on the next invoice.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours` when the organization has no such item, `NothingChosen` for none at all: cancel instead.
    pub async fn set_quantity(&self, subscription: &ExternalId, item: &ExternalId, quantity: u32) -> Result<()> {
        if quantity == 0 {
            return Err(PlanRefusal::NothingChosen.into());
        }
        let mut tries = 1;
        loop {
            match self.gather(subscription, item, quantity).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn gather(&self, subscription: &ExternalId, item: &ExternalId, quantity: u32) -> Result<()> {
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let known = uow.list(&Subscription::EXTERNAL_ID.is(subscription.as_str()), &Page::first(1)).await?.pop();
        let is_there = known.is_some_and(|known| known.truth.items.iter().any(|one| one.id == *item));
        if !is_there {
            return Err(PlanRefusal::NotYours("item").into());
        }
        let key = format!("{QUANTITY}:{item}");
        // The first of them begins the time; or a stream of changes would never be told.
        let begun = uow.scheduled(&key).await?.filter(|job| job.state == JobState::Ready && job.attempts == 0);
        let due = begun.map_or(uow.now().plus(GATHERING), |job| job.due_at);
        let wish = json!({ "subscription": subscription, "item": item, "quantity": quantity });
        uow.schedule(Job::at(due, QUANTITY, wish).unique(key)).await?;
        uow.commit().await
    }
}

/// Does a [`QUANTITY`] job.
pub(in crate::billing) async fn run_quantity(session: &Session, job: &Stored<Job>, billing: &Billing) -> Result<()> {
    let text = |name: &str| job.payload.get(name).and_then(|id| id.as_str()).and_then(|id| id.parse().ok());
    let quantity = job.payload.get("quantity").and_then(serde_json::Value::as_u64);
    let quantity = quantity.and_then(|quantity| u32::try_from(quantity).ok());
    if let (Some(subscription), Some(item), Some(quantity)) = (text("subscription"), text("item"), quantity) {
        let told = tell(session, billing, &subscription, &item, quantity).await;
        let refused =
            |error: &GatewayError| matches!(error, GatewayError::Refused { .. } | GatewayError::NotFound { .. });
        match told {
            // The refusal is kept with the command; the same again would be refused again.
            Err(error) if error.downcast_ref().is_some_and(refused) => {}
            outcome => outcome?,
        }
    }
    let mut uow = session.begin(Permission::AgendaRun).await?;
    uow.finish(job).await?;
    uow.commit().await
}

async fn tell(
    session: &Session,
    billing: &Billing,
    subscription: &ExternalId,
    item: &ExternalId,
    quantity: u32,
) -> Result<()> {
    let mut uow = session.begin(Permission::BillingRead).await?;
    let known = uow.list(&Subscription::EXTERNAL_ID.is(subscription.as_str()), &Page::first(1)).await?.pop();
    drop(uow);
    let Some(known) = known.filter(|known| !known.status.is_final()) else { return Ok(()) };
    let Some(now) = known.truth.items.iter().find(|one| one.id == *item && one.quantity != quantity) else {
        return Ok(());
    };
    let change = SubscriptionChange {
        customer: known.customer_id.clone(),
        subscription: subscription.clone(),
        items: vec![ItemChange::Replace { item: item.clone(), price: now.price.id.clone(), quantity }],
        when: ChangeWhen::NowOnNextInvoice,
    };
    Subscriptions { session, billing }.carry_out(&change).await
}
