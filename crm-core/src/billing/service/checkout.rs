//! From the wish for a service to the page where it is paid for, and back from there.

use std::time::Duration;

use serde_json::json;

use super::command::{BillingCommand, CommandKind, CommandState};
use super::offer::{NewCheckout, Overview, PlanRefusal};
use super::subscriptions::Subscriptions;
use crate::access::{Organization, Permission};
use crate::billing::account::account;
use crate::billing::catalogue::{Catalogue, ServicePrice};
use crate::billing::desk::may_try_again;
use crate::billing::external::ExternalId;
use crate::billing::gateway::GatewayError;
use crate::billing::request::{CheckoutLine, CheckoutRequest, NewCustomer, SoughtEffect};
use crate::billing::truth::{CheckoutSession, CheckoutStatus, PriceTruth};
use crate::kernel::{Id, Result};
use crate::paywall::{Level, ServiceModule};

/// How long a page can be used.
const PAGE_LASTS: Duration = Duration::from_hours(24);
/// What is added to the subject of a checkout that begins with a trial.
const ON_TRIAL: &str = " on trial";

impl Subscriptions<'_> {
    /// Opens a page where the organization subscribes. A page that is still open for the same is given again; one for
    /// another price of the same service is closed, so that nobody pays for a service twice.
    ///
    /// # Errors
    /// `PlanRefusal` when a service is there already or withheld, a price is unknown or the trial is used; those of the provider.
    pub async fn checkout(&self, wish: &NewCheckout) -> Result<CheckoutSession> {
        // The role first: whoever may not subscribe learns nothing of what there is.
        drop(self.session.begin(Permission::BillingManage).await?);
        let catalogue = self.prices_on_offer().await?;
        let prices = self.priced(wish, &catalogue).await?;
        let services: Vec<ServiceModule> = prices.iter().map(|(price, _)| price.service).collect();
        self.check_wanted(&services, wish.trial).await?;
        let customer = self.customer().await?;
        let mut names = wish.prices.clone();
        names.sort_unstable();
        let subject = format!("{}{}", names.join("+"), if wish.trial { ON_TRIAL } else { "" });
        if let Some(open) = self.page_of(&subject, &services, &catalogue).await? {
            return Ok(open);
        }
        // What was paid for on one of those pages meanwhile is known by now.
        self.check_wanted(&services, wish.trial).await?;
        let lines = prices.into_iter().map(|(_, price)| CheckoutLine { price, quantity: Some(1) });
        let request = CheckoutRequest {
            customer: customer.clone(),
            lines: lines.collect(),
            trial_days: wish.trial.then_some(self.billing.trial_days()),
            success_url: self.billing.pages().checkout_done.clone(),
            cancel_url: self.billing.pages().checkout_left.clone(),
            reference: self.session.caller().organization().to_string(),
        };
        let sought = SoughtEffect::Checkout { customer };
        let kind = CommandKind::OpenCheckout;
        if let Some(made) = self.made_unheard(kind, &subject, &json!(request), sought).await? {
            let page = self.billing.gateway.checkout(&made).await?;
            if page.status == CheckoutStatus::Open {
                return Ok(page);
            }
        }
        let command = self.keep(kind, &subject, json!(request)).await?;
        let answer = self.billing.gateway.open_checkout(&request, &command.idempotency_key).await;
        self.settle(command, &answer, |page| page.id.clone()).await?;
        Ok(answer?)
    }

    /// Refuses what the organization has already, what would be withheld, and a second trial.
    async fn check_wanted(&self, services: &[ServiceModule], trial: bool) -> Result<()> {
        if self.account().await?.is_some_and(|account| !account.withholdings.is_empty()) {
            return Err(PlanRefusal::Withheld.into());
        }
        let overview = self.overview().await?;
        let open = |one: &ServiceModule| {
            overview.services.iter().any(|view| view.service == *one && view.level >= Level::Grace)
        };
        if let Some(there) = services.iter().find(|service| open(service)) {
            return Err(PlanRefusal::AlreadyGranted(*there).into());
        }
        if trial && !overview.trial_available {
            return Err(PlanRefusal::TrialUsed.into());
        }
        Ok(())
    }

    /// The page that is still open for the same. Others for one of the services are closed; what was paid for on one of
    /// them is fetched.
    async fn page_of(
        &self,
        subject: &str,
        services: &[ServiceModule],
        catalogue: &Catalogue,
    ) -> Result<Option<CheckoutSession>> {
        let mut uow = self.session.begin(Permission::BillingManage).await?;
        let opened = uow.list_all(&BillingCommand::KIND.is(CommandKind::OpenCheckout.as_str())).await?;
        let latest_use = uow.now().minus(PAGE_LASTS);
        drop(uow);
        let mut same = None;
        for command in opened.into_iter().rev().filter(|command| command.created_at >= latest_use) {
            let (CommandState::Done, Some(page)) = (command.state, &command.result_id) else { continue };
            if !services.iter().any(|service| buys(&command.subject, *service, catalogue)) {
                continue;
            }
            let page = self.billing.gateway.checkout(page).await?;
            match page.status {
                CheckoutStatus::Open if command.subject == subject && same.is_none() => same = Some(page),
                CheckoutStatus::Open => self.close(&page).await?,
                CheckoutStatus::Complete => self.fetch_payer(&page).await?,
                _ => {}
            }
        }
        Ok(same)
    }

    /// Closes a page; one that was completed at the last moment is taken up instead.
    async fn close(&self, page: &CheckoutSession) -> Result<()> {
        match self.billing.gateway.expire_checkout(&page.id).await {
            Ok(_) => Ok(()),
            Err(GatewayError::Refused { .. } | GatewayError::NotFound { .. }) => self.fetch_payer(page).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn fetch_payer(&self, page: &CheckoutSession) -> Result<()> {
        if let Some(customer) = &page.customer {
            self.desk().sync(customer).await?;
        }
        Ok(())
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

    /// The catalogue's entries for a wish, with the provider's identifiers.
    async fn priced(&self, wish: &NewCheckout, catalogue: &Catalogue) -> Result<Vec<(ServicePrice, ExternalId)>> {
        if wish.prices.is_empty() {
            return Err(PlanRefusal::NothingChosen.into());
        }
        let mut prices = Vec::with_capacity(wish.prices.len());
        let mut at_provider: Option<Vec<PriceTruth>> = None;
        for name in &wish.prices {
            let unknown = || PlanRefusal::UnknownPrice(name.clone());
            let known = catalogue.named(name).filter(|price| price.offered).ok_or_else(unknown)?;
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
            prices.push((known.clone(), id.ok_or_else(unknown)?));
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
        let (kind, request) = (CommandKind::CreateCustomer, json!({ "name": new.name }));
        if let Some(made) = self.made_unheard(kind, "customer", &request, SoughtEffect::Customer).await? {
            self.take_on(&made).await?;
            return Ok(made);
        }
        let command = self.keep(kind, "customer", request).await?;
        let answer = self.billing.gateway.create_customer(&new, &command.idempotency_key).await;
        if let Ok(made) = &answer {
            self.take_on(&made.id).await?;
        }
        self.settle(command, &answer, |truth| truth.id.clone()).await?;
        Ok(answer?.id)
    }

    /// Notes that the organization is this customer. The link first: an event that comes now must find its organization.
    async fn take_on(&self, customer: &ExternalId) -> Result<()> {
        self.desk().link(customer, self.session.caller().organization()).await?;
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
}

/// Whether a checkout was for a service, by the names in its subject.
fn buys(subject: &str, service: ServiceModule, catalogue: &Catalogue) -> bool {
    let names = subject.strip_suffix(ON_TRIAL).unwrap_or(subject);
    names.split('+').filter_map(|name| catalogue.named(name)).any(|price| price.service == service)
}
