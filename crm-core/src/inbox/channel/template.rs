//! Templates as the platform lists and takes them.

use serde::{Deserialize, Serialize};

/// A template with its blanks filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateMessage {
    /// Its name on the platform.
    pub name: String,
    /// Its language on the platform, such as `en_US`.
    pub language: String,
    /// What fills its blanks.
    #[serde(default)]
    pub components: Vec<TemplateComponent>,
}

/// What fills the blanks of one part of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TemplateComponent {
    /// The picture at the top: an uploaded medium's identifier.
    HeaderImage {
        /// The identifier.
        id: String,
    },
    /// The words at the top.
    HeaderText(TemplateParameters),
    /// The words in the middle.
    Body(TemplateParameters),
    /// The end of the address behind a button.
    ButtonUrl {
        /// The button, counted from 0.
        index: u32,
        /// The end of the address.
        suffix: String,
    },
    /// What pressing a button tells us.
    ButtonQuickReply {
        /// The button, counted from 0.
        index: u32,
        /// What it tells us.
        payload: String,
    },
}

/// Values for blanks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TemplateParameters {
    /// For blanks that are counted: `{{1}}`, `{{2}}`.
    Positional(Vec<String>),
    /// For blanks that have names: `{{first_name}}`.
    Named(Vec<(String, String)>),
}

/// A template as the platform lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateListing {
    /// The platform's identifier.
    pub external_id: String,
    /// Its name on the platform.
    pub name: String,
    /// Its language on the platform.
    pub language: String,
    /// Whether it may be sent.
    pub status: TemplateStatus,
    /// What it is for, which decides its price.
    pub category: TemplateCategory,
    /// The words at the top with their blanks, where they have any.
    pub header: Option<String>,
    /// The words in the middle with their blanks.
    pub body: String,
    /// How many buttons have an address whose end is to be given, by their index.
    pub url_buttons: Vec<u32>,
}

/// Whether a platform lets a template be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is the platform's")]
pub enum TemplateStatus {
    Pending,
    Approved,
    Rejected,
    Paused,
    Disabled,
    /// Gone from the platform.
    Deleted,
}

impl TemplateStatus {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// The state that a platform names, in whatever case; `Pending` when the name is new to us.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "approved" | "reinstated" | "unpaused" => Self::Approved,
            "rejected" => Self::Rejected,
            "paused" | "flagged" => Self::Paused,
            "disabled" | "limit_exceeded" | "archived" => Self::Disabled,
            "deleted" | "pending_deletion" => Self::Deleted,
            _ => Self::Pending,
        }
    }
}

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is the platform's")]
pub enum TemplateCategory {
    Marketing,
    Utility,
    Authentication,
}

impl TemplateCategory {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
        }
    }
}
