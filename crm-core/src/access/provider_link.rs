//! Which organization an account at a provider belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::{Kind, Rule};

/// An account at a provider, as the provider names it. In the whole installation one organization at most has it, so
/// that what the provider tells of it reaches nobody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(String, String)", into = "(String, String)")]
pub struct ProviderLink {
    provider: String,
    external_id: String,
}

/// A text that can't name a provider or an account at one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' cannot name an account at a provider; give 1 to 200 printable ASCII characters")]
pub struct MalformedProviderLink(String);

impl Rule for MalformedProviderLink {
    fn code(&self) -> &'static str {
        "provider_link.malformed"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl ProviderLink {
    /// Names an account: `ProviderLink::new("whatsapp", "300400500600701")`.
    ///
    /// # Errors
    /// `MalformedProviderLink` when either is empty, longer than 200 characters, or has others than printable ASCII ones.
    pub fn new(provider: &str, external_id: &str) -> Result<Self, MalformedProviderLink> {
        for text in [provider, external_id] {
            if !(1..=200).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(MalformedProviderLink(text.chars().take(80).collect()));
            }
        }
        Ok(Self { provider: provider.to_owned(), external_id: external_id.to_owned() })
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }
    /// The account, as the provider names it.
    #[must_use]
    pub fn external_id(&self) -> &str {
        &self.external_id
    }
}

impl TryFrom<(String, String)> for ProviderLink {
    type Error = MalformedProviderLink;
    fn try_from((provider, external_id): (String, String)) -> Result<Self, MalformedProviderLink> {
        Self::new(&provider, &external_id)
    }
}
impl From<ProviderLink> for (String, String) {
    fn from(link: ProviderLink) -> Self {
        (link.provider, link.external_id)
    }
}
impl fmt::Display for ProviderLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.external_id)
    }
}
