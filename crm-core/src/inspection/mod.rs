//! Whether what is stored of an organization fits together: what must always hold, looked at record by record.
//!
//! | looked at | what must hold |
//! |---|---|
//! | `trail` | each version of each record has its event: nothing was changed past the door, no event is gone |
//! | `ownership` | an organization has its record and an owner who may sign in |
//! | `conversion` | a lead is converted, has a conversion and says when, or none of that; its records are there |
//! | `stage` | a deal stands in a stage of its pipeline and is open, won or lost as the stage says |
//! | `link` | links of activities, match keys and touches lead to records that are there |
//! | `score` | the score of a lead is the last that was told, each is the sum of its reasons, and none is left out |
//! | `import` | the counts of an import are those of its rows |
//! | `usage` | a counter is what its records add up to |
//! | `conversation` | what is unread, and the last message, are what messages and events say; its state fits its instants |
//!
//! It reads only and mends nothing. Stores do not hold the world still for it, so that it looks a second time before it
//! complains: what a command changed meanwhile is no finding.

mod conversions;
mod deals;
mod links;
mod look;
mod scores;
mod sums;
#[cfg(test)]
mod tests;
mod threads;
mod trail;

use uuid::Uuid;

use self::look::Look;
use crate::access::{Member, Organization, Permission};
use crate::kernel::{Entity, Page, Result};
use crate::store::Session;

const ORGANIZATION: &str = <Organization as Entity>::NAME;

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What was looked at, as the table of this module names it.
    pub rule: &'static str,
    /// [`crate::kernel::Entity::NAME`] of the record.
    pub entity: &'static str,
    /// The record.
    pub id: Uuid,
    /// What does not fit, as a sentence. Names no value of a record but numbers and identifiers.
    pub problem: String,
}

/// What an inspection came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// Records that were looked at; one that several rules look at counts for each.
    pub looked_at: u64,
    /// What does not fit, sorted.
    pub findings: Vec<Finding>,
}

/// Looking at everything that an organization has.
#[derive(Clone, Copy, Debug)]
pub struct Inspection<'a>(pub(crate) &'a Session);

impl Inspection<'_> {
    /// Looks at everything; at what does not fit, twice.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, _| {
    /// # let session = office.crm.session(crm_core::access::Caller::system(office.organization, "example"));
    /// let inspected = session.inspection().run().await?;
    /// assert!(inspected.looked_at > 0 && inspected.findings.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door: it takes somebody who may configure the organization and sees all of its records.
    pub async fn run(&self) -> Result<Inspected> {
        self.0.caller().check(Permission::OrganizationConfigure)?;
        let mut first = self.look().await?;
        if !first.findings.is_empty() {
            let second = self.look().await?;
            first.findings.retain(|finding| second.findings.contains(finding));
        }
        first.findings.sort();
        Ok(first)
    }

    async fn look(&self) -> Result<Inspected> {
        let mut uow = self.0.begin(Permission::EventRead).await?;
        let mut look = Look::new(&mut uow);
        ownership(&mut look).await?;
        trail::inspect(&mut look).await?;
        conversions::inspect(&mut look).await?;
        deals::inspect(&mut look).await?;
        links::inspect(&mut look).await?;
        scores::inspect(&mut look).await?;
        sums::inspect(&mut look).await?;
        threads::inspect(&mut look).await?;
        Ok(look.inspected)
    }
}

async fn ownership(look: &mut Look<'_, '_>) -> Result<()> {
    let organization = look.uow.organization();
    look.inspected.looked_at += 1;
    if look.uow.find_of_anyone::<Organization>(organization).await?.is_none() {
        look.complain("ownership", ORGANIZATION, organization.uuid(), "it has no record");
    }
    let owners = Member::ROLE.is("owner").and(Member::ACTIVE.is(true));
    if look.uow.list_of_anyone(&owners, &Page::first(1)).await?.is_empty() {
        look.complain("ownership", ORGANIZATION, organization.uuid(), "it has no active owner");
    }
    Ok(())
}
