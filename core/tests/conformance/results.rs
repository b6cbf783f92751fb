//! What is read of the results of requests.

use serde_json::{Value, json};
use signalwire_relay_core::calling::Method;
use signalwire_relay_core::{Call, Client, Credentials, Error, Request, phone, rtp};

use crate::evidence;
use crate::wire::Wire;

/// What comes of a request on a call that is answered with this result.
fn answered<M: Method>(
    request: impl FnOnce(&Call) -> Request<M>,
    result: &Value,
) -> Result<M::Output, Error> {
    let mut wire = Wire::new();
    wire.reply(result.clone());
    let request = request(wire.call.as_ref().expect("there is a call"));
    wire.send(request).1
}

/// The same for a request of the client.
fn answered_to_client<M: Method>(
    request: impl FnOnce(&Client) -> Request<M>,
    result: &Value,
) -> Result<M::Output, Error> {
    let mut wire = Wire::new();
    wire.reply(result.clone());
    let request = request(&wire.client);
    wire.send(request).1
}

#[test]
pub(crate) fn urls_and_addresses() {
    let full = json!({"code": "200", "message": "Recording", "call_id": "c", "control_id": "k", "url": "https://x/r.mp3"});
    let read =
        |result: &Value| answered(Call::record, result).expect("accepted").reply().value()["url"].clone();
    assert_eq!(read(&full), "https://x/r.mp3");
    evidence::read("result calling.record", &full, read);
    let full = json!({"code": "200", "message": "Transcribing", "url": "recordings/7.wav"});
    let read =
        |result: &Value| answered(Call::transcribe, result).expect("accepted").reply().value()["url"].clone();
    assert_eq!(read(&full), "recordings/7.wav");
    evidence::read("result calling.transcribe", &full, read);
    let full = json!({"code": "200", "source_device": {"type": "rtp", "params": {"addr": "203.0.113.7", "port": 9,
        "codec": "PCMU", "ptime": 20, "rate": 8000}}});
    let read = |result: &Value| {
        let tap = answered(|call| call.tap("both", rtp("203.0.113.9", 4000)), result).expect("accepted");
        tap.reply().value()["source_device"].clone()
    };
    assert_eq!(read(&full)["params"]["rate"], 8000);
    evidence::read("result calling.tap", &full, read);
    let socket = json!({"code": "200", "source_device": {"type": "ws", "params": {"addr": "203.0.113.7", "port": 9,
        "codec": "PCMU", "ptime": 20, "rate": 8000}}});
    evidence::read("result calling.tap", &socket, read);
}

#[test]
pub(crate) fn ids() {
    let full = json!({"code": "200", "call_id": "c", "conference_id": "f"});
    let read = |result: &Value| {
        answered(|call| call.join_conference("standup"), result).expect("accepted").conference_id.clone()
    };
    assert_eq!(read(&full).as_deref(), Some("f"));
    evidence::read("result calling.join_conference", &full, read);
    let full = json!({"code": "200", "message_id": "m"});
    let read = |result: &Value| {
        let sent = answered_to_client(|client| client.send_message("+1555", "+1556").body("Hi"), result);
        sent.expect("accepted").id().to_string()
    };
    assert_eq!(read(&full), "m");
    evidence::read("result messaging.send", &full, read);
    let full = json!({"code": "200", "call_id": "c-2", "node_id": "n-2"});
    let read = |result: &Value| {
        let begun =
            answered_to_client(|client| client.begin(phone("+15551000001")), result).expect("accepted");
        format!("{begun:?}")
    };
    assert!(read(&full).contains("c-2") && read(&full).contains("n-2"));
    evidence::read("result calling.begin", &full, read);
}

#[test]
pub(crate) fn sidecars() {
    let asked = |result: &Value| {
        let mut wire = Wire::new();
        let (_, sidecar) = wire.send(wire.call.clone().expect("there is a call").ai_sidecar("en-US"));
        wire.reply(result.clone());
        let asked = wire.send(sidecar.expect("accepted").ask("Upset?")).1.expect("accepted");
        asked.id().cloned()
    };
    let full = json!({"code": "200", "message": "queued", "call_id": "c", "ask_id": "a-3"});
    assert_eq!(asked(&full), Some("a-3".into()));
    evidence::read("result calling.ai_sidecar.ask", &full, asked);
    let status = |result: &Value| {
        let mut wire = Wire::new();
        let (_, sidecar) = wire.send(wire.call.clone().expect("there is a call").ai_sidecar("en-US"));
        wire.reply(result.clone());
        wire.send(sidecar.expect("accepted").status()).1.expect("accepted")
    };
    let full = json!({"code": "200", "message": "+OK running=1 ticks=2"});
    assert_eq!(status(&full).ticks, Some(2));
    evidence::read("result calling.ai_sidecar.status", &full, status);
}

/// All that a refusal tells.
fn refused(result: &Value) -> String {
    match answered(|call| call.connect(phone("+15551000001")), result) {
        Err(Error::ServiceError(refused)) => format!(
            "{} {} {} {} {:?} {:?}",
            refused.code,
            refused.message,
            refused.data(),
            refused.message_data(),
            refused.destinations(),
            refused.fields()
        ),
        Err(other) => panic!("{other}"),
        Ok(_) => "accepted".to_owned(),
    }
}

#[test]
pub(crate) fn refusals() {
    let full = json!({"code": "400", "message": "Some destinations were refused", "data": {"media": ["too many items"]},
        "message_data": [{"from": "+15550000", "to": "+1555", "errors": [{"code": "400", "message": "too short"}]}],
        "errors": {"body": ["missing"]}});
    let told = refused(&full);
    for part in ["400", "Some destinations", "too many items", "+15550000", "too short", "missing"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    evidence::read("object result", &full, refused);
    evidence::read("object result", &json!({"code": "400", "message_data": {"note": "no"}}), refused);
    assert_eq!(refused(&json!({"message": "no code"})), "accepted", "a result without a code is success");
    evidence::ignored("object result", &json!({"call_id": "c", "control_id": "k"}), refused);
}

#[test]
pub(crate) fn errors() {
    let told = |error: &Value| {
        let mut wire = Wire::new();
        wire.fail(error.clone());
        let request = wire.call.clone().expect("there is a call").denoise();
        match wire.send(request).1 {
            Err(Error::ServiceError(refused)) => {
                format!("{} {} {}", refused.code, refused.message, refused.data())
            }
            other => panic!("{other:?}"),
        }
    };
    let full = json!({"code": -32602, "message": "Invalid params", "data": {"signalwire_error_code": "AUTH_REQUIRED"}});
    assert_eq!(told(&full), r#"-32602 Invalid params {"signalwire_error_code":"AUTH_REQUIRED"}"#);
    evidence::read("object error", &full, told);
    assert_eq!(told(&json!("broken")), "-1 broken null");
}

#[test]
pub(crate) fn requests_of_older_clients() {
    let full = json!({"requester_nodeid": "n-1", "responder_nodeid": "n-2", "result": {"code": "200"}});
    let read = |result: &Value| {
        answered_to_client(|client| client.legacy_execute("p", "x.y", json!({})), result).expect("accepted")
    };
    assert_eq!(read(&full), full);
    evidence::read("result signalwire.execute", &full, read);
    let credentials = || Credentials::Token { project: "p".into(), token: "t-2".into() };
    let rest = json!({"authentication": "a", "authorization": {"a": 1}, "ice_servers": [1], "result": 1});
    evidence::ignored("result signalwire.reauthenticate", &rest, |result| {
        answered_to_client(|client| client.reauthenticate(credentials()), result).is_ok()
    });
}
