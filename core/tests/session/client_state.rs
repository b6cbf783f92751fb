//! The driver, when frames and handles cross.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Instant;

use serde_json::{Value, json};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Client, ClientOutput, ClientState, Io, phone};

use crate::fixture::{config, epoch};

struct Cab {
    driver: ClientState,
    now: Instant,
}

impl Cab {
    /// A client that is connected, and its driver.
    fn ready() -> (Client, Self) {
        let config = config().max_connections(usize::MAX);
        let (client, mut driver) = ClientState::new(&config, 7).expect("the settings are usable");
        let now = epoch();
        driver.connect(now);
        let mut cab = Self { driver, now };
        cab.drain();
        cab.driver.handle_connected(now);
        let credentials = cab.drain().remove(0);
        cab.receive(&json!({"id": credentials["id"], "result": {"protocol": "p"}}));
        cab.drain();
        (client, cab)
    }

    fn receive(&mut self, frame: &Value) {
        self.driver.handle_frame(self.now, Frame::Text(&frame.to_string()));
    }

    fn event(&mut self, event_type: &str, params: &Value) {
        let params = json!({"event_type": event_type, "params": params});
        self.receive(&json!({"id": "e", "method": "signalwire.event", "params": params}));
    }

    /// The requests that are sent before the driver waits, or has finished.
    fn drain(&mut self) -> Vec<Value> {
        let mut sent = Vec::new();
        loop {
            match self.driver.poll_output(self.now, Waker::noop()) {
                ClientOutput::Io(Io::Send(text)) => sent.push(serde_json::from_str(&text).expect("JSON")),
                ClientOutput::Io(Io::Wait(_)) | ClientOutput::Finished => break,
                _ => {}
            }
        }
        sent.retain(|frame: &Value| frame.get("method").is_some());
        sent
    }
}

/// A dial that was dropped while it rang, and the winner of it, in the order in which the driver is told.
fn answered_while_dropped(close_first: bool) -> Vec<Value> {
    let (client, mut cab) = Cab::ready();
    let mut dial = Box::pin(client.dial(phone("+15553330001")).tag("t").into_future());
    assert!(pin!(&mut dial).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let request = cab.drain().remove(0);
    cab.receive(&json!({"id": request["id"], "result": {"code": "200"}}));
    cab.drain();
    if close_first {
        client.disconnect();
    }
    drop((client, dial));
    let winner = json!({"call_id": "c-1", "node_id": "n-1"});
    cab.event("calling.call.dial", &json!({"tag": "t", "dial_state": "answered", "call": winner}));
    cab.drain()
}

#[test]
fn a_callee_who_answers_while_the_last_handle_is_dropped_is_hung_up() {
    for close_first in [false, true] {
        let sent = answered_while_dropped(close_first);
        let ended = |frame: &Value| frame["method"] == "calling.end" && frame["params"]["call_id"] == "c-1";
        assert!(sent.iter().any(ended), "{close_first}: {sent:?}");
    }
}
