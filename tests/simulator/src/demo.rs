//! The service behind an example: the real one if the environment has credentials, otherwise a simulated one.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::{env, fs, io, process};

use crate::listener::{ListenOptions, Simulator};
use crate::{Reading, Scenario, ScenarioError, Violation};

/// Simulated seconds per real second.
const SPEED: f64 = 10.0;
/// The simulated time without pending work after which the scenario counts as finished.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// The interval at which reports and pending work are checked.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The environment variable with the reading of the simulator: `specification` (the default) or `sdks`.
const READING: &str = "SIGNALWIRE_SIMULATOR_READING";

/// The service that an example connects to.
///
/// With credentials in the environment, the example connects to the real service and this type does nothing. Without
/// credentials, it runs a simulator in this process, on a free loopback port, with TLS. The simulator runs a built-in
/// scenario, prints its reports, and checks every request. It follows the newer specification strictly. With
/// `SIGNALWIRE_SIMULATOR_READING=sdks` it behaves as the server SDKs expect.
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
    /// Starts a built-in scenario, unless the environment has credentials.
    ///
    /// # Errors
    /// If the scenario does not exist, or the simulator cannot start.
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

    /// Returns `true` if the service is simulated.
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// Returns the value of an environment variable. If the service is simulated, returns the value that connects to
    /// the simulator instead.
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

    /// Prints the reports of the simulator in the background, and calls `on_idle` once the scenario has finished. Does
    /// nothing on the real service.
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

    /// Checks that the simulator recorded no violation.
    ///
    /// # Errors
    /// If the client violated the protocol, for instance with an invalid request or an event without acknowledgement.
    pub fn check(self) -> io::Result<()> {
        self.check_except(|_| false)
    }

    /// Checks that the simulator recorded no violation except the expected ones.
    ///
    /// # Errors
    /// If there is any other violation.
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
            // The certificate is public and in a temporary folder: a failure leaves no secret behind.
            let _ = fs::remove_file(ca_file);
        }
    }
}
