//! Media: where they lie, fetching them from Meta's own hosts only, and handing ours over.

use crm_core::inbox::channel::{ChannelFailure, FailureClass, FailureScope, FetchedMedia, MediaUpload, MessageKind};
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::call::{Call, CallError, File, Service};
use super::classify::GraphError;
use super::client::{Graph, ReadError, bearer, read_capped, unanswered};
use crate::send::messaging;
use crate::webhook::signature::hex;

/// Where a medium of `WhatsApp` lies for a few minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaAddress {
    /// The address; fetching it needs the token.
    pub url: String,
    /// Its MIME type.
    pub mime: Option<String>,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: Option<String>,
}

impl Graph {
    /// Where the medium of this identifier lies.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let token = "a token".into();
    /// let address = graph.media_address("media-id", "110", &token).await?;
    /// let media = graph.download(&address, Some(&token), 16_000_000).await?;
    /// println!("{} bytes, {}", media.bytes.len(), media.sha256);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn media_address(
        &self,
        media: &str,
        number: &str,
        token: &SecretString,
    ) -> Result<MediaAddress, ChannelFailure> {
        let call = Call::get(Service::Graph, [media]).with("phone_number_id", number).authorized(token);
        let answer = self.execute(number, call).await?;
        let text = |name: &str| answer.get(name).and_then(Json::as_str).map(str::to_owned);
        let url = text("url").ok_or_else(|| CallError::Lost("the answer carries no url".to_owned()))?;
        Ok(MediaAddress { url, mime: text("mime_type"), sha256: text("sha256") })
    }

    /// Fetches a medium of at most `most_bytes` from one of the configured hosts.
    ///
    /// The token goes along for `WhatsApp` only: the hosts of the other platforms have no business with it. Redirects
    /// are not followed.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// let (url, mime) = ("https://scontent.xx.fbcdn.net/a.jpg".to_owned(), None);
    /// let address = crm_social_meta::MediaAddress { url, mime, sha256: None };
    /// let media = graph.download(&address, None, 16_000_000).await?; // refused when it lies elsewhere or is larger
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Permanent` for an address elsewhere, a medium that is gone or too large; `RetryBackoff` otherwise.
    pub async fn download(
        &self,
        address: &MediaAddress,
        token: Option<&SecretString>,
        most_bytes: u64,
    ) -> Result<FetchedMedia, ChannelFailure> {
        let url = Url::parse(&address.url).ok().filter(|url| self.fetches_from(url));
        let url = url.ok_or_else(|| CallError::ours("the medium does not lie on one of the configured media_hosts"))?;
        let mut request = self.http().get(url);
        if let Some(token) = token {
            request = bearer(request, token.expose_secret())?;
        }
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        if !status.is_success() {
            let error = GraphError::read(status.as_u16(), &Json::Null);
            return Err(ChannelFailure {
                message: format!("the medium can't be had: HTTP {status}"),
                ..error.into_failure(None)
            });
        }
        let mime = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = read_capped(response, usize::try_from(most_bytes).unwrap_or(usize::MAX)).await;
        let bytes = bytes.map_err(|error| match error {
            ReadError::TooLarge => CallError::ours(format!("the medium is larger than {most_bytes} bytes")),
            ReadError::Broken(reason) => CallError::Lost(reason),
        })?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let promised = address.sha256.as_deref().filter(|digest| digest.len() == sha256.len());
        if promised.is_some_and(|digest| !digest.eq_ignore_ascii_case(&sha256)) {
            let message = "the medium arrived damaged: its SHA-256 is not the promised one";
            return Err(ChannelFailure::new(FailureClass::RetryBackoff, FailureScope::Message, message));
        }
        Ok(FetchedMedia { bytes, mime: address.mime.clone().or(mime), sha256 })
    }

    /// Hands a file to `WhatsApp`; the identifier is good for 30 days.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// # use crm_core::inbox::channel::{MediaUpload, MessageKind};
    /// let (mime, filename) = ("image/png".to_owned(), "menu.png".to_owned());
    /// let menu = MediaUpload { kind: MessageKind::Image, mime, filename, bytes: vec![0x89, b'P', b'N', b'G'] };
    /// let id = graph.upload_to_whatsapp("110", &"a token".into(), &menu).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn upload_to_whatsapp(
        &self,
        number: &str,
        token: &SecretString,
        media: &MediaUpload,
    ) -> Result<String, ChannelFailure> {
        let fields = vec![("messaging_product", "whatsapp".to_owned()), ("type", media.mime.clone())];
        let call = Call::post(Service::Graph, [number, "media"]).file(fields, "file", file(media)).authorized(token);
        Ok(identifier(&self.execute(number, call).await?, "id")?)
    }

    /// Hands a file to Messenger.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// # use crm_core::inbox::channel::{MediaUpload, MessageKind};
    /// let (mime, filename) = ("image/png".to_owned(), "menu.png".to_owned());
    /// let menu = MediaUpload { kind: MessageKind::Image, mime, filename, bytes: vec![0x89, b'P', b'N', b'G'] };
    /// let id = graph.upload_to_messenger("1001", &"a token".into(), &menu).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn upload_to_messenger(
        &self,
        page: &str,
        token: &SecretString,
        media: &MediaUpload,
    ) -> Result<String, ChannelFailure> {
        let fields = vec![("message", messaging::upload_of_file(media.kind)?.to_string())];
        let call = Call::post(Service::Graph, [page, "message_attachments"]).file(fields, "filedata", file(media));
        Ok(identifier(&self.execute(page, call.authorized(token)).await?, "attachment_id")?)
    }

    /// Has Messenger fetch a medium from an address of ours and keep it.
    ///
    /// ```no_run
    /// # async fn example(graph: crm_social_meta::Graph) -> Result<(), crm_core::inbox::channel::ChannelFailure> {
    /// # use crm_core::inbox::channel::MessageKind;
    /// let menu = "https://www.example.com/menu.png";
    /// let id = graph.upload_to_messenger_by_url("1001", &"a token".into(), MessageKind::Image, menu).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What Graph refuses, or that it was not reached.
    pub async fn upload_to_messenger_by_url(
        &self,
        page: &str,
        token: &SecretString,
        kind: MessageKind,
        url: &str,
    ) -> Result<String, ChannelFailure> {
        let body = messaging::upload_by_url(kind, url)?;
        let call = Call::post(Service::Graph, [page, "message_attachments"]).json(body).authorized(token);
        Ok(identifier(&self.execute(page, call).await?, "attachment_id")?)
    }
}

fn file(media: &MediaUpload) -> File {
    File { name: media.filename.clone(), mime: media.mime.clone(), bytes: media.bytes.clone() }
}

fn identifier(answer: &Json, name: &str) -> Result<String, CallError> {
    let id = answer.get(name).and_then(Json::as_str).map(str::to_owned);
    id.ok_or_else(|| CallError::Lost(format!("the answer carries no {name}")))
}
