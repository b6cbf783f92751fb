//! The handles of applications: a client, calls, actions. Neither runtime nor clock: futures over a mutex and wakers.
//!
//! Handles post to a `mailbox`; the [`ClientState`], which owns the session, reads it, and reports back through
//! watch cells. User code runs in tasks of its own, never in the driver.

mod action;
mod call;
mod connection_states;
mod handle;
mod handlers;
mod inbox;
mod mailbox;
mod offers;
mod owned_call;
mod request;
mod shared;
mod slots;
mod state;
mod subscribers;
mod wait;
mod watch_cell;

pub use self::action::Action;
pub(crate) use self::action::{ActionCore, Progress, completed_message};
pub use self::call::Call;
pub use self::connection_states::ConnectionStates;
pub use self::handle::Client;
pub use self::handlers::{Ending, HandlerOutcome};
pub use self::inbox::MAX_WAITING_TASKS;
pub(crate) use self::inbox::TaskInbox;
pub use self::mailbox::{MAX_POSTED_REQUESTS, Task, TaskPurpose};
pub use self::offers::IncomingCalls;
pub use self::owned_call::OwnedCall;
pub use self::request::{Raw, Request, ResponseFuture};
pub(crate) use self::shared::Sender;
pub use self::state::{
    ClientOutput, ClientState, ClientStats, HandleStats, MAX_CREDENTIALS_REQUESTS, MAX_RUNNING_HANDLERS,
    MAX_WAITING_MESSAGES,
};
pub use self::subscribers::{Events, MAX_WAITING_EVENTS};
pub use self::wait::Wait;
pub(crate) use self::watch_cell::{WaitFor, Waiter, WatchCell};
