//! Samples of activities and their links.

use proptest::prelude::*;
use serde_json::json;

use super::pools::{any_id, instant, maybe, number, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::access::Member;
use crate::activity::{Activity, ActivityLink};
use crate::lead::Lead;

impl Sample for Activity {
    fn sample() -> BoxedStrategy<Self> {
        let words = (word(), maybe(word()), maybe(word()));
        let kinds = (
            one_of(&["call", "email", "meeting", "task", "note"]),
            one_of(&["low", "normal", "high"]),
            one_of(&["open", "done", "cancelled"]),
            maybe(one_of(&["in", "out"])),
        );
        let times = (maybe(instant()), maybe(instant()), maybe(instant()), maybe(number()));
        let members = (maybe(any_id::<Member>()), maybe(any_id::<Member>()));
        read((words, kinds, times, members).prop_map(|(words, kinds, times, members)| {
            let ((subject, body, outcome), (kind, priority, status, direction)) = (words, kinds);
            let ((due_at, starts_at, done_at, duration), (owner_id, created_by)) = (times, members);
            json!({
                "kind": kind, "subject": subject, "body": body, "direction": direction, "due_at": due_at,
                "starts_at": starts_at, "done_at": done_at, "duration_minutes": duration, "outcome": outcome,
                "priority": priority, "status": status, "owner_id": owner_id, "created_by": created_by,
            })
        }))
    }
}

impl Sample for ActivityLink {
    fn sample() -> BoxedStrategy<Self> {
        let record = (one_of(&["lead", "contact"]), any_id::<Lead>());
        let parts = (any_id::<Activity>(), record, maybe(any_id::<Member>()), instant());
        read(parts.prop_map(|(activity_id, (record_kind, record_id), owner_id, at)| {
            json!({
                "activity_id": activity_id, "record_kind": record_kind, "record_id": record_id, "owner_id": owner_id,
                "place": format!("{at}/{activity_id}"),
            })
        }))
    }
}
