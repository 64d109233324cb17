//! Single commands on each store, beside their floors: capture, duplicates, lists, conversion, stages, board.
//!
//! `CRM_BENCH_LARGE=1` adds the figures with a million leads in the organization; `CRM_BENCH_ONLY=postgres` (or `sqlite`,
//! `memory`) leaves the other stores out.

use std::time::{Duration, Instant};

use criterion::Criterion;
use crm_benches::{
    Contest, Fault, Goal, InMemory, Office, OnPostgres, OnSqlite, Pace, Report, Round, Sent, Server, Stock, everything,
    id_of, lead, measured, must, stored_deal_id, stored_lead, timed,
};
use crm_core::conversion::{ConversionChoices, NewDeal};
use crm_core::duplicate::Profile;
use crm_core::intake::Submission;
use crm_core::kernel::{Currency, Direction, Money, Name, Page, Predicate};
use crm_core::lead::Lead;
use crm_core::pipeline::{Move, OpportunityPatch};
use tokio::runtime::Runtime;

const STOCK: Stock = Stock { leads: 100_000, deals: 10_000, conversations: 0 };
const LARGE: Stock = Stock { leads: 1_000_000, deals: 10_000, conversations: 0 };

/// Leads that are not in the stock.
const NEW: u64 = 1_000_000_000;

async fn capture(office: &Office, number: u64) -> Result<(), Fault> {
    let source = Name::try_from("bench".to_owned())?;
    office.session.intake().submit(Submission::new(source, lead(NEW + number)?)).await?;
    Ok(())
}

/// Of somebody who is known, somewhere in the stock.
async fn check(office: &Office, number: u64) -> Result<(), Fault> {
    let known = stored_lead(number * 7_919 % 100_000, office.now())?;
    let hits = office.session.duplicates().check(&Profile::of_lead(&known.value)).await?;
    if hits.is_empty() { Err("a lead that is stored was not found".into()) } else { Ok(()) }
}

async fn get(office: &Office, number: u64) -> Result<(), Fault> {
    office.session.leads().get(id_of(number * 7_919 % 100_000)).await?;
    Ok(())
}

async fn first_page(office: &Office, _: u64) -> Result<(), Fault> {
    let page = Page::ordered(Lead::SCORE.field(), Direction::Descending, 50)?;
    page_of_qualified(office, &page).await
}

async fn deep_page(office: &Office, _: u64) -> Result<(), Fault> {
    // A qualified one with a score of 50, so half of all leads are before it.
    let before = stored_lead(50_200, office.now())?;
    let page = Page::ordered(Lead::SCORE.field(), Direction::Descending, 50)?.following(&before);
    page_of_qualified(office, &page).await
}

async fn page_of_qualified(office: &Office, page: &Page<Lead>) -> Result<(), Fault> {
    let filter = Lead::STATUS.is("qualified").and(Lead::EMPLOYEE_COUNT.at_least(100));
    let rows = office.session.leads().list(&filter, page).await?;
    if rows.len() == 50 { Ok(()) } else { Err(format!("a page of {} rows", rows.len()).into()) }
}

async fn convert(office: &Office, number: u64) -> Result<(), Fault> {
    let amount = Some(Money::new(100_000, Currency::EUR));
    let mut choices = ConversionChoices::with_deal(NewDeal { amount, ..NewDeal::default() });
    choices.owner_id = Some(office.seller);
    // Behind those leads that the stock's deals came from.
    let made = office.session.conversions().convert(id_of(20_000 + number), &choices, None).await?;
    if made.account_id.is_some() && made.contact_id.is_some() && made.opportunity_id.is_some() {
        Ok(())
    } else {
        Err("not all three records were made".into())
    }
}

async fn move_deal(office: &Office, number: u64) -> Result<(), Fault> {
    let open: Vec<_> = office.sales.stages.iter().filter(|stage| stage.kind.as_str() == "open").collect();
    let goal = open.get((usize::try_from(number)? + 1) % open.len()).ok_or("there is no open stage")?;
    let wish = Move { stage_id: goal.id, change: OpportunityPatch::default() };
    office.session.opportunities().move_to(stored_deal_id(number), 1, wish).await?;
    Ok(())
}

async fn board(office: &Office, _: u64) -> Result<(), Fault> {
    let board = office.session.pipelines().board(office.sales.pipeline.id, Predicate::everything()).await?;
    if board.columns.is_empty() { Err("the board is empty".into()) } else { Ok(()) }
}

/// The two statements that a change of stage cannot do without.
fn change_and_event(sent: &Sent) -> bool {
    ["update crm.\"opportunity\" ", "insert into crm.\"event\" "].iter().any(|begin| sent.text().starts_with(begin))
}

/// A conversion as one would write it by hand: begin, hold the lead, make three records, change the lead, commit.
fn seven_statements(sent: &Sent) -> bool {
    let text = sent.text();
    let writes = [
        "insert into crm.\"account\" ",
        "insert into crm.\"contact\" ",
        "insert into crm.\"opportunity\" ",
        "update crm.\"lead\" ",
    ];
    let holds = text.contains("from crm.\"lead\" ") && text.ends_with("for no key update");
    writes.iter().any(|begin| text.starts_with(begin)) || holds
}

fn select_only(sent: &Sent) -> bool {
    sent.text().starts_with("select")
}

const BOARD: &str = "select stage_id, currency, count(*), sum(amount_minor), sum(amount_minor * probability / 100) \
    from crm.opportunity group by stage_id, currency";

const SQLITE_BOARD: &str = "select json_extract(value,'$.stage_id'), json_extract(value,'$.currency'), count(*), \
    sum(json_extract(value,'$.amount_minor')), \
    sum(json_extract(value,'$.amount_minor') * json_extract(value,'$.probability') / 100) \
    from record where organization_id = ?1 and entity = 'opportunity' group by 1, 2";

const SQLITE_PAGE: &str = "select id, version, created_at, updated_at, value from record \
    where organization_id = ?1 and entity = 'lead' and json_extract(value,'$.status') = 'qualified' \
    and json_extract(value,'$.employee_count') >= 100 order by json_extract(value,'$.score') desc, id desc limit 50";

/// The bench of one store.
struct Store<'c, C> {
    name: &'static str,
    floor: &'static str,
    contest: C,
    criterion: &'c mut Criterion,
}

impl<C: Contest> Store<'_, C> {
    fn run(
        &mut self,
        what: &str,
        pace: Pace,
        act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
        keep: fn(&Sent) -> bool,
    ) -> Round {
        let name = format!("{what}, {}", self.name);
        measured(self.criterion, &name, 2, |count| self.contest.turn(count, pace, act, keep))
    }

    fn add(
        &mut self,
        report: &mut Report,
        what: &str,
        pace: Pace,
        act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
        goal: Goal,
    ) {
        let round = self.run(what, pace, act, everything);
        report.add(&format!("{what}, {}", self.name), &round, self.floor, goal);
    }

    /// The pages, the deep one beside the first.
    fn pages(&mut self, report: &mut Report, what: &str, floor: Goal) -> Round {
        let busy = self.run(&format!("{what}, busy"), Pace::AllAtOnce, &first_page, select_only);
        report.add(&format!("{what}, eight at once, {}", self.name), &busy, self.floor, floor);
        let first = self.run(what, Pace::OneByOne, &first_page, select_only);
        report.add(&format!("{what}, {}", self.name), &first, self.floor, floor);
        let both = measured(self.criterion, &format!("{what}, deep, {}", self.name), 3, |count| {
            let deep = self.contest.turn(count, Pace::OneByOne, &deep_page, select_only).ours;
            let first = self.contest.turn(count, Pace::OneByOne, &first_page, select_only).ours;
            Round { floor: first, ..Round::without_floor(deep) }
        });
        report.add(&format!("{what}, deep, {}", self.name), &both, "first page", Goal::Times(1.2));
        first
    }
}

fn on_memory(criterion: &mut Criterion, report: &mut Report, runtime: &Runtime) {
    let contest = InMemory::with(runtime, STOCK);
    let mut store = Store { name: "memory", floor: "", contest, criterion };
    store.add(report, "capture a lead", Pace::AllAtOnce, &capture, Goal::None);
    store.add(report, "match a lead against 100 k by keys", Pace::OneByOne, &check, Goal::None);
}

fn on_sqlite(criterion: &mut Criterion, report: &mut Report, runtime: &Runtime) {
    let contest = OnSqlite::with(runtime, STOCK);
    let organization = contest.office().organization.uuid().hyphenated().to_string();
    let mut store = Store { name: "SQLite", floor: "the same rows, bare", contest, criterion };
    store.add(
        report,
        "match a lead against 100 k by keys",
        Pace::OneByOne,
        &check,
        Goal::P99(Duration::from_millis(5)),
    );
    let page = store.run("page of 50 of 100 k", Pace::OneByOne, &first_page, everything);
    let floor = bare_select(runtime, &mut store.contest, SQLITE_PAGE, &organization, page.ours.len());
    report.add("page of 50 of 100 k, SQLite", &Round { floor, ..page }, "the query, bare", Goal::Times(1.3));
    store.contest.skip_to(0);
    store.add(report, "move a deal to another stage", Pace::AllAtOnce, &move_deal, Goal::None);
    let round = store.run("board of 10 k deals", Pace::OneByOne, &board, everything);
    let floor = bare_select(runtime, &mut store.contest, SQLITE_BOARD, &organization, round.ours.len());
    report.add("board of 10 k deals, SQLite", &Round { floor, ..round }, "group by, bare", Goal::None);
    store.contest.skip_to(0);
    store.add(report, "convert a lead", Pace::AllAtOnce, &convert, Goal::None);
    store.add(report, "capture a lead", Pace::AllAtOnce, &capture, Goal::None);
    store.contest.remove();
}

fn bare_select(
    runtime: &Runtime,
    contest: &mut OnSqlite<'_>,
    sql: &'static str,
    organization: &str,
    count: usize,
) -> Vec<Duration> {
    let times = (0..count).map(|_| {
        timed(runtime, async { Ok(sqlx::query(sql).bind(organization).fetch_all(&mut *contest.floor()).await?.len()) })
    });
    times.collect()
}

fn on_postgres(criterion: &mut Criterion, report: &mut Report, runtime: &Runtime, server: &Server) {
    eprintln!("PostgreSQL: {}", must(runtime.block_on(server.described())));
    let contest = OnPostgres::with(runtime, server, STOCK);
    let mut store = Store { name: "PostgreSQL", floor: "the same statements, bare", contest, criterion };
    for (what, act) in [("capture a lead", 0), ("convert a lead", 1), ("move a deal", 2), ("read a page", 3)] {
        let (statements, round_trips) = match act {
            0 => warm_and_count(&mut store.contest, &capture),
            1 => warm_and_count(&mut store.contest, &convert),
            2 => warm_and_count(&mut store.contest, &move_deal),
            _ => warm_and_count(&mut store.contest, &first_page),
        };
        eprintln!("{what}: {} statements in {round_trips} round trips", statements.len());
        let kept = |keep: fn(&Sent) -> bool| statements.iter().filter(|one| keep(one)).count();
        assert!(act != 2 || kept(change_and_event) == 2, "the floor of a move is not what it is said to be");
        for statement in statements.iter().filter(|_| std::env::var_os("CRM_BENCH_STATEMENTS").is_some()) {
            eprintln!("    {}", statement.text().chars().take(150).collect::<String>());
        }
    }
    store.add(report, "get a lead", Pace::AllAtOnce, &get, Goal::None);
    store.add(
        report,
        "match a lead against 100 k by keys",
        Pace::OneByOne,
        &check,
        Goal::P99(Duration::from_millis(5)),
    );
    let small = store.pages(report, "page of 50 of 100 k", Goal::Times(1.3));
    // The deals before have been moved already.
    store.contest.skip_to(1_000);
    let moved = store.run("move a deal to another stage", Pace::AllAtOnce, &move_deal, change_and_event);
    report.add("move a deal to another stage, PostgreSQL", &moved, "change and event, bare", Goal::Share(40.0));
    let round = store.run("board of 10 k deals", Pace::OneByOne, &board, everything);
    let organization = store.contest.office().organization.uuid();
    let bare = [
        Sent::Plain(format!("begin; set local app.org_id = '{organization}'")),
        Sent::Plain(BOARD.to_owned()),
        Sent::Plain("commit".to_owned()),
    ];
    let floor = store.contest.bare(&bare, round.ours.len());
    report.add("board of 10 k deals, PostgreSQL", &Round { floor, ..round }, "group by, bare", Goal::None);
    store.add(report, "capture a lead", Pace::AllAtOnce, &capture, Goal::Share(60.0));
    store.add(report, "convert a lead", Pace::AllAtOnce, &convert, Goal::None);
    store.contest.overhear_tables_apart();
    let (statements, _) = warm_and_count(&mut store.contest, &convert);
    let seven = statements.iter().filter(|one| one.is_envelope() || seven_statements(one)).count();
    assert_eq!(seven, 7, "the floor of a conversion is not what it is said to be");
    let round = store.run("convert a lead, beside seven statements", Pace::AllAtOnce, &convert, seven_statements);
    report.add("convert a lead, PostgreSQL", &round, "7 statements, bare", Goal::Share(50.0));
    let Store { contest, criterion, .. } = store;
    if std::env::var_os("CRM_BENCH_LARGE").is_some() {
        let large = OnPostgres::with(runtime, server, LARGE);
        let mut large = Store { name: "PostgreSQL", floor: "the same statements, bare", contest: large, criterion };
        large.add(
            report,
            "match a lead against 1 M by keys",
            Pace::OneByOne,
            &check,
            Goal::P99(Duration::from_millis(5)),
        );
        let pages = large.pages(report, "page of 50 of 1 M", Goal::Times(1.3));
        let beside = Round { floor: small.ours, ..Round::without_floor(pages.ours) };
        report.add("page of 50 of 1 M, PostgreSQL", &beside, "page of 50 of 100 k", Goal::Times(1.3));
        large.add(report, "capture a lead beside 1 M", Pace::AllAtOnce, &capture, Goal::Share(60.0));
        large.contest.remove();
    }
    contest.remove();
}

/// The statements of a command, once every connection knows them.
fn warm_and_count(
    contest: &mut OnPostgres<'_>,
    act: &impl AsyncFn(&Office, u64) -> Result<(), Fault>,
) -> (Vec<Sent>, usize) {
    for _ in 0..8 {
        let _ = contest.turn(1, Pace::AllAtOnce, act, everything);
    }
    contest.statements(act)
}

fn main() {
    let begin = Instant::now();
    let runtime = must(tokio::runtime::Builder::new_current_thread().enable_all().build());
    let (mut criterion, mut report) = (Criterion::default().configure_from_args(), Report::default());
    let only = std::env::var("CRM_BENCH_ONLY").unwrap_or_default();
    let is_wanted = |name: &str| only.is_empty() || only == name;
    if is_wanted("memory") {
        on_memory(&mut criterion, &mut report, &runtime);
    }
    if is_wanted("sqlite") {
        on_sqlite(&mut criterion, &mut report, &runtime);
    }
    if is_wanted("postgres")
        && let Some(server) = Server::from_environment("single commands")
    {
        on_postgres(&mut criterion, &mut report, &runtime, &server);
    }
    report.print();
    eprintln!("done in {} s", begin.elapsed().as_secs());
}
