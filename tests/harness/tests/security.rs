//! Secrets in what an application may print, and the bounds of queues.

use futures_lite::future;
use serde_json::json;
use signalwire_relay_core::session::Session;
use signalwire_relay_core::{Certainty, Collect, Credentials, Error, MAX_POSTED_REQUESTS, phone, secs};
use signalwire_relay_harness::{NetworkConditions, World};
use signalwire_relay_simulator::{Caller, Cue, Message, Refusal, Scenario, Step};

const PROJECT: &str = "sentinel-project";
const TOKEN: &str = "sentinel-token";

/// The authorization states that the service gave out.
fn states(world: &mut World) -> Vec<String> {
    let (service, _) = world.service();
    let frames = service.journal().iter().filter_map(|entry| serde_json::from_str(entry.text()).ok());
    let state = |frame: serde_json::Value| {
        frame["params"]["params"]["authorization_state"].as_str().map(str::to_owned)
    };
    frames.filter_map(state).collect()
}

/// Events that say back everything.
fn echoing_events(echo: &str, state: &str) -> [String; 4] {
    ["calling.error", "calling.call.unheard_of", "signalwire.unheard_of", "calling.call.receive"].map(
        |kind| {
            let params = json!({"code": "500", "message": echo, "description": echo, "project_id": PROJECT,
            "token": TOKEN, "authorization_state": state, "call_id": "c-1", "failed_reason": "no"});
            let params = json!({"event_type": kind, "params": params});
            json!({"jsonrpc": "2.0", "id": "e", "method": "signalwire.event", "params": params}).to_string()
        },
    )
}

/// Has everybody leave, and not let in again at first, for this reason.
fn refuse_everybody(world: &mut World, why: &str) {
    let (service, now) = world.service();
    for _ in 0..3 {
        service.refuse_next("signalwire.connect", Refusal::RpcError(-32002, why.to_owned()));
    }
    service.send_disconnect(now, Some(true));
    world.pass(secs(60));
}

/// All that an application could think of printing, in the course of everything that it does.
#[test]
fn nothing_that_is_printed_in_a_full_run_shows_a_secret() {
    let scenario = Scenario::new()
        .credential(PROJECT, TOKEN)
        .credential(PROJECT, "sentinel-successor")
        .caller(Caller::new("+15551110000", "+15552220000").script([
            Step::on(Cue::PromptFinished),
            Step::press("1"),
            Step::wait(300.0),
            Step::HangUp,
        ]));
    let scenario = scenario.message(Message::new("+15551110000", "+15552220000", "Hi"));
    let mut world = World::new(scenario, 1);
    let config = World::config().project(PROJECT).token(TOKEN);
    let mut printed = vec![format!("{config:?} {:?} {:?}", config.credentials(), config.endpoint())];
    let client = world.client(config);
    world.block_on(client.ready()).expect("connected");
    let state = states(&mut world).pop().expect("the service gives one out");
    let echo = format!("{PROJECT} {TOKEN} {state}");

    // The service refuses every request in every way, and echoes what it received.
    let (service, _) = world.service();
    for refusal in [Refusal::Code(409, echo.clone()), Refusal::RpcError(-32000, echo.clone())] {
        for method in
            ["calling.play", "calling.dial", "calling.connect", "messaging.send", "signalwire.receive"]
        {
            service.refuse_next(method, refusal.clone());
        }
    }
    let events = echoing_events(&echo, &state);
    let mut say = |what: &dyn std::fmt::Debug| printed.push(format!("{what:?}"));
    let call = world.block_on(async { client.incoming_calls().next().await.expect("a call") });
    let mut own = call.events();
    world
        .block_on(async {
            assert_eq!(call.project_id(), PROJECT, "it is there, if asked for");
            say(&call);
            say(&call.answer());
            call.answer().await?;
            for _ in 0..2 {
                let refused = call.play_tts("Hello!").await.expect_err("refused");
                assert!(refused.to_string().contains("***"), "{refused}");
                say(&refused);
                say(&refused.to_string());
                say(&client.dial(phone("+15553330001").from("+15552220000")).await.err());
                say(&call.connect(phone("+15553330001").from("+15552220000")).await.err());
                let message = client.send_message("+15551110000", "+15552220000").body("Hello!");
                say(&message);
                say(&message.await.err());
                say(&client.receive(["office"]).await.err());
            }
            let prompt = call.prompt_tts("Press 1.", Collect::digits(1)).await?;
            say(&prompt);
            say(&prompt.reply());
            say(&prompt.wait().await);
            let ping = json!({"payload": TOKEN, "authentication": {"project": PROJECT, "token": TOKEN}});
            say(&client.execute("signalwire.ping", ping.clone()));
            say(&client.legacy_execute("p", "signalwire.ping", ping.clone()));
            say(&client.legacy_call(ping));
            let successor =
                || Credentials::Token { project: PROJECT.into(), token: "sentinel-successor".into() };
            say(&successor());
            say(&client.reauthenticate(successor()));
            say(&client.reauthenticate(successor()).await);
            Ok::<(), Error>(())
        })
        .expect("the rest is accepted");
    for event in &events {
        world.inject(event);
    }
    world.pass(secs(1));
    let mut seen = 0;
    while let Some(Some(update)) = future::block_on(future::poll_once(own.next())) {
        seen += 1;
        say(&update);
    }
    assert!(seen > 5, "{seen}");

    // Lost, resumed, lost for long, refused.
    world.cut();
    world.pass(secs(5));
    refuse_everybody(&mut world, &format!("{echo} sentinel-successor"));
    say(&world.sessions().collect::<Vec<&Session>>());
    say(&client);
    say(&client.connection_state());
    say(&world.disturbances());
    let notices = world.take_notices();
    assert!(!notices.is_empty());
    for notice in &notices {
        say(notice);
        say(&notice.to_string());
    }
    let printed = printed.join("\n");
    for secret in ["sentinel", &state] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    for later in states(&mut world) {
        assert!(!printed.contains(&later), "{later} in {printed}");
    }
}

#[test]
fn requests_beyond_the_bound_of_the_mailbox_are_refused_at_once_and_the_rest_go_on() {
    let mut world = World::new(Scenario::new(), 1);
    world.set_network(NetworkConditions { latency: secs(0.01), ..NetworkConditions::default() });
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    // Nobody drives the client meanwhile.
    let mut waiting = Vec::new();
    future::block_on(async {
        for _ in 0..MAX_POSTED_REQUESTS {
            let mut ping = std::future::IntoFuture::into_future(client.execute("signalwire.ping", json!({})));
            assert!(future::poll_once(&mut ping).await.is_none(), "it waits");
            waiting.push(ping);
        }
        let refused = client.execute("signalwire.ping", json!({})).await.expect_err("there is no room");
        assert!(matches!(&refused, Error::QueueFull(full) if full.limit == MAX_POSTED_REQUESTS), "{refused}");
        assert_eq!(refused.certainty(), Certainty::NotSent);
    });
    let accepted = world.block_on(async {
        let mut accepted = 0;
        for ping in waiting {
            accepted += usize::from(ping.await.is_ok());
        }
        accepted
    });
    assert_eq!(accepted, MAX_POSTED_REQUESTS);
}
