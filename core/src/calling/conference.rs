//! Conferences (`calling.join_conference`, `calling.leave_conference`).

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Accepted, Method, method, params, validate};
use crate::client::{Call, Request};
use crate::enums::open_enum;
use crate::error::{Error, InvalidArgument};
use crate::events::EventData as _;
use crate::events::event;
use crate::ids::CallId;
use crate::json::{object, read_object, text_of};

open_enum! {
    /// When a conference beeps.
    pub enum ConferenceBeep {
        /// When somebody comes or goes; the default.
        Always = "true",
        /// Never.
        Never = "false",
        /// When somebody comes.
        OnEnter = "onEnter",
        /// When somebody goes.
        OnExit = "onExit",
    }
}

open_enum! {
    /// Whether a conference is recorded.
    pub enum ConferenceRecord {
        /// It is not; the default.
        No = "do-not-record",
        /// From its start.
        FromStart = "record-from-start",
    }
}

open_enum! {
    /// Whether silence at the ends of a recording is cut off.
    pub enum ConferenceTrim {
        /// It is; the default.
        Silence = "trim-silence",
        /// It is not.
        Nothing = "do-not-trim",
    }
}

open_enum! {
    /// The access to the recording of a conference.
    pub enum ConferenceAcl {
        /// Only with credentials.
        Private = "private",
        /// Everybody, without credentials.
        PublicRead = "public-read",
    }
}

params! {
    /// Parameters of `calling.join_conference`.
    pub struct JoinConference {
        required { name: String, }
        optional {
            /// Whether the call is only to hear. Default: no.
            muted: bool,
            /// When the conference beeps. Default: when somebody comes or goes.
            beep: ConferenceBeep,
            /// Whether the conference starts when the call joins. Default: yes.
            start_on_enter: bool,
            /// Whether the conference ends when the call leaves. Default: no.
            end_on_exit: bool,
            /// What is played while waiting: the URL of an audio file or of a document. Default: the service's.
            wait_url: String,
            /// How many may take part, 1 to 250. Default: 250.
            max_participants: u32,
            /// Whether the conference is recorded. Default: no.
            record: ConferenceRecord,
            /// The region that hosts it: `global`, `us`, `eu` or `ch`. Default: the service's, `global` by the newer
            /// specification.
            region: String,
            /// Whether silence at the ends of the recording is cut off. Default: yes.
            trim: ConferenceTrim,
            /// The call to coach, by its id. Default: none.
            coach: String,
            /// A URL that receives the conference's events. Default: none.
            status_callback: String,
            /// Which events it receives, from start end join leave mute hold modify speaker announcement,
            /// separated by spaces. Default: the service's.
            status_callback_event: String,
            /// In which form: `relay`, `cxml` or `laml`. Default: `relay`.
            status_callback_event_type: String,
            /// How it is called, `GET` or `POST`. Default: `POST`.
            status_callback_method: String,
            /// A URL that receives the recording's events. Default: none.
            recording_status_callback: String,
            /// Which events it receives, from in-progress completed absent, separated by spaces. Default: the
            /// service's, `completed` by the newer specification.
            recording_status_callback_event: String,
            /// In which form: `relay`, `cxml` or `laml`. Default: the service's, `relay` by the newer specification.
            recording_status_callback_event_type: String,
            /// How it is called, `GET` or `POST`. Default: `POST`.
            recording_status_callback_method: String,
            /// Sets the access to the recording (`acl` on the wire). Default: the service's.
            acl: ConferenceAcl,
            /// Asks for events of status [`CallQuality`](ConferenceStatus::CallQuality) about the connection of the call.
            /// (Known to the newer specification only.) Default: no.
            emit_call_quality: bool,
            /// A stream of the conference's audio: an object with a `wss` `url` and more. Default: none.
            stream: Map<String, Value>,
        }
    }
}

/// A conference that was joined.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// The conference, if the service named it. Leaving takes this id.
    pub conference_id: Option<String>,
}

impl Method for JoinConference {
    type Output = Joined;

    fn name(&self) -> Cow<'static, str> {
        "calling.join_conference".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("name", &self.name)?;
        validate::webhook_method("status_callback_method", self.status_callback_method.as_deref())?;
        for (field, url) in [
            ("wait_url", &self.wait_url),
            ("status_callback", &self.status_callback),
            ("recording_status_callback", &self.recording_status_callback),
        ] {
            validate::maybe_url(field, url.as_deref())?;
        }
        let method = self.recording_status_callback_method.as_deref();
        validate::webhook_method("recording_status_callback_method", method)?;
        self.stream.as_ref().map_or(Ok(()), validate_stream)?;
        match self.max_participants {
            Some(0) => Err(InvalidArgument::new("max_participants", "at least 1 has to be let in")),
            _ => Ok(()),
        }
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Joined, Error> {
        let value = result?.reply.value();
        let conference_id = value.get("conference_id").and_then(text_of).map(Cow::into_owned);
        Ok(Joined { conference_id })
    }
}

fn validate_stream(stream: &Map<String, Value>) -> Result<(), InvalidArgument> {
    let text = |name: &str| stream.get(name).and_then(Value::as_str);
    validate::scheme("stream.url", text("url").unwrap_or_default(), &["wss"])?;
    if let Some(url) = stream.get("status_url") {
        validate::web_url("stream.status_url", url.as_str().unwrap_or_default())?;
    }
    match stream.get("status_url_method") {
        Some(method) => {
            validate::webhook_method("stream.status_url_method", Some(method.as_str().unwrap_or_default()))
        }
        None => Ok(()),
    }
}

params! {
    /// Parameters of `calling.leave_conference`.
    pub struct LeaveConference {
        required { conference_id: String, }
    }
}

method!(LeaveConference, "calling.leave_conference", validate: |leave| {
    validate::not_empty("conference_id", &leave.conference_id)
});

impl Call {
    /// Joins a conference, by its name (`calling.join_conference`). [`ConferenceEvent`]s tell who comes and goes.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let joined = call.join_conference("standup").muted(true).await?;
    /// if let Some(conference_id) = joined.conference_id {
    ///     call.leave_conference(conference_id).await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn join_conference(&self, name: impl Into<String>) -> Request<JoinConference> {
        self.request(JoinConference::new(name.into()))
    }

    /// Leaves a conference, by its id (`calling.leave_conference`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.leave_conference("f-1").await?;
    /// # Ok(()) }
    /// ```
    pub fn leave_conference(&self, conference_id: impl Into<String>) -> Request<LeaveConference> {
        self.request(LeaveConference::new(conference_id.into()))
    }
}

open_enum! {
    /// What happened in a conference. Empty if the service does not say, as it may be with bots and announcements.
    pub enum ConferenceStatus {
        /// It began.
        Start = "conference-start",
        /// It is over.
        End = "conference-end",
        /// Somebody came.
        Join = "participant-join",
        /// Somebody went.
        Leave = "participant-leave",
        /// Somebody was muted.
        Mute = "participant-mute",
        /// Somebody is no longer muted.
        Unmute = "participant-unmute",
        /// Somebody was put on hold.
        Hold = "participant-hold",
        /// Somebody is no longer on hold.
        Unhold = "participant-unhold",
        /// Somebody speaks.
        SpeechStart = "participant-speech-start",
        /// Somebody has stopped speaking.
        SpeechStop = "participant-speech-stop",
        /// Something about somebody changed.
        Modify = "participant-modify",
        /// The quality of the connection of a participant: [`ConferenceEvent::call_quality`].
        CallQuality = "participant-call-quality",
        /// An announcement is over.
        AnnouncementEnd = "announcement-end",
        /// An announcement could not be played.
        AnnouncementFail = "announcement-fail",
        /// A bot came.
        BotJoin = "bot-join",
        /// A bot went.
        BotLeave = "bot-leave",
        /// The recording began.
        RecordStart = "record-start",
        /// The recording was paused.
        RecordPause = "record-pause",
        /// The recording goes on.
        RecordResume = "record-resume",
        /// The recording is over.
        RecordStop = "record-stop",
    }
}

event! {
    /// `calling.conference`: something happened in a conference. Those that name no call reach
    /// [`Client::events`](crate::Client::events).
    pub struct ConferenceEvent(Conference, "calling.conference", addressed) {
        /// The conference.
        pub conference_id: String,
        /// Its name.
        pub name: String,
        /// What happened; empty if the service does not say.
        pub status: ConferenceStatus,
        /// How many take part now.
        pub size: Option<u64>,
        /// Whether the participant is muted.
        pub muted: Option<bool>,
        /// Whether the participant is on hold.
        pub hold: Option<bool>,
        /// Whether the participant coaches.
        pub coaching: Option<bool>,
        /// Whether the participant's coming starts the conference.
        pub start_on_join: Option<bool>,
        /// Whether the participant's going ends the conference.
        pub end_on_leave: Option<bool>,
        /// Where the recording is.
        pub recording_url: Option<String>,
        /// How large the recording is, in bytes.
        pub recording_file_size: Option<u64>,
        /// How long the recording is.
        pub recording_duration: Option<Duration>,
        /// Why it is over.
        pub reason_ended: Option<String>,
        /// The call whose going ended it.
        pub call_id_ending_conf: Option<CallId>,
        /// The call that the participant coaches. (By the newer specification.)
        pub call_id_to_coach: Option<CallId>,
        /// The announcement, by its URL. (By the newer specification.)
        pub announce_url: Option<String>,
        /// The region that hosts it.
        pub region: Option<String>,
    }
}

impl ConferenceEvent {
    /// Returns the figures of an event of status [`CallQuality`](ConferenceStatus::CallQuality), which
    /// [`emit_call_quality`](Request::emit_call_quality) asks for; `None` if the event has none. (By the newer
    /// specification.)
    pub fn call_quality(&self) -> Option<CallQuality> {
        let figures: QualityFigures = read_object(self.meta().raw());
        let quality = CallQuality::from(figures);
        (quality != CallQuality::default()).then_some(quality)
    }
}

/// The quality of the connection of a participant of a conference. The service writes each figure as a text, at the top of
/// the event and under the name that the field has here; numbers are read as well.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct CallQuality {
    /// The average round-trip time (milliseconds on the wire).
    pub rtt_avg: Option<Duration>,
    /// The shortest round-trip time (milliseconds on the wire).
    pub rtt_min: Option<Duration>,
    /// The longest round-trip time (milliseconds on the wire).
    pub rtt_max: Option<Duration>,
    /// The smallest jitter of what is sent (milliseconds on the wire).
    pub out_jitter_min: Option<Duration>,
    /// The largest jitter of what is sent (milliseconds on the wire).
    pub out_jitter_max: Option<Duration>,
    /// The average jitter of what is sent (milliseconds on the wire).
    pub out_jitter_avg: Option<Duration>,
    /// The loss of what is sent, as the service counts it.
    pub out_lost: Option<f64>,
    /// The bytes of media that came in.
    pub in_media_bytes: Option<u64>,
    /// The packets of media that came in.
    pub in_media_packet_count: Option<u64>,
    /// The packets that were skipped.
    pub in_skip_packet_count: Option<u64>,
    /// The packets that came in with jitter.
    pub in_jitter_packet_count: Option<u64>,
    /// The packets of keys that came in.
    pub in_dtmf_packet_count: Option<u64>,
    /// The packets of comfort noise that came in.
    pub in_cng_packet_count: Option<u64>,
    /// The packets that were flushed.
    pub in_flush_packet_count: Option<u64>,
    /// The flaws of what came in.
    pub in_flaws_total: Option<u64>,
    /// The quality of what came in, as percent.
    pub in_quality_percentage: Option<f64>,
    /// The quality of what came in, as a mean opinion score from about 1 to 5.
    pub in_mos: Option<f64>,
    /// The bytes of media that were sent.
    pub out_media_bytes: Option<u64>,
    /// The packets of media that were sent.
    pub out_media_packet_count: Option<u64>,
    /// The packets of keys that were sent.
    pub out_dtmf_packet_count: Option<u64>,
    /// The packets of comfort noise that were sent.
    pub out_cng_packet_count: Option<u64>,
}

object! {
    struct QualityFigures {
        rtt_avg: Option<f64>,
        rtt_min: Option<f64>,
        rtt_max: Option<f64>,
        out_jitter_min: Option<f64>,
        out_jitter_max: Option<f64>,
        out_jitter_avg: Option<f64>,
        out_lost: Option<f64>,
        in_media_bytes: Option<u64>,
        in_media_packet_count: Option<u64>,
        in_skip_packet_count: Option<u64>,
        in_jitter_packet_count: Option<u64>,
        in_dtmf_packet_count: Option<u64>,
        in_cng_packet_count: Option<u64>,
        in_flush_packet_count: Option<u64>,
        in_flaws_total: Option<u64>,
        in_quality_percentage: Option<f64>,
        in_mos: Option<f64>,
        out_media_bytes: Option<u64>,
        out_media_packet_count: Option<u64>,
        out_dtmf_packet_count: Option<u64>,
        out_cng_packet_count: Option<u64>,
    }
}

impl From<QualityFigures> for CallQuality {
    fn from(figures: QualityFigures) -> Self {
        let time = |milliseconds: Option<f64>| {
            milliseconds.and_then(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1e3).ok())
        };
        Self {
            rtt_avg: time(figures.rtt_avg),
            rtt_min: time(figures.rtt_min),
            rtt_max: time(figures.rtt_max),
            out_jitter_min: time(figures.out_jitter_min),
            out_jitter_max: time(figures.out_jitter_max),
            out_jitter_avg: time(figures.out_jitter_avg),
            out_lost: figures.out_lost,
            in_media_bytes: figures.in_media_bytes,
            in_media_packet_count: figures.in_media_packet_count,
            in_skip_packet_count: figures.in_skip_packet_count,
            in_jitter_packet_count: figures.in_jitter_packet_count,
            in_dtmf_packet_count: figures.in_dtmf_packet_count,
            in_cng_packet_count: figures.in_cng_packet_count,
            in_flush_packet_count: figures.in_flush_packet_count,
            in_flaws_total: figures.in_flaws_total,
            in_quality_percentage: figures.in_quality_percentage,
            in_mos: figures.in_mos,
            out_media_bytes: figures.out_media_bytes,
            out_media_packet_count: figures.out_media_packet_count,
            out_dtmf_packet_count: figures.out_dtmf_packet_count,
            out_cng_packet_count: figures.out_cng_packet_count,
        }
    }
}
