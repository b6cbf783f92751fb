//! Tasks: objects that one application sends to another through a context.

use std::time::Duration;

use serde_json::json;

use super::SimulatedService;
use super::events::TASK;
use super::timers::Timer;
use crate::scenario::When;
use crate::{Report, Task};

/// The number of tasks that may wait for a subscriber; older ones are lost.
const MAX_PENDING_TASKS: usize = 1000;

impl SimulatedService {
    /// Arms the scripted tasks that go by the clock.
    pub(super) fn schedule_tasks(&mut self) {
        for index in 0..self.scenario.tasks.len() {
            if let When::Start(after) = self.scenario.tasks[index].when {
                self.task_is_planned(index, after);
            }
        }
    }

    /// Arms the scripted tasks that were waiting for a subscriber of one of these contexts.
    pub(super) fn schedule_tasks_of(&mut self, contexts: &[String]) {
        for index in 0..self.scenario.tasks.len() {
            let task = &self.scenario.tasks[index];
            if !contexts.contains(&task.context) {
                continue;
            }
            match task.when {
                When::Subscriber(after) => self.task_is_planned(index, after),
                When::Previous(after) if index == 0 => self.task_is_planned(index, after),
                _ => {}
            }
        }
    }

    fn task_is_planned(&mut self, index: usize, after: Duration) {
        if self.planned_tasks.insert(index) {
            let due = self.now.saturating_add(after);
            self.timers.set(due, Timer::TaskComes(index));
        }
    }

    /// A scripted task comes.
    pub(super) fn task_comes(&mut self, index: usize) {
        if let Some(task) = self.scenario.tasks.get(index).cloned() {
            self.enqueue_task(task, Some(index));
        }
    }

    /// Takes a task and hands it over as soon as somebody wants it.
    pub(super) fn enqueue_task(&mut self, task: Task, scripted: Option<usize>) {
        self.tasks_taken += 1;
        if self.tasks.len() == MAX_PENDING_TASKS
            && let Some((_, Some(_))) = self.tasks.pop_front()
        {
            self.tasks_over += 1;
        }
        self.tasks.push_back((task, scripted));
        self.hand_over_tasks();
    }

    /// Hands every waiting task to the next subscriber of its context in turn.
    pub(super) fn hand_over_tasks(&mut self) {
        for (task, scripted) in std::mem::take(&mut self.tasks) {
            let project = self.project_for(task.project.as_deref(), &task.context);
            let reader = project.and_then(|project| {
                self.next_in_turn(&self.task_rotation, &project, &task.context, |_| true)
            });
            let Some(session) = reader else {
                self.tasks.push_back((task, scripted));
                continue;
            };
            self.task_rotation.insert((self.project_of(session), task.context.clone()), session);
            self.emit(session, TASK, json!({"context": task.context, "message": task.message}));
            if let Some(to) = self.sessions.get(&session).and_then(|session| session.connection) {
                self.report(Report::TaskOffered { context: task.context, to });
            }
            if let Some(index) = scripted {
                self.tasks_over += 1;
                if let Some(When::Previous(after)) = self.scenario.tasks.get(index + 1).map(|task| task.when)
                {
                    self.task_is_planned(index + 1, after);
                }
            }
        }
    }

    /// Returns `true` once every scripted task was handed over.
    pub(super) fn tasks_are_done(&self) -> bool {
        self.tasks_over == self.scenario.tasks.len()
    }
}
