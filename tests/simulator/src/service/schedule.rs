//! The schedule of a scenario: when each scripted call, message and task is due.

use std::collections::BTreeSet;
use std::time::Duration;

use super::SimulatedService;
use super::timers::Timer;
use crate::Scenario;
use crate::scenario::When;

/// A kind of scripted item: a caller, a message or a task.
pub(super) trait Scheduled: Clone {
    /// The time at which the item is due.
    fn when(&self) -> When;
    /// The context whose first subscription may start the item.
    fn context(&self) -> &str;
    /// All items of this kind, in the order of the scenario.
    fn items(scenario: &Scenario) -> &[Self];
    /// The state of the schedule for this kind.
    fn schedule(service: &mut SimulatedService) -> &mut Schedule;
    /// The timer of the item with this index.
    fn timer(index: usize) -> Timer;
    /// Starts the item with this index.
    fn start(self, service: &mut SimulatedService, index: usize);
}

/// The progress of one kind of scripted item.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// The indices of the items that are due or have started.
    armed: BTreeSet<usize>,
    /// The number of items that are over.
    done: usize,
}

/// The progress of all kinds of scripted items.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    pub(super) callers: Schedule,
    pub(super) messages: Schedule,
    pub(super) tasks: Schedule,
}

impl Schedules {
    /// Returns `true` once every scripted item is over.
    pub(super) fn are_done(&self, scenario: &Scenario) -> bool {
        self.callers.done == scenario.callers.len()
            && self.messages.done == scenario.messages.len()
            && self.tasks.done == scenario.tasks.len()
    }
}

impl SimulatedService {
    /// Arms the items that are due at a time after the start.
    pub(super) fn arm_from_start<T: Scheduled>(&mut self) {
        self.arm(|_, item: &T| match item.when() {
            When::Start(after) => Some(after),
            When::Subscriber(_) | When::Previous(_) => None,
        });
    }

    /// Arms the items that waited for a subscriber of one of these contexts. The first item has no previous one and is
    /// armed by a subscriber instead.
    pub(super) fn arm_from_subscription<T: Scheduled>(&mut self, contexts: &[String]) {
        self.arm(|index, item: &T| match item.when() {
            _ if !contexts.iter().any(|context| context == item.context()) => None,
            When::Subscriber(after) => Some(after),
            When::Previous(after) if index == 0 => Some(after),
            When::Start(_) | When::Previous(_) => None,
        });
    }

    /// Counts an item as over and arms the next one if that waits for its end.
    pub(super) fn finish_item<T: Scheduled>(&mut self, index: usize) {
        T::schedule(self).done += 1;
        self.arm(|other, item: &T| match item.when() {
            When::Previous(after) if other == index + 1 => Some(after),
            _ => None,
        });
    }

    /// Counts an item as over that never reached a client. The next one does not follow it.
    pub(super) fn drop_item<T: Scheduled>(&mut self) {
        T::schedule(self).done += 1;
    }

    /// Starts an item whose timer has fired.
    pub(super) fn start_item<T: Scheduled>(&mut self, index: usize) {
        if let Some(item) = T::items(&self.scenario).get(index).cloned() {
            item.start(self, index);
        }
    }

    /// Sets the timer of every item with a delay, unless it was set before.
    fn arm<T: Scheduled>(&mut self, delay: impl Fn(usize, &T) -> Option<Duration>) {
        let items = T::items(&self.scenario).iter().enumerate();
        let due: Vec<_> =
            items.filter_map(|(index, item)| delay(index, item).map(|after| (index, after))).collect();
        for (index, after) in due {
            if T::schedule(self).armed.insert(index) {
                self.timers.set(self.now.saturating_add(after), T::timer(index));
            }
        }
    }
}
