//! The life of the connection: lost, resumed, begun anew, refused.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::Poll;

use futures_lite::future;
use serde_json::json;
use signalwire_relay_core::session::MAX_QUEUED_REQUESTS;
use signalwire_relay_core::{
    Call, Certainty, Client, ConnectStage, ConnectionState, ConnectionStates, EndReason, Error, Events,
    Missed, PlayState, secs,
};
use signalwire_relay_simulator::{Report, Scenario};

use super::{Outcome, Play, answered, one_caller, patient};
use crate::service::TestService;

/// A name that nobody will ever have.
const NOWHERE: &str = "no-such-host.invalid";

pub(super) fn plays() -> Vec<Play> {
    let lasting = || one_caller().session_lifetime(secs(600));
    vec![
        Play::new("connection::resumed", lasting(), resumed),
        Play::new("connection::cut_in_mid_frame", lasting(), cut_in_mid_frame),
        Play::new("connection::closed_with_1000", lasting(), |client, service| closed(client, service, 1000)),
        Play::new("connection::closed_with_1001", lasting(), |client, service| closed(client, service, 1001)),
        Play::new("connection::closed_with_1011", lasting(), |client, service| closed(client, service, 1011)),
        Play::new("connection::no_such_host", Scenario::new(), no_such_host)
            .started()
            .config(|config| config.host(NOWHERE)),
        Play::new("connection::connect_gives_up", Scenario::new(), |_, _| async {
            unreachable!("there is no connection")
        })
        .config(|config| config.connect_attempts(2))
        .before(|service| service.simulator().stop_listening().expect("it listens"))
        .ends(is_out_of_reach),
        Play::new("connection::lost_for_long", one_caller().session_lifetime(secs(0)), lost_for_long)
            .loses_sessions(),
        Play::new("connection::service_restarts", one_caller(), service_restarts),
        Play::new("connection::asked_to_reconnect", lasting(), asked_to_reconnect),
        Play::new("connection::asked_to_restart", one_caller(), asked_to_restart),
        Play::new("connection::contexts_are_kept", Scenario::new(), contexts_are_kept),
        Play::new("connection::requests_wait", Scenario::new(), requests_wait)
            .started()
            .before(|service| service.simulator().stop_listening().expect("it listens")),
        Play::new("connection::token_rejected", Scenario::new(), |_, _| async {
            unreachable!("it is not let in")
        })
        .config(|config| config.token("wrong"))
        .ends(is_rejected),
        Play::new("connection::token_rejected_later", Scenario::new(), rejected_later)
            .started()
            .config(|config| config.token("wrong"))
            .ends(is_rejected),
    ]
}

/// Waits until the client has logged in that often.
async fn logged_in(service: &TestService, times: usize) {
    let logins = |report: &&Report| matches!(report, Report::ClientAuthenticated { .. });
    service.wait_for_reports(|reports| (reports.iter().filter(logins).count() >= times).then_some(())).await;
}

/// The gap that a call is told of.
async fn gap(events: &mut Events) -> Option<std::time::Duration> {
    while let Some(update) = events.next().await {
        if let Err(Missed::Reconnected(lasted)) = update {
            return Some(lasted);
        }
    }
    None
}

async fn survives(client: &Client, service: &TestService, call: &Call, break_it: impl FnOnce()) -> Outcome {
    let mut events = call.events();
    let play = call.play_silence(secs(30)).await?;
    break_it();
    // Asked for while there may be no connection: it waits for the next.
    logged_in(service, 2).await;
    assert!(gap(&mut events).await.is_some(), "the call is told of the gap");
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: true });
    assert_eq!(play.wait().await?.state, PlayState::Finished, "what goes on is heard of");
    call.hangup().await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
    Ok(())
}

async fn resumed(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    survives(&client, &service, &call, || service.simulator().cut_all()).await
}

async fn cut_in_mid_frame(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    survives(&client, &service, &call, || service.simulator().cut_mid_frame()).await
}

async fn closed(client: Client, service: TestService, code: u16) -> Outcome {
    let call = answered(&client).await?;
    let mut states = client.connection_states();
    let close = || {
        service.simulator().with(|board, now| {
            let connection = board.connections().next().expect("one");
            board.close_with(now, connection, code);
        });
    };
    let (survived, reason) = future::zip(survives(&client, &service, &call, close), waits(&mut states)).await;
    survived?;
    assert!(reason.contains("closed the connection"), "{reason}");
    Ok(())
}

/// Why the connection waits, as soon as it does.
async fn waits(states: &mut ConnectionStates) -> String {
    loop {
        if let ConnectionState::Backoff { reason, .. } = states.next().await.expect("the client is open") {
            return reason.to_string();
        }
    }
}

async fn no_such_host(client: Client, _service: TestService) -> Outcome {
    let reason = waits(&mut client.connection_states()).await;
    assert!(reason.starts_with(&format!("cannot find the host {NOWHERE}: ")), "{reason}");
    let request = client.receive(["x"]).timeout(secs(0.1)).await.expect_err("there is no connection");
    assert_eq!(request.certainty(), Certainty::NotSent);
    Ok(())
}

async fn asked_to_reconnect(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let leave = || service.simulator().with(|board, now| board.send_disconnect(now, None));
    survives(&client, &service, &call, leave).await
}

/// Loses the session: what waits ends, and the client goes on with a new one.
async fn begins_anew(client: &Client, service: &TestService, break_it: impl FnOnce()) -> Outcome {
    let call = answered(client).await?;
    let play = call.play_silence(secs(6000)).await?;
    let mut events = call.events();
    break_it();
    let end = play.wait().await.expect_err("it cannot be heard of any more");
    assert!(end.is_gone(), "{end}");
    assert_eq!(call.wait_for_ended().await?, EndReason::SessionLost);
    assert_eq!(gap(&mut events).await, None, "it is over, not interrupted");
    client.ready().await?;
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false });
    call.hangup().await?;
    assert!(call.play_tts("Hello?").await.expect_err("it is lost").is_gone());
    service.simulator().with(|board, now| board.place_call(now, patient()));
    let next = answered(client).await?;
    next.hangup().await?;
    assert_eq!(next.wait_for_ended().await?, EndReason::Hangup);
    Ok(())
}

async fn lost_for_long(client: Client, service: TestService) -> Outcome {
    begins_anew(&client, &service, || service.simulator().cut_all()).await
}

async fn service_restarts(client: Client, service: TestService) -> Outcome {
    begins_anew(&client, &service, || service.simulator().restart().expect("the port is free")).await
}

async fn asked_to_restart(client: Client, service: TestService) -> Outcome {
    let restart = || service.simulator().with(|board, now| board.send_disconnect(now, Some(true)));
    begins_anew(&client, &service, restart).await
}

async fn contexts_are_kept(client: Client, service: TestService) -> Outcome {
    client.receive(["b", "c"]).await?;
    client.unreceive(["default"]).await?;
    service.simulator().restart()?;
    logged_in(&service, 2).await;
    let contexts = service.wait_for(|board| {
        let connection = board.connections().next()?;
        Some(board.contexts(connection)).filter(|contexts| !contexts.is_empty())
    });
    assert_eq!(contexts.await, ["b", "c"]);
    Ok(())
}

async fn requests_wait(client: Client, service: TestService) -> Outcome {
    const TOO_MANY: usize = 7;
    let mut states = client.connection_states();
    loop {
        match states.next().await.expect("the client is open") {
            ConnectionState::Backoff { .. } => break,
            other => assert!(!matches!(other, ConnectionState::Ready { .. }), "nobody listens"),
        }
    }
    let ping = || client.execute("signalwire.ping", json!({})).into_future();
    let mut requests: Vec<_> = (0..MAX_QUEUED_REQUESTS + TOO_MANY).map(|_| ping()).collect();
    let full = send_all(&mut requests).await;
    assert_eq!(full.certainty(), Certainty::NotSent);
    service.simulator().listen_again()?;
    client.ready().await?;
    let mut accepted = 0;
    for request in requests {
        match request.await {
            Ok(_) => accepted += 1,
            Err(Error::QueueFull(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    assert_eq!(accepted, MAX_QUEUED_REQUESTS);
    Ok(())
}

/// Sends all requests at once; gives the error of the last one, which is taken out.
async fn send_all<F, T>(requests: &mut Vec<F>) -> Error
where
    F: Future<Output = Result<T, Error>> + Unpin,
{
    let mut last = requests.pop().expect("there are some");
    std::future::poll_fn(|cx| {
        for request in requests.iter_mut() {
            assert!(Pin::new(request).poll(cx).is_pending(), "it waits for a connection");
        }
        Poll::Ready(())
    })
    .await;
    match std::future::poll_fn(|cx| Pin::new(&mut last).poll(cx)).await {
        Err(error @ Error::QueueFull(_)) => error,
        Err(other) => panic!("there should be no room: {other}"),
        Ok(_) => panic!("there should be no room"),
    }
}

fn is_rejected(served: &Result<(), Error>) -> bool {
    matches!(served, Err(Error::AuthenticationFailed(rejected)) if rejected.attempts == 3)
}

fn is_out_of_reach(served: &Result<(), Error>) -> bool {
    matches!(served, Err(Error::Unreachable(error)) if error.attempts == 2 && error.failure.stage == ConnectStage::Tcp)
}

async fn rejected_later(client: Client, service: TestService) -> Outcome {
    let refused = client.ready().await.expect_err("it is not let in");
    assert!(matches!(refused, Error::AuthenticationFailed(_)), "{refused}");
    assert!(!refused.to_string().contains("wrong"), "the token is not told");
    let late = client.receive(["x"]).await.expect_err("it is closed");
    assert_eq!(late.certainty(), Certainty::NotSent);
    service.reported_times(3, |report| matches!(report, Report::ClientRefused { .. })).await;
    Ok(())
}
