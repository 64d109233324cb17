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

use super::contents::Tx;
use super::port::Records;
use super::unit_of_work::{RecordNotFound, UnitOfWork};
use crate::access::{Organization, OrganizationId};
use crate::kernel::{Entity, Predicate, Result, Stored};

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

/// What a unit of work knows of the organization's set-up.
#[derive(Default)]
pub(super) struct Setup {
    /// The organization's record, once it was read.
    organization: Option<Box<Stored<Organization>>>,
    is_held: bool,
    is_written: bool,
    /// Whether the organization's own record is new or saved, by which its version is raised anyway.
    is_renewed: bool,
}

impl Setup {
    /// The organization's record, when its version is still to be raised for what was written.
    pub(super) fn take_unrenewed(&mut self) -> Option<Stored<Organization>> {
        let row = self.organization.take_if(|_| self.is_written && !self.is_renewed);
        row.map(|row| *row)
    }
}

impl<'a> UnitOfWork<'a> {
    /// All that the organization has set up of this kind, in the order of identifiers: from memory, when nothing of the
    /// set-up has changed since it was read.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn setup<E: Entity>(&mut self) -> Result<Arc<[Stored<E>]>>
    where
        dyn Tx + 'a: Records<E>,
    {
        const { assert!(E::SETUP, "only what is declared as set-up raises the version under which it is kept") };
        let organization = self.organization();
        // What this transaction may have written is nobody else's yet.
        let own = self.setup.is_written || self.setup.is_renewed;
        let version = if own { None } else { self.organization_if_any().await?.map(|row| row.version) };
        let memory = &self.session().ports().setup;
        if let Some(rows) = version.and_then(|version| memory.rows(organization, version)) {
            return Ok(rows);
        }
        let rows: Arc<[Stored<E>]> = self.list_all_of_anyone(&Predicate::everything()).await?.into();
        if let Some(version) = version {
            memory.keep(organization, version, Arc::clone(&rows));
        }
        Ok(rows)
    }

    /// Holds the organization's record until the end, unless it is a rehearsal: nobody else takes anything in or changes
    /// the set-up meanwhile.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn hold_organization(&mut self) -> Result<()> {
        if !self.setup.is_held {
            self.setup.organization = self.lock_of_anyone(self.organization()).await?.map(Box::new);
            self.setup.is_held = true;
        }
        Ok(())
    }

    /// The organization's own record, read once.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn own_organization(&mut self) -> Result<Stored<Organization>> {
        let organization = self.organization_if_any().await?;
        Ok(organization.ok_or(RecordNotFound { entity: Organization::NAME, id: self.organization().uuid() })?)
    }

    async fn organization_if_any(&mut self) -> Result<Option<Stored<Organization>>> {
        if self.setup.organization.is_none() {
            self.setup.organization = self.find_of_anyone(self.organization()).await?.map(Box::new);
        }
        Ok(self.setup.organization.as_deref().cloned())
    }

    /// Called before a record of this kind is written.
    pub(super) async fn before_writing<E: Entity>(&mut self) -> Result<()> {
        if E::NAME == Organization::NAME {
            self.setup.is_renewed = true;
            self.setup.organization = None;
        }
        if E::SETUP && !self.setup.is_written {
            // Before the first such row is written, as everybody holds the organization first and other records then.
            self.hold_organization().await?;
            self.setup.is_written = true;
        }
        Ok(())
    }
}
