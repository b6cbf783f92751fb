//! A soak test: a call centre of three workers, parties that call it and write to it, and a network and a service with
//! faults. Weeks pass in minutes.
//!
//! ```text
//! cargo run --release -p signalwire-relay-harness --example soak -- --days 30 --seed 1
//! cargo run --release -p signalwire-relay-harness --example soak -- --real 60
//! ```
//!
//! The first runs in memory and in virtual time, and is the same for the same seed. The second runs in real time, over
//! sockets with TLS, on tokio. Both print what is left in every table, and fail if a table is not empty, if the service
//! objects to a request, or if memory keeps growing.

mod application;
mod parties;
mod real;
mod simulated;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Runs a call centre with faults, and prints what is left at the end.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many simulated days to play
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    days: f64,

    /// How many parties call in a simulated day
    #[arg(long, value_name = "N", default_value_t = 10_000.0)]
    calls_a_day: f64,

    /// The seed of everything random; a new one each time if not given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Run for this many seconds of real time instead, over sockets
    #[arg(long, value_name = "SECONDS")]
    real: Option<f64>,
}

fn main() -> ExitCode {
    let Arguments { days, calls_a_day, seed, real } = Arguments::parse();
    let seed = seed.unwrap_or_else(|| {
        std::time::UNIX_EPOCH.elapsed().map_or(0, |since| u64::from(since.subsec_nanos()))
    });
    let time = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let outcome = match real {
        Some(seconds) => real::run(time(seconds), seed),
        None => Ok(simulated::run(time(days * 86_400.0), time(86_400.0 / calls_a_day.max(1.0)), seed)),
    };
    let findings = match outcome {
        Ok(findings) => findings,
        Err(error) => vec![error.to_string()],
    };
    if findings.is_empty() {
        println!("nothing is left, seed {seed}");
        return ExitCode::SUCCESS;
    }
    for finding in findings {
        eprintln!("FAILED (seed {seed}): {finding}");
    }
    ExitCode::FAILURE
}
