//! Canned replies, business hours, and the figures of the inbox.

use crm_core::access::Permission as P;
use crm_core::inbox::desk::{CannedReply, CannedReplyId};
use crm_core::inbox::hours::{Calendar, CalendarId};
use crm_core::inbox::{ConversationId, analytics::InboxReport};
use crm_core::kernel::{Note, Tag};
use crm_core::store::{RecordNotFound, Session};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::between::Between;
use super::social;
use crate::api::{Api, Call, Endpoint, Json, Many, Nothing, Plain, Record, delete, get, put};
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplyToKeep {
    /// What is typed to get it.
    shortcut: Tag,
    /// Its words, with `{{participant.name}}`, `{{agent.name}}` and `{{organization.name}}`.
    text: Note,
}

/// A canned reply for a conversation.
#[derive(Debug, Serialize, ToSchema)]
struct FilledReply {
    /// Its words with each token filled; nothing, when there is no such reply.
    text: Option<String>,
}

pub(super) fn declare(api: &mut Api) {
    canned_replies(api);
    calendars(api);
    for endpoint in [get("/social/analytics"), get("/analytics/social").tag("analytics")] {
        report(api, endpoint);
    }
}

fn report(api: &mut Api, endpoint: Endpoint) {
    let endpoint = endpoint.says("Volume, response and resolution times of the conversations that one sees");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<(), Between>| async move {
        let Between { from, to } = c.query;
        s.inbox(c.facade.crm().channels()).report(from, to).await.map(Plain::<InboxReport>)
    });
}

fn canned_replies(api: &mut Api) {
    let endpoint = social(get("/social/canned-replies"), "Lists replies that are written once and used often");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call| async move {
        let rows = s.inbox(c.facade.crm().channels()).canned_replies().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<CannedReply>>>()))
    });
    let endpoint = social(put("/social/canned-replies"), "Keeps a reply under its shortcut");
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<(), (), Json<ReplyToKeep>>| async move {
        let ReplyToKeep { shortcut, text } = c.body.0;
        s.inbox(c.facade.crm().channels()).set_canned_reply(shortcut, text).await.map(Record)
    });
    let endpoint = social(delete("/social/canned-replies/{id}"), "Removes a canned reply").guarded();
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<CannedReplyId>| async move {
        let inbox = s.inbox(c.facade.crm().channels());
        let present = async {
            let row = inbox.canned_replies().await?.into_iter().find(|row| row.id == c.path);
            row.ok_or_else(|| RecordNotFound { entity: "canned_reply", id: c.path.uuid() }.into())
        };
        let version = c.version(present).await?;
        inbox.delete_canned_reply(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
    let endpoint = social(get("/social/conversations/{id}/canned-replies/{shortcut}"), "A canned reply, filled for it");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<(ConversationId, String)>| async move {
        let (id, shortcut) = c.path;
        let shortcut: Tag = shortcut.parse().map_err(crm_core::kernel::Error::from)?;
        let text = s.inbox(c.facade.crm().channels()).canned_reply_for(id, &shortcut).await?;
        Ok::<_, Problem>(Plain(FilledReply { text }))
    });
}

fn calendars(api: &mut Api) {
    let endpoint = social(get("/social/calendars"), "Lists business hours").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call| async move {
        let rows = s.inbox(c.facade.crm().channels()).calendars().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<Calendar>>>()))
    });
    let endpoint = social(put("/social/calendars"), "Keeps business hours under their name");
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<(), (), Json<Calendar>>| async move {
        s.inbox(c.facade.crm().channels()).set_calendar(c.body.0).await.map(Record)
    });
    let endpoint = social(delete("/social/calendars/{id}"), "Removes business hours").guarded();
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<CalendarId>| async move {
        let inbox = s.inbox(c.facade.crm().channels());
        let present = async {
            let row = inbox.calendars().await?.into_iter().find(|row| row.id == c.path);
            row.ok_or_else(|| RecordNotFound { entity: "business_calendar", id: c.path.uuid() }.into())
        };
        let version = c.version(present).await?;
        inbox.delete_calendar(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
}
