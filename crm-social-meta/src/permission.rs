//! The permission page that a person is sent to, and the state that comes back from it.

use std::time::Duration;

use crm_core::access::OrganizationId;
use crm_core::kernel::Timestamp;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::graph::CallError;
use crate::graph::client::Graph;
use crate::webhook::signature::hmac_hex;

/// How long a person may take on the permission page.
const STATE_LASTS: Duration = Duration::from_mins(15);

/// By which way an account is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Facebook Login for Business: Pages and the Instagram accounts linked to them.
    Facebook,
    /// Instagram Login, which needs no Page.
    Instagram,
    /// `WhatsApp` Embedded Signup.
    WhatsApp,
}

impl Login {
    /// The word for it in stored connections.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook_login",
            Self::Instagram => "instagram_login",
            Self::WhatsApp => "embedded_signup",
        }
    }

    /// What the person is asked to permit.
    #[must_use]
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Facebook => &[
                "pages_show_list",
                "pages_manage_metadata",
                "pages_messaging",
                "business_management",
                "instagram_basic",
                "instagram_manage_messages",
            ],
            Self::Instagram => &["instagram_business_basic", "instagram_business_manage_messages"],
            Self::WhatsApp => &["whatsapp_business_management", "whatsapp_business_messaging"],
        }
    }
}

impl Graph {
    /// The address of the permission page. `state` comes back with the code; see [`PermissionState`].
    ///
    /// ```
    /// use crm_social_meta::{AppCredentials, Graph, Login, MetaConfig};
    /// # use crm_core::testing::ManualClock as SystemClock;
    ///
    /// let app = AppCredentials { id: "1234".to_owned(), secret: "the app's secret".into() };
    /// let graph = Graph::new(MetaConfig::new(app, "vt".into()), SystemClock::default())?;
    /// let page = graph.permission_page(Login::Facebook, "https://crm.example.com/connected", "the state").unwrap();
    /// assert!(page.as_str().starts_with("https://www.facebook.com/v25.0/dialog/oauth?client_id=1234&"));
    /// # Ok::<(), crm_social_meta::SetupError>(())
    /// ```
    ///
    /// # Errors
    /// When Instagram Login is asked for and not configured.
    pub fn permission_page(
        &self,
        login: Login,
        redirect_uri: &str,
        state: &str,
    ) -> Result<Url, crm_core::inbox::channel::ChannelFailure> {
        let config = self.config();
        let (base, path, app) = match login {
            Login::Facebook | Login::WhatsApp => {
                let path = [config.graph_version.as_str(), "dialog", "oauth"];
                (&config.base_urls.facebook_dialog, path.to_vec(), &config.facebook_app)
            }
            Login::Instagram => (&config.base_urls.instagram_dialog, vec!["oauth", "authorize"], self.instagram_app()?),
        };
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| CallError::ours("the base address has no paths"))?
            .pop_if_empty()
            .extend(path);
        url.query_pairs_mut()
            .append_pair("client_id", &app.id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &login.scopes().join(","))
            .append_pair("state", state);
        Ok(url)
    }
}

/// Binds a trip to the permission page to an organization and a person's session.
///
/// Without it, anyone could have a victim's browser finish a trip that the attacker began, and so connect the attacker's
/// account to the victim's organization.
#[derive(Clone, Debug)]
pub struct PermissionState {
    key: SecretString,
}

/// Why a state that came back is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PermissionRefusal {
    /// It is not one of ours, or another session's or organization's.
    #[error("the state does not belong to this session; start connecting again")]
    Foreign,
    /// The person took too long.
    #[error("connecting took longer than 15 minutes; start again")]
    Late,
}

impl PermissionState {
    /// States under this key, which should be 32 random bytes or more.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, _| {
    /// # use crm_core::kernel::Clock;
    /// use crm_social_meta::{PermissionRefusal, PermissionState};
    ///
    /// let (states, now) = (PermissionState::new("32 random bytes".into()), office.clock.now());
    /// let state = states.issue(office.organization, "the browser's session", now);
    /// assert_eq!(states.check(&state, office.organization, "the browser's session", now), Ok(()));
    /// let stolen = states.check(&state, office.organization, "another session", now);
    /// assert_eq!(stolen, Err(PermissionRefusal::Foreign));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn new(key: SecretString) -> Self {
        Self { key }
    }

    /// The state to send along.
    #[must_use]
    pub fn issue(&self, organization: OrganizationId, session: &str, now: Timestamp) -> String {
        let until = now.plus(STATE_LASTS).micros();
        format!("{until}-{}", self.mac(organization, session, until))
    }

    /// Checks the state that came back.
    ///
    /// # Errors
    /// `Foreign` or `Late`.
    pub fn check(
        &self,
        state: &str,
        organization: OrganizationId,
        session: &str,
        now: Timestamp,
    ) -> Result<(), PermissionRefusal> {
        let (until, mac) = state.split_once('-').ok_or(PermissionRefusal::Foreign)?;
        let until: i64 = until.parse().map_err(|_| PermissionRefusal::Foreign)?;
        let ours = self.mac(organization, session, until);
        if self.key.expose_secret().is_empty() || !bool::from(mac.as_bytes().ct_eq(ours.as_bytes())) {
            return Err(PermissionRefusal::Foreign);
        }
        if now.micros() < until { Ok(()) } else { Err(PermissionRefusal::Late) }
    }

    fn mac(&self, organization: OrganizationId, session: &str, until: i64) -> String {
        hmac_hex(&self.key, format!("{organization}\n{until}\n{session}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crm_core::kernel::Id;
    use crm_core::kernel::{Clock, IdSource};
    use crm_core::testing::{ManualClock, SequentialIds};

    #[test]
    fn a_state_is_good_for_its_session_and_organization_and_for_a_while() {
        let now = ManualClock::default().now();
        let ids = SequentialIds::new();
        let (ours, theirs) = (Id::new(ids.next(now)), Id::new(ids.next(now)));
        let states = PermissionState::new(SecretString::from("0123456789abcdef0123456789abcdef"));
        let state = states.issue(ours, "session-1", now);
        assert_eq!(states.check(&state, ours, "session-1", now), Ok(()));
        assert_eq!(states.check(&state, theirs, "session-1", now), Err(PermissionRefusal::Foreign));
        assert_eq!(states.check(&state, ours, "session-2", now), Err(PermissionRefusal::Foreign));
        assert_eq!(states.check(&state, ours, "session-1", now.plus(STATE_LASTS)), Err(PermissionRefusal::Late));
        for forged in ["", "-", "1-", "x-y", &state.replace('-', ""), &format!("9{state}")] {
            assert_eq!(states.check(forged, ours, "session-1", now), Err(PermissionRefusal::Foreign), "{forged}");
        }
    }
}
