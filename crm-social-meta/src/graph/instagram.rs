//! Accounts connected by Instagram Login, which need no Page.

use crm_core::inbox::channel::ChannelFailure;
use secrecy::SecretString;
use serde_json::Value as Json;

use super::call::{Call, CallError, Service};
use super::client::Graph;
use super::token::IssuedToken;

/// What an account tells us of.
const ACCOUNT_FIELDS: &str = "messages,messaging_postbacks,messaging_seen,message_reactions,messaging_referral,\
                              message_edit,standby";

impl Graph {
    /// Exchanges the code of Instagram Login for a token that lasts an hour.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let short = graph.exchange_instagram_code(&"a code".into(), "https://crm.example.com/connected").await?;
    /// let long = graph.prolong_instagram_token(&short.token).await?;
    /// let (id, name) = graph.instagram_account(&long.token).await?;
    /// graph.subscribe_instagram(&id, &long.token).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, that it was not reached, or that Instagram Login is not configured.
    pub async fn exchange_instagram_code(
        &self,
        code: &SecretString,
        redirect_uri: &str,
    ) -> Result<IssuedToken, ChannelFailure> {
        let app = self.instagram_app()?;
        let call = Call::post(Service::InstagramApi, ["oauth", "access_token"]).form(vec![
            ("client_id", SecretString::from(app.id.as_str())),
            ("client_secret", app.secret.clone()),
            ("grant_type", SecretString::from("authorization_code")),
            ("redirect_uri", SecretString::from(redirect_uri)),
            ("code", code.clone()),
        ]);
        let answer = self.execute("app", call).await?;
        // The answer is an object, or wrapped in a list of one.
        Ok(self.issued(answer.pointer("/data/0").unwrap_or(&answer))?)
    }

    /// Exchanges an hour's token for one of 60 days.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let long = graph.prolong_instagram_token(&"an hour's token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, that it was not reached, or that Instagram Login is not configured.
    pub async fn prolong_instagram_token(&self, token: &SecretString) -> Result<IssuedToken, ChannelFailure> {
        let app = self.instagram_app()?;
        let call = Call::get(Service::InstagramUnversioned, ["access_token"])
            .with("grant_type", "ig_exchange_token")
            .with_secret("client_secret", &app.secret)
            .with_secret("access_token", token);
        Ok(self.issued(&self.execute("app", call).await?)?)
    }

    /// A token of 60 more days for one that is at least a day old and has not ended.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let renewed = graph.refresh_instagram_token(&"a token of sixty days".into()).await?;
    /// println!("until {:?}", renewed.expires_at);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn refresh_instagram_token(&self, token: &SecretString) -> Result<IssuedToken, ChannelFailure> {
        let call = Call::get(Service::InstagramUnversioned, ["refresh_access_token"])
            .with("grant_type", "ig_refresh_token")
            .with_secret("access_token", token);
        Ok(self.issued(&self.execute("app", call).await?)?)
    }

    /// The professional account behind a token: its identifier, as webhooks name it, and its user name.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let (id, name) = graph.instagram_account(&"a token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn instagram_account(&self, token: &SecretString) -> Result<(String, String), ChannelFailure> {
        let call = Call::get(Service::InstagramGraph, ["me"]).with("fields", "user_id,username").authorized(token);
        let answer = self.execute("app", call).await?;
        let id = match answer.get("user_id") {
            Some(Json::String(id)) if !id.is_empty() => id.clone(),
            Some(Json::Number(id)) => id.to_string(),
            _ => return Err(CallError::Lost("the answer carries no user_id".to_owned()).into()),
        };
        let name = answer.get("username").and_then(Json::as_str).unwrap_or_default().to_owned();
        Ok((id, name))
    }

    /// Asks an account to tell us what happens.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// graph.subscribe_instagram("1701", &"a token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn subscribe_instagram(&self, account: &str, token: &SecretString) -> Result<(), ChannelFailure> {
        let call = Call::post(Service::InstagramGraph, [account, "subscribed_apps"]);
        self.execute(account, call.with("subscribed_fields", ACCOUNT_FIELDS).authorized(token)).await?;
        Ok(())
    }

    /// Asks an account to tell us no more.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// graph.unsubscribe_instagram("1701", &"a token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn unsubscribe_instagram(&self, account: &str, token: &SecretString) -> Result<(), ChannelFailure> {
        let path = [account, "subscribed_apps"];
        let call = Call::new(reqwest::Method::DELETE, Service::InstagramGraph, path).authorized(token);
        self.execute(account, call).await?;
        Ok(())
    }

    /// Whether an account tells us what happens.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let told = graph.is_instagram_subscribed("1701", &"a token".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn is_instagram_subscribed(&self, account: &str, token: &SecretString) -> Result<bool, ChannelFailure> {
        let call = Call::get(Service::InstagramGraph, [account, "subscribed_apps"]).authorized(token);
        let answer = self.execute(account, call).await?;
        // Only the app that asks is listed.
        Ok(answer.get("data").and_then(Json::as_array).is_some_and(|subscribers| !subscribers.is_empty()))
    }
}
