//! Methods bound to keys.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::ConnectionId;
use support::{Bench, at, quiet, talking, tts};

fn press(bench: &mut Bench, call: &str, digits: &str) {
    bench.service.press(bench.now, call, digits);
    bench.settle();
}

fn bind(bench: &mut Bench, client: ConnectionId, call: &str, mut more: Value) {
    more["bind_method"] = "calling.play".into();
    more["params"] = json!({"play": tts("x")});
    let result = bench.ok(client, "calling.bind_digit", at(call, more));
    assert_eq!(result["message"], "Digit binding created");
}

fn plays(bench: &mut Bench) -> usize {
    bench.run(5.0);
    bench.member("calling.call.play", "state").iter().filter(|state| *state == "playing").count()
}

#[test]
fn keys_carry_out_what_they_are_bound_to() {
    let (mut bench, client, call) = talking(quiet(), []);
    bind(&mut bench, client, &call, json!({"digits": "*1", "max_triggers": 2}));
    press(&mut bench, &call, "1*");
    assert_eq!(plays(&mut bench), 0);
    press(&mut bench, &call, "1");
    assert_eq!(plays(&mut bench), 1);
    press(&mut bench, &call, "9*1");
    press(&mut bench, &call, "*1");
    assert_eq!(plays(&mut bench), 2);
}

#[test]
fn bindings_are_cleared_by_realm() {
    let (mut bench, client, call) = talking(quiet(), []);
    bind(&mut bench, client, &call, json!({"digits": "1", "realm": "a"}));
    bind(&mut bench, client, &call, json!({"digits": "2", "realm": "b"}));
    let result = bench.ok(client, "calling.clear_digit_bindings", at(&call, json!({"realm": "a"})));
    assert_eq!(result["message"], "Digit bindings cleared");
    press(&mut bench, &call, "12");
    assert_eq!(plays(&mut bench), 1);
    bench.ok(client, "calling.clear_digit_bindings", at(&call, json!({"realm": "all"})));
    press(&mut bench, &call, "2");
    assert_eq!(plays(&mut bench), 1);
}

#[test]
fn a_bound_method_that_is_refused_says_so_in_an_event() {
    let (mut bench, client, call) = talking(quiet(), []);
    let bind = json!({"digits": "1", "bind_method": "calling.disconnect"});
    bench.ok(client, "calling.bind_digit", at(&call, bind));
    press(&mut bench, &call, "1");
    assert_eq!(bench.member("calling.error", "code"), ["409"]);
    for method in ["calling.unheard_of", "signalwire.receive"] {
        let bind = json!({"digits": "1", "bind_method": method});
        assert_eq!(bench.code(client, "calling.bind_digit", at(&call, bind)), "400");
    }
}

#[test]
fn a_key_can_end_the_call() {
    let (mut bench, client, call) = talking(quiet(), []);
    let bind = json!({"digits": "#", "bind_method": "calling.end"});
    bench.ok(client, "calling.bind_digit", at(&call, bind));
    press(&mut bench, &call, "#");
    assert_eq!(bench.states(&call).last().expect("states"), "ended");
}
