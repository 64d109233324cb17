//! Specific reads: a store may answer them its own way, and answers what reading every record would.

use std::collections::BTreeMap;

use async_trait::async_trait;
use proptest::collection::vec;
use proptest::test_runner::TestRunner;

use super::Check;
use super::bench::{Bench, Checked, drawn, holds, same};
use crate::access::{Member, MemberId, OrganizationId};
use crate::kernel::{Field, Page, Predicate, Stored};
use crate::lead::Lead;
use crate::people::{Account, Contact};
use crate::pipeline::{Opportunity, OpportunityId, Pipeline, PipelineReport, Stage};
use crate::store::{Records, Store, StoreResult, Tx, count_by_reading};
use crate::testing::arb::{POOL, Sample, pool_id, predicate};

pub(super) const CHECKS: &[Check] = &[
    Check::new("totals_are_those_of_reading_every_deal", |store| {
        Box::pin(totals_are_those_of_reading_every_deal(store))
    }),
    Check::new("open_leads_are_counted_for_each_owner", |store| Box::pin(open_leads_are_counted_for_each_owner(store))),
    Check::new("counts_are_those_of_reading_every_record", |store| {
        Box::pin(counts_are_those_of_reading_every_record(store))
    }),
];

const DEALS: usize = 120;
const FILTERS: usize = 16;
const LEADS: usize = 150;

/// The reference of the reports: only lists are asked of the store.
struct ByReading<'t, 's>(&'t mut (dyn Tx + 's));

#[async_trait]
impl Records<Opportunity> for ByReading<'_, '_> {
    async fn find(&mut self, id: OpportunityId) -> StoreResult<Option<Stored<Opportunity>>> {
        Records::<Opportunity>::find(&mut *self.0, id).await
    }
    async fn lock(&mut self, id: OpportunityId) -> StoreResult<Option<Stored<Opportunity>>> {
        Records::<Opportunity>::lock(&mut *self.0, id).await
    }
    async fn list(
        &mut self,
        filter: &Predicate<Opportunity>,
        page: &Page<Opportunity>,
    ) -> StoreResult<Vec<Stored<Opportunity>>> {
        Records::<Opportunity>::list(&mut *self.0, filter, page).await
    }
    async fn insert(&mut self, rows: &[Stored<Opportunity>]) -> StoreResult<()> {
        Records::<Opportunity>::insert(&mut *self.0, rows).await
    }
    async fn update(&mut self, row: &Stored<Opportunity>) -> StoreResult<()> {
        Records::<Opportunity>::update(&mut *self.0, row).await
    }
    async fn delete(&mut self, id: OpportunityId, version: i64) -> StoreResult<()> {
        Records::<Opportunity>::delete(&mut *self.0, id, version).await
    }
}

impl PipelineReport for ByReading<'_, '_> {}

/// One record of a kind for every identifier that samples of others refer to; those whose keys collide are left out.
async fn fill<E: Sample>(bench: &Bench<'_>, organization: OrganizationId, runner: &mut TestRunner) -> Checked
where
    for<'t> dyn Tx + 't: Records<E>,
{
    for number in 0..POOL {
        // A taken key is drawn again.
        for _ in 0..50 {
            let row = Stored { id: pool_id::<E>(number), ..bench.row(drawn(&E::sample(), runner)?) };
            if bench.put(organization, &[row]).await.is_ok() {
                break;
            }
        }
    }
    Ok(())
}

async fn totals_are_those_of_reading_every_deal(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (organization, other) = (bench.organization().await?, bench.organization().await?);
    let mut runner = TestRunner::deterministic();
    for organization in [organization, other] {
        fill::<Member>(&bench, organization, &mut runner).await?;
        fill::<Account>(&bench, organization, &mut runner).await?;
        fill::<Contact>(&bench, organization, &mut runner).await?;
        fill::<Pipeline>(&bench, organization, &mut runner).await?;
        fill::<Stage>(&bench, organization, &mut runner).await?;
        let values = drawn(&vec(Opportunity::sample(), DEALS), &mut runner)?;
        for value in values {
            // What it refers to may be one of the records that were left out.
            let _ = bench.put_one(organization, value).await;
        }
    }
    let deals = bench.all::<Opportunity>(organization).await?.len();
    holds("that most deals are there", deals > DEALS / 2)?;
    let mut tx = bench.read(organization).await?;
    let filters = drawn(&vec(predicate::<Opportunity>(), FILTERS), &mut runner)?;
    for filter in filters.into_iter().chain([Predicate::everything(), Predicate::nothing()]) {
        let wanted = ByReading(&mut *tx).totals_by_stage(&filter).await?;
        same("totals by stage", &tx.totals_by_stage(&filter).await?, &wanted)?;
        let wanted = ByReading(&mut *tx).totals_by_forecast(&filter).await?;
        same("totals by forecast", &tx.totals_by_forecast(&filter).await?, &wanted)?;
    }
    Ok(())
}

async fn open_leads_are_counted_for_each_owner(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (organization, other) = (bench.organization().await?, bench.organization().await?);
    let mut runner = TestRunner::deterministic();
    let mut wanted: BTreeMap<MemberId, i64> = BTreeMap::new();
    for organization in [other, organization] {
        fill::<Member>(&bench, organization, &mut runner).await?;
        wanted.clear();
        let values = drawn(&vec(Lead::sample(), LEADS), &mut runner)?;
        for value in values {
            let lead = bench.put_one(organization, value).await;
            // Who owns it may be one of the members that were left out.
            let lead = lead.ok().filter(|lead| lead.status.is_open());
            if let Some(owner) = lead.and_then(|lead| lead.owner_id) {
                *wanted.entry(owner).or_default() += 1;
            }
        }
    }
    holds("that several members own open leads", wanted.len() > 1 && wanted.values().sum::<i64>() > 5)?;
    let owners: Vec<_> = (0..POOL).map(pool_id::<Member>).chain([bench.new_id()]).collect();
    let mut tx = bench.read(organization).await?;
    same("open leads of all", &tx.open_leads(&owners).await?, &wanted)?;
    for owner in &owners {
        let own = wanted.get_key_value(owner).map(|(owner, count)| (*owner, *count)).into_iter().collect();
        same("open leads of one", &tx.open_leads(&[*owner]).await?, &own)?;
    }
    same("open leads of nobody", &tx.open_leads(&[]).await?, &BTreeMap::new())
}

async fn counts_are_those_of_reading_every_record(store: &dyn Store) -> Checked {
    let bench = Bench::new(store);
    let (organization, other) = (bench.organization().await?, bench.organization().await?);
    let mut runner = TestRunner::deterministic();
    for organization in [organization, other] {
        fill::<Member>(&bench, organization, &mut runner).await?;
        let values = drawn(&vec(Lead::sample(), LEADS), &mut runner)?;
        for value in values {
            let _ = bench.put_one(organization, value).await;
        }
    }
    let leads = bench.all::<Lead>(organization).await?.len();
    holds("that most leads are there", leads > LEADS / 2)?;
    let mut tx = bench.read(organization).await?;
    let filters = drawn(&vec(predicate::<Lead>(), FILTERS), &mut runner)?;
    let fields: Vec<Field<Lead>> =
        vec![Lead::STATUS.field(), Lead::SOURCE.field(), Lead::OWNER_ID.field(), Lead::SCORE.field()];
    for filter in filters.into_iter().chain([Predicate::everything(), Predicate::nothing()]) {
        for field in &fields {
            for most in [1, 3, 1_000] {
                let wanted = count_by_reading(&mut *tx, *field, &filter, most).await?;
                let found = Records::<Lead>::count_by(&mut *tx, *field, &filter, most).await?;
                same(&format!("counts by {}", field.name), &found, &wanted)?;
            }
        }
    }
    let all = Records::<Lead>::count_by(&mut *tx, Lead::STATUS.field(), &Predicate::everything(), 1_000).await?;
    let sum: i64 = all.iter().map(|count| count.count).sum();
    same("all that are counted", &usize::try_from(sum)?, &leads)
}
