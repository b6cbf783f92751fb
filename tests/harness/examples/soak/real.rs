//! The soak test in real time, over sockets with TLS, on tokio.

use std::io;
use std::time::{Duration, Instant};

use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Faults, ServiceStats};
use signalwire_relay_tokio::{Config, Error, RelayClient, secs};

use crate::tally::{Memory, ServiceLog, Tally, mib};
use crate::{application, parties};

/// The number of workers that share the calls.
const WORKERS: usize = 3;
/// The factor by which the parties act faster than in real time.
const SPEED: f64 = 10.0;
/// The mean time between calls.
const CALL_INTERVAL: Duration = Duration::from_millis(50);
/// The mean time between messages.
const MESSAGE_INTERVAL: Duration = Duration::from_millis(200);
/// The mean time between injected faults.
const FAULT_INTERVAL: Duration = Duration::from_secs(5);
/// The duration of a fault that does not end by itself.
const FAULT_DURATION: Duration = Duration::from_secs(1);
/// The number of progress lines.
const PROGRESS_LINES: u32 = 20;
/// The time within which workers close, and within which the service settles after that.
const CLOSE_TIMEOUT: Duration = Duration::from_mins(1);

struct Centre {
    simulator: Simulator,
    random: fastrand::Rng,
    service_log: ServiceLog,
    injected: [(&'static str, u64); 7],
}

/// Runs for this real time, and returns the findings.
pub(crate) fn run(time: Duration, seed: u64) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let ca_file = std::env::temp_dir().join(format!("relay-soak-{}.pem", std::process::id()));
    let scenario = parties::scenario().session_lifetime(secs(20));
    let options = ListenOptions::new(scenario).tls().ca_out(&ca_file).seed(seed).speed(SPEED);
    let simulator = Simulator::start(options)?;
    simulator.with(|service, _| {
        service.set_faults(Faults { duplicate: 0.01, delay: 0.01, garbage: 1e-3, ..Faults::default() });
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let config = Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(simulator.host())
        .ca_file(&ca_file)
        .contexts(["default"])
        .max_connections(WORKERS);
    let tally = Tally::default();
    let workers: Result<Vec<_>, Error> =
        (0..WORKERS).map(|_| runtime.block_on(RelayClient::connect(config.clone()))).collect();
    std::fs::remove_file(&ca_file)?;
    let workers = workers?;
    for worker in &workers {
        application::serve(worker, &tally);
    }
    println!("{} workers at {}, seed {seed}", WORKERS, simulator.url());
    let injected = ["cut", "cut in mid-frame", "silence", "restart", "farewell", "stall", "refusal"];
    let mut centre = Centre {
        simulator,
        random: fastrand::Rng::with_seed(seed),
        service_log: ServiceLog::default(),
        injected: injected.map(|what| (what, 0)),
    };
    let mut memory = Memory::default();
    centre.play(time, &tally, &mut memory)?;

    tally.print();
    let mut findings = Vec::new();
    for worker in &workers {
        worker.drain(Some(secs(3)));
    }
    for worker in workers {
        match runtime.block_on(async { tokio::time::timeout(CLOSE_TIMEOUT, worker.run()).await }) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => findings.push(format!("a worker ended with: {error}")),
            Err(_) => findings.push("a worker does not end".to_owned()),
        }
    }
    let left = centre.settle();
    centre.service_log.print();
    println!("faults               {:?}", centre.injected);
    println!("at the service       {:?}", centre.simulator.with(|service, _| service.fault_stats()));
    println!("left: handlers       {}", tally.running());
    println!("left: the service    {left:?}");
    if tally.running() > 0 {
        findings.push(format!("{} handlers are left", tally.running()));
    }
    if left != ServiceStats::default() {
        findings.push(format!("left at the service: {left:?}"));
    }
    findings.extend(centre.service_log.into_objections());
    if time >= Duration::from_mins(10) {
        findings.extend(memory.grows());
    }
    Ok(findings)
}

impl Centre {
    fn play(&mut self, time: Duration, tally: &Tally, memory: &mut Memory) -> io::Result<()> {
        let start = Instant::now();
        let [mut next_call, mut next_message, mut next_fault, mut next_line] = [Duration::ZERO; 4];
        next_fault += FAULT_INTERVAL;
        let mut heals: Option<Duration> = None;
        loop {
            let next = next_call.min(next_message).min(next_fault).min(next_line);
            let next = heals.map_or(next, |heals| heals.min(next));
            if next > time {
                break;
            }
            self.receive_reports(start + next);
            if heals == Some(next) {
                self.simulator.set_silent(false);
                self.simulator.listen_again()?;
                heals = None;
            } else if next == next_call {
                let caller = parties::caller(&mut self.random);
                self.simulator.with(|service, now| service.place_call(now, caller));
                next_call += self.pause(CALL_INTERVAL);
            } else if next == next_message {
                let message = parties::message(&mut self.random);
                self.simulator.with(|service, now| service.inject_message(now, message));
                next_message += self.pause(MESSAGE_INTERVAL);
            } else if next == next_fault {
                self.inject_fault()?;
                heals = heals.or(Some(next + FAULT_DURATION));
                next_fault += self.pause(FAULT_INTERVAL);
            } else {
                println!(
                    "{:>6.1} s: {:>6} calls placed, {:>6} handled, {:>6} messages, {:>10}",
                    start.elapsed().as_secs_f64(),
                    self.service_log.placed + self.service_log.legs,
                    tally.calls(),
                    tally.messages(),
                    memory.sample().map_or_else(|| "no memory".to_owned(), mib),
                );
                next_line += time / PROGRESS_LINES;
            }
        }
        self.simulator.set_silent(false);
        self.simulator.listen_again()?;
        self.simulator.with(|service, _| service.set_faults(Faults::default()));
        Ok(())
    }

    /// Receives the reports of the service until this instant.
    fn receive_reports(&mut self, instant: Instant) {
        loop {
            let left = instant.saturating_duration_since(Instant::now());
            match self.simulator.next_report(left) {
                Some(report) => self.service_log.take(&report),
                None => return,
            }
        }
    }

    fn pause(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.random.f64()).ln())
    }

    fn inject_fault(&mut self) -> io::Result<()> {
        let which = self.random.usize(..self.injected.len());
        self.injected[which].1 += 1;
        let restart = [Some(true), Some(false), None][self.random.usize(..3)];
        match which {
            0 => self.simulator.cut_all(),
            1 => self.simulator.cut_mid_frame(),
            2 => {
                self.simulator.set_silent(true);
                self.simulator.cut_all();
            }
            3 => self.simulator.restart()?,
            4 => self.simulator.with(|service, now| service.send_disconnect(now, restart)),
            5 => self.simulator.with(|service, now| {
                let connections: Vec<_> = service.connections().collect();
                for connection in connections {
                    service.stall(now, connection, FAULT_DURATION.mul_f64(SPEED));
                }
            }),
            _ => {
                self.simulator.stop_listening()?;
                self.simulator.cut_all();
            }
        }
        Ok(())
    }

    /// Waits until nothing is left at the service, for at most [`CLOSE_TIMEOUT`]. Returns what is left.
    fn settle(&mut self) -> ServiceStats {
        let end = Instant::now() + CLOSE_TIMEOUT;
        loop {
            let left = self.simulator.with(|service, _| service.stats());
            if left == ServiceStats::default() || Instant::now() >= end {
                return left;
            }
            if let Some(report) = self.simulator.next_report(Duration::from_millis(100)) {
                self.service_log.take(&report);
            }
        }
    }
}
