//! The GET with which Meta asks whether an address is ours.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Why a handshake is not answered with its challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeRefusal {
    /// A parameter is missing, or the challenge is more than letters and digits. Answer 400.
    #[error("hub.mode, hub.verify_token and hub.challenge (1 to 128 of A-Z a-z 0-9 _ -) are needed, each once")]
    Malformed,
    /// The token is not ours, or the mode is not `subscribe`. Answer 403.
    #[error("the verify token is not the configured one, or hub.mode is not \"subscribe\"")]
    Forbidden,
}

/// The challenge to echo as `text/plain` when `query` carries our verify token.
///
/// `query` is the query string as received. A token that was never configured (empty) fits nothing.
///
/// ```
/// use crm_social_meta::webhook::{HandshakeRefusal, answer_handshake};
///
/// let ours = "a token of our own".into();
/// let query = "hub.mode=subscribe&hub.verify_token=a+token+of+our+own&hub.challenge=1158201444";
/// assert_eq!(answer_handshake(&ours, query).as_deref(), Ok("1158201444"));
/// assert_eq!(answer_handshake(&"another".into(), query), Err(HandshakeRefusal::Forbidden));
/// ```
///
/// # Errors
/// `Malformed` (400) or `Forbidden` (403).
pub fn answer_handshake(verify_token: &SecretString, query: &str) -> Result<String, HandshakeRefusal> {
    let mode = parameter(query, "hub.mode").ok_or(HandshakeRefusal::Malformed)?;
    let token = parameter(query, "hub.verify_token").ok_or(HandshakeRefusal::Malformed)?;
    let ours = verify_token.expose_secret().as_bytes();
    let same = !ours.is_empty() && bool::from(token.as_bytes().ct_eq(ours));
    if mode != "subscribe" || !same {
        return Err(HandshakeRefusal::Forbidden);
    }
    parameter(query, "hub.challenge").filter(|challenge| harmless(challenge)).ok_or(HandshakeRefusal::Malformed)
}

/// The one value of a parameter, decoded; `None` when it is absent or repeated.
fn parameter(query: &str, name: &str) -> Option<String> {
    let url = Url::parse(&format!("http://webhook.invalid/?{query}")).ok()?;
    let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let value = values.next();
    if values.next().is_some() { None } else { value }
}

/// Whether a challenge can be echoed into a browser.
fn harmless(challenge: &str) -> bool {
    (1..=128).contains(&challenge.len())
        && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_never_configured_fits_nothing() {
        let unset = SecretString::from("");
        let query = "hub.mode=subscribe&hub.verify_token=&hub.challenge=1";
        assert_eq!(answer_handshake(&unset, query), Err(HandshakeRefusal::Forbidden));
    }

    #[test]
    fn a_repeated_challenge_is_refused() {
        let query = "hub.mode=subscribe&hub.verify_token=vt&hub.challenge=1&hub.challenge=2";
        assert_eq!(answer_handshake(&SecretString::from("vt"), query), Err(HandshakeRefusal::Malformed));
    }

    #[test]
    fn markup_and_endless_challenges_are_not_echoed() {
        let long = "1".repeat(129);
        for challenge in ["%3Cb%3E", "", "a%20b", long.as_str()] {
            let query = format!("hub.mode=subscribe&hub.verify_token=vt&hub.challenge={challenge}");
            assert_eq!(answer_handshake(&SecretString::from("vt"), &query), Err(HandshakeRefusal::Malformed));
        }
    }
}
