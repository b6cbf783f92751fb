//! The stage for examples: the real service where there are credentials, a simulated one where there are none.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::{env, fs, io, process};

use crate::listener::{ListenOptions, Simulator};
use crate::{Reading, Scenario, ScenarioError, Violation};

/// How many simulated seconds pass in a real one.
const SPEED: f64 = 10.0;
/// How long nothing may be left to happen, in simulated time, before the play is over.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often that is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The variable that says which description of the protocol the simulator of an example follows: `specification`, the
/// default, or `sdks`.
const READING: &str = "SIGNALWIRE_SIMULATOR_READING";

/// Where an example plays.
///
/// With credentials in the environment that is the service that they are for, and everything here stands back.
/// Without, it is a simulator of this process, on a free loopback port, with TLS: it places the calls of a
/// built-in scenario, prints what happens, and checks every request. It follows the newer specification, and refuses
/// what that does not know; with `SIGNALWIRE_SIMULATOR_READING=sdks` it behaves as the server SDKs expect.
#[derive(Debug)]
pub struct Demo {
    simulated: Option<Simulated>,
}

#[derive(Debug)]
struct Simulated {
    simulator: Arc<Simulator>,
    ca_file: PathBuf,
}

impl Demo {
    /// Sets the stage for a built-in scenario.
    ///
    /// # Errors
    /// If there is no such scenario, or no simulator can be started.
    pub fn start(scenario: &str) -> io::Result<Self> {
        let given = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        if ["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN", "SIGNALWIRE_JWT_TOKEN"]
            .iter()
            .any(|name| given(name))
        {
            return Ok(Self { simulated: None });
        }
        let scenario = Scenario::builtin(scenario).map_err(|error: ScenarioError| io::Error::other(error))?;
        let reading = match env::var(READING).as_deref() {
            Ok("sdks") => Reading::Sdks,
            Ok("specification" | "") | Err(_) => Reading::Specification,
            Ok(other) => {
                let text = format!("{READING} is {other:?}, and neither `specification` nor `sdks`");
                return Err(io::Error::other(text));
            }
        };
        let scenario = scenario.reading(reading).strict(reading == Reading::Specification);
        let ca_file = env::temp_dir().join(format!("signalwire-relay-demo-{}.pem", process::id()));
        let options = ListenOptions::new(scenario).tls().ca_out(&ca_file).speed(SPEED);
        let simulator = Arc::new(Simulator::start(options)?);
        println!("no credentials in the environment: playing on a simulator at {}", simulator.url());
        Ok(Self { simulated: Some(Simulated { simulator, ca_file }) })
    }

    /// Whether there is a simulator.
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// A setting: from the environment, or that of the simulator.
    pub fn var(&self, name: &str) -> Option<String> {
        let Some(Simulated { simulator, ca_file }) = &self.simulated else {
            return env::var(name).ok();
        };
        match name {
            "SIGNALWIRE_PROJECT_ID" => Some("demo-project".to_owned()),
            "SIGNALWIRE_API_TOKEN" => Some("demo-token".to_owned()),
            "SIGNALWIRE_SPACE" => Some(simulator.host()),
            "SIGNALWIRE_RELAY_CA_FILE" => Some(ca_file.display().to_string()),
            _ => None,
        }
    }

    /// Begins to print what happens on the simulator, and calls `on_idle` when nothing is left to happen. On
    /// the real service, where there is always something, it does neither.
    pub fn print_reports(&self, on_idle: impl FnOnce() + Send + 'static) {
        let Some(Simulated { simulator, .. }) = &self.simulated else { return };
        let simulator = simulator.clone();
        thread::spawn(move || {
            let mut on_idle = Some(on_idle);
            let mut quiet_since = None;
            while Arc::strong_count(&simulator) > 1 {
                while let Some(report) = simulator.next_report(POLL_INTERVAL) {
                    println!("  [service] {report}");
                    quiet_since = None;
                }
                let (done, now) = simulator.with(|service, now| (service.is_done(), now));
                quiet_since = if done { quiet_since.or(Some(now)) } else { None };
                if quiet_since.is_some_and(|since| now.saturating_sub(since) >= IDLE_TIMEOUT)
                    && let Some(on_idle) = on_idle.take()
                {
                    on_idle();
                }
            }
        });
    }

    /// What the simulator had to object to.
    ///
    /// # Errors
    /// If a request broke the rules of the protocol, or an event was not acknowledged.
    pub fn check(self) -> io::Result<()> {
        self.check_except(|_| false)
    }

    /// The same for an example that asks for things which the service may refuse: `expected` says which.
    ///
    /// # Errors
    /// If there is any other objection.
    pub fn check_except(self, expected: impl Fn(&Violation) -> bool) -> io::Result<()> {
        let Some(Simulated { simulator, .. }) = &self.simulated else { return Ok(()) };
        while let Some(report) = simulator.next_report(POLL_INTERVAL) {
            println!("  [service] {report}");
        }
        let objections: Vec<_> = simulator.with(|service, _| {
            service
                .violations()
                .iter()
                .filter(|violation| !expected(violation))
                .map(ToString::to_string)
                .collect()
        });
        if objections.is_empty() {
            println!("the simulator had nothing to object to");
            return Ok(());
        }
        Err(io::Error::other(format!("the simulator objects:\n{}", objections.join("\n"))))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(Simulated { ca_file, .. }) = &self.simulated {
            // It is public, and in a temporary folder: no harm if it stays.
            let _ = fs::remove_file(ca_file);
        }
    }
}
