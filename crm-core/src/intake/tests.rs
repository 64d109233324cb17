//! What intake promises, on the memory store.

mod guarding;

use super::*;
use crate::access::StandardRole;
use crate::duplicate::{Action, Certainty};
use crate::identity::KeyKind;
use crate::kernel::Name;
use crate::lead::{Lead, LeadStatus, NewLead, TouchDetails};
use crate::testing::ObservedStore;
use crate::testing::office::Office;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn mara() -> NewLead {
    NewLead {
        first_name: Some(name("Mara")),
        last_name: Some(name("Keller")),
        company: Some(name("Fernhill Robotics")),
        email: Some("mara.keller@fernhill.example".parse().unwrap()),
        ..NewLead::default()
    }
}

fn submission(lead: NewLead) -> Submission {
    Submission::new(name("web-form"), lead)
}

fn leads(office: &Office) -> usize {
    office.store.dump::<Lead>(office.organization).len()
}

#[tokio::test]
async fn a_submission_becomes_a_scored_lead_with_its_source() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let outcome = boss.intake().submit(submission(mara())).await.unwrap();
    let CaptureOutcome::Created { lead, flagged } = outcome else { panic!("{outcome:?}") };
    assert!(flagged.is_empty());
    let lead = boss.leads().get(lead).await.unwrap();
    assert_eq!(lead.source, Some(name("web-form")));
    assert!(lead.scored_at.is_some());
    assert_eq!(lead.score, boss.scoring().score(lead.id).await.unwrap().total);
}

#[tokio::test]
async fn the_same_identifier_of_a_source_is_taken_once() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let once = Submission { external_id: Some("A-1".parse().unwrap()), ..submission(mara()) };
    boss.intake().submit(once.clone()).await.unwrap();
    let again = boss.intake().submit(once.clone()).await.unwrap();
    assert!(matches!(again, CaptureOutcome::Repeated { record: Some(_) }), "{again:?}");
    let batch = vec![
        Submission {
            external_id: Some("A-2".parse().unwrap()),
            ..submission(NewLead { email: None, company: None, ..mara() })
        },
        Submission {
            external_id: Some("A-2".parse().unwrap()),
            ..submission(NewLead { email: None, company: None, ..mara() })
        },
    ];
    let batch = boss.intake().capture(batch).await.unwrap();
    assert!(matches!(batch[1], Ok(CaptureOutcome::Repeated { .. })), "within one batch too: {batch:?}");
}

#[tokio::test]
async fn known_people_are_linked_and_what_is_trusted_stays() {
    let office = Office::open().await;
    let boss = office.boss().await;
    boss.intake().submit(submission(mara())).await.unwrap();
    let told = NewLead { job_title: Some(name("Spy")), first_name: Some(name("Maria")), ..mara() };
    let outcome = boss.intake().submit(submission(told)).await.unwrap();
    let CaptureOutcome::Linked { record, confidence, evidence } = outcome else { panic!("{outcome:?}") };
    assert!(confidence >= crate::duplicate::AUTOMATIC && !evidence.because.is_empty());
    let lead = boss.leads().get(crate::kernel::Id::new(record.id)).await.unwrap();
    assert_eq!((lead.first_name.as_deref(), lead.job_title.as_deref()), (Some("Mara"), None));
    assert_eq!(boss.leads().touches(lead.id).await.unwrap().len(), 1);
    assert!(office.events_of(record.id).contains(&"lead.touched".to_owned()));
    assert_eq!(leads(&office), 1);
}

#[tokio::test]
async fn blank_matches_nobody() {
    let office = Office::open().await;
    let boss = office.boss().await;
    for last in ["Berg", "Costa"] {
        let lead = NewLead { last_name: Some(name(last)), ..NewLead::default() };
        let outcome = boss.intake().submit(submission(lead)).await.unwrap();
        assert!(matches!(outcome, CaptureOutcome::Created { ref flagged, .. } if flagged.is_empty()), "{outcome:?}");
    }
    assert_eq!(leads(&office), 2);
}

#[tokio::test]
async fn policies_decide_by_source_and_certainty() {
    let office = Office::open().await;
    let boss = office.boss().await;
    boss.intake().submit(submission(mara())).await.unwrap();
    let from = |source: &str| Submission { source: name(source), ..submission(mara()) };
    for (source, action) in
        [("block", Action::Block), ("warn", Action::Warn), ("flag", Action::AllowAndFlag), ("merge", Action::Merge)]
    {
        boss.duplicates().set_policy(Some(name(source)), Certainty::Certain, action).await.unwrap();
    }
    assert_eq!(boss.intake().submit(from("block")).await.unwrap_err().code(), "intake.duplicate");
    assert_eq!(boss.intake().submit(from("warn")).await.unwrap_err().code(), "intake.possible_duplicate");
    assert_eq!(leads(&office), 1, "nothing was written for these");
    let richer = Submission { lead: NewLead { city: Some(name("Bern")), ..mara() }, ..from("merge") };
    let merged = boss.intake().submit(richer).await.unwrap();
    let CaptureOutcome::Updated { changes, .. } = merged else { panic!("{merged:?}") };
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["city"]);
    let confirmed = boss.intake().submit(Submission { confirmed: true, ..from("warn") }).await.unwrap();
    assert!(matches!(confirmed, CaptureOutcome::Created { .. }));
    let flagged = boss.intake().submit(from("flag")).await.unwrap();
    assert!(matches!(flagged, CaptureOutcome::Created { ref flagged, .. } if !flagged.is_empty()), "{flagged:?}");
}

#[tokio::test]
async fn what_a_submission_asks_for_goes_before_the_policy() {
    let office = Office::open().await;
    let boss = office.boss().await;
    boss.intake().submit(submission(mara())).await.unwrap();
    let ask = |on_match, lead| Submission { on_match, ..submission(lead) };
    let told = || NewLead {
        job_title: Some(name("Buyer")),
        first_name: Some(name("Mary")),
        email: Some("new@fernhill.example".parse().unwrap()),
        other_emails: vec!["mara.keller@fernhill.example".parse().unwrap()],
        ..mara()
    };
    assert!(matches!(boss.intake().submit(ask(OnMatch::Skip, told())).await.unwrap(), CaptureOutcome::Skipped { .. }));
    let filled = boss.intake().submit(ask(OnMatch::FillEmpty, told())).await.unwrap();
    let CaptureOutcome::Updated { lead, .. } = filled else { panic!("{filled:?}") };
    let stored = boss.leads().get(lead).await.unwrap();
    assert_eq!((stored.first_name.as_deref(), stored.job_title.as_deref()), (Some("Mara"), Some("Buyer")));
    boss.intake().submit(ask(OnMatch::Overwrite, told())).await.unwrap();
    let stored = boss.leads().get(lead).await.unwrap();
    assert_eq!(stored.first_name.as_deref(), Some("Mary"));
    let emails: Vec<_> = stored.emails().map(|email| email.as_str().to_owned()).collect();
    assert_eq!(emails, ["new@fernhill.example", "mara.keller@fernhill.example"], "no address is lost");
    assert!(matches!(
        boss.intake().submit(ask(OnMatch::Create, told())).await.unwrap(),
        CaptureOutcome::Created { .. }
    ));
    assert_eq!(leads(&office), 2);
}

#[tokio::test]
async fn a_chosen_key_makes_a_match_certain() {
    let office = Office::open().await;
    let boss = office.boss().await;
    boss.intake().submit(submission(mara())).await.unwrap();
    let other = NewLead { first_name: Some(name("Zoe")), last_name: Some(name("Quist")), company: None, ..mara() };
    let by_email =
        Submission { match_by: MatchBy::Keys(vec![KeyKind::Email]), on_match: OnMatch::Skip, ..submission(other) };
    assert!(matches!(boss.intake().submit(by_email).await.unwrap(), CaptureOutcome::Skipped { .. }));
}

#[tokio::test]
async fn a_batch_is_judged_in_order_and_one_refusal_costs_the_others_nothing() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let batch = vec![submission(mara()), submission(NewLead::default()), submission(mara())];
    let rehearsed = boss.intake().rehearse(batch.clone()).await.unwrap();
    assert_eq!(leads(&office), 0, "a rehearsal changes nothing");
    let outcomes = boss.intake().capture(batch).await.unwrap();
    assert!(matches!(outcomes[0], Ok(CaptureOutcome::Created { .. })));
    assert_eq!(outcomes[1].as_ref().unwrap_err().code(), "lead.anonymous");
    assert!(matches!(outcomes[2], Ok(CaptureOutcome::Linked { .. })), "doubles within the batch: {:?}", outcomes[2]);
    assert_eq!(rehearsed.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(leads(&office), 1);
}

#[tokio::test]
async fn a_converted_lead_is_linked_and_never_filled() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let outcome = boss.intake().submit(submission(NewLead { owner_id: Some(office.owner), ..mara() })).await.unwrap();
    let CaptureOutcome::Created { lead, .. } = outcome else { panic!("{outcome:?}") };
    let choices = crate::conversion::ConversionChoices::without_deal();
    boss.conversions().convert(lead, &choices, None).await.unwrap();
    let touch = Some(TouchDetails { source: Some("ad".parse().unwrap()), ..TouchDetails::default() });
    let told = NewLead { city: Some(name("Bern")), touch, ..mara() };
    let again = boss.intake().submit(Submission { on_match: OnMatch::FillEmpty, ..submission(told) }).await.unwrap();
    assert!(matches!(again, CaptureOutcome::Linked { .. }), "{again:?}");
    let lead = boss.leads().get(lead).await.unwrap();
    assert_eq!((lead.status, lead.city.as_deref()), (LeadStatus::Converted, None));
}

#[tokio::test]
async fn many_submissions_of_one_person_at_once_make_one_lead() {
    // The store lets others go first where a database would, so that all begin before any commits.
    let office = Office::behind(|store| ObservedStore::new(store.clone())).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let boss = office.boss().await;
        tasks.spawn(async move { boss.intake().submit(submission(mara())).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    let created = outcomes.iter().filter(|outcome| matches!(outcome, CaptureOutcome::Created { .. })).count();
    assert_eq!((created, leads(&office)), (1, 1));
}

/// How often a batch asks the store to find, lock or list; the people of the batch are known when it comes again.
async fn look_ups(people: usize, match_by: &MatchBy, batched: bool) -> usize {
    let mut observed = None;
    let office = Office::behind(|store| observed.insert(ObservedStore::new(store.clone())).clone()).await;
    let (observed, boss) = (observed.unwrap(), office.boss().await);
    let batch: Vec<_> = (0..people)
        .map(|number| {
            let email = Some(format!("p{number}@example{number}.com").parse().unwrap());
            let lead = NewLead { last_name: Some(name(&format!("Person{number}"))), email, ..NewLead::default() };
            Submission { match_by: match_by.clone(), on_match: OnMatch::Skip, ..submission(lead) }
        })
        .collect();
    let _ = observed.take_asked();
    for part in batch.chunks(if batched { people } else { 1 }) {
        assert!(boss.intake().capture(part.to_vec()).await.unwrap().iter().all(Result::is_ok));
    }
    let again = boss.intake().capture(batch).await.unwrap();
    assert!(again.iter().all(|outcome| matches!(outcome, Ok(CaptureOutcome::Skipped { .. }))), "{again:?}");
    observed
        .take_asked()
        .into_iter()
        .filter(|((verb, _), _)| ["find", "lock", "list"].contains(verb))
        .map(|(_, n)| n)
        .sum()
}

#[tokio::test]
async fn a_large_batch_asks_no_more_questions_than_a_small_one() {
    for match_by in [MatchBy::Evidence, MatchBy::Keys(vec![KeyKind::Email])] {
        let small = look_ups(3, &match_by, true).await;
        assert_eq!(look_ups(60, &match_by, true).await, small, "{match_by:?}");
        // The control: one by one they ask for each.
        let one_by_one = look_ups(60, &match_by, false).await;
        assert!(one_by_one > 10 * small, "{match_by:?}: {one_by_one} against {small}");
    }
}

#[tokio::test]
async fn of_a_record_outside_the_callers_reach_nothing_is_told() {
    let office = Office::open().await;
    let boss = office.boss().await;
    boss.duplicates().set_policy(Some(name("ask")), Certainty::Certain, Action::Warn).await.unwrap();
    boss.duplicates().set_policy(Some(name("shut")), Certainty::Certain, Action::Block).await.unwrap();
    let theirs = NewLead { owner_id: Some(office.owner), city: Some(name("Secretville")), ..mara() };
    boss.intake().submit(submission(theirs)).await.unwrap();
    let record = office.store.dump::<Lead>(office.organization)[0].id.to_string();
    let rita = office.hire("rita", StandardRole::SalesRep).await;
    let (rita, told) = (office.session_of(rita).await, NewLead { city: Some(name("Secretvile")), ..mara() });
    let mut reached = 0;
    for (source, on_match) in
        [("ask", OnMatch::Policy), ("shut", OnMatch::Policy), ("web", OnMatch::Skip), ("web", OnMatch::Create)]
    {
        let one = Submission { on_match, ..Submission::new(name(source), told.clone()) };
        for (session, sees) in [(&rita, false), (&boss, true)] {
            let outcomes = session.intake().rehearse(vec![one.clone()]).await.unwrap();
            let text = format!("{:?}", outcomes[0].as_ref().unwrap());
            assert_eq!(text.contains("mara.keller@"), sees, "{text}");
            reached += usize::from(text.contains(&record));
        }
        if on_match == OnMatch::Policy {
            let refused = rita.intake().submit(one).await.unwrap_err();
            assert!(!format!("{refused:?}").contains("mara.keller@") && !format!("{refused:?}").contains(&record));
        }
    }
    assert!(reached >= 4, "the boss sees the record each time");
}
