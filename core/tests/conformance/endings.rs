//! Which events end an operation, in each of the ways in which the service may say so.

use serde_json::{Value, json};
use signalwire_relay_core::EventData;
use signalwire_relay_core::calling::{DigitDetector, Operation};

use crate::wire::Wire;

/// Events that do and do not end an operation.
#[track_caller]
fn endings<M: Operation>(go_on: &[Value], end: &[Value]) {
    // The rule is the session's; what shows of it is when an action is done.
    for (events, done) in [(go_on, false), (end, true)] {
        for event in events {
            let mut wire = Wire::new();
            let call = wire.call.clone().expect("there is a call");
            let action = start::<M>(&mut wire, &call);
            let mut params = event.clone();
            params["call_id"] = json!("c");
            params["control_id"] = json!("k");
            wire.event(M::Event::TYPE, &params);
            assert_eq!(action(), done, "{event}");
        }
    }
}

fn start<M: Operation>(wire: &mut Wire, call: &signalwire_relay_core::Call) -> Box<dyn Fn() -> bool> {
    use std::any::TypeId;
    macro_rules! started {
        ($($request:expr),+ $(,)?) => {
            $( {
                let request = $request.control_id("k");
                if type_of(&request) == TypeId::of::<signalwire_relay_core::Request<M>>() {
                    let (_, action) = wire.send(request);
                    let action = action.expect("accepted");
                    return Box::new(move || action.is_done());
                }
            } )+
        };
    }
    started!(
        call.detect(DigitDetector::default()),
        call.send_fax("https://x/a.pdf"),
        call.pay("https://x"),
        call.ai(),
        call.tap("both", signalwire_relay_core::ws("wss://x/y")),
        call.stream("wss://x/y"),
        call.transcribe(),
        call.queue_enter("q"),
        call.record(),
        call.play_tts("Hi"),
        call.send_digits("1"),
        call.echo(),
        call.refer(signalwire_relay_core::refer_to("sip:a@x")),
        call.ai_sidecar("en-US"),
    );
    panic!("no such operation")
}

fn type_of<T: 'static>(_: &T) -> std::any::TypeId {
    std::any::TypeId::of::<T>()
}

#[test]
pub(crate) fn operations_end_when_the_service_says_so_in_any_of_its_ways() {
    use signalwire_relay_core::calling::{
        Ai, AiSidecar, Detect, Echo, EnterQueue, Pay, Play, Record, Refer, SendDigits, SendFax, Stream, Tap,
        Transcribe,
    };
    let detected = |event: &str| json!({"detect": {"type": "machine", "params": {"event": event}}});
    endings::<Detect>(
        &[json!({}), detected("NOT_READY")],
        &[
            detected("HUMAN"),
            detected("MACHINE"),
            detected("5"),
            detected("finished"),
            json!({"state": "error"}),
        ],
    );
    endings::<SendFax>(
        &[json!({"fax": {"type": "page", "params": {"number": 1}}}), json!({})],
        &[
            json!({"fax": {"type": "finished"}}),
            json!({"fax": {"type": "error"}}),
            json!({"state": "finished"}),
        ],
    );
    endings::<Pay>(
        &[
            json!({"for": "payment-card-number"}),
            json!({"for": "payment-processing"}),
            json!({}),
            // The event with the outcome comes after these.
            json!({"for": "payment-completed"}),
            json!({"for": "payment-failed"}),
            json!({"for": "payment-canceled"}),
        ],
        &[
            json!({"result": "success"}),
            json!({"result": "caller-hung-up"}),
            json!({"result": "something-new"}),
            json!({"for": "payment-completed", "state": "finished"}),
            json!({"state": "finished"}),
            json!({"state": "error"}),
        ],
    );
    endings::<SendDigits>(&[json!({})], &[json!({"state": "finished"}), json!({"state": "error"})]);
    endings::<Echo>(&[json!({"state": "echoing"})], &[json!({"state": "finished"})]);
    endings::<Refer>(
        &[json!({"state": "inProgress"}), json!({})],
        &["success", "cancel", "busy", "noAnswer", "error", "something-new"]
            .map(|state| json!({"state": state})),
    );
    endings::<Ai>(&[json!({})], &[json!({"state": "finished"}), json!({"state": "error"})]);
    let report = |kind: &str| json!({"sidecar_event": {"type": kind}});
    endings::<AiSidecar>(
        // The last report may come after this one.
        &[report("start"), report("insight"), report("error"), report("stop"), json!({})],
        &[report("final")],
    );
    endings::<Tap>(&[json!({"state": "tapping"})], &[json!({"state": "finished"})]);
    endings::<Stream>(&[json!({"state": "streaming"})], &[json!({"state": "finished"})]);
    endings::<Transcribe>(&[json!({"state": "transcribing"})], &[json!({"state": "finished"})]);
    endings::<EnterQueue>(
        &[json!({"status": "enqueue"}), json!({"status": "stats"}), json!({"status": "something-new"})],
        &[json!({"status": "leave"}), json!({"status": "dequeue"})],
    );
    endings::<Play>(
        &[json!({"state": "playing"}), json!({"state": "paused"})],
        &[json!({"state": "finished"}), json!({"state": "error"})],
    );
    endings::<Record>(
        &[json!({"state": "recording"}), json!({"state": "paused"})],
        &[json!({"state": "finished"}), json!({"state": "no_input"}), json!({"state": "error"})],
    );
}
