//! Tasks: acknowledged, told once, and never lost silently.

use serde_json::{Value, json};
use signalwire_relay_core::session::{Notice, SessionEvent};
use signalwire_relay_core::{Event, TaskEvent};

use crate::rig::{Rig, SECOND};

/// Delivers a task in the form of the service, and checks that it was acknowledged.
fn deliver(rig: &mut Rig, id: &str, message: &Value) {
    rig.receive_json(&json!({"jsonrpc": "2.0", "id": id, "method": "signalwire.event", "params": {
        "event_type": "queuing.relay.tasks", "context": "office", "message": message, "timestamp": 1_764_000_100,
        "project_id": "PT-project", "space_id": "PT-space"}}));
    assert_eq!(rig.sent.pop_front(), Some(json!({"jsonrpc": "2.0", "id": id, "result": {}})));
}

fn told(rig: &mut Rig) -> TaskEvent {
    match rig.events.pop_front() {
        Some(SessionEvent::Other(event)) => match &*event {
            Event::Task(task) => task.clone(),
            other => panic!("no task but {other:?}"),
        },
        other => panic!("no task but {other:?}"),
    }
}

#[test]
fn a_task_is_acknowledged_and_told_with_its_message_which_is_not_printed() {
    let mut rig = Rig::ready();
    deliver(&mut rig, "e-1", &json!({"job": "call-back", "number": "+15557770001"}));
    let task = told(&mut rig);
    assert_eq!((task.context.as_str(), &task.message()["job"]), ("office", &json!("call-back")));
    let printed = format!("{task:?} {:?}", rig.events);
    assert!(!printed.contains("+1555") && !printed.contains("PT-"), "{printed}");
}

#[test]
fn a_task_that_comes_again_in_the_same_frame_is_told_once() {
    let mut rig = Rig::ready();
    for _ in 0..3 {
        deliver(&mut rig, "e-1", &json!({"order": 1}));
    }
    assert_eq!(told(&mut rig).message(), &json!({"order": 1}));
    rig.expect_quiet();
    assert_eq!(
        rig.notices,
        [Notice::TaskRepeated("office".to_owned()), Notice::TaskRepeated("office".to_owned())]
    );
    // Ids of frames may begin anew, and the same thing may be asked for twice.
    deliver(&mut rig, "e-1", &json!({"order": 2}));
    deliver(&mut rig, "e-2", &json!({"order": 1}));
    assert_eq!(told(&mut rig).message(), &json!({"order": 2}));
    assert_eq!(told(&mut rig).message(), &json!({"order": 1}));
}

#[test]
fn a_task_during_a_drain_is_acknowledged_and_told() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.session.drain(rig.now, 30 * SECOND);
    rig.drain();
    rig.expect_sent("signalwire.unreceive");
    deliver(&mut rig, "e-1", &json!({"order": 1}));
    assert_eq!(told(&mut rig).message(), &json!({"order": 1}));
}
