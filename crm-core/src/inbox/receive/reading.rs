//! What an event says of people and messages, read once.

use crate::inbox::channel::{Capabilities, Feature, InboundEvent, MessageKind, RecipientKind};
use crate::inbox::connection::Connection;
use crate::inbox::participant::Sighting;
use crate::kernel::{Stored, Timestamp};

/// An event beside what is needed to judge it.
pub(super) struct Reading<'e> {
    pub(super) event: &'e InboundEvent,
    pub(super) connection: &'e Stored<Connection>,
    pub(super) table: Capabilities,
    pub(super) received_at: Timestamp,
}

impl Reading<'_> {
    /// When it happened: by the platform's clock, by ours when it names no instant.
    pub(super) fn at(&self) -> Timestamp {
        self.event.timestamp.unwrap_or(self.received_at)
    }

    /// The message's identifier; one made of what it says where the platform gives none, so that it is known again.
    pub(super) fn message_id(&self) -> String {
        let event = self.event;
        event.external_message_id.clone().unwrap_or_else(|| {
            let kind = event.message_type.map_or("message", MessageKind::as_str);
            let who = event.participant_id.as_deref().unwrap_or_default();
            let what = event.payload.as_deref().or(event.text.as_deref()).unwrap_or_default();
            let name = format!("~{kind}/{who}/{}/{what}", self.at().micros());
            name.chars().take(200).collect()
        })
    }

    /// The participant's names in it; none, when it names nobody.
    pub(super) fn sighting(&self) -> Option<Sighting> {
        let event = self.event;
        if let Some(group) = event.extra.group.as_ref().filter(|group| !group.id.is_empty()) {
            // The thread is the group's, whoever of it writes.
            return Some(Sighting {
                connection_id: self.connection.id,
                names: vec![(group.id.clone(), RecipientKind::Group, false)],
                profile_name: group.name.clone(),
                at: self.at(),
            });
        }
        let renamed = event.extra.new_wa_id.as_deref();
        let mut names: Vec<(String, RecipientKind, bool)> = Vec::new();
        let told = [(event.participant_id.as_deref(), renamed.is_some()), (renamed, false), (self.user_id(), false)];
        for (name, superseded) in told {
            let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
            if names.iter().all(|(known, ..)| known != name) {
                names.push((name.to_owned(), self.kind_of(name), superseded));
            }
        }
        (!names.is_empty()).then(|| Sighting {
            connection_id: self.connection.id,
            names,
            profile_name: event.extra.profile_name.clone(),
            at: self.at(),
        })
    }

    fn user_id(&self) -> Option<&str> {
        self.event.extra.user_id.as_deref()
    }

    fn kind_of(&self, name: &str) -> RecipientKind {
        let digits = name.bytes().all(|byte| byte.is_ascii_digit());
        match self.table.has(Feature::TelephoneNumbers) {
            _ if self.user_id() == Some(name) => RecipientKind::UserId,
            false => RecipientKind::Scoped,
            true if digits => RecipientKind::Telephone,
            true => RecipientKind::UserId,
        }
    }
}
