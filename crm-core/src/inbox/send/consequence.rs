//! What a refusal means beyond the message that was refused, whether it came as an answer or as a later status.

use crate::inbox::bulk;
use crate::inbox::channel::{FailureClass, FailureScope};
use crate::inbox::connection::{Connection, ConnectionStatus};
use crate::inbox::conversation::ConversationId;
use crate::kernel::{Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// A refusal that was judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged<'w> {
    pub(crate) class: FailureClass,
    pub(crate) scope: FailureScope,
    /// When it happened, by the platform's clock or ours.
    pub(crate) at: Timestamp,
    /// What the platform said, for people.
    pub(crate) reason: &'w str,
}

/// Draws the consequences: the window's end, a participant who can't be reached, a token that is worth nothing, an
/// account that must not send on.
pub(crate) async fn draw(
    uow: &mut UnitOfWork<'_>,
    connection: Stored<Connection>,
    thread: ConversationId,
    judged: Judged<'_>,
) -> Result<()> {
    match judged.class {
        // One message at a time may go on; what goes to many had better rest until a person has looked.
        FailureClass::RetryBackoff if judged.scope != FailureScope::Message => {
            bulk::pause_all(uow, connection.id, judged.reason).await
        }
        // It stays so until a person has looked.
        FailureClass::Permanent if judged.scope != FailureScope::Message => {
            hold(uow, connection, judged.scope, Timestamp::MAX, judged.reason).await
        }
        FailureClass::RetryBackoff | FailureClass::Permanent => Ok(()),
        FailureClass::Reauth => lose_token(uow, connection, judged.reason).await,
        FailureClass::WindowClosed => {
            let mut thread = uow.get(thread).await?;
            thread.value.window_closed_at = thread.window_closed_at.max(Some(judged.at));
            uow.save_part(thread).await.map(|_| ())
        }
        FailureClass::RecipientUnavailable => {
            let thread = uow.get(thread).await?;
            let mut participant = uow.get(thread.participant_id).await?;
            // Whoever wrote since can be reached.
            if thread.last_action_at.is_none_or(|wrote| wrote <= judged.at) && participant.unreachable.is_none() {
                participant.value.unreachable = Some(judged.reason.to_owned());
                uow.save_part(participant).await?;
            }
            Ok(())
        }
    }
}

/// The token works no more; nothing, when that is known.
async fn lose_token(uow: &mut UnitOfWork<'_>, mut connection: Stored<Connection>, reason: &str) -> Result<()> {
    if connection.status == ConnectionStatus::Active {
        let event = connection.value.expire(reason)?;
        uow.save(connection, event).await?;
    }
    Ok(())
}

/// Pauses a connection, or all of the platform where the whole app is concerned.
pub(super) async fn hold(
    uow: &mut UnitOfWork<'_>,
    connection: Stored<Connection>,
    scope: FailureScope,
    until: Timestamp,
    reason: &str,
) -> Result<()> {
    let concerned = match scope {
        FailureScope::App => uow.list_all(&Connection::PLATFORM.is(connection.platform.as_str())).await?,
        FailureScope::Connection | FailureScope::Message => vec![connection],
    };
    for mut connection in concerned {
        if connection.paused_until.is_none_or(|known| known < until) {
            let event = connection.value.pause(until, reason);
            uow.save(connection, event).await?;
        }
    }
    Ok(())
}
