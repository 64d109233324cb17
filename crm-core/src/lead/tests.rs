//! The states of a lead, and what its service keeps in step with it.

use proptest::prelude::*;

use super::*;
use crate::access::{Permission, StandardRole};
use crate::event::Event;
use crate::identity::{RecordKind, RecordRef};
use crate::kernel::{
    DigitsOnly, Explanation, Id, Label, Name, Page, Patch, PhoneNumbers, Predicate, Stored, Timestamp,
};
use crate::testing::office::{Office, named};

#[test]
fn the_table_of_states_is_the_agreed_one() {
    use LeadStatus::{Contacted, Converted, New, Qualified, Unqualified};
    let expected: &[(LeadStatus, &[LeadStatus])] = &[
        (New, &[Contacted, Qualified, Unqualified, Converted]),
        (Contacted, &[Qualified, Unqualified, Converted]),
        (Qualified, &[Contacted, Unqualified, Converted]),
        (Unqualified, &[New]),
        (Converted, &[]),
    ];
    for (from, next) in expected {
        let allowed: Vec<_> = LeadStatus::ALL.iter().copied().filter(|to| from.may_become(*to)).collect();
        assert_eq!(&allowed, next, "{from:?}");
    }
}

#[derive(Clone, Debug)]
enum Command {
    Change(Box<LeadPatch>),
    Contact,
    Qualify,
    Disqualify(Option<Name>),
    Reopen,
    GoTo(LeadStatus),
    Relabel,
    Assign,
    Convert,
}

impl Command {
    fn apply(self, lead: &mut Lead) -> Result<(), LeadRefusal> {
        match self {
            Self::Change(patch) => lead.change(*patch).map(drop),
            Self::Contact => lead.contact().map(drop),
            Self::Qualify => lead.qualify().map(drop),
            Self::Disqualify(reason) => lead.disqualify(reason).map(drop),
            Self::Reopen => lead.reopen().map(drop),
            Self::GoTo(status) => lead.go_to(status).map(drop),
            Self::Relabel => lead.relabel("Hot".parse().unwrap()),
            Self::Assign => lead.assign(None, Explanation::new("nobody is left")).map(drop),
            Self::Convert => lead.convert(Timestamp::MIN),
        }
    }
}

fn patches() -> impl Strategy<Value = LeadPatch> {
    let names = || prop::sample::select(vec![Patch::Keep, Patch::Clear, Patch::Set("Ada".parse::<Name>().unwrap())]);
    let counts = prop::sample::select(vec![Patch::Keep, Patch::Set(12), Patch::Set(-1)]);
    (names(), names(), counts).prop_map(|(last_name, company, employee_count)| LeadPatch {
        last_name,
        company,
        employee_count,
        ..LeadPatch::default()
    })
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => patches().prop_map(|patch| Command::Change(Box::new(patch))),
        3 => prop::sample::select(vec![Command::Contact, Command::Qualify, Command::Reopen]),
        2 => Just(Command::Disqualify(Some("no budget".parse().unwrap()))),
        2 => prop::sample::select(LeadStatus::ALL).prop_map(Command::GoTo),
        2 => prop::sample::select(vec![Command::Relabel, Command::Assign]),
        1 => Just(Command::Convert),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_commands_leaves_the_table_of_states(commands in prop::collection::vec(commands(), 1..30)) {
        let mut lead = Lead::new(named("Lovelace")).unwrap();
        for command in commands {
            let before = lead.clone();
            let text = format!("{command:?} on a lead that is {:?}", before.status);
            if command.apply(&mut lead).is_err() { prop_assert_eq!(&lead, &before, "{} was refused and changed something", text) } else {
                prop_assert_ne!(before.status, LeadStatus::Converted, "{} was allowed", text);
                let stayed = before.status == lead.status;
                prop_assert!(stayed || before.status.may_become(lead.status), "{} led to {:?}", text, lead.status);
            }
            prop_assert_eq!(lead.converted_at.is_some(), lead.status == LeadStatus::Converted);
            prop_assert!(lead.last_name.is_some() || lead.company.is_some(), "the lead became anonymous");
            prop_assert!(lead.employee_count.is_none_or(|count| count >= 0));
            prop_assert!(lead.unqualified_reason.is_none() || lead.status == LeadStatus::Unqualified);
        }
    }
}

#[test]
fn a_converted_lead_refuses_every_command() {
    let mut lead = Lead::new(named("Lovelace")).unwrap();
    lead.convert(Timestamp::MIN).unwrap();
    let every = [
        Command::Change(Box::default()),
        Command::Contact,
        Command::Qualify,
        Command::Disqualify(None),
        Command::Reopen,
        Command::GoTo(LeadStatus::New),
        Command::Relabel,
        Command::Assign,
        Command::Convert,
    ];
    for command in every {
        let text = format!("{command:?}");
        assert_eq!(command.apply(&mut lead.clone()), Err(LeadRefusal::AlreadyConverted), "{text}");
    }
    lead.copy_score(7, Timestamp::MIN);
    assert_eq!(lead.score, 7);
}

#[test]
fn a_lead_needs_something_to_be_known_by() {
    let nobody = NewLead { city: Some("Paris".parse().unwrap()), ..NewLead::default() };
    assert_eq!(Lead::new(nobody), Err(LeadRefusal::Anonymous));
    let address = NewLead { other_emails: vec!["ada@example.com".parse().unwrap()], ..NewLead::default() };
    assert!(Lead::new(address).is_ok());
    let negative = NewLead { employee_count: Some(-3), ..named("Lovelace") };
    assert_eq!(Lead::new(negative), Err(LeadRefusal::NegativeEmployeeCount(-3)));
    let many = |count: usize| NewLead {
        other_emails: (0..count).map(|number| format!("ada{number}@engine.example").parse().unwrap()).collect(),
        ..NewLead::default()
    };
    assert!(Lead::new(many(15)).is_ok());
    let refused = LeadRefusal::TooManyAddresses { field: "other_emails", count: 16 };
    assert_eq!(Lead::new(many(16)), Err(refused));
}

#[test]
fn tags_are_kept_once_and_in_order() {
    let tags = |tags: &[&str]| tags.iter().map(|tag| tag.parse().unwrap()).collect::<Vec<crate::kernel::Tag>>();
    let mut lead = Lead::new(NewLead { tags: tags(&["b", "a", "B"]), ..named("Lovelace") }).unwrap();
    assert_eq!(lead.tags, tags(&["a", "b"]));
    let again = LeadPatch { tags: Some(tags(&["b", "a"])), ..LeadPatch::default() };
    assert!(lead.change(again).unwrap().is_none());
    let other = LeadPatch { tags: Some(tags(&["vip", "a", "vip"])), ..LeadPatch::default() };
    let Some(LeadEvent::Changed { changes }) = lead.change(other).unwrap() else { panic!("nothing changed") };
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["tags"]);
    assert_eq!(lead.tags, tags(&["a", "vip"]));
}

#[tokio::test]
async fn a_label_leads_to_the_state_that_it_stands_for() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let label = |text: &str| text.parse::<Label>().unwrap();
    boss.leads().create_label(label("Talked"), LeadStatus::Contacted).await.unwrap();
    boss.leads().create_label(label("Talked twice"), LeadStatus::Contacted).await.unwrap();
    boss.leads().create_label(label("Fresh"), LeadStatus::New).await.unwrap();
    let id = office.lead(named("Lovelace")).await.id;

    let lead = boss.leads().label(id, label("Talked")).await.unwrap();
    assert_eq!((lead.status, lead.status_label.clone()), (LeadStatus::Contacted, Some(label("Talked"))));
    let told = office.store.dump::<Event>(office.organization).pop().unwrap();
    assert!(told.data.to_string().contains("Talked"), "the label is told of: {}", told.data);
    let lead = boss.leads().label(id, label("Talked twice")).await.unwrap();
    assert_eq!(lead.status_label, Some(label("Talked twice")));
    let again = boss.leads().label(id, label("Talked twice")).await.unwrap();
    assert_eq!(again.version, lead.version, "the same label again is no change");
    let refused = boss.leads().label(id, label("Fresh")).await.unwrap_err();
    assert_eq!(refused.code(), "lead.step_not_allowed");
    assert_eq!(boss.leads().qualify(id).await.unwrap().status_label, None, "the label names another state");
    assert_eq!(
        office.events_of(id.uuid()),
        ["lead.created", "lead.contacted", "lead.changed", "lead.changed", "lead.qualified"]
    );
    let told = office.store.dump::<crate::event::Event>(office.organization);
    let told = told.iter().filter(|event| format!("{event:?}").contains("Talked")).count();
    assert_eq!(told, 2, "each label is told of");

    let unknown = boss.leads().label(id, label("Warm")).await.unwrap_err();
    assert_eq!(unknown.fields()[0].code, "lead_status_label.unknown");
    let twice = boss.leads().create_label(label("Talked"), LeadStatus::New).await.unwrap_err();
    assert_eq!((twice.code(), twice.fields()[0].field.as_str()), ("record.duplicate", "label"));
    assert!(twice.to_string().contains("give another"), "the remedy: {twice}");
    let unreachable = boss.leads().create_label(label("Won"), LeadStatus::Converted).await.unwrap_err();
    assert_eq!(unreachable.code(), "lead.step_not_allowed");

    let fresh = boss.leads().labels().await.unwrap().into_iter().find(|one| one.label == label("Fresh")).unwrap();
    boss.leads().delete_label(fresh.id).await.unwrap();
    assert_eq!(boss.leads().labels().await.unwrap().len(), 2);
    assert_eq!(office.events_of(fresh.id.uuid()), ["lead_status_label.created", "lead_status_label.deleted"]);
    assert_eq!(boss.leads().delete_label(fresh.id).await.unwrap_err().code(), "record.not_found");
}

#[tokio::test]
async fn keys_follow_what_the_lead_is_known_by() {
    let office = Office::open().await;
    let leads = office.boss().await;
    let leads = leads.leads();
    let phone = DigitsOnly.parse("+49 30 1234567", None).unwrap();
    let new = NewLead { email: Some("Ada@Lovelace.example".parse().unwrap()), phone: Some(phone), ..named("Lovelace") };
    let lead = office.lead(new).await;
    let record = RecordRef::new(RecordKind::Lead, lead.id);
    let keys = office.keys_of(record);
    for key in ["domain:lovelace.example", "email:ada@lovelace.example", "phone:+49301234567"] {
        assert!(keys.iter().any(|own| own == key), "{key} is missing in {keys:?}");
    }

    let patch =
        LeadPatch { email: Patch::Set("ada@gmail.com".parse().unwrap()), phone: Patch::Clear, ..LeadPatch::default() };
    let lead = leads.change(lead.id, lead.version, patch).await.unwrap();
    assert_eq!(office.keys_of(record), ["email:ada@gmail.com", "folded-email:ada@gmail.com", "name:lovelace"]);
    assert_eq!(office.keys_of(record), lead.keys().iter().map(str::to_owned).collect::<Vec<_>>());

    leads.delete(lead.id, lead.version).await.unwrap();
    assert!(office.keys_of(record).is_empty());
    assert_eq!(leads.get(lead.id).await.unwrap_err().code(), "record.not_found");
    assert_eq!(office.events_of(lead.id.uuid()), ["lead.created", "lead.changed", "lead.deleted"]);
}

#[tokio::test]
async fn the_first_touch_stays_the_first() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let from = |source: &str| TouchDetails { source: Some(source.parse().unwrap()), ..TouchDetails::default() };
    let lead = office.lead(NewLead { touch: Some(from("newsletter")), ..named("Lovelace") }).await;
    for source in ["fair", "search"] {
        office.clock.advance(std::time::Duration::from_mins(1));
        let mut uow = boss.begin(Permission::LeadUpdate).await.unwrap();
        let (record, why) = (RecordRef::new(RecordKind::Lead, lead.id), Explanation::new("they said so"));
        add_touches(&mut uow, vec![NewTouch { record, details: from(source), why }]).await.unwrap();
        uow.commit().await.unwrap();
    }
    let touches = boss.leads().touches(lead.id).await.unwrap();
    let sources: Vec<_> = touches.iter().filter_map(|touch| touch.details.source.as_deref()).collect();
    assert_eq!(sources, ["newsletter", "fair", "search"]);
    boss.leads().delete(lead.id, lead.version).await.unwrap();
    assert!(office.store.dump::<Touch>(office.organization).is_empty());
}

#[tokio::test]
async fn a_stale_version_is_refused_and_nothing_is_kept() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let lead = office.lead(named("Lovelace")).await;
    let rename = |name: &str| LeadPatch { last_name: Patch::Set(name.parse().unwrap()), ..LeadPatch::default() };
    let changed = boss.leads().change(lead.id, 1, rename("Byron")).await.unwrap();
    assert_eq!(changed.version, 2);
    let stale = boss.leads().change(lead.id, 1, rename("King")).await.unwrap_err();
    assert_eq!(stale.code(), "record.stale_version");
    assert_eq!(boss.leads().delete(lead.id, 1).await.unwrap_err().code(), "record.stale_version");
    assert_eq!(boss.leads().get(lead.id).await.unwrap(), changed);
    let same = boss.leads().change(lead.id, 2, rename("Byron")).await.unwrap();
    assert_eq!(same.version, 2, "a change that changes nothing is not saved");
    assert_eq!(office.events_of(lead.id.uuid()), ["lead.created", "lead.changed"]);
}

#[tokio::test]
async fn a_sales_rep_sees_own_leads_only_and_a_manager_the_subtree() {
    let office = Office::open().await;
    let rep = office.hire("rita", StandardRole::SalesRep).await;
    let colleague = office.hire("carl", StandardRole::SalesRep).await;
    let stranger = office.hire("stan", StandardRole::SalesRep).await;
    let manager = office.hire("mia", StandardRole::Manager).await;
    let top = office.team("Europe", None, &[manager]).await;
    let middle = office.team("North", Some(top), &[rep]).await;
    office.team("Oslo", Some(middle), &[colleague]).await;
    office.team("America", None, &[stranger]).await;
    let mut ids = Vec::new();
    for (name, owner) in
        [("a", Some(rep)), ("b", Some(colleague)), ("c", Some(manager)), ("d", Some(stranger)), ("e", None)]
    {
        ids.push(office.lead(NewLead { owner_id: owner, ..named(name) }).await.id);
    }
    let [of_rep, of_colleague, of_manager, of_stranger, of_nobody] = ids[..] else { panic!("five leads") };

    let seen = async |member| {
        let session = office.session_of(member).await;
        let rows = session.leads().list(&Predicate::everything(), &Page::first(10)).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<LeadId>>()
    };
    assert_eq!(seen(rep).await, [of_rep]);
    assert_eq!(seen(manager).await, [of_rep, of_colleague, of_manager]);
    assert_eq!(seen(office.owner).await, ids);

    let session = office.session_of(rep).await;
    for hidden in [of_colleague, of_manager, of_stranger, of_nobody] {
        assert_eq!(session.leads().get(hidden).await.unwrap_err().code(), "record.not_found");
        assert_eq!(session.leads().qualify(hidden).await.unwrap_err().code(), "record.not_found");
        assert_eq!(session.leads().history(hidden, &Page::first(1)).await.unwrap_err().code(), "record.not_found");
    }
    assert!(session.leads().qualify(of_rep).await.is_ok());
}

#[tokio::test]
async fn leads_of_another_organization_do_not_exist() {
    let office = Office::open().await;
    let neighbour = office.neighbour("neighbour").await;
    let lead = office.lead(named("Lovelace")).await;
    let session = neighbour.boss().await;
    let leads = session.leads();
    let refusals: Vec<crate::kernel::Error> = vec![
        leads.get(lead.id).await.unwrap_err(),
        leads.qualify(lead.id).await.unwrap_err(),
        leads.change(lead.id, 1, LeadPatch::default()).await.unwrap_err(),
        leads.delete(lead.id, 1).await.unwrap_err(),
        leads.touches(lead.id).await.unwrap_err(),
    ];
    let nowhere = leads.get(Id::new(uuid::Uuid::nil())).await.unwrap_err();
    assert!(refusals.iter().all(|refusal| refusal.code() == nowhere.code()), "{refusals:?}");
    assert!(leads.list(&Predicate::everything(), &Page::first(10)).await.unwrap().is_empty());
    let own: Vec<Stored<Lead>> = office.store.dump(office.organization);
    assert_eq!(own, [lead]);
    let foreign_owner = NewLead { owner_id: Some(neighbour.owner), ..named("Byron") };
    let boss = office.boss().await;
    let mut uow = boss.begin(Permission::LeadCreate).await.unwrap();
    let draft = LeadDraft { id: uow.new_id(), lead: Lead::new(foreign_owner).unwrap(), touch: None };
    let refused = insert_leads(&mut uow, &crate::custom_field::Schema::default(), vec![draft]).await.unwrap_err();
    assert_eq!(refused.code(), "record.missing_reference");
}
