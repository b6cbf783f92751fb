//! Every event, once, twice and three times, in any order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use signalwire_relay_core::calling::{
    Ai, AiSidecar, CompletionRule, Connect, Detect, EnterQueue, Method, Pay, Play, PlayAndCollect,
    ReceiveFax, Record, SendDigits, SendFax, StandaloneCollect, Stream, Tap, Transcribe,
};
use signalwire_relay_core::session::{Command, SessionEvent, Stats, Target};
use signalwire_relay_core::{Event, Ticket};

use crate::fixture::{Fixture, MESSAGE, SECOND, call_state, offer, raw};

const SEEDS: u64 = 300;

/// Something that arrives.
#[derive(Clone)]
enum Arrival {
    Event(&'static str, Value),
    /// The answer to a request, with this result.
    Reply(Value, Value),
}

fn completion_rule<M: Method>() -> &'static CompletionRule {
    M::completion_rule().expect("an operation")
}

/// Starts every operation that a call can have. Gives them, and what is told of them; the last of each ends it.
fn operations(fixture: &mut Fixture) -> (Vec<Ticket>, Vec<Arrival>) {
    let states = |states: &[&str]| states.iter().map(|state| json!({ "state": state })).collect::<Vec<_>>();
    let detected = |event: &str| json!({"detect": {"type": "machine", "params": {"event": event}}});
    let digits = || vec![json!({"result": {"type": "digit", "params": {"digits": "1"}}})];
    let fax = || ["page", "finished"].map(|what| json!({"fax": {"type": what}})).to_vec();
    let connect = ["connecting", "connected", "disconnected"].map(|state| json!({ "connect_state": state }));
    let queue = ["enqueue", "dequeue"].map(|status| json!({"status": status, "control_id": null}));
    let sidecar = ["start", "stop", "final"].map(|kind| json!({"sidecar_event": {"type": kind}}));
    let pay = ["payment-card-number", "payment-completed"].map(|what| json!({ "for": what }));
    let started = [
        (completion_rule::<Play>(), "play", "play", states(&["playing", "paused", "playing", "finished"])),
        (completion_rule::<Record>(), "record", "record", states(&["recording", "paused", "finished"])),
        (completion_rule::<StandaloneCollect>(), "collect", "collect", digits()),
        (completion_rule::<PlayAndCollect>(), "play_and_collect", "collect", digits()),
        (completion_rule::<SendDigits>(), "send_digits", "send_digits", states(&["finished"])),
        (
            completion_rule::<Detect>(),
            "detect",
            "detect",
            ["MACHINE", "NOT_READY", "READY", "finished"].map(detected).to_vec(),
        ),
        (completion_rule::<SendFax>(), "send_fax", "fax", fax()),
        (completion_rule::<ReceiveFax>(), "receive_fax", "fax", fax()),
        (completion_rule::<Tap>(), "tap", "tap", states(&["tapping", "finished"])),
        (completion_rule::<Stream>(), "stream", "stream", states(&["streaming", "finished"])),
        (completion_rule::<Transcribe>(), "transcribe", "transcribe", states(&["transcribing", "finished"])),
        (completion_rule::<Ai>(), "ai", "ai", states(&["started", "finished"])),
        (completion_rule::<Pay>(), "pay", "pay", pay.to_vec()),
        (completion_rule::<AiSidecar>(), "ai_sidecar", "sidecar", sidecar.to_vec()),
        (completion_rule::<Connect>(), "connect", "connect", connect.to_vec()),
        (completion_rule::<EnterQueue>(), "queue.enter", "queue", queue.to_vec()),
    ];
    let (mut tickets, mut arrivals) = (Vec::new(), Vec::new());
    for (rule, name, event, news) in started {
        let control_id = format!("k-{name}");
        let target =
            Target::Start { call_id: "c1".into(), control_id: Some(control_id.clone().into()), rule };
        let command = Command::raw(format!("calling.{name}"), target, "{}".to_owned()).expect("an object");
        tickets.push(fixture.command(command));
        let request = fixture.expect_sent(&format!("calling.{name}"));
        arrivals.push(Arrival::Reply(request, json!({"code": "200", "message": "OK"})));
        for mut params in news {
            params["call_id"] = json!("c1");
            params["node_id"] = json!("n-1");
            if params.get("control_id").is_none() && !["connect", "ai_sidecar"].contains(&name) {
                params["control_id"] = json!(control_id);
            }
            let family = if event == "sidecar" { "ai" } else { "call" };
            let event_type = format!("calling.{family}.{event}");
            arrivals.push(Arrival::Event(event_type.leak(), params));
        }
    }
    (tickets, arrivals)
}

/// What else is told of a call, of a dial, of messages, and of the session.
fn the_rest() -> Vec<Arrival> {
    let on_call = |event_type, state: &str| {
        Arrival::Event(event_type, json!({"call_id": "c1", "node_id": "n-1", "state": state}))
    };
    let leg = |call_id: &str, state: &str| {
        let params = json!({"call_id": call_id, "node_id": "n-1", "tag": "t1", "call_state": state,
            "direction": "outbound"});
        Arrival::Event("calling.call.state", params)
    };
    let message = |state: &str| {
        Arrival::Event("messaging.state", json!({"message_id": "m-out", "message_state": state}))
    };
    let mut arrivals = vec![
        Arrival::Event("calling.call.receive", offer("c1")),
        on_call("calling.call.refer", "success"),
        on_call("calling.call.denoise", ""),
        on_call("calling.call.echo", "echoing"),
        on_call("calling.call.hold", "hold"),
        on_call("calling.call.unheard_of", ""),
        Arrival::Event(
            "calling.conference",
            json!({"conference_id": "f", "call_id": "c1", "status": "join"}),
        ),
        Arrival::Event("calling.error", json!({"call_id": "c1", "code": "500", "message": "media"})),
        Arrival::Event("messaging.receive", json!({"message_id": "m-in", "body": "Hi"})),
        Arrival::Event("queuing.relay.tasks", json!({"context": "office", "message": {"a": 1}})),
        Arrival::Event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"})),
        Arrival::Event("calling.call.dial", json!({"node_id": "n-1", "tag": "t1", "dial_state": "dialing"})),
        Arrival::Event(
            "calling.call.dial",
            json!({"node_id": "n-1", "tag": "t1", "dial_state": "answered",
                "call": {"call_id": "A", "node_id": "n-1", "tag": "t1", "dial_winner": "true"}}),
        ),
    ];
    let on_c1 = |state| Arrival::Event("calling.call.state", call_state("c1", state));
    arrivals.extend(["ringing", "answered", "ending", "ended"].map(on_c1));
    let plain = [
        "calling.call.room",
        "calling.ai.start",
        "calling.ai.user_speaking",
        "calling.ai.begin_speaking",
        "calling.ai.speech_detect",
        "calling.ai.partial_result",
        "calling.ai.response",
        "calling.ai.response_utterance",
        "calling.ai.completion",
        "calling.ai.transparent_barge",
        "calling.ai.warning",
        "calling.ai.stop",
        "calling.ai.swaig",
        "calling.ai.swaig_action",
        "calling.ai.post_prompt",
        "calling.ai.transcribe.utterance",
        "calling.ai.transcribe.live_summarize",
        "calling.ai.transcribe.conversation_log",
        "calling.ai.translate.transcript_delta",
        "calling.ai.translate.live_summary",
        "calling.ai.translate.conversation_log",
        "calling.user_event",
    ];
    arrivals.extend(plain.map(|event_type| on_call(event_type, "")));
    arrivals.extend(["created", "ringing", "answered", "ending", "ended"].map(|state| leg("A", state)));
    arrivals.extend(["created", "ringing", "ended"].map(|state| leg("B", state)));
    arrivals.extend(["queued", "initiated", "sent", "delivered"].map(message));
    arrivals
}

/// Delivers something, and has the service agree to whatever the session asks on its own account.
fn deliver(fixture: &mut Fixture, arrival: &Arrival) {
    match arrival {
        Arrival::Event(event_type, params) => fixture.event(event_type, params.clone()),
        Arrival::Reply(request, result) => fixture.reply(request, result.clone()),
    }
    agree(fixture);
}

fn agree(fixture: &mut Fixture) {
    while let Some(request) = fixture.sent.pop_front() {
        fixture.ok(&request);
    }
}

/// What came of it all: how often which thing was told.
#[derive(Debug, Default)]
struct Told {
    offers: usize,
    dialed: usize,
    received: usize,
    answered: BTreeMap<Ticket, usize>,
    ended: BTreeMap<Ticket, usize>,
    calls_ended: BTreeMap<String, usize>,
    /// The states of each call.
    states: BTreeMap<String, Vec<usize>>,
}

fn told(fixture: &mut Fixture) -> Told {
    let mut told = Told::default();
    for event in fixture.events.drain(..) {
        match event {
            SessionEvent::Offered(_) => told.offers += 1,
            SessionEvent::Dialed { .. } => told.dialed += 1,
            SessionEvent::Replied { ticket, .. } => *told.answered.entry(ticket).or_default() += 1,
            SessionEvent::OperationFailed { ticket, .. } | SessionEvent::OperationOver { ticket, .. } => {
                *told.ended.entry(ticket).or_default() += 1;
            }
            SessionEvent::Message { update, .. } | SessionEvent::Late { operation: Some(update), .. }
                if update.ended =>
            {
                *told.ended.entry(update.ticket).or_default() += 1;
            }
            SessionEvent::CallEnded { call_id, .. } => {
                *told.calls_ended.entry(call_id.as_str().to_owned()).or_default() += 1;
            }
            SessionEvent::Call { call_id, event, operation } => {
                assert!(!told.calls_ended.contains_key(call_id.as_str()), "{call_id} is over: {event:?}");
                if let Some(update) = operation.filter(|update| update.ended) {
                    *told.ended.entry(update.ticket).or_default() += 1;
                }
                if let Event::State(state) = &*event {
                    let order = ["created", "ringing", "answered", "ending", "ended"];
                    let rank = order.iter().position(|name| *name == state.call_state.as_str());
                    let states = told.states.entry(call_id.as_str().to_owned()).or_default();
                    states.push(rank.expect("a known state"));
                }
            }
            SessionEvent::Other(event) if matches!(&*event, Event::MessageReceive(_)) => told.received += 1,
            _ => {}
        }
    }
    told
}

#[test]
fn every_event_may_come_again_and_in_any_order() {
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut fixture = Fixture::ready();
        // Before it is offered, nothing can be started on it.
        fixture.event("calling.call.receive", offer("c1"));
        let (mut followed, mut deck) = operations(&mut fixture);
        deck.extend(the_rest());
        let dial = fixture.command(raw("calling.dial", Target::Dial { tag: Some("t1".into()) }));
        deck.push(Arrival::Reply(fixture.expect_sent("calling.dial"), json!({"code": "200"})));
        followed.push(fixture.command(raw("messaging.send", MESSAGE)));
        let accepted = json!({"code": "200", "message_id": "m-out"});
        deck.push(Arrival::Reply(fixture.expect_sent("messaging.send"), accepted));

        let copies = |one| std::iter::repeat_n(one, random.usize(1..=3));
        let mut deck: Vec<_> = deck.into_iter().flat_map(copies).collect();
        // The first seeds are told in order, again and again.
        if seed >= 3 {
            random.shuffle(&mut deck);
        }
        for arrival in &deck {
            deliver(&mut fixture, arrival);
        }
        fixture.pass(20 * SECOND);
        agree(&mut fixture);

        let told = told(&mut fixture);
        assert_eq!((told.offers, told.dialed, told.received), (1, 1, 1), "seed {seed}");
        assert_eq!(told.calls_ended.get("c1"), Some(&1), "seed {seed}");
        assert!(told.calls_ended.values().all(|times| *times == 1), "seed {seed}: {:?}", told.calls_ended);
        for (call_id, states) in &told.states {
            assert!(states.is_sorted_by(|one, next| one < next), "seed {seed}: {call_id} went {states:?}");
        }
        for ticket in &followed {
            assert_eq!(told.ended.get(ticket), Some(&1), "seed {seed}: {ticket:?} ends once");
            assert_eq!(told.answered.get(ticket), Some(&1), "seed {seed}: {ticket:?} is answered once");
        }
        assert!(!told.answered.contains_key(&dial), "seed {seed}: a dial has an outcome instead");
        assert_eq!(fixture.session.stats(), Stats::default(), "seed {seed}");
        assert_eq!((fixture.closes, fixture.session.protocol()), (0, Some("proto-1")), "seed {seed}");
    }
}

/// The types are those that the library knows, by the names in its source.
#[test]
fn no_type_of_event_is_left_out() {
    let source = include_str!("../../src/events.rs");
    let (_, list) = source.split_once("\nevents! {").expect("the list");
    let (list, _) = list.split_once("\n}").expect("its end");
    let known: BTreeSet<_> = list.split('`').skip(1).step_by(2).collect();
    assert!(known.len() > 20, "{known:?}");
    let mut fixture = Fixture::ready();
    fixture.offer("c1");
    let (_, mut deck) = operations(&mut fixture);
    deck.extend(the_rest());
    let played = deck.iter().filter_map(|arrival| match arrival {
        Arrival::Event(event_type, _) => Some(*event_type),
        Arrival::Reply(..) => None,
    });
    let played = played.collect();
    let missing: Vec<_> = known.difference(&played).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
