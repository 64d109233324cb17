//! What leads may be filtered, sorted, scored and segmented by.

use super::model::Lead;
use crate::access::{Member, MemberId};
use crate::kernel::{Column, CustomColumn, Entity, Field, Id, Reference, Stored, TagsColumn, Timestamp, ValueRef};

fn text<T: AsRef<str>>(value: Option<&T>) -> ValueRef<'_> {
    value.map_or(ValueRef::Absent, |value| ValueRef::Text(value.as_ref()))
}

fn time(value: Option<Timestamp>) -> ValueRef<'static> {
    value.map_or(ValueRef::Absent, ValueRef::Time)
}

#[expect(missing_docs, reason = "each column is the field of the lead with its name")]
impl Lead {
    pub const FIRST_NAME: Column<Self, String> =
        Column::optional("first_name", |row| text(row.value.first_name.as_ref()));
    pub const LAST_NAME: Column<Self, String> = Column::optional("last_name", |row| text(row.value.last_name.as_ref()));
    pub const COMPANY: Column<Self, String> = Column::optional("company", |row| text(row.value.company.as_ref()));
    pub const JOB_TITLE: Column<Self, String> = Column::optional("job_title", |row| text(row.value.job_title.as_ref()));
    pub const EMAIL: Column<Self, String> = Column::optional("email", |row| {
        row.value.email.as_ref().map_or(ValueRef::Absent, |email| ValueRef::Text(email.as_str()))
    });
    pub const WEBSITE: Column<Self, String> = Column::optional("website", |row| {
        row.value.website.as_ref().map_or(ValueRef::Absent, |website| ValueRef::Text(website.as_str()))
    });
    pub const INDUSTRY: Column<Self, String> = Column::optional("industry", |row| text(row.value.industry.as_ref()));
    pub const EMPLOYEE_COUNT: Column<Self, i64> =
        Column::optional("employee_count", |row| row.employee_count.map_or(ValueRef::Absent, ValueRef::Integer));
    pub const CITY: Column<Self, String> = Column::optional("city", |row| text(row.value.city.as_ref()));
    pub const COUNTRY: Column<Self, String> = Column::optional("country", |row| text(row.value.country.as_ref()));
    pub const SOURCE: Column<Self, String> = Column::optional("source", |row| text(row.value.source.as_ref()));
    pub const CAMPAIGN: Column<Self, String> = Column::optional("campaign", |row| text(row.value.campaign.as_ref()));
    pub const STATUS: Column<Self, String> =
        Column::required_indexed("status", |row| ValueRef::Text(row.status.as_str()));
    pub const STATUS_LABEL: Column<Self, String> =
        Column::optional("status_label", |row| text(row.value.status_label.as_ref()));
    pub const OWNER_ID: Column<Self, MemberId> = Column::optional_indexed("owner_id", |row| {
        row.owner_id.map_or(ValueRef::Absent, |id| ValueRef::Uuid(id.uuid()))
    });
    pub const SCORE: Column<Self, i64> = Column::required_indexed("score", |row| ValueRef::Integer(row.score));
    pub const SCORED_AT: Column<Self, Timestamp> = Column::optional("scored_at", |row| time(row.scored_at));
    pub const TAGS: TagsColumn<Self> = TagsColumn::new(|row: &Stored<Self>| ValueRef::Tags(&row.value.tags));
    pub const CUSTOM: CustomColumn<Self> = CustomColumn::new(|row: &Stored<Self>| ValueRef::Custom(&row.value.custom));
    pub const CONVERTED_AT: Column<Self, Timestamp> = Column::optional("converted_at", |row| time(row.converted_at));
}

impl Entity for Lead {
    const NAME: &'static str = "lead";
    const FIELDS: &'static [Field<Self>] = &[
        Self::FIRST_NAME.field(),
        Self::LAST_NAME.field(),
        Self::COMPANY.field(),
        Self::JOB_TITLE.field(),
        Self::EMAIL.field(),
        Self::WEBSITE.field(),
        Self::INDUSTRY.field(),
        Self::EMPLOYEE_COUNT.field(),
        Self::CITY.field(),
        Self::COUNTRY.field(),
        Self::SOURCE.field(),
        Self::CAMPAIGN.field(),
        Self::STATUS.field(),
        Self::STATUS_LABEL.field(),
        Self::OWNER_ID.field(),
        Self::SCORE.field(),
        Self::SCORED_AT.field(),
        Self::TAGS.field(),
        Self::CUSTOM.field(),
        Self::CONVERTED_AT.field(),
    ];
    const OWNER: Option<Field<Self>> = Some(Self::OWNER_ID.field());
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "owner_id", target: Member::NAME, read: |lead| lead.owner_id.map(Id::uuid) }];
}
