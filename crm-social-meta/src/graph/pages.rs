//! Pages: codes, long-lived tokens, the list of Pages, and subscriptions.

use std::fmt;

use crm_core::inbox::channel::ChannelFailure;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value as Json;

use super::call::{Call, CallError, Service};
use super::client::Graph;
use super::token::IssuedToken;

/// What a Page tells us of.
const PAGE_FIELDS: &str = "messages,messaging_postbacks,messaging_referrals,message_echoes,message_deliveries,\
                           message_reads,message_reactions,message_edits,standby";
/// The most pages of a list that are read: 5 000 entries.
pub(super) const MOST_PAGES: usize = 50;

/// A Page that a person manages, with the token to act for it.
#[derive(Clone)]
pub struct Page {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The token to act for it.
    pub token: SecretString,
    /// Whether the person may answer messages for it.
    pub may_message: bool,
    /// The Instagram account that is linked to it.
    pub instagram_id: Option<String>,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Graph {
    /// Exchanges the code of Facebook Login for a user's token.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let short = graph.exchange_facebook_code(&"a code".into(), "https://crm.example.com/connected").await?;
    /// let long = graph.prolong_facebook_token(&short.token).await?;
    /// for page in graph.pages(&long.token).await? {
    ///     graph.subscribe_page(&page.id, &page.token).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn exchange_facebook_code(
        &self,
        code: &SecretString,
        redirect_uri: &str,
    ) -> Result<IssuedToken, ChannelFailure> {
        let call = self.by_facebook_app(Call::get(Service::Graph, ["oauth", "access_token"]));
        let call = call.with("redirect_uri", redirect_uri).with_secret("code", code);
        Ok(self.issued(&self.execute("app", call).await?)?)
    }

    /// Exchanges a user's token for one that lasts about 60 days.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let long = graph.prolong_facebook_token(&"an hour's token".into()).await?;
    /// println!("until {:?}", long.expires_at);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn prolong_facebook_token(&self, token: &SecretString) -> Result<IssuedToken, ChannelFailure> {
        let call = Call::get(Service::Graph, ["oauth", "access_token"]).with("grant_type", "fb_exchange_token");
        let call = self.by_facebook_app(call).with_secret("fb_exchange_token", token);
        Ok(self.issued(&self.execute("app", call).await?)?)
    }

    /// Exchanges the code of `WhatsApp`'s Embedded Signup for a business token.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let issued = graph.exchange_whatsapp_code(&"a code".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn exchange_whatsapp_code(&self, code: &SecretString) -> Result<IssuedToken, ChannelFailure> {
        let call = self.by_facebook_app(Call::get(Service::Graph, ["oauth", "access_token"]));
        Ok(self.issued(&self.execute("app", call.with_secret("code", code)).await?)?)
    }

    /// All Pages that the holder of a token manages. Entries without an identifier or a token are left out.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// for page in graph.pages(&"a person's token".into()).await? {
    ///     println!("{}: {}", page.id, page.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn pages(&self, token: &SecretString) -> Result<Vec<Page>, ChannelFailure> {
        let call = || {
            Call::get(Service::Graph, ["me", "accounts"])
                .with("fields", "id,name,access_token,tasks,instagram_business_account")
                .authorized(token)
        };
        Ok(self.list("app", call).await?.iter().filter_map(page).collect())
    }

    /// Asks a Page to tell us what happens.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// graph.subscribe_page("1001", &"the page's token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn subscribe_page(&self, page: &str, token: &SecretString) -> Result<(), ChannelFailure> {
        let call = Call::post(Service::Graph, [page, "subscribed_apps"]);
        self.execute(page, call.with("subscribed_fields", PAGE_FIELDS).authorized(token)).await?;
        Ok(())
    }

    /// Asks a Page or a `WhatsApp` business account to tell us no more.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// graph.unsubscribe("1001", &"the page's token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn unsubscribe(&self, object: &str, token: &SecretString) -> Result<(), ChannelFailure> {
        let call = Call::new(Method::DELETE, Service::Graph, [object, "subscribed_apps"]).authorized(token);
        self.execute(object, call).await?;
        Ok(())
    }

    /// Whether a Page or a `WhatsApp` business account tells us what happens.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let told = graph.is_subscribed("1001", &"the page's token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn is_subscribed(&self, object: &str, token: &SecretString) -> Result<bool, ChannelFailure> {
        let call = Call::get(Service::Graph, [object, "subscribed_apps"]).authorized(token);
        let answer = self.execute(object, call).await?;
        Ok(names_app(&answer, &self.config().facebook_app.id))
    }

    /// All entries of a list, page by page. The cursor is followed, never the address that comes with it.
    pub(super) async fn list(&self, account: &str, call: impl Fn() -> Call) -> Result<Vec<Json>, CallError> {
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut call = call().with("limit", "100");
            if let Some(cursor) = &after {
                call = call.with("after", cursor.clone());
            }
            let mut answer = self.execute(account, call).await?;
            let more = answer.pointer("/paging/next").is_some();
            let cursor = answer.pointer("/paging/cursors/after").and_then(Json::as_str).map(str::to_owned);
            if let Some(Json::Array(page)) = answer.get_mut("data").map(Json::take) {
                entries.extend(page);
            }
            if !more || cursor.is_none() || cursor == after {
                break;
            }
            after = cursor;
        }
        Ok(entries)
    }

    fn by_facebook_app(&self, call: Call) -> Call {
        let app = &self.config().facebook_app;
        call.with("client_id", app.id.clone()).with_secret("client_secret", &app.secret)
    }
}

/// Whether an app is among the subscribers. Business accounts wrap it in an object of their own.
pub(super) fn names_app(answer: &Json, app: &str) -> bool {
    let subscribers = answer.get("data").and_then(Json::as_array).into_iter().flatten();
    subscribers.into_iter().any(|subscriber| {
        let wrapped = subscriber.pointer("/whatsapp_business_api_data/id");
        wrapped.or_else(|| subscriber.get("id")).and_then(Json::as_str) == Some(app)
    })
}

fn page(entry: &Json) -> Option<Page> {
    let text = |value: Option<&Json>| value.and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let tasks = entry.get("tasks").and_then(Json::as_array);
    let may_message = tasks.is_none_or(|tasks| {
        tasks.iter().filter_map(Json::as_str).any(|task| matches!(task, "MESSAGING" | "MESSAGE" | "MANAGE"))
    });
    Some(Page {
        id: text(entry.get("id"))?,
        name: text(entry.get("name")).unwrap_or_default(),
        token: SecretString::from(text(entry.get("access_token"))?),
        may_message,
        instagram_id: text(entry.pointer("/instagram_business_account/id")),
    })
}
