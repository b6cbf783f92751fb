//! Faults of the network, and their effect on applications.

use std::future::IntoFuture;
use std::time::Duration;

use signalwire_relay_core::session::{ConnectionState, Notice};
use signalwire_relay_core::{Certainty, Collect, Error, secs};
use signalwire_relay_harness::{
    Break, DisconnectReason, LineEvent, LineId, NetworkConditions, Plan, SimulatedNetwork, Timing, Way, World,
};
use signalwire_relay_simulator::{Caller, Cue, Report, Scenario, Step};

fn patient() -> Caller {
    Caller::new("+15551110000", "+15552220000").script([Step::wait(600.0), Step::HangUp])
}

/// A world in which a call has just been answered.
fn with_call(
    seed: u64,
    network: NetworkConditions,
) -> (World, signalwire_relay_core::Client, signalwire_relay_core::Call) {
    let mut world = World::new(Scenario::new().caller(patient()), seed);
    world.set_network(network);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    (world, client, call)
}

#[test]
fn frames_take_their_time_in_both_directions() {
    let network = NetworkConditions { latency: secs(0.25), ..NetworkConditions::default() };
    let mut world = World::new(Scenario::new(), 1);
    world.set_network(network);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    assert_eq!(world.now(), secs(0.75), "the connection, the credentials, the answer");
    world.block_on(client.receive(["more"]).into_future()).expect("accepted");
    assert_eq!(world.now(), secs(1.25));
}

#[test]
fn a_cut_before_a_request_arrives_and_one_after_it_look_the_same_to_the_application() {
    for timing in [Timing::BeforeDelivery, Timing::AfterDelivery] {
        let (mut world, _client, call) = with_call(1, NetworkConditions::default());
        world.pass(secs(1));
        let frame = world.frames() + 1;
        world.plan(Plan { frame, timing, what: Break::Cut });
        let error = world.block_on(call.play_tts("Hello").into_future()).expect_err("the connection is lost");
        assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
        assert_eq!(error.certainty(), Certainty::Unknown);
        world.pass(secs(3));
        let plays =
            world.take_reports().iter().filter(|report| matches!(report, Report::PlayStarted { .. })).count();
        assert_eq!(plays, usize::from(timing == Timing::AfterDelivery), "{timing}: never sent a second time");
    }
}

#[test]
fn a_stall_of_thirty_seconds_that_heals_costs_nothing() {
    for way in [Way::ToClient, Way::ToService] {
        let (mut world, client, call) = with_call(1, NetworkConditions::default());
        world.stall(way, secs(30));
        let began = world.now();
        let play = world.block_on(call.play_tts("Hello").timeout(secs(60)).into_future()).expect("accepted");
        world.block_on(play.wait()).expect("played");
        assert!(world.now() >= began + secs(30));
        assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false }, "{way}");
    }
}

#[test]
fn a_black_hole_in_either_direction_is_noticed_and_the_call_goes_on() {
    for way in [Way::ToClient, Way::ToService] {
        let (mut world, client, call) = with_call(1, NetworkConditions::default());
        world.pass(secs(1));
        world.black_hole(way);
        let error = world
            .block_on(call.play_tts("Hello").into_future())
            .expect_err("the request or its reply is lost");
        assert_eq!(error.certainty(), Certainty::Unknown, "{way}");
        world.pass(secs(60));
        assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: true }, "{way}");
        world.block_on(async { call.play_tts("Hello").await?.wait().await }).expect("it is heard again");
    }
}

#[test]
fn a_service_out_of_reach_is_tried_again_until_it_answers() {
    let mut world = World::new(Scenario::new(), 1);
    world.unreachable_for(secs(300));
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected in the end");
    assert!(world.now() >= secs(300) && world.now() <= secs(331), "{:?}", world.now());
    world.refuse_connects(3);
    world.cut();
    world.pass(secs(130));
    assert!(matches!(client.connection_state(), ConnectionState::Ready { .. }));
    assert_eq!(world.disturbances().iter().filter(|one| one.what.contains("refused")).count(), 3);
}

#[test]
fn an_attempt_to_connect_that_nothing_answers_is_given_up_after_ten_seconds() {
    let mut world = World::new(Scenario::new(), 1);
    world.set_network(NetworkConditions { ignore: 1.0, ..NetworkConditions::default() });
    let client = world.client(World::config());
    world.pass(secs(10.5));
    assert!(matches!(client.connection_state(), ConnectionState::Backoff { attempt: 2, .. }));
    world.set_network(NetworkConditions::default());
    world.block_on(client.ready()).expect("the next is answered");
}

#[test]
fn what_makes_no_sense_harms_nobody() {
    let network =
        NetworkConditions { garbage: 0.5, truncated: 0.5, oversize: 0.1, ..NetworkConditions::default() };
    for seed in 0..20 {
        let (mut world, client, call) = with_call(seed, network);
        world.inject("\u{0}");
        world
            .block_on(async {
                for _ in 0..10 {
                    call.play_tts("Hello").await?.wait().await?;
                }
                call.hangup().await?;
                call.wait_for_ended().await
            })
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false }, "seed {seed}");
        let ignored = |notice: &Notice| matches!(notice, Notice::FrameIgnored(_));
        assert!(world.take_notices().iter().any(ignored), "seed {seed}");
    }
}

#[test]
fn one_seed_gives_one_history() {
    let network = NetworkConditions {
        latency: secs(0.02),
        jitter: secs(0.1),
        cut: 0.05,
        stall: 0.02,
        black_hole: 0.005,
        garbage: 0.05,
        truncated: 0.05,
        refuse: 0.2,
        ignore: 0.05,
        ..NetworkConditions::default()
    };
    let play = |seed| {
        let script = [Step::on(Cue::PromptFinished), Step::press("1"), Step::wait(30.0), Step::HangUp];
        let caller = Caller::new("+15551110000", "+15552220000").script(script);
        let mut world = World::new(Scenario::new().caller(caller.clone()).caller(caller), seed);
        world.set_network(network);
        let client = world.client(World::config());
        client.on_call(|call| async move {
            call.answer().await?;
            call.prompt_tts("Press 1.", Collect::digits(1)).await?.wait().await?;
            call.hangup().await
        });
        world.pass(secs(300));
        let lines: Vec<_> = world.disturbances().iter().map(ToString::to_string).collect();
        (lines, world.steps(), world.take_notices())
    };
    let histories: Vec<_> = (0..5).map(play).collect();
    assert_eq!(histories, (0..5).map(play).collect::<Vec<_>>());
    assert!(histories.iter().any(|(lines, ..)| lines.len() > 3), "something went wrong on the way");
}

/// A network with one line that has a connection.
fn connected() -> (SimulatedNetwork, LineId) {
    let mut network = SimulatedNetwork::new(Scenario::new(), 1);
    let line = network.add_line();
    network.open(Duration::ZERO, line);
    assert_eq!(network.poll_attempt(Duration::ZERO, line), Some(LineEvent::Connected));
    (network, line)
}

#[test]
fn a_planned_cut_comes_before_or_after_the_delivery_of_its_frame() {
    for timing in [Timing::BeforeDelivery, Timing::AfterDelivery] {
        let (mut network, line) = connected();
        let now = secs(1);
        network.plan(Plan { frame: 1, timing, what: Break::Cut });
        assert!(network.send(now, line, "{}".to_owned()));
        assert_eq!(network.poll_delivery(now, line), Some(LineEvent::Unseen));
        assert_eq!(
            network.service().journal().len(),
            usize::from(timing == Timing::AfterDelivery),
            "{timing}"
        );
        let cut = LineEvent::Disconnected(DisconnectReason::Cut);
        assert_eq!(network.poll_break(now, line), Some(cut));
        assert_eq!((network.connection(line), network.service().connections().next()), (None, None));
        assert_eq!(network.poll_break(now, line), None);
        assert!(!network.send(now, line, "{}".to_owned()), "there is no connection");
    }
}

#[test]
fn a_frame_in_flight_reaches_the_service_when_its_client_closes_unless_it_is_stalled() {
    for stalled in [false, true] {
        let (mut network, line) = connected();
        network.set_conditions(NetworkConditions { latency: secs(1), ..NetworkConditions::default() });
        network.send(Duration::ZERO, line, "{}".to_owned());
        if stalled {
            network.stall(Duration::ZERO, Way::ToService, secs(5));
        }
        network.close(secs(0.5), line);
        assert_eq!(network.service().journal().len(), usize::from(!stalled));
        assert_eq!(network.service().connections().next(), None);
    }
}

#[test]
fn a_removed_line_leaves_no_connection() {
    let (mut network, line) = connected();
    network.remove_line(secs(1), line);
    assert_eq!(network.service().connections().next(), None);
    assert_eq!((network.connection(line), network.poll_attempt(secs(1), line)), (None, None));
}

#[test]
fn what_arrives_at_the_instant_of_a_deadline_goes_first() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    let latency = Duration::from_millis(50);
    world.set_network(NetworkConditions { latency, ..NetworkConditions::default() });
    let mut ask = |limit: Duration| {
        let ping = client.execute("signalwire.ping", serde_json::json!({})).timeout(limit);
        world.block_on(ping.into_future())
    };
    assert!(matches!(ask(Duration::from_millis(99)), Err(Error::TimedOut(_))));
    ask(2 * latency).expect("the answer arrives at the instant of the deadline");
}
