//! The states of an activity and the fields of each kind.

use proptest::prelude::*;

use super::*;
use crate::kernel::{Id, Kind, Name, Patch, Rule};

const NOW: Timestamp = Timestamp::MAX;

fn nowhere() -> RecordRef {
    RecordRef { kind: RecordKind::Lead, id: uuid::Uuid::nil() }
}

fn new(kind: ActivityKind) -> NewActivity {
    about(kind, "Talk", nowhere())
}

fn made(new: NewActivity) -> Result<Activity, ActivityRefusal> {
    Activity::new(new, None, NOW).map(|(activity, _)| activity)
}

#[test]
fn each_kind_has_its_own_fields() {
    use ActivityKind::{Call, Email, Meeting, Task};
    type Set = fn(&mut NewActivity);
    let fields: [(&str, Set, &[ActivityKind]); 4] = [
        ("direction", |new| new.direction = Some(Flow::In), &[Call, Email]),
        ("due_at", |new| new.due_at = Some(Timestamp::MIN), &[Call, Email, Meeting, Task]),
        ("starts_at", |new| new.starts_at = Some(Timestamp::MIN), &[Call, Meeting]),
        ("duration_minutes", |new| new.duration_minutes = Some(5), &[Call, Meeting, Task]),
    ];
    for (field, set, kinds) in fields {
        for kind in ActivityKind::ALL {
            let mut new = new(*kind);
            set(&mut new);
            let expected =
                if kinds.contains(kind) { None } else { Some(ActivityRefusal::NotForKind { kind: *kind, field }) };
            assert_eq!(made(new).err(), expected, "{kind:?} {field}");
        }
    }
}

#[test]
fn a_note_is_done_at_once_and_stays_so() {
    let mut note = made(new(ActivityKind::Note)).unwrap();
    assert_eq!((note.status, note.done_at), (ActivityStatus::Done, Some(NOW)));
    assert_eq!(note.reopen().unwrap_err(), ActivityRefusal::NoteStaysDone);
    assert_eq!(note.cancel().unwrap_err(), ActivityRefusal::AlreadyDone);
    let task = made(new(ActivityKind::Task)).unwrap();
    assert_eq!((task.status, task.done_at), (ActivityStatus::Open, None));
}

#[test]
fn what_was_done_is_logged_as_done_with_its_time_and_outcome() {
    let at = Timestamp::MIN;
    let outcome: Option<Name> = Some("reached".parse().unwrap());
    let done = Completion { at: Some(at), outcome: outcome.clone(), duration_minutes: Some(12) };
    let call = made(NewActivity { done: Some(done.clone()), ..new(ActivityKind::Call) }).unwrap();
    assert_eq!((call.status, call.done_at, call.outcome), (ActivityStatus::Done, Some(at), outcome));
    assert_eq!(call.duration_minutes, Some(12));
    let email = made(NewActivity { done: Some(done.clone()), ..new(ActivityKind::Email) });
    assert_eq!(email.unwrap_err().fields()[0].field, "duration_minutes");
    let early = Activity::new(
        NewActivity { done: Some(Completion { at: Some(NOW), ..done }), ..new(ActivityKind::Call) },
        None,
        at,
    );
    assert_eq!(early.unwrap_err(), ActivityRefusal::DoneInFuture);
}

#[test]
fn impossible_durations_and_activities_about_nothing_are_refused() {
    for minutes in [-1, ActivityRefusal::LONGEST_MINUTES + 1] {
        let refused = made(NewActivity { duration_minutes: Some(minutes), ..new(ActivityKind::Meeting) }).unwrap_err();
        assert_eq!((refused.code(), refused.kind()), ("activity.bad_duration", Kind::Invalid));
    }
    assert!(made(NewActivity { duration_minutes: Some(0), ..new(ActivityKind::Meeting) }).is_ok());
    let unlinked = NewActivity { records: Vec::new(), ..new(ActivityKind::Task) };
    assert_eq!(made(unlinked).unwrap_err().code(), "activity.unlinked");
    let twice = NewActivity { records: vec![nowhere(), nowhere()], ..new(ActivityKind::Task) };
    assert_eq!(Activity::new(twice, None, NOW).unwrap().1, [nowhere()]);
}

#[test]
fn whoever_writes_an_activity_down_owns_it_unless_another_is_named() {
    let [writer, other] = [1, 2].map(|number| Id::new(uuid::Uuid::from_u128(number)));
    let owner = |owner_id| {
        let (activity, _) =
            Activity::new(NewActivity { owner_id, ..new(ActivityKind::Task) }, Some(writer), NOW).unwrap();
        (activity.owner_id, activity.created_by)
    };
    assert_eq!(owner(None), (Some(writer), Some(writer)));
    assert_eq!(owner(Some(other)), (Some(other), Some(writer)));
}

#[derive(Clone, Debug)]
enum Command {
    Change(Box<ActivityPatch>),
    Complete(Completion),
    Reopen,
    Cancel,
}

fn commands() -> impl Strategy<Value = Command> {
    let patch = (prop::option::of(Just("no answer")), prop::option::of(-1..3_i64), any::<bool>()).prop_map(
        |(outcome, duration, due)| {
            let outcome = outcome.map_or(Patch::Keep, |outcome| Patch::Set(outcome.parse().unwrap()));
            let duration_minutes = duration.map_or(Patch::Keep, Patch::Set);
            let due_at = if due { Patch::Set(Timestamp::MIN) } else { Patch::Clear };
            Command::Change(Box::new(ActivityPatch { due_at, duration_minutes, outcome, ..ActivityPatch::default() }))
        },
    );
    let complete = prop::option::of(-1..3_i64)
        .prop_map(|duration_minutes| Command::Complete(Completion { duration_minutes, ..Completion::default() }));
    prop_oneof![2 => patch, 2 => complete, 1 => Just(Command::Reopen), 1 => Just(Command::Cancel)]
}

proptest! {
    #[test]
    fn no_sequence_of_commands_breaks_an_activity(
        kind in prop::sample::select(ActivityKind::ALL),
        commands in prop::collection::vec(commands(), 1..20),
    ) {
        use ActivityStatus::{Cancelled, Done, Open};
        let mut activity = made(new(kind)).unwrap();
        for command in commands {
            let before = activity.clone();
            let text = format!("{command:?} on {before:?}");
            let outcome = match command.clone() {
                Command::Change(patch) => activity.change(*patch).map(drop),
                Command::Complete(done) => activity.complete(done, Vec::new(), NOW).map(drop),
                Command::Reopen => activity.reopen().map(drop),
                Command::Cancel => activity.cancel().map(drop),
            };
            if outcome.is_err() { prop_assert_eq!(&activity, &before, "{} was refused and changed something", text) } else {
                let step = (before.status, activity.status);
                let allowed = match command {
                    Command::Change(_) => matches!(step, (Open, Open) | (Done, Done)),
                    Command::Complete(_) => step == (Open, Done),
                    Command::Reopen => matches!(step, (Done | Cancelled, Open)) && kind != ActivityKind::Note,
                    Command::Cancel => step == (Open, Cancelled),
                };
                prop_assert!(allowed, "{} led to {:?}", text, activity.status);
            }
            prop_assert_eq!(activity.done_at.is_some(), activity.status == Done);
            prop_assert!(activity.outcome.is_none() || activity.status != Open);
            prop_assert!(activity.duration_minutes.is_none_or(|minutes| minutes >= 0 && kind.has_duration()));
            prop_assert!(activity.due_at.is_none() || kind.has_due_date());
        }
    }
}

#[tokio::test]
async fn an_activity_goes_its_way_and_says_so() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let activities = boss.activities();
    let lead = lead_of(&office, office.owner).await;
    let task = activities.create(about(ActivityKind::Task, "Call back", lead)).await.unwrap();
    let id = task.id;
    let due = ActivityPatch { due_at: Patch::Set(minutes(&office, 90)), ..ActivityPatch::default() };
    let task = activities.change(id, task.version, due.clone()).await.unwrap();
    assert_eq!(activities.change(id, 1, due.clone()).await.unwrap_err().code(), "record.stale_version");
    assert_eq!(activities.change(id, task.version, due).await.unwrap().version, task.version);
    let done = activities.complete(id, Completion::default()).await.unwrap();
    assert_eq!(done.created_by, Some(office.owner));
    let again = activities.complete(id, Completion::default()).await.unwrap_err();
    assert_eq!(again.code(), "activity.already_done");
    activities.reopen(id).await.unwrap();
    let cancelled = activities.cancel(id).await.unwrap();
    let refused = activities.change(id, cancelled.version, ActivityPatch::default()).await.unwrap_err();
    assert_eq!(refused.code(), "activity.cancelled");
    activities.delete(id, cancelled.version).await.unwrap();
    assert_eq!(activities.get(id).await.unwrap_err().code(), "record.not_found");
    assert!(stored_links(&office).is_empty());
    let said = ["created", "changed", "completed", "reopened", "cancelled", "deleted"];
    assert_eq!(office.events_of(id.uuid()), said.map(|verb| format!("activity.{verb}")));
}

#[tokio::test]
async fn completing_names_the_records_so_that_others_can_follow() {
    let office = Office::open().await;
    let boss = office.boss().await;
    let (lead, contact) = (lead_of(&office, office.owner).await, contact_of(&office, office.owner).await);
    let call = NewActivity { records: vec![lead, contact], ..about(ActivityKind::Call, "First call", lead) };
    let call = boss.activities().create(call).await.unwrap();
    let done = Completion { outcome: Some("wants an offer".parse().unwrap()), ..Completion::default() };
    boss.activities().complete(call.id, done).await.unwrap();
    let events = office.store.dump::<crate::event::Event>(office.organization);
    let data = |name: &str| events.iter().find(|event| event.name == name).map(|event| event.data.clone()).unwrap();
    let records = serde_json::to_value([lead, contact]).unwrap();
    assert_eq!(data("activity.completed")["completed"]["records"], records);
    assert_eq!(data("activity.completed")["completed"]["outcome"], "wants an offer");
    assert_eq!(data("activity.created")["created"]["records"], records);
    assert_eq!(data("activity.created")["created"]["done_at"], serde_json::Value::Null);
    assert_eq!(data("activity.completed")["completed"]["done_at"], serde_json::json!(minutes(&office, 0)));
}
