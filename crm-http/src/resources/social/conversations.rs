//! `/social/conversations`: reading them, and what stands beside them.

use crm_core::access::Permission as P;
use crm_core::duplicate::Hit;
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::inbox::conversation::ConversationNote;
use crm_core::inbox::{Conversation, ConversationId};
use crm_core::lead::LeadId;
use crm_core::people::ContactId;
use crm_core::store::Session;

use super::super::records::Place;
use super::social;
use crate::api::{Api, Call, Many, Record, get};
use crate::problem::Problem;

const PLACE: Place = Place {
    tag: "social",
    list: "/social/conversations",
    one: "/social/conversations/{id}",
    search: "/social/conversations/search",
};

pub(super) fn declare(api: &mut Api) {
    declare_lists(api);
    let endpoint = social(get(PLACE.one), "Reads a conversation").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<ConversationId>| async move {
        s.inbox(c.facade.crm().channels()).get(c.path).await.map(Record)
    });
    let endpoint = social(get("/social/conversations/{id}/participant"), "Who is at the other end");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConversationId>| async move {
        let inbox = s.inbox(c.facade.crm().channels());
        let thread = inbox.get(c.path).await?;
        inbox.participant(thread.participant_id).await.map(Record).map_err(Problem::from)
    });
    let endpoint = social(get("/social/conversations/{id}/suggestions"), "Records that they may be, the surest first");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConversationId>| async move {
        s.inbox(c.facade.crm().channels()).suggestions(c.path).await.map(Many::<Hit>)
    });
    let endpoint = social(get("/social/conversations/{id}/notes"), "Notes that the participant never sees");
    api.add(endpoint.needs(P::InboxRead), |s: Session, c: Call<ConversationId>| async move {
        let rows = s.inbox(c.facade.crm().channels()).notes(c.path).await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<ConversationNote>>>()))
    });
    let endpoint = social(get("/leads/{id}/conversations"), "The conversations with a lead").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<LeadId>| async move {
        of_record(&s, &c, RecordRef::new(RecordKind::Lead, c.path)).await
    });
    let endpoint = social(get("/contacts/{id}/conversations"), "The conversations with a contact").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<ContactId>| async move {
        of_record(&s, &c, RecordRef::new(RecordKind::Contact, c.path)).await
    });
}

async fn of_record<T>(s: &Session, c: &Call<T>, record: RecordRef) -> Result<Many<Record<Conversation>>, Problem> {
    let rows = s.inbox(c.facade.crm().channels()).of_record(record).await?;
    Ok(Many(rows.into_iter().map(Record).collect()))
}

fn declare_lists(api: &mut Api) {
    use crate::api::{Json, post};
    use crate::list::{ListQuery, Search};

    let endpoint = social(get(PLACE.list), "Lists conversations, by conditions and in order").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<(), ListQuery<Conversation>>| async move {
        let (facade, reader) = (c.facade.clone(), s.clone());
        let read = |filter, page| async move { reader.inbox(facade.crm().channels()).list(&filter, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint = social(post(PLACE.search), "Lists conversations by a condition in JSON").needs(P::InboxRead);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<Search<Conversation>>>| async move {
        let (facade, reader) = (c.facade.clone(), s.clone());
        let read = |filter, page| async move { reader.inbox(facade.crm().channels()).list(&filter, &page).await };
        c.body.0.list()?.answer(&c.facade, &s, read).await
    });
}
