//! The passing of virtual time, and what the session says in it.

use std::time::{Duration, Instant};

use signalwire_relay_core::adapter::MAX_UNSENT_ACKNOWLEDGEMENTS;
use signalwire_relay_core::session::{ConnectionState, Frame, Io, Output};
use signalwire_relay_harness::{DisconnectReason, LineEvent};

use super::SessionPlayer;
use crate::environment::SECRET;

/// The number of rounds at one instant after which the session counts as running in circles.
const MAX_ROUNDS: usize = 100_000;

impl SessionPlayer {
    pub(super) fn instant(&self) -> Instant {
        self.start + self.now
    }

    /// Lets virtual time pass, until the oracle has a finding at most.
    pub(super) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(next) = self.next_deadline().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.settle();
            if self.oracle.finding().is_some() {
                return;
            }
        }
        self.now = end;
    }

    fn next_deadline(&self) -> Option<Duration> {
        let deadline = self.deadline.map(|deadline| deadline.saturating_duration_since(self.start));
        deadline.into_iter().chain(self.network.poll_timeout()).min()
    }

    /// Runs everything that is due, and everything that follows from it at the same instant.
    pub(super) fn settle(&mut self) {
        self.oracle.now = self.now;
        self.network.handle_timeout(self.now);
        for _ in 0..MAX_ROUNDS {
            if !self.connect()
                && !self.network.drain_service(self.now)
                && !self.deliver()
                && !self.handle_deadline()
            {
                return;
            }
        }
        self.oracle.report(|| "the session runs in circles".into());
    }

    /// Handles the deadline of the session if it is due: whatever arrives at the same instant goes first.
    fn handle_deadline(&mut self) -> bool {
        let is_due = self.deadline.is_some_and(|due| due <= self.instant());
        if is_due {
            self.steps += 1;
            self.session.handle_timeout(self.instant());
            self.drain();
        }
        is_due
    }

    /// Carries out the outputs of the session, and shows each to the oracle.
    pub(super) fn drain(&mut self) {
        loop {
            self.oracle.has_room = self.network.has_room(self.now, self.line);
            let unsent = self.session.unsent_acknowledgements();
            self.network.set_reading(self.line, unsent <= MAX_UNSENT_ACKNOWLEDGEMENTS);
            let output = self.session.poll_output();
            if matches!(output, Output::Io(Io::Send(_))) {
                if !matches!(self.session.connection_state(), ConnectionState::Closed { .. }) {
                    self.oracle.report(|| "a frame leaves that was not asked for".into());
                }
                self.send(output);
                continue;
            }
            // A frame leaves once everything else is done, and the socket takes it.
            if matches!(output, Output::Io(Io::Wait(_)))
                && self.oracle.has_room
                && let Some(text) = self.session.poll_frame()
            {
                self.send(Output::Io(Io::Send(text)));
                continue;
            }
            self.oracle.observe(&output);
            self.check_given_up(&output);
            match output {
                Output::Io(Io::Open(_)) => self.network.open(self.now, self.line),
                Output::Io(Io::Close) => self.network.close(self.now, self.line),
                Output::Event(_) | Output::Io(Io::Send(_)) => {}
                Output::Io(Io::Wait(deadline)) => {
                    self.deadline = deadline;
                    self.check_contexts();
                    return;
                }
            }
        }
    }

    /// Sends a frame, and shows it to the oracle.
    fn send(&mut self, output: Output) {
        self.oracle.observe(&output);
        if let Output::Io(Io::Send(text)) = output
            && !self.network.send(self.now, self.line, text)
        {
            self.oracle.report(|| "a frame is sent without a connection".into());
        }
    }

    fn connect(&mut self) -> bool {
        let Some(event) = self.network.poll_attempt(self.now, self.line) else { return false };
        self.handle(event);
        true
    }

    fn deliver(&mut self) -> bool {
        let faults = self.network.disturbances().len();
        let event = self.network.poll_delivery(self.now, self.line);
        if self.network.disturbances().len() > faults {
            self.excuse();
        }
        let Some(event) = event else { return false };
        self.handle(event);
        if let Some(event) = self.network.poll_break(self.now, self.line) {
            self.handle(event);
        }
        true
    }

    /// Gives an event of the network to the session, and carries out what follows from it.
    fn handle(&mut self, event: LineEvent) {
        let now = self.instant();
        match event {
            LineEvent::Connected => {
                self.oracle.connection_impaired = false;
                self.session.handle_connected(now);
            }
            LineEvent::Frame(text) => {
                let session = &self.session;
                self.oracle.record_frame(&text, |call_id| session.calls().any(|known| known == call_id));
                self.session.handle_frame(now, Frame::Text(&text));
            }
            LineEvent::Disconnected(DisconnectReason::Cut) => {
                self.session.handle_disconnected(now, &format!("cut, said {SECRET}"));
            }
            LineEvent::Disconnected(reason) => self.session.handle_disconnected(now, &reason.to_string()),
            _ => {}
        }
        self.drain();
    }

    pub(super) fn cut(&mut self) {
        if let Some(event) = self.network.cut(self.now, self.line) {
            self.handle(event);
        }
    }

    /// Records that frames may be lost from now on, and that the session may drop its connection.
    pub(super) fn excuse(&mut self) {
        self.oracle.connection_impaired = true;
        self.events_lost = true;
    }
}
