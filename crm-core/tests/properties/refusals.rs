//! A command that is refused has done nothing: the store holds what it held before, to the last byte.

use std::collections::BTreeMap;

use crm_core::access::StandardRole;
use crm_core::activity::{Activity, ActivityKind, Completion, NewActivity};
use crm_core::conversion::{ConversionChoices, NewDeal};
use crm_core::custom_field::{CustomType, NewCustomField};
use crm_core::duplicate::{Action, Certainty, DuplicateFlag};
use crm_core::identity::{RecordKind, RecordRef};
use crm_core::intake::{OnMatch, Submission};
use crm_core::kernel::{CustomValue, CustomValues, Entity, Error, Id, Result, Stored};
use crm_core::lead::{Lead, LeadPatch, NewLead};
use crm_core::people::{Account, Contact, ContactPoint, NewAccount, NewContact, NewContactPoint, PointValue};
use crm_core::pipeline::{CloseReason, Closing, Move, NewOpportunity, Opportunity, OpportunityPatch, Stage};
use crm_core::scoring::NewEngagement;
use crm_core::store::Session;
use crm_core::testing::office::Office;
use proptest::prelude::*;

use crate::{everything, run};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verb {
    Submit,
    SubmitBatch,
    ChangeLead,
    ContactLead,
    QualifyLead,
    DisqualifyLead,
    ReopenLead,
    AssignLead,
    DeleteLead,
    Convert,
    Engage,
    CreateContact,
    AddPoint,
    RemovePoint,
    DeleteContact,
    CreateAccount,
    PlaceAccount,
    DeleteAccount,
    CreateDeal,
    MoveDeal,
    WinDeal,
    ReopenDeal,
    DeleteDeal,
    CreateActivity,
    CompleteActivity,
    DeleteActivity,
    CreateField,
    SetPolicy,
    DismissFlag,
    Half,
}

const VERBS: &[Verb] = {
    use Verb as V;
    &[
        V::Submit,
        V::Submit,
        V::SubmitBatch,
        V::ChangeLead,
        V::ContactLead,
        V::QualifyLead,
        V::DisqualifyLead,
        V::ReopenLead,
        V::AssignLead,
        V::DeleteLead,
        V::Convert,
        V::Engage,
        V::CreateContact,
        V::AddPoint,
        V::RemovePoint,
        V::DeleteContact,
        V::CreateAccount,
        V::PlaceAccount,
        V::DeleteAccount,
        V::CreateDeal,
        V::MoveDeal,
        V::WinDeal,
        V::ReopenDeal,
        V::DeleteDeal,
        V::CreateActivity,
        V::CompleteActivity,
        V::DeleteActivity,
        V::CreateField,
        V::SetPolicy,
        V::DismissFlag,
    ]
};

/// A command with what it is about; `one` and `two` choose among the records that are there, or one that is not.
#[derive(Clone, Copy, Debug)]
struct Command {
    verb: Verb,
    caller: usize,
    one: usize,
    two: usize,
    stale: bool,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let verb = prop::sample::select(VERBS);
    let caller = prop_oneof![6 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let command = (verb, caller, 0..5_usize, 0..5_usize, prop::bool::weighted(0.15));
    let command = command.prop_map(|(verb, caller, one, two, stale)| Command { verb, caller, one, two, stale });
    prop::collection::vec(command, 1..40)
}

struct Scene {
    office: Office,
    sessions: Vec<Session>,
}

impl Scene {
    async fn open() -> Self {
        let office = Office::open().await;
        let mut sessions = vec![office.boss().await];
        for (name, role) in [("rita", StandardRole::SalesRep), ("vera", StandardRole::Viewer)] {
            let member = office.hire(name, role).await;
            sessions.push(office.session_of(member).await);
        }
        Self { office, sessions }
    }

    /// One of the records; one that does not exist when the number is too high.
    fn pick<E: Entity>(&self, number: usize) -> (Id<E>, i64) {
        let rows: Vec<Stored<E>> = self.office.store.dump(self.office.organization);
        rows.get(number).map_or((Id::new(uuid::Uuid::nil()), 1), |row| (row.id, row.version))
    }

    async fn take(&self, command: Command) -> Result<()> {
        let Command { verb, caller, one, two, stale } = command;
        let session = &self.sessions[caller];
        let version = |version: i64| if stale { version - 1 } else { version };
        let (lead, at) = self.pick::<Lead>(one);
        let (contact, contact_at) = self.pick::<Contact>(one);
        let (account, account_at) = self.pick::<Account>(one);
        let (deal, deal_at) = self.pick::<Opportunity>(one);
        let (activity, activity_at) = self.pick::<Activity>(one);
        let (stage, reason) = (self.pick::<Stage>(two).0, self.pick::<CloseReason>(two).0);
        match verb {
            Verb::Submit => session.intake().submit(submission(one, two)).await.map(drop),
            Verb::SubmitBatch => {
                let batch = vec![submission(one, two), submission(two, one)];
                session.intake().capture(batch).await?.into_iter().find_map(Result::err).map_or(Ok(()), |_| Ok(()))
            }
            Verb::ChangeLead => session.leads().change(lead, version(at), patch(two)).await.map(drop),
            Verb::ContactLead => session.leads().contact(lead).await.map(drop),
            Verb::QualifyLead => session.leads().qualify(lead).await.map(drop),
            Verb::DisqualifyLead => session.leads().disqualify(lead, None).await.map(drop),
            Verb::ReopenLead => session.leads().reopen(lead).await.map(drop),
            Verb::AssignLead => {
                let member = if two == 4 { Id::new(uuid::Uuid::nil()) } else { self.office.owner };
                session.assignment().assign(lead, Some(member), None).await.map(drop)
            }
            Verb::DeleteLead => session.leads().delete(lead, version(at)).await,
            Verb::Convert => {
                let choices = if two < 3 { ConversionChoices::with_deal(NewDeal::default()) } else { none() };
                session.conversions().convert(lead, &choices, Some(&format!("key {two}"))).await.map(drop)
            }
            Verb::Engage => {
                let engagement = NewEngagement::of(lead, "email_opened".parse().unwrap());
                session.scoring().record_engagement(engagement).await.map(drop)
            }
            Verb::CreateContact => session.contacts().create(person(one, two)).await.map(drop),
            Verb::AddPoint => session.contacts().add_point(contact, point(two)).await.map(drop),
            Verb::RemovePoint => session.contacts().remove_point(contact, self.pick::<ContactPoint>(two).0).await,
            Verb::DeleteContact => session.contacts().delete(contact, version(contact_at)).await,
            Verb::CreateAccount => session.accounts().create(company(two)).await.map(drop),
            Verb::PlaceAccount => {
                let parent = self.pick::<Account>(two).0;
                session.accounts().place(account, Some(parent)).await.map(drop)
            }
            Verb::DeleteAccount => session.accounts().delete(account, version(account_at)).await,
            Verb::CreateDeal => {
                let account_id = Some(self.pick::<Account>(two).0);
                let new = NewOpportunity { account_id, ..NewOpportunity::named("Deal".parse().unwrap()) };
                session.opportunities().create(new).await.map(drop)
            }
            Verb::MoveDeal => {
                let step = Move { stage_id: stage, change: OpportunityPatch::default() };
                session.opportunities().move_to(deal, version(deal_at), step).await.map(drop)
            }
            Verb::WinDeal => {
                let closing = Closing { reason_id: reason, note: None, stage_id: None };
                session.opportunities().win(deal, version(deal_at), closing).await.map(drop)
            }
            Verb::ReopenDeal => session.opportunities().reopen(deal, version(deal_at)).await.map(drop),
            Verb::DeleteDeal => session.opportunities().delete(deal, version(deal_at)).await,
            Verb::CreateActivity => {
                let records = vec![
                    RecordRef::new(RecordKind::Lead, lead),
                    RecordRef::new(RecordKind::Contact, self.pick::<Contact>(two).0),
                ];
                let new = NewActivity::about(ActivityKind::Call, "Call".parse().unwrap(), records);
                session.activities().create(new).await.map(drop)
            }
            Verb::CompleteActivity => session.activities().complete(activity, Completion::default()).await.map(drop),
            Verb::DeleteActivity => session.activities().delete(activity, version(activity_at)).await,
            Verb::CreateField => session.custom_fields().create(field(two)).await.map(drop),
            Verb::SetPolicy => {
                let action = [Action::Block, Action::Warn, Action::Link, Action::Merge, Action::AllowAndFlag][two];
                let certainty = Certainty::ALL[one % Certainty::ALL.len()];
                session.duplicates().set_policy(None, certainty, action).await.map(drop)
            }
            Verb::DismissFlag => session.duplicates().dismiss(self.pick::<DuplicateFlag>(two).0).await.map(drop),
            // The planted mistake: two commits, of which the second is refused.
            Verb::Half => {
                session.contacts().create(person(one, two)).await?;
                session.leads().delete(Id::new(uuid::Uuid::nil()), 1).await
            }
        }
    }
}

fn none() -> ConversionChoices {
    ConversionChoices::without_deal()
}

fn submission(one: usize, two: usize) -> Submission {
    let named = (one < 4).then(|| ["Lovelace", "Babbage", "Menabrea", "Somerville"][one].parse().unwrap());
    let on_match = [OnMatch::Policy, OnMatch::Create, OnMatch::Skip, OnMatch::FillEmpty, OnMatch::Overwrite][two];
    let lead = NewLead {
        last_name: named,
        email: (two < 3).then(|| format!("p{one}@engine{one}.example").parse().unwrap()),
        custom: custom(two),
        ..NewLead::default()
    };
    let external_id = (two == 1).then(|| format!("row {one}").parse().unwrap());
    Submission { external_id, on_match, ..Submission::new("form".parse().unwrap(), lead) }
}

fn custom(number: usize) -> CustomValues {
    let value = ["gold", "silver"].get(number).map(|text| CustomValue::Text(text.parse().unwrap()));
    value.into_iter().map(|value| ("tier".parse().unwrap(), value)).collect()
}

fn patch(number: usize) -> LeadPatch {
    let patch = match number {
        0 => serde_json::json!({ "last_name": null, "company": null }),
        1 => serde_json::json!({ "city": "Bern" }),
        2 => serde_json::json!({ "employee_count": -1 }),
        3 => serde_json::json!({ "custom": { "absent": { "bool": true } } }),
        _ => serde_json::json!({ "tags": ["vip"] }),
    };
    serde_json::from_value(patch).unwrap()
}

fn point(number: usize) -> NewContactPoint {
    NewContactPoint { value: PointValue::Email(format!("p{number}@home.example").parse().unwrap()), label: None }
}

fn person(one: usize, two: usize) -> NewContact {
    let last_name = (one < 4).then(|| "Byron".parse().unwrap());
    NewContact { last_name, points: (two < 3).then(|| point(two)).into_iter().collect(), ..NewContact::default() }
}

fn company(number: usize) -> NewAccount {
    let domains = vec![format!("engine{number}.example").parse().unwrap()];
    NewAccount { domains, ..NewAccount::named("Engines".parse().unwrap()) }
}

fn field(number: usize) -> NewCustomField {
    let (required, unique) = (number == 3, number == 1);
    NewCustomField {
        record_kind: RecordKind::Lead,
        key: "tier".parse().unwrap(),
        label: "Tier".parse().unwrap(),
        holds: if number == 4 { CustomType::Choice(Vec::new()) } else { CustomType::Text },
        required,
        unique,
        filterable: false,
    }
}

/// What each refused command changed; and how often each code was given.
async fn played(commands: &[Command]) -> (Vec<String>, BTreeMap<&'static str, usize>) {
    let scene = Scene::open().await;
    let (mut changed, mut refusals) = (Vec::new(), BTreeMap::new());
    let (store, organization) = (&scene.office.store, scene.office.organization);
    for command in commands {
        let before = everything(store, organization);
        if let Err(error) = scene.take(*command).await {
            let error: Error = error;
            *refusals.entry(error.code()).or_default() += 1;
            if everything(store, organization) != before {
                changed.push(format!("{command:?} was refused with {} and changed something", error.code()));
            }
        }
    }
    (changed, refusals)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_refusal_leaves_the_store_unchanged(commands in commands()) {
        let (changed, _) = run(played(&commands));
        prop_assert!(changed.is_empty(), "{:#?}", changed);
    }
}

#[test]
fn a_command_that_is_half_done_is_noticed() {
    let half = Command { verb: Verb::Half, caller: 0, one: 0, two: 0, stale: false };
    let (changed, refusals) = run(played(&[half]));
    assert_eq!((changed.len(), refusals.get("record.not_found")), (1, Some(&1)), "{changed:?}");
}

#[test]
fn the_commands_reach_many_refusals_and_succeed_too() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut codes, mut tried, mut refused) = (BTreeMap::new(), 0, 0);
    for _ in 0..60 {
        let commands = commands().new_tree(&mut runner).unwrap().current();
        tried += commands.len();
        for (code, times) in run(played(&commands)).1 {
            refused += times;
            *codes.entry(code).or_insert(0) += times;
        }
    }
    assert!(refused * 10 > tried && refused * 10 < tried * 9, "{refused} of {tried} were refused: {codes:?}");
    for code in ["record.not_found", "permission.missing", "record.stale_version", "lead.anonymous", "input.invalid"] {
        assert!(codes.contains_key(code), "{code} was never given: {codes:?}");
    }
}
