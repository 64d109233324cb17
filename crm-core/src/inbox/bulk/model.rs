//! A bulk sending: what, how fast, and whether it runs.

use serde::{Deserialize, Serialize};

use crate::inbox::channel::TemplateMessage;
use crate::inbox::connection::{Connection, ConnectionId};
use crate::kernel::{
    Column, DomainEvent, Entity, Field, FieldProblem, Id, InvalidInput, Kind, Name, Reference, Rule, Timestamp,
    ValueRef,
};

/// Identifier of a bulk sending.
pub type BulkSendId = Id<BulkSend>;

/// One template for many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkSend {
    /// What it is called.
    pub name: Name,
    /// Through which connection.
    pub connection_id: ConnectionId,
    /// The template; `{{name}}` in a value becomes the recipient's name.
    pub template: TemplateMessage,
    /// How fast.
    pub pace: BulkPace,
    /// Whether it runs.
    pub state: BulkState,
    /// Why it is paused.
    pub pause_reason: Option<String>,
    /// When it was started.
    pub started_at: Option<Timestamp>,
    /// When it was completed or stopped.
    pub ended_at: Option<Timestamp>,
    /// How many it has sent in the day that began at `day_began_at`.
    pub sent_today: i64,
    /// See `sent_today`.
    pub day_began_at: Option<Timestamp>,
}

/// What it takes to make a bulk sending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the bulk sending")]
pub struct NewBulkSend {
    pub name: Name,
    pub connection_id: ConnectionId,
    pub template: TemplateMessage,
    #[serde(default)]
    pub pace: BulkPace,
}

/// How fast a bulk sending goes. Being slow spares the account's limits; it makes no consent unnecessary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BulkPace {
    /// How many at once, 1 to 500.
    pub batch: u32,
    /// Seconds between two batches, at most a day.
    pub delay_s: u32,
    /// So many seconds more at the most, another number each time.
    pub jitter_s: u32,
    /// The most in a day; no limit without a number.
    pub most_per_day: Option<u32>,
}

impl Default for BulkPace {
    fn default() -> Self {
        Self { batch: 20, delay_s: 10, jitter_s: 5, most_per_day: None }
    }
}

/// Whether a bulk sending runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum BulkState {
    Draft,
    Running,
    Paused,
    Completed,
    /// It was ended before everybody had it.
    Stopped,
}

impl BulkState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
        }
    }
}

/// What a bulk sending refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BulkRefusal {
    /// The table of states has no such step.
    #[error("a bulk sending that is {} cannot become {}", from.as_str(), to.as_str())]
    StepNotAllowed {
        /// The state it is in.
        from: BulkState,
        /// The state it should go to.
        to: BulkState,
    },
    /// It has nobody to go to.
    #[error("the bulk sending has no recipients; add some first")]
    NoRecipients,
    /// It has begun.
    #[error("the bulk sending has begun; make another one for further recipients")]
    Begun,
}

impl Rule for BulkRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::StepNotAllowed { .. } => "bulk_send.step_not_allowed",
            Self::NoRecipients => "bulk_send.no_recipients",
            Self::Begun => "bulk_send.begun",
        }
    }
    fn kind(&self) -> Kind {
        Kind::Conflict
    }
}

impl BulkSend {
    /// Through which connection.
    pub const CONNECTION: Column<Self, ConnectionId> =
        Column::required_indexed("connection_id", |row| ValueRef::Uuid(row.connection_id.uuid()));
    /// Whether it runs.
    pub const STATE: Column<Self, String> = Column::required("state", |row| ValueRef::Text(row.state.as_str()));

    /// A bulk sending that has not begun.
    ///
    /// # Errors
    /// `InvalidInput` when the pace is out of range.
    pub fn new(new: NewBulkSend) -> Result<Self, InvalidInput> {
        let pace = new.pace;
        let mut problems = Vec::new();
        let mut check = |field: &str, sound: bool, range: &str| {
            if !sound {
                problems.push(FieldProblem::new(format!("pace.{field}"), "bulk_send.pace_out_of_range", range));
            }
        };
        check("batch", (1..=500).contains(&pace.batch), "give 1 to 500");
        check("delay_s", pace.delay_s <= 86_400, "give at most 86,400 seconds");
        check("jitter_s", pace.jitter_s <= 86_400, "give at most 86,400 seconds");
        check("most_per_day", pace.most_per_day != Some(0), "give at least 1, or none");
        InvalidInput::check(problems)?;
        Ok(Self {
            name: new.name,
            connection_id: new.connection_id,
            template: new.template,
            pace,
            state: BulkState::Draft,
            pause_reason: None,
            started_at: None,
            ended_at: None,
            sent_today: 0,
            day_began_at: None,
        })
    }

    /// It begins.
    ///
    /// # Errors
    /// `StepNotAllowed`.
    pub fn start(&mut self, now: Timestamp) -> Result<BulkEvent, BulkRefusal> {
        self.step(&[BulkState::Draft], BulkState::Running)?;
        self.started_at = Some(now);
        Ok(BulkEvent::Started)
    }

    /// It rests until somebody resumes it.
    ///
    /// # Errors
    /// `StepNotAllowed`.
    pub fn pause(&mut self, reason: &str) -> Result<BulkEvent, BulkRefusal> {
        self.step(&[BulkState::Running], BulkState::Paused)?;
        self.pause_reason = Some(reason.to_owned());
        Ok(BulkEvent::Paused { reason: reason.to_owned() })
    }

    /// It goes on.
    ///
    /// # Errors
    /// `StepNotAllowed`.
    pub fn resume(&mut self) -> Result<BulkEvent, BulkRefusal> {
        self.step(&[BulkState::Paused], BulkState::Running)?;
        self.pause_reason = None;
        Ok(BulkEvent::Resumed)
    }

    /// It ends before everybody has it.
    ///
    /// # Errors
    /// `StepNotAllowed`.
    pub fn stop(&mut self, now: Timestamp) -> Result<BulkEvent, BulkRefusal> {
        self.step(&[BulkState::Draft, BulkState::Running, BulkState::Paused], BulkState::Stopped)?;
        self.ended_at = Some(now);
        Ok(BulkEvent::Stopped)
    }

    /// Everybody has an outcome.
    pub(crate) fn complete(&mut self, now: Timestamp) -> Result<BulkEvent, BulkRefusal> {
        self.step(&[BulkState::Running], BulkState::Completed)?;
        self.ended_at = Some(now);
        Ok(BulkEvent::Completed)
    }

    /// How many more may be sent today.
    pub(crate) fn left_today(&mut self, now: Timestamp) -> u32 {
        let day = std::time::Duration::from_hours(24);
        if self.day_began_at.is_none_or(|began| now >= began.plus(day)) {
            self.day_began_at = Some(now);
            self.sent_today = 0;
        }
        let sent = u32::try_from(self.sent_today).unwrap_or(u32::MAX);
        self.pace.most_per_day.map_or(u32::MAX, |most| most.saturating_sub(sent))
    }

    fn step(&mut self, allowed: &[BulkState], to: BulkState) -> Result<(), BulkRefusal> {
        if !allowed.contains(&self.state) {
            return Err(BulkRefusal::StepNotAllowed { from: self.state, to });
        }
        self.state = to;
        Ok(())
    }
}

impl Entity for BulkSend {
    const NAME: &'static str = "bulk_send";
    const FIELDS: &'static [Field<Self>] = &[Self::CONNECTION.field(), Self::STATE.field()];
    const REFERENCES: &'static [Reference<Self>] =
        &[Reference { column: "connection_id", target: Connection::NAME, read: |row| Some(row.connection_id.uuid()) }];
}
/// What it has sent today is counted without an event; the ledger tells of each.
impl crate::kernel::Part for BulkSend {}

/// What happens to bulk sendings.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says it")]
pub enum BulkEvent {
    Created,
    RecipientsAdded { added: usize, known: usize },
    Started,
    Paused { reason: String },
    Resumed,
    Stopped,
    Completed,
}

impl DomainEvent for BulkEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "bulk_send.created",
            Self::RecipientsAdded { .. } => "bulk_send.recipients_added",
            Self::Started => "bulk_send.started",
            Self::Paused { .. } => "bulk_send.paused",
            Self::Resumed => "bulk_send.resumed",
            Self::Stopped => "bulk_send.stopped",
            Self::Completed => "bulk_send.completed",
        }
    }
}

/// How far a bulk sending is. Counted from the ledger and from what became of its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = BulkProgress))]
#[expect(missing_docs, reason = "each name says it")]
pub struct Progress {
    pub recipients: usize,
    pub waiting: usize,
    pub skipped: usize,
    /// Handed to the agenda, which sends them at the connection's rate.
    pub queued: usize,
    pub sent: usize,
    pub delivered: usize,
    pub read: usize,
    pub failed: usize,
    /// Nobody knows whether they were sent.
    pub unknown: usize,
}
