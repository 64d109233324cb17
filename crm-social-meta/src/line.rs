//! By which of Meta's services an account is reached.

use crm_core::inbox::channel::{Account, Platform};

use crate::graph::call::{CallError, Service};
use crate::permission::Login;
use crate::send::messaging::Way;

/// The line to an account: where its calls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A Page, for Messenger.
    Page(&'a str),
    /// An Instagram account through the Page that it is linked to.
    LinkedPage(&'a str),
    /// An Instagram account by itself.
    Instagram(&'a str),
    /// A `WhatsApp` number, below a business account.
    Number {
        /// Identifier of the number.
        number: &'a str,
        /// Identifier of the business account.
        business: Option<&'a str>,
    },
}

impl<'a> Line<'a> {
    /// The line to this account.
    pub(crate) fn to(account: &'a Account) -> Result<Self, CallError> {
        let id = account.external_id.as_str();
        let parent = account.parent_id.as_deref();
        if account.platform == Platform::MESSENGER {
            Ok(Self::Page(id))
        } else if account.platform == Platform::WHATSAPP {
            Ok(Self::Number { number: id, business: parent })
        } else if account.platform == Platform::INSTAGRAM {
            match (account.login.as_deref(), parent) {
                (Some(login), _) if login == Login::Instagram.as_str() => Ok(Self::Instagram(id)),
                (_, Some(page)) => Ok(Self::LinkedPage(page)),
                (_, None) => Err(CallError::ours("the Instagram account has no Page; connect it again")),
            }
        } else {
            Err(CallError::ours(format!("{} is none of Meta's platforms", account.platform)))
        }
    }

    /// The service and the object whose messages are sent and marked.
    pub(crate) const fn object(&self) -> (Service, &'a str) {
        match self {
            Self::Page(id) | Self::LinkedPage(id) | Self::Number { number: id, .. } => (Service::Graph, id),
            Self::Instagram(id) => (Service::InstagramGraph, id),
        }
    }

    /// How a message is written, where Messenger's form is used.
    pub(crate) const fn way(&self) -> Option<Way> {
        match self {
            Self::Page(_) => Some(Way::Messenger),
            Self::LinkedPage(_) => Some(Way::InstagramByPage),
            Self::Instagram(_) => Some(Way::InstagramLogin),
            Self::Number { .. } => None,
        }
    }

    /// The business account of a number, which subscriptions and templates belong to.
    pub(crate) fn business(&self) -> Result<&'a str, CallError> {
        match self {
            Self::Number { business: Some(business), .. } => Ok(business),
            _ => Err(CallError::ours("the number has no WhatsApp business account; connect it again")),
        }
    }
}
