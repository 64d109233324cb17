//! Who may change what, and that one bad submission costs the others nothing.

use super::*;
use crate::access::MemberId;
use crate::custom_field::{CustomType, NewCustomField};
use crate::identity::RecordKind;
use crate::kernel::{CustomKey, CustomValue, Stored};
use crate::store::Session;

fn stored(office: &Office) -> Stored<Lead> {
    office.store.dump::<Lead>(office.organization).remove(0)
}

fn told(on_match: OnMatch) -> Submission {
    Submission { on_match, ..submission(NewLead { city: Some(name("Bern")), ..mara() }) }
}

#[tokio::test]
async fn who_may_not_change_a_lead_only_links_to_it() {
    for on_match in [OnMatch::FillEmpty, OnMatch::Overwrite] {
        let office = Office::open().await;
        let (rita, raul) =
            (office.hire("rita", StandardRole::SalesRep).await, office.hire("raul", StandardRole::SalesRep).await);
        let theirs = NewLead { owner_id: Some(raul), ..mara() };
        office.boss().await.intake().submit(submission(theirs)).await.unwrap();
        let before = stored(&office);
        let outcome = office.session_of(rita).await.intake().submit(told(on_match)).await.unwrap();
        let CaptureOutcome::Linked { evidence, .. } = outcome else { panic!("{outcome:?}") };
        assert!(!format!("{evidence:?}").contains("mara.keller@"), "{evidence:?}");
        assert_eq!(stored(&office).value, before.value, "{on_match:?}");
        // The control: whose lead it is may do it.
        let outcome = office.session_of(raul).await.intake().submit(told(on_match)).await.unwrap();
        assert!(matches!(outcome, CaptureOutcome::Updated { .. }), "{outcome:?}");
        assert_eq!(stored(&office).city.as_deref(), Some("Bern"));
    }
}

#[tokio::test]
async fn a_policy_fills_leads_for_everybody() {
    let office = Office::open().await;
    let boss = office.boss().await;
    boss.duplicates().set_policy(None, Certainty::Certain, Action::Merge).await.unwrap();
    boss.intake().submit(submission(NewLead { owner_id: Some(office.owner), ..mara() })).await.unwrap();
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let outcome = office.session_of(rita).await.intake().submit(told(OnMatch::Policy)).await.unwrap();
    assert!(matches!(outcome, CaptureOutcome::Updated { ref changes, .. } if changes.is_empty()), "{outcome:?}");
    assert_eq!(stored(&office).city.as_deref(), Some("Bern"));
}

async fn owned_by(session: &Session, owner: MemberId, person: &str) -> std::result::Result<CaptureOutcome, String> {
    let lead = NewLead { last_name: Some(name(person)), owner_id: Some(owner), ..NewLead::default() };
    session.intake().submit(submission(lead)).await.map_err(|error| error.code().to_owned())
}

#[tokio::test]
async fn an_owner_is_named_by_who_may_assign_and_is_active() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let session = office.session_of(rita).await;
    assert!(matches!(owned_by(&session, rita, "One").await, Ok(CaptureOutcome::Created { .. })), "for themselves");
    assert_eq!(owned_by(&session, office.owner, "Two").await.unwrap_err(), "permission.missing");
    assert!(owned_by(&boss, rita, "Two").await.is_ok(), "control: who may assign names anybody");
    let nobody = crate::kernel::Id::new(uuid::Uuid::from_u128(7));
    assert_eq!(owned_by(&boss, nobody, "Three").await.unwrap_err(), "input.invalid");
    boss.members().deactivate(rita).await.unwrap();
    assert_eq!(owned_by(&boss, rita, "Four").await.unwrap_err(), "input.invalid");
    assert_eq!(leads(&office), 2);
}

fn key() -> CustomKey {
    "number".parse().unwrap()
}

fn numbered(person: &str, number: &str) -> Submission {
    let email = format!("{person}@{person}.example").to_lowercase().parse().ok();
    let mut lead = NewLead { last_name: Some(name(person)), email, ..NewLead::default() };
    lead.custom.set(key(), CustomValue::Text(number.parse().unwrap()));
    submission(lead)
}

async fn office_with_numbers() -> Office {
    let office = Office::open().await;
    let field = NewCustomField {
        record_kind: RecordKind::Lead,
        key: key(),
        label: "Number".parse().unwrap(),
        holds: CustomType::Text,
        required: false,
        unique: true,
        filterable: false,
    };
    office.boss().await.custom_fields().create(field).await.unwrap();
    office
}

#[tokio::test]
async fn a_taken_value_or_an_unknown_owner_costs_the_rest_of_the_batch_nothing() {
    let office = office_with_numbers().await;
    let boss = office.boss().await;
    boss.intake().submit(numbered("Ash", "1")).await.unwrap();
    let nobody = Some(crate::kernel::Id::new(uuid::Uuid::from_u128(7)));
    let mut strange = numbered("Elm", "5");
    strange.lead.owner_id = nobody;
    let filling = Submission { on_match: OnMatch::Overwrite, ..numbered("Ash", "2") };
    let batch = vec![numbered("Birch", "1"), numbered("Cedar", "2"), numbered("Dogwood", "2"), strange, filling];
    let outcomes = boss.intake().capture(batch).await.unwrap();
    let codes: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().map_err(crate::kernel::Error::code).err()).collect();
    let taken = Some("custom_field.taken");
    assert_eq!(codes, [taken, None, taken, Some("input.invalid"), taken]);
    assert_eq!(outcomes[0].as_ref().unwrap_err().fields()[0].field, "custom.number");
    assert_eq!(outcomes[3].as_ref().unwrap_err().fields()[0].field, "owner_id");
    assert_eq!(leads(&office), 2);
    // The control: a value that is free is taken over.
    let free = Submission { on_match: OnMatch::Overwrite, ..numbered("Ash", "3") };
    assert!(matches!(boss.intake().submit(free).await.unwrap(), CaptureOutcome::Updated { .. }));
}

#[tokio::test]
async fn an_identifier_that_led_to_a_removed_lead_leads_to_a_new_one() {
    let office = Office::open().await;
    let boss = office.boss().await;
    for on_match in [OnMatch::Overwrite, OnMatch::Skip, OnMatch::Policy] {
        let once = Submission {
            external_id: Some("A-1".parse().unwrap()),
            match_by: MatchBy::Keys(vec![KeyKind::External]),
            on_match,
            ..submission(mara())
        };
        let made = boss.intake().submit(once.clone()).await.unwrap();
        let CaptureOutcome::Created { lead, .. } = made else { panic!("{made:?}") };
        let again = boss.intake().submit(once).await.unwrap();
        assert!(!matches!(again, CaptureOutcome::Created { .. }), "control: while it is there, it is found: {again:?}");
        let row = boss.leads().get(lead).await.unwrap();
        boss.leads().delete(lead, row.version).await.unwrap();
    }
    let captures = office.store.dump::<Capture>(office.organization);
    assert_eq!(captures.len(), 1, "the identifier is still of one record");
}

#[tokio::test]
async fn a_rehearsal_keeps_nobody_waiting() {
    let mut observed = None;
    let office = Office::behind(|store| observed.insert(ObservedStore::new(store.clone())).clone()).await;
    let (observed, boss) = (observed.unwrap(), office.boss().await);
    let locks = || observed.take_asked().into_iter().filter(|((verb, _), _)| *verb == "lock").count();
    let _ = locks();
    boss.intake().rehearse(vec![submission(mara())]).await.unwrap();
    assert_eq!(locks(), 0);
    boss.intake().capture(vec![submission(mara())]).await.unwrap();
    assert!(locks() > 0, "control: what is kept holds its turn");
}
