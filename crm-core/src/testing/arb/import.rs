//! Samples of imports, their rows and issues, and saved mappings.

use proptest::prelude::*;
use serde_json::json;

use super::pools::{any_id, instant, maybe, number, word};
use super::samples::read;
use super::{Sample, one_of};
use crate::import::{Import, ImportIssue, ImportMapping, ImportRow};
use crate::lead::Lead;

fn kind() -> BoxedStrategy<&'static str> {
    one_of(&["leads", "accounts"])
}

impl Sample for Import {
    fn sample() -> BoxedStrategy<Self> {
        let fingerprint = one_of(&["00ff", "00FF", "sheet/1"]);
        let state = one_of(&["running", "finished", "failed"]);
        let parts = (kind(), word(), fingerprint, state, number(), maybe(word()), instant(), maybe(instant()));
        read(parts.prop_map(|(kind, name, fingerprint, state, next_row, failure, started_at, finished_at)| {
            json!({
                "kind": kind, "source": name, "file_name": name, "fingerprint": fingerprint, "attempt": 1,
                "headers": [name],
                "mapping": [{ "header": name, "target": "email_2" }], "options": { "decimal": "comma" },
                "state": state, "next_row": next_row, "counts": { "read": 3, "created": 3 }, "failure": failure,
                "started_at": started_at, "finished_at": finished_at,
            })
        }))
    }
}

impl Sample for ImportRow {
    fn sample() -> BoxedStrategy<Self> {
        let outcome = one_of(&["created", "flagged", "refused"]);
        let record = (maybe(one_of(&["lead", "account"])), maybe(any_id::<Lead>()));
        let parts = (any_id::<Import>(), 1..4_i64, outcome, record, maybe(word().prop_map(|cell| vec![cell])));
        read(parts.prop_map(|(import_id, row_number, outcome, (record_kind, record_id), cells)| {
            json!({
                "import_id": import_id, "row_number": row_number, "outcome": outcome, "record_kind": record_kind,
                "record_id": record_id, "cells": cells,
            })
        }))
    }
}

impl Sample for ImportIssue {
    fn sample() -> BoxedStrategy<Self> {
        let texts = (maybe(word()), maybe(word()), word());
        let parts = (any_id::<Import>(), 0..3_i64, number(), texts, one_of(&["error", "note"]));
        read(parts.prop_map(|(import_id, row_number, line_number, (column_name, value, message), kind)| {
            json!({
                "import_id": import_id, "row_number": row_number, "line_number": line_number,
                "column_name": column_name, "code": "cell.not_whole", "value": value, "message": message,
                "kind": kind,
            })
        }))
    }
}

impl Sample for ImportMapping {
    fn sample() -> BoxedStrategy<Self> {
        read((word(), kind(), word()).prop_map(|(name, kind, header)| {
            json!({ "name": name, "kind": kind, "columns": [{ "header": header, "target": "custom.size" }] })
        }))
    }
}
