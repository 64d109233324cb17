//! Mails by a mail server.

use async_trait::async_trait;
use crm_core::kernel::Result;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

use super::config::ConfigError;
use crate::identity::mail::{Mail, MailFailed, Mailer};

/// Hands mails to a server by SMTP.
pub(super) struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// A mailer to this server, from this address.
    pub(super) fn new(url: &SecretString, from: &str) -> std::result::Result<Self, ConfigError> {
        let malformed = "it is no address; write it like 'CRM <crm@example.com>'";
        let from = from.parse().map_err(|_| ConfigError { key: "mail_from", problem: malformed.to_owned() })?;
        // The message of the parser might quote the password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).map_err(|_| {
            let problem = "it cannot be read; write it like smtps://USER:PASSWORD@HOST".to_owned();
            ConfigError { key: "smtp_url", problem }
        })?;
        Ok(Self { transport: transport.build(), from })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<()> {
        let to: Mailbox = mail.to.as_str().parse().map_err(|_| MailFailed)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body)
            .map_err(|_| MailFailed)?;
        self.transport.send(message).await.map(drop).map_err(|error| {
            tracing::error!(permanent = error.is_permanent(), "the mail server did not take a mail");
            MailFailed.into()
        })
    }
}
