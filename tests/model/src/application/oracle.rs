//! The oracle of applications: the outcomes, callbacks and states that their requests and calls permit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use signalwire_relay_core::{Call, CallState, Certainty, Error, Events, MAX_WAITING_EVENTS};

use crate::environment::{SENTINEL, pick};

/// The oracle of all applications of a history. Clones share one state.
#[derive(Clone, Default)]
pub(super) struct ApplicationOracle {
    state: Arc<Mutex<State>>,
    /// The client whose application this clone belongs to.
    client: usize,
}

#[derive(Default)]
struct State {
    /// The number of handlers that have begun.
    handlers: usize,
    /// The calls whose handlers run, by client and call.
    handling: BTreeMap<(usize, String), Call>,
    /// The number of handlers and client steps that are running.
    running: usize,
    /// The outcome of each request, by its mark.
    requests: Vec<Outcome>,
    /// The calls that were answered, by the client that did. Its handler must not run again; another client may
    /// receive the offer late.
    answered: BTreeSet<(usize, String)>,
    /// The calls that are kept until the end, with the client of each.
    kept: Vec<(usize, Call)>,
    /// The streams of events that nobody reads.
    unread: Vec<(usize, Events)>,
    /// The callbacks that are due once an operation is over, by the mark of its request.
    callbacks: BTreeMap<usize, Callback>,
    transcript: DefaultHasher,
    /// The first contradiction.
    finding: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Callback {
    client: usize,
    /// The number of times that it was called.
    times: u32,
}

/// The outcome of a request, as the application knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There is none yet, or the request was dropped.
    Open,
    Accepted,
    /// A control was accepted. It need not reach the service if the operation is over.
    ControlAccepted,
    Failed(Certainty),
}

/// A request that is about to be sent.
pub(super) struct PendingRequest {
    oracle: ApplicationOracle,
    mark: usize,
    is_control: bool,
}

impl PendingRequest {
    /// The mark that the request carries to the service.
    pub(super) fn mark(&self) -> usize {
        self.mark
    }

    /// Records the outcome.
    pub(super) fn resolve(self, error: Option<&Error>) {
        let outcome = match error {
            Some(error) => Outcome::Failed(error.certainty()),
            None if self.is_control => Outcome::ControlAccepted,
            None => Outcome::Accepted,
        };
        let mut state = self.oracle.lock();
        state.record_text(&format!("{} {outcome:?}", self.mark));
        if let Some(error) = error {
            state.record_text(error);
        }
        state.requests[self.mark] = outcome;
    }
}

/// Counts a running handler or client step until it is dropped.
pub(super) struct RunningGuard(ApplicationOracle);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

/// Marks the handler of a call as running until it is dropped.
pub(super) struct HandlerGuard {
    oracle: ApplicationOracle,
    id: (usize, String),
}

impl Drop for HandlerGuard {
    fn drop(&mut self) {
        // The handle is dropped after the lock: dropping it may call into the client.
        let call = self.oracle.lock().handling.remove(&self.id);
        drop(call);
    }
}

/// Recording what applications do.
impl ApplicationOracle {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the same oracle, for the application of a client.
    pub(super) fn of(&self, client: usize) -> Self {
        Self { client, ..self.clone() }
    }

    /// Records that a handler begins. Returns how many began before, and a guard for as long as it runs.
    pub(super) fn begin_handler(&self, call: &Call) -> (usize, HandlerGuard) {
        let id = (self.client, call.id().to_string());
        let mut state = self.lock();
        state.record_text(&format!("{} is handled", call.id()));
        let earlier = state.handling.insert(id.clone(), call.clone());
        if earlier.as_ref().is_some_and(|earlier| !earlier.is_ended()) {
            state.report(|| format!("call {} has two handlers at once", call.id()));
        }
        if call.is_ended() {
            state.report(|| format!("call {} is handled although its offer is over", call.id()));
        }
        if state.answered.contains(&id) {
            state.report(|| format!("call {} is handled again after it was answered", call.id()));
        }
        state.handlers += 1;
        (state.handlers - 1, HandlerGuard { oracle: self.clone(), id })
    }

    /// Counts a handler or client step as running until the guard is dropped.
    pub(super) fn begin(&self) -> RunningGuard {
        self.lock().running += 1;
        RunningGuard(self.clone())
    }

    /// Records that the service accepted the answer to a call.
    pub(super) fn record_answer(&self, call: &Call) {
        self.lock().answered.insert((self.client, call.id().to_string()));
    }

    /// Keeps a handle of a call.
    pub(super) fn keep(&self, call: &Call) {
        self.lock().kept.push((self.client, call.clone()));
    }

    /// Keeps a stream of events that nobody reads.
    pub(super) fn keep_unread(&self, events: Events) {
        self.lock().unread.push((self.client, events));
    }

    /// Checks that no more waits in streams that nobody reads than may, and that those of these clients have ended.
    pub(super) fn check_unread(&self, clients: &[usize]) {
        let streams = std::mem::take(&mut self.lock().unread);
        for (client, mut events) in streams {
            let mut context = Context::from_waker(Waker::noop());
            let mut waiting = 0;
            // The number of events that were dropped counts as one more.
            while let Poll::Ready(Some(_)) = pin!(events.next()).poll(&mut context) {
                waiting += 1;
            }
            self.check(waiting <= MAX_WAITING_EVENTS + 1, || {
                format!("{waiting} events wait for a reader that never reads")
            });
            let ended = matches!(pin!(events.next()).poll(&mut context), Poll::Ready(None));
            self.check(ended || !clients.contains(&client), || {
                "a stream of events goes on after the end of its client".to_owned()
            });
        }
    }

    /// Returns one of the calls that the client keeps.
    pub(super) fn kept(&self, number: u8) -> Option<Call> {
        let state = self.lock();
        let own = state.kept.iter().filter(|(client, _)| *client == self.client);
        pick(&own.collect::<Vec<_>>(), number).map(|(_, call)| call.clone())
    }

    /// Drops all kept calls.
    pub(super) fn release_kept(&self) {
        let kept = std::mem::take(&mut self.lock().kept);
        drop(kept);
    }

    /// Records that a request is about to be sent.
    pub(super) fn begin_request(&self) -> PendingRequest {
        let mut state = self.lock();
        state.requests.push(Outcome::Open);
        PendingRequest { oracle: self.clone(), mark: state.requests.len() - 1, is_control: false }
    }

    /// Records that a control of an operation is about to be sent.
    pub(super) fn begin_control(&self) -> PendingRequest {
        PendingRequest { is_control: true, ..self.begin_request() }
    }

    /// Records that a callback is due once the operation of a request is over.
    pub(super) fn expect_callback(&self, mark: usize) {
        self.lock().callbacks.insert(mark, Callback { client: self.client, times: 0 });
    }

    /// Records that the callback of a request was called.
    pub(super) fn record_callback(&self, mark: usize) {
        let mut state = self.lock();
        state.record_text(&format!("{mark} is over"));
        let times = state.callbacks.get_mut(&mark).map_or(0, |callback| {
            callback.times += 1;
            callback.times
        });
        if times != 1 {
            state.report(|| format!("the callback of request {mark} was called {times} times"));
        }
    }

    /// Records that the application was given a state of a call, after another state.
    pub(super) fn record_state(&self, from: Option<&CallState>, to: &CallState) {
        let mut state = self.lock();
        state.record_text(&to.as_str());
        let rank = |state: &CallState| {
            let order = ["created", "ringing", "answered", "ending", "ended"];
            order.iter().position(|name| *name == state.as_str())
        };
        if from.is_some_and(|from| rank(to) <= rank(from)) {
            state.report(|| format!("a call goes from {from:?} to {to:?}"));
        }
    }

    /// Records a text that an application may print.
    pub(super) fn record_text(&self, text: &str) {
        self.lock().record_text(&text);
    }
}

/// Checks.
impl ApplicationOracle {
    /// Reports a contradiction unless a condition holds.
    pub(super) fn check(&self, condition: bool, what: impl FnOnce() -> String) {
        if !condition {
            self.lock().report(what);
        }
    }

    /// Checks that each request reached the service as often as its outcome permits. `arrived` are the marks of all
    /// requests that reached the service.
    pub(super) fn check_requests(&self, arrived: impl Iterator<Item = usize>) {
        let mut state = self.lock();
        let mut times = vec![0; state.requests.len()];
        for mark in arrived {
            if let Some(times) = times.get_mut(mark) {
                *times += 1;
            }
        }
        for (mark, (outcome, times)) in state.requests.clone().into_iter().zip(times).enumerate() {
            let fits = match outcome {
                Outcome::Accepted => times == 1,
                Outcome::Failed(Certainty::NotSent) => times == 0,
                Outcome::Open | Outcome::ControlAccepted | Outcome::Failed(_) => times <= 1,
            };
            if !fits {
                state.report(|| {
                    format!("request {mark} arrived {times} times, and its outcome is {outcome:?}")
                });
            }
        }
    }

    /// Checks that every callback of these clients was called.
    pub(super) fn check_callbacks(&self, clients: &[usize]) {
        let mut state = self.lock();
        let started = |mark: &usize| state.requests.get(*mark) == Some(&Outcome::Accepted);
        let missing = state.callbacks.iter().find(|(mark, callback)| {
            callback.times == 0 && started(mark) && clients.contains(&callback.client)
        });
        if let Some(mark) = missing.map(|(mark, _)| *mark) {
            state.report(|| format!("the callback of request {mark} was not called"));
        }
    }

    /// The number of handlers and client steps that are running.
    pub(super) fn running(&self) -> usize {
        self.lock().running
    }

    /// A digest of all that was recorded.
    pub(super) fn transcript(&self) -> u64 {
        self.lock().transcript.finish()
    }

    /// The first contradiction, if there is one.
    pub(super) fn finding(&self) -> Option<String> {
        self.lock().finding.clone()
    }
}

impl State {
    fn record_text(&mut self, what: &dyn Display) {
        let text = what.to_string();
        text.hash(&mut self.transcript);
        if text.contains(SENTINEL) {
            self.report(|| format!("a secret is printed: {}", text.replace(SENTINEL, "[a token]")));
        }
    }

    /// Reports a contradiction. Only the first one is kept: the others may follow from it.
    fn report(&mut self, what: impl FnOnce() -> String) {
        if self.finding.is_none() {
            self.finding = Some(what());
        }
    }
}
