//! Who asks: the one trait that a host implements to bring its own sign-in.

use async_trait::async_trait;
use axum::http::request::Parts;
use crm_core::access::Caller;
use crm_core::kernel::{Kind, Result, Rule};

/// Says who asks. It alone decides which organization a request belongs to.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The caller of a request, from its head.
    ///
    /// # Errors
    /// An error of [`Kind::Unauthenticated`] when nobody can be told, such as [`Unauthenticated`].
    async fn authenticate(&self, head: &Parts) -> Result<Caller>;
}

#[async_trait]
impl<A: Authenticator + ?Sized> Authenticator for std::sync::Arc<A> {
    async fn authenticate(&self, head: &Parts) -> Result<Caller> {
        (**self).authenticate(head).await
    }
}

/// Nobody is signed in, or the proof of it is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sign in first, and send the token as 'Authorization: Bearer …'")]
pub struct Unauthenticated;

impl Rule for Unauthenticated {
    fn code(&self) -> &'static str {
        "token.refused"
    }
    fn kind(&self) -> Kind {
        Kind::Unauthenticated
    }
}
