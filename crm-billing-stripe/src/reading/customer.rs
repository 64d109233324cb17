//! Customers, what they pay with, and the pages that are opened for them.

use crm_core::billing::truth::{CheckoutPayment, CheckoutSession, CheckoutStatus, CustomerTruth, PaymentMethodTruth};

use super::{external, externals, times};
use crate::client::Answer;
use crate::wire::{self, linked};

pub(crate) fn customer(customer: &wire::Customer) -> Answer<CustomerTruth> {
    let settings = customer.invoice_settings.as_ref();
    Ok(CustomerTruth {
        id: external(&customer.id)?,
        deleted: customer.deleted,
        default_payment_method: externals(linked(
            settings.and_then(|settings| settings.default_payment_method.as_ref()),
        ))?,
    })
}

pub(crate) fn payment_method(method: wire::PaymentMethod) -> Answer<PaymentMethodTruth> {
    let of_bank = method.sepa_debit.or(method.us_bank_account).and_then(|account| account.last4);
    let card = method.card;
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    Ok(PaymentMethodTruth {
        id: external(&method.id)?,
        kind: method.kind.unwrap_or_default(),
        brand: card.as_ref().and_then(|card| card.brand.clone()),
        last4: card.as_ref().and_then(|card| card.last4.clone()).or(of_bank),
        expiry_month: number(card.as_ref().and_then(|card| card.exp_month)),
        expiry_year: number(card.as_ref().and_then(|card| card.exp_year)),
        created_at: times(method.created),
    })
}

pub(crate) fn checkout(session: wire::CheckoutSession) -> Answer<CheckoutSession> {
    Ok(CheckoutSession {
        id: external(&session.id)?,
        customer: externals(linked(session.customer.as_ref()))?,
        subscription: externals(linked(session.subscription.as_ref()))?,
        expires_at: times(session.expires_at),
        url: session.url,
        status: match session.status.unwrap_or_default().as_str() {
            "open" => CheckoutStatus::Open,
            "complete" => CheckoutStatus::Complete,
            "expired" => CheckoutStatus::Expired,
            other => CheckoutStatus::Other(other.to_owned()),
        },
        payment: match session.payment_status.unwrap_or_default().as_str() {
            "paid" => CheckoutPayment::Paid,
            "unpaid" => CheckoutPayment::Unpaid,
            "no_payment_required" => CheckoutPayment::NothingDue,
            other => CheckoutPayment::Other(other.to_owned()),
        },
    })
}
