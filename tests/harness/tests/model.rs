//! Random histories against what must always be true.
//!
//! `RELAY_MODEL_CASES` says how many are played (default 400), `RELAY_MODEL_SEED` which: each run prints its own. A
//! history in which something goes wrong is shortened as far as possible and printed as a sequence of steps.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use signalwire_relay_harness::model::{Ask, Delivery, Dial, Disturb, How, Refused, Step, play};
use signalwire_relay_harness::{Break, Moment, Way};

const CASES: u32 = 400;
/// How many steps a history has at most.
const LONGEST: usize = 40;

fn ways() -> impl Strategy<Value = Way> {
    select(vec![Way::ToClient, Way::ToService])
}

fn asks() -> impl Strategy<Value = Step> {
    use Ask::{Answer, Collect, Hangup, Pass, Play, Record, SendDigits, Stop};
    let often = select(vec![Answer, Answer, Answer, Play, Play, Record, Collect, SendDigits, Stop]);
    let seldom = select(vec![Pass, Hangup]);
    let ask = prop_oneof![4 => often, 1 => seldom];
    (ask, any::<u8>()).prop_map(|(ask, number)| Step::Ask(ask, number))
}

fn application() -> impl Strategy<Value = Step> {
    use Dial::{Answers, Busy, InTurn, Race, Silent};
    let dials = (select(vec![Answers, Answers, Busy, Silent, Race, InTurn]), 500..90_000_u32);
    prop_oneof![
        8 => asks(),
        3 => dials.prop_map(|(whom, limit)| Step::Dial(whom, limit)),
        2 => select(vec![Delivery::Arrives, Delivery::Bounces]).prop_map(Step::Message),
        1 => (0..4_u8).prop_map(Step::Receive),
        1 => (0..4_u8).prop_map(Step::Unreceive),
        1 => select(vec![3, 600]).prop_map(Step::Flood),
        1 => any::<u8>().prop_map(Step::Take),
        1 => any::<u8>().prop_map(Step::Release),
        1 => any::<u8>().prop_map(Step::Discard),
        2 => any::<u8>().prop_map(Step::Abandon),
        1 => (1..60_000_u32).prop_map(Step::Alarm),
        1 => any::<u8>().prop_map(Step::CancelAlarm),
    ]
}

fn people() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (select(vec![0, 0, 0, 1, 2]), 1_000..60_000_u32).prop_map(|(context, time)| Step::Caller(context, time)),
        2 => any::<u8>().prop_map(Step::HangUp),
        1 => any::<u8>().prop_map(Step::Press),
    ]
}

fn service() -> impl Strategy<Value = Step> {
    use Disturb::{Calm, Duplicate, EventsFirst, Reorder, Storm};
    use Refused::{Answer, Connect, Dial, End, Message, Pass, Play, Receive};
    let refused = select(vec![Connect, Answer, Play, Dial, Message, Receive, Pass, End]);
    let how = select(vec![How::Status, How::RpcError, How::Silence]);
    prop_oneof![
        2 => any::<u8>().prop_map(Step::OldNews),
        2 => any::<u8>().prop_map(Step::OfferAgain),
        1 => Just(Step::Restart),
        1 => select(vec![None, Some(false), Some(true)]).prop_map(Step::Leave),
        4 => (refused, how).prop_map(|(what, how)| Step::Refuse(what, how)),
        2 => select(vec![Calm, Duplicate, Reorder, EventsFirst, Storm]).prop_map(Step::Disturb),
    ]
}

fn network() -> impl Strategy<Value = Step> {
    let moments = select(vec![Moment::Before, Moment::After]);
    let breaks = prop_oneof![
        6 => Just(Break::Cut),
        1 => Just(Break::HalfOpen),
        1 => (0..60_u64).prop_map(|time| Break::Stall(Duration::from_secs(time))),
    ];
    let nested = "[".repeat(100_000);
    let nonsense = prop_oneof![
        select(vec![
            "\u{0}".to_owned(),
            nested,
            r#"{"id":1e999,"result":-1e999}"#.to_owned(),
            r#"{"id":null,"method":"signalwire.event","params":{"event_type":7}}"#.to_owned(),
            r#"{"method":"signalwire.event","params":{"event_type":"calling.call.state"}}"#.to_owned(),
            r#"{"method":"signalwire.event","params":{"event_type":"calling.call.dial","params":{"call":[]}}}"#
                .to_owned(),
            r#"{"method":"signalwire.event","params":{"event_type":"calling.call.receive","params":{"call_id":""}}}"#
                .to_owned(),
            r#"{"result":{}}"#.to_owned(),
        ]),
        any::<String>(),
    ];
    prop_oneof![
        1 => (0..2_000_u32, 0..500_u32).prop_map(|(latency, jitter)| Step::Latency(latency, jitter)),
        2 => Just(Step::Cut),
        4 => (0..12_u8, moments, breaks).prop_map(|(frames, moment, what)| Step::At(frames, moment, what)),
        1 => (ways(), 100..60_000_u32).prop_map(|(way, time)| Step::Stall(way, time)),
        1 => ways().prop_map(Step::BlackHole),
        1 => (1..4_u8).prop_map(Step::RefuseConnects),
        1 => (1_000..90_000_u32).prop_map(Step::Unreachable),
        2 => nonsense.prop_map(Step::Nonsense),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    // From an instant to longer than the session's deadlines.
    let times = prop_oneof![4 => 1..3_000_u32, 2 => 3_000..15_000_u32, 1 => 15_000..90_000_u32];
    prop_oneof![
        100 => times.prop_map(Step::Pass),
        80 => application(),
        40 => people(),
        30 => service(),
        40 => network(),
        // Seldom: little happens afterwards.
        1 => (0..60_000_u32).prop_map(Step::Drain),
    ]
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn what_must_always_be_true_is_true_in_random_histories() {
    let cases = number("RELAY_MODEL_CASES").map_or(CASES, |cases| cases.try_into().expect("not so many"));
    let seed = number("RELAY_MODEL_SEED").unwrap_or_else(|| RandomState::new().hash_one("seed"));
    println!("RELAY_MODEL_SEED={seed} RELAY_MODEL_CASES={cases}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (played, told, failed) = (Cell::new(0_u64), Cell::new(0_u64), Cell::new(None));
    let began = Instant::now();
    let histories = (0..64_u64, proptest::collection::vec(steps(), 1..LONGEST));
    let result = runner.run(&histories, |(seed, history)| {
        played.set(played.get() + 1);
        let summary = play(seed, &history).map_err(|failure| {
            failed.set(failed.get().or(Some(played.get())));
            TestCaseError::fail(failure.what)
        })?;
        told.set(told.get() + summary.steps);
        Ok(())
    });
    let took = began.elapsed();
    match result {
        Ok(()) => println!("{} histories, {} steps, {took:.1?}", played.get(), told.get()),
        Err(TestError::Fail(_, (world_seed, history))) => {
            let failure = play(world_seed, &history).expect_err("it fails again");
            let number = failed.get().unwrap_or_default();
            panic!("found with RELAY_MODEL_SEED={seed} in history {number}:\n{failure}");
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_same_history_is_told_in_the_same_words() {
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 40, failure_persistence: None, ..Config::default() },
        TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]),
    );
    let histories = (0..64_u64, proptest::collection::vec(steps(), 1..LONGEST));
    let result = runner.run(&histories, |(seed, history)| {
        let first = play(seed, &history).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        let second = play(seed, &history).map_err(|failure| TestCaseError::fail(failure.to_string()))?;
        prop_assert_eq!(first, second);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
