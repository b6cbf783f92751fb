//! Tasks of other applications.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_simulator::{ConnectionId, Report, Task, Violation};
use support::{Bench, log_in, quiet};

const TASK: &str = "queuing.relay.tasks";

/// Whole frames of tasks with their receivers.
fn tasks(bench: &Bench) -> Vec<(ConnectionId, Value)> {
    bench.frames.iter().filter(|(_, frame)| frame["params"]["event_type"] == TASK).cloned().collect()
}

#[test]
fn a_task_has_a_flat_envelope() {
    let mut bench = Bench::new(quiet());
    bench.client(&["office"]);
    bench.service.inject_task(bench.now, Task::new(json!({"job": "call-back"})).context("office"));
    bench.run(1.0);
    let expected = json!({
        "event_type": TASK,
        "context": "office",
        "message": {"job": "call-back"},
        "timestamp": 1_735_689_600,
        "project_id": "demo-project",
        "space_id": "simulator-space",
    });
    assert_eq!(tasks(&bench)[0].1["params"], expected);
    assert!(bench.service.violations().is_empty());
    assert!(bench.reports.iter().any(|report| matches!(report, Report::TaskOffered { .. })));
}

#[test]
fn tasks_go_to_one_subscriber_in_turn_and_wait_for_the_first() {
    let mut bench = Bench::new(quiet());
    let task = |number: u32| Task::new(json!({"number": number})).context("office");
    bench.service.inject_task(bench.now, task(1));
    bench.run(1.0);
    assert_eq!(bench.service.stats().tasks, 1);
    let first = bench.client(&["office"]);
    let second = bench.client(&["office"]);
    bench.client(&["other"]);
    for number in [2, 3] {
        bench.service.inject_task(bench.now, task(number));
    }
    bench.settle();
    let receivers: Vec<_> = tasks(&bench).into_iter().map(|(to, _)| to).collect();
    assert_eq!(receivers, [first, second, first]);
    assert_eq!(bench.service.stats().tasks, 0);
}

#[test]
fn a_task_has_to_be_acknowledged() {
    let mut bench = Bench::new(quiet());
    bench.client(&["default"]);
    bench.acks = false;
    bench.service.inject_task(bench.now, Task::new(json!({})));
    bench.run(11.0);
    assert!(
        bench.service.violations().iter().any(|violation| matches!(violation, Violation::AckOverdue { .. }))
    );
}

#[test]
fn a_task_that_was_not_acknowledged_comes_again() {
    let mut bench = Bench::new(quiet().redeliver(true));
    let client = bench.client(&["default"]);
    let state = bench.events("signalwire.authorization.state")[0]["authorization_state"].clone();
    let protocol = bench.frames[0].1["result"]["protocol"].clone();
    bench.acks = false;
    bench.service.inject_task(bench.now, Task::new(json!({"number": 1})));
    bench.settle();
    bench.service.cut(bench.now, client);
    let mut resumed = log_in(&["default"]);
    resumed["protocol"] = protocol;
    resumed["authorization_state"] = state;
    let again = bench.service.handle_connected(bench.now);
    bench.request(again, "signalwire.connect", resumed);
    let receivers: Vec<_> = tasks(&bench).into_iter().map(|(to, _)| to).collect();
    assert_eq!(receivers, [client, again]);
}

#[test]
fn scripted_tasks_come_one_after_the_other() {
    let scenario = quiet()
        .task(Task::new(json!({"number": 1})).after_subscriber(Duration::from_secs(1)))
        .task(Task::new(json!({"number": 2})).after_previous(Duration::from_secs(2)));
    let mut bench = Bench::new(scenario);
    bench.client(&["default"]);
    bench.run(1.1);
    assert_eq!(tasks(&bench).len(), 1);
    assert!(!bench.service.is_done());
    bench.run(2.0);
    assert_eq!(tasks(&bench)[1].1["params"]["message"]["number"], 2);
    assert!(bench.service.is_done());
}
