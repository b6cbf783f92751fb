//! Queues.

use serde_json::{Value, json};
use signalwire_relay_simulator::{Caller, Reading};

use crate::sdks;
use crate::support::{at, quiet, talking};

fn enter(call: &str, control_id: &str) -> Value {
    at(call, json!({"control_id": control_id, "queue_name": "support"}))
}

#[test]
fn a_caller_leaves_a_queue_when_the_time_is_over() {
    for (wait, expected) in [(None, 180), (Some(20), 20)] {
        let (mut bench, client, call) = talking(quiet(), []);
        let mut params = enter(&call, "k");
        if let Some(wait) = wait {
            params["wait_time"] = wait.into();
        }
        bench.ok(client, "calling.queue.enter", params);
        bench.run(f64::from(expected) - 0.1);
        assert!(!bench.member("calling.call.queue", "status").contains(&"leave".to_owned()));
        bench.run(0.2);
        let last = bench.events("calling.call.queue").pop().expect("events");
        assert_eq!((&last["status"], &last["control_id"]), (&json!("leave"), &json!("k")));
        assert_eq!(bench.service.stats().timers, 0);
    }
    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    bench.run(600.0);
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue"]);
}

#[test]
fn a_queued_call_gets_stats_at_an_interval() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    bench.run(70.0);
    assert_eq!(bench.member("calling.call.queue", "status"), ["enqueue", "stats", "stats"]);
    let stats = bench.events("calling.call.queue").pop().expect("events");
    assert_eq!(
        (&stats["position"], &stats["size"], &stats["control_id"]),
        (&json!(1), &json!(1), &json!("k"))
    );
    assert_eq!((&stats["enqueue_ts"], &stats["leave_ts"]), (&json!(1_735_689_600_000_000_u64), &json!(0)));
}

#[test]
fn the_id_in_a_queue_event_is_that_of_the_queue() {
    for (reading, same) in [(Reading::Specification, true), (Reading::Sdks, false)] {
        let (mut bench, client, call) = talking(quiet().reading(reading), []);
        let other = bench.service.place_call(bench.now, Caller::new("+1", "+2"));
        bench.settle();
        bench.ok(client, "calling.answer", at(&other, json!({})));
        bench.ok(client, "calling.queue.enter", enter(&call, "k"));
        bench.ok(client, "calling.queue.enter", enter(&other, "l"));
        let ids = bench.member("calling.call.queue", "id");
        assert_eq!(ids[0] == ids[1], same);
    }
}

#[test]
fn leaving_a_queue_needs_the_control_id_of_entering_it() {
    let (mut bench, client, call) = talking(quiet(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    assert_eq!(bench.code(client, "calling.queue.leave", enter(&call, "other")), "404");
    let mut wrong = enter(&call, "k");
    wrong["queue_name"] = "sales".into();
    assert_eq!(bench.code(client, "calling.queue.leave", wrong), "400");
    let mut right = enter(&call, "k");
    right["queue_id"] = bench.events("calling.call.queue")[0]["id"].clone();
    bench.ok(client, "calling.queue.leave", right);

    let (mut bench, client, call) = talking(sdks(), []);
    bench.ok(client, "calling.queue.enter", enter(&call, "k"));
    bench.ok(client, "calling.queue.leave", enter(&call, "other"));
}
