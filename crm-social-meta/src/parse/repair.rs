//! Bytes to a document, forgiving the two things that one customer's text can break for all others.
//!
//! Half of a surrogate pair (an emoji cut in two) makes the whole body unreadable to a strict parser, and U+0000 is
//! valid JSON that PostgreSQL can store neither as text nor as jsonb. Both become U+FFFD, the replacement character.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::Malformed;

/// The document in these bytes.
pub(super) fn read(body: &[u8]) -> Result<Json, Malformed> {
    let repaired = replace_broken_escapes(body);
    serde_json::from_slice(&repaired).map_err(|error| Malformed::NotJson { line: error.line(), column: error.column() })
}

/// The bytes with lone surrogate escapes and escaped NULs replaced. Unescaped NULs are no JSON at all.
fn replace_broken_escapes(body: &[u8]) -> Cow<'_, [u8]> {
    let mut repaired: Option<Vec<u8>> = None;
    let mut position = 0;
    while let Some(step) = body.get(position..).and_then(next_escape) {
        position += step;
        let length = match escaped_unit(body, position) {
            None => 2,
            Some(0xD800..=0xDBFF) => match escaped_unit(body, position + 6) {
                Some(0xDC00..=0xDFFF) => 12,
                _ => replace(body, &mut repaired, position),
            },
            Some(0 | 0xDC00..=0xDFFF) => replace(body, &mut repaired, position),
            Some(_) => 6,
        };
        position += length;
    }
    repaired.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// How far away the next backslash is.
fn next_escape(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\\')
}

/// The unit of `\uXXXX` at this position.
fn escaped_unit(body: &[u8], position: usize) -> Option<u32> {
    let escape = body.get(position..position + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Writes `\uFFFD` over the escape at this position, and says how long it is.
fn replace(body: &[u8], repaired: &mut Option<Vec<u8>>, position: usize) -> usize {
    let bytes = repaired.get_or_insert_with(|| body.to_vec());
    if let Some(escape) = bytes.get_mut(position..position + 6) {
        escape.copy_from_slice(b"\\uFFFD");
    }
    6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> String {
        read(body.as_bytes()).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn half_an_emoji_and_a_nul_become_replacement_characters() {
        assert_eq!(text(r#""a\ud83d""#), "a\u{FFFD}");
        assert_eq!(text(r#""\ude42b""#), "\u{FFFD}b");
        assert_eq!(text(r#""\ud83d\u0041""#), "\u{FFFD}A");
        assert_eq!(text(r#""x\u0000y""#), "x\u{FFFD}y");
        assert_eq!(text(r#""\ud83d\ud83d\ude42""#), "\u{FFFD}🙂");
    }

    #[test]
    fn what_is_sound_is_left_alone() {
        assert_eq!(text(r#""\ud83d\ude42 \u00e4 \/ \\u0000 \\ud83d""#), "🙂 ä / \\u0000 \\ud83d");
        let sound = br#"{"a":"\u00e4"}"#;
        assert!(matches!(replace_broken_escapes(sound), Cow::Borrowed(_)));
    }

    #[test]
    fn a_body_that_ends_inside_an_escape_is_refused() {
        for body in [r#""\"#, r#""\u"#, r#""\ud8"#, r#""\ud83d\"#, r#""\ud83d\ude4"#, "\u{0}", ""] {
            assert!(read(body.as_bytes()).is_err(), "{body:?}");
        }
    }
}
