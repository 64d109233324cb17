//! The handle that members have on what their organization pays for.

use serde_json::{Value as Json, json};

use super::command::{BillingCommand, CommandKind, command, last_result, note};
use super::offer::{NewCheckout, Overview, PlanChange, PlanRefusal, ServiceView};
use crate::access::{Organization, Permission};
use crate::billing::access::{Decision, decide};
use crate::billing::account::{BillingAccount, Invoice, PaymentMethod, Subscription, account, snapshot};
use crate::billing::bundle::{Billing, session_in};
use crate::billing::catalogue::ServicePrice;
use crate::billing::desk::{Desk, catalogue, may_try_again};
use crate::billing::dunning::dunning;
use crate::billing::external::ExternalId;
use crate::billing::gateway::{GatewayError, GatewayResult};
use crate::billing::request::{
    Cancellation, ChangePreview, CheckoutLine, CheckoutRequest, NewCustomer, PortalRequest, SubscriptionChange,
};
use crate::billing::revenue::RevenueFact;
use crate::billing::truth::{CheckoutSession, CheckoutStatus, PortalSession};
use crate::billing::usage::Meter;
use crate::kernel::{FieldProblem, Id, Page, Predicate, Result, Stored};
use crate::paywall::{AccessReason, Level, ServiceModule};
use crate::store::Session;

/// The handle that members have on what their organization pays for.
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

    /// Opens a page where the organization subscribes. A page that is still open for the same is given again.
    ///
    /// # Errors
    /// `PlanRefusal` when a service is there already, a price is unknown or the trial is used; those of the provider.
    pub async fn checkout(&self, wish: &NewCheckout) -> Result<CheckoutSession> {
        // The role first: whoever may not subscribe learns nothing of what there is.
        drop(self.session.begin(Permission::BillingManage).await?);
        let prices = self.priced(wish).await?;
        let overview = self.overview().await?;
        for (price, _) in &prices {
            let open = overview.services.iter().find(|one| one.service == price.service);
            if open.is_some_and(|one| one.level >= Level::Grace) {
                return Err(PlanRefusal::AlreadyGranted(price.service).into());
            }
        }
        if wish.trial && !overview.trial_available {
            return Err(PlanRefusal::TrialUsed.into());
        }
        let customer = self.customer().await?;
        let mut names = wish.prices.clone();
        names.sort_unstable();
        let subject = format!("{}{}", names.join("+"), if wish.trial { " on trial" } else { "" });
        if let Some(open) = self.open_checkout(&subject).await? {
            return Ok(open);
        }
        let lines = prices.into_iter().map(|(_, price)| CheckoutLine { price, quantity: Some(1) });
        let request = CheckoutRequest {
            customer,
            lines: lines.collect(),
            trial_days: wish.trial.then_some(self.billing.trial_days()),
            success_url: self.billing.pages().checkout_done.clone(),
            cancel_url: self.billing.pages().checkout_left.clone(),
            reference: self.session.caller().organization().to_string(),
        };
        let command = self.keep(CommandKind::OpenCheckout, &subject, json!(request)).await?;
        let answer = self.billing.gateway.open_checkout(&request, &command.idempotency_key).await;
        self.settle(command, &answer, |page| page.id.clone()).await?;
        Ok(answer?)
    }

    /// The page of a checkout that was opened for the same and is still open.
    async fn open_checkout(&self, subject: &str) -> Result<Option<CheckoutSession>> {
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let last = last_result(&mut uow, CommandKind::OpenCheckout, subject).await?;
        drop(uow);
        let Some(last) = last else { return Ok(None) };
        let page = self.billing.gateway.checkout(&last).await?;
        Ok((page.status == CheckoutStatus::Open).then_some(page))
    }

    /// What came of a checkout, asked by the page that the browser returns to. The truth is fetched at once, so that the
    /// service is open when the page shows.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours` for a checkout of someone else; those of the provider.
    pub async fn complete_checkout(&self, session: &ExternalId) -> Result<Overview> {
        let known = self.customers().await?;
        let page = match self.billing.gateway.checkout(session).await {
            // Whether the provider has it for somebody else is nobody's business.
            Err(GatewayError::NotFound { .. }) => return Err(PlanRefusal::NotYours("checkout").into()),
            answer => answer?,
        };
        match page.customer {
            Some(customer) if known.contains(&customer) => {
                self.desk().sync(&customer).await?;
                self.overview().await
            }
            _ => Err(PlanRefusal::NotYours("checkout").into()),
        }
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

    /// What a change would cost. Nothing is changed.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours`, `PlanRefusal::Blocked` with everything that blocks; those of the provider.
    pub async fn preview(&self, wish: &PlanChange) -> Result<ChangePreview> {
        let change = self.checked(wish).await?;
        Ok(self.billing.gateway.preview_change(&change).await?)
    }

    /// Changes a subscription. What it opens is what the provider says afterwards, not what was asked for.
    ///
    /// # Errors
    /// `PlanRefusal::NotYours`, `PlanRefusal::Blocked` with everything that blocks; those of the provider.
    pub async fn change(&self, wish: &PlanChange) -> Result<Overview> {
        let change = self.checked(wish).await?;
        let subject = wish.subscription.to_string();
        let command = self.keep(CommandKind::ChangeSubscription, &subject, json!(change)).await?;
        let answer = self.billing.gateway.change_subscription(&change, &command.idempotency_key).await;
        self.settle(command, &answer, |truth| truth.id.clone()).await?;
        answer?;
        self.desk().sync(&change.customer).await?;
        self.overview().await
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

    /// The change in the provider's words, when nothing speaks against it.
    async fn checked(&self, wish: &PlanChange) -> Result<SubscriptionChange> {
        drop(self.session.begin(Permission::BillingManage).await?);
        let customer = self.customer_paying(&wish.subscription).await?;
        let used = self.session_usage().await?;
        let blocking = wish.limits.iter().filter_map(|limit| {
            let used = used.iter().find(|(meter, _)| *meter == limit.meter).map_or(0, |(_, used)| *used);
            let meter = limit.meter.as_str();
            let message =
                format!("{used} {meter} are used and {} are allowed; use {} less", limit.hard, used - limit.hard);
            (used > limit.hard).then(|| FieldProblem::new(meter, "usage.above_plan", message))
        });
        let blocking: Vec<_> = blocking.collect();
        if !blocking.is_empty() {
            return Err(PlanRefusal::Blocked(blocking).into());
        }
        let (subscription, items, when) = (wish.subscription.clone(), wish.items.clone(), wish.when);
        Ok(SubscriptionChange { customer, subscription, items, when })
    }

    async fn session_usage(&self) -> Result<Vec<(Meter, i64)>> {
        let used = crate::billing::usage::Usage(self.session).now().await?;
        Ok(used.into_iter().map(|one| (one.meter, one.used)).collect())
    }

    /// The catalogue's entries for a wish, with the provider's identifiers.
    async fn priced(&self, wish: &NewCheckout) -> Result<Vec<(ServicePrice, ExternalId)>> {
        if wish.prices.is_empty() {
            return Err(PlanRefusal::NothingChosen.into());
        }
        let desk = session_in(self.session.ports(), self.billing.desk());
        let mut uow = desk.begin(Permission::BillingRead).await?;
        let catalogue = catalogue(&mut uow).await?;
        drop(uow);
        let mut prices = Vec::with_capacity(wish.prices.len());
        let mut at_provider = None;
        for name in &wish.prices {
            let known = catalogue.prices().iter().find(|price| price.offered && price.lookup_key == *name);
            let known = known.ok_or_else(|| PlanRefusal::UnknownPrice(name.clone()))?;
            let id = match (&known.price_id, &mut at_provider) {
                (Some(id), _) => Some(id.clone()),
                (None, listed) => {
                    let prices = match listed {
                        Some(prices) => prices,
                        none => none.insert(self.billing.gateway.prices().await?),
                    };
                    let found = prices.iter().find(|price| price.lookup_key.as_deref() == Some(name));
                    found.map(|price| price.id.clone())
                }
            };
            prices.push((known.clone(), id.ok_or_else(|| PlanRefusal::UnknownPrice(name.clone()))?));
        }
        Ok(prices)
    }

    /// The customer that the organization is; made first when it is none.
    async fn customer(&self) -> Result<ExternalId> {
        if let Some(known) = self.customers().await?.into_iter().next() {
            return Ok(known);
        }
        let organization = self.session.caller().organization();
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let name = uow.get::<Organization>(Id::new(organization.uuid())).await?.name.to_string();
        drop(uow);
        let new = NewCustomer { organization, name, email: None };
        let command = self.keep(CommandKind::CreateCustomer, "customer", json!({ "name": new.name })).await?;
        let answer = self.billing.gateway.create_customer(&new, &command.idempotency_key).await;
        let made = answer.as_ref().map(|truth| truth.id.clone()).ok();
        if let Some(customer) = &made {
            // The link first: an event that comes now must find its organization.
            self.desk().link(customer, organization).await?;
            self.note_customer(customer).await?;
        }
        self.settle(command, &answer, |truth| truth.id.clone()).await?;
        Ok(answer?.id)
    }

    async fn note_customer(&self, customer: &ExternalId) -> Result<()> {
        let mut tries = 1;
        loop {
            let outcome = async {
                let mut uow = self.session.begin(Permission::BillingManage).await?;
                let mut account = account(&mut uow).await?;
                let applied = account.applied(customer);
                account.value.apply(customer, applied);
                uow.save_part(account).await?;
                uow.commit().await
            };
            match outcome.await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    async fn customers(&self) -> Result<Vec<ExternalId>> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let account = uow.find_of_anyone(BillingAccount::id_of(uow.organization())).await?;
        let customers = account.map(|account| account.value.customers).unwrap_or_default();
        Ok(customers.into_iter().map(|known| known.customer_id).collect())
    }

    async fn customer_paying(&self, subscription: &ExternalId) -> Result<ExternalId> {
        let mut uow = self.session.begin(Permission::BillingRead).await?;
        let known = uow.list(&Subscription::EXTERNAL_ID.is(subscription.as_str()), &Page::first(1)).await?.pop();
        Ok(known.ok_or(PlanRefusal::NotYours("subscription"))?.value.customer_id)
    }

    fn desk(&self) -> Desk<'_> {
        Desk::new(self.billing, self.session.ports())
    }

    /// Stores a command before it is sent.
    async fn keep(&self, kind: CommandKind, subject: &str, request: Json) -> Result<Stored<BillingCommand>> {
        let mut tries = 1;
        loop {
            let outcome = async {
                let mut uow = self.session.begin(Permission::BillingManage).await?;
                let held = account(&mut uow).await?;
                // Saved, so that of two who ask at once the second sees what the first has stored.
                uow.save_part(held).await?;
                let command = command(&mut uow, kind, subject, request.clone()).await?;
                uow.commit().await?;
                Ok(command)
            };
            match outcome.await {
                Err(error) if may_try_again(&error, &mut tries) => {}
                outcome => return outcome,
            }
        }
    }

    /// Notes what became of a command; of two who sent the same, the first note counts.
    async fn settle<T>(
        &self,
        mut command: Stored<BillingCommand>,
        answer: &GatewayResult<T>,
        made: impl FnOnce(&T) -> ExternalId,
    ) -> Result<()> {
        let open = command.state;
        note(&mut command.value, answer, made);
        if command.state == open {
            return Ok(());
        }
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        if uow.lock_of_anyone(command.id).await?.is_none_or(|row| row.version != command.version) {
            return Ok(());
        }
        uow.save_part(command).await?;
        match uow.commit().await {
            Err(error) if may_try_again(&error, &mut 1) => Ok(()),
            outcome => outcome,
        }
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
