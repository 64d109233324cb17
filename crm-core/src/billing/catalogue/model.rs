//! Prices of services.

use serde::{Deserialize, Serialize};

use super::limit::PlanLimit;
use crate::billing::account::ItemService;
use crate::billing::external::ExternalId;
use crate::billing::truth::{Interval, ItemTruth, PriceTruth};
use crate::kernel::text::Name;
use crate::kernel::{Column, Currency, DomainEvent, Entity, Field, Id, Key, Money, Value, ValueRef};
use crate::paywall::ServiceModule;

/// Identifier of a price in the catalogue.
pub type ServicePriceId = Id<ServicePrice>;

/// A price for a service. Belongs to the operator's desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServicePrice {
    /// What is sold, for people: `Lead Generation Portal`.
    pub product: Name,
    /// The service that it buys.
    pub service: ServiceModule,
    /// The operator's own name for the price, the same here and at the provider: `leadgen_monthly`.
    pub lookup_key: String,
    /// The provider's identifier, once it is known.
    pub price_id: Option<ExternalId>,
    /// What one costs, in minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// How often it is due.
    pub interval: Interval,
    /// Whether it is offered to new customers. One that is not offered still counts for those who have it.
    pub offered: bool,
    /// What may be used at most by those who have it.
    pub limits: Vec<PlanLimit>,
}

impl ServicePrice {
    /// The operator's own name for the price.
    pub const LOOKUP_KEY: Column<Self, String> =
        Column::required_indexed("lookup_key", |row| ValueRef::Text(&row.lookup_key));

    /// What one costs.
    #[must_use]
    pub const fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    fn is_for(&self, price: &PriceTruth) -> bool {
        self.price_id.as_ref() == Some(&price.id) || price.lookup_key.as_deref() == Some(self.lookup_key.as_str())
    }
}

impl Entity for ServicePrice {
    const NAME: &'static str = "service_price";
    const FIELDS: &'static [Field<Self>] = &[Self::LOOKUP_KEY.field()];
    const UNIQUE: &'static [Key<Self>] = &[
        Key {
            name: "lookup_key",
            columns: &["lookup_key"],
            read: |price| Some(vec![Value::Text(price.lookup_key.clone())]),
        },
        Key {
            name: "price_id",
            columns: &["price_id"],
            read: |price| price.price_id.as_ref().map(|id| vec![Value::Text(id.to_string())]),
        },
    ];
}

/// What happens to prices.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServicePriceEvent {
    /// It was added to the catalogue.
    Created,
    /// It was changed.
    Changed,
    /// It was taken out; those who have it keep nothing by it.
    Deleted,
}

impl DomainEvent for ServicePriceEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created => "service_price.created",
            Self::Changed => "service_price.changed",
            Self::Deleted => "service_price.deleted",
        }
    }
}

/// All prices that buy a service.
///
/// ```
/// use crm_core::billing::{Catalogue, default_prices};
/// use crm_core::paywall::ServiceModule;
///
/// let catalogue = Catalogue::new(default_prices()?);
/// let price = catalogue.named("leadgen_yearly").expect("one of the defaults");
/// assert_eq!((price.service, price.amount().minor()), (ServiceModule::LeadGeneration, 99_900));
/// assert!(catalogue.named("leadgen_secret").is_none(), "what it does not know grants nothing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue(Vec<ServicePrice>);

impl Catalogue {
    /// The catalogue of these prices.
    #[must_use]
    pub fn new(prices: Vec<ServicePrice>) -> Self {
        Self(prices)
    }

    /// Its prices.
    #[must_use]
    pub fn prices(&self) -> &[ServicePrice] {
        &self.0
    }

    /// The entry with this lookup key.
    #[must_use]
    pub fn named(&self, lookup_key: &str) -> Option<&ServicePrice> {
        self.0.iter().find(|known| known.lookup_key == lookup_key)
    }

    /// The entry for a price of the provider: by its identifier, else by its lookup key. Nothing for an unknown one,
    /// whatever the product says of itself.
    #[must_use]
    pub fn find(&self, price: &PriceTruth) -> Option<&ServicePrice> {
        let by_id = self.0.iter().find(|known| known.price_id.as_ref() == Some(&price.id));
        by_id.or_else(|| self.0.iter().find(|known| known.is_for(price)))
    }

    /// The services that these items grant, and the prices that nobody knows.
    #[must_use]
    pub fn resolve(&self, items: &[ItemTruth]) -> (Vec<ItemService>, Vec<ExternalId>) {
        let (mut granted, mut unknown) = (Vec::new(), Vec::new());
        for item in items {
            match self.find(&item.price) {
                Some(price) => granted.push(ItemService { item: item.id.clone(), service: price.service }),
                None if unknown.contains(&item.price.id) => {}
                None => unknown.push(item.price.id.clone()),
            }
        }
        (granted, unknown)
    }
}
