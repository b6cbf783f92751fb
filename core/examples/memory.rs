//! How much resident memory a client needs for each live call, with a handle held and a play running on it.
//!
//! `cargo run --release -p signalwire-relay-core --example memory` (Linux)

use std::fs;
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use serde_json::{Value, json};
use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{Client, ClientOutput, ClientState, Config, Io};

const CALLS: usize = 20_000;

struct Bench {
    client: Client,
    driver: ClientState,
    now: Instant,
}

impl Bench {
    /// Lets the driver do its work and answers what it asks.
    fn settle(&mut self) {
        loop {
            match self.driver.poll_output(self.now, Waker::noop()) {
                ClientOutput::Io(Io::Send(text)) => {
                    let request: Value = serde_json::from_str(&text).expect("frames are JSON");
                    if request.get("method").is_some() {
                        let reply = json!({"id": request["id"], "result": {"code": "200", "protocol": "s"}});
                        self.receive(&reply);
                    }
                }
                ClientOutput::Io(Io::Open(_)) => self.driver.handle_connected(self.now),
                ClientOutput::Io(Io::Wait(_)) => return,
                _ => {}
            }
        }
    }

    fn receive(&mut self, frame: &Value) {
        self.driver.handle_frame(self.now, Frame::Text(&frame.to_string()));
    }

    fn finish<F: IntoFuture>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future.into_future());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            self.settle();
        }
    }
}

fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages: usize =
        status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("statm has two fields");
    pages * 4096
}

fn main() {
    let config = Config::new().project("p").token("t").max_active_calls(usize::MAX);
    let (client, driver) = ClientState::new(&config, 1).expect("the settings are usable");
    let mut bench = Bench { client, driver, now: Instant::now() };
    bench.driver.connect(bench.now);
    bench.settle();
    let mut held = Vec::with_capacity(CALLS);
    let before = resident();
    for number in 0..CALLS {
        bench.receive(&json!({"id": number, "method": "signalwire.event", "params": {
            "event_type": "calling.call.receive", "params": {
                "call_id": format!("3a1b4c5d-0000-4000-8000-{number:012}"), "context": "office",
                "node_id": "8b0f7f5a-3c6d-4f5e-9d2b-6a1c0e4f7b21@us-west", "call_state": "created",
                "direction": "inbound", "segment_id": "3a1b4c5d-0000-4000-8000-000000000000",
                "device": {"type": "phone", "params": {"from_number": "+15551110000", "to_number": "+15552220000"}}}}}));
        bench.settle();
        let mut calls = bench.client.incoming_calls();
        let call = bench.finish(Box::pin(async move { calls.next().await })).expect("the client is open");
        bench.finish(call.answer()).expect("accepted");
        let play = bench.finish(call.play_tts("Hello")).expect("accepted");
        held.push((call, play));
    }
    let after = resident();
    println!("{CALLS} live calls, each with a handle and a running play");
    println!("{} bytes of resident memory for each", (after - before) / CALLS);
}
