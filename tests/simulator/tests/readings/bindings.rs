//! Digit bindings.

use serde_json::{Value, json};
use signalwire_relay_simulator::Reading;

use crate::support::{at, quiet, talking, tts};

#[test]
fn clearing_bindings_without_a_realm_clears_the_usual_one() {
    let left = |reading, clear: Value| {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        for (digits, realm) in [("1", None), ("2", Some("menu"))] {
            let mut bind =
                json!({"digits": digits, "bind_method": "calling.play", "params": {"play": tts("x")}});
            if let Some(realm) = realm {
                bind["realm"] = realm.into();
            }
            bench.ok(client, "calling.bind_digit", at(&call, bind));
        }
        bench.ok(client, "calling.clear_digit_bindings", at(&call, clear));
        bench.service.press(bench.now, &call, "12");
        bench.settle();
        bench.events("calling.call.play").len()
    };
    assert_eq!(left(Reading::Specification, json!({})), 1);
    assert_eq!(left(Reading::Specification, json!({"realm": "default"})), 1);
    assert_eq!(left(Reading::Specification, json!({"realm": "all"})), 0);
    assert_eq!(left(Reading::Sdks, json!({})), 0);
}

#[test]
fn an_error_of_a_binding_is_fatal_and_has_a_text() {
    let (mut bench, client, call) = talking(quiet(), []);
    let bind = json!({"digits": "1", "bind_method": "calling.disconnect"});
    bench.ok(client, "calling.bind_digit", at(&call, bind));
    bench.service.press(bench.now, &call, "1");
    bench.settle();
    let error = bench.events("calling.error").pop().expect("an error");
    assert_eq!((error["error"].is_string(), &error["fatal"]), (true, &json!(true)));
}
