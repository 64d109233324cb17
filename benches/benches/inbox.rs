//! The inbox: a page of its list and a webhook beside their bare statements, with 100 k conversations, and the gate.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use crm_benches::{
    Contest, Fault, Goal, Office, OnPostgres, Pace, Report, Sent, Server, Stock, delivery, everything, measured, must,
};
use crm_core::inbox::channel::{INSTAGRAM, MESSENGER, WHATSAPP};
use crm_core::inbox::window::{Author, Sending, Standing, can_send};
use crm_core::inbox::{self, Conversation, Platform};
use crm_core::kernel::Timestamp;
use crm_social_meta::parse::parse;
use tokio::runtime::Runtime;

const CUSTOMERS: u64 = 100_000;
const STOCK: Stock = Stock { leads: 0, deals: 0, conversations: CUSTOMERS };

/// What an agent opens the day with.
async fn first_page(office: &Office, _: u64) -> Result<(), Fault> {
    let desk = office.session.inbox(office.crm.channels());
    let rows = desk.latest(&Conversation::STATE.is("open"), 50).await?;
    if rows.len() == 50 { Ok(()) } else { Err(format!("a page of {} rows", rows.len()).into()) }
}

/// From the bytes to the message in its thread, with everything that follows from it.
async fn hear(office: &Office, number: u64) -> Result<(), Fault> {
    let told = parse(delivery(number, number * 7_919 % CUSTOMERS).as_bytes())?;
    let kept = inbox::receive(office.crm.ports(), &Platform::WHATSAPP, &number.to_string(), told.events).await?;
    if kept.kept != 1 {
        return Err("the message was not kept".into());
    }
    while office.crm.run_due("bench", 100).await?.done > 0 {}
    Ok(())
}

fn select_only(sent: &Sent) -> bool {
    sent.text().starts_with("select")
}

fn on_postgres(criterion: &mut Criterion, report: &mut Report, runtime: &Runtime, server: &Server) {
    eprintln!("PostgreSQL: {}", must(runtime.block_on(server.described())));
    let mut contest = OnPostgres::with(runtime, server, STOCK);
    let page = measured(criterion, "inbox: page of 50 of 100 k, PostgreSQL", 3, |count| {
        contest.turn(count, Pace::OneByOne, &first_page, select_only)
    });
    report.add("inbox: page of 50 of 100 k, PostgreSQL", &page, "the same statements, bare", Goal::Times(1.3));
    let heard = measured(criterion, "webhook: parse, keep and apply one text, PostgreSQL", 3, |count| {
        contest.turn(count, Pace::OneByOne, &hear, everything)
    });
    report.add("webhook, one text, PostgreSQL", &heard, "the same statements, bare", Goal::Share(50.0));
    contest.remove();
}

/// The gate by itself: every platform, a person and a program, inside the window and long after.
fn gate(criterion: &mut Criterion) {
    let at = |hours: i64| must(Timestamp::from_micros(1_790_000_000_000_000 + hours * 3_600_000_000));
    let mut group = criterion.benchmark_group("can_send");
    for (name, table) in [("messenger", MESSENGER), ("instagram", INSTAGRAM), ("whatsapp", WHATSAPP)] {
        for (when, now) in [("inside the window", at(1)), ("after it", at(30))] {
            let standing = Standing { last_action_at: Some(at(0)), late_tag_approved: true, ..Standing::default() };
            group.bench_function(format!("{name}, {when}"), |bencher| {
                bencher.iter(|| can_send(black_box(now), Author::Person, Sending::Words, &table, black_box(standing)));
            });
        }
    }
    group.finish();
}

fn main() {
    let runtime = must(tokio::runtime::Builder::new_current_thread().enable_all().build());
    let (mut criterion, mut report) = (Criterion::default().configure_from_args(), Report::default());
    criterion = criterion.measurement_time(Duration::from_secs(3));
    gate(&mut criterion);
    if let Some(server) = Server::from_environment("the inbox") {
        on_postgres(&mut criterion, &mut report, &runtime, &server);
    }
    report.print();
}
