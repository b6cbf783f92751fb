//! A socket that takes nothing.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use serde_json::{Value, json};
use signalwire_relay_core::adapter::{
    Driver, MAX_UNSENT_FRAMES, MAX_UNSENT_WHILE_READING, Opening, Runtime, Socket,
};
use signalwire_relay_core::session::{ConnectionState, Frame};
use signalwire_relay_core::{Certainty, ClientState, Endpoint, Error, Task};

/// The other side of a socket.
#[derive(Default)]
struct Far {
    /// Whether it reads.
    stuck: bool,
    sent: VecDeque<String>,
    arriving: VecDeque<String>,
}

#[derive(Clone, Default)]
struct Near(Arc<Mutex<Far>>);

impl Near {
    fn far(&self) -> MutexGuard<'_, Far> {
        self.0.lock().expect("nobody panicked")
    }
}

impl Socket for Near {
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        if self.far().stuck { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn start_send(&mut self, text: String) -> Result<(), String> {
        self.far().sent.push_back(text);
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
        Poll::Ready(Ok(()))
    }

    fn poll_frame(
        &mut self,
        _: &mut Context<'_>,
        deliver: &mut dyn FnMut(Frame<'_>),
    ) -> Poll<Result<(), String>> {
        let Some(text) = self.far().arriving.pop_front() else { return Poll::Pending };
        deliver(Frame::Text(&text));
        Poll::Ready(Ok(()))
    }
}

impl Runtime for Near {
    type Socket = Self;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn open(&mut self, _: Endpoint) -> Opening<Self> {
        let socket = self.clone();
        Box::pin(async move { Ok(socket) })
    }

    fn poll_deadline(&mut self, _: &mut Context<'_>, _: Option<Instant>) -> Poll<()> {
        Poll::Pending
    }

    fn spawn(&mut self, _: Task) {}

    fn close(&mut self, _: Self, _: VecDeque<String>) {}

    fn poll_tasks(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn leave_tasks(&mut self) -> usize {
        0
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls until there is nothing left to do.
fn run(driver: &mut Driver<Near>) {
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(flag.clone());
    while flag.0.swap(false, Ordering::SeqCst) {
        assert!(Pin::new(&mut *driver).poll(&mut Context::from_waker(&waker)).is_pending());
    }
}

/// A connected client on such a socket.
fn connected() -> (signalwire_relay_core::Client, Driver<Near>, Near) {
    let config = crate::fixture::config().max_connections(usize::MAX);
    let (client, state) = ClientState::new(&config, 7).expect("the settings are usable");
    let near = Near::default();
    let mut driver = Driver::new(state, near.clone());
    run(&mut driver);
    let request = near.far().sent.pop_front().expect("the credentials");
    let request: Value = serde_json::from_str(&request).expect("JSON");
    near.far().arriving.push_back(json!({"id": request["id"], "result": {"protocol": "p"}}).to_string());
    run(&mut driver);
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false });
    (client, driver, near)
}

#[test]
fn a_service_that_does_not_read_is_not_read_from_until_it_does() {
    let (_client, mut driver, near) = connected();
    let pings = 4 * MAX_UNSENT_WHILE_READING;
    near.far().stuck = true;
    near.far()
        .arriving
        .extend((0..pings).map(|id| json!({"id": id, "method": "signalwire.ping"}).to_string()));
    run(&mut driver);
    let left = near.far().arriving.len();
    assert!((pings - MAX_UNSENT_WHILE_READING - 2..pings).contains(&left), "{left} are left to read");
    near.far().stuck = false;
    run(&mut driver);
    let far = near.far();
    assert_eq!((far.arriving.len(), far.sent.len()), (0, pings));
    let answers = far.sent.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    assert!(answers.enumerate().all(|(number, answer)| answer["id"] == number), "in order");
}

#[test]
fn a_service_that_never_reads_costs_its_connection_and_no_more_memory_than_that() {
    let (client, mut driver, near) = connected();
    near.far().stuck = true;
    let requests: Vec<_> = (0..=MAX_UNSENT_FRAMES).map(|_| client.execute("x.y", json!({}))).collect();
    let mut requests: Vec<_> = requests.into_iter().map(IntoFuture::into_future).collect();
    let mut context = Context::from_waker(Waker::noop());
    for some in requests.chunks_mut(100) {
        for request in some {
            assert!(pin!(request).poll(&mut context).is_pending());
        }
        run(&mut driver);
    }
    let state = client.connection_state();
    assert!(
        matches!(&state, ConnectionState::Backoff { reason, .. } if reason.contains("does not read")),
        "{state:?}"
    );
    for request in &mut requests {
        match pin!(request).poll(&mut context) {
            Poll::Ready(Err(error @ Error::ConnectionLost(_))) => {
                assert_eq!(error.certainty(), Certainty::Unknown);
            }
            other => panic!("{other:?}"),
        }
    }
}
