//! Removing custom fields.
//!
//! A field that a rule, a stage or a mapping names stays, and the refusal lists them. The field itself goes at once: it can
//! be neither filtered by nor written from then on, while records keep what they hold until a worker has come round to
//! them, some at a time. Until then its key can't be taken again, or the old values would turn up in the new field.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::access::Permission;
use crate::assignment::AssignmentRule;
use crate::conversion::Mapping;
use crate::custom_field::{
    CustomField, CustomFieldEvent, CustomFieldId, CustomFieldRefusal, CustomFields, CustomUnique, PURGE, purge,
};
use crate::event::{Change, changes};
use crate::identity::RecordKind;
use crate::import::{ImportKind, ImportMapping, Target};
use crate::kernel::{Cursor, CustomKey, CustomValues, DomainEvent, Entity, Page, Predicate, Result, Value};
use crate::lead::{Lead, LeadEvent};
use crate::people::{Account, AccountEvent, Contact, ContactEvent};
use crate::pipeline::{Opportunity, OpportunityEvent, Pipeline, Stage};
use crate::scoring::{Criterion, ScoringRule};
use crate::store::{InStore, Records, Tx, UnitOfWork};

/// How many records one run looks through.
const RECORDS_IN_A_RUN: u32 = 200;

/// The handlers of what removals leave for later.
#[must_use]
pub const fn job_handlers() -> [InStore; 1] {
    [InStore::new(PURGE, |uow, job| Box::pin(run(uow, &job.payload)))]
}

impl CustomFields<'_> {
    /// Removes a field. What records hold of it goes with the next due work.
    ///
    /// ```
    /// # use crm_core::identity::{RecordKind};
    /// # use crm_core::custom_field::{CustomType, NewCustomField};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let (record_kind, holds) = (RecordKind::Lead, CustomType::Text);
    /// # let (key, label) = ("plan".parse()?, "Plan".parse()?);
    /// # let new = NewCustomField { record_kind, key, label, holds, required: false, unique: false, filterable: true };
    /// # let field = session.custom_fields().create(new).await?;
    /// session.custom_fields().delete(field.id, field.version).await?;
    /// assert_eq!(session.custom_fields().schema(RecordKind::Lead).await?.fields().count(), 0);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`; `CustomFieldRefusal::InUse` with everything that names the field.
    pub async fn delete(&self, id: CustomFieldId, version: i64) -> Result<()> {
        let mut uow = self.0.begin(Permission::CustomFieldConfigure).await?;
        // Nobody may begin to use it meanwhile.
        uow.hold_organization().await?;
        let field = uow.get_at(id, Some(version)).await?;
        let by = users_of(&mut uow, &field).await?;
        if !by.is_empty() {
            return Err(CustomFieldRefusal::InUse { key: field.value.key, by }.into());
        }
        let job = purge(field.record_kind, &field.key, uow.now(), None);
        uow.schedule(job).await?;
        uow.delete(field, CustomFieldEvent::Deleted).await?;
        uow.commit().await
    }
}

/// Everything that names the field, in words.
async fn users_of(uow: &mut UnitOfWork<'_>, field: &CustomField) -> Result<Vec<String>> {
    let CustomField { record_kind, key, .. } = field;
    let mut users = Vec::new();
    match record_kind {
        RecordKind::Lead => {
            // One that is switched off is checked again before it is switched on.
            let rules = uow.setup::<ScoringRule>().await?;
            let using = rules.iter().filter(|rule| rule.active && rule.criteria.iter().any(|one| looks_at(one, key)));
            users.extend(using.map(|rule| format!("scoring rule '{}'", rule.name)));
            let rules = uow.setup::<AssignmentRule>().await?;
            let using = rules.iter().filter(|rule| rule.condition.as_ref().is_some_and(|one| names(one, key)));
            users.extend(using.map(|rule| format!("assignment rule '{}'", rule.name)));
        }
        RecordKind::Opportunity => users.extend(guards_of(uow, key).await?),
        RecordKind::Contact | RecordKind::Account => {}
    }
    for mapping in uow.list_all(&Predicate::<Mapping>::everything()).await? {
        let from = |rule: &CustomKey| *record_kind == RecordKind::Lead && rule == key;
        if mapping.rules.iter().any(|rule| from(&rule.from) || (rule.to_kind == *record_kind && rule.to == *key)) {
            users.push("the mapping of conversions".to_owned());
        }
    }
    for mapping in uow.list_all(&Predicate::<ImportMapping>::everything()).await? {
        let kind = match mapping.kind {
            ImportKind::Leads => RecordKind::Lead,
            ImportKind::Accounts => RecordKind::Account,
        };
        let target = Target::Custom(key.clone());
        if kind == *record_kind && mapping.columns.columns.iter().any(|column| column.target == target) {
            users.push(format!("import mapping '{}'", mapping.name));
        }
    }
    Ok(users)
}

async fn guards_of(uow: &mut UnitOfWork<'_>, key: &CustomKey) -> Result<Vec<String>> {
    let required = format!("custom.{key}");
    let stages = uow.setup::<Stage>().await?;
    let pipelines = uow.list_all(&Predicate::<Pipeline>::everything()).await?;
    let using = stages.iter().filter(|stage| {
        stage.guard.required_fields.iter().any(|field| field.as_str() == required)
            || stage.guard.condition.as_ref().is_some_and(|condition| names(condition, key))
    });
    let in_words = using.map(|stage| {
        let pipeline = pipelines.iter().find(|pipeline| pipeline.id == stage.pipeline_id);
        format!("stage '{}' of pipeline '{}'", stage.name, pipeline.map_or("?", |pipeline| pipeline.name.as_str()))
    });
    Ok(in_words.collect())
}

fn looks_at(criterion: &Criterion, key: &CustomKey) -> bool {
    criterion.when.condition().is_some_and(|condition| names(condition, key))
}

fn names<E>(condition: &Predicate<E>, key: &CustomKey) -> bool {
    condition.fields().into_iter().any(|(_, custom)| custom == Some(key.as_str()))
}

/// Takes the values of a removed field out of some records, and goes on with others later.
async fn run(uow: &mut UnitOfWork<'_>, payload: &Json) -> Result<()> {
    let read = |name: &str| payload.get(name).cloned().unwrap_or_default();
    let (Ok(kind), Ok(key)) = (serde_json::from_value(read("record_kind")), serde_json::from_value(read("key"))) else {
        return Ok(());
    };
    let after = serde_json::from_value(read("after")).ok();
    let last = match kind {
        RecordKind::Lead => {
            strip::<Lead, _>(uow, &key, after, |lead| &mut lead.custom, |changes| LeadEvent::Changed { changes }).await
        }
        RecordKind::Contact => {
            let event = |changes| ContactEvent::Changed { changes };
            strip::<Contact, _>(uow, &key, after, |contact| &mut contact.custom, event).await
        }
        RecordKind::Account => {
            let event = |changes| AccountEvent::Changed { changes };
            strip::<Account, _>(uow, &key, after, |account| &mut account.custom, event).await
        }
        RecordKind::Opportunity => {
            let event = |changes| OpportunityEvent::Changed { changes };
            strip::<Opportunity, _>(uow, &key, after, |deal| &mut deal.custom, event).await
        }
    };
    match last? {
        Some(last) => uow.schedule(purge(kind, &key, uow.now(), Some(last))).await,
        None => Ok(()),
    }
}

/// Takes a value out of some records, whoever owns them and whatever state they are in; answers behind which record to go
/// on, while there are more.
async fn strip<E: Entity, D: DomainEvent + Send>(
    uow: &mut UnitOfWork<'_>,
    key: &CustomKey,
    after: Option<Uuid>,
    custom: impl Fn(&mut E) -> &mut CustomValues + Send,
    event: impl Fn(Vec<Change>) -> D + Send,
) -> Result<Option<Uuid>>
where
    for<'t> dyn Tx + 't: Records<E>,
{
    let mut page = Page::first(RECORDS_IN_A_RUN);
    if let Some(after) = after {
        page = page.after(Cursor { value: Value::Uuid(after), id: after })?;
    }
    let mut rows = uow.list_of_anyone(&Predicate::<E>::everything(), &page).await?;
    let more = u32::try_from(rows.len()).is_ok_and(|count| count >= page.limit());
    let last = rows.last().map(|row| row.id.uuid()).filter(|_| more);
    // Also those of records that were relieved of the value by hand in the meantime.
    release(uow, rows.iter().map(|row| row.id.uuid()).collect(), key).await?;
    rows.retain_mut(|row| custom(&mut row.value).get(key).is_some());
    for mut row in rows {
        let before = row.value.clone();
        custom(&mut row.value).remove(key);
        let event = event(changes(&before, &row.value));
        uow.save(row, event).await?;
    }
    Ok(last)
}

/// Gives up what these records claim of a field.
async fn release(uow: &mut UnitOfWork<'_>, records: Vec<Uuid>, key: &CustomKey) -> Result<()> {
    let claims = CustomUnique::RECORD.is_one_of(records).and(CustomUnique::KEY.is(key.as_str()));
    for claim in uow.list_all(&claims).await? {
        uow.remove_part(&claim).await?;
    }
    Ok(())
}
