//! The endpoints of the built-in sign-in.

use axum::http::StatusCode;
use crm_core::access::{CustomRoleId, NewOrganization, Permission as P, PermissionSet, Slug, StandardRole};
use crm_core::kernel::{EmailAddress, Kind, Name, Stored, Timestamp};
use crm_core::sign_in::{ApiKey, ApiKeyId, Invitation, InvitationId, NewApiKey, NewInvitation, SignInRefusal};
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::password::Password;
use super::service::Identity;
use crate::api::{Api, Call, Created, Endpoint, Json, Many, Nothing, Plain, delete, get, post};
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Registration {
    organization: NewOrganization,
    /// The owner's name.
    name: Name,
    /// The owner's address.
    email: EmailAddress,
    password: Password,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The organization's short name.
    organization: Slug,
    email: EmailAddress,
    password: Password,
    /// The present code, where there is a second factor.
    #[serde(default)]
    code: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Forgotten {
    organization: Slug,
    email: EmailAddress,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    token: String,
    password: Password,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    token: String,
    name: Name,
    password: Password,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    present: Password,
    next: Password,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proof {
    password: Password,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

/// A second factor that waits for its first code.
#[derive(Serialize, ToSchema)]
struct Offer {
    /// The shared secret, base 32.
    secret: String,
    /// The same for apps, to be shown as a picture.
    url: String,
}

/// An invitation, without its token.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationView {
    id: InvitationId,
    email: EmailAddress,
    role: StandardRole,
    custom_role_id: Option<CustomRoleId>,
    expires_at: Timestamp,
    /// When it was accepted or taken back.
    closed_at: Option<Timestamp>,
}

impl From<Stored<Invitation>> for InvitationView {
    fn from(row: Stored<Invitation>) -> Self {
        let Invitation { email, role, custom_role_id, expires_at, closed_at, .. } = row.value;
        Self { id: row.id, email, role, custom_role_id, expires_at, closed_at }
    }
}

/// A key for programs, without the key.
#[derive(Debug, Serialize, ToSchema)]
struct KeyView {
    id: ApiKeyId,
    name: Name,
    scopes: Option<PermissionSet>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl From<Stored<ApiKey>> for KeyView {
    fn from(row: Stored<ApiKey>) -> Self {
        let ApiKey { name, scopes, expires_at, revoked_at, .. } = row.value;
        Self { id: row.id, name, scopes, created_at: row.created_at, expires_at, revoked_at }
    }
}

/// A new key, shown this once.
#[derive(Serialize, ToSchema)]
struct FreshKey {
    /// Send it as `Authorization: Bearer …`.
    key: String,
    api_key: KeyView,
}

/// Adds the endpoints of the sign-in to an API.
pub fn declare(api: &mut Api, identity: &Identity) {
    api.document.tag("sign-in", "Signing in, invitations and keys");
    entering(api, identity);
    recovering(api, identity);
    own(api, identity);
    inviting(api, identity);
}

fn way_in(path: &'static str, says: &'static str) -> Endpoint {
    post(path).tag("sign-in").says(says).signs_in()
}

fn entering(api: &mut Api, identity: &Identity) {
    let own = identity.clone();
    api.add_public(
        way_in("/auth/register", "Founds an organization and signs its owner in"),
        move |c: Call<(), (), Json<Registration>>| {
            let identity = own.clone();
            async move {
                let Registration { organization, name, email, password } = c.body.0;
                identity.register(organization, name, email, &password).await.map(|tokens| Created(Plain(tokens)))
            }
        },
    );
    let own = identity.clone();
    api.add_public(way_in("/auth/login", "Signs a member in"), move |c: Call<(), (), Json<Login>>| {
        let identity = own.clone();
        async move {
            let Login { organization, email, password, code } = c.body.0;
            identity.login(&organization, &email, &password, code.as_deref()).await.map(Plain)
        }
    });
    let own = identity.clone();
    let endpoint = way_in("/auth/refresh", "Gives the next tokens for a refresh token, which is good once");
    api.add_public(endpoint, move |c: Call<(), (), Json<Refresh>>| {
        let identity = own.clone();
        async move { identity.refresh(&c.body.0.refresh_token).await.map(Plain) }
    });
    let own = identity.clone();
    api.add_public(way_in("/auth/logout", "Ends a sign-in"), move |c: Call<(), (), Json<Refresh>>| {
        let identity = own.clone();
        async move { identity.logout(&c.body.0.refresh_token).await.map(|()| Nothing) }
    });
    let own = identity.clone();
    let endpoint = way_in("/auth/invitations/accept", "Makes a member of whoever was invited, and signs them in");
    api.add_public(endpoint, move |c: Call<(), (), Json<Acceptance>>| {
        let identity = own.clone();
        async move {
            let Acceptance { token, name, password } = c.body.0;
            identity.accept(&token, name, &password).await.map(|tokens| Created(Plain(tokens)))
        }
    });
}

fn recovering(api: &mut Api, identity: &Identity) {
    let own = identity.clone();
    let endpoint = way_in("/auth/password/forgot", "Mails a reset, when there is such a member");
    api.add_public(endpoint, move |c: Call<(), (), Json<Forgotten>>| {
        let identity = own.clone();
        async move { identity.forgot(&c.body.0.organization, &c.body.0.email).await.map(|()| Nothing) }
    });
    let own = identity.clone();
    let endpoint = way_in("/auth/password/reset", "Chooses another password by the token of a reset");
    api.add_public(endpoint, move |c: Call<(), (), Json<Reset>>| {
        let identity = own.clone();
        async move { identity.reset(&c.body.0.token, &c.body.0.password).await.map(|()| Nothing) }
    });
}

/// A wrong password of somebody who is signed in is no reason to sign in again.
fn wrong_password(error: crm_core::kernel::Error) -> Problem {
    if error.kind() == Kind::Unauthenticated {
        let detail = "the password is wrong, or there were too many attempts";
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "password.wrong", detail).at("password");
    }
    error.into()
}

fn own(api: &mut Api, identity: &Identity) {
    let endpoint = |path, says| post(path).tag("sign-in").says(says);
    let own = identity.clone();
    api.add(
        endpoint("/auth/password", "Chooses another password; every sign-in ends").answers_secret(),
        move |s: Session, c: Call<(), (), Json<PasswordChange>>| {
            let identity = own.clone();
            async move {
                let PasswordChange { present, next } = c.body.0;
                identity.change_password(&s, &present, &next).await.map(|()| Nothing).map_err(wrong_password)
            }
        },
    );
    let own = identity.clone();
    let offer = endpoint("/auth/second-factor", "Offers a second factor, not asked for before a first code");
    api.add(offer.answers_secret(), move |s: Session, c: Call<(), (), Json<Proof>>| {
        let identity = own.clone();
        async move {
            let (secret, url) = identity.offer_code(&s, &c.body.0.password).await.map_err(wrong_password)?;
            Ok::<_, Problem>(Plain(Offer { secret, url }))
        }
    });
    let own = identity.clone();
    let confirm = endpoint("/auth/second-factor/confirm", "Asks for codes from now on");
    api.add(confirm.answers_secret(), move |s: Session, c: Call<(), (), Json<Code>>| {
        let identity = own.clone();
        async move { identity.confirm_code(&s, &c.body.0.code).await.map(|()| Nothing) }
    });
    let own = identity.clone();
    let remove = endpoint("/auth/second-factor/remove", "Asks for codes no more");
    api.add(remove.answers_secret(), move |s: Session, c: Call<(), (), Json<Proof>>| {
        let identity = own.clone();
        async move { identity.remove_code(&s, &c.body.0.password).await.map(|()| Nothing).map_err(wrong_password) }
    });

    let own = identity.clone();
    let create = endpoint("/api-keys", "Makes a key for programs, which may do at most what its member may");
    api.add(create.answers_secret(), move |s: Session, c: Call<(), (), Json<NewApiKey>>| {
        let identity = own.clone();
        async move {
            let (row, key) = identity.create_key(&s, c.body.0).await?;
            Ok::<_, Problem>(Created(Plain(FreshKey { key, api_key: row.into() })))
        }
    });
    let own = identity.clone();
    api.add(get("/api-keys").tag("sign-in").says("One's own keys"), move |s: Session, _: Call| {
        let identity = own.clone();
        async move {
            let member = s.caller().member_id().ok_or(crm_core::kernel::Error::from(SignInRefusal::Refused))?;
            let keys = identity.product(s.caller().organization()).sign_ins().keys_of(member).await?;
            Ok::<_, Problem>(Many(keys.into_iter().map(KeyView::from).collect()))
        }
    });
    let own = identity.clone();
    api.add(delete("/api-keys/{id}").tag("sign-in").says("Takes a key back"), move |s: Session, c: Call<ApiKeyId>| {
        let identity = own.clone();
        async move {
            let member = s.caller().member_id().ok_or(crm_core::kernel::Error::from(SignInRefusal::Refused))?;
            identity.product(s.caller().organization()).sign_ins().revoke_key(c.path, member).await?;
            Ok::<_, Problem>(Nothing)
        }
    });
}

fn inviting(api: &mut Api, identity: &Identity) {
    let own = identity.clone();
    let invite = post("/invitations").tag("sign-in").says("Invites somebody by mail").needs(P::MemberConfigure);
    api.add(invite, move |s: Session, c: Call<(), (), Json<NewInvitation>>| {
        let identity = own.clone();
        async move { identity.invite(&s, c.body.0).await.map(|row| Created(Plain(InvitationView::from(row)))) }
    });
    let list = get("/invitations").tag("sign-in").says("Lists invitations").needs(P::MemberConfigure);
    api.add(list, |s: Session, _: Call| async move {
        let rows = s.sign_ins().invitations().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(InvitationView::from).collect()))
    });
    let revoke = delete("/invitations/{id}").tag("sign-in").says("Takes an invitation back").needs(P::MemberConfigure);
    api.add(revoke, |s: Session, c: Call<InvitationId>| async move {
        s.sign_ins().revoke_invitation(c.path).await.map(|()| Nothing)
    });
}
