//! Log lines of handlers that end with an error, on each runtime.

mod support;

use anyhow::Context as _;
use signalwire_relay_core::{Call, Client, Config, EndReason, Error, secs};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Cue, Scenario, Step};

use support::{Captured, RUNTIMES, on};

const CALLERS: usize = 40;

/// An error that keeps nothing but text.
#[derive(Debug)]
struct Text(String);

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Text {}

async fn talk(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    call.play_silence(secs(600)).await?.wait().await?;
    call.play_tts("Are you there?").await?.wait().await?;
    Ok(())
}

/// Serves callers who leave in the middle, then one whose handler fails.
async fn serve(client: Client) -> Result<(), Error> {
    let (ended, ends) = std::sync::mpsc::channel();
    client.on_call(move |call: Call| {
        let ended = ended.clone();
        async move {
            let outcome = match call.device().caller() {
                Some("+15551110001") => talk(&call).await.context("while talking"),
                Some("+15551110002") => talk(&call).await.map_err(|error| Text(error.to_string()).into()),
                _ => {
                    call.answer().await?;
                    Err(anyhow::anyhow!("the database is full"))
                }
            };
            let _ = ended.send(());
            outcome
        }
    });
    client.ready().await?;
    let patience = std::time::Instant::now() + secs(120);
    let mut served = 0;
    while served <= CALLERS && std::time::Instant::now() < patience {
        served += ends.try_iter().count();
        // A round trip at a time, for the runtimes have no clock in common.
        client.execute("signalwire.ping", serde_json::json!({})).await?;
    }
    assert!(served > CALLERS, "only {served} callers were served");
    client.drain(Some(secs(10)));
    client.closed().await
}

#[test]
fn a_handler_whose_caller_has_left_logs_no_failure_on_any_runtime() {
    let captured = Captured::from(tracing_subscriber::filter::LevelFilter::DEBUG);
    let leaves = |number: &str| {
        let script = [Step::on(Cue::Answered), Step::wait(0.05), Step::HangUp];
        Caller::new(number, "+15552220000").patience(secs(600)).script(script)
    };
    for runtime in RUNTIMES {
        let mut scenario = Scenario::new();
        for _ in 0..CALLERS / 2 {
            scenario = scenario.caller(leaves("+15551110001")).caller(leaves("+15551110002"));
        }
        let stays = Caller::new("+15551110003", "+15552220000").patience(secs(600));
        let scenario = scenario.caller(stays.script([Step::wait(600.0), Step::HangUp]));
        let simulator = Simulator::start(ListenOptions::new(scenario)).expect("loopback has room");
        let config = Config::new()
            .project("demo-project")
            .token("demo-token")
            .host(simulator.host())
            .plaintext()
            .contexts(["default"])
            .max_connections(usize::MAX);
        let before = captured.text().len();
        on(runtime, config, |client| Box::pin(serve(client))).expect("it goes its way");
        let log = captured.text().split_off(before);
        let errors: Vec<_> = log.lines().filter(|line| line.contains("ERROR")).collect();
        assert!(
            matches!(errors[..], [failed] if failed.contains("the database is full")),
            "{runtime}: {errors:#?}"
        );
        let outlived = log.lines().filter(|line| line.contains("DEBUG") && line.contains("which had ended"));
        assert_eq!(outlived.count(), CALLERS / 2, "{runtime}: {log}");
        let reasons =
            simulator.with(|board, _| board.calls().filter_map(|call| call.end_reason).collect::<Vec<_>>());
        let failed = reasons.iter().filter(|reason| **reason == EndReason::Error.as_str()).count();
        assert_eq!(failed, 1, "{runtime}: {reasons:?}");
    }
}
