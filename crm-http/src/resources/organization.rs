//! `/organization`, `/members`, `/teams`, `/roles` and `/custom-fields`.

use crm_core::access::{
    CustomRole, CustomRoleId, Member, MemberId, NewMember, Organization, Permission as P, PermissionSet, RoleReach,
    StandardRole, Team, TeamId, TimeZone,
};
use crm_core::custom_field::{CustomField, CustomFieldId, NewCustomField};
use crm_core::identity::RecordKind;
use crm_core::kernel::{Currency, Label, Name, Patch, Region};
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::MemberView;
use crate::api::{Api, Call, Created, Json, Listed, Many, Nothing, Plain, Record, delete, get, patch, post, put};
use crate::list::ListQuery;
use crate::problem::Problem;

/// A change to an organization. What is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct OrganizationPatch {
    name: Option<Name>,
    default_currency: Option<Currency>,
    time_zone: Option<TimeZone>,
    region: Patch<Region>,
}

/// Who asks, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
struct Myself {
    organization_id: crm_core::access::OrganizationId,
    member: Option<MemberView>,
    permissions: PermissionSet,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleToGive {
    role: StandardRole,
    /// The role of the tenant's own that takes its place.
    #[serde(default)]
    custom_role_id: Option<CustomRoleId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleToMake {
    name: Name,
    permissions: PermissionSet,
    reach: RoleReach,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleToChange {
    permissions: PermissionSet,
    reach: RoleReach,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TeamToMake {
    name: Name,
    #[serde(default)]
    parent_id: Option<TeamId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TeamParent {
    /// The team above; the top, when it is null.
    parent_id: Option<TeamId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FieldToChange {
    label: Label,
    required: bool,
    filterable: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Offers {
    /// Further things to choose from.
    choices: Vec<Label>,
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("organization", "The organization, its members, teams and roles");
    let endpoint = get("/organization").tag("organization").says("Reads the organization").needs(P::OrganizationRead);
    api.add(endpoint, |s: Session, _: Call| async move { s.organization().get().await.map(Record) });
    let endpoint = patch("/organization").tag("organization").says("Changes the organization").guarded();
    api.add(
        endpoint.needs(P::OrganizationConfigure),
        |s: Session, c: Call<(), (), Json<OrganizationPatch>>| async move {
            let version = c.version(async { s.organization().get().await }).await?;
            let patch = c.body.0;
            let change = |row: &mut Organization| {
                row.name = patch.name.unwrap_or(row.name.clone());
                row.default_currency = patch.default_currency.unwrap_or(row.default_currency);
                row.time_zone = patch.time_zone.unwrap_or(row.time_zone.clone());
                patch.region.apply(&mut row.region);
            };
            s.organization().change(version, change).await.map(Record).map_err(Problem::from)
        },
    );
    let endpoint = get("/me").tag("organization").says("Who asks, and what they may do");
    api.add(endpoint, |s: Session, _: Call| async move {
        let member = match s.caller().member_id() {
            Some(id) if s.caller().check(P::MemberRead).is_ok() => Some(MemberView::from(s.members().get(id).await?)),
            _ => None,
        };
        let caller = s.caller();
        Ok::<_, Problem>(Plain(Myself {
            organization_id: caller.organization(),
            member,
            permissions: caller.permissions(),
        }))
    });
    members(api);
    teams(api);
    roles(api);
    custom_fields(api);
}

fn members(api: &mut Api) {
    let endpoint = get("/members").tag("organization").says("Lists members").needs(P::MemberRead);
    api.add(endpoint, |s: Session, c: Call<(), ListQuery<Member>>| async move {
        let reader = s.clone();
        let read = |filter, page| async move { reader.members().list(&filter, &page).await };
        let Listed { items, next } = c.query.answer(&c.facade, &s, read).await?;
        let items = items.into_iter().map(|Record(row)| MemberView::from(row));
        Ok::<_, Problem>(Listed { items: items.collect(), next })
    });
    let endpoint = get("/members/{id}").tag("organization").says("Reads a member").needs(P::MemberRead);
    api.add(endpoint, |s: Session, c: Call<MemberId>| async move {
        s.members().get(c.path).await.map(|row| Plain(MemberView::from(row)))
    });
    let endpoint =
        post("/members").tag("organization").says("Adds a member, who cannot sign in before they reset a password");
    api.add(endpoint.needs(P::MemberConfigure), |s: Session, c: Call<(), (), Json<NewMember>>| async move {
        s.members().add(c.body.0).await.map(|row| Created(Plain(MemberView::from(row))))
    });
    let endpoint =
        put("/members/{id}/role").tag("organization").says("Gives a member another role").needs(P::MemberConfigure);
    api.add(endpoint, |s: Session, c: Call<MemberId, (), Json<RoleToGive>>| async move {
        let RoleToGive { role, custom_role_id } = c.body.0;
        s.members().change_role(c.path, role, custom_role_id).await.map(|row| Plain(MemberView::from(row)))
    });
    let endpoint = post("/members/{id}/deactivate").tag("organization").says("Takes away the right to sign in");
    api.add(endpoint.needs(P::MemberConfigure), |s: Session, c: Call<MemberId>| async move {
        s.members().deactivate(c.path).await.map(|row| Plain(MemberView::from(row)))
    });
    let endpoint = post("/members/{id}/activate").tag("organization").says("Gives it back").needs(P::MemberConfigure);
    api.add(endpoint, |s: Session, c: Call<MemberId>| async move {
        s.members().activate(c.path).await.map(|row| Plain(MemberView::from(row)))
    });
}

fn teams(api: &mut Api) {
    let endpoint = get("/teams").tag("organization").says("Lists teams").needs(P::MemberRead);
    api.add(endpoint, |s: Session, _: Call| async move {
        let rows = s.teams().list().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<Team>>>()))
    });
    let endpoint = post("/teams").tag("organization").says("Makes a team").needs(P::MemberConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<TeamToMake>>| async move {
        s.teams().create(c.body.0.name, c.body.0.parent_id).await.map(|row| Created(Record(row)))
    });
    let endpoint = put("/teams/{id}/parent").tag("organization").says("Puts it below another team, or at the top");
    api.add(endpoint.needs(P::MemberConfigure), |s: Session, c: Call<TeamId, (), Json<TeamParent>>| async move {
        s.teams().place(c.path, c.body.0.parent_id).await.map(Record)
    });
    let endpoint = put("/teams/{id}/members/{member_id}").tag("organization").says("Lets a member join");
    api.add(endpoint.needs(P::MemberConfigure), |s: Session, c: Call<(TeamId, MemberId)>| async move {
        s.teams().join(c.path.0, c.path.1).await.map(|()| Nothing)
    });
    let endpoint = delete("/teams/{id}/members/{member_id}").tag("organization").says("Lets a member leave");
    api.add(endpoint.needs(P::MemberConfigure), |s: Session, c: Call<(TeamId, MemberId)>| async move {
        s.teams().leave(c.path.0, c.path.1).await.map(|()| Nothing)
    });
}

fn roles(api: &mut Api) {
    let endpoint =
        post("/roles").tag("organization").says("Makes a role of the tenant's own").needs(P::MemberConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<RoleToMake>>| async move {
        let RoleToMake { name, permissions, reach } = c.body.0;
        s.roles().create(name, permissions, reach).await.map(|row| Created(Record::<CustomRole>(row)))
    });
    let endpoint = put("/roles/{id}").tag("organization").says("Changes what a role allows").needs(P::MemberConfigure);
    api.add(endpoint.guarded(), |s: Session, c: Call<CustomRoleId, (), Json<RoleToChange>>| async move {
        let missing =
            async { Err(crm_core::store::RecordNotFound { entity: "custom_role", id: c.path.uuid() }.into()) };
        let version = c.version::<CustomRole>(missing).await?;
        let RoleToChange { permissions, reach } = c.body.0;
        s.roles().change(c.path, version, permissions, reach).await.map(Record).map_err(Problem::from)
    });
    let endpoint = delete("/roles/{id}").tag("organization").says("Removes a role that no member has");
    api.add(endpoint.needs(P::MemberConfigure), |s: Session, c: Call<CustomRoleId>| async move {
        s.roles().delete(c.path).await.map(|()| Nothing)
    });
}

fn custom_fields(api: &mut Api) {
    api.document.tag("custom-fields", "The tenant's own fields");
    let endpoint = get("/custom-fields/{kind}").tag("custom-fields").says("The fields of a kind of record");
    api.add(endpoint.needs(P::CustomFieldRead), |s: Session, c: Call<String>| async move {
        let kind = RecordKind::ALL.iter().find(|kind| kind.as_str() == c.path);
        let missing =
            || Problem::new(axum::http::StatusCode::NOT_FOUND, "path.malformed", "there is no such kind of record");
        let schema = s.custom_fields().schema(*kind.ok_or_else(missing)?).await?;
        Ok::<_, Problem>(Many(schema.fields().cloned().collect::<Vec<CustomField>>()))
    });
    let endpoint = post("/custom-fields").tag("custom-fields").says("Adds a field").needs(P::CustomFieldConfigure);
    api.add(endpoint, |s: Session, c: Call<(), (), Json<NewCustomField>>| async move {
        s.custom_fields().create(c.body.0).await.map(|row| Created(Record(row)))
    });
    let endpoint = put("/custom-fields/by-id/{id}").tag("custom-fields").says("Changes a field").guarded();
    api.add(
        endpoint.needs(P::CustomFieldConfigure),
        |s: Session, c: Call<CustomFieldId, (), Json<FieldToChange>>| async move {
            let missing =
                async { Err(crm_core::store::RecordNotFound { entity: "custom_field", id: c.path.uuid() }.into()) };
            let version = c.version::<CustomField>(missing).await?;
            let FieldToChange { label, required, filterable } = c.body.0;
            s.custom_fields()
                .change(c.path, version, label, required, filterable)
                .await
                .map(Record)
                .map_err(Problem::from)
        },
    );
    let endpoint = delete("/custom-fields/by-id/{id}").tag("custom-fields").says("Removes a field that nothing uses");
    let endpoint = endpoint.explains(
        "Refused with a list while rules, stages or mappings name it. What records hold of it goes with the next due work; \
         until then its key cannot be taken again.",
    );
    api.add(endpoint.guarded().needs(P::CustomFieldConfigure), |s: Session, c: Call<CustomFieldId>| async move {
        let missing =
            async { Err(crm_core::store::RecordNotFound { entity: "custom_field", id: c.path.uuid() }.into()) };
        let version = c.version::<CustomField>(missing).await?;
        s.custom_fields().delete(c.path, version).await.map(|()| Nothing).map_err(Problem::from)
    });
    let endpoint =
        post("/custom-fields/by-id/{id}/choices").tag("custom-fields").says("Offers further choices").guarded();
    api.add(
        endpoint.needs(P::CustomFieldConfigure),
        |s: Session, c: Call<CustomFieldId, (), Json<Offers>>| async move {
            let missing =
                async { Err(crm_core::store::RecordNotFound { entity: "custom_field", id: c.path.uuid() }.into()) };
            let version = c.version::<CustomField>(missing).await?;
            s.custom_fields().offer(c.path, version, c.body.0.choices).await.map(Record).map_err(Problem::from)
        },
    );
}
