//! A client without any of the adapters: one thread, one socket of `std::net`, one list of tasks.
//!
//! ```text
//! cargo run -p signalwire-relay-core --example own_runtime
//! ```
//!
//! The thread does what the driver says, lets tasks go on that were woken, and sleeps in `read` until a frame arrives or
//! the driver's deadline comes. It serves a simulator on loopback, without TLS, and ends when two calls are over.

use std::error::Error;
use std::io::ErrorKind::{TimedOut, WouldBlock};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use signalwire_relay_core::session::Frame;
use signalwire_relay_core::{
    Call, Client, ClientOutput, ClientState, Config, Endpoint, Error as RelayError, Io, Task,
};
use signalwire_relay_simulator::Scenario;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use tungstenite::{Error as SocketError, Message, WebSocket};

/// A socket that never runs dry does not hold up the clock for longer than this.
const MAX_FRAMES_BEFORE_DEADLINES: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(ListenOptions::new(Scenario::builtin("hello")?).speed(10.0))?;
    let config = Config::new().project("demo-project").token("demo-token").host(simulator.host()).plaintext();
    // The seed decides identifiers and jitter: a new one for each client.
    let seed = std::process::id().into();
    let (client, driver) = ClientState::new(&config.contexts(["default"]), seed)?;
    let program = Box::pin(program(client));
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    Runtime { driver, socket: None, tasks: vec![program], woken, frames: 0 }.run();
    Ok(())
}

/// The application. It knows nothing of what carries it.
async fn program(client: Client) {
    let mut calls = client.incoming_calls();
    for _ in 0..2 {
        let Some(call) = calls.next().await else { break };
        match greet(&call).await {
            Ok(()) => println!("{}: greeted", call.id()),
            Err(error) => println!("{}: {error}", call.id()),
        }
    }
    client.disconnect();
}

async fn greet(call: &Call) -> Result<(), RelayError> {
    call.answer().await?;
    call.play_tts("Hello!").await?.wait().await?;
    call.hangup().await
}

struct Runtime {
    driver: ClientState,
    socket: Option<WebSocket<TcpStream>>,
    tasks: Vec<Task>,
    woken: Arc<Woken>,
    /// The number of frames read since deadlines were last looked at.
    frames: usize,
}

/// Says that a task, or the driver, may have something to do.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl Runtime {
    fn run(mut self) {
        self.driver.connect(Instant::now());
        while let ControlFlow::Continue(deadline) = self.handle_outputs() {
            if self.woken.0.swap(false, Ordering::Acquire) {
                let waker = Waker::from(self.woken.clone());
                let mut cx = Context::from_waker(&waker);
                self.tasks.retain_mut(|task| task.as_mut().poll(&mut cx).is_pending());
            } else if let Err(reason) = self.sleep(deadline) {
                self.lost(&reason);
            }
        }
    }

    /// Does what the driver says, until it has nothing more to say for now. Gives its deadline.
    fn handle_outputs(&mut self) -> ControlFlow<(), Option<Instant>> {
        let waker = Waker::from(self.woken.clone());
        loop {
            match self.driver.poll_output(Instant::now(), &waker) {
                ClientOutput::Io(Io::Open(endpoint)) => match connect(&endpoint) {
                    Ok(socket) => {
                        self.socket = Some(socket);
                        self.driver.handle_connected(Instant::now());
                    }
                    Err(reason) => self.lost(&reason),
                },
                ClientOutput::Io(Io::Send(text)) => {
                    let sent = self.socket.as_mut().map(|socket| socket.send(Message::text(text)));
                    if let Some(Err(error)) = sent {
                        self.lost(&error.to_string());
                    }
                }
                ClientOutput::Io(Io::Close) => self.socket = None,
                ClientOutput::Spawn(_, task) => {
                    self.tasks.push(task);
                    self.woken.0.store(true, Ordering::Release);
                }
                ClientOutput::Log(notice) => println!("{notice}"),
                ClientOutput::Connection(state) => println!("{state}"),
                ClientOutput::Io(Io::Wait(deadline)) => return ControlFlow::Continue(deadline),
                ClientOutput::Finished => return ControlFlow::Break(()),
            }
        }
    }

    /// Sleeps until a frame arrives, or this instant has come. Deadlines wait until nothing is left to read: after a thread was
    /// held up, an answer that has arrived must not count as too late.
    fn sleep(&mut self, deadline: Option<Instant>) -> Result<(), String> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map(|left| left.max(Duration::from_millis(1))); // a socket takes zero for an error
        if let Some(socket) = &mut self.socket {
            socket.get_ref().set_read_timeout(left).map_err(|error| error.to_string())?;
            let frame = match socket.read() {
                Ok(Message::Text(text)) => {
                    self.driver.handle_frame(Instant::now(), Frame::Text(&text));
                    true
                }
                Ok(Message::Close(_)) => return Err("the service closed the connection".to_owned()),
                Ok(_) => {
                    self.driver.handle_frame(Instant::now(), Frame::Ping);
                    true
                }
                Err(SocketError::Io(error)) if matches!(error.kind(), WouldBlock | TimedOut) => false,
                Err(error) => return Err(error.to_string()),
            };
            self.frames += 1;
            if frame && self.frames < MAX_FRAMES_BEFORE_DEADLINES {
                return Ok(());
            }
        } else {
            std::thread::sleep(left.unwrap_or_default());
        }
        self.frames = 0;
        self.driver.handle_timeout(Instant::now());
        Ok(())
    }

    fn lost(&mut self, reason: &str) {
        self.socket = None;
        self.driver.handle_disconnected(Instant::now(), reason);
    }
}

fn connect(endpoint: &Endpoint) -> Result<WebSocket<TcpStream>, String> {
    let stream = TcpStream::connect((&*endpoint.host, endpoint.port)).map_err(|error| error.to_string())?;
    let (socket, _) = tungstenite::client(endpoint.url(), stream).map_err(|error| error.to_string())?;
    Ok(socket)
}
