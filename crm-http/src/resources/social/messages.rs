//! Messages of conversations: what was said, what may be said now, and saying it.

use axum::http::StatusCode;
use crm_core::access::Permission as P;
use crm_core::inbox::channel::{OutboundContent, TemplateMessage};
use crm_core::inbox::{ConversationId, Message, MessageId, NewMessage};
use crm_core::store::Session;
use utoipa::PartialSchema as _;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::social;
use crate::api::{Api, Call, Created, Json, Many, Plain, Query, Record, get, post, query_parameter, unknown_parameter};
use crate::list::limit;
use crate::problem::Problem;

/// Messages of an answer, unless the caller says otherwise.
const USUAL: u32 = 50;

/// Which part of a thread.
#[derive(Debug)]
struct Part {
    before: Option<MessageId>,
    limit: u32,
}

impl Query for Part {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut part = Self { before: None, limit: USUAL };
        for (name, value) in pairs {
            match name.as_str() {
                "limit" => part.limit = limit(&value)?,
                "before" => part.before = Some(value.parse().map_err(|_| no_message(&value))?),
                _ => return Err(unknown_parameter(&name, "there are before and limit")),
            }
        }
        Ok(part)
    }
    fn parameters() -> Vec<Parameter> {
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(200));
        vec![
            query_parameter(
                "before",
                "Messages before the one with this identifier; the latest, without one",
                MessageId::schema(),
            ),
            query_parameter("limit", "How many", limit),
        ]
    }
}

fn no_message(value: &str) -> Problem {
    let detail = format!("'{value}' is no identifier; give the one of a message of this conversation");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "id.malformed", detail).at("before")
}

pub(super) fn declare(api: &mut Api) {
    let endpoint = social(get("/social/conversations/{id}/messages"), "Its messages, the eldest of the part first");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConversationId, Part>| async move {
        let Part { before, limit } = c.query;
        let rows = s.inbox(c.facade.crm().channels()).messages(c.path, before, limit).await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<Message>>>()))
    });
    let endpoint = social(post("/social/conversations/{id}/messages"), "Writes a message; the agenda sends it");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<ConversationId, (), Json<NewMessage>>| async move {
        s.inbox(c.facade.crm().channels()).send(c.path, c.body.0).await.map(|message| Created(Record(message)))
    });
    let endpoint = social(post("/social/conversations/{id}/messages/template"), "Sends an approved template");
    api.add(
        endpoint.needs(P::InboxReply),
        |s: Session, c: Call<ConversationId, (), Json<TemplateMessage>>| async move {
            let new = NewMessage::of(OutboundContent::Template(c.body.0));
            s.inbox(c.facade.crm().channels()).send(c.path, new).await.map(|message| Created(Record(message)))
        },
    );
    let endpoint = social(get("/social/conversations/{id}/can-send"), "Whether words may be sent now, and why");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConversationId>| async move {
        s.inbox(c.facade.crm().channels()).can_send(c.path, &OutboundContent::text("words")).await.map(Plain)
    });
    let endpoint = social(post("/social/conversations/{id}/can-send"), "Whether this may be sent now, and why");
    api.add(
        endpoint.needs(P::InboxRead),
        |s: Session, c: Call<ConversationId, (), Json<OutboundContent>>| async move {
            s.inbox(c.facade.crm().channels()).can_send(c.path, &c.body.0).await.map(Plain)
        },
    );
    let endpoint = social(post("/social/messages/{id}/send-again"), "Sends a message again that failed or got lost");
    let endpoint = endpoint.explains("As a new message: whether the first one arrived is not known.");
    api.add(endpoint.needs(P::InboxReply), |s: Session, c: Call<MessageId>| async move {
        s.inbox(c.facade.crm().channels()).send_again(c.path).await.map(|message| Created(Record(message)))
    });
}
