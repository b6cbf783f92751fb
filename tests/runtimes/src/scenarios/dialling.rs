//! Calls that the application places.

use std::future::IntoFuture;

use futures_lite::future;
use signalwire_relay_core::{CallState, Client, Devices, EndReason, Error, PhoneDevice, phone, secs};
use signalwire_relay_simulator::{CallState as AtService, Phone, Report, Scenario};

use super::{OURS, Outcome, Play, state_at_service};
use crate::service::TestService;

const QUICK: &str = "+15553330001";
const ALSO_QUICK: &str = "+15553330002";
const BUSY: &str = "+15553330003";
const NEVER: &str = "+15553330004";
const DECLINES: &str = "+15553330005";
const LATE: &str = "+15553330006";

pub(super) fn plays() -> Vec<Play> {
    vec![
        Play::new("dialling::answered", phones(), answered),
        Play::new("dialling::refused", phones(), refused),
        Play::new("dialling::in_turn", phones(), in_turn),
        Play::new("dialling::parallel_losers", phones(), parallel_losers),
        Play::new("dialling::dropped", phones(), dropped),
        Play::new("dialling::out_of_time", phones(), out_of_time),
        Play::new("dialling::called_off_by_closing", phones(), called_off_by_closing),
    ]
}

fn phones() -> Scenario {
    Scenario::new()
        .phone(Phone::new(LATE).answers_after(secs(19)))
        .phone(Phone::new(QUICK).answers_after(secs(2)))
        .phone(Phone::new(ALSO_QUICK).answers_after(secs(2)))
        .phone(Phone::new(BUSY).busy())
        .phone(Phone::new(NEVER).no_answer())
        .phone(Phone::new(DECLINES).declines_after(secs(1)))
}

fn to(number: &str) -> PhoneDevice {
    phone(number).from(OURS).timeout(secs(20))
}

/// Waits until no call stands at the service.
async fn nobody_left(service: &TestService) {
    service.wait_for(|board| board.calls().all(|call| call.state == AtService::Ended).then_some(())).await;
}

async fn answered(client: Client, service: TestService) -> Outcome {
    let call = client.dial(to(QUICK)).tag("mine").await?;
    assert_eq!((call.tag().as_str(), call.state()), ("mine", CallState::Answered));
    assert_eq!(state_at_service(&service, &call), Some(AtService::Answered));
    call.play_tts("Hello!").await?.wait().await?;
    call.hangup().await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
    Ok(())
}

async fn refused(client: Client, service: TestService) -> Outcome {
    for number in [BUSY, NEVER, DECLINES] {
        match client.dial(to(number).timeout(secs(5))).await {
            Err(Error::DialFailed(_)) => {}
            other => panic!("{number}: {other:?}"),
        }
    }
    nobody_left(&service).await;
    Ok(())
}

async fn in_turn(client: Client, service: TestService) -> Outcome {
    let call = client.dial(Devices::serial([BUSY, DECLINES, QUICK, ALSO_QUICK].map(to))).await?;
    assert_eq!(call.device().callee(), Some(QUICK));
    service.reported_times(3, |report| matches!(report, Report::LegPlaced { .. })).await;
    call.hangup().await?;
    call.wait_for_ended().await?;
    Ok(())
}

async fn parallel_losers(client: Client, service: TestService) -> Outcome {
    let call = client.dial(Devices::parallel([QUICK, ALSO_QUICK, NEVER, BUSY].map(to))).await?;
    let winner = call.id().as_str().to_owned();
    // Nobody but the winner is left on a line.
    service
        .wait_for(|board| {
            let standing: Vec<_> = board.calls().filter(|call| call.state != AtService::Ended).collect();
            (standing.len() == 1 && standing[0].call_id == winner).then_some(())
        })
        .await;
    assert_eq!(state_at_service(&service, &call), Some(AtService::Answered));
    call.hangup().await?;
    call.wait_for_ended().await?;
    Ok(())
}

async fn dropped(client: Client, service: TestService) -> Outcome {
    let rings = async {
        service.reported(|report| matches!(report, Report::LegPlaced { .. })).await;
    };
    let dial = client.dial(Devices::parallel([NEVER, LATE].map(to))).into_future();
    future::or(async { panic!("nobody answers so soon: {:?}", dial.await) }, rings).await;
    nobody_left(&service).await;
    // Called off while it rang, not hung up when somebody answered.
    service.reported_times(0, |report| matches!(report, Report::CallAnswered { .. })).await;
    // It hurts nobody else.
    answered(client, service).await
}

async fn out_of_time(client: Client, service: TestService) -> Outcome {
    let dial = client.dial(to(NEVER).timeout(secs(600))).timeout(secs(0.5)).await;
    assert!(matches!(dial, Err(Error::TimedOut(_))), "{dial:?}");
    nobody_left(&service).await;
    Ok(())
}

async fn called_off_by_closing(client: Client, service: TestService) -> Outcome {
    let closing = client.clone();
    let drained = async {
        service.reported(|report| matches!(report, Report::LegPlaced { .. })).await;
        closing.drain(Some(secs(0)));
        future::pending().await
    };
    let dial = future::or(client.dial(to(NEVER).timeout(secs(600))).into_future(), drained).await;
    assert!(matches!(dial, Err(Error::Closed(_))), "{dial:?}");
    client.closed().await?;
    nobody_left(&service).await;
    Ok(())
}
