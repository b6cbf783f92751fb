//! What is said of a handler that ends with an error, by the state of its call, whatever the type of the error.

use anyhow::Context as _;
use signalwire_relay_core::session::Notice;
use signalwire_relay_core::{Call, Client, Error, HandlerOutcome, phone, secs};
use signalwire_relay_harness::World;
use signalwire_relay_simulator::{Caller, Phone, Refusal, Scenario, Step};

type Boxed = Box<dyn std::error::Error + Send + Sync>;

/// Errors of applications, made of those of the client.
#[derive(Debug, thiserror::Error)]
enum Own {
    #[error("the phone system failed")]
    From(#[from] Error),
    #[error("the phone system failed")]
    Source(#[source] Box<Self>),
    #[error(transparent)]
    Transparent(Box<Self>),
}

/// An error that keeps nothing but text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Text(String);

fn text(error: &Error) -> Text {
    Text(error.to_string())
}

/// Plays until the caller is gone, and a little more.
async fn talk(call: &Call) -> Result<(), Error> {
    call.answer().await?;
    call.play_silence(secs(60)).await?.wait().await?;
    call.play_tts("Are you there?").await?.wait().await?;
    Ok(())
}

fn leaves() -> Caller {
    Caller::new("+15551110000", "+15552220000").script([Step::wait(5.0), Step::HangUp])
}

/// The notices about handlers, once a caller has been served.
fn notices<R>(scenario: Scenario, handler: impl Fn(Call, Client) -> R + Send + Sync + 'static) -> Vec<Notice>
where
    R: Future<Output: HandlerOutcome> + Send + 'static,
{
    let mut world = World::new(scenario, 1);
    let client = world.client(World::config());
    let own = client.clone();
    client.on_call(move |call| handler(call, own.clone()));
    world.pass(secs(300));
    let handlers = |notice: &Notice| {
        matches!(
            notice,
            Notice::HandlerFailed { .. } | Notice::HandlerOutlived { .. } | Notice::HandlerPanicked(_)
        )
    };
    world.take_notices().into_iter().filter(handlers).collect()
}

fn failed(notices: &[Notice]) -> bool {
    matches!(notices, [Notice::HandlerFailed { .. }])
}

/// Logged at debug level.
fn outlived(notices: &[Notice]) -> bool {
    matches!(notices, [Notice::HandlerOutlived { .. }])
}

#[test]
fn a_handler_whose_caller_has_left_has_not_failed_whatever_the_type_of_its_error() {
    let scenario = || Scenario::new().caller(leaves());
    // Errors that show what is inside of them, somewhere along their sources, say nothing at all.
    let silent: [(&str, Vec<Notice>); 8] = [
        ("this crate's", notices(scenario(), |call, _| async move { talk(&call).await })),
        ("anyhow", notices(scenario(), |call, _| async move { Ok::<_, anyhow::Error>(talk(&call).await?) })),
        (
            "anyhow with contexts",
            notices(scenario(), |call, _| async move { talk(&call).await.context("one").context("two") }),
        ),
        ("boxed", notices(scenario(), |call, _| async move { Ok::<_, Boxed>(talk(&call).await?) })),
        ("#[from]", notices(scenario(), |call, _| async move { Ok::<_, Own>(talk(&call).await?) })),
        (
            "#[source]",
            notices(scenario(), |call, _| async move {
                talk(&call).await.map_err(|error| Own::Source(Box::new(error.into())))
            }),
        ),
        (
            "transparent",
            notices(scenario(), |call, _| async move {
                talk(&call).await.map_err(|error| Own::Transparent(Box::new(error.into())))
            }),
        ),
        (
            "one's own in anyhow",
            notices(scenario(), |call, _| async move {
                talk(&call).await.map_err(Own::from).context("while talking")
            }),
        ),
    ];
    for (kind, notices) in silent {
        assert_eq!(notices, [], "{kind}");
    }
    // Those that do not are told at debug level.
    let told: [(&str, Vec<Notice>); 3] = [
        ("text", notices(scenario(), |call, _| async move { talk(&call).await.map_err(|e| text(&e)) })),
        (
            "a string",
            notices(scenario(), |call, _| async move { talk(&call).await.map_err(|e| e.to_string()) }),
        ),
        (
            "text in anyhow",
            notices(
                scenario(),
                |call, _| async move { anyhow::Ok(talk(&call).await.map_err(|e| text(&e))?) },
            ),
        ),
    ];
    for (kind, notices) in told {
        assert!(outlived(&notices), "{kind}: {notices:?}");
    }
}

#[test]
fn an_error_of_another_origin_after_the_end_of_the_call_is_told_at_debug_level_and_before_it_as_a_failure() {
    let after = notices(Scenario::new().caller(leaves()), |call, _| async move {
        let _ = talk(&call).await;
        anyhow::bail!("the database is full");
        #[expect(unreachable_code, reason = "it gives the type")]
        Ok(())
    });
    assert!(outlived(&after), "{after:?}");
    assert!(after[0].to_string().contains("the database is full"));
    let before = notices(Scenario::new().caller(leaves()), |call, _| async move {
        call.answer().await?;
        anyhow::bail!("the database is full");
        #[expect(unreachable_code, reason = "it gives the type")]
        Ok(())
    });
    assert!(failed(&before), "{before:?}");
    let panic = notices(Scenario::new().caller(leaves()), |call, _| async move {
        talk(&call).await.expect("a program that does not expect its caller to leave");
    });
    assert!(matches!(panic[..], [Notice::HandlerPanicked(_)]), "{panic:?}");
}

async fn whisper(call: Call, client: Client) -> Result<(), Error> {
    call.answer().await?;
    let agent = client.dial(phone("+15553330000").from("+15552220000")).await?;
    talk_on(&agent).await
}

async fn talk_on(call: &Call) -> Result<(), Error> {
    call.play_silence(secs(60)).await?.wait().await?;
    call.play_tts("Are you there?").await?.wait().await?;
    Ok(())
}

#[test]
fn a_handler_whose_caller_stays_has_failed_if_another_call_is_gone_whatever_the_type_of_its_error() {
    let stays = Caller::new("+15551110000", "+15552220000").script([Step::wait(100.0), Step::HangUp]);
    let agent = Phone::any().answers_after(secs(1)).script([Step::wait(2.0), Step::HangUp]);
    let scenario = || Scenario::new().caller(stays.clone()).phone(agent.clone());
    let kinds = [
        notices(scenario(), |call, client| async move { anyhow::Ok(whisper(call, client).await?) }),
        notices(scenario(), |call, client| async move { whisper(call, client).await.context("whispering") }),
        notices(scenario(), |call, client| async move { whisper(call, client).await.map_err(|e| text(&e)) }),
    ];
    for notices in kinds {
        assert!(failed(&notices), "{notices:?}");
    }
}

/// A service that denies a call before it says that it has ended, or although it has not.
fn denied(ends: bool) -> Vec<Notice> {
    let stays = Caller::new("+15551110000", "+15552220000").script([Step::wait(100.0), Step::HangUp]);
    let mut world = World::new(Scenario::new().caller(stays), 1);
    let client = world.client(World::config());
    client.on_call(|call| async move {
        call.answer().await.map_err(|error| text(&error))?;
        call.wait_for_answered().await.map_err(|error| text(&error))?;
        call.play_tts("Hello").await.map(drop).map_err(|error| text(&error))
    });
    let (service, _) = world.service();
    let denied = if ends {
        &["calling.play", "calling.end", "calling.clear_digit_bindings", "calling.send_digits"][..]
    } else {
        &["calling.play"]
    };
    for method in denied {
        service.refuse_next(method, Refusal::Code(404, "not found".into()));
    }
    world.pass(secs(1));
    if ends {
        let (service, now) = world.service();
        let call = service.calls().next().expect("it is there").call_id;
        service.hang_up(now, &call);
    }
    world.pass(secs(60));
    world.take_notices().into_iter().filter(|notice| !matches!(notice, Notice::LegEnded { .. })).collect()
}

#[test]
fn a_handler_that_fails_while_the_end_of_its_call_is_on_the_way_has_not_failed() {
    let ending = denied(true);
    assert!(outlived(&ending), "{ending:?}");
    let staying = denied(false);
    assert!(failed(&staying), "{staying:?}");
}
