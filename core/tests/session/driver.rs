//! The order of things in a driver, and a socket that takes nothing.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signalwire_relay_core::adapter::{
    Driver, MAX_FRAMES_BEFORE_DEADLINES, MAX_UNSENT_ACKNOWLEDGEMENTS, Opening, Runtime, Socket,
};
use signalwire_relay_core::session::{ConnectionState, Frame, MAX_UNANSWERED_REQUESTS};
use signalwire_relay_core::{
    Certainty, ClientState, Endpoint, Error, Raw, ResponseFuture, Task, TaskPurpose,
};

use crate::fixture::epoch;

/// The other side of a socket, and the clock.
struct Far {
    /// The time. It passes only where a test says so, however long the machine takes.
    now: Instant,
    /// Whether it reads.
    stuck: bool,
    sent: VecDeque<String>,
    arriving: VecDeque<String>,
    /// Has arrived, but the reactor has not looked yet.
    unseen: VecDeque<String>,
    /// The number of times that the reactor was asked to look.
    looks: usize,
    /// Pings that arrive once nothing else does.
    pings: usize,
}

impl Default for Far {
    fn default() -> Self {
        Self {
            now: epoch(),
            stuck: false,
            sent: VecDeque::new(),
            arriving: VecDeque::new(),
            unseen: VecDeque::new(),
            looks: 0,
            pings: 0,
        }
    }
}

#[derive(Clone, Default)]
struct Near(Arc<Mutex<Far>>);

impl Near {
    fn far(&self) -> MutexGuard<'_, Far> {
        self.0.lock().expect("nobody panicked")
    }

    /// Lets time pass.
    fn pass(&self, seconds: u64) {
        self.far().now += Duration::from_secs(seconds);
    }

    /// Accepts the credentials.
    fn accept(&self) {
        let request = self.far().sent.pop_front().expect("the credentials");
        let request: Value = serde_json::from_str(&request).expect("JSON");
        self.far().arriving.push_back(json!({"id": request["id"], "result": {"protocol": "p"}}).to_string());
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
        let mut far = self.far();
        let text = match far.arriving.pop_front() {
            Some(text) => text,
            None if far.pings > 0 => {
                far.pings -= 1;
                r#"{"id":"ping","method":"signalwire.ping"}"#.to_owned()
            }
            None => return Poll::Pending,
        };
        drop(far);
        deliver(Frame::Text(&text));
        Poll::Ready(Ok(()))
    }
}

impl Runtime for Near {
    type Socket = Self;

    fn now(&self) -> Instant {
        self.far().now
    }

    fn open(&mut self, _: Endpoint, _: u32) -> Opening<Self> {
        let socket = self.clone();
        Box::pin(async move { Ok(socket) })
    }

    fn poll_deadline(&mut self, _: &mut Context<'_>, _: Option<Instant>) -> Poll<()> {
        Poll::Pending
    }

    fn poll_reactor(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut far = self.far();
        far.looks += 1;
        // It takes a turn.
        if far.looks % 2 == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let unseen = std::mem::take(&mut far.unseen);
        far.arriving.extend(unseen);
        Poll::Ready(())
    }

    const TASKS_MUST_NOT_BLOCK: bool = false;

    fn needs_thread(&self) -> bool {
        false
    }

    fn spawn(&mut self, _: TaskPurpose, _: Task) {}

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

/// A client that has sent its credentials on such a socket.
fn connecting() -> (signalwire_relay_core::Client, Driver<Near>, Near) {
    let config = crate::fixture::config().max_connections(usize::MAX);
    let (client, state) = ClientState::new(&config, 7).expect("the settings are usable");
    let near = Near::default();
    let mut driver = Driver::new(state, near.clone());
    run(&mut driver);
    (client, driver, near)
}

/// A connected client on such a socket.
fn connected() -> (signalwire_relay_core::Client, Driver<Near>, Near) {
    let (client, mut driver, near) = connecting();
    near.accept();
    run(&mut driver);
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false });
    (client, driver, near)
}

/// A request with a limit of 10 s that was sent, with the answer to it.
fn asked(
    client: &signalwire_relay_core::Client,
    driver: &mut Driver<Near>,
    near: &Near,
) -> (ResponseFuture<Raw>, String) {
    let mut request = client.execute("x.y", json!({})).timeout(Duration::from_secs(10)).into_future();
    assert!(Pin::new(&mut request).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    run(driver);
    let sent: Value = serde_json::from_str(&near.far().sent.pop_front().expect("the request")).expect("JSON");
    (request, json!({"id": sent["id"], "result": {"code": "200"}}).to_string())
}

fn outcome<F: Future + Unpin>(mut future: F) -> F::Output {
    match Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it is pending"),
    }
}

#[test]
fn an_answer_that_has_arrived_goes_before_the_deadline_that_has_passed_meanwhile() {
    let (client, mut driver, near) = connected();
    let (request, answer) = asked(&client, &mut driver, &near);
    near.far().arriving.push_back(answer);
    near.pass(11);
    run(&mut driver);
    assert!(outcome(request).is_ok(), "the answer was there");
}

#[test]
fn a_reactor_that_has_not_looked_yet_looks_before_a_deadline_is_handled() {
    let (client, mut driver, near) = connected();
    let (request, answer) = asked(&client, &mut driver, &near);
    near.far().unseen.push_back(answer);
    near.pass(11);
    run(&mut driver);
    assert!(outcome(request).is_ok(), "the answer was there");
    // A deadline that has really passed is handled after one look.
    let (request, _) = asked(&client, &mut driver, &near);
    near.far().looks = 0;
    near.pass(11);
    run(&mut driver);
    assert!(matches!(outcome(request), Err(Error::TimedOut(_))));
    assert_eq!(near.far().looks, 2);
}

/// What the connection was when a task was woken first: what the task would see if it ran at once, on another thread.
struct AtWake(signalwire_relay_core::Client, Mutex<Option<ConnectionState>>);

impl Wake for AtWake {
    fn wake(self: Arc<Self>) {
        let state = self.0.connection_state();
        self.1.lock().expect("nobody panicked").get_or_insert(state);
    }
}

#[test]
fn a_wait_whose_end_has_arrived_does_not_expire() {
    let (client, mut driver, near) = connecting();
    let mut wait = Box::pin(client.ready().timeout(Duration::from_secs(2)));
    let woken = Arc::new(AtWake(client.clone(), Mutex::default()));
    let waker = Waker::from(woken.clone());
    assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    run(&mut driver);
    near.accept();
    near.pass(3);
    run(&mut driver);
    let seen = woken.1.lock().expect("nobody panicked").take();
    assert_eq!(seen, Some(ConnectionState::Ready { resumed: false }), "the limit came first");
    assert!(outcome(wait).is_ok());
}

#[test]
fn a_socket_that_never_runs_dry_does_not_hold_up_the_clock() {
    let (client, mut driver, near) = connected();
    let (request, _) = asked(&client, &mut driver, &near);
    near.far().pings = 2 * MAX_FRAMES_BEFORE_DEADLINES;
    near.pass(11);
    let mut context = Context::from_waker(Waker::noop());
    let mut request = request;
    let outcome = loop {
        assert!(Pin::new(&mut driver).poll(&mut context).is_pending());
        if let Poll::Ready(outcome) = Pin::new(&mut request).poll(&mut context) {
            break outcome;
        }
    };
    assert!(matches!(outcome, Err(Error::TimedOut(_))));
    let left = near.far().pings;
    assert!(left.abs_diff(MAX_FRAMES_BEFORE_DEADLINES) <= 64, "{left} are left to read");
}

#[test]
fn a_service_that_does_not_read_is_not_read_from_until_it_does() {
    let (_client, mut driver, near) = connected();
    let pings = 4 * MAX_UNSENT_ACKNOWLEDGEMENTS;
    near.far().stuck = true;
    near.far()
        .arriving
        .extend((0..pings).map(|id| json!({"id": id, "method": "signalwire.ping"}).to_string()));
    run(&mut driver);
    let left = near.far().arriving.len();
    assert!((pings - MAX_UNSENT_ACKNOWLEDGEMENTS - 2..pings).contains(&left), "{left} are left to read");
    near.far().stuck = false;
    run(&mut driver);
    let far = near.far();
    assert_eq!((far.arriving.len(), far.sent.len()), (0, pings));
    let answers = far.sent.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    assert!(answers.enumerate().all(|(number, answer)| answer["id"] == number), "in order");
}

/// Asks for something often, and leaves the waker of nobody.
fn ask(
    client: &signalwire_relay_core::Client,
    driver: &mut Driver<Near>,
    times: usize,
) -> Vec<ResponseFuture<Raw>> {
    let mut requests: Vec<_> = (0..times).map(|_| client.execute("x.y", json!({})).into_future()).collect();
    for some in requests.chunks_mut(1000) {
        for request in some {
            assert!(pin!(request).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        run(driver);
    }
    requests
}

#[test]
fn requests_beyond_their_bound_are_refused_and_the_connection_of_a_service_that_does_not_read_stays() {
    let (client, mut driver, near) = connected();
    near.far().stuck = true;
    let requests = ask(&client, &mut driver, MAX_UNANSWERED_REQUESTS);
    let [refused] = ask(&client, &mut driver, 1).try_into().expect("one");
    let error = outcome(refused).expect_err("there is no room");
    assert!(matches!(&error, Error::QueueFull(full) if full.limit == MAX_UNANSWERED_REQUESTS), "{error}");
    assert_eq!(error.certainty(), Certainty::NotSent);
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false });
    // What is not asked any more makes room, for it has not left.
    drop(requests);
    run(&mut driver);
    let requests = ask(&client, &mut driver, 10);
    near.far().stuck = false;
    run(&mut driver);
    assert_eq!(near.far().sent.len(), requests.len(), "what was dropped is not sent");
}

#[test]
fn a_service_that_never_reads_costs_its_connection_once_it_does_not_answer_a_probe() {
    let (client, mut driver, near) = connected();
    let (request, _) = asked(&client, &mut driver, &near);
    near.far().stuck = true;
    let requests = ask(&client, &mut driver, MAX_UNANSWERED_REQUESTS - 1);
    for (seconds, pings) in [(9, 0), (11, 1), (12, 0), (21, 0)] {
        near.far().pings = pings;
        near.far().now = epoch() + Duration::from_secs(seconds);
        assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false });
        run(&mut driver);
    }
    let state = client.connection_state();
    assert!(
        matches!(&state, ConnectionState::Backoff { reason, .. } if reason.contains("probe")),
        "{state:?}"
    );
    assert_eq!(outcome(request).map_err(|error| error.certainty()).err(), Some(Certainty::Unknown));
    for request in requests {
        let error = outcome(request).expect_err("nothing was answered");
        assert!(matches!(error, Error::TimedOut(_)), "{error}");
        assert_eq!(error.certainty(), Certainty::NotSent, "the frame has never left the session");
    }
    assert!(near.far().sent.is_empty());
}

#[test]
fn hang_ups_and_acknowledgements_overtake_what_waits_for_a_service_that_does_not_read() {
    let (client, mut driver, near) = connected();
    let offer = |id: &str| {
        json!({"id": id, "method": "signalwire.event", "params": {"event_type": "calling.call.receive",
        "params": crate::fixture::offer(id)}})
    };
    near.far().arriving.extend(["c-1", "c-2", "c-3"].map(|id| offer(id).to_string()));
    let mut calls = client.incoming_calls();
    run(&mut driver);
    let [one, two, three] = [(); 3].map(|()| match outcome(Box::pin(calls.next())) {
        Some(call) => call,
        None => panic!("no call"),
    });
    run(&mut driver);
    near.far().sent.clear();
    near.far().stuck = true;
    let _flood = ask(&client, &mut driver, MAX_UNANSWERED_REQUESTS - 1);
    let mut pending = Context::from_waker(Waker::noop());
    let mut answer = two.answer().into_future();
    assert!(pin!(&mut answer).poll(&mut pending).is_pending());
    run(&mut driver);
    // There is no room for more, but for those that end something.
    let mut play = one.play_tts("Hello").into_future();
    assert!(pin!(&mut play).poll(&mut pending).is_pending());
    let mut endings = [one.hangup().into_future(), two.hangup().into_future()];
    for ending in &mut endings {
        assert!(pin!(ending).poll(&mut pending).is_pending());
    }
    drop(three);
    near.far().arriving.push_back(json!({"id": "p", "method": "signalwire.ping"}).to_string());
    run(&mut driver);
    assert!(matches!(outcome(play), Err(Error::QueueFull(_))));
    near.far().stuck = false;
    run(&mut driver);
    let far = near.far();
    let sent = far.sent.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    let first: Vec<_> = sent
        .map(|frame| match (frame["method"].as_str(), frame["params"]["call_id"].as_str()) {
            (Some(method), Some(call)) => format!("{method} {call}"),
            (Some(method), None) => method.to_owned(),
            (None, _) => "acknowledgement".to_owned(),
        })
        .take(6)
        .collect();
    let expected = [
        "acknowledgement",
        "calling.answer c-2",
        "calling.end c-1",
        "calling.end c-2",
        "calling.pass c-3",
        "x.y",
    ];
    assert_eq!(first, expected, "the order on each call stays");
}
