//! What may befall a session as a whole: services that come and go, clocks that jump, a second client in its place.

use std::time::{Duration, Instant};

use serde_json::json;
use signalwire_relay_core::session::{ConnectionState, SessionEvent, Stats, Target};
use signalwire_relay_core::{Certainty, EndReason, Error};

use crate::fixture::{Fixture, SECOND, config, raw};

const TEN_MINUTES: Duration = Duration::from_mins(10);

#[test]
fn a_service_that_accepts_and_closes_for_ten_minutes_is_tried_less_and_less_often() {
    type Attempt = fn(&mut Fixture);
    let attempts: [(&str, Attempt); 4] = [
        ("before the upgrade", |_| {}),
        ("before the credentials are accepted", |fixture| {
            fixture.connected();
            fixture.expect_sent("signalwire.connect");
        }),
        ("at once after that", |fixture| drop(fixture.authenticate("proto-1", true))),
        ("a while after that", |fixture| {
            fixture.authenticate("proto-1", true);
            fixture.pass(9 * SECOND);
        }),
    ];
    for (when, attempt) in attempts {
        let mut fixture = Fixture::new(&config());
        let began = fixture.now;
        let mut pauses = Vec::new();
        while fixture.now < began + TEN_MINUTES {
            attempt(&mut fixture);
            fixture.disconnected();
            let closed = fixture.now;
            fixture.until_open();
            pauses.push(fixture.now - closed);
        }
        // Pauses of half a second to one, one to two, and so on, and never more than thirty.
        assert!(pauses.len() <= 45, "closed {when}: {} attempts", pauses.len());
        assert!(pauses[..4].is_sorted(), "closed {when}: {pauses:?}");
        assert!(pauses[5..].iter().all(|pause| (15 * SECOND..=30 * SECOND).contains(pause)), "{pauses:?}");
        // It comes to its senses.
        fixture.authenticate("proto-1", true);
        assert!(matches!(fixture.states.last(), Some(ConnectionState::Ready { .. })));
    }
}

#[test]
fn a_clock_that_jumps_ahead_ends_what_is_overdue_and_leaves_the_service_time_to_answer() {
    for there in [true, false] {
        let mut fixture = Fixture::ready();
        fixture.offer("c1");
        let request = fixture.command(raw("x.y", Target::Service));
        fixture.expect_sent("x.y");
        // The machine was asleep.
        fixture.now += Duration::from_hours(1);
        fixture.session.handle_timeout(fixture.now);
        fixture.drain();
        let error = fixture.expect_reply(request).expect_err("overdue");
        assert!(matches!(error, Error::TimedOut(_)), "{error}");
        assert_eq!(error.certainty(), Certainty::Unknown);
        fixture.expect_quiet();
        let probe = fixture.expect_sent("signalwire.ping");
        fixture.expect_nothing_sent();
        assert_eq!(fixture.closes, 0);
        if there {
            fixture.reply(&probe, json!({}));
        }
        fixture.pass(10 * SECOND);
        assert_eq!(fixture.closes, usize::from(!there));
        assert_eq!(fixture.session.stats().calls, 1, "the call is not given up");
    }
}

#[test]
fn a_clock_that_jumps_back_costs_patience_and_nothing_else() {
    let mut fixture = Fixture::new(&config());
    fixture.now += Duration::from_hours(1);
    fixture.authenticate("proto-1", false);
    fixture.offer("c1");
    let request = fixture.command(raw("x.y", Target::Service));
    let sent = fixture.expect_sent("x.y");
    fixture.now -= 5 * 60 * SECOND;
    fixture.session.handle_timeout(fixture.now);
    fixture.drain();
    fixture.expect_quiet();
    fixture.ok(&sent);
    fixture.expect_reply(request).expect("accepted");
    fixture.disconnected();
    fixture.now -= 5 * 60 * SECOND;
    fixture.reconnect("proto-1", true);
    assert!(matches!(fixture.events.pop_front(), Some(SessionEvent::Reconnected { .. })));
    fixture.state("c1", "ended");
    fixture.expect_call_event("c1");
    assert_eq!(fixture.expect_ended("c1"), EndReason::Hangup);
}

/// One of two clients with the same session, as when a machine is copied while it runs: they have the same name, the
/// same authorization state, the same call, and even draw the same numbers.
struct Twin {
    fixture: Fixture,
    began: Instant,
    connected: bool,
}

impl Twin {
    fn new() -> Self {
        let mut fixture = Fixture::ready();
        fixture.event("signalwire.authorization.state", json!({"authorization_state": "AA:BB"}));
        fixture.offer("c1");
        fixture.state("c1", "answered");
        fixture.events.clear();
        let began = fixture.now;
        fixture.disconnected();
        Self { fixture, began, connected: false }
    }

    /// When it next does something, since the beginning.
    fn next(&self) -> Duration {
        self.fixture.next.map_or(Duration::MAX, |next| next.saturating_duration_since(self.began))
    }

    fn pass_until(&mut self, time: Duration) {
        let now = self.fixture.now - self.began;
        self.fixture.pass(time.saturating_sub(now));
    }

    /// The service answers what it is asked about the call.
    fn serve(&mut self, call_stands: bool) {
        while let Some(request) = self.fixture.sent.pop_front() {
            if call_stands || request["method"] == "signalwire.ping" {
                self.fixture.ok(&request);
            } else {
                self.fixture.refuse(&request, "404");
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
            let opens = twin.fixture.opens;
            twin.pass_until(time);
            twin.serve(call_stands);
            if twin.fixture.opens == opens {
                continue;
            }
            let params = twin.fixture.authenticate("proto-1", true);
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
                other.fixture.disconnected();
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
        assert!(twin.fixture.events.drain(..).all(|event| matches!(event, SessionEvent::Reconnected { .. })));
    }
    // Whoever has the connection is told of the end; the other asks, as soon as it has it.
    twins.iter_mut().find(|twin| twin.connected).expect("one is").fixture.state("c1", "ended");
    play(&mut twins, 2 * TEN_MINUTES, false);
    for twin in &mut twins {
        let ends = twin.fixture.events.iter().filter(|event| matches!(event, SessionEvent::CallEnded { .. }));
        assert_eq!(ends.count(), 1);
        assert_eq!(twin.fixture.session.stats(), Stats::default());
    }
}
