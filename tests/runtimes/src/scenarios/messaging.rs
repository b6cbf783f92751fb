//! Text messages and tasks. What becomes of most of them is in the example `sms`.

use serde_json::json;
use signalwire_relay_core::{Client, Error, MessageReceiveEvent, MessageState, TaskEvent};
use signalwire_relay_simulator::{Delivery, Faults, Message, Phone, Scenario, Task};

use super::{OURS, Outcome, Play, THEIRS};
use crate::log::Log;
use crate::service::TestService;

pub(super) fn plays() -> Vec<Play> {
    let overtaking = |faults| {
        let phone = Phone::new(THEIRS).messages(Delivery::Undelivered("carrier_blocked".to_owned()));
        Scenario::new().phone(phone).faults(faults)
    };
    let states_first = Faults { message_states_first: true, ..Faults::default() };
    let twice = Faults { duplicate: 1.0, ..Faults::default() };
    vec![
        Play::new("messaging::send", overtaking(Faults::default()), send),
        Play::new("messaging::states_overtake_the_reply", overtaking(states_first), send),
        Play::new("messaging::repeated_states", overtaking(twice), send),
        Play::new("messaging::receive", Scenario::new(), receive),
        Play::new("messaging::tasks", Scenario::new(), tasks),
    ]
}

async fn send(client: Client, _service: TestService) -> Outcome {
    for _ in 0..5 {
        let message = client.send_message(THEIRS, OURS).body("Hello").await?;
        let told = Log::new();
        let sink = told.clone();
        message.on_completed(move |end| async move { sink.push(end.map(|last| last.message_state)) });
        let last = message.wait().await?;
        assert_eq!(last.message_state, MessageState::Undelivered);
        assert_eq!(message.reason().as_deref(), Some("carrier_blocked"));
        assert_eq!(told.at_least(1).await.remove(0)?, MessageState::Undelivered);
    }
    let empty = client.send_message(THEIRS, OURS).await.expect_err("it says nothing");
    assert!(matches!(empty, Error::InvalidArgument(_)), "{empty}");
    Ok(())
}

async fn receive(client: Client, service: TestService) -> Outcome {
    let received = Log::new();
    let sink = received.clone();
    client.on_message(move |message: MessageReceiveEvent| {
        let sink = sink.clone();
        async move { sink.push((message.from_number, message.body, message.media.len())) }
    });
    let mut events = client.events();
    for number in 1..=3 {
        let message =
            Message::new(THEIRS, OURS, format!("number {number}")).media("https://files.example/a.jpg");
        service.simulator().with(|board, now| board.inject_message(now, message));
    }
    let mut bodies: Vec<_> = received.at_least(3).await;
    bodies.sort();
    let expected: Vec<_> = (1..=3).map(|number| (THEIRS.to_owned(), format!("number {number}"), 1)).collect();
    assert_eq!(bodies, expected);
    let first = events.next().await.expect("they are events, too").expect("nothing was missed");
    assert_eq!(first.event_type(), "messaging.receive");
    Ok(())
}

async fn tasks(client: Client, service: TestService) -> Outcome {
    let send = |number: u64| {
        service.simulator().with(|board, now| board.inject_task(now, Task::new(json!({ "number": number }))));
    };
    let mut stream = client.incoming_tasks();
    send(1);
    let first = stream.next().await.expect("the client goes on");
    assert_eq!((first.context.as_str(), first.message()), ("default", &json!({"number": 1})));
    drop(stream);
    let handled = Log::new();
    let sink = handled.clone();
    client.on_task(move |task: TaskEvent| {
        let sink = sink.clone();
        async move { sink.push(task.message().clone()) }
    });
    send(2);
    assert_eq!(handled.at_least(1).await, [json!({"number": 2})]);
    Ok(())
}
