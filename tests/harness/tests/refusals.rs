//! Applications during a service that refuses requests for a while.

use signalwire_relay_core::session::ConnectionState;
use signalwire_relay_core::{ClientStats, EndReason, Error, secs};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Refusal, Scenario, Step};

const CONNECT: &str = "signalwire.connect";

fn full() -> Refusal {
    Refusal::RpcError(-32005, "Capacity exceeded".into())
}

fn patient() -> Caller {
    Caller::new("+15551110000", "+15552220000").script([Step::wait(1e5), Step::HangUp])
}

#[test]
fn a_worker_started_while_the_service_is_full_for_five_minutes_serves_calls_afterwards() {
    let mut world = World::new(Scenario::new(), 1);
    let (service, _) = world.service();
    for _ in 0..1000 {
        service.refuse_next(CONNECT, full());
    }
    let client = world.client(World::config());
    client.on_call(|call| async move {
        call.answer().await?;
        call.play_tts("Hello!").await?.wait().await?;
        call.hangup().await
    });
    world.pass(secs(300));
    match client.connection_state() {
        ConnectionState::Backoff { attempt, reason, .. } => {
            assert!(attempt > 10, "{attempt}");
            assert_eq!(
                &*reason,
                "the service cannot take the connection now: Capacity exceeded (code -32005)"
            );
        }
        other => panic!("{other}"),
    }
    let (service, now) = world.service();
    service.forget_refusals();
    let call = service.place_call(now, patient());
    world.block_on(client.ready()).expect("it is let in at last");
    world.pass(secs(60));
    let (service, _) = world.service();
    let view = service.call(&call).expect("the service remembers it");
    assert_eq!(view.end_reason.as_deref(), Some("hangup"));
    assert_eq!(service.violations(), []);
}

#[test]
fn a_worker_that_meets_a_full_service_forty_times_resumes_its_session_with_its_calls() {
    let mut world = World::new(Scenario::new().caller(patient()).session_lifetime(secs(7200)), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    let protocol = client.protocol();
    let (service, now) = world.service();
    for _ in 0..40 {
        service.refuse_next(CONNECT, full());
    }
    let connections: Vec<_> = service.connections().collect();
    for connection in connections {
        service.cut(now, connection);
    }
    world
        .block_on(async {
            let mut states = client.connection_states();
            let mut refused = 0;
            while let Some(state) = states.next().await {
                match state {
                    ConnectionState::Backoff { reason, .. } if reason.contains("-32005") => refused += 1,
                    ConnectionState::Ready { resumed: true } if refused > 0 => break,
                    ConnectionState::Ready { .. } if refused > 0 => panic!("the session was lost"),
                    _ => {}
                }
            }
            assert_eq!(refused, 40);
            assert_eq!(client.protocol(), protocol);
            call.play_tts("Are you still there?").await?.wait().await?;
            call.hangup().await?;
            assert_eq!(call.wait_for_ended().await?, EndReason::Hangup);
            Ok::<_, Error>(())
        })
        .expect("the call goes on");
    drop(call);
    assert_eq!(world.stats(), [ClientStats::default()]);
}
