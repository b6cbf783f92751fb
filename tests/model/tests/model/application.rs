//! Random histories of applications.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use signalwire_relay_model::application::{
    CallMilestone, CallStep, ClientStep, FullPools, OperationKind, Step, WaitMode, play,
};
use signalwire_relay_model::{Delivery, Dial};

use crate::environment::{environment_steps, times};
use crate::runner;

/// The maximum number of steps of a history.
const MAX_STEPS: usize = 30;

fn dials() -> impl Strategy<Value = Dial> {
    select(vec![Dial::Answers, Dial::Answers, Dial::Busy, Dial::Silent, Dial::Race, Dial::InTurn])
}

fn starts() -> impl Strategy<Value = CallStep> {
    use OperationKind::{
        Ai, Collect, Detect, EnterQueue, Pay, Play, PlayAndCollect, Record, SendDigits, Transcribe,
    };
    let begin = prop_oneof![
        6 => select(vec![Play, Record, Collect, PlayAndCollect, SendDigits, Detect]),
        2 => select(vec![Ai, EnterQueue, Pay, Transcribe]),
        1 => dials().prop_map(OperationKind::Connect),
    ];
    let mode = prop_oneof![
        3 => Just(WaitMode::Wait),
        1 => times().prop_map(WaitMode::WaitTwice),
        1 => Just(WaitMode::Follow),
        1 => times().prop_map(WaitMode::Stop),
        1 => Just(WaitMode::Callback),
        1 => Just(WaitMode::Ignore),
    ];
    (begin, mode).prop_map(|(begin, mode)| CallStep::Start(begin, mode))
}

fn simple() -> impl Strategy<Value = CallStep> {
    let milestones = select(vec![
        CallMilestone::Ringing,
        CallMilestone::Answered,
        CallMilestone::Ending,
        CallMilestone::Ended,
    ]);
    prop_oneof![
        4 => Just(CallStep::Answer),
        6 => starts(),
        1 => Just(CallStep::Pass),
        1 => Just(CallStep::Hangup),
        2 => (milestones, times()).prop_map(|(milestone, time)| CallStep::WaitFor(milestone, time)),
        1 => Just(CallStep::Keep),
        1 => Just(CallStep::NeverRead),
        1 => select(vec![CallStep::Fail, CallStep::Panic]),
    ]
}

fn call_steps() -> impl Strategy<Value = Vec<CallStep>> {
    let step = simple().prop_recursive(2, 8, 3, |step| {
        prop_oneof![
            (times(), vec(step.clone(), 1..3))
                .prop_map(|(time, call_steps)| CallStep::CancelAfter(time, call_steps)),
            (vec(step.clone(), 1..3), vec(step, 1..3))
                .prop_map(|(some, others)| CallStep::Concurrently(some, others)),
        ]
    });
    vec(step, 0..6)
}

fn client_steps() -> impl Strategy<Value = ClientStep> {
    let deliveries = select(vec![Delivery::Arrives, Delivery::Bounces]);
    let client_step = prop_oneof![
        4 => (dials(), times(), call_steps()).prop_map(|(parties, limit, steps)| ClientStep::Dial(parties, limit, steps)),
        2 => (deliveries, times()).prop_map(|(delivery, time)| ClientStep::Message(delivery, time)),
        1 => (0..4_u8).prop_map(ClientStep::Receive),
        1 => (0..4_u8).prop_map(ClientStep::Unreceive),
        1 => (any::<u8>(), call_steps()).prop_map(|(number, call_steps)| ClientStep::UseKept(number, call_steps)),
        1 => Just(ClientStep::Inspect),
        1 => Just(ClientStep::NeverRead),
        1 => any::<bool>().prop_map(ClientStep::Reauthenticate),
    ];
    client_step.prop_recursive(1, 2, 1, |client_step| {
        (times(), client_step)
            .prop_map(|(time, client_step)| ClientStep::CancelAfter(time, Box::new(client_step)))
    })
}

fn full_pools() -> impl Strategy<Value = FullPools> {
    use FullPools::{All, Callbacks, Calls, Events, None};
    select(vec![None, Calls, Events, Callbacks, All])
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        100 => times().prop_map(Step::Wait),
        40 => (any::<u8>(), client_steps()).prop_map(|(number, client_step)| Step::Client(number, client_step)),
        110 => environment_steps().prop_map(Step::Environment),
        10 => Just(Step::Join),
        4 => (any::<u8>(), 0..60_000_u32).prop_map(|(number, time)| Step::Drain(number, time)),
        1 => any::<u8>().prop_map(Step::Disconnect),
        3 => any::<u8>().prop_map(Step::Kill),
        8 => (any::<u8>(), full_pools()).prop_map(|(number, full)| Step::Full(number, full)),
    ]
}

fn histories() -> impl Strategy<Value = (u64, Vec<Vec<CallStep>>, Vec<Step>)> {
    let scripts = vec(
        call_steps().prop_map(|mut call_steps| {
            // Few other steps have an effect on a call that is not answered.
            call_steps.insert(0, CallStep::Answer);
            call_steps
        }),
        1..4,
    );
    let scripts = prop_oneof![3 => scripts, 1 => vec(call_steps(), 1..3)];
    (0..128_u64, scripts, vec(steps(), 1..MAX_STEPS))
}

#[test]
fn random_histories_have_no_finding() {
    runner::expect_no_finding(histories(), |(seed, scripts, history)| play(*seed, scripts, history));
}

#[test]
fn the_same_history_gives_the_same_outputs_again() {
    runner::expect_equal_outputs(histories(), |(seed, scripts, history)| play(*seed, scripts, history));
}
