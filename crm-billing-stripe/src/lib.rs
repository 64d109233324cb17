//! Stripe behind the billing port of the domain.
