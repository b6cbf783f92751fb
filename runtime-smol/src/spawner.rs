//! Where tasks run.

use std::fmt;
use std::sync::Arc;

use signalwire_relay_core::Task;
use smol::Executor;

/// Where the tasks of a client run: on smol's global executor by default, or on another.
#[derive(Clone)]
pub struct Spawner(Arc<dyn Fn(Task) + Send + Sync>);

impl Spawner {
    /// On whatever this function hands tasks to. It must neither block nor run the task itself: that is what it was
    /// called from. Dropping a task ends it.
    ///
    /// The first task is the client itself: one that is not run does not connect. Of the others, a handler of a call that does
    /// not begin within 10 s has its call passed on to another client, and a provider of credentials that is not run makes
    /// attempts to connect fail.
    ///
    /// ```
    /// let spawner = signalwire_relay_smol::Spawner::new(|task| smol::spawn(task).detach());
    /// # drop(spawner);
    /// ```
    pub fn new(spawn: impl Fn(Task) + Send + Sync + 'static) -> Self {
        Self(Arc::new(spawn))
    }

    pub(crate) fn spawn(&self, task: Task) {
        (self.0)(task);
    }
}

/// smol's global executor.
impl Default for Spawner {
    fn default() -> Self {
        Self::new(|task| smol::spawn(task).detach())
    }
}

/// The client does not keep the executor: one that is gone runs nothing.
impl From<&Arc<Executor<'static>>> for Spawner {
    fn from(executor: &Arc<Executor<'static>>) -> Self {
        let executor = Arc::downgrade(executor);
        Self::new(move |task| {
            if let Some(executor) = executor.upgrade() {
                executor.spawn(task).detach();
            }
        })
    }
}

impl From<&'static Executor<'static>> for Spawner {
    fn from(executor: &'static Executor<'static>) -> Self {
        Self::new(|task| executor.spawn(task).detach())
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawner")
    }
}
