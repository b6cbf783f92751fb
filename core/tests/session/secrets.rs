//! What the service gives back is not printed.

use serde_json::json;
use signalwire_relay_core::session::{SessionEvent, Target};
use signalwire_relay_core::{Error, Event};

use crate::fixture::{Fixture, MESSAGE, config, offer, raw};

#[test]
fn former_authorization_states_are_struck_out_too() {
    let mut fixture = Fixture::ready();
    for state in ["sentinel-1", "sentinel-2"] {
        fixture.event("signalwire.authorization.state", json!({ "authorization_state": state }));
    }
    fixture.sent.clear();
    // The session is forgotten, and with it the state to resume it with.
    fixture.receive_json(&json!({"id": "d", "method": "signalwire.disconnect", "params": {"restart": true}}));
    fixture.session.handle_disconnected(fixture.now, "closed: neither sentinel-1 nor sentinel-2");
    fixture.drain();
    let last = format!("{:?} {}", fixture.states, fixture.states.last().expect("one"));
    assert!(last.contains("neither *** nor ***") && !last.contains("sentinel"), "{last}");
}

#[test]
fn the_text_of_error_events_is_without_secrets() {
    let mut fixture = Fixture::ready();
    fixture.event(
        "calling.error",
        json!({"code": "500", "message": "PT-secret is odd", "description": "as is PT-secret"}),
    );
    let Some(SessionEvent::Other(event)) = fixture.events.pop_front() else { panic!("{:?}", fixture.events) };
    let printed = format!("{event:?}");
    assert!(printed.contains("*** is odd") && !printed.contains("PT-secret"), "{printed}");

    for (error, text) in [
        (json!("PT-secret is odd"), "*** is odd"),
        (json!({"code": "PT-secret", "message": "PT-secret is odd"}), "*** is odd"),
        (json!({"message": {"detail": 1}, "error": {"reason": "PT-secret is odd"}}), "*** is odd"),
        (json!({"PT-secret": ["PT-secret", {"more": "PT-secret"}]}), "PT-secret"),
    ] {
        let params = json!({"error": error, "fatal": true, "code": "PT-secret", "description": "PT-secret"});
        fixture.event("calling.error", params);
        let Some(SessionEvent::Other(event)) = fixture.events.pop_front() else {
            panic!("{:?}", fixture.events)
        };
        let Event::Error(event) = &*event else { panic!("{event:?}") };
        let printed = format!("{event} {event:?} {} {}", event.error(), event.text());
        assert!(!printed.contains("PT-secret"), "{printed}");
        assert!(event.text() == text || text.contains("PT-"), "{printed}");
    }
}

#[test]
fn texts_of_ai_features_are_without_secrets() {
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    fixture.event("calling.ai.warning", json!({"call_id": "c1", "error": "not with PT-secret"}));
    let report =
        json!({"type": "error", "error_reason": "not with PT-secret", "detail": "not with PT-secret"});
    fixture.event("calling.ai.sidecar", json!({"call_id": "c1", "sidecar_event": report}));
    let printed = format!("{:?}", fixture.events);
    assert_eq!(printed.matches("not with ***").count(), 3, "{printed}");
    assert!(!printed.contains("PT-secret"), "{printed}");
}

#[test]
fn reasons_that_the_service_gives_are_without_secrets() {
    let mut fixture = Fixture::ready();
    let reason = "not with PT-secret";
    fixture.offer("c1");
    fixture.event(
        "calling.call.connect",
        json!({"call_id": "c1", "connect_state": "failed", "failed_reason": reason}),
    );
    fixture.event("calling.call.dial", json!({"tag": "t", "dial_state": "failed", "reason": reason}));
    let state = json!({"message_id": "m", "message_state": "failed", "reason": reason});
    fixture.event("messaging.state", state);
    assert_eq!(fixture.events.len(), 3);
    let printed = format!("{:?}", fixture.events);
    assert_eq!(printed.matches("not with ***").count(), 3, "{printed}");
    assert!(!printed.contains("PT-secret"), "{printed}");
}

#[test]
fn payloads_and_projects_are_not_printed() {
    let mut fixture = Fixture::ready();
    let ticket = fixture.command(raw("x.y", Target::Service));
    let request = fixture.expect_sent("x.y");
    fixture.reply(&request, json!({"code": "200", "echo": "PT-secret"}));
    let reply = fixture.expect_reply(ticket).expect("accepted");
    assert_eq!(reply.value()["echo"], "PT-secret", "it is there, if asked for");
    assert!(!format!("{reply:?}").contains("PT-secret"));

    let mut call = offer("c1");
    call["project_id"] = json!("PT-project");
    fixture.event("calling.call.receive", call.clone());
    let Some(SessionEvent::Offered(info)) = fixture.events.pop_front() else {
        panic!("{:?}", fixture.events)
    };
    assert_eq!(info.project_id, "PT-project");
    assert!(!format!("{info:?}").contains("PT-project"));
    fixture.event("x.unheard_of", json!({"project_id": "PT-project", "token": "PT-secret"}));
    let printed = format!("{:?} {:?}", fixture.events, fixture.session);
    assert!(!printed.contains("PT-"), "{printed}");
}

#[test]
fn the_explanation_of_a_refusal_is_without_secrets_and_not_printed() {
    let mut fixture = Fixture::ready();
    let ticket = fixture.command(raw("messaging.send", MESSAGE));
    let request = fixture.expect_sent("messaging.send");
    fixture.reply(
        &request,
        json!({"code": "400", "message": "No", "data": {"PT-secret": ["not PT-secret"], "to": ["+15550001 is odd"]},
            "message_data": [{"to": "+15550001", "errors": ["PT-secret"]}], "errors": [[{"a": "PT-secret"}], null, 7]}),
    );
    let Err(Error::ServiceError(refused)) = fixture.expect_reply(ticket) else {
        panic!("{:?}", fixture.events)
    };
    assert_eq!(refused.data(), &json!({"***": ["not ***"], "to": ["+15550001 is odd"]}));
    assert_eq!(refused.errors(), &json!([[{"a": "***"}], null, 7]));
    assert_eq!(refused.destinations()[0].errors[0].message, "***");
    assert_eq!(refused.to_string(), "the service refused messaging.send: No (code 400); ***: not ***");
    assert!(!format!("{refused:?}").contains("+1555"), "{refused:?}");
}

#[test]
fn nothing_that_is_printed_shows_what_is_sent() {
    let mut fixture = Fixture::new(&config());
    fixture.session.handle_connected(fixture.now);
    assert!(!format!("{:?}", fixture.session).contains("PT-secret"));
    let printed = format!(
        "{:?} {:?} {:?}",
        fixture.session.poll_output(),
        fixture.session.poll_output(),
        fixture.session
    );
    assert!(!printed.contains("PT-secret"), "{printed}");
    fixture.session.handle_disconnected(fixture.now, "closed: PT-secret of p-1 is not welcome");
    fixture.drain();
    assert!(!format!("{:?}", fixture.states).contains("PT-secret"));
}

#[test]
fn a_secret_that_is_escaped_in_what_is_no_text_is_struck_out_too() {
    let config = config().token("PT/sec\"ret");
    let mut fixture = Fixture::new(&config);
    fixture.connected();
    let request = fixture.expect_sent("signalwire.connect");
    let id = &request["id"];
    fixture.receive(&format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32002,"message":{{"given":"PT\/sec\"ret"}}}}}}"#
    ));
    let printed = format!("{:?} {:?} {:?}", fixture.events, fixture.states, fixture.notices);
    assert!(printed.contains("***"), "{printed}");
    assert!(!printed.contains("sec"), "{printed}");
}
