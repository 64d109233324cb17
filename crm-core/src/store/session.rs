//! A session: the ports and one caller. It is the door.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use uuid::Uuid;

use super::commands::OpenCommand;
use super::port::Store;
use super::setup::SetupMemory;
use super::unit_of_work::UnitOfWork;
use crate::access::{Caller, Intent, Permission};
use crate::command::CommandName;
use crate::kernel::phone::PhoneNumbers;
use crate::kernel::{Clock, IdSource, Result, Timestamp};
use crate::paywall::{Entitlements, Need, Paywall, ServiceModule};

/// Everything from outside that the domain needs.
#[derive(Clone)]
pub struct Ports {
    /// What remembers.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Fresh identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Who has subscribed to what.
    pub paywall: Arc<dyn Paywall>,
    /// How telephone numbers are read.
    pub phones: Arc<dyn PhoneNumbers>,
    /// What organizations have set up, kept between transactions.
    pub setup: SetupMemory,
}

/// One caller's way to everything. Cheap to make; make one for each request.
#[derive(Clone)]
pub struct Session {
    ports: Ports,
    caller: Caller,
    cause: Option<Uuid>,
    /// What the organization was found to have; shared by all transactions of the session while it holds.
    entitlements: Arc<ArcSwapOption<Entitlements>>,
    command: Option<Arc<OpenCommand>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("caller", &self.caller).finish_non_exhaustive()
    }
}

impl Session {
    /// A session of this caller.
    #[must_use]
    pub fn new(ports: Ports, caller: Caller) -> Self {
        Self { ports, caller, cause: None, command: None, entitlements: Arc::default() }
    }

    /// The same session, whose events name the event that they react to.
    #[must_use]
    pub fn caused_by(mut self, event: Uuid) -> Self {
        self.cause = Some(event);
        self
    }

    /// The same session, carrying out one command that its caller may repeat: its first commit keeps the key too.
    #[must_use]
    pub fn carrying_out(mut self, command: CommandName) -> Self {
        self.command = Some(Arc::new(OpenCommand::new(command)));
        self
    }

    /// Who acts.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    /// Everything from outside.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }
    pub(super) fn command(&self) -> Option<&OpenCommand> {
        self.command.as_deref()
    }
    pub(super) fn cause(&self) -> Option<Uuid> {
        self.cause
    }

    /// Opens a transaction for something that the caller must be permitted to do and the organization subscribed to.
    ///
    /// # Errors
    /// `AccessRefusal::PermissionMissing`, `SubscriptionRequired`, and those of the store.
    pub async fn begin(&self, permission: Permission) -> Result<UnitOfWork<'_>> {
        self.caller.check(permission)?;
        let now = self.ports.clock.now();
        self.check_paid(Need::of(permission), now).await?;
        let tx = self.ports.store.begin(self.caller.organization(), permission.intent()).await?;
        Ok(UnitOfWork::new(tx, self, now))
    }

    /// Asks the paywall, once for the session while the answer is yes and holds. What is always on is not asked for.
    async fn check_paid(&self, need: Need, now: Timestamp) -> Result<()> {
        if need.service == ServiceModule::BasicCrm {
            return Ok(());
        }
        let known = self.entitlements.load();
        if known.as_ref().is_some_and(|known| known.holds_at(now) && known.check(need).is_ok()) {
            return Ok(());
        }
        let organization = self.caller.organization();
        let found = match self.ports.paywall.known(organization, now) {
            Some(found) => found,
            None => self.ports.paywall.entitlements(organization, now).await,
        };
        let outcome = found.check(need);
        self.entitlements.store(Some(found));
        Ok(outcome?)
    }

    /// A transaction for the keys of commands alone, which is nobody's permission and nobody's service.
    pub(super) async fn for_command(&self) -> Result<UnitOfWork<'_>> {
        let now = self.ports.clock.now();
        let tx = self.ports.store.begin(self.caller.organization(), Intent::Write).await?;
        Ok(UnitOfWork::new(tx, self, now))
    }
}
