//! Payments.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Cue, Payment, Reading, Scenario, Step};
use support::{Bench, at, quiet, talking};

fn types_a_card(number: &str) -> Vec<Step> {
    vec![
        Step::on(Cue::CardNumberAsked),
        Step::press(number),
        Step::on(Cue::ExpirationAsked),
        Step::press("1230"),
        Step::on(Cue::SecurityCodeAsked),
        Step::press("123"),
        Step::on(Cue::PostalCodeAsked),
        Step::press("10115#"),
    ]
}

fn paid(scenario: Scenario, steps: Vec<Step>, mut more: Value) -> Bench {
    let (mut bench, client, call) = talking(scenario, steps);
    more["control_id"] = "k".into();
    more["payment_connector_url"] = "https://pay.example".into();
    bench.ok(client, "calling.pay", at(&call, more));
    bench.run(60.0);
    assert!(bench.service.call(&call).expect("standing").operations.is_empty());
    bench
}

/// The last event of a payment.
fn outcome(bench: &Bench) -> Value {
    let last = bench.events("calling.call.pay").pop().expect("events");
    assert!(last["for"].is_null() && last["state"].is_null(), "{last}");
    last
}

/// The steps of a payment with what was wrong before them.
fn steps(bench: &Bench) -> Vec<String> {
    let short = |event: Value| {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("for"), text("error_type")).trim().to_owned()
    };
    let events = bench.events("calling.call.pay");
    events.into_iter().filter(|event| event["for"].is_string()).map(short).collect()
}

#[test]
fn a_card_is_asked_for_and_taken() {
    let bench = paid(quiet(), types_a_card("4242424242424242#"), json!({"charge_amount": "12.50"}));
    let expected = [
        "payment-card-number",
        "expiration-date",
        "security-code",
        "postal-code",
        "payment-processing",
        "payment-completed",
    ];
    assert_eq!(steps(&bench), expected);
    let last = outcome(&bench);
    assert_eq!(last["result"], "success");
    assert_eq!(last["payment_card_number"], "************4242");
    assert_eq!(
        (&last["payment_card_type"], &last["payment_card_security_code"]),
        (&json!("visa"), &json!("***"))
    );
    assert_eq!(
        (&last["payment_card_postal_code"], &last["payment_card_expiration_date"]),
        (&json!("10115"), &json!("1230"))
    );
    assert!(last["payment_token"].is_string() && last["payment_confirmation_code"].is_string());
    let first = &bench.events("calling.call.pay")[0];
    assert_eq!((&first["attempt"], &first["result"]), (&json!("1"), &Value::Null));
}

#[test]
fn what_is_known_or_not_wanted_is_not_asked_for() {
    let more = json!({"security_code": "false", "postal_code": "10115"});
    let bench = paid(quiet(), types_a_card("378282246310005#"), more);
    let expected = ["payment-card-number", "expiration-date", "payment-processing", "payment-completed"];
    assert_eq!(steps(&bench), expected);
}

#[test]
fn a_wrong_number_is_asked_for_again_while_attempts_are_left() {
    let mut person = vec![Step::on(Cue::CardNumberAsked), Step::press("4242424242424241#")];
    person.extend(types_a_card("4242424242424242#"));
    let bench = paid(quiet(), person, json!({"max_attempts": "2"}));
    assert_eq!(steps(&bench)[1], "payment-card-number invalid-card-number");
    assert_eq!(steps(&bench).last().expect("steps"), "payment-completed");
}

#[test]
fn payments_fail_for_the_documented_reasons() {
    let cases: [(Vec<Step>, Value, &str); 5] = [
        (vec![], json!({}), "timeout"),
        (types_a_card("1234#"), json!({}), "invalid-card-number"),
        (
            types_a_card("4242424242424242#"),
            json!({"valid_card_types": "amex mastercard"}),
            "invalid-card-type",
        ),
        (
            vec![
                Step::on(Cue::CardNumberAsked),
                Step::press("4242424242424242#"),
                Step::on(Cue::ExpirationAsked),
                Step::press("1220"),
            ],
            json!({}),
            "invalid-date",
        ),
        (types_a_card("4242424242424242#"), json!({"min_postal_code_length": "6"}), "invalid-postal-code"),
    ];
    for (person, more, error) in cases {
        let bench = paid(quiet(), person, more);
        assert_eq!(steps(&bench).pop().expect("steps"), format!("payment-failed {error}"));
        let last = outcome(&bench);
        assert_eq!(
            (&last["result"], &last["payment_error"]),
            (&json!("too-many-failed-attempts"), &json!(error))
        );
        assert!(last["payment_error_code"].is_string());
    }
}

#[test]
fn the_connector_declines_as_the_scenario_says() {
    let scenario = quiet().payments([Payment::CardDeclined]);
    let bench = paid(scenario, types_a_card("4242424242424242#"), json!({}));
    assert_eq!(steps(&bench).last().expect("steps"), "payment-failed card-declined");
    let last = outcome(&bench);
    assert_eq!(
        (&last["result"], &last["payment_error"]),
        (&json!("payment-connector-error"), &json!("card-declined"))
    );
    assert!(last["payment_connector_error_message"].is_string());
}

#[test]
fn a_payment_is_canceled_by_star_and_by_command() {
    let star = vec![Step::on(Cue::CardNumberAsked), Step::press("42*")];
    let bench = paid(quiet(), star, json!({}));
    assert_eq!(steps(&bench).last().expect("steps"), "payment-canceled");
    assert_eq!(outcome(&bench)["result"], "caller-interrupted-with-star");

    let (mut bench, client, call) = talking(quiet(), []);
    assert_eq!(bench.code(client, "calling.pay", at(&call, json!({"control_id": "k"}))), "400");
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example"});
    bench.ok(client, "calling.pay", at(&call, pay));
    bench.ok(client, "calling.pay.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(steps(&bench).last().expect("steps"), "payment-canceled");
    bench.run(1.0);
    assert_eq!(outcome(&bench)["result"], "relay-pay-stop");
}

#[test]
fn the_result_of_a_payment_follows_its_marker() {
    let (mut bench, client, call) = talking(quiet(), types_a_card("4242424242424242#"));
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example"});
    bench.ok(client, "calling.pay", at(&call, pay));
    while steps(&bench).last().is_none_or(|step| step != "payment-completed") {
        bench.wait_for_event("calling.call.pay");
    }
    assert!(bench.events("calling.call.pay").iter().all(|event| event["result"].is_null()));
    assert_eq!(bench.service.call(&call).expect("standing").operations.len(), 1);
    bench.run(0.5);
    assert_eq!(outcome(&bench)["result"], "success");
    assert!(bench.service.call(&call).expect("standing").operations.is_empty());
}

#[test]
fn a_payment_has_its_result_before_the_call_ends() {
    let (mut bench, client, call) = talking(quiet(), []);
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example"});
    bench.ok(client, "calling.pay", at(&call, pay));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(outcome(&bench)["result"], "caller-hung-up");
    assert_eq!(steps(&bench).last().expect("steps"), "payment-failed");
    assert_eq!(bench.story().last().expect("events"), "calling.call.state ended");
}

#[test]
fn a_payment_fails_inside_the_service() {
    let bench = paid(quiet().failing("calling.pay", 1), vec![], json!({}));
    assert_eq!(outcome(&bench)["result"], "internal-error");
    let bench = paid(quiet().payments([Payment::Invalid]), types_a_card("4242424242424242#"), json!({}));
    assert_eq!(outcome(&bench)["result"], "validation-error");
}

#[test]
fn the_sdks_hear_of_the_end_of_a_payment_by_its_state() {
    let bench = paid(quiet().reading(Reading::Sdks), types_a_card("4242424242424242#"), json!({}));
    let last = bench.events("calling.call.pay").pop().expect("events");
    assert_eq!((&last["for"], &last["state"]), (&json!("payment-completed"), &json!("finished")));
    assert!(bench.events("calling.call.pay").iter().all(|event| event["result"].is_null()));
}

#[test]
fn a_prompt_is_for_the_attempt_that_it_names_in_either_way() {
    for name in ["attempt", "attempts"] {
        let say = |phrase: String| json!([{"type": "Say", "phrase": phrase}]);
        let mut second = json!({"for": "payment-card-number", "actions": say("x".repeat(500))});
        second[name] = "2 3".into();
        let first = json!({"for": "payment-card-number", "actions": say("Card?".into())});
        let more = json!({"max_attempts": "2", "prompts": [second, first]});
        let (mut bench, client, call) = talking(quiet(), []);
        let mut pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example"});
        for (name, value) in more.as_object().expect("an object") {
            pay[name] = value.clone();
        }
        bench.ok(client, "calling.pay", at(&call, pay));
        let begun = bench.now;
        let again = bench.wait_for_event("calling.call.pay");
        assert_eq!((&again["attempt"], &again["error_type"]), (&json!("2"), &json!("timeout")));
        assert!(bench.now.saturating_sub(begun).as_secs_f64() < 6.0);
        let asked = bench.now;
        bench.wait_for_event("calling.call.pay");
        assert!(bench.now.saturating_sub(asked).as_secs_f64() > 30.0);
    }
}
