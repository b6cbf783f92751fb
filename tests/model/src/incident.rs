//! What people, the service and the network do to a client, whatever it is doing.

use std::time::Duration;

use serde_json::json;
use signalwire_relay_simulator::{CallState, Caller, ConnectionId, Faults, Refusal, Step as Act};

use super::setting::{ANSWERS, NODE, OURS, SECRET, Stay};
use signalwire_relay_harness::{Break, NetworkConditions, Plan, SimulatedNetwork, Timing, Way};

/// One thing that somebody on the phone, the service, or the network does.
///
/// Where one of several is meant, a number picks it among those that there are at that time; if there is none, nothing
/// happens. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Incident {
    /// Somebody calls in, on context `a` to `d`, and lets it ring for so long.
    Caller(u8, u32),
    /// Somebody on a call hangs up.
    HangUp(u8),
    /// Somebody on a call presses a key.
    Press(u8),
    /// The service tells old news of a call once more: a state that it is past.
    OldNews(u8),
    /// The service offers a call once more that the client has.
    OfferAgain(u8),
    /// The service crashes and comes back.
    Restart,
    /// The service says that it will close the connection; whether it keeps the session, if it says so.
    Leave(Option<bool>),
    /// The service answers the next request of a kind in another way.
    Refuse(Refused, How),
    /// The service disturbs events from now on, or no longer.
    Disturb(Disturb),
    /// From now on frames take so long each way, and so much longer at most.
    Latency(u32, u32),
    /// Every connection is lost.
    Cut,
    /// Something happens to a connection at one of the next frames.
    At(u8, Timing, Break),
    /// Everything stalls one way for a while.
    Stall(Way, u32),
    /// Nothing arrives one way any more.
    BlackHole(Way),
    /// The next attempts to connect are refused.
    RefuseConnects(u8),
    /// No connection can be opened for a while.
    Unreachable(u32),
    /// A text comes from the service that means nothing.
    Nonsense(String),
}

impl Incident {
    /// Returns `true` if the service may refuse a login for good from now on.
    pub(super) fn turns_away(&self) -> bool {
        matches!(self, Self::Refuse(Refused::Connect, how) if how.turns_away())
    }
}

/// Which requests the service answers in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the method of that name")]
#[non_exhaustive]
pub enum Refused {
    Connect,
    Answer,
    Play,
    Dial,
    Message,
    Receive,
    Pass,
    End,
}

impl Refused {
    fn method(self) -> &'static str {
        match self {
            Self::Connect => "signalwire.connect",
            Self::Answer => "calling.answer",
            Self::Play => "calling.play",
            Self::Dial => "calling.dial",
            Self::Message => "messaging.send",
            Self::Receive => "signalwire.receive",
            Self::Pass => "calling.pass",
            Self::End => "calling.end",
        }
    }
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// With a status, and a text in which the credentials stand.
    Status,
    /// With a JSON-RPC error, and a text in which the credentials stand.
    RpcError,
    /// With a code of trouble of its own, one of several; it does not carry the request out.
    Trouble(u8),
    /// With a code of trouble of its own, although it carries the request out. (It never does that to a login.)
    CarriedOut(u8),
    /// Not at all.
    Silence,
}

impl How {
    /// The service's answer to a request, in place of carrying it out or as well.
    fn refusal(self, what: Refused) -> Refusal {
        let text = format!("not with {SECRET}");
        match self {
            Self::Silence => Refusal::Silence,
            Self::Status if what != Refused::Connect => Refusal::Code(403, text),
            Self::Status | Self::RpcError => Refusal::RpcError(-32002, text),
            Self::CarriedOut(code) if what != Refused::Connect => {
                Refusal::RpcError(if code % 2 == 0 { -32000 } else { -32603 }, text).carried_out()
            }
            Self::Trouble(code) | Self::CarriedOut(code) => match code % 6 {
                0 => Refusal::RpcError(-32000, "Request timed out".into()),
                1 => Refusal::RpcError(-32004, text),
                2 => Refusal::RpcError(-32005, text),
                3 => Refusal::RpcError(-32603, text),
                4 => Refusal::Code(500, text),
                _ => Refusal::Code(503, text),
            },
        }
    }

    /// Returns `true` if a login that is answered like this is refused for good, so that the session may be given up.
    fn turns_away(self) -> bool {
        matches!(self, Self::Status | Self::RpcError)
    }
}

/// What the service does to events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disturb {
    /// Nothing.
    Calm,
    /// It sends each twice.
    Duplicate,
    /// It delays some, so that others overtake them.
    Reorder,
    /// It sends those that a request causes before the reply.
    EventsFirst,
    /// All of that, with frames in between that make no sense.
    Storm,
}

impl Disturb {
    fn faults(self) -> Faults {
        let calm = Faults::default();
        match self {
            Self::Calm => calm,
            Self::Duplicate => Faults { duplicate: 1.0, ..calm },
            Self::Reorder => Faults { delay: 0.5, ..calm },
            Self::EventsFirst => Faults { events_first: true, ..calm },
            Self::Storm => Faults { duplicate: 0.5, delay: 0.5, garbage: 0.5, events_first: true, ..calm },
        }
    }
}

/// Where incidents happen.
pub(crate) struct Stage<'a> {
    pub(crate) now: Duration,
    pub(crate) network: &'a mut SimulatedNetwork,
    /// The calls that clients have, and where each would hear of it.
    pub(crate) known: Vec<(String, ConnectionId)>,
    /// How long callers stay.
    pub(crate) stay: Stay,
}

/// What an incident did to the connections that stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    /// They may be dropped, and what was on its way be lost.
    Impaired,
    /// They are to be cut now.
    Cut,
}

impl Stage<'_> {
    /// Has an incident happen.
    pub(crate) fn befall(mut self, incident: &Incident) -> Effect {
        match incident {
            Incident::Caller(..) | Incident::HangUp(_) | Incident::Press(_) => self.people(incident),
            Incident::OldNews(_)
            | Incident::OfferAgain(_)
            | Incident::Restart
            | Incident::Leave(_)
            | Incident::Refuse(..)
            | Incident::Disturb(_) => self.service(incident),
            _ => return self.network(incident),
        }
        Effect::None
    }

    fn people(&mut self, incident: &Incident) {
        let service = self.network.service_mut();
        let live = service.calls().filter(|call| call.state != CallState::Ended);
        let live: Vec<_> = live.map(|call| call.call_id).collect();
        match incident {
            Incident::Caller(number, patience) => {
                let caller = Caller::new("+15551110000", OURS).context(context(*number));
                let script = [Act::wait(self.stay.callers()), Act::HangUp];
                service.place_call(self.now, caller.patience(millis(*patience)).script(script));
            }
            Incident::HangUp(number) => {
                if let Some(call_id) = pick(&live, *number) {
                    service.hang_up(self.now, call_id);
                }
            }
            Incident::Press(number) => {
                if let Some(call_id) = pick(&live, *number) {
                    service.press(self.now, call_id, "1");
                }
            }
            _ => {}
        }
    }

    fn service(&mut self, incident: &Incident) {
        let service = self.network.service_mut();
        match incident {
            Incident::OldNews(number) => {
                if let Some((call_id, to)) = pick(&self.known, *number) {
                    let news = json!({"call_id": call_id, "node_id": NODE, "call_state": "created"});
                    service.push_event(self.now, *to, "calling.call.state", news);
                }
            }
            Incident::OfferAgain(number) => {
                if let Some((call_id, to)) = pick(&self.known, *number) {
                    let device =
                        json!({"type": "phone", "params": {"from_number": ANSWERS, "to_number": OURS}});
                    let offer = json!({"call_id": call_id, "node_id": NODE, "context": "a",
                        "call_state": "created", "direction": "inbound", "device": device});
                    service.push_event(self.now, *to, "calling.call.receive", offer);
                }
            }
            Incident::Restart => service.restart(self.now),
            Incident::Leave(restart) => service.send_disconnect(self.now, *restart),
            Incident::Refuse(what, how) => service.refuse_next(what.method(), how.refusal(*what)),
            Incident::Disturb(disturb) => service.set_faults(disturb.faults()),
            _ => {}
        }
    }

    fn network(&mut self, incident: &Incident) -> Effect {
        let (now, network) = (self.now, &mut *self.network);
        let impaired = if network.connections().next().is_none() { Effect::None } else { Effect::Impaired };
        match incident {
            Incident::Latency(latency, jitter) => {
                let (latency, jitter) = (millis(*latency), millis(*jitter));
                network.set_conditions(NetworkConditions { latency, jitter, ..NetworkConditions::default() });
            }
            Incident::Cut => return Effect::Cut,
            Incident::At(frames, timing, what) => {
                let frame = network.frames() + 1 + u64::from(*frames);
                network.plan(Plan { frame, timing: *timing, what: *what });
            }
            Incident::Stall(way, time) => {
                network.stall(now, *way, millis(*time));
                return impaired;
            }
            Incident::BlackHole(way) => {
                network.black_hole(now, *way);
                return impaired;
            }
            Incident::RefuseConnects(attempts) => network.refuse_connects((*attempts).into()),
            Incident::Unreachable(time) => network.unreachable_for(now, millis(*time)),
            Incident::Nonsense(text) => network.inject(now, text),
            _ => {}
        }
        Effect::None
    }
}

pub(crate) fn context(number: u8) -> String {
    ["a", "b", "c", "d"][usize::from(number) % 4].to_owned()
}

pub(crate) fn millis(time: u32) -> Duration {
    Duration::from_millis(time.into())
}

pub(crate) fn pick<T>(of: &[T], number: u8) -> Option<&T> {
    of.get(usize::from(number).checked_rem(of.len())?)
}
