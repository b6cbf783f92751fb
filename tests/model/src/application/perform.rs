//! Taking the steps of applications, with the public handles of the core.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::{or, zip};
use signalwire_relay_core::calling::{Control, Method, Operation};
use signalwire_relay_core::{
    Action, Call, CallStateEvent, Client, Collect, Credentials, Devices, Error, Request, phone,
};

use super::oracle::{ApplicationOracle, PendingRequest};
use super::{CallMilestone, CallStep, ClientStep, OperationKind, WaitMode};
use crate::environment::{OURS, PROJECT, SECRET, WRONG_SECRET, context, millis};
use crate::{Dial, MARK};

/// The time after which an application stops waiting for an operation that may never end: parties that are connected, an
/// agent, a transcription, the music of a queue.
const ENDLESS_OPERATION_TIMEOUT: u32 = 60_000;

type StepError = Box<dyn StdError + Send + Sync>;
type BoxedWork = Pin<Box<dyn Future<Output = Result<(), StepError>> + Send>>;

/// Registers a handler of a client's calls that takes the steps of the scripts in turn.
pub(super) fn serve(client: &Client, scripts: Vec<Vec<CallStep>>, oracle: &ApplicationOracle) {
    let oracle = oracle.clone();
    client.on_call(move |call| {
        let (number, guard) = oracle.begin_handler(&call);
        let steps = scripts.get(number.checked_rem(scripts.len()).unwrap_or_default());
        let steps = steps.cloned().unwrap_or_default();
        watch(&call, &oracle);
        let work = perform(call, steps, oracle.clone());
        async move {
            let _guard = guard;
            work.await
        }
    });
}

/// Records the states of a call.
fn watch(call: &Call, oracle: &ApplicationOracle) {
    let (oracle, last) = (oracle.clone(), std::sync::Mutex::new(None));
    call.on(move |event: CallStateEvent| {
        let mut last = last.lock().expect("nothing panics while it is held");
        oracle.record_state(last.replace(event.call_state.clone()).as_ref(), &event.call_state);
        async {}
    });
}

/// Takes one step after the other. A step that fails is skipped, unless the call is gone.
fn perform(call: Call, steps: Vec<CallStep>, oracle: ApplicationOracle) -> BoxedWork {
    Box::pin(async move {
        let _running = oracle.begin();
        for step in steps {
            match take_step(&call, step, &oracle).await {
                Err(error) if error.downcast_ref::<Error>().is_none_or(Error::is_gone) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    })
}

async fn take_step(call: &Call, step: CallStep, oracle: &ApplicationOracle) -> Result<(), StepError> {
    match step {
        CallStep::Answer => {
            send(oracle, call.answer()).await?;
            oracle.record_answer(call);
        }
        CallStep::Pass => drop(send(oracle, call.pass()).await?),
        // On a call that is over, hanging up succeeds without a request.
        CallStep::Hangup => resolve(oracle.begin_control(), call.hangup()).await?,
        CallStep::Start(kind, mode) => start(call, kind, mode, oracle).await?,
        CallStep::WaitFor(milestone, time) => wait_for(call, milestone, millis(time), oracle).await?,
        CallStep::CancelAfter(time, steps) => {
            let work = perform(call.clone(), steps, oracle.clone());
            let limit = async {
                pause(call, time).await;
                Ok(())
            };
            or(work, limit).await?;
        }
        CallStep::Concurrently(some, others) => {
            let first = perform(call.clone(), some, oracle.clone());
            let (first, second) = zip(first, perform(call.clone(), others, oracle.clone())).await;
            first.and(second)?;
        }
        CallStep::Keep => oracle.keep(call),
        CallStep::NeverRead => oracle.keep_unread(call.events()),
        CallStep::Fail => return Err("the application fails on purpose".into()),
        // Without the message of a panic: there may be thousands.
        CallStep::Panic => std::panic::resume_unwind(Box::new("the application is broken")),
    }
    Ok(())
}

/// Waits for this time, or for the end of the call.
async fn pause(call: &Call, time: u32) {
    drop(call.wait_for_ended().timeout(millis(time)).await);
}

async fn wait_for(
    call: &Call,
    milestone: CallMilestone,
    time: Duration,
    oracle: &ApplicationOracle,
) -> Result<(), Error> {
    match milestone {
        CallMilestone::Ringing => call.wait_for_ringing().timeout(time).await,
        CallMilestone::Answered => call.wait_for_answered().timeout(time).await,
        CallMilestone::Ending => call.wait_for_ending().timeout(time).await,
        CallMilestone::Ended => {
            let reason = call.wait_for_ended().timeout(time).await?;
            oracle.check(call.end_reason().as_ref() == Some(&reason), || {
                format!("call {} ended with {reason}, and its end reason is another", call.id())
            });
            Ok(())
        }
    }
}

/// Sends a request with a mark, and records its outcome.
async fn send<M: Method>(oracle: &ApplicationOracle, request: Request<M>) -> Result<M::Output, Error> {
    resolve(oracle.begin_request(), request).await
}

/// Sends a request with the mark of a pending request, and records its outcome.
async fn resolve<M: Method>(pending: PendingRequest, request: Request<M>) -> Result<M::Output, Error> {
    let result = request.param(MARK, pending.mark()).await;
    pending.resolve(result.as_ref().err());
    result
}

/// Starts an operation and waits for it.
async fn start(
    call: &Call,
    kind: OperationKind,
    mode: WaitMode,
    oracle: &ApplicationOracle,
) -> Result<(), Error> {
    let digits = || Collect::digits(1).initial_timeout(Duration::from_secs(5));
    match kind {
        OperationKind::Play => {
            run_operation(call, call.play_tts("Hello, and welcome."), mode, |play| Some(play.stop()), oracle)
                .await
        }
        OperationKind::Record => {
            let record = call.record().max_length(Duration::from_secs(20));
            run_operation(call, record, mode, |record| Some(record.stop()), oracle).await
        }
        OperationKind::Collect => {
            run_operation(call, call.collect(digits()), mode, |collect| Some(collect.stop()), oracle).await
        }
        OperationKind::PlayAndCollect => {
            let prompt = call.prompt_tts("Press a key.", digits());
            run_operation(call, prompt, mode, |prompt| Some(prompt.stop()), oracle).await
        }
        OperationKind::SendDigits => run_operation(call, call.send_digits("1"), mode, |_| None, oracle).await,
        OperationKind::Detect => {
            let detect = call.detect_answering_machine().run_for(Duration::from_secs(10));
            run_operation(call, detect, mode, |detect| Some(detect.stop()), oracle).await
        }
        OperationKind::Transcribe => {
            let transcribed = run_operation(call, call.transcribe(), mode, |one| Some(one.stop()), oracle);
            limited(call, transcribed).await
        }
        OperationKind::Ai => {
            let agent = call.ai().prompt_text("Be brief.");
            limited(call, run_operation(call, agent, mode, |agent| Some(agent.stop()), oracle)).await
        }
        OperationKind::Pay => {
            let pay = call.pay("https://example.com/pay").charge_amount("1.00");
            run_operation(call, pay, mode, |pay| Some(pay.stop()), oracle).await
        }
        OperationKind::EnterQueue => {
            let waiting = run_operation(call, call.queue_enter("support"), mode, |_| None, oracle);
            limited(call, waiting).await
        }
        OperationKind::Connect(parties) => {
            let talk = run_operation(call, call.connect(devices(parties)), mode, |_| None, oracle);
            limited(call, talk).await
        }
    }
}

/// Does work within [`ENDLESS_OPERATION_TIMEOUT`].
async fn limited(call: &Call, work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let limit = async {
        pause(call, ENDLESS_OPERATION_TIMEOUT).await;
        Ok(())
    };
    or(work, limit).await
}

/// Sends the request of an operation, and waits for the operation in some mode. `stop` makes the request that stops it.
async fn run_operation<M: Operation>(
    call: &Call,
    request: Request<M>,
    mode: WaitMode,
    stop: impl Fn(&Action<M>) -> Option<Request<Control>>,
    oracle: &ApplicationOracle,
) -> Result<(), Error> {
    let pending = oracle.begin_request();
    let request = match mode {
        WaitMode::Callback => {
            let (oracle, mark) = (oracle.clone(), pending.mark());
            oracle.expect_callback(mark);
            request.on_completed(move |_| {
                oracle.record_callback(mark);
                async {}
            })
        }
        _ => request,
    };
    let action = resolve(pending, request).await?;
    match mode {
        WaitMode::Wait => {}
        WaitMode::WaitTwice(time) => match action.wait().timeout(millis(time)).await {
            Err(Error::TimedOut(_)) => {}
            _ => oracle
                .check(action.result().is_some(), || "an operation was waited for, and has no result".into()),
        },
        WaitMode::Follow => {
            let mut events = action.events();
            while events.next().await.is_some() {}
            oracle.check(action.is_done(), || "an operation has no more events, and is not done".into());
        }
        WaitMode::Stop(time) => {
            pause(call, time).await;
            if let Some(stop) = stop(&action) {
                let pending = oracle.begin_control();
                resolve(pending, stop).await?;
            }
        }
        WaitMode::Callback | WaitMode::Ignore => return Ok(()),
    }
    let result = action.wait().await;
    let known = action.result().is_some_and(|known| known.is_ok() == result.is_ok());
    oracle.check(known, || "a wait is over, and the operation has no result or another result".into());
    if let Err(error) = &result {
        oracle.check(error.is_gone() || matches!(error, Error::ConnectionLost(_) | Error::Closed(_)), || {
            format!("a wait ends with {error}")
        });
    }
    result.map(drop)
}

fn devices(parties: Dial) -> Devices {
    let device = |number: &&str| phone(*number).from(OURS).timeout(Duration::from_secs(30));
    match parties.numbers() {
        [at_once] => Devices::parallel(at_once.iter().map(device)),
        in_turn => Devices::serial(in_turn.iter().flat_map(|numbers| numbers.iter().map(device))),
    }
}

/// Takes a step of a client's application.
pub(super) fn run(client: Client, step: ClientStep, oracle: ApplicationOracle) -> BoxedWork {
    Box::pin(async move {
        let _running = oracle.begin();
        match step {
            ClientStep::Dial(parties, limit, steps) => {
                let call = send(&oracle, client.dial(devices(parties)).timeout(millis(limit))).await?;
                watch(&call, &oracle);
                perform(call, steps, oracle).await?;
            }
            ClientStep::Message(delivery, time) => {
                let message = client.send_message(delivery.number(), OURS).body("Hi");
                let message = send(&oracle, message).await?;
                if let Err(Error::TimedOut(_)) = message.wait().timeout(millis(time)).await {
                    drop(message.wait().await);
                }
                oracle.check(message.is_done(), || "a message was waited for, and is not done".into());
            }
            ClientStep::Receive(number) => drop(send(&oracle, client.receive([context(number)])).await?),
            ClientStep::Unreceive(number) => drop(send(&oracle, client.unreceive([context(number)])).await?),
            ClientStep::UseKept(number, steps) => {
                if let Some(call) = oracle.kept(number) {
                    perform(call, steps, oracle).await?;
                }
            }
            ClientStep::Reauthenticate(valid) => {
                let token = if valid { SECRET } else { WRONG_SECRET };
                let credentials = Credentials::Token { project: PROJECT.into(), token: token.into() };
                send(&oracle, client.reauthenticate(credentials)).await?;
            }
            ClientStep::NeverRead => oracle.keep_unread(client.events()),
            ClientStep::Inspect => {
                let result = client.pending_work().await.map(drop).and(client.stats().await.map(drop));
                let closed = matches!(result, Err(Error::Closed(_) | Error::AuthenticationFailed(_)));
                oracle
                    .check(result.is_ok() || closed, || format!("a client cannot be inspected: {result:?}"));
            }
            ClientStep::CancelAfter(time, step) => {
                let work = run(client.clone(), *step, oracle);
                // Only the time limit ends this wait.
                let limit = client.closed().timeout(millis(time));
                or(work, async {
                    drop(limit.await);
                    Ok(())
                })
                .await?;
            }
        }
        Ok(())
    })
}
