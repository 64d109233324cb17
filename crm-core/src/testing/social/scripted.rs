//! A channel that does what its script says and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::inbox::channel::{
    Accepted, Account, AuthorisationGrant, Capabilities, ChannelFailure, ChannelGateway, ConnectedAccount,
    FailureClass, FailureScope, FetchedMedia, Health, MediaItem, MediaUpload, OutboundMessage, Platform, Profile,
    Recipient, RenewedToken, SendOutcome, TemplateListing,
};

/// A channel for tests. Clones share the script and the memory. What the script does not say, works.
#[derive(Clone, Default)]
pub struct ScriptedChannel {
    platforms: Vec<(Platform, Capabilities)>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    outcomes: VecDeque<SendOutcome>,
    sent: Vec<OutboundMessage>,
    accepted: u64,
    seen: Vec<String>,
    judgements: BTreeMap<i64, (FailureClass, FailureScope)>,
    media: Option<ChannelFailure>,
    health: Option<Health>,
    renewed: Option<RenewedToken>,
    profile: Profile,
    templates: Vec<TemplateListing>,
    refuses_to_subscribe: Option<ChannelFailure>,
}

impl ScriptedChannel {
    /// A channel that serves these platforms.
    #[must_use]
    pub fn new(platforms: Vec<(Platform, Capabilities)>) -> Self {
        Self { platforms, state: Arc::default() }
    }

    /// What the next sending comes to; those after it work again.
    pub fn next_outcome(&self, outcome: SendOutcome) {
        self.state().outcomes.push_back(outcome);
    }

    /// The next sending is refused for this reason.
    pub fn next_refusal(&self, class: FailureClass, scope: FailureScope) {
        self.next_outcome(SendOutcome::Refused(ChannelFailure::new(class, scope, "as the script says")));
    }

    /// From now on a status with this number means this.
    pub fn judge_as(&self, error_code: i64, class: FailureClass, scope: FailureScope) {
        self.state().judgements.insert(error_code, (class, scope));
    }

    /// From now on media can't be fetched.
    pub fn lose_media(&self) {
        let failure = ChannelFailure::new(FailureClass::Permanent, FailureScope::Message, "the link is dead");
        self.state().media = Some(failure);
    }

    /// From now on this is what tokens are worth.
    pub fn set_health(&self, health: Health, renewed: Option<RenewedToken>) {
        let mut state = self.state();
        state.health = Some(health);
        state.renewed = renewed;
    }

    /// From now on this is what everybody's profile says.
    pub fn set_profile(&self, profile: Profile) {
        self.state().profile = profile;
    }

    /// From now on these are all templates.
    pub fn set_templates(&self, templates: Vec<TemplateListing>) {
        self.state().templates = templates;
    }

    /// From now on nobody can subscribe.
    pub fn refuse_to_subscribe(&self) {
        let failure = ChannelFailure::new(FailureClass::Permanent, FailureScope::Connection, "no subscription");
        self.state().refuses_to_subscribe = Some(failure);
    }

    /// What was handed over, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<OutboundMessage> {
        self.state().sent.clone()
    }

    /// What else was asked, in order: `mark_read m1`, `unsubscribe 4711` …
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        self.state().seen.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ChannelGateway for ScriptedChannel {
    fn platforms(&self) -> Vec<(Platform, Capabilities)> {
        self.platforms.clone()
    }

    fn judge(&self, _: &Platform, error_code: i64) -> Option<(FailureClass, FailureScope)> {
        self.state().judgements.get(&error_code).copied()
    }

    async fn send(&self, _: &Account, message: &OutboundMessage) -> SendOutcome {
        let mut state = self.state();
        state.sent.push(message.clone());
        if let Some(outcome) = state.outcomes.pop_front() {
            return outcome;
        }
        state.accepted += 1;
        let external_message_id = format!("out-{}", state.accepted);
        SendOutcome::Accepted(Accepted { external_message_id, ..Accepted::default() })
    }

    async fn edit(&self, _: &Account, _: &Recipient, message_id: &str, text: &str) -> Result<(), ChannelFailure> {
        self.state().seen.push(format!("edit {message_id} {text}"));
        Ok(())
    }

    async fn take_back(&self, _: &Account, _: &Recipient, message_id: &str) -> Result<(), ChannelFailure> {
        self.state().seen.push(format!("take_back {message_id}"));
        Ok(())
    }

    async fn mark_read(&self, _: &Account, _: &Recipient, message_id: &str) -> Result<(), ChannelFailure> {
        self.state().seen.push(format!("mark_read {message_id}"));
        Ok(())
    }

    async fn typing(&self, _: &Account, _: &Recipient, message_id: &str, on: bool) -> Result<(), ChannelFailure> {
        self.state().seen.push(format!("typing {message_id} {on}"));
        Ok(())
    }

    async fn profile(&self, _: &Account, participant: &Recipient) -> Result<Profile, ChannelFailure> {
        let mut state = self.state();
        state.seen.push(format!("profile {}", participant.id));
        Ok(state.profile.clone())
    }

    async fn fetch_media(&self, _: &Account, media: &MediaItem, _: u64) -> Result<FetchedMedia, ChannelFailure> {
        let state = self.state();
        match &state.media {
            Some(failure) => Err(failure.clone()),
            None => Ok(FetchedMedia {
                bytes: media.id.clone().unwrap_or_default().into_bytes(),
                mime: media.mime.clone(),
                sha256: "00".repeat(32),
            }),
        }
    }

    async fn upload_media(&self, _: &Account, media: &MediaUpload) -> Result<String, ChannelFailure> {
        self.state().seen.push(format!("upload {}", media.filename));
        Ok(format!("media-{}", media.filename))
    }

    async fn templates(&self, _: &Account) -> Result<Vec<TemplateListing>, ChannelFailure> {
        Ok(self.state().templates.clone())
    }

    async fn connect(&self, _: &Platform, _: &AuthorisationGrant) -> Result<Vec<ConnectedAccount>, ChannelFailure> {
        Ok(Vec::new())
    }

    async fn subscribe(&self, account: &Account) -> Result<(), ChannelFailure> {
        let mut state = self.state();
        state.seen.push(format!("subscribe {}", account.external_id));
        state.refuses_to_subscribe.clone().map_or(Ok(()), Err)
    }

    async fn unsubscribe(&self, account: &Account) -> Result<(), ChannelFailure> {
        self.state().seen.push(format!("unsubscribe {}", account.external_id));
        Ok(())
    }

    async fn health(&self, _: &Account) -> Result<Health, ChannelFailure> {
        let known = self.state().health.clone();
        Ok(known.unwrap_or(Health { valid: true, subscribed: true, expires_at: None, scopes: Vec::new() }))
    }

    async fn renew(&self, _: &Account) -> Result<Option<RenewedToken>, ChannelFailure> {
        Ok(self.state().renewed.clone())
    }
}
