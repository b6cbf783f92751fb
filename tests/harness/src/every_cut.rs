//! A flow, again and again, with the connection lost at each frame in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signalwire_relay_core::session::{Session, Stats};
use signalwire_relay_core::{Client, Config};
use signalwire_relay_simulator::{CallState, Direction, Scenario};

use crate::network::{Break, Disturbance, NetworkConditions, Plan, Timing};
use crate::world::{HANG_TIMEOUT, World};

/// How long everything has to come to rest after the application is done: longer than any deadline of the client,
/// than the patience of callers, and than a session survives without a connection.
const REST: Duration = Duration::from_mins(10);
/// How long nothing has to happen to count as rest, if the scenario does not tell.
const QUIET: Duration = Duration::from_mins(2);

/// Plays a flow once undisturbed and then with the connection cut at each frame in turn, just before and just after
/// it arrives, and says what went wrong. See [`EveryCut`] for more ways to break a connection.
///
/// The application is told of its client, and given a [`Tally`] to count on what must happen once. What it gives, and
/// whether a cut makes it fail, is its own affair; but it has to come to its end, nothing may be left behind, and
/// nobody may be left on the line.
///
/// ```
/// use signalwire_relay_harness::every_cut;
/// use signalwire_relay_simulator::{Caller, Scenario, Step};
///
/// let caller = Caller::new("+15551110000", "+15552220000").script([Step::wait(60.0), Step::HangUp]);
/// let findings = every_cut(&Scenario::new().caller(caller), |client, tally| async move {
///     client.on_call(move |call| {
///         tally.count(call.id());
///         async move {
///             call.answer().await?;
///             call.play_tts("Hello!").await?.wait().await?;
///             call.hangup().await
///         }
///     });
/// });
/// findings.expect_none();
/// ```
///
/// # Panics
/// If the flow hangs or goes wrong even when nothing disturbs it.
pub fn every_cut<A, F>(scenario: &Scenario, application: A) -> Findings
where
    A: Fn(Client, Tally) -> F,
    F: Future,
{
    EveryCut::new(scenario.clone()).run(application)
}

/// How [`every_cut`] plays a flow, for those who want it otherwise.
///
/// ```
/// use signalwire_relay_core::secs;
/// use signalwire_relay_harness::{Break, EveryCut};
/// use signalwire_relay_simulator::{Caller, Scenario};
///
/// let findings = EveryCut::new(Scenario::new())
///     .breaking([Break::Cut, Break::Stall(secs(20.0))])
///     .latency(secs(0.02))
///     .run(|client, _| async move { client.receive(["office"]).await });
/// findings.expect_none();
/// ```
#[must_use = "nothing is played before it is run"]
#[derive(Debug)]
pub struct EveryCut {
    scenario: Scenario,
    config: Config,
    seed: u64,
    latency: Duration,
    breaks: Vec<Break>,
}

impl EveryCut {
    /// With the settings of [`World::config`], seed 1, on a network on which frames take no time, and
    /// [`Break::Cut`].
    pub fn new(scenario: Scenario) -> Self {
        let (config, seed, latency) = (World::config(), 1, Duration::ZERO);
        Self { scenario, config, seed, latency, breaks: vec![Break::Cut] }
    }

    /// The settings of the client.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The seed of the world.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How long frames take. The longer, the more is lost with a connection.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// What happens at each frame; one after the other.
    pub fn breaking(mut self, breaks: impl IntoIterator<Item = Break>) -> Self {
        self.breaks = breaks.into_iter().collect();
        self
    }

    /// Plays the flow, once for each frame, each side of it, and each break.
    ///
    /// # Panics
    /// If the flow hangs or goes wrong even when nothing disturbs it.
    pub fn run<A, F>(&self, application: A) -> Findings
    where
        A: Fn(Client, Tally) -> F,
        F: Future,
    {
        let undisturbed = self.play(None, &application);
        assert!(undisturbed.problems.is_empty(), "undisturbed already: {:#?}", undisturbed.problems);
        let mut findings =
            Findings { frames: undisturbed.frames, runs: 1, steps: undisturbed.steps, problems: Vec::new() };
        for what in &self.breaks {
            for frame in 1..=undisturbed.frames {
                for timing in [Timing::BeforeDelivery, Timing::AfterDelivery] {
                    let run = self.play(Some(Plan { frame, timing, what: *what }), &application);
                    findings.runs += 1;
                    findings.steps += run.steps;
                    findings.problems.extend(run.problems);
                }
            }
        }
        findings
    }

    fn play<A, F>(&self, plan: Option<Plan>, application: &A) -> Run
    where
        A: Fn(Client, Tally) -> F,
        F: Future,
    {
        let _named = Named { seed: self.seed, plan };
        let mut world = World::new(self.scenario.clone(), self.seed);
        world.set_network(NetworkConditions { latency: self.latency, ..NetworkConditions::default() });
        if let Some(plan) = plan {
            world.plan(plan);
        }
        let client = world.client(self.config.clone());
        let tally = Tally::default();
        let mut what = Vec::new();
        // Kept until the end: closing would hide what is left behind.
        let output = world.run_within(HANG_TIMEOUT, application(client.clone(), tally.clone()));
        if output.is_err() {
            what.push(Fault::Hang);
        }
        drop(output);
        rest(&mut world);
        let frames = world.frames();
        what.extend(left_behind(&mut world));
        what.extend(tally.twice().into_iter().map(|(what, times)| Fault::Repeated { what, times }));
        what.extend(resent(&mut world));
        client.disconnect();
        drop(client);
        world.pass(Duration::from_secs(1));
        if world.running_clients() > 0 {
            what.push(Fault::Unfinished);
        }
        let disturbances = world.disturbances();
        let problem = |what| Problem { plan, seed: self.seed, what, disturbances: disturbances.to_vec() };
        Run { frames, steps: world.steps(), problems: what.into_iter().map(problem).collect() }
    }
}

struct Run {
    frames: u64,
    steps: u64,
    problems: Vec<Problem>,
}

/// Says, if the application panics, what it was doing at that.
struct Named {
    seed: u64,
    plan: Option<Plan>,
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            match &self.plan {
                Some(plan) => eprintln!("every_cut: seed {}, {plan}", self.seed),
                None => eprintln!("every_cut: seed {}, undisturbed", self.seed),
            }
        }
    }
}

/// Waits until nothing is left to be done, or for as long as that may take.
fn rest(world: &mut World) {
    let end = world.now() + REST;
    let quiet = world.now() + QUIET;
    while world.now() < end {
        world.pass(Duration::from_secs(1));
        let idle = world.stats().iter().all(|stats| *stats == Stats::default()) && world.running_tasks() == 0;
        let now = world.now();
        let (board, _) = world.board();
        let over = board.calls().all(|call| call.state == CallState::Ended);
        if idle && over && (board.is_done() || now >= quiet) {
            return;
        }
    }
}

fn left_behind(world: &mut World) -> Vec<Fault> {
    let mut left = Vec::new();
    for stats in world.stats() {
        if stats != Stats::default() {
            left.push(Fault::Leak(stats));
        }
    }
    if world.running_tasks() > 0 {
        left.push(Fault::Tasks(world.running_tasks()));
    }
    let known: BTreeSet<_> =
        world.sessions().flat_map(Session::calls).map(|id| id.as_str().to_owned()).collect();
    let (board, _) = world.board();
    for call in board.calls().filter(|call| call.state != CallState::Ended) {
        let call_id = call.call_id;
        left.push(if known.contains(&call_id) { Fault::Unended(call_id) } else { Fault::Orphan(call_id) });
    }
    left
}

/// The requests to start something that reached the service twice.
fn resent(world: &mut World) -> Vec<Fault> {
    let (board, _) = world.board();
    let mut counted = BTreeMap::new();
    for entry in board.journal().iter().filter(|entry| entry.direction == Direction::FromClient) {
        let Ok(frame) = serde_json::from_str::<serde_json::Value>(entry.text()) else { continue };
        let (Some(method), params) = (frame["method"].as_str(), &frame["params"]) else { continue };
        let name = |key: &str| params[key].as_str().map(|id| format!("{method} {id}"));
        // What steers an operation, such as `calling.play.pause`, may be asked for more than once.
        let starts = method.matches('.').count() == 1;
        let subject = name("tag").or_else(|| name("control_id").filter(|_| starts));
        for subject in subject.into_iter().chain(frame["id"].as_str().map(|id| format!("{method}, {id}"))) {
            *counted.entry(subject).or_insert(0) += 1;
        }
    }
    let twice = counted.into_iter().filter(|(_, times)| *times > 1);
    twice.map(|(what, times)| Fault::Repeated { what, times }).collect()
}

/// Counts what must not happen twice, such as the handler of a call.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<BTreeMap<String, usize>>>);

impl Tally {
    /// This happened.
    pub fn count(&self, what: impl fmt::Display) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.to_string()).or_insert(0) += 1;
    }

    fn twice(&self) -> Vec<(String, usize)> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.iter().filter(|(_, times)| **times > 1).map(|(what, times)| (what.clone(), *times)).collect()
    }
}

/// What a flow was found to do when its connection is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// How many frames the undisturbed flow has.
    pub frames: u64,
    /// How many times it was played.
    pub runs: usize,
    /// How many things clients and service were told, all in all.
    pub steps: u64,
    /// What went wrong.
    pub problems: Vec<Problem>,
}

impl Findings {
    /// Goes on if nothing went wrong.
    ///
    /// # Panics
    /// If something did, with a description.
    pub fn expect_none(&self) {
        assert!(self.problems.is_empty(), "{self}");
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (problems, runs, frames) = (self.problems.len(), self.runs, self.frames);
        writeln!(f, "{problems} problems in {runs} runs of a flow of {frames} frames")?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

/// Something that went wrong, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// How the flow was disturbed; `None` is not at all.
    pub plan: Option<Plan>,
    /// The seed of the world.
    pub seed: u64,
    /// What went wrong.
    pub what: Fault,
    /// What happened on the network.
    pub disturbances: Vec<Disturbance>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (seed {})", self.what, self.seed)?;
        self.disturbances.iter().try_for_each(|one| write!(f, "\n  {one}"))
    }
}

/// What can go wrong with a flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The application does not come to its end.
    #[error("the application hangs")]
    Hang,
    /// A call goes on at the service, and the client does not know of it.
    #[error("call {0} is orphaned: it goes on, and the client does not know of it")]
    Orphan(String),
    /// A call goes on at the service although the application is done. The client knows of it.
    #[error("call {0} goes on after the application is done")]
    Unended(String),
    /// The client holds something that nobody has any use for.
    #[error("something is left in the tables: {0:?}")]
    Leak(Stats),
    /// Tasks run that have nothing left to do.
    #[error("{0} tasks are left running")]
    Tasks(usize),
    /// Something happened more than once.
    #[error("{what}: {times} times")]
    Repeated {
        /// What.
        what: String,
        /// How often.
        times: usize,
    },
    /// The client was closed and did not come to its end.
    #[error("the client was closed and goes on")]
    Unfinished,
}
