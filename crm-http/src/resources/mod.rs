//! The endpoints, slice by slice: each is a declaration and one call of a service.

mod accounts;
mod activities;
mod analytics;
mod assignment;
mod between;
mod billing;
mod contacts;
mod duplicates;
pub(crate) mod events;
mod imports;
mod leads;
mod opportunities;
mod organization;
mod pipelines;
mod records;
mod scoring;
mod social;
mod views;
mod webhooks;

use crate::api::Api;
use crate::facade::Options;

/// Declares everything that the slices offer.
pub(crate) fn declare(api: &mut Api, options: &Options) {
    leads::declare(api);
    contacts::declare(api);
    accounts::declare(api);
    opportunities::declare(api);
    pipelines::declare(api);
    activities::declare(api);
    scoring::declare(api);
    assignment::declare(api);
    duplicates::declare(api);
    imports::declare(api, options);
    organization::declare(api);
    events::declare(api);
    billing::declare(api);
    social::declare(api);
    analytics::declare(api);
    webhooks::declare(api, options);
}
