//! Websites: http and https addresses that are safe to show as a link.
//!
//! A small, strict part of the URL syntax. What hides where a link leads is refused: user names before the host, other
//! schemes (`javascript:`), backslashes, white space and invisible characters.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use super::characters::is_invisible;
use super::domain::Domain;
use super::error::{Kind, Rule};
use super::host::ascii_host;

const LONGEST: usize = 2000;

/// An http or https URL; scheme and host are in lower-case ASCII, the rest is as typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Website {
    url: String,
    host: String,
}

/// Why a website was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebsiteError {
    /// Nothing is left after trimming.
    #[error("the website is empty; write one such as https://example.com")]
    Empty,
    /// It is too long.
    #[error("the website has more than {LONGEST} characters; leave out what follows the page's path")]
    TooLong,
    /// A character that cannot stand in a link.
    #[error("U+{:04X} cannot stand in a website; remove it or write it percent-encoded", u32::from(*.0))]
    ForbiddenCharacter(char),
    /// It is an address of another kind.
    #[error("a website starts with http:// or https://; write it so, or leave the start out")]
    OtherScheme,
    /// A user name stands before the host.
    #[error("the website has a user name before the host; remove everything up to the @")]
    UserInfo,
    /// The host is no public host name.
    #[error("the website has no host of the internet; write one such as example.com")]
    BadHost,
    /// What follows the colon is no port.
    #[error("what follows the colon of the website is no port from 1 to 65535; correct or remove it")]
    BadPort,
}

impl Rule for WebsiteError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "website.empty",
            Self::TooLong => "website.too_long",
            Self::ForbiddenCharacter(_) => "website.forbidden_character",
            Self::OtherScheme => "website.other_scheme",
            Self::UserInfo => "website.user_info",
            Self::BadHost => "website.bad_host",
            Self::BadPort => "website.bad_port",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl Website {
    /// Reads a URL; one without a scheme is taken as https.
    ///
    /// # Errors
    /// [`WebsiteError`], which says what to remove or to add.
    pub fn parse(raw: &str) -> Result<Self, WebsiteError> {
        let raw = raw.trim();
        if raw.is_empty() {
            return Err(WebsiteError::Empty);
        }
        if let Some(character) = raw.chars().find(|character| !may_stand(*character)) {
            return Err(WebsiteError::ForbiddenCharacter(character));
        }
        let (scheme, rest) = without_scheme(raw)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(WebsiteError::UserInfo);
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let port = match port {
            // Without `//`, what stands before a colon is a scheme unless a port follows: `tel:5551234` is a port by
            // its looks, and then `tel` is no host.
            Some(port) if !port.bytes().all(|byte| byte.is_ascii_digit()) && rest.len() == raw.len() => {
                return Err(WebsiteError::OtherScheme);
            }
            Some(port) => format!(":{}", port_number(port)?),
            None => String::new(),
        };
        let host = ascii_host(host).ok_or(WebsiteError::BadHost)?;
        let url = format!("{scheme}://{host}{port}{path}");
        if url.chars().count() > LONGEST {
            return Err(WebsiteError::TooLong);
        }
        Ok(Self { url, host })
    }

    /// The whole URL with its scheme.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The host in lower-case ASCII, for example `www.example.com`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The registered domain of the host; none when the host is a public suffix.
    #[must_use]
    pub fn registrable_domain(&self) -> Option<Domain> {
        Domain::of_host(&self.host)
    }
}

/// Parts the scheme, in lower case, from the rest.
fn without_scheme(raw: &str) -> Result<(&'static str, &str), WebsiteError> {
    match raw.split_once("://") {
        // A later `://` belongs to a path or a query, as in `example.com/?next=https://…`.
        Some((before, _)) if before.contains(['/', '?', '#']) => Ok(("https", raw)),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => Ok(("https", rest)),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Ok(("http", rest)),
        Some(_) => Err(WebsiteError::OtherScheme),
        None => Ok(("https", raw)),
    }
}

fn port_number(digits: &str) -> Result<u16, WebsiteError> {
    let number = if digits.starts_with('+') { None } else { digits.parse().ok() };
    number.filter(|port| *port > 0).ok_or(WebsiteError::BadPort)
}

fn may_stand(character: char) -> bool {
    !character.is_whitespace() && !is_invisible(character) && !matches!(character, '<' | '>' | '"' | '\\' | '`')
}

impl fmt::Display for Website {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.url)
    }
}

impl AsRef<str> for Website {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl FromStr for Website {
    type Err = WebsiteError;
    fn from_str(raw: &str) -> Result<Self, WebsiteError> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for Website {
    type Error = WebsiteError;
    fn try_from(raw: String) -> Result<Self, WebsiteError> {
        Self::parse(&raw)
    }
}

impl Serialize for Website {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_host_is_normalised_and_the_rest_is_as_typed() {
        for (raw, url) in [
            (" HTTP://WWW.Example.com/A?b=C#D ", "http://www.example.com/A?b=C#D"),
            ("example.com", "https://example.com"),
            ("example.com:8080/x", "https://example.com:8080/x"),
            ("https://München.de?q=1", "https://xn--mnchen-3ya.de?q=1"),
            ("example.com/?next=http://a@b/", "https://example.com/?next=http://a@b/"),
            ("http://www.mathis.com/", "http://www.mathis.com/"),
        ] {
            assert_eq!(Website::parse(raw).unwrap().as_str(), url);
        }
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        for (raw, code) in [
            ("  ", "website.empty"),
            ("javascript:alert(1)", "website.other_scheme"),
            ("mailto:ada@example.com", "website.user_info"),
            ("ftp://example.com", "website.other_scheme"),
            ("https:/example.com", "website.bad_port"),
            ("tel:5551234", "website.bad_port"),
            ("tel:555", "website.bad_host"),
            ("https://good.com@evil.com", "website.user_info"),
            ("https://good.com\\@evil.com", "website.forbidden_character"),
            ("exa mple.com", "website.forbidden_character"),
            ("example.com/\u{202E}fdp", "website.forbidden_character"),
            ("example.com/<b>", "website.forbidden_character"),
            ("https://", "website.bad_host"),
            ("https://localhost/", "website.bad_host"),
            ("http://127.0.0.1/", "website.bad_host"),
            ("http://[::1]/", "website.bad_port"),
            ("example.com:0", "website.bad_port"),
            ("example.com:65536", "website.bad_port"),
            ("https://example.com:+80", "website.bad_port"),
        ] {
            assert_eq!(Website::parse(raw).map_err(|error| error.code()), Err(code), "{raw:?}");
        }
        let long = format!("example.com/{}", "x".repeat(2000));
        assert_eq!(Website::parse(&long), Err(WebsiteError::TooLong));
    }

    #[test]
    fn the_host_leads_to_the_registered_domain() {
        let website = Website::parse("https://www.shop.example.co.uk/x").unwrap();
        assert_eq!(website.host(), "www.shop.example.co.uk");
        assert_eq!(website.registrable_domain(), Some(Domain::parse("example.co.uk").unwrap()));
        assert_eq!(Website::parse("github.io").unwrap().registrable_domain(), None);
    }

    #[test]
    fn serde_goes_through_the_parser() {
        let website = serde_json::from_str::<Website>("\"Example.com/A\"").unwrap();
        assert_eq!(serde_json::to_string(&website).unwrap(), "\"https://example.com/A\"");
        assert!(serde_json::from_str::<Website>("\"javascript:alert(1)\"").is_err());
    }

    proptest! {
        #[test]
        fn parsing_is_total_and_round_trips(raw in prop_oneof![
            any::<String>(),
            "(https?://)?[a-zA-Zäß@.:-]{1,12}\\.(com|de)(:[0-9]{0,6})?([/?#:]\\PC{0,10})?",
        ]) {
            if let Ok(website) = Website::parse(&raw) {
                prop_assert_eq!(Website::parse(website.as_str()), Ok(website));
            }
        }
    }
}
