//! Whether a page is found soonest along its order.
//!
//! A page of one state in the order of scores can be had in two ways: find all records of the state and sort them, or read
//! along the scores, passing over other states, until the page is full. The first is quick when few have the state, the
//! second when many have. SQLite cannot tell which it is, so it is asked how many there are, as far as it matters.

use crm_core::kernel::{Entity, FieldKind, Page, Predicate, Test};
use crm_core::store::StoreResult;
use sqlx::Row;

use crate::fault::fault;
use crate::predicate::render;
use crate::records::OpenRecords;
use crate::sql::Sql;

/// So many are sorted sooner than others are passed over.
pub(crate) const FEW: u32 = 1_000;

impl OpenRecords {
    /// Whether the page is to be read along the index of its order.
    pub(crate) async fn reads_along<E: Entity>(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<bool> {
        let order = page.order();
        if order.is_system() || !order.indexed {
            return Ok(false);
        }
        let Some(states) = states(filter) else { return Ok(false) };
        for state in states {
            let mut sql = Sql::within(self.organization);
            sql.push(format_args!(
                "select count(*) from (select 1 from record where organization_id = ?1 and entity = '{}' and ",
                E::NAME
            ));
            render(state, &mut sql);
            sql.push(format_args!(" limit {FEW})"));
            let row = sql.query().fetch_one(self.connection()).await.map_err(fault)?;
            if row.try_get::<i64, _>(0).map_err(fault)? < i64::from(FEW) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The parts of a filter that asks for nothing but values that many records share; nothing when it asks for more.
fn states<E: Entity>(filter: &Predicate<E>) -> Option<Vec<&Predicate<E>>> {
    match filter {
        Predicate::All(parts) => parts.iter().map(states).collect::<Option<Vec<_>>>().map(|parts| parts.concat()),
        Predicate::Test(field, Test::Equals(_) | Test::In(_)) => {
            let shared = field.indexed && !field.selective && !field.is_system();
            let plain = !matches!(field.kind, FieldKind::Tags | FieldKind::Custom);
            (shared && plain).then(|| vec![filter])
        }
        _ => None,
    }
}
