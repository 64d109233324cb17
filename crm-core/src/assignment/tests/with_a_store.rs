//! Turns taken in transactions: by hand, automatically, and many at once.

use std::collections::{BTreeMap, BTreeSet};

use super::office::{Office, capture, equal, lead, name, weighted};
use crate::access::{MemberId, Permission};
use crate::assignment::{AvailabilityChange, Obstacle, Rotation, RuleDraft, assign, assign_automatically};
use crate::intake::Submission;
use crate::kernel::{Clock, Patch};
use crate::lead::{Lead, LeadDraft, NewLead};

fn turns(office: &Office) -> BTreeMap<MemberId, i64> {
    let rotation = office.store.dump::<Rotation>(office.organization).remove(0);
    rotation.turns().iter().map(|turn| (turn.member_id, turn.count)).collect()
}

#[tokio::test]
async fn without_rules_a_lead_stays_without_an_owner_and_the_reason_is_given() {
    let office = Office::open().await;
    let (leads, assignments) = office.add_leads(vec![lead("Lovelace")]).await;
    assert_eq!(leads[0].owner_id, None);
    assert!(assignments[0].explanation.text.contains("no active assignment rules"), "{:?}", assignments[0]);
    assert!(office.told(leads[0].id).is_empty());
}

#[tokio::test]
async fn a_lead_that_names_its_owner_takes_nobodys_turn() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1)]).await;
    let named = NewLead { owner_id: Some(staff[1]), ..lead("Lovelace") };
    let (leads, _) = office.add_leads(vec![named, lead("Turing")]).await;
    assert_eq!(leads.iter().map(|lead| lead.owner_id).collect::<Vec<_>>(), [Some(staff[1]), Some(staff[0])]);
    assert_eq!(turns(&office).values().sum::<i64>(), 1);
}

#[tokio::test]
async fn the_event_says_who_was_passed_over_and_why() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert", "Cleo", "Dora"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1), (staff[2], 1), (staff[3], 2)]).await;
    let until = office.clock.now().plus(std::time::Duration::from_hours(5));
    office.away(staff[0], Some(until)).await;
    office.session.members().deactivate(staff[1]).await.unwrap();
    let full = AvailabilityChange { open_lead_cap: Patch::Set(1), ..AvailabilityChange::default() };
    office.assignment().set_availability(staff[2], full).await.unwrap();
    let mine = NewLead { owner_id: Some(staff[2]), ..lead("Hopper") };
    office.add_leads(vec![mine]).await;

    let (leads, assignments) = office.add_leads(vec![lead("Lovelace")]).await;
    assert_eq!(leads[0].owner_id, Some(staff[3]));
    let obstacles: Vec<_> = assignments[0].skipped.iter().map(|one| (one.name.as_str(), one.because.clone())).collect();
    assert_eq!(
        obstacles,
        [("Anna", Obstacle::Away(until)), ("Bert", Obstacle::Inactive), ("Cleo", Obstacle::Full { open: 1, cap: 1 })]
    );
    let told = office.told(leads[0].id);
    assert_eq!(told[0].name, "lead.assigned");
    let why = told[0].data["assigned"]["why"].to_string();
    for part in
        ["rule 'All' gives it to Dora", "0 turns at weight 2", "Anna was passed over: away until", "deactivated"]
    {
        assert!(why.contains(part), "{part} is missing in {why}");
    }
}

#[tokio::test]
async fn assigning_by_hand_never_moves_the_rotation() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert", "Cleo"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1), (staff[2], 1)]).await;
    let first = office.add_lead().await;
    let before = turns(&office);
    for _ in 0..4 {
        let moved = office.assignment().assign(first.id, Some(staff[1]), Some(name("knows them"))).await.unwrap();
        assert_eq!(moved.owner_id, Some(staff[1]));
    }
    office.assignment().assign(first.id, None, None).await.unwrap();
    assert_eq!(turns(&office), before);
    assert_eq!(office.add_lead().await.owner_id, Some(staff[1]), "it is still Bert's turn");
    let why = office.told(first.id)[1].data["assigned"]["why"].clone();
    assert_eq!(
        (why["text"].as_str(), why["because"][0]["text"].as_str()),
        (Some("assigned by hand"), Some("knows them"))
    );
}

#[tokio::test]
async fn a_deactivated_member_or_a_converted_lead_cannot_be_assigned_by_hand() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna"]).await;
    office.session.members().deactivate(staff[0]).await.unwrap();
    let lead = office.add_lead().await;
    let error = office.assignment().assign(lead.id, Some(staff[0]), None).await.unwrap_err();
    assert_eq!(error.code(), "assignment.member_inactive");
    assert!(error.to_string().contains("Anna"));
}

#[tokio::test]
async fn reassigning_gives_a_lead_to_someone_else_or_says_why_not() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1)]).await;
    let lead = office.add_lead().await;
    assert_eq!(lead.owner_id, Some(staff[0]));
    let lead = office.assignment().reassign(lead.id).await.unwrap();
    assert_eq!(lead.owner_id, Some(staff[1]));
    assert_eq!(turns(&office).into_values().collect::<Vec<_>>(), [1, 1]);

    office.away(staff[0], Some(crate::kernel::Timestamp::MAX)).await;
    let error = office.assignment().reassign(lead.id).await.unwrap_err();
    assert_eq!(error.code(), "assignment.nobody_else");
    assert!(error.explanation().unwrap().to_string().contains("Bert was passed over: has the lead already"));
    assert_eq!(office.store.dump::<Lead>(office.organization)[0].owner_id, Some(staff[1]));
}

#[tokio::test]
async fn a_preview_is_what_happens_and_changes_nothing() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert", "Cleo"]).await;
    let lead = office.add_lead().await;
    office.share(&[(staff[0], 2), (staff[1], 1), (staff[2], 1)]).await;
    office.away(staff[2], Some(crate::kernel::Timestamp::MAX)).await;
    for _ in 0..5 {
        let before = (turns(&office), office.told(lead.id).len());
        let preview = office.assignment().preview(lead.id).await.unwrap();
        assert_eq!((turns(&office), office.told(lead.id).len()), before);

        let mut uow = office.session.begin(Permission::LeadAssign).await.unwrap();
        let mut rows = vec![uow.get(lead.id).await.unwrap()];
        let happened = assign_automatically(&mut uow, &mut rows).await.unwrap();
        uow.commit().await.unwrap();
        assert_eq!(happened, [preview]);
        office.assignment().assign(lead.id, None, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_takes_the_turns_that_single_leads_would() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert", "Cleo"]).await;
    let shares = [(staff[0], 3), (staff[1], 2), (staff[2], 1)];
    office.share(&shares).await;
    let (batch, _) = office.add_leads((0..30).map(|_| lead("Lovelace")).collect()).await;
    office.assignment().set_rules(vec![RuleDraft::catch_all(name("Anew"), weighted(&shares))]).await.unwrap();
    for in_batch in batch {
        assert_eq!(office.add_lead().await.owner_id, in_batch.owner_id);
    }
    assert_eq!(office.owned().into_values().collect::<Vec<_>>(), [30, 20, 10]);
}

#[tokio::test]
async fn of_two_captures_at_once_the_second_to_commit_gets_a_conflict_and_then_another_turn() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1)]).await;
    let mut first = office.session.begin(Permission::LeadCreate).await.unwrap();
    let mut second = office.session.begin(Permission::LeadCreate).await.unwrap();
    let mut row = first.fresh(first.new_id(), Lead::new(lead("One")).unwrap());
    let mut other = second.fresh(second.new_id(), Lead::new(lead("Other")).unwrap());
    let one = assign(&mut first, std::slice::from_mut(&mut row)).await.unwrap();
    let same = assign(&mut second, std::slice::from_mut(&mut other)).await.unwrap();
    assert_eq!(one[0].member_id, same[0].member_id, "neither sees the other");
    first.commit().await.unwrap();
    assert_eq!(second.commit().await.unwrap_err().code(), "record.changed_meanwhile");

    let mut again = office.session.begin(Permission::LeadCreate).await.unwrap();
    let mut other = again.fresh(again.new_id(), Lead::new(lead("Other")).unwrap());
    assign(&mut again, std::slice::from_mut(&mut other)).await.unwrap();
    again.commit().await.unwrap();
    assert_eq!((row.owner_id, other.owner_id), (Some(staff[0]), Some(staff[1])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_captures_at_once_are_as_fair_as_one_after_the_other() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert", "Cleo", "Dora"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1), (staff[2], 2), (staff[3], 4)]).await;
    let mut tasks = Vec::new();
    for _ in 0..32 {
        let session = office.session.clone();
        tasks.push(tokio::spawn(async move {
            let mut conflicts = 0_usize;
            for _ in 0..2 {
                while let Err(error) = capture(&session, vec![lead("Lovelace")]).await {
                    assert_eq!(error.code(), "record.changed_meanwhile");
                    conflicts += 1;
                }
            }
            conflicts
        }));
    }
    let mut conflicts = 0;
    for task in tasks {
        conflicts += task.await.unwrap();
    }
    assert!(conflicts > 0, "they never met, so nothing was tried");
    assert_eq!(office.owned().into_values().collect::<Vec<_>>(), [8, 8, 16, 32]);
    assert_eq!(turns(&office).values().sum::<i64>(), 64);
}

#[tokio::test]
async fn a_cap_is_never_exceeded_within_a_batch_or_by_two_rules_at_once() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    let rules = vec![
        RuleDraft::when(name("France"), super::office::in_country("France"), equal(&staff[..1])),
        RuleDraft::catch_all(name("All"), equal(&staff)),
    ];
    office.assignment().set_rules(rules).await.unwrap();
    let cap = AvailabilityChange { open_lead_cap: Patch::Set(3), ..AvailabilityChange::default() };
    office.assignment().set_availability(staff[0], cap).await.unwrap();
    office.add_leads((0..4).map(|_| lead("Lovelace")).collect()).await;
    assert_eq!(office.owned().get(&staff[0]), Some(&2));

    // One place is left. A French lead and another one both want it.
    let mut uows = Vec::new();
    for country in ["France", "Spain"] {
        let mut uow = office.session.begin(Permission::LeadCreate).await.unwrap();
        let new = NewLead { country: Some(name(country)), ..lead("Curie") };
        let mut drafts = vec![LeadDraft { id: uow.new_id(), lead: Lead::new(new).unwrap(), touch: None }];
        super::super::assign_drafts(&mut uow, &mut drafts, &BTreeSet::new()).await.unwrap();
        assert_eq!(drafts[0].lead.owner_id, Some(staff[0]));
        let schema = crate::custom_field::Schema::default();
        crate::lead::insert_leads(&mut uow, &schema, drafts).await.unwrap();
        uows.push(uow);
    }
    let outcomes = [uows.remove(0).commit().await, uows.remove(0).commit().await];
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), "record.changed_meanwhile");

    office.add_leads((0..6).map(|_| lead("Turing")).collect()).await;
    assert_eq!(office.owned().get(&staff[0]), Some(&3));
}

#[tokio::test]
async fn the_leads_of_those_who_have_a_cap_are_counted_and_never_loaded() {
    let (office, store) = Office::observed().await;
    let staff = office.hire(&["Anna", "Bert", "Cleo"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1), (staff[2], 1)]).await;
    for member in &staff[..2] {
        let cap = AvailabilityChange { open_lead_cap: Patch::Set(2), ..AvailabilityChange::default() };
        office.assignment().set_availability(*member, cap).await.unwrap();
    }
    store.take_asked();
    office.add_lead().await;
    let asked = store.take_asked();
    assert_eq!((asked.get(&("count", "lead")), asked.get(&("list", "lead"))), (Some(&1), None), "{asked:?}");
}

#[tokio::test]
async fn a_lead_on_which_nobody_is_to_work_takes_nobodys_turn_and_waits_for_nobody() {
    let office = Office::open().await;
    let staff = office.hire(&["Anna", "Bert"]).await;
    office.share(&[(staff[0], 1), (staff[1], 1)]).await;
    let source = || name("list");
    let rests = Submission { rests: true, ..Submission::new(source(), lead("Byron")) };
    let works = Submission::new(source(), lead("Lovelace"));
    for outcome in office.session.intake().capture(vec![rests, works]).await.unwrap() {
        outcome.unwrap();
    }
    assert_eq!(turns(&office).values().sum::<i64>(), 1);
    let leads = office.store.dump::<Lead>(office.organization);
    let owner =
        |last: &str| leads.iter().find(|lead| lead.last_name.as_deref() == Some(last)).and_then(|lead| lead.owner_id);
    assert_eq!((owner("Byron"), owner("Lovelace")), (None, Some(staff[0])));

    let mut unowned = office.session.leads().get(leads[0].id).await.unwrap();
    assert_eq!(unowned.owner_id, None);
    unowned = office.session.leads().disqualify(unowned.id, None).await.unwrap();
    let mut uow = office.session.begin(Permission::LeadAssign).await.unwrap();
    let assignments = assign_automatically(&mut uow, &mut [unowned]).await.unwrap();
    assert!(assignments[0].explanation.text.contains("unqualified"), "{:?}", assignments[0]);
    assert_eq!((assignments[0].member_id, assignments[0].waits_for()), (None, None));
}
