//! What a command made whose answer never came. Stripe forgets keys after a day; what was made has the key in its metadata.

use std::collections::HashMap;

use crm_core::billing::{ExternalId, LostCommand, SoughtEffect};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::client::{Answer, StripeClient, id};
use crate::reading;
use crate::wire::HasId;

/// Under which name the key is kept.
pub(super) const COMMAND: &str = "command_id";
/// How far Stripe's clock may be behind ours, in seconds.
const CLOCKS: i64 = 3_600;
/// How long after the first sending a key was still good, and Stripe's clock ahead of ours, in seconds.
const KEY_LASTED: i64 = 26 * 3_600;

/// Something that was made, with what was written to it.
#[derive(Debug, Deserialize)]
struct Made {
    id: String,
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
}

impl HasId for Made {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }
}

impl StripeClient {
    pub(super) async fn effect_of(&self, command: &LostCommand) -> Answer<Option<ExternalId>> {
        let sent_at = reading::seconds(command.sent_at);
        let created = json!({"gte": sent_at - CLOCKS, "lte": sent_at + KEY_LASTED});
        // Not by a search, which does not find what was made lately.
        let (path, parameters) = match &command.effect {
            SoughtEffect::Customer => ("/v1/customers", json!({"created": created})),
            SoughtEffect::Checkout { customer } => {
                ("/v1/checkout/sessions", json!({"created": created, "customer": id(customer.as_str())?}))
            }
        };
        self.made_by(path, parameters, command.key.as_str()).await
    }

    async fn made_by(&self, path: &str, parameters: Json, key: &str) -> Answer<Option<ExternalId>> {
        let listed: Vec<Made> = self.all(path, parameters).await?;
        let found = listed.iter().find(|made| {
            made.metadata.as_ref().and_then(|metadata| metadata.get(COMMAND)).is_some_and(|known| known == key)
        });
        found.map(|made| reading::external(&made.id)).transpose()
    }
}
