//! Reading the envelope of an event, with a snapshot or thin.

use crm_core::billing::truth::SubscriptionTruth;
use crm_core::billing::{ExternalId, Mode, ObjectRef, ProviderEvent};
use crm_core::kernel::Timestamp;
use serde_json::Value as Json;

use super::WebhookError;
use super::reversal::reversal_of;
use crate::reading::{subscription, time};
use crate::wire::{self, Event, EventData, When};

/// Reads the bytes of an event.
pub(super) fn read(body: &[u8]) -> Result<ProviderEvent, WebhookError> {
    let text = str::from_utf8(body).map_err(|_| not_an_event("it is not UTF-8"))?;
    provider_event(&envelope(body)?, text.to_owned())
}

fn envelope(body: &[u8]) -> Result<Event, WebhookError> {
    serde_json::from_slice(body)
        .map_err(|error| not_an_event(&format!("it does not fit at line {}, column {}", error.line(), error.column())))
}

/// The event in the domain's words.
pub(crate) fn provider_event(event: &Event, body: String) -> Result<ProviderEvent, WebhookError> {
    let occurred_at = occurred_at(&event.created)?;
    let account = event.account.as_deref().or(event.context.as_deref()).filter(|account| !account.is_empty());
    Ok(ProviderEvent {
        provider: crate::PROVIDER.to_owned(),
        account: account.map(|account| identifier(account, "account")).transpose()?,
        mode: if event.livemode { Mode::Live } else { Mode::Test },
        id: identifier(&event.id, "id")?,
        kind: word(&event.kind)?,
        occurred_at,
        object: object_of(event),
        customer: customer_of(event),
        subscription: subscription_of(event),
        reversal: reversal_of(event, occurred_at),
        body,
    })
}

fn occurred_at(created: &When) -> Result<Timestamp, WebhookError> {
    match created {
        When::Seconds(seconds) => Ok(time(*seconds)),
        When::Text(text) => text.parse().map_err(|_| not_an_event("its time is none")),
    }
}

/// What the event is about. Previews and summaries have no identifier that could be asked for.
fn object_of(event: &Event) -> Option<ObjectRef> {
    let (kind, id) = match (&event.related_object, &event.data) {
        (Some(related), _) => (related.kind.as_deref(), related.id.as_deref()),
        (None, Some(data)) => asked_about(&data.object),
        (None, None) => (None, None),
    };
    // What can't be named can't be asked for; the event is kept all the same.
    let kind = kind.and_then(|kind| word(kind).ok())?;
    let id = id.filter(|id| !id.starts_with("upcoming_")).and_then(|id| id.parse().ok());
    Some(ObjectRef { kind, id })
}

/// The object itself, or the charge of a dispute or a refund: those name no customer, and a charge does.
fn asked_about(object: &Json) -> (Option<&str>, Option<&str>) {
    match (text(object, "object"), link(object, "charge")) {
        (Some("dispute" | "refund"), Some(charge)) => (Some("charge"), Some(charge)),
        (kind, _) => (kind, text(object, "id")),
    }
}

/// Whom it concerns, where it says so itself: the customer of the object, or the one it was taken from.
fn customer_of(event: &Event) -> Option<ExternalId> {
    let EventData { object, previous_attributes } = event.data.as_ref()?;
    let itself = (text(object, "object") == Some("customer")).then(|| text(object, "id")).flatten();
    let named = |json: &Json| link(json, "customer").and_then(|id| id.parse().ok());
    itself.and_then(|id| id.parse().ok()).or_else(|| named(object)).or_else(|| named(previous_attributes))
}

/// The subscription as it was when the event was made; nothing where there is none, or none that can be read.
fn subscription_of(event: &Event) -> Option<SubscriptionTruth> {
    let object = &event.data.as_ref()?.object;
    if text(object, "object") != Some("subscription") {
        return None;
    }
    let read: wire::Subscription = serde_json::from_value(object.clone()).ok()?;
    subscription(read).ok()
}

/// The identifier of another object, which is named or written out.
pub(super) fn link<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    let linked = json.get(name)?;
    linked.as_str().or_else(|| text(linked, "id"))
}

pub(super) fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    json.get(name).and_then(Json::as_str)
}

fn identifier(id: &str, what: &str) -> Result<ExternalId, WebhookError> {
    id.parse().map_err(|_| not_an_event(&format!("its {what} is malformed")))
}

/// A name of Stripe's. What is none could not be stored everywhere.
pub(super) fn word(name: &str) -> Result<String, WebhookError> {
    identifier(name, "type").map(String::from)
}

fn not_an_event(reason: &str) -> WebhookError {
    WebhookError::NotAnEvent(reason.to_owned())
}
