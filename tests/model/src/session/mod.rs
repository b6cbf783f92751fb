//! Histories of a session, with an oracle that checks every output.
//!
//! [`play`] plays a history against the simulated service and network, and returns the first finding.
//!
//! ```
//! use signalwire_relay_model::EnvironmentStep;
//! use signalwire_relay_model::session::{CallRequest, Step, play};
//!
//! let history = [
//!     Step::Environment(EnvironmentStep::Caller(0, 30_000)),
//!     Step::Wait(2_000),
//!     Step::Request(CallRequest::Answer, 0),
//!     Step::Environment(EnvironmentStep::Cut),
//! ];
//! let summary = play(7, &history).unwrap_or_else(|failure| panic!("{failure}"));
//! assert!(summary.steps > 10);
//! ```

mod checks;
mod commands;
mod oracle;
mod run;
mod step;

use signalwire_relay_core::EndReason;
use std::time::{Duration, Instant};

use signalwire_relay_core::session::Session;
use signalwire_relay_harness::{Disturbance, LineId, SimulatedNetwork};

use crate::environment::{
    CLOSE_TIMEOUT, Effect, Environment, MAX_CALLS, RECOVERY_TIMEOUT, SECRET, StepContext, config, millis,
    pick,
};
use crate::{EnvironmentStep, Failure, Player, Summary};
use oracle::SessionOracle;

pub use step::{CallRequest, Step};

/// Plays a history of a session.
///
/// # Errors
/// The first finding of the oracle.
pub fn play(seed: u64, history: &[Step]) -> Result<Summary, Box<Failure>> {
    crate::play(SessionPlayer::new(seed), seed, Vec::new(), history)
}

/// A session, its environment, and the oracle.
struct SessionPlayer {
    environment: Environment,
    network: SimulatedNetwork,
    line: LineId,
    session: Session,
    oracle: SessionOracle,
    start: Instant,
    now: Duration,
    deadline: Option<Instant>,
    /// The steps of the history, and the timeouts of the session.
    steps: u64,
    tickets: u64,
    /// Set once an event of the service may have been lost.
    events_lost: bool,
}

impl SessionPlayer {
    fn new(seed: u64) -> Self {
        let environment = Environment::of(seed);
        let session = Session::new(&config(), seed).expect("the configuration is valid");
        let mut network = SimulatedNetwork::new(environment.scenario(), seed);
        let line = network.add_line();
        let mut player = Self {
            environment,
            network,
            line,
            session,
            oracle: SessionOracle::new(MAX_CALLS, &["a"], SECRET),
            start: Instant::now(),
            now: Duration::ZERO,
            deadline: None,
            steps: 0,
            tickets: 0,
            events_lost: false,
        };
        player.session.hold_frames();
        player.session.connect(player.instant());
        player.drain();
        player.settle();
        player
    }

    fn apply_to_environment(&mut self, step: &EnvironmentStep) {
        self.oracle.login_may_be_rejected |= step.rejects_login();
        let to = self.network.service().connections().last();
        let known =
            to.into_iter().flat_map(|to| self.oracle.live_calls().map(move |id| (id.to_string(), to)));
        let known = known.collect();
        let call_duration = self.environment.call_duration();
        let context = StepContext { now: self.now, network: &mut self.network, known, call_duration };
        match context.apply(step) {
            Effect::None => {}
            Effect::Impaired => self.excuse(),
            Effect::Cut => self.cut(),
        }
    }
}

impl Player for SessionPlayer {
    type Step = Step;

    fn now(&self) -> Duration {
        self.now
    }

    fn apply(&mut self, step: &Step) {
        let now = self.instant();
        self.steps += 1;
        match step {
            Step::Wait(time) => self.wait(millis(*time)),
            Step::Request(request, number) => self.request(*request, *number),
            Step::Dial(parties, limit) => self.dial(*parties, millis(*limit)),
            Step::Message(delivery) => self.message(*delivery),
            Step::Receive(number) => self.receive(*number),
            Step::Unreceive(number) => self.unreceive(*number),
            Step::Flood(count) => self.flood(*count),
            Step::FloodAndHangUp(count, number) => {
                self.flood(*count);
                self.request(CallRequest::Hangup, *number);
            }
            Step::Take(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.session.take(&call_id);
                }
            }
            Step::Release(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.session.release(now, &call_id);
                }
            }
            Step::Discard(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.session.discard(now, &call_id);
                }
            }
            Step::Abandon(number) => {
                if let Some(ticket) = pick(&self.oracle.open_requests(), *number) {
                    self.oracle.record_abandoned(*ticket);
                    self.session.abandon(now, *ticket);
                }
            }
            Step::FailHandler(number) => {
                if let Some(call_id) = self.pick_call(*number) {
                    self.oracle.record_failed_handler(&call_id);
                    self.session.hang_up_after_failure(now, &call_id, &EndReason::Error);
                }
            }
            Step::Drain(time) => {
                self.oracle.record_drain();
                self.session.drain(now, millis(*time));
            }
            Step::Environment(step) => self.apply_to_environment(step),
        }
        self.drain();
        self.settle();
    }

    fn finish(&mut self) {
        self.network.heal();
        self.wait(RECOVERY_TIMEOUT);
        let printed = format!("{:?}", self.session);
        self.oracle.check_redacted(&"the session", &printed);
        if !self.oracle.closed {
            self.check_recovered();
        }
        self.oracle.check_all_over();
        self.oracle.record_drain();
        self.session.drain(self.instant(), Duration::ZERO);
        self.drain();
        self.wait(CLOSE_TIMEOUT);
        self.check_closed();
    }

    fn finding(&self) -> Option<String> {
        self.oracle.finding().map(str::to_owned)
    }

    fn summary(&self) -> Summary {
        Summary { steps: self.steps + self.network.steps(), transcript: self.oracle.transcript() }
    }

    fn disturbances(&self) -> &[Disturbance] {
        self.network.disturbances()
    }
}
