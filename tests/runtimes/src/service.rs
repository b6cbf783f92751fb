//! The service that a trial plays on.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use signalwire_relay_core::Config;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{CallState, Report, Scenario, SimulatedService};

use crate::log::Log;

/// How many frames are shown when something went wrong.
const SHOWN_FRAMES: usize = 24;
/// How long a client has to acknowledge something, in real time: what is late by less is the fault of a busy machine.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_mins(1);

/// A simulated service of its own for each trial. Clones are the same service.
#[derive(Clone)]
pub(crate) struct TestService(Arc<Inner>);

struct Inner {
    simulator: Simulator,
    reports: Log<Report>,
    ca_file: Option<PathBuf>,
    /// What the trial is at, for when it hangs.
    step: Mutex<&'static str>,
}

impl TestService {
    pub(crate) fn set(script: Scenario, speed: f64, tls: bool) -> std::io::Result<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let script = script.ack_within(ACKNOWLEDGED_WITHIN.mul_f64(speed));
        let mut options = ListenOptions::new(script).speed(speed);
        let mut ca_file = None;
        if tls {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("signalwire-relay-suite-{}-{number}.pem", std::process::id());
            let path = std::env::temp_dir().join(name);
            // As proxies on the way write it.
            options = options.tls().connection_header("keep-alive, Upgrade").ca_out(&path);
            ca_file = Some(path);
        }
        let simulator = Simulator::start(options)?;
        let reports = Log::new();
        let (source, sink) = (simulator.reports(), reports.clone());
        std::thread::spawn(move || source.for_each(|report| sink.push(report)));
        Ok(Self(Arc::new(Inner { simulator, reports, ca_file, step: Mutex::new("connecting") })))
    }

    /// Settings with which it lets a client in, for the calls of the context `default`.
    pub(crate) fn config(&self) -> Config {
        let config = Config::new()
            .project("demo-project")
            .token("demo-token")
            .host(self.simulator().host())
            .contexts(["default"])
            .max_connections(usize::MAX);
        match &self.0.ca_file {
            Some(path) => config.ca_file(path),
            None => config.plaintext(),
        }
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        &self.0.simulator
    }

    /// Waits until the service is as it should be: looks at it now and after everything that happens.
    pub(crate) async fn wait_for<R>(
        &self,
        mut condition: impl FnMut(&mut SimulatedService) -> Option<R>,
    ) -> R {
        self.0.reports.wait_for(|| self.simulator().with(|board, _| condition(board))).await
    }

    /// Waits until every scripted person has called and hung up and every call and message is over.
    pub(crate) async fn all_over(&self) {
        self.wait_for(|board| board.is_done().then_some(())).await;
    }

    /// Waits until something has happened that fits; what happened before counts.
    pub(crate) async fn reported(&self, fits: impl Fn(&Report) -> bool) -> Report {
        self.0.reports.when(|reports| reports.iter().find(|report| fits(report)).cloned()).await
    }

    /// Waits until what has happened so far is as it should be.
    pub(crate) async fn wait_for_reports<R>(&self, look: impl FnMut(&[Report]) -> Option<R>) -> R {
        self.0.reports.when(look).await
    }

    /// Waits until these calls are all answered.
    pub(crate) async fn answered(&self, calls: &[String]) {
        let is_answered = |board: &SimulatedService, id: &String| {
            board.call(id).is_some_and(|call| call.state == CallState::Answered)
        };
        self.wait_for(|board| calls.iter().all(|id| is_answered(board, id)).then_some(())).await;
    }

    /// Waits until a call has ended; gives the reason, as the wire spells it.
    pub(crate) async fn ended(&self, call: &str) -> String {
        self.wait_for(|board| {
            let call = board.call(call)?;
            if call.state == CallState::Ended { call.end_reason } else { None }
        })
        .await
    }

    /// Waits until something that fits has happened this often, and sees to it that it was not more often.
    pub(crate) async fn reported_times(&self, times: usize, fits: impl Fn(&Report) -> bool) {
        let count = |reports: &[Report]| reports.iter().filter(|report| fits(report)).count();
        self.wait_for_reports(|reports| (count(reports) >= times).then_some(())).await;
        assert_eq!(count(&self.0.reports.items()), times);
    }

    /// Waits until no client is left and no call stands. Gives how many sessions had to expire for that.
    pub(crate) async fn cleared(&self) -> usize {
        let calls = self.wait_for(|board| {
            let ended = board.calls().all(|call| call.state == CallState::Ended);
            (ended && board.connections().count() == 0).then(|| board.calls().count())
        });
        let calls = calls.await;
        let count = |reports: &[Report], fits: fn(&Report) -> bool| {
            reports.iter().filter(|report| fits(report)).count()
        };
        // What ended the calls has been told when their ends have.
        self.wait_for_reports(|reports| {
            let ends = count(reports, |report| matches!(report, Report::CallEnded { .. }));
            let expired = || count(reports, |report| matches!(report, Report::SessionExpired));
            (ends >= calls).then(expired)
        })
        .await
    }

    /// What the service has to object to.
    pub(crate) fn objections(&self) -> Vec<String> {
        self.simulator().with(|board, _| board.violations().iter().map(ToString::to_string).collect())
    }

    /// Notes what the trial is at.
    pub(crate) fn now_at(&self, moment: &'static str) {
        *self.0.step.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }

    pub(crate) fn current_step(&self) -> &'static str {
        *self.0.step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where things stand, for people to read.
    pub(crate) fn picture(&self) -> String {
        self.simulator().with(|board, now| {
            let mut lines = vec![format!(
                "the service at {:.1} s, {} connections, calls that stand:",
                now.as_secs_f64(),
                board.connections().count()
            )];
            let standing = board.calls().filter(|call| call.state != CallState::Ended);
            lines.extend(standing.map(|call| format!("  {}: {}", call.call_id, call.state)));
            lines.push("the latest frames:".to_owned());
            let journal = board.journal();
            let latest = &journal[journal.len().saturating_sub(SHOWN_FRAMES)..];
            lines.extend(latest.iter().map(|entry| format!("  {entry}")));
            lines.join("\n")
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(path) = &self.ca_file {
            // It is public, and in a temporary folder: no harm if it stays.
            let _ = std::fs::remove_file(path);
        }
    }
}
