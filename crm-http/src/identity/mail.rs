//! The way out for mails: invitations and resets.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use crm_core::kernel::{EmailAddress, Kind, Result, Rule};

/// A mail of plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub to: EmailAddress,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// The text carries a secret, which no log may show.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands the mail over.
    ///
    /// # Errors
    /// `MailFailed` when it cannot be handed over now.
    async fn send(&self, mail: Mail) -> Result<()>;
}

/// A mail cannot be handed over now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail cannot be sent now; try again")]
pub struct MailFailed;

impl Rule for MailFailed {
    fn code(&self) -> &'static str {
        "mail.failed"
    }
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }
}

/// Writes mails into a folder instead of sending them, for development and tests.
#[derive(Clone, Debug)]
pub struct FileOutbox {
    folder: PathBuf,
}

impl FileOutbox {
    /// An outbox in this folder, which is made when the first mail comes.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }
}

#[async_trait]
impl Mailer for FileOutbox {
    async fn send(&self, mail: Mail) -> Result<()> {
        let name = crate::signing::hexadecimal(&crate::signing::random::<8>()?);
        let path = self.folder.join(format!("{name}.txt"));
        let folder = self.folder.clone();
        let text = format!("To: {}\nSubject: {}\n\n{}\n", mail.to.as_str(), mail.subject, mail.body);
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(folder)?;
            std::fs::write(path, text)
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(cause = %error, "a mail could not be written into the outbox");
                Err(MailFailed.into())
            }
            Err(_) => Err(MailFailed.into()),
        }
    }
}
