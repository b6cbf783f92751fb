//! Tasks: acknowledged, told once, and never lost silently.

use serde_json::{Value, json};
use signalwire_relay_core::session::{Notice, SessionEvent};
use signalwire_relay_core::{Event, TaskEvent};

use crate::fixture::{Fixture, SECOND};

/// Delivers a task in the form of the service, and checks that it was acknowledged.
fn deliver(fixture: &mut Fixture, id: &str, message: &Value) {
    fixture.receive_json(&json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.event", "params": {
        "event_type": "queuing.relay.tasks", "context": "office", "message": message, "timestamp": 1_764_000_100,
        "project_id": "PT-project", "space_id": "PT-space"}}));
    assert_eq!(fixture.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": id, "result": {}})));
}

fn told(fixture: &mut Fixture) -> TaskEvent {
    match fixture.events.pop_front() {
        Some(SessionEvent::Other(event)) => match &*event {
            Event::Task(task) => task.clone(),
            other => panic!("no task but {other:?}"),
        },
        other => panic!("no task but {other:?}"),
    }
}

#[test]
fn a_task_is_acknowledged_and_told_with_its_message_which_is_not_printed() {
    let mut fixture = Fixture::ready();
    deliver(&mut fixture, "e-1", &json!({"job": "call-back", "number": "+15557770001"}));
    let task = told(&mut fixture);
    assert_eq!((task.context.as_str(), &task.message()["job"]), ("office", &json!("call-back")));
    let printed = format!("{task:?} {:?}", fixture.events);
    assert!(!printed.contains("+1555") && !printed.contains("PT-"), "{printed}");
}

#[test]
fn a_task_that_comes_again_in_the_same_frame_is_told_once() {
    let mut fixture = Fixture::ready();
    for _ in 0..3 {
        deliver(&mut fixture, "e-1", &json!({"order": 1}));
    }
    assert_eq!(told(&mut fixture).message(), &json!({"order": 1}));
    fixture.expect_quiet();
    assert_eq!(
        fixture.notices,
        [Notice::TaskRepeated("office".to_owned()), Notice::TaskRepeated("office".to_owned())]
    );
    // Ids of frames may begin anew, and the same thing may be asked for twice.
    deliver(&mut fixture, "e-1", &json!({"order": 2}));
    deliver(&mut fixture, "e-2", &json!({"order": 1}));
    assert_eq!(told(&mut fixture).message(), &json!({"order": 2}));
    assert_eq!(told(&mut fixture).message(), &json!({"order": 1}));
}

#[test]
fn a_task_during_a_drain_is_acknowledged_and_told() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.session.drain(fixture.now, 30 * SECOND);
    fixture.drain();
    fixture.expect_sent("signalwire.unreceive");
    deliver(&mut fixture, "e-1", &json!({"order": 1}));
    assert_eq!(told(&mut fixture).message(), &json!({"order": 1}));
}
