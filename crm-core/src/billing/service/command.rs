//! Requests to the provider, stored before they are sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::billing::external::{ExternalId, IdempotencyKey};
use crate::billing::gateway::{GatewayError, GatewayResult};
use crate::kernel::{Column, Entity, Field, Id, Key, Part, Predicate, Result, Stored, Value, ValueRef};
use crate::store::{StoreError, UnitOfWork};

/// Identifier of a command.
pub type BillingCommandId = Id<BillingCommand>;

/// Providers answer a repeated key as they did first for a day; later the same key would have a second effect.
const KEY_LASTS: Duration = Duration::from_hours(23);

/// What the provider is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// To make a customer.
    CreateCustomer,
    /// To open a checkout.
    OpenCheckout,
    /// To open the portal.
    OpenPortal,
    /// To change a subscription.
    ChangeSubscription,
    /// To end one, or to take its end back.
    CancelSubscription,
}

impl CommandKind {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateCustomer => "create_customer",
            Self::OpenCheckout => "open_checkout",
            Self::OpenPortal => "open_portal",
            Self::ChangeSubscription => "change_subscription",
            Self::CancelSubscription => "cancel_subscription",
        }
    }
}

/// Whether a command has had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    /// Nobody knows yet.
    Open,
    /// It has.
    Done,
    /// The provider said no.
    Refused,
}

impl CommandState {
    /// The name in JSON and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// A request to the provider, stored with its key before it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BillingCommand {
    /// What is asked.
    pub kind: CommandKind,
    /// What it is about: a subscription, or what is to be bought.
    pub subject: String,
    /// All of the request.
    pub request: Json,
    /// Names the one effect.
    pub idempotency_key: IdempotencyKey,
    /// Whether it has had its effect.
    pub state: CommandState,
    /// What it made.
    pub result_id: Option<ExternalId>,
}

impl BillingCommand {
    /// What it is about.
    pub const SUBJECT: Column<Self, String> = Column::required_indexed("subject", |row| ValueRef::Text(&row.subject));
    /// What is asked.
    pub const KIND: Column<Self, String> = Column::required("kind", |row| ValueRef::Text(row.kind.as_str()));

    fn about(kind: CommandKind, subject: &str) -> Predicate<Self> {
        Self::SUBJECT.is(subject).and(Self::KIND.is(kind.as_str()))
    }
}

impl Entity for BillingCommand {
    const NAME: &'static str = "billing_command";
    const FIELDS: &'static [Field<Self>] = &[Self::SUBJECT.field(), Self::KIND.field()];
    const UNIQUE: &'static [Key<Self>] = &[Key {
        name: "idempotency_key",
        columns: &["idempotency_key"],
        read: |row| Some(vec![Value::Text(row.idempotency_key.to_string())]),
    }];
}
/// The effect is told by the records that it changes.
impl Part for BillingCommand {}

/// The command for a request: the one that is open for the very same, so that it is sent again under its key; else a new
/// one. The account is held meanwhile by the caller, so that two who ask at once send one command.
pub(super) async fn command(
    uow: &mut UnitOfWork<'_>,
    kind: CommandKind,
    subject: &str,
    request: Json,
) -> Result<Stored<BillingCommand>> {
    let now = uow.now();
    let known = uow.list_all(&BillingCommand::about(kind, subject)).await?;
    let open = known.into_iter().rev().find(|known| {
        known.state == CommandState::Open && known.request == request && now.since(known.created_at) < KEY_LASTS
    });
    if let Some(open) = open {
        return Ok(open);
    }
    let name = format!("crm-{}", uow.new_id::<BillingCommand>());
    let idempotency_key = name.parse().map_err(|_| StoreError::Fault("a command has no name".into()))?;
    let new = BillingCommand {
        kind,
        subject: subject.to_owned(),
        request,
        idempotency_key,
        state: CommandState::Open,
        result_id: None,
    };
    let made = uow.add_parts(vec![new]).await?.pop();
    Ok(made.ok_or_else(|| StoreError::Fault("the store kept no command".into()))?)
}

/// The last command about a subject, when it is for the very same, its answer never came, and its key is too old to be
/// sent again.
pub(super) async fn lost(
    uow: &mut UnitOfWork<'_>,
    kind: CommandKind,
    subject: &str,
    request: &Json,
) -> Result<Option<Stored<BillingCommand>>> {
    let now = uow.now();
    let last = uow.list_all(&BillingCommand::about(kind, subject)).await?.pop();
    Ok(last.filter(|last| {
        last.state == CommandState::Open && last.request == *request && now.since(last.created_at) >= KEY_LASTS
    }))
}

/// Notes what became of a command. One whose answer was lost stays open.
pub(super) fn note<T>(command: &mut BillingCommand, answer: &GatewayResult<T>, made: impl FnOnce(&T) -> ExternalId) {
    match answer {
        Ok(answer) => {
            command.state = CommandState::Done;
            command.result_id = Some(made(answer));
        }
        Err(GatewayError::Refused { .. } | GatewayError::NotFound { .. }) => command.state = CommandState::Refused,
        Err(_) => {}
    }
}
