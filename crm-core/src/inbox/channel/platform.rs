//! The name of a platform.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kernel::{Kind, Rule};

/// The name of a platform: 1 to 30 lower case letters, digits and underscores. Which there are is up to the adapters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform(Cow<'static, str>);

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no platform; use 1 to 30 lower case letters, digits and underscores, such as whatsapp")]
pub struct MalformedPlatform(String);

impl Rule for MalformedPlatform {
    fn code(&self) -> &'static str {
        "platform.malformed"
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Platform {
    /// Facebook Messenger.
    pub const MESSENGER: Self = Self(Cow::Borrowed("messenger"));
    /// Direct messages of Instagram.
    pub const INSTAGRAM: Self = Self(Cow::Borrowed("instagram"));
    /// The `WhatsApp` Business platform.
    pub const WHATSAPP: Self = Self(Cow::Borrowed("whatsapp"));

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Platform {
    type Error = MalformedPlatform;
    fn try_from(name: String) -> Result<Self, MalformedPlatform> {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=30).contains(&name.len()) && name.bytes().all(letter) {
            Ok(Self(Cow::Owned(name)))
        } else {
            Err(MalformedPlatform(name.chars().take(80).collect()))
        }
    }
}

impl FromStr for Platform {
    type Err = MalformedPlatform;
    fn from_str(name: &str) -> Result<Self, MalformedPlatform> {
        name.to_owned().try_into()
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.0.into_owned()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::__dev::ComposeSchema for Platform {
    fn compose(
        _: Vec<utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>>,
    ) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::kernel::openapi::text("Name of a platform: lower case letters, digits and underscores.", "whatsapp")
            .into()
    }
}
#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Platform {}
