//! Answer, place and control phone calls on ordinary threads, through SignalWire RELAY.
//!
//! ```no_run
//! use signalwire_relay_blocking::{Collect, Config, Error, RelayClient, Run, phone, secs};
//!
//! fn main() -> Result<(), Error> {
//!     println!("Connecting.");
//!     let client = RelayClient::connect(Config::from_env()?.contexts(["default"]))?;
//!     client.on_call(|call| {
//!         call.answer().run()?;
//!         let menu = call
//!             .prompt_tts("Press 1 for sales, 2 for support.", Collect::digits(1).digit_timeout(secs(5)))
//!             .run()?;
//!         let number = match menu.wait().run()?.digits() {
//!             Some("1") => Some("+15551001000"),
//!             Some("2") => Some("+15552002000"),
//!             _ => None,
//!         };
//!         match number {
//!             Some(number) => drop(call.connect(phone(number).from("+15550000000")).run()?.wait().run()?),
//!             None => drop(call.play_tts("Goodbye.").run()?.wait().run()?),
//!         }
//!         call.hangup().run()
//!     });
//!     println!("Waiting for calls.");
//!     client.run() // reconnects until Ctrl-C, then lets running calls finish
//! }
//! ```
//!
//! [`RelayClient`] connects and keeps itself connected; through it, everything that [`Client`] can do. The
//! protocol, its types and its documentation are those of [`signalwire_relay_core`], whose items are all
//! exported here. Where that says `.await`, say [`.run()`](Run::run); what is a stream there is an iterator here, with
//! [`iter()`](Iterate::iter). There is no asynchronous runtime underneath: one thread sleeps until a frame, a command
//! or a deadline comes, and handlers have threads of their own.
//!
//! # Threads
//!
//! Each kind of work has threads of its own, which are started when they are needed and used again. None waits for those of
//! another: a client whose handlers all hang still connects, asks for credentials, and closes.
//!
//! | for | threads | when all are busy |
//! | --- | --- | --- |
//! | handlers of calls | as many as [`Config::max_active_calls`] allows calls | The call stays an offer. If no thread gets free within 10 s, it is passed on to another client and not handled here. A handler that goes on after its call has ended still holds its thread. |
//! | handlers of messages and of tasks | 64 | They wait for a thread. |
//! | callbacks and listeners | 64 | They wait for a thread. A listener that waits for long loses its oldest events, and is told how many. |
//! | the provider of credentials | [`MAX_CREDENTIALS_REQUESTS`] | A provider that has not come back from as many questions is not asked: attempts to connect fail, and say so, until it has. |
//! | closing connections | 4 | They wait for a thread; each takes a second at most. |
//!
//! A line in the log says that all threads of a kind are busy, once a minute at most. If the operating system refuses to
//! start a thread, a line in the log says that, the work waits, and it is tried again each second.
//!
//! # Callbacks
//!
//! [`on_call`](RelayClient::on_call), [`on_message`](RelayClient::on_message) and [`on_task`](RelayClient::on_task) take
//! ordinary functions. The callbacks
//! of [`Call::on`], [`Request::on_completed`] and [`Action::on_completed`] are those of the core, which give a future:
//! write `|event| async move { … }`, and block in it as you like. It runs on a thread as handlers do.
//!
//! ```no_run
//! # fn example(call: signalwire_relay_blocking::Call) -> Result<(), signalwire_relay_blocking::Error> {
//! use signalwire_relay_blocking::Run;
//! let recording = call.record().run()?;
//! let other = call.clone();
//! recording.on_completed(move |_| async move {
//!     if let Err(error) = other.play_tts("The recording is over.").run() {
//!         eprintln!("{error}");
//!     }
//! });
//! # Ok(()) }
//! ```
//!
//! # Logs
//!
//! They go to the `tracing` crate, under the target `signalwire_relay`, without payloads or credentials, but with the texts of
//! errors and panics of handlers. The WebSocket
//! library below logs whole frames, credentials included, at trace level through the `log` crate, which this crate cannot
//! prevent: a library must not set the level of a program. Where trace level is on for everything, add `tungstenite=info` to
//! the filter, or build the program with the feature `release_max_level_debug` of `log`.

mod client;
mod connect;
mod interrupts;
mod iter;
mod run;
mod runtime;
mod socket;
mod threads;

pub use client::RelayClient;
pub use iter::{Iter, Iterate};
pub use run::Run;
pub use signalwire_relay_core::*;
