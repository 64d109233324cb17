//! Planning and executing conversions.

use super::apply::carry_out;
use super::choices::ConversionChoices;
use super::gather::{Schemas, gather, stored_mapping};
use super::mapping::{Mapping, MappingEvent, MappingRule};
use super::model::{Conversion, ConversionRefusal};
use super::plan::{Plan, plan};
use crate::access::Permission;
use crate::kernel::{Kind, Page, Result, Stored};
use crate::lead::{Lead, LeadId, LeadStatus};
use crate::store::{Session, UnitOfWork};

/// How often a conversion is tried again when another command touched the same records at the same time.
const TRIES: usize = 4;

/// Planning and executing conversions.
#[derive(Clone, Copy, Debug)]
pub struct Conversions<'a>(pub(crate) &'a Session);

impl Conversions<'_> {
    /// Says what a conversion would do. Nothing is changed.
    ///
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::conversion::{ConversionChoices, Target};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewLead { owner_id: Some(office.owner), ..office::named("Lovelace") };
    /// # let lead = office.lead(new).await;
    /// # let choices = ConversionChoices { account: Target::Nothing, ..ConversionChoices::without_deal() };
    /// let plan = session.conversions().plan(lead.id, &choices).await?;
    /// assert!(plan.violations.is_empty(), "nothing stands in the way");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is no such lead or chosen record.
    pub async fn plan(&self, lead: LeadId, choices: &ConversionChoices) -> Result<Plan> {
        let mut uow = self.0.begin(Permission::LeadConvert).await?;
        let lead = uow.get(lead).await?;
        let schemas = Schemas::load(&mut uow).await?;
        Ok(plan(&gather(&mut uow, lead, &schemas, choices).await?, choices))
    }

    /// Does what a plan says.
    ///
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::conversion::{ConversionChoices, Target};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewLead { owner_id: Some(office.owner), ..office::named("Lovelace") };
    /// # let lead = office.lead(new).await;
    /// # let choices = ConversionChoices { account: Target::Nothing, ..ConversionChoices::without_deal() };
    /// let plan = session.conversions().plan(lead.id, &choices).await?;
    /// let conversion = session.conversions().execute(&plan, Some("request 81")).await?;
    /// assert!(conversion.contact_id.is_some());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `ConversionRefusal::StalePlan` when a record has moved since, `Blocked` when something stands in the way,
    /// `ConvertedByAnother`; a permission that is missing for one of the targets.
    pub async fn execute(&self, plan: &Plan, command_key: Option<&str>) -> Result<Stored<Conversion>> {
        let mut uow = self.0.begin(Permission::LeadConvert).await?;
        let lead = uow.lock(plan.lead_id).await?;
        if let Some(earlier) = earlier(&mut uow, &lead, command_key).await? {
            return Ok(earlier);
        }
        let schemas = Schemas::load(&mut uow).await?;
        let conversion = carry_out(&mut uow, plan, lead, &schemas, command_key).await?;
        uow.commit().await?;
        Ok(conversion)
    }

    /// Plans and executes in one unit of work. The same command again answers with the first result.
    ///
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::conversion::{ConversionChoices, Target};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewLead { owner_id: Some(office.owner), ..office::named("Lovelace") };
    /// # let lead = office.lead(new).await;
    /// # let choices = ConversionChoices { account: Target::Nothing, ..ConversionChoices::without_deal() };
    /// let conversion = session.conversions().convert(lead.id, &choices, Some("request 81")).await?;
    /// let again = session.conversions().convert(lead.id, &choices, Some("request 81")).await?;
    /// assert_eq!(again, conversion);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `ConversionRefusal`; a permission that is missing for one of the targets.
    pub async fn convert(
        &self,
        lead: LeadId,
        choices: &ConversionChoices,
        command_key: Option<&str>,
    ) -> Result<Stored<Conversion>> {
        let mut tries = 1;
        loop {
            match self.convert_once(lead, choices, command_key).await {
                // Whoever came first has written by now; the next try sees it.
                Err(error) if tries < TRIES && met_another(&error) => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn convert_once(
        &self,
        lead: LeadId,
        choices: &ConversionChoices,
        command_key: Option<&str>,
    ) -> Result<Stored<Conversion>> {
        let mut uow = self.0.begin(Permission::LeadConvert).await?;
        // Held from here on: of two commands at once, the second sees what the first has done.
        let lead = uow.lock(lead).await?;
        if let Some(earlier) = earlier(&mut uow, &lead, command_key).await? {
            return Ok(earlier);
        }
        let schemas = Schemas::load(&mut uow).await?;
        let plan = plan(&gather(&mut uow, lead.clone(), &schemas, choices).await?, choices);
        let conversion = carry_out(&mut uow, &plan, lead, &schemas, command_key).await?;
        uow.commit().await?;
        Ok(conversion)
    }

    /// The conversion of a lead, when it was converted.
    ///
    /// ```
    /// # use crm_core::lead::{NewLead};
    /// # use crm_core::conversion::{ConversionChoices, Target};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let new = NewLead { owner_id: Some(office.owner), ..office::named("Lovelace") };
    /// # let lead = office.lead(new).await;
    /// # let choices = ConversionChoices { account: Target::Nothing, ..ConversionChoices::without_deal() };
    /// assert!(session.conversions().of_lead(lead.id).await?.is_none());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when the caller may see no such lead.
    pub async fn of_lead(&self, lead: LeadId) -> Result<Option<Stored<Conversion>>> {
        let mut uow = self.0.begin(Permission::LeadRead).await?;
        uow.get(lead).await?;
        Ok(uow.list(&Conversion::LEAD.is(lead), &Page::first(1)).await?.pop())
    }

    /// Says where leads' custom values go from now on.
    ///
    /// ```
    /// # crm_core::testing::office::example(async |office, session| {
    /// let mapping = session.conversions().set_mapping(Vec::new()).await?;
    /// assert!(mapping.rules.is_empty(), "custom values stay on the lead");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `MappingError` with the first rule that can't work.
    pub async fn set_mapping(&self, rules: Vec<MappingRule>) -> Result<Stored<Mapping>> {
        let mut uow = self.0.begin(Permission::CustomFieldConfigure).await?;
        let schemas = Schemas::load(&mut uow).await?;
        let mapping = Mapping::new(rules, &schemas.lead, |kind| schemas.of(kind))?;
        let mapping = match stored_mapping(&mut uow).await? {
            Some(mut row) => {
                row.value = mapping;
                uow.save(row, MappingEvent::Changed).await?
            }
            None => uow.insert(mapping, MappingEvent::Changed).await?,
        };
        uow.commit().await?;
        Ok(mapping)
    }
}

fn met_another(error: &crate::kernel::Error) -> bool {
    matches!(error.code(), "record.changed_meanwhile" | "record.duplicate") && error.kind() == Kind::Conflict
}

/// What the same command, or one without a key, led to before.
async fn earlier(
    uow: &mut UnitOfWork<'_>,
    lead: &Stored<Lead>,
    key: Option<&str>,
) -> Result<Option<Stored<Conversion>>> {
    // Nothing but a conversion makes a lead converted.
    if lead.status != LeadStatus::Converted {
        return Ok(None);
    }
    let Some(found) = uow.list(&Conversion::LEAD.is(lead.id), &Page::first(1)).await?.pop() else { return Ok(None) };
    if key.is_some() && found.command_key.as_deref() != key {
        return Err(ConversionRefusal::ConvertedByAnother.into());
    }
    Ok(Some(found))
}
