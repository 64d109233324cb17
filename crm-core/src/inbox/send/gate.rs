//! What the gate needs to know of a conversation.

use std::time::Duration;

use crate::inbox::channel::{Capabilities, OutboundContent, TemplateStatus};
use crate::inbox::connection::Connection;
use crate::inbox::conversation::Conversation;
use crate::inbox::template::MessageTemplate;
use crate::inbox::window::{Author, CanSend, Sending, Standing, can_send};
use crate::kernel::{Page, Result, Stored, Timestamp};
use crate::store::UnitOfWork;

/// How a conversation stands.
pub(crate) async fn standing(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    thread: &Conversation,
) -> Result<Standing> {
    let approved = MessageTemplate::CONNECTION
        .is(connection.id)
        .and(MessageTemplate::STATUS.is(TemplateStatus::Approved.as_str()));
    let template_at_hand = !uow.list(&approved, &Page::first(1)).await?.is_empty();
    let granted = connection.settings.ad_window_s.map(|seconds| Duration::from_secs(seconds.into()));
    Ok(Standing {
        last_action_at: thread.last_action_at,
        closed_at: thread.window_closed_at,
        late_tag_approved: connection.settings.late_tag_approved,
        advertised: thread.entry_point_at.zip(granted),
        template_at_hand,
    })
}

/// Who wrote it, as the gate sees it.
pub(crate) const fn author_of(automatic: bool) -> Author {
    if automatic { Author::Program } else { Author::Person }
}

/// Asks the gate for this content.
pub(crate) fn ask(
    now: Timestamp,
    author: Author,
    content: &OutboundContent,
    promotion: bool,
    table: &Capabilities,
    standing: Standing,
) -> CanSend {
    let sending = match content {
        OutboundContent::Template(_) => Sending::Template,
        _ if promotion => Sending::Promotion,
        _ => Sending::Words,
    };
    can_send(now, author, sending, table, standing)
}
