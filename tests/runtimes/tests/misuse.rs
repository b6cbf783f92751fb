//! Blocking where it would keep its own end from coming: refused on each runtime, and permitted where it does no harm.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::json;
use signalwire_relay_blocking::{Iterate, Run};
use signalwire_relay_core::{Call, Client, Config, Error, secs};
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Scenario};
use tokio::runtime::{Builder, Runtime};

/// More than enough for anything on loopback.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

fn simulator() -> Simulator {
    Simulator::start(ListenOptions::new(Scenario::new())).expect("loopback has room")
}

fn config(simulator: &Simulator) -> Config {
    Config::new()
        .project("demo-project")
        .token("demo-token")
        .host(simulator.host())
        .contexts(["default"])
        .plaintext()
        .max_connections(usize::MAX)
}

/// Does something on a thread of its own, and says so if it hangs.
fn within<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, outcome) = channel();
    thread::spawn(move || done.send(work()));
    outcome.recv_timeout(TEST_TIMEOUT).expect("it neither hangs nor panics")
}

/// Blocks the present thread until the service has answered.
fn block(client: &Client) -> Result<(), Error> {
    client.execute("signalwire.ping", json!({})).run().map(drop)
}

#[track_caller]
fn expect_refused(outcome: &Result<(), Error>) {
    assert!(matches!(outcome, Err(Error::WouldDeadlock)), "{outcome:?}");
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("threads can be had")
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads can be had")
}

const FLAVORS: [fn() -> Runtime; 2] = [current_thread, multi_thread];

async fn connect_on_tokio(simulator: &Simulator) -> signalwire_relay_tokio::RelayClient {
    signalwire_relay_tokio::RelayClient::connect(config(simulator)).await.expect("the simulator is there")
}

async fn connect_on_smol(
    executor: &Arc<smol::Executor<'static>>,
    simulator: &Simulator,
) -> signalwire_relay_smol::RelayClient {
    let client = signalwire_relay_smol::RelayClient::connect_on(executor, config(simulator)).await;
    client.expect("the simulator is there")
}

/// Has a call handled by a handler that blocks, and waits for what comes of that.
async fn blocked_handler(client: &Client, simulator: &Simulator) -> Result<(), Error> {
    let (told, outcome) = smol::channel::bounded(1);
    client.on_call(move |call: Call| {
        let told = told.clone();
        async move { told.send(call.answer().run()).await.map_err(|error| error.to_string()) }
    });
    simulator.with(|service, now| service.place_call(now, Caller::new("+15551110000", "+15552220000")));
    outcome.recv().await.expect("the handler runs")
}

#[test]
fn a_handler_on_tokio_that_blocks_is_refused() {
    for runtime in FLAVORS {
        expect_refused(&within(move || {
            let simulator = simulator();
            runtime().block_on(async {
                let client = connect_on_tokio(&simulator).await;
                blocked_handler(&client, &simulator).await
            })
        }));
    }
}

#[test]
fn a_task_of_the_application_on_tokio_that_blocks_is_refused() {
    for runtime in FLAVORS {
        within(move || {
            let simulator = simulator();
            runtime().block_on(async {
                let client = connect_on_tokio(&simulator).await;
                for _ in 0..10 {
                    let client = client.clone();
                    expect_refused(&tokio::spawn(async move { block(&client) }).await.expect("no panic"));
                }
                let local = tokio::task::LocalSet::new();
                let client = client.clone();
                expect_refused(&local.run_until(async move { block(&client) }).await);
            });
        });
    }
}

#[test]
fn the_main_function_on_tokio_that_blocks_is_refused() {
    for runtime in FLAVORS {
        within(move || {
            let simulator = simulator();
            runtime().block_on(async {
                let client = connect_on_tokio(&simulator).await;
                expect_refused(&block(&client));
                assert_eq!(client.connection_states().iter().next(), None);
                client.execute("signalwire.ping", json!({})).await.expect("the client goes on");
            });
        });
    }
}

#[test]
fn the_thread_of_a_runtime_that_nobody_runs_just_now_must_not_block_until_the_runtime_is_gone() {
    within(|| {
        let simulator = simulator();
        let runtime = current_thread();
        let client = runtime.block_on(connect_on_tokio(&simulator));
        expect_refused(&block(&client));
        let other = signalwire_relay_blocking::RelayClient::start(config(&simulator)).expect("usable");
        expect_refused(&other.ready().run());
        drop(runtime);
        assert!(matches!(block(&client), Err(Error::Closed(_))));
        other.ready().timeout(TEST_TIMEOUT).run().expect("this thread has finished with its runtime");
    });
}

#[test]
fn threads_that_tokio_does_without_may_block() {
    within(|| {
        let simulator = simulator();
        let runtime = multi_thread();
        let client = runtime.block_on(async {
            let client = connect_on_tokio(&simulator).await;
            let (own, other) = (client.clone(), client.clone());
            let work = tokio::spawn(async move { tokio::task::block_in_place(|| block(&own)) });
            work.await.expect("no panic").expect("another thread took over what this one has to do");
            let work = tokio::task::spawn_blocking(move || block(&other));
            work.await.expect("no panic").expect("it is a thread for blocking");
            client
        });
        block(&client).expect("the workers drive it");
        let runtime = current_thread();
        runtime.block_on(async {
            let client = connect_on_tokio(&simulator).await;
            let work = tokio::task::spawn_blocking(move || block(&client));
            work.await.expect("no panic").expect("it is a thread for blocking");
        });
    });
}

#[test]
fn a_client_of_the_blocking_adapter_does_not_serve_on_a_thread_of_tokio() {
    within(|| {
        let simulator = simulator();
        current_thread().block_on(async {
            let _tokio = connect_on_tokio(&simulator).await;
            let client = signalwire_relay_blocking::RelayClient::start(config(&simulator)).expect("usable");
            expect_refused(&client.run());
        });
    });
}

#[test]
fn whatever_an_executor_of_smol_runs_is_refused_if_it_blocks() {
    within(|| {
        let simulator = simulator();
        let executor = Arc::new(smol::Executor::new());
        smol::block_on(executor.run(async {
            let client = connect_on_smol(&executor, &simulator).await;
            expect_refused(&blocked_handler(&client, &simulator).await);
            expect_refused(&block(&client));
            let own = client.clone();
            expect_refused(&executor.spawn(async move { block(&own) }).await);
            assert_eq!(client.connection_states().iter().next(), None);
            client.execute("signalwire.ping", json!({})).await.expect("the client goes on");
        }));
        let client = smol::block_on(signalwire_relay_smol::RelayClient::connect(config(&simulator)));
        let client = client.expect("the simulator is there");
        let own = client.clone();
        expect_refused(&smol::block_on(smol::spawn(async move { block(&own) })));
        expect_refused(&smol::block_on(blocked_handler(&client, &simulator)));
    });
}

#[test]
fn threads_that_smol_does_without_may_block() {
    within(|| {
        let simulator = simulator();
        let client = smol::block_on(signalwire_relay_smol::RelayClient::connect(config(&simulator)));
        let client = client.expect("the simulator is there");
        block(&client).expect("the global executor drives it");
        let own = client.clone();
        smol::block_on(smol::unblock(move || block(&own))).expect("it is a thread for blocking");
        smol::block_on(async { block(&client) }).expect("this thread runs no tasks");
        let executor = Arc::new(smol::Executor::new());
        let client = smol::block_on(executor.run(connect_on_smol(&executor, &simulator)));
        expect_refused(&block(&client));
        drop(executor);
        assert!(matches!(block(&client), Err(Error::Closed(_))), "this thread has finished with it");
    });
}

#[test]
fn whoever_runs_a_world_in_virtual_time_is_refused_if_it_blocks() {
    use signalwire_relay_harness::World;
    within(|| {
        let caller = Caller::new("+15551110000", "+15552220000");
        let mut world = World::new(Scenario::new().caller(caller), 1);
        let client = world.client(World::config());
        expect_refused(&block(&client));
        expect_refused(&world.block_on(async { block(&client) }));
        let (told, outcomes) = channel();
        client.on_call(move |call: Call| {
            let outcome = call.answer().run();
            let _ = told.send(outcome);
            async {}
        });
        world.pass(secs(1));
        expect_refused(&outcomes.try_recv().expect("the handler has run"));
        assert_eq!(client.connection_states().iter().next(), None);
        drop(world);
        assert!(matches!(block(&client), Err(Error::Closed(_))));
    });
}
