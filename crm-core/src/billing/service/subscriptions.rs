//! The handle that members have on what their organization pays for.

use serde_json::json;

use super::command::CommandKind;
use super::offer::{Overview, PlanRefusal, ServiceView};
use crate::access::Permission;
use crate::billing::access::{Decision, decide};
use crate::billing::account::{BillingAccount, Invoice, PaymentMethod, Subscription, snapshot};
use crate::billing::bundle::{Billing, session_in};
use crate::billing::catalogue::Catalogue;
use crate::billing::desk::{Desk, catalogue};
use crate::billing::dunning::dunning;
use crate::billing::external::ExternalId;
use crate::billing::request::{Cancellation, PortalRequest};
use crate::billing::revenue::RevenueFact;
use crate::billing::truth::PortalSession;
use crate::kernel::{Page, Predicate, Result, Stored};
use crate::paywall::{AccessReason, ServiceModule};
use crate::store::Session;

/// The handle that members have on what their organization pays for.
///
/// ```
/// use crm_core::billing::{Billing, Cancellation, ExternalId, NewCheckout};
/// use crm_core::kernel::Result;
/// use crm_core::store::Session;
///
/// /// The button on the pricing page: answers where the browser goes.
/// async fn subscribe(owner: &Session, billing: &Billing) -> Result<Option<String>> {
///     let wish = NewCheckout { prices: vec!["leadgen_monthly".to_owned()], trial: false };
///     Ok(owner.subscriptions(billing).checkout(&wish).await?.url)
/// }
///
/// /// The page that the browser comes back to: the service is open when it shows.
/// async fn done(owner: &Session, billing: &Billing, checkout: &ExternalId) -> Result<()> {
///     let overview = owner.subscriptions(billing).complete_checkout(checkout).await?;
///     for service in &overview.services {
///         println!("{}: {}, {}", service.service, service.level.as_str(), service.reason.sentence());
///     }
///     Ok(())
/// }
///
/// async fn leave(owner: &Session, billing: &Billing, subscription: &ExternalId) -> Result<()> {
///     owner.subscriptions(billing).cancel(subscription, Cancellation::AtPeriodEnd).await.map(drop)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Subscriptions<'a> {
    pub(crate) session: &'a Session,
    pub(crate) billing: &'a Billing,
}

impl Subscriptions<'_> {
    /// How the organization stands.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn overview(&self) -> Result<Overview> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let (now, policy) = (uow.now(), self.billing.policy());
        let snapshot = snapshot(&mut uow).await?;
        let account = uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?;
        let decision = decide(&snapshot, policy, now);
        Ok(Overview {
            services: ServiceModule::ALL.iter().map(|service| view(&decision, *service)).collect(),
            dunning: snapshot.subscriptions.iter().filter_map(|one| dunning(one, policy, now)).collect(),
            trial_available: account.is_none_or(|account| account.trial_used_at.is_none()),
            subscriptions: snapshot.subscriptions,
        })
    }

    /// What follows for each service, with everything that was looked at.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn decision(&self) -> Result<Decision> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let now = uow.now();
        Ok(decide(&snapshot(&mut uow).await?, self.billing.policy(), now))
    }

    /// How the organization's monthly payments have moved.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn revenue(&self, page: &Page<RevenueFact>) -> Result<Vec<Stored<RevenueFact>>> {
        self.session.begin(Permission::BillingRead).await?.list(&Predicate::everything(), page).await
    }

    /// The organization's invoices that match.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn invoices(&self, filter: &Predicate<Invoice>, page: &Page<Invoice>) -> Result<Vec<Stored<Invoice>>> {
        self.session.begin(Permission::BillingRead).await?.list(filter, page).await
    }

    /// What the organization can pay with; one of them at most is the default.
    ///
    /// # Errors
    /// Those of the door.
    pub async fn payment_methods(&self) -> Result<Vec<Stored<PaymentMethod>>> {
        self.session.begin(Permission::BillingRead).await?.list_all(&Predicate::everything()).await
    }

    /// Opens a page where the organization manages payment methods, invoices and subscriptions.
    ///
    /// # Errors
    /// `PlanRefusal::NoCustomer`; those of the provider.
    pub async fn portal(&self) -> Result<PortalSession> {
        drop(self.session.begin(Permission::BillingManage).await?);
        let customer = self.customers().await?.into_iter().next().ok_or(PlanRefusal::NoCustomer)?;
        let request = PortalRequest { customer, return_url: self.billing.pages().portal_left.clone() };
        let command = self.keep(CommandKind::OpenPortal, "portal", json!(request)).await?;
        let answer = self.billing.gateway.open_portal(&request, &command.idempotency_key).await;
        self.settle(command, &answer, |_| request.customer.clone()).await?;
        Ok(answer?)
    }

    /// Ends a subscription now or with its period, or takes a scheduled end back.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours`; those of the provider.
    pub async fn cancel(&self, subscription: &ExternalId, cancellation: Cancellation) -> Result<Overview> {
        drop(self.session.begin(Permission::BillingManage).await?);
        let customer = self.customer_paying(subscription).await?;
        let request = json!(cancellation);
        let command = self.keep(CommandKind::CancelSubscription, subscription.as_str(), request).await?;
        let answer =
            self.billing.gateway.cancel_subscription(subscription, cancellation, &command.idempotency_key).await;
        self.settle(command, &answer, |truth| truth.id.clone()).await?;
        answer?;
        self.desk().sync(&customer).await?;
        self.overview().await
    }

    pub(super) async fn account(&self) -> Result<Option<Stored<BillingAccount>>> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await
    }

    pub(super) async fn customers(&self) -> Result<Vec<ExternalId>> {
        let account = self.account().await?;
        let customers = account.map(|account| account.value.customers).unwrap_or_default();
        Ok(customers.into_iter().map(|known| known.customer_id).collect())
    }

    async fn customer_paying(&self, subscription: &ExternalId) -> Result<ExternalId> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let known = uow.list(&Subscription::EXTERNAL_ID.is(subscription.as_str()), &Page::first(1)).await?.pop();
        Ok(known.ok_or(PlanRefusal::NotYours("subscription"))?.value.customer_id)
    }

    pub(super) fn desk(&self) -> Desk<'_> {
        Desk::new(self.billing, self.session.ports())
    }

    /// What is sold.
    pub(super) async fn prices_on_offer(&self) -> Result<Catalogue> {
        let desk = session_in(self.session.ports(), self.billing.desk());
        catalogue(&mut desk.begin(Permission::BillingRead).await?).await
    }
}

fn view(decision: &Decision, service: ServiceModule) -> ServiceView {
    let access = decision.access(service);
    ServiceView {
        service,
        level: decision.level(service),
        reason: access.map_or(AccessReason::NotSubscribed, |access| access.reason),
        until: access.and_then(|access| access.until),
    }
}
