//! Commands on usage and its limits.

use serde::{Deserialize, Serialize};

use super::count::{Counted, counter, limit_of, of_plan, record_usage, warn};
use super::model::{Meter, UsageEvent, UsageLimit};
use crate::access::Permission;
use crate::billing::account::BillingAccount;
use crate::billing::desk::may_try_again;
use crate::kernel::{FieldProblem, InvalidInput, Predicate, Result, Stored, Timestamp};
use crate::store::Session;

/// Commands on usage and its limits.
///
/// ```
/// use crm_core::billing::Meter;
/// use crm_core::billing::usage::{Counted, LimitDraft};
/// use crm_core::kernel::{Result, Timestamp};
/// use crm_core::store::Session;
///
/// /// Counts a mail once, however often it is told; refuses what would go beyond the limit.
/// async fn sent(session: &Session, mail: &str, at: Timestamp) -> Result<i64> {
///     match session.usage().record(Meter::Emails, mail, 1, at).await? {
///         Counted::Now(used) | Counted::Before(used) => Ok(used),
///     }
/// }
///
/// /// Warns at 80, 90 and 100 % of 9,000, and never goes beyond 10,000.
/// async fn allow(session: &Session) -> Result<()> {
///     let draft = LimitDraft { soft: Some(9_000), hard: Some(10_000) };
///     session.usage().set_limit(Meter::Emails, draft).await.map(drop)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a>(pub(crate) &'a Session);

/// A limit as it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDraft {
    /// See [`UsageLimit::soft`].
    #[serde(default)]
    pub soft: Option<i64>,
    /// See [`UsageLimit::hard`].
    #[serde(default)]
    pub hard: Option<i64>,
}

/// How much of a meter is used now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageNow {
    /// What is counted.
    pub meter: Meter,
    /// How much is used in the present period.
    pub used: i64,
    /// From where on it is warned.
    pub soft: Option<i64>,
    /// What is never gone beyond.
    pub hard: Option<i64>,
}

impl Usage<'_> {
    /// Counts a use by itself. Where the use is a change of records, count it in the same unit of work instead:
    /// [`record_usage`].
    ///
    /// # Errors
    /// `UsageRefusal` when it would go beyond a hard limit.
    pub async fn record(&self, meter: Meter, key: &str, quantity: i64, occurred_at: Timestamp) -> Result<Counted> {
        let mut tries = 1;
        loop {
            match self.record_once(meter, key, quantity, occurred_at).await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn record_once(&self, meter: Meter, key: &str, quantity: i64, occurred_at: Timestamp) -> Result<Counted> {
        let mut uow = self.0.begin(Permission::BillingManage).await?;
        let counted = record_usage(&mut uow, meter, key, quantity, occurred_at).await?;
        uow.commit().await?;
        Ok(counted)
    }

    /// Sets the limits of a meter, in the place of those that come with the plan. What is used already warns at once, by the new limit.
    ///
    /// # Errors
    /// `InvalidInput` when a limit is below zero, or the soft one above the hard one.
    pub async fn set_limit(&self, meter: Meter, draft: LimitDraft) -> Result<Stored<UsageLimit>> {
        let mut problems = Vec::new();
        for (field, value) in [("soft", draft.soft), ("hard", draft.hard)] {
            if value.is_some_and(|value| value < 0) {
                problems.push(FieldProblem::new(field, "usage_limit.negative", "it is below zero; give 0 or more"));
            }
        }
        if let (Some(soft), Some(hard)) = (draft.soft, draft.hard)
            && soft > hard
        {
            let problem = "it is above the hard limit and would never warn; give at most that";
            problems.push(FieldProblem::new("soft", "usage_limit.above_hard", problem));
        }
        InvalidInput::check(problems)?;
        let mut uow = self.0.begin(Permission::BillingManage).await?;
        let limit = UsageLimit { meter, soft: draft.soft, hard: draft.hard };
        let row = match limit_of(&mut uow, meter).await? {
            Some(row) if row.value == limit => row,
            Some(mut row) => {
                let before = std::mem::replace(&mut row.value, limit);
                uow.save(row, UsageEvent::LimitChanged { before }).await?
            }
            None => uow.insert(limit, UsageEvent::LimitSet).await?,
        };
        let period_start = meter.period().start(uow.now());
        if let (Some(counter), Some(limit)) = (counter(&mut uow, meter, period_start).await?, row.warned_at()) {
            warn(&mut uow, meter, period_start, counter.used, limit).await?;
        }
        uow.commit().await?;
        Ok(row)
    }

    /// How much of each meter is used now.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn now(&self) -> Result<Vec<UsageNow>> {
        let mut uow = self.0.begin(Permission::BillingRead).await?;
        let now = uow.now();
        let limits = uow.list_all(&Predicate::<UsageLimit>::everything()).await?;
        let account = uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?;
        let plan = account.map(|account| account.value.plan_limits).unwrap_or_default();
        let mut all = Vec::with_capacity(Meter::ALL.len());
        for meter in Meter::ALL {
            let used = counter(&mut uow, *meter, meter.period().start(now)).await?.map_or(0, |row| row.used);
            let own = limits.iter().find(|limit| limit.meter == *meter).map(|row| row.value.clone());
            let limit = own.or_else(|| of_plan(&plan, *meter));
            let (soft, hard) = limit.map_or((None, None), |limit| (limit.soft, limit.hard));
            all.push(UsageNow { meter: *meter, used, soft, hard });
        }
        Ok(all)
    }
}
