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
        if bench.service.is_done() {
            return bench;
        }
        let next = bench.service.poll_timeout().expect("not done");
        bench.now = next.max(bench.now);
        bench.service.handle_timeout(next);
        bench.settle();
    }
    panic!("{name} never ends: {:?}", bench.reports.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn every_caller_of_the_menu_gets_somewhere() {
    let bench = play_through("ivr");
    let reports: Vec<_> = bench.reports.iter().map(ToString::to_string).collect();
    let inbound: Vec<_> = bench.service.calls().filter(|call| call.inbound).collect();
    assert_eq!(inbound.len(), 6);
    for (line, times) in [
        ("bridged to +15551001000", 1),
        ("bridged to +15552002000", 1),
        ("recording finished", 1),
        ("collected digits 9", 2),
        ("collected nothing", 1),
    ] {
        let found = reports.iter().filter(|report| report.contains(line)).count();
        assert!(found >= times, "{line}: {found} times in {reports:#?}");
    }
    assert!(bench.service.violations().is_empty(), "{:?}", bench.service.violations());
}

#[test]
fn everybody_says_hello() {
    let bench = play_through("hello");
    assert_eq!(bench.service.calls().count(), 2);
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
fn three_numbers_are_told_apart() {
    let mut bench = Bench::new(Scenario::builtin("voicemail_detect").expect("a built-in scenario"));
    let client = bench.client(&[]);
    for (number, kind, expected) in [
        ("1", "machine", "HUMAN"),
        ("2", "machine", "MACHINE"),
        ("3", "fax", "CED"),
        ("3", "machine", "UNKNOWN"),
    ] {
        let dial = json!({"tag": "t", "devices": [[phone(&format!("+1555333000{number}"))]]});
        bench.ok(client, "calling.dial", dial);
        let mut outcome = bench.wait_for_event("calling.call.dial");
        while outcome["dial_state"] != "answered" {
            outcome = bench.wait_for_event("calling.call.dial");
        }
        let call = outcome["call"]["call_id"].as_str().expect("an id").to_owned();
        let detect = json!({"control_id": "k", "detect": {"type": kind}});
        bench.ok(client, "calling.detect", at(&call, detect));
        let event = bench.wait_for_event("calling.call.detect");
        assert_eq!(event["detect"]["params"]["event"], expected);
        bench.ok(client, "calling.end", at(&call, json!({})));
    }
}

#[test]
fn messages_go_both_ways() {
    let mut bench = Bench::new(Scenario::builtin("sms").expect("a built-in scenario"));
    let client = bench.client(&["default"]);
    for number in 1..=3 {
        let to = format!("+1555333000{number}");
        let send = json!({"context": "default", "to_number": to, "from_number": "+1", "body": "Hi"});
        bench.ok(client, "messaging.send", send);
    }
    bench.run(10.0);
    let states = bench.member("messaging.state", "message_state");
    for state in ["delivered", "undelivered", "failed"] {
        assert_eq!(states.iter().filter(|found| *found == state).count(), 1, "{state}");
    }
    assert_eq!(bench.events("messaging.receive").len(), 2);
    assert!(bench.service.is_done());
}

/// Plays a scenario whose callers are all treated alike: `answered` is what they get, and they
/// get it again after every event of type `again.0` that has the member `again.1`.
fn play_alike(name: &str, answered: (&str, &Value), again: Option<(&str, &str)>) -> Bench {
    let mut bench = Bench::new(Scenario::builtin(name).expect("a built-in scenario"));
    let client = bench.client(&["default"]);
    let (mut seen, mut key) = (0, 0);
    for _ in 0..5000 {
        while seen < bench.frames.len() {
            let frame = bench.frames[seen].1["params"].clone();
            seen += 1;
            let event_type = frame["event_type"].as_str().unwrap_or_default();
            let offered = event_type == "calling.call.receive";
            let once_more = again
                .is_some_and(|(event, member)| event == event_type && !frame["params"][member].is_null());
            let Some(call) = frame["params"]["call_id"].as_str().filter(|_| offered || once_more) else {
                continue;
            };
            let call = call.to_owned();
            if offered {
                bench.ok(client, "calling.answer", at(&call, json!({})));
            }
            key += 1;
            let mut params = answered.1.clone();
            if !params["name"].is_string() {
                params["control_id"] = format!("k{key}").into();
            }
            bench.request(client, answered.0, at(&call, params));
        }
        if bench.service.is_done() {
            assert!(bench.service.violations().is_empty(), "{:?}", bench.service.violations());
            return bench;
        }
        bench.now = bench.service.poll_timeout().expect("not done").max(bench.now);
        bench.service.handle_timeout(bench.now);
        bench.settle();
    }
    panic!("{name} never ends");
}

#[test]
fn three_callers_confer() {
    let bench = play_alike("conference", ("calling.join_conference", &json!({"name": "c"})), None);
    let statuses = bench.member("calling.conference", "status");
    assert_eq!(statuses.iter().filter(|status| *status == "participant-join").count(), 3);
    assert_eq!(statuses.last().expect("events"), "conference-end");
    let sizes =
        bench.events("calling.conference").into_iter().filter_map(|event| event["size"].as_u64()).max();
    assert_eq!(sizes, Some(3));
}

#[test]
fn the_impatient_leave_the_queue() {
    let mut bench = Bench::new(Scenario::builtin("queue").expect("a built-in scenario"));
    let client = bench.client(&["default"]);
    for _ in 0..3 {
        let offer = bench.wait_for_event("calling.call.receive");
        let call = offer["call_id"].as_str().expect("an id");
        bench.ok(client, "calling.answer", at(call, json!({})));
        bench.ok(client, "calling.queue.enter", at(call, json!({"control_id": "k", "queue_name": "q"})));
    }
    bench.run(10.0);
    for tag in ["one", "two"] {
        bench.ok(client, "calling.dial", json!({"tag": tag, "devices": [[phone("+15551001000")]]}));
        bench.run(3.0);
        let agent = bench.events("calling.call.dial").pop().expect("events")["call"]["call_id"].clone();
        let device = json!({"type": "queue", "params": {"node_id": "node-1@simulator", "queue_name": "q"}});
        let agent = agent.as_str().expect("an id");
        bench.ok(client, "calling.connect", at(agent, json!({"devices": [[device]]})));
        bench.run(20.0);
        bench.ok(client, "calling.end", at(agent, json!({})));
    }
    let expected = ["enqueue", "enqueue", "enqueue", "leave", "dequeue", "dequeue"];
    let statuses = bench.member("calling.call.queue", "status");
    let moves: Vec<_> = statuses.into_iter().filter(|status| status != "stats").collect();
    assert_eq!(moves, expected);
    assert!(bench.service.is_done());
}

#[test]
fn the_third_payment_succeeds() {
    let pay = json!({"payment_connector_url": "https://pay.example"});
    let bench = play_alike("pay_fails_twice", ("calling.pay", &pay), Some(("calling.call.pay", "result")));
    let ends: Vec<_> = bench.events("calling.call.pay").into_iter().map(|e| e["result"].clone()).collect();
    let ends: Vec<_> = ends.iter().filter_map(Value::as_str).take(3).collect();
    assert_eq!(ends, ["payment-connector-error", "payment-connector-error", "success"]);
}

#[test]
fn the_speakers_are_understood() {
    let collect = json!({"speech": {"end_silence_timeout": 1}, "initial_timeout": 5});
    let ask = json!({"play": tts("What can we do for you today?"), "collect": collect});
    let bench =
        play_alike("speech", ("calling.play_and_collect", &ask), Some(("calling.call.collect", "result")));
    let results: Vec<_> =
        bench.events("calling.call.collect").into_iter().map(|e| e["result"].clone()).collect();
    let texts: Vec<_> = results.iter().filter_map(|result| result["params"]["text"].as_str()).collect();
    assert_eq!(
        texts,
        ["I would like to book a table", "Tomorrow at eight, for four people", "Just give me a person"]
    );
    assert!(results.iter().any(|result| result["type"] == "no_match"));
}

#[test]
fn the_agent_talks_with_both() {
    let bench = play_alike("ai_agent", ("calling.ai", &json!({"prompt": {"text": "Help"}})), None);
    assert_eq!(bench.member("calling.call.ai", "state"), ["finished", "finished"]);
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
