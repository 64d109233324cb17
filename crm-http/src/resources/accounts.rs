//! `/accounts`.

use crm_core::access::Permission as P;
use crm_core::kernel::Domain;
use crm_core::people::{Account, AccountId, AccountPatch, NewAccount};
use crm_core::store::Session;
use serde::Deserialize;
use utoipa::ToSchema;

use super::records::{self, Place};
use crate::api::{Api, Call, Json, Many, Nothing, Record, delete, get, post, put};
use crate::problem::Problem;

const PLACE: Place = Place { tag: "accounts", list: "/accounts", one: "/accounts/{id}", search: "/accounts/search" };

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DomainToAdd {
    domain: Domain,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountParent {
    /// The account above; the top, when it is null.
    parent_id: Option<AccountId>,
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("accounts", "Companies one does business with");
    let read = |s: Session, id: AccountId| async move { s.accounts().get(id).await };
    records::list::<Account, _, _>(api, PLACE, P::AccountRead, |s, filter, page| async move {
        s.accounts().list(&filter, &page).await
    });
    records::show(api, PLACE, P::AccountRead, read);
    records::create(api, PLACE, P::AccountCreate, |s, new: NewAccount| async move { s.accounts().create(new).await });
    records::change(api, PLACE, P::AccountUpdate, read, |s, id, version, patch: AccountPatch| async move {
        s.accounts().change(id, version, patch).await
    });
    records::remove(api, PLACE, P::AccountDelete, read, |s, id, version| async move {
        s.accounts().delete(id, version).await
    });

    let endpoint = get("/accounts/{id}/domains").tag("accounts").says("Its domains").needs(P::AccountRead);
    api.add(endpoint, |s: Session, c: Call<AccountId>| async move {
        let domains = s.accounts().domains(c.path).await?;
        Ok::<_, Problem>(Many(domains.into_iter().collect::<Vec<Domain>>()))
    });
    let endpoint = post("/accounts/{id}/domains").tag("accounts").says("Adds a domain").needs(P::AccountUpdate);
    api.add(endpoint, |s: Session, c: Call<AccountId, (), Json<DomainToAdd>>| async move {
        s.accounts().add_domain(c.path, c.body.0.domain).await.map(|()| Nothing)
    });
    let endpoint = delete("/accounts/{id}/domains/{domain}").tag("accounts").says("Removes a domain");
    api.add(endpoint.needs(P::AccountUpdate), |s: Session, c: Call<(AccountId, String)>| async move {
        let domain = Domain::try_from(c.path.1).map_err(crm_core::kernel::Error::from)?;
        s.accounts().remove_domain(c.path.0, domain).await.map(|()| Nothing)
    });
    let endpoint = put("/accounts/{id}/parent").tag("accounts").says("Puts it below another account, or at the top");
    api.add(endpoint.needs(P::AccountUpdate), |s: Session, c: Call<AccountId, (), Json<AccountParent>>| async move {
        s.accounts().place(c.path, c.body.0.parent_id).await.map(Record)
    });
}
