//! What deals may be filtered, sorted and segmented by, and what stage guards may ask for.

use super::model::{CloseReason, CloseReasonId, Pipeline, PipelineId};
use super::opportunity::Opportunity;
use super::stage::{Stage, StageId};
use crate::access::{Member, MemberId};
use crate::kernel::{
    Column, CustomColumn, Date, Entity, Field, Id, Reference, Stored, TagsColumn, Timestamp, ValueRef,
};
use crate::lead::{Lead, LeadId};
use crate::people::{Account, AccountId, Contact, ContactId};

fn text<T: AsRef<str>>(value: Option<&T>) -> ValueRef<'_> {
    value.map_or(ValueRef::Absent, |value| ValueRef::Text(value.as_ref()))
}

fn identifier<E>(value: Option<Id<E>>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
}

fn time(value: Option<Timestamp>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, ValueRef::Time)
}

fn date(value: Option<Date>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, ValueRef::Date)
}

#[expect(missing_docs, reason = "each column is the field of the opportunity with its name")]
impl Opportunity {
    pub const NAME_FIELD: Column<Self, String> = Column::required("name", |row| ValueRef::Text(row.name.as_str()));
    pub const ACCOUNT_ID: Column<Self, AccountId> =
        Column::optional_indexed("account_id", |row| identifier(row.account_id));
    pub const PRIMARY_CONTACT_ID: Column<Self, ContactId> =
        Column::optional_key("primary_contact_id", |row| identifier(row.primary_contact_id));
    pub const PIPELINE_ID: Column<Self, PipelineId> =
        Column::required_indexed("pipeline_id", |row| ValueRef::Uuid(row.pipeline_id.uuid()));
    pub const STAGE_ID: Column<Self, StageId> =
        Column::required_indexed("stage_id", |row| ValueRef::Uuid(row.stage_id.uuid()));
    pub const STATUS: Column<Self, String> =
        Column::required_indexed("status", |row| ValueRef::Text(row.status.as_str()));
    pub const AMOUNT: Column<Self, i64> = Column::required("amount_minor", |row| ValueRef::Integer(row.amount_minor));
    pub const CURRENCY: Column<Self, String> =
        Column::required("currency", |row| ValueRef::Text(row.value.currency.code()));
    pub const PROBABILITY: Column<Self, i64> =
        Column::required("probability", |row| ValueRef::Integer(row.probability.percent()));
    pub const EXPECTED_CLOSE: Column<Self, Date> =
        Column::optional_indexed("expected_close", |row| date(row.expected_close));
    pub const CLOSED_AT: Column<Self, Timestamp> = Column::optional_indexed("closed_at", |row| time(row.closed_at));
    pub const OWNER_ID: Column<Self, MemberId> = Column::optional_indexed("owner_id", |row| identifier(row.owner_id));
    pub const SOURCE: Column<Self, String> = Column::optional("source", |row| text(row.value.source.as_ref()));
    pub const CAMPAIGN: Column<Self, String> = Column::optional("campaign", |row| text(row.value.campaign.as_ref()));
    pub const CLOSE_REASON_ID: Column<Self, CloseReasonId> =
        Column::optional_indexed("close_reason_id", |row| identifier(row.close_reason_id));
    pub const CLOSE_NOTE: Column<Self, String> =
        Column::optional("close_note", |row| text(row.value.close_note.as_ref()));
    pub const NEXT_STEP: Column<Self, String> = Column::optional("next_step", |row| text(row.value.next_step.as_ref()));
    pub const NEXT_STEP_ON: Column<Self, Date> = Column::optional("next_step_on", |row| date(row.next_step_on));
    pub const STAGE_ENTERED_AT: Column<Self, Timestamp> =
        Column::required("stage_entered_at", |row| ValueRef::Time(row.stage_entered_at));
    pub const LAST_TOUCH_AT: Column<Self, Timestamp> = Column::optional("last_touch_at", |row| time(row.last_touch_at));
    pub const LAST_OPEN_STAGE_ID: Column<Self, StageId> =
        Column::optional_indexed("last_open_stage_id", |row| identifier(row.last_open_stage_id));
    pub const FORECAST_CATEGORY: Column<Self, String> =
        Column::required("forecast_category", |row| ValueRef::Text(row.forecast_category.as_str()));
    pub const TAGS: TagsColumn<Self> = TagsColumn::new(|row: &Stored<Self>| ValueRef::Tags(&row.value.tags));
    pub const CUSTOM: CustomColumn<Self> = CustomColumn::new(|row: &Stored<Self>| ValueRef::Custom(&row.value.custom));
    pub const LEAD_ID: Column<Self, LeadId> = Column::optional_key("lead_id", |row| identifier(row.lead_id));
}

impl Entity for Opportunity {
    const NAME: &'static str = "opportunity";
    const FIELDS: &'static [Field<Self>] = &[
        Self::NAME_FIELD.field(),
        Self::ACCOUNT_ID.field(),
        Self::PRIMARY_CONTACT_ID.field(),
        Self::PIPELINE_ID.field(),
        Self::STAGE_ID.field(),
        Self::STATUS.field(),
        Self::AMOUNT.field(),
        Self::CURRENCY.field(),
        Self::PROBABILITY.field(),
        Self::EXPECTED_CLOSE.field(),
        Self::CLOSED_AT.field(),
        Self::OWNER_ID.field(),
        Self::SOURCE.field(),
        Self::CAMPAIGN.field(),
        Self::CLOSE_REASON_ID.field(),
        Self::CLOSE_NOTE.field(),
        Self::NEXT_STEP.field(),
        Self::NEXT_STEP_ON.field(),
        Self::STAGE_ENTERED_AT.field(),
        Self::LAST_TOUCH_AT.field(),
        Self::LAST_OPEN_STAGE_ID.field(),
        Self::FORECAST_CATEGORY.field(),
        Self::TAGS.field(),
        Self::CUSTOM.field(),
        Self::LEAD_ID.field(),
    ];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const REFERENCES: &'static [Reference<Self>] = &[
        Reference { column: "account_id", target: Account::NAME, read: |row| row.account_id.map(Id::uuid) },
        Reference {
            column: "primary_contact_id",
            target: Contact::NAME,
            read: |row| row.primary_contact_id.map(Id::uuid),
        },
        Reference { column: "pipeline_id", target: Pipeline::NAME, read: |row| Some(row.pipeline_id.uuid()) },
        Reference { column: "stage_id", target: Stage::NAME, read: |row| Some(row.stage_id.uuid()) },
        Reference { column: "owner_id", target: Member::NAME, read: |row| row.owner_id.map(Id::uuid) },
        Reference {
            column: "close_reason_id",
            target: CloseReason::NAME,
            read: |row| row.close_reason_id.map(Id::uuid),
        },
        Reference {
            column: "last_open_stage_id",
            target: Stage::NAME,
            read: |row| row.last_open_stage_id.map(Id::uuid),
        },
        Reference { column: "lead_id", target: Lead::NAME, read: |row| row.lead_id.map(Id::uuid) },
    ];
}
