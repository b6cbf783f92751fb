//! Queues.

mod support;

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, ConnectionId};
use support::{Bench, at, quiet};

fn calls(count: usize) -> (Bench, ConnectionId, Vec<String>) {
    let mut bench = Bench::new(quiet());
    let client = bench.client(&["default"]);
    let mut ids = Vec::new();
    for number in 0..count {
        let call = bench.service.place_call(bench.now, Caller::new(format!("+1{number}"), "+2"));
        bench.settle();
        bench.ok(client, "calling.answer", at(&call, json!({})));
        ids.push(call);
    }
    (bench, client, ids)
}

fn enter(call: &str) -> Value {
    at(call, json!({"control_id": format!("k-{call}"), "queue_name": "support"}))
}

#[test]
fn calls_leave_a_queue_in_the_order_they_came() {
    let (mut bench, client, calls) = calls(3);
    bench.ok(client, "calling.queue.enter", enter(&calls[0]));
    bench.ok(client, "calling.queue.enter", enter(&calls[1]));
    assert_eq!(bench.code(client, "calling.queue.enter", enter(&calls[1])), "409");
    let second = &bench.events("calling.call.queue")[1];
    assert_eq!((second["position"].as_u64(), second["size"].as_u64()), (Some(2), Some(2)));
    bench.run(8.0);
    let device = json!({"type": "queue", "params": {"node_id": "node-1@simulator", "queue_name": "support"}});
    bench.ok(client, "calling.connect", at(&calls[2], json!({"devices": [[device]]})));
    bench.run(0.1);
    let last = bench.events("calling.call.queue").pop().expect("events");
    assert_eq!(
        (last["status"].as_str(), last["call_id"].as_str()),
        (Some("dequeue"), Some(calls[0].as_str()))
    );
    assert_eq!(last["control_id"], format!("k-{}", calls[0]));
    let waited = last["dequeue_ts"].as_u64().expect("a time") - last["enqueue_ts"].as_u64().expect("a time");
    assert_eq!(waited, 8_000_000);
    assert_eq!(bench.service.call(&calls[2]).expect("standing").peer, Some(calls[0].clone()));
}

#[test]
fn an_empty_queue_means_no_bridge() {
    let (mut bench, client, calls) = calls(1);
    let device = json!({"type": "queue", "params": {"node_id": "node-1@simulator", "queue_name": "support"}});
    bench.ok(client, "calling.connect", at(&calls[0], json!({"devices": [[device]]})));
    bench.run(0.1);
    assert_eq!(bench.member("calling.call.connect", "connect_state"), ["connecting", "failed"]);
}

#[test]
fn a_queue_entry_ends_on_command_and_with_the_call() {
    let (mut bench, client, calls) = calls(2);
    let leave = enter(&calls[0]);
    assert_eq!(bench.code(client, "calling.queue.leave", leave.clone()), "404");
    bench.ok(client, "calling.queue.enter", enter(&calls[0]));
    bench.ok(client, "calling.queue.enter", enter(&calls[1]));
    assert_eq!(bench.ok(client, "calling.queue.leave", leave)["message"], "Leaving queue");
    bench.service.hang_up(bench.now, &calls[1]);
    bench.settle();
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue", "enqueue", "leave", "leave"]);
}

#[test]
fn a_bridge_out_of_a_queue_names_it() {
    let (mut bench, client, calls) = calls(2);
    bench.ok(client, "calling.queue.enter", enter(&calls[0]));
    let device = json!({"type": "queue", "params": {"node_id": "node-1@simulator", "queue_name": "support"}});
    bench.ok(client, "calling.connect", at(&calls[1], json!({"devices": [[device]]})));
    let connected = bench.events("calling.call.connect").pop().expect("events");
    assert_eq!(connected["peer"]["queue_name"], "support");
    assert_eq!(connected["peer"]["queue_id"], bench.events("calling.call.queue")[0]["id"]);
}

#[test]
fn nobody_leaves_a_queue_for_a_bridge_that_is_not_made() {
    let (mut bench, client, calls) = calls(1);
    bench.ok(client, "calling.queue.enter", enter(&calls[0]));
    let device = json!({"type": "queue", "params": {"node_id": "node-1@simulator", "queue_name": "support"}});
    bench.ok(client, "calling.connect", at(&calls[0], json!({"devices": [[device]]})));
    bench.run(0.1);
    assert_eq!(bench.member("calling.call.connect", "connect_state"), ["connecting", "failed"]);
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue"]);
}

#[test]
fn the_end_of_a_queue_entry_can_be_left_out() {
    let mut bench = Bench::new(quiet().leave_operations_open(true));
    let client = bench.client(&["default"]);
    let call = bench.service.place_call(bench.now, Caller::new("+1", "+2"));
    bench.settle();
    bench.ok(client, "calling.answer", at(&call, json!({})));
    bench.ok(client, "calling.queue.enter", enter(&call));
    bench.service.hang_up(bench.now, &call);
    bench.settle();
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue"]);
    assert_eq!(bench.service.stats().queued, 0);
}
