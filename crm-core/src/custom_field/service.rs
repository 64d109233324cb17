//! Commands on custom fields. Removing them is in `removal`.

use super::jobs::is_going;
use super::model::{CustomField, CustomFieldEvent, CustomFieldId, CustomFieldRefusal, CustomType, NewCustomField};
use super::schema::Schema;
use crate::access::Permission;
use crate::identity::RecordKind;
use crate::kernel::text::Label;
use crate::kernel::{Result, Stored};
use crate::store::Session;

/// Commands on custom fields.
#[derive(Clone, Copy, Debug)]
pub struct CustomFields<'a>(pub(crate) &'a Session);

impl CustomFields<'_> {
    /// Adds a field to a kind of record. Records that are there already need no value until they are next changed.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::identity::{RecordKind};
    /// # use crm_core::custom_field::{CustomType, NewCustomField};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let new = NewCustomField {
    ///     record_kind: RecordKind::Lead,
    ///     key: "plan".parse()?,
    ///     label: "Plan".parse()?,
    ///     holds: CustomType::Choice(vec!["Basic".parse()?, "Pro".parse()?]),
    ///     required: false,
    ///     unique: false,
    ///     filterable: true,
    /// };
    /// let field = session.custom_fields().create(new).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `CustomFieldRefusal`; `StoreError::Duplicate` when the key is taken.
    pub async fn create(&self, new: NewCustomField) -> Result<Stored<CustomField>> {
        let mut uow = self.0.begin(Permission::CustomFieldConfigure).await?;
        let field = CustomField::new(new)?;
        if is_going(&mut uow, field.record_kind, &field.key).await? {
            return Err(CustomFieldRefusal::StillGoing(field.key).into());
        }
        let field = uow.insert(field, CustomFieldEvent::Created).await?;
        uow.commit().await?;
        Ok(field)
    }

    /// The fields of a kind of record.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::identity::{RecordKind};
    /// # use crm_core::custom_field::{CustomType, NewCustomField};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewCustomField {
    /// #     record_kind: RecordKind::Lead,
    /// #     key: "plan".parse()?,
    /// #     label: "Plan".parse()?,
    /// #     holds: CustomType::Choice(vec!["Basic".parse()?, "Pro".parse()?]),
    /// #     required: false,
    /// #     unique: false,
    /// #     filterable: true,
    /// # };
    /// # let field = session.custom_fields().create(new).await?;
    /// let schema = session.custom_fields().schema(RecordKind::Lead).await?;
    /// assert_eq!(schema.fields().count(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn schema(&self, kind: RecordKind) -> Result<Schema> {
        Schema::load(&mut self.0.begin(Permission::CustomFieldRead).await?, kind).await
    }

    /// Renames a field and says anew whether it is required and filterable.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::identity::{RecordKind};
    /// # use crm_core::custom_field::{CustomType, NewCustomField};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewCustomField {
    /// #     record_kind: RecordKind::Lead,
    /// #     key: "plan".parse()?,
    /// #     label: "Plan".parse()?,
    /// #     holds: CustomType::Choice(vec!["Basic".parse()?, "Pro".parse()?]),
    /// #     required: false,
    /// #     unique: false,
    /// #     filterable: true,
    /// # };
    /// # let field = session.custom_fields().create(new).await?;
    /// let label = "Price plan".parse()?;
    /// let field = session.custom_fields().change(field.id, field.version, label, true, true).await?;
    /// assert!(field.required);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`.
    pub async fn change(
        &self,
        id: CustomFieldId,
        version: i64,
        label: Label,
        required: bool,
        filterable: bool,
    ) -> Result<Stored<CustomField>> {
        let mut uow = self.0.begin(Permission::CustomFieldConfigure).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        row.value.label = label;
        row.value.required = required;
        row.value.filterable = filterable;
        let row = uow.save(row, CustomFieldEvent::Changed).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Offers further choices. Those that are offered already remain, since records may have them.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::identity::{RecordKind};
    /// # use crm_core::custom_field::{CustomType, NewCustomField};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewCustomField {
    /// #     record_kind: RecordKind::Lead,
    /// #     key: "plan".parse()?,
    /// #     label: "Plan".parse()?,
    /// #     holds: CustomType::Choice(vec!["Basic".parse()?, "Pro".parse()?]),
    /// #     required: false,
    /// #     unique: false,
    /// #     filterable: true,
    /// # };
    /// # let field = session.custom_fields().create(new).await?;
    /// let further = vec!["Enterprise".parse()?];
    /// let field = session.custom_fields().offer(field.id, field.version, further).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `CustomFieldRefusal::NoChoices` when the field offers none.
    pub async fn offer(&self, id: CustomFieldId, version: i64, further: Vec<Label>) -> Result<Stored<CustomField>> {
        let mut uow = self.0.begin(Permission::CustomFieldConfigure).await?;
        let mut row = uow.get_at(id, Some(version)).await?;
        match &mut row.value.holds {
            CustomType::Choice(choices) | CustomType::MultiChoice(choices) => {
                for choice in further {
                    if !choices.contains(&choice) {
                        choices.push(choice);
                    }
                }
            }
            _ => return Err(CustomFieldRefusal::NoChoices.into()),
        }
        let row = uow.save(row, CustomFieldEvent::Changed).await?;
        uow.commit().await?;
        Ok(row)
    }
}
