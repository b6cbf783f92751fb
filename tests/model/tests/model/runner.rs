//! Plays random histories, and shortens the first that has a finding.

use std::cell::Cell;
use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use signalwire_relay_model::{Failure, Summary};

/// The default number of histories.
const DEFAULT_CASES: u32 = 400;
/// The number of histories that are played twice.
const REPEATED_CASES: u32 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn runner(cases: u32, seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Plays random histories, and panics with the shortest that has a finding.
pub(crate) fn expect_no_finding<H: Debug>(
    histories: impl Strategy<Value = H>,
    play: impl Fn(&H) -> Result<Summary, Box<Failure>>,
) {
    let cases =
        number("RELAY_MODEL_CASES").map_or(DEFAULT_CASES, |cases| cases.try_into().expect("not so many"));
    let seed = number("RELAY_MODEL_SEED").unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("RELAY_MODEL_SEED={seed} RELAY_MODEL_CASES={cases}");
    let (played, steps, failed) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(None));
    let began = Instant::now();
    let result = runner(cases, seed).run(&histories, |history| {
        played.set(played.get() + 1);
        let summary = play(&history).map_err(|failure| {
            failed.set(failed.get().or(Some(played.get())));
            TestCaseError::fail(failure.what)
        })?;
        steps.set(steps.get() + summary.steps);
        Ok(())
    });
    let took = began.elapsed();
    match result {
        Ok(()) => println!("{} histories, {} steps, {took:.1?}", played.get(), steps.get()),
        Err(TestError::Fail(_, history)) => {
            let failure = play(&history).expect_err("it fails again");
            let number = failed.get().unwrap_or_default();
            panic!("found with RELAY_MODEL_SEED={seed} in history {number}:\n{failure}");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Plays some histories twice, and panics if their outputs differ.
pub(crate) fn expect_equal_outputs<H: Debug>(
    histories: impl Strategy<Value = H>,
    play: impl Fn(&H) -> Result<Summary, Box<Failure>>,
) {
    let result = runner(REPEATED_CASES, 7).run(&histories, |history| {
        let first = play(&history).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        let second = play(&history).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        prop_assert_eq!(first, second);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
