//! What the session costs, beside the bare `serde_json` parse of the same bytes.
//!
//! `cargo bench -p signalwire-relay-core`

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use signalwire_relay_core::calling::Answer;
use signalwire_relay_core::session::{Command, Frame, Io, Output, Session, Target};
use signalwire_relay_core::{CallId, Config, Ticket};

struct Fixture {
    session: Session,
    now: Instant,
    tickets: u64,
}

impl Fixture {
    /// Authenticated, with so many calls, each taken.
    fn new(calls: usize) -> Self {
        let config = Config::new().project("p").token("t").max_active_calls(usize::MAX);
        let session = Session::new(&config, 1).expect("the settings are usable");
        let mut fixture = Self { session, now: Instant::now(), tickets: 0 };
        fixture.session.connect(fixture.now);
        fixture.session.handle_connected(fixture.now);
        let mut id = Value::Null;
        while let Some(frame) = fixture.next_frame() {
            id = serde_json::from_str::<Value>(&frame).expect("frames are JSON")["id"].clone();
        }
        fixture.receive(&json!({"id": id, "result": {"protocol": "s"}}).to_string());
        for number in 0..calls {
            fixture.receive(&event(&json!({"event_type": "calling.call.receive", "params": {
                "call_id": call_id(number), "node_id": "n-1", "context": "office", "call_state": "created",
                "direction": "inbound", "device": {"type": "phone", "params":
                    {"from_number": "+15551110000", "to_number": "+15552220000"}}}})));
            fixture.session.take(&CallId::from(&*call_id(number)));
        }
        fixture
    }

    fn next_frame(&mut self) -> Option<String> {
        loop {
            match self.session.poll_output() {
                Output::Io(Io::Send(frame)) => return Some(frame),
                Output::Io(Io::Wait(_)) => return None,
                output => drop(black_box(output)),
            }
        }
    }

    fn receive(&mut self, text: &str) {
        self.session.handle_frame(self.now, Frame::Text(text));
        while self.next_frame().is_some() {}
    }

    /// Has a request sent, and gives its frame.
    fn request(&mut self, call_id: &CallId) -> String {
        self.tickets += 1;
        let command = Command::new(&Answer::default(), Target::Call(call_id.clone())).expect("no parameters");
        self.session.command(self.now, Ticket(self.tickets), command);
        self.next_frame().expect("the session is connected")
    }
}

fn call_id(number: usize) -> String {
    format!("3a1b4c5d-0000-4000-8000-{number:012}")
}

fn event(params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": "7e9a5c1e-1d0b-4a52-9b9d-2f0a6b7f3c11", "method": "signalwire.event",
        "params": params})
    .to_string()
}

/// An event of a running play, as the service writes it.
fn play_event(call: usize) -> String {
    event(
        &json!({"event_type": "calling.call.play", "timestamp": 1_735_689_600.25, "event_channel": "relay:demo",
        "project_id": "5f0c2b5e-8d1b-4c7a-9a0e-0b1f6d7e8a90", "space_id": "0d6b3a54-1f5e-4d0c-8f6e-2c9b1a7d4e33",
        "params": {"node_id": "8b0f7f5a-3c6d-4f5e-9d2b-6a1c0e4f7b21@us-west", "call_id": call_id(call),
            "control_id": "c2f8f3a0-6a8e-4a0f-8f0d-7d3b1e5a9c44", "state": "playing"}}),
    )
}

fn reply_to(request: &str) -> String {
    let request: Value = serde_json::from_str(request).expect("frames are JSON");
    json!({"jsonrpc": "2.0", "id": request["id"], "result": {"code": "200", "message": "Answered"}})
        .to_string()
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("event in, acknowledgement out");
    for calls in [1, 10_000] {
        let mut fixture = Fixture::new(calls);
        let text = play_event(calls / 2);
        group.bench_function(format!("session with {calls} calls"), |b| {
            b.iter(|| fixture.receive(black_box(&text)));
        });
    }
    let text = play_event(0);
    group.bench_function("bare serde_json", |b| b.iter(|| serde_json::from_str::<Value>(black_box(&text))));
    group.finish();

    let mut group = c.benchmark_group("reply in");
    for calls in [1, 10_000] {
        let mut fixture = Fixture::new(calls);
        let id = CallId::from(&*call_id(calls / 2));
        let cell = std::cell::RefCell::new(&mut fixture);
        group.bench_function(format!("session with {calls} calls"), |b| {
            b.iter_batched(
                || reply_to(&cell.borrow_mut().request(&id)),
                |text| cell.borrow_mut().receive(black_box(&text)),
                BatchSize::SmallInput,
            );
        });
    }
    let text = json!({"jsonrpc": "2.0", "id": "7e9a5c1e-1d0b-4a52-9b9d-2f0a6b7f3c11",
        "result": {"code": "200", "message": "Answered"}})
    .to_string();
    group.bench_function("bare serde_json", |b| b.iter(|| serde_json::from_str::<Value>(black_box(&text))));
    group.finish();

    let mut group = c.benchmark_group("request out");
    for calls in [1, 10_000] {
        let id = CallId::from(&*call_id(calls / 2));
        let mut fixture = Fixture::new(calls);
        group.bench_function(format!("session with {calls} calls"), |b| {
            // Answered in between, off the clock, so that the books stay as they are in life.
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                let mut left = rounds;
                while left > 0 {
                    let batch = left.min(64);
                    let began = Instant::now();
                    let requests: Vec<_> = (0..batch).map(|_| fixture.request(black_box(&id))).collect();
                    spent += began.elapsed();
                    for request in &requests {
                        fixture.receive(&reply_to(request));
                    }
                    left -= batch;
                }
                spent
            });
        });
    }
    let text = Fixture::new(1).request(&CallId::from(&*call_id(0)));
    group.bench_function("bare serde_json", |b| b.iter(|| serde_json::from_str::<Value>(black_box(&text))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
