//! A shelf for media in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use crate::access::OrganizationId;
use crate::inbox::channel::FetchedMedia;
use crate::inbox::media::{MediaShelf, ShelfError};

/// Keeps media until it is dropped. Clones share what is kept.
#[derive(Clone, Default)]
pub struct MemoryShelf(Arc<Mutex<BTreeMap<(OrganizationId, String), FetchedMedia>>>);

#[async_trait]
impl MediaShelf for MemoryShelf {
    fn keeps(&self) -> bool {
        true
    }

    async fn put(
        &self,
        organization: OrganizationId,
        message: Uuid,
        place: usize,
        media: &FetchedMedia,
    ) -> Result<String, ShelfError> {
        let name = format!("{message}/{place}");
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert((organization, name.clone()), media.clone());
        Ok(name)
    }

    async fn get(&self, organization: OrganizationId, name: &str) -> Result<FetchedMedia, ShelfError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&(organization, name.to_owned())).cloned();
        found.ok_or_else(|| ShelfError(format!("there is nothing called {name}")))
    }
}
