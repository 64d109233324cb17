//! What an adapter for one or more platforms does.

use async_trait::async_trait;

use super::account::{
    Account, AuthorisationGrant, ConnectedAccount, FetchedMedia, Health, MediaUpload, Profile, RenewedToken,
};
use super::capability::Capabilities;
use super::failure::{ChannelFailure, FailureClass, FailureScope, SendOutcome};
use super::inbound::MediaItem;
use super::outbound::{OutboundMessage, Recipient};
use super::platform::Platform;
use super::template::TemplateListing;

/// Our side of the platforms that an adapter serves.
///
/// Every call is one attempt: retrying, limits and what to do about a refusal are the inbox's. No call is made inside a
/// transaction. Where a platform has no such thing, the call answers success without doing anything.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait ChannelGateway: Send + Sync {
    /// The platforms that it serves, each with its table.
    fn platforms(&self) -> Vec<(Platform, Capabilities)>;

    /// What is to be done about a refusal that a status tells of later, by the platform's number for it; nothing, when
    /// the number is not known.
    fn judge(&self, platform: &Platform, error_code: i64) -> Option<(FailureClass, FailureScope)> {
        let (_, _) = (platform, error_code);
        None
    }

    /// Sends a message.
    async fn send(&self, account: &Account, message: &OutboundMessage) -> SendOutcome;

    /// Gives a message of ours other words, where the table has [`Feature::Edits`](super::Feature::Edits).
    async fn edit(
        &self,
        account: &Account,
        to: &Recipient,
        message_id: &str,
        text: &str,
    ) -> Result<(), ChannelFailure> {
        let (_, _, _, _) = (account, to, message_id, text);
        Err(ChannelFailure::new(FailureClass::Permanent, FailureScope::Message, "this platform changes no messages"))
    }

    /// Takes a message of ours back, where the table has [`Feature::Deletions`](super::Feature::Deletions).
    async fn take_back(&self, account: &Account, to: &Recipient, message_id: &str) -> Result<(), ChannelFailure> {
        let (_, _, _) = (account, to, message_id);
        Err(ChannelFailure::new(FailureClass::Permanent, FailureScope::Message, "this platform takes no messages back"))
    }

    /// Shows the participant that everything up to this message was read.
    async fn mark_read(&self, account: &Account, to: &Recipient, message_id: &str) -> Result<(), ChannelFailure>;

    /// Shows the participant that somebody types, or no longer does. `message_id` is the latest message of theirs.
    async fn typing(&self, account: &Account, to: &Recipient, message_id: &str, on: bool)
    -> Result<(), ChannelFailure>;

    /// What the platform says of a person.
    async fn profile(&self, account: &Account, participant: &Recipient) -> Result<Profile, ChannelFailure>;

    /// Fetches a medium that came in, from the platform's own hosts only; refuses one of more than `most_bytes`.
    async fn fetch_media(
        &self,
        account: &Account,
        media: &MediaItem,
        most_bytes: u64,
    ) -> Result<FetchedMedia, ChannelFailure>;

    /// Hands a medium to the platform and answers the identifier to send it by.
    async fn upload_media(&self, account: &Account, media: &MediaUpload) -> Result<String, ChannelFailure>;

    /// All templates of the account.
    async fn templates(&self, account: &Account) -> Result<Vec<TemplateListing>, ChannelFailure>;

    /// Exchanges what a person brought from the permission page for the accounts that it gives access to.
    async fn connect(
        &self,
        platform: &Platform,
        grant: &AuthorisationGrant,
    ) -> Result<Vec<ConnectedAccount>, ChannelFailure>;

    /// Asks the platform to tell us what happens.
    async fn subscribe(&self, account: &Account) -> Result<(), ChannelFailure>;

    /// Asks the platform to tell us no more.
    async fn unsubscribe(&self, account: &Account) -> Result<(), ChannelFailure>;

    /// What the platform says of the account's token.
    async fn health(&self, account: &Account) -> Result<Health, ChannelFailure>;

    /// A fresh token; nothing where tokens of this sort can't be renewed without a person.
    async fn renew(&self, account: &Account) -> Result<Option<RenewedToken>, ChannelFailure>;
}
