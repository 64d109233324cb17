//! From what a person brings back from the permission page to the accounts that it gives access to.

use crm_core::inbox::channel::{Account, AuthorisationGrant, ChannelFailure, ConnectedAccount, Platform};
use crm_core::kernel::Secret;
use secrecy::{ExposeSecret, SecretString};

use crate::graph::CallError;
use crate::graph::client::{Graph, token};
use crate::graph::{IssuedToken, Page};
use crate::permission::Login;

impl Graph {
    pub(crate) async fn connect(
        &self,
        platform: &Platform,
        grant: &AuthorisationGrant,
    ) -> Result<Vec<ConnectedAccount>, ChannelFailure> {
        let by_instagram = grant.login.as_deref() == Some(Login::Instagram.as_str());
        if *platform == Platform::WHATSAPP {
            self.connect_number(grant).await
        } else if *platform == Platform::INSTAGRAM && by_instagram {
            self.connect_instagram(grant).await
        } else if *platform == Platform::MESSENGER || *platform == Platform::INSTAGRAM {
            self.connect_pages(platform, grant).await
        } else {
            Err(CallError::ours(format!("{platform} is none of Meta's platforms")).into())
        }
    }

    /// Code, user's token, long-lived token, Pages. A Page's token lasts while the person keeps role and password.
    async fn connect_pages(
        &self,
        platform: &Platform,
        grant: &AuthorisationGrant,
    ) -> Result<Vec<ConnectedAccount>, ChannelFailure> {
        let short = self.exchange_facebook_code(&token(&grant.code), redirect_uri(grant)?).await?;
        let user = self.prolong_facebook_token(&short.token).await?.token;
        let scopes = self.debug_token(&user).await?.scopes;
        let pages = self.pages(&user).await?;
        Ok(pages
            .into_iter()
            .filter(|page| page.may_message)
            .filter_map(|page| of_page(platform, page, &scopes))
            .collect())
    }

    /// Code, an hour's token, sixty days' token, account.
    async fn connect_instagram(&self, grant: &AuthorisationGrant) -> Result<Vec<ConnectedAccount>, ChannelFailure> {
        let short = self.exchange_instagram_code(&token(&grant.code), redirect_uri(grant)?).await?;
        let IssuedToken { token, expires_at, .. } = self.prolong_instagram_token(&short.token).await?;
        let (id, name) = self.instagram_account(&token).await?;
        let account = Account {
            platform: Platform::INSTAGRAM,
            external_id: id,
            parent_id: None,
            login: Some(Login::Instagram.as_str().to_owned()),
            token: secret(&token),
        };
        let handle = Some(name.clone()).filter(|name| !name.is_empty());
        Ok(vec![ConnectedAccount { account, name, handle, scopes: short.scopes, token_expires_at: expires_at }])
    }

    /// Code, business token, registration when a pin was chosen. The dialogue tells both identifiers.
    async fn connect_number(&self, grant: &AuthorisationGrant) -> Result<Vec<ConnectedAccount>, ChannelFailure> {
        let missing =
            |what: &str| CallError::ours(format!("the signup dialogue did not tell the {what}; start it again"));
        let business = grant.parent_id.clone().ok_or_else(|| missing("WhatsApp business account"))?;
        let number = grant.external_id.clone().ok_or_else(|| missing("phone number id"))?;
        let pin = grant.pin.as_ref().map(token);
        if pin.as_ref().is_some_and(|pin| !is_pin(pin.expose_secret())) {
            return Err(CallError::ours("the pin is not six digits").into());
        }
        let issued = self.exchange_whatsapp_code(&token(&grant.code)).await?;
        let report = self.debug_token(&issued.token).await?;
        if let Some(pin) = pin {
            self.register_number(&number, &pin, &issued.token).await?;
        }
        let about = self.phone_number(&number, &issued.token).await?;
        let account = Account {
            platform: Platform::WHATSAPP,
            external_id: number,
            parent_id: Some(business),
            login: Some(Login::WhatsApp.as_str().to_owned()),
            token: secret(&issued.token),
        };
        let name = about.name.or_else(|| about.display.clone()).unwrap_or_default();
        let token_expires_at = report.expires_at.or(issued.expires_at);
        Ok(vec![ConnectedAccount { account, name, handle: about.display, scopes: report.scopes, token_expires_at }])
    }
}

/// The connection that a Page gives; none when an Instagram account is wanted and none is linked to it.
fn of_page(platform: &Platform, page: Page, scopes: &[String]) -> Option<ConnectedAccount> {
    let (external_id, parent_id) =
        if *platform == Platform::INSTAGRAM { (page.instagram_id?, Some(page.id)) } else { (page.id, None) };
    let account = Account {
        platform: platform.clone(),
        external_id,
        parent_id,
        login: Some(Login::Facebook.as_str().to_owned()),
        token: secret(&page.token),
    };
    Some(ConnectedAccount { account, name: page.name, handle: None, scopes: scopes.to_vec(), token_expires_at: None })
}

fn redirect_uri(grant: &AuthorisationGrant) -> Result<&str, CallError> {
    let missing = || CallError::ours("redirect_uri is missing; give the one that the permission page was opened with");
    grant.redirect_uri.as_deref().ok_or_else(missing)
}

fn is_pin(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn secret(token: &SecretString) -> Secret {
    Secret::new(token.expose_secret())
}
