//! Applications against the simulated service and a bad network: several clients with handlers, tasks and handles.
//!
//! [`play`] plays a history and gives the first thing that must not be: a handler that runs again for a call that was
//! answered, a state that goes backwards, an error that is wrong about whether the request was sent, a function that is
//! not called when an operation is over, or called twice, a task that waits for ever, a call or anything else that is
//! left behind, a request that the service has to object to, a secret in what is printed.
//!
//! ```
//! use signalwire_relay_model::Incident;
//! use signalwire_relay_model::application::{Begin, Care, Deed, Step, play};
//!
//! let handler = vec![Deed::Answer, Deed::Start(Begin::Play, Care::Wait), Deed::Hangup];
//! let caller = Step::Incident(Incident::Caller(0, 30_000));
//! let history = [caller, Step::Pass(500), Step::Incident(Incident::Cut), Step::Pass(20_000)];
//! let summary = play(7, &[handler], &history).unwrap_or_else(|failure| panic!("{failure}"));
//! assert!(summary.steps > 10);
//! ```

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_lite::FutureExt;
use serde_json::Value;
use signalwire_relay_core::session::Stats;
use signalwire_relay_core::{Client, ClientStats};
use signalwire_relay_simulator::{CallState, Direction};

use super::book::Book;
use super::incident::{millis, pick};
pub use super::program::{Begin, Care, Deed, Errand, Reach};
use super::setting::{FAREWELL, HEALING, Setting, config, objection};
use super::{Effect, Failure, Incident, MARK, Player, Stage, Summary, program};
use signalwire_relay_harness::{Disturbance, World};

/// How many clients there are at most.
const MOST_CLIENTS: usize = 4;

/// One thing that happens. Where one of several clients is meant, a number picks it among those that run. Times are in
/// milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Time passes.
    Pass(u32),
    /// One more client begins to share the calls, unless there are four already.
    Join,
    /// A client sets about something.
    Errand(u8, Errand),
    /// A client stops gently, within so long.
    Drain(u8, u32),
    /// A client stops at once.
    Disconnect(u8),
    /// The process of a client is killed.
    Kill(u8),
    /// Something befalls them all.
    Incident(Incident),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Plays a history of applications whose handlers do what the scripts say, in turn, and says what was wrong with it, if
/// anything was.
///
/// # Errors
/// The first thing that must not be.
pub fn play(seed: u64, scripts: &[Vec<Deed>], history: &[Step]) -> Result<Summary, Box<Failure>> {
    let preface = scripts.iter().map(|script| format!("handler: {script:?}")).collect();
    super::play(Performance::new(seed, scripts), seed, preface, history)
}

struct Performance {
    world: World,
    setting: Setting,
    scripts: Vec<Vec<Deed>>,
    book: Book,
    clients: Vec<Running>,
    /// Whether something may have kept clients from ever hearing of a call, or of the end of something.
    deafened: bool,
}

/// A client that is to go on.
struct Running {
    client: Client,
    /// Its number in the world.
    index: usize,
}

impl Player for Performance {
    type Step = Step;

    fn now(&self) -> Duration {
        self.world.now()
    }

    fn apply(&mut self, step: &Step) {
        let mut before = self.world.disturbances().len();
        match step {
            Step::Pass(time) => self.world.pass(millis(*time)),
            Step::Join => self.join(),
            Step::Errand(number, errand) => {
                if let Some(Running { client, index }) = pick(&self.clients, *number) {
                    let work = program::run(client.clone(), errand.clone(), self.book.of(*index));
                    // A task of its own, as far as panics go.
                    let work = AssertUnwindSafe(work).catch_unwind();
                    self.world.spawn(*index, async move { drop(work.await) });
                }
            }
            Step::Drain(number, time) => {
                if let Some(running) = pick(&self.clients, *number) {
                    running.client.drain(Some(millis(*time)));
                }
            }
            Step::Disconnect(number) => {
                if let Some(running) = pick(&self.clients, *number) {
                    running.client.disconnect();
                }
            }
            Step::Kill(number) => {
                if let Some(index) = pick(&self.clients, *number).map(|running| running.index) {
                    self.world.kill(index);
                    self.clients.retain(|running| running.index != index);
                    self.deafened = true;
                }
            }
            Step::Incident(incident) => {
                let effect = self.befall(incident);
                self.deafened |= effect != Effect::None;
                before = self.world.disturbances().len();
            }
        }
        self.world.pass(Duration::ZERO);
        self.deafened |= self.world.disturbances().len() > before;
        for notice in self.world.take_notices() {
            self.book.says(&notice.to_string());
        }
    }

    fn finish(&mut self) {
        self.world.heal();
        self.world.pass(HEALING);
        self.check_rest();
        self.close();
        self.check_requests();
    }

    fn wrong(&self) -> Option<String> {
        self.book.wrong()
    }

    fn summary(&self) -> Summary {
        Summary { steps: self.world.steps(), transcript: self.book.transcript() }
    }

    fn disturbances(&self) -> &[Disturbance] {
        self.world.disturbances()
    }
}

impl Performance {
    fn new(seed: u64, scripts: &[Vec<Deed>]) -> Self {
        let setting = Setting::of(seed);
        let mut play = Self {
            world: World::new(setting.scenario(), seed),
            setting,
            scripts: scripts.to_vec(),
            book: Book::default(),
            clients: Vec::new(),
            deafened: false,
        };
        play.join();
        play.world.pass(Duration::ZERO);
        play
    }

    fn join(&mut self) {
        let index = self.world.sessions().count();
        if index < MOST_CLIENTS {
            let client = self.world.client(config());
            program::serve(&client, self.scripts.clone(), &self.book.of(index));
            self.clients.push(Running { client, index });
        }
    }

    fn befall(&mut self, incident: &Incident) -> Effect {
        let sessions = self.world.sessions().enumerate();
        let connected =
            sessions.filter_map(|(index, session)| Some((session, self.world.connection(index)?)));
        let known = connected.flat_map(|(session, to)| session.calls().map(move |id| (id.to_string(), to)));
        let (known, now, stay) = (known.collect(), self.world.now(), self.setting.stay());
        let effect = Stage { now, network: self.world.network_mut(), known, stay }.befall(incident);
        if effect == Effect::Cut {
            self.world.cut();
        }
        effect
    }

    /// Whether clients had a chance to hear of everything.
    fn may_account(&self) -> bool {
        self.setting.redelivers() || !self.deafened
    }

    /// Nothing has been wrong for a long time: what is over must be known to be over.
    fn check_rest(&mut self) {
        if !self.may_account() {
            return;
        }
        let sessions: Vec<_> = self.world.sessions().collect();
        let alive = self.clients.iter().filter_map(|running| sessions.get(running.index));
        let known: Vec<_> = alive.flat_map(|session| session.calls()).map(ToString::to_string).collect();
        let live = self.live();
        for call_id in live.iter().filter(|call_id| !known.contains(call_id)) {
            self.book.check(false, || format!("call {call_id} is orphaned: nobody knows of it"));
        }
        for call_id in &known {
            let live = self.is_live(call_id);
            self.book.check(live, || format!("call {call_id} is over, and its client has not noticed"));
        }
        let (busy, tasks, calls) = (self.book.how_busy(), self.world.running_tasks(), known.len());
        self.book.check(busy == 0, || format!("{busy} handlers and errands hang"));
        // Whoever listens to a call does so for as long as it goes on.
        self.book.check(tasks == 0 || calls > 0, || format!("{tasks} tasks hang"));
        // People who are connected to one another may talk for ever; an agent, a transcription and the music of a queue may
        // go on for as long.
        let (connected, running) = self.endless();
        let endless = |known: usize| if connected { known } else { known.min(running) };
        for stats in self.of_the_living(&self.world.stats()) {
            let mut expected = Stats::default();
            expected.calls = stats.calls;
            expected.operations = endless(stats.operations);
            self.book.check(stats == expected, || format!("something is left: {stats:?}"));
        }
        for held in self.of_the_living(&self.world.held()) {
            let mut expected = ClientStats::default();
            expected.calls = held.calls;
            expected.operations = endless(held.operations);
            self.book
                .check(held == expected && held.calls <= calls, || format!("something is held: {held:?}"));
        }
    }

    /// Whether people are connected, and how many operations the service has under way.
    fn endless(&mut self) -> (bool, usize) {
        let calls: Vec<_> = self.world.service().0.calls().collect();
        (calls.iter().any(|call| call.peer.is_some()), calls.iter().map(|call| call.operations.len()).sum())
    }

    fn close(&mut self) {
        for running in &self.clients {
            let printed = format!("{:?}", running.client);
            self.book.says(&printed);
            running.client.drain(Some(Duration::ZERO));
        }
        self.world.pass(FAREWELL);
        let (clients, tasks) = (self.world.running_clients(), self.world.running_tasks());
        self.book.check(clients == 0, || format!("{clients} clients do not close"));
        self.book.check(tasks == 0, || format!("{tasks} tasks wait for ever"));
        let alive: Vec<_> = self.clients.iter().map(|running| running.index).collect();
        self.book.check_callbacks(&alive);
        for stats in self.of_the_living(&self.world.stats()) {
            self.book.check(stats == Stats::default(), || format!("something is left: {stats:?}"));
        }
        if self.may_account() {
            let live = self.live();
            self.book.check(live.is_empty(), || format!("calls {live:?} go on with nobody there"));
        }
        self.book.lets_go();
    }

    /// What there is of each client that was not killed, of what there is of each client.
    fn of_the_living<T: Copy>(&self, of_all: &[T]) -> Vec<T> {
        self.clients.iter().filter_map(|running| of_all.get(running.index).copied()).collect()
    }

    fn is_live(&mut self, call_id: &str) -> bool {
        self.world.service().0.call(call_id).is_some_and(|call| call.state != CallState::Ended)
    }

    fn live(&mut self) -> Vec<String> {
        let (service, _) = self.world.service();
        // Whoever a call was connected to is the service's to take care of.
        let live = service.calls().filter(|call| call.state != CallState::Ended && call.peer.is_none());
        live.map(|call| call.call_id).collect()
    }

    /// What arrived at the service must be what the applications were told, and nothing that it has to object to.
    fn check_requests(&mut self) {
        let (service, _) = self.world.service();
        let requests = service.journal().iter().filter(|entry| entry.direction == Direction::FromClient);
        let mark = |text: &str| serde_json::from_str::<Value>(text).ok()?["params"][MARK].as_u64();
        let marks: Vec<_> = requests.filter_map(|entry| mark(entry.text())).collect();
        let objection = objection(service.violations()).map(ToString::to_string);
        self.book.check_requests(marks.into_iter().filter_map(|mark| usize::try_from(mark).ok()));
        self.book.check(objection.is_none(), || format!("the service objects: {objection:?}"));
    }
}
