//! `/billing`: what the organization pays for, how it stands, and how it changes that.

mod simulation;
mod views;

use crm_core::access::Permission as P;
use crm_core::billing::{Cancellation, ExternalId, Invoice, NewCheckout, PaymentMethod, PlanChange, RevenueFact};
use crm_core::kernel::{Direction, Page};
use crm_core::store::Session;
use serde::Deserialize;
use utoipa::ToSchema;

use self::views::{AccessView, Gone, PortalView, RevenueView, ServiceOffer, accesses, offers, revenue};
use crate::api::{Api, Call, Endpoint, Json, Many, Plain, Record, get, post};
use crate::list::ListQuery;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// The provider's identifier of the subscription.
    subscription: ExternalId,
    /// When it ends, or that it does not after all.
    #[serde(default = "with_period")]
    when: Cancellation,
}

const fn with_period() -> Cancellation {
    Cancellation::AtPeriodEnd
}

/// The most movements of an answer.
const MOST_MOVES: u32 = 200;

/// An endpoint that needs the host's billing.
fn of_billing(endpoint: Endpoint, says: &'static str) -> Endpoint {
    endpoint.tag("billing").says(says).may_be_missing()
}

pub(super) fn declare(api: &mut Api) {
    api.document.tag("billing", "What the organization pays for, and how it stands");
    read(api);
    act(api);
    simulation::declare(api);
}

fn read(api: &mut Api) {
    let endpoint = of_billing(get("/billing/services"), "The services on offer, with their prices");
    api.add_public(endpoint, |c: Call| async move {
        let billing = c.facade.outside().billing()?;
        let prices = c.facade.crm().billing_desk(billing).offers().await?;
        Ok::<_, Problem>(Many::<ServiceOffer>(offers(prices)))
    });
    let endpoint = of_billing(get("/billing/subscription"), "How the organization stands").needs(P::BillingRead);
    api.add(endpoint, |s: Session, c: Call| async move {
        Ok::<_, Problem>(Plain(s.subscriptions(c.facade.outside().billing()?).overview().await?))
    });
    let endpoint = of_billing(get("/billing/access"), "What it has of each service, until when, and why");
    api.add(endpoint.needs(P::BillingRead), |s: Session, c: Call| async move {
        let decision = s.subscriptions(c.facade.outside().billing()?).decision().await?;
        Ok::<_, Problem>(Many::<AccessView>(accesses(&decision)))
    });
    let endpoint = of_billing(get("/billing/invoices"), "Lists invoices").needs(P::BillingRead);
    api.add(endpoint, |s: Session, c: Call<(), ListQuery<Invoice>>| async move {
        let (billing, reader) = (c.facade.outside().billing()?, s.clone());
        let read = |filter, page| async move { reader.subscriptions(billing).invoices(&filter, &page).await };
        c.query.answer(&c.facade, &s, read).await
    });
    let endpoint = of_billing(get("/billing/payment-methods"), "Lists what it can pay with").needs(P::BillingRead);
    api.add(endpoint, |s: Session, c: Call| async move {
        let rows = s.subscriptions(c.facade.outside().billing()?).payment_methods().await?;
        Ok::<_, Problem>(Many(rows.into_iter().map(Record).collect::<Vec<Record<PaymentMethod>>>()))
    });
    let endpoint = get("/billing/usage").tag("billing").says("What is used of what is counted, and how much may be");
    api.add(endpoint.needs(P::BillingRead), |s: Session, _: Call| async move { s.usage().now().await.map(Many) });
    let endpoint = of_billing(get("/analytics/revenue"), "What it pays in a month, and how that has moved");
    api.add(endpoint.tag("analytics").needs(P::BillingRead), |s: Session, c: Call| async move {
        let subscriptions = s.subscriptions(c.facade.outside().billing()?);
        let latest = Page::ordered(RevenueFact::OCCURRED_AT.field(), Direction::Descending, MOST_MOVES);
        let moves = subscriptions.revenue(&latest.map_err(crm_core::kernel::Error::from)?).await?;
        let overview = subscriptions.overview().await?;
        Ok::<Plain<RevenueView>, Problem>(Plain(revenue(&overview, moves)?))
    });
}

fn act(api: &mut Api) {
    let endpoint = of_billing(post("/billing/checkout"), "Opens a page where the organization subscribes");
    let endpoint = endpoint.explains("A page that is still open for the same wish is given again.");
    api.add(endpoint.needs(P::BillingManage), |s: Session, c: Call<(), (), Json<NewCheckout>>| async move {
        Ok::<_, Problem>(Plain(s.subscriptions(c.facade.outside().billing()?).checkout(&c.body.0).await?))
    });
    let endpoint = of_billing(post("/billing/checkout/{session}/complete"), "What came of a checkout")
        .explains(
            "For the page that the browser returns to: the provider is asked at once, so that what was paid is open.",
        )
        .needs(P::BillingRead);
    api.add(endpoint, |s: Session, c: Call<String>| async move {
        let subscriptions = s.subscriptions(c.facade.outside().billing()?);
        let session: ExternalId = c.path.parse().map_err(|_| Gone("checkout"))?;
        Ok::<_, Problem>(Plain(subscriptions.complete_checkout(&session).await?))
    });
    let endpoint = of_billing(post("/billing/portal"), "Opens a page to manage payment methods and invoices");
    let endpoint = endpoint.explains("The address is good for minutes and is kept nowhere.").answers_secret();
    api.add(endpoint.needs(P::BillingManage), |s: Session, c: Call| async move {
        let page = s.subscriptions(c.facade.outside().billing()?).portal().await?;
        Ok::<_, Problem>(Plain(PortalView { url: page.url }))
    });
    let endpoint = of_billing(post("/billing/subscription/preview"), "What a change would cost; changes nothing");
    api.add(endpoint.needs(P::BillingManage), |s: Session, c: Call<(), (), Json<PlanChange>>| async move {
        Ok::<_, Problem>(Plain(s.subscriptions(c.facade.outside().billing()?).preview(&c.body.0).await?))
    });
    let endpoint = of_billing(post("/billing/subscription/change"), "Changes a subscription, up or down");
    api.add(endpoint.needs(P::BillingManage), |s: Session, c: Call<(), (), Json<PlanChange>>| async move {
        Ok::<_, Problem>(Plain(s.subscriptions(c.facade.outside().billing()?).change(&c.body.0).await?))
    });
    let endpoint = of_billing(post("/billing/subscription/cancel"), "Ends a subscription, or takes its end back");
    api.add(endpoint.needs(P::BillingManage), |s: Session, c: Call<(), (), Json<Ending>>| async move {
        let Ending { subscription, when } = c.body.0;
        Ok::<_, Problem>(Plain(s.subscriptions(c.facade.outside().billing()?).cancel(&subscription, when).await?))
    });
}
