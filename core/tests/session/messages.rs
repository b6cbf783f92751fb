//! Messages on their way.

use serde_json::{Value, json};
use signalwire_relay_core::session::{
    Command, Frame, Io, MAX_FOLLOWED_MESSAGES, Notice, OperationUpdate, SessionEvent, Stats,
};
use signalwire_relay_core::{Certainty, ClientOutput, Error, Request, SendMessage, Ticket};

use crate::fixture::{Fixture, MESSAGE, SECOND, config, epoch, raw};

fn send(fixture: &mut Fixture) -> (Ticket, Value) {
    let ticket = fixture.command(raw("messaging.send", MESSAGE));
    (ticket, fixture.expect_sent("messaging.send"))
}

/// A message without a context of its own gets the name of the session that it leaves on.
#[test]
fn the_states_of_a_message_go_to_the_session_that_it_leaves_on() {
    let mut fixture = Fixture::new(&config());
    fixture.command(raw("messaging.send", MESSAGE));
    fixture.authenticate("proto-1", false);
    assert_eq!(fixture.expect_sent("messaging.send")["params"], json!({"context": "proto-1"}));
    for (resumed, protocol) in [(true, "proto-1"), (false, "proto-2")] {
        // Made while the connection stands, but not drained before it is cut.
        let ticket = fixture.ticket();
        fixture.session.command(fixture.now, ticket, raw("messaging.send", MESSAGE));
        fixture.disconnected();
        fixture.command(raw("messaging.send", MESSAGE));
        let own = Command::raw("messaging.send", MESSAGE, json!({"context": "office"}).to_string());
        fixture.command(own.expect("an object"));
        fixture.reconnect(protocol, resumed);
        for context in [protocol, protocol, "office"] {
            assert_eq!(fixture.expect_sent("messaging.send")["params"], json!({"context": context}));
        }
    }
}

fn accept(fixture: &mut Fixture, request: &Value, id: &str) {
    fixture.reply(request, json!({"code": "200", "message": "Message accepted", "message_id": id}));
}

fn state(fixture: &mut Fixture, id: &str, state: &str) {
    fixture.event("messaging.state", json!({"message_id": id, "message_state": state}));
}

fn update(fixture: &mut Fixture) -> OperationUpdate {
    match fixture.events.pop_front() {
        Some(SessionEvent::Message { update, .. }) => update,
        other => panic!("no news of a message but {other:?}"),
    }
}

#[test]
fn a_message_is_followed_to_its_end() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = send(&mut fixture);
    accept(&mut fixture, &request, "m1");
    fixture.expect_reply(ticket).expect("accepted");
    for (name, ended) in [("queued", false), ("initiated", false), ("sent", false), ("delivered", true)] {
        state(&mut fixture, "m1", name);
        assert_eq!(update(&mut fixture), OperationUpdate { ticket, answered: ended, ended }, "{name}");
    }
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn states_that_overtake_the_reply_are_not_lost() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = send(&mut fixture);
    for name in ["queued", "sent", "undelivered"] {
        state(&mut fixture, "m1", name);
    }
    state(&mut fixture, "stranger", "sent");
    fixture.events.clear();
    accept(&mut fixture, &request, "m1");
    fixture.expect_reply(ticket).expect("accepted");
    assert!(!update(&mut fixture).ended);
    assert!(!update(&mut fixture).ended);
    assert!(update(&mut fixture).ended);
    fixture.expect_quiet();
    assert_eq!(fixture.session.stats().messages, 0);
}

#[test]
fn messages_survive_a_resume_but_not_a_new_session() {
    for resumed in [true, false] {
        let mut fixture = Fixture::ready();
        let (ticket, request) = send(&mut fixture);
        accept(&mut fixture, &request, "m1");
        fixture.expect_reply(ticket).expect("accepted");
        fixture.disconnected();
        fixture.reconnect(if resumed { "proto-1" } else { "proto-2" }, resumed);
        if resumed {
            state(&mut fixture, "m1", "delivered");
            assert!(update(&mut fixture).ended);
        } else {
            assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::OperationFailed { .. })));
        }
        assert_eq!(fixture.session.stats(), Stats::default());
    }
}

#[test]
fn the_oldest_message_makes_room() {
    let mut fixture = Fixture::ready();
    for number in 0..MAX_FOLLOWED_MESSAGES {
        let (_, request) = send(&mut fixture);
        accept(&mut fixture, &request, &format!("m{number}"));
    }
    fixture.events.clear();
    let (ticket, request) = send(&mut fixture);
    accept(&mut fixture, &request, "last");
    fixture.expect_reply(ticket).expect("accepted");
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, .. }) => assert_eq!(ticket, Ticket(1)),
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.session.stats().messages, MAX_FOLLOWED_MESSAGES);
}

/// Lets time pass on a connection that stays alive.
fn idle(fixture: &mut Fixture, seconds: u32) {
    for _ in 0..seconds {
        fixture.pass(SECOND);
        fixture.session.handle_frame(fixture.now, Frame::Ping);
    }
}

#[test]
fn a_message_whose_last_state_was_missed_is_given_up_five_minutes_after_the_gap() {
    let mut fixture = Fixture::ready();
    let tickets = ["silent", "heard of", "later"].map(|id| {
        if id == "later" {
            fixture.disconnected();
            fixture.reconnect("proto-1", true);
        }
        let (ticket, request) = send(&mut fixture);
        accept(&mut fixture, &request, id);
        fixture.expect_reply(ticket).expect("accepted");
        ticket
    });
    idle(&mut fixture, 299);
    state(&mut fixture, "heard of", "sent");
    assert_eq!(update(&mut fixture).ticket, tickets[1]);
    // Another gap does not put it off.
    fixture.disconnected();
    fixture.reconnect("proto-1", true);
    fixture.expect_quiet();
    fixture.pass(2 * SECOND);
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket, error: Error::ConnectionLost(_) }) => {
            assert_eq!(ticket, tickets[0]);
        }
        other => panic!("{other:?}"),
    }
    fixture.expect_quiet();
    state(&mut fixture, "heard of", "delivered");
    assert!(update(&mut fixture).ended);
    fixture.pass(300 * SECOND);
    assert!(
        matches!(fixture.events.pop_front(), Some(SessionEvent::OperationFailed { ticket, .. }) if ticket == tickets[2])
    );
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn a_message_that_comes_in_again_is_not_told_of_again() {
    let mut fixture = Fixture::ready();
    let receive = |fixture: &mut Fixture, id: &str| {
        fixture.event("messaging.receive", json!({"message_id": id, "body": "Hi"}));
        fixture.events.drain(..).filter(|event| matches!(event, SessionEvent::Other(_))).count()
    };
    assert_eq!((receive(&mut fixture, "m1"), receive(&mut fixture, "m2")), (1, 1));
    assert_eq!((receive(&mut fixture, "m1"), receive(&mut fixture, "m2")), (0, 0));
    assert_eq!(fixture.notices, ["m1", "m2"].map(|id| Notice::MessageRepeated(id.into())));
    // What was not acknowledged in time comes again after the session was resumed, or even on the next.
    for (protocol, resumed) in [("proto-1", true), ("proto-2", false)] {
        fixture.disconnected();
        fixture.reconnect(protocol, resumed);
        assert_eq!(receive(&mut fixture, "m1"), 0);
    }
    // Those without a name cannot be told apart.
    assert_eq!((receive(&mut fixture, ""), receive(&mut fixture, "")), (1, 1));
}

#[test]
fn a_message_of_the_same_name_takes_the_place_of_another() {
    let mut fixture = Fixture::ready();
    let send = |fixture: &mut Fixture| {
        let ticket = fixture.command(raw("messaging.send", MESSAGE));
        let request = fixture.expect_sent_among_others("messaging.send");
        fixture.reply(&request, json!({"code": "200", "message_id": "m1"}));
        fixture.expect_reply(ticket).expect("accepted");
        ticket
    };
    let first = send(&mut fixture);
    let second = send(&mut fixture);
    assert!(
        matches!(fixture.events.pop_front(), Some(SessionEvent::OperationFailed { ticket, .. }) if ticket == first),
        "nobody waits for it for ever"
    );
    state(&mut fixture, "m1", "delivered");
    assert_eq!(update(&mut fixture).ticket, second);
}

#[test]
fn a_message_that_is_accepted_without_an_id_says_so() {
    let mut fixture = Fixture::ready();
    let (ticket, request) = send(&mut fixture);
    fixture.ok(&request);
    fixture.expect_reply(ticket).expect("the service has accepted it");
    match fixture.events.pop_front() {
        Some(SessionEvent::OperationFailed { ticket: own, error: error @ Error::NotFollowed(_) }) => {
            assert_eq!((own, error.certainty()), (ticket, Certainty::Unknown));
            assert_eq!(
                error.to_string(),
                "the service accepted messaging.send and gave it no id: its outcome cannot be followed"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.session.stats(), Stats::default());
}

#[test]
fn what_is_empty_is_not_sent_with_a_message() {
    let config = config().max_connections(usize::MAX);
    let (client, mut state) = signalwire_relay_core::ClientState::new(&config, 7).expect("usable");
    let now = epoch();
    state.connect(now);
    let mut sent = std::collections::VecDeque::new();
    let mut run = |state: &mut signalwire_relay_core::ClientState| {
        loop {
            match state.poll_output(now, std::task::Waker::noop()) {
                ClientOutput::Io(Io::Send(text)) => {
                    sent.push_back(serde_json::from_str::<Value>(&text).expect("JSON"));
                }
                ClientOutput::Io(Io::Wait(_)) => return sent.pop_front(),
                _ => {}
            }
        }
    };
    run(&mut state);
    state.handle_connected(now);
    let login = run(&mut state).expect("the credentials");
    let reply = json!({"id": login["id"], "result": {"protocol": "proto-1"}}).to_string();
    state.handle_frame(now, Frame::Text(&reply));
    let text = || client.send_message("+15551110000", "+15552220000");
    let mut params = |request: Request<SendMessage>| {
        let mut response = request.into_future();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(std::pin::pin!(&mut response).poll(&mut context).is_pending());
        let mut params = run(&mut state).expect("it is sent")["params"].take();
        for given in ["to_number", "from_number"] {
            params.as_object_mut().expect("an object").remove(given);
        }
        params
    };
    let with_text = text().body("Hi").media(Vec::new()).tag("").tags(Vec::new()).context("").region("");
    assert_eq!(params(with_text), json!({"body": "Hi", "context": "proto-1"}));
    let url = "https://example.com/cat.png".to_owned();
    let with_media = text().body("").media(vec![url.clone()]).param("x", "");
    assert_eq!(
        params(with_media),
        json!({"media": [url], "context": "proto-1", "x": ""}),
        "raw parameters stay"
    );
}
