//! In memory and in virtual time.

use std::time::{Duration, Instant};

use signalwire_relay_core::session::Stats;
use signalwire_relay_core::{Client, ClientStats, secs};
use signalwire_relay_harness::{NetworkConditions, Way, World};
use signalwire_relay_simulator::{Faults, Refusal, ServiceStats};

use crate::tally::{Memory, Tally, Told, mib};
use crate::{application, people};

/// How many workers share the calls.
const WORKERS: usize = 3;
/// How many calls a worker takes at once.
const MOST_CALLS: usize = 12;
/// The time between two of the greater troubles, on average.
const TROUBLE: Duration = Duration::from_mins(20);
/// How often a worker is replaced by a new one.
const DEPLOYMENT: Duration = Duration::from_hours(8);
/// How many lines tell of the run.
const LINES: u32 = 40;
/// With fewer calls memory is not judged: bounded histories of the simulator are still filling up.
const ENOUGH_CALLS: u64 = 50_000;
/// Longer than anything goes on when nobody calls any more.
const REST: Duration = Duration::from_mins(20);
/// What the service refuses now and then, or does not answer.
const REFUSED: &[&str] = &[
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
    told: Told,
    troubles: u64,
    deployments: u64,
}

/// Plays for so much virtual time, with a call now and then, and says what is wrong.
pub(crate) fn run(time: Duration, between_calls: Duration, seed: u64) -> Vec<String> {
    println!("{:.1} days with a call every {:.1?}, seed {seed}", days(time), between_calls);
    let mut centre = Centre::open(seed);
    let mut memory = Memory::default();
    let start = Instant::now();
    let mut next_call = Duration::ZERO;
    let mut next_message = Duration::ZERO;
    let mut next_trouble = TROUBLE;
    let mut next_deployment = DEPLOYMENT;
    let mut next_line = Duration::ZERO;
    loop {
        let next = next_call.min(next_message).min(next_trouble).min(next_deployment).min(next_line);
        if next > time {
            break;
        }
        centre.pass_until(next);
        if next == next_call {
            let caller = people::caller(&mut centre.random);
            let (board, now) = centre.world.board();
            board.place_call(now, caller);
            next_call += centre.pause(between_calls);
        } else if next == next_message {
            let message = people::message(&mut centre.random);
            let (board, now) = centre.world.board();
            board.place_message(now, message);
            next_message += centre.pause(between_calls * 4);
        } else if next == next_trouble {
            centre.trouble();
            next_trouble += centre.pause(TROUBLE);
        } else if next == next_deployment {
            centre.deploy();
            next_deployment += DEPLOYMENT;
        } else {
            centre.print_line(start, &mut memory);
            next_line += time / LINES;
        }
    }
    centre.world.heal();
    centre.pass_until(time + REST);
    centre.print_line(start, &mut memory);
    let findings = centre.close(start.elapsed());
    let judged = centre.told.placed >= ENOUGH_CALLS;
    let mut findings: Vec<_> = findings.into_iter().chain(centre.told.into_objections()).collect();
    if judged {
        findings.extend(memory.grows());
    } else {
        println!("memory               not judged with fewer than {ENOUGH_CALLS} calls");
    }
    findings
}

impl Centre {
    fn open(seed: u64) -> Self {
        let mut centre = Self {
            world: World::new(people::scenario(), seed),
            random: fastrand::Rng::with_seed(seed),
            workers: Vec::new(),
            tally: Tally::default(),
            told: Told::default(),
            troubles: 0,
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
        let worker = self.world.client(World::config().max_active_calls(MOST_CALLS));
        application::serve(&worker, &self.tally);
        self.workers.push(worker);
    }

    /// A worker stops gently, and another begins.
    fn deploy(&mut self) {
        self.deployments += 1;
        self.workers.remove(0).drain(None);
        self.hire();
    }

    fn pass_until(&mut self, instant: Duration) {
        let now = self.world.now();
        self.world.pass(instant.saturating_sub(now));
        for report in self.world.take_reports() {
            self.told.take(&report);
        }
        // What would fill up otherwise.
        self.world.take_notices();
        self.world.take_disturbances();
        self.world.forget_finished();
    }

    /// As long as this on average.
    fn pause(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.random.f64()).ln())
    }

    /// One of the things that are worse than a lost connection.
    fn trouble(&mut self) {
        self.troubles += 1;
        let some_time = secs(300.0 * self.random.f64());
        let which = self.random.u8(..10);
        let method = REFUSED[self.random.usize(..REFUSED.len())];
        let (board, now) = self.world.board();
        match which {
            0 => board.restart(now),
            1 => board.send_disconnect(now, Some(true)),
            2 => board.send_disconnect(now, Some(false)),
            3 => board.send_disconnect(now, None),
            4 => board.refuse_next(method, Refusal::Silence),
            5 => board.refuse_next(method, Refusal::Code(500, "Internal error".to_owned())),
            6 => board.refuse_next(method, Refusal::RpcError(-32603, "Internal error".to_owned())),
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
            self.told.placed + self.told.legs,
            self.tally.messages(),
            self.world.steps(),
            memory.sample().map_or_else(|| "no memory".to_owned(), mib),
            simulated / elapsed.max(1e-9),
        );
    }

    /// Looks what is left, closes everything, and looks again.
    fn close(&mut self, elapsed: Duration) -> Vec<String> {
        self.tally.print();
        self.told.print();
        println!("on the network       {:?}", self.world.injected());
        println!("at the service       {:?}", self.world.board().0.disturbed());
        println!("greater troubles     {}, and {} workers replaced", self.troubles, self.deployments);
        let mut findings = Vec::new();
        let mut look = |what: &str, left: String, nothing: bool| {
            println!("left: {what:<14} {left}");
            if !nothing {
                findings.push(format!("left in {what}: {left}"));
            }
        };
        let stats = self.world.stats().into_iter().fold(Stats::default(), added);
        look("sessions", format!("{stats:?}"), stats == Stats::default());
        let held: Vec<ClientStats> = self.world.held();
        let worst = held
            .into_iter()
            .max_by_key(|held| held.calls + held.outcomes + held.operations + held.alarms + held.offers);
        look("handles", format!("{worst:?}"), worst.is_none_or(|held| held == ClientStats::default()));
        look("tasks", self.world.running_tasks().to_string(), self.world.running_tasks() == 0);
        look("handlers", self.tally.running().to_string(), self.tally.running() == 0);
        for worker in self.workers.drain(..) {
            worker.disconnect();
        }
        self.world.pass(REST);
        let clients = self.world.running_clients();
        look("clients", clients.to_string(), clients == 0);
        let service = self.world.board().0.stats();
        look("the service", format!("{service:?}"), service == ServiceStats::default());
        println!("took                 {:.1} s, {} steps", elapsed.as_secs_f64(), self.world.steps());
        findings
    }
}

fn added(mut sum: Stats, more: Stats) -> Stats {
    sum.calls += more.calls;
    sum.operations += more.operations;
    sum.requests += more.requests;
    sum.dials += more.dials;
    sum.messages += more.messages;
    sum.alarms += more.alarms;
    sum
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() / 86_400.0
}
