//! Keeping the key of a command in the commit of its effect, and its answer behind it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::port::{Records, StoreError};
use super::session::Session;
use super::unit_of_work::UnitOfWork;
use crate::access::Permission;
use crate::command::{CommandAnswer, CommandKey, CommandName, CommandRefusal, REMEMBERED};
use crate::kernel::{Entity, Error, Page, Result, Stored, Timestamp};

/// The command that a session carries out, and whether one of its commits has kept the key already.
#[derive(Debug)]
pub(super) struct OpenCommand {
    name: CommandName,
    kept: AtomicBool,
}

impl OpenCommand {
    pub(super) fn new(name: CommandName) -> Self {
        Self { name, kept: AtomicBool::new(false) }
    }
}

impl Session {
    /// Whether it carries out a command that its caller may repeat.
    #[must_use]
    pub fn carries_command(&self) -> bool {
        self.command().is_some()
    }

    /// What was answered to an earlier command under the key of this session's; nothing when there was none.
    ///
    /// # Errors
    /// `KeyReused` when the earlier one was another command, `AtWork` when it has no answer yet.
    pub async fn earlier_answer(&self) -> Result<Option<CommandAnswer>> {
        let Some(command) = self.command() else { return Ok(None) };
        let mut uow = self.for_command().await?;
        let Some(row) = find(&mut uow, &command.name).await? else { return Ok(None) };
        if row.expires_at <= uow.now() {
            uow.remove_part(&row).await?;
            uow.commit_plainly().await?;
            return Ok(None);
        }
        if row.fingerprint != command.name.fingerprint {
            return Err(CommandRefusal::KeyReused.into());
        }
        Ok(Some(row.value.answer.ok_or(CommandRefusal::AtWork)?))
    }

    /// Keeps what will be answered to this session's command.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn keep_answer(&self, answer: CommandAnswer) -> Result<()> {
        let Some(command) = self.command() else { return Ok(()) };
        let mut uow = self.for_command().await?;
        if let Some(mut row) = find(&mut uow, &command.name).await? {
            row.value.answer = Some(answer);
            uow.save_part(row).await?;
        } else {
            let trace = trace(&command.name, Some(answer), uow.now());
            uow.add_parts(vec![trace]).await?;
        }
        uow.commit_plainly().await
    }

    /// Forgets the key of this session's command, when one of its own commits has kept it: for a command that was refused
    /// after all. Answers whether there was one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget_command(&self) -> Result<bool> {
        let Some(command) = self.command().filter(|command| command.kept.load(Ordering::Acquire)) else {
            return Ok(false);
        };
        let mut uow = self.for_command().await?;
        if let Some(row) = find(&mut uow, &command.name).await? {
            uow.remove_part(&row).await?;
            uow.commit_plainly().await?;
        }
        command.kept.store(false, Ordering::Release);
        Ok(true)
    }

    /// Forgets keys whose time is over, at most `limit`; answers how many.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn forget_commands(&self, limit: u32) -> Result<usize> {
        let mut uow = self.begin(Permission::AgendaRun).await?;
        let over = CommandKey::EXPIRES_AT.at_most(uow.now());
        let rows = uow.list(&over, &Page::first(limit)).await?;
        for row in &rows {
            uow.remove_part(row).await?;
        }
        uow.commit().await?;
        Ok(rows.len())
    }
}

impl UnitOfWork<'_> {
    /// Writes the key of the session's command beside its effect, in the first of its commits that comes so far.
    pub(super) async fn keep_command(&mut self) -> Result<()> {
        let Some(command) = self.session().command() else { return Ok(()) };
        if command.kept.load(Ordering::Acquire) {
            return Ok(());
        }
        let row = self.fresh(self.new_id(), trace(&command.name, None, self.now()));
        Records::<CommandKey>::insert(self.tx(), std::slice::from_ref(&row))
            .await
            .map_err(|error| at_work(error.into()))
    }

    /// Notes that a commit has kept the key.
    pub(super) fn command_is_kept(session: &Session) {
        if let Some(command) = session.command() {
            command.kept.store(true, Ordering::Release);
        }
    }
}

/// Somebody else carries the command out; the store says so when the key is added, or as late as in the commit.
pub(super) fn at_work(error: Error) -> Error {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Duplicate { entity: CommandKey::NAME, .. }) => CommandRefusal::AtWork.into(),
        _ => error,
    }
}

async fn find(uow: &mut UnitOfWork<'_>, name: &CommandName) -> Result<Option<Stored<CommandKey>>> {
    let own = CommandKey::PRINCIPAL.is(name.principal.as_str()).and(CommandKey::KEY.is(name.key.as_str()));
    Ok(uow.list(&own, &Page::first(1)).await?.pop())
}

fn trace(name: &CommandName, answer: Option<CommandAnswer>, now: Timestamp) -> CommandKey {
    let CommandName { principal, key, fingerprint } = name.clone();
    CommandKey { principal, key, fingerprint, answer, expires_at: now.plus(REMEMBERED) }
}
