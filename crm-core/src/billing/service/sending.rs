//! Sending a request that has an effect: stored first, and noted afterwards.

use serde_json::Value as Json;

use super::command::{BillingCommand, CommandKind, command, lost, note};
use super::subscriptions::Subscriptions;
use crate::access::Permission;
use crate::billing::account::account;
use crate::billing::desk::may_try_again;
use crate::billing::external::ExternalId;
use crate::billing::gateway::GatewayResult;
use crate::billing::request::{LostCommand, SoughtEffect};
use crate::kernel::{Result, Stored};

impl Subscriptions<'_> {
    /// Stores a command before it is sent.
    pub(super) async fn keep(&self, kind: CommandKind, subject: &str, request: Json) -> Result<Stored<BillingCommand>> {
        let mut tries = 1;
        loop {
            let outcome = async {
                let mut uow = self.session.begin(Permission::BillingManage).await?;
                let held = account(&mut uow).await?;
                // Saved, so that of two who ask at once the second sees what the first has stored.
                uow.save_part(held).await?;
                let command = command(&mut uow, kind, subject, request.clone()).await?;
                uow.commit().await?;
                Ok(command)
            };
            match outcome.await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    /// Notes what became of a command; of two who sent the same, the first note counts.
    pub(super) async fn settle<T>(
        &self,
        mut command: Stored<BillingCommand>,
        answer: &GatewayResult<T>,
        made: impl FnOnce(&T) -> ExternalId,
    ) -> Result<()> {
        let open = command.state;
        note(&mut command.value, answer, made);
        if command.state == open {
            return Ok(());
        }
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        if uow.lock_of_anyone(command.id).await?.is_none_or(|row| row.version != command.version) {
            return Ok(());
        }
        uow.save_part(command).await?;
        match uow.commit().await {
            Err(error) if may_try_again(&error, &mut 1) => Ok(()),
            outcome => outcome,
        }
    }

    /// The same request, sent so long ago that its key is no longer good, whose answer never came.
    pub(super) async fn lost(
        &self,
        kind: CommandKind,
        subject: &str,
        request: &Json,
    ) -> Result<Option<Stored<BillingCommand>>> {
        lost(&mut self.session.begin(Permission::BillingManage).await?, kind, subject, request).await
    }

    /// What the same request made long ago, when its answer never came and its key is no longer good: sent again, it
    /// would have a second effect.
    pub(super) async fn made_unheard(
        &self,
        kind: CommandKind,
        subject: &str,
        request: &Json,
        effect: SoughtEffect,
    ) -> Result<Option<ExternalId>> {
        let Some(lost) = self.lost(kind, subject, request).await? else { return Ok(None) };
        let sought = LostCommand { key: lost.idempotency_key.clone(), sent_at: lost.created_at, effect };
        let found = self.billing.gateway.effect_of(&sought).await?;
        if let Some(made) = &found {
            self.settle(lost, &Ok(made.clone()), ExternalId::clone).await?;
        }
        Ok(found)
    }
}
