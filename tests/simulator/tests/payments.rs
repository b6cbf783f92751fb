//! Payments.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Cue, Payment, Scenario, Step};
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
    assert!(bench.board.call(&call).expect("standing").operations.is_empty());
    bench
}

/// The steps of a payment with what was wrong before them.
fn steps(bench: &Bench) -> Vec<String> {
    let short = |event: Value| {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("for"), text("error_type")).trim().to_owned()
    };
    bench.events("calling.call.pay").into_iter().map(short).collect()
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
    let last = bench.events("calling.call.pay").pop().expect("events");
    assert_eq!(last["state"], "finished");
    assert_eq!(last["payment_card_number"], "************4242");
    assert_eq!((&last["payment_card_type"], &last["security_code"]), (&json!("visa"), &json!("***")));
    assert_eq!(last["payment_card_postal_code"], "10115");
    assert!(bench.events("calling.call.pay")[0]["state"].is_null());
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
        let last = bench.events("calling.call.pay").pop().expect("events");
        assert_eq!(last["for"], "payment-failed", "{error}");
        assert_eq!((&last["state"], &last["error_type"]), (&json!("error"), &json!(error)));
    }
}

#[test]
fn the_connector_declines_as_the_scenario_says() {
    let scenario = quiet().payments([Payment::CardDeclined]);
    let bench = paid(scenario, types_a_card("4242424242424242#"), json!({}));
    assert_eq!(steps(&bench).last().expect("steps"), "payment-failed card-declined");
}

#[test]
fn a_payment_is_canceled_by_star_and_by_command() {
    let star = vec![Step::on(Cue::CardNumberAsked), Step::press("42*")];
    let bench = paid(quiet(), star, json!({}));
    assert_eq!(steps(&bench).last().expect("steps"), "payment-canceled");

    let (mut bench, client, call) = talking(quiet(), []);
    assert_eq!(bench.code(client, "calling.pay", at(&call, json!({"control_id": "k"}))), "400");
    let pay = json!({"control_id": "k", "payment_connector_url": "https://pay.example"});
    bench.ok(client, "calling.pay", at(&call, pay));
    bench.ok(client, "calling.pay.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(steps(&bench).last().expect("steps"), "payment-canceled");
}
