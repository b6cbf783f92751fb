//! Operations: started, followed, ended.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::calling::{AiSidecar, Connect, Method, Pay, Play, PlayAndCollect, Refer};
use signalwire_relay_core::session::{Command, OperationUpdate, SessionEvent, Stats, Target};
use signalwire_relay_core::{Certainty, Error, Event, SidecarKind, Ticket};

use crate::rig::{Rig, SECOND};

/// Starts an operation by its rule; the parameters do not matter to the session.
fn start<M: Method>(rig: &mut Rig, method: &'static str, control_id: Option<&str>) -> Ticket {
    let target = Target::Start {
        call_id: "c1".into(),
        control_id: control_id.map(Into::into),
        rule: M::rule().expect("an operation"),
    };
    rig.command(Command::raw(method, target, "{}".to_owned()).expect("an object"))
}

fn update(rig: &mut Rig) -> Option<OperationUpdate> {
    match rig.events.pop_front() {
        Some(SessionEvent::Call { operation, .. }) => operation,
        other => panic!("no event on the call but {other:?}"),
    }
}

fn play_event(control_id: &str, state: &str) -> Value {
    json!({"call_id": "c1", "node_id": "n-1", "control_id": control_id, "state": state})
}

#[test]
fn an_operation_ends_with_its_last_event() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let play = start::<Play>(&mut rig, "calling.play", None);
    let request = rig.expect_sent("calling.play");
    let control_id = request["params"]["control_id"].as_str().expect("one was made up").to_owned();
    assert_eq!(control_id.len(), 36, "a UUID");
    rig.ok(&request);
    let reply = rig.expect_reply(play).expect("accepted");
    assert_eq!(reply.control_id().map(signalwire_relay_core::ControlId::as_str), Some(&*control_id));
    for (state, ended) in [("playing", false), ("paused", false), ("playing", false), ("finished", true)] {
        rig.event("calling.call.play", play_event(&control_id, state));
        assert_eq!(
            update(&mut rig),
            Some(OperationUpdate { ticket: play, answered: ended, ended }),
            "{state}"
        );
    }
    rig.event("calling.call.play", play_event(&control_id, "finished"));
    assert_eq!(update(&mut rig), None, "what is over does not end again");
    assert_eq!(rig.session.stats().operations, 0);
}

#[test]
fn events_may_overtake_the_answer() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let play = start::<Play>(&mut rig, "calling.play", Some("k1"));
    let request = rig.expect_sent("calling.play");
    rig.event("calling.call.play", play_event("k1", "finished"));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: play, answered: true, ended: true }));
    rig.ok(&request);
    rig.expect_reply(play).expect("accepted");
}

#[test]
fn the_end_of_the_prompt_is_not_the_end_of_the_input() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let prompt = start::<PlayAndCollect>(&mut rig, "calling.play_and_collect", Some("k1"));
    rig.event("calling.call.play", play_event("k1", "finished"));
    assert_eq!(update(&mut rig), None);
    rig.event(
        "calling.call.collect",
        json!({"call_id": "c1", "control_id": "k1",
        "result": {"type": "digit", "params": {"digits": "1"}}}),
    );
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: prompt, answered: true, ended: true }));
}

#[test]
fn a_connection_is_followed_without_a_control_id() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let connect = start::<Connect>(&mut rig, "calling.connect", None);
    let request = rig.expect_sent("calling.connect");
    assert_eq!(request["params"].get("control_id"), None);
    for (state, ended) in [("connecting", false), ("connected", false), ("disconnected", true)] {
        rig.event("calling.call.connect", json!({"call_id": "c1", "connect_state": state}));
        assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: connect, answered: ended, ended }));
    }
}

#[test]
fn operations_fail_when_their_call_ends_first() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let one = start::<Play>(&mut rig, "calling.play", Some("k1"));
    let two = start::<Play>(&mut rig, "calling.play", Some("k2"));
    rig.state("c1", "ended");
    rig.expect_call_event("c1");
    for expected in [one, two] {
        match rig.events.pop_front() {
            Some(SessionEvent::OperationFailed { ticket, error }) if ticket == expected => {
                assert!(error.is_gone());
            }
            other => panic!("{expected:?} did not fail but {other:?}"),
        }
    }
    rig.expect_ended("c1");
    assert_eq!(rig.session.stats().operations, 0);
}

#[test]
fn operations_fail_with_the_session_that_they_ran_in() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let play = start::<Play>(&mut rig, "calling.play", Some("k1"));
    let request = rig.expect_sent("calling.play");
    rig.ok(&request);
    rig.expect_reply(play).expect("accepted");
    rig.disconnected();
    rig.expect_quiet();
    rig.reconnect("proto-2", false);
    match rig.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, .. }) => assert_eq!(ticket, play),
        other => panic!("{other:?}"),
    }
}

#[test]
fn operations_go_on_across_a_resume() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let play = start::<Play>(&mut rig, "calling.play", Some("k1"));
    let request = rig.expect_sent("calling.play");
    rig.ok(&request);
    rig.disconnected();
    rig.reconnect("proto-1", true);
    rig.events.clear();
    rig.event("calling.call.play", play_event("k1", "finished"));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: play, answered: true, ended: true }));
}

#[test]
fn an_operation_that_was_refused_or_lost_is_forgotten() {
    for lose in [false, true] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        let play = start::<Play>(&mut rig, "calling.play", Some("k1"));
        let request = rig.expect_sent("calling.play");
        if lose {
            rig.disconnected();
        } else {
            rig.refuse(&request, "400");
        }
        rig.expect_reply(play).expect_err("failed");
        assert_eq!(rig.session.stats().operations, 0);
    }
}

#[test]
fn two_running_operations_do_not_share_a_control_id() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    start::<Play>(&mut rig, "calling.play", Some("k1"));
    let twin = start::<Play>(&mut rig, "calling.play", Some("k1"));
    match rig.expect_reply(twin) {
        Err(Error::InvalidArgument(invalid)) => assert_eq!(invalid.field, "control_id"),
        other => panic!("{other:?}"),
    }
    rig.event("calling.call.play", play_event("k1", "finished"));
    start::<Play>(&mut rig, "calling.play", Some("k1"));
    assert_eq!(rig.sent.len(), 2, "free again once the first is over");
}

#[test]
fn steering_what_is_over_succeeds_without_being_sent() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let stop = |rig: &mut Rig| {
        let target = Target::Steer { call_id: "c1".into(), control_id: "k1".into() };
        rig.command(Command::raw("calling.play.stop", target, "{}".to_owned()).expect("an object"))
    };
    start::<Play>(&mut rig, "calling.play", Some("k1"));
    rig.expect_sent("calling.play");
    let running = stop(&mut rig);
    let request = rig.expect_sent("calling.play.stop");
    assert_eq!(request["params"], json!({"node_id": "n-1", "call_id": "c1", "control_id": "k1"}));
    rig.refuse(&request, "404");
    rig.expect_reply(running).expect("it ended in the very moment");
    rig.pass(5 * SECOND);
    assert_eq!(rig.session.stats().calls, 1, "the call has nothing to do with that");
    rig.events.clear();
    rig.sent.clear();
    rig.event("calling.call.play", play_event("k1", "finished"));
    rig.events.clear();
    let over = stop(&mut rig);
    rig.expect_nothing_sent();
    rig.expect_reply(over).expect("nothing to steer");
}

#[test]
fn events_of_another_call_or_operation_end_nothing() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.offer("c2");
    start::<Play>(&mut rig, "calling.play", Some("k1"));
    rig.event("calling.call.play", json!({"call_id": "c2", "control_id": "k1", "state": "finished"}));
    assert_eq!(update(&mut rig), None);
    rig.event("calling.call.play", play_event("k2", "finished"));
    assert_eq!(update(&mut rig), None);
    rig.event("calling.call.play", json!({"call_id": "c1", "control_id": null, "state": "finished"}));
    assert_eq!(update(&mut rig), None);
    assert_eq!(rig.session.stats().operations, 1);
}

#[test]
fn an_operation_that_waits_for_a_connection_can_be_taken_back() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    let play = start::<Play>(&mut rig, "calling.play", None);
    rig.session.abandon(rig.now, play);
    rig.drain();
    assert!(matches!(
        rig.events.pop_front(),
        Some(SessionEvent::OperationFailed { ticket, error: Error::Dropped }) if ticket == play
    ));
    assert_eq!(rig.session.stats(), {
        let mut stats = Stats::default();
        stats.calls = 1;
        stats
    });
    let queued = start::<Play>(&mut rig, "calling.play", None);
    rig.pass(Duration::from_secs(10));
    assert_eq!(rig.expect_reply(queued).expect_err("expired").certainty(), Certainty::NotSent);
}

#[test]
fn an_operation_that_the_service_does_not_know_ends_even_if_its_last_event_was_missed() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let play = start::<Play>(&mut rig, "calling.play", Some("k1"));
    let request = rig.expect_sent("calling.play");
    rig.ok(&request);
    rig.expect_reply(play).expect("accepted");
    let target = Target::Steer { call_id: "c1".into(), control_id: "k1".into() };
    rig.command(Command::raw("calling.play.stop", target, "{}".to_owned()).expect("an object"));
    let stop = rig.expect_sent("calling.play.stop");
    rig.refuse(&stop, "404");
    rig.events.clear();
    rig.pass(5 * SECOND);
    match rig.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, error: Error::Lost(_) }) => assert_eq!(ticket, play),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_waits_to_be_sent_to_a_call_that_ends_was_not_sent_and_does_not_fail_again_when_it_is_abandoned() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    rig.disconnected();
    let ticket = start::<Play>(&mut rig, "calling.play", None);
    rig.session.discard(rig.now, &"c1".into());
    rig.drain();
    let error = rig.expect_reply(ticket).expect_err("the call is gone");
    assert!(error.is_gone());
    assert_eq!(error.certainty(), Certainty::NotSent);
    rig.expect_ended("c1");
    rig.session.abandon(rig.now, ticket);
    rig.drain();
    rig.expect_quiet();
}

#[test]
fn an_event_of_an_earlier_connection_that_is_delivered_again_does_not_end_the_next() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let connect_event = |id: &str, state: &str| {
        json!({"id": id, "method": "signalwire.event", "params": {"event_type": "calling.call.connect",
            "params": {"call_id": "c1", "node_id": "n-1", "connect_state": state}}})
    };
    let first = start::<Connect>(&mut rig, "calling.connect", None);
    let request = rig.expect_sent("calling.connect");
    rig.ok(&request);
    rig.expect_reply(first).expect("accepted");
    rig.receive_json(&connect_event("e1", "connected"));
    rig.receive_json(&connect_event("e2", "disconnected"));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: first, answered: false, ended: false }));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: first, answered: true, ended: true }));
    // The acknowledgements were lost with the connection.
    rig.sent.clear();
    rig.disconnected();
    let second = start::<Connect>(&mut rig, "calling.connect", None);
    rig.reconnect("proto-1", true);
    rig.events.clear();
    rig.receive_json(&connect_event("e1", "connected"));
    rig.receive_json(&connect_event("e2", "disconnected"));
    assert_eq!((update(&mut rig), update(&mut rig)), (None, None));
    // In other words the same, but another event: ids are not always unique, and nor are words.
    rig.receive_json(&connect_event("e2", "connecting"));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: second, answered: false, ended: false }));
    rig.receive_json(&connect_event("e4", "disconnected"));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: second, answered: true, ended: true }));
}

fn pay_event(fields: Value) -> Value {
    let mut event = json!({"call_id": "c1", "node_id": "n-1", "control_id": "pay-1"});
    event.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    event
}

/// A payment that has come to the marker of its last step.
fn marked() -> (Rig, Ticket) {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let pay = start::<Pay>(&mut rig, "calling.pay", Some("pay-1"));
    let request = rig.expect_sent("calling.pay");
    rig.ok(&request);
    rig.expect_reply(pay).expect("accepted");
    rig.event("calling.call.pay", pay_event(json!({"for": "payment-completed"})));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: pay, answered: false, ended: false }));
    (rig, pay)
}

#[test]
fn the_marker_of_the_last_step_of_a_payment_waits_for_the_outcome() {
    let (mut rig, pay) = marked();
    rig.pass(4 * SECOND);
    rig.expect_quiet();
    rig.event(
        "calling.call.pay",
        pay_event(
            json!({"result": "success", "payment_confirmation_code": "ch_77", "payment_token": "tok_5"}),
        ),
    );
    match rig.events.pop_front() {
        Some(SessionEvent::Call { event, operation, .. }) => {
            assert_eq!(operation, Some(OperationUpdate { ticket: pay, answered: true, ended: true }));
            let Event::Pay(end) = &*event else { panic!("{event:?}") };
            assert_eq!(end.payment_confirmation_code.as_deref(), Some("ch_77"));
        }
        other => panic!("{other:?}"),
    }
    rig.pass(60 * SECOND);
    rig.expect_quiet();
    assert_eq!(rig.session.stats().operations, 0);
}

#[test]
fn a_payment_whose_outcome_never_comes_ends_with_the_marker_after_a_while_or_with_the_call() {
    for call_ends in [false, true] {
        let (mut rig, pay) = marked();
        if call_ends {
            rig.state("c1", "ended");
            assert_eq!(rig.expect_call_event("c1"), "calling.call.state");
        } else {
            rig.pass(5 * SECOND);
        }
        match rig.events.pop_front() {
            Some(SessionEvent::OperationOver { ticket, event }) => {
                assert_eq!(ticket, pay);
                let Event::Pay(end) = &*event else { panic!("{event:?}") };
                assert!(end.is_success());
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_payment_that_asks_again_after_a_marker_goes_on() {
    let (mut rig, pay) = marked();
    rig.pass(3 * SECOND);
    rig.event("calling.call.pay", pay_event(json!({"for": "payment-card-number", "attempt": "2"})));
    rig.events.clear();
    rig.pass(20 * SECOND);
    rig.expect_quiet();
    // Another marker has its whole time.
    rig.event("calling.call.pay", pay_event(json!({"for": "payment-failed"})));
    rig.pass(4 * SECOND);
    rig.event("calling.call.pay", pay_event(json!({"for": "payment-completed"})));
    rig.events.clear();
    rig.pass(4 * SECOND);
    rig.expect_quiet();
    rig.event("calling.call.pay", pay_event(json!({"result": "success"})));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: pay, answered: true, ended: true }));
    assert_eq!(rig.session.stats().operations, 0);
}

/// A sidecar that runs.
fn sidecar() -> (Rig, Ticket) {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let ticket = start::<AiSidecar>(&mut rig, "calling.ai_sidecar", Some("s"));
    let request = rig.expect_sent("calling.ai_sidecar");
    assert_eq!(request["params"].get("control_id"), None, "the service knows it by its call");
    rig.ok(&request);
    rig.expect_reply(ticket).expect("accepted");
    (rig, ticket)
}

fn report(rig: &mut Rig, kind: &str) -> Option<OperationUpdate> {
    rig.event("calling.ai.sidecar", json!({"call_id": "c1", "sidecar_event": {"type": kind}}));
    update(rig)
}

fn stop_sidecar(rig: &mut Rig) {
    let target = Target::Steer { call_id: "c1".into(), control_id: "s".into() };
    let stop =
        rig.command(Command::raw("calling.ai_sidecar.stop", target, "{}".to_owned()).expect("an object"));
    let request = rig.expect_sent("calling.ai_sidecar.stop");
    assert_eq!(request["params"], json!({"call_id": "c1", "node_id": "n-1"}));
    rig.ok(&request);
    rig.expect_reply(stop).expect("accepted");
}

#[test]
fn a_sidecar_ends_with_its_summary_or_a_while_after_it_stopped() {
    let (mut rig, ticket) = sidecar();
    let goes_on = Some(OperationUpdate { ticket, answered: false, ended: false });
    assert_eq!(report(&mut rig, "start"), goes_on);
    assert_eq!(report(&mut rig, "stop"), goes_on);
    assert_eq!(report(&mut rig, "final"), Some(OperationUpdate { ticket, answered: true, ended: true }));
    assert_eq!(report(&mut rig, "final"), None, "it is over");

    let (mut rig, ticket) = sidecar();
    stop_sidecar(&mut rig);
    report(&mut rig, "stop");
    rig.pass(4 * SECOND);
    rig.expect_quiet();
    rig.pass(2 * SECOND);
    match rig.events.pop_front() {
        Some(SessionEvent::OperationOver { ticket: over, event }) => {
            assert!(over == ticket && matches!(&*event, Event::Sidecar(_)), "{event:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.session.stats().operations, 0);
}

#[test]
fn a_sidecar_that_was_stopped_and_reports_nothing_counts_as_stopped() {
    let (mut rig, ticket) = sidecar();
    stop_sidecar(&mut rig);
    rig.pass(5 * SECOND);
    match rig.events.pop_front() {
        Some(SessionEvent::Call { event, operation, .. }) => {
            assert_eq!(operation, Some(OperationUpdate { ticket, answered: true, ended: true }));
            let Event::Sidecar(last) = &*event else { panic!("{event:?}") };
            assert_eq!((last.call_id.as_str(), &last.report.kind), ("c1", &SidecarKind::Stop));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.session.stats().operations, 0);
}

#[test]
fn an_operation_that_is_over_leaves_no_deadline() {
    let (mut rig, _) = marked();
    let before = rig.next;
    rig.event("calling.call.pay", pay_event(json!({"result": "success"})));
    assert!(rig.next > before, "the next deadline is not that of the payment any more");
}

#[test]
fn a_second_referral_does_not_wait_for_the_end_of_one_that_was_never_told() {
    let mut rig = Rig::ready();
    rig.offer("c1");
    let mut refer = || {
        let ticket = start::<Refer>(&mut rig, "calling.refer", None);
        let request = rig.expect_sent("calling.refer");
        rig.ok(&request);
        rig.expect_reply(ticket).expect("accepted");
        ticket
    };
    let (first, second) = (refer(), refer());
    rig.pass(5 * SECOND);
    match rig.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, error: Error::Lost(_) }) => assert_eq!(ticket, first),
        other => panic!("{other:?}"),
    }
    rig.event("calling.call.refer", json!({"call_id": "c1", "node_id": "n-1", "state": "success"}));
    assert_eq!(update(&mut rig), Some(OperationUpdate { ticket: second, answered: true, ended: true }));
}

#[test]
fn a_payment_without_a_marker_ends_with_its_result_or_its_state() {
    for end in [json!({"result": "caller-hung-up"}), json!({"state": "error"})] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        let pay = start::<Pay>(&mut rig, "calling.pay", Some("pay-1"));
        let request = rig.expect_sent("calling.pay");
        rig.ok(&request);
        rig.expect_reply(pay).expect("accepted");
        rig.event("calling.call.pay", pay_event(end.clone()));
        assert_eq!(
            update(&mut rig),
            Some(OperationUpdate { ticket: pay, answered: true, ended: true }),
            "{end}"
        );
    }
}
