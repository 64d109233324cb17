//! Whether a submission can be stored, found out before anything is, so that a bad one costs the others nothing.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::known::VALUES_AT_ONCE;
use super::model::Submission;
use crate::access::{Member, MemberId, Permission};
use crate::custom_field::{CustomFieldRefusal, CustomUnique, Schema};
use crate::identity::RecordKind;
use crate::kernel::{CustomKey, CustomValues, Field, FieldProblem, InvalidInput, Predicate, Result, Test, Value};
use crate::lead::{Lead, LeadId};
use crate::store::UnitOfWork;

/// The members whom submissions may name as owners.
pub(super) struct Owners(BTreeSet<MemberId>);

impl Owners {
    /// Reads which of those that the submissions name are active members.
    pub(super) async fn load(uow: &mut UnitOfWork<'_>, submissions: &[Submission]) -> Result<Self> {
        let named: BTreeSet<MemberId> = submissions.iter().filter_map(|submission| submission.lead.owner_id).collect();
        let named: Vec<Value> = named.into_iter().map(|member| Value::Uuid(member.uuid())).collect();
        let mut active = BTreeSet::new();
        for chunk in named.chunks(VALUES_AT_ONCE) {
            let these = Predicate::<Member>::Test(Field::ID, Test::In(chunk.to_vec()));
            let members = uow.list_all_of_anyone(&these).await?;
            active.extend(members.into_iter().filter(|member| member.active).map(|member| member.id));
        }
        Ok(Self(active))
    }

    /// Checks whom a submission names. Who may not assign leads can name nobody but themselves.
    fn check(&self, uow: &UnitOfWork<'_>, owner: MemberId) -> Result<()> {
        if uow.caller().member_id() != Some(owner) {
            uow.caller().check(Permission::LeadAssign)?;
        }
        if self.0.contains(&owner) {
            return Ok(());
        }
        let problem = "no active member has this identifier; name one who is active, or leave the owner out";
        Err(InvalidInput(vec![FieldProblem::new("owner_id", "lead.unknown_owner", problem)]).into())
    }
}

/// The submission as a lead of its own, whether it becomes one or not.
pub(super) fn checked(uow: &UnitOfWork<'_>, schema: &Schema, owners: &Owners, submission: &Submission) -> Result<Lead> {
    let mut new = submission.lead.clone();
    new.source = new.source.or_else(|| Some(submission.source.clone()));
    let lead = Lead::new(new)?;
    schema.check(&lead.custom)?;
    lead.owner_id.map_or(Ok(()), |owner| owners.check(uow, owner))?;
    Ok(lead)
}

/// Which lead has which value of a unique field: those that are stored, and those of the batch.
pub(super) struct Claims(HashMap<(CustomKey, String), Uuid>);

impl Claims {
    /// Reads who has the values that these leads tell.
    pub(super) async fn load<'l>(
        uow: &mut UnitOfWork<'_>,
        schema: &Schema,
        told: impl Iterator<Item = &'l Lead>,
    ) -> Result<Self> {
        let told = told.flat_map(|lead| schema.unique_values(&lead.custom)).map(|(_, value)| value);
        let told: Vec<String> = told.collect::<BTreeSet<_>>().into_iter().collect();
        let mut holders = HashMap::new();
        for chunk in told.chunks(VALUES_AT_ONCE) {
            for claim in uow.list_all_of_anyone(&CustomUnique::VALUE.is_one_of(chunk.iter().cloned())).await? {
                if claim.record_kind == RecordKind::Lead {
                    holders.insert((claim.key.clone(), claim.value.value.clone()), claim.record_id);
                }
            }
        }
        Ok(Self(holders))
    }

    /// Lets a lead have its values of unique fields; `Taken` when another one has one of them.
    pub(super) fn take(
        &mut self,
        schema: &Schema,
        lead: LeadId,
        custom: &CustomValues,
    ) -> std::result::Result<(), CustomFieldRefusal> {
        let values = schema.unique_values(custom);
        let taken = values.iter().find(|value| self.0.get(value).is_some_and(|holder| *holder != lead.uuid()));
        if let Some((key, _)) = taken {
            return Err(CustomFieldRefusal::Taken(key.clone()));
        }
        self.0.extend(values.into_iter().map(|value| (value, lead.uuid())));
        Ok(())
    }
}
