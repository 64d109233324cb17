//! How many statements a command takes. A look-up in a loop shows here before anybody waits for it.

use crm_benches::{Contest, Fault, Office, OnPostgres, Pace, Server, Stock, everything, id_of, lead, stored_deal_id};
use crm_core::conversion::{ConversionChoices, NewDeal};
use crm_core::intake::Submission;
use crm_core::kernel::Page;
use crm_core::lead::Lead;
use crm_core::pipeline::{Move, OpportunityPatch};

const STOCK: Stock = Stock { leads: 200, deals: 100, conversations: 0 };

async fn capture(office: &Office, number: u64) -> Result<(), Fault> {
    capture_some(office, number * 100, 1).await
}

async fn capture_fifty(office: &Office, number: u64) -> Result<(), Fault> {
    capture_some(office, number * 100, 50).await
}

async fn capture_some(office: &Office, first: u64, count: u64) -> Result<(), Fault> {
    let numbers = 1_000_000 + first..1_000_000 + first + count;
    let submissions = numbers.map(|number| Ok(Submission::new("bench".to_owned().try_into()?, lead(number)?)));
    for outcome in office.session.intake().capture(submissions.collect::<Result<_, Fault>>()?).await? {
        outcome?;
    }
    Ok(())
}

async fn convert(office: &Office, number: u64) -> Result<(), Fault> {
    let mut choices = ConversionChoices::with_deal(NewDeal::default());
    choices.owner_id = Some(office.seller);
    office.session.conversions().convert(id_of(100 + number), &choices, None).await?;
    Ok(())
}

async fn move_deal(office: &Office, number: u64) -> Result<(), Fault> {
    let open: Vec<_> = office.sales.stages.iter().filter(|stage| stage.kind.as_str() == "open").collect();
    let goal = open.get((usize::try_from(number)? + 1) % open.len()).ok_or("there is no open stage")?;
    let wish = Move { stage_id: goal.id, change: OpportunityPatch::default() };
    office.session.opportunities().move_to(stored_deal_id(number), 1, wish).await?;
    Ok(())
}

async fn page(office: &Office, _: u64) -> Result<(), Fault> {
    let rows = office.session.leads().list(&Lead::STATUS.is("new"), &Page::first(50)).await?;
    if rows.len() == 50 { Ok(()) } else { Err("no full page".into()) }
}

/// Statements of a command, its transaction's beginning and end included.
fn statements(contest: &mut OnPostgres<'_>, act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>) -> usize {
    // The first one also reads what the organization has set up, which is known from then on.
    drop(contest.statements(act));
    let (statements, _) = contest.statements(act);
    for one in &statements {
        eprintln!("    {}", one.text().chars().take(140).collect::<String>());
    }
    statements.len()
}

#[test]
fn commands_take_no_more_statements_than_they_need() {
    let Some(server) = Server::from_environment("statements of commands") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut contest = OnPostgres::with(&runtime, &server, STOCK);
    let counted = [
        ("capture", statements(&mut contest, &capture), 10),
        ("capture of fifty", statements(&mut contest, &capture_fifty), 16),
        ("convert", statements(&mut contest, &convert), 10),
        ("move", statements(&mut contest, &move_deal), 6),
        ("page", statements(&mut contest, &page), 3),
    ];
    // Whatever ours can do, the same statements can do too: the floor is a floor.
    let round = contest.turn(1, Pace::OneByOne, &capture, everything);
    assert_eq!((round.ours.len(), round.floor.len()), (1, 1));
    contest.remove();
    eprintln!("{counted:?}");
    for (command, count, most) in counted {
        assert!(count > 2, "{command} was not overheard");
        assert!(count <= most, "{command} takes {count} statements, and {most} would do");
    }
}
