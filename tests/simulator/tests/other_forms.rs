//! What may be said in more than one way, said in the other one.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{
    Caller, ConnectionId, Cue, Delivery, Phone, Reading, Scenario, Sound, Step,
};
use support::{Bench, at, log_in, phone, quiet, tts};

fn scenario() -> Scenario {
    quiet().reading(Reading::Sdks).other_forms(true)
}

/// A bench with one caller whose call was answered; results have to be accepted with a number.
fn talking(scenario: Scenario, steps: impl IntoIterator<Item = Step>) -> (Bench, ConnectionId, String) {
    let mut bench = Bench::new(scenario.caller(Caller::new("+1", "+2").script(steps)));
    let client = bench.client(&["default"]);
    let call = bench.offer();
    ask(&mut bench, client, "calling.answer", at(&call, json!({})));
    (bench, client, call)
}

fn ask(bench: &mut Bench, client: ConnectionId, method: &str, params: Value) -> Value {
    let result = bench.request(client, method, params)["result"].take();
    assert_eq!(result["code"], 200, "{method}: {result}");
    result
}

/// An event without the members that every event has.
fn last(bench: &Bench, event_type: &str) -> Value {
    let mut event = bench.events(event_type).pop().expect("an event");
    let members = event.as_object_mut().expect("an object");
    for name in ["call_id", "node_id", "control_id"] {
        members.remove(name);
    }
    assert!(members.remove("timestamp").is_some_and(|time| time.is_number()), "it stands inside");
    event
}

#[test]
fn it_is_a_switch() {
    assert_eq!(Scenario::from_toml("other_forms = true").expect("TOML"), Scenario::new().other_forms(true));
}

#[test]
fn answers_have_a_number_and_nothing_to_spare() {
    let (mut bench, client, call) = talking(scenario(), []);
    let play = at(&call, json!({"control_id": "k", "play": tts("x")}));
    assert_eq!(ask(&mut bench, client, "calling.play", play.clone()), json!({"code": 200}));
    assert_eq!(bench.request(client, "calling.play", play)["result"]["code"], 409);
    assert_eq!(bench.request(client, "calling.nonsense", json!({}))["error"]["code"], "-32601");
    let recorded = at(&call, json!({"control_id": "r", "record": {"audio": {}}}));
    assert!(ask(&mut bench, client, "calling.record", recorded)["url"].is_string());
    let connection = bench.service.handle_connected(bench.now);
    let welcome = bench.request(connection, "signalwire.connect", log_in(&[]))["result"].take();
    assert!(welcome["protocol"].is_string() && welcome["sessionid"].is_null());
}

#[test]
fn calls_ring_when_they_are_offered_and_end_in_other_words() {
    let (bench, ..) = talking(scenario(), []);
    assert_eq!(last(&bench, "calling.call.receive")["call_state"], "ringing");
    let phones = scenario()
        .phone(Phone::new("+4").no_answer())
        .phone(Phone::new("+5").declines_after(Duration::from_secs(1)));
    for (number, reason) in [("+4", "no_answer"), ("+5", "declined")] {
        let mut bench = Bench::new(phones.clone());
        let client = bench.client(&[]);
        let dial = json!({"tag": "t", "devices": [[phone(number)]]});
        ask(&mut bench, client, "calling.dial", dial);
        bench.run(60.0);
        assert_eq!(last(&bench, "calling.call.state")["end_reason"], reason);
    }
}

#[test]
fn a_dial_has_a_call_only_when_it_is_answered() {
    let mut bench = Bench::new(scenario().phone(Phone::new("+3").busy()));
    let client = bench.client(&[]);
    let mut dialled = |number: &str| {
        ask(&mut bench, client, "calling.dial", json!({"tag": number, "devices": [[phone(number)]]}));
        bench.run(10.0);
        last(&bench, "calling.call.dial")
    };
    assert_eq!(dialled("+1")["call"]["dial_winner"], "true");
    let failed = json!({"tag": "+3", "dial_state": "failed", "reason": "busy", "source": "outbound"});
    assert_eq!(dialled("+3"), failed);
}

#[test]
fn what_was_collected_is_flat_and_what_was_not_is_a_state() {
    let steps = [Step::on(Cue::Collecting), Step::press("1#"), Step::on(Cue::Collecting), Step::say("yes")];
    let (mut bench, client, call) = talking(scenario(), steps);
    let mut collected = |collect: Value| {
        ask(&mut bench, client, "calling.collect", at(&call, collect));
        bench.run(10.0);
        last(&bench, "calling.call.collect")
    };
    assert_eq!(
        collected(json!({"control_id": "a", "digits": {"max": 4, "terminators": "#"}})),
        json!({"state": "finished", "result": {"type": "digit", "digits": "1", "params": {"terminator": "#"}}})
    );
    let speech = collected(json!({"control_id": "b", "speech": {}}));
    assert_eq!((&speech["result"]["text"], &speech["state"]), (&json!("yes"), &json!("finished")));
    assert_eq!(collected(json!({"control_id": "c", "speech": {}})), json!({"state": "no_input"}));
}

#[test]
fn detects_recordings_faxes_and_agents_end_otherwise() {
    let steps = [Step::on(Cue::Detecting), Step::Sound(Sound::Ced)];
    let (mut bench, client, call) = talking(scenario(), steps);
    let detect = json!({"control_id": "d", "detect": {"type": "fax"}});
    ask(&mut bench, client, "calling.detect", at(&call, detect));
    bench.run(5.0);
    assert_eq!(bench.events("calling.call.detect")[0]["detect"]["params"]["event"], "CED");
    assert_eq!(last(&bench, "calling.call.detect"), json!({"state": "finished"}));

    ask(&mut bench, client, "calling.record", at(&call, json!({"control_id": "r", "record": {"audio": {}}})));
    bench.run(10.0);
    assert!(last(&bench, "calling.call.record")["record"]["url"].is_string());

    let fax = json!({"control_id": "f", "document": "https://files.example/a.pdf"});
    ask(&mut bench, client, "calling.send_fax", at(&call, fax));
    bench.run(10.0);
    let sent = last(&bench, "calling.call.fax");
    assert_eq!((&sent["state"], &sent["fax"]["type"]), (&json!("finished"), &json!("finished")));
    assert_eq!(
        (&sent["fax"]["document"], &sent["fax"]["pages"]),
        (&json!("https://files.example/a.pdf"), &json!(2))
    );
    assert!(sent["fax"]["params"]["document"].is_null());

    ask(&mut bench, client, "calling.ai", at(&call, json!({"control_id": "i"})));
    ask(&mut bench, client, "calling.ai.stop", at(&call, json!({"control_id": "i"})));
    assert!(bench.events("calling.call.ai").is_empty());
}

#[test]
fn a_payment_ends_with_a_state_or_a_step() {
    let card = [
        Step::on(Cue::CardNumberAsked),
        Step::press("4242424242424242#"),
        Step::on(Cue::ExpirationAsked),
        Step::press("1230"),
    ];
    let (mut bench, client, call) = talking(scenario(), card);
    let pay = |key: &str| {
        at(
            &call,
            json!({"control_id": key, "payment_connector_url": "https://pay.example",
            "security_code": "false", "postal_code": "10115"}),
        )
    };
    ask(&mut bench, client, "calling.pay", pay("a"));
    bench.run(30.0);
    assert_eq!(last(&bench, "calling.call.pay"), json!({"state": "finished"}));
    ask(&mut bench, client, "calling.pay", pay("b"));
    ask(&mut bench, client, "calling.pay.stop", at(&call, json!({"control_id": "b"})));
    let stopped = last(&bench, "calling.call.pay");
    assert_eq!((&stopped["for"], &stopped["state"]), (&json!("payment-canceled"), &Value::Null));
}

#[test]
fn states_of_messages_are_sparse() {
    let mut bench = Bench::new(scenario().phone(Phone::new("+1").messages(Delivery::Failed("spam".into()))));
    let client = bench.client(&["office"]);
    let message = json!({"context": "office", "to_number": "+1", "from_number": "+2", "body": "Hello"});
    let sent = ask(&mut bench, client, "messaging.send", message);
    assert_eq!(
        last(&bench, "messaging.state"),
        json!({"message_id": sent["message_id"], "message_state": "queued"})
    );
    bench.run(5.0);
    assert_eq!(last(&bench, "messaging.state")["reason"], "spam");
}

#[test]
fn the_other_form_of_the_newer_payment_has_markers_alone() {
    let steps = [
        Step::on(Cue::CardNumberAsked),
        Step::press("4242424242424242#"),
        Step::on(Cue::ExpirationAsked),
        Step::press("1230"),
    ];
    let (mut bench, client, call) = talking(scenario().reading(Reading::Specification), steps);
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example",
        "security_code": "false", "postal_code": "false"});
    ask(&mut bench, client, "calling.pay", at(&call, pay));
    bench.run(30.0);
    let events = bench.events("calling.call.pay");
    assert_eq!(events.last().expect("events")["for"], "payment-completed");
    assert!(events.iter().all(|event| event["result"].is_null() && event["state"].is_null()));
}

#[test]
fn the_newer_specification_decides_what_happens_and_the_switch_in_which_form() {
    let scenario = || scenario().reading(Reading::Specification);
    let (mut bench, client, call) = talking(scenario(), []);
    let collect = json!({"control_id": "c", "digits": {"max": 1}, "start_input_timers": true});
    ask(&mut bench, client, "calling.collect", at(&call, collect));
    bench.run(5.0);
    assert_eq!(last(&bench, "calling.call.collect"), json!({"state": "no_input"}));
    ask(&mut bench, client, "calling.ai", at(&call, json!({"control_id": "i", "agent": "a"})));
    let beside = json!({"devices": [[phone("+1")]]});
    bench.run(5.0);
    assert!(!bench.story().iter().any(|event| event.starts_with("calling.ai")));
    // Without events it is an agent all the same.
    assert_eq!(bench.request(client, "calling.connect", at(&call, beside))["result"]["code"], 409);
    ask(&mut bench, client, "calling.end", at(&call, json!({})));
    let ended = last(&bench, "calling.call.state");
    assert_eq!(
        (&ended["start_time"], &ended["end_source"]),
        (&json!(1_735_689_600_000_u64), &json!("outbound"))
    );

    let mut bench = Bench::new(scenario().phone(Phone::new("+4").no_answer()));
    let client = bench.client(&[]);
    ask(&mut bench, client, "calling.dial", json!({"tag": "t", "devices": [[phone("+4")]]}));
    bench.run(60.0);
    let failed = json!({"tag": "t", "dial_state": "failed", "reason": "no_answer", "source": "none"});
    assert_eq!(last(&bench, "calling.call.dial"), failed);
}
