//! How cells are to be read, and what is to be done with those that can't be.

use serde::{Deserialize, Serialize};

use crate::intake::{MatchBy, OnMatch};
use crate::kernel::{Currency, Region, Tag};

/// The choices of one import. The default follows the organization and guesses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ImportOptions {
    /// What to do with a row about somebody who is known, from the store or from a row before.
    pub on_match: OnMatch,
    /// Which columns make a row known: the weighing of all evidence, or chosen keys.
    pub match_by: MatchBy,
    /// A person has seen the possible duplicates and wants the rows all the same.
    pub confirmed: bool,
    /// What to do with a row of which a cell can't be read.
    pub bad_values: BadValues,
    /// What to do with an owner who is no member.
    pub unknown_owner: UnknownOwner,
    /// What stands before the decimals of a number.
    pub decimal: DecimalMark,
    /// In which order days are written that are not written year first.
    pub dates: DateOrder,
    /// Currency of amounts that name none; else the organization's.
    pub currency: Option<Currency>,
    /// Country of telephone numbers that name none; else the organization's.
    pub region: Option<Region>,
    /// Tags that each record gets.
    pub tags: Vec<Tag>,
}

/// What to do with a row of which a cell can't be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BadValues {
    /// Refuse the row, and name every bad cell of it.
    #[default]
    Refuse,
    /// Take the row without these values, and note each of them.
    DropAndNote,
}

/// What to do with an owner who is no member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownOwner {
    /// Take the row without an owner, and note the name.
    #[default]
    LeaveUnassigned,
    /// Treat the name as a bad value.
    BadValue,
}

/// What stands before the decimals of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1,234.56`
    #[default]
    Point,
    /// `1.234,56`
    Comma,
}

/// In which order days are written. `2026-11-21` and `21.11.2026` are read whatever is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Nobody said; `3/4/2026` is refused, since it may be in March or in April.
    #[default]
    Unstated,
    /// `21/11/2026`
    DayFirst,
    /// `11/21/2026`
    MonthFirst,
}
