//! What stands in the way of the records that a plan makes or changes: guards of stages and rules of custom fields.

use uuid::Uuid;

use super::facts::Facts;
use super::plan::{Outcome, Violation};
use crate::custom_field::CustomFieldRefusal;
use crate::identity::RecordKind;
use crate::kernel::{CustomValues, FieldProblem, Id, Rule, Stored};
use crate::people::{AccountId, AccountPatch, ContactId, ContactPatch, NewAccount, NewContact};
use crate::pipeline::{NewOpportunity, Opportunity, OpportunityId, OpportunityPatch, check_entry};

/// What keeps a new deal out of the stage that it would begin in.
///
/// The account and contact that are yet to be made have no identifiers; that of the lead stands for them, so that a
/// guard that asks for one finds it, and a guard that asks for a certain one does not.
pub(super) fn of_new_deal<A, NA, PA, C, NC, PC>(
    facts: &Facts,
    new: &NewOpportunity,
    account: &Outcome<NA, Id<A>, PA>,
    contact: &Outcome<NC, Id<C>, PC>,
) -> Vec<Violation> {
    let start = match &facts.deal_start {
        Some(Ok(start)) => start,
        Some(Err(violation)) => return vec![violation.clone()],
        None => return Vec::new(),
    };
    let made = facts.lead.id.uuid();
    let new = NewOpportunity {
        account_id: identifier(account, made).map(Id::new),
        primary_contact_id: identifier(contact, made).map(Id::new),
        ..new.clone()
    };
    let deal = match Opportunity::new(new, &start.stage, start.currency, start.at) {
        Ok(deal) => deal,
        Err(refusal) => return of_rule("deal", &refusal),
    };
    let row = Stored { id: Id::new(made), version: 1, created_at: start.at, updated_at: start.at, value: deal };
    match check_entry(&row, None, &start.stage) {
        Ok(()) => Vec::new(),
        Err(refusal) => of_rule("deal", &refusal),
    }
}

fn identifier<N, E, P>(outcome: &Outcome<N, Id<E>, P>, made: Uuid) -> Option<Uuid> {
    match outcome {
        Outcome::Make(_) => Some(made),
        Outcome::Use(id, _) => Some(id.uuid()),
        Outcome::Nothing => None,
    }
}

/// What custom fields demand of the records as they will be. What a record has and keeps is not asked again.
pub(super) fn of_custom_fields(
    facts: &Facts,
    account: &Outcome<NewAccount, AccountId, AccountPatch>,
    contact: &Outcome<NewContact, ContactId, ContactPatch>,
    deal: &Outcome<NewOpportunity, OpportunityId, OpportunityPatch>,
) -> Vec<Violation> {
    let own = facts.account.as_ref().map(|row| (row.id.uuid(), &row.value.custom));
    let next = values(account, |new| &new.custom, |patch| patch.custom.as_ref());
    let accounts = next.map(|next| of_custom_values(facts, RecordKind::Account, next, own));
    let own = facts.contact.as_ref().map(|(row, _)| (row.id.uuid(), &row.value.custom));
    let next = values(contact, |new| &new.custom, |patch| patch.custom.as_ref());
    let contacts = next.map(|next| of_custom_values(facts, RecordKind::Contact, next, own));
    let own = facts.opportunity.as_ref().map(|row| (row.id.uuid(), &row.value.custom));
    let next = values(deal, |new| &new.custom, |patch| patch.custom.as_ref());
    let deals = next.map(|next| of_custom_values(facts, RecordKind::Opportunity, next, own));
    [accounts, contacts, deals].into_iter().flatten().flatten().collect()
}

/// The custom values that a record will have, when the plan sets any.
fn values<'o, N, I, P>(
    outcome: &'o Outcome<N, I, P>,
    made: impl Fn(&'o N) -> &'o CustomValues,
    changed: impl Fn(&'o P) -> Option<&'o CustomValues>,
) -> Option<&'o CustomValues> {
    match outcome {
        Outcome::Make(new) => Some(made(new)),
        Outcome::Use(_, patch) => changed(patch),
        Outcome::Nothing => None,
    }
}

/// What is wrong with the custom values that a record will have; `before` are those that it has, when it is there.
fn of_custom_values(
    facts: &Facts,
    kind: RecordKind,
    after: &CustomValues,
    before: Option<(Uuid, &CustomValues)>,
) -> Vec<Violation> {
    let unfit = facts.schema(kind).check(after).err().map_or_else(Vec::new, |refusal| of_rule(kind.as_str(), &refusal));
    let taken = facts.taken.iter().filter(|(of, key, holder)| {
        let own = before.is_some_and(|(id, values)| id == *holder || values.get(key).is_some());
        *of == kind && !own
    });
    let taken = taken.flat_map(|(_, key, _)| of_rule(kind.as_str(), &CustomFieldRefusal::Taken(key.clone())));
    unfit.into_iter().chain(taken).collect()
}

/// What a rule refuses, each wrong input for itself; `of` says which of the records it is about.
fn of_rule(of: &str, rule: &impl Rule) -> Vec<Violation> {
    let mut problems = rule.fields();
    if problems.is_empty() {
        problems.push(FieldProblem::of("", rule));
    }
    let path = |field: String| if field.is_empty() { of.to_owned() } else { format!("{of}.{field}") };
    let violation =
        |problem: FieldProblem| Violation { field: path(problem.field), code: problem.code, problem: problem.message };
    problems.into_iter().map(violation).collect()
}
