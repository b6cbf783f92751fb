//! Joining and leaving conferences.

use serde_json::Map;

use super::media::STREAM;
use super::validate::{Kind, WEB, count, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, Shape, accepted, text};
use crate::SimulatedService;
use crate::service::conferences::ParticipantOptions;

/// Maximum number of participants.
const MAX_PARTICIPANTS: u16 = 250;
const HTTP_METHOD: Kind = Kind::OneOf(&["GET", "POST"]);
const DIALECT: Kind = Kind::OneOf(&["relay", "cxml", "laml"]);

/// The subjects of a status callback.
const EVENTS: Kind =
    Kind::Words(&["start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"]);
const RECORDING_EVENTS: Kind = Kind::Words(&["in-progress", "completed", "absent"]);
/// The access to the recording.
const ACCESS: Kind = Kind::OneOf(&["private", "public-read"]);

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.join_conference",
        on: On::AnsweredCall,
        params: &[
            required("name", Kind::Text),
            optional("muted", Kind::Flag),
            optional("beep", Kind::OneOf(&["true", "false", "onEnter", "onExit"])),
            optional("start_on_enter", Kind::Flag),
            optional("end_on_exit", Kind::Flag),
            optional("wait_url", WEB),
            optional("max_participants", Kind::Whole(1, MAX_PARTICIPANTS as i64)),
            optional("record", Kind::OneOf(&["do-not-record", "record-from-start"])),
            optional("region", Kind::OneOf(&["global", "us", "eu", "ch"])),
            optional("trim", Kind::OneOf(&["trim-silence", "do-not-trim"])),
            optional("coach", Kind::Text),
            optional("status_callback", WEB),
            optional("status_callback_event", Kind::Differs(&EVENTS, &Kind::Text)),
            optional("status_callback_event_type", DIALECT),
            optional("status_callback_method", HTTP_METHOD),
            optional("recording_status_callback", WEB),
            optional("recording_status_callback_event", Kind::Differs(&RECORDING_EVENTS, &Kind::Text)),
            optional("recording_status_callback_event_type", DIALECT),
            optional("recording_status_callback_method", HTTP_METHOD),
            optional("stream", Kind::Object(STREAM)),
            optional("acl", Kind::Differs(&ACCESS, &Kind::Any)),
            newer("emit_call_quality", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: text("Joining conference"),
        run: Run::Function(join),
    },
    Method {
        name: "calling.leave_conference",
        on: On::AnsweredCall,
        params: &[required("conference_id", Kind::Text), older("async", Kind::Flag)],
        shape: Shape::Call,
        message: text("Leaving conference"),
        run: Run::Function(|service, request| {
            service.leave_conference(request.call()?, request.text("conference_id").unwrap_or_default())?;
            accepted()
        }),
    },
];

fn join(service: &mut SimulatedService, request: &Request) -> Outcome {
    let flag = |name: &str| request.value(name).as_bool();
    let most = count(request.value("max_participants"));
    let options = ParticipantOptions {
        muted: flag("muted").unwrap_or(false),
        starts: flag("start_on_enter").unwrap_or(true),
        ends: flag("end_on_exit").unwrap_or(false),
        coach: request.text("coach").map(str::to_owned),
        recorded: request.text("record") == Some("record-from-start"),
        most: most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::from(MAX_PARTICIPANTS)),
        region: request.text("region").map(str::to_owned),
        quality: flag("emit_call_quality").unwrap_or(false),
    };
    let name = request.text("name").unwrap_or_default();
    let id = service.join_conference(request.call()?, request.session, name, options)?;
    Ok(Map::from_iter([("conference_id".to_owned(), id.into())]))
}
