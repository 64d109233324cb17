//! The lead itself: what it holds, and its commands. "A converted lead is read-only" is decided here, in `open`.

use serde::{Deserialize, Serialize};

use super::event::LeadEvent;
use super::status::LeadStatus;
use super::touch::TouchDetails;
use crate::access::MemberId;
use crate::event::changes;
use crate::identity::{CompanyName, KeySet, PersonName};
use crate::kernel::email::EmailAddress;
use crate::kernel::phone::PhoneNumber;
use crate::kernel::website::Website;
use crate::kernel::{CustomValues, Explanation, Id, Kind, Patch, Rule, Timestamp};
use crate::kernel::{Label, Name, Note, Tag};

/// Identifier of a lead.
pub type LeadId = Id<Lead>;

/// A person or company who may become a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lead {
    /// Given name.
    pub first_name: Option<Name>,
    /// Family name.
    pub last_name: Option<Name>,
    /// Company they work for.
    pub company: Option<Name>,
    /// What they do there.
    pub job_title: Option<Name>,
    /// The address to write to.
    pub email: Option<EmailAddress>,
    /// Further addresses.
    pub other_emails: Vec<EmailAddress>,
    /// The number to call.
    pub phone: Option<PhoneNumber>,
    /// Further numbers.
    pub other_phones: Vec<PhoneNumber>,
    /// The company's website.
    pub website: Option<Website>,
    /// The company's industry.
    pub industry: Option<Name>,
    /// How many people the company employs.
    pub employee_count: Option<i64>,
    /// Town.
    pub city: Option<Name>,
    /// Country, as given.
    pub country: Option<Name>,
    /// Where the lead came from first.
    pub source: Option<Name>,
    /// The campaign that it came through first.
    pub campaign: Option<Name>,
    /// State.
    pub status: LeadStatus,
    /// The tenant's own name for the state.
    pub status_label: Option<Label>,
    /// Why it is unqualified.
    pub unqualified_reason: Option<Name>,
    /// Who is responsible.
    pub owner_id: Option<MemberId>,
    /// Total of the score at `scored_at`, for lists; the scoring slice computes the truth.
    pub score: i64,
    /// When the copy of the score was taken.
    pub scored_at: Option<Timestamp>,
    /// Tags, sorted, without doubles.
    pub tags: Vec<Tag>,
    /// The tenant's own fields.
    pub custom: CustomValues,
    /// Anything else.
    pub note: Option<Note>,
    /// When it was converted.
    pub converted_at: Option<Timestamp>,
}

/// What it takes to make a lead. At least a name, a company, an address or a number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the lead")]
pub struct NewLead {
    pub first_name: Option<Name>,
    pub last_name: Option<Name>,
    pub company: Option<Name>,
    pub job_title: Option<Name>,
    pub email: Option<EmailAddress>,
    pub other_emails: Vec<EmailAddress>,
    pub phone: Option<PhoneNumber>,
    pub other_phones: Vec<PhoneNumber>,
    pub website: Option<Website>,
    pub industry: Option<Name>,
    pub employee_count: Option<i64>,
    pub city: Option<Name>,
    pub country: Option<Name>,
    pub source: Option<Name>,
    pub campaign: Option<Name>,
    pub owner_id: Option<MemberId>,
    pub tags: Vec<Tag>,
    pub custom: CustomValues,
    pub note: Option<Note>,
    /// The marketing contact that brought it.
    pub touch: Option<TouchDetails>,
}

/// A change to a lead. What is absent stays, what is `null` is emptied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is that of the lead")]
pub struct LeadPatch {
    pub first_name: Patch<Name>,
    pub last_name: Patch<Name>,
    pub company: Patch<Name>,
    pub job_title: Patch<Name>,
    pub email: Patch<EmailAddress>,
    pub other_emails: Option<Vec<EmailAddress>>,
    pub phone: Patch<PhoneNumber>,
    pub other_phones: Option<Vec<PhoneNumber>>,
    pub website: Patch<Website>,
    pub industry: Patch<Name>,
    pub employee_count: Patch<i64>,
    pub city: Patch<Name>,
    pub country: Patch<Name>,
    pub tags: Option<Vec<Tag>>,
    pub custom: Option<CustomValues>,
    pub note: Patch<Note>,
}

/// What a lead refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeadRefusal {
    /// It is read-only since it was converted.
    #[error("the lead was converted and is read-only; change its contact, account or opportunity instead")]
    AlreadyConverted,
    /// The table of states has no such step.
    #[error("a lead that is {} cannot become {}", from.as_str(), to.as_str())]
    StepNotAllowed {
        /// The state it is in.
        from: LeadStatus,
        /// The state it should go to.
        to: LeadStatus,
    },
    /// Nothing tells who it is.
    #[error("a lead needs at least a name, a company, an e-mail address or a telephone number")]
    Anonymous,
    /// A company can't employ fewer than nobody.
    #[error("the employee count {0} is negative; give 0 or more")]
    NegativeEmployeeCount(i64),
    /// Nobody is known by so many, and each is a key under which the lead is found.
    #[error("{count} further addresses in '{field}' are more than {MOST_FURTHER}; leave out those that nobody uses")]
    TooManyAddresses {
        /// The field that holds them.
        field: &'static str,
        /// How many they are.
        count: usize,
    },
}

/// The most further e-mail addresses of a lead, and the most further telephone numbers.
pub(super) const MOST_FURTHER: usize = 15;

impl Rule for LeadRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyConverted => "lead.already_converted",
            Self::StepNotAllowed { .. } => "lead.step_not_allowed",
            Self::Anonymous => "lead.anonymous",
            Self::NegativeEmployeeCount(_) => "lead.negative_employee_count",
            Self::TooManyAddresses { .. } => "lead.too_many_addresses",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyConverted | Self::StepNotAllowed { .. } => Kind::Conflict,
            Self::Anonymous | Self::NegativeEmployeeCount(_) | Self::TooManyAddresses { .. } => Kind::Invalid,
        }
    }
}

impl Lead {
    /// A new lead.
    ///
    /// # Errors
    /// `Anonymous`, `NegativeEmployeeCount`, `TooManyAddresses`.
    pub fn new(new: NewLead) -> Result<Self, LeadRefusal> {
        let lead = Self {
            first_name: new.first_name,
            last_name: new.last_name,
            company: new.company,
            job_title: new.job_title,
            email: new.email,
            other_emails: new.other_emails,
            phone: new.phone,
            other_phones: new.other_phones,
            website: new.website,
            industry: new.industry,
            employee_count: new.employee_count,
            city: new.city,
            country: new.country,
            source: new.source,
            campaign: new.campaign,
            status: LeadStatus::New,
            status_label: None,
            unqualified_reason: None,
            owner_id: new.owner_id,
            score: 0,
            scored_at: None,
            tags: new.tags,
            custom: new.custom,
            note: new.note,
            converted_at: None,
        };
        lead.checked()
    }

    /// Changes fields; nothing, when the patch changes nothing.
    ///
    /// # Errors
    /// `AlreadyConverted`, `Anonymous`, `NegativeEmployeeCount`, `TooManyAddresses`; then nothing is changed.
    pub fn change(&mut self, patch: LeadPatch) -> Result<Option<LeadEvent>, LeadRefusal> {
        self.open()?;
        let mut next = self.clone();
        patch.first_name.apply(&mut next.first_name);
        patch.last_name.apply(&mut next.last_name);
        patch.company.apply(&mut next.company);
        patch.job_title.apply(&mut next.job_title);
        patch.email.apply(&mut next.email);
        patch.phone.apply(&mut next.phone);
        patch.website.apply(&mut next.website);
        patch.industry.apply(&mut next.industry);
        patch.employee_count.apply(&mut next.employee_count);
        patch.city.apply(&mut next.city);
        patch.country.apply(&mut next.country);
        patch.note.apply(&mut next.note);
        next.other_emails = patch.other_emails.unwrap_or(next.other_emails);
        next.other_phones = patch.other_phones.unwrap_or(next.other_phones);
        next.tags = patch.tags.unwrap_or(next.tags);
        next.custom = patch.custom.unwrap_or(next.custom);
        let next = next.checked()?;
        let changes = changes(self, &next);
        *self = next;
        Ok((!changes.is_empty()).then_some(LeadEvent::Changed { changes }))
    }

    /// Someone has spoken with them.
    ///
    /// # Errors
    /// `AlreadyConverted`, `StepNotAllowed`.
    pub fn contact(&mut self) -> Result<LeadEvent, LeadRefusal> {
        let from = self.step(LeadStatus::Contacted)?;
        Ok(LeadEvent::Contacted { from })
    }

    /// They want and can buy.
    ///
    /// # Errors
    /// `AlreadyConverted`, `StepNotAllowed`.
    pub fn qualify(&mut self) -> Result<LeadEvent, LeadRefusal> {
        let from = self.step(LeadStatus::Qualified)?;
        Ok(LeadEvent::Qualified { from })
    }

    /// They do not want or can't buy, for now.
    ///
    /// # Errors
    /// `AlreadyConverted`, `StepNotAllowed`.
    pub fn disqualify(&mut self, reason: Option<Name>) -> Result<LeadEvent, LeadRefusal> {
        let from = self.step(LeadStatus::Unqualified)?;
        self.unqualified_reason.clone_from(&reason);
        Ok(LeadEvent::Disqualified { from, reason })
    }

    /// Makes an unqualified lead new again.
    ///
    /// # Errors
    /// `AlreadyConverted`, `StepNotAllowed`.
    pub fn reopen(&mut self) -> Result<LeadEvent, LeadRefusal> {
        self.step(LeadStatus::New)?;
        self.unqualified_reason = None;
        Ok(LeadEvent::Reopened)
    }

    /// Goes to a state by its name, as a tenant's label asks.
    ///
    /// # Errors
    /// `AlreadyConverted`, `StepNotAllowed`; always for `Converted`.
    pub fn go_to(&mut self, status: LeadStatus) -> Result<LeadEvent, LeadRefusal> {
        match status {
            LeadStatus::New => self.reopen(),
            LeadStatus::Contacted => self.contact(),
            LeadStatus::Qualified => self.qualify(),
            LeadStatus::Unqualified => self.disqualify(None),
            LeadStatus::Converted => Err(LeadRefusal::StepNotAllowed { from: self.status, to: status }),
        }
    }

    /// Gives the present state the tenant's own name.
    ///
    /// # Errors
    /// `AlreadyConverted`.
    pub fn relabel(&mut self, label: Label) -> Result<(), LeadRefusal> {
        self.open()?;
        self.status_label = Some(label);
        Ok(())
    }

    /// Makes someone responsible, or nobody.
    ///
    /// # Errors
    /// `AlreadyConverted`.
    pub fn assign(&mut self, to: Option<MemberId>, why: Explanation) -> Result<LeadEvent, LeadRefusal> {
        self.open()?;
        let from = std::mem::replace(&mut self.owner_id, to);
        Ok(LeadEvent::Assigned { from, to, why })
    }

    /// Ends the lead's life as a lead. Only the conversion slice calls it, with the records that it lives on as.
    ///
    /// # Errors
    /// `AlreadyConverted`, `StepNotAllowed`.
    pub(crate) fn convert(&mut self, now: Timestamp) -> Result<(), LeadRefusal> {
        self.step(LeadStatus::Converted)?;
        self.converted_at = Some(now);
        Ok(())
    }

    /// Takes what a merge has made of it. Only the merge slice calls it.
    ///
    /// # Errors
    /// `AlreadyConverted`, `Anonymous`, `NegativeEmployeeCount`, `TooManyAddresses`; then nothing is changed.
    pub(crate) fn absorb(&mut self, merged: Self) -> Result<(), LeadRefusal> {
        self.open()?;
        *self = merged.checked()?;
        Ok(())
    }

    /// Takes a fresh copy of the score. It is no change that anyone made, so it is allowed always.
    pub(crate) fn copy_score(&mut self, total: i64, at: Timestamp) {
        self.score = total;
        self.scored_at = Some(at);
    }

    /// The keys under which the lead is found.
    #[must_use]
    pub fn keys(&self) -> KeySet {
        let mut keys = KeySet::default();
        for email in self.emails() {
            keys = keys.email(email);
        }
        for phone in self.phones() {
            keys = keys.phone(phone);
        }
        if let Some(website) = &self.website {
            keys = keys.website(website);
        }
        let company = CompanyName::new(self.company.as_deref().unwrap_or_default());
        keys.person(&self.person_name(), &company, self.city.as_deref())
    }

    /// The name as it is compared.
    #[must_use]
    pub fn person_name(&self) -> PersonName {
        PersonName::new(self.first_name.as_deref(), self.last_name.as_deref())
    }

    /// All addresses, the one to write to first.
    pub fn emails(&self) -> impl Iterator<Item = &EmailAddress> {
        self.email.iter().chain(&self.other_emails)
    }

    /// All numbers, the one to call first.
    pub fn phones(&self) -> impl Iterator<Item = &PhoneNumber> {
        self.phone.iter().chain(&self.other_phones)
    }

    /// Given and family name as one, empty when there is neither.
    #[must_use]
    pub fn full_name(&self) -> String {
        let names = self.first_name.iter().chain(&self.last_name);
        names.map(Name::as_str).collect::<Vec<_>>().join(" ")
    }

    fn open(&self) -> Result<(), LeadRefusal> {
        if self.status == LeadStatus::Converted { Err(LeadRefusal::AlreadyConverted) } else { Ok(()) }
    }

    fn step(&mut self, to: LeadStatus) -> Result<LeadStatus, LeadRefusal> {
        self.open()?;
        if !self.status.may_become(to) {
            return Err(LeadRefusal::StepNotAllowed { from: self.status, to });
        }
        self.status_label = None;
        Ok(std::mem::replace(&mut self.status, to))
    }

    fn checked(mut self) -> Result<Self, LeadRefusal> {
        if let Some(count) = self.employee_count.filter(|count| *count < 0) {
            return Err(LeadRefusal::NegativeEmployeeCount(count));
        }
        for (field, count) in [("other_emails", self.other_emails.len()), ("other_phones", self.other_phones.len())] {
            if count > MOST_FURTHER {
                return Err(LeadRefusal::TooManyAddresses { field, count });
            }
        }
        let known = self.first_name.is_some()
            || self.last_name.is_some()
            || self.company.is_some()
            || self.emails().next().is_some()
            || self.phones().next().is_some();
        if !known {
            return Err(LeadRefusal::Anonymous);
        }
        self.tags.sort();
        self.tags.dedup();
        Ok(self)
    }
}
