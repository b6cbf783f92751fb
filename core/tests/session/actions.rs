//! Operations: started, followed, ended.

use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::calling::{AiSidecar, Connect, Method, Pay, Play, PlayAndCollect, Refer};
use signalwire_relay_core::session::{Command, OperationUpdate, SessionEvent, Stats, Target};
use signalwire_relay_core::{Certainty, Error, Event, SidecarKind, Ticket};

use crate::fixture::{Fixture, SECOND};

/// Starts an operation by its rule; the parameters do not matter to the session.
fn start<M: Method>(fixture: &mut Fixture, method: &'static str, control_id: Option<&str>) -> Ticket {
    let target = Target::Start {
        call_id: "c1".into(),
        control_id: control_id.map(Into::into),
        rule: M::completion_rule().expect("an operation"),
    };
    fixture.command(Command::raw(method, target, "{}".to_owned()).expect("an object"))
}

fn update(fixture: &mut Fixture) -> Option<OperationUpdate> {
    match fixture.events.pop_front() {
        Some(SessionEvent::Call { operation, .. }) => operation,
        other => panic!("no event on the call but {other:?}"),
    }
}

fn play_event(control_id: &str, state: &str) -> Value {
    json!({"call_id": "c1", "node_id": "n-1", "control_id": control_id, "state": state})
}

#[test]
fn an_operation_ends_with_its_last_event() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let play = start::<Play>(&mut fixture, "calling.play", None);
    let request = fixture.expect_sent("calling.play");
    let control_id = request["params"]["control_id"].as_str().expect("one was made up").to_owned();
    assert_eq!(control_id.len(), 36, "a UUID");
    fixture.ok(&request);
    let reply = fixture.expect_reply(play).expect("accepted");
    assert_eq!(reply.control_id().map(signalwire_relay_core::ControlId::as_str), Some(&*control_id));
    for (state, ended) in [("playing", false), ("paused", false), ("playing", false), ("finished", true)] {
        fixture.event("calling.call.play", play_event(&control_id, state));
        assert_eq!(
            update(&mut fixture),
            Some(OperationUpdate { ticket: play, answered: ended, ended }),
            "{state}"
        );
    }
    fixture.event("calling.call.play", play_event(&control_id, "finished"));
    assert_eq!(update(&mut fixture), None, "what is over does not end again");
    assert_eq!(fixture.session.stats().operations, 0);
}

#[test]
fn events_may_overtake_the_answer() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let play = start::<Play>(&mut fixture, "calling.play", Some("k1"));
    let request = fixture.expect_sent("calling.play");
    fixture.event("calling.call.play", play_event("k1", "finished"));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: play, answered: true, ended: true }));
    fixture.ok(&request);
    fixture.expect_reply(play).expect("accepted");
}

#[test]
fn the_end_of_the_prompt_is_not_the_end_of_the_input() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let prompt = start::<PlayAndCollect>(&mut fixture, "calling.play_and_collect", Some("k1"));
    fixture.event("calling.call.play", play_event("k1", "finished"));
    assert_eq!(update(&mut fixture), None);
    fixture.event(
        "calling.call.collect",
        json!({"call_id": "c1", "control_id": "k1",
        "result": {"type": "digit", "params": {"digits": "1"}}}),
    );
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: prompt, answered: true, ended: true }));
}

#[test]
fn a_connection_is_followed_without_a_control_id() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let connect = start::<Connect>(&mut fixture, "calling.connect", None);
    let request = fixture.expect_sent("calling.connect");
    assert_eq!(request["params"].get("control_id"), None);
    for (state, ended) in [("connecting", false), ("connected", false), ("disconnected", true)] {
        fixture.event("calling.call.connect", json!({"call_id": "c1", "connect_state": state}));
        assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: connect, answered: ended, ended }));
    }
}

#[test]
fn operations_fail_when_their_call_ends_first() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let one = start::<Play>(&mut fixture, "calling.play", Some("k1"));
    let two = start::<Play>(&mut fixture, "calling.play", Some("k2"));
    fixture.state("c1", "ended");
    fixture.expect_call_event("c1");
    for expected in [one, two] {
        match fixture.events.pop_front() {
            Some(SessionEvent::OperationFailed { ticket, error }) if ticket == expected => {
                assert!(error.is_gone());
            }
            other => panic!("{expected:?} did not fail but {other:?}"),
        }
    }
    fixture.expect_ended("c1");
    assert_eq!(fixture.session.stats().operations, 0);
}

#[test]
fn operations_fail_with_the_session_that_they_ran_in() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let play = start::<Play>(&mut fixture, "calling.play", Some("k1"));
    let request = fixture.expect_sent("calling.play");
    fixture.ok(&request);
    fixture.expect_reply(play).expect("accepted");
    fixture.disconnected();
    fixture.expect_quiet();
    fixture.reconnect("proto-2", false);
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, .. }) => assert_eq!(ticket, play),
        other => panic!("{other:?}"),
    }
}

#[test]
fn operations_go_on_across_a_resume() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let play = start::<Play>(&mut fixture, "calling.play", Some("k1"));
    let request = fixture.expect_sent("calling.play");
    fixture.ok(&request);
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.events.clear();
    fixture.event("calling.call.play", play_event("k1", "finished"));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: play, answered: true, ended: true }));
}

#[test]
fn an_operation_that_was_refused_or_lost_is_forgotten() {
    for lose in [false, true] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let play = start::<Play>(&mut fixture, "calling.play", Some("k1"));
        let request = fixture.expect_sent("calling.play");
        if lose {
            fixture.disconnected();
        } else {
            fixture.refuse(&request, "400");
        }
        fixture.expect_reply(play).expect_err("failed");
        assert_eq!(fixture.session.stats().operations, 0);
    }
}

#[test]
fn two_running_operations_do_not_share_a_control_id() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    start::<Play>(&mut fixture, "calling.play", Some("k1"));
    let twin = start::<Play>(&mut fixture, "calling.play", Some("k1"));
    match fixture.expect_reply(twin) {
        Err(Error::InvalidArgument(invalid)) => assert_eq!(invalid.field, "control_id"),
        other => panic!("{other:?}"),
    }
    fixture.event("calling.call.play", play_event("k1", "finished"));
    start::<Play>(&mut fixture, "calling.play", Some("k1"));
    assert_eq!(fixture.sent.len(), 2, "free again once the first is over");
}

#[test]
fn controlling_what_is_over_succeeds_without_being_sent() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let stop = |fixture: &mut Fixture| {
        let target = Target::Control { call_id: "c1".into(), control_id: "k1".into() };
        fixture.command(Command::raw("calling.play.stop", target, "{}".to_owned()).expect("an object"))
    };
    start::<Play>(&mut fixture, "calling.play", Some("k1"));
    fixture.expect_sent("calling.play");
    let running = stop(&mut fixture);
    let request = fixture.expect_sent("calling.play.stop");
    assert_eq!(request["params"], json!({"node_id": "n-1", "call_id": "c1", "control_id": "k1"}));
    fixture.refuse(&request, "404");
    fixture.expect_reply(running).expect("it ended in the very moment");
    fixture.pass(5 * SECOND);
    assert_eq!(fixture.session.stats().calls, 1, "the call has nothing to do with that");
    fixture.events.clear();
    fixture.sent.clear();
    fixture.event("calling.call.play", play_event("k1", "finished"));
    fixture.events.clear();
    let over = stop(&mut fixture);
    fixture.expect_nothing_sent();
    fixture.expect_reply(over).expect("nothing to control");
}

#[test]
fn events_of_another_call_or_operation_end_nothing() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.offer("c2");
    start::<Play>(&mut fixture, "calling.play", Some("k1"));
    fixture.event("calling.call.play", json!({"call_id": "c2", "control_id": "k1", "state": "finished"}));
    assert_eq!(update(&mut fixture), None);
    fixture.event("calling.call.play", play_event("k2", "finished"));
    assert_eq!(update(&mut fixture), None);
    fixture.event("calling.call.play", json!({"call_id": "c1", "control_id": null, "state": "finished"}));
    assert_eq!(update(&mut fixture), None);
    assert_eq!(fixture.session.stats().operations, 1);
}

#[test]
fn an_operation_that_waits_for_a_connection_can_be_taken_back() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let play = start::<Play>(&mut fixture, "calling.play", None);
    fixture.session.abandon(fixture.now, play);
    fixture.drain();
    assert!(matches!(
        fixture.events.pop_front(),
        Some(SessionEvent::OperationFailed { ticket, error: Error::Cancelled }) if ticket == play
    ));
    assert_eq!(fixture.session.stats(), {
        let mut stats = Stats::default();
        stats.calls = 1;
        stats
    });
    let queued = start::<Play>(&mut fixture, "calling.play", None);
    fixture.pass(Duration::from_secs(10));
    assert_eq!(fixture.expect_reply(queued).expect_err("expired").certainty(), Certainty::NotSent);
}

#[test]
fn an_operation_that_the_service_does_not_know_ends_even_if_its_last_event_was_missed() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let play = start::<Play>(&mut fixture, "calling.play", Some("k1"));
    let request = fixture.expect_sent("calling.play");
    fixture.ok(&request);
    fixture.expect_reply(play).expect("accepted");
    let target = Target::Control { call_id: "c1".into(), control_id: "k1".into() };
    fixture.command(Command::raw("calling.play.stop", target, "{}".to_owned()).expect("an object"));
    let stop = fixture.expect_sent("calling.play.stop");
    fixture.refuse(&stop, "404");
    fixture.events.clear();
    fixture.pass(5 * SECOND);
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, error: Error::ConnectionLost(_) }) => {
            assert_eq!(ticket, play);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_waits_to_be_sent_to_a_call_that_ends_was_not_sent_and_does_not_fail_again_when_it_is_abandoned() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.disconnected();
    let ticket = start::<Play>(&mut fixture, "calling.play", None);
    fixture.session.discard(fixture.now, &"c1".into());
    fixture.drain();
    let error = fixture.expect_reply(ticket).expect_err("the call is gone");
    assert!(error.is_gone());
    assert_eq!(error.certainty(), Certainty::NotSent);
    fixture.expect_ended("c1");
    fixture.session.abandon(fixture.now, ticket);
    fixture.drain();
    fixture.expect_quiet();
}

#[test]
fn an_event_of_an_earlier_connection_that_is_delivered_again_does_not_end_the_next() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let connect_event = |id: &str, state: &str| {
        json!({"id": id, "method": "signalwire.event", "params": {"event_type": "calling.call.connect",
            "params": {"call_id": "c1", "node_id": "n-1", "connect_state": state}}})
    };
    let first = start::<Connect>(&mut fixture, "calling.connect", None);
    let request = fixture.expect_sent("calling.connect");
    fixture.ok(&request);
    fixture.expect_reply(first).expect("accepted");
    fixture.receive_json(&connect_event("e1", "connected"));
    fixture.receive_json(&connect_event("e2", "disconnected"));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: first, answered: false, ended: false }));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: first, answered: true, ended: true }));
    // The acknowledgements were lost with the connection.
    fixture.sent.clear();
    fixture.disconnected();
    let second = start::<Connect>(&mut fixture, "calling.connect", None);
    fixture.reconnect("proto-1", true);
    fixture.events.clear();
    fixture.receive_json(&connect_event("e1", "connected"));
    fixture.receive_json(&connect_event("e2", "disconnected"));
    assert_eq!((update(&mut fixture), update(&mut fixture)), (None, None));
    // In other words the same, but another event: ids are not always unique, and nor are words.
    fixture.receive_json(&connect_event("e2", "connecting"));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: second, answered: false, ended: false }));
    fixture.receive_json(&connect_event("e4", "disconnected"));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: second, answered: true, ended: true }));
}

fn pay_event(fields: Value) -> Value {
    let mut event = json!({"call_id": "c1", "node_id": "n-1", "control_id": "pay-1"});
    event.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    event
}

/// A payment that has come to the marker of its last step.
fn marked() -> (Fixture, Ticket) {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let pay = start::<Pay>(&mut fixture, "calling.pay", Some("pay-1"));
    let request = fixture.expect_sent("calling.pay");
    fixture.ok(&request);
    fixture.expect_reply(pay).expect("accepted");
    fixture.event("calling.call.pay", pay_event(json!({"for": "payment-completed"})));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: pay, answered: false, ended: false }));
    (fixture, pay)
}

#[test]
fn the_marker_of_the_last_step_of_a_payment_waits_for_the_outcome() {
    let (mut fixture, pay) = marked();
    fixture.pass(4 * SECOND);
    fixture.expect_quiet();
    fixture.event(
        "calling.call.pay",
        pay_event(
            json!({"result": "success", "payment_confirmation_code": "ch_77", "payment_token": "tok_5"}),
        ),
    );
    match fixture.events.pop_front() {
        Some(SessionEvent::Call { event, operation, .. }) => {
            assert_eq!(operation, Some(OperationUpdate { ticket: pay, answered: true, ended: true }));
            let Event::Pay(end) = &*event else { panic!("{event:?}") };
            assert_eq!(end.payment_confirmation_code.as_deref(), Some("ch_77"));
        }
        other => panic!("{other:?}"),
    }
    fixture.pass(60 * SECOND);
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats().operations, 0);
}

#[test]
fn a_payment_whose_outcome_never_comes_ends_with_the_marker_after_a_while_or_with_the_call() {
    for call_ends in [false, true] {
        let (mut fixture, pay) = marked();
        if call_ends {
            fixture.state("c1", "ended");
            assert_eq!(fixture.expect_call_event("c1"), "calling.call.state");
        } else {
            fixture.pass(5 * SECOND);
        }
        match fixture.events.pop_front() {
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
    let (mut fixture, pay) = marked();
    fixture.pass(3 * SECOND);
    fixture.event("calling.call.pay", pay_event(json!({"for": "payment-card-number", "attempt": "2"})));
    fixture.events.clear();
    fixture.pass(20 * SECOND);
    fixture.expect_quiet();
    // Another marker has its whole time.
    fixture.event("calling.call.pay", pay_event(json!({"for": "payment-failed"})));
    fixture.pass(4 * SECOND);
    fixture.event("calling.call.pay", pay_event(json!({"for": "payment-completed"})));
    fixture.events.clear();
    fixture.pass(4 * SECOND);
    fixture.expect_quiet();
    fixture.event("calling.call.pay", pay_event(json!({"result": "success"})));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: pay, answered: true, ended: true }));
    assert_eq!(fixture.session.stats().operations, 0);
}

/// A sidecar that runs.
fn sidecar() -> (Fixture, Ticket) {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = start::<AiSidecar>(&mut fixture, "calling.ai_sidecar", Some("s"));
    let request = fixture.expect_sent("calling.ai_sidecar");
    assert_eq!(request["params"].get("control_id"), None, "the service knows it by its call");
    fixture.ok(&request);
    fixture.expect_reply(ticket).expect("accepted");
    (fixture, ticket)
}

fn report(fixture: &mut Fixture, kind: &str) -> Option<OperationUpdate> {
    fixture.event("calling.ai.sidecar", json!({"call_id": "c1", "sidecar_event": {"type": kind}}));
    update(fixture)
}

fn stop_sidecar(fixture: &mut Fixture) {
    let target = Target::Control { call_id: "c1".into(), control_id: "s".into() };
    let stop =
        fixture.command(Command::raw("calling.ai_sidecar.stop", target, "{}".to_owned()).expect("an object"));
    let request = fixture.expect_sent("calling.ai_sidecar.stop");
    assert_eq!(request["params"], json!({"call_id": "c1", "node_id": "n-1"}));
    fixture.ok(&request);
    fixture.expect_reply(stop).expect("accepted");
}

#[test]
fn a_sidecar_ends_with_its_summary_or_a_while_after_it_stopped() {
    let (mut fixture, ticket) = sidecar();
    let goes_on = Some(OperationUpdate { ticket, answered: false, ended: false });
    assert_eq!(report(&mut fixture, "start"), goes_on);
    assert_eq!(report(&mut fixture, "stop"), goes_on);
    assert_eq!(report(&mut fixture, "final"), Some(OperationUpdate { ticket, answered: true, ended: true }));
    assert_eq!(report(&mut fixture, "final"), None, "it is over");

    let (mut fixture, ticket) = sidecar();
    stop_sidecar(&mut fixture);
    report(&mut fixture, "stop");
    fixture.pass(4 * SECOND);
    fixture.expect_quiet();
    fixture.pass(2 * SECOND);
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationOver { ticket: over, event }) => {
            assert!(over == ticket && matches!(&*event, Event::Sidecar(_)), "{event:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.session.stats().operations, 0);
}

#[test]
fn a_sidecar_that_was_stopped_and_reports_nothing_counts_as_stopped() {
    let (mut fixture, ticket) = sidecar();
    stop_sidecar(&mut fixture);
    fixture.pass(5 * SECOND);
    match fixture.events.pop_front() {
        Some(SessionEvent::Call { event, operation, .. }) => {
            assert_eq!(operation, Some(OperationUpdate { ticket, answered: true, ended: true }));
            let Event::Sidecar(last) = &*event else { panic!("{event:?}") };
            assert_eq!((last.call_id.as_str(), &last.report.kind), ("c1", &SidecarKind::Stop));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.session.stats().operations, 0);
}

#[test]
fn an_operation_that_is_over_leaves_no_deadline() {
    let (mut fixture, _) = marked();
    let before = fixture.next;
    fixture.event("calling.call.pay", pay_event(json!({"result": "success"})));
    assert!(fixture.next > before, "the next deadline is not that of the payment any more");
}

#[test]
fn a_second_referral_does_not_wait_for_the_end_of_one_that_was_never_told() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let mut refer = || {
        let ticket = start::<Refer>(&mut fixture, "calling.refer", None);
        let request = fixture.expect_sent("calling.refer");
        fixture.ok(&request);
        fixture.expect_reply(ticket).expect("accepted");
        ticket
    };
    let (first, second) = (refer(), refer());
    fixture.pass(5 * SECOND);
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, error: Error::ConnectionLost(_) }) => {
            assert_eq!(ticket, first);
        }
        other => panic!("{other:?}"),
    }
    fixture.event("calling.call.refer", json!({"call_id": "c1", "node_id": "n-1", "state": "success"}));
    assert_eq!(update(&mut fixture), Some(OperationUpdate { ticket: second, answered: true, ended: true }));
}

#[test]
fn a_payment_without_a_marker_ends_with_its_result_or_its_state() {
    for end in [json!({"result": "caller-hung-up"}), json!({"state": "error"})] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let pay = start::<Pay>(&mut fixture, "calling.pay", Some("pay-1"));
        let request = fixture.expect_sent("calling.pay");
        fixture.ok(&request);
        fixture.expect_reply(pay).expect("accepted");
        fixture.event("calling.call.pay", pay_event(end.clone()));
        assert_eq!(
            update(&mut fixture),
            Some(OperationUpdate { ticket: pay, answered: true, ended: true }),
            "{end}"
        );
    }
}

/// Starts an operation on a call that then ends, before its last event has come.
fn ended_before_its_operation<M: Method>(method: &'static str) -> (Fixture, Ticket) {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = start::<M>(&mut fixture, method, Some("k1"));
    let request = fixture.expect_sent(method);
    fixture.ok(&request);
    fixture.expect_reply(ticket).expect("accepted");
    fixture.state("c1", "ended");
    fixture.expect_call_event("c1");
    (fixture, ticket)
}

fn expect_ended(fixture: &mut Fixture, late: bool) {
    match fixture.events.pop_front() {
        Some(SessionEvent::CallEnded { more, .. }) => assert_eq!(more, late),
        other => panic!("not ended but {other:?}"),
    }
}

#[test]
fn the_last_event_of_a_recording_a_transcription_or_a_fax_may_follow_the_end_of_its_call() {
    use signalwire_relay_core::calling::{ReceiveFax, Record, SendFax, Transcribe};
    let operations = [
        (ended_before_its_operation::<Record>("calling.record"), "record", json!({"state": "finished"})),
        (
            ended_before_its_operation::<Transcribe>("calling.transcribe"),
            "transcribe",
            json!({"state": "finished"}),
        ),
        (
            ended_before_its_operation::<SendFax>("calling.send_fax"),
            "fax",
            json!({"fax": {"type": "finished"}}),
        ),
        (
            ended_before_its_operation::<ReceiveFax>("calling.receive_fax"),
            "fax",
            json!({"fax": {"type": "finished"}}),
        ),
    ];
    for ((mut fixture, ticket), event, mut params) in operations {
        expect_ended(&mut fixture, true);
        fixture.expect_quiet();
        assert_eq!(fixture.session.stats().operations, 1, "{event}");
        fixture.pass(14 * SECOND);
        params["call_id"] = json!("c1");
        params["control_id"] = json!("k1");
        fixture.event(&format!("calling.call.{event}"), params.clone());
        match fixture.events.pop_front() {
            Some(SessionEvent::Late { operation, .. }) => {
                assert_eq!(
                    operation,
                    Some(OperationUpdate { ticket, answered: true, ended: true }),
                    "{event}"
                );
            }
            other => panic!("{event}: {other:?}"),
        }
        assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::EventsEnded { .. })));
        assert_eq!(fixture.session.stats(), Stats::default());
    }
}

#[test]
fn an_operation_whose_last_event_does_not_follow_the_end_of_its_call_fails_after_fifteen_seconds() {
    use signalwire_relay_core::calling::Record;
    let (mut fixture, ticket) = ended_before_its_operation::<Record>("calling.record");
    expect_ended(&mut fixture, true);
    // What else is told of the call is told.
    fixture.event("calling.call.denoise", json!({"call_id": "c1", "denoised": false}));
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::Late { operation: None, .. })));
    fixture.pass(14 * SECOND);
    fixture.expect_quiet();
    fixture.pass(SECOND);
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket: own, error }) => {
            assert_eq!((own, error.is_gone()), (ticket, true));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::EventsEnded { .. })));
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn nothing_is_waited_for_after_the_end_of_a_call_whose_operations_end_with_it() {
    let (mut fixture, _) = ended_before_its_operation::<Play>("calling.play");
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::OperationFailed { .. })));
    expect_ended(&mut fixture, false);
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_recording_that_the_service_refuses_after_the_end_of_its_call_is_not_waited_for() {
    use signalwire_relay_core::calling::Record;
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let ticket = start::<Record>(&mut fixture, "calling.record", Some("k1"));
    let request = fixture.expect_sent("calling.record");
    fixture.state("c1", "ended");
    fixture.expect_call_event("c1");
    expect_ended(&mut fixture, true);
    fixture.refuse(&request, "404");
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::EventsEnded { .. })));
    fixture.expect_reply(ticket).expect_err("gone");
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_frame_that_is_delivered_again_does_not_end_a_later_operation_of_the_same_name() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let finished = json!({"id": "f-1", "method": "signalwire.event",
        "params": {"event_type": "calling.call.play", "params": play_event("greeting", "finished")}});
    let mut play = || {
        let ticket = start::<Play>(&mut fixture, "calling.play", Some("greeting"));
        let request = fixture.expect_sent("calling.play");
        fixture.ok(&request);
        fixture.expect_reply(ticket).expect("accepted");
        fixture.receive_json(&finished);
        fixture.sent.clear();
        (ticket, update(&mut fixture))
    };
    let ended = |ticket| Some(OperationUpdate { ticket, answered: true, ended: true });
    let (first, updated) = play();
    assert_eq!(updated, ended(first));
    let (second, updated) = play();
    assert_eq!(updated, None, "it was about the first");
    fixture.event("calling.call.play", play_event("greeting", "finished"));
    assert_eq!(update(&mut fixture), ended(second));
}

#[test]
fn parties_that_are_joined_after_a_gap_talk_for_as_long_as_they_like() {
    use signalwire_relay_core::calling::AfterGap;
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let rule = Connect::completion_rule().expect("an operation");
    let target = Target::Start { call_id: "c1".into(), control_id: None, rule };
    let connect = Command::raw("calling.connect", target, "{}".to_owned()).expect("an object");
    fixture.command(connect.after_gap(AfterGap::AskPeer));
    let request = fixture.expect_sent("calling.connect");
    fixture.ok(&request);
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    let question = fixture.expect_sent("calling.clear_digit_bindings");
    fixture.ok(&question);
    let joined =
        json!({"call_id": "c1", "connect_state": "connected", "peer": {"call_id": "p", "node_id": "n"}});
    fixture.event("calling.call.connect", joined);
    fixture.events.clear();
    for _ in 0..120 {
        fixture.pass(9 * SECOND);
        fixture.receive_json(&json!({"id": "p", "method": "signalwire.ping"}));
    }
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats().operations, 1);
}
