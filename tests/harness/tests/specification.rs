//! The differences of the newer specification that a client written after the SDKs gets wrong.

use std::future::{Future, IntoFuture};
use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::calling::Codec;
use signalwire_relay_core::{
    Call, CallStateEvent, Certainty, Client, Collect, ConferenceEvent, ConferenceStatus, Confidence,
    ConnectRefusal, ConnectState, Devices, EndReason, EndSource, Error, FaxTone, FromUpdate, LiveAction,
    LiveDirection, LiveTranscribeUtteranceEvent, PayOutcome, PayResult, RecordState, ReferState, RoomEvent,
    RoomStatus, SendDigitsState, UserEvent, fabric, phone, refer_to, secs, sip,
};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{
    Caller, Cue, Payment, Phone, Reading, Refusal, Report, Scenario, ScriptedRefusal, Sound, Step, Task,
};

const OURS: &str = "+15552220000";
const THEIRS: &str = "+15553330001";
const CONNECT: &str = "signalwire.connect";

fn caller(script: impl IntoIterator<Item = Step>) -> Caller {
    Caller::new("+15551110000", OURS).script(script)
}

fn silent() -> Scenario {
    Scenario::new().caller(caller([Step::StaySilent])).phone(Phone::any().answers_after(secs(1)))
}

/// A world with one client, and a call that it has answered.
fn answered(scenario: Scenario) -> (World, Client, Call) {
    let mut world = World::new(scenario.strict(true), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    (world, client, call)
}

/// Plays a flow on an answered call. The service, which is strict, must not object to anything.
#[track_caller]
fn on_a_call<F: Future<Output = Result<(), Error>>>(
    scenario: Scenario,
    flow: impl FnOnce(Client, Call) -> F,
) {
    let (mut world, client, call) = answered(scenario);
    world.block_on(flow(client, call)).expect("the flow goes through");
    let (service, _) = world.service();
    assert_eq!(service.violations(), [], "the service objects");
}

#[test]
fn a_collect_of_somebody_who_says_nothing_ends() {
    on_a_call(silent(), |_, call| async move {
        let collected =
            call.collect(Collect::digits(1).initial_timeout(secs(5))).await?.wait().timeout(secs(60));
        assert!(collected.await?.is_no_input());
        Ok(())
    });
}

#[test]
fn every_code_with_which_the_service_may_refuse_a_connection_is_understood() {
    for (code, _) in Refusal::RPC_CODES {
        let scripted = ScriptedRefusal::new(CONNECT, Refusal::rpc(code)).times(5);
        let mut world = World::new(Scenario::new().refusal(scripted), 1);
        let client = world.client(World::config());
        let ready = world.block_on(client.ready().timeout(secs(300)).into_future());
        match (code, ready) {
            (-32000 | -32004 | -32005 | -32603, Ok(())) => {}
            (-32001, Err(Error::AuthenticationFailed(rejected))) => {
                assert_eq!((rejected.attempts, rejected.refusal), (1, ConnectRefusal::Version));
                assert!(rejected.to_string().contains("version"), "{rejected}");
            }
            (-32002 | -32003, Err(Error::AuthenticationFailed(rejected))) => {
                assert_eq!((rejected.attempts, rejected.refusal), (3, ConnectRefusal::Authentication));
            }
            (-32600 | -32601 | -32602 | -32700, Err(Error::AuthenticationFailed(rejected))) => {
                assert_eq!((rejected.attempts, rejected.refusal), (3, ConnectRefusal::Malformed));
                assert!(!rejected.to_string().contains("token"), "{rejected}");
            }
            (code, other) => panic!("{code}: {other:?}"),
        }
    }
}

#[test]
fn a_connect_result_that_says_no_is_a_refusal() {
    for refusal in [Refusal::WithoutProtocol, Refusal::Code(400, "Bad request".into())] {
        let scripted = ScriptedRefusal::new(CONNECT, refusal.clone()).times(3);
        let mut world = World::new(Scenario::new().refusal(scripted), 1);
        let client = world.client(World::config());
        match world.block_on(client.ready()) {
            Err(Error::AuthenticationFailed(rejected)) => {
                assert_eq!(rejected.refusal, ConnectRefusal::Unknown);
            }
            other => panic!("{refusal:?}: {other:?}"),
        }
    }
}

#[test]
fn a_message_that_was_carried_out_although_the_service_ran_out_of_time_is_unknown_and_sent_once() {
    for code in [-32000, -32603] {
        let mut world = World::new(Scenario::new(), 1);
        let client = world.client(World::config());
        world.block_on(client.ready()).expect("connected");
        world.service().0.refuse_next("messaging.send", Refusal::rpc(code).carried_out());
        let error = world
            .block_on(client.send_message(THEIRS, OURS).body("Hello").into_future())
            .expect_err("the service does not know");
        assert_eq!((error.certainty(), error.code()), (Certainty::Unknown, Some(code)));
        world.pass(secs(60));
        let delivered =
            |report: &Report| matches!(report, Report::MessageMoved { state, .. } if state == "delivered");
        let reports = world.take_reports();
        assert!(reports.iter().any(delivered), "it was carried out: {reports:?}");
        let (service, _) = world.service();
        let requests =
            service.journal().iter().filter(|entry| entry.text().contains("\"messaging.send\"")).count();
        assert_eq!(requests, 1, "it is not repeated");
    }
}

#[test]
fn a_dial_that_was_carried_out_although_the_service_ran_out_of_time_leaves_nobody_on_the_line() {
    let mut world = World::new(silent(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    world.service().0.refuse_next("calling.dial", Refusal::rpc(-32000).carried_out());
    let error = world
        .block_on(client.dial(phone(THEIRS).from(OURS)).into_future())
        .expect_err("the service does not know");
    assert_eq!(error.certainty(), Certainty::Unknown);
    world.pass(secs(120));
    let (service, _) = world.service();
    let up: Vec<_> = service.calls().filter(|call| !call.inbound && call.end_reason.is_none()).collect();
    assert!(up.is_empty(), "{up:?}");
}

fn card() -> Vec<Step> {
    vec![
        Step::on(Cue::CardNumberAsked),
        Step::press("4242424242424242#"),
        Step::on(Cue::ExpirationAsked),
        Step::press("1230"),
        Step::on(Cue::SecurityCodeAsked),
        Step::press("123"),
        Step::on(Cue::PostalCodeAsked),
        Step::press("10115#"),
        Step::StaySilent,
    ]
}

#[test]
fn a_payment_gives_the_confirmation_code_of_the_connector() {
    on_a_call(Scenario::new().caller(caller(card())), |_, call| async move {
        let end = call.pay("https://example.com/pay").charge_amount("12.50").await?.wait().await?;
        assert_eq!(
            (end.result.clone(), end.outcome()),
            (Some(PayResult::Success), Some(PayOutcome::Success))
        );
        assert!(end.payment_confirmation_code.is_some_and(|code| !code.is_empty()));
        assert!(end.payment_token.is_some());
        Ok(())
    });
}

#[test]
fn a_payment_that_fails_or_is_called_off_ends_and_says_how() {
    let declined = Scenario::new().caller(caller(card())).payments([Payment::CardDeclined]);
    on_a_call(declined, |_, call| async move {
        let end = call.pay("https://example.com/pay").await?.wait().await?;
        assert_eq!(
            (end.result.clone(), end.outcome()),
            (Some(PayResult::ConnectorError), Some(PayOutcome::Failed))
        );
        assert_eq!(end.payment_error.as_deref(), Some("card-declined"));
        Ok(())
    });
    on_a_call(silent(), |_, call| async move {
        let payment = call.pay("https://example.com/pay").await?;
        payment.stop().await?;
        assert_eq!(payment.wait().await?.result, Some(PayResult::Stopped));
        let end = call.pay("https://example.com/pay").await?.wait().await?;
        assert_eq!(end.result, Some(PayResult::TooManyFailedAttempts));
        Ok(())
    });
    let star = caller([Step::on(Cue::CardNumberAsked), Step::press("*"), Step::StaySilent]);
    on_a_call(Scenario::new().caller(star), |_, call| async move {
        let end = call.pay("https://example.com/pay").await?.wait().await?;
        assert_eq!(
            (end.result.clone(), end.outcome()),
            (Some(PayResult::Interrupted), Some(PayOutcome::Canceled))
        );
        Ok(())
    });
    let leaving = caller([Step::on(Cue::CardNumberAsked), Step::wait(1.0), Step::HangUp]);
    on_a_call(Scenario::new().caller(leaving), |_, call| async move {
        let end = call.pay("https://example.com/pay").await?.wait().await?;
        assert_eq!(
            (end.result.clone(), end.outcome()),
            (Some(PayResult::HungUp), Some(PayOutcome::Canceled))
        );
        Ok(())
    });
}

#[test]
fn a_service_that_never_sends_the_end_of_a_payment_does_not_hold_up_the_wait() {
    on_a_call(Scenario::new().caller(caller(card())).other_forms(true), |_, call| async move {
        let end = call.pay("https://example.com/pay").await?.wait().timeout(secs(120)).await?;
        assert!(end.is_success() && end.result.is_none(), "{end:?}");
        Ok(())
    });
}

#[test]
fn keys_that_cannot_be_sent_end_their_wait() {
    on_a_call(silent().failing("calling.send_digits", 1), |_, call| async move {
        assert_eq!(
            call.send_digits("12").await?.wait().timeout(secs(60)).await?.state,
            SendDigitsState::Error
        );
        assert_eq!(call.send_digits("12").await?.wait().await?.state, SendDigitsState::Finished);
        Ok(())
    });
}

#[test]
fn the_times_of_a_call_are_the_same_in_both_readings() {
    let ends = caller([Step::wait(30.0), Step::HangUp]);
    let times = |reading: Reading| {
        let scenario = Scenario::new().caller(ends.clone()).reading(reading);
        let mut world = World::new(scenario, 1);
        let client = world.client(World::config());
        world
            .block_on(async {
                let call = client.incoming_calls().next().await.expect("a call");
                let answered =
                    call.wait_for(|state: &CallStateEvent| state.call_state.as_str() == "answered");
                let ended = call.wait_for(|state: &CallStateEvent| state.call_state.as_str() == "ended");
                call.answer().await?;
                let answered = answered.await?;
                assert_eq!(answered.end_time, None, "not yet");
                let ended = ended.await?;
                Ok::<_, Error>((answered.answer_time, ended.start_time, ended.answer_time, ended.end_time))
            })
            .expect("it is answered, and ends")
    };
    let newer = times(Reading::Specification);
    assert_eq!(newer, times(Reading::Sdks));
    let (_, Some(start), Some(answer), Some(end)) = newer else { panic!("{newer:?}") };
    assert!(start <= answer && answer < end);
    let talked = end.duration_since(answer).expect("later");
    assert!((secs(29)..secs(32)).contains(&talked), "{talked:?}");
}

#[test]
fn confidence_is_on_one_scale_whatever_the_reading() {
    for (reading, confidence) in
        [(Reading::Specification, Confidence::Percent(95.0)), (Reading::Sdks, Confidence::Fraction(0.95))]
    {
        let speaks = caller([Step::on(Cue::Collecting), Step::say("yes"), Step::StaySilent]);
        on_a_call(Scenario::new().caller(speaks).reading(reading), |_, call| async move {
            let words = call.collect(Collect::speech()).await?.wait().await?;
            assert_eq!(words.confidence(), Some(confidence));
            let fraction = words.confidence().and_then(Confidence::fraction).expect("it is scored");
            assert!((fraction - 0.95).abs() < 1e-9);
            Ok(())
        });
    }
}

#[test]
fn a_recording_ends_by_silence_only_if_it_is_told_to() {
    on_a_call(silent(), |_, call| async move {
        let without = call.record().await?;
        assert!(matches!(without.wait().timeout(secs(600)).await, Err(Error::TimedOut(_))));
        without.stop().await?;
        without.wait().await?;
        let with = call.record().initial_timeout(secs(4)).end_silence_timeout(secs(1)).await?;
        assert_eq!(with.wait().timeout(secs(60)).await?.state, RecordState::NoInput);
        let limited = call.record().max_length(secs(20)).await?;
        assert_eq!(limited.wait().timeout(secs(60)).await?.state, RecordState::Finished);
        Ok(())
    });
}

#[test]
fn the_longest_duration_of_dials_answers_and_bridges_is_in_seconds() {
    let mut world = World::new(silent(), 1);
    let client = world.client(World::config());
    world
        .block_on(async {
            let dialled = client.dial(phone(THEIRS).from(OURS)).max_duration(secs(60)).await?;
            let inbound = client.incoming_calls().next().await.expect("a call");
            inbound.answer().max_duration(secs(90)).await?;
            assert_eq!(dialled.wait_for_ended().timeout(secs(70)).await?, EndReason::MaxDuration);
            assert_eq!(inbound.wait_for_ended().timeout(secs(40)).await?, EndReason::MaxDuration);
            Ok::<_, Error>(())
        })
        .expect("both end");
    on_a_call(silent(), |_, call| async move {
        let bridge = call.connect(phone(THEIRS).from(OURS)).max_duration(secs(60)).await?;
        bridge.wait().timeout(secs(70)).await.map(drop)
    });
}

#[test]
fn an_agent_on_hold_is_fetched_back_without_words() {
    on_a_call(silent(), |_, call| async move {
        let agent = call.ai().prompt_text("You give tours.").await?;
        call.ai_hold().hold_for(secs(60)).prompt("Say that you look it up.").await?;
        call.ai_unhold().await?;
        agent.stop().await?;
        agent.wait().await.map(drop)
    });
    let (mut world, _, call) = answered(silent());
    let refused = world.block_on(async {
        let _agent = call.ai().prompt_text("You give tours.").await?;
        call.ai_unhold().prompt("We are back.").await
    });
    assert_eq!(refused.expect_err("the newer specification refuses it").code(), Some(400));
}

#[test]
fn a_user_event_is_an_object_and_comes_back_to_those_who_are_subscribed() {
    on_a_call(silent(), |_, call| async move {
        let comes = call.wait_for(|event: &UserEvent| event.topic.as_deref() == Some("seat-picked"));
        call.user_event(json!({"topic": "seat-picked", "row": 7})).await?;
        assert_eq!(Value::Object(comes.await?.members()), json!({"topic": "seat-picked", "row": 7}));
        Ok(())
    });
}

#[test]
fn a_task_reaches_the_application() {
    let task = Task::new(json!({"job": "call-back"})).context("default");
    let mut world = World::new(Scenario::new().task(task), 1);
    let client = world.client(World::config());
    let mut tasks = client.incoming_tasks();
    let task = world.block_on(tasks.next()).expect("a task");
    assert_eq!((task.message(), task.context.as_str()), (&json!({"job": "call-back"}), "default"));
    assert!(task.timestamp().is_some());
    world.pass(secs(60));
    let (service, _) = world.service();
    assert_eq!(service.violations(), [], "it was acknowledged");
}

#[test]
fn a_dial_refused_for_one_of_two_destinations_says_which() {
    let mut world = World::new(silent(), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    let error = json!({"code": "400", "message": "to_number too short"});
    world.service().0.refuse_next(
        "calling.dial",
        Refusal::Details {
            code: 400,
            message: "Some destinations were refused".into(),
            data: Some(json!([error])),
            message_data: Some(json!([{"from": OURS, "to": "+1555", "errors": [error]}])),
        },
    );
    let devices = Devices::parallel([phone(THEIRS).from(OURS), phone("+1555").from(OURS)]);
    match world.block_on(client.dial(devices).into_future()) {
        Err(error @ Error::ServiceError(_)) => {
            let Error::ServiceError(refused) = &error else { unreachable!("it is one") };
            let [destination] = &refused.destinations()[..] else { panic!("{refused:?}") };
            assert_eq!((destination.from.as_deref(), destination.to.as_deref()), (Some(OURS), Some("+1555")));
            assert_eq!(destination.errors[0].code.as_deref(), Some("400"));
            assert_eq!(destination.errors[0].message, "to_number too short");
            assert_eq!((refused.data()[0]["code"].as_str(), refused.fields()), (Some("400"), vec![]));
            assert!(error.to_string().ends_with("; 1 destination refused: to_number too short"), "{error}");
            assert!(!format!("{refused:?} {error}").contains("+1555"), "numbers are not printed");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_template_that_is_refused_says_which_field_is_wrong() {
    let mut world = World::new(Scenario::new(), 1);
    let client = world.client(World::config());
    let template = || client.send_message(THEIRS, OURS).template_id("tpl_shipping");
    let Err(Error::ServiceError(refused)) = world.block_on(template().body("Hello").into_future()) else {
        panic!("a template has no body")
    };
    assert_eq!((refused.fields().len(), refused.fields()[0].field.as_str()), (1, "body"));
    let explained = Refusal::Details {
        code: 400,
        message: "Validation failed".into(),
        data: Some(json!({"body_template_parameters": ["day is missing"]})),
        message_data: None,
    };
    world.service().0.refuse_next("messaging.send", explained);
    let error = world.block_on(template().into_future()).expect_err("refused");
    let Error::ServiceError(refused) = &error else { panic!("{error}") };
    let [field] = &refused.fields()[..] else { panic!("{refused:?}") };
    assert_eq!(
        (field.field.as_str(), &field.messages[..]),
        ("body_template_parameters", &["day is missing".to_owned()][..])
    );
    assert!(error.to_string().contains("; body_template_parameters: day is missing"), "{error}");
}

#[test]
fn a_call_tells_who_hung_up_how_it_sounded_and_its_sip_headers() {
    for reading in [Reading::Specification, Reading::Sdks] {
        let newer = reading == Reading::Specification;
        let scenario = Scenario::new().phone(Phone::any().answers_after(secs(1))).reading(reading);
        let mut world = World::new(scenario, 1);
        let client = world.client(World::config());
        world
            .block_on(async {
                let call =
                    client.dial(sip("sip:desk@example.com;line=7").from("sip:me@example.com:5080")).await?;
                let data = call.sip_data();
                assert_eq!(data.is_some(), newer);
                if let Some(data) = data {
                    assert_eq!(data.sip_to_user.as_deref(), Some("desk"));
                    assert_eq!(data.sip_req_host.as_deref(), Some("example.com"));
                    assert_eq!(data.sip_to_params.get("line"), Some(&json!("7")));
                    assert_eq!(data.sip_contact_port, Some(5080));
                }
                call.hangup().await?;
                call.wait_for_ended().await?;
                assert_eq!(call.end_source(), newer.then_some(EndSource::Outbound));
                assert_eq!(call.audio_in_mos().is_some(), newer);
                Ok::<_, Error>(())
            })
            .expect("it is answered");
        let (service, now) = world.service();
        service.place_call(now, caller([Step::wait(5.0), Step::HangUp]));
        let call = world
            .block_on(async {
                let call = client.incoming_calls().next().await.expect("a call");
                call.answer().await?;
                call.wait_for_ended().await?;
                Ok::<_, Error>(call)
            })
            .expect("they hang up");
        assert_eq!(
            (call.end_source(), call.sip_data().is_none()),
            (newer.then_some(EndSource::Inbound), true)
        );
    }
}

#[test]
fn dials_and_bridges_ring_for_as_long_as_they_are_told_and_send_keys_to_whoever_answers() {
    let slow = Phone::any().answers_after(secs(20));
    let mut world = World::new(Scenario::new().strict(true).phone(slow.clone()), 1);
    let client = world.client(World::config());
    world.block_on(client.ready()).expect("connected");
    let dial =
        |ring: u32| client.dial(phone(THEIRS).from(OURS)).ring_timeout(secs(ring)).send_digits("ww12#");
    let began = world.now();
    let failed = world.block_on(dial(8).dest_swml("https://example.com/a.json").into_future());
    assert!(matches!(failed, Err(Error::DialFailed(_))), "{failed:?}");
    let rang = world.now().saturating_sub(began);
    assert!((secs(7)..secs(12)).contains(&rang), "{rang:?}");
    let call = world.block_on(dial(25).into_future()).expect("answered");
    world.block_on(call.hangup().into_future()).expect("accepted");
    let (service, _) = world.service();
    assert_eq!(service.violations(), []);

    let waiting = Scenario::new().caller(caller([Step::StaySilent])).phone(slow);
    on_a_call(waiting, |_, call| async move {
        let connect =
            |ring: u32| call.connect(phone(THEIRS).from(OURS)).ring_timeout(secs(ring)).send_digits("1");
        let bridge = connect(8).await?;
        assert_eq!(bridge.connected().timeout(secs(12)).await?.connect_state, ConnectState::Failed);
        let bridge = connect(25).await?;
        assert_eq!(bridge.connected().await?.connect_state, ConnectState::Connected);
        call.disconnect().reason("the end of the test").await?;
        bridge.wait().await.map(drop)
    });
}

#[test]
fn a_prompt_with_a_smallest_number_of_keys_does_not_take_fewer() {
    let presses = |keys: &str| caller([Step::on(Cue::PromptFinished), Step::press(keys), Step::StaySilent]);
    for (keys, enough) in [("12", false), ("1234", true)] {
        on_a_call(Scenario::new().caller(presses(keys)), |_, call| async move {
            let prompt = call.prompt_tts("Four to six keys.", Collect::digits(6)).min_digits(4).await?;
            let input = prompt.wait().timeout(secs(60)).await?;
            assert_eq!(input.digits() == Some(keys), enough, "{input:?}");
            Ok(())
        });
    }
}

#[test]
fn a_template_is_sent_and_a_label_comes_back() {
    let mut world = World::new(Scenario::new().strict(true), 1);
    let client = world.client(World::config());
    world
        .block_on(async {
            let template = client
                .send_message(THEIRS, OURS)
                .template_id("tpl_shipping")
                .body_template_parameters(json!({"name": "Ada", "day": "Friday"}))
                .tag("order-81");
            let state = template.await?.wait().await?;
            assert_eq!((state.tag.as_deref(), state.tags.len()), (Some("order-81"), 0));
            let both = client.send_message(THEIRS, OURS).template_id("tpl_shipping").body("Hello").await;
            assert_eq!(both.expect_err("not both").code(), Some(400));
            client.send_message(THEIRS, "24680").body("From a short code").await?.wait().await?;
            Ok::<_, Error>(())
        })
        .expect("sent");
}

#[test]
fn bindings_of_other_realms_are_cleared_only_by_name_or_all_at_once() {
    let presses =
        caller([Step::wait(5.0), Step::press("5"), Step::wait(10.0), Step::press("5"), Step::StaySilent]);
    let (mut world, _, call) = answered(Scenario::new().caller(presses));
    world
        .block_on(async {
            let parameters =
                json!({"control_id": "bound", "play": [{"type": "tts", "params": {"text": "Five."}}]});
            let Value::Object(parameters) = parameters else { unreachable!("it is an object") };
            call.bind_digit("5", "calling.play")
                .bind_params(parameters)
                .realm("menu")
                .max_triggers(0)
                .await?;
            call.bind_digit("wW9", "calling.play.stop").await?;
            call.clear_digit_bindings().await
        })
        .expect("accepted");
    let plays = |world: &mut World| {
        let (service, _) = world.service();
        service.journal().iter().filter(|entry| entry.text().contains("calling.call.play")).count()
    };
    world.pass(secs(10));
    let triggered = plays(&mut world);
    assert!(triggered > 0, "the binding of another realm is still there");
    world.block_on(call.clear_digit_bindings().realm("all").into_future()).expect("accepted");
    world.pass(secs(20));
    assert_eq!(plays(&mut world), triggered, "it is gone");
}

#[test]
fn codecs_and_devices_that_one_description_allows_reach_the_service() {
    let mut world = World::new(silent().strict(true), 1);
    let client = world.client(World::config());
    world
        .block_on(async {
            let call = client.incoming_calls().next().await.expect("a call");
            call.answer().codecs([Codec::AmrWb, Codec::Pcmu]).await?;
            client.dial(sip("sip:desk@example.com")).await?.hangup().await?;
            client.dial(fabric("/private/support").timeout(secs(700))).await?.hangup().await?;
            client.dial(phone("24680").timeout(secs(0))).await.map(drop).or_else(|error| match error {
                Error::DialFailed(_) => Ok(()),
                other => Err(other),
            })?;
            let digits = call.send_digits("1aD*#").await?;
            digits.wait().await.map(drop)
        })
        .expect("nothing is refused");
    let (service, _) = world.service();
    assert_eq!(service.violations(), []);
}

#[test]
fn an_echo_ends_within_the_bounds_of_the_service() {
    on_a_call(silent(), |_, call| async move {
        // Zero counts as the shortest time, and 600 s as the longest.
        for (asked, lasts) in [(0, 6), (600, 121)] {
            call.echo().run_for(secs(asked)).await?.wait().timeout(secs(lasts)).await?;
        }
        Ok(())
    });
}

#[test]
fn a_calling_fax_machine_is_heard_by_a_detector_of_its_own() {
    let fax = || caller([Step::on(Cue::Detecting), Step::Sound(Sound::Cng), Step::StaySilent]);
    on_a_call(Scenario::new().caller(fax()), |_, call| async move {
        let without = call.detect_fax(None).await?.wait().await?;
        assert_eq!(without.result(), "finished", "it listens for a called machine only");
        Ok(())
    });
    on_a_call(Scenario::new().caller(fax()), |_, call| async move {
        let (called, calling) = (call.detect_fax(FaxTone::Ced).await?, call.detect_fax(FaxTone::Cng).await?);
        assert_eq!(calling.wait().await?.result(), "CNG");
        assert_eq!(called.wait().await?.result(), "finished");
        Ok(())
    });
}

#[test]
fn what_is_said_during_a_live_transcription_comes_as_events_of_the_call() {
    let speaks = caller([Step::wait(3.0), Step::say("I need some help"), Step::StaySilent]);
    on_a_call(Scenario::new().caller(speaks), |_, call| async move {
        let words = call.wait_for(|_: &LiveTranscribeUtteranceEvent| true);
        let start = LiveAction::transcribe("en-US", [LiveDirection::RemoteCaller]).live_events(true);
        call.live_transcribe(start).await?;
        assert_eq!(words.await?.utterance.content, "I need some help");
        Ok(())
    });
}

#[test]
fn a_call_that_joins_a_room_and_leaves_it_is_told_of_both() {
    on_a_call(silent(), |_, call| async move {
        let joined = call.wait_for(|room: &RoomEvent| room.join_status == RoomStatus::Joined);
        let left = call.wait_for(|room: &RoomEvent| room.join_status == RoomStatus::Leave);
        call.join_room("lobby").await?;
        assert_eq!(joined.await?.room_name, "lobby");
        call.leave_room().await?;
        left.await.map(drop)
    });
}

#[test]
fn a_referral_is_followed_to_what_came_of_it() {
    let scenario = silent().phone(Phone::new("sip:busy@example.com").busy());
    on_a_call(scenario.clone(), |_, call| async move {
        let referral = call.refer(refer_to("sip:busy@example.com")).await?;
        assert_eq!(referral.wait().await?.state, ReferState::Busy);
        Ok(())
    });
    on_a_call(scenario, |_, call| async move {
        let referral = call.refer(refer_to("sip:desk@example.com")).await?;
        assert_eq!(referral.wait().await?.state, ReferState::Success);
        Ok(())
    });
}

#[test]
fn a_call_that_was_transferred_is_not_commanded_any_more() {
    let (mut world, _, call) = answered(silent());
    world.block_on(call.transfer("https://example.com/next.json").into_future()).expect("accepted");
    let error =
        world.block_on(call.play_tts("Still here?").into_future()).expect_err("another client has the call");
    assert!(error.is_gone(), "{error}");
    world.pass(Duration::from_secs(30));
    assert!(call.is_ended());
}

#[test]
fn a_conference_tells_of_the_quality_of_a_connection_of_bots_and_of_announcements() {
    let bad = "https://files.example/bad.mp3";
    let mut world = World::new(silent().strict(true).unplayable(bad), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    let reported = call.wait_for(|event: &ConferenceEvent| event.status == ConferenceStatus::CallQuality);
    let quality = world.block_on(async {
        call.join_conference("standup").emit_call_quality(true).await?;
        reported.await
    });
    let quality = quality.expect("the event has it").call_quality().expect("there are figures");
    assert_eq!((quality.in_mos, quality.rtt_min), (Some(4.4), Some(Duration::from_millis(20))));
    assert_eq!((quality.in_media_packet_count, quality.in_media_bytes), (Some(500), Some(80_000)));

    let mut events = client.events();
    let good = "https://files.example/good.mp3";
    let (service, now) = world.service();
    assert!(service.announce(now, "standup", good) && service.announce(now, "standup", bad));
    assert!(service.move_bot(now, "standup", true) && service.move_bot(now, "standup", false));
    assert!(!service.announce(now, "nobody", good) && !service.move_bot(now, "nobody", true));
    let announced = world.block_on(async {
        let mut announced = Vec::new();
        while announced.len() < 4 {
            let update = events.next().await.expect("there are more");
            if let Some(event) = ConferenceEvent::from_update(&update) {
                announced.push((event.status.clone(), event.announce_url.clone()));
            }
        }
        announced
    });
    let expected = [
        (ConferenceStatus::AnnouncementEnd, Some(good.to_owned())),
        (ConferenceStatus::AnnouncementFail, Some(bad.to_owned())),
        (ConferenceStatus::BotJoin, None),
        (ConferenceStatus::BotLeave, None),
    ];
    assert_eq!(announced, expected);
    assert_eq!(world.service().0.violations(), [], "the service objects");
}

#[test]
fn a_second_prompt_waits_for_the_end_of_the_first() {
    let mut world = World::new(silent(), 1);
    let client = world.client(World::config());
    let call = world.answered_call(&client);
    let code = world.block_on(async {
        let first = call.prompt_tts("One?", Collect::digits(1)).await?;
        let refused = call.prompt_tts("Two?", Collect::digits(1)).await.err().and_then(|error| error.code());
        first.stop().await?;
        first.wait().await?;
        call.prompt_tts("Two?", Collect::digits(1)).await?;
        Ok::<_, Error>(refused)
    });
    assert_eq!(code.expect("the rest goes through"), Some(409));
}
