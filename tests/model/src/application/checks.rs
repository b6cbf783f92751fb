//! Checks of the applications and the service after all faults have ended.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use signalwire_relay_core::{ClientStats, ConnectionState};
use signalwire_relay_simulator::{CallState, Direction, JournalEntry};

use super::ApplicationPlayer;
use crate::MARK;
use crate::environment::objection;

/// The time that a call may wait to be taken, before it is passed on.
const OFFER_TIMEOUT: Duration = Duration::from_secs(10);

impl ApplicationPlayer {
    /// No call waits for longer than it may until its handler begins.
    pub(super) fn check_offers(&mut self) {
        for running in &self.clients {
            for (call_id, waited) in self.world.waiting_offers(running.index) {
                self.oracle.check(waited <= OFFER_TIMEOUT, || {
                    format!("call {call_id} waits for its handler since {waited:?}, and is not passed on")
                });
            }
        }
    }

    /// Each client has found back to the service, or has ended, whatever its threads are busy with.
    pub(super) fn check_connected(&mut self) {
        for running in &self.clients {
            let state = running.client.connection_state();
            let settled = matches!(
                state,
                ConnectionState::Ready { .. }
                    | ConnectionState::Draining { .. }
                    | ConnectionState::Closed { .. }
            );
            self.oracle.check(settled, || format!("a client does not reconnect: {state}"));
        }
    }

    /// The clients and the service agree on the calls that there are, and nothing else is under way, once recovery is
    /// over.
    pub(super) fn check_recovered(&mut self) {
        if !self.is_accountable() {
            return;
        }
        let sessions: Vec<_> = self.world.sessions().collect();
        let alive = self.clients.iter().filter_map(|running| sessions.get(running.index));
        let known: Vec<_> = alive.flat_map(|session| session.calls()).map(ToString::to_string).collect();
        let live = self.live_at_service();
        for call_id in live.iter().filter(|call_id| !known.contains(call_id)) {
            self.oracle.check(false, || format!("call {call_id} is orphaned: no client knows it"));
        }
        for call_id in &known {
            let live = self.is_live_at_service(call_id);
            self.oracle.check(live, || format!("call {call_id} has ended, and its client has not noticed"));
        }
        let (running, tasks, calls) = (self.oracle.running(), self.world.running_tasks(), known.len());
        self.oracle.check(running == 0, || format!("{running} handlers and client steps hang"));
        // The listeners of a call run for as long as the call.
        self.oracle.check(tasks == 0 || calls > 0, || format!("{tasks} tasks hang"));
        let (connected, operations) = self.endless();
        let endless = |known: usize| if connected { known } else { known.min(operations) };
        for stats in self.of_running(&self.world.stats()) {
            let mut expected = ClientStats::default();
            expected.session.calls = stats.session.calls;
            expected.session.operations = endless(stats.session.operations);
            expected.handles.calls = stats.handles.calls;
            expected.handles.operations = endless(stats.handles.operations);
            let fits = stats == expected && stats.handles.calls <= calls;
            self.oracle.check(fits, || format!("a client is left with {stats:?}"));
        }
    }

    /// Returns what may go on for ever: whether parties are connected to one another, and the number of operations that
    /// the service runs, such as an agent, a transcription or the music of a queue.
    fn endless(&mut self) -> (bool, usize) {
        let (service, _) = self.world.service();
        let calls: Vec<_> = service.calls().collect();
        (calls.iter().any(|call| call.peer.is_some()), calls.iter().map(|call| call.operations.len()).sum())
    }

    /// All clients have closed and hold nothing, every callback was called, and the service has no call of them.
    pub(super) fn check_closed(&mut self) {
        let (clients, tasks) = (self.world.running_clients(), self.world.running_tasks());
        self.oracle.check(clients == 0, || format!("{clients} clients do not close"));
        self.oracle.check(tasks == 0, || format!("{tasks} tasks wait for ever"));
        let running: Vec<_> = self.clients.iter().map(|running| running.index).collect();
        self.oracle.check_callbacks(&running);
        for stats in self.of_running(&self.world.stats()) {
            self.oracle.check(stats == ClientStats::default(), || format!("a client is left with {stats:?}"));
        }
        if self.is_accountable() {
            let live = self.live_at_service();
            self.oracle
                .check(live.is_empty(), || format!("calls {live:?} go on after all clients have stopped"));
        }
    }

    /// Every request arrived at the service as often as its outcome permits, and the service objects to none.
    pub(super) fn check_requests(&mut self) {
        let (service, _) = self.world.service();
        let requests = service.journal().iter().filter(|entry| entry.direction == Direction::FromClient);
        let mut hang_ups = BTreeSet::new();
        let mark = |text: &str| {
            let frame: Value = serde_json::from_str(text).ok()?;
            let mark = frame["params"][MARK].as_u64()?;
            // Hanging up twice is harmless, and counts once.
            (frame["method"] != "calling.end" || hang_ups.insert(mark)).then_some(mark)
        };
        let marks: Vec<_> = requests.map(JournalEntry::text).filter_map(mark).collect();
        let objection = objection(service.violations()).map(ToString::to_string);
        self.oracle.check_requests(marks.into_iter().filter_map(|mark| usize::try_from(mark).ok()));
        self.oracle.check(objection.is_none(), || format!("the service objects: {objection:?}"));
    }

    /// Returns `true` if the clients were informed of everything that happened to their calls.
    fn is_accountable(&self) -> bool {
        self.environment.redelivers() || !self.events_lost
    }

    /// Selects the items of the clients that were not killed, from one item for each client.
    fn of_running<T: Copy>(&self, of_all: &[T]) -> Vec<T> {
        self.clients.iter().filter_map(|running| of_all.get(running.index).copied()).collect()
    }

    fn is_live_at_service(&mut self, call_id: &str) -> bool {
        let (service, _) = self.world.service();
        service.call(call_id).is_some_and(|call| call.state != CallState::Ended)
    }

    /// The calls at the service that clients are responsible for. The service ends the peer of a connected call itself.
    fn live_at_service(&mut self) -> Vec<String> {
        let (service, _) = self.world.service();
        let live = service.calls().filter(|call| call.state != CallState::Ended && call.peer.is_none());
        live.map(|call| call.call_id).collect()
    }
}
