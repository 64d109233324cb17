//! The inbox's gateway to the three platforms.

use async_trait::async_trait;
use crm_core::inbox::channel::{
    Accepted, Account, AuthorisationGrant, Capabilities, ChannelFailure, ChannelGateway, ConnectedAccount,
    FailureClass, FailureScope, FetchedMedia, Health, INSTAGRAM, MESSENGER, MediaItem, MediaUpload, OutboundContent,
    OutboundMessage, Platform, Profile, Recipient, RenewedToken, SendOutcome, TemplateListing, WHATSAPP,
};
use crm_core::kernel::Secret;
use secrecy::ExposeSecret;
use serde_json::Value as Json;

use crate::graph::call::Call;
use crate::graph::client::{Graph, token};
use crate::graph::media::MediaAddress;
use crate::graph::{CallError, GraphError};
use crate::line::Line;
use crate::send::{messaging, whatsapp};

/// Messenger, Instagram and `WhatsApp` for the inbox.
#[derive(Clone, Debug)]
pub struct MetaChannels {
    graph: Graph,
}

impl MetaChannels {
    /// The three platforms over this client.
    ///
    /// ```
    /// use crm_core::inbox::channel::Channels;
    /// use crm_social_meta::{AppCredentials, Graph, MetaChannels, MetaConfig};
    /// # use crm_core::testing::ManualClock as SystemClock;
    ///
    /// let app = AppCredentials { id: "1234".to_owned(), secret: "the app's secret".into() };
    /// let graph = Graph::new(MetaConfig::new(app, "a token of our own".into()), SystemClock::default())?;
    /// let channels = Channels::default().with(MetaChannels::new(graph)); // and a vault for tokens
    /// let names: Vec<_> = channels.platforms().map(|platform| platform.as_str()).collect();
    /// assert_eq!(names, ["instagram", "messenger", "whatsapp"]);
    /// # Ok::<(), crm_social_meta::SetupError>(())
    /// ```
    #[must_use]
    pub fn new(graph: Graph) -> Self {
        Self { graph }
    }

    /// The client, for what the port has no word for.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    async fn post(&self, account: &Account, line: Line<'_>, body: Json) -> Result<Json, CallError> {
        let (service, object) = line.object();
        let call = Call::post(service, [object, "messages"]).json(body).authorized(&token(&account.token));
        self.graph.execute(&account.external_id, call).await
    }

    async fn try_send(&self, account: &Account, message: &OutboundMessage) -> Result<Accepted, CallError> {
        let line = Line::to(account)?;
        let body = match line.way() {
            Some(way) => messaging::body(way, message)?,
            None => whatsapp::body(message)?,
        };
        accepted(&self.post(account, line, body).await?, message)
    }

    /// Whether the account's events are told to this app.
    async fn is_subscribed(&self, account: &Account) -> Result<bool, ChannelFailure> {
        let key = token(&account.token);
        match Line::to(account)? {
            Line::Page(page) | Line::LinkedPage(page) => self.graph.is_subscribed(page, &key).await,
            Line::Instagram(id) => self.graph.is_instagram_subscribed(id, &key).await,
            line @ Line::Number { .. } => self.graph.is_subscribed(line.business()?, &key).await,
        }
    }
}

#[async_trait]
impl ChannelGateway for MetaChannels {
    fn platforms(&self) -> Vec<(Platform, Capabilities)> {
        vec![(Platform::MESSENGER, MESSENGER), (Platform::INSTAGRAM, INSTAGRAM), (Platform::WHATSAPP, WHATSAPP)]
    }

    /// Only `WhatsApp` tells of failures by statuses.
    fn judge(&self, platform: &Platform, error_code: i64) -> Option<(FailureClass, FailureScope)> {
        (*platform == Platform::WHATSAPP).then(|| GraphError::of_status(error_code).classify())
    }

    async fn send(&self, account: &Account, message: &OutboundMessage) -> SendOutcome {
        match self.try_send(account, message).await {
            Ok(accepted) => SendOutcome::Accepted(accepted),
            Err(CallError::Lost(reason)) => SendOutcome::Unknown { reason },
            Err(error) => SendOutcome::Refused(error.into()),
        }
    }

    async fn mark_read(&self, account: &Account, to: &Recipient, message_id: &str) -> Result<(), ChannelFailure> {
        let line = Line::to(account)?;
        let body = match line.way() {
            Some(_) => messaging::action(&to.id, "mark_seen"),
            None => whatsapp::read(message_id, false),
        };
        self.post(account, line, body).await?;
        Ok(())
    }

    async fn typing(
        &self,
        account: &Account,
        to: &Recipient,
        message_id: &str,
        on: bool,
    ) -> Result<(), ChannelFailure> {
        let line = Line::to(account)?;
        let body = match line.way() {
            Some(_) => messaging::action(&to.id, if on { "typing_on" } else { "typing_off" }),
            None if on => whatsapp::read(message_id, true),
            // It ends by itself, after 25 seconds or with the answer.
            None => return Ok(()),
        };
        self.post(account, line, body).await?;
        Ok(())
    }

    async fn profile(&self, account: &Account, participant: &Recipient) -> Result<Profile, ChannelFailure> {
        let line = Line::to(account)?;
        let fields = match line {
            Line::Page(_) => "first_name,last_name,profile_pic",
            Line::LinkedPage(_) | Line::Instagram(_) => "name,username,profile_pic",
            // Names come with the messages.
            Line::Number { .. } => return Ok(Profile::default()),
        };
        let call = Call::get(line.object().0, [participant.id.as_str()]).with("fields", fields);
        let answer = self.graph.execute(&account.external_id, call.authorized(&token(&account.token))).await?;
        Ok(profile(&answer))
    }

    async fn fetch_media(
        &self,
        account: &Account,
        media: &MediaItem,
        most_bytes: u64,
    ) -> Result<FetchedMedia, ChannelFailure> {
        let key = token(&account.token);
        match (Line::to(account)?, &media.id, &media.url) {
            (Line::Number { number, .. }, Some(id), _) => {
                let mut address = self.graph.media_address(id, number, &key).await?;
                address.mime = address.mime.or_else(|| media.mime.clone());
                self.graph.download(&address, Some(&key), most_bytes).await
            }
            (_, _, Some(url)) => {
                let address = MediaAddress { url: url.clone(), mime: media.mime.clone(), sha256: None };
                self.graph.download(&address, None, most_bytes).await
            }
            _ => Err(CallError::ours("the medium has neither an identifier nor an address").into()),
        }
    }

    async fn upload_media(&self, account: &Account, media: &MediaUpload) -> Result<String, ChannelFailure> {
        let key = token(&account.token);
        match Line::to(account)? {
            Line::Page(page) => self.graph.upload_to_messenger(page, &key, media).await,
            Line::Number { number, .. } => self.graph.upload_to_whatsapp(number, &key, media).await,
            Line::LinkedPage(_) | Line::Instagram(_) => {
                Err(CallError::ours("instagram takes media by their address only; send them by MediaSource::Url")
                    .into())
            }
        }
    }

    async fn templates(&self, account: &Account) -> Result<Vec<TemplateListing>, ChannelFailure> {
        match Line::to(account)? {
            line @ Line::Number { .. } => self.graph.message_templates(line.business()?, &token(&account.token)).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn connect(
        &self,
        platform: &Platform,
        grant: &AuthorisationGrant,
    ) -> Result<Vec<ConnectedAccount>, ChannelFailure> {
        self.graph.connect(platform, grant).await
    }

    async fn subscribe(&self, account: &Account) -> Result<(), ChannelFailure> {
        let key = token(&account.token);
        match Line::to(account)? {
            Line::Page(page) | Line::LinkedPage(page) => self.graph.subscribe_page(page, &key).await,
            Line::Instagram(id) => self.graph.subscribe_instagram(id, &key).await,
            line @ Line::Number { .. } => self.graph.subscribe_business(line.business()?, &key).await,
        }
    }

    async fn unsubscribe(&self, account: &Account) -> Result<(), ChannelFailure> {
        let key = token(&account.token);
        match Line::to(account)? {
            Line::Page(page) | Line::LinkedPage(page) => self.graph.unsubscribe(page, &key).await,
            Line::Instagram(id) => self.graph.unsubscribe_instagram(id, &key).await,
            line @ Line::Number { .. } => self.graph.unsubscribe(line.business()?, &key).await,
        }
    }

    /// Asks the platform for the token's worth, and whether it still tells us what happens.
    ///
    /// A token of Instagram Login can't be looked into; it works when it may ask for its own subscription.
    async fn health(&self, account: &Account) -> Result<Health, ChannelFailure> {
        if let Line::Instagram(_) = Line::to(account)? {
            let subscribed = self.is_subscribed(account).await;
            return match subscribed {
                Ok(subscribed) => Ok(Health { valid: true, subscribed, expires_at: None, scopes: Vec::new() }),
                Err(failure) => lost_token(failure),
            };
        }
        let report = self.graph.debug_token(&token(&account.token)).await?;
        let mut health =
            Health { valid: report.valid, subscribed: false, expires_at: report.expires_at, scopes: report.scopes };
        if health.valid {
            match self.is_subscribed(account).await {
                Ok(subscribed) => health.subscribed = subscribed,
                Err(failure) => return lost_token(failure),
            }
        }
        Ok(health)
    }

    async fn renew(&self, account: &Account) -> Result<Option<RenewedToken>, ChannelFailure> {
        let Line::Instagram(_) = Line::to(account)? else { return Ok(None) };
        let renewed = self.graph.refresh_instagram_token(&token(&account.token)).await?;
        let token = Secret::new(renewed.token.expose_secret());
        Ok(Some(RenewedToken { token, expires_at: renewed.expires_at }))
    }
}

/// A refusal that says that the token is lost answers the question; any other leaves it open.
fn lost_token(failure: ChannelFailure) -> Result<Health, ChannelFailure> {
    if failure.class == FailureClass::Reauth {
        Ok(Health { valid: false, subscribed: false, expires_at: None, scopes: Vec::new() })
    } else {
        Err(failure)
    }
}

/// What Meta answers to a message that it took. Without an identifier it is not known what became of it.
fn accepted(answer: &Json, message: &OutboundMessage) -> Result<Accepted, CallError> {
    let text = |pointer: &str| answer.pointer(pointer).and_then(Json::as_str).map(str::to_owned);
    let id = text("/messages/0/id").or_else(|| text("/message_id"));
    let reaction = matches!(message.content, OutboundContent::Reaction { .. });
    let external_message_id = match id {
        Some(id) if !id.is_empty() => id,
        // Reactions of Instagram are no messages and get no identifier; ours stands in, so that no two are the same.
        _ if reaction => format!("reaction:{}", message.client_id),
        _ => return Err(CallError::Lost("the answer carries no message identifier".to_owned())),
    };
    let participant_id = text("/contacts/0/wa_id").filter(|id| *id != message.to.id);
    Ok(Accepted { external_message_id, at: None, participant_id })
}

fn profile(answer: &Json) -> Profile {
    let text = |name: &str| answer.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    let parts: Vec<&str> = ["first_name", "last_name"].into_iter().filter_map(text).collect();
    let whole = if parts.is_empty() {
        text("name").or_else(|| text("username")).map(str::to_owned)
    } else {
        Some(parts.join(" "))
    };
    Profile { name: whole, picture_url: text("profile_pic").map(str::to_owned) }
}
