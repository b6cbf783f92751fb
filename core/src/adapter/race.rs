//! Connecting to the first address of a host that works: "happy eyeballs", after RFC 8305.
//!
//! The attempts are made one after the other, and the next does not wait for the end of the one before: an address
//! that does not answer costs a moment and not its whole time limit. An attempt counts as successful only with the
//! WebSocket: a server that accepts TCP and fails at TLS or at the upgrade gives way to the next address, too.

use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::connect_failure::{ConnectFailure, ConnectStage};

/// The time that an address has to answer before the next is tried beside it: the connection attempt delay of RFC 8305.
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The time that an address which has answered has to set up TLS and the WebSocket before the next is tried beside it.
pub const SETUP_DELAY: Duration = Duration::from_secs(3);

/// The stage that an attempt has got to.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<AtomicU8>);

/// The stages of an attempt, in their order.
const STAGES: [ConnectStage; 4] =
    [ConnectStage::Tcp, ConnectStage::Proxy, ConnectStage::Tls, ConnectStage::Upgrade];

impl Progress {
    fn new() -> Self {
        Self(Arc::default())
    }

    pub(super) fn enter(&self, stage: ConnectStage) {
        let reached = STAGES.iter().position(|known| *known == stage).unwrap_or_default();
        self.0.store(u8::try_from(reached).unwrap_or_default(), Ordering::Relaxed);
    }

    fn stage(&self) -> ConnectStage {
        let reached = usize::from(self.0.load(Ordering::Relaxed));
        STAGES.get(reached).copied().unwrap_or(ConnectStage::Tcp)
    }
}

struct Running<A> {
    address: SocketAddr,
    progress: Progress,
    attempt: Pin<Box<A>>,
    /// It has answered and has the time of [`SETUP_DELAY`].
    is_setting_up: bool,
}

/// Tries addresses until one of them works. `attempt` begins an attempt; `delay` gives a future that is ready after a while.
/// Dropping the future gives up.
///
/// # Errors
/// The failure that got furthest, if every attempt fails or `end` is ready first. `limit` is the time until then, for the
/// text.
pub(super) async fn race<S, A, D>(
    addresses: Vec<SocketAddr>,
    (limit, mut end): (Duration, Pin<&mut D>),
    mut attempt: impl FnMut(SocketAddr, Progress) -> A,
    delay: impl Fn(Duration) -> D,
) -> Result<(SocketAddr, S), ConnectFailure>
where
    A: Future<Output = Result<S, ConnectFailure>>,
    D: Future<Output = ()>,
{
    let mut waiting = VecDeque::from(addresses);
    let mut running: Vec<Running<A>> = Vec::new();
    let mut failures: Option<ConnectFailure> = None;
    let mut turn = Box::pin(delay(Duration::ZERO));
    std::future::poll_fn(|cx| {
        loop {
            let before = running.len();
            if let Some((address, socket)) = poll_running(&mut running, &mut failures, cx) {
                return Poll::Ready(Ok((address, socket)));
            }
            let has_failed = running.len() < before;
            if running.is_empty() && waiting.is_empty() {
                let none = || ConnectFailure::new(ConnectStage::NameLookup, "the host has no address");
                return Poll::Ready(Err(failures.take().unwrap_or_else(none)));
            }
            if end.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(furthest(failures.take(), silent(&running, limit))));
            }
            if !running.is_empty() && !has_failed {
                if waiting.is_empty() || turn.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                if let Some(newest) = running.last_mut()
                    && newest.progress.stage() > ConnectStage::Tcp
                    && !std::mem::replace(&mut newest.is_setting_up, true)
                {
                    turn = Box::pin(delay(SETUP_DELAY));
                    continue;
                }
            }
            if let Some(address) = waiting.pop_front() {
                let progress = Progress::new();
                let attempt = Box::pin(attempt(address, progress.clone()));
                running.push(Running { address, progress, attempt, is_setting_up: false });
                turn = Box::pin(delay(ATTEMPT_DELAY));
            }
        }
    })
    .await
}

/// Polls every attempt. Returns the first that has succeeded; those that have failed are removed.
fn poll_running<S, A>(
    running: &mut Vec<Running<A>>,
    failures: &mut Option<ConnectFailure>,
    cx: &mut Context<'_>,
) -> Option<(SocketAddr, S)>
where
    A: Future<Output = Result<S, ConnectFailure>>,
{
    let mut connected = None;
    running.retain_mut(|running| {
        if connected.is_some() {
            return true;
        }
        match running.attempt.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(Ok(socket)) => {
                connected = Some((running.address, socket));
                false
            }
            Poll::Ready(Err(failure)) => {
                *failures = Some(furthest(failures.take(), failure));
                false
            }
        }
    });
    connected
}

/// Of two failures the one that got further, or else the later. A service that is busy has answered, which is more than
/// any failure.
fn furthest(earlier: Option<ConnectFailure>, later: ConnectFailure) -> ConnectFailure {
    match earlier {
        Some(earlier) if (earlier.is_busy, earlier.stage) > (later.is_busy, later.stage) => earlier,
        _ => later,
    }
}

/// The failure of attempts that had no outcome in time.
fn silent<A>(running: &[Running<A>], limit: Duration) -> ConnectFailure {
    let newest = running.iter().max_by_key(|running| running.progress.stage());
    let stage = newest.map_or(ConnectStage::Tcp, |running| running.progress.stage());
    let place = newest.map(|running| running.address.to_string()).unwrap_or_default();
    let what = match stage {
        ConnectStage::Proxy => "accepted the connection and did not answer the request for a tunnel",
        ConnectStage::Tls => "accepted the connection and did not answer TLS",
        ConnectStage::Upgrade => "accepted the connection and did not answer the request for a WebSocket",
        _ => "does not answer",
    };
    ConnectFailure::new(stage, format!("{place} {what} within {} s", limit.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::pin::pin;
    use std::rc::Rc;
    use std::task::Waker;

    use super::*;

    /// A clock that moves when everything waits.
    #[derive(Clone, Default)]
    struct Clock {
        now: Rc<Cell<Duration>>,
        next: Rc<Cell<Option<Duration>>>,
    }

    impl Clock {
        fn after(&self, time: Duration) -> impl Future<Output = ()> + use<> {
            let (clock, at) = (self.clone(), self.now.get() + time);
            std::future::poll_fn(move |_| {
                if clock.now.get() >= at {
                    return Poll::Ready(());
                }
                clock.next.set(Some(clock.next.get().map_or(at, |next| next.min(at))));
                Poll::Pending
            })
        }

        /// The output of a future, and the time that it took.
        fn run<T>(&self, future: impl Future<Output = T>) -> (T, Duration) {
            let mut future = pin!(future);
            loop {
                self.next.set(None);
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    return (output, self.now.get());
                }
                self.now.set(self.next.get().expect("it waits for time to pass"));
            }
        }
    }

    /// The behaviour of a server, in milliseconds from its start.
    #[derive(Clone, Copy)]
    enum Server {
        Works(u64),
        Refuses(u64),
        Silent,
        /// Accepts TCP, and fails at TLS later.
        FailsAtTls(u64, u64),
        /// Accepts TCP, and says nothing.
        Mute(u64),
        Busy(u64),
    }

    fn address(number: usize) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], u16::try_from(number).expect("few") + 1))
    }

    /// Races servers, and returns the number of the winner, the time, and when each was tried.
    fn play(servers: &[Server]) -> (Result<usize, ConnectFailure>, Duration, Vec<u64>) {
        let clock = Clock::default();
        let tried = RefCell::new(Vec::new());
        let ms = Duration::from_millis;
        let attempt = |place: SocketAddr, progress: Progress| {
            tried.borrow_mut().push(u64::try_from(clock.now.get().as_millis()).expect("short"));
            let (clock, number) = (clock.clone(), usize::from(place.port()) - 1);
            let server = servers[number];
            async move {
                match server {
                    Server::Works(after) => clock.after(ms(after)).await,
                    Server::Refuses(after) => {
                        clock.after(ms(after)).await;
                        return Err(ConnectFailure::new(ConnectStage::Tcp, format!("refused by {number}")));
                    }
                    Server::Silent => std::future::pending().await,
                    Server::FailsAtTls(tcp, tls) => {
                        clock.after(ms(tcp)).await;
                        progress.enter(ConnectStage::Tls);
                        clock.after(ms(tls)).await;
                        return Err(ConnectFailure::new(ConnectStage::Tls, format!("no TLS by {number}")));
                    }
                    Server::Mute(tcp) => {
                        clock.after(ms(tcp)).await;
                        progress.enter(ConnectStage::Upgrade);
                        std::future::pending::<()>().await;
                    }
                    Server::Busy(after) => {
                        clock.after(ms(after)).await;
                        return Err(ConnectFailure::busy(format!("busy {number}")));
                    }
                }
                Ok(number)
            }
        };
        let addresses = (0..servers.len()).map(address).collect();
        let limit = Duration::from_secs(9);
        let end = pin!(clock.after(limit));
        let race = race(addresses, (limit, end), attempt, |time| clock.after(time));
        let (outcome, took) = clock.run(race);
        (outcome.map(|(_, number)| number), took, tried.into_inner())
    }

    #[test]
    fn an_address_that_works_is_the_only_one_that_is_tried() {
        let (winner, took, tried) = play(&[Server::Works(200), Server::Works(0)]);
        assert_eq!((winner, took.as_millis(), tried), (Ok(0), 200, vec![0]));
    }

    #[test]
    fn the_fifth_address_has_its_turn_after_a_second_though_four_do_not_answer() {
        let silent = Server::Silent;
        let (winner, took, tried) = play(&[silent, silent, silent, silent, Server::Works(20)]);
        assert_eq!((winner, took.as_millis(), tried), (Ok(4), 1020, vec![0, 250, 500, 750, 1000]));
    }

    #[test]
    fn an_address_that_refuses_gives_way_at_once() {
        let (winner, took, tried) = play(&[Server::Refuses(1), Server::Refuses(1), Server::Works(1)]);
        assert_eq!((winner, took.as_millis(), tried), (Ok(2), 3, vec![0, 1, 2]));
    }

    #[test]
    fn a_slow_address_wins_if_it_is_still_the_first() {
        let (winner, took, _) = play(&[Server::Works(400), Server::Works(300)]);
        assert_eq!((winner, took.as_millis()), (Ok(0), 400));
        let (winner, took, _) = play(&[Server::Works(900), Server::Works(300)]);
        assert_eq!((winner, took.as_millis()), (Ok(1), 550));
    }

    #[test]
    fn a_failure_after_tcp_gives_way_to_the_next_address_too() {
        let (winner, took, tried) = play(&[Server::FailsAtTls(10, 500), Server::Works(5)]);
        assert_eq!((winner, took.as_millis(), tried), (Ok(1), 515, vec![0, 510]), "TLS has time");
    }

    #[test]
    fn an_address_that_accepts_and_says_nothing_has_three_seconds_before_the_next_is_tried() {
        let (winner, took, tried) = play(&[Server::Mute(10), Server::Works(5)]);
        assert_eq!((winner, took.as_millis(), tried), (Ok(1), 3255, vec![0, 3250]));
    }

    #[test]
    fn the_failure_that_got_furthest_is_told() {
        let told = |servers: &[Server]| play(servers).0.expect_err("none works").to_string();
        assert_eq!(told(&[Server::FailsAtTls(1, 1), Server::Refuses(1)]), "no TLS by 0");
        assert_eq!(told(&[Server::Refuses(1), Server::Refuses(1)]), "refused by 1");
        assert_eq!(told(&[Server::Busy(1), Server::FailsAtTls(1, 1)]), "busy 0");
        assert_eq!(told(&[Server::Silent]), format!("{} does not answer within 9 s", address(0)));
        assert_eq!(
            told(&[Server::Silent, Server::Mute(1)]),
            format!(
                "{} accepted the connection and did not answer the request for a WebSocket within 9 s",
                address(1)
            )
        );
        assert_eq!(told(&[]), "the host has no address");
    }

    #[test]
    fn an_attempt_has_a_limit_however_many_addresses_there_are() {
        let (outcome, took, tried) = play(&[Server::Silent; 20]);
        assert!(outcome.is_err());
        assert_eq!((took, tried.len()), (Duration::from_secs(9), 20));
    }
}
