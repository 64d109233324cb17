//! The CRM over a documented HTTP API.
