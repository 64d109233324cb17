//! The plan of a merge, field by field. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;

use super::model::{Choice, FieldOutcome, LeadMerge, MergeChoices, MergeRefusal};
use crate::kernel::{CustomKey, CustomValues, Note, Result, Stored};
use crate::lead::{Lead, LeadEvent, LeadStatus};

/// The fields that can be chosen for, beside custom ones.
const FIELDS: &[&str] = &[
    "first_name",
    "last_name",
    "company",
    "job_title",
    "email",
    "phone",
    "website",
    "industry",
    "employee_count",
    "city",
    "country",
    "source",
    "campaign",
    "status",
    "owner_id",
    "note",
];

/// What a merge makes of two leads.
///
/// # Errors
/// `MergeRefusal`, `LeadRefusal` (a step that the table of states has not, too many addresses), and that of a note which
/// is too long.
pub fn plan(survivor: &Stored<Lead>, loser: &Stored<Lead>, choices: &MergeChoices) -> Result<LeadMerge> {
    if survivor.id == loser.id {
        return Err(MergeRefusal::SameRecord.into());
    }
    for lead in [survivor, loser] {
        if lead.status == LeadStatus::Converted {
            return Err(MergeRefusal::Converted(lead.id).into());
        }
    }
    let known = |field: &str| match field.strip_prefix("custom.") {
        Some(key) => survivor.custom.find(key).or(loser.custom.find(key)).is_some(),
        None => FIELDS.contains(&field),
    };
    if let Some(field) = choices.fields.keys().find(|field| !known(field)) {
        return Err(MergeRefusal::UnknownField(field.chars().take(80).collect()).into());
    }
    let mut weighing = Weighing { choices: &choices.fields, outcomes: Vec::new() };
    let mut lead = survivor.value.clone();
    let other = &loser.value;
    weighing.weigh("first_name", &mut lead.first_name, other.first_name.as_ref());
    weighing.weigh("last_name", &mut lead.last_name, other.last_name.as_ref());
    weighing.weigh("company", &mut lead.company, other.company.as_ref());
    weighing.weigh("job_title", &mut lead.job_title, other.job_title.as_ref());
    weighing.weigh("website", &mut lead.website, other.website.as_ref());
    weighing.weigh("industry", &mut lead.industry, other.industry.as_ref());
    weighing.weigh("employee_count", &mut lead.employee_count, other.employee_count.as_ref());
    weighing.weigh("city", &mut lead.city, other.city.as_ref());
    weighing.weigh("country", &mut lead.country, other.country.as_ref());
    weighing.weigh("owner_id", &mut lead.owner_id, other.owner_id.as_ref());
    let origin = if loser.created_at < survivor.created_at { Choice::Take } else { Choice::FillEmpty };
    weighing.weigh_or("source", origin, &mut lead.source, other.source.as_ref());
    weighing.weigh_or("campaign", origin, &mut lead.campaign, other.campaign.as_ref());
    addresses(&mut weighing, &mut lead, &survivor.value, other);
    lead.tags.extend(other.tags.iter().cloned());
    custom(&mut weighing, &mut lead.custom, &other.custom);
    note(&mut weighing, &mut lead, other)?;
    let steps = state(&mut weighing, &mut lead, other)?;
    let mut merged = survivor.value.clone();
    merged.absorb(lead)?;
    let (survivor_id, loser_id) = (survivor.id, loser.id);
    Ok(LeadMerge { survivor_id, loser_id, lead: merged, fields: weighing.outcomes, steps })
}

struct Weighing<'c> {
    choices: &'c BTreeMap<String, Choice>,
    outcomes: Vec<FieldOutcome>,
}

impl Weighing<'_> {
    fn choice(&self, field: &str, otherwise: Choice) -> Choice {
        self.choices.get(field).copied().unwrap_or(otherwise)
    }

    fn weigh<T: Clone + PartialEq + Serialize>(&mut self, field: &str, own: &mut Option<T>, other: Option<&T>) {
        self.weigh_or(field, Choice::FillEmpty, own, other);
    }

    /// Gives a field the value of whom it is to get it from, and notes it where the two differ.
    fn weigh_or<T: Clone + PartialEq + Serialize>(
        &mut self,
        field: &str,
        otherwise: Choice,
        own: &mut Option<T>,
        other: Option<&T>,
    ) {
        let before = own.clone();
        let takes = match self.choice(field, otherwise) {
            Choice::Keep => false,
            Choice::Take => other.is_some(),
            Choice::FillEmpty => own.is_none(),
        };
        if takes {
            *own = other.cloned();
        }
        self.note(field, &before.as_ref(), &other, own);
    }

    fn note(&mut self, field: &str, survivor: &impl Serialize, loser: &impl Serialize, merged: &impl Serialize) {
        let (survivor, loser, merged) = (json(survivor), json(loser), json(merged));
        if survivor != loser {
            self.outcomes.push(FieldOutcome { field: field.to_owned(), survivor, loser, merged });
        }
    }
}

fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

/// One address to write to, one number to call, and all others of both beside them.
fn addresses(weighing: &mut Weighing<'_>, lead: &mut Lead, survivor: &Lead, loser: &Lead) {
    weighing.weigh("email", &mut lead.email, loser.email.as_ref());
    let mut known: BTreeSet<String> = lead.email.iter().map(|email| email.key().to_owned()).collect();
    let all = survivor.emails().chain(loser.emails()).filter(|email| known.insert(email.key().to_owned()));
    lead.other_emails = all.cloned().collect();
    weighing.weigh("phone", &mut lead.phone, loser.phone.as_ref());
    let mut phones = Vec::new();
    for phone in survivor.phones().chain(loser.phones()) {
        if lead.phone.as_ref() != Some(phone) && !phones.contains(phone) {
            phones.push(phone.clone());
        }
    }
    lead.other_phones = phones;
}

fn custom(weighing: &mut Weighing<'_>, own: &mut CustomValues, other: &CustomValues) {
    let keys: BTreeSet<CustomKey> = own.iter().chain(other.iter()).map(|(key, _)| key.clone()).collect();
    for key in keys {
        let mut value = own.get(&key).cloned();
        weighing.weigh(&format!("custom.{key}"), &mut value, other.get(&key));
        if let Some(value) = value {
            own.set(key, value);
        }
    }
}

/// Notes stand one below the other, unless it is said whose counts.
fn note(weighing: &mut Weighing<'_>, lead: &mut Lead, loser: &Lead) -> Result<()> {
    let both = lead.note.as_ref().zip(loser.note.as_ref()).filter(|(own, other)| own != other);
    let Some((own, other)) = both.filter(|_| !weighing.choices.contains_key("note")) else {
        weighing.weigh("note", &mut lead.note, loser.note.as_ref());
        return Ok(());
    };
    let name = loser.full_name();
    let head = if name.is_empty() { "From the lead that was merged:".to_owned() } else { format!("From {name}:") };
    let merged = Some(Note::parse(&format!("{own}\n\n{head}\n{other}"))?);
    weighing.note("note", own, other, &merged);
    lead.note = merged;
    Ok(())
}

/// The further state of the two, by the steps that lead there.
fn state(weighing: &mut Weighing<'_>, lead: &mut Lead, loser: &Lead) -> Result<Vec<LeadEvent>> {
    let (before, goal) = (lead.status, loser.status);
    let moves = match weighing.choice("status", Choice::FillEmpty) {
        Choice::Keep => false,
        Choice::Take => goal != before,
        Choice::FillEmpty => rank(goal) > rank(before),
    };
    let mut steps = Vec::new();
    if moves {
        if before == LeadStatus::Unqualified && goal != LeadStatus::New {
            steps.push(lead.reopen()?);
        }
        steps.push(match goal {
            LeadStatus::Unqualified => lead.disqualify(loser.unqualified_reason.clone())?,
            _ => lead.go_to(goal)?,
        });
    }
    if lead.status == goal && lead.status_label.is_none() {
        lead.status_label.clone_from(&loser.status_label);
    }
    weighing.note("status", &before, &goal, &lead.status);
    Ok(steps)
}

fn rank(status: LeadStatus) -> u8 {
    match status {
        LeadStatus::Unqualified => 0,
        LeadStatus::New => 1,
        LeadStatus::Contacted => 2,
        LeadStatus::Qualified => 3,
        LeadStatus::Converted => 4,
    }
}
