//! Host names: what stands behind the `@` of an address and after the `//` of a website.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::characters::is_invisible;

/// Brings a host name into its one ASCII form: lower case, labels of other scripts in Punycode (UTS 46).
///
/// `None` when it is no public host name: it needs two labels or more of letters, digits and inner hyphens, 63 bytes a
/// label and 253 in all, and a last label that is not a number (so an IP address is none).
pub(crate) fn ascii_host(raw: &str) -> Option<String> {
    if is_plain(raw) {
        return Some(raw.to_owned());
    }
    mapped(raw)
}

fn mapped(raw: &str) -> Option<String> {
    // The mapping would drop invisible characters in silence; a host that was typed with one is somebody's trap.
    // Very long input is refused before the mapping, whose work grows faster than its input.
    if raw.len() > 1000 || raw.chars().any(is_invisible) {
        return None;
    }
    let host =
        Uts46::new().to_ascii(raw.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify).ok()?;
    let (_, last) = host.rsplit_once('.')?;
    (!last.bytes().all(|byte| byte.is_ascii_digit())).then(|| host.into_owned())
}

/// Whether a host name is in its ASCII form already, as most are, which takes no look into tables to tell.
pub(crate) fn is_plain(raw: &str) -> bool {
    let may_stand = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label.iter().all(may_stand)
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
            && !label.starts_with(b"xn--")
    };
    let (mut labels, mut last) = (0_u32, &[][..]);
    for label in raw.as_bytes().split(|byte| *byte == b'.') {
        if !is_label(label) {
            return false;
        }
        (labels, last) = (labels + 1, label);
    }
    raw.len() <= 253 && labels > 1 && !last.iter().all(u8::is_ascii_digit)
}

/// Brings an ASCII host name back into the script it is read in.
pub(crate) fn readable_host(ascii: &str) -> String {
    idna::domain_to_unicode(ascii).0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_has_one_form() {
        for raw in ["München.DE", "mu\u{308}nchen.de", "xn--mnchen-3ya.de", "MÜNCHEN。de"] {
            assert_eq!(ascii_host(raw).as_deref(), Some("xn--mnchen-3ya.de"), "{raw}");
        }
        assert_eq!(readable_host("xn--mnchen-3ya.de"), "münchen.de");
    }

    #[test]
    fn what_is_no_public_host_is_refused() {
        let label = "a".repeat(64);
        for raw in [
            "",
            "localhost",
            ".com",
            "a..b",
            "a.b.",
            "-a.com",
            "a-.com",
            "a_b.com",
            "a b.com",
            "127.0.0.1",
            "[::1]",
            "a.123",
            "exa\u{200B}mple.com",
            "xn--zzzzzz--.com",
            "a.com\0",
            &format!("{label}.com"),
            "１.２.３.４",
        ] {
            assert_eq!(ascii_host(raw), None, "{raw:?}");
        }
        assert_eq!(ascii_host(&"ü.".repeat(10_000)), None);
    }

    proptest! {
        #[test]
        fn what_is_taken_as_it_stands_is_what_the_tables_say(raw in "[a-z0-9-]{0,5}(\\.[a-z0-9-]{0,65}){0,4}") {
            if is_plain(&raw) {
                prop_assert_eq!(mapped(&raw), Some(raw));
            }
        }

        #[test]
        fn reading_a_host_is_total_and_settles_at_once(raw in prop_oneof![any::<String>(), "[\\pL\\pN.-]{1,30}"]) {
            if let Some(host) = ascii_host(&raw) {
                prop_assert!(host.is_ascii() && host == host.to_ascii_lowercase());
                prop_assert_eq!(ascii_host(&host), Some(host.clone()));
            }
        }
    }
}
