//! Repeating a flow with the connection lost at each frame in turn.

mod findings;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use signalwire_relay_core::session::Session;
use signalwire_relay_core::{Client, ClientStats, Config};
use signalwire_relay_simulator::{CallState, Direction, Scenario};

use crate::network::{Break, NetworkConditions, Plan, Timing};
use crate::world::{HANG_TIMEOUT, World};

pub use findings::{Defect, Findings, Problem, Tally};

/// The time after the end of the application within which the world settles. It is longer than any deadline of the
/// client, than callers wait for an answer, and than a session survives without a connection.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(10);
/// The time for which a settled world waits for the scenario to be done.
const SCENARIO_TIMEOUT: Duration = Duration::from_mins(2);

/// Plays a flow once without a fault, and then with the connection cut at each frame in turn, just before and just
/// after its delivery. Returns what went wrong. See [`EveryCut`] for more ways to break a connection.
///
/// The application is given its client, and a [`Tally`] for what must happen at most once. It may return anything, and a
/// cut may make it fail. But it has to end, and it must leave nothing in the tables of the client and no call at the
/// service.
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
/// If the flow hangs or has a defect without any fault.
pub fn every_cut<A, F>(scenario: &Scenario, application: A) -> Findings
where
    A: Fn(Client, Tally) -> F,
    F: Future,
{
    EveryCut::new(scenario.clone()).run(application)
}

/// The settings of [`every_cut`].
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
#[must_use = "does nothing until `run` is called"]
#[derive(Debug)]
pub struct EveryCut {
    scenario: Scenario,
    config: Config,
    seed: u64,
    latency: Duration,
    breaks: Vec<Break>,
}

impl EveryCut {
    /// Creates settings with the configuration of [`World::config`], seed 1, no latency, and [`Break::Cut`].
    pub fn new(scenario: Scenario) -> Self {
        let (config, seed, latency) = (World::config(), 1, Duration::ZERO);
        Self { scenario, config, seed, latency, breaks: vec![Break::Cut] }
    }

    /// Sets the configuration of the client.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the seed of the world.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the latency of the network. The longer it is, the more frames are lost with a connection.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Sets the breaks, each of which is tried at each frame.
    pub fn breaking(mut self, breaks: impl IntoIterator<Item = Break>) -> Self {
        self.breaks = breaks.into_iter().collect();
        self
    }

    /// Plays the flow once for each frame, each side of its delivery, and each break.
    ///
    /// # Panics
    /// If the flow hangs or has a defect without any fault.
    pub fn run<A, F>(&self, application: A) -> Findings
    where
        A: Fn(Client, Tally) -> F,
        F: Future,
    {
        let undisturbed = self.play(None, &application);
        assert!(undisturbed.problems.is_empty(), "without any fault: {:#?}", undisturbed.problems);
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
        let _printer = PlanPrinter { seed: self.seed, plan };
        let mut world = World::new(self.scenario.clone(), self.seed);
        world.set_network(NetworkConditions { latency: self.latency, ..NetworkConditions::default() });
        if let Some(plan) = plan {
            world.plan(plan);
        }
        let client = world.client(self.config.clone());
        let tally = Tally::default();
        let mut what = Vec::new();
        // The output is kept until the end: dropping it could close what is left behind.
        let output = world.run_within(HANG_TIMEOUT, application(client.clone(), tally.clone()));
        if output.is_err() {
            what.push(Defect::Hang);
        }
        drop(output);
        settle(&mut world);
        let frames = world.frames();
        what.extend(left_behind(&mut world));
        what.extend(tally.twice().into_iter().map(|(what, times)| Defect::Repeated { what, times }));
        what.extend(resent(&mut world));
        client.disconnect();
        drop(client);
        world.pass(Duration::from_secs(1));
        if world.running_clients() > 0 {
            what.push(Defect::Unfinished);
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

/// Prints the seed and the plan if the application panics.
struct PlanPrinter {
    seed: u64,
    plan: Option<Plan>,
}

impl Drop for PlanPrinter {
    fn drop(&mut self) {
        if std::thread::panicking() {
            match &self.plan {
                Some(plan) => eprintln!("every_cut: seed {}, {plan}", self.seed),
                None => eprintln!("every_cut: seed {}, without a fault", self.seed),
            }
        }
    }
}

/// Waits until nothing is under way any more, for at most [`SETTLE_TIMEOUT`].
fn settle(world: &mut World) {
    let end = world.now() + SETTLE_TIMEOUT;
    let scenario_end = world.now() + SCENARIO_TIMEOUT;
    while world.now() < end {
        world.pass(Duration::from_secs(1));
        let idle =
            world.stats().iter().all(|stats| *stats == ClientStats::default()) && world.running_tasks() == 0;
        let now = world.now();
        let (service, _) = world.service();
        let over = service.calls().all(|call| call.state == CallState::Ended);
        if idle && over && (service.is_done() || now >= scenario_end) {
            return;
        }
    }
}

fn left_behind(world: &mut World) -> Vec<Defect> {
    let mut left = Vec::new();
    for stats in world.stats() {
        if stats != ClientStats::default() {
            left.push(Defect::Leak(stats));
        }
    }
    if world.running_tasks() > 0 {
        left.push(Defect::Tasks(world.running_tasks()));
    }
    let known: BTreeSet<_> =
        world.sessions().flat_map(Session::calls).map(|id| id.as_str().to_owned()).collect();
    let (service, _) = world.service();
    for call in service.calls().filter(|call| call.state != CallState::Ended) {
        let call_id = call.call_id;
        left.push(if known.contains(&call_id) { Defect::Unended(call_id) } else { Defect::Orphan(call_id) });
    }
    left
}

/// Returns the requests that reached the service twice, unless they may.
fn resent(world: &mut World) -> Vec<Defect> {
    let (service, _) = world.service();
    let mut counted = BTreeMap::new();
    for entry in service.journal().iter().filter(|entry| entry.direction == Direction::FromClient) {
        let Ok(frame) = serde_json::from_str::<serde_json::Value>(entry.text()) else { continue };
        let (Some(method), params) = (frame["method"].as_str(), &frame["params"]) else { continue };
        let name = |key: &str| params[key].as_str().map(|id| format!("{method} {id}"));
        // A control of an operation, such as `calling.play.pause`, may be requested more than once.
        let starts = method.matches('.').count() == 1;
        // The tag of a dial is its own; that of a message or a connection is a label.
        let dial = name("tag").filter(|_| method == "calling.dial");
        let subject = dial.or_else(|| name("control_id").filter(|_| starts));
        for subject in subject.into_iter().chain(frame["id"].as_str().map(|id| format!("{method}, {id}"))) {
            *counted.entry(subject).or_insert(0) += 1;
        }
    }
    let twice = counted.into_iter().filter(|(_, times)| *times > 1);
    twice.map(|(what, times)| Defect::Repeated { what, times }).collect()
}
