//! What Stripe writes, with only the fields that are read, in every shape since 2023.
//!
//! Unknown fields are ignored, unknown words are kept as text, and all but keys may be absent. A known field of another
//! type than ever before is an error all the same: guessing there could grant more than was paid for.

mod checkout;
mod customer;
mod event;
mod invoice;
mod price;
mod schedule;
mod subscription;

use serde::Deserialize;

pub(crate) use checkout::{CheckoutSession, PortalSession};
pub(crate) use customer::{Charge, Customer, PaymentMethod};
pub(crate) use event::{Event, EventData, When};
pub(crate) use invoice::{Invoice, Line};
pub(crate) use price::Price;
pub(crate) use schedule::Schedule;
pub(crate) use subscription::{Discount, Item, Subscription};

/// A page of a list, whether embedded or answered by itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct List<T> {
    #[serde(default = "Vec::new")]
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) has_more: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { data: Vec::new(), has_more: false }
    }
}

/// An entry of a list, after which the next page starts.
pub(crate) trait HasId {
    fn id(&self) -> Option<&str>;
}

impl HasId for serde_json::Value {
    fn id(&self) -> Option<&str> {
        self.get("id").and_then(serde_json::Value::as_str)
    }
}

/// An object as its identifier, or itself where it was asked to be expanded.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reference<T> {
    Id(String),
    Expanded(Box<T>),
}

impl<T: HasId> Reference<T> {
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Id(id) => Some(id),
            Self::Expanded(object) => object.id(),
        }
    }
}

impl<T> Reference<T> {
    pub(crate) fn expanded(self) -> Option<T> {
        match self {
            Self::Id(_) => None,
            Self::Expanded(object) => Some(*object),
        }
    }
}

/// An object of which nothing but the identifier is read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Thing {
    pub(crate) id: Option<String>,
}

impl HasId for Thing {
    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// An identifier or an object, of which the identifier is wanted.
pub(crate) type Link = Reference<Thing>;

/// The identifier behind a link, where there is one.
pub(crate) fn linked(link: Option<&Link>) -> Option<&str> {
    link.and_then(Reference::id)
}
