//! Events that an application waits for and that fall into a gap, or come after the end of the call.

use std::future::{Future, IntoFuture};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use signalwire_relay_core::{
    Call, CallStateEvent, ClientStats, Collect, ConnectState, EndReason, Error, PlayState, RecordEvent,
    RecordState, phone, secs,
};
use signalwire_relay_harness::{Way, World};
use signalwire_relay_simulator::{CallState, Caller, Cue, Phone, Scenario, Step};

const OURS: &str = "+15552220000";
const SALES: &str = "+15551001000";

/// A world with a caller who stays for hours, and the call, answered.
fn on_the_phone(script: Vec<Step>, scenario: Scenario) -> (World, Call) {
    let script = script.into_iter().chain([Step::wait(7200.0), Step::HangUp]);
    let caller = Caller::new("+15551110000", OURS).script(script);
    let mut world = World::new(scenario.caller(caller), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    (world, call)
}

/// Loses everything that the service sends for as long, and then the connection.
fn gap(world: &mut World, lasts: Duration) {
    world.black_hole(Way::ToClient);
    world.pass(lasts);
    world.cut();
    world.pass(secs(2));
}

/// The time until a wait ends.
fn time_of<T>(world: &mut World, wait: impl Future<Output = T>) -> (T, Duration) {
    let before = world.now();
    let result = world.block_on(wait);
    (result, world.now().saturating_sub(before))
}

#[test]
fn a_play_whose_end_fell_into_a_gap_is_over_soon_after_it() {
    let (mut world, call) = on_the_phone(vec![], Scenario::new());
    let play = world.block_on(call.play_silence(secs(5)).into_future()).expect("accepted");
    gap(&mut world, secs(20));
    let (end, took) = time_of(&mut world, play.wait());
    assert_eq!(end.expect("it is over").state, PlayState::Finished);
    assert!(took < secs(60), "{took:?}");
}

#[test]
fn a_play_that_goes_on_after_a_gap_is_waited_for_to_its_own_end() {
    for paused in [false, true] {
        let (mut world, call) = on_the_phone(vec![], Scenario::new());
        let play = world.block_on(call.play_silence(secs(900)).volume(-3.0).into_future()).expect("accepted");
        if paused {
            world.block_on(play.pause().into_future()).expect("accepted");
        }
        gap(&mut world, secs(20));
        world.pass(secs(600));
        assert!(!play.is_done(), "it lasts longer");
        if paused {
            assert_eq!(
                play.latest().expect("an event").state,
                PlayState::Paused,
                "the question changes nothing"
            );
            world.block_on(play.resume().into_future()).expect("accepted");
        }
        assert_eq!(world.block_on(play.wait()).expect("played").state, PlayState::Finished);
    }
}

#[test]
fn a_prompt_whose_result_fell_into_a_gap_fails_soon_after_it() {
    let script = vec![Step::on(Cue::PromptFinished), Step::wait(1.0), Step::press("1")];
    let (mut world, call) = on_the_phone(script, Scenario::new());
    let prompt = call.prompt_tts("Press 1.", Collect::digits(1).initial_timeout(secs(10)));
    let prompt = world.block_on(prompt.into_future()).expect("accepted");
    gap(&mut world, secs(25));
    let (end, took) = time_of(&mut world, prompt.wait());
    let error = end.expect_err("nobody knows what was pressed");
    assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
    assert!(error.to_string().contains("calling.play_and_collect on call"), "{error}");
    assert!(took < secs(60), "{took:?}");
}

#[test]
fn a_collect_and_a_detection_whose_results_fell_into_a_gap_fail_after_it() {
    let (mut world, call) = on_the_phone(vec![], Scenario::new());
    let collect = call.collect(Collect::digits(1).initial_timeout(secs(5)));
    let collect = world.block_on(collect.into_future()).expect("accepted");
    let detect = call.detect_answering_machine().run_for(secs(10));
    let detect = world.block_on(detect.into_future()).expect("accepted");
    gap(&mut world, secs(20));
    let (end, took) = time_of(&mut world, collect.wait());
    assert!(end.is_err() && took < secs(60), "{took:?}");
    let (end, took) = time_of(&mut world, detect.wait());
    assert!(end.is_err() && took < secs(60), "{took:?}");
}

#[test]
fn a_recording_is_asked_about_after_a_gap_as_it_stands() {
    for paused in [false, true] {
        let (mut world, call) = on_the_phone(vec![], Scenario::new());
        let recording = world.block_on(call.record().into_future()).expect("accepted");
        if paused {
            world.block_on(recording.pause().into_future()).expect("accepted");
        }
        let state = recording.latest().expect("an event").state;
        gap(&mut world, secs(20));
        world.pass(secs(1200));
        assert!(!recording.is_done());
        assert_eq!(recording.latest().expect("an event").state, state, "the question changes nothing");
        world.block_on(recording.stop().into_future()).expect("accepted");
        world.block_on(recording.wait()).expect("recorded");
    }
}

/// A call that is connected to a phone whose party stays for so many seconds.
fn bridged(stays: f64) -> (World, Call, signalwire_relay_core::calling::ConnectAction) {
    let sales = Phone::new(SALES).answers_after(secs(1)).script([Step::wait(stays), Step::HangUp]);
    let (mut world, call) = on_the_phone(vec![], Scenario::new().phone(sales));
    let bridge = world.block_on(call.connect(phone(SALES).from(OURS)).into_future()).expect("accepted");
    let connected = world.block_on(bridge.connected()).expect("an outcome");
    assert_eq!(connected.connect_state, ConnectState::Connected);
    (world, call, bridge)
}

#[test]
fn a_connection_whose_end_fell_into_a_gap_is_over_soon_after_it() {
    let (mut world, _call, bridge) = bridged(5.0);
    gap(&mut world, secs(25));
    let (end, took) = time_of(&mut world, bridge.wait());
    assert_eq!(end.expect("it is over").connect_state, ConnectState::Disconnected);
    assert!(took < secs(60), "{took:?}");
}

#[test]
fn a_connection_that_goes_on_after_a_gap_is_waited_for_to_its_own_end() {
    let (mut world, _call, bridge) = bridged(3600.0);
    gap(&mut world, secs(25));
    let (end, took) = time_of(&mut world, bridge.wait());
    assert_eq!(end.expect("they have talked").connect_state, ConnectState::Disconnected);
    assert!(took > secs(3500), "{took:?}");
}

#[test]
fn a_recording_that_is_ready_after_the_hang_up_reaches_everybody_who_follows_it() {
    let caller =
        Caller::new("+15551110000", OURS).script([Step::on(Cue::Answered), Step::wait(8.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().caller(caller).results_follow_end(secs(6)), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    let recording = world.block_on(call.record().initial_timeout(secs(0)).into_future()).expect("accepted");
    let heard: Arc<Mutex<Vec<&str>>> = Arc::default();
    let (listener, callback) = (heard.clone(), heard.clone());
    call.on(move |event: RecordEvent| {
        if event.state == RecordState::Finished {
            listener.lock().expect("unpoisoned").push("listener");
        }
        async {}
    });
    recording.on_completed(move |end| {
        end.expect("recorded");
        callback.lock().expect("unpoisoned").push("callback");
        async {}
    });
    world.block_on(call.wait_for_ended()).expect("the caller hangs up");
    let ended = world.now();
    let result = world.block_on(recording.wait()).expect("recorded");
    assert!(result.url().is_some() && world.now() >= ended + secs(6));
    world.pass(secs(1));
    let mut heard = heard.lock().expect("unpoisoned").clone();
    heard.sort_unstable();
    assert_eq!(heard, ["callback", "listener"]);
    assert_eq!(world.stats(), [ClientStats::default()]);
}

#[test]
fn the_legs_of_a_dial_are_followed_and_its_failure_says_why() {
    for (busy, reason) in [(true, EndReason::Busy), (false, EndReason::NoAnswer)] {
        let one = Phone::new(SALES);
        let one = if busy { one.busy() } else { one.no_answer() };
        let mut world = World::new(Scenario::new().phone(one), 1);
        let client = world.client(World::config());
        let legs: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = legs.clone();
        let dial =
            client.dial(phone(SALES).from(OURS).timeout(secs(10))).on_leg(move |leg: CallStateEvent| {
                told.lock().expect("unpoisoned").push(leg.call_state.to_string());
                async {}
            });
        match world.block_on(dial.into_future()) {
            Err(Error::DialFailed(failed)) => {
                assert_eq!(failed.end_reason(), Some(&reason), "{failed:?}");
                assert_eq!(failed.legs[0].device.callee(), Some(SALES));
            }
            other => panic!("{other:?}"),
        }
        world.pass(secs(1));
        let legs = legs.lock().expect("unpoisoned");
        assert_eq!((legs.first(), legs.last()), (Some(&"created".to_owned()), Some(&"ended".to_owned())));
    }
}

#[test]
fn an_agent_who_is_owned_is_hung_up_on_when_the_caller_leaves() {
    for owned in [true, false] {
        let caller = Caller::new("+15551110000", OURS).script([
            Step::on(Cue::Answered),
            Step::wait(20.0),
            Step::HangUp,
        ]);
        let agent = Phone::new(SALES).answers_after(secs(2)).script([Step::wait(7200.0)]);
        let mut world = World::new(Scenario::new().caller(caller).phone(agent), 1);
        let client = world.client(World::config());
        let call = world.answered_call(&client);
        let work = async {
            let agent = client.dial(phone(SALES).from(OURS)).await?;
            let owner = owned.then(|| agent.clone().owned());
            agent.play_silence(secs(600)).await?.wait().await?;
            drop(owner);
            Ok::<(), Error>(())
        };
        let outcome = world.block_on(call.scope(work)).expect_err("the caller leaves");
        assert!(outcome.is_gone_for(&call));
        world.pass(secs(5));
        let (service, _) = world.service();
        let standing = service.calls().filter(|call| call.state != CallState::Ended).count();
        assert_eq!(standing, usize::from(!owned));
    }
}
