//! Whole lists, page by page.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::{Answer, Call, StripeClient, StripeError};
use crate::wire::{HasId, List};

/// More pages than any customer has; a list that is longer does not end.
const MOST_PAGES: usize = 200;

impl StripeClient {
    /// All entries of a list, the newest first as Stripe gives them.
    ///
    /// # Errors
    /// `EndlessList` when a page repeats the one before, so that a defect there can't hold us here for ever.
    pub(crate) async fn all<T: DeserializeOwned + HasId>(&self, path: &str, parameters: Json) -> Answer<Vec<T>> {
        self.rest(path, parameters, Vec::new()).await
    }

    /// The entries of a list of which the first ones are known.
    pub(crate) async fn rest<T: DeserializeOwned + HasId>(
        &self,
        path: &str,
        mut parameters: Json,
        mut entries: Vec<T>,
    ) -> Answer<Vec<T>> {
        let mut cursors = HashSet::new();
        for _ in 0..MOST_PAGES {
            if let Json::Object(fields) = &mut parameters {
                fields.insert("limit".to_owned(), json!(100));
                if let Some(last) = entries.last().and_then(HasId::id) {
                    if !cursors.insert(last.to_owned()) {
                        return Err(StripeError::EndlessList("its pages repeat themselves"));
                    }
                    fields.insert("starting_after".to_owned(), json!(last));
                }
            }
            let page: List<T> = self.send(&Call::get(path, parameters.clone())).await?;
            let is_last = !page.has_more || page.data.is_empty();
            entries.extend(page.data);
            if is_last {
                return Ok(entries);
            }
            if entries.last().and_then(HasId::id).is_none() {
                return Err(StripeError::EndlessList("an entry has no identifier to go on from"));
            }
        }
        Err(StripeError::EndlessList("it has too many pages"))
    }
}
