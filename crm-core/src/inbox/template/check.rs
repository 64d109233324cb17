//! Whether a template may be sent as it is filled.

use std::collections::BTreeSet;

use super::model::MessageTemplate;
use crate::inbox::channel::{TemplateComponent, TemplateMessage, TemplateParameters, TemplateStatus};
use crate::kernel::{Kind, Rule};

/// Why a template can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateRefusal {
    /// The connection has none of this name and language.
    #[error("there is no template '{name}' in {language}; choose one of the connection's list, or refresh the list")]
    Unknown {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
    },
    /// The platform has not approved it.
    #[error("the template '{name}' is {}; only approved templates can be sent", status.as_str())]
    NotApproved {
        /// Its name.
        name: String,
        /// What the platform says of it.
        status: TemplateStatus,
    },
    /// A blank has no value.
    #[error("the blank {{{{{blank}}}}} of the template's {part} has no value; give one")]
    Unfilled {
        /// Which part.
        part: &'static str,
        /// The blank.
        blank: String,
    },
    /// A value is for a blank that the template does not have.
    #[error("the template's {part} has no blank {{{{{blank}}}}}; leave the value out")]
    NoSuchBlank {
        /// Which part.
        part: &'static str,
        /// The blank.
        blank: String,
    },
    /// A value is empty, or has line breaks, tabs or many spaces, which platforms refuse.
    #[error(
        "the value of {{{{{blank}}}}} must be one line that is not empty, without tabs and without five spaces in a row"
    )]
    BadValue {
        /// The blank.
        blank: String,
    },
}

impl Rule for TemplateRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "template.unknown",
            Self::NotApproved { .. } => "template.not_approved",
            Self::Unfilled { .. } => "template.unfilled_blank",
            Self::NoSuchBlank { .. } => "template.no_such_blank",
            Self::BadValue { .. } => "template.bad_value",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::NotApproved { .. } => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }
}

/// The blanks of a text, each once, in their order: `{{1}}` or `{{first_name}}`.
#[must_use]
pub fn blanks(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in text.split("{{").skip(1) {
        let Some((name, _)) = piece.split_once("}}") else { continue };
        let name = name.trim();
        let sound = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if sound && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Checks that a template is approved and that every blank has a value and every value a blank.
pub(crate) fn check(template: &MessageTemplate, message: &TemplateMessage) -> Result<(), TemplateRefusal> {
    if template.status != TemplateStatus::Approved {
        return Err(TemplateRefusal::NotApproved { name: template.name.clone(), status: template.status });
    }
    let header = message.components.iter().find_map(|component| match component {
        TemplateComponent::HeaderText(parameters) => Some(parameters),
        _ => None,
    });
    check_blanks("header", template.header.as_deref().unwrap_or_default(), header)?;
    check_blanks("body", &template.body, of_body(message))?;
    let given: BTreeSet<u32> = message
        .components
        .iter()
        .filter_map(|component| match component {
            TemplateComponent::ButtonUrl { index, .. } => Some(*index),
            _ => None,
        })
        .collect();
    let wanted: BTreeSet<u32> = template.url_buttons.iter().copied().collect();
    if let Some(missing) = wanted.difference(&given).next() {
        return Err(TemplateRefusal::Unfilled { part: "button", blank: missing.to_string() });
    }
    if let Some(foreign) = given.difference(&wanted).next() {
        return Err(TemplateRefusal::NoSuchBlank { part: "button", blank: foreign.to_string() });
    }
    Ok(())
}

/// The words of the template's body as the participant reads them. A blank without a value stays as it is.
pub(crate) fn filled(template: &MessageTemplate, message: &TemplateMessage) -> String {
    let given = values(of_body(message));
    let mut pieces = template.body.split("{{");
    let mut words = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let blank = piece.split_once("}}").and_then(|(blank, rest)| {
            let (_, value) = given.iter().find(|(name, _)| name == blank.trim())?;
            Some((value, rest))
        });
        match blank {
            Some((value, rest)) => words.extend([value, rest]),
            None => words.extend(["{{", piece]),
        }
    }
    words
}

fn of_body(message: &TemplateMessage) -> Option<&TemplateParameters> {
    message.components.iter().find_map(|component| match component {
        TemplateComponent::Body(parameters) => Some(parameters),
        _ => None,
    })
}

/// Values by the names of their blanks.
fn values(parameters: Option<&TemplateParameters>) -> Vec<(String, &str)> {
    match parameters {
        None => Vec::new(),
        Some(TemplateParameters::Positional(values)) => {
            values.iter().zip(1..).map(|(value, place): (_, usize)| (place.to_string(), value.as_str())).collect()
        }
        Some(TemplateParameters::Named(values)) => {
            values.iter().map(|(name, value)| (name.clone(), value.as_str())).collect()
        }
    }
}

fn check_blanks(
    part: &'static str,
    text: &str,
    parameters: Option<&TemplateParameters>,
) -> Result<(), TemplateRefusal> {
    let (wanted, given) = (blanks(text), values(parameters));
    for blank in &wanted {
        let Some((_, value)) = given.iter().find(|(name, _)| name == blank) else {
            return Err(TemplateRefusal::Unfilled { part, blank: blank.clone() });
        };
        if value.trim().is_empty() || value.contains(['\n', '\r', '\t']) || value.contains("     ") {
            return Err(TemplateRefusal::BadValue { blank: blank.clone() });
        }
    }
    match given.into_iter().find(|(name, _)| !wanted.contains(name)) {
        Some((blank, _)) => Err(TemplateRefusal::NoSuchBlank { part, blank }),
        None => Ok(()),
    }
}
