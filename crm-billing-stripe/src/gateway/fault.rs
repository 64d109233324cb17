//! Stripe's refusals in the domain's words.

use crm_core::billing::GatewayError;
use crm_core::kernel::Rule;

use crate::client::StripeError;

impl From<StripeError> for GatewayError {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Card { code, decline, message } => {
                Self::Refused { code: decline.unwrap_or(code), reason: message }
            }
            StripeError::Invalid { ref code, .. } => Self::Refused { code: code.clone(), reason: error.to_string() },
            StripeError::KeyReused | StripeError::NotAnId(_) => {
                Self::Refused { code: error.code().to_owned(), reason: error.to_string() }
            }
            StripeError::Missing { object } => Self::NotFound { object },
            StripeError::Unauthorized { .. } => Self::Unauthorised,
            StripeError::RateLimited { after } => Self::Retryable { after },
            StripeError::Busy => Self::Retryable { after: None },
            // Answers of the other mode and lists without an end are not Stripe as we know it: nothing of them is believed.
            StripeError::Outage { .. }
            | StripeError::Unreachable { .. }
            | StripeError::Garbage { .. }
            | StripeError::TooLarge { .. }
            | StripeError::WrongMode
            | StripeError::EndlessList(_) => Self::Outage,
        }
    }
}
