//! The scenarios, by what they are about.

mod actions;
mod agents;
mod closing;
mod connection;
mod crowd;
mod dialling;
mod examples;
mod handlers;
mod messaging;
mod overload;
mod reaching;
mod requests;

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use signalwire_relay_core::{Call, Client, Config, Error};
use signalwire_relay_simulator::{CallState, Caller, Reading, Scenario, Step};

use crate::log::Log;
use crate::runtimes::Opening;
use crate::service::TestService;
use crate::trial::{Failure, caught};

/// Our number at the service.
const OURS: &str = "+15552220000";
/// The number of those who call.
const THEIRS: &str = "+15551110000";
/// How many seconds of the service pass in one.
const SPEED: f64 = 20.0;
/// How long a trial may take before it counts as hanging.
const TEST_TIMEOUT: Duration = Duration::from_mins(5);
/// How long closing a client may take on which nothing is left: many times what it takes, and less than draining may.
const CLOSES_WITHIN: Duration = Duration::from_secs(20);

/// All of them.
pub(crate) fn all() -> Vec<Play> {
    [
        examples::plays(),
        actions::plays(),
        agents::plays(),
        dialling::plays(),
        messaging::plays(),
        requests::plays(),
        connection::plays(),
        reaching::plays(),
        overload::plays(),
        handlers::plays(),
        closing::plays(),
        crowd::plays(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How a scenario ends, or does not.
pub(crate) type Outcome = Result<(), Failure>;
type BoxedFlow =
    Box<dyn Fn(Client, TestService) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// A scenario: what the service does, what the application does, and what is to come of it.
pub(crate) struct Play {
    name: &'static str,
    script: Scenario,
    /// The only reading of the protocol in which the scenario makes sense, if it does not in both.
    reading: Option<Reading>,
    flow: BoxedFlow,
    speed: f64,
    opening: Opening,
    config: fn(Config) -> Config,
    before: fn(&TestService),
    judge: fn(&Result<(), Error>) -> bool,
    limit: Duration,
    closes_in: Range<Duration>,
    loses_sessions: bool,
}

impl Play {
    pub(crate) fn new<F, R>(name: &'static str, script: Scenario, flow: F) -> Self
    where
        F: Fn(Client, TestService) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        Self {
            name,
            script,
            reading: None,
            flow: Box::new(move |client, service| Box::pin(flow(client, service))),
            speed: SPEED,
            opening: Opening::Connect,
            config: |config| config,
            before: |_| (),
            judge: Result::is_ok,
            limit: TEST_TIMEOUT,
            closes_in: Duration::ZERO..CLOSES_WITHIN,
            loses_sessions: false,
        }
    }

    /// Plays in one reading of the protocol only.
    fn only_in(mut self, reading: Reading) -> Self {
        self.reading = Some(reading);
        self
    }

    /// Begins without waiting for the connection.
    fn started(mut self) -> Self {
        self.opening = Opening::Start;
        self
    }

    /// Changes the client's settings.
    fn config(mut self, config: fn(Config) -> Config) -> Self {
        self.config = config;
        self
    }

    /// Does something before there is a client.
    fn before(mut self, before: fn(&TestService)) -> Self {
        self.before = before;
        self
    }

    /// How making the client, or running it, is to end. Default: well.
    fn ends(mut self, judge: fn(&Result<(), Error>) -> bool) -> Self {
        self.judge = judge;
        self
    }

    /// How long it may take before it counts as hanging.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sessions may expire, and end the calls that are left in them. Otherwise no call may be left to that.
    fn loses_sessions(mut self) -> Self {
        self.loses_sessions = true;
        self
    }

    /// For how long the client's `run()` may go on after the flow is done, and has to.
    fn closes_in(mut self, time: Range<Duration>) -> Self {
        self.closes_in = time;
        self
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The service, set up for it. Over plain sockets it follows the newer specification of the protocol, over TLS what the
    /// SDKs expect, so that each scenario is played in both readings on each runtime.
    pub(crate) fn set(&self, tls: bool) -> std::io::Result<TestService> {
        let reading = if tls { Reading::Sdks } else { Reading::Specification };
        let script = self.script.clone().reading(self.reading.unwrap_or(reading));
        let service = TestService::set(script, self.speed, tls)?;
        (self.before)(&service);
        Ok(service)
    }

    pub(crate) fn opening(&self) -> Opening {
        self.opening
    }

    pub(crate) fn adjust(&self, config: Config) -> Config {
        (self.config)(config)
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.limit
    }

    pub(crate) fn may_lose_sessions(&self) -> bool {
        self.loses_sessions
    }

    pub(crate) fn closing_time(&self) -> &Range<Duration> {
        &self.closes_in
    }

    pub(crate) fn flow(&self, client: Client, service: TestService) -> impl Future<Output = Outcome> {
        (self.flow)(client, service)
    }

    /// Checks how making the client, or running it, has ended.
    pub(crate) fn judge(&self, served: &Result<(), Error>) -> Result<(), String> {
        if (self.judge)(served) { Ok(()) } else { Err(format!("the client ended with {served:?}")) }
    }
}

fn builtin(name: &str) -> Scenario {
    Scenario::builtin(name).expect("it comes with the simulator")
}

/// Somebody who calls, and does not give up while a busy machine gets to it.
fn caller(script: impl IntoIterator<Item = Step>) -> Caller {
    Caller::new(THEIRS, OURS).patience(Duration::from_mins(10)).script(script)
}

/// Somebody who calls and stays on the line.
fn patient() -> Caller {
    caller([Step::StaySilent])
}

/// A service where one patient person calls.
pub(crate) fn one_caller() -> Scenario {
    Scenario::new().caller(patient())
}

/// The next call that comes in, answered.
pub(crate) async fn answered(client: &Client) -> Result<Call, Failure> {
    let call = client.incoming_calls().next().await.expect("the client is open");
    call.answer().await?;
    call.wait_for_answered().await?;
    Ok(call)
}

/// Handles calls. How each handler ends is told, and a call whose handler failed is hung up.
fn serve<T, F, R>(client: &Client, handler: F) -> Log<Result<T, Failure>>
where
    T: Clone + Send + 'static,
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let outcomes = Log::new();
    let told = outcomes.clone();
    client.on_call(move |call| {
        let (told, work) = (told.clone(), handler(call.clone()));
        async move {
            let outcome = caught(work).await;
            let failed = outcome.as_ref().err().map(ToString::to_string);
            told.push(outcome);
            match failed {
                Some(text) => Err(text),
                None => Ok(()),
            }
        }
    });
    outcomes
}

/// How often handlers ended with each outcome; `"gone"` stands for those whose call was gone.
fn tally(outcomes: &[Result<&'static str, Failure>]) -> Result<Vec<&'static str>, Failure> {
    let mut tally = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(text) => tally.push(*text),
            Err(failure) if failure.is_gone() => tally.push("gone"),
            Err(failure) => return Err(failure.clone()),
        }
    }
    tally.sort_unstable();
    Ok(tally)
}

/// The state of a call at the service.
fn state_at_service(service: &TestService, call: &Call) -> Option<CallState> {
    service.simulator().with(|board, _| board.call(call.id().as_str()).map(|call| call.state))
}

/// Why a call ended, as the service sees it, once it has.
async fn reason_at_service(service: &TestService, call: &Call) -> String {
    service.ended(call.id().as_str()).await
}
