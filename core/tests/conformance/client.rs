//! Requests of the client: messages, contexts, credentials.

use serde_json::{Value, json};
use signalwire_relay_core::Credentials;

use crate::wire::{HOOK, Wire, check_sent};

#[test]
pub(crate) fn requests_of_the_client() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let (to, from) = ("+15551110000", "+15552220000");
    check_sent(
        &wire.send(client.send_message(to, from).body("Hi")).0,
        "messaging.send",
        &json!({"to_number": to, "from_number": from, "context": "proto", "body": "Hi"}),
    );
    let full = client
        .send_message(to, from)
        .context("office")
        .body("Hi")
        .media(["https://x/a.png".to_owned()])
        .tags(["vip".to_owned()])
        .region("us");
    check_sent(
        &wire.send(full).0,
        "messaging.send",
        &json!({"to_number": to, "from_number": from, "context": "office", "body": "Hi",
            "media": ["https://x/a.png"], "tags": ["vip"], "region": "us"}),
    );
    check_sent(
        &wire.send(client.receive(["a", "b"])).0,
        "signalwire.receive",
        &json!({"contexts": ["a", "b"]}),
    );
    check_sent(&wire.send(client.unreceive(["a"])).0, "signalwire.unreceive", &json!({"contexts": ["a"]}));
    check_sent(
        &wire.send(client.execute("signalwire.ping", json!({"payload": "p"}))).0,
        "signalwire.ping",
        &json!({"payload": "p"}),
    );
}

#[test]
pub(crate) fn new_credentials() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let token = Credentials::Token { project: "p".into(), token: "t2".into() };
    let (frame, _) = wire.send(client.reauthenticate(token));
    check_sent(
        &frame,
        "signalwire.reauthenticate",
        &json!({"authentication": {"project": "p", "token": "t2"}}),
    );
    let (frame, _) = wire.send(client.reauthenticate(Credentials::Jwt("j".into())).dpop_token("d"));
    check_sent(
        &frame,
        "signalwire.reauthenticate",
        &json!({"authentication": {"jwt_token": "j"}, "dpop_token": "d"}),
    );
    let (frame, result) = wire.send(client.reauthenticate(Credentials::Jwt("".into())));
    assert_eq!(frame, Value::Null, "nothing was sent");
    result.expect_err("a token is not empty");
}

#[test]
pub(crate) fn messages_that_one_description_of_the_service_allows_are_sent() {
    let mut wire = Wire::new();
    let client = wire.client.clone();
    let to = "+15551110000";
    let mut sent = |request, params: Value| check_sent(&wire.begin(request), "messaging.send", &params);
    sent(
        client.send_message(to, "24680").body("Hi"),
        json!({"to_number": to, "from_number": "24680", "context": "proto", "body": "Hi"}),
    );
    sent(
        client
            .send_message("whatsapp:+1555", to)
            .context("x")
            .template_id("tpl")
            .header_template_parameters("https://x/a.png")
            .body_template_parameters(json!({"name": "Ada"}))
            .button_template_parameters(json!(["yes"]))
            .tag("order-81")
            .status_callback(HOOK),
        json!({"to_number": "whatsapp:+1555", "from_number": to, "context": "x", "template_id": "tpl",
            "header_template_parameters": "https://x/a.png", "body_template_parameters": {"name": "Ada"},
            "button_template_parameters": ["yes"], "tag": "order-81", "status_callback": HOOK}),
    );
    sent(
        client.send_message(to, to).context("x").message_type("whatsapp_media_location").send_as_mms(true),
        json!({"to_number": to, "from_number": to, "context": "x", "message_type": "whatsapp_media_location",
            "send_as_mms": true}),
    );
    // A member without a setter may complete the message.
    let message = client.send_message(to, to).context("x").param("location", json!([1, 2]));
    assert_eq!(
        wire.begin(message)["params"],
        json!({"to_number": to, "from_number": to, "context": "x", "location": [1, 2]})
    );
}
