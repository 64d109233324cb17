//! The prices that a new desk begins with.

use super::model::ServicePrice;
use crate::billing::truth::Interval;
use crate::kernel::Currency;
use crate::kernel::text::{Name, TextError};
use crate::paywall::ServiceModule;

/// Product, service, beginning of its lookup keys, dollars a month, dollars a year.
const PRICES: [(&str, ServiceModule, &str, i64, i64); 6] = [
    ("Lead Generation Portal", ServiceModule::LeadGeneration, "leadgen", 99, 999),
    ("Email Automation", ServiceModule::EmailAutomation, "email", 49, 499),
    ("Social Media Inbox", ServiceModule::SocialInbox, "social", 79, 799),
    ("Advanced Analytics", ServiceModule::AdvancedAnalytics, "analytics", 29, 299),
    ("Integrations Hub", ServiceModule::Integrations, "integrations", 49, 499),
    ("Enterprise Features", ServiceModule::EnterpriseFeatures, "enterprise", 199, 1999),
];

/// Each paid service by the month and by the year, in US dollars.
///
/// # Errors
/// None that can be caused: the names are ours.
pub fn default_prices() -> Result<Vec<ServicePrice>, TextError> {
    let mut prices = Vec::with_capacity(PRICES.len() * 2);
    for (product, service, key, monthly, yearly) in PRICES {
        for (interval, word, dollars) in [(Interval::Month, "monthly", monthly), (Interval::Year, "yearly", yearly)] {
            prices.push(ServicePrice {
                product: Name::parse(product)?,
                service,
                lookup_key: format!("{key}_{word}"),
                price_id: None,
                amount_minor: dollars * 100,
                currency: Currency::USD,
                interval,
                offered: true,
                limits: Vec::new(),
            });
        }
    }
    Ok(prices)
}
