//! Media on their way out, and messages that are sent on into another conversation.

use serde_json::{Value as Json, json};

use super::amend::MessageRefusal;
use super::conversations::Inbox;
use crate::access::Permission;
use crate::inbox::channel::{
    Account, Capabilities, Feature, MediaSource, MediaUpload, MessageKind, OutboundContent, OutboundMedia, Platform,
};
use crate::inbox::connection::account_of;
use crate::inbox::conversation::ConversationId;
use crate::inbox::message::{MediaPart, MediaState, Message, MessageId};
use crate::inbox::send::{NewMessage, medium_fits, queue};
use crate::inbox::window::Author;
use crate::kernel::{Result, Stored};

/// The platform that media are handed to.
struct Target {
    platform: Platform,
    account: Account,
    table: Capabilities,
}

impl Inbox<'_> {
    /// Hands a medium to the platform of a conversation, to be sent there in an `OutboundContent::Media`.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// # use crm_core::inbox::NewMessage;
    /// # use crm_core::inbox::channel::{MediaUpload, MessageKind, OutboundContent};
    /// let (mime, filename) = ("image/png".to_owned(), "menu.png".to_owned());
    /// let picture = MediaUpload { kind: MessageKind::Image, mime, filename, bytes: vec![0x89, b'P', b'N', b'G'] };
    /// let media = inbox.upload(desk.conversation, picture).await?;
    /// let content = OutboundContent::Media { media, caption: Some("Our menu".to_owned()) };
    /// inbox.send(desk.conversation, NewMessage::of(content)).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConnectionRefusal`, `ContentRefusal` when the platform takes no such media, `ChannelFailure`.
    pub async fn upload(&self, id: ConversationId, media: MediaUpload) -> Result<OutboundMedia> {
        let target = self.target(id).await?;
        self.hand_over(&target, &media).await
    }

    /// Sends what a message says on into another conversation, through the gate as everything else: its words, its place on
    /// the map, and its media as far as they are kept. Several media make several messages.
    ///
    /// ```
    /// # crm_core::testing::social::example(async |desk, inbox| {
    /// let question = inbox.messages(desk.conversation, None, 1).await?.remove(0);
    /// let copies = inbox.forward(question.id, desk.conversation).await?;
    /// assert_eq!(copies[0].text, question.text);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `MessageRefusal`, `ChannelFailure`, and those of [`Inbox::send`].
    pub async fn forward(&self, id: MessageId, to: ConversationId) -> Result<Vec<Stored<Message>>> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let message = uow.get(id).await?;
        // Whoever does not see the conversation does not see what was said in it.
        uow.get(message.conversation_id).await?;
        let same_account = uow.get(to).await?.connection_id == message.connection_id;
        drop(uow);
        if message.deleted_at.is_some() {
            return Err(MessageRefusal::TakenBack.into());
        }
        let contents = match &message.content {
            Some(OutboundContent::Media { media: OutboundMedia { source: MediaSource::Uploaded(_), .. }, .. })
                if !same_account =>
            {
                return Err(MessageRefusal::NotForwardable("its medium lies with another account; send it anew").into());
            }
            Some(content) => vec![content.clone()],
            None => self.contents_of(&message, to).await?,
        };
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let mut thread = uow.lock(to).await?;
        let connection = uow.get(thread.connection_id).await?;
        let table = self.channels.capabilities(&connection.platform)?;
        let mut sent = Vec::new();
        for content in contents {
            let automatic = self.author() == Author::Program;
            let new = NewMessage::of(content);
            let (mut copy, event) = queue(&mut uow, &connection, &table, &mut thread, new, automatic).await?;
            copy.value.details = Some(json!({ "forwarded_from": id }));
            sent.push(uow.save_part(copy).await?);
            thread = uow.save(thread, event).await?;
        }
        uow.commit().await?;
        Ok(sent)
    }

    /// What a message that was not written here says, as we would send it.
    async fn contents_of(&self, message: &Message, to: ConversationId) -> Result<Vec<OutboundContent>> {
        if !message.media.is_empty() {
            return self.media_of(message, to).await;
        }
        if let Some(place) = message.details.as_ref().and_then(place_of) {
            return Ok(vec![place]);
        }
        match &message.text {
            Some(text) => Ok(vec![OutboundContent::text(text.clone())]),
            None => Err(MessageRefusal::NotForwardable("there are no words, media or places in it").into()),
        }
    }

    /// The media of a message, each handed to the platform of the conversation that they go to.
    async fn media_of(&self, message: &Message, to: ConversationId) -> Result<Vec<OutboundContent>> {
        let target = self.target(to).await?;
        let mut caption = message.text.clone();
        let mut contents = Vec::new();
        let captioned = |kind| matches!(kind, MessageKind::Image | MessageKind::Video | MessageKind::File);
        let carries = message.media.first().is_some_and(|part| captioned(part.kind));
        if !(carries && target.table.has(Feature::Captions)) {
            contents.extend(caption.take().map(OutboundContent::text));
        }
        for part in &message.media {
            let media = self.hand_over(&target, &self.kept(part).await?).await?;
            contents.push(OutboundContent::Media { media, caption: caption.take() });
        }
        Ok(contents)
    }

    async fn kept(&self, part: &MediaPart) -> Result<MediaUpload> {
        let name = part.kept_as.as_ref().filter(|_| part.state == MediaState::Kept);
        let name = name.ok_or(MessageRefusal::NotForwardable("its medium is not kept here"))?;
        let kept = self.channels.shelf().get(self.session.caller().organization(), name).await;
        let kept = kept.map_err(|_| MessageRefusal::NotForwardable("its medium cannot be read any more"))?;
        let mime = kept.mime.or_else(|| part.mime.clone()).unwrap_or_default();
        let filename = part.filename.clone().unwrap_or_else(|| part.kind.as_str().to_owned());
        Ok(MediaUpload { kind: part.kind, mime, filename, bytes: kept.bytes })
    }

    async fn target(&self, id: ConversationId) -> Result<Target> {
        let mut uow = self.session.begin(Permission::InboxReply).await?;
        let thread = uow.get(id).await?;
        let connection = uow.get(thread.connection_id).await?;
        connection.check_active()?;
        let table = self.channels.capabilities(&connection.platform)?;
        let account = account_of(self.channels.vault(), self.session, &connection)?;
        Ok(Target { platform: connection.platform.clone(), account, table })
    }

    async fn hand_over(&self, target: &Target, media: &MediaUpload) -> Result<OutboundMedia> {
        medium_fits(media.kind, &media.mime, media.bytes.len(), &target.table)?;
        let id = self.channels.gateway(&target.platform)?.upload_media(&target.account, media).await?;
        let filename = Some(media.filename.clone()).filter(|name| !name.is_empty());
        Ok(OutboundMedia { kind: media.kind, source: MediaSource::Uploaded(id), filename })
    }
}

/// The place on the map that a message carries.
fn place_of(details: &Json) -> Option<OutboundContent> {
    let place = details.get("location")?;
    let number = |name: &str| place.get(name).and_then(Json::as_f64);
    let text = |name: &str| place.get(name).and_then(Json::as_str).map(str::to_owned);
    Some(OutboundContent::Location {
        latitude: number("lat")?,
        longitude: number("lng")?,
        name: text("name"),
        address: text("address"),
    })
}
