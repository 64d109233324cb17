//! `/activities` and the feeds of records.

use crm_core::access::Permission as P;
use crm_core::activity::{Activity, ActivityId, ActivityPatch, Completion, NewActivity};
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::store::Session;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::records::{self, Place};
use super::views::FeedEntry;
use crate::api::{
    Api, Call, Json, Listed, Many, MaybeJson, Nothing, Query, Record, delete, get, post, query_parameter,
    unknown_parameter,
};
use crate::problem::Problem;

const PLACE: Place =
    Place { tag: "activities", list: "/activities", one: "/activities/{id}", search: "/activities/search" };

const FEED: &str = "feed";

pub(super) fn declare(api: &mut Api) {
    api.document.tag("activities", "Calls, mails, meetings, tasks and notes, and the feeds of records");
    let read = |s: Session, id: ActivityId| async move { s.activities().get(id).await };
    records::list::<Activity, _, _>(api, PLACE, P::ActivityRead, |s, filter, page| async move {
        s.activities().list(&filter, &page).await
    });
    records::show(api, PLACE, P::ActivityRead, read);
    records::create(
        api,
        PLACE,
        P::ActivityCreate,
        |s, new: NewActivity| async move { s.activities().create(new).await },
    );
    records::change(api, PLACE, P::ActivityUpdate, read, |s, id, version, patch: ActivityPatch| async move {
        s.activities().change(id, version, patch).await
    });
    records::remove(api, PLACE, P::ActivityDelete, read, |s, id, version| async move {
        s.activities().delete(id, version).await
    });

    let verb = |path, says| post(path).tag("activities").says(says).needs(P::ActivityUpdate);
    let endpoint = verb("/activities/{id}/complete", "It was done");
    api.add(endpoint, |s: Session, c: Call<ActivityId, (), MaybeJson<Completion>>| async move {
        s.activities().complete(c.path, c.body.0).await.map(Record)
    });
    api.add(
        verb("/activities/{id}/reopen", "It is to be done after all"),
        |s: Session, c: Call<ActivityId>| async move { s.activities().reopen(c.path).await.map(Record) },
    );
    api.add(verb("/activities/{id}/cancel", "It will not be done"), |s: Session, c: Call<ActivityId>| async move {
        s.activities().cancel(c.path).await.map(Record)
    });
    let endpoint = get("/activities/{id}/records").tag("activities").says("What it is about").needs(P::ActivityRead);
    api.add(endpoint, |s: Session, c: Call<ActivityId>| async move { s.activities().records(c.path).await.map(Many) });
    let endpoint = verb("/activities/{id}/records", "It is about this record too");
    api.add(endpoint, |s: Session, c: Call<ActivityId, (), Json<RecordRef>>| async move {
        s.activities().link(c.path, c.body.0).await.map(|()| Nothing)
    });
    let endpoint = delete("/activities/{id}/records").tag("activities").says("It is not about this record");
    api.add(endpoint.needs(P::ActivityUpdate), |s: Session, c: Call<ActivityId, OneRecord>| async move {
        s.activities().unlink(c.path, c.query.0).await.map(|()| Nothing)
    });
    let endpoint = get("/timeline").tag("activities").says("What happened to a record, the latest first");
    api.add(endpoint.needs(P::ActivityRead), |s: Session, c: Call<(), Feed>| async move {
        let Feed { record, cursor, limit } = c.query;
        let purpose = format!("{FEED}/{}/{record:?}", s.caller().organization());
        let after = cursor.map(|text| {
            let opened = c.facade.secret().open(&purpose, &text);
            opened.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
                let detail = "the cursor is not one of this feed; begin again from the first page";
                Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "page.foreign_cursor", detail).at("cursor")
            })
        });
        let after = after.transpose()?;
        let entries = s.activities().timeline(record, &[], after.as_ref(), limit).await?;
        let full = u32::try_from(entries.len()).is_ok_and(|count| count >= limit);
        let last = entries.last().filter(|_| full).map(crm_core::activity::TimelineEntry::cursor);
        let last = last.and_then(|cursor| serde_json::to_vec(&cursor).ok());
        let next = last.map(|bytes| c.facade.secret().seal(&purpose, &bytes));
        Ok::<_, Problem>(Listed { items: entries.into_iter().map(FeedEntry::from).collect(), next })
    });
}

/// A record, named by two parameters.
#[derive(Debug)]
struct OneRecord(RecordRef);

fn record(kind: Option<&str>, id: Option<&str>) -> Result<RecordRef, Problem> {
    let wrong = |field: &str, detail: &str| {
        Problem::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, "record.malformed", detail).at(field)
    };
    let kind = RecordKind::ALL.iter().find(|known| Some(known.as_str()) == kind);
    let kind = kind.ok_or_else(|| wrong("kind", "'kind' is lead, contact, account or opportunity"))?;
    let id = id.and_then(|id| uuid::Uuid::try_parse(id).ok());
    Ok(RecordRef { kind: *kind, id: id.ok_or_else(|| wrong("id", "'id' is the identifier of a record"))? })
}

fn record_parameters() -> Vec<Parameter> {
    let kinds = RecordKind::ALL.iter().map(|kind| kind.as_str());
    let kinds = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(kinds));
    let id = <crm_core::lead::LeadId as utoipa::PartialSchema>::schema();
    let mut parameters =
        vec![query_parameter("kind", "Kind of the record", kinds), query_parameter("id", "The record", id)];
    for parameter in &mut parameters {
        parameter.required = utoipa::openapi::Required::True;
    }
    parameters
}

impl Query for OneRecord {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (mut kind, mut id) = (None, None);
        for (name, value) in pairs {
            match name.as_str() {
                "kind" => kind = Some(value),
                "id" => id = Some(value),
                _ => return Err(unknown_parameter(&name, "there are kind and id")),
            }
        }
        record(kind.as_deref(), id.as_deref()).map(Self)
    }
    fn parameters() -> Vec<Parameter> {
        record_parameters()
    }
}

/// Which feed, and from where on.
#[derive(Debug)]
struct Feed {
    record: RecordRef,
    cursor: Option<String>,
    limit: u32,
}

impl Query for Feed {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (mut kind, mut id, mut cursor, mut limit) = (None, None, None, 50);
        for (name, value) in pairs {
            match name.as_str() {
                "kind" => kind = Some(value),
                "id" => id = Some(value),
                "cursor" => cursor = Some(value),
                "limit" => limit = crate::list::limit(&value)?,
                _ => return Err(unknown_parameter(&name, "there are kind, id, cursor and limit")),
            }
        }
        Ok(Self { record: record(kind.as_deref(), id.as_deref())?, cursor, limit })
    }
    fn parameters() -> Vec<Parameter> {
        let mut parameters = record_parameters();
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(200));
        let cursor = ObjectBuilder::new().schema_type(Type::String);
        parameters.push(query_parameter("limit", "Entries on a page", limit));
        parameters.push(query_parameter("cursor", "'next' of the page before", cursor));
        parameters
    }
}
