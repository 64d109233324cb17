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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;

    /// A server for one mail, which answers `verdict` once it has heard it all; gives what it heard.
    async fn server(verdict: &'static str) -> (SocketAddr, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let (read, mut write) = socket.into_split();
            let mut lines = BufReader::new(read).lines();
            let (mut heard, mut in_data) = (Vec::new(), false);
            write.write_all(b"220 mail.example ready\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    _ if in_data && line != "." => "",
                    "." => {
                        in_data = false;
                        verdict
                    }
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 mail.example",
                };
                heard.push(line);
                if !answer.is_empty() && write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
                if answer == verdict {
                    break;
                }
            }
            heard
        });
        (address, heard)
    }

    fn mail() -> Mail {
        Mail {
            to: "rita@office.example".parse().unwrap(),
            subject: "You are invited".to_owned(),
            body: "Come in:\n\nhttps://crm.example/#invitation=token-of-rita\n.\nA line that is a dot.".to_owned(),
        }
    }

    fn mailer(address: SocketAddr) -> SmtpMailer {
        SmtpMailer::new(&format!("smtp://{address}").into(), "CRM <crm@office.example>").unwrap()
    }

    #[tokio::test]
    async fn a_mail_arrives_whole_at_a_mail_server() {
        let (address, heard) = server("250 taken").await;
        mailer(address).send(mail()).await.unwrap();
        let heard = heard.await.unwrap();
        for line in [
            "MAIL FROM:<crm@office.example>",
            "RCPT TO:<rita@office.example>",
            "From: CRM <crm@office.example>",
            "To: rita@office.example",
            "Subject: You are invited",
            "https://crm.example/#invitation=token-of-rita",
            // A dot by itself would end the mail, and is doubled on the way.
            "..",
            "A line that is a dot.",
        ] {
            assert!(heard.iter().any(|other| other.starts_with(line)), "'{line}' is missing in {heard:#?}");
        }
    }

    #[tokio::test]
    async fn a_mail_that_is_not_taken_is_a_failure_that_tells_nothing_of_it() {
        let (address, heard) = server("554 rita@office.example is not wanted").await;
        let refused = mailer(address).send(mail()).await.unwrap_err();
        assert!(heard.await.unwrap().iter().any(|line| line == "."), "the server heard it all");
        assert_eq!(refused.code(), "mail.failed");
        assert!(!refused.to_string().contains("rita"), "{refused}");

        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert_eq!(mailer(nobody).send(mail()).await.unwrap_err().code(), "mail.failed");
    }

    #[test]
    fn what_is_no_address_is_named_by_its_key_and_not_shown() {
        let wrong = |url: &str, from: &str| SmtpMailer::new(&url.to_owned().into(), from).err().unwrap();
        assert_eq!(wrong("smtp://mail.example", "nobody").key, "mail_from");
        let url = wrong("smtps://user:hunter2@mail.example:port", "crm@office.example");
        assert_eq!(url.key, "smtp_url");
        assert!(!url.to_string().contains("hunter2"), "{url}");
    }
}
