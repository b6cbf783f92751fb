//! Many calls at once.

use signalwire_relay_core::{Client, EndReason, secs};
use signalwire_relay_simulator::{Report, Scenario};

use super::{Outcome, Play, patient, serve};
use crate::log::Log;
use crate::service::TestService;

const CALLS: usize = 200;

pub(super) fn plays() -> Vec<Play> {
    let crowd = (0..CALLS).fold(Scenario::new(), |scenario, _| scenario.caller(patient()));
    vec![Play::new("crowd::two_hundred_calls", crowd, two_hundred_calls)]
}

/// No call ends before all of them have been answered and spoken to.
async fn two_hundred_calls(client: Client, service: TestService) -> Outcome {
    let greeted = Log::new();
    let outcomes = serve(&client, move |call| {
        let greeted = greeted.clone();
        async move {
            call.answer().await?;
            call.play_tts("Hello!").await?.wait().await?;
            greeted.push(());
            greeted.at_least(CALLS).await;
            let last = call.play_silence(secs(1)).await?;
            last.wait().await?;
            call.hangup().await?;
            Ok(call.wait_for_ended().await?)
        }
    });
    for outcome in outcomes.at_least(CALLS).await {
        assert_eq!(outcome?, EndReason::Hangup);
    }
    service.all_over().await;
    assert_eq!(outcomes.len(), CALLS, "each call was handled once");
    service.reported_times(CALLS, |report| matches!(report, Report::CallAnswered { .. })).await;
    Ok(())
}
