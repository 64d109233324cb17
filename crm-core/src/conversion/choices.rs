//! What the person who converts a lead chooses.

use serde::{Deserialize, Serialize};

use crate::access::MemberId;
use crate::kernel::{Date, Money, Name};
use crate::people::{AccountId, ContactId};
use crate::pipeline::{OpportunityId, PipelineId, StageId};

/// What becomes of one of the three records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ConversionTarget))]
#[serde(rename_all = "snake_case")]
pub enum Target<I> {
    /// The one that is certainly the same, or a new one when there is none.
    #[default]
    Matching,
    /// A new one.
    New,
    /// This one.
    Existing(I),
    /// None.
    Nothing,
}

/// The deal that a conversion begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDeal {
    /// Its name; the company's or the person's when absent.
    #[serde(default)]
    pub name: Option<Name>,
    /// Its pipeline; the first one when absent.
    #[serde(default)]
    pub pipeline_id: Option<PipelineId>,
    /// Its stage; the pipeline's first open one when absent.
    #[serde(default)]
    pub stage_id: Option<StageId>,
    /// Its amount.
    #[serde(default)]
    pub amount: Option<Money>,
    /// When it should close.
    #[serde(default)]
    pub expected_close: Option<Date>,
}

/// What the person who converts a lead chooses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConversionChoices {
    /// What becomes of the company.
    #[serde(default)]
    pub account: Target<AccountId>,
    /// What becomes of the person.
    #[serde(default)]
    pub contact: Target<ContactId>,
    /// What becomes of the deal. `Matching` is the same as `New`: deals are never guessed.
    pub opportunity: Target<OpportunityId>,
    /// The deal, when it is a new one.
    #[serde(default)]
    pub deal: Option<NewDeal>,
    /// Who becomes responsible for what is made; the lead's owner when absent.
    #[serde(default)]
    pub owner_id: Option<MemberId>,
    /// Whether the lead's source replaces that of existing records. Other values fill empty fields only.
    #[serde(default)]
    pub overwrite_source: bool,
}

impl ConversionChoices {
    /// Contact and account, matched where certain, and a new deal.
    #[must_use]
    pub fn with_deal(deal: NewDeal) -> Self {
        Self { opportunity: Target::New, deal: Some(deal), ..Self::without_deal() }
    }

    /// Contact and account, matched where certain, and no deal.
    #[must_use]
    pub fn without_deal() -> Self {
        Self {
            account: Target::Matching,
            contact: Target::Matching,
            opportunity: Target::Nothing,
            deal: None,
            owner_id: None,
            overwrite_source: false,
        }
    }
}
