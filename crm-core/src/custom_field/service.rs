//! Commands on custom fields.

use super::model::{CustomField, CustomFieldEvent, CustomFieldId, CustomType, NewCustomField};
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
    /// # Errors
    /// `CustomFieldRefusal`; `StoreError::Duplicate` when the key is taken.
    pub async fn create(&self, new: NewCustomField) -> Result<Stored<CustomField>> {
        let mut uow = self.0.begin(Permission::CustomFieldConfigure).await?;
        let field = uow.insert(CustomField::new(new)?, CustomFieldEvent::Created).await?;
        uow.commit().await?;
        Ok(field)
    }

    /// The fields of a kind of record.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn schema(&self, kind: RecordKind) -> Result<Schema> {
        Schema::load(&mut self.0.begin(Permission::CustomFieldRead).await?, kind).await
    }

    /// Renames a field and says anew whether it is required and filterable.
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
            _ => return Err(super::CustomFieldRefusal::NoChoices.into()),
        }
        let row = uow.save(row, CustomFieldEvent::Changed).await?;
        uow.commit().await?;
        Ok(row)
    }
}
