//! Histories of whole applications: several clients with handlers, tasks and handles, and an oracle.
//!
//! [`play`] plays a history against the simulated service and network, and returns the first finding. It finds a handler
//! that runs again for an answered call, or for an offer that is over, an offer that waits for too long, a client that does
//! not reconnect while all its threads are busy, a call state that goes backwards, an error that is wrong about whether the
//! request was sent, a callback that is called twice or never, a task that waits for ever, a call or table entry that is
//! left behind, a request that the service objects to, and a secret that is printed.
//!
//! ```
//! use signalwire_relay_model::EnvironmentStep;
//! use signalwire_relay_model::application::{CallStep, OperationKind, Step, WaitMode, play};
//!
//! let play_greeting = CallStep::Start(OperationKind::Play, WaitMode::Wait);
//! let handler = vec![CallStep::Answer, play_greeting, CallStep::Hangup];
//! let history = [
//!     Step::Environment(EnvironmentStep::Caller(0, 30_000)),
//!     Step::Wait(500),
//!     Step::Environment(EnvironmentStep::Cut),
//!     Step::Wait(20_000),
//! ];
//! let summary = play(7, &[handler], &history).unwrap_or_else(|failure| panic!("{failure}"));
//! assert!(summary.steps > 10);
//! ```

mod checks;
mod oracle;
mod perform;
mod step;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_lite::FutureExt;
use signalwire_relay_core::Client;
use signalwire_relay_harness::{Disturbance, World};

use crate::environment::{
    CLOSE_TIMEOUT, Effect, Environment, RECONNECT_TIMEOUT, RECOVERY_TIMEOUT, StepContext, millis, pick,
};
use crate::{EnvironmentStep, Failure, Player, Summary};
use oracle::ApplicationOracle;

pub use step::{CallMilestone, CallStep, ClientStep, FullPools, OperationKind, Step, WaitMode};

/// The maximum number of clients.
const MAX_CLIENTS: usize = 4;

/// Plays a history of applications, whose handlers take the steps of the scripts in turn.
///
/// # Errors
/// The first finding of the oracle.
pub fn play(seed: u64, scripts: &[Vec<CallStep>], history: &[Step]) -> Result<Summary, Box<Failure>> {
    let preface = scripts.iter().map(|script| format!("handler: {script:?}")).collect();
    crate::play(ApplicationPlayer::new(seed, scripts), seed, preface, history)
}

/// Applications, their environment, and the oracle.
struct ApplicationPlayer {
    environment: Environment,
    world: World,
    scripts: Vec<Vec<CallStep>>,
    oracle: ApplicationOracle,
    clients: Vec<RunningClient>,
    /// Set once an event of the service may have been lost.
    events_lost: bool,
}

/// A client that was not killed.
struct RunningClient {
    client: Client,
    /// Its index in the world.
    index: usize,
}

impl ApplicationPlayer {
    fn new(seed: u64, scripts: &[Vec<CallStep>]) -> Self {
        let environment = Environment::of(seed);
        let mut player = Self {
            environment,
            world: World::new(environment.scenario(), seed),
            scripts: scripts.to_vec(),
            oracle: ApplicationOracle::default(),
            clients: Vec::new(),
            events_lost: false,
        };
        player.join();
        player.world.pass(Duration::ZERO);
        player
    }

    fn join(&mut self) {
        let index = self.world.sessions().count();
        if index < MAX_CLIENTS {
            let client = self.world.client(self.environment.config());
            perform::serve(&client, self.scripts.clone(), &self.oracle.of(index));
            self.clients.push(RunningClient { client, index });
        }
    }

    fn begin(&mut self, number: u8, step: &ClientStep) {
        if let Some(RunningClient { client, index }) = pick(&self.clients, number) {
            let work = perform::run(client.clone(), step.clone(), self.oracle.of(*index));
            // A panic ends only this task.
            let work = AssertUnwindSafe(work).catch_unwind();
            self.world.spawn(*index, async move { drop(work.await) });
        }
    }

    fn set_full(&mut self, index: usize, full: FullPools) {
        for purpose in FullPools::All.purposes() {
            if full.purposes().contains(purpose) {
                self.world.hold_tasks(index, *purpose);
            } else {
                self.world.release_tasks(index, *purpose);
            }
        }
    }

    fn kill(&mut self, number: u8) {
        if let Some(index) = pick(&self.clients, number).map(|running| running.index) {
            self.world.kill(index);
            self.clients.retain(|running| running.index != index);
            self.events_lost = true;
        }
    }

    fn apply_to_environment(&mut self, step: &EnvironmentStep) {
        let sessions = self.world.sessions().enumerate();
        let connected =
            sessions.filter_map(|(index, session)| Some((session, self.world.connection(index)?)));
        let known = connected.flat_map(|(session, to)| session.calls().map(move |id| (id.to_string(), to)));
        let (known, now, call_duration) =
            (known.collect(), self.world.now(), self.environment.call_duration());
        let effect = StepContext { now, network: self.world.network_mut(), known, call_duration }.apply(step);
        if effect == Effect::Cut {
            self.world.cut();
        }
        self.events_lost |= effect != Effect::None;
    }
}

impl Player for ApplicationPlayer {
    type Step = Step;

    fn now(&self) -> Duration {
        self.world.now()
    }

    fn apply(&mut self, step: &Step) {
        let mut faults = self.world.disturbances().len();
        match step {
            Step::Wait(time) => self.world.pass(millis(*time)),
            Step::Join => self.join(),
            Step::Client(number, step) => self.begin(*number, step),
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
            Step::Kill(number) => self.kill(*number),
            Step::Full(number, full) => {
                if let Some(index) = pick(&self.clients, *number).map(|running| running.index) {
                    self.set_full(index, *full);
                }
            }
            Step::Environment(step) => {
                self.apply_to_environment(step);
                // The effect of the step itself is known.
                faults = self.world.disturbances().len();
            }
        }
        self.world.pass(Duration::ZERO);
        self.check_offers();
        self.events_lost |= self.world.disturbances().len() > faults;
        for notice in self.world.take_notices() {
            self.oracle.record_text(&notice.to_string());
        }
    }

    fn finish(&mut self) {
        self.world.heal();
        self.world.pass(RECONNECT_TIMEOUT);
        self.check_offers();
        self.check_connected();
        for client in 0..MAX_CLIENTS {
            self.set_full(client, FullPools::None);
        }
        self.world.pass(RECOVERY_TIMEOUT);
        self.check_recovered();
        for running in &self.clients {
            self.oracle.record_text(&format!("{:?}", running.client));
            running.client.drain(Some(Duration::ZERO));
        }
        self.world.pass(CLOSE_TIMEOUT);
        self.check_closed();
        let running: Vec<_> = self.clients.iter().map(|running| running.index).collect();
        self.oracle.check_unread(&running);
        self.oracle.release_kept();
        self.check_requests();
    }

    fn finding(&self) -> Option<String> {
        self.oracle.finding()
    }

    fn summary(&self) -> Summary {
        Summary { steps: self.world.steps(), transcript: self.oracle.transcript() }
    }

    fn disturbances(&self) -> &[Disturbance] {
        self.world.disturbances()
    }
}
