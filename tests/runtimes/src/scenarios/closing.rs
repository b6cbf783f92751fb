//! The end of a client.

use signalwire_relay_core::{Certainty, Client, EndReason, Error, secs};
use signalwire_relay_simulator::{CallState, Report, Scenario};

use super::{Outcome, Play, answered, caller, one_caller, reason_at_service, state_at_service};
use crate::service::TestService;

pub(super) fn plays() -> Vec<Play> {
    vec![
        Play::new(
            "closing::idle",
            Scenario::new(),
            |client: Client, _| async move { Ok(client.ready().await?) },
        ),
        Play::new("closing::drain_waits_for_calls", one_caller(), drain_waits_for_calls),
        Play::new("closing::drain_ends_calls", one_caller(), drain_ends_calls),
        Play::new("closing::drain_as_configured", one_caller(), drain_as_configured)
            .config(|config| config.drain_timeout(secs(0.2))),
        Play::new("closing::disconnect", one_caller(), disconnect),
    ]
}

fn is_unsubscribed(report: &Report) -> bool {
    matches!(report, Report::Unsubscribed { .. })
}

async fn drain_waits_for_calls(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    client.drain(None);
    service.reported(is_unsubscribed).await;
    // Running calls can be used, new ones are not taken.
    let late = service.simulator().with(|board, now| board.place_call(now, caller([]).patience(secs(3))));
    call.play_tts("Just a moment more.").await?.wait().await?;
    service.ended(&late).await;
    assert_eq!(state_at_service(&service, &call), Some(CallState::Answered));
    call.hangup().await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
    client.closed().await?;
    service.reported_times(1, |report| matches!(report, Report::CallOffered { .. })).await;
    Ok(())
}

async fn ends_its_calls(client: &Client, service: &TestService, drain: impl FnOnce()) -> Outcome {
    let call = answered(client).await?;
    let play = call.play_silence(secs(6000)).await?;
    drain();
    client.closed().await?;
    assert_eq!(reason_at_service(service, &call).await, "hangup");
    assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
    if let Err(error) = play.wait().await {
        assert!(error.is_gone(), "{error}");
    }
    Ok(())
}

async fn drain_ends_calls(client: Client, service: TestService) -> Outcome {
    ends_its_calls(&client, &service, || client.drain(Some(secs(0.2)))).await
}

async fn drain_as_configured(client: Client, service: TestService) -> Outcome {
    ends_its_calls(&client, &service, || client.drain(None)).await
}

async fn disconnect(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let play = call.play_silence(secs(6000)).await?;
    client.disconnect();
    client.closed().await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::ClientClosed);
    assert!(play.wait().await.is_err());
    let late = client.receive(["x"]).await.expect_err("it is closed");
    assert!(matches!(late, Error::Closed(_)), "{late}");
    assert_eq!(late.certainty(), Certainty::NotSent);
    assert!(client.incoming_calls().next().await.is_none());
    // The call goes on at the service, without this client.
    service.reported(|report| matches!(report, Report::ClientLeft { .. })).await;
    assert_eq!(state_at_service(&service, &call), Some(CallState::Answered));
    service.simulator().with(|board, now| board.hang_up(now, call.id().as_str()));
    Ok(())
}
