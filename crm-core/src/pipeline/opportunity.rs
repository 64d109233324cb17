//! The deal itself: what it holds, and how its fields change. How it goes from stage to stage is in `steps`.

use serde::{Deserialize, Serialize};

use super::event::OpportunityEvent;
use super::model::{CloseReasonId, PipelineId};
use super::refusal::OpportunityRefusal;
use super::stage::{ForecastCategory, Probability, Stage, StageId, StageKind};
use crate::access::MemberId;
use crate::event::changes;
use crate::kernel::currency::Currency;
use crate::kernel::money::{Money, Rounding};
use crate::kernel::text::{Label, Name, Note};
use crate::kernel::{CustomValues, Date, Id, Patch, Stored, Tag, Timestamp};
use crate::lead::LeadId;
use crate::people::{AccountId, ContactId};

/// Identifier of an opportunity.
pub type OpportunityId = Id<Opportunity>;

/// The state of a deal. It is the kind of the stage that the deal stands in.
pub type OpportunityStatus = StageKind;

/// A deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Opportunity {
    /// What it is called.
    pub name: Name,
    /// The company that buys.
    pub account_id: Option<AccountId>,
    /// The person to talk to first.
    pub primary_contact_id: Option<ContactId>,
    /// The pipeline that its stage belongs to.
    pub pipeline_id: PipelineId,
    /// Where it stands.
    pub stage_id: StageId,
    /// Whether it is worked on, won or lost: the kind of its stage.
    pub status: OpportunityStatus,
    /// What it is worth, in minor units of `currency`; 0 while that is unknown, never less.
    pub amount_minor: i64,
    /// Currency of the amount.
    pub currency: Currency,
    /// How likely it is won: 100 % when it is, 0 % when it is lost.
    pub probability: Probability,
    /// When it is expected to be won.
    pub expected_close: Option<Date>,
    /// When it was closed; present while it is.
    pub closed_at: Option<Timestamp>,
    /// Who is responsible.
    pub owner_id: Option<MemberId>,
    /// Where it came from first.
    pub source: Option<Name>,
    /// The campaign that it came through first.
    pub campaign: Option<Name>,
    /// Why it was won or lost; present while it is closed.
    pub close_reason_id: Option<CloseReasonId>,
    /// What else there is to say of its end.
    pub close_note: Option<Note>,
    /// What is to be done next.
    pub next_step: Option<Name>,
    /// When that is to be done.
    pub next_step_on: Option<Date>,
    /// When it came into its stage.
    pub stage_entered_at: Timestamp,
    /// When something was last done about it.
    pub last_touch_at: Option<Timestamp>,
    /// The open stage that it was closed from; present while it is closed.
    pub last_open_stage_id: Option<StageId>,
    /// How it counts in the forecast.
    pub forecast_category: ForecastCategory,
    /// Items of checklists that are done, sorted, without doubles.
    pub ticked: Vec<Label>,
    /// Tags, sorted, without doubles.
    pub tags: Vec<Tag>,
    /// The tenant's own fields.
    pub custom: CustomValues,
    /// Anything else.
    pub note: Option<Note>,
    /// The lead that it was converted from.
    pub lead_id: Option<LeadId>,
}

/// What it takes to make a deal. It begins in an open stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the opportunity")]
pub struct NewOpportunity {
    pub name: Name,
    #[serde(default)]
    pub account_id: Option<AccountId>,
    #[serde(default)]
    pub primary_contact_id: Option<ContactId>,
    /// That of the stage, or the first active one, when there is none.
    #[serde(default)]
    pub pipeline_id: Option<PipelineId>,
    /// The pipeline's first open one, when there is none.
    #[serde(default)]
    pub stage_id: Option<StageId>,
    /// Nothing in the organization's currency, when there is none.
    #[serde(default)]
    pub amount: Option<Money>,
    /// That of the stage, when there is none.
    #[serde(default)]
    pub probability: Option<Probability>,
    #[serde(default)]
    pub expected_close: Option<Date>,
    /// Whoever makes it, when there is none.
    #[serde(default)]
    pub owner_id: Option<MemberId>,
    #[serde(default)]
    pub source: Option<Name>,
    #[serde(default)]
    pub campaign: Option<Name>,
    #[serde(default)]
    pub next_step: Option<Name>,
    #[serde(default)]
    pub next_step_on: Option<Date>,
    /// That of the stage, when there is none.
    #[serde(default)]
    pub forecast_category: Option<ForecastCategory>,
    #[serde(default)]
    pub ticked: Vec<Label>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    #[serde(default)]
    pub custom: CustomValues,
    #[serde(default)]
    pub note: Option<Note>,
    #[serde(default)]
    pub lead_id: Option<LeadId>,
}

impl NewOpportunity {
    /// A deal of which only the name is known.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self {
            name,
            account_id: None,
            primary_contact_id: None,
            pipeline_id: None,
            stage_id: None,
            amount: None,
            probability: None,
            expected_close: None,
            owner_id: None,
            source: None,
            campaign: None,
            next_step: None,
            next_step_on: None,
            forecast_category: None,
            ticked: Vec::new(),
            tags: Vec::new(),
            custom: CustomValues::default(),
            note: None,
            lead_id: None,
        }
    }
}

/// A change to a deal. What is absent stays, what is `null` is emptied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the opportunity")]
pub struct OpportunityPatch {
    pub name: Option<Name>,
    pub account_id: Patch<AccountId>,
    pub primary_contact_id: Patch<ContactId>,
    /// Not while it is closed.
    pub amount: Option<Money>,
    /// Not while it is closed.
    pub probability: Option<Probability>,
    /// Not while it is closed.
    pub expected_close: Patch<Date>,
    pub owner_id: Patch<MemberId>,
    pub source: Patch<Name>,
    pub campaign: Patch<Name>,
    pub next_step: Patch<Name>,
    pub next_step_on: Patch<Date>,
    /// Not while it is closed.
    pub forecast_category: Option<ForecastCategory>,
    pub ticked: Option<Vec<Label>>,
    pub tags: Option<Vec<Tag>>,
    pub custom: Option<CustomValues>,
    pub note: Patch<Note>,
}

impl Opportunity {
    /// A new deal in an open stage. `currency` is that of an amount that is not given.
    ///
    /// # Errors
    /// `NotAnOpenStage`, `NegativeAmount`, `OnlyWonIsClosed`.
    pub fn new(
        new: NewOpportunity,
        stage: &Stored<Stage>,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Self, OpportunityRefusal> {
        if stage.kind != StageKind::Open {
            return Err(OpportunityRefusal::NotAnOpenStage(stage.name.clone()));
        }
        let amount = new.amount.unwrap_or(Money::zero(currency));
        let opportunity = Self {
            name: new.name,
            account_id: new.account_id,
            primary_contact_id: new.primary_contact_id,
            pipeline_id: stage.pipeline_id,
            stage_id: stage.id,
            status: StageKind::Open,
            amount_minor: amount.minor(),
            currency: amount.currency(),
            probability: new.probability.unwrap_or(stage.probability),
            expected_close: new.expected_close,
            closed_at: None,
            owner_id: new.owner_id,
            source: new.source,
            campaign: new.campaign,
            close_reason_id: None,
            close_note: None,
            next_step: new.next_step,
            next_step_on: new.next_step_on,
            stage_entered_at: now,
            last_touch_at: None,
            last_open_stage_id: None,
            forecast_category: new.forecast_category.unwrap_or(stage.forecast_category),
            ticked: new.ticked,
            tags: new.tags,
            custom: new.custom,
            note: new.note,
            lead_id: new.lead_id,
        };
        opportunity.checked()
    }

    /// What it is worth.
    #[must_use]
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// What it is worth times how likely it is won, in whole minor units, halves to even.
    ///
    /// Every weighted total is a sum of these, so that totals add up to what is shown of each deal.
    #[must_use]
    pub fn weighted(&self) -> Money {
        // At most 100 of 100, so the result is at most the amount and always fits.
        self.amount().ratio(self.probability.percent(), 100, Rounding::HalfEven).unwrap_or(self.amount())
    }

    /// The day that it counts for in a forecast: when it was closed (UTC), else when it is expected to be.
    #[must_use]
    pub fn forecast_day(&self) -> Option<Date> {
        self.closed_at.map(Timestamp::date).or(self.expected_close)
    }

    /// Changes fields; nothing, when the patch changes nothing.
    ///
    /// # Errors
    /// `Frozen`, `NegativeAmount`, `OnlyWonIsClosed`; then nothing is changed.
    pub fn change(&mut self, patch: OpportunityPatch) -> Result<Option<OpportunityEvent>, OpportunityRefusal> {
        let next = self.clone().patched(patch)?;
        let changes = changes(self, &next);
        *self = next;
        Ok((!changes.is_empty()).then_some(OpportunityEvent::Changed { changes }))
    }

    pub(super) fn patched(mut self, patch: OpportunityPatch) -> Result<Self, OpportunityRefusal> {
        self.check_frozen(&patch)?;
        self.name = patch.name.unwrap_or(self.name);
        patch.account_id.apply(&mut self.account_id);
        patch.primary_contact_id.apply(&mut self.primary_contact_id);
        if let Some(amount) = patch.amount {
            self.amount_minor = amount.minor();
            self.currency = amount.currency();
        }
        self.probability = patch.probability.unwrap_or(self.probability);
        patch.expected_close.apply(&mut self.expected_close);
        patch.owner_id.apply(&mut self.owner_id);
        patch.source.apply(&mut self.source);
        patch.campaign.apply(&mut self.campaign);
        patch.next_step.apply(&mut self.next_step);
        patch.next_step_on.apply(&mut self.next_step_on);
        self.forecast_category = patch.forecast_category.unwrap_or(self.forecast_category);
        self.ticked = patch.ticked.unwrap_or(self.ticked);
        self.tags = patch.tags.unwrap_or(self.tags);
        self.custom = patch.custom.unwrap_or(self.custom);
        patch.note.apply(&mut self.note);
        self.checked()
    }

    /// Something was done about it. An earlier instant than the last one changes nothing.
    pub fn touch(&mut self, at: Timestamp) -> Option<OpportunityEvent> {
        if self.last_touch_at.is_some_and(|last| last >= at) {
            return None;
        }
        self.last_touch_at = Some(at);
        Some(OpportunityEvent::Touched { at })
    }

    /// What a closed deal was closed with stays as it was.
    fn check_frozen(&self, patch: &OpportunityPatch) -> Result<(), OpportunityRefusal> {
        let asked = [
            ("amount", patch.amount.is_some()),
            ("probability", patch.probability.is_some()),
            ("expected_close", patch.expected_close != Patch::Keep),
            ("forecast_category", patch.forecast_category.is_some()),
        ];
        match asked.into_iter().find(|(_, asked)| *asked) {
            Some((field, _)) if self.status != StageKind::Open => {
                Err(OpportunityRefusal::Frozen { status: self.status, field })
            }
            _ => Ok(()),
        }
    }

    fn checked(mut self) -> Result<Self, OpportunityRefusal> {
        if self.amount().is_negative() {
            return Err(OpportunityRefusal::NegativeAmount(self.amount()));
        }
        if self.status == StageKind::Open && self.forecast_category == ForecastCategory::Closed {
            return Err(OpportunityRefusal::OnlyWonIsClosed);
        }
        self.ticked.sort();
        self.ticked.dedup();
        self.tags.sort();
        self.tags.dedup();
        Ok(self)
    }
}
