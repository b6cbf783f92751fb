//! Sessions.

use proptest::prelude::*;
use proptest::sample::select;
use signalwire_relay_harness::Way;
use signalwire_relay_model::session::{Ask, Step, play};
use signalwire_relay_model::{Delivery, Dial, Incident};

use crate::incidents::{incidents, times};
use crate::runner;

/// How many steps a history has at most.
const LONGEST: usize = 40;

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

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        100 => times().prop_map(Step::Pass),
        80 => application(),
        110 => incidents().prop_map(Step::Incident),
        // Seldom: little happens afterwards.
        1 => (0..60_000_u32).prop_map(Step::Drain),
    ]
}

fn histories() -> impl Strategy<Value = (u64, Vec<Step>)> {
    (0..64_u64, proptest::collection::vec(steps(), 1..LONGEST))
}

#[test]
fn what_must_always_be_true_is_true_in_random_histories() {
    runner::expect_nothing_wrong(histories(), |(seed, history)| play(*seed, history));
}

#[test]
fn the_same_history_is_told_in_the_same_words() {
    runner::expect_the_same_again(histories(), |(seed, history)| play(*seed, history));
}

// What was found once. The seeds are of people who never hang up, and a service that delivers events again.

fn expect_nothing_wrong_in(seed: u64, history: &[Step]) {
    if let Err(failure) = play(seed, history) {
        panic!("{failure}");
    }
}

#[test]
fn a_call_that_was_answered_before_it_was_passed_is_hung_up_when_nothing_is_heard_of_either() {
    expect_nothing_wrong_in(
        14,
        &[
            Step::Incident(Incident::Caller(0, 1_000)),
            Step::Incident(Incident::Stall(Way::ToClient, 10_000)),
            Step::Ask(Ask::Answer, 0),
            Step::Ask(Ask::Pass, 0),
        ],
    );
}

#[test]
fn a_leg_that_could_not_be_called_off_on_a_dead_connection_is_called_off_on_the_next() {
    let stall = |time| Step::Incident(Incident::Stall(Way::ToService, time));
    expect_nothing_wrong_in(14, &[Step::Dial(Dial::Answers, 500), stall(20_501)]);
    let wait = [Step::Pass(1_363), Step::Pass(1), Step::Pass(1)];
    let history: Vec<_> = [Step::Dial(Dial::Answers, 1_363), stall(21_364)].into_iter().chain(wait).collect();
    expect_nothing_wrong_in(14, &history);
}
