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
            crate::private::write(&path, &text)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str) -> Mail {
        Mail { to: to.parse().unwrap(), subject: "A new password".to_owned(), body: "Choose one.".to_owned() }
    }

    #[tokio::test]
    async fn each_mail_is_a_file_that_only_its_owner_can_read() {
        let name = crate::signing::hexadecimal(&crate::signing::random::<8>().unwrap());
        let folder = std::env::temp_dir().join(format!("crm-outbox-{name}")).join("made");
        let outbox = FileOutbox::new(folder.clone());
        for to in ["ada@office.example", "rita@office.example"] {
            outbox.send(mail(to)).await.unwrap();
        }
        let mut texts = Vec::new();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            #[cfg(unix)]
            {
                let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
                assert_eq!(mode & 0o777, 0o600);
            }
            texts.push(std::fs::read_to_string(path).unwrap());
        }
        texts.sort();
        let expected =
            ["ada", "rita"].map(|who| format!("To: {who}@office.example\nSubject: A new password\n\nChoose one.\n"));
        assert_eq!(texts, expected);
        std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_made_is_a_failure() {
        let nowhere = FileOutbox::new(PathBuf::from("/dev/null/outbox"));
        assert_eq!(nowhere.send(mail("ada@office.example")).await.unwrap_err().code(), "mail.failed");
    }
}
