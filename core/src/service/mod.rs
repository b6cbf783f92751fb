//! Requests that are about no call, and the events that go with them. One feature is one file, as in [`calling`](crate::calling).

mod legacy;
mod messaging;
mod reauthentication;
mod subscription;
mod tasks;

pub use self::legacy::{Begin, Begun, LegacyCall, LegacyExecute};
pub use self::messaging::{Message, MessageReceiveEvent, MessageState, MessageStateEvent, SendMessage};
pub use self::reauthentication::Reauthenticate;
pub use self::subscription::Subscription;
pub use self::tasks::{IncomingTasks, TaskEvent};
