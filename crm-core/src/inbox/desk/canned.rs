//! Replies that are written once and used often.

use serde::{Deserialize, Serialize};

use crate::kernel::{Column, DomainEvent, Entity, Field, Id, Key, Kind, Note, Rule, Tag, Value, ValueRef};

/// Identifier of a canned reply.
pub type CannedReplyId = Id<CannedReply>;

/// A reply with tokens: `Dear {{participant.name}}, …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CannedReply {
    /// What is typed to get it, unique within the organization.
    pub shortcut: Tag,
    /// Its words.
    pub text: Note,
}

/// What can stand in a canned reply.
const TOKENS: [&str; 3] = ["participant.name", "agent.name", "organization.name"];

/// A canned reply has a token that nobody can fill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannedReplyRefusal {
    /// There is no such token.
    #[error(
        "there is no token {{{{{0}}}}}; use {{{{participant.name}}}}, {{{{agent.name}}}} or {{{{organization.name}}}}"
    )]
    UnknownToken(String),
    /// A token does not end.
    #[error("a token begins with two braces and does not end with two; close it, or write the braces apart")]
    OpenToken,
}

impl Rule for CannedReplyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownToken(_) => "canned_reply.unknown_token",
            Self::OpenToken => "canned_reply.open_token",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl CannedReply {
    /// What is typed to get it.
    pub const SHORTCUT: Column<Self, String> =
        Column::required_indexed("shortcut", |row| ValueRef::Text(row.shortcut.as_str()));

    /// A canned reply whose tokens are all known.
    ///
    /// # Errors
    /// `CannedReplyRefusal`.
    pub fn new(shortcut: Tag, text: Note) -> Result<Self, CannedReplyRefusal> {
        let reply = Self { shortcut, text };
        reply.render(|_| String::new())?;
        Ok(reply)
    }

    /// Its words with each token filled.
    ///
    /// # Errors
    /// `CannedReplyRefusal`.
    pub fn render(&self, fill: impl Fn(&str) -> String) -> Result<String, CannedReplyRefusal> {
        let mut pieces = self.text.split("{{");
        let mut rendered = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (token, rest) = piece.split_once("}}").ok_or(CannedReplyRefusal::OpenToken)?;
            let token = token.trim();
            if !TOKENS.contains(&token) {
                return Err(CannedReplyRefusal::UnknownToken(token.chars().take(60).collect()));
            }
            rendered.push_str(&fill(token));
            rendered.push_str(rest);
        }
        Ok(rendered)
    }
}

impl Entity for CannedReply {
    const NAME: &'static str = "canned_reply";
    const FIELDS: &'static [Field<Self>] = &[Self::SHORTCUT.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "shortcut",
        columns: &["shortcut"],
        read: |row| Some(vec![Value::Text(row.shortcut.as_str().to_owned())]),
    }];
}

/// What happens to canned replies.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CannedReplyEvent {
    /// It was written, or written anew.
    Set,
    /// It was removed.
    Deleted,
}

impl DomainEvent for CannedReplyEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Set => "canned_reply.set",
            Self::Deleted => "canned_reply.deleted",
        }
    }
}
