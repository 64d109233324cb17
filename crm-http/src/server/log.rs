//! Logs as lines of JSON on the standard error: what was said, where, and with which fields.

use std::fmt;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value as Json, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes every event of our own crates from `info` on, and those of others from `warn` on.
struct Lines;

/// From now on events are written.
pub(super) fn install() {
    // A second subscriber, in a process that has one, is none of our business.
    let _ = tracing::subscriber::set_global_default(Lines);
}

struct Fields(Map<String, Json>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with("crm_");
        metadata.is_event() && *metadata.level() <= if ours { Level::INFO } else { Level::WARN }
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        fields.0.insert("time".to_owned(), json!(seconds));
        fields.0.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        fields.0.insert("target".to_owned(), json!(event.metadata().target()));
        // JSON escapes line breaks, so that no field can forge a line.
        let _ = writeln!(std::io::stderr(), "{}", Json::Object(fields.0));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
