//! The gate, by the agreed cases and by what must hold for every table.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::inbox::channel::{INSTAGRAM, MESSENGER, WHATSAPP};
use crate::inbox::tests::{TIKTOK, shared};

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_788_955_200_000_000 + seconds * 1_000_000).unwrap()
}

fn table(platform: &str) -> Capabilities {
    match platform {
        "messenger" => MESSENGER,
        "instagram" => INSTAGRAM,
        "whatsapp" => WHATSAPP,
        _ => TIKTOK,
    }
}

#[test]
fn every_agreed_case_is_judged_as_agreed() {
    let Some(cases) = shared("meta/window-cases.json") else { return };
    let cases = cases["cases"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 35);
    for case in &cases {
        let platform = case["platform"].as_str().unwrap();
        let instant = |name: &str| case[name].as_i64().map(second);
        let is = |name: &str| case[name].as_bool().unwrap();
        let now = instant("now").unwrap();
        let standing = Standing {
            last_action_at: instant("last_user_action_at"),
            late_tag_approved: is("human_agent_approved"),
            template_at_hand: is("has_approved_template"),
            ..Standing::default()
        };
        let author = if is("author_is_human") { Author::Person } else { Author::Program };
        let answer = can_send(now, author, Sending::Words, &table(platform), standing);
        let free = if platform == "whatsapp" { "freeform" } else { "response" };
        let send_as = match answer.verdict {
            Verdict::Permitted => free,
            Verdict::Tagged("HUMAN_AGENT") => "human_agent",
            Verdict::Tagged(tag) => tag,
            Verdict::TemplateOnly => "template_only",
            Verdict::Closed => "deny",
        };
        let expect = &case["expect"];
        assert_eq!(expect["send_as"], send_as, "{case}");
        assert_eq!(answer.until, expect["window_expires_at"].as_i64().map(second), "{case}");
        if let Json::String(cost) = &expect["template_cost"] {
            let (entry, reply) = (instant("entry_point_at"), instant("first_business_reply_at"));
            let answer = template_cost(now, &table(platform), standing.last_action_at, entry, reply);
            assert_eq!(serde_json::to_value(answer).unwrap(), *cost, "{case}");
        }
    }
}

#[test]
fn the_platforms_own_word_closes_our_view_until_they_act_again() {
    let closed = Standing { last_action_at: Some(second(0)), closed_at: Some(second(10)), ..Standing::default() };
    let answer = can_send(second(20), Author::Person, Sending::Words, &WHATSAPP, closed);
    assert_eq!(answer.verdict, Verdict::Closed);
    let again = Standing { last_action_at: Some(second(11)), ..closed };
    let answer = can_send(second(20), Author::Person, Sending::Words, &WHATSAPP, again);
    assert_eq!(answer.verdict, Verdict::Permitted);
}

#[test]
fn promotion_and_programs_get_no_late_tag() {
    let standing = Standing { last_action_at: Some(second(0)), late_tag_approved: true, ..Standing::default() };
    let late = second(86_400);
    let ask = |author, sending| can_send(late, author, sending, &MESSENGER, standing).verdict;
    assert_eq!(ask(Author::Person, Sending::Words), Verdict::Tagged("HUMAN_AGENT"));
    assert_eq!(ask(Author::Person, Sending::Promotion), Verdict::Closed);
    assert_eq!(ask(Author::Program, Sending::Words), Verdict::Closed);
    assert_eq!(ask(Author::Person, Sending::Template), Verdict::Tagged("HUMAN_AGENT"), "it has no templates");
    let refusal = NotNow(can_send(late, Author::Program, Sending::Words, &MESSENGER, standing));
    assert_eq!(refusal.code(), "window.closed");
    assert!(!refusal.explanation().unwrap().because.is_empty(), "it says why");
}

#[test]
fn an_advertisement_opens_the_window_for_longer_where_that_was_granted() {
    let day = |days: i64| second(days * 86_400);
    let week = std::time::Duration::from_hours(7 * 24);
    let ask = |table: &Capabilities, now, granted| {
        let advertised = Some((second(0), granted));
        let standing = Standing { last_action_at: Some(second(0)), advertised, ..Standing::default() };
        can_send(now, Author::Program, Sending::Words, table, standing)
    };
    assert_eq!(ask(&MESSENGER, day(6), week).until, Some(day(7)));
    assert_eq!(ask(&MESSENGER, day(7), week).verdict, Verdict::Closed);
    assert_eq!(ask(&MESSENGER, day(8), week * 4).verdict, Verdict::Closed, "no longer than the table says");
    assert_eq!(ask(&MESSENGER, second(1), std::time::Duration::ZERO).until, Some(day(1)), "never shorter than usual");
    assert_eq!(ask(&WHATSAPP, day(2), week).verdict, Verdict::Closed, "there it changes the price, not the permission");
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Permitted => 2,
        Verdict::Tagged(_) => 1,
        Verdict::TemplateOnly | Verdict::Closed => 0,
    }
}

proptest! {
    #[test]
    fn permission_never_rises_while_nothing_happens(
        platform in proptest::sample::select(vec!["messenger", "instagram", "whatsapp", "tiktok"]),
        action in proptest::option::of(-700_000..1_000_i64),
        (late_tag_approved, template_at_hand, person) in any::<(bool, bool, bool)>(),
        mut instants in proptest::collection::vec(0..900_000_i64, 2..6),
    ) {
        instants.sort_unstable();
        let author = if person { Author::Person } else { Author::Program };
        let now = second(0);
        // Clamped as it is on arrival: a far future instant counts as a near one.
        let last_action_at = action.map(|at| second(at).min(now.plus(CLOCK_SKEW)));
        let standing = Standing { last_action_at, late_tag_approved, template_at_hand, ..Standing::default() };
        let mut before = None;
        for at in instants {
            let answer = can_send(second(at), author, Sending::Words, &table(platform), standing);
            prop_assert!(before.is_none_or(|before| rank(answer.verdict) <= before), "{answer:?}");
            prop_assert!(person || !matches!(answer.verdict, Verdict::Tagged(_)), "a program got the tag");
            if platform == "whatsapp" && template_at_hand {
                prop_assert_ne!(answer.verdict, Verdict::Closed);
            }
            if let Some(until) = answer.until {
                let then = can_send(until, author, Sending::Words, &table(platform), standing);
                prop_assert!(rank(then.verdict) < rank(answer.verdict), "nothing changed at {until}");
                let micro = Timestamp::from_micros(until.micros() - 1).unwrap();
                let just_before = can_send(micro, author, Sending::Words, &table(platform), standing);
                prop_assert_eq!(just_before.verdict, answer.verdict);
            }
            before = Some(rank(answer.verdict));
        }
    }
}
