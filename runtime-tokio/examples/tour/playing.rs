//! Answering, playing, keys, and what else is done in a word.

use serde_json::json;
use signalwire_relay_tokio::{
    Call, Codec, Gender, PlayDirection, UserEvent, audio, ringtone, secs, silence, tts,
};

use crate::asking::Tour;
use crate::{HOOK, map};

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    tour.ask("answer, in full", call.answer().codecs([Codec::AmrWb, Codec::Pcmu]).max_duration(secs(3600)))
        .await;
    let _ = call.wait_for_answered().timeout(secs(10)).await;
    for (what, request) in [
        ("play_tts", call.play_tts("Welcome to the tour.")),
        ("play_audio", call.play_audio("https://example.com/welcome.mp3")),
        ("play_silence", call.play_silence(secs(1))),
        ("play_ringtone", call.play_ringtone(ringtone("us").duration(secs(2)))),
    ] {
        if let Some(play) = tour.ask(what, request).await {
            let _ = play.wait().timeout(secs(30)).await;
        }
    }
    let list =
        tts("One.").then(silence(secs(0.5))).then(audio("https://example.com/two.mp3")).then(ringtone("it"));
    let full = call
        .play(list)
        .control_id("tour-play")
        .volume(-3)
        .direction(PlayDirection::Listen)
        .repeat(0_u32)
        .status_url(HOOK)
        .language("en-US")
        .gender(Gender::Female)
        .voice("polly.Joanna");
    if let Some(play) = tour.ask("play, in full", full).await {
        tour.ask("play: pause", play.pause()).await;
        tour.ask("play: resume", play.resume()).await;
        tour.ask("play: volume", play.volume(6.0)).await;
        tour.ask("play: stop", play.stop()).await;
        let _ = play.wait().timeout(secs(10)).await;
    }
    if let Some(digits) = tour.ask("send_digits", call.send_digits("1w2W#")).await {
        let _ = digits.wait().timeout(secs(10)).await;
    }
    tour.ask("denoise", call.denoise()).await;
    tour.ask("denoise_stop", call.denoise_stop()).await;
    if let Some(echo) = tour.ask("echo, in full", call.echo().run_for(secs(5)).status_url(HOOK)).await {
        let _ = echo.wait().timeout(secs(10)).await;
    }
    call.on(|event: UserEvent| async move { println!("  an event: {:?}", event.topic) });
    tour.ask("user_event", call.user_event(json!({"topic": "tour", "row": 7}))).await;
    tour.ask("bind_digit", call.bind_digit("*9", "calling.play.stop")).await;
    let bind = call.bind_digit("*8", "calling.play").bind_params(map(json!({"control_id": "b"})));
    tour.ask("bind_digit, in full", bind.realm("tour").max_triggers(1)).await;
    tour.ask("clear_digit_bindings, in full", call.clear_digit_bindings().realm("tour")).await;
    tour.ask("clear_digit_bindings", call.clear_digit_bindings()).await;
    tour.ask("clear_digit_bindings, all", call.clear_digit_bindings().realm("all")).await;
}
