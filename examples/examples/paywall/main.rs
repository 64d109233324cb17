//! A tour of the paywall: from the pricing page to the end of a subscription, against a stand-in for Stripe.
//!
//! `cargo run --example paywall`
//!
//! Time is turned by hand. Each line shows what happens and what the organization then has of lead generation. The wiring
//! is that of a host: a gateway, a desk, a paywall, and one function for what Stripe's webhooks bring.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod host;

use std::process::ExitCode;
use std::time::Duration;

use crm_core::billing::{BillingGateway, Cancellation, CheckoutLine, CheckoutRequest, NewCustomer};
use host::{Host, Result};

const DAY: Duration = Duration::from_hours(24);

#[tokio::main]
async fn main() -> ExitCode {
    match tour(&mut |line| println!("{line}")).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn tour(say: &mut impl FnMut(String)) -> Result<()> {
    let host = Host::open().await?;
    say(format!("{:<11} {:<58} lead generation", "day", "what happens"));
    say(host.show("an organization on the free plan asks for its scores").await);

    let price = host.stripe.add_price("leadgen_monthly", "month", 9_900).parse()?;
    let new = NewCustomer { organization: host.tenant, name: "Acme".to_owned(), email: None };
    let customer = host.gateway.create_customer(&new, &"acme-customer".parse()?).await?.id;
    host.desk().link(&customer, host.tenant).await?;
    let request = CheckoutRequest {
        customer: customer.clone(),
        lines: vec![CheckoutLine { price, quantity: Some(1) }],
        trial_days: None,
        success_url: "https://crm.example/billing/done".to_owned(),
        cancel_url: "https://crm.example/billing".to_owned(),
        reference: "acme".to_owned(),
    };
    let session = host.gateway.open_checkout(&request, &"acme-checkout-1".parse()?).await?.id;
    say(host.show("its owner opens a checkout for 99 dollars a month").await);

    host.stripe.complete_checkout(session.as_str());
    say(host.show("and pays; no webhook has come yet").await);
    host.webhooks().await?;
    say(host.show("the webhooks come, and the truth is fetched").await);

    host.stripe.set_card(customer.as_str(), false);
    host.pass(DAY * 30);
    say(host.show("a month later the renewal fails; no webhook has come yet").await);
    host.webhooks().await?;
    say(host.show("the webhooks come").await);
    host.pass(DAY * 8);
    say(host.show("the week of grace is over, without any webhook").await);

    host.stripe.set_card(customer.as_str(), true);
    host.webhooks().await?;
    say(host.show("another card pays what was open").await);

    let subscription = host.subscription(&customer).await?;
    let ends = host
        .gateway
        .cancel_subscription(&subscription, Cancellation::AtPeriodEnd, &"acme-cancel-1".parse()?)
        .await?
        .ends_at()
        .ok_or("the subscription has no end")?;
    host.webhooks().await?;
    say(host.show("the owner cancels at the end of the period").await);
    host.pass_to(ends);
    say(host.show("that end has come, to the second, without any webhook").await);
    host.webhooks().await?;
    say(host.show("the webhooks come, late").await);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn access_follows_the_tour() {
        let mut lines = Vec::new();
        tour(&mut |line| lines.push(line)).await.unwrap();
        let levels: Vec<&str> = lines
            .iter()
            .skip(1)
            .map(|line| {
                let level = line.get(71..).unwrap_or_default();
                level.split(':').next().unwrap_or_default()
            })
            .collect();
        let look = "may look, not work";
        let expected = ["closed", "closed", "closed", "open", "open", "open", look, "open", "open", "closed", "closed"];
        assert_eq!(levels, expected, "{lines:#?}");
    }
}
