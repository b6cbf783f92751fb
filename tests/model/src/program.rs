//! What random applications do, with the handles that real ones have.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_lite::future::{or, zip};
use signalwire_relay_core::calling::{Control, Method, Operation};
use signalwire_relay_core::{
    Action, Call, CallStateEvent, Client, Collect, Credentials, Devices, Error, Request, phone,
};

use super::book::{Asked, Book};
use super::incident::{context, millis};
use super::setting::{OURS, PROJECT, SECRET, WRONG};
use super::{Delivery, Dial, MARK};

/// What one does on a call, one thing after the other. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Deed {
    /// Answers.
    Answer,
    /// Passes it on.
    Pass,
    /// Hangs up.
    Hangup,
    /// Starts an operation, and cares for it in some way.
    Start(Begin, Care),
    /// Waits for the call to get so far, for so long at most.
    Await(Reach, u32),
    /// Does this, and gives it up in the middle after so long.
    GiveUp(u32, Vec<Self>),
    /// Does both at once.
    Both(Vec<Self>, Vec<Self>),
    /// Keeps a handle of the call until the end.
    Keep,
    /// Fails.
    Fail,
    /// Panics.
    Panic,
}

/// Which operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum Begin {
    Play,
    Record,
    Collect,
    PlayAndCollect,
    SendDigits,
    Detect,
    Transcribe,
    Ai,
    Pay,
    EnterQueue,
    Connect(Dial),
}

/// What becomes of an operation that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Care {
    /// It is waited for.
    Wait,
    /// It is waited for, for so long at most, and then again.
    WaitTwice(u32),
    /// Its events are followed to the last.
    Follow,
    /// It is stopped after so long, and waited for.
    Stop(u32),
    /// A function is called when it is over.
    Callback,
    /// Nobody cares.
    Leave,
}

/// How far a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the wait of that name")]
pub enum Reach {
    Ringing,
    Answered,
    Ending,
    Ended,
}

/// What an application does beside handling calls.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Errand {
    /// Dials, for so long at most, and does this with who answers.
    Dial(Dial, u32, Vec<Deed>),
    /// Sends a message and waits for its delivery, for so long at most, and then again.
    Message(Delivery, u32),
    /// Wants calls of one more context, `a` to `d`.
    Receive(u8),
    /// Wants no calls of a context any more.
    Unreceive(u8),
    /// Goes on with one of the calls that were kept.
    Return(u8, Vec<Deed>),
    /// Looks what is being waited for.
    Look,
    /// Goes on with other credentials: the same once more, or some that the service refuses.
    Reauthenticate(bool),
    /// Does this, and gives it up in the middle after so long.
    GiveUp(u32, Box<Self>),
}

/// How long one listens to what may go on for ever: people who are connected, an agent, the music of a queue.
const LONG_ENOUGH: u32 = 60_000;

type Fault = Box<dyn StdError + Send + Sync>;
type Doing = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;

/// Has a client handle its calls: each with the next of these scripts.
pub(super) fn serve(client: &Client, scripts: Vec<Vec<Deed>>, book: &Book) {
    let book = book.clone();
    client.on_call(move |call| {
        let (number, handling) = book.begins(&call);
        let deeds = scripts.get(number.checked_rem(scripts.len()).unwrap_or_default());
        let deeds = deeds.cloned().unwrap_or_default();
        watch(&call, &book);
        let work = perform(call, deeds, book.clone());
        async move {
            let _handling = handling;
            work.await
        }
    });
}

fn watch(call: &Call, book: &Book) {
    let (book, last) = (book.clone(), std::sync::Mutex::new(None));
    call.on(move |event: CallStateEvent| {
        let mut last = last.lock().expect("nothing panics while it is held");
        book.moves(last.replace(event.call_state.clone()).as_ref(), &event.call_state);
        async {}
    });
}

/// Does one thing after the other. What fails is left, unless the call is gone.
fn perform(call: Call, deeds: Vec<Deed>, book: Book) -> Doing {
    Box::pin(async move {
        let _busy = book.busy();
        for deed in deeds {
            match one(&call, deed, &book).await {
                Err(fault) if fault.downcast_ref::<Error>().is_none_or(Error::is_gone) => return Err(fault),
                _ => {}
            }
        }
        Ok(())
    })
}

async fn one(call: &Call, deed: Deed, book: &Book) -> Result<(), Fault> {
    match deed {
        Deed::Answer => {
            ask(book, call.answer()).await?;
            book.answers(call);
        }
        Deed::Pass => drop(ask(book, call.pass()).await?),
        // On a call that is over there is nothing to be done.
        Deed::Hangup => settle(book.steers(), call.hangup()).await?,
        Deed::Start(what, care) => start(call, what, care, book).await?,
        Deed::Await(reach, time) => reached(call, reach, millis(time), book).await?,
        Deed::GiveUp(time, deeds) => {
            let work = perform(call.clone(), deeds, book.clone());
            let limit = async {
                pause(call, time).await;
                Ok(())
            };
            or(work, limit).await?;
        }
        Deed::Both(some, others) => {
            let first = perform(call.clone(), some, book.clone());
            let (first, second) = zip(first, perform(call.clone(), others, book.clone())).await;
            first.and(second)?;
        }
        Deed::Keep => book.keeps(call),
        Deed::Fail => return Err("the application thought better of it".into()),
        // Without the message that a panic prints: there may be thousands.
        Deed::Panic => std::panic::resume_unwind(Box::new("the application is broken")),
    }
    Ok(())
}

/// Lets time pass, or the call end.
async fn pause(call: &Call, time: u32) {
    drop(call.wait_for_ended().timeout(millis(time)).await);
}

async fn reached(call: &Call, reach: Reach, time: Duration, book: &Book) -> Result<(), Error> {
    match reach {
        Reach::Ringing => call.wait_for_ringing().timeout(time).await,
        Reach::Answered => call.wait_for_answered().timeout(time).await,
        Reach::Ending => call.wait_for_ending().timeout(time).await,
        Reach::Ended => {
            let reason = call.wait_for_ended().timeout(time).await?;
            book.check(call.end_reason().as_ref() == Some(&reason), || {
                format!("call {} ended with {reason}, and says otherwise", call.id())
            });
            Ok(())
        }
    }
}

/// Sends a request with a mark, and notes what came of it.
async fn ask<M: Method>(book: &Book, request: Request<M>) -> Result<M::Output, Error> {
    let asked = book.asks();
    settle(asked, request).await
}

async fn settle<M: Method>(asked: Asked, request: Request<M>) -> Result<M::Output, Error> {
    let result = request.param(MARK, asked.mark()).await;
    asked.settles(result.as_ref().err());
    result
}

async fn start(call: &Call, what: Begin, care: Care, book: &Book) -> Result<(), Error> {
    let digits = || Collect::digits(1).initial_timeout(Duration::from_secs(5));
    match what {
        Begin::Play => {
            tend(call, call.play_tts("Hello, and welcome."), care, |play| Some(play.stop()), book).await
        }
        Begin::Record => {
            let record = call.record().max_length(Duration::from_secs(20));
            tend(call, record, care, |record| Some(record.stop()), book).await
        }
        Begin::Collect => {
            tend(call, call.collect(digits()), care, |collect| Some(collect.stop()), book).await
        }
        Begin::PlayAndCollect => {
            let prompt = call.prompt_tts("Press a key.", digits());
            tend(call, prompt, care, |prompt| Some(prompt.stop()), book).await
        }
        Begin::SendDigits => tend(call, call.send_digits("1"), care, |_| None, book).await,
        Begin::Detect => {
            let detect = call.detect_answering_machine().run_for(Duration::from_secs(10));
            tend(call, detect, care, |detect| Some(detect.stop()), book).await
        }
        Begin::Transcribe => {
            let transcribed = tend(call, call.transcribe(), care, |one| Some(one.stop()), book);
            long_enough(call, transcribed).await
        }
        Begin::Ai => {
            let agent = call.ai().prompt_text("Be brief.");
            long_enough(call, tend(call, agent, care, |agent| Some(agent.stop()), book)).await
        }
        Begin::Pay => {
            let pay = call.pay("https://example.com/pay").charge_amount("1.00");
            tend(call, pay, care, |pay| Some(pay.stop()), book).await
        }
        Begin::EnterQueue => {
            let waiting = tend(call, call.queue_enter("support"), care, |_| None, book);
            long_enough(call, waiting).await
        }
        Begin::Connect(whom) => {
            let talk = tend(call, call.connect(devices(whom)), care, |_| None, book);
            long_enough(call, talk).await
        }
    }
}

async fn long_enough(call: &Call, work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let limit = async {
        pause(call, LONG_ENOUGH).await;
        Ok(())
    };
    or(work, limit).await
}

async fn tend<M: Operation>(
    call: &Call,
    request: Request<M>,
    care: Care,
    stop: impl Fn(&Action<M>) -> Option<Request<Control>>,
    book: &Book,
) -> Result<(), Error> {
    let asked = book.asks();
    let request = match care {
        Care::Callback => {
            let (book, mark) = (book.clone(), asked.mark());
            book.owes_callback(mark);
            request.on_completed(move |_| {
                book.calls_back(mark);
                async {}
            })
        }
        _ => request,
    };
    let action = settle(asked, request).await?;
    match care {
        Care::Wait => {}
        Care::WaitTwice(time) => match action.wait().timeout(millis(time)).await {
            Err(Error::TimedOut(_)) => {}
            _ => book.check(action.result().is_some(), || "what was waited for is not known".into()),
        },
        Care::Follow => {
            let mut events = action.events();
            while events.next().await.is_some() {}
            book.check(action.is_done(), || "there are no more events, and it goes on".into());
        }
        Care::Stop(time) => {
            pause(call, time).await;
            if let Some(stop) = stop(&action) {
                let asked = book.steers();
                settle(asked, stop).await?;
            }
        }
        Care::Callback | Care::Leave => return Ok(()),
    }
    let result = action.wait().await;
    let known = action.result().is_some_and(|known| known.is_ok() == result.is_ok());
    book.check(known, || "a wait is over, and there is no result, or another".into());
    if let Err(error) = &result {
        book.check(error.is_gone() || matches!(error, Error::ConnectionLost(_) | Error::Closed(_)), || {
            format!("a wait ends with {error}")
        });
    }
    result.map(drop)
}

fn devices(whom: Dial) -> Devices {
    let device = |number: &&str| phone(*number).from(OURS).timeout(Duration::from_secs(30));
    match whom.numbers() {
        [at_once] => Devices::parallel(at_once.iter().map(device)),
        in_turn => Devices::serial(in_turn.iter().flat_map(|numbers| numbers.iter().map(device))),
    }
}

/// Runs an errand to its end.
pub(super) fn run(client: Client, errand: Errand, book: Book) -> Doing {
    Box::pin(async move {
        let _busy = book.busy();
        match errand {
            Errand::Dial(whom, limit, deeds) => {
                let call = ask(&book, client.dial(devices(whom)).timeout(millis(limit))).await?;
                watch(&call, &book);
                perform(call, deeds, book).await?;
            }
            Errand::Message(delivery, patience) => {
                let message = client.send_message(delivery.number(), OURS).body("Hi");
                let message = ask(&book, message).await?;
                if let Err(Error::TimedOut(_)) = message.wait().timeout(millis(patience)).await {
                    drop(message.wait().await);
                }
                book.check(message.is_done(), || "a message was waited for, and is not done".into());
            }
            Errand::Receive(number) => drop(ask(&book, client.receive([context(number)])).await?),
            Errand::Unreceive(number) => drop(ask(&book, client.unreceive([context(number)])).await?),
            Errand::Return(number, deeds) => {
                if let Some(call) = book.kept(number) {
                    perform(call, deeds, book).await?;
                }
            }
            Errand::Reauthenticate(valid) => {
                let token = if valid { SECRET } else { WRONG };
                let credentials = Credentials::Token { project: PROJECT.into(), token: token.into() };
                ask(&book, client.reauthenticate(credentials)).await?;
            }
            Errand::Look => {
                let looked = client.waiting().await.map(drop).and(client.stats().await.map(drop));
                let closed = matches!(looked, Err(Error::Closed(_) | Error::AuthenticationFailed(_)));
                book.check(looked.is_ok() || closed, || format!("one cannot look: {looked:?}"));
            }
            Errand::GiveUp(time, errand) => {
                let work = run(client.clone(), *errand, book);
                // Nothing ends this wait but its limit.
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
