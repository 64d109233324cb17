//! What an organization has set up, kept between transactions.
//!
//! Fields, policies, rules, members: few rows that nearly every command reads and that seldom change
//! ([`Entity::SETUP`](crate::kernel::Entity::SETUP)). They are kept in memory under the version of the organization's own
//! record. Whoever writes such a row holds that record first and raises its version in the same commit, so nobody who
//! reads the version afterwards is given older rows. A transaction that writes such rows reads them from the store.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::OrganizationId;
use crate::kernel::{Entity, Stored};

/// Organizations whose rows are kept at once.
const MOST_ORGANIZATIONS: usize = 1_000;

/// The rows that organizations have set up, by the version of their records. Clones share it.
#[derive(Clone, Default)]
pub struct SetupMemory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    organizations: HashMap<OrganizationId, Known>,
    /// Counts the uses: who was used last has the greatest number.
    uses: u64,
}

struct Known {
    version: i64,
    last_use: u64,
    rows: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for SetupMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupMemory").finish_non_exhaustive()
    }
}

impl SetupMemory {
    /// The rows that were kept under this version.
    pub(super) fn rows<E: Entity>(&self, organization: OrganizationId, version: i64) -> Option<Arc<[Stored<E>]>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let known = kept.organizations.get_mut(&organization).filter(|known| known.version == version)?;
        known.last_use = now;
        let rows = known.rows.get(&TypeId::of::<E>())?;
        rows.downcast_ref::<Arc<[Stored<E>]>>().cloned()
    }

    /// Keeps rows that were read after this version was. Those of an older version are forgotten.
    pub(super) fn keep<E: Entity>(&self, organization: OrganizationId, version: i64, rows: Arc<[Stored<E>]>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = kept.uses;
        kept.make_room_for(organization);
        let fresh = || Known { version, last_use: now, rows: HashMap::new() };
        let known = kept.organizations.entry(organization).or_insert_with(fresh);
        if known.version > version {
            return;
        }
        if known.version < version {
            *known = fresh();
        }
        known.rows.insert(TypeId::of::<E>(), Arc::new(rows));
    }
}

impl Kept {
    fn make_room_for(&mut self, organization: OrganizationId) {
        if self.organizations.len() < MOST_ORGANIZATIONS || self.organizations.contains_key(&organization) {
            return;
        }
        let longest_unused = self.organizations.iter().min_by_key(|(_, known)| known.last_use).map(|(id, _)| *id);
        if let Some(id) = longest_unused {
            self.organizations.remove(&id);
        }
    }
}
