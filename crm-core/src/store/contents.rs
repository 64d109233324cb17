//! The table of contents: which entities a transaction holds, and which specific reads.
//!
//! The one file of the lower layers that names records of the upper ones. A new entity adds a line here, twice: to
//! [`Tx`] and to [`visit_entities`].

use async_trait::async_trait;

use super::port::{Agenda, NoLinks, Records, StoreError, StoreResult};
use crate::access::{CustomRole, Member, Organization, OrganizationId, ProviderLink, Slug, Team, TeamMember};
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
use crate::kernel::Entity;
pub(super) use crate::lead::LeadReport;
use crate::lead::{Lead, StatusLabel, Touch};
use crate::people::{Account, AccountDomain, Contact, ContactPoint};
pub(super) use crate::pipeline::PipelineReport;
use crate::pipeline::{CloseReason, ForecastOverride, Opportunity, OpportunityContact, Pipeline, Stage};
use crate::scoring::{Engagement, ScoreState, ScoringRule};
use crate::sign_in::{ApiKey, Credential, Invitation, PasswordReset, SignIn};

/// An open transaction of one organization. Dropping it undoes everything.
#[async_trait]
pub trait Tx:
    Records<Organization>
    + Records<Member>
    + Records<CustomRole>
    + Records<Team>
    + Records<TeamMember>
    + Records<Credential>
    + Records<SignIn>
    + Records<ApiKey>
    + Records<Invitation>
    + Records<PasswordReset>
    + Records<Event>
    + Records<Job>
    + Records<CommandKey>
    + Records<MatchKey>
    + Records<Redirect>
    + Records<CustomField>
    + Records<CustomUnique>
    + Records<Account>
    + Records<AccountDomain>
    + Records<Contact>
    + Records<ContactPoint>
    + Records<Lead>
    + LeadReport
    + Records<StatusLabel>
    + Records<Touch>
    + Records<Pipeline>
    + Records<Stage>
    + Records<CloseReason>
    + Records<Opportunity>
    + Records<OpportunityContact>
    + Records<ForecastOverride>
    + PipelineReport
    + Records<Activity>
    + Records<ActivityLink>
    + Records<ScoringRule>
    + Records<Engagement>
    + Records<ScoreState>
    + Records<AssignmentRule>
    + Records<Rotation>
    + Records<Availability>
    + Records<WaitingLead>
    + Records<Conversion>
    + Records<Mapping>
    + Records<DuplicateFlag>
    + Records<DuplicatePolicy>
    + Records<Capture>
    + Records<Import>
    + Records<ImportIssue>
    + Records<ImportMapping>
    + Records<ImportRow>
    + Records<ReceivedEvent>
    + Records<BillingCustomer>
    + Records<ServicePrice>
    + Records<BillingAccount>
    + Records<Subscription>
    + Records<Invoice>
    + Records<PaymentMethod>
    + Records<ServiceGrant>
    + Records<ReversedPayment>
    + Records<RevenueFact>
    + Records<BillingNotice>
    + Records<UsageCounter>
    + Records<UsageRecord>
    + Records<UsageLimit>
    + Records<UsageWarning>
    + Records<BillingCommand>
    + Records<Connection>
    + Records<Participant>
    + Records<Alias>
    + Records<Conversation>
    + Records<ConversationNote>
    + Records<Message>
    + Records<MessageTemplate>
    + Records<SendingRate>
    + Records<ParkedEvent>
    + Records<Delivery>
    + Records<Calendar>
    + Records<CannedReply>
    + Records<BulkSend>
    + Records<BulkRecipient>
    + Agenda
    + Send
{
    /// Takes the slug for the organization, which must be the transaction's own; `SlugTaken` when another has it.
    async fn claim_slug(&mut self, slug: &Slug, organization: OrganizationId) -> StoreResult<()>;
    /// Takes the account at a provider for this organization; `ProviderLinkTaken` when another has it.
    async fn claim_link(&mut self, _link: &ProviderLink) -> StoreResult<()> {
        Err(StoreError::Fault(NoLinks.into()))
    }
    /// Gives the account at a provider back, when this organization has it.
    async fn release_link(&mut self, _link: &ProviderLink) -> StoreResult<()> {
        Err(StoreError::Fault(NoLinks.into()))
    }
    /// Has those who watch the store told, once this is kept, that the organization's access has this version. A store
    /// that tells of nothing does nothing.
    async fn announce_access(&mut self, _version: i64) -> StoreResult<()> {
        Ok(())
    }
    /// Keeps everything, or nothing.
    async fn commit(self: Box<Self>) -> StoreResult<()>;
}

/// Something to be done with every kind of record, for stores that check their tables against the declarations.
pub trait Visitor {
    /// Called once for each entity.
    fn visit<E: Entity>(&mut self);
}

/// Shows every entity to the visitor, those that are referred to before those that refer.
pub fn visit_entities(visitor: &mut impl Visitor) {
    visitor.visit::<Organization>();
    visitor.visit::<CustomRole>();
    visitor.visit::<Member>();
    visitor.visit::<Team>();
    visitor.visit::<TeamMember>();
    visitor.visit::<Credential>();
    visitor.visit::<SignIn>();
    visitor.visit::<ApiKey>();
    visitor.visit::<Invitation>();
    visitor.visit::<PasswordReset>();
    visitor.visit::<Event>();
    visitor.visit::<Job>();
    visitor.visit::<CommandKey>();
    visitor.visit::<MatchKey>();
    visitor.visit::<Redirect>();
    visitor.visit::<CustomField>();
    visitor.visit::<CustomUnique>();
    visitor.visit::<Account>();
    visitor.visit::<AccountDomain>();
    visitor.visit::<Contact>();
    visitor.visit::<ContactPoint>();
    visitor.visit::<Lead>();
    visitor.visit::<StatusLabel>();
    visitor.visit::<Touch>();
    visitor.visit::<Pipeline>();
    visitor.visit::<Stage>();
    visitor.visit::<CloseReason>();
    visitor.visit::<Opportunity>();
    visitor.visit::<OpportunityContact>();
    visitor.visit::<ForecastOverride>();
    visitor.visit::<Activity>();
    visitor.visit::<ActivityLink>();
    visitor.visit::<ScoringRule>();
    visitor.visit::<Engagement>();
    visitor.visit::<ScoreState>();
    visitor.visit::<AssignmentRule>();
    visitor.visit::<Rotation>();
    visitor.visit::<Availability>();
    visitor.visit::<WaitingLead>();
    visitor.visit::<Conversion>();
    visitor.visit::<Mapping>();
    visitor.visit::<DuplicateFlag>();
    visitor.visit::<DuplicatePolicy>();
    visitor.visit::<Capture>();
    visitor.visit::<Import>();
    visitor.visit::<ImportIssue>();
    visitor.visit::<ImportMapping>();
    visitor.visit::<ImportRow>();
    visitor.visit::<ReceivedEvent>();
    visitor.visit::<BillingCustomer>();
    visitor.visit::<ServicePrice>();
    visitor.visit::<BillingAccount>();
    visitor.visit::<Subscription>();
    visitor.visit::<Invoice>();
    visitor.visit::<PaymentMethod>();
    visitor.visit::<ServiceGrant>();
    visitor.visit::<ReversedPayment>();
    visitor.visit::<RevenueFact>();
    visitor.visit::<BillingNotice>();
    visitor.visit::<UsageCounter>();
    visitor.visit::<UsageRecord>();
    visitor.visit::<UsageLimit>();
    visitor.visit::<UsageWarning>();
    visitor.visit::<BillingCommand>();
    visitor.visit::<Connection>();
    visitor.visit::<Participant>();
    visitor.visit::<Alias>();
    visitor.visit::<Conversation>();
    visitor.visit::<ConversationNote>();
    visitor.visit::<Message>();
    visitor.visit::<MessageTemplate>();
    visitor.visit::<SendingRate>();
    visitor.visit::<ParkedEvent>();
    visitor.visit::<Delivery>();
    visitor.visit::<Calendar>();
    visitor.visit::<CannedReply>();
    visitor.visit::<BulkSend>();
    visitor.visit::<BulkRecipient>();
}
