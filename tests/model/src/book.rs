//! What must be true of applications: what they asked, what came of it, and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signalwire_relay_core::{Call, CallState, Certainty, Error};

use super::incident::pick;
use super::setting::SENTINEL;

/// Shared by everything that the applications do.
#[derive(Clone, Default)]
pub(super) struct Book {
    notes: Arc<Mutex<Notes>>,
    /// Which client notes something.
    client: usize,
}

#[derive(Default)]
struct Notes {
    handlers: usize,
    /// The calls whose handlers run, with the client of each.
    handling: BTreeMap<(usize, String), Call>,
    busy: usize,
    requests: Vec<Fate>,
    /// Calls that were answered, with the client that did: its handler must not run again. Another client may hear of
    /// the offer late.
    answered: BTreeSet<(usize, String)>,
    /// With the client that each is of.
    kept: Vec<(usize, Call)>,
    /// The functions that are to be called when the operation of a request is over.
    callbacks: BTreeMap<usize, Callback>,
    transcript: DefaultHasher,
    wrong: Option<String>,
}

#[derive(Debug, Clone, Copy)]
struct Callback {
    client: usize,
    /// How often it was called.
    times: u32,
}

/// What is known of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing: it is under way, or it was dropped.
    Open,
    Accepted,
    /// The service need not be asked, if there is nothing to steer any more.
    Steered,
    Failed(Certainty),
}

/// A request that is about to be made.
pub(super) struct Asked {
    book: Book,
    mark: usize,
    steers: bool,
}

impl Asked {
    /// What the request is to carry.
    pub(super) fn mark(&self) -> usize {
        self.mark
    }

    /// Its outcome is known.
    pub(super) fn settles(self, error: Option<&Error>) {
        let fate = match error {
            Some(error) => Fate::Failed(error.certainty()),
            None if self.steers => Fate::Steered,
            None => Fate::Accepted,
        };
        let mut notes = self.book.lock();
        notes.says(&format!("{} {fate:?}", self.mark));
        if let Some(error) = error {
            notes.says(error);
        }
        notes.requests[self.mark] = fate;
    }
}

/// Something that is being done.
pub(super) struct Busy(Book);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
    }
}

/// A handler that runs.
pub(super) struct Handling {
    book: Book,
    id: (usize, String),
}

impl Drop for Handling {
    fn drop(&mut self) {
        let over = self.book.lock().handling.remove(&self.id);
        drop(over);
    }
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same book, for a client to note something.
    pub(super) fn of(&self, client: usize) -> Self {
        Self { client, ..self.clone() }
    }

    // What applications do.

    /// A handler begins; gives how many began before, and what to keep for as long as it goes on.
    pub(super) fn begins(&self, call: &Call) -> (usize, Handling) {
        let id = (self.client, call.id().to_string());
        let mut notes = self.lock();
        notes.says(&format!("{} is handled", call.id()));
        let earlier = notes.handling.insert(id.clone(), call.clone());
        if earlier.as_ref().is_some_and(|earlier| !earlier.is_ended()) {
            notes.accuse(|| format!("call {} is handled twice at once", call.id()));
        }
        if notes.answered.contains(&(self.client, call.id().to_string())) {
            notes.accuse(|| format!("call {} is handled again after it was answered", call.id()));
        }
        notes.handlers += 1;
        (notes.handlers - 1, Handling { book: self.clone(), id })
    }

    /// Counts something that is being done, until it is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.lock().busy += 1;
        Busy(self.clone())
    }

    /// How much is being done.
    pub(super) fn how_busy(&self) -> usize {
        self.lock().busy
    }

    /// The service has accepted that a call was answered.
    pub(super) fn answers(&self, call: &Call) {
        self.lock().answered.insert((self.client, call.id().to_string()));
    }

    /// A handle of a call is kept.
    pub(super) fn keeps(&self, call: &Call) {
        self.lock().kept.push((self.client, call.clone()));
    }

    /// One of the calls that the client kept.
    pub(super) fn kept(&self, number: u8) -> Option<Call> {
        let notes = self.lock();
        let own = notes.kept.iter().filter(|(client, _)| *client == self.client);
        pick(&own.collect::<Vec<_>>(), number).map(|(_, call)| call.clone())
    }

    /// Lets go of all calls that were kept.
    pub(super) fn lets_go(&self) {
        let kept = std::mem::take(&mut self.lock().kept);
        drop(kept);
    }

    /// A request is about to be made.
    pub(super) fn asks(&self) -> Asked {
        let mut notes = self.lock();
        notes.requests.push(Fate::Open);
        Asked { book: self.clone(), mark: notes.requests.len() - 1, steers: false }
    }

    /// The same, about an operation, which may be over.
    pub(super) fn steers(&self) -> Asked {
        Asked { steers: true, ..self.asks() }
    }

    /// A function is to be called when the operation of a request is over.
    pub(super) fn owes_callback(&self, mark: usize) {
        self.lock().callbacks.insert(mark, Callback { client: self.client, times: 0 });
    }

    /// It is.
    pub(super) fn calls_back(&self, mark: usize) {
        let mut notes = self.lock();
        notes.says(&format!("{mark} is over"));
        let times = notes.callbacks.get_mut(&mark).map_or(0, |callback| {
            callback.times += 1;
            callback.times
        });
        if times != 1 {
            notes.accuse(|| format!("request {mark} is told to be over more than once"));
        }
    }

    /// The application is told of a state, after it was told of another.
    pub(super) fn moves(&self, from: Option<&CallState>, to: &CallState) {
        let mut notes = self.lock();
        notes.says(&to.as_str());
        let rank = |state: &CallState| {
            let order = ["created", "ringing", "answered", "ending", "ended"];
            order.iter().position(|name| *name == state.as_str())
        };
        if from.is_some_and(|from| rank(to) <= rank(from)) {
            notes.accuse(|| format!("a call goes from {from:?} to {to:?}"));
        }
    }

    // What must be.

    /// Notes what is wrong if this is not so.
    pub(super) fn check(&self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            self.lock().accuse(what);
        }
    }

    /// Whether each request reached the service as often as the application was told. `arrived` are the marks of all
    /// that did.
    pub(super) fn check_requests(&self, arrived: impl Iterator<Item = usize>) {
        let mut notes = self.lock();
        let mut times = vec![0; notes.requests.len()];
        for mark in arrived {
            if let Some(times) = times.get_mut(mark) {
                *times += 1;
            }
        }
        for (mark, (fate, times)) in notes.requests.clone().into_iter().zip(times).enumerate() {
            let fits = match fate {
                Fate::Accepted => times == 1,
                Fate::Failed(Certainty::NotSent) => times == 0,
                Fate::Open | Fate::Steered | Fate::Failed(_) => times <= 1,
            };
            if !fits {
                notes.accuse(|| format!("request {mark} arrived {times} times, and was told as {fate:?}"));
            }
        }
    }

    /// Whether these clients have told everything that was to be told.
    pub(super) fn check_callbacks(&self, clients: &[usize]) {
        let mut notes = self.lock();
        let started = |mark: &usize| notes.requests.get(*mark) == Some(&Fate::Accepted);
        let untold = notes.callbacks.iter().find(|(mark, callback)| {
            callback.times == 0 && started(mark) && clients.contains(&callback.client)
        });
        if let Some(mark) = untold.map(|(mark, _)| *mark) {
            notes.accuse(|| format!("nobody is told that request {mark} is over"));
        }
    }

    /// Notes something that is printed, and what is wrong with it.
    pub(super) fn says(&self, text: &str) {
        self.lock().says(&text);
    }

    pub(super) fn transcript(&self) -> u64 {
        self.lock().transcript.finish()
    }

    pub(super) fn wrong(&self) -> Option<String> {
        self.lock().wrong.clone()
    }
}

impl Notes {
    fn says(&mut self, what: &dyn Display) {
        let text = what.to_string();
        text.hash(&mut self.transcript);
        if text.contains(SENTINEL) {
            self.accuse(|| format!("a secret is printed: {}", text.replace(SENTINEL, "[a token]")));
        }
    }

    /// The first thing counts: others may follow from it.
    fn accuse(&mut self, what: impl FnOnce() -> String) {
        if self.wrong.is_none() {
            self.wrong = Some(what());
        }
    }
}
