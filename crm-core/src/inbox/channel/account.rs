//! Our account at a platform, and what a platform says of it and of people.

use super::inbound::MessageKind;
use super::platform::Platform;
use crate::kernel::{Secret, Timestamp};

/// Our account at a platform, with the token to act for it. Made for one call and never stored.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which platform.
    pub platform: Platform,
    /// How the platform names the account: page, Instagram account, telephone number id.
    pub external_id: String,
    /// The account above it, where there is one: the page of an Instagram account, the business account of a number.
    pub parent_id: Option<String>,
    /// By which way it was connected, in the adapter's own word (`facebook_login`, `instagram_login`).
    pub login: Option<String>,
    /// The token.
    pub token: Secret,
}

/// What a person brings back from the platform's permission page.
#[derive(Clone, Debug)]
pub struct AuthorisationGrant {
    /// The code to be exchanged.
    pub code: Secret,
    /// The address that the code was given to.
    pub redirect_uri: Option<String>,
    /// By which way, in the adapter's own word.
    pub login: Option<String>,
    /// What the platform's dialogue told of the account above the chosen one (`WhatsApp` business account).
    pub parent_id: Option<String>,
    /// What the platform's dialogue told of the chosen account (telephone number id).
    pub external_id: Option<String>,
    /// The six digits that a telephone number is registered with.
    pub pin: Option<Secret>,
}

/// An account that a grant gives access to.
#[derive(Clone, Debug)]
pub struct ConnectedAccount {
    /// The account with its token.
    pub account: Account,
    /// Its name, for people.
    pub name: String,
    /// Its telephone number or handle, for people.
    pub handle: Option<String>,
    /// What it permits.
    pub scopes: Vec<String>,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
}

/// A token in place of an older one.
#[derive(Clone, Debug)]
pub struct RenewedToken {
    /// The token.
    pub token: Secret,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// What a platform says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether it works.
    pub valid: bool,
    /// Whether the platform tells us what happens.
    pub subscribed: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// What it permits.
    pub scopes: Vec<String>,
}

/// What a platform says of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What they call themselves.
    pub name: Option<String>,
    /// The address of their picture.
    pub picture_url: Option<String>,
}

/// A medium that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedMedia {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its type.
    pub mime: Option<String>,
    /// SHA-256 of its bytes, in lower case hexadecimal.
    pub sha256: String,
}

/// A medium to be handed to a platform before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaUpload {
    /// What sort.
    pub kind: MessageKind,
    /// Its type.
    pub mime: String,
    /// Its name.
    pub filename: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}
