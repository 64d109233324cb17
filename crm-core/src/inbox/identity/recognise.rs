//! Recognising a participant.

use crate::duplicate::{Profile, candidates};
use crate::identity::{KeyKind, RecordKind, RecordRef};
use crate::inbox::channel::RecipientKind;
use crate::inbox::connection::{Connection, LeadPolicy};
use crate::inbox::participant::{Participant, ParticipantEvent};
use crate::intake::{CaptureOutcome, IntakeRules, MatchBy, OnMatch, Submission, capture_batch};
use crate::kernel::{Id, Kind, Line, Name, PhoneNumber, Result, Rule, Stored};
use crate::lead::NewLead;
use crate::store::UnitOfWork;

/// A group is nobody in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the conversation is with a group of several people; choose a conversation with one of them")]
pub struct NotAPerson;

impl Rule for NotAPerson {
    fn code(&self) -> &'static str {
        "participant.not_a_person"
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

/// Links a participant, makes a lead of them, or suggests who they may be, as the connection's policy says. Those who are
/// linked stay so.
pub(crate) async fn recognise(
    uow: &mut UnitOfWork<'_>,
    connection: &Stored<Connection>,
    participant: &mut Stored<Participant>,
    first: bool,
) -> Result<()> {
    if participant.is_group() || is_linked(uow, participant).await? {
        return Ok(());
    }
    match connection.settings.leads {
        // Later ones are looked up when a person asks.
        LeadPolicy::Suggest if !first => Ok(()),
        LeadPolicy::Suggest => suggest(uow, participant).await,
        LeadPolicy::Create => {
            let submission = submission(uow, connection, participant)?;
            let rules = IntakeRules::load(uow).await?;
            let outcome = capture_batch(uow, &rules, vec![submission]).await?.pop();
            let record = match outcome {
                Some(Ok(CaptureOutcome::Created { lead, .. } | CaptureOutcome::Updated { lead, .. })) => {
                    Some(RecordRef::new(RecordKind::Lead, lead))
                }
                Some(Ok(CaptureOutcome::Linked { record, .. } | CaptureOutcome::Skipped { record, .. })) => {
                    Some(record)
                }
                Some(Ok(CaptureOutcome::Repeated { record })) => record,
                // The organization's policy wants a person to look first.
                Some(Ok(CaptureOutcome::Warned(_) | CaptureOutcome::Blocked(_)) | Err(_)) | None => None,
            };
            match record {
                Some(record) => link(uow, participant, record).await,
                None => suggest(uow, participant).await,
            }
        }
    }
}

/// Whether they are linked to a record that is still there.
async fn is_linked(uow: &mut UnitOfWork<'_>, participant: &Participant) -> Result<bool> {
    if let Some(id) = participant.lead_id
        && uow.find_of_anyone(id).await?.is_some()
    {
        return Ok(true);
    }
    match participant.contact_id {
        Some(id) => Ok(uow.find_of_anyone(id).await?.is_some()),
        None => Ok(false),
    }
}

async fn link(uow: &mut UnitOfWork<'_>, participant: &mut Stored<Participant>, record: RecordRef) -> Result<()> {
    let event = match record.kind {
        RecordKind::Lead => participant.value.link(Some(Id::new(record.id)), None),
        RecordKind::Contact => participant.value.link(None, Some(Id::new(record.id))),
        RecordKind::Account | RecordKind::Opportunity => return Ok(()),
    };
    *participant = uow.save(participant.clone(), event).await?;
    Ok(())
}

/// Says who they may be.
async fn suggest(uow: &mut UnitOfWork<'_>, participant: &Stored<Participant>) -> Result<()> {
    let profile = profile_of(uow, participant);
    let found = candidates(uow, &[profile]).await?.pop().unwrap_or_default();
    let records: Vec<RecordRef> = found.into_iter().map(|candidate| candidate.record).take(5).collect();
    if !records.is_empty() {
        uow.say(participant, &ParticipantEvent::Suggested { records })?;
    }
    Ok(())
}

/// What is known of a participant, as the duplicate engine compares it.
pub(crate) fn profile_of(uow: &UnitOfWork<'_>, participant: &Participant) -> Profile {
    let profile = Profile::person(None, participant.name.as_deref());
    match telephone(uow, participant) {
        Some(phone) => profile.phone(&phone),
        None => profile,
    }
}

fn telephone(uow: &UnitOfWork<'_>, participant: &Participant) -> Option<PhoneNumber> {
    if participant.address_kind != RecipientKind::Telephone {
        return None;
    }
    uow.session().ports().phones.parse(&format!("+{}", participant.address), None).ok()
}

/// The lead that a participant would make.
///
/// # Errors
/// `NotAPerson`.
pub(crate) fn lead_of(uow: &UnitOfWork<'_>, connection: &Connection, participant: &Participant) -> Result<NewLead> {
    if participant.is_group() {
        return Err(NotAPerson.into());
    }
    let platform = connection.platform.as_str();
    let name = participant.name.as_deref().unwrap_or_default();
    let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
    let phone = telephone(uow, participant);
    let last_name = match Name::cleaned(last) {
        Ok(last) => Some(last),
        // Nobody is anonymous: without a name and a number the platform's own name for them will do.
        Err(_) if phone.is_none() => Some(Name::cleaned(&format!("{platform} {}", participant.address))?),
        Err(_) => None,
    };
    let source = Some(Name::cleaned(platform)?);
    Ok(NewLead { first_name: Name::cleaned(first).ok(), last_name, phone, source, ..NewLead::default() })
}

fn submission(
    uow: &UnitOfWork<'_>,
    connection: &Stored<Connection>,
    participant: &Stored<Participant>,
) -> Result<Submission> {
    let lead = lead_of(uow, connection, participant)?;
    let source = Name::cleaned(connection.platform.as_str())?;
    let external_id = Some(Line::<200>::cleaned(&format!("{}/{}", connection.id, participant.id))?);
    // Only a number they wrote from says who they are: never a name.
    let match_by = MatchBy::Keys(vec![KeyKind::Phone]);
    Ok(Submission { external_id, match_by, on_match: OnMatch::Policy, ..Submission::new(source, lead) })
}
