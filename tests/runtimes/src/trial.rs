//! One scenario on one runtime: bounded in time, and clean in the end.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_lite::{FutureExt, future};
use signalwire_relay_core::{Client, Error};

use crate::runtimes::{Flow, Opening, Runtime};
use crate::scenarios::Play;
use crate::service::TestService;

/// What the message of a panic contains that a scenario wants.
pub(crate) const WANTED: &str = "as the scenario wants it";
/// For how long calls may go on that a scenario leaves behind.
const LEFT_BEHIND: Duration = Duration::from_secs(5);

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the text of panics, with the place, for whoever catches them. Prints those that nobody wants.
pub(crate) fn remember_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        if !text.contains(WANTED) {
            eprintln!("{text}");
        }
        LAST_PANIC.with(|last| *last.borrow_mut() = Some(text));
    }));
}

fn panic_text(_: Box<dyn Any + Send>) -> String {
    LAST_PANIC.with(|last| last.borrow_mut().take()).unwrap_or_else(|| "a panic".to_owned())
}

/// Why a scenario went wrong: an error where none was expected, and the place.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    text: String,
    gone: bool,
}

impl Failure {
    /// Whether it only says that a call is over.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let text = format!("{error} ({})", Location::caller());
        let gone = (&error as &(dyn std::error::Error + 'static)).downcast_ref().is_some_and(Error::is_gone);
        Self { text, gone }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A panic is a failure as well.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let panicked = |panic| Err(Failure { text: panic_text(panic), gone: false });
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(panicked)
}

/// Plays a scenario on a runtime, and says how it went and how long it took.
pub(crate) fn perform(
    play: &Arc<Play>,
    runtime: &'static dyn Runtime,
    tls: bool,
) -> (Result<(), String>, Duration) {
    let began = Instant::now();
    let outcome = match play.set(tls) {
        Err(error) => Err(format!("the service cannot start: {error}")),
        Ok(service) => run_watched(play, runtime, &service)
            .map_err(|text| format!("{} on {}: {text}\n{}", play.name(), runtime.name(), service.picture())),
    };
    (outcome, began.elapsed())
}

/// On a thread of its own, so that one that hangs is left behind.
fn run_watched(play: &Arc<Play>, runtime: &'static dyn Runtime, service: &TestService) -> Result<(), String> {
    let (done, outcome) = channel();
    let (own_play, own_stage) = (play.clone(), service.clone());
    std::thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| run(&own_play, runtime, &own_stage)));
        // Nobody listens any more if it took too long.
        let _ = done.send(result.unwrap_or_else(|panic| Err(panic_text(panic))));
    });
    match outcome.recv_timeout(play.time_limit()) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("it hangs: not over after {:?}, still {}", play.time_limit(), service.current_step()))
        }
        Err(RecvTimeoutError::Disconnected) => Err("its thread is gone".to_owned()),
    }
}

/// How a flow ended, and when.
type Verdict = Arc<Mutex<Option<(Result<(), Failure>, Instant)>>>;

fn run(play: &Arc<Play>, runtime: &dyn Runtime, service: &TestService) -> Result<(), String> {
    let verdict = Verdict::default();
    let config = play.adjust(service.config());
    let served = runtime.play(play.opening(), config, flow(play.clone(), service.clone(), verdict.clone()));
    let ended = Instant::now();
    let verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
    match verdict {
        Some((Err(failure), _)) => return Err(failure.to_string()),
        Some((Ok(()), since)) if !play.closing_time().contains(&ended.duration_since(since)) => {
            return Err(format!("closing took {:?}", ended.duration_since(since)));
        }
        Some((Ok(()), _)) => {}
        // A client that cannot be made is a client that nothing can be done with.
        None if play.opening() == Opening::Connect && served.is_err() => {}
        None => return Err("the flow did not run".to_owned()),
    }
    play.judge(&served)?;
    service.now_at("waiting for the service to be clear");
    let expired = future::block_on(service.cleared());
    if !play.may_lose_sessions() && expired > 0 {
        return Err("calls were left behind until their session expired".to_owned());
    }
    match service.objections() {
        objections if objections.is_empty() => Ok(()),
        objections => Err(format!("the service objects: {}", objections.join("; "))),
    }
}

/// The flow of a scenario, and the end of its client.
fn flow(play: Arc<Play>, service: TestService, verdict: Verdict) -> Flow {
    Box::new(move |client: Client| {
        Box::pin(async move {
            service.now_at("playing");
            let result = caught(play.flow(client.clone(), service.clone())).await;
            service.now_at("closing");
            let failed = result.is_err();
            *verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some((result, Instant::now()));
            if failed {
                client.disconnect();
            } else {
                client.drain(Some(LEFT_BEHIND));
            }
        })
    })
}
