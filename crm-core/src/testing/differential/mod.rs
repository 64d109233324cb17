//! The same commands on two stores must come out the same, refusals and what is left included.
//!
//! A [`Script`] is drawn by chance: transactions of a few organizations, each with some steps, kept or dropped.
//! [`Script::play`] runs it on a store and answers what came of each step; two stores that keep the contract answer
//! the same. What the port leaves open is not drawn: two transactions at once, and changes to what has happened.

mod step;

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;

use self::step::{AgendaStep, SlugStep, Step, claims, everything, history, seed, steps};
use super::arb::Sample;
use crate::access::{
    CustomRole, Intent, Member, NewOrganization, Organization, OrganizationId, Slug, Team, TeamMember, TimeZone,
};
use crate::activity::{Activity, ActivityLink};
use crate::agenda::Job;
use crate::assignment::{AssignmentRule, Availability, Rotation, WaitingLead};
use crate::billing::{
    BillingAccount, BillingCommand, BillingCustomer, BillingNotice, Invoice, PaymentMethod, ReceivedEvent, RevenueFact,
    ReversedPayment, ServiceGrant, ServicePrice, Subscription, UsageCounter, UsageLimit, UsageRecord, UsageWarning,
};
use crate::command::CommandKey;
use crate::conversion::{Conversion, Mapping};
use crate::custom_field::{CustomField, CustomUnique};
use crate::duplicate::{DuplicateFlag, DuplicatePolicy};
use crate::event::Event;
use crate::identity::{MatchKey, Redirect};
use crate::import::{Import, ImportIssue, ImportMapping, ImportRow};
use crate::inbox::bulk::{BulkRecipient, BulkSend};
use crate::inbox::connection::Connection;
use crate::inbox::conversation::{Conversation, ConversationNote};
use crate::inbox::desk::CannedReply;
use crate::inbox::hours::Calendar;
use crate::inbox::message::Message;
use crate::inbox::participant::{Alias, Participant};
use crate::inbox::receive::{Delivery, ParkedEvent};
use crate::inbox::send::SendingRate;
use crate::inbox::template::MessageTemplate;
use crate::intake::Capture;
use crate::kernel::{Id, Rule, Stored, Timestamp};
use crate::lead::{Lead, StatusLabel, Touch};
use crate::people::{Account, AccountDomain, Contact, ContactPoint};
use crate::pipeline::{CloseReason, ForecastOverride, Opportunity, OpportunityContact, Pipeline, Stage};
use crate::scoring::{Engagement, ScoreState, ScoringRule};
use crate::sign_in::{ApiKey, Credential, Invitation, PasswordReset, SignIn};
use crate::store::{Records, Store, StoreError, StoreResult, Tx};

/// What is done to a store.
#[derive(Clone, Debug)]
pub struct Script(Vec<Transaction>);

#[derive(Clone, Debug)]
struct Transaction {
    organization: u8,
    reads: bool,
    keep: bool,
    steps: Vec<Arc<dyn Step>>,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was done.
    pub step: String,
    /// What the store answered, or the code of its refusal.
    pub answer: Result<String, &'static str>,
}

impl Outcome {
    fn new(step: impl Into<String>, answer: StoreResult<String>) -> Self {
        Self { step: step.into(), answer: answer.map_err(|error| error.code()) }
    }
}

/// The first step that came out differently, told for a person; nothing when all came out the same.
#[must_use]
pub fn first_difference(one: &[Outcome], other: &[Outcome]) -> Option<String> {
    let differing = one.iter().zip(other).enumerate().find(|(_, (one, other))| one != other);
    match differing {
        Some((number, (one, other))) => {
            Some(format!("step {number}: {}\n  one:   {:?}\n  other: {:?}", one.step, one.answer, other.answer))
        }
        None if one.len() != other.len() => Some(format!("{} steps and {} steps", one.len(), other.len())),
        None => None,
    }
}

/// How many organizations a script works in.
const ORGANIZATIONS: u8 = 2;

fn organization(number: u8) -> OrganizationId {
    Id::new(uuid::Uuid::from_u128(0x019c_adc6_0000_7000_8000_0000_0000_0000 + u128::from(number)))
}

/// A kind of record: what can be done with it, one new record of it, and the step that shows all of it.
struct Subject {
    steps: BoxedStrategy<Arc<dyn Step>>,
    seed: BoxedStrategy<Arc<dyn Step>>,
    everything: Arc<dyn Step>,
}

impl Subject {
    fn of<E: Sample>() -> Self
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        Self { steps: steps::<E>(), seed: seed::<E>(), everything: everything::<E>() }
    }

    fn of_history<E: Sample>() -> Self
    where
        for<'t> dyn Tx + 't: Records<E>,
    {
        Self { steps: history::<E>(), ..Self::of::<E>() }
    }
}

/// Every kind of record that scripts work with, those that are referred to before those that refer.
fn subjects() -> Vec<Subject> {
    vec![
        Subject::of::<CustomRole>(),
        Subject::of::<Member>(),
        Subject::of::<Team>(),
        Subject::of::<Account>(),
        Subject::of::<Contact>(),
        Subject::of::<Pipeline>(),
        Subject::of::<Stage>(),
        Subject::of::<Opportunity>(),
        Subject::of::<Activity>(),
        Subject::of::<Lead>(),
        Subject::of::<ScoringRule>(),
        Subject::of::<AssignmentRule>(),
        Subject::of::<Import>(),
        Subject::of::<Connection>(),
        Subject::of::<Participant>(),
        Subject::of::<Conversation>(),
        Subject::of::<BulkSend>(),
        Subject::of::<TeamMember>(),
        Subject::of_history::<Event>(),
        Subject::of::<Job>(),
        Subject::of::<CommandKey>(),
        Subject::of::<Credential>(),
        Subject::of::<SignIn>(),
        Subject::of::<ApiKey>(),
        Subject::of::<Invitation>(),
        Subject::of::<PasswordReset>(),
        Subject::of::<MatchKey>(),
        Subject::of::<Redirect>(),
        Subject::of::<CustomField>(),
        Subject::of::<CustomUnique>(),
        Subject::of::<AccountDomain>(),
        Subject::of::<ContactPoint>(),
        Subject::of::<StatusLabel>(),
        Subject::of::<Touch>(),
        Subject::of::<ActivityLink>(),
        Subject::of::<CloseReason>(),
        Subject::of::<OpportunityContact>(),
        Subject::of::<ForecastOverride>(),
        Subject::of::<Engagement>(),
        Subject::of::<ScoreState>(),
        Subject::of::<Rotation>(),
        Subject::of::<Availability>(),
        Subject::of::<WaitingLead>(),
        Subject::of::<ImportRow>(),
        Subject::of::<ImportIssue>(),
        Subject::of::<ImportMapping>(),
        Subject::of::<DuplicateFlag>(),
        Subject::of::<DuplicatePolicy>(),
        Subject::of::<Conversion>(),
        Subject::of::<Mapping>(),
        Subject::of::<Capture>(),
        Subject::of::<ReceivedEvent>(),
        Subject::of::<BillingCustomer>(),
        Subject::of::<ServicePrice>(),
        Subject::of::<BillingAccount>(),
        Subject::of::<Subscription>(),
        Subject::of::<Invoice>(),
        Subject::of::<PaymentMethod>(),
        Subject::of::<ServiceGrant>(),
        Subject::of::<ReversedPayment>(),
        Subject::of::<RevenueFact>(),
        Subject::of::<BillingNotice>(),
        Subject::of::<UsageCounter>(),
        Subject::of::<UsageRecord>(),
        Subject::of::<UsageLimit>(),
        Subject::of::<UsageWarning>(),
        Subject::of::<BillingCommand>(),
        Subject::of::<Alias>(),
        Subject::of::<ConversationNote>(),
        Subject::of::<Message>(),
        Subject::of::<MessageTemplate>(),
        Subject::of::<SendingRate>(),
        Subject::of::<ParkedEvent>(),
        Subject::of::<Delivery>(),
        Subject::of::<Calendar>(),
        Subject::of::<CannedReply>(),
        Subject::of::<BulkRecipient>(),
    ]
}

/// The steps that show all records of every kind.
fn everything_there_is() -> Vec<Arc<dyn Step>> {
    subjects().into_iter().map(|subject| subject.everything).collect()
}

/// How many of the subjects others refer to: these are seeded in every script.
const REFERRED_TO: usize = 17;

/// Scripts that seed a few records and then do up to `transactions` transactions with three kinds of records.
pub fn script(transactions: usize) -> BoxedStrategy<Script> {
    any_script(transactions, &claims)
}

/// Scripts that do nothing which organizations share: slugs are everybody's.
pub fn script_without_slugs(transactions: usize) -> BoxedStrategy<Script> {
    any_script(transactions, &AgendaStep::any)
}

/// `more` are steps besides those of records and the agenda.
fn any_script(transactions: usize, more: &'static dyn Fn() -> BoxedStrategy<Arc<dyn Step>>) -> BoxedStrategy<Script> {
    let referring: Vec<usize> = (REFERRED_TO..subjects().len()).collect();
    let chosen = (proptest::sample::subsequence(referring, 2), 0..REFERRED_TO);
    chosen
        .prop_flat_map(move |(mut chosen, referred_to)| {
            chosen.push(referred_to);
            script_with(&chosen, transactions, more())
        })
        .boxed()
}

fn script_with(chosen: &[usize], transactions: usize, more: BoxedStrategy<Arc<dyn Step>>) -> BoxedStrategy<Script> {
    let (mut seeds, mut kinds) = (Vec::new(), Vec::new());
    for (place, subject) in subjects().into_iter().enumerate() {
        if place < REFERRED_TO || chosen.contains(&place) {
            seeds.push(vec((0..ORGANIZATIONS, subject.seed), 2..=8));
        }
        if chosen.contains(&place) {
            kinds.push((6, subject.steps));
        }
    }
    // The agenda is in every script, so it has something to lease in every script, however many kinds there are.
    seeds.push(vec((0..ORGANIZATIONS, seed::<Job>()), 2..=8));
    kinds.push((2, AgendaStep::any()));
    kinds.push((2, more));
    let step = Union::new_weighted(kinds);
    let parts = (0..ORGANIZATIONS, prop::bool::weighted(0.1), prop::bool::weighted(0.85), vec(step, 1..=6));
    let transaction =
        parts.prop_map(|(organization, reads, keep, steps)| Transaction { organization, reads, keep, steps });
    (seeds, vec(transaction, 1..=transactions))
        .prop_map(|(seeds, transactions)| {
            // Each on its own: a refused one takes no other with it.
            let seeds = seeds.into_iter().flatten().map(|(organization, step)| Transaction {
                organization,
                reads: false,
                keep: true,
                steps: vec![step],
            });
            Script(seeds.chain(transactions).collect())
        })
        .boxed()
}

impl Script {
    /// Runs the script on an empty store and then looks at everything that is left.
    pub async fn play(&self, store: &dyn Store) -> Vec<Outcome> {
        let organizations: Vec<_> = (0..ORGANIZATIONS).map(organization).collect();
        let mut outcomes = Vec::new();
        for id in &organizations {
            outcomes.push(Outcome::new("found", found(store, *id).await));
        }
        outcomes.extend(self.play_as(store, &organizations).await.into_iter().map(|(_, outcome)| outcome));
        look_at_what_is_shared(store, &mut outcomes).await;
        outcomes
    }

    /// Runs the script in two organizations of the store, then the part of each alone in one that knows no other, and
    /// tells the first step that came out differently. All four must be there, and be empty.
    ///
    /// Records have the same identifiers, keys and references everywhere, so that whatever one organization could see,
    /// hold or break of another's shows.
    pub async fn first_meeting(
        &self,
        store: &dyn Store,
        together: [OrganizationId; 2],
        alone: [OrganizationId; 2],
    ) -> Option<String> {
        let both = self.play_as(store, &together).await;
        for (number, id) in (0..ORGANIZATIONS).zip(alone) {
            let own = |(of, outcome): &(u8, Outcome)| (*of == number).then(|| outcome.clone());
            let among_others: Vec<_> = both.iter().filter_map(own).collect();
            let part = Self(self.0.iter().filter(|transaction| transaction.organization == number).cloned().collect());
            let by_itself: Vec<_> = part.play_as(store, &[id; 2]).await.iter().filter_map(own).collect();
            if let Some(difference) = first_difference(&among_others, &by_itself) {
                return Some(difference);
            }
        }
        None
    }

    /// Runs the script in these organizations; every outcome with the number of the organization that it belongs to.
    async fn play_as(&self, store: &dyn Store, organizations: &[OrganizationId]) -> Vec<(u8, Outcome)> {
        let mut outcomes = Vec::new();
        for transaction in &self.0 {
            let number = transaction.organization;
            let Some(id) = organizations.get(usize::from(number)) else { continue };
            let intent = if transaction.reads { Intent::Read } else { Intent::Write };
            let mut tx = match store.begin(*id, intent).await {
                Ok(tx) => tx,
                Err(error) => {
                    outcomes.push((number, Outcome::new("begin", Err(error))));
                    continue;
                }
            };
            for steps in transaction.steps.chunk_by(|one, next| one.adds() && next.adds()) {
                outcomes.push((number, taken(steps, &mut *tx).await));
            }
            if transaction.keep {
                outcomes.push((number, Outcome::new("commit", tx.commit().await.map(|()| String::new()))));
            }
        }
        for (number, id) in (0..ORGANIZATIONS).zip(organizations) {
            for everything in everything_there_is() {
                let seen = async {
                    let mut tx = store.begin(*id, Intent::Read).await?;
                    everything.take(&mut *tx).await
                };
                outcomes.push((number, Outcome::new(format!("{everything:?} at last"), seen.await)));
            }
        }
        outcomes
    }
}

/// Takes one step, or several that add records. What is added may be refused as late as with the next call, so of several
/// it is only told whether all were taken.
async fn taken(steps: &[Arc<dyn Step>], tx: &mut (dyn Tx + '_)) -> Outcome {
    let mut answers = Vec::new();
    for step in steps {
        answers.push(step.take(tx).await);
    }
    if steps.iter().any(|step| step.adds()) {
        answers.push(Records::<Team>::find(tx, Id::new(uuid::Uuid::nil())).await.map(|_| String::new()));
    }
    let all: StoreResult<Vec<String>> = answers.into_iter().collect();
    let told: Vec<_> = steps.iter().map(|step| format!("{step:?}")).collect();
    let mut outcome = Outcome::new(told.join(", then "), all.map(|all| all.join(" ")));
    if steps.len() > 1 {
        outcome.answer = outcome.answer.map_err(|_| "refused");
    }
    outcome
}

/// Gives an organization the record that stores want before any other of its records.
async fn found(store: &dyn Store, id: OrganizationId) -> StoreResult<String> {
    let fault = |error: serde_json::Error| StoreError::Fault(error.into());
    let new: NewOrganization = serde_json::from_value(serde_json::json!({
        "slug": "example", "name": "Example", "default_currency": "EUR", "time_zone": TimeZone::utc(), "region": null,
    }))
    .map_err(fault)?;
    let NewOrganization { slug, name, default_currency, time_zone, region } = new;
    let value = Organization { slug, name, default_currency, time_zone, region };
    let row = Stored { id, version: 1, created_at: Timestamp::MIN, updated_at: Timestamp::MIN, value };
    let mut tx = store.begin(id, Intent::Write).await?;
    Records::<Organization>::insert(&mut *tx, &[row]).await?;
    tx.commit().await.map(|()| String::new())
}

async fn look_at_what_is_shared(store: &dyn Store, outcomes: &mut Vec<Outcome>) {
    for now in [Timestamp::MIN, Timestamp::MAX] {
        let due = store.organizations_with_due_jobs(now, 10).await;
        outcomes.push(Outcome::new(format!("due at {now}"), due.map(|due| format!("{due:?}"))));
    }
    for slug in SlugStep::SLUGS.iter().filter_map(|slug| Slug::try_from((*slug).to_owned()).ok()) {
        let holder = store.organization_by_slug(&slug).await;
        outcomes.push(Outcome::new(format!("who is {slug}"), holder.map(|holder| format!("{holder:?}"))));
    }
}
