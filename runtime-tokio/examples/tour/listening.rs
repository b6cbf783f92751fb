//! Collecting, recording, detecting.

use signalwire_relay_tokio::{
    Call, Collect, FaxDetector, FaxTone, PauseBehavior, RecordDirection, RecordFormat, SpeechEngine, secs,
    silence, tts,
};

use crate::HOOK;
use crate::asking::Tour;

pub(crate) async fn go(tour: &mut Tour, call: &Call) {
    if let Some(prompt) =
        tour.ask("prompt_tts", call.prompt_tts("Two keys, please.", Collect::digits(2))).await
    {
        println!(
            "  collected {:?}",
            prompt.wait().timeout(secs(60)).await.map(|event| event.digits().map(str::to_owned))
        );
    }
    let collect = Collect::digits(4)
        .digit_timeout(secs(3))
        .terminators("#")
        .or_speech()
        .end_silence_timeout(secs(1))
        .speech_timeout(secs(20))
        .language("en-US")
        .hints(["tour"])
        .engine(SpeechEngine::Deepgram)
        .model("default")
        .initial_timeout(secs(20));
    let standalone =
        collect.clone().partial_results(true).send_start_of_input(true).start_input_timers(false);
    if let Some(collect) = tour.ask("collect, in full", call.collect(standalone).status_url(HOOK)).await {
        tour.ask("collect: start_input_timers", collect.start_input_timers()).await;
        let _ = collect.wait().timeout(secs(60)).await;
    }
    let prompt = call.prompt_audio("https://example.com/prompt.mp3", collect);
    let prompt = prompt.min_digits(2).volume(3).status_url(HOOK);
    if let Some(prompt) = tour.ask("prompt_audio, in full", prompt).await {
        tour.ask("prompt: volume", prompt.volume(-3.0)).await;
        tour.ask("prompt: stop", prompt.stop()).await;
        let _ = prompt.wait().timeout(secs(10)).await;
    }
    let words = tts("Say yes, or press one.").then(silence(secs(1)));
    let either = Collect::digits(1).or_speech().initial_timeout(secs(5));
    if let Some(prompt) = tour.ask("play_and_collect", call.play_and_collect(words, either)).await {
        tour.ask("prompt: stop", prompt.stop()).await;
        let _ = prompt.wait().timeout(secs(10)).await;
    }
    if let Some(collect) =
        tour.ask("collect", call.collect(Collect::digits(1).initial_timeout(secs(30)))).await
    {
        tour.ask("collect: stop", collect.stop()).await;
        let _ = collect.wait().timeout(secs(10)).await;
    }
    if let Some(record) = tour.ask("record", call.record().end_silence_timeout(secs(1))).await {
        let _ = record.wait().timeout(secs(60)).await;
    }
    let record = call
        .record()
        .beep(true)
        .format(RecordFormat::Wav)
        .stereo(true)
        .direction(RecordDirection::Both)
        .initial_timeout(secs(0))
        .end_silence_timeout(secs(0))
        .terminators("")
        .input_sensitivity(40)
        .max_length(secs(60))
        .status_url(HOOK);
    if let Some(record) = tour.ask("record, in full", record).await {
        tour.ask("record: pause", record.pause().behavior(PauseBehavior::Silence)).await;
        tour.ask("record: resume", record.resume()).await;
        tour.ask("record: stop", record.stop()).await;
        println!(
            "  recorded {:?}",
            record.wait().timeout(secs(10)).await.map(|event| event.url().map(str::to_owned))
        );
    }
    if let Some(detect) = tour.ask("detect_digit", call.detect_digit("0123456789")).await {
        println!(
            "  detected {:?}",
            detect.wait().timeout(secs(40)).await.map(|event| event.result().to_owned())
        );
        tour.ask("detect: stop", detect.stop()).await;
    }
    let machine = call
        .detect_answering_machine()
        .initial_timeout(secs(4.5))
        .end_silence_timeout(secs(1))
        .machine_ready_timeout(secs(1))
        .machine_voice_threshold(secs(1.25))
        .machine_words_threshold(6)
        .detect_interruptions(true)
        .detect_message_end(true)
        .run_for(secs(5))
        .status_url(HOOK);
    for (what, request) in [
        ("detect_answering_machine, in full", machine),
        ("detect_fax, in full", call.detect_fax(FaxTone::Ced)),
        ("detect", call.detect(FaxDetector::default().tone(FaxTone::Cng))),
    ] {
        if let Some(detect) = tour.ask(what, request).await {
            tour.ask("detect: stop", detect.stop()).await;
            let _ = detect.wait().timeout(secs(10)).await;
        }
    }
}
