//! The tour against a stand-in, and what it refuses.

use crm_billing_stripe::testing::FakeStripe;
use crm_core::kernel::{Clock, Timestamp};
use crm_system::SystemClock;

use super::*;

fn arguments() -> Arguments {
    Arguments { price: "leadgen_monthly".to_owned(), patience: 1 }
}

async fn against(stripe: &FakeStripe) -> Host {
    let key = key(Some(FakeStripe::KEY.to_owned())).unwrap();
    Host::open(StripeConfig::at(stripe.address(), key).unwrap()).await.unwrap()
}

#[test]
fn what_is_missing_is_said_and_real_money_is_refused() {
    assert_eq!(key(None).unwrap_err().to_string(), NO_KEY);
    assert_eq!(key(Some(" \n".to_owned())).unwrap_err().to_string(), NO_KEY);
    assert_eq!(key(Some("sk_live_madeUp".to_owned())).unwrap_err().to_string(), LIVE_KEY);
    assert_eq!(key(Some("rk_live_madeUp".to_owned())).unwrap_err().to_string(), LIVE_KEY);
    let publishable = key(Some("pk_test_madeUp".to_owned())).unwrap_err().to_string();
    assert!(publishable.contains("sk_test_"), "{publishable}");
}

#[tokio::test]
async fn a_price_that_is_not_there_is_named_with_the_way_to_make_it() {
    let stripe = FakeStripe::start(SystemClock.now()).await.unwrap();
    let host = against(&stripe).await;
    let missing = tour(&host, &arguments(), Duration::from_millis(5), &mut |_| ()).await.unwrap_err().to_string();
    assert!(missing.contains("stripe prices create --lookup-key leadgen_monthly"), "{missing}");
}

#[tokio::test]
async fn the_tour_goes_from_checkout_to_the_end() {
    let now: Timestamp = SystemClock.now();
    let stripe = FakeStripe::start(now).await.unwrap();
    let _price = stripe.add_price("leadgen_monthly", "month", 9_900);
    let host = against(&stripe).await;
    let mut lines = Vec::new();
    let (arguments, mut say) = (arguments(), |line: String| {
        // Somebody goes through the checkout as soon as its address is known.
        if let Some(session) = line.strip_prefix("checkout      https://checkout.example/") {
            stripe.complete_checkout(session);
        }
        lines.push(line);
    });
    tour(&host, &arguments, Duration::from_millis(5), &mut say).await.unwrap();
    let access = |step: &str| {
        let line = lines.iter().find(|line| line.starts_with(step)).unwrap_or_else(|| panic!("{step}: {lines:#?}"));
        line.get(14..).unwrap_or_default().to_owned()
    };
    assert_eq!(access("before"), "nothing beyond the basics");
    assert!(access("paid").starts_with("LeadGeneration: full"), "{lines:#?}");
    assert!(access("cancelled").starts_with("LeadGeneration: full until"), "{lines:#?}");
    assert!(access("resumed").starts_with("LeadGeneration: full"), "{lines:#?}");
    assert_eq!(access("ended"), "nothing beyond the basics");
    assert!(access("portal").starts_with("https://"), "{lines:#?}");
}
