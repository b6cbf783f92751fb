//! Disturbances, secrets, and the same thing twice.

mod support;

use std::time::Duration;

use serde_json::json;
use signalwire_relay_simulator::{Caller, Cue, Faults, Refusal, Scenario, Step, Violation};
use support::{Bench, at, quiet, tts};

fn caller() -> Caller {
    Caller::new("+15551110000", "+15552220000")
}

#[test]
fn requests_are_refused_on_demand_in_order() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    let method = "signalwire.receive";
    bench.service.refuse_next(method, Refusal::Code(500, "Out of order".into()));
    bench.service.refuse_next(method, Refusal::RpcError(-32000, "No".into()));
    bench.service.refuse_next(method, Refusal::Silence);
    let contexts = json!({"contexts": ["a"]});
    assert_eq!(bench.code(client, method, contexts.clone()), "500");
    assert_eq!(bench.code(client, method, contexts.clone()), "-32000");
    assert!(bench.request(client, method, contexts.clone()).is_null());
    assert_eq!(bench.code(client, method, contexts), "200");
}

#[test]
fn a_stalled_connection_gets_everything_late() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["default"]);
    bench.service.stall(bench.now, client, Duration::from_secs(3));
    bench.service.place_call(bench.now, caller());
    bench.run(2.9);
    assert!(bench.events("calling.call.receive").is_empty());
    bench.run(0.2);
    assert_eq!(bench.events("calling.call.receive").len(), 1);
}

#[test]
fn a_deaf_connection_hears_nothing_and_is_not_heard() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["default"]);
    bench.service.deafen(client);
    assert!(bench.request(client, "signalwire.ping", json!({})).is_null());
    assert!(bench.closed.is_empty());
}

#[test]
fn events_are_doubled_and_garbage_is_mixed_in() {
    let faults = Faults { duplicate: 1.0, garbage: 1.0, ..Faults::default() };
    let mut bench = Bench::new(quiet().faults(faults));
    bench.client(&["default"]);
    bench.service.place_call(bench.now, caller());
    bench.run(1.0);
    assert_eq!(bench.events("calling.call.receive").len(), 2);
    assert!(bench.raw.len() > 5);
    bench.run(20.0);
    assert!(bench.service.violations().is_empty(), "{:?}", bench.service.violations());
}

#[test]
fn delayed_events_are_overtaken() {
    let faults = Faults { delay: 0.5, delay_by: Duration::from_secs(2), ..Faults::default() };
    let mut orders = Vec::new();
    for seed in 0..20 {
        let mut bench = Bench::seeded(quiet().faults(faults).caller(caller()), seed);
        let client = bench.client(&["default"]);
        let call = bench.answered_call(client);
        bench.service.hang_up(bench.now, &call);
        bench.run(10.0);
        orders.push(bench.states(&call));
    }
    assert!(orders.iter().any(|order| order[..] != ["answered", "ending", "ended"]));
    assert!(orders.iter().all(|order| order.len() == 3));
}

#[test]
fn a_restart_forgets_everything_and_goes_on() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["default"]);
    bench.service.place_call(bench.now, caller());
    bench.service.restart(bench.now);
    bench.settle();
    assert_eq!(bench.closed, [(client, 1006)]);
    assert!(bench.service.is_done());
    bench.client(&["default"]);
}

#[test]
fn any_event_and_any_frame_can_be_pushed() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&[]);
    bench.service.push_event(bench.now, client, "calling.unheard_of", json!({"a": 1}));
    bench.service.push_frame(client, "not JSON".into());
    bench.settle();
    assert_eq!(bench.events("calling.unheard_of"), [json!({"a": 1})]);
    assert_eq!(bench.raw.last().expect("frames"), "not JSON");
}

#[test]
fn credentials_show_nowhere() {
    let mut bench = Bench::new(quiet());
    bench.client(&[]);
    let malformed = r#"{"token": "demo\"-secret", "jwt_token":"abc", nothing demo-token"#;
    let client = bench.service.connections().next().expect("connected");
    bench.service.handle_text(bench.now, client, malformed);
    let passwords = json!({"post_prompt_auth_password": "-secret", "authorization_bearer_token": "-secret"});
    bench.request(client, "calling.user_event", at("c-1", passwords));
    let state = bench.events("signalwire.authorization.state")[0]["authorization_state"].clone();
    let shown = format!("{:?} {:?} {:?}", bench.service.journal(), bench.reports, bench.service.violations());
    for secret in ["demo-token", "demo-project", "demo-jwt", "-secret", "abc", state.as_str().expect("text")]
    {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let service = format!("{:?} {:?}", bench.service, quiet());
    assert!(!service.contains("demo-token") && !service.contains("demo-jwt"));
    assert!(bench.service.journal()[0].text().contains("demo-token"));
}

fn conversation(seed: u64) -> Vec<String> {
    let faults = Faults { duplicate: 0.2, delay: 0.2, garbage: 0.1, ..Faults::default() };
    let steps =
        [Step::on(Cue::PromptStarted), Step::press("12"), Step::say("hello"), Step::wait(3.0), Step::HangUp];
    let scenario = Scenario::new().faults(faults).caller(caller().script(steps));
    let mut bench = Bench::seeded(scenario, seed);
    let client = bench.client(&["default"]);
    let call = bench.answered_call(client);
    let prompt =
        json!({"control_id": "k", "play": tts("Two digits, please"), "collect": {"digits": {"max": 2}}});
    bench.request(client, "calling.play_and_collect", at(&call, prompt));
    bench.run(60.0);
    bench.raw
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(conversation(5), conversation(5));
    assert_ne!(conversation(5), conversation(6));
}

#[test]
fn a_late_timeout_gives_the_same_frames() {
    let run = |steps: u32| {
        let script = [Step::wait(1.0), Step::say("hello"), Step::wait(2.0), Step::HangUp];
        let mut bench = Bench::new(quiet().caller(caller().script(script)));
        bench.client(&["default"]);
        bench.frames.clear();
        for step in 1..=steps {
            bench.service.handle_timeout(Duration::from_secs(20) * step / steps);
        }
        bench.settle();
        bench.raw
    };
    assert_eq!(run(1), run(1000));
}

/// How many answers are overdue by now.
fn overdue(bench: &Bench) -> usize {
    let late = |violation: &&Violation| {
        matches!(violation, Violation::AckOverdue { .. } | Violation::PingOverdue { .. })
    };
    bench.service.violations().iter().filter(late).count()
}

#[test]
fn nobody_has_to_answer_what_never_left() {
    let mut bench = Bench::new(Scenario::new());
    let client = bench.client(&["default"]);
    bench.service.deafen(client);
    bench.service.place_call(bench.now, caller());
    bench.run(60.0);
    assert_eq!(overdue(&bench), 0);
}

#[test]
fn the_time_for_an_answer_begins_when_the_frame_leaves() {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["default"]);
    bench.service.stall(bench.now, client, Duration::from_secs(30));
    bench.service.place_call(bench.now, caller());
    bench.acks = false;
    bench.run(39.0);
    assert_eq!((overdue(&bench), bench.events("calling.call.receive").len()), (0, 1));
    bench.run(2.0);
    assert!(overdue(&bench) > 0);
}
