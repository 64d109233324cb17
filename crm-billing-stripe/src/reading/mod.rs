//! From what Stripe writes to what the domain knows.
//!
//! Nothing is guessed: what cannot be read makes the whole answer unreadable where it could grant more than was paid for
//! (a subscription), and is left out where it could not (an amount in a currency that is no longer in use).

mod customer;
mod invoice;
mod price;
mod subscription;

use crm_core::billing::ExternalId;
use crm_core::billing::truth::Period;
use crm_core::kernel::{Currency, Money, Timestamp};

pub(crate) use customer::{checkout, customer, payment_method};
pub(crate) use invoice::{invoice, preview_line};
pub(crate) use price::price;
pub(crate) use subscription::subscription;

use crate::client::{Answer, StripeError};
use crate::money::from_stripe;

/// An instant of Stripe's, in whole seconds. What lies beyond our calendar becomes its edge: Stripe says "never" so.
pub(crate) fn time(seconds: i64) -> Timestamp {
    let edge = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    seconds.checked_mul(1_000_000).and_then(|micros| Timestamp::from_micros(micros).ok()).unwrap_or(edge)
}

/// An instant as Stripe counts it; a fraction of a second is dropped.
pub(crate) fn seconds(time: Timestamp) -> i64 {
    time.micros().div_euclid(1_000_000)
}

fn times(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.map(time)
}

fn period(start: Option<i64>, end: Option<i64>) -> Option<Period> {
    Some(Period { start: time(start?), end: time(end?) })
}

/// An identifier that must be there.
pub(crate) fn external(id: &str) -> Answer<ExternalId> {
    id.parse().map_err(|_| StripeError::Garbage { status: 200, reason: "it has a malformed identifier".to_owned() })
}

/// An identifier that may be absent.
fn externals(id: Option<&str>) -> Answer<Option<ExternalId>> {
    id.map(external).transpose()
}

/// How many, where Stripe counts at all; below zero is nothing.
fn count(quantity: Option<i64>) -> u32 {
    quantity.map_or(1, |quantity| u32::try_from(quantity.max(0)).unwrap_or(u32::MAX))
}

/// An amount, where we know the currency and can count it.
pub(crate) fn money(amount: Option<i64>, currency: Option<&str>) -> Option<Money> {
    from_stripe(amount?, Currency::parse(currency?).ok()?).ok()
}

fn missing(what: &str) -> StripeError {
    StripeError::Garbage { status: 200, reason: format!("it has no {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_whole_seconds_and_never_is_the_last_one() {
        assert_eq!(time(1_767_225_600).to_string(), "2026-01-01T00:00:00.000000Z");
        assert_eq!(seconds(time(1_767_225_600)), 1_767_225_600);
        assert_eq!((time(i64::MAX), time(i64::MIN)), (Timestamp::MAX, Timestamp::MIN));
        assert_eq!((count(None), count(Some(-3)), count(Some(i64::MAX))), (1, 0, u32::MAX));
    }
}
