//! Registrable domains: the part of a host name that somebody has registered, so that it stands for a company.
//!
//! Which part that is, the public suffix list says (`example.co.uk`, not `co.uk`). A domain at which anybody gets a
//! mailbox stands for nobody: [`Domain::is_free_mail`] keeps such domains out of the matching of companies.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use super::email::EmailAddress;
use super::error::{Kind, Rule};
use super::host::ascii_host;

/// A registrable domain in lower-case ASCII, for example `example.co.uk` or `xn--mnchen-3ya.de`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Domain(String);

/// Why a domain was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// It is no host name of the internet.
    #[error("this is no domain of the internet; write one such as example.com, without a path or an @")]
    NotAHost,
    /// Everybody registers below it.
    #[error("this is a public suffix below which everybody registers; add the name before it, as in example.co.uk")]
    PublicSuffix,
}

impl Rule for DomainError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAHost => "domain.not_a_host",
            Self::PublicSuffix => "domain.public_suffix",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Domain {
    /// Reads a host name in any script and keeps its registrable part: `www.example.co.uk` gives `example.co.uk`.
    ///
    /// # Errors
    /// `NotAHost`, or `PublicSuffix` when nothing registrable is left.
    pub fn parse(raw: &str) -> Result<Self, DomainError> {
        Self::of_host(&ascii_host(raw.trim()).ok_or(DomainError::NotAHost)?).ok_or(DomainError::PublicSuffix)
    }

    /// The registrable domain of an address; none below a public suffix.
    #[must_use]
    pub fn of_email(email: &EmailAddress) -> Option<Self> {
        Self::of_host(email.domain())
    }

    /// The registrable part of a host that is in ASCII already.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        psl::domain_str(host).map(|domain| Self(domain.to_owned()))
    }

    /// The domain itself, in lower-case ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether anybody can have a mailbox there, so that it tells nothing about an employer.
    #[must_use]
    pub fn is_free_mail(&self) -> bool {
        FREE_MAIL.binary_search(&self.as_str()).is_ok()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Domain {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for Domain {
    type Err = DomainError;
    fn from_str(raw: &str) -> Result<Self, DomainError> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for Domain {
    type Error = DomainError;
    fn try_from(raw: String) -> Result<Self, DomainError> {
        Self::parse(&raw)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Well-known providers of mailboxes for anybody, sorted.
const FREE_MAIL: &[&str] = &[
    "126.com",
    "139.com",
    "163.com",
    "aim.com",
    "aol.com",
    "att.net",
    "bigpond.com",
    "bk.ru",
    "bluewin.ch",
    "btinternet.com",
    "comcast.net",
    "daum.net",
    "email.cz",
    "fastmail.com",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hushmail.com",
    "icloud.com",
    "inbox.ru",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.co.uk",
    "live.com",
    "live.fr",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "onet.pl",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "rocketmail.com",
    "seznam.cz",
    "sfr.fr",
    "sina.com",
    "t-online.de",
    "tutanota.com",
    "ukr.net",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "ya.ru",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.au",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.in",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "yeah.net",
    "ymail.com",
    "zoho.com",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_is_cut_down_to_what_was_registered() {
        for (raw, domain) in [
            ("www.Example.co.uk", "example.co.uk"),
            (" example.com ", "example.com"),
            ("a.b.c.example.com.br", "example.com.br"),
            ("shop.München.de", "xn--mnchen-3ya.de"),
            ("acme.github.io", "acme.github.io"),
            ("www.例子.公司.cn", "xn--fsqu00a.xn--55qx5d.cn"),
        ] {
            assert_eq!(Domain::parse(raw).unwrap().as_str(), domain);
        }
    }

    #[test]
    fn what_everybody_shares_is_no_domain() {
        for raw in ["co.uk", "com.br", "github.io"] {
            assert_eq!(Domain::parse(raw), Err(DomainError::PublicSuffix), "{raw}");
        }
        for raw in ["", "com", "localhost", "10.0.0.1", "a@example.com", "https://example.com", "example.com/x"] {
            assert_eq!(Domain::parse(raw), Err(DomainError::NotAHost), "{raw}");
        }
    }

    #[test]
    fn free_mail_is_known_by_its_registrable_domain() {
        assert!(FREE_MAIL.is_sorted());
        for provider in FREE_MAIL {
            let email = EmailAddress::parse(&format!("ada@{provider}")).unwrap();
            let domain = Domain::of_email(&email).unwrap();
            assert_eq!(domain.as_str(), *provider);
            assert!(domain.is_free_mail());
        }
        for other in ["example.com", "notgmail.com", "gmail.com.example.org", "yahoo-inc.com"] {
            assert!(!Domain::parse(other).unwrap().is_free_mail(), "{other}");
        }
    }

    #[test]
    fn an_address_at_a_suffix_has_no_domain() {
        assert_eq!(Domain::of_email(&EmailAddress::parse("a@github.io").unwrap()), None);
    }

    #[test]
    fn serde_goes_through_the_parser() {
        let domain = serde_json::from_str::<Domain>("\"www.EXAMPLE.com\"").unwrap();
        assert_eq!(serde_json::to_string(&domain).unwrap(), "\"example.com\"");
        assert!(serde_json::from_str::<Domain>("\"co.uk\"").is_err());
    }

    proptest! {
        #[test]
        fn parsing_is_total_and_settles_at_once(raw in prop_oneof![any::<String>(), "([\\pL\\pN-]{1,8}\\.){1,4}(com|co\\.uk|zz)"]) {
            if let Ok(domain) = Domain::parse(&raw) {
                prop_assert_eq!(Domain::parse(domain.as_str()), Ok(domain));
            }
        }
    }
}
