//! Marketing contacts that led to a lead, in the order in which they happened.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::{RecordKind, RecordRef};
use crate::kernel::text::Line;
use crate::kernel::{Column, Entity, Field, Part, Result, Timestamp, ValueRef};
use crate::store::UnitOfWork;

/// Where a visitor came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TouchDetails {
    /// `utm_source`, for example `newsletter`.
    pub source: Option<Line<200>>,
    /// `utm_medium`, for example `cpc`.
    pub medium: Option<Line<200>>,
    /// `utm_campaign`.
    pub campaign: Option<Line<200>>,
    /// `utm_term`.
    pub term: Option<Line<200>>,
    /// `utm_content`.
    pub content: Option<Line<200>>,
    /// Click identifier of an advertisement (`gclid`, `fbclid` …).
    pub click_id: Option<Line<200>>,
    /// The page before.
    pub referrer: Option<Line<2000>>,
    /// The page they landed on.
    pub landing_page: Option<Line<2000>>,
}

/// One contact. Never changed: the first touch of a lead stays the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Touch {
    /// Kind of the record that was touched.
    pub record_kind: RecordKind,
    /// The record that was touched.
    pub record_id: Uuid,
    /// When.
    pub occurred_at: Timestamp,
    /// Where they came from.
    pub details: TouchDetails,
}

impl Touch {
    /// The record that was touched.
    pub const RECORD: Column<Self, Uuid> = Column::required_key("record_id", |row| ValueRef::Uuid(row.record_id));
    /// When.
    pub const OCCURRED_AT: Column<Self, Timestamp> =
        Column::required("occurred_at", |row| ValueRef::Time(row.occurred_at));
}

impl Entity for Touch {
    const NAME: &'static str = "touch";
    const FIELDS: &'static [Field<Self>] = &[Self::RECORD.field(), Self::OCCURRED_AT.field()];
}
impl Part for Touch {}

/// Gives the marketing contacts of one record to another.
///
/// # Errors
/// Those of the store.
pub async fn move_touches(uow: &mut UnitOfWork<'_>, from: RecordRef, to: RecordRef) -> Result<()> {
    for mut touch in uow.list_all_of_anyone(&Touch::RECORD.is(from.id)).await? {
        touch.value.record_kind = to.kind;
        touch.value.record_id = to.id;
        uow.save_part(touch).await?;
    }
    Ok(())
}
