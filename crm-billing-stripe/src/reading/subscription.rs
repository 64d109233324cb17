//! Subscriptions, of all shapes, in one.

use crm_core::billing::truth::{
    CollectionPause, Discount, DiscountAmount, ItemTruth, PauseReason, SubscriptionStatus, SubscriptionTruth,
    TrialPeriod,
};

use super::{count, external, externals, invoice, missing, money, period, price, time, times};
use crate::client::Answer;
use crate::wire::{self, Item, Reference, linked};

pub(crate) fn subscription(subscription: wire::Subscription) -> Answer<SubscriptionTruth> {
    let status = SubscriptionStatus::from(subscription.status.clone());
    let created = subscription.created.or(subscription.start_date).ok_or_else(|| missing("time of its making"))?;
    let items = subscription.items.data.iter().map(|item| item_of(&subscription, item)).collect::<Answer<Vec<_>>>()?;
    let pause_reason = (status == SubscriptionStatus::Paused).then(|| pause_reason(&subscription));
    let discounts = discounts(&subscription)?;
    let latest_invoice = match subscription.latest_invoice.and_then(Reference::expanded) {
        Some(latest) => invoice(latest)?,
        None => None,
    };
    Ok(SubscriptionTruth {
        id: external(&subscription.id)?,
        customer: external(subscription.customer.id().ok_or_else(|| missing("customer"))?)?,
        status,
        items,
        created_at: time(created),
        cancel_at: times(subscription.cancel_at),
        cancel_at_period_end: subscription.cancel_at_period_end.unwrap_or(false),
        canceled_at: times(subscription.canceled_at),
        ended_at: times(subscription.ended_at),
        collection_pause: subscription
            .pause_collection
            .map(|pause| CollectionPause { resumes_at: times(pause.resumes_at) }),
        pause_reason,
        trial: subscription.trial_end.map(|end| TrialPeriod { start: times(subscription.trial_start), end: time(end) }),
        default_payment_method: externals(linked(subscription.default_payment_method.as_ref()))?,
        discounts,
        schedule: externals(linked(subscription.schedule.as_ref()))?,
        pending_update: subscription.pending_update.is_some(),
        latest_invoice,
    })
}

fn item_of(subscription: &wire::Subscription, item: &Item) -> Answer<ItemTruth> {
    Ok(ItemTruth {
        id: external(&item.id)?,
        price: price(item.price.clone())?,
        quantity: count(item.quantity),
        // Before basil all items shared the subscription's period.
        period: period(item.current_period_start, item.current_period_end)
            .or_else(|| period(subscription.current_period_start, subscription.current_period_end)),
    })
}

/// Before endive there was one reason only, and it was not named.
fn pause_reason(subscription: &wire::Subscription) -> PauseReason {
    let details = subscription.status_details.as_ref().and_then(|details| details.paused.as_ref());
    match details.and_then(|paused| paused.subscription.as_ref()).and_then(|paused| paused.reason.as_deref()) {
        None | Some("trial_end_without_payment_method") => PauseReason::TrialEndedWithoutPaymentMethod,
        Some("pause_requested") => PauseReason::Requested,
        Some("first_payment_failure" | "final_payment_failure") => PauseReason::PaymentFailed,
        Some(other) => PauseReason::Other(other.to_owned()),
    }
}

fn discounts(subscription: &wire::Subscription) -> Answer<Vec<Discount>> {
    let listed = subscription.discounts.iter().flatten().filter_map(|discount| match discount {
        Reference::Expanded(discount) => Some(discount.as_ref()),
        Reference::Id(_) => None,
    });
    // Older shapes repeat the one discount under its own name.
    let mut known: Vec<_> = listed.collect();
    if known.is_empty() {
        known.extend(subscription.discount.as_ref());
    }
    known.into_iter().map(discount).collect()
}

fn discount(discount: &wire::Discount) -> Answer<Discount> {
    let source = discount.source.as_ref().and_then(|source| source.coupon.as_ref());
    let coupon = source.or(discount.coupon.as_ref());
    let takes_off = match coupon {
        Some(Reference::Expanded(coupon)) => coupon
            .percent_off
            .as_ref()
            .and_then(basis_points)
            .map(DiscountAmount::BasisPoints)
            .or_else(|| money(coupon.amount_off, coupon.currency.as_deref()).map(DiscountAmount::Amount)),
        _ => None,
    };
    Ok(Discount { coupon: externals(coupon.and_then(Reference::id))?, takes_off, ends_at: times(discount.end) })
}

/// A percentage as hundredths of a per cent: 12.5 is 1250. Read as text, so that nothing is lost to binary fractions.
fn basis_points(percent: &serde_json::Number) -> Option<i64> {
    let text = percent.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals: String = decimals.chars().chain("00".chars()).take(2).collect();
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(decimals.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_hundredths_of_a_per_cent() {
        for (percent, points) in [("25", 2_500), ("12.5", 1_250), ("33.33", 3_333), ("0.5", 50), ("100.0", 10_000)] {
            assert_eq!(basis_points(&serde_json::from_str(percent).unwrap()), Some(points), "{percent}");
        }
    }
}
