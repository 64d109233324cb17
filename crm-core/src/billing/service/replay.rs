//! Trying another plan on what the organization really did.

use super::subscriptions::Subscriptions;
use crate::access::Permission;
use crate::billing::account::ServiceGrant;
use crate::billing::bundle::session_in;
use crate::billing::catalogue::Catalogue;
use crate::billing::desk::catalogue;
use crate::billing::simulation::{Plan, Simulated, simulate};
use crate::event::Event;
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::{Kind, Page, Predicate, Result, Rule, Timestamp};

/// The most events that are played again; they are held in memory.
const MOST: usize = 200_000;

/// What is not played again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayRefusal {
    /// The end is not after the beginning.
    #[error("'until' is not after 'from'; give a later end")]
    NoTime,
    /// There was too much.
    #[error("more than {MOST} events happened until then; give an earlier end")]
    TooMuch,
}

impl Rule for ReplayRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoTime => "simulation.no_time",
            Self::TooMuch => "simulation.too_much",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Subscriptions<'_> {
    /// The catalogue as it is now, to try a change of it.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        drop(self.session.begin(Permission::BillingManage).await?);
        let desk = session_in(self.session.ports(), self.billing.desk());
        let mut uow = desk.begin(Permission::BillingRead).await?;
        catalogue(&mut uow).await
    }

    /// Plays what happened from `from` up to `until` again under a plan, see [`simulate`]. Nothing is changed.
    ///
    /// # Errors
    /// `ReplayRefusal`; those of the door.
    pub async fn simulate(&self, plan: &Plan, from: Timestamp, until: Timestamp) -> Result<Simulated> {
        if until <= from {
            return Err(ReplayRefusal::NoTime.into());
        }
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let grants = uow.list_all(&Predicate::<ServiceGrant>::everything()).await?;
        let grants: Vec<_> = grants.into_iter().map(|grant| grant.value).collect();
        let before = Event::OCCURRED_AT.below(until);
        let (mut history, mut page) = (Vec::new(), Page::first(LARGEST_PAGE));
        loop {
            let part = uow.list(&before, &page).await?;
            let full = u32::try_from(part.len()).is_ok_and(|count| count >= page.limit());
            let next = part.last().filter(|_| full).map(|last| page.following(last));
            history.extend(part);
            if history.len() > MOST {
                return Err(ReplayRefusal::TooMuch.into());
            }
            match next {
                Some(next) => page = next,
                None => break,
            }
        }
        history.sort_by_key(|event| event.occurred_at);
        Ok(simulate(&history, &grants, plan, from, until))
    }
}
