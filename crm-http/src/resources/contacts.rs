//! `/contacts`.

use crm_core::access::Permission as P;
use crm_core::people::{Contact, ContactId, ContactPatch, ContactPoint, ContactPointId, NewContact, NewContactPoint};
use crm_core::store::Session;
use serde::Deserialize;
use utoipa::ToSchema;

use super::records::{self, Place};
use crate::api::{Api, Call, Created, Json, Many, Nothing, Record, delete, get, post, put};
use crate::problem::Problem;

const PLACE: Place = Place { tag: "contacts", list: "/contacts", one: "/contacts/{id}", search: "/contacts/search" };

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OptOut {
    /// Whether nothing is sent there any more.
    opted_out: bool,
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("contacts", "Persons one does business with");
    let read = |s: Session, id: ContactId| async move { s.contacts().get(id).await };
    records::list::<Contact, _, _>(api, PLACE, P::ContactRead, |s, filter, page| async move {
        s.contacts().list(&filter, &page).await
    });
    records::show(api, PLACE, P::ContactRead, read);
    records::create(api, PLACE, P::ContactCreate, |s, new: NewContact| async move { s.contacts().create(new).await });
    records::change(api, PLACE, P::ContactUpdate, read, |s, id, version, patch: ContactPatch| async move {
        s.contacts().change(id, version, patch).await
    });
    records::remove(api, PLACE, P::ContactDelete, read, |s, id, version| async move {
        s.contacts().delete(id, version).await
    });

    let endpoint =
        get("/contacts/{id}/points").tag("contacts").says("Their addresses and numbers").needs(P::ContactRead);
    api.add(endpoint, |s: Session, c: Call<ContactId>| async move {
        let points = s.contacts().points(c.path).await?;
        Ok::<_, Problem>(Many(points.into_iter().map(Record).collect::<Vec<Record<ContactPoint>>>()))
    });
    let endpoint =
        post("/contacts/{id}/points").tag("contacts").says("Adds an address or number").needs(P::ContactUpdate);
    api.add(endpoint, |s: Session, c: Call<ContactId, (), Json<NewContactPoint>>| async move {
        s.contacts().add_point(c.path, c.body.0).await.map(|point| Created(Record(point)))
    });
    let endpoint =
        post("/contacts/{id}/points/{point_id}/primary").tag("contacts").says("Makes it the one to use first");
    api.add(endpoint.needs(P::ContactUpdate), |s: Session, c: Call<(ContactId, ContactPointId)>| async move {
        s.contacts().make_primary(c.path.0, c.path.1).await.map(|()| Nothing)
    });
    let endpoint = put("/contacts/{id}/points/{point_id}/opt-out").tag("contacts").says("Says whether to send there");
    api.add(
        endpoint.needs(P::ContactUpdate),
        |s: Session, c: Call<(ContactId, ContactPointId), (), Json<OptOut>>| async move {
            s.contacts().opt_out(c.path.0, c.path.1, c.body.0.opted_out).await.map(|()| Nothing)
        },
    );
    let endpoint = delete("/contacts/{id}/points/{point_id}").tag("contacts").says("Removes an address or number");
    api.add(endpoint.needs(P::ContactUpdate), |s: Session, c: Call<(ContactId, ContactPointId)>| async move {
        s.contacts().remove_point(c.path.0, c.path.1).await.map(|()| Nothing)
    });
}
