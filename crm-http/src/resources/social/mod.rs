//! `/social`: accounts at the platforms, conversations, messages, and what helps with them.

mod bulk;
mod connecting;
mod connections;
mod conversations;
mod messages;
mod organizing;
mod work;

use crate::api::{Api, Endpoint};

pub(super) fn declare(api: &mut Api) {
    api.document.tag("social", "Messenger, Instagram and WhatsApp in one inbox");
    connections::declare(api);
    connecting::declare(api);
    conversations::declare(api);
    work::declare(api);
    messages::declare(api);
    organizing::declare(api);
    bulk::declare(api);
}

/// An endpoint of the inbox.
fn social(endpoint: Endpoint, says: &'static str) -> Endpoint {
    endpoint.tag("social").says(says)
}
