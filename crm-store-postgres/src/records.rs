//! The seven verbs for every entity: thin shells around the statements of [`crate::write`] and
//! [`crate::tx`], which know no entity and are compiled once.

use async_trait::async_trait;
use crm_core::kernel::{Direction, Entity, Field, FieldKind, Id, Page, Predicate, Stored, Test, Value};
use crm_core::store::{Count, Records, StoreResult, count_by_reading};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::cell::{CellError, Kind, ValueCell};
use crate::predicate::render;
use crate::record::forgotten;
use crate::row::column;
use crate::statement::Draft;
use crate::table::{Table, quoted};
use crate::tx::{PgTx, defect};

#[async_trait]
impl<E: Entity> Records<E> for PgTx<'_> {
    async fn find(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        self.begin_reading().await?;
        let table = self.store.tables.of::<E>()?;
        let row = self.one(id.uuid(), &table, table.find.clone()).await?;
        let found = row.map(|row| self.read(&row, &table)).transpose()?;
        self.done();
        Ok(found)
    }

    async fn lock(&mut self, id: Id<E>) -> StoreResult<Option<Stored<E>>> {
        self.begin_writing().await?;
        let table = self.store.tables.of::<E>()?;
        let row = self.one(id.uuid(), &table, table.lock.clone()).await?;
        let found = row.map(|row| self.read(&row, &table)).transpose()?;
        self.done();
        Ok(found)
    }

    async fn list(&mut self, filter: &Predicate<E>, page: &Page<E>) -> StoreResult<Vec<Stored<E>>> {
        self.begin_reading().await?;
        let table = self.store.tables.of::<E>()?;
        let draft = self.listing(&table, filter, page).map_err(defect)?;
        let settled = page.order() == Field::ID && (is_everything(filter) || looks_up(filter));
        let rows = self.many(if settled { draft.named() } else { draft.once() }, &table).await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in &rows {
            read.push(self.read(row, &table)?);
        }
        self.done();
        Ok(read)
    }

    async fn insert(&mut self, rows: &[Stored<E>]) -> StoreResult<()> {
        let table = self.store.tables.of::<E>()?;
        self.insert_records(&forgotten(rows), &table).await
    }

    async fn update(&mut self, row: &Stored<E>) -> StoreResult<()> {
        let table = self.store.tables.of::<E>()?;
        self.update_record(row, &table).await
    }

    async fn delete(&mut self, id: Id<E>, version: i64) -> StoreResult<()> {
        let table = self.store.tables.of::<E>()?;
        self.delete_record(id.uuid(), version, &table).await
    }

    async fn count_by(&mut self, field: Field<E>, filter: &Predicate<E>, most: u32) -> StoreResult<Vec<Count>> {
        if !matches!(field.kind, FieldKind::Text | FieldKind::Uuid) {
            return count_by_reading(self, field, filter, most).await;
        }
        self.begin_reading().await?;
        let table = self.store.tables.of::<E>()?;
        let draft = self.counting(field, filter, most).map_err(defect)?;
        let rows = self.many(draft.once(), &table).await?;
        let counts: Result<Vec<_>, CellError> = rows.iter().map(|row| count(row, field.kind)).collect();
        let counts = counts.map_err(defect)?;
        self.done();
        Ok(counts)
    }
}

fn count(row: &PgRow, kind: FieldKind) -> Result<Count, CellError> {
    let value = match kind {
        FieldKind::Uuid => column::<Option<Uuid>>(row, 0, Kind::Uuid)?.map(Value::Uuid),
        _ => column::<Option<String>>(row, 0, Kind::Text)?.map(Value::Text),
    };
    Ok(Count { value, count: column(row, 1, Kind::BigInt)? })
}

/// Whether the filter names nothing. Such a list is read by identifier, whatever the plan.
fn is_everything<E: Entity>(filter: &Predicate<E>) -> bool {
    matches!(filter, Predicate::All(parts) if parts.is_empty())
}

/// As many values as one command usually looks for. A plan that is kept for an unknown number of values may have been made
/// while the table was empty, and reads all that the organization has by now; for many values that would be all of it often.
const FEW_VALUES: usize = 32;

/// Whether the filter names few values of a field of which few records share one. Any plan for such a list finds them by
/// that field's index, so the server may keep it; what is filtered by a state is planned anew for each.
fn looks_up<E: Entity>(filter: &Predicate<E>) -> bool {
    match filter {
        Predicate::All(parts) => parts.iter().any(looks_up),
        Predicate::Test(field, Test::Equals(_)) => field.selective,
        Predicate::Test(field, Test::In(values)) => field.selective && values.len() <= FEW_VALUES,
        _ => false,
    }
}

impl PgTx<'_> {
    /// Counts by a field, in the order of the port: text by code points, whatever the database's own order.
    fn counting<E: Entity>(&self, field: Field<E>, filter: &Predicate<E>, most: u32) -> Result<Draft, CellError> {
        let (value, table) = (quoted(field.name), quoted(E::NAME));
        let text = format!("select t.{value}, count(*) from crm.{table} t where t.organization_id = $1 and ");
        let mut draft = Draft { text, binds: self.binds()? };
        render(filter, &mut draft)?;
        let order = if field.kind == FieldKind::Text { " collate \"C\"" } else { "" };
        draft.say(&format!(" group by t.{value} order by count(*) desc, t.{value}{order} nulls last limit {most}"));
        Ok(draft)
    }

    fn listing<E: Entity>(&self, table: &Table, filter: &Predicate<E>, page: &Page<E>) -> Result<Draft, CellError> {
        let mut draft = Draft { text: table.select.clone(), binds: self.binds()? };
        draft.say(" and ");
        render(filter, &mut draft)?;
        let order = (page.order() != Field::ID).then(|| page.order().name);
        let begin = page.begin().map(|cursor| (&cursor.value, Value::Uuid(cursor.id)));
        stretch(order, page.direction(), begin, page.limit(), &mut draft)?;
        Ok(draft)
    }
}

/// Where the page begins, its order and its length. Columns are qualified, for a bare name would be looked for among the
/// selected ones first. Without an order of its own it runs by identifier.
fn stretch(
    order: Option<&str>,
    direction: Direction,
    begin: Option<(&Value, Value)>,
    limit: u32,
    draft: &mut Draft,
) -> Result<(), CellError> {
    let (direction, behind) = match direction {
        Direction::Ascending => ("asc", ">"),
        Direction::Descending => ("desc", "<"),
    };
    match order.map(|column| format!("t.{}", quoted(column))) {
        None => {
            if let Some((_, id)) = begin {
                draft.say(&format!(" and t.id {behind} "));
                draft.bind(ValueCell(&id))?;
            }
            draft.say(&format!(" order by t.id {direction} limit "));
        }
        Some(column) => {
            if let Some((value, id)) = begin {
                draft.say(&format!(" and ({column}, t.id) {behind} ("));
                draft.bind(ValueCell(value))?;
                draft.say(", ");
                draft.bind(ValueCell(&id))?;
                draft.say(")");
            }
            draft.say(&format!(" order by {column} {direction}, t.id {direction} limit "));
        }
    }
    draft.value(&limit, Kind::BigInt)
}
