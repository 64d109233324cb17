//! The face of the library: [`Crm`], the bundle of ports that a host makes once, and the handles of a [`Session`].
//!
//! A host makes a `Crm` from a store, a clock and an id source, founds organizations with it, and opens a session for
//! each request: `crm.session(caller).leads().get(id)`. Nothing is decided here.
//!
//! The library starts nothing by itself. What is to be done later stands on the agenda, and the host calls
//! [`Crm::run_due`] in a loop of its own, or by hand in a test:
//!
//! ```
//! # async fn work(crm: &crm_core::crm::Crm) -> crm_core::kernel::Result<()> {
//! let run = crm.run_due("worker-1", 100).await?;
//! for (organization, error) in &run.troubles {
//!     eprintln!("{organization}: {error}");
//! }
//! let may_rest = run.tried() == 0;
//! # let _ = may_rest;
//! # Ok(())
//! # }
//! ```

mod due;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use due::DueRun;

use crate::access::{
    Caller, Member, MemberId, NewMember, NewOrganization, Organization, OrganizationId, Permission, Slug,
};
use crate::activity::Activities;
use crate::administration::{Members, Organizations, Roles, Teams, caller_for, found};
use crate::analytics::Analytics;
use crate::assignment::Assignments;
use crate::billing::{Billing, Desk, Subscriptions, Usage};
use crate::conversion::Conversions;
use crate::custom_field::CustomFields;
use crate::duplicate::Duplicates;
use crate::import::Imports;
use crate::inbox::{self, Channels, Inbox};
use crate::inspection::Inspection;
use crate::intake::Intake;
use crate::kernel::phone::{DigitsOnly, PhoneNumbers};
use crate::kernel::{Clock, Id, IdSource, Result, Stored};
use crate::lead::Leads;
use crate::merge::Merges;
use crate::paywall::{AllModules, Paywall};
use crate::people::{Accounts, Contacts};
use crate::pipeline::{self, Opportunities, Pipelines};
use crate::scoring::{self, Scoring};
use crate::sign_in::{self, SignIns};
use crate::store::{JobHandler, Ports, Session, SetupMemory, Store};

/// Everything that the library needs from outside, made once by the host. Clones share it.
#[derive(Clone)]
pub struct Crm {
    ports: Ports,
    handlers: Arc<[Arc<dyn JobHandler>]>,
    channels: Channels,
}

impl Crm {
    /// A CRM on this store, with every service granted and telephone numbers read by their digits.
    pub fn new(store: impl Store + 'static, clock: impl Clock + 'static, ids: impl IdSource + 'static) -> Self {
        Self {
            ports: Ports {
                store: Arc::new(store),
                clock: Arc::new(clock),
                ids: Arc::new(ids),
                paywall: Arc::new(AllModules),
                phones: Arc::new(DigitsOnly),
                setup: SetupMemory::default(),
            },
            handlers: due::built_in().into(),
            channels: Channels::default(),
        }
    }

    /// The same with a paywall.
    #[must_use]
    pub fn with_paywall(mut self, paywall: impl Paywall + 'static) -> Self {
        self.ports.paywall = Arc::new(paywall);
        self
    }

    /// The same with another way to read telephone numbers.
    #[must_use]
    pub fn with_phones(mut self, phones: impl PhoneNumbers + 'static) -> Self {
        self.ports.phones = Arc::new(phones);
        self
    }

    /// The same with handlers for more kinds of jobs; one of a kind that is known takes its place.
    #[must_use]
    pub fn with_job_handlers(mut self, handlers: impl IntoIterator<Item = Arc<dyn JobHandler>>) -> Self {
        let mut known = self.handlers.to_vec();
        for handler in handlers {
            known.retain(|other| other.kind() != handler.kind());
            known.push(handler);
        }
        self.handlers = known.into();
        self
    }

    /// The same with channels for the inbox, and with the handlers of its work.
    #[must_use]
    pub fn with_channels(mut self, channels: Channels) -> Self {
        self.channels = channels;
        let handlers = inbox::job_handlers(&self.channels);
        self.with_job_handlers(handlers)
    }

    /// The channels of the inbox: `session.inbox(crm.channels())`.
    #[must_use]
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Founds an organization with its first owner, and with a pipeline, close reasons and a scoring rule to begin with.
    ///
    /// # Errors
    /// `StoreError::SlugTaken` when another organization has the slug.
    pub async fn found(
        &self,
        new: NewOrganization,
        owner: NewMember,
    ) -> Result<(Stored<Organization>, Stored<Member>)> {
        self.found_by(new, owner, None).await
    }

    /// The same with an owner who can sign in with the password of this hash; all of it is kept, or nothing.
    ///
    /// # Errors
    /// `StoreError::SlugTaken` when another organization has the slug.
    pub async fn found_with_password(
        &self,
        new: NewOrganization,
        owner: NewMember,
        password_hash: String,
    ) -> Result<(Stored<Organization>, Stored<Member>)> {
        self.found_by(new, owner, Some(password_hash)).await
    }

    async fn found_by(
        &self,
        new: NewOrganization,
        owner: NewMember,
        password_hash: Option<String>,
    ) -> Result<(Stored<Organization>, Stored<Member>)> {
        let id: OrganizationId = Id::new(self.ports.ids.next(self.ports.clock.now()));
        let session = self.session(Caller::system(id, "founding"));
        let mut uow = session.begin(Permission::OrganizationConfigure).await?;
        let (organization, owner) = found(&mut uow, new, owner).await?;
        pipeline::seed_default(&mut uow).await?;
        scoring::seed_default(&mut uow).await?;
        if let Some(hash) = password_hash {
            sign_in::set_password(&mut uow, owner.id, hash).await?;
        }
        uow.commit().await?;
        Ok((organization, owner))
    }

    /// Slugs behind `after` in their order, and the organizations that have them: for work on all of them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn organizations(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<(Slug, OrganizationId)>> {
        Ok(self.ports.store.organizations(after, limit).await?)
    }

    /// The organization with this slug.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn organization_by_slug(&self, slug: &Slug) -> Result<Option<OrganizationId>> {
        Ok(self.ports.store.organization_by_slug(slug).await?)
    }

    /// What a member may do and whose records they see, as of now.
    ///
    /// # Errors
    /// `RecordNotFound` when the organization has no such member, `MemberInactive`.
    pub async fn caller(&self, organization: OrganizationId, member: MemberId) -> Result<Caller> {
        let session = self.session(Caller::system(organization, "sign-in"));
        caller_for(&mut session.begin(Permission::MemberRead).await?, member).await
    }

    /// A session of this caller.
    #[must_use]
    pub fn session(&self, caller: Caller) -> Session {
        Session::new(self.ports.clone(), caller)
    }

    /// The operator's desk: where the provider's events are received, and where customers and prices are kept.
    #[must_use]
    pub fn billing_desk<'a>(&self, billing: &'a Billing) -> Desk<'a> {
        Desk::new(billing, &self.ports)
    }

    /// Everything from outside.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }
}

impl Session {
    /// The caller's organization.
    #[must_use]
    pub fn organization(&self) -> Organizations<'_> {
        Organizations(self)
    }
    /// Members.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        Members(self)
    }
    /// Passwords, sign-ins, keys, invitations and resets, for the sign-in of a facade.
    #[must_use]
    pub fn sign_ins(&self) -> SignIns<'_> {
        SignIns(self)
    }
    /// Custom roles.
    #[must_use]
    pub fn roles(&self) -> Roles<'_> {
        Roles(self)
    }
    /// Teams.
    #[must_use]
    pub fn teams(&self) -> Teams<'_> {
        Teams(self)
    }
    /// Custom fields.
    #[must_use]
    pub fn custom_fields(&self) -> CustomFields<'_> {
        CustomFields(self)
    }
    /// Merging two records that are one.
    #[must_use]
    pub fn merges(&self) -> Merges<'_> {
        Merges(self)
    }
    /// Leads.
    #[must_use]
    pub fn leads(&self) -> Leads<'_> {
        Leads(self)
    }
    /// Contacts.
    #[must_use]
    pub fn contacts(&self) -> Contacts<'_> {
        Contacts(self)
    }
    /// Accounts.
    #[must_use]
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }
    /// Pipelines, close reasons, board and forecast.
    #[must_use]
    pub fn pipelines(&self) -> Pipelines<'_> {
        Pipelines(self)
    }
    /// Deals.
    #[must_use]
    pub fn opportunities(&self) -> Opportunities<'_> {
        Opportunities(self)
    }
    /// Activities, and the feeds of records.
    #[must_use]
    pub fn activities(&self) -> Activities<'_> {
        Activities(self)
    }
    /// Scores, scoring rules and engagements.
    #[must_use]
    pub fn scoring(&self) -> Scoring<'_> {
        Scoring(self)
    }
    /// Assignment rules, availabilities and the owners of leads.
    #[must_use]
    pub fn assignment(&self) -> Assignments<'_> {
        Assignments(self)
    }
    /// Conversions of leads.
    #[must_use]
    pub fn conversions(&self) -> Conversions<'_> {
        Conversions(self)
    }
    /// The one way in for leads.
    #[must_use]
    pub fn intake(&self) -> Intake<'_> {
        Intake(self)
    }
    /// Duplicates, flags and policies.
    #[must_use]
    pub fn duplicates(&self) -> Duplicates<'_> {
        Duplicates(self)
    }
    /// Figures over leads, deals and activities.
    #[must_use]
    pub fn analytics(&self) -> Analytics<'_> {
        Analytics(self)
    }
    /// What the organization pays for, and how it stands.
    #[must_use]
    pub fn subscriptions<'a>(&'a self, billing: &'a Billing) -> Subscriptions<'a> {
        Subscriptions { session: self, billing }
    }
    /// What the organization has used of what is counted, and how much it may.
    #[must_use]
    pub fn usage(&self) -> Usage<'_> {
        Usage(self)
    }
    /// The social inbox, on the channels of [`Crm::channels`].
    #[must_use]
    pub fn inbox<'a>(&'a self, channels: &'a Channels) -> Inbox<'a> {
        Inbox { session: self, channels }
    }
    /// Whether what is stored of the organization fits together.
    #[must_use]
    pub fn inspection(&self) -> Inspection<'_> {
        Inspection(self)
    }
    /// Imports.
    #[must_use]
    pub fn imports(&self) -> Imports<'_> {
        Imports(self)
    }
}
