//! Applications.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use signalwire_relay_model::application::{Begin, Care, Deed, Errand, Reach, Step, play};
use signalwire_relay_model::{Delivery, Dial};

use crate::incidents::{incidents, times};
use crate::runner;

/// How many steps a history has at most.
const LONGEST: usize = 30;

fn dials() -> impl Strategy<Value = Dial> {
    select(vec![Dial::Answers, Dial::Answers, Dial::Busy, Dial::Silent, Dial::Race, Dial::InTurn])
}

fn starts() -> impl Strategy<Value = Deed> {
    use Begin::{Ai, Collect, Detect, EnterQueue, Pay, Play, PlayAndCollect, Record, SendDigits, Transcribe};
    let begin = prop_oneof![
        6 => select(vec![Play, Record, Collect, PlayAndCollect, SendDigits, Detect]),
        2 => select(vec![Ai, EnterQueue, Pay, Transcribe]),
        1 => dials().prop_map(Begin::Connect),
    ];
    let care = prop_oneof![
        3 => Just(Care::Wait),
        1 => times().prop_map(Care::WaitTwice),
        1 => Just(Care::Follow),
        1 => times().prop_map(Care::Stop),
        1 => Just(Care::Callback),
        1 => Just(Care::Leave),
    ];
    (begin, care).prop_map(|(begin, care)| Deed::Start(begin, care))
}

fn simple() -> impl Strategy<Value = Deed> {
    let reach = select(vec![Reach::Ringing, Reach::Answered, Reach::Ending, Reach::Ended]);
    prop_oneof![
        4 => Just(Deed::Answer),
        6 => starts(),
        1 => Just(Deed::Pass),
        1 => Just(Deed::Hangup),
        2 => (reach, times()).prop_map(|(reach, time)| Deed::Await(reach, time)),
        1 => Just(Deed::Keep),
        1 => select(vec![Deed::Fail, Deed::Panic]),
    ]
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = simple().prop_recursive(2, 8, 3, |deed| {
        prop_oneof![
            (times(), vec(deed.clone(), 1..3)).prop_map(|(time, deeds)| Deed::GiveUp(time, deeds)),
            (vec(deed.clone(), 1..3), vec(deed, 1..3)).prop_map(|(some, others)| Deed::Both(some, others)),
        ]
    });
    vec(deed, 0..6)
}

fn errands() -> impl Strategy<Value = Errand> {
    let deliveries = select(vec![Delivery::Arrives, Delivery::Bounces]);
    let errand = prop_oneof![
        4 => (dials(), times(), deeds()).prop_map(|(whom, limit, deeds)| Errand::Dial(whom, limit, deeds)),
        2 => (deliveries, times()).prop_map(|(delivery, time)| Errand::Message(delivery, time)),
        1 => (0..4_u8).prop_map(Errand::Receive),
        1 => (0..4_u8).prop_map(Errand::Unreceive),
        1 => (any::<u8>(), deeds()).prop_map(|(number, deeds)| Errand::Return(number, deeds)),
        1 => Just(Errand::Look),
        1 => any::<bool>().prop_map(Errand::Reauthenticate),
    ];
    errand.prop_recursive(1, 2, 1, |errand| {
        (times(), errand).prop_map(|(time, errand)| Errand::GiveUp(time, Box::new(errand)))
    })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        100 => times().prop_map(Step::Pass),
        40 => (any::<u8>(), errands()).prop_map(|(number, errand)| Step::Errand(number, errand)),
        110 => incidents().prop_map(Step::Incident),
        10 => Just(Step::Join),
        4 => (any::<u8>(), 0..60_000_u32).prop_map(|(number, time)| Step::Drain(number, time)),
        1 => any::<u8>().prop_map(Step::Disconnect),
        3 => any::<u8>().prop_map(Step::Kill),
    ]
}

fn histories() -> impl Strategy<Value = (u64, Vec<Vec<Deed>>, Vec<Step>)> {
    let scripts = vec(
        deeds().prop_map(|mut deeds| {
            // Little happens on calls that nobody answers.
            deeds.insert(0, Deed::Answer);
            deeds
        }),
        1..4,
    );
    let scripts = prop_oneof![3 => scripts, 1 => vec(deeds(), 1..3)];
    (0..64_u64, scripts, vec(steps(), 1..LONGEST))
}

#[test]
fn what_must_always_be_true_is_true_in_random_histories() {
    runner::expect_nothing_wrong(histories(), |(seed, scripts, history)| play(*seed, scripts, history));
}

#[test]
fn the_same_history_is_told_in_the_same_words() {
    runner::expect_the_same_again(histories(), |(seed, scripts, history)| play(*seed, scripts, history));
}
