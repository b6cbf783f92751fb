//! Plays random histories, as many as wanted, and shortens the first in which something is wrong.

use std::cell::Cell;
use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use signalwire_relay_model::{Failure, Summary};

const CASES: u32 = 400;
/// How many histories are played twice.
const REPEATED: u32 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn runner(cases: u32, seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Plays as many histories as wanted.
pub(crate) fn expect_nothing_wrong<H: Debug>(
    histories: impl Strategy<Value = H>,
    play: impl Fn(&H) -> Result<Summary, Box<Failure>>,
) {
    let cases = number("RELAY_MODEL_CASES").map_or(CASES, |cases| cases.try_into().expect("not so many"));
    let seed = number("RELAY_MODEL_SEED").unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("RELAY_MODEL_SEED={seed} RELAY_MODEL_CASES={cases}");
    let (played, told, failed) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(None));
    let began = Instant::now();
    let result = runner(cases, seed).run(&histories, |history| {
        played.set(played.get() + 1);
        let summary = play(&history).map_err(|failure| {
            failed.set(failed.get().or(Some(played.get())));
            TestCaseError::fail(failure.what)
        })?;
        told.set(told.get() + summary.steps);
        Ok(())
    });
    let took = began.elapsed();
    match result {
        Ok(()) => println!("{} histories, {} steps, {took:.1?}", played.get(), told.get()),
        Err(TestError::Fail(_, history)) => {
            let failure = play(&history).expect_err("it fails again");
            let number = failed.get().unwrap_or_default();
            panic!("found with RELAY_MODEL_SEED={seed} in history {number}:\n{failure}");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Plays some histories twice.
pub(crate) fn expect_the_same_again<H: Debug>(
    histories: impl Strategy<Value = H>,
    play: impl Fn(&H) -> Result<Summary, Box<Failure>>,
) {
    let result = runner(REPEATED, 7).run(&histories, |history| {
        let first = play(&history).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        let second = play(&history).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        prop_assert_eq!(first, second);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
