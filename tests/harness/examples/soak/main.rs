//! Weeks on the phone in minutes: a call centre of three workers, people who call it and write to it, and a network and
//! a service on which everything goes wrong now and then.
//!
//! ```text
//! cargo run --release -p signalwire-relay-harness --example soak -- --days 30 --seed 1
//! cargo run --release -p signalwire-relay-harness --example soak -- --real 60
//! ```
//!
//! The first is in memory and in virtual time, and the same for the same seed. The second is in real time, over
//! sockets with TLS, on tokio. Both end with what is left in every table, and fail if that is not nothing, if the
//! service had a request to object to, or if memory keeps growing.

mod application;
mod people;
mod real;
mod simulated;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// Plays a call centre with faults, and says what is left of it.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many simulated days to play
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    days: f64,

    /// How many people call in a simulated day
    #[arg(long, value_name = "N", default_value_t = 10_000.0)]
    calls_a_day: f64,

    /// Decides everything that is left to chance; a new one each time if not given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Play for so many seconds of real time instead, over sockets
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
