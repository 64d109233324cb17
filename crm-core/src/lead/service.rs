//! Commands on leads. New leads come in through the intake slice, which looks for duplicates, scores and assigns.

use std::collections::BTreeSet;

use super::event::LeadEvent;
use super::jobs::{SCORED, recompute};
use super::model::{Lead, LeadId, LeadPatch, LeadRefusal};
use super::status::{LeadStatus, StatusLabel, StatusLabelEvent, StatusLabelId};
use super::touch::{Touch, TouchDetails};
use crate::access::Permission;
use crate::custom_field::Schema;
use crate::event::{Event, changes};
use crate::identity::{MatchKey, RecordKind, RecordRef, merged_into, replace_keys, survivor_of};
use crate::kernel::page::LARGEST_PAGE;
use crate::kernel::text::{Label, Name};
use crate::kernel::{Direction, Entity, Field, FieldProblem, InvalidInput, Page, Predicate, Result, Stored};
use crate::store::{RecordNotFound, Session, StaleVersion, UnitOfWork};

/// A lead that is about to be added.
#[derive(Clone, Debug)]
pub struct LeadDraft {
    /// Its identifier.
    pub id: LeadId,
    /// The lead.
    pub lead: Lead,
    /// The marketing contact that brought it.
    pub touch: Option<TouchDetails>,
}

/// Adds leads with their touches, keys and unique custom values, in few statements.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; those of the store.
pub async fn insert_leads(
    uow: &mut UnitOfWork<'_>,
    schema: &Schema,
    drafts: Vec<LeadDraft>,
) -> Result<Vec<Stored<Lead>>> {
    let mut keys: Vec<MatchKey> = Vec::new();
    let mut touches = Vec::new();
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        schema.check(&draft.lead.custom)?;
        let record = RecordRef::new(RecordKind::Lead, draft.id);
        keys.extend(draft.lead.keys().into_parts(record));
        if let Some(details) = draft.touch {
            touches.push(touch_of(uow, record, details));
        }
        let event = LeadEvent::Created { source: draft.lead.source.clone() };
        rows.push((uow.fresh(draft.id, draft.lead), event));
    }
    let leads: Vec<_> = rows.iter().map(|(lead, _)| lead.clone()).collect();
    uow.insert_all(rows).await?;
    uow.add_parts(keys).await?;
    uow.add_parts(touches).await?;
    schema.claim_new(uow, RecordKind::Lead, leads.iter().map(|lead| (lead.id.uuid(), &lead.custom))).await?;
    Ok(leads)
}

fn touch_of(uow: &UnitOfWork<'_>, record: RecordRef, details: TouchDetails) -> Touch {
    Touch { record_kind: record.kind, record_id: record.id, occurred_at: uow.now(), details }
}

/// Saves a changed lead with its keys and unique custom values.
///
/// # Errors
/// `InvalidInput` when custom values do not fit the schema; those of the store.
pub async fn save_lead(
    uow: &mut UnitOfWork<'_>,
    before: &Lead,
    row: Stored<Lead>,
    event: LeadEvent,
) -> Result<Stored<Lead>> {
    let record = RecordRef::new(RecordKind::Lead, row.id);
    if before.custom != row.custom {
        let schema = Schema::load(uow, RecordKind::Lead).await?;
        schema.check_change(&before.custom, &row.custom)?;
        schema.claim(uow, record, Some(&before.custom), &row.custom).await?;
    }
    if before.keys() != row.keys() {
        replace_keys(uow, record, row.keys()).await?;
    }
    uow.save(row, event).await
}

/// More versions than these are not looked through.
const MOST_VERSIONS_BACK: i64 = 100;

/// Whether nothing but the copy of the score was saved after this version.
async fn only_scored_since(uow: &mut UnitOfWork<'_>, row: &Stored<Lead>, seen: i64) -> Result<bool> {
    if !(1..=MOST_VERSIONS_BACK).contains(&row.version.saturating_sub(seen)) {
        return Ok(false);
    }
    let scored = Event::RECORD.is(row.id.uuid()).and(Event::NAME_FIELD.is(SCORED));
    let page = Page::ordered(Field::ID, Direction::Descending, LARGEST_PAGE)?;
    let events = uow.list(&scored, &page).await?;
    let versions: BTreeSet<i64> = events.iter().map(|event| event.record_version).collect();
    Ok((seen + 1..=row.version).all(|version| versions.contains(&version)))
}

/// Puts a lead into a state, under the tenant's own label where one is given, and says each. Writes nothing when it is
/// there already.
///
/// # Errors
/// `LeadRefusal`; those of the store.
pub async fn put_into(
    uow: &mut UnitOfWork<'_>,
    mut row: Stored<Lead>,
    status: LeadStatus,
    label: Option<Label>,
) -> Result<Stored<Lead>> {
    let step = if row.status == status { None } else { Some(row.value.go_to(status)?) };
    let before = row.value.clone();
    if let Some(label) = label {
        row.value.relabel(label)?;
    }
    let changes = changes(&before, &row.value);
    let relabelled = (!changes.is_empty()).then_some(LeadEvent::Changed { changes });
    match (step, relabelled) {
        (Some(step), relabelled) => {
            let row = uow.save(row, step).await?;
            if let Some(event) = relabelled {
                uow.say(&row, &event)?;
            }
            Ok(row)
        }
        (None, Some(event)) => uow.save(row, event).await,
        (None, None) => Ok(row),
    }
}

/// Commands on leads.
#[derive(Clone, Copy, Debug)]
pub struct Leads<'a>(pub(crate) &'a Session);

impl Leads<'_> {
    /// The lead; the one in which it lives on, when it was merged into another.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let found = session.leads().get(lead.id).await?;
    /// assert_eq!(found.value, lead.value);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound` when there is none that the caller may see.
    pub async fn get(&self, id: LeadId) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(Permission::LeadRead).await?;
        let mut found = uow.find(id).await?;
        if found.is_none()
            && let Some(survivor) = survivor_of(&mut uow, RecordRef::new(RecordKind::Lead, id)).await?
        {
            found = uow.find(LeadId::new(survivor.id)).await?;
        }
        Ok(found.ok_or(RecordNotFound { entity: Lead::NAME, id: id.uuid() })?)
    }

    /// The leads that match, in the page's order.
    ///
    /// ```
    /// # use crm_core::lead::{Lead};
    /// # use crm_core::kernel::{Direction, Page};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let hot = Lead::SCORE.at_least(50).and(Lead::STATUS.is("new"));
    /// let page = Page::ordered(Lead::SCORE.field(), Direction::Descending, 50)?;
    /// let leads = session.leads().list(&hot, &page).await?;
    /// assert!(leads.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn list(&self, filter: &Predicate<Lead>, page: &Page<Lead>) -> Result<Vec<Stored<Lead>>> {
        self.0.begin(Permission::LeadRead).await?.list(filter, page).await
    }

    /// Changes fields of a lead in the version that the caller has seen. Its score follows with the next due work; a copy of
    /// it that was taken since the caller looked is nobody's change and stands in nobody's way.
    ///
    /// ```
    /// # use crm_core::lead::{LeadPatch};
    /// # use crm_core::kernel::{Patch};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let patch = LeadPatch { city: Patch::Set("Bern".parse()?), ..LeadPatch::default() };
    /// let lead = session.leads().change(lead.id, lead.version, patch).await?;
    /// assert_eq!(lead.city.as_deref(), Some("Bern"));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `StaleVersion`, `LeadRefusal`, `InvalidInput` (custom values).
    pub async fn change(&self, id: LeadId, version: i64, patch: LeadPatch) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(Permission::LeadUpdate).await?;
        let mut row = uow.get(id).await?;
        if row.version != version && !only_scored_since(&mut uow, &row, version).await? {
            return Err(StaleVersion { entity: Lead::NAME, expected: version, actual: row.version }.into());
        }
        let before = row.value.clone();
        let Some(event) = row.value.change(patch)? else { return Ok(row) };
        let row = save_lead(&mut uow, &before, row, event).await?;
        recompute(&mut uow, id).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Someone has spoken with them.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let lead = session.leads().contact(lead.id).await?;
    /// assert_eq!(lead.status, LeadStatus::Contacted);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `LeadRefusal`.
    pub async fn contact(&self, id: LeadId) -> Result<Stored<Lead>> {
        self.command(id, Permission::LeadUpdate, Lead::contact).await
    }

    /// They want and can buy.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let lead = session.leads().qualify(lead.id).await?;
    /// assert_eq!(lead.status, LeadStatus::Qualified);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `LeadRefusal`.
    pub async fn qualify(&self, id: LeadId) -> Result<Stored<Lead>> {
        self.command(id, Permission::LeadUpdate, Lead::qualify).await
    }

    /// They do not want or can't buy, for now.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let lead = session.leads().disqualify(lead.id, Some("No budget".parse()?)).await?;
    /// assert_eq!(lead.status, LeadStatus::Unqualified);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `LeadRefusal`.
    pub async fn disqualify(&self, id: LeadId, reason: Option<Name>) -> Result<Stored<Lead>> {
        self.command(id, Permission::LeadUpdate, |lead| lead.disqualify(reason)).await
    }

    /// Makes an unqualified lead new again.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// session.leads().disqualify(lead.id, None).await?;
    /// let lead = session.leads().reopen(lead.id).await?;
    /// assert_eq!(lead.status, LeadStatus::New);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `LeadRefusal`.
    pub async fn reopen(&self, id: LeadId) -> Result<Stored<Lead>> {
        self.command(id, Permission::LeadUpdate, Lead::reopen).await
    }

    /// Puts a lead into the state that one of the tenant's own labels stands for.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// session.leads().create_label("Warm".parse()?, LeadStatus::Contacted).await?;
    /// let lead = session.leads().label(lead.id, "Warm".parse()?).await?;
    /// assert_eq!(lead.status, LeadStatus::Contacted);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`, `LeadRefusal`, `InvalidInput` when there is no such label.
    pub async fn label(&self, id: LeadId, label: Label) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(Permission::LeadUpdate).await?;
        let known = uow.list(&StatusLabel::LABEL.is(label.as_str()), &Page::first(1)).await?.pop();
        let known = known.ok_or_else(|| {
            let problem = format!("there is no label '{label}'; make it first or use another");
            InvalidInput(vec![FieldProblem::new("label", "lead_status_label.unknown", problem)])
        })?;
        let row = uow.get(id).await?;
        let before = row.version;
        let row = put_into(&mut uow, row, known.status, Some(label)).await?;
        if row.version == before {
            return Ok(row);
        }
        recompute(&mut uow, id).await?;
        uow.commit().await?;
        Ok(row)
    }

    /// Names a state in the tenant's own words.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # crm_core::testing::office::example(async |office, session| {
    /// session.leads().create_label("Warm".parse()?, LeadStatus::Contacted).await?;
    /// let never = session.leads().create_label("Won".parse()?, LeadStatus::Converted).await;
    /// assert!(never.is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `StoreError::Duplicate` when the label is taken; `LeadRefusal::StepNotAllowed` for `Converted`, which no label
    /// reaches.
    pub async fn create_label(&self, label: Label, status: LeadStatus) -> Result<Stored<StatusLabel>> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        if status == LeadStatus::Converted {
            return Err(LeadRefusal::StepNotAllowed { from: LeadStatus::Qualified, to: status }.into());
        }
        let label = uow.insert(StatusLabel { label, status }, StatusLabelEvent::Created).await?;
        uow.commit().await?;
        Ok(label)
    }

    /// Removes a label. Leads that have it keep it as a name of the state that they are in.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # crm_core::testing::office::example(async |office, session| {
    /// let warm = session.leads().create_label("Warm".parse()?, LeadStatus::Contacted).await?;
    /// session.leads().delete_label(warm.id).await?;
    /// assert!(session.leads().labels().await?.is_empty());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn delete_label(&self, id: StatusLabelId) -> Result<()> {
        let mut uow = self.0.begin(Permission::PipelineConfigure).await?;
        let label = uow.get(id).await?;
        uow.delete(label, StatusLabelEvent::Deleted).await?;
        uow.commit().await
    }

    /// The tenant's own labels.
    ///
    /// ```
    /// # use crm_core::lead::{LeadStatus};
    /// # crm_core::testing::office::example(async |office, session| {
    /// session.leads().create_label("Warm".parse()?, LeadStatus::Contacted).await?;
    /// assert_eq!(session.leads().labels().await?.len(), 1);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// Those of the door.
    pub async fn labels(&self) -> Result<Vec<Stored<StatusLabel>>> {
        self.0.begin(Permission::LeadRead).await?.list_all(&Predicate::everything()).await
    }

    /// The marketing contacts that led to the lead, the first first.
    ///
    /// ```
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let touches = session.leads().touches(lead.id).await?;
    /// assert!(touches.is_empty(), "nobody knows what brought them");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn touches(&self, id: LeadId) -> Result<Vec<Stored<Touch>>> {
        let mut uow = self.0.begin(Permission::LeadRead).await?;
        uow.get(id).await?;
        let mut touches = uow.list_all(&Touch::RECORD.is(id.uuid())).await?;
        touches.sort_by_key(|touch| (touch.occurred_at, touch.id));
        Ok(touches)
    }

    /// What happened to the lead and to those that were merged into it, the earliest first.
    ///
    /// ```
    /// # use crm_core::kernel::{Page};
    /// # use crm_core::testing::{office};
    /// # crm_core::testing::office::example(async |office, session| {
    /// # let lead = office.lead(office::named("Lovelace")).await;
    /// let history = session.leads().history(lead.id, &Page::first(50)).await?;
    /// assert_eq!(history[0].name, "lead.created");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// `RecordNotFound`.
    pub async fn history(&self, id: LeadId, page: &Page<Event>) -> Result<Vec<Stored<Event>>> {
        let mut uow = self.0.begin(Permission::LeadRead).await?;
        uow.get(id).await?;
        let merged = merged_into(&mut uow, RecordRef::new(RecordKind::Lead, id)).await?;
        let records = merged.into_iter().map(|record| record.id).chain([id.uuid()]);
        uow.list(&Event::RECORD.is_one_of(records), page).await
    }

    async fn command(
        &self,
        id: LeadId,
        permission: Permission,
        command: impl FnOnce(&mut Lead) -> std::result::Result<LeadEvent, LeadRefusal> + Send,
    ) -> Result<Stored<Lead>> {
        let mut uow = self.0.begin(permission).await?;
        let mut row = uow.get(id).await?;
        let event = command(&mut row.value)?;
        let row = uow.save(row, event).await?;
        recompute(&mut uow, id).await?;
        uow.commit().await?;
        Ok(row)
    }
}
