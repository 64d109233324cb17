//! Working through conversations: who has them, what they are about, what is noted beside them.

use super::canned::{CannedReply, CannedReplyEvent, CannedReplyId};
use super::conversations::Inbox;
use crate::access::{Member, MemberId, Permission};
use crate::inbox::analytics::{InboxReport, report};
use crate::inbox::attend::{calendar_of, reassign, remind, wake_later};
use crate::inbox::conversation::{Conversation, ConversationEvent, ConversationId, ConversationNote};
use crate::inbox::hours::{BusinessHours, Calendar, CalendarEvent, CalendarId};
use crate::kernel::{Explanation, Note, Page, Predicate, Result, Stored, Tag, Timestamp};
use crate::store::UnitOfWork;

impl Inbox<'_> {
    /// Gives a conversation to a member, or to nobody. The rotation's turns stay as they are.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let thread = inbox.assign(desk.conversation, Some(desk.office.owner)).await?;
    /// assert_eq!(thread.owner_id, Some(desk.office.owner));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is no such conversation or member.
    pub async fn assign(&self, id: ConversationId, to: Option<MemberId>) -> Result<Stored<Conversation>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        if let Some(member) = to {
            uow.get::<Member>(member).await?;
        }
        let Some(event) = thread.value.assign(to, Explanation::new("by hand")) else { return Ok(thread) };
        let thread = uow.save(thread, event).await?;
        uow.commit().await?;
        Ok(thread)
    }

    /// Gives a conversation to the next member of its connection's rule, unless whoever has it is there.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let thread = inbox.assign_automatically(desk.conversation).await?;
    /// assert_eq!(thread.owner_id, None, "the connection has no rule");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn assign_automatically(&self, id: ConversationId) -> Result<Stored<Conversation>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        let Some(event) = reassign(&mut uow, &connection, &mut thread.value, None, false).await? else {
            return Ok(thread);
        };
        let thread = uow.save(thread, event).await?;
        uow.commit().await?;
        Ok(thread)
    }

    /// Gives a conversation these tags and no others.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let thread = inbox.tag(desk.conversation, vec!["opening-hours".parse()?]).await?;
    /// assert_eq!(thread.tags.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn tag(&self, id: ConversationId, tags: Vec<Tag>) -> Result<Stored<Conversation>> {
        self.command(id, |thread, _| Ok(thread.tag(tags))).await
    }

    /// Lets a conversation come back at an instant, or when they write.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::conversation::ConversationState;
    /// # use crm_core::kernel::Clock;
    /// let tomorrow = desk.office.clock.now().plus(std::time::Duration::from_hours(24));
    /// let thread = inbox.snooze(desk.conversation, Some(tomorrow)).await?;
    /// assert_eq!(thread.state, ConversationState::Snoozed);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConversationRefusal`.
    pub async fn snooze(&self, id: ConversationId, until: Option<Timestamp>) -> Result<Stored<Conversation>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        let event = thread.value.snooze(until, uow.now())?;
        let thread = uow.save(thread, event).await?;
        wake_later(&mut uow, id, until).await?;
        remind(&mut uow, &thread).await?;
        uow.commit().await?;
        Ok(thread)
    }

    /// Closes a conversation.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.close(desk.conversation).await?;
    /// let refused = inbox.close(desk.conversation).await.unwrap_err();
    /// assert_eq!(refused.code(), "conversation.already_closed");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConversationRefusal`.
    pub async fn close(&self, id: ConversationId) -> Result<Stored<Conversation>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        let event = thread.value.close(uow.now())?;
        let thread = uow.save(thread, event).await?;
        wake_later(&mut uow, id, None).await?;
        remind(&mut uow, &thread).await?;
        uow.commit().await?;
        Ok(thread)
    }

    /// Opens a conversation again. Whoever had it keeps it while they are there.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::conversation::ConversationState;
    /// inbox.close(desk.conversation).await?;
    /// let thread = inbox.reopen(desk.conversation).await?;
    /// assert_eq!(thread.state, ConversationState::Open);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConversationRefusal`.
    pub async fn reopen(&self, id: ConversationId) -> Result<Stored<Conversation>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        let event = thread.value.reopen()?;
        let calendar = calendar_of(&mut uow, &connection).await?;
        let hours = calendar.as_ref().map(|calendar| BusinessHours::new(&calendar.value, self.channels.zones()));
        let now = uow.now();
        thread.value.clock.resume(now, connection.settings.targets, hours);
        let given = reassign(&mut uow, &connection, &mut thread.value, None, true).await?;
        let thread = uow.save(thread, event).await?;
        if let Some(given) = given {
            uow.say(&thread, &given)?;
        }
        wake_later(&mut uow, id, None).await?;
        remind(&mut uow, &thread).await?;
        uow.commit().await?;
        Ok(thread)
    }

    /// Writes a note beside a conversation, which the participant never sees. Members who are mentioned are named in the
    /// event, for whoever tells them.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.note(desk.conversation, "Ask the kitchen first".parse()?, vec![desk.office.owner]).await?;
    /// assert_eq!(inbox.notes(desk.conversation).await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is no such conversation or member.
    pub async fn note(
        &self,
        id: ConversationId,
        text: Note,
        mentions: Vec<MemberId>,
    ) -> Result<Stored<ConversationNote>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        for member in &mentions {
            uow.get::<Member>(*member).await?;
        }
        let author_id = uow.caller().member_id();
        let note = ConversationNote { conversation_id: id, author_id, text, mentions: mentions.clone() };
        let note = uow.fresh(uow.new_id(), note);
        uow.insert_all(vec![(note.clone(), ConversationEvent::Noted { mentions: mentions.clone() })]).await?;
        uow.say(&thread, &ConversationEvent::Noted { mentions })?;
        uow.commit().await?;
        Ok(note)
    }

    /// The notes beside a conversation, the eldest first.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.note(desk.conversation, "Ask the kitchen first".parse()?, Vec::new()).await?;
    /// let notes = inbox.notes(desk.conversation).await?;
    /// assert_eq!(notes[0].author_id, Some(desk.office.owner));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn notes(&self, id: ConversationId) -> Result<Vec<Stored<ConversationNote>>> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        uow.get(id).await?;
        uow.list_all(&ConversationNote::CONVERSATION.is(id)).await
    }

    /// Keeps a canned reply under its shortcut, in place of the one that was there.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.set_canned_reply("sunday".parse()?, "Dear {{participant.name}}, we open at ten.".parse()?).await?;
    /// let refused = inbox.set_canned_reply("sunday".parse()?, "{{secret}}".parse()?).await.unwrap_err();
    /// assert_eq!(refused.code(), "canned_reply.unknown_token");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `CannedReplyRefusal`.
    pub async fn set_canned_reply(&self, shortcut: Tag, text: Note) -> Result<Stored<CannedReply>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let reply = CannedReply::new(shortcut, text)?;
        let known = canned(&mut uow, &reply.shortcut).await?;
        let reply = match known {
            Some(mut row) => {
                row.value = reply;
                uow.save(row, CannedReplyEvent::Set).await?
            }
            None => uow.insert(reply, CannedReplyEvent::Set).await?,
        };
        uow.commit().await?;
        Ok(reply)
    }

    /// Removes a canned reply.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let reply = inbox.set_canned_reply("bye".parse()?, "Goodbye!".parse()?).await?;
    /// inbox.delete_canned_reply(reply.id, reply.version).await?;
    /// assert!(inbox.canned_replies().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn delete_canned_reply(&self, id: CannedReplyId, version: i64) -> Result<()> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let row = uow.get_at(id, Some(version)).await?;
        uow.delete(row, CannedReplyEvent::Deleted).await?;
        uow.commit().await
    }

    /// All canned replies.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.set_canned_reply("bye".parse()?, "Goodbye!".parse()?).await?;
    /// assert_eq!(inbox.canned_replies().await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn canned_replies(&self) -> Result<Vec<Stored<CannedReply>>> {
        self.session.begin(Permission::InboxRead).await?.list_all(&Predicate::everything()).await
    }

    /// The words of a canned reply for a conversation, to be looked at before they are sent; nothing, when there is none
    /// under the shortcut.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// inbox.set_canned_reply("hi".parse()?, "Dear {{participant.name}},".parse()?).await?;
    /// let words = inbox.canned_reply_for(desk.conversation, &"hi".parse()?).await?;
    /// assert_eq!(words.as_deref(), Some("Dear Ana Example,"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `CannedReplyRefusal`.
    pub async fn canned_reply_for(&self, id: ConversationId, shortcut: &Tag) -> Result<Option<String>> {
        let mut uow = self.session.begin(Permission::InboxRead).await?;
        let thread = uow.get(id).await?;
        let Some(reply) = canned(&mut uow, shortcut).await? else { return Ok(None) };
        let participant = uow.get(thread.participant_id).await?;
        let organization = uow.get(uow.organization()).await?;
        let agent = match uow.caller().member_id() {
            Some(member) => uow.find::<Member>(member).await?.map(|member| member.name.to_string()),
            None => None,
        };
        let words = reply.render(|token| match token {
            "participant.name" => participant.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            "agent.name" => agent.clone().unwrap_or_default(),
            _ => organization.name.to_string(),
        })?;
        Ok(Some(words))
    }

    /// Keeps a business calendar under its name, in place of the one that was there.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::hours::Calendar;
    /// let office: Calendar = serde_json::from_str(
    ///     r#"{"name": "Office", "time_zone": "UTC", "days_off": ["2026-12-25"],
    ///         "week": [{"weekday": 1, "from": "09:00", "to": "17:00"}]}"#,
    /// ).unwrap();
    /// let kept = inbox.set_calendar(office).await?;
    /// assert_eq!(inbox.calendars().await?[0].id, kept.id);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`; `UnknownZone` and `NeverOpen` when it could never be gone by.
    pub async fn set_calendar(&self, calendar: Calendar) -> Result<Stored<Calendar>> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let calendar = calendar.checked()?;
        BusinessHours::new(&calendar, self.channels.zones()).after(uow.now(), std::time::Duration::from_secs(1))?;
        let same = Calendar::NAME_FIELD.is(calendar.name.as_str());
        let calendar = match uow.list(&same, &Page::first(1)).await?.pop() {
            Some(mut row) => {
                row.value = calendar;
                uow.save(row, CalendarEvent::Set).await?
            }
            None => uow.insert(calendar, CalendarEvent::Set).await?,
        };
        uow.commit().await?;
        Ok(calendar)
    }

    /// Removes a business calendar. Connections that went by it are always open then.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # let office = serde_json::from_str(
    /// #     r#"{"name": "Office", "time_zone": "UTC", "week": [{"weekday": 1, "from": "09:00", "to": "17:00"}], "days_off": []}"#,
    /// # ).unwrap();
    /// let calendar = inbox.set_calendar(office).await?;
    /// inbox.delete_calendar(calendar.id, calendar.version).await?;
    /// assert!(inbox.calendars().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn delete_calendar(&self, id: CalendarId, version: i64) -> Result<()> {
        let mut uow = self.session.begin(Permission::InboxConfigure).await?;
        let row = uow.get_at(id, Some(version)).await?;
        uow.delete(row, CalendarEvent::Deleted).await?;
        uow.commit().await
    }

    /// All business calendars.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// assert!(inbox.calendars().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn calendars(&self) -> Result<Vec<Stored<Calendar>>> {
        self.session.begin(Permission::InboxRead).await?.list_all(&Predicate::everything()).await
    }

    /// Volume, response and resolution times from `from` to before `to`, of the conversations that the caller sees.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::kernel::Clock;
    /// let (now, day) = (desk.office.clock.now(), std::time::Duration::from_hours(24));
    /// let report = inbox.report(now.minus(day), now.plus(day)).await?;
    /// assert_eq!((report.received, report.conversations_started), (1, 1));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn report(&self, from: Timestamp, to: Timestamp) -> Result<InboxReport> {
        report(&mut self.session.begin(Permission::InboxRead).await?, from, to).await
    }
}

async fn canned(uow: &mut UnitOfWork<'_>, shortcut: &Tag) -> Result<Option<Stored<CannedReply>>> {
    Ok(uow.list(&CannedReply::SHORTCUT.is(shortcut.as_str()), &Page::first(1)).await?.pop())
}
