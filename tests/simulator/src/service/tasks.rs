//! Tasks: objects that one application sends to another through a context.

use serde_json::json;

use super::SimulatedService;
use super::events::TASK;
use super::mailbox::{Deliverable, Mailbox};
use super::schedule::{Schedule, Scheduled};
use super::session::SessionKey;
use super::timers::Timer;
use crate::scenario::When;
use crate::{Report, Scenario, Task};

impl SimulatedService {
    /// Takes a task from another application and delivers it as soon as its context has a subscriber.
    pub(super) fn enqueue_task(&mut self, task: Task, scripted: Option<usize>) {
        self.task_count += 1;
        self.enqueue(task, scripted);
    }
}

impl Scheduled for Task {
    fn when(&self) -> When {
        self.when
    }

    fn context(&self) -> &str {
        &self.context
    }

    fn items(scenario: &Scenario) -> &[Self] {
        &scenario.tasks
    }

    fn schedule(service: &mut SimulatedService) -> &mut Schedule {
        &mut service.schedules.tasks
    }

    fn timer(index: usize) -> Timer {
        Timer::TaskArrives(index)
    }

    fn start(self, service: &mut SimulatedService, index: usize) {
        service.enqueue_task(self, Some(index));
    }
}

impl Deliverable for Task {
    type Scripted = Self;

    fn context(&self) -> &str {
        &self.context
    }

    fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    fn mailbox(service: &mut SimulatedService) -> &mut Mailbox<Self> {
        &mut service.tasks
    }

    fn deliver(self, service: &mut SimulatedService, to: SessionKey) {
        service.emit(to, TASK, json!({"context": self.context, "message": self.message}));
        if let Some(to) = service.sessions.get(&to).and_then(|session| session.connection) {
            service.report(Report::TaskOffered { context: self.context, to });
        }
    }
}
