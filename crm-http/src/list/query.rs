//! What a list asks for, and the answering of it.

use axum::http::StatusCode;
use crm_core::kernel::{Direction, Entity, Field, FieldKind, Page, Predicate, Result, Stored, find_field};
use crm_core::store::Session;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{cursor, filter};
use crate::api::{Listed, Query, Record, query_parameter, unknown_parameter};
use crate::facade::Facade;
use crate::problem::Problem;
use crate::signing::digest;

/// Records on a page, unless the caller says otherwise.
const USUAL: u32 = 50;
/// The most records on a page.
const MOST: u32 = 200;

/// A list as a query asks for it.
#[derive(Debug)]
pub struct ListQuery<E: Entity> {
    filter: Predicate<E>,
    order: Option<Order<E>>,
    cursor: Option<String>,
    limit: u32,
}

#[derive(Debug)]
struct Order<E> {
    field: Field<E>,
    direction: Direction,
}

impl<E: Entity> Query for ListQuery<E> {
    fn read(pairs: Vec<(String, String)>) -> std::result::Result<Self, Problem> {
        let mut conditions = Vec::new();
        let mut list = Self { filter: Predicate::everything(), order: None, cursor: None, limit: USUAL };
        for (name, value) in pairs {
            match name.as_str() {
                "limit" => list.limit = limit(&value)?,
                "cursor" => list.cursor = Some(value),
                "sort" => list.order = Some(order(&value)?),
                _ => match filter::read(&name, &value) {
                    Some(condition) => conditions.push(condition?),
                    None => {
                        return Err(unknown_parameter(&name, "fields, 'limit', 'cursor' and 'sort' are parameters"));
                    }
                },
            }
        }
        if !conditions.is_empty() {
            list.filter = Predicate::All(conditions);
        }
        Ok(list)
    }

    fn parameters() -> Vec<Parameter> {
        let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MOST));
        let sort = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(sortable::<E>()));
        let mut parameters = vec![
            query_parameter("limit", "Records on a page", limit),
            query_parameter("cursor", "'next' of the page before", ObjectBuilder::new().schema_type(Type::String)),
            query_parameter("sort", "The field to order by; a minus before it turns the order round", sort),
        ];
        parameters.extend(filter::parameters::<E>());
        parameters
    }
}

pub(crate) fn limit(value: &str) -> std::result::Result<u32, Problem> {
    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("'limit' is a whole number from 1 to {MOST}");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "page.limit", detail).at("limit")
    })
}

fn orders<E: Entity>(field: &Field<E>) -> bool {
    !field.optional && !matches!(field.kind, FieldKind::Tags | FieldKind::Custom)
}

fn sortable<E: Entity>() -> Vec<String> {
    let fields = E::FIELDS.iter().copied().chain(Field::SYSTEM).filter(orders);
    fields.flat_map(|field| [field.name.to_owned(), format!("-{}", field.name)]).collect()
}

fn order<E: Entity>(value: &str) -> std::result::Result<Order<E>, Problem> {
    let (name, direction) = match value.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (value, Direction::Ascending),
    };
    let field = find_field::<E>(name).filter(orders);
    field.map(|field| Order { field, direction }).ok_or_else(|| {
        let detail = format!("a list cannot be ordered by '{name}'; choose one of {}", sortable::<E>().join(", "));
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "page.unordered_field", detail).at("sort")
    })
}

/// A list as JSON asks for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(bound = "", deny_unknown_fields)]
pub struct Search<E: Entity> {
    /// What records must be like; all, when there is none.
    #[serde(default = "Predicate::everything")]
    #[schema(value_type = Option<Object>)]
    filter: Predicate<E>,
    /// The field to order by; a minus before it turns the order round.
    #[serde(default)]
    sort: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Records on a page, at most 200.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl<E: Entity> Search<E> {
    /// The list that it asks for.
    ///
    /// # Errors
    /// 422 when the order or the limit is not possible.
    pub fn list(self) -> std::result::Result<ListQuery<E>, Problem> {
        let limit = self.limit.map_or(Ok(USUAL), |number| limit(&number.to_string()))?;
        let order = self.sort.as_deref().map(order).transpose()?;
        Ok(ListQuery { filter: self.filter, order, cursor: self.cursor, limit })
    }
}

impl<E: Entity> ListQuery<E> {
    /// The conditions alone, for what is not paged.
    #[must_use]
    pub fn filter(&self) -> &Predicate<E> {
        &self.filter
    }

    /// The page that is asked for, read by `rows`.
    ///
    /// # Errors
    /// 422 when the cursor is not one of this list; those of `rows`.
    pub async fn answer<F>(
        self,
        facade: &Facade,
        session: &Session,
        rows: impl FnOnce(Predicate<E>, Page<E>) -> F,
    ) -> std::result::Result<Listed<Record<E>>, Problem>
    where
        F: Future<Output = Result<Vec<Stored<E>>>>,
    {
        let organization = session.caller().organization().to_string();
        let order = self.order.as_ref().map_or("id", |order| order.field.name);
        let direction = self.order.as_ref().map_or(Direction::Ascending, |order| order.direction);
        let filter = self.filter.to_json().to_string();
        let turned = [u8::from(direction == Direction::Descending)];
        let list = digest(&[organization.as_bytes(), E::NAME.as_bytes(), filter.as_bytes(), order.as_bytes(), &turned]);
        // One more than is shown tells whether there is a next page.
        let mut page = match self.order {
            Some(Order { field, direction }) => {
                Page::ordered(field, direction, self.limit + 1).map_err(crm_core::kernel::Error::from)?
            }
            None => Page::first(self.limit + 1),
        };
        if let Some(text) = &self.cursor {
            let place = cursor::open(facade.secret(), &list, text).ok_or_else(|| {
                let detail = "the cursor is not one of this list; begin again from the first page";
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "page.foreign_cursor", detail).at("cursor")
            })?;
            page = page.after(place).map_err(crm_core::kernel::Error::from)?;
        }
        let mut found = rows(self.filter, page.clone()).await?;
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > shown;
        found.truncate(shown);
        let place = found.last().filter(|_| more).and_then(|last| page.cursor(last));
        let next = place.and_then(|place| cursor::seal(facade.secret(), &list, &place));
        Ok(Listed { items: found.into_iter().map(Record).collect(), next })
    }
}
