//! Changing what is subscribed to: what it would cost, what speaks against it, and the change itself.

use serde_json::json;

use super::command::CommandKind;
use super::offer::{Overview, PlanChange, PlanRefusal};
use super::subscriptions::Subscriptions;
use crate::access::Permission;
use crate::billing::account::Subscription;
use crate::billing::catalogue::{Catalogue, PlanLimit, ServicePrice};
use crate::billing::external::ExternalId;
use crate::billing::request::{ChangePreview, ItemChange, SubscriptionChange};
use crate::billing::truth::{ItemTruth, PriceTruth, SubscriptionTruth};
use crate::billing::usage::Usage;
use crate::kernel::{FieldProblem, Predicate, Result, Stored};

impl Subscriptions<'_> {
    /// What a change would cost. Nothing is changed.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours`, `UnknownPrice`, `Blocked` with everything that blocks; those of the provider.
    pub async fn preview(&self, wish: &PlanChange) -> Result<ChangePreview> {
        let change = self.checked(wish).await?;
        Ok(self.billing.gateway.preview_change(&change).await?)
    }

    /// Changes a subscription. What it opens is what the provider says afterwards, not what was asked for.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours`, `UnknownPrice`, `Blocked` with everything that blocks; those of the provider.
    pub async fn change(&self, wish: &PlanChange) -> Result<Overview> {
        let change = self.checked(wish).await?;
        self.carry_out(&change).await?;
        self.overview().await
    }

    /// Has the provider change a subscription, and fetches what came of it.
    pub(in crate::billing) async fn carry_out(&self, change: &SubscriptionChange) -> Result<()> {
        let (kind, subject) = (CommandKind::ChangeSubscription, change.subscription.to_string());
        if !self.was_carried_out(kind, &subject, change).await? {
            let command = self.keep(kind, &subject, json!(change)).await?;
            let answer = self.billing.gateway.change_subscription(change, &command.idempotency_key).await;
            self.settle(command, &answer, |truth| truth.id.clone()).await?;
            answer?;
        }
        self.desk().sync(&change.customer).await.map(drop)
    }

    /// Whether the same change was sent long ago, its answer never came, and the subscription shows it.
    async fn was_carried_out(&self, kind: CommandKind, subject: &str, change: &SubscriptionChange) -> Result<bool> {
        let Some(lost) = self.lost(kind, subject, &json!(change)).await? else { return Ok(false) };
        let truths = self.billing.gateway.subscriptions(&change.customer).await?;
        let Some(truth) = truths.into_iter().find(|truth| truth.id == change.subscription) else { return Ok(false) };
        let shown = shows(change, &truth);
        if shown {
            self.settle(lost, &Ok(truth.id), ExternalId::clone).await?;
        }
        Ok(shown)
    }

    /// The change in the provider's words, when nothing speaks against it.
    async fn checked(&self, wish: &PlanChange) -> Result<SubscriptionChange> {
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let subscriptions = uow.list_all(&Predicate::<Subscription>::everything()).await?;
        drop(uow);
        let changed = subscriptions.iter().find(|row| row.external_id == wish.subscription);
        let changed = changed.ok_or(PlanRefusal::NotYours("subscription"))?;
        let catalogue = self.prices_on_offer().await?;
        let prices = self.prices_of(wish, changed, &catalogue).await?;
        let others = || subscriptions.iter().filter(|row| row.external_id != wish.subscription && row.counts());
        let kept = |row: &Stored<Subscription>| row.truth.items.clone();
        let before: Vec<_> = others().chain([changed]).flat_map(kept).map(|item| (item.price, item.quantity)).collect();
        let mut after: Vec<_> = others().flat_map(kept).map(|item| (item.price, item.quantity)).collect();
        after.extend(items_after(wish, changed, &prices));
        self.check_use(&catalogue.limits(&before), &catalogue.limits(&after)).await?;
        let (subscription, items, when) = (wish.subscription.clone(), wish.items.clone(), wish.when);
        Ok(SubscriptionChange { customer: changed.customer_id.clone(), subscription, items, when })
    }

    /// The prices that a wish names. Only what is on offer can be had, and what is there already.
    async fn prices_of(
        &self,
        wish: &PlanChange,
        changed: &Subscription,
        catalogue: &Catalogue,
    ) -> Result<Vec<PriceTruth>> {
        let (mut prices, mut at_provider) = (Vec::new(), None);
        for change in &wish.items {
            let (item, price) = match change {
                ItemChange::Add { price, .. } => (None, price),
                ItemChange::Replace { item, price, .. } => (Some(item), price),
                ItemChange::Remove { item } => {
                    known_item(changed, item)?;
                    continue;
                }
            };
            let there = item.map(|item| known_item(changed, item)).transpose()?.map(|item| &item.price);
            if let Some(same) = there.filter(|there| there.id == *price) {
                prices.push(same.clone());
                continue;
            }
            let listed = match &mut at_provider {
                Some(listed) => listed,
                none => none.insert(self.billing.gateway.prices().await?),
            };
            let unknown = || PlanRefusal::UnknownPrice(price.to_string());
            let truth = listed.iter().find(|truth| truth.id == *price).ok_or_else(unknown)?;
            catalogue.find(truth).filter(|known: &&ServicePrice| known.offered).ok_or_else(unknown)?;
            prices.push(truth.clone());
        }
        Ok(prices)
    }

    /// Refuses a change to less than is used. What is used beyond the present plan already does not stand in the way of
    /// a larger one.
    async fn check_use(&self, before: &[PlanLimit], after: &[PlanLimit]) -> Result<()> {
        let used = Usage(self.session).now().await?;
        let blocking = after.iter().filter_map(|limit| {
            let present = before.iter().find(|known| known.meter == limit.meter).map(|known| known.hard);
            let used = used.iter().find(|one| one.meter == limit.meter).map_or(0, |one| one.used);
            let blocks = used > limit.hard && present.is_none_or(|present| limit.hard < present);
            let (meter, most) = (limit.meter.as_str(), limit.hard);
            let message =
                || format!("{used} {meter} are used and {most} are allowed; use {} less", used.saturating_sub(most));
            blocks.then(|| FieldProblem::new(meter, "usage.above_plan", message()))
        });
        let blocking: Vec<_> = blocking.collect();
        if blocking.is_empty() { Ok(()) } else { Err(PlanRefusal::Blocked(blocking).into()) }
    }
}

fn known_item<'s>(
    subscription: &'s Subscription,
    item: &ExternalId,
) -> std::result::Result<&'s ItemTruth, PlanRefusal> {
    subscription.truth.items.iter().find(|known| known.id == *item).ok_or(PlanRefusal::NotYours("item"))
}

/// Whether a subscription is as a change at once would have made it.
fn shows(change: &SubscriptionChange, truth: &SubscriptionTruth) -> bool {
    let is =
        |known: &ItemTruth, price: &ExternalId, quantity: u32| known.price.id == *price && known.quantity == quantity;
    change.items.iter().all(|wish| match wish {
        ItemChange::Add { price, quantity } => truth.items.iter().any(|known| is(known, price, *quantity)),
        ItemChange::Replace { item, price, quantity } => {
            truth.items.iter().any(|known| known.id == *item && is(known, price, *quantity))
        }
        ItemChange::Remove { item } => truth.items.iter().all(|known| known.id != *item),
    })
}

/// What a subscription consists of after a change.
fn items_after(wish: &PlanChange, before: &Subscription, prices: &[PriceTruth]) -> Vec<(PriceTruth, u32)> {
    let these = |price: &ExternalId, quantity: u32| {
        prices.iter().find(|known| known.id == *price).map(|known| (known.clone(), quantity))
    };
    let kept = before.truth.items.iter().filter_map(|item| {
        let change = wish.items.iter().find(|change| match change {
            ItemChange::Replace { item: named, .. } | ItemChange::Remove { item: named } => *named == item.id,
            ItemChange::Add { .. } => false,
        });
        match change {
            Some(ItemChange::Replace { price, quantity, .. }) => these(price, *quantity),
            Some(_) => None,
            None => Some((item.price.clone(), item.quantity)),
        }
    });
    let added = wish.items.iter().filter_map(|change| match change {
        ItemChange::Add { price, quantity } => these(price, *quantity),
        _ => None,
    });
    kept.chain(added).collect()
}
