//! What a request carries beside who sends it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use crm_core::kernel::{Entity, Stored};

use crate::facade::Facade;
use crate::problem::Problem;
use crate::text;

/// Which version of a record the caller has seen, by `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// They did not say.
    Unsaid,
    /// Any: `*`.
    Any,
    /// This one.
    Version(i64),
}

impl Seen {
    /// Reads `If-Match`.
    ///
    /// # Errors
    /// A problem when it is no entity tag that this API gives.
    pub fn read(head: &HeaderMap) -> Result<Self, Problem> {
        let Some(tag) = head.get(header::IF_MATCH) else { return Ok(Self::Unsaid) };
        let tag = tag.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Ok(Self::Any);
        }
        let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
        version.map(Self::Version).ok_or_else(|| {
            let detail = "'If-Match' is no entity tag of this API; send the 'ETag' of the record, such as \"3\", or *";
            Problem::new(StatusCode::PRECONDITION_FAILED, "if_match.malformed", detail)
        })
    }
}

/// What a request carries: its path, query and body as the endpoint's types.
#[derive(Debug)]
pub struct Call<P = (), Q = (), B = ()> {
    /// What the path names.
    pub path: P,
    /// What the query asks for.
    pub query: Q,
    /// What the body says.
    pub body: B,
    /// Which version the caller has seen.
    pub seen: Seen,
    /// The facade.
    pub facade: Facade,
    /// The head, for what only a few endpoints read.
    pub head: HeaderMap,
    /// The address as it was asked for, for those that need its very characters.
    pub uri: Uri,
}

impl<P, Q, B> Call<P, Q, B> {
    /// The version that the caller has seen, where they must say.
    ///
    /// # Errors
    /// 428 when they did not; whatever `present` fails with when they said "any".
    pub async fn version<E: Entity>(
        &self,
        present: impl Future<Output = crm_core::kernel::Result<Stored<E>>>,
    ) -> Result<i64, Problem> {
        match self.seen {
            Seen::Version(version) => Ok(version),
            Seen::Any => Ok(present.await?.version),
            Seen::Unsaid => {
                let detail = "send the 'ETag' of the record that you have seen as 'If-Match', or * for any";
                Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "if_match.missing", detail))
            }
        }
    }

    /// The version that the caller has seen, where they need not say.
    ///
    /// # Errors
    /// Whatever `present` fails with.
    pub async fn version_if_said<E: Entity>(
        &self,
        present: impl Future<Output = crm_core::kernel::Result<Stored<E>>>,
    ) -> Result<i64, Problem> {
        match self.seen {
            Seen::Version(version) => Ok(version),
            Seen::Any | Seen::Unsaid => Ok(present.await?.version),
        }
    }

    /// The command's key, when the caller gave one.
    #[must_use]
    pub fn command_key(&self) -> Option<&str> {
        text::head(&self.head, "idempotency-key")
    }
}

/// Whether `If-None-Match` names the entity tag.
pub(super) fn is_known(head: &HeaderMap, tag: &HeaderValue) -> bool {
    let Some(known) = text::head(head, "if-none-match") else { return false };
    let tag = tag.to_str().unwrap_or_default();
    known.split(',').map(|known| known.trim().trim_start_matches("W/")).any(|known| known == "*" || known == tag)
}
