//! The catalogue: which price of the provider buys which service. The operator's own table; nothing else decides it.
//!
//! A price is known by the provider's identifier or by its lookup key, which outlives the identifier. What it does not
//! know grants nothing and raises an alarm. What may be used at most comes with the prices, too.

mod limit;
mod model;
mod seed;

pub use limit::PlanLimit;
pub use model::{Catalogue, ServicePrice, ServicePriceEvent, ServicePriceId};
pub use seed::default_prices;
