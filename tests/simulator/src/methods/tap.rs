//! Copying the audio of a call to another place, as RTP packets or over a WebSocket.

use serde_json::{Map, Value, json};

use super::lasting::Lasting;
use super::validate::{Kind, Param, WEB, older, optional, required};
use super::{Method, On, Outcome, Request, Run, Shape, texts};
use crate::{Reading, SimulatedService};

pub(super) const NAME: &str = "calling.tap";

const AUDIO: &[Param] =
    &[optional("direction", Kind::OneOf(&["listen", "speak", "both"])).required_in(Reading::Specification)];
const CODEC: Kind = Kind::OneOfAnyCase(&["OPUS", "PCMA", "PCMU"]);

const RTP: &[Param] = &[
    required("addr", Kind::PublicAddress),
    required("port", Kind::Whole(1, 65_535)),
    optional("codec", CODEC),
    optional("ptime", Kind::Step(10, 10, 120)),
];

const WS: &[Param] = &[
    required("uri", Kind::Url(&["ws://", "wss://"])),
    optional("codec", CODEC),
    older("rate", Kind::Whole(1, i64::MAX)),
];

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[
        required("control_id", Kind::Text),
        required("tap", Kind::Typed(&[("audio", AUDIO)])),
        required("device", Kind::Typed(&[("rtp", RTP), ("ws", WS)])),
        optional("status_url", WEB),
    ],
    shape: Shape::Operation,
    message: texts("Tapping call", "OK"),
    run: Run::Function(tap),
}];

fn tap(service: &mut SimulatedService, request: &Request) -> Outcome {
    let mut tap = request.value("tap").clone();
    let mut device = request.value("device").clone();
    fill(&mut tap, "direction", "speak".into());
    fill(&mut device, "codec", "PCMU".into());
    let to_specification = service.scenario.is_to_specification();
    let source = if to_specification {
        let kind = device["type"].clone();
        if kind == "rtp" {
            fill(&mut device, "ptime", 20.into());
        }
        json!({"type": kind, "params":
            {"addr": "198.51.100.7", "port": 30_000, "codec": "PCMU", "ptime": 20, "rate": 8000}})
    } else if device["type"] == "rtp" {
        fill(&mut device, "ptime", 20.into());
        json!({"type": "rtp", "params": {"addr": "198.51.100.7", "port": 30_000, "codec": "PCMU", "ptime": 20}})
    } else {
        fill(&mut device, "rate", 8000.into());
        json!({"type": "ws", "params": {"uri": "wss://media.example/source", "codec": "PCMU", "rate": 8000}})
    };
    let event = |state: &str| json!({"state": state, "tap": tap, "device": device});
    let tapping = Lasting::new("tap", "calling.call.tap").first(event("tapping")).last(event("finished"));
    service.start_operation(request, Box::new(tapping))?;
    Ok(Map::from_iter([("source_device".to_owned(), source)]))
}

/// Adds a default to a member that the client omitted.
fn fill(object: &mut Value, name: &str, default: Value) {
    if object["params"][name].is_null() {
        object["params"][name] = default;
    }
}
