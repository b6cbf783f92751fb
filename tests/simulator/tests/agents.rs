//! AI agents.

mod support;

use serde_json::json;
use signalwire_relay_simulator::Reading;
use support::{at, quiet, talking};

#[test]
fn an_agent_is_told_things_and_stopped() {
    let (mut bench, client, call) = talking(quiet(), []);
    let message = at(&call, json!({"message_text": "Be brief", "role": "system"}));
    assert_eq!(bench.code(client, "calling.ai_message", message.clone()), "409");
    let agent = json!({"control_id": "k", "prompt": {"text": "You sell shoes"}, "params": {}});
    bench.ok(client, "calling.ai", at(&call, agent));
    let second = at(&call, json!({"control_id": "l", "agent": "0f"}));
    assert_eq!(bench.code(client, "calling.ai", second), "409");
    assert_eq!(bench.ok(client, "calling.ai_message", message)["message"], "+OK");
    assert_eq!(bench.code(client, "calling.ai_hold", at(&call, json!({"timeout": 300}))), "400");
    bench.ok(client, "calling.ai_hold", at(&call, json!({"timeout": "300", "prompt": "One moment"})));
    bench.ok(client, "calling.ai_unhold", at(&call, json!({})));
    bench.ok(client, "calling.ai.stop", at(&call, json!({"control_id": "k"})));
    assert_eq!(bench.member("calling.call.ai", "state"), ["finished"]);
    assert_eq!(bench.code(client, "calling.ai.stop", at(&call, json!({"control_id": "k"}))), "404");
}

#[test]
fn an_agent_goes_with_the_call() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k", "agent": "0f"})));
    bench.board.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(bench.member("calling.call.ai", "state"), ["finished"]);
}

#[test]
fn bedrock_has_no_control_id_and_no_events() {
    let (mut bench, client, call) = talking(quiet(), []);
    let prompt = json!({"prompt": {"text": "Sell shoes"}});
    let result = bench.ok(client, "calling.amazon_bedrock", at(&call, prompt));
    assert_eq!((result["message"].as_str(), &result["control_id"]), (Some("success"), &json!(null)));
    bench.ok(client, "calling.ai_message", at(&call, json!({"reset": {"full_reset": true}})));
    assert!(bench.events("calling.call.ai").is_empty());
}

#[test]
fn an_agent_without_control_id_is_stopped_for_the_sdks() {
    let (mut bench, client, call) = talking(quiet().reading(Reading::Sdks), []);
    bench.ok(client, "calling.amazon_bedrock", at(&call, json!({"prompt": "Sell shoes"})));
    bench.ok(client, "calling.ai.stop", at(&call, json!({})));
    assert_eq!(bench.code(client, "calling.ai.stop", at(&call, json!({}))), "409");
    bench.ok(client, "calling.ai", at(&call, json!({"control_id": "k"})));
}
