//! The soak test in memory and in virtual time.

use std::time::{Duration, Instant};

use signalwire_relay_core::{Client, ClientStats, secs};
use signalwire_relay_harness::{NetworkConditions, Way, World};
use signalwire_relay_simulator::{Faults, Refusal, ServiceStats};

use crate::tally::{Memory, ServiceLog, Tally, mib};
use crate::{application, parties};

/// The number of workers that share the calls.
const WORKERS: usize = 3;
/// The maximum number of active calls of a worker.
const MAX_CALLS: usize = 12;
/// The mean time between two injected faults.
const FAULT_INTERVAL: Duration = Duration::from_mins(20);
/// The time between two deployments, in which a worker is replaced.
const DEPLOYMENT_INTERVAL: Duration = Duration::from_hours(8);
/// The number of progress lines.
const PROGRESS_LINES: u32 = 40;
/// The minimum number of calls for memory to be judged. With fewer calls, bounded tables of the simulator still fill up.
const MIN_CALLS: u64 = 50_000;
/// The time without calls after which everything has ended.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(20);
/// The methods whose requests the service sometimes refuses or does not answer.
const REFUSED_METHODS: &[&str] = &[
    "calling.answer",
    "calling.play",
    "calling.play_and_collect",
    "calling.record",
    "calling.connect",
    "calling.dial",
    "calling.detect",
    "calling.end",
    "calling.pass",
    "messaging.send",
];

struct Centre {
    world: World,
    random: fastrand::Rng,
    workers: Vec<Client>,
    tally: Tally,
    service_log: ServiceLog,
    faults: u64,
    deployments: u64,
}

/// Runs for this virtual time, with this mean time between calls, and returns the findings.
pub(crate) fn run(time: Duration, between_calls: Duration, seed: u64) -> Vec<String> {
    println!("{:.1} days with a call every {:.1?}, seed {seed}", days(time), between_calls);
    let mut centre = Centre::open(seed);
    let mut memory = Memory::default();
    let start = Instant::now();
    let mut next_call = Duration::ZERO;
    let mut next_message = Duration::ZERO;
    let mut next_fault = FAULT_INTERVAL;
    let mut next_deployment = DEPLOYMENT_INTERVAL;
    let mut next_line = Duration::ZERO;
    loop {
        let next = next_call.min(next_message).min(next_fault).min(next_deployment).min(next_line);
        if next > time {
            break;
        }
        centre.pass_until(next);
        if next == next_call {
            let caller = parties::caller(&mut centre.random);
            let (service, now) = centre.world.service();
            service.place_call(now, caller);
            next_call += centre.pause(between_calls);
        } else if next == next_message {
            let message = parties::message(&mut centre.random);
            let (service, now) = centre.world.service();
            service.inject_message(now, message);
            next_message += centre.pause(between_calls * 4);
        } else if next == next_fault {
            centre.inject_fault();
            next_fault += centre.pause(FAULT_INTERVAL);
        } else if next == next_deployment {
            centre.deploy();
            next_deployment += DEPLOYMENT_INTERVAL;
        } else {
            centre.print_line(start, &mut memory);
            next_line += time / PROGRESS_LINES;
        }
    }
    centre.world.heal();
    centre.pass_until(time + SETTLE_TIMEOUT);
    centre.print_line(start, &mut memory);
    let findings = centre.close(start.elapsed());
    let judged = centre.service_log.placed >= MIN_CALLS;
    let mut findings: Vec<_> = findings.into_iter().chain(centre.service_log.into_objections()).collect();
    if judged {
        findings.extend(memory.grows());
    } else {
        println!("memory               not judged with fewer than {MIN_CALLS} calls");
    }
    findings
}

impl Centre {
    fn open(seed: u64) -> Self {
        let mut centre = Self {
            world: World::new(parties::scenario(), seed),
            random: fastrand::Rng::with_seed(seed),
            workers: Vec::new(),
            tally: Tally::default(),
            service_log: ServiceLog::default(),
            faults: 0,
            deployments: 0,
        };
        centre.world.set_network(NetworkConditions {
            latency: secs(0.02),
            jitter: secs(0.03),
            cut: 1e-4,
            stall: 1e-4,
            black_hole: 2e-5,
            garbage: 1e-3,
            truncated: 1e-3,
            oversize: 1e-6,
            refuse: 0.05,
            ignore: 0.05,
            ..NetworkConditions::default()
        });
        centre.world.set_faults(Faults { duplicate: 0.01, delay: 0.01, garbage: 1e-3, ..Faults::default() });
        for _ in 0..WORKERS {
            centre.hire();
        }
        centre
    }

    fn hire(&mut self) {
        let worker = self.world.client(World::config().max_active_calls(MAX_CALLS));
        application::serve(&worker, &self.tally);
        self.workers.push(worker);
    }

    /// Drains a worker, and adds another.
    fn deploy(&mut self) {
        self.deployments += 1;
        self.workers.remove(0).drain(None);
        self.hire();
    }

    fn pass_until(&mut self, instant: Duration) {
        let now = self.world.now();
        self.world.pass(instant.saturating_sub(now));
        for report in self.world.take_reports() {
            self.service_log.take(&report);
        }
        // These would fill memory.
        self.world.take_notices();
        self.world.take_disturbances();
        self.world.forget_finished();
    }

    /// Draws a time with this mean.
    fn pause(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.random.f64()).ln())
    }

    /// Injects a fault that is worse than a lost connection.
    fn inject_fault(&mut self) {
        self.faults += 1;
        let some_time = secs(300.0 * self.random.f64());
        let which = self.random.u8(..10);
        let method = REFUSED_METHODS[self.random.usize(..REFUSED_METHODS.len())];
        let (service, now) = self.world.service();
        match which {
            0 => service.restart(now),
            1 => service.send_disconnect(now, Some(true)),
            2 => service.send_disconnect(now, Some(false)),
            3 => service.send_disconnect(now, None),
            4 => service.refuse_next(method, Refusal::Silence),
            5 => service.refuse_next(method, Refusal::Code(500, "Internal error".to_owned())),
            6 => service.refuse_next(method, Refusal::RpcError(-32603, "Internal error".to_owned())),
            7 => {
                self.world.unreachable_for(some_time);
                self.world.cut();
            }
            8 => self.world.black_hole(Way::ToService),
            _ => self.world.stall(Way::ToClient, some_time / 5),
        }
    }

    fn print_line(&self, start: Instant, memory: &mut Memory) {
        let elapsed = start.elapsed().as_secs_f64();
        let simulated = self.world.now().as_secs_f64();
        println!(
            "day {:>6.2}: {:>8} calls, {:>7} messages, {:>9} steps, {:>10}, {:.0} times real time",
            days(self.world.now()),
            self.service_log.placed + self.service_log.legs,
            self.tally.messages(),
            self.world.steps(),
            memory.sample().map_or_else(|| "no memory".to_owned(), mib),
            simulated / elapsed.max(1e-9),
        );
    }

    /// Checks what is left, closes all clients, and checks again.
    fn close(&mut self, elapsed: Duration) -> Vec<String> {
        self.tally.print();
        self.service_log.print();
        println!("on the network       {:?}", self.world.injected());
        println!("at the service       {:?}", self.world.service().0.fault_stats());
        println!("injected faults      {}, and {} workers replaced", self.faults, self.deployments);
        let mut findings = Vec::new();
        let mut check = |what: &str, left: String, nothing: bool| {
            println!("left: {what:<14} {left}");
            if !nothing {
                findings.push(format!("left in {what}: {left}"));
            }
        };
        let left: Vec<_> =
            self.world.stats().into_iter().filter(|stats| *stats != ClientStats::default()).collect();
        check("clients", format!("{left:?}"), left.is_empty());
        check("tasks", self.world.running_tasks().to_string(), self.world.running_tasks() == 0);
        check("handlers", self.tally.running().to_string(), self.tally.running() == 0);
        for worker in self.workers.drain(..) {
            worker.disconnect();
        }
        self.world.pass(SETTLE_TIMEOUT);
        let clients = self.world.running_clients();
        check("open clients", clients.to_string(), clients == 0);
        let service = self.world.service().0.stats();
        check("the service", format!("{service:?}"), service == ServiceStats::default());
        println!("took                 {:.1} s, {} steps", elapsed.as_secs_f64(), self.world.steps());
        findings
    }
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() / 86_400.0
}
