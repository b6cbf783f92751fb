//! The scenarios that come with the crate, each with an application that fits.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{BUILTINS, Scenario, ScenarioError};
use support::{Bench, at, phone, tts};

/// Answers the last event of a type if it is new.
struct Application {
    seen: usize,
    keys: u32,
}

impl Application {
    /// A menu: 1 and 2 connect, 3 records, anything else gets one more chance.
    fn react(&mut self, bench: &mut Bench, client: signalwire_relay_simulator::ConnectionId) {
        while self.seen < bench.frames.len() {
            let frame = bench.frames[self.seen].1["params"].clone();
            self.seen += 1;
            let event = &frame["params"];
            let Some(call) = event["call_id"].as_str().map(str::to_owned) else { continue };
            self.keys += 1;
            let key = format!("k{}", self.keys);
            let mut send = |method: &str, mut params: Value| {
                params["control_id"] = key.as_str().into();
                if ["calling.answer", "calling.end", "calling.connect"].contains(&method) {
                    params.as_object_mut().expect("an object").remove("control_id");
                }
                let params = at(&call, params);
                bench.request(client, method, params);
            };
            let collect = json!({"digits": {"max": 1}, "initial_timeout": 3});
            let menu = json!({"play": tts("Press 1, 2 or 3 now, please"), "collect": collect});
            match (frame["event_type"].as_str().unwrap_or_default(), event) {
                ("calling.call.receive", _) => {
                    send("calling.answer", json!({}));
                    send("calling.play_and_collect", menu);
                }
                ("calling.call.collect", event) => match event["result"]["params"]["digits"].as_str() {
                    Some("1") => send("calling.connect", json!({"devices": [[phone("+15551001000")]]})),
                    Some("2") => send("calling.connect", json!({"devices": [[phone("+15552002000")]]})),
                    Some("3") => send("calling.record", json!({"record": {"audio": {}}})),
                    Some(_) => send("calling.play_and_collect", menu),
                    None => send("calling.end", json!({})),
                },
                ("calling.call.record", event) if event["state"] == "finished" => {
                    send("calling.end", json!({}));
                }
                ("calling.call.connect", event) if event["connect_state"] == "disconnected" => {
                    send("calling.end", json!({}));
                }
                _ => {}
            }
        }
    }
}

fn play_through(name: &str) -> Bench {
    let mut bench = Bench::new(Scenario::builtin(name).expect("a built-in scenario"));
    let client = bench.client(&["default"]);
    let mut application = Application { seen: 0, keys: 0 };
    for _ in 0..5000 {
        application.react(&mut bench, client);
        if bench.board.is_done() {
            return bench;
        }
        let next = bench.board.poll_timeout().expect("not done");
        bench.now = next.max(bench.now);
        bench.board.handle_timeout(next);
        bench.settle();
    }
    panic!("{name} never ends: {:?}", bench.reports.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn every_caller_of_the_menu_gets_somewhere() {
    let bench = play_through("ivr");
    let told: Vec<_> = bench.reports.iter().map(ToString::to_string).collect();
    let inbound: Vec<_> = bench.board.calls().filter(|call| call.inbound).collect();
    assert_eq!(inbound.len(), 6);
    for (line, times) in [
        ("bridged to +15551001000", 1),
        ("bridged to +15552002000", 1),
        ("recording finished", 1),
        ("collected digits 9", 2),
        ("collected nothing", 1),
    ] {
        let found = told.iter().filter(|told| told.contains(line)).count();
        assert!(found >= times, "{line}: {found} times in {told:#?}");
    }
    assert!(bench.board.violations().is_empty(), "{:?}", bench.board.violations());
}

#[test]
fn everybody_says_hello() {
    let bench = play_through("hello");
    assert_eq!(bench.board.calls().count(), 2);
}

#[test]
fn the_outbound_phones_behave_as_described() {
    let mut bench = Bench::new(Scenario::builtin("outbound").expect("a built-in scenario"));
    let client = bench.client(&[]);
    for number in 1..=7 {
        let number = format!("+1555333000{number}");
        bench.ok(client, "calling.dial", json!({"tag": number, "devices": [[phone(&number)]]}));
    }
    bench.run(90.0);
    let outcomes = bench.events("calling.call.dial");
    let outcome = |tag: &str| {
        let last = outcomes.iter().rfind(|event| event["tag"] == tag).expect("an outcome");
        last["dial_state"].as_str().expect("a state").to_owned()
    };
    let expected = ["answered", "failed", "failed", "failed", "answered", "failed", "answered"];
    for (number, expected) in (1..).zip(expected) {
        assert_eq!(outcome(&format!("+1555333000{number}")), expected, "{number}");
    }
}

#[test]
fn a_bad_scenario_says_where() {
    let message = |text: &str| {
        Scenario::from_toml(text).map_err(|error: ScenarioError| error.to_string()).expect_err(text)
    };
    assert!(message("pace = 0").contains("pace"));
    assert!(message("tempo = 1").contains("tempo"));
    assert!(message("faults = { delay = 2.0 }").contains("delay"));
    for (step, word) in [
        ("{ press = \"x\" }", "key"),
        ("{ wait = -1 }", "time"),
        ("\"dance\"", "dance"),
        ("{ within = 1, wait = 1 }", "within"),
    ] {
        let text = format!("[[caller]]\nfrom = \"a\"\nto = \"b\"\nscript = [{step}]");
        assert!(message(&text).contains(word), "{}", message(&text));
    }
    assert!(Scenario::builtin("unheard_of").expect_err("none").to_string().contains("ivr"));
    for (name, _) in BUILTINS {
        Scenario::builtin(name).expect(name);
    }
}
