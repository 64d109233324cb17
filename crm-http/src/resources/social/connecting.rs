//! Connecting an account: to the platform's permission page, back with a code, and the choice of an account.
//!
//! Nothing of a trip is stored. Its state is signed and bound to the organization, the caller and the platform, so that
//! nobody can have another one's browser finish a trip that they began. The tokens of the accounts to choose from leave
//! the house sealed by the vault, and only for the few minutes in which one of them is chosen.

use std::time::Duration;

use axum::http::StatusCode;
use crm_core::access::Permission as P;
use crm_core::inbox::Platform;
use crm_core::inbox::channel::{Account, AuthorisationGrant, ConnectedAccount, NoSuchChannel};
use crm_core::inbox::connection::{SealedSecret, SecretPlace, SecretVault};
use crm_core::kernel::{Error, Secret, Timestamp};
use crm_core::store::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::connections::shown;
use super::social;
use crate::api::{Api, Call, Created, Json, Many, Plain, post};
use crate::facade::Facade;
use crate::problem::Problem;

/// How long a person may take on the permission page, and over the choice.
const LASTS: Duration = Duration::from_mins(15);
const PURPOSE: &str = "connecting";

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Departure {
    /// Where the platform sends the browser back to; the platform must know the address.
    #[schema(example = "https://crm.example.com/connected")]
    redirect_uri: String,
    /// By which way, where there are several: `instagram_login` for an Instagram account without a page.
    #[serde(default)]
    login: Option<String>,
}

/// Where the browser is to be sent.
#[derive(Debug, Serialize, ToSchema)]
struct DepartureView {
    url: String,
    /// Comes back with the code, and is good for 15 minutes.
    state: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Return {
    /// What came back with the code.
    state: String,
    code: String,
    /// The same as at the departure.
    #[serde(default)]
    redirect_uri: Option<String>,
    /// The same as at the departure.
    #[serde(default)]
    login: Option<String>,
    /// The `WhatsApp` business account, as the signup dialogue told it.
    #[serde(default)]
    parent_id: Option<String>,
    /// The telephone number id, as the signup dialogue told it.
    #[serde(default)]
    external_id: Option<String>,
    /// Six digits that a telephone number is to be registered with.
    #[serde(default)]
    pin: Option<String>,
}

/// An account that can be connected now.
#[derive(Debug, Serialize, ToSchema)]
struct AccountView {
    external_id: String,
    name: String,
    /// Its telephone number or handle.
    handle: Option<String>,
    /// What its token permits.
    scopes: Vec<String>,
    /// Send it to `/social/connections` to connect the account; good for 15 minutes.
    choice: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Chosen {
    choice: String,
}

/// Who is on a trip where, as it is signed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Trip {
    organization: String,
    caller: String,
    platform: Platform,
    until: Timestamp,
}

impl Trip {
    fn of(session: &Session, platform: Platform, until: Timestamp) -> Self {
        let caller = session.caller();
        let actor = serde_json::to_string(caller.actor()).unwrap_or_default();
        Self { organization: caller.organization().to_string(), caller: actor, platform, until }
    }

    fn sealed(&self, facade: &Facade) -> String {
        facade.secret().seal(PURPOSE, &serde_json::to_vec(self).unwrap_or_default())
    }

    /// Checks the state that came back.
    fn check(facade: &Facade, session: &Session, platform: &Platform, state: &str) -> Result<(), Problem> {
        let trip: Option<Self> =
            facade.secret().open(PURPOSE, state).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let ours = trip.filter(|trip| *trip == Self::of(session, platform.clone(), trip.until));
        let wrong = |code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).at("state");
        match ours {
            None => Err(wrong("connecting.foreign_state", "the state is none of yours; start connecting again")),
            Some(trip) if session.ports().clock.now() >= trip.until => {
                Err(wrong("connecting.late", "connecting took longer than 15 minutes; start again"))
            }
            Some(_) => Ok(()),
        }
    }
}

/// An account with its token, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Offer {
    platform: Platform,
    external_id: String,
    parent_id: Option<String>,
    login: Option<String>,
    token: String,
    name: String,
    handle: Option<String>,
    scopes: Vec<String>,
    token_expires_at: Option<Timestamp>,
    until: Timestamp,
}

/// Choices open in the same organization and for the same member only.
fn place(session: &Session) -> SecretPlace {
    let caller = session.caller();
    let id = caller.member_id().map_or_else(uuid::Uuid::nil, crm_core::kernel::Id::uuid);
    SecretPlace { organization: caller.organization(), entity: "connection", column: "choice", id }
}

impl Offer {
    fn view(
        vault: &dyn SecretVault,
        session: &Session,
        connected: ConnectedAccount,
        until: Timestamp,
    ) -> Result<AccountView, Error> {
        let ConnectedAccount { account, name, handle, scopes, token_expires_at } = connected;
        let Account { platform, external_id, parent_id, login, token } = account;
        let token = token.expose().to_owned();
        let offer =
            Self { platform, external_id, parent_id, login, token, name, handle, scopes, token_expires_at, until };
        let text = Secret::new(serde_json::to_string(&offer).unwrap_or_default());
        let SealedSecret(choice) = vault.seal(&place(session), &text)?;
        let Self { external_id, name, handle, scopes, .. } = offer;
        Ok(AccountView { external_id, name, handle, scopes, choice })
    }

    fn chosen(vault: &dyn SecretVault, session: &Session, choice: String) -> Option<ConnectedAccount> {
        let text = vault.open(&place(session), &SealedSecret(choice)).ok()?;
        let offer: Self = serde_json::from_str(text.expose()).ok()?;
        let Self { platform, external_id, parent_id, login, token, name, handle, scopes, token_expires_at, until } =
            offer;
        let account = Account { platform, external_id, parent_id, login, token: Secret::new(token) };
        let connected = ConnectedAccount { account, name, handle, scopes, token_expires_at };
        (session.ports().clock.now() < until).then_some(connected)
    }
}

/// The platform of a path; one that can't be a platform is none that there is a channel for.
fn platform(path: &str) -> Result<Platform, Problem> {
    path.parse().map_err(|_| {
        Problem::new(StatusCode::NOT_FOUND, "path.malformed", "there is nothing at this path; check the platform")
    })
}

pub(super) fn declare(api: &mut Api) {
    let endpoint = social(post("/social/connections/{platform}/connect"), "Says where an account is connected");
    let endpoint = endpoint.explains("Send the browser to the address; it comes back with a code.").may_be_missing();
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<String, (), Json<Departure>>| async move {
        drop(s.begin(P::InboxConfigure).await?);
        let platform = platform(&c.path)?;
        let trip = Trip::of(&s, platform.clone(), s.ports().clock.now().plus(LASTS));
        let state = trip.sealed(&c.facade);
        let Departure { redirect_uri, login } = c.body.0;
        let pages = c.facade.outside().permission_pages()?;
        let url = pages.page(&platform, login.as_deref(), &redirect_uri, &state)?;
        let url = url.ok_or_else(|| Error::from(NoSuchChannel(platform)))?;
        Ok::<_, Problem>(Plain(DepartureView { url, state }))
    });
    let endpoint = social(post("/social/connections/{platform}/accounts"), "The accounts that a code gives access to");
    let endpoint = endpoint.explains("The code is exchanged once. Nothing is connected until an account is chosen.");
    api.add(
        endpoint.answers_secret().needs(P::InboxConfigure),
        |s: Session, c: Call<String, (), Json<Return>>| async move {
            drop(s.begin(P::InboxConfigure).await?);
            let platform = platform(&c.path)?;
            let back = c.body.0;
            Trip::check(&c.facade, &s, &platform, &back.state)?;
            let grant = AuthorisationGrant {
                code: Secret::new(back.code),
                redirect_uri: back.redirect_uri,
                login: back.login,
                parent_id: back.parent_id,
                external_id: back.external_id,
                pin: back.pin.map(Secret::new),
            };
            let channels = c.facade.crm().channels();
            let until = s.ports().clock.now().plus(LASTS);
            let accounts = s.inbox(channels).connections().accounts(&platform, &grant).await?;
            let views = accounts.into_iter().map(|one| Offer::view(channels.vault(), &s, one, until));
            Ok::<_, Problem>(Many(views.collect::<Result<Vec<AccountView>, Error>>()?))
        },
    );
    let endpoint = social(post("/social/connections"), "Connects a chosen account, or connects it again");
    api.add(endpoint.needs(P::InboxConfigure), |s: Session, c: Call<(), (), Json<Chosen>>| async move {
        drop(s.begin(P::InboxConfigure).await?);
        let channels = c.facade.crm().channels();
        let connected = Offer::chosen(channels.vault(), &s, c.body.0.choice).ok_or_else(|| {
            let detail = "the choice is none of yours, or older than 15 minutes; start connecting again";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "connecting.foreign_choice", detail).at("choice")
        })?;
        let row = s.inbox(channels).connections().connect(&connected).await?;
        Ok::<_, Problem>(Created(shown(row)))
    });
}
