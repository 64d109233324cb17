//! `/social/bulk-sends`: one template for many.

use crm_core::access::Permission as P;
use crm_core::inbox::ConversationId;
use crm_core::inbox::bulk::{BulkRecipient, BulkSend, BulkSendId, NewBulkSend, Recipients};
use crm_core::kernel::{PhoneNumber, Predicate, Stored, Timestamp};
use crm_core::lead::Lead;
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::social;
use crate::api::{Api, Call, Created, Json, Many, Plain, Record, get, post};
use crate::list::ListQuery;
use crate::problem::Problem;

/// Who a bulk sending goes to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Audience {
    /// The leads that match, that the caller sees, and that have a number.
    Segment(Predicate<Lead>),
    /// Numbers.
    Numbers(Vec<PhoneNumber>),
    /// The participants of conversations.
    Conversations(Vec<ConversationId>),
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecipientsToAdd {
    recipients: Audience,
    /// When all of them agreed to such messages; without it only those whose consent is known get one.
    #[serde(default)]
    consented_at: Option<Timestamp>,
}

/// How many were added.
#[derive(Debug, Serialize, ToSchema)]
struct RecipientsAdded {
    added: usize,
}

pub(super) fn declare(api: &mut Api) {
    read(api);
    act(api);
}

fn read(api: &mut Api) {
    let endpoint = social(get("/social/bulk-sends"), "Lists bulk sendings").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call| async move {
        let rows = s.inbox(c.facade.crm().channels()).bulk_sends().all().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<BulkSend>>>()))
    });
    let endpoint = social(get("/social/bulk-sends/{id}"), "Reads a bulk sending").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<BulkSendId>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().get(c.path).await.map(Record)
    });
    let endpoint = social(get("/social/bulk-sends/{id}/progress"), "How far it is").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<BulkSendId>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().progress(c.path).await.map(Plain)
    });
    let endpoint = social(get("/social/bulk-sends/{id}/recipients"), "What became of each recipient");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<BulkSendId, ListQuery<BulkRecipient>>| async move {
        let (id, facade, reader) = (c.path, c.facade.clone(), s.clone());
        let read = |filter, page| async move {
            reader.inbox(facade.crm().channels()).bulk_sends().ledger(id, &filter, &page).await
        };
        c.query.answer(&c.facade, &s, read).await
    });
}

fn act(api: &mut Api) {
    let endpoint = social(post("/social/bulk-sends"), "Makes a bulk sending that has not begun");
    api.add(endpoint.needs(P::InboxSendBulk), |s: Session, c: Call<(), (), Json<NewBulkSend>>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().create(c.body.0).await.map(|row| Created(Record(row)))
    });
    let endpoint = social(post("/social/bulk-sends/{id}/recipients"), "Adds recipients, each address once");
    api.add(
        endpoint.needs(P::InboxSendBulk),
        |s: Session, c: Call<BulkSendId, (), Json<RecipientsToAdd>>| async move {
            let RecipientsToAdd { recipients, consented_at } = c.body.0;
            let recipients = match recipients {
                Audience::Segment(filter) => Recipients::Segment(filter),
                Audience::Numbers(numbers) => Recipients::Numbers(numbers),
                Audience::Conversations(ids) => Recipients::Conversations(ids),
            };
            let bulk_sends = s.inbox(c.facade.crm().channels()).bulk_sends();
            let added = bulk_sends.add(c.path, recipients, consented_at).await?;
            Ok::<_, Problem>(Plain(RecipientsAdded { added }))
        },
    );
    let record = |row: Stored<BulkSend>| Record(row);
    let endpoint = social(post("/social/bulk-sends/{id}/start"), "Begins").needs(P::InboxSendBulk);
    api.add(endpoint, move |s: Session, c: Call<BulkSendId>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().start(c.path).await.map(record)
    });
    let endpoint = social(post("/social/bulk-sends/{id}/pause"), "Rests until it is resumed").needs(P::InboxSendBulk);
    api.add(endpoint, move |s: Session, c: Call<BulkSendId>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().pause(c.path).await.map(record)
    });
    let endpoint = social(post("/social/bulk-sends/{id}/resume"), "Goes on").needs(P::InboxSendBulk);
    api.add(endpoint, move |s: Session, c: Call<BulkSendId>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().resume(c.path).await.map(record)
    });
    let endpoint = social(post("/social/bulk-sends/{id}/stop"), "Ends; whoever still waits gets nothing");
    api.add(endpoint.needs(P::InboxSendBulk), move |s: Session, c: Call<BulkSendId>| async move {
        s.inbox(c.facade.crm().channels()).bulk_sends().stop(c.path).await.map(record)
    });
}
