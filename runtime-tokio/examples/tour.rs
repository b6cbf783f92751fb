//! Every method of the service, once with what it needs and once with everything, on one call and beside it. Prints
//! what was asked and what came back.
//!
//! Without credentials in the environment it plays on a simulator, which has to accept everything but what only older
//! services know. With them it waits for a call in the context `default` of `SIGNALWIRE_SPACE`, sends it the same
//! requests, and goes on when one is refused.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt::Debug;
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use signalwire_relay_simulator::{Stage, Violation};
use signalwire_relay_tokio::calling::Method;
use signalwire_relay_tokio::{
    AiCompletionEvent, AiRole, Call, Client, Codec, Collect, ConferenceAcl, ConferenceBeep, ConferenceRecord,
    ConferenceTrim, Config, Device, Devices, EndReason, Error, FaxTone, Gender, LiveAction, LiveDirection,
    LiveMode, LiveTranscribeLogEvent, MessageState, PauseBehavior, PayParameter, PayPrompt, PayStep,
    PlayDirection, RecordDirection, RecordFormat, RelayClient, Request, RoomEvent, StreamTrack, TokenType,
    UserEvent, agora, audio, fabric, phone, refer_to, ringtone, rtp, secs, silence, sip, tts, webrtc, ws,
};

const OURS: &str = "+15552220000";
const COLLEAGUE: &str = "+15551001000";
const HOOK: &str = "https://example.com/events";

/// Everything here that a service may refuse which follows the newer specification to the letter: the method, and what it
/// does not know of it.
const OLDER: [(&str, &str); 21] = [
    ("calling.begin", "Method 'calling.begin' not found"),
    ("calling.call", "Method 'calling.call' not found"),
    ("calling.receive", "Method 'calling.receive' not found"),
    ("signalwire.execute", "Method 'signalwire.execute' not found"),
    ("calling.hold", "Method 'calling.hold' not found"),
    ("calling.unhold", "Method 'calling.unhold' not found"),
    ("messaging.send", "Unknown parameter 'tags'"),
    ("messaging.send", "Unknown parameter 'region'"),
    ("calling.dial", "Unknown parameter 'region'"),
    ("calling.dial", "Unknown parameter 'node_id'"),
    ("calling.dial", "Unknown parameter 'devices[0][0].params.max_duration'"),
    ("calling.dial", "Unknown parameter 'devices[0][0].type: webrtc'"),
    ("calling.dial", "Unknown parameter 'devices[0][0].type: agora'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.partial_results'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.continuous'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.send_start_of_input'"),
    ("calling.play_and_collect", "Unknown parameter 'collect.start_input_timers'"),
    ("calling.tap", "Unknown parameter 'device.params.rate'"),
    ("calling.live_transcribe", "Unknown parameter 'action.start.debug_level'"),
    ("calling.pay", "Unknown parameter 'prompts[0].attempts'"),
    ("calling.ai_unhold", "Unknown parameter 'prompt'"),
];

/// Checks that a simulator objected to all of [`OLDER`] or, if it is like older services, to nothing.
fn check_objections(stage: Stage) -> std::io::Result<()> {
    let seen = RefCell::new(BTreeSet::new());
    stage.verdict_but(|violation| match violation {
        Violation::BadRequest { method, message, .. } => {
            let known = OLDER.iter().position(|older| *older == (method, message));
            seen.borrow_mut().extend(known);
            known.is_some()
        }
        _ => false,
    })?;
    let seen = seen.into_inner();
    let missing: Vec<_> =
        (0..OLDER.len()).filter(|index| !seen.contains(index)).map(|index| OLDER[index]).collect();
    if seen.is_empty() || missing.is_empty() {
        return Ok(());
    }
    Err(std::io::Error::other(format!(
        "the simulator knows what only older services should know: {missing:?}"
    )))
}

/// How the requests went.
#[derive(Default)]
struct Tour {
    accepted: usize,
    refused: usize,
    /// Of those that only older services know.
    refused_as_old: usize,
}

impl Tour {
    /// Sends a request and says what came back.
    async fn ask<M: Method + Debug>(&mut self, what: &str, request: Request<M>) -> Option<M::Output>
    where
        M::Output: Debug,
    {
        let output = self.send(what, request).await;
        self.refused += usize::from(output.is_none());
        output
    }

    /// The same with a request, or a parameter, that the newer specification of the service does not have.
    async fn ask_older<M: Method + Debug>(&mut self, what: &str, request: Request<M>) -> Option<M::Output>
    where
        M::Output: Debug,
    {
        let output = self.send(&format!("older: {what}"), request).await;
        self.refused_as_old += usize::from(output.is_none());
        output
    }

    async fn send<M: Method + Debug>(&mut self, what: &str, request: Request<M>) -> Option<M::Output>
    where
        M::Output: Debug,
    {
        println!("{what}: {request:?}");
        match request.timeout(secs(20)).await {
            Ok(output) => {
                println!("{what}: accepted, {output:?}");
                self.accepted += 1;
                Some(output)
            }
            Err(error) => {
                println!("{what}: {error}");
                None
            }
        }
    }
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn StdError>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    let stage = Stage::set("tour")?;
    let config = Config::from_vars(|name| stage.var(name)).contexts(["default"]);
    let credentials = config.credentials()?;
    let client = RelayClient::connect(config).await?;
    stage.narrate(|| ());
    println!("waiting for a call");
    let Some(call) = client.incoming_calls().next().await else { return Ok(ExitCode::FAILURE) };
    let mut tour = Tour::default();
    beside_the_call(&mut tour, &client).await;
    tour.ask("reauthenticate", client.reauthenticate(credentials)).await;
    older_requests(&mut tour, &client).await;
    playing(&mut tour, &call).await;
    listening(&mut tour, &call).await;
    copying(&mut tour, &call).await;
    agents(&mut tour, &call).await;
    sidecars(&mut tour, &call).await;
    company(&mut tour, &call).await;
    paying(&mut tour, &call).await;
    older_parameters(&mut tour, &client, &call).await;
    leaving(&mut tour, &call).await;
    let Tour { accepted, refused, refused_as_old } = tour;
    println!(
        "{accepted} requests accepted, {refused} refused, and {refused_as_old} that only older services know"
    );

    let simulated = stage.is_simulated();
    client.drain(None);
    client.run().await?;
    check_objections(stage)?;
    Ok(if simulated && tour.refused > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn beside_the_call(tour: &mut Tour, client: &Client) {
    tour.ask("receive", client.receive(["more"])).await;
    tour.ask("unreceive", client.unreceive(["more"])).await;
    tour.ask("execute", client.execute("signalwire.ping", json!({"payload": "tour"}))).await;
    tour.ask("send_message", client.send_message("+15553330001", OURS).body("Hello")).await;
    let message = client
        .send_message("+15553330001", OURS)
        .context("default")
        .body("Hello")
        .media(["https://example.com/cat.png".to_owned()])
        .tag("tour")
        .status_callback(HOOK)
        .send_as_mms(true);
    if let Some(message) = tour.ask("send_message, in full", message).await {
        message.on(|event| async move { println!("the message: {}", event.message_state) });
        let fate = message.wait().timeout(secs(30)).await.map(|event| event.message_state);
        println!("the message: {:?}", fate.unwrap_or(MessageState::Sent));
    }
    let template = client
        .send_message("+15553330001", OURS)
        .template_id("tpl-tour")
        .header_template_parameters("https://example.com/map.png")
        .body_template_parameters(json!({"name": "Ada"}))
        .button_template_parameters(json!(["yes"]));
    tour.ask("send_message, a template", template).await;
    let typed = client.send_message("+15553330001", OURS).body("Hello").message_type("whatsapp_media_text");
    tour.ask("send_message, by WhatsApp", typed).await;
    if let Some(call) = tour.ask("dial", client.dial(phone(COLLEAGUE).from(OURS))).await {
        tour.ask("hangup", call.hangup()).await;
    }
    let phone_device = phone(COLLEAGUE).from(OURS).timeout(secs(20)).confirm_timeout(secs(5));
    let sip_device = sip("sip:desk@example.com").timeout(secs(20));
    let devices = Devices::serial::<Device>([
        phone_device.into(),
        sip_device.into(),
        fabric("/private/support").from(OURS).timeout(secs(20)).into(),
    ]);
    let dial = client
        .dial(devices)
        .tag("tour")
        .max_price_per_minute("0.10")
        .max_duration(secs(600))
        .ring_timeout(secs(25))
        .send_digits("ww12#")
        .dest_swml("https://example.com/dialled.json");
    if let Some(call) = tour.ask("dial, in full", dial).await {
        tour.ask("hangup, in full", call.hangup().reason(EndReason::Decline)).await;
    }
}

/// Methods that older clients use.
async fn older_requests(tour: &mut Tour, client: &Client) {
    tour.ask_older("legacy_receive", client.legacy_receive(["older"])).await;
    tour.ask_older("legacy_call", client.legacy_call(json!({}))).await;
    let protocol = client.protocol().unwrap_or_default();
    let wrapped = client.legacy_execute(protocol, "signalwire.ping", json!({"payload": "tour"}));
    tour.ask_older("legacy_execute", wrapped).await;
    let plain = client.begin(phone(COLLEAGUE).from(OURS));
    let full = client.begin(phone(COLLEAGUE).from(OURS)).tag("begun").region("us").max_duration(secs(600));
    for (what, begin) in [("begin", plain), ("begin, in full", full)] {
        if let Some(Some(begun)) = tour.ask_older(what, begin).await {
            let end = json!({"call_id": begun.call_id, "node_id": begun.node_id, "reason": "hangup"});
            tour.ask("execute calling.end", client.execute("calling.end", end)).await;
        }
    }
}

/// Parameters that the newer specification does not have, one at a time, of methods that it has.
async fn older_parameters(tour: &mut Tour, client: &Client, call: &Call) {
    let message = || client.send_message("+15553330001", OURS).context("default").body("Hello");
    tour.ask_older("send_message: tags", message().tags(["tour".to_owned()])).await;
    tour.ask_older("send_message: region", message().region("us")).await;
    let plain = || client.dial(phone(COLLEAGUE).from(OURS));
    for (what, dial) in [
        ("dial: region", plain().region("us")),
        ("dial: node_id", plain().node_id(call.node_id())),
        ("dial: max_duration of a device", client.dial(phone(COLLEAGUE).max_duration(secs(600)))),
        ("dial: a browser", client.dial(webrtc("desk").from(OURS))),
        ("dial: an Agora channel", client.dial(agora("channel", "app", OURS))),
    ] {
        if let Some(call) = tour.ask_older(what, dial).await {
            tour.ask("hangup", call.hangup()).await;
        }
    }
    tour.ask_older("hold", call.hold()).await;
    tour.ask_older("unhold", call.unhold()).await;
    let keys = || Collect::digits(1).initial_timeout(secs(5));
    for (what, input) in [
        ("prompt_tts: partial_results", keys().partial_results(true)),
        ("prompt_tts: continuous", keys().continuous(true)),
        ("prompt_tts: send_start_of_input", keys().send_start_of_input(true)),
        ("prompt_tts: start_input_timers", keys().start_input_timers(false)),
    ] {
        if let Some(prompt) = tour.ask_older(what, call.prompt_tts("One key, please.", input)).await {
            tour.ask("prompt: start_input_timers", prompt.start_input_timers()).await;
            tour.ask("prompt: stop", prompt.stop()).await;
            let _ = prompt.wait().timeout(secs(10)).await;
        }
    }
    let tap = call.tap(RecordDirection::Speak, ws("wss://example.com/tap").rate(8000_u32));
    if let Some(tap) = tour.ask_older("tap: rate", tap).await {
        tour.ask("tap: stop", tap.stop()).await;
    }
    let live = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).set("debug_level", 1);
    if tour.ask_older("live_transcribe: debug_level", call.live_transcribe(live)).await.is_some() {
        tour.ask("live_transcribe: stop", call.live_transcribe(LiveAction::stop())).await;
    }
    let prompts = [PayPrompt::at(PayStep::CardNumber).say("Your card, please.").attempts("1")];
    if let Some(payment) =
        tour.ask_older("pay: attempts", call.pay("https://example.com/pay").prompts(prompts)).await
    {
        tour.ask("pay: stop", payment.stop()).await;
        let _ = payment.wait().timeout(secs(10)).await;
    }
    if let Some(agent) = tour.ask("ai", call.ai().prompt_text("You give tours.")).await {
        tour.ask_older("ai_unhold: prompt", call.ai_unhold().prompt("Here we are.")).await;
        tour.ask("ai: stop", agent.stop()).await;
        let _ = agent.wait().timeout(secs(10)).await;
    }
}

async fn playing(tour: &mut Tour, call: &Call) {
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

async fn listening(tour: &mut Tour, call: &Call) {
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
        .end_silence_timeout(secs(1))
        .speech_timeout(secs(20))
        .language("en-US")
        .hints(["tour"])
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
    ] {
        if let Some(detect) = tour.ask(what, request).await {
            tour.ask("detect: stop", detect.stop()).await;
            let _ = detect.wait().timeout(secs(10)).await;
        }
    }
}

async fn copying(tour: &mut Tour, call: &Call) {
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
async fn told_live(tour: &mut Tour, call: &Call) {
    let log = call.wait_for(|_: &LiveTranscribeLogEvent| true).timeout(secs(5));
    let live = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).live_events(true);
    tour.ask("live_transcribe, without a webhook", call.live_transcribe(live)).await;
    tour.ask("live_transcribe: stop", call.live_transcribe(LiveAction::stop())).await;
    println!("  transcribed: {:?}", log.await.map(|event| event.metrics.total_utterances));
}

/// An AI that listens, with everything that it can be asked.
async fn sidecars(tour: &mut Tour, call: &Call) {
    let both = [LiveDirection::RemoteCaller, LiveDirection::LocalCaller];
    let full = call
        .ai_sidecar("en-US")
        .prompt("You watch tours.")
        .model("gpt-4o-mini")
        .direction(both)
        .customer_role(LiveDirection::RemoteCaller)
        .url(HOOK)
        .hints(["tour".to_owned()])
        .swaig(json!({"functions": []}))
        .global_data(map(json!({"stop": 1})))
        .swaig_allow_swml(true)
        .swaig_allow_settings(true)
        .swaig_set_global_data(true)
        .idle_timeout(secs(0.2))
        .min_interval(secs(1))
        .max_iters_per_tick(5_u32)
        .max_history_tokens(8000_u32)
        .act_on_channel(true)
        .final_summary(true)
        .ai_summary(true)
        .live_events(true)
        .verbose_utterances(true)
        .debug(true)
        .ai_summary_prompt("In short?")
        .transcribe_prompt("Word by word.")
        .summary_model("gpt-4o-mini")
        .speech_engine("deepgram")
        .speech_timeout(secs(60))
        .vad_silence(secs(0.5))
        .vad_thresh(400_u32)
        .debug_level(1_u32);
    for (what, request) in [("ai_sidecar", call.ai_sidecar("en-US")), ("ai_sidecar, in full", full)] {
        let Some(sidecar) = tour.ask(what, request).await else { continue };
        tour.ask("ai_sidecar: poke", sidecar.poke("The tour is long.")).await;
        if let Some(asked) = tour.ask("ai_sidecar: ask", sidecar.ask("Is it too long?")).await {
            let answer = asked.answer().timeout(secs(10)).await;
            println!("  answered: {:?}", answer.map(|event| event.and_then(|event| event.report.raw)));
        }
        tour.ask("ai_sidecar: status", sidecar.status()).await;
        tour.ask("ai_sidecar: stop", sidecar.stop()).await;
        println!(
            "  summed up: {:?}",
            sidecar.wait().timeout(secs(10)).await.map(|event| event.report.summary)
        );
    }
    let once = call.ai_sidecar("en-US").action(LiveAction::summarize().prompt("In short?"));
    if let Some(sidecar) = tour.ask("ai_sidecar, one summary", once).await {
        println!(
            "  summed up: {:?}",
            sidecar.wait().timeout(secs(10)).await.map(|event| event.report.summary)
        );
    }
}

async fn agents(tour: &mut Tour, call: &Call) {
    let full = call
        .ai()
        .prompt_text("You give tours.")
        .post_prompt(json!({"text": "Sum up."}))
        .post_prompt_url(HOOK)
        .post_prompt_auth_user("user")
        .post_prompt_auth_password("password")
        .global_data(map(json!({"stop": 1})))
        .pronounce([json!({"replace": "RELAY", "with": "relay"})])
        .hints([json!("tour")])
        .languages([json!({"name": "English", "code": "en-US", "voice": "rime.spore"})])
        .swaig(json!({"functions": []}))
        .ai_params(map(json!({"ai_name": "guide"})));
    call.on(|said: AiCompletionEvent| async move { println!("  the agent: {}", said.text) });
    for (what, request) in [("ai", call.ai().prompt_text("You give tours.")), ("ai, in full", full)] {
        let Some(agent) = tour.ask(what, request).await else { continue };
        tour.ask("ai_message", call.ai_message().message_text("Hurry up.")).await;
        let message = call.ai_message().message_text("Again.").role(AiRole::System);
        let message = message.reset(map(json!({"full_reset": false}))).global_data(map(json!({"stop": 2})));
        tour.ask("ai_message, in full", message).await;
        tour.ask("ai_hold, in full", call.ai_hold().hold_for(secs(5)).prompt("One moment.")).await;
        tour.ask("ai_unhold, in full", call.ai_unhold()).await;
        tour.ask("ai: stop", agent.stop()).await;
        let _ = agent.wait().timeout(secs(10)).await;
    }
}

async fn company(tour: &mut Tour, call: &Call) {
    if let Some(joined) = tour.ask("join_conference", call.join_conference("tour")).await {
        tour.ask("leave_conference", call.leave_conference(joined.conference_id.unwrap_or_default())).await;
    }
    let full = call
        .join_conference("tour")
        .muted(true)
        .beep(ConferenceBeep::OnEnter)
        .start_on_enter(true)
        .end_on_exit(true)
        .wait_url("https://example.com/wait.mp3")
        .max_participants(10_u32)
        .record(ConferenceRecord::FromStart)
        .region("us")
        .trim(ConferenceTrim::Nothing)
        .acl(ConferenceAcl::Private)
        .emit_call_quality(true)
        .status_callback(HOOK)
        .status_callback_event("start end join leave")
        .status_callback_event_type("relay")
        .status_callback_method("POST")
        .recording_status_callback(HOOK)
        .recording_status_callback_event("completed")
        .recording_status_callback_event_type("relay")
        .recording_status_callback_method("POST");
    if let Some(joined) = tour.ask("join_conference, in full", full).await {
        tour.ask("leave_conference", call.leave_conference(joined.conference_id.unwrap_or_default())).await;
    }
    call.on(|room: RoomEvent| async move { println!("  the room: {}", room.join_status) });
    tour.ask("join_room, in full", call.join_room("tour").status_url(HOOK)).await;
    tour.ask("leave_room", call.leave_room()).await;
    let full = call
        .queue_enter("tour")
        .wait_url("https://example.com/wait.mp3")
        .wait_time(secs(60))
        .execute_after_queue("https://example.com/after.json")
        .whisper_url("https://example.com/whisper.json")
        .status_url(HOOK);
    for (what, request) in [("queue_enter", call.queue_enter("tour")), ("queue_enter, in full", full)] {
        if let Some(waiting) = tour.ask(what, request).await {
            tour.ask("queue: leave", waiting.leave("tour").status_url(HOOK)).await;
            let _ = waiting.wait().timeout(secs(10)).await;
        }
    }
    let device = phone(COLLEAGUE).from(OURS);
    let full = call
        .connect(phone(COLLEAGUE).from(OURS))
        .ringback(ringtone("us"))
        .tag("tour-bridge")
        .max_duration(secs(600))
        .ring_timeout(secs(25))
        .send_digits("w3")
        .max_price_per_minute("0.10")
        .status_url(HOOK);
    for (what, request) in [("connect", call.connect(device)), ("connect, in full", full)] {
        if let Some(bridge) = tour.ask(what, request).await {
            let _ = bridge.connected().timeout(secs(30)).await;
            let disconnect = call.disconnect();
            let disconnect =
                if what == "connect" { disconnect } else { disconnect.reason("the tour goes on") };
            tour.ask(&format!("dis{what}"), disconnect).await;
            let _ = bridge.wait().timeout(secs(10)).await;
        }
    }
}

async fn paying(tour: &mut Tour, call: &Call) {
    let full = call
        .pay("https://example.com/pay")
        .input_method("dtmf")
        .status_url(HOOK)
        .payment_method("credit-card")
        .key_timeout(secs(5))
        .max_attempts(2_u32)
        .security_code(true)
        .postal_code("true")
        .min_postal_code_length(5_u32)
        .token_type(TokenType::OneTime)
        .charge_amount("12.50")
        .currency("usd")
        .language("en-US")
        .voice("woman")
        .description("A tour")
        .valid_card_types("visa mastercard")
        .parameters([PayParameter::new("order", "7")])
        .prompts([
            PayPrompt::at(PayStep::CardNumber).say("Your card, please."),
            PayPrompt::at(PayStep::ExpirationDate).say("Until when?").param("attempt", "1"),
        ]);
    if let Some(payment) = tour.ask("pay, in full", full).await {
        println!("  paid: {:?}", payment.wait().timeout(secs(90)).await.map(|event| event.outcome()));
    }
    if let Some(payment) = tour.ask("pay", call.pay("https://example.com/pay")).await {
        tour.ask("pay: stop", payment.stop()).await;
        let _ = payment.wait().timeout(secs(10)).await;
    }
}

async fn leaving(tour: &mut Tour, call: &Call) {
    let bedrock = call
        .amazon_bedrock()
        .prompt(json!({"text": "You give tours."}))
        .swaig(json!({"functions": []}))
        .ai_params(map(json!({})))
        .global_data(map(json!({})))
        .post_prompt(json!({"text": "Sum up."}))
        .post_prompt_url(HOOK);
    tour.ask("amazon_bedrock, in full", bedrock).await;
    let refer = refer_to("sip:desk@example.com").from("sip:tour@example.com").login("user", "password");
    if let Some(referral) = tour.ask("refer, in full", call.refer(refer).status_url(HOOK)).await {
        println!("  referred: {:?}", referral.wait().timeout(secs(60)).await.map(|event| event.state));
    }
    tour.ask("transfer", call.transfer("context:tour")).await;
    let gone: Result<(), Error> = call.hangup().await;
    println!("hangup: {gone:?}");
}
