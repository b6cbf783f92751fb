//! Requests that are refused, that are not answered, and that should not have been made.

use serde_json::json;
use signalwire_relay_core::{Certainty, Client, ConnectionState, EndReason, Error, phone, secs};
use signalwire_relay_simulator::{Refusal, Report};

use super::{Outcome, Play, answered, one_caller, reason_at_service};
use crate::service::TestService;

pub(super) fn plays() -> Vec<Play> {
    vec![
        Play::new("requests::refused", one_caller(), refused),
        Play::new("requests::unanswered", one_caller(), unanswered),
        Play::new("requests::bad_arguments", one_caller(), bad_arguments),
        Play::new("requests::raw", one_caller(), raw),
        Play::new("requests::declined_call", one_caller(), declined_call),
    ]
}

async fn refused(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    service.simulator().with(|board, _| {
        board.refuse_next("calling.play", Refusal::Code(403, "Not today".to_owned()));
        board.refuse_next("calling.play", Refusal::RpcError(-32005, "Full".to_owned()));
        board.refuse_next("calling.play", Refusal::RpcError(-32000, "Broken".to_owned()));
    });
    let codes = [(403, Certainty::Refused), (-32005, Certainty::Refused), (-32000, Certainty::Unknown)];
    for (code, certainty) in codes {
        let error = call.play_tts("Hello?").await.expect_err("refused");
        assert_eq!((error.code(), error.certainty()), (Some(code), certainty), "{error}");
    }
    call.play_tts("Hello!").await?.wait().await?;
    call.hangup().await?;
    Ok(())
}

async fn unanswered(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    service.simulator().with(|board, _| board.refuse_next("calling.play", Refusal::Silence));
    let lost = call.play_tts("Hello?").timeout(secs(0.2)).await.expect_err("nobody answers");
    assert!(matches!(lost, Error::TimedOut(_)), "{lost}");
    assert_eq!(lost.certainty(), Certainty::Unknown);
    call.play_tts("Hello!").await?.wait().await?;
    call.hangup().await?;
    assert_eq!(client.connection_state(), ConnectionState::Ready { resumed: false }, "the same connection");
    Ok(())
}

async fn bad_arguments(client: Client, service: TestService) -> Outcome {
    let call = answered(&client).await?;
    let before = service.simulator().with(|board, _| board.journal().len());
    for error in [
        call.play_tts("").await.map(drop),
        call.play_tts("x").volume(50).await.map(drop),
        call.send_digits("12x").await.map(drop),
        call.connect(phone("")).await.map(drop),
        client.dial(phone("")).await.map(drop),
    ] {
        let error = error.expect_err("it breaks a rule");
        assert!(matches!(error, Error::InvalidArgument(_)), "{error}");
        assert_eq!(error.certainty(), Certainty::NotSent);
    }
    let commands = service.simulator().with(|board, _| {
        let since = &board.journal()[before..];
        since.iter().filter(|entry| entry.text().contains("\"calling.")).filter(is_request).count()
    });
    assert_eq!(commands, 0, "nothing was sent");
    call.hangup().await?;
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a predicate of filter")]
fn is_request(entry: &&signalwire_relay_simulator::JournalEntry) -> bool {
    entry.direction == signalwire_relay_simulator::Direction::FromClient
}

async fn raw(client: Client, _service: TestService) -> Outcome {
    let call = client.incoming_calls().next().await.expect("a call");
    let answer = call.execute("calling.answer", json!({})).await?;
    assert_eq!(answer["code"], "200");
    let pong = client.execute("signalwire.ping", json!({})).await?;
    assert!(pong.is_object(), "{pong}");
    call.hangup().await?;
    Ok(())
}

async fn declined_call(client: Client, service: TestService) -> Outcome {
    let call = client.incoming_calls().next().await.expect("a call");
    call.hangup().reason(EndReason::Busy).await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::Busy);
    assert_eq!(reason_at_service(&service, &call).await, "busy");
    service.reported_times(0, |report| matches!(report, Report::CallAnswered { .. })).await;
    Ok(())
}
