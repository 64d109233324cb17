//! The port to the platforms that carry messages.
//!
//! What comes in is an [`InboundEvent`] of one shape for all platforms, beside its raw element ([`Inbound`]). What goes
//! out is an [`OutboundMessage`], and a [`SendOutcome`] says what became of it: accepted, refused for a reason that has a
//! [`FailureClass`] and a [`FailureScope`], or unknown. An unknown one is never sent again without a person's word.
//! [`Capabilities`] is the table of what a platform allows.

mod account;
mod capability;
mod failure;
mod gateway;
mod inbound;
mod known;
mod outbound;
mod platform;
mod registry;
mod template;
#[cfg(test)]
mod tests;

pub use account::{
    Account, AuthorisationGrant, ConnectedAccount, FetchedMedia, Health, MediaUpload, Profile, RenewedToken,
};
pub use capability::{Capabilities, Feature, FreeEntry, LateTag, MediaRule, Opener, SendingWindow};
pub use failure::{Accepted, ChannelFailure, FailureClass, FailureScope, SendOutcome};
pub use gateway::ChannelGateway;
#[cfg(feature = "testing")]
pub use gateway::MockChannelGateway;
pub use inbound::{
    DeliveryStatus, Direction, EventKind, Extra, InGroup, Inbound, InboundEvent, MediaItem, MessageKind, Reaction,
    Referral, TemplateNotice,
};
pub use known::{INSTAGRAM, MESSENGER, WHATSAPP};
pub use outbound::{
    Button, ListRow, ListSection, MediaSource, OutboundContent, OutboundMedia, OutboundMessage, QuickReply, Recipient,
    RecipientKind, SendAs,
};
pub use platform::{MalformedPlatform, Platform};
pub use registry::{Channels, NoSuchChannel};
pub use template::{
    TemplateCategory, TemplateComponent, TemplateListing, TemplateMessage, TemplateParameters, TemplateStatus,
};
