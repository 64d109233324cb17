//! Where the host keeps the bytes of media.

use async_trait::async_trait;
use uuid::Uuid;

use crate::access::OrganizationId;
use crate::inbox::channel::FetchedMedia;

/// The shelf did not take a medium.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the medium could not be kept: {0}")]
pub struct ShelfError(pub String);

/// Keeps the bytes of media for the host: files, or a store of objects.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait MediaShelf: Send + Sync {
    /// Whether it keeps anything at all; where it does not, nothing is fetched.
    fn keeps(&self) -> bool;

    /// Keeps a medium of a message, by its place in it, and answers the name to find it by. The same one may come twice.
    async fn put(
        &self,
        organization: OrganizationId,
        message: Uuid,
        place: usize,
        media: &FetchedMedia,
    ) -> Result<String, ShelfError>;

    /// The medium that was kept under this name; an error when it is gone.
    async fn get(&self, organization: OrganizationId, name: &str) -> Result<FetchedMedia, ShelfError>;
}

/// No shelf: media stay with the platform.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoShelf;

#[async_trait]
impl MediaShelf for NoShelf {
    fn keeps(&self) -> bool {
        false
    }
    async fn put(&self, _: OrganizationId, _: Uuid, _: usize, _: &FetchedMedia) -> Result<String, ShelfError> {
        Err(ShelfError("this installation keeps no media".to_owned()))
    }
    async fn get(&self, _: OrganizationId, _: &str) -> Result<FetchedMedia, ShelfError> {
        Err(ShelfError("this installation keeps no media".to_owned()))
    }
}
