//! What may befall a session as a whole: services that come and go, clocks that jump, a second client in its place.

use std::time::{Duration, Instant};

use serde_json::json;
use signalwire_relay_core::session::{ConnectionState, SessionEvent, Stats, Target};
use signalwire_relay_core::{Certainty, EndReason, Error};

use crate::rig::{Rig, SECOND, config, raw};

const TEN_MINUTES: Duration = Duration::from_mins(10);

#[test]
fn a_service_that_accepts_and_closes_for_ten_minutes_is_tried_less_and_less_often() {
    type Attempt = fn(&mut Rig);
    let attempts: [(&str, Attempt); 4] = [
        ("before the upgrade", |_| {}),
        ("before the credentials are accepted", |rig| {
            rig.connected();
            rig.expect_sent("signalwire.connect");
        }),
        ("at once after that", |rig| drop(rig.authenticate("proto-1", true))),
        ("a while after that", |rig| {
            rig.authenticate("proto-1", true);
            rig.pass(9 * SECOND);
        }),
    ];
    for (when, attempt) in attempts {
        let mut rig = Rig::new(&config());
        let began = rig.now;
        let mut pauses = Vec::new();
        while rig.now < began + TEN_MINUTES {
            attempt(&mut rig);
            rig.disconnected();
            let closed = rig.now;
            rig.until_open();
            pauses.push(rig.now - closed);
        }
        // Pauses of half a second to one, one to two, and so on, and never more than thirty.
        assert!(pauses.len() <= 45, "closed {when}: {} attempts", pauses.len());
        assert!(pauses[..4].is_sorted(), "closed {when}: {pauses:?}");
        assert!(pauses[5..].iter().all(|pause| (15 * SECOND..=30 * SECOND).contains(pause)), "{pauses:?}");
        // It comes to its senses.
        rig.authenticate("proto-1", true);
        assert!(matches!(rig.states.last(), Some(ConnectionState::Ready { .. })));
    }
}

#[test]
fn a_clock_that_jumps_ahead_ends_what_is_overdue_and_leaves_the_service_time_to_answer() {
    for there in [true, false] {
        let mut rig = Rig::ready();
        rig.offer("c1");
        let request = rig.command(raw("x.y", Target::Service));
        rig.expect_sent("x.y");
        let alarm = rig.ticket();
        rig.session.set_alarm(rig.now, alarm, 60 * SECOND);
        // The machine was asleep.
        rig.now += Duration::from_hours(1);
        rig.session.handle_timeout(rig.now);
        rig.drain();
        let error = rig.expect_reply(request).expect_err("overdue");
        assert!(matches!(error, Error::TimedOut(_)), "{error}");
        assert_eq!(error.certainty(), Certainty::Unknown);
        assert!(matches!(rig.events.pop_front(), Some(SessionEvent::Alarm(ticket)) if ticket == alarm));
        rig.expect_quiet();
        let probe = rig.expect_sent("signalwire.ping");
        rig.expect_nothing_sent();
        assert_eq!(rig.closes, 0);
        if there {
            rig.reply(&probe, json!({}));
        }
        rig.pass(10 * SECOND);
        assert_eq!(rig.closes, usize::from(!there));
        assert_eq!(rig.session.stats().calls, 1, "the call is not given up");
    }
}

#[test]
fn a_clock_that_jumps_back_costs_patience_and_nothing_else() {
    let mut rig = Rig::new(&config());
    rig.now += Duration::from_hours(1);
    rig.authenticate("proto-1", false);
    rig.offer("c1");
    let request = rig.command(raw("x.y", Target::Service));
    let sent = rig.expect_sent("x.y");
    rig.now -= 5 * 60 * SECOND;
    rig.session.handle_timeout(rig.now);
    rig.drain();
    rig.expect_quiet();
    rig.ok(&sent);
    rig.expect_reply(request).expect("accepted");
    rig.disconnected();
    rig.now -= 5 * 60 * SECOND;
    rig.reconnect("proto-1", true);
    assert!(matches!(rig.events.pop_front(), Some(SessionEvent::Gap { .. })));
    rig.state("c1", "ended");
    rig.expect_call_event("c1");
    assert_eq!(rig.expect_ended("c1"), EndReason::Hangup);
}

/// One of two clients with the same session, as when a machine is copied while it runs: they have the same name, the
/// same authorization state, the same call, and even draw the same numbers.
struct Twin {
    rig: Rig,
    began: Instant,
    connected: bool,
}

impl Twin {
    fn new() -> Self {
        let mut rig = Rig::ready();
        rig.event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"}));
        rig.offer("c1");
        rig.state("c1", "answered");
        rig.events.clear();
        let began = rig.now;
        rig.disconnected();
        Self { rig, began, connected: false }
    }

    /// When it next does something, since the beginning.
    fn next(&self) -> Duration {
        self.rig.next.map_or(Duration::MAX, |next| next.saturating_duration_since(self.began))
    }

    fn pass_until(&mut self, time: Duration) {
        let now = self.rig.now - self.began;
        self.rig.pass(time.saturating_sub(now));
    }

    /// The service answers what it is asked about the call.
    fn serve(&mut self, call_stands: bool) {
        while let Some(request) = self.rig.sent.pop_front() {
            if call_stands || request["method"] == "signalwire.ping" {
                self.rig.ok(&request);
            } else {
                self.rig.refuse(&request, "404");
            }
        }
    }
}

/// Lets the twins run until then. The service keeps one connection for each session: that which was accepted last.
/// Gives how often it changed hands.
fn play(twins: &mut [Twin; 2], until: Duration, call_stands: bool) -> usize {
    let mut takeovers = 0;
    loop {
        let time = twins[0].next().min(twins[1].next());
        if time > until {
            return takeovers;
        }
        for index in [0, 1] {
            let twin = &mut twins[index];
            let opens = twin.rig.opens;
            twin.pass_until(time);
            twin.serve(call_stands);
            if twin.rig.opens == opens {
                continue;
            }
            let params = twin.rig.authenticate("proto-1", true);
            assert_eq!(
                (&params["protocol"], &params["authorization_state"]),
                (&json!("proto-1"), &json!("AA:BB"))
            );
            twin.serve(call_stands);
            twin.connected = true;
            takeovers += 1;
            let other = &mut twins[1 - index];
            if std::mem::take(&mut other.connected) {
                other.pass_until(time);
                other.rig.disconnected();
            }
        }
    }
}

#[test]
fn two_clients_that_share_a_session_take_turns_and_neither_hammers_nor_hangs() {
    let mut twins = [Twin::new(), Twin::new()];
    let takeovers = play(&mut twins, TEN_MINUTES, true);
    assert!((10..=100).contains(&takeovers), "{takeovers} in ten minutes");
    for twin in &mut twins {
        assert!(twin.rig.events.drain(..).all(|event| matches!(event, SessionEvent::Gap { .. })));
    }
    // Whoever has the connection is told of the end; the other asks, as soon as it has it.
    twins.iter_mut().find(|twin| twin.connected).expect("one is").rig.state("c1", "ended");
    play(&mut twins, 2 * TEN_MINUTES, false);
    for twin in &mut twins {
        let ends = twin.rig.events.iter().filter(|event| matches!(event, SessionEvent::CallEnded { .. }));
        assert_eq!(ends.count(), 1);
        assert_eq!(twin.rig.session.stats(), Stats::default());
    }
}
