//! Scenarios: events and our own steps in any order that can happen, and what must come of them.
//!
//! A scenario is data (`steps` and `expect`); see the keys in [`Stage::play`]. What an order may not change: our own steps
//! keep theirs, a closing is passed by no event, and what speaks of something that we sent comes after its sending.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::scripted::ScriptedChannel;
use super::vault::PlaceVault;
use crate::access::{Caller, NewMember, NewOrganization, OrganizationId, Permission, StandardRole, TimeZone};
use crate::crm::Crm;
use crate::inbox::channel::{
    Accepted, Account, Channels, ConnectedAccount, INSTAGRAM, InboundEvent, MESSENGER, Platform, SendAs, SendOutcome,
    WHATSAPP,
};
use crate::inbox::connection::{Connection, find_connection};
use crate::inbox::conversation::{Conversation, find_thread, open_thread};
use crate::inbox::media::{MediaShelf, ShelfError};
use crate::inbox::message::{Message, MessageId, MessageStatus};
use crate::inbox::participant::{Participant, Sighting, find_by_alias, resolve};
use crate::inbox::send::{NewMessage, SEND, settle, write};
use crate::inbox::{receive, window};
use crate::kernel::{Clock, Currency, Page, Predicate, Result, Secret, Stored, Timestamp};
use crate::store::{Session, Store};
use crate::testing::{ManualClock, SequentialIds};

/// A scenario with its steps in their first order.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// The steps, those at once laid out one behind the other.
    pub steps: Vec<Json>,
    /// What must come of them.
    pub expect: Json,
}

impl Scenario {
    /// Reads the scenarios of a file.
    #[must_use]
    pub fn all(file: &Json) -> Vec<Self> {
        let cases = file["cases"].as_array().cloned().unwrap_or_default();
        let flat = |steps: &Json| {
            let steps = steps.as_array().cloned().unwrap_or_default();
            let laid_out = steps.into_iter().flat_map(|step| match step.get("parallel").and_then(Json::as_array) {
                Some(parallel) => parallel.clone(),
                None => vec![step],
            });
            laid_out.collect()
        };
        let read = |case: &Json| Self {
            name: case["name"].as_str().unwrap_or_default().to_owned(),
            steps: flat(&case["steps"]),
            expect: case["expect"].clone(),
        };
        cases.iter().map(read).collect()
    }

    /// Whether the order of arrival is what it is about, so that another order has another end.
    #[must_use]
    pub fn is_about_arrival(&self) -> bool {
        let instants: Vec<_> = self.steps.iter().map(|step| &step["event"]["timestamp"]).collect();
        instants.iter().enumerate().any(|(place, instant)| {
            !instant.is_null() && self.steps.iter().any(|step| step["event"]["kind"] == "message") && {
                let others = instants.iter().skip(place + 1);
                let message = |at: usize| self.steps.get(at).is_some_and(|step| step["event"]["kind"] == "message");
                others.enumerate().any(|(next, other)| {
                    other == instant
                        && message(place)
                        && message(place + 1 + next)
                        && self.steps.get(place) != self.steps.get(place + 1 + next)
                        && self.steps.get(place).map(|step| &step["event"]["connection_id"])
                            == self.steps.get(place + 1 + next).map(|step| &step["event"]["connection_id"])
                })
            }
        })
    }

    /// Whether the steps in this order (places in [`Scenario::steps`]) are something that can happen.
    #[must_use]
    pub fn can_happen(&self, order: &[usize]) -> bool {
        let of = |place: &usize| self.steps.get(*place).cloned().unwrap_or(Json::Null);
        order
            .iter()
            .enumerate()
            .all(|(at, early)| order.iter().skip(at + 1).all(|late| early < late || may_pass(&of(late), &of(early))))
    }
}

/// Whether `second`, which stood behind `first`, may come before it.
fn may_pass(first: &Json, second: &Json) -> bool {
    let (first_event, second_event) = (first.get("event"), second.get("event"));
    match (first_event, second_event) {
        (Some(_), Some(_)) => true,
        (None, None) => false,
        // An event that stood behind a step of ours.
        (None, Some(event)) => {
            let sends = first.get("send").is_some();
            let ours = event["direction"] == "outbound" || !event["target_message_id"].is_null();
            first.get("close").is_none() && first.get("media_fetch").is_none() && !(sends && ours)
        }
        // A step of ours that stood behind an event.
        (Some(_), None) => second.get("close").is_none(),
    }
}

/// An organization with connections, on which scenarios are played.
pub struct Stage {
    crm: Crm,
    channel: ScriptedChannel,
    organization: OrganizationId,
    /// Messages by the scenario's own references.
    sent: BTreeMap<String, MessageId>,
}

/// Keeps nothing but says that it does.
struct Bin;

#[async_trait::async_trait]
impl MediaShelf for Bin {
    fn keeps(&self) -> bool {
        true
    }
    async fn put(
        &self,
        _: OrganizationId,
        message: uuid::Uuid,
        place: usize,
        _: &crate::inbox::channel::FetchedMedia,
    ) -> std::result::Result<String, ShelfError> {
        Ok(format!("{message}/{place}"))
    }
    async fn get(
        &self,
        _: OrganizationId,
        name: &str,
    ) -> std::result::Result<crate::inbox::channel::FetchedMedia, ShelfError> {
        Err(ShelfError(format!("{name} was thrown away")))
    }
}

struct At(Arc<ManualClock>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl Stage {
    /// Founds an organization of this slug on a store; its identifiers count on from `taken`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn on(store: impl Store + 'static, slug: &str, taken: u64) -> Result<Self> {
        let now = "2026-09-10T12:02:00Z".parse()?;
        let channel = ScriptedChannel::new(vec![
            (Platform::MESSENGER, MESSENGER),
            (Platform::INSTAGRAM, INSTAGRAM),
            (Platform::WHATSAPP, WHATSAPP),
        ]);
        let clock = At(Arc::new(ManualClock::new(now)));
        let channels = Channels::default().with(channel.clone()).with_vault(PlaceVault).with_shelf(Bin);
        let crm = Crm::new(store, clock, SequentialIds::counting_from(taken)).with_channels(channels);
        let new = NewOrganization {
            slug: slug.to_owned().try_into()?,
            name: slug.parse()?,
            default_currency: Currency::EUR,
            time_zone: TimeZone::utc(),
            region: None,
        };
        let email = format!("owner@{slug}.example").parse()?;
        let owner = NewMember { name: "Owner".parse()?, email, role: StandardRole::Owner, custom_role_id: None };
        let (organization, _) = crm.found(new, owner).await?;
        Ok(Self { crm, channel, organization: organization.id, sent: BTreeMap::new() })
    }

    /// The CRM of the stage.
    #[must_use]
    pub fn crm(&self) -> &Crm {
        &self.crm
    }

    /// The session of a program in the organization.
    #[must_use]
    pub fn session(&self) -> Session {
        self.crm.session(Caller::system(self.organization, "scenario"))
    }

    /// Connects every account that the steps speak of. `suffix` makes them the stage's own among many on one store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn connect(&self, steps: &[Json], suffix: &str) -> Result<()> {
        let session = self.session();
        for step in steps {
            let Some(id) = connection_id(step) else { continue };
            let external_id = format!("{id}{suffix}");
            let mut uow = session.begin(Permission::InboxRead).await?;
            if find_connection(&mut uow, &platform_of(&id), &external_id).await?.is_some() {
                continue;
            }
            drop(uow);
            let account = Account {
                platform: platform_of(&id),
                external_id,
                parent_id: None,
                login: None,
                token: Secret::new("token"),
            };
            let name = id.clone();
            let connected =
                ConnectedAccount { account, name, handle: None, scopes: Vec::new(), token_expires_at: None };
            session.inbox(self.crm.channels()).connections().connect(&connected).await?;
        }
        Ok(())
    }

    /// Plays one step.
    ///
    /// `event` is a normalised event, `send` writes a message of ours, `send_ack` and `send_timeout` say what the platform
    /// answered, `close` closes the thread, `media_fetch` says what becomes of media from here on; anything else is an
    /// element that says nothing.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn play(&mut self, step: &Json, suffix: &str) -> Result<()> {
        let session = self.session();
        let channels = self.crm.channels();
        if let Some(event) = step.get("event") {
            let mut event: InboundEvent = serde_json::from_value(event.clone()).map_err(fault)?;
            let platform = platform_of(event.connection_id.as_deref().unwrap_or_default());
            event.connection_id = event.connection_id.map(|id| format!("{id}{suffix}"));
            // Our reference is the message's identifier, which the scenario does not know.
            let reference = event.extra.metadata.as_deref().and_then(|name| name.strip_prefix("crm:"));
            if let Some(id) = reference.and_then(|name| self.sent.get(name)) {
                event.extra.metadata = Some(Message::client_id(*id));
            }
            let now = self.crm.ports().clock.now();
            receive::apply(channels, &session, &platform, &event, now).await?;
        } else if let Some(send) = step.get("send") {
            let id = self.write(send, suffix).await?;
            self.sent.insert(send["client_id"].as_str().unwrap_or_default().to_owned(), id);
        } else if let Some(ack) = step.get("send_ack") {
            let external_message_id = ack["external_message_id"].as_str().unwrap_or_default().to_owned();
            let accepted = Accepted { external_message_id, ..Accepted::default() };
            self.answer(ack, SendOutcome::Accepted(accepted)).await?;
        } else if let Some(timeout) = step.get("send_timeout") {
            self.answer(timeout, SendOutcome::Unknown { reason: "no answer".to_owned() }).await?;
        } else if let Some(close) = step.get("close") {
            let mut uow = session.begin(Permission::InboxReply).await?;
            if let Some(mut thread) = self.thread(&mut uow, close, suffix).await? {
                let event = thread.value.close(uow.now())?;
                uow.save(thread, event).await?;
            }
            uow.commit().await?;
        } else if step.get("media_fetch").is_some() {
            self.channel.lose_media();
        }
        Ok(())
    }

    /// Does what the events left for later, as far as it is due.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn finish(&self) -> Result<()> {
        while self.crm.run_due("scenario", 100).await?.done > 0 {}
        Ok(())
    }

    /// What there is now, in the shape of `expect`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn state(&self, suffix: &str) -> Result<Json> {
        let session = self.session();
        let mut uow = session.begin(Permission::InboxRead).await?;
        let mut conversations = Vec::new();
        for thread in uow.list_all(&Predicate::<Conversation>::everything()).await? {
            let connection: Stored<Connection> = uow.get(thread.connection_id).await?;
            let Some(external_id) = connection.external_id.strip_suffix(suffix) else { continue };
            let participant: Stored<Participant> = uow.get(thread.participant_id).await?;
            let page = Page::ordered(Message::AT.field(), crate::kernel::Direction::Ascending, 1_000)?;
            let messages = uow.list(&Message::CONVERSATION.is(thread.id), &page).await?;
            let table = self.crm.channels().capabilities(&connection.platform)?;
            let standing = window::Standing { last_action_at: thread.last_action_at, ..window::Standing::default() };
            let open = window::can_send(uow.now(), window::Author::Program, window::Sending::Words, &table, standing);
            conversations.push(json!({
                "connection_id": external_id, "participant_id": participant.address, "state": thread.state.as_str(),
                "messages": messages.iter().map(|message| shown(message)).collect::<Vec<_>>(),
                "last_message_at": thread.last_message_at, "unread": thread.unread, "window_open": open.is_open(),
            }));
        }
        let key = |one: &Json| [one["connection_id"].to_string(), one["participant_id"].to_string()];
        conversations.sort_by_key(key);
        Ok(json!({ "conversations": conversations }))
    }

    async fn write(&self, send: &Json, suffix: &str) -> Result<MessageId> {
        let session = self.session();
        let mut uow = session.begin(Permission::InboxReply).await?;
        let id = send["connection_id"].as_str().unwrap_or_default();
        let connection = find_connection(&mut uow, &platform_of(id), &format!("{id}{suffix}")).await?;
        let connection = connection.ok_or_else(|| missing("connection"))?;
        let at: Timestamp = send["at"].as_str().unwrap_or_default().parse()?;
        let name = send["participant_id"].as_str().unwrap_or_default().to_owned();
        let kind = crate::inbox::channel::RecipientKind::Telephone;
        let sighting =
            Sighting { connection_id: connection.id, names: vec![(name, kind, false)], profile_name: None, at };
        let participant = resolve(&mut uow, &sighting).await?;
        let (mut thread, _) = open_thread(&mut uow, &connection, &participant).await?;
        let new = NewMessage::text(send["text"].as_str().unwrap_or_default());
        let (mut message, event) =
            write(&mut uow, &connection, &mut thread, new, None, SendAs::Response, false, at).await?;
        uow.unschedule(&format!("{SEND}:{}", message.id)).await?;
        message.value.status = Some(MessageStatus::Sending);
        let message = uow.save_part(message).await?;
        uow.save(thread, event).await?;
        uow.commit().await?;
        Ok(message.id)
    }

    async fn answer(&self, step: &Json, outcome: SendOutcome) -> Result<()> {
        let id = self.sent.get(step["client_id"].as_str().unwrap_or_default()).copied();
        let id = id.ok_or_else(|| missing("message"))?;
        let session = self.session();
        let mut uow = session.begin(Permission::AgendaRun).await?;
        settle(self.crm.channels(), &mut uow, id, &outcome).await?;
        uow.commit().await
    }

    async fn thread(
        &self,
        uow: &mut crate::store::UnitOfWork<'_>,
        step: &Json,
        suffix: &str,
    ) -> Result<Option<Stored<Conversation>>> {
        let id = step["connection_id"].as_str().unwrap_or_default();
        let connection = find_connection(uow, &platform_of(id), &format!("{id}{suffix}")).await?;
        let connection = connection.ok_or_else(|| missing("connection"))?;
        let name = step["participant_id"].as_str().unwrap_or_default();
        match find_by_alias(uow, connection.id, name).await? {
            Some(alias) => find_thread(uow, alias.participant_id).await,
            None => Ok(None),
        }
    }

    /// How long after the last event of the agreed scenarios the stage's clock stands.
    pub const AFTERWARDS: Duration = Duration::from_mins(1);
}

fn fault(error: serde_json::Error) -> crate::store::StoreError {
    crate::store::StoreError::Fault(error.into())
}

fn missing(entity: &'static str) -> crate::store::RecordNotFound {
    crate::store::RecordNotFound { entity, id: uuid::Uuid::nil() }
}

fn connection_id(step: &Json) -> Option<String> {
    let of = |key: &str| step.get(key).and_then(|inner| inner["connection_id"].as_str());
    of("event").or_else(|| of("send")).or_else(|| of("close")).map(str::to_owned)
}

/// The platform of an account, by how the agreed data number them.
fn platform_of(id: &str) -> Platform {
    match id.get(..2) {
        Some("10") => Platform::MESSENGER,
        Some("17") => Platform::INSTAGRAM,
        _ => Platform::WHATSAPP,
    }
}

fn shown(message: &Message) -> Json {
    let reactions = message.reactions.iter().filter(|reaction| reaction.emoji.is_some());
    let reactions: Vec<_> = reactions.map(|reaction| json!({ "by": reaction.by, "emoji": reaction.emoji })).collect();
    json!({
        "external_message_id": message.external_id, "direction": message.direction, "text": message.text,
        "status": message.status, "sent_at": message.sent_at, "delivered_at": message.delivered_at,
        "read_at": message.read_at, "error_code": message.error_code, "origin": message.origin,
        "deleted": message.deleted_at.is_some(), "edited": message.edited_at.is_some(), "reactions": reactions,
        "media_state": message.media.first().map(|part| part.state),
    })
}

impl Scenario {
    /// How the state differs from what is expected, in the keys that are given; nothing when it does not.
    #[must_use]
    pub fn differences(&self, state: &Json) -> Option<String> {
        let mut found = String::new();
        compare("", &self.expect, state, &mut found);
        (!found.is_empty()).then_some(found)
    }
}

fn compare(path: &str, expected: &Json, actual: &Json, found: &mut String) {
    match (expected, actual) {
        (Json::Object(members), _) => {
            for (key, value) in members {
                compare(&format!("{path}/{key}"), value, &actual[key.as_str()], found);
            }
        }
        (Json::Array(items), Json::Array(others)) if items.len() == others.len() => {
            for (place, (item, other)) in items.iter().zip(others).enumerate() {
                compare(&format!("{path}/{place}"), item, other, found);
            }
        }
        _ if expected == actual || same_instant(expected, actual) => {}
        _ => {
            let _ = writeln!(found, "{path}: expected {expected}, found {actual}");
        }
    }
}

fn same_instant(one: &Json, other: &Json) -> bool {
    let read = |text: &Json| text.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    read(one).is_some() && read(one) == read(other)
}
