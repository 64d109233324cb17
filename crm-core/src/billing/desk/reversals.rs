//! What the desk makes of payments that were taken back, and what the operator withholds and gives back by hand.

use super::event_record::ReceivedEvent;
use super::office::{Desk, may_try_again};
use super::sync::Begun;
use crate::access::{OrganizationId, Permission};
use crate::billing::account::{BillingAccount, BillingAccountEvent, account, raise_version};
use crate::billing::bundle::session_in;
use crate::billing::reversal::{ReversalPolicy, ReversedPayment, WithheldLevel, Withholding, withheld_for};
use crate::kernel::text::Name;
use crate::kernel::{Predicate, Result, Stored, Timestamp};
use crate::store::UnitOfWork;

impl Desk<'_> {
    /// Keeps what the waiting events of a customer tell of payments that were taken back, each once, and what follows
    /// from it, in one commit. The event itself is enough for that; the provider is not asked.
    pub(super) async fn keep_reversals(&self, begun: &Begun) -> Result<()> {
        if begun.waiting.iter().all(|event| event.reversal.is_none()) {
            return Ok(());
        }
        let mut tries = 1;
        let changed = loop {
            match self.keep_reversals_once(begun).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => break outcome?,
            }
        };
        if changed {
            self.billing.announce(begun.tenant);
        }
        Ok(())
    }

    async fn keep_reversals_once(&self, begun: &Begun) -> Result<bool> {
        let session = session_in(self.session.ports(), begun.tenant);
        let mut uow = session.begin(Permission::AgendaRun).await?;
        // Whoever else keeps some waits here, and finds those of the other.
        let account = account(&mut uow).await?;
        let mut told = reversals(&mut uow).await?;
        let policy = &*self.billing.reversals;
        let mut new: Vec<_> = begun.waiting.iter().filter_map(|event| judged(&event.value, policy)).collect();
        new.retain(|one| !told.iter().any(|kept| kept.provider == one.provider && kept.event_id == one.event_id));
        if new.is_empty() {
            return Ok(false);
        }
        new.sort_by(|one, other| one.order().cmp(&other.order()));
        for ReversedPayment { reversal, effect, .. } in &new {
            let (reversal, effect) = (Box::new(reversal.clone()), *effect);
            uow.say(&account, &BillingAccountEvent::PaymentReversed { reversal, effect })?;
        }
        uow.add_parts(new.clone()).await?;
        told.extend(new);
        let by_hand = account.withholdings.iter().filter(|one| one.reversal.is_none()).cloned();
        let withheld = by_hand.chain(withheld_for(&told, account.access_restored_at)).collect();
        let changed = put_withheld(&mut uow, account, withheld).await?;
        uow.commit().await?;
        Ok(changed)
    }

    /// Withholds what an organization pays for beyond a level, until [`Desk::restore`]. In the place of what was withheld
    /// by hand before; what follows from reversals stays beside it.
    ///
    /// Basic services stay open, and so does what the operator gives by [`Desk::grant`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn withhold(&self, organization: OrganizationId, level: WithheldLevel, note: Name) -> Result<()> {
        self.change_withheld(organization, |account, _, now| {
            let others = account.withholdings.iter().filter(|one| one.reversal.is_some()).cloned();
            let by_hand = Withholding { level, since: now, reversal: None, note: Some(note.clone()) };
            std::iter::once(by_hand).chain(others).collect()
        })
        .await
    }

    /// Gives back all that is withheld of an organization, by hand or for reversals. Only what happens later withholds
    /// anew: a late word of what happened before does not.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn restore(&self, organization: OrganizationId) -> Result<()> {
        self.change_withheld(organization, |account, told, now| {
            if !account.withholdings.is_empty() {
                // The provider's clock may be ahead of ours; what is given back stays given back.
                let last = told.iter().map(|one| one.reversal.occurred_at).max();
                account.access_restored_at = Some(last.map_or(now, |last| last.max(now)));
            }
            Vec::new()
        })
        .await
    }

    /// What is withheld of an organization, and why.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn withholdings(&self, organization: OrganizationId) -> Result<Vec<Withholding>> {
        let session = session_in(self.session.ports(), organization);
        let mut uow = session.begin(Permission::BillingRead).await?;
        let account = uow.find_of_anyone(BillingAccount::id_of(organization)).await?;
        Ok(account.map(|account| account.value.withholdings).unwrap_or_default())
    }

    /// All payments of an organization that were taken back, and what was decided about each, the earliest first.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn reversals(&self, organization: OrganizationId) -> Result<Vec<ReversedPayment>> {
        let session = session_in(self.session.ports(), organization);
        let mut told = reversals(&mut session.begin(Permission::BillingRead).await?).await?;
        told.sort_by(|one, other| one.order().cmp(&other.order()));
        Ok(told)
    }

    /// Changes by hand what is withheld.
    async fn change_withheld(
        &self,
        organization: OrganizationId,
        change: impl Fn(&mut BillingAccount, &[ReversedPayment], Timestamp) -> Vec<Withholding>,
    ) -> Result<()> {
        let session = session_in(self.session.ports(), organization);
        let mut tries = 1;
        loop {
            let once = async {
                let mut uow = session.begin(Permission::BillingManage).await?;
                let mut account = account(&mut uow).await?;
                let told = reversals(&mut uow).await?;
                let now = uow.now();
                let withheld = change(&mut account.value, &told, now);
                put_withheld(&mut uow, account, withheld).await?;
                uow.commit().await
            };
            match once.await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => break outcome?,
            }
        }
        self.billing.announce(organization);
        Ok(())
    }
}

/// The reversal that an event tells of, and what is answered to it.
fn judged(event: &ReceivedEvent, policy: &dyn ReversalPolicy) -> Option<ReversedPayment> {
    let (reversal, customer_id) = (event.reversal.clone()?, event.customer_id.clone()?);
    let effect = policy.effect(&reversal);
    let (provider, event_id) = (event.provider.clone(), event.external_id.clone());
    Some(ReversedPayment { provider, event_id, customer_id, reversal, effect })
}

async fn reversals(uow: &mut UnitOfWork<'_>) -> Result<Vec<ReversedPayment>> {
    let told = uow.list_all(&Predicate::<ReversedPayment>::everything()).await?;
    Ok(told.into_iter().map(|row| row.value).collect())
}

/// Puts into the account what is withheld, and says so where it was other before. Answers whether it was.
async fn put_withheld(
    uow: &mut UnitOfWork<'_>,
    mut account: Stored<BillingAccount>,
    withheld: Vec<Withholding>,
) -> Result<bool> {
    if account.withholdings == withheld {
        return Ok(false);
    }
    let event = if withheld.is_empty() {
        BillingAccountEvent::AccessRestored
    } else {
        BillingAccountEvent::AccessWithheld { withholdings: withheld.clone() }
    };
    account.value.withholdings = withheld;
    raise_version(uow, &mut account.value).await?;
    uow.save(account, event).await?;
    Ok(true)
}
