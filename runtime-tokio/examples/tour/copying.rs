//! Taps, streams, faxes, transcriptions.

use serde_json::json;
use signalwire_relay_tokio::{
    Call, Codec, LiveAction, LiveDirection, LiveMode, LiveTranscribeLogEvent, RecordDirection, StreamTrack,
    rtp, secs, ws,
};

use crate::asking::Tour;
use crate::{HOOK, OURS, map};

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    let rtp = rtp("203.0.113.9", 4000).codec(Codec::Pcmu).ptime(secs(0.02));
    for (what, request) in [
        ("tap", call.tap(RecordDirection::Speak, ws("wss://example.com/tap"))),
        ("tap, in full", call.tap(RecordDirection::Both, rtp).status_url(HOOK)),
    ] {
        if let Some(tap) = tour.ask(what, request).await {
            tour.ask("tap: stop", tap.stop()).await;
        }
    }
    let full = call
        .stream("wss://example.com/stream")
        .name("tour")
        .codec(Codec::Pcma)
        .track(StreamTrack::Both)
        .status_url(HOOK)
        .status_url_method("POST")
        .authorization_bearer_token("token")
        .custom_parameters(map(json!({"a": "b"})));
    for (what, request) in [("stream", call.stream("wss://example.com/stream")), ("stream, in full", full)] {
        if let Some(stream) = tour.ask(what, request).await {
            tour.ask("stream: stop", stream.stop()).await;
        }
    }
    for (what, request) in
        [("transcribe", call.transcribe()), ("transcribe, in full", call.transcribe().status_url(HOOK))]
    {
        if let Some(transcription) = tour.ask(what, request).await {
            tour.ask("transcribe: stop", transcription.stop()).await;
            let _ = transcription.wait().timeout(secs(10)).await;
        }
    }
    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    let live = LiveAction::transcribe("en-US", both.clone())
        .webhook(HOOK)
        .live_events(true)
        .ai_summary(true)
        .ai_summary_prompt("In short?")
        .speech_engine("deepgram")
        .speech_timeout(secs(30))
        .vad_silence(secs(0.5))
        .vad_thresh(400)
        .hints(["tour"])
        .verbose_utterances(true);
    tour.ask("live_transcribe", call.live_transcribe(live)).await;
    let summary = LiveAction::summarize().webhook(HOOK).prompt("In short?");
    tour.ask("live_transcribe: summarize", call.live_transcribe(summary)).await;
    tour.ask("live_transcribe: stop", call.live_transcribe(LiveAction::stop())).await;
    let live = LiveAction::translate("en-US", "es-ES", both)
        .webhook(HOOK)
        .from_voice("josh")
        .to_voice("josh")
        .filter_from("polite")
        .filter_to("polite")
        .mode(LiveMode::Classic);
    tour.ask("live_translate, in full", call.live_translate(live).status_url(HOOK)).await;
    let inject = LiveAction::inject("Hello", &LiveDirection::LocalCaller);
    tour.ask("live_translate: inject", call.live_translate(inject)).await;
    tour.ask("live_translate: stop", call.live_translate(LiveAction::stop())).await;
    told_live(tour, call).await;
    if let Some(fax) = tour.ask("send_fax", call.send_fax("https://example.com/page.pdf")).await {
        let _ = fax.wait().timeout(secs(60)).await;
    }
    let fax =
        call.send_fax("https://example.com/page.pdf").identity(OURS).header_info("tour").status_url(HOOK);
    if let Some(fax) = tour.ask("send_fax, in full", fax).await {
        tour.ask("send_fax: stop", fax.stop()).await;
        let _ = fax.wait().timeout(secs(10)).await;
    }
    if let Some(fax) = tour.ask("receive_fax, in full", call.receive_fax().status_url(HOOK)).await {
        tour.ask("receive_fax: stop", fax.stop()).await;
        let _ = fax.wait().timeout(secs(10)).await;
    }
}

/// A live transcription whose results come as events of the call. Older services send none.
pub(crate) async fn told_live(tour: &mut Tour, call: &Call) {
    let log = call.wait_for(|_: &LiveTranscribeLogEvent| true).timeout(secs(5));
    let live = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).live_events(true);
    tour.ask("live_transcribe, without a webhook", call.live_transcribe(live)).await;
    tour.ask("live_transcribe: stop", call.live_transcribe(LiveAction::stop())).await;
    println!("  transcribed: {:?}", log.await.map(|event| event.metrics.total_utterances));
}
