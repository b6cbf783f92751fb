//! A client whose thread was blocked, by the application beside it, for longer than the limit of a request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use signalwire_relay_core::{Client, Config, Error};
use signalwire_relay_simulator::Scenario;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};

/// Enough for a busy machine to send a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// More than enough for the driver, which is woken and whose executor has one thread, to send a request.
const TURNS: usize = 10;

fn service() -> Arc<Simulator> {
    Arc::new(Simulator::start(ListenOptions::new(Scenario::new())).expect("loopback has room"))
}

fn config(service: &Simulator) -> Config {
    Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(service.host())
        .plaintext()
        .request_timeout(REQUEST_TIMEOUT)
        .max_connections(usize::MAX)
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Sends a request that is answered while this thread is blocked, past the limit of the request.
///
/// `posts` has the application ask the client for something right after: then the driver runs before the reactor.
async fn blocked<F: Future<Output = ()>>(
    client: &Client,
    service: &Arc<Simulator>,
    posts: bool,
    turn: impl Fn() -> F,
) -> Result<Value, Error> {
    // The service waits until the thread is blocked.
    let (held, holds) = channel();
    let (release, released) = channel::<()>();
    let holder = service.clone();
    let holder = thread::spawn(move || {
        holder.with(|_, _| {
            let _ = held.send(());
            let _ = released.recv();
        });
    });
    holds.recv().expect("the service is held");
    let mut request = client.execute("signalwire.ping", json!({})).into_future();
    assert!(poll_once(&mut request).is_pending());
    for _ in 0..TURNS {
        turn().await;
    }
    drop(release);
    holder.join().expect("it does not panic");
    thread::sleep(REQUEST_TIMEOUT);
    let mut stats = client.stats();
    if posts {
        assert!(poll_once(&mut stats).is_pending());
    }
    request.await
}

#[test]
fn an_answer_that_arrives_while_the_thread_is_blocked_is_no_timeout_on_tokio() {
    for posts in [false, true] {
        let service = service();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let outcome = runtime.block_on(async {
            let client = signalwire_relay_tokio::RelayClient::connect(config(&service)).await?;
            client.ready().await?;
            blocked(&client, &service, posts, tokio::task::yield_now).await
        });
        assert!(outcome.is_ok(), "posts {posts}: {outcome:?}");
    }
}

#[test]
fn an_answer_that_arrives_while_all_threads_are_blocked_is_no_timeout_on_tokio() {
    let service = service();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let outcome = runtime.block_on(async {
        let client = signalwire_relay_tokio::RelayClient::connect(config(&service)).await?;
        let service = service.clone();
        let work =
            tokio::spawn(async move { blocked(&client, &service, true, tokio::task::yield_now).await });
        work.await.expect("it does not panic")
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn an_answer_that_arrives_while_the_thread_is_blocked_is_no_timeout_on_smol() {
    for posts in [false, true] {
        let service = service();
        let executor = Arc::new(smol::Executor::new());
        let outcome = smol::block_on(executor.run(async {
            let client = signalwire_relay_smol::RelayClient::connect_on(&executor, config(&service)).await?;
            blocked(&client, &service, posts, smol::future::yield_now).await
        }));
        assert!(outcome.is_ok(), "posts {posts}: {outcome:?}");
    }
}
