//! Messages on their way.

use serde_json::{Value, json};
use signalwire_relay_core::session::{
    Command, FOLLOWED_MESSAGES, Frame, Notice, OperationUpdate, SessionEvent, Stats, Target,
};
use signalwire_relay_core::{Error, Ticket};

use crate::rig::{Rig, SECOND, config, raw};

fn send(rig: &mut Rig) -> (Ticket, Value) {
    let ticket = rig.command(raw("messaging.send", Target::Message));
    (ticket, rig.expect_sent("messaging.send"))
}

/// A message without a context of its own gets the name of the session that it leaves on.
#[test]
fn the_states_of_a_message_go_to_the_session_that_it_leaves_on() {
    let mut rig = Rig::new(&config());
    rig.command(raw("messaging.send", Target::Message));
    rig.authenticate("proto-1", false);
    assert_eq!(rig.expect_sent("messaging.send")["params"], json!({"context": "proto-1"}));
    for (resumed, protocol) in [(true, "proto-1"), (false, "proto-2")] {
        // Made while the connection stands, but not drained before it is cut.
        let ticket = rig.ticket();
        rig.session.command(rig.now, ticket, raw("messaging.send", Target::Message));
        rig.disconnected();
        rig.command(raw("messaging.send", Target::Message));
        let own = Command::raw("messaging.send", Target::Message, json!({"context": "office"}).to_string());
        rig.command(own.expect("an object"));
        rig.reconnect(protocol, resumed);
        for context in [protocol, protocol, "office"] {
            assert_eq!(rig.expect_sent("messaging.send")["params"], json!({"context": context}));
        }
    }
}

fn accept(rig: &mut Rig, request: &Value, id: &str) {
    rig.reply(request, json!({"code": "200", "message": "Message accepted", "message_id": id}));
}

fn state(rig: &mut Rig, id: &str, state: &str) {
    rig.event("messaging.state", json!({"message_id": id, "message_state": state}));
}

fn update(rig: &mut Rig) -> OperationUpdate {
    match rig.events.pop_front() {
        Some(SessionEvent::Message { update, .. }) => update,
        other => panic!("no news of a message but {other:?}"),
    }
}

#[test]
fn a_message_is_followed_to_its_end() {
    let mut rig = Rig::ready();
    let (ticket, request) = send(&mut rig);
    accept(&mut rig, &request, "m1");
    rig.expect_reply(ticket).expect("accepted");
    for (name, ended) in [("queued", false), ("initiated", false), ("sent", false), ("delivered", true)] {
        state(&mut rig, "m1", name);
        assert_eq!(update(&mut rig), OperationUpdate { ticket, answered: ended, ended }, "{name}");
    }
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn states_that_overtake_the_reply_are_not_lost() {
    let mut rig = Rig::ready();
    let (ticket, request) = send(&mut rig);
    for name in ["queued", "sent", "undelivered"] {
        state(&mut rig, "m1", name);
    }
    state(&mut rig, "stranger", "sent");
    rig.events.clear();
    accept(&mut rig, &request, "m1");
    rig.expect_reply(ticket).expect("accepted");
    assert!(!update(&mut rig).ended);
    assert!(!update(&mut rig).ended);
    assert!(update(&mut rig).ended);
    rig.expect_quiet();
    assert_eq!(rig.session.stats().messages, 0);
}

#[test]
fn a_message_that_the_service_does_not_name_is_not_waited_for() {
    let mut rig = Rig::ready();
    let (ticket, request) = send(&mut rig);
    rig.ok(&request);
    rig.expect_reply(ticket).expect("accepted");
    assert!(matches!(
        rig.events.pop_front(),
        Some(SessionEvent::OperationFailed { error: Error::Lost(_), .. })
    ));
}

#[test]
fn messages_survive_a_resume_but_not_a_new_session() {
    for resumed in [true, false] {
        let mut rig = Rig::ready();
        let (ticket, request) = send(&mut rig);
        accept(&mut rig, &request, "m1");
        rig.expect_reply(ticket).expect("accepted");
        rig.disconnected();
        rig.reconnect(if resumed { "proto-1" } else { "proto-2" }, resumed);
        if resumed {
            state(&mut rig, "m1", "delivered");
            assert!(update(&mut rig).ended);
        } else {
            assert!(matches!(rig.events.pop_front(), Some(SessionEvent::OperationFailed { .. })));
        }
        assert_eq!(rig.session.stats(), Stats::default());
    }
}

#[test]
fn the_oldest_message_makes_room() {
    let mut rig = Rig::ready();
    for number in 0..FOLLOWED_MESSAGES {
        let (_, request) = send(&mut rig);
        accept(&mut rig, &request, &format!("m{number}"));
    }
    rig.events.clear();
    let (ticket, request) = send(&mut rig);
    accept(&mut rig, &request, "last");
    rig.expect_reply(ticket).expect("accepted");
    match rig.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, .. }) => assert_eq!(ticket, Ticket(1)),
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.session.stats().messages, FOLLOWED_MESSAGES);
}

/// Lets time pass on a connection that stays alive.
fn idle(rig: &mut Rig, seconds: u32) {
    for _ in 0..seconds {
        rig.pass(SECOND);
        rig.session.handle_frame(rig.now, Frame::Ping);
    }
}

#[test]
fn a_message_whose_last_state_was_missed_is_given_up_five_minutes_after_the_gap() {
    let mut rig = Rig::ready();
    let tickets = ["silent", "heard of", "later"].map(|id| {
        if id == "later" {
            rig.disconnected();
            rig.reconnect("proto-1", true);
        }
        let (ticket, request) = send(&mut rig);
        accept(&mut rig, &request, id);
        rig.expect_reply(ticket).expect("accepted");
        ticket
    });
    idle(&mut rig, 299);
    state(&mut rig, "heard of", "sent");
    assert_eq!(update(&mut rig).ticket, tickets[1]);
    // Another gap does not put it off.
    rig.disconnected();
    rig.reconnect("proto-1", true);
    rig.expect_quiet();
    rig.pass(2 * SECOND);
    match rig.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, error: Error::Lost(_) }) => {
            assert_eq!(ticket, tickets[0]);
        }
        other => panic!("{other:?}"),
    }
    rig.expect_quiet();
    state(&mut rig, "heard of", "delivered");
    assert!(update(&mut rig).ended);
    rig.pass(300 * SECOND);
    assert!(
        matches!(rig.events.pop_front(), Some(SessionEvent::OperationFailed { ticket, .. }) if ticket == tickets[2])
    );
    assert_eq!(rig.session.stats(), Stats::default());
}

#[test]
fn a_message_that_comes_in_again_is_not_told_of_again() {
    let mut rig = Rig::ready();
    let receive = |rig: &mut Rig, id: &str| {
        rig.event("messaging.receive", json!({"message_id": id, "body": "Hi"}));
        rig.events.drain(..).filter(|event| matches!(event, SessionEvent::Other(_))).count()
    };
    assert_eq!((receive(&mut rig, "m1"), receive(&mut rig, "m2")), (1, 1));
    assert_eq!((receive(&mut rig, "m1"), receive(&mut rig, "m2")), (0, 0));
    assert_eq!(rig.notices, ["m1", "m2"].map(|id| Notice::MessageRepeated(id.into())));
    // What was not acknowledged in time comes again after the session was resumed, or even on the next.
    for (protocol, resumed) in [("proto-1", true), ("proto-2", false)] {
        rig.disconnected();
        rig.reconnect(protocol, resumed);
        assert_eq!(receive(&mut rig, "m1"), 0);
    }
    // Those without a name cannot be told apart.
    assert_eq!((receive(&mut rig, ""), receive(&mut rig, "")), (1, 1));
}

#[test]
fn a_message_of_the_same_name_takes_the_place_of_another() {
    let mut rig = Rig::ready();
    let send = |rig: &mut Rig| {
        let ticket = rig.command(raw("messaging.send", Target::Message));
        let request = rig.expect_sent_among_others("messaging.send");
        rig.reply(&request, json!({"code": "200", "message_id": "m1"}));
        rig.expect_reply(ticket).expect("accepted");
        ticket
    };
    let first = send(&mut rig);
    let second = send(&mut rig);
    assert!(
        matches!(rig.events.pop_front(), Some(SessionEvent::OperationFailed { ticket, .. }) if ticket == first),
        "nobody waits for it for ever"
    );
    state(&mut rig, "m1", "delivered");
    assert_eq!(update(&mut rig).ticket, second);
}
