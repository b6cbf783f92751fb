//! Events of AI on a call: what an agent does, what is written down and translated, what a sidecar reports.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use signalwire_relay_core::{
    AiBeginSpeakingEvent, AiCallInfo, AiChannelData, AiCompletionEvent, AiCompletionType,
    AiPartialResultEvent, AiPostPromptEvent, AiResponseEvent, AiResponseUtteranceEvent, AiSpeechDetectEvent,
    AiStartEvent, AiStopEvent, AiSwaigActionEvent, AiSwaigEvent, AiTransparentBargeEvent,
    AiUserSpeakingEvent, AiWarningEvent, Confidence, Event, EventData, LivePosition, LiveRole,
    LiveTranscribeLogEvent, LiveTranscribeSummaryEvent, LiveTranscribeUtteranceEvent,
    LiveTranslateDeltaEvent, LiveTranslateLogEvent, LiveTranslateSummaryEvent, Secret, SidecarEvent,
    SidecarKind, UserEvent, secs,
};

use crate::evidence;
use crate::reading::{addressed, at, check, shows};

#[test]
pub(crate) fn activity_of_an_ai_session() {
    addressed!(AiStartEvent, {});
    addressed!(AiUserSpeakingEvent, {});
    addressed!(AiBeginSpeakingEvent, {});
    assert_eq!(addressed!(AiSpeechDetectEvent, {"text": "a table"}).text, "a table");
    let partial = addressed!(AiPartialResultEvent, {"text": "a ta", "barged": true});
    assert_eq!((partial.text.as_deref(), partial.barged), (Some("a ta"), Some(true)));
    assert_eq!(addressed!(AiResponseEvent, {"response": "Gladly."}).response, "Gladly.");
    let piece = addressed!(AiResponseUtteranceEvent, {"utterance": "Gladly.", "text": "other"});
    assert_eq!(piece.utterance(), "Gladly.");
    assert_eq!(addressed!(AiResponseUtteranceEvent, {"text": "Gladly."}).utterance(), "Gladly.");
    assert_eq!(addressed!(AiResponseUtteranceEvent, {}).utterance(), "");
    let done = addressed!(AiCompletionEvent, {"text": "Booked.", "type": "barged"});
    assert_eq!((done.text.as_str(), done.kind), ("Booked.", AiCompletionType::Barged));
    let other = addressed!(AiCompletionEvent, {"type": "sung"});
    assert_eq!(other.kind, AiCompletionType::Other("sung".into()));
    let barge = addressed!(AiTransparentBargeEvent, {"combined_text": "a table for two"});
    assert_eq!(barge.combined_text.as_deref(), Some("a table for two"));
    let warning = addressed!(AiWarningEvent, {"error": "too long", "tokens": 9000});
    assert_eq!((warning.error.as_str(), warning.tokens), ("too long", Some(9000)));
    let stop = addressed!(AiStopEvent, {"start_time": 1_735_689_600_100_000_u64,
        "end_time": 1_735_689_611_900_000_u64, "wallet_paused_sec": 1.5, "billing": {"total": "sentinel"}});
    assert_eq!(
        (stop.start_time, stop.end_time, stop.wallet_paused),
        (Some(at(1_735_689_600_100)), Some(at(1_735_689_611_900)), Some(secs(1.5)))
    );
    assert_eq!(stop.billing()["total"], "sentinel");
    assert!(!format!("{stop:?}").contains("sentinel"));
    assert_eq!(addressed!(AiStopEvent, {}).billing(), &json!(null));
    shows(&json!({"billing": {"total": 7}}), |stop: &AiStopEvent| stop.billing().clone());
}

#[test]
pub(crate) fn free_form_events_keep_their_members_and_do_not_print_them() {
    let full = json!({"call_id": "c", "node_id": "n", "segment_id": "g", "tag": "t",
        "command": "look_up", "post_data": {"password": "sentinel"}});
    let members = json!({"command": "look_up", "post_data": {"password": "sentinel"}});
    macro_rules! free_form {
        ($($event:ident),+) => {
            $(
                let event: $event = check(&full);
                shows(&full, $event::members);
                assert_eq!(Value::Object(event.members()), members);
                assert!(!format!("{event:?}").contains("sentinel"), "{event:?}");
                assert!($event::default().members().is_empty());
            )+
        };
    }
    free_form!(AiSwaigEvent, AiSwaigActionEvent, AiPostPromptEvent, UserEvent);
}

fn call_info() -> Value {
    json!({"project_id": "sentinel", "space_id": "s", "content_type": "text/json",
        "content_disposition": "utterance", "conversation_type": "voice", "call_id": "c"})
}

fn channel_data() -> Value {
    json!({"project_id": "sentinel", "space_id": "s", "content_type": "text/json",
        "content_disposition": "utterance", "call_id": "c", "call_start_date": "1735689600100",
        "call_answer_date": "1735689601100", "call_end_date": "1735689611900", "caller_id_name": "Ada",
        "caller_id_number": "+15551110000", "SWMLVars": {"pin": "sentinel"}, "SWMLCall": {"to": "sentinel"}})
}

/// Checks the objects that every live result has.
fn check_context(info: &AiCallInfo, channel: &AiChannelData) {
    assert_eq!((info.space_id.as_deref(), info.call_id.as_str()), (Some("s"), "c"));
    assert_eq!(info.project_id.as_ref().map(Secret::expose), Some("sentinel"));
    assert_eq!(
        (info.content_type.as_str(), info.content_disposition.as_str(), info.conversation_type.as_str()),
        ("text/json", "utterance", "voice")
    );
    assert_eq!((channel.space_id.as_deref(), channel.call_id.as_str()), (Some("s"), "c"));
    assert_eq!(channel.project_id.as_ref().map(Secret::expose), Some("sentinel"));
    assert_eq!(
        (channel.content_type.as_str(), channel.content_disposition.as_str()),
        ("text/json", "utterance")
    );
    assert_eq!(
        (channel.call_start_date, channel.call_answer_date, channel.call_end_date),
        (Some(at(1_735_689_600_100)), Some(at(1_735_689_601_100)), Some(at(1_735_689_611_900)))
    );
    assert_eq!(
        (channel.caller_id_name.as_deref(), channel.caller_id_number.as_deref()),
        (Some("Ada"), Some("+15551110000"))
    );
    assert_eq!(
        (&channel.swml_vars()["pin"], &channel.swml_call()["to"]),
        (&json!("sentinel"), &json!("sentinel"))
    );
}

macro_rules! live {
    ($event:ident, { $($name:literal: $value:tt),* $(,)? }) => {{
        shows(&json!({"channel_data": channel_data()}), |event: &$event| {
            (event.channel_data.swml_vars().clone(), event.channel_data.swml_call().clone())
        });
        let event = addressed!($event, {
            "call_info": (call_info()), "channel_data": (channel_data()), $($name: $value),*
        });
        check_context(&event.call_info, &event.channel_data);
        assert!(!format!("{event:?}").contains("sentinel"), "{event:?}");
        event
    }};
}

#[test]
pub(crate) fn live_transcription() {
    let said = live!(LiveTranscribeUtteranceEvent, {"confidence": 0.9, "utterance": {"role": "remote-caller",
        "content": "help", "lang": "en-US", "utterance_id": "u-1", "timestamp": 1_735_689_600_100_000_u64,
        "confidence": 0.8, "tokens": 1, "char_count": 4, "word_count": 1}});
    let utterance = &said.utterance;
    assert_eq!(said.confidence, Some(Confidence::Fraction(0.9)));
    assert_eq!((&utterance.role, utterance.content.as_str()), (&LiveRole::RemoteCaller, "help"));
    assert_eq!((utterance.lang.as_str(), utterance.utterance_id.as_str()), ("en-US", "u-1"));
    assert_eq!(
        (utterance.timestamp, utterance.confidence),
        (Some(at(1_735_689_600_100)), Some(Confidence::Fraction(0.8)))
    );
    assert_eq!((utterance.tokens, utterance.char_count, utterance.word_count), (Some(1), Some(4), Some(1)));

    let summary = live!(LiveTranscribeSummaryEvent, {"conversation_summary": "short", "conversation_log": [
        {"role": "tool", "content": "7", "confidence": 0.5, "language": "en", "filter_type": "polite",
            "filter_value": "very", "tool_call_id": "t-1"},
        7, null, [], {"role": 7}]});
    let [entry, odd] = &summary.conversation_log[..] else { panic!("{summary:?}") };
    assert_eq!((&entry.role, entry.content.as_str()), (&LiveRole::Tool, "7"));
    assert_eq!((entry.confidence, entry.language.as_deref()), (Some(Confidence::Fraction(0.5)), Some("en")));
    assert_eq!((entry.filter_type.as_deref(), entry.filter_value.as_deref()), (Some("polite"), Some("very")));
    assert_eq!(entry.tool_call_id.as_deref(), Some("t-1"));
    assert_eq!((&odd.role, odd.content.as_str()), (&LiveRole::from("7"), ""));
    assert_eq!(summary.conversation_summary, "short");

    let end = live!(LiveTranscribeLogEvent, {"conversation_log": [{"role": "local-caller", "content": "Hi"}],
        "conversation_summary": "short", "metrics": {"total_utterances": 1,
        "first_utterance_ts": 1_735_689_600_100_000_u64, "last_utterance_ts": 1_735_689_600_200_000_u64,
        "remote_caller_turns": 2, "local_caller_turns": 3, "remote_caller_words": 4, "local_caller_words": 5,
        "remote_caller_avg_confidence": 0.6, "local_caller_avg_confidence": 0.7, "customer_turns": 8,
        "agent_turns": 9, "customer_words": 10, "agent_words": 11, "customer_avg_confidence": 0.12,
        "agent_avg_confidence": 0.13}});
    assert_eq!(end.conversation_log[0].role, LiveRole::LocalCaller);
    assert_eq!(end.conversation_summary.as_deref(), Some("short"));
    let metrics = &end.metrics;
    assert_eq!(
        (metrics.total_utterances, metrics.first_utterance_ts, metrics.last_utterance_ts),
        (Some(1), Some(at(1_735_689_600_100)), Some(at(1_735_689_600_200)))
    );
    assert_eq!((metrics.remote_caller_turns, metrics.local_caller_turns), (Some(2), Some(3)));
    assert_eq!((metrics.remote_caller_words, metrics.local_caller_words), (Some(4), Some(5)));
    assert_eq!((metrics.customer_turns, metrics.agent_turns), (Some(8), Some(9)));
    assert_eq!((metrics.customer_words, metrics.agent_words), (Some(10), Some(11)));
    let fractions = [
        metrics.remote_caller_avg_confidence,
        metrics.local_caller_avg_confidence,
        metrics.customer_avg_confidence,
        metrics.agent_avg_confidence,
    ];
    assert_eq!(fractions, [0.6, 0.7, 0.12, 0.13].map(|fraction| Some(Confidence::Fraction(fraction))));
}

#[test]
pub(crate) fn live_translation() {
    let piece = live!(LiveTranslateDeltaEvent, {"input_utterance": {"language": "en", "delta": "Good"},
        "output_utterance": {"language": "es", "delta": "Buenos"}});
    let (input, output) =
        (piece.input_utterance.expect("there is one"), piece.output_utterance.expect("one"));
    assert_eq!((input.language.as_str(), input.delta.as_str()), ("en", "Good"));
    assert_eq!((output.language.as_str(), output.delta.as_str()), ("es", "Buenos"));
    let absent = live!(LiveTranslateDeltaEvent, {});
    assert!(absent.input_utterance.is_none() && absent.output_utterance.is_none());

    let summary = live!(LiveTranslateSummaryEvent, {"primary_conversation_summary": "short",
        "secondary_conversation_summary": "breve", "primary_conversation_log": [{"content": "Hi"}],
        "secondary_conversation_log": [{"content": "Hola"}]});
    assert_eq!(summary.primary_conversation_summary.as_deref(), Some("short"));
    assert_eq!(summary.secondary_conversation_summary.as_deref(), Some("breve"));
    assert_eq!(summary.primary_conversation_log[0].content, "Hi");
    assert_eq!(summary.secondary_conversation_log[0].content, "Hola");

    let end = live!(LiveTranslateLogEvent, {"primary_conversation_log": [{"content": "Hi"}],
        "secondary_conversation_log": [{"content": "Hola"}], "primary_conversation_summary": "short",
        "secondary_conversation_summary": "breve", "translate_data": {"remote-caller": {"from_language": "en",
        "to_language": "es", "to_voice": "josh", "role": "remote-caller", "position": "secondary",
        "translate_filter": "polite"}, "nobody": 7, "list": []}});
    assert_eq!(end.primary_conversation_log[0].content, "Hi");
    assert_eq!(end.secondary_conversation_log[0].content, "Hola");
    assert_eq!(end.primary_conversation_summary.as_deref(), Some("short"));
    assert_eq!(end.secondary_conversation_summary.as_deref(), Some("breve"));
    assert_eq!(end.translate_data.len(), 1);
    let side = &end.translate_data["remote-caller"];
    assert_eq!((side.from_language.as_str(), side.to_language.as_str()), ("en", "es"));
    assert_eq!((side.to_voice.as_str(), &side.role), ("josh", &LiveRole::RemoteCaller));
    assert_eq!(
        (&side.position, side.translate_filter.as_deref()),
        (&LivePosition::Secondary, Some("polite"))
    );
}

#[test]
pub(crate) fn reports_of_a_sidecar() {
    let event = addressed!(SidecarEvent, {"call_info": (call_info()), "sidecar_event": {"type": "ask_answer",
        "ts": 1_735_689_600_100_000_u64, "tick_id": 12, "channel_data": (channel_data()), "ask_id": "a-3",
        "raw": "Yes", "text": "Hm", "summary": "short", "name": "look_up", "arguments": "{\"pin\": \"sentinel\"}",
        "response": "sentinel", "reason": "nothing new", "error_reason": "odd", "detail": "very", "dropped_count": 1,
        "kept_count": 2, "tokens_before": 3, "tokens_after": 4, "iter": 5, "total_iters": 6, "triggered_by": "ask"}});
    shows(
        &json!({"sidecar_event": {"arguments": "{}", "response": "7", "channel_data": channel_data()}}),
        |event: &SidecarEvent| {
            let report = &event.report;
            (report.arguments(), report.response(), report.channel_data.swml_vars().clone())
        },
    );
    // An older document has one more member for webhooks.
    let more =
        json!({"sidecar_event": {"channel_data": {"call_id": "c", "destination_number": "+15551110000"}}});
    let number = |params: &Value| {
        let raw = RawValue::from_string(params.to_string()).expect("JSON");
        let event = Event::parse(SidecarEvent::TYPE, None, &raw);
        format!("{:?}", SidecarEvent::of(&event).expect("it is one").report)
    };
    evidence::ignored("event calling.ai.sidecar", &more, number);
    let report = &event.report;
    check_context(&event.call_info, &report.channel_data);
    assert!(!format!("{event:?}").contains("sentinel"), "{event:?}");
    assert_eq!(
        (&report.kind, report.ts, report.tick_id),
        (&SidecarKind::AskAnswer, Some(at(1_735_689_600_100)), Some(12))
    );
    assert_eq!(report.ask_id, Some("a-3".into()));
    assert_eq!((report.raw.as_deref(), report.text.as_deref()), (Some("Yes"), Some("Hm")));
    assert_eq!((report.summary.as_deref(), report.name.as_deref()), (Some("short"), Some("look_up")));
    assert_eq!((report.arguments(), report.response()), (json!({"pin": "sentinel"}), json!("sentinel")));
    assert_eq!(report.reason.as_deref(), Some("nothing new"));
    assert_eq!((report.error_reason.as_deref(), report.detail.as_deref()), (Some("odd"), Some("very")));
    assert_eq!((report.dropped_count, report.kept_count), (Some(1), Some(2)));
    assert_eq!((report.tokens_before, report.tokens_after), (Some(3), Some(4)));
    assert_eq!((report.iter, report.total_iters), (Some(5), Some(6)));
    assert_eq!(report.triggered_by.as_deref(), Some("ask"));
    let plain = addressed!(SidecarEvent, {"sidecar_event": {"type": "hummed", "arguments": {"a": 1}}});
    assert_eq!(plain.report.kind, SidecarKind::Other("hummed".into()));
    assert_eq!((plain.report.arguments(), plain.report.response()), (json!({"a": 1}), json!(null)));
}
