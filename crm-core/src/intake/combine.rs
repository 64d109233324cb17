//! What a known lead takes over from a submission.

use std::collections::BTreeSet;

use crate::kernel::{CustomValues, Patch};
use crate::lead::{Lead, LeadPatch};

/// Whose value stands where both have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precedence {
    /// The known lead's.
    Known,
    /// The submission's.
    Submitted,
}

/// The change that makes the known lead take over what is told. No address and no number is ever lost: when another one
/// becomes the first, the old one stays among the others.
pub(super) fn combined(known: &Lead, told: &Lead, precedence: Precedence) -> LeadPatch {
    let emails = ordered(known.emails(), told.emails(), precedence, |email| email.key().to_owned());
    let phones = ordered(known.phones(), told.phones(), precedence, |phone| phone.key().to_owned());
    let (email, other_emails) = first_and_rest(emails);
    let (phone, other_phones) = first_and_rest(phones);
    LeadPatch {
        first_name: take(known.first_name.as_ref(), told.first_name.as_ref(), precedence),
        last_name: take(known.last_name.as_ref(), told.last_name.as_ref(), precedence),
        company: take(known.company.as_ref(), told.company.as_ref(), precedence),
        job_title: take(known.job_title.as_ref(), told.job_title.as_ref(), precedence),
        email,
        other_emails: Some(other_emails),
        phone,
        other_phones: Some(other_phones),
        website: take(known.website.as_ref(), told.website.as_ref(), precedence),
        industry: take(known.industry.as_ref(), told.industry.as_ref(), precedence),
        employee_count: take(known.employee_count.as_ref(), told.employee_count.as_ref(), precedence),
        city: take(known.city.as_ref(), told.city.as_ref(), precedence),
        country: take(known.country.as_ref(), told.country.as_ref(), precedence),
        tags: Some(known.tags.iter().chain(&told.tags).cloned().collect::<BTreeSet<_>>().into_iter().collect()),
        custom: Some(custom(&known.custom, &told.custom, precedence)),
        note: take(known.note.as_ref(), told.note.as_ref(), precedence),
    }
}

fn take<T: Clone>(known: Option<&T>, told: Option<&T>, precedence: Precedence) -> Patch<T> {
    match told {
        Some(told) if known.is_none() || precedence == Precedence::Submitted => Patch::Set(told.clone()),
        _ => Patch::Keep,
    }
}

fn custom(known: &CustomValues, told: &CustomValues, precedence: Precedence) -> CustomValues {
    let mut values = known.clone();
    for (key, value) in told.iter() {
        if precedence == Precedence::Submitted || values.get(key).is_none() {
            values.set(key.clone(), value.clone());
        }
    }
    values
}

/// Both lists as one without doubles, the preferred one first.
fn ordered<'a, T: Clone + 'a>(
    known: impl Iterator<Item = &'a T>,
    told: impl Iterator<Item = &'a T>,
    precedence: Precedence,
    key: impl Fn(&T) -> String,
) -> Vec<T> {
    let (known, told): (Vec<_>, Vec<_>) = (known.collect(), told.collect());
    let all = match precedence {
        Precedence::Known => known.into_iter().chain(told),
        Precedence::Submitted => told.into_iter().chain(known),
    };
    let mut seen = BTreeSet::new();
    all.filter(|value| seen.insert(key(value))).cloned().collect()
}

fn first_and_rest<T>(list: Vec<T>) -> (Patch<T>, Vec<T>) {
    let mut list = list.into_iter();
    let first = list.next().map_or(Patch::Keep, Patch::Set);
    (first, list.collect())
}
