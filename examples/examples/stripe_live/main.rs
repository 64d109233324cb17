//! The calls of the paywall tour against Stripe itself, in test mode: nothing is charged.
//!
//! ```sh
//! STRIPE_TEST_KEY=sk_test_… cargo run --example stripe_live
//! ```
//!
//! It asks for a checkout, waits until somebody has gone through it with a test card (4242 4242 4242 4242), and then looks,
//! previews, cancels, resumes and ends. The records are kept in memory and forgotten; the customer stays at Stripe. A key
//! of live mode is refused. Without a key, or without the price at Stripe, it says what is missing.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod host;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use crm_billing_stripe::{SecretKey, StripeConfig};
use crm_core::billing::{
    Cancellation, ChangeWhen, CheckoutStatus, ExternalId, ItemChange, Mode, NewCheckout, PlanChange,
};
use host::{Host, Result};

/// The variable that the key is read from. It is never an argument, which other users of the machine could see.
const KEY: &str = "STRIPE_TEST_KEY";
const NO_KEY: &str = "STRIPE_TEST_KEY is not set. Take a secret key of test mode (it begins with sk_test_ or rk_test_) from \
    https://dashboard.stripe.com/test/apikeys and run: STRIPE_TEST_KEY=sk_test_… cargo run --example stripe_live";
const LIVE_KEY: &str = "STRIPE_TEST_KEY is a key of live mode, with which real money would move. Give one that begins with sk_test_ or rk_test_.";

/// Goes through the life of a subscription at Stripe, in test mode.
#[derive(Parser)]
struct Arguments {
    /// The lookup key of the price to subscribe to; the catalogue and Stripe must both have it.
    #[arg(long, default_value = "leadgen_monthly")]
    price: String,
    /// How many minutes to wait for the checkout.
    #[arg(long, default_value_t = 10)]
    patience: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match at_stripe(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn at_stripe(arguments: &Arguments) -> Result<()> {
    let host = Host::open(StripeConfig::new(key(std::env::var(KEY).ok())?)?).await?;
    tour(&host, arguments, Duration::from_secs(3), &mut |line| println!("{line}")).await
}

/// The key of test mode.
fn key(given: Option<String>) -> Result<SecretKey> {
    let key = SecretKey::parse(&given.filter(|key| !key.trim().is_empty()).ok_or(NO_KEY)?)?;
    if key.mode() == Mode::Live {
        return Err(LIVE_KEY.into());
    }
    Ok(key)
}

async fn tour(host: &Host, arguments: &Arguments, pause: Duration, say: &mut impl FnMut(String)) -> Result<()> {
    let owner = host.owner().await?;
    let billing = owner.subscriptions(&host.billing);
    say(format!("before        {}", host.access().await));
    let wish = NewCheckout { prices: vec![arguments.price.clone()], trial: false };
    let page = match billing.checkout(&wish).await {
        Err(error) if error.code() == "checkout.unknown_price" => return Err(no_price(&arguments.price).into()),
        page => page?,
    };
    say(format!("checkout      {}", page.url.as_deref().unwrap_or("(Stripe gives no address)")));
    say("              go through it with the card 4242 4242 4242 4242, any later date and any code".to_owned());
    wait_for(host, &page.id, arguments.patience, pause).await?;
    let overview = billing.complete_checkout(&page.id).await?;
    say(format!("paid          {}", host.access().await));

    let subscription = overview.subscriptions.iter().find(|one| one.counts()).ok_or("Stripe shows no subscription")?;
    let item = subscription.truth.items.first().ok_or("the subscription has no items")?;
    let more = PlanChange {
        subscription: subscription.external_id.clone(),
        items: vec![ItemChange::Replace { item: item.id.clone(), price: item.price.id.clone(), quantity: 2 }],
        when: ChangeWhen::Now { prorate_from: None },
    };
    let due = billing.preview(&more).await?.due;
    say(format!("two of it     would cost {} {} now", due.currency(), due.minor()));
    say(format!("portal        {}", portal(&billing).await));
    let id = &subscription.external_id;
    billing.cancel(id, Cancellation::AtPeriodEnd).await?;
    say(format!("cancelled     {}", host.access().await));
    billing.cancel(id, Cancellation::Never).await?;
    say(format!("resumed       {}", host.access().await));
    billing.cancel(id, Cancellation::Now).await?;
    say(format!("ended         {}", host.access().await));
    let invoices =
        billing.invoices(&crm_core::kernel::Predicate::everything(), &crm_core::kernel::Page::first(10)).await?;
    say(format!("invoices      {}", invoices.len()));
    let missed = host.desk().sweep().await?.missed;
    say(format!("undelivered   {missed} events that no endpoint of this account has taken in three days"));
    Ok(())
}

/// An account has a portal only once its settings were saved.
async fn portal(billing: &crm_core::billing::Subscriptions<'_>) -> String {
    match billing.portal().await {
        Ok(portal) => portal.url,
        Err(error) => format!("none: {error} (save https://dashboard.stripe.com/test/settings/billing/portal once)"),
    }
}

async fn wait_for(host: &Host, page: &ExternalId, patience: u64, pause: Duration) -> Result<()> {
    let in_time = tokio::time::timeout(Duration::from_secs(patience * 60), gone_through(host, page, pause)).await;
    in_time
        .unwrap_or_else(|_| Err("nobody went through the checkout; run it again, or with a longer --patience".into()))
}

async fn gone_through(host: &Host, page: &ExternalId, pause: Duration) -> Result<()> {
    loop {
        match host.gateway().checkout(page).await?.status {
            CheckoutStatus::Complete => return Ok(()),
            CheckoutStatus::Open => tokio::time::sleep(pause).await,
            _ => return Err("the checkout was closed without a payment".into()),
        }
    }
}

fn no_price(name: &str) -> String {
    format!(
        "the test account has no price with the lookup key {name}, or the catalogue does not offer it. Make it with Stripe's \
         command line: stripe prices create --lookup-key {name} --currency usd --unit-amount 9900 \
         -d \"recurring[interval]=month\" -d \"product_data[name]=Lead Generation Portal\""
    )
}
