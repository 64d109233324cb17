//! Reading that a payment was taken back: a charge that was refunded, or a dispute about one.
//!
//! Unlike all else in an event this is believed, since it says what happened. So it is read from as little as there is:
//! what is absent, or of another type than ever before, is left out, and the reversal itself never is.
//!
//! Of a dispute its opening and its end are read. `charge.dispute.funds_withdrawn` and `.funds_reinstated` say the same
//! of the money that `.created` and `.closed` say of the dispute, and `.updated` nothing that counts; `refund.created`
//! says what `charge.refunded` says.

use crm_core::billing::{PaymentReversal, ReversalKind};
use crm_core::kernel::{Money, Timestamp};
use serde_json::Value as Json;

use super::event::{link, text, word};
use crate::reading::money;
use crate::wire::Event;

/// What the event tells of a payment that was taken back; nothing when it tells of none.
pub(super) fn reversal_of(event: &Event, occurred_at: Timestamp) -> Option<PaymentReversal> {
    let object = &event.data.as_ref()?.object;
    let amount = |name: &str| amount(object, name);
    let (kind, charge, (taken, charged), reason) = match event.kind.as_str() {
        "charge.refunded" => {
            // Only shapes from before 2022-11-15 hold the refunds themselves, the newest first.
            let reason = object.pointer("/refunds/data/0/reason").and_then(Json::as_str);
            (ReversalKind::Refund, text(object, "id"), (amount("amount_refunded"), amount("amount")), reason)
        }
        "charge.dispute.created" => {
            (ReversalKind::DisputeOpened, link(object, "charge"), (amount("amount"), None), text(object, "reason"))
        }
        "charge.dispute.closed" => {
            let kind = ended(text(object, "status")?)?;
            (kind, link(object, "charge"), (amount("amount"), None), text(object, "reason"))
        }
        _ => return None,
    };
    Some(PaymentReversal {
        kind,
        charge: charge.and_then(|charge| charge.parse().ok()),
        amount: taken,
        charged,
        reason: reason.and_then(|reason| word(reason).ok()),
        occurred_at,
    })
}

/// How a dispute ended. An inquiry that is closed took nothing; a charge that was refunded meanwhile is gone. A word that
/// we do not know is no end: what was withheld stays so until somebody looks.
fn ended(status: &str) -> Option<ReversalKind> {
    match status {
        "won" | "warning_closed" => Some(ReversalKind::DisputeWon),
        "lost" | "charge_refunded" => Some(ReversalKind::DisputeLost),
        _ => None,
    }
}

fn amount(object: &Json, name: &str) -> Option<Money> {
    money(object.get(name).and_then(Json::as_i64), text(object, "currency"))
}
