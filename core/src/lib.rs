//! The SignalWire RELAY protocol as a state machine that does no I/O, and the handles that applications hold.
//!
//! RELAY is real-time call control and messaging: JSON-RPC 2.0 over one WebSocket. This crate is everything of a
//! RELAY client but its socket, its clock and its threads. An adapter adds those: `signalwire-relay-tokio`,
//! `signalwire-relay-smol` or `signalwire-relay-blocking`, one of which is what most programs want. For others see
//! [`guide::own_runtime`].
//!
//! | layer | is | see |
//! | --- | --- | --- |
//! | handles | [`Client`], [`Call`], [`Action`]: futures over a mutex and wakers | the methods of [`Call`] |
//! | driver | [`adapter::Driver`]: moves frames between a client and a socket, on any runtime | [`adapter`] |
//! | client state | [`ClientState`]: carries requests of handles to a session, and its events to them | [`ClientOutput`] |
//! | session | [`session::Session`]: the protocol | [`session`] |
//!
//! Coming from the Python client? Every name is mapped in [`guide::parity`].
//!
//! # What holds
//!
//! - Every wait ends: by its event, its limit, the end of its call, the loss of its session, or closing. One
//!   that ran out of time can be waited on again.
//! - Every call is accounted for. Offers that nobody takes, and those above the limit, are passed back to the
//!   service; legs of a dial that lost, or that answer too late, are hung up.
//! - Nothing runs twice. Repeated events change nothing, late ones move nothing backwards, and what may have
//!   reached the service is not sent again. Each [`Error`] says whether it did: [`Certainty`].
//! - A lost connection shows: [`Client::connection_states`], and [`events::Missed`] on every live call.
//! - Whatever arrives is survived, and bad arguments are refused before they are sent.
//! - Credentials are never printed.
//!
//! [`guide::faults`] goes through it fault by fault, with the tests that show it.
//!
//! # Two descriptions of the protocol
//!
//! There are two public descriptions of RELAY: the server SDKs, and a newer specification that none of them follows yet.
//! They differ in about a hundred places. This client sends the newer form and reads both; where one of them alone has
//! something, it is not required. Documentation says *by the newer specification*, *by the SDKs* or *older services* where
//! they differ. Nothing that either of them allows is refused before it is sent. [`guide::wire`] has each key of both, and
//! says what nobody knows of the service.
//!
//! | subject | here |
//! | --- | --- |
//! | refusals of a connection | in classes: [`ConnectRefusal`] |
//! | refusals of which the service does not know whether it carried the request out | [`Certainty::Unknown`]: [`ServiceError::certainty`] |
//! | explanations of a refusal: `data`, `message_data` or `errors` | [`ServiceError::destinations`], [`ServiceError::fields`] |
//! | tasks, whose fields stand beside the event type | [`TaskEvent`], [`Client::on_task`] |
//! | times, in seconds, milliseconds or microseconds | [`SystemTime`](std::time::SystemTime), `None` for not yet: [`events`] |
//! | confidence, as a fraction or as percent | [`Confidence`] |
//! | the end of a payment, by `result` or by `state` | [`PayEvent::outcome`] |
//! | the clock of a collect, which the service may not start by itself | started: [`Call::collect`] |
//! | the end of an operation if nobody does anything | a section *Completion* at each method that starts one |
//!
//! # Bounds
//!
//! | what waits | at most | beyond that |
//! | --- | --- | --- |
//! | requests for a connection | [`session::MAX_QUEUED_REQUESTS`] | [`Error::QueueFull`] |
//! | requests for an answer, or for a service that does not read | [`session::MAX_UNANSWERED_REQUESTS`] | [`Error::QueueFull`] |
//! | requests that handles have posted | [`MAX_POSTED_REQUESTS`] | [`Error::QueueFull`] |
//! | hang-ups and passed offers among these | twice as many | [`Error::QueueFull`]; the call is ended once its handles are dropped |
//! | acknowledgements, for a service that does not read | 256 | nothing more is read from it |
//! | events for one reader | [`MAX_WAITING_EVENTS`] | its oldest are dropped, and it is told how many |
//! | messages whose delivery is followed | [`session::MAX_FOLLOWED_MESSAGES`] | [`Error::ConnectionLost`] for the oldest |
//! | handlers of messages, and of tasks, that run | [`MAX_RUNNING_HANDLERS`] of each | further messages and tasks wait |
//! | messages for a handler to end | [`MAX_WAITING_MESSAGES`] | the oldest is dropped, with a notice that names it |
//! | tasks for a handler or a reader | [`MAX_WAITING_TASKS`] | the oldest is dropped, with a notice |
//! | calls at once | [`Config::max_active_calls`] | offers are passed on, or the callers hear a busy line: [`Config::overflow`] |
//! | an offer to be taken | 10 s | it is passed on |
//! | an answer to a request | [`Config::request_timeout`] | [`Error::TimedOut`], and the connection is probed |
//!
//! # Driving a session by hand
//!
//! A session is told what arrives, and says what is to be done. Here the service's side is played by the
//! example itself:
//!
//! ```
//! use std::time::Instant;
//!
//! use signalwire_relay_core::calling::Answer;
//! use signalwire_relay_core::session::{Command, Frame, Io, Output, Session, SessionEvent, Target};
//! use signalwire_relay_core::{Config, Ticket};
//!
//! /// Drains the session: gives what it wants to send, and what it has to tell.
//! fn drain(session: &mut Session) -> (Vec<serde_json::Value>, Vec<SessionEvent>) {
//!     let (mut frames, mut events) = (Vec::new(), Vec::new());
//!     loop {
//!         match session.poll_output() {
//!             Output::Io(Io::Open(endpoint)) => assert_eq!(endpoint.url(), "wss://example.signalwire.com:443"),
//!             Output::Io(Io::Send(text)) => frames.push(serde_json::from_str(&text).expect("frames are JSON")),
//!             Output::Event(event) => events.push(event),
//!             Output::Io(Io::Close) => unreachable!("nothing goes wrong here"),
//!             Output::Io(Io::Wait(_until)) => return (frames, events),
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::new().project("p-1").token("secret").host("example.signalwire.com").contexts(["office"]);
//! let mut session = Session::new(&config, 42)?;
//! let now = Instant::now(); // time is an argument: here it stands still
//!
//! // Connect and authenticate.
//! session.connect(now);
//! drain(&mut session); // says Output::Open; this is where a socket would be opened
//! session.handle_connected(now);
//! let (frames, _) = drain(&mut session);
//! assert_eq!(frames[0]["method"], "signalwire.connect");
//! let reply = serde_json::json!({"id": frames[0]["id"], "result": {"protocol": "signalwire_1"}});
//! session.handle_frame(now, Frame::Text(&reply.to_string()));
//! drain(&mut session);
//!
//! // A call is offered; the event is acknowledged before anything else.
//! session.handle_frame(now, Frame::Text(r#"{"id": "e-1", "method": "signalwire.event", "params": {
//!     "event_type": "calling.call.receive", "params": {"call_id": "c-1", "node_id": "n-1", "context": "office",
//!     "call_state": "created", "direction": "inbound"}}}"#));
//! let (frames, events) = drain(&mut session);
//! assert_eq!(frames[0]["id"], "e-1");
//! let [SessionEvent::Offered(call)] = &events[..] else { panic!("{events:?}") };
//!
//! // Answer it.
//! session.command(now, Ticket(1), Command::new(&Answer::default(), Target::Call(call.call_id.clone()))?);
//! let (frames, _) = drain(&mut session);
//! assert_eq!(frames[0]["params"], serde_json::json!({"node_id": "n-1", "call_id": "c-1"}));
//! let reply = serde_json::json!({"id": frames[0]["id"], "result": {"code": "200", "message": "Answered"}});
//! session.handle_frame(now, Frame::Text(&reply.to_string()));
//! let (_, events) = drain(&mut session);
//! assert!(matches!(&events[..], [SessionEvent::Replied { ticket: Ticket(1), result: Ok(_) }]));
//! # Ok(()) }
//! ```
//!
//! A [`ClientState`] is driven in the same way, with [`ClientOutput`] for [`session::Output`], and brings the handles with it.

pub mod adapter;
pub mod calling;
mod client;
mod config;
mod connect_failure;
mod credentials;
mod enums;
mod error;
pub mod events;
pub mod guide;
mod ids;
mod json;
mod leftovers;
mod method;
#[cfg(feature = "adapter")]
mod name_lookup;
mod printable;
mod proxy;
mod service;
mod service_error;
pub mod session;
mod timers;
#[cfg(feature = "adapter")]
pub mod tls;

#[doc(inline)]
pub use calling::{
    AgoraDevice, AiAction, AiBeginSpeakingEvent, AiCallInfo, AiChannelData, AiCompletionEvent,
    AiCompletionType, AiEvent, AiPartialResultEvent, AiPostPromptEvent, AiResponseEvent,
    AiResponseUtteranceEvent, AiRole, AiSpeechDetectEvent, AiStartEvent, AiState, AiStopEvent,
    AiSwaigActionEvent, AiSwaigEvent, AiTransparentBargeEvent, AiUserSpeakingEvent, AiWarningEvent,
    CallQuality, CallReceiveEvent, CallState, CallStateEvent, Codec, Collect, CollectAction, CollectEvent,
    CollectResultType, ConferenceAcl, ConferenceBeep, ConferenceEvent, ConferenceRecord, ConferenceStatus,
    ConferenceTrim, Confidence, ConnectAction, ConnectEvent, ConnectState, DenoiseEvent, DetectAction,
    DetectEvent, Detector, Device, Devices, DialEvent, DialLeg, DialState, DialedCall, DigitDetector,
    Direction, EchoAction, EchoEvent, EchoState, EndReason, EndSource, ErrorEvent, FabricDevice, FaxDetector,
    FaxEvent, FaxEventType, FaxTone, Gender, HoldEvent, Joined, LiveAction, LiveDelta, LiveDirection,
    LiveLogEntry, LiveMetrics, LiveMode, LivePosition, LiveRole, LiveTranscribeLogEvent,
    LiveTranscribeSummaryEvent, LiveTranscribeUtteranceEvent, LiveTranslateDeltaEvent, LiveTranslateLogEvent,
    LiveTranslateSummaryEvent, LiveTranslation, LiveUtterance, MachineDetector, Media, ParentCall,
    PauseBehavior, PayAction, PayEvent, PayOutcome, PayParameter, PayPrompt, PayResult, PayState, PayStep,
    PeerCall, PhoneDevice, PlayAction, PlayDirection, PlayEvent, PlayState, Playlist, Price, QueueAction,
    QueueDevice, QueueEvent, QueueStatus, ReceiveFaxAction, RecordAction, RecordDirection, RecordEvent,
    RecordFormat, RecordState, ReferAction, ReferEvent, ReferState, ReferTarget, RoomEvent, RoomStatus,
    RtpTap, SendDigitsAction, SendDigitsEvent, SendDigitsState, SendFaxAction, SidecarAction, SidecarAsk,
    SidecarEvent, SidecarKind, SidecarReport, SidecarStatus, SipData, SipDevice, SpeechEngine,
    StandaloneCollectAction, StreamAction, StreamDevice, StreamEvent, StreamState, StreamTrack, TapAction,
    TapDevice, TapEvent, TapState, TokenType, TranscribeAction, TranscribeEvent, TranscribeState, UserEvent,
    WebRtcDevice, WsTap, agora, audio, fabric, phone, queue, refer_to, ringtone, rtp, silence, sip, stream,
    tts, webrtc, ws,
};
pub use client::{
    Action, Call, Client, ClientOutput, ClientState, ClientStats, ConnectionStates, Ending, Events,
    HandleStats, HandlerOutcome, IncomingCalls, MAX_CREDENTIALS_REQUESTS, MAX_POSTED_REQUESTS,
    MAX_RUNNING_HANDLERS, MAX_WAITING_EVENTS, MAX_WAITING_MESSAGES, MAX_WAITING_TASKS, OwnedCall, Raw,
    Request, ResponseFuture, Task, TaskPurpose, Wait,
};
pub use config::{
    Config, DEFAULT_CONNECT_ATTEMPTS, DEFAULT_DRAIN_TIMEOUT, DEFAULT_HOST, DEFAULT_MAX_ACTIVE_CALLS,
    DEFAULT_REQUEST_TIMEOUT, Endpoint, Overflow, SecondSignal, secs,
};
pub use connect_failure::{ConnectFailure, ConnectStage};
pub use credentials::{CredentialPart, Credentials, Secret};
pub use error::{
    AuthenticationFailed, CallGone, Certainty, Closed, ConfigError, ConnectRefusal, ConnectionLost,
    DialFailed, Draining, Error, InvalidArgument, NotFollowed, QueueFull, TimedOut, Unreachable,
};
#[doc(inline)]
pub use events::{Event, EventData, FromUpdate, Missed, UnknownEvent, Update};
pub use ids::{AskId, CallId, ControlId, MessageId, NodeId, Tag, Ticket};
pub use service::{
    Begin, Begun, IncomingTasks, LegacyCall, LegacyExecute, Message, MessageReceiveEvent, MessageState,
    MessageStateEvent, Reauthenticate, SendMessage, Subscription, TaskEvent,
};
pub use service_error::{DestinationError, ErrorReason, FieldError, ServiceError};
#[doc(inline)]
pub use session::{ConnectionState, Io};
