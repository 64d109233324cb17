//! Several things in one cell: how an import takes them apart, and how an export puts them together.
//!
//! Things stand between separators. One that holds a separator or a quotation mark itself is written in quotation marks,
//! with every mark inside doubled, as a CSV file does with its cells.

/// What an export writes between things.
#[cfg(feature = "csv")]
const BETWEEN: &str = "; ";

/// Splits a cell at any of the separators, leaving out blanks.
pub(super) fn split(text: &str, separators: &[char]) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut rest) = (false, text.chars().peekable());
    while let Some(c) = rest.next() {
        let Some(part) = parts.last_mut() else { break };
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                part.push('"');
            }
            '"' if quoted => quoted = false,
            // A mark opens only where a thing begins, so that `6" pipe` stays as it is; and only when another one closes.
            '"' if part.trim().is_empty() && rest.clone().any(|later| later == '"') => {
                part.clear();
                quoted = true;
            }
            _ if !quoted && separators.contains(&c) => parts.push(String::new()),
            _ => part.push(c),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Puts things into one cell, so that [`split`] takes them apart again at `;` or `,`.
#[cfg(feature = "csv")]
pub(super) fn join<T: AsRef<str>>(things: impl IntoIterator<Item = T>) -> String {
    let written = things.into_iter().map(|thing| {
        let thing = thing.as_ref();
        if thing.contains([';', ',', '"']) { format!("\"{}\"", thing.replace('"', "\"\"")) } else { thing.to_owned() }
    });
    written.collect::<Vec<_>>().join(BETWEEN)
}

#[cfg(all(test, feature = "csv"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_is_split_at_separators_outside_quotation_marks() {
        assert_eq!(split("vip; \"Paris, France\";; a \"b\" c", &[';', ',']), ["vip", "Paris, France", "a \"b\" c"]);
        assert_eq!(split("a,b", &[';']), ["a,b"]);
        assert_eq!(split("6\" pipe, \"open", &[';', ',']), ["6\" pipe", "\"open"]);
        assert_eq!(split(" ; ", &[';']), [""; 0]);
    }

    #[test]
    fn things_that_are_joined_bare_do_not_come_back() {
        // What an export did before it wrote quotation marks: the control for the property below.
        assert_ne!(split(&["Paris, France", "vip"].join(BETWEEN), &[';', ',']), ["Paris, France", "vip"]);
        assert_eq!(split(&join(["Paris, France", "vip"]), &[';', ',']), ["Paris, France", "vip"]);
    }

    proptest! {
        #[test]
        fn what_is_joined_is_split_into_the_same(
            things in prop::collection::vec("[a-zü0-9;,\"' ]{0,3}[a-z\";,][;,\" a]{0,2}", 0..5),
        ) {
            let things: Vec<_> = things.iter().map(|thing| thing.trim().to_owned()).collect();
            prop_assert_eq!(split(&join(&things), &[';', ',']), things);
        }

        #[test]
        fn splitting_is_total(text in any::<String>()) {
            prop_assert!(split(&text, &[';', ',']).iter().all(|part| !part.trim().is_empty()));
        }
    }
}
