//! The state of a call (`calling.call.state`).

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Device;
use crate::enums::open_enum;
use crate::events::event;
use crate::ids::{CallId, NodeId, Tag};
use crate::json::{Lenient, object};

open_enum! {
    /// Where a call stands. A call only ever moves forwards, and may skip steps.
    pub enum CallState {
        /// It exists; nothing rings yet.
        Created = "created",
        /// It rings.
        Ringing = "ringing",
        /// Somebody answered.
        Answered = "answered",
        /// It is being taken down.
        Ending = "ending",
        /// It is over.
        Ended = "ended",
    }
}

impl CallState {
    /// Where the state comes in a call's life; a state that this library does not know comes nowhere.
    pub(crate) fn rank(&self) -> Option<u8> {
        match self {
            Self::Created => Some(0),
            Self::Ringing => Some(1),
            Self::Answered => Some(2),
            Self::Ending => Some(3),
            Self::Ended => Some(4),
            Self::Other(_) => None,
        }
    }

    /// Whether a call in this state has got as far as `other`.
    pub fn has_reached(&self, other: &Self) -> bool {
        matches!((self.rank(), other.rank()), (Some(own), Some(other)) if own >= other)
    }
}

open_enum! {
    /// Who called whom.
    pub enum Direction {
        /// Somebody called us.
        Inbound = "inbound",
        /// We called somebody.
        Outbound = "outbound",
    }
}

open_enum! {
    /// Why a call ended.
    ///
    /// The service spells some of them in several ways: names are read whatever their case and underscores, `noAnswer`
    /// as well as `no_answer`, `maxDuration` as well as `max_duration`, and `declined` is `decline`. The newer
    /// specification's spelling is the one that [`as_str`](Self::as_str) gives. The event's [`meta`](CallStateEvent::meta) has the text as
    /// it came.
    pub tolerant enum EndReason {
        /// A party hung up.
        Hangup = "hangup",
        /// It was called off before anybody answered.
        Cancel = "cancel",
        /// The line was busy.
        Busy = "busy",
        /// Nobody answered.
        NoAnswer = "noAnswer",
        /// It was declined.
        Decline = "decline" | "declined",
        /// Something failed.
        Error = "error",
        /// The caller gave up.
        Abandoned = "abandoned",
        /// It reached its longest permitted duration.
        MaxDuration = "maxDuration",
        /// The service does not know the call (any more).
        NotFound = "notFound",
        /// This client passed the offer on to another one. Never on the wire.
        Passed = "passed",
        /// This client handed the call over with a transfer, and the service takes no commands of this client on it any
        /// more. The call itself may go on. Never on the wire.
        Transferred = "transferred",
        /// The session that the call belonged to was lost, and with it every way to hear of the call. The
        /// call itself may go on. Never on the wire.
        SessionLost = "session_lost",
        /// This client was closed while the call went on. Never on the wire.
        ClientClosed = "client_closed",
    }
}

open_enum! {
    /// The side that ended a call, or made a dial fail. (By the newer specification.)
    pub enum EndSource {
        /// The far side. For a dial: the party that was called.
        Inbound = "inbound",
        /// The own side. For a dial: the side that placed it.
        Outbound = "outbound",
        /// Neither side.
        Neither = "none",
    }
}

object! {
    /// The SIP headers of a SIP call (`sip_data` on the wire). Every member has its name on the wire. (By the newer
    /// specification.)
    pub struct SipData {
        /// The user of the request URI.
        pub sip_req_user: Option<String>,
        /// The request URI.
        pub sip_req_uri: Option<String>,
        /// The host of the request URI.
        pub sip_req_host: Option<String>,
        /// The parameters of the request URI.
        pub sip_req_params: Map<String, Value>,
        /// The user of the `From` header.
        pub sip_from_user: Option<String>,
        /// The URI of the `From` header.
        pub sip_from_uri: Option<String>,
        /// The host of the `From` header.
        pub sip_from_host: Option<String>,
        /// The parameters of the `From` header.
        pub sip_from_params: Map<String, Value>,
        /// The user of the `To` header.
        pub sip_to_user: Option<String>,
        /// The URI of the `To` header.
        pub sip_to_uri: Option<String>,
        /// The host of the `To` header.
        pub sip_to_host: Option<String>,
        /// The parameters of the `To` header.
        pub sip_to_params: Map<String, Value>,
        /// The user of the `Contact` header.
        pub sip_contact_user: Option<String>,
        /// The URI of the `Contact` header.
        pub sip_contact_uri: Option<String>,
        /// The host of the `Contact` header.
        pub sip_contact_host: Option<String>,
        /// The port of the `Contact` header.
        pub sip_contact_port: Option<u64>,
        /// The parameters of the `Contact` header.
        pub sip_contact_params: Map<String, Value>,
        /// The `P-Asserted-Identity` header.
        pub sip_p_asserted_identity: Option<String>,
    }
}

/// Shared: few calls have it, and it is large.
impl Lenient for Option<Arc<SipData>> {
    fn read(raw: &RawValue) -> Self {
        Option::<SipData>::read(raw).map(Arc::new)
    }
}

object! {
    /// The call that another is joined with.
    pub struct PeerCall {
        /// The call.
        pub call_id: CallId,
        /// The node that hosts it.
        pub node_id: NodeId,
    }
}

object! {
    /// The call that brought another about, by connecting to it or by a transfer.
    pub struct ParentCall {
        /// The call.
        pub call_id: CallId,
        /// The node that hosts it.
        pub node_id: NodeId,
        /// The type of its device, such as `phone`.
        pub device_type: Option<String>,
    }
}

event! {
    /// `calling.call.state`: a call reached a state.
    pub struct CallStateEvent(State, "calling.call.state") {
        /// The state it reached.
        pub call_state: CallState,
        /// Who called whom.
        pub direction: Direction,
        /// The other party.
        pub device: Device,
        /// The dial that the call is a leg of.
        pub tag: Tag,
        /// Why it ended.
        pub end_reason: Option<EndReason>,
        /// The side that ended it. (By the newer specification.)
        pub end_source: Option<EndSource>,
        /// Whether the call is the leg of a dial that answered first. (The text `"true"` by the newer specification, a
        /// truth value by the SDKs; both are read.)
        pub dial_winner: Option<bool>,
        /// The SIP headers of a SIP call. (By the newer specification.)
        pub sip_data: Option<Arc<SipData>>,
        /// The quality of the sound that came in, as a mean opinion score from about 1 to 5. (By the newer specification.)
        pub audio_in_mos: Option<f64>,
        /// The context of the call.
        pub context: Option<String>,
        /// The segment of the call.
        pub segment_id: Option<String>,
        /// The call that it is joined with.
        pub peer: Option<PeerCall>,
        /// The call that brought it about.
        pub parent: Option<ParentCall>,
        /// When it began. (Milliseconds on the wire by the newer specification, seconds by the SDKs; both are read, and
        /// 0 is `None`.)
        pub start_time: Option<SystemTime>,
        /// When it was answered; `None` if it was not.
        pub answer_time: Option<SystemTime>,
        /// When it ended; `None` if it has not.
        pub end_time: Option<SystemTime>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_nobody_knows_come_nowhere() {
        assert!(CallState::Ended.has_reached(&CallState::Created));
        assert!(!CallState::Ringing.has_reached(&CallState::Answered));
        let unknown = CallState::from("parked");
        assert!(!unknown.has_reached(&CallState::Created) && !CallState::Ended.has_reached(&unknown));
        assert_eq!(unknown.as_str(), "parked");
    }
}
