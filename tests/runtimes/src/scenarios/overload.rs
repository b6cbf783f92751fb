//! More calls than the client takes.

use signalwire_relay_core::{Client, EndReason, secs};
use signalwire_relay_simulator::{Report, Scenario};

use super::{Outcome, Play, caller, patient, serve};
use crate::service::TestService;

/// How many calls the client takes at once.
const ROOM: usize = 2;

pub(super) fn plays() -> Vec<Play> {
    vec![
        Play::new("overload::passed_on", Scenario::new(), passed_on)
            .config(|config| config.max_active_calls(ROOM)),
        Play::new("overload::let_go", Scenario::new(), let_go),
        Play::new("overload::passed", Scenario::new(), passed),
    ]
}

fn is_passed(report: &Report) -> bool {
    matches!(report, Report::CallPassed { .. })
}

async fn passed_on(client: Client, service: TestService) -> Outcome {
    let outcomes = serve(&client, |call| async move {
        call.answer().await?;
        Ok(call.wait_for_ended().await?)
    });
    let place = |caller| service.simulator().with(|board, now| board.place_call(now, caller));
    let running: Vec<_> = (0..ROOM).map(|_| place(patient())).collect();
    service.answered(&running).await;
    // Nobody else is there to take it: the caller gives up.
    let one_too_many = place(caller([]).patience(secs(5)));
    service
        .reported(|report| matches!(report, Report::CallPassed { call, .. } if *call == one_too_many))
        .await;
    service.ended(&one_too_many).await;
    assert_eq!(outcomes.len(), 0, "the others did not notice");
    service.simulator().with(|board, now| board.hang_up(now, &running[0]));
    assert_eq!(outcomes.at_least(1).await.remove(0)?, EndReason::Hangup);
    // There is room again.
    let next = place(patient());
    service.answered(std::slice::from_ref(&next)).await;
    for call in [&running[1], &next] {
        service.simulator().with(|board, now| board.hang_up(now, call));
    }
    outcomes.at_least(3).await;
    service.reported_times(1, is_passed).await;
    Ok(())
}

/// A handler that drops its call has not taken it.
async fn let_go(client: Client, service: TestService) -> Outcome {
    client.on_call(|call| async move { drop(call) });
    let call = service.simulator().with(|board, now| board.place_call(now, caller([]).patience(secs(5))));
    service.reported(is_passed).await;
    service.ended(&call).await;
    Ok(())
}

async fn passed(client: Client, service: TestService) -> Outcome {
    let id = service.simulator().with(|board, now| board.place_call(now, caller([]).patience(secs(5))));
    let call = client.incoming_calls().next().await.expect("a call");
    call.pass().await?;
    assert_eq!(call.wait_for_ended().await?, EndReason::Passed);
    service.reported(is_passed).await;
    service.ended(&id).await;
    Ok(())
}
