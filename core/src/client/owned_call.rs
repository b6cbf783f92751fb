//! Calls that are hung up when their owner is gone.

use std::fmt;
use std::ops::Deref;

use super::Call;

/// A call that is hung up when this is dropped. Made by [`Call::owned`].
///
/// Any other call goes on at the service when its handles are dropped: a leg that was dialled would then be left standing,
/// with a person on it. An owned one is hung up wherever its owner goes: at the end of a block, by `?`, or when
/// [`Call::scope`] drops its work because the caller has left. Hanging up is carried out as [`Call::hangup`] does it, and is
/// not waited for. Other handles of the call stay usable until then, and say afterwards that it has ended.
///
/// ```
/// # async fn example(client: signalwire_relay_core::Client, caller: signalwire_relay_core::Call)
/// # -> Result<(), signalwire_relay_core::Error> {
/// use signalwire_relay_core::phone;
/// caller.scope(async {
///     let agent = client.dial(phone("+15551001000").from("+15550000000")).await?.owned();
///     agent.play_tts("You have a caller.").await?.wait().await?; // the caller leaves: the agent is hung up on
///     caller.connect(&*agent).await?.wait().await
/// }).await?;
/// # Ok(()) }
/// ```
#[must_use = "the call is hung up when this is dropped"]
pub struct OwnedCall {
    call: Call,
    /// `false` once the call is its own again.
    hangs_up: bool,
}

impl OwnedCall {
    pub(super) fn new(call: Call) -> Self {
        Self { call, hangs_up: true }
    }

    /// Gives the call up: it goes on, whatever becomes of its handles.
    ///
    /// ```
    /// # async fn example(agent: signalwire_relay_core::OwnedCall) {
    /// let agent = agent.release();
    /// println!("{agent} stays up");
    /// # }
    /// ```
    pub fn release(mut self) -> Call {
        self.hangs_up = false;
        self.call.clone()
    }
}

impl Deref for OwnedCall {
    type Target = Call;

    fn deref(&self) -> &Call {
        &self.call
    }
}

impl Drop for OwnedCall {
    fn drop(&mut self) {
        if self.hangs_up && !self.call.is_ended() {
            self.call.discard();
        }
    }
}

impl fmt::Debug for OwnedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedCall").field(&self.call).finish()
    }
}
