//! Names on the wire: each has its value here, and each value its name.

use std::fmt::Display;

use signalwire_relay_core::session::Session;
use signalwire_relay_core::{
    AiCompletionType, CallState, ConferenceAcl, ConferenceStatus, Config, ConnectState, DEFAULT_HOST,
    DetectEvent, Detector, DigitDetector, EndReason, EndSource, Event, EventData, FaxDetector, LiveMode,
    LivePosition, LiveRole, MachineDetector, MessageState, PlayState, RecordState, RoomStatus, SidecarKind,
    StreamTrack,
};

/// Each name gives its value, which is not the one for names that nobody knows, and each value its name.
#[track_caller]
fn names<T>(pairs: impl IntoIterator<Item = (&'static str, T)>)
where
    T: for<'a> From<&'a str> + Display + PartialEq + std::fmt::Debug,
{
    for (name, value) in pairs {
        assert_eq!((T::from(name), value.to_string()), (value, name.to_owned()));
    }
}

#[test]
fn states_of_calls() {
    use CallState::{Answered, Created, Ended, Ending, Ringing};
    let order = [
        ("created", Created),
        ("ringing", Ringing),
        ("answered", Answered),
        ("ending", Ending),
        ("ended", Ended),
    ];
    names(order.clone());
    for (index, (_, state)) in order.iter().enumerate() {
        for (other, (_, earlier)) in order.iter().enumerate() {
            assert_eq!(state.has_reached(earlier), other <= index, "{state} {earlier}");
        }
    }
}

#[test]
fn reasons_for_the_end_of_a_call() {
    names([
        ("hangup", EndReason::Hangup),
        ("cancel", EndReason::Cancel),
        ("busy", EndReason::Busy),
        ("noAnswer", EndReason::NoAnswer),
        ("decline", EndReason::Decline),
        ("error", EndReason::Error),
        ("abandoned", EndReason::Abandoned),
        ("maxDuration", EndReason::MaxDuration),
        ("notFound", EndReason::NotFound),
    ]);
}

/// What is read as one of the names, and never written.
#[test]
fn other_spellings_of_names() {
    for (name, reason) in [
        ("no_answer", EndReason::NoAnswer),
        ("NOANSWER", EndReason::NoAnswer),
        ("No_Answer", EndReason::NoAnswer),
        ("declined", EndReason::Decline),
        ("Declined", EndReason::Decline),
        ("max_duration", EndReason::MaxDuration),
        ("not_found", EndReason::NotFound),
        ("HangUp", EndReason::Hangup),
    ] {
        assert_eq!(EndReason::from(name), reason, "{name}");
        assert_ne!(reason.as_str(), name);
    }
    for name in ["", "_", "no-answer", "no answer", "noanswers", "decline!", "Ｂusy"] {
        assert_eq!(EndReason::from(name), EndReason::Other(name.into()));
    }
    for (name, track) in
        [("inbound", StreamTrack::Inbound), ("outbound", StreamTrack::Outbound), ("both", StreamTrack::Both)]
    {
        assert_eq!(StreamTrack::from(name), track);
        assert_eq!(StreamTrack::from(track.as_str()), track);
        assert_ne!(track.as_str(), name);
    }
    // Only where the service is known to spell them differently.
    assert_eq!(CallState::from("Ended"), CallState::Other("Ended".into()));
}

#[test]
fn states_of_operations() {
    names([
        ("connecting", ConnectState::Connecting),
        ("connected", ConnectState::Connected),
        ("disconnected", ConnectState::Disconnected),
        ("failed", ConnectState::Failed),
    ]);
    names([
        ("playing", PlayState::Playing),
        ("paused", PlayState::Paused),
        ("finished", PlayState::Finished),
        ("error", PlayState::Error),
    ]);
    names([
        ("recording", RecordState::Recording),
        ("paused", RecordState::Paused),
        ("finished", RecordState::Finished),
        ("no_input", RecordState::NoInput),
    ]);
}

#[test]
fn states_of_rooms() {
    names([
        ("joining", RoomStatus::Joining),
        ("joined", RoomStatus::Joined),
        ("failed", RoomStatus::Failed),
        ("leaving", RoomStatus::Leaving),
        ("leave", RoomStatus::Leave),
        ("cancel", RoomStatus::Cancel),
        ("locked", RoomStatus::Locked),
    ]);
    assert_eq!(RoomStatus::from("join"), RoomStatus::Joined, "the older word");
}

#[test]
fn words_of_ai_features() {
    names([("normal", AiCompletionType::Normal), ("barged", AiCompletionType::Barged)]);
    names([
        ("remote-caller", LiveRole::RemoteCaller),
        ("local-caller", LiveRole::LocalCaller),
        ("tool", LiveRole::Tool),
    ]);
    names([("classic", LiveMode::Classic), ("realtime", LiveMode::Realtime)]);
    names([("primary", LivePosition::Primary), ("secondary", LivePosition::Secondary)]);
    names([
        ("start", SidecarKind::Start),
        ("turn", SidecarKind::Turn),
        ("request", SidecarKind::Request),
        ("thought", SidecarKind::Thought),
        ("insight", SidecarKind::Insight),
        ("skip", SidecarKind::Skip),
        ("tool_call", SidecarKind::ToolCall),
        ("tool_result", SidecarKind::ToolResult),
        ("action", SidecarKind::Action),
        ("global_data_change", SidecarKind::GlobalDataChange),
        ("history_pruned", SidecarKind::HistoryPruned),
        ("error", SidecarKind::Error),
        ("ask_request", SidecarKind::AskRequest),
        ("ask_answer", SidecarKind::AskAnswer),
        ("stop", SidecarKind::Stop),
        ("final", SidecarKind::Final),
    ]);
}

#[test]
fn states_of_messages() {
    let all = [
        ("queued", MessageState::Queued, false),
        ("initiated", MessageState::Initiated, false),
        ("sent", MessageState::Sent, false),
        ("delivered", MessageState::Delivered, true),
        ("undelivered", MessageState::Undelivered, true),
        ("failed", MessageState::Failed, true),
        ("read", MessageState::Read, true),
        ("received", MessageState::Received, false),
    ];
    for (name, state, is_final) in all {
        assert_eq!(state.is_final(), is_final, "{name}");
        names([(name, state)]);
    }
}

#[test]
fn sides_that_end_a_call() {
    names([("inbound", EndSource::Inbound), ("outbound", EndSource::Outbound), ("none", EndSource::Neither)]);
}

#[test]
fn statuses_of_conferences() {
    use ConferenceStatus as Status;
    names([
        ("conference-start", Status::Start),
        ("conference-end", Status::End),
        ("participant-join", Status::Join),
        ("participant-leave", Status::Leave),
        ("participant-mute", Status::Mute),
        ("participant-unmute", Status::Unmute),
        ("participant-hold", Status::Hold),
        ("participant-unhold", Status::Unhold),
        ("participant-modify", Status::Modify),
        ("participant-speech-start", Status::SpeechStart),
        ("participant-speech-stop", Status::SpeechStop),
        ("participant-call-quality", Status::CallQuality),
        ("announcement-end", Status::AnnouncementEnd),
        ("announcement-fail", Status::AnnouncementFail),
        ("bot-join", Status::BotJoin),
        ("bot-leave", Status::BotLeave),
        ("record-start", Status::RecordStart),
        ("record-pause", Status::RecordPause),
        ("record-resume", Status::RecordResume),
        ("record-stop", Status::RecordStop),
    ]);
    names([("private", ConferenceAcl::Private), ("public-read", ConferenceAcl::PublicRead)]);
}

#[test]
fn kinds_of_detectors() {
    let kind = |detector: Detector| serde_json::to_value(detector).expect("it is JSON")["type"].clone();
    assert_eq!(kind(MachineDetector::default().into()), "machine");
    assert_eq!(kind(FaxDetector::default().into()), "fax");
    assert_eq!(kind(DigitDetector::default().into()), "digit");
}

#[test]
fn types_of_events() {
    use signalwire_relay_core as relay;
    assert_eq!(DetectEvent::TYPE, "calling.call.detect");
    for (name, own) in [
        ("calling.call.state", relay::CallStateEvent::TYPE),
        ("calling.call.receive", relay::CallReceiveEvent::TYPE),
        ("calling.call.connect", relay::ConnectEvent::TYPE),
        ("calling.call.play", relay::PlayEvent::TYPE),
        ("calling.call.collect", relay::CollectEvent::TYPE),
        ("calling.call.record", relay::RecordEvent::TYPE),
        ("calling.call.fax", relay::FaxEvent::TYPE),
        ("calling.call.tap", relay::TapEvent::TYPE),
        ("calling.call.send_digits", relay::SendDigitsEvent::TYPE),
        ("calling.call.dial", relay::DialEvent::TYPE),
        ("calling.call.refer", relay::ReferEvent::TYPE),
        ("calling.call.denoise", relay::DenoiseEvent::TYPE),
        ("calling.call.pay", relay::PayEvent::TYPE),
        ("calling.call.queue", relay::QueueEvent::TYPE),
        ("calling.call.stream", relay::StreamEvent::TYPE),
        ("calling.call.echo", relay::EchoEvent::TYPE),
        ("calling.call.transcribe", relay::TranscribeEvent::TYPE),
        ("calling.call.hold", relay::HoldEvent::TYPE),
        ("calling.call.ai", relay::AiEvent::TYPE),
        ("calling.call.room", relay::RoomEvent::TYPE),
        ("calling.ai.start", relay::AiStartEvent::TYPE),
        ("calling.ai.user_speaking", relay::AiUserSpeakingEvent::TYPE),
        ("calling.ai.begin_speaking", relay::AiBeginSpeakingEvent::TYPE),
        ("calling.ai.speech_detect", relay::AiSpeechDetectEvent::TYPE),
        ("calling.ai.partial_result", relay::AiPartialResultEvent::TYPE),
        ("calling.ai.response", relay::AiResponseEvent::TYPE),
        ("calling.ai.response_utterance", relay::AiResponseUtteranceEvent::TYPE),
        ("calling.ai.completion", relay::AiCompletionEvent::TYPE),
        ("calling.ai.transparent_barge", relay::AiTransparentBargeEvent::TYPE),
        ("calling.ai.warning", relay::AiWarningEvent::TYPE),
        ("calling.ai.stop", relay::AiStopEvent::TYPE),
        ("calling.ai.swaig", relay::AiSwaigEvent::TYPE),
        ("calling.ai.swaig_action", relay::AiSwaigActionEvent::TYPE),
        ("calling.ai.post_prompt", relay::AiPostPromptEvent::TYPE),
        ("calling.ai.sidecar", relay::SidecarEvent::TYPE),
        ("calling.ai.transcribe.utterance", relay::LiveTranscribeUtteranceEvent::TYPE),
        ("calling.ai.transcribe.live_summarize", relay::LiveTranscribeSummaryEvent::TYPE),
        ("calling.ai.transcribe.conversation_log", relay::LiveTranscribeLogEvent::TYPE),
        ("calling.ai.translate.transcript_delta", relay::LiveTranslateDeltaEvent::TYPE),
        ("calling.ai.translate.live_summary", relay::LiveTranslateSummaryEvent::TYPE),
        ("calling.ai.translate.conversation_log", relay::LiveTranslateLogEvent::TYPE),
        ("calling.user_event", relay::UserEvent::TYPE),
        ("calling.conference", relay::ConferenceEvent::TYPE),
        ("calling.error", relay::ErrorEvent::TYPE),
        ("messaging.receive", relay::MessageReceiveEvent::TYPE),
        ("messaging.state", relay::MessageStateEvent::TYPE),
        ("queuing.relay.tasks", relay::TaskEvent::TYPE),
    ] {
        assert_eq!(own, name);
        let empty = serde_json::from_str("{}").expect("JSON");
        let event = Event::parse(name, None, empty);
        assert_eq!(event.event_type(), name);
        assert!(!matches!(event, Event::Unknown(_)), "{name}");
    }
}

#[test]
fn the_host_that_is_used_when_none_is_given() {
    assert_eq!(DEFAULT_HOST, "relay.signalwire.com");
    let config = Config::new().jwt("j");
    assert_eq!(config.endpoint().map(|endpoint| endpoint.url()), Ok(format!("wss://{DEFAULT_HOST}:443")));
    assert!(Session::new(&config, 1).is_ok());
}
