//! Recording (`calling.record`).

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::{AfterGap, Control, method, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::{object, write_seconds, zero_if_unlimited};

open_enum! {
    /// The file format of a recording.
    pub enum RecordFormat {
        /// MP3; the default.
        Mp3 = "mp3",
        /// WAV.
        Wav = "wav",
        /// MP4.
        Mp4 = "mp4",
    }
}

open_enum! {
    /// Whose voice is recorded.
    pub enum RecordDirection {
        /// What the call's party hears.
        Listen = "listen",
        /// What the call's party says; the default.
        Speak = "speak",
        /// Both.
        Both = "both",
    }
}

open_enum! {
    /// How a recording is getting on.
    pub enum RecordState {
        /// It records.
        Recording = "recording",
        /// It is paused.
        Paused = "paused",
        /// It is over and there is a file.
        Finished = "finished",
        /// Nobody said anything.
        NoInput = "no_input",
        /// It failed.
        Error = "error",
    }
}

open_enum! {
    /// What becomes of the time that a recording is paused.
    pub enum PauseBehavior {
        /// It is left out; the default.
        Skip = "skip",
        /// It is recorded as silence, so that times stay right.
        Silence = "silence",
    }
}

params! {
    /// Parameters of `calling.record`.
    pub struct Record {
        required { record: RecordMedia, }
        optional {
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct RecordMedia {
    audio: RecordAudio,
}

#[derive(Debug, Default, Serialize)]
struct RecordAudio {
    #[serde(skip_serializing_if = "Option::is_none")]
    beep: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<RecordFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stereo: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<RecordDirection>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    initial_timeout: Option<Duration>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    end_silence_timeout: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminators: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_sensitivity: Option<f64>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    max_length: Option<Duration>,
}

impl Record {
    fn validate(&self) -> Result<(), InvalidArgument> {
        let audio = &self.record.audio;
        validate::keys("terminators", audio.terminators.as_deref())?;
        if let Some(sensitivity) = audio.input_sensitivity
            && !(0.0..=100.0).contains(&sensitivity)
        {
            return Err(InvalidArgument::new(
                "input_sensitivity",
                format!("{sensitivity} is outside 0 to 100"),
            ));
        }
        validate::optional_web_url("status_url", self.status_url.as_deref())
    }
}

operation!(
    Record,
    "calling.record",
    ControlId,
    RecordEvent,
    ends: |event| {
        matches!(event.state, RecordState::Finished | RecordState::NoInput | RecordState::Error)
    },
    late: true,
    after_gap: |_| AfterGap::restate("calling.record.resume", None),
    validate: Record::validate
);

impl Request<Record> {
    fn audio(mut self, set: impl FnOnce(&mut RecordAudio)) -> Self {
        set(&mut self.method.record.audio);
        self
    }

    /// Whether a tone precedes the recording. Default: no.
    pub fn beep(self, yes: bool) -> Self {
        self.audio(|audio| audio.beep = Some(yes))
    }

    /// The file format. Default: the service's, MP3.
    pub fn format(self, format: RecordFormat) -> Self {
        self.audio(|audio| audio.format = Some(format))
    }

    /// Whether the two parties are on channels of their own. Default: no.
    pub fn stereo(self, yes: bool) -> Self {
        self.audio(|audio| audio.stereo = Some(yes))
    }

    /// Whose voice is recorded. Default: that of the call's party.
    pub fn direction(self, direction: RecordDirection) -> Self {
        self.audio(|audio| audio.direction = Some(direction))
    }

    /// How long to wait for the first sound; zero, and a time that nobody waits for such as [`Duration::MAX`], is for ever. When it passes the recording ends with
    /// [`RecordState::NoInput`]. Default: the service's: for ever by the newer specification, 4 s or 5 s by other
    /// documents. Set it where the recording has to end if nobody speaks.
    pub fn initial_timeout(self, time: Duration) -> Self {
        self.audio(|audio| audio.initial_timeout = Some(zero_if_unlimited(time)))
    }

    /// The silence that ends the recording; zero, and a time such as [`Duration::MAX`], is none. Default: the service's: none by the newer specification,
    /// 0.5 s to 5 s by other documents. Set it where the recording has to end by silence.
    pub fn end_silence_timeout(self, time: Duration) -> Self {
        self.audio(|audio| audio.end_silence_timeout = Some(zero_if_unlimited(time)))
    }

    /// The keys that end the recording, from `0-9 A-D * #`; empty is none. Default: the service's: `#` by the
    /// newer specification, `#*` by the SDKs.
    pub fn terminators(self, keys: impl Into<String>) -> Self {
        self.audio(|audio| audio.terminators = Some(keys.into()))
    }

    /// How loud a sound has to be to count, 0 to 100. Default: the service's, 44.
    pub fn input_sensitivity(self, sensitivity: impl Into<f64>) -> Self {
        self.audio(|audio| audio.input_sensitivity = Some(sensitivity.into()))
    }

    /// The longest duration of the recording; zero, and a time such as [`Duration::MAX`], is without limit. Default: no limit.
    pub fn max_length(self, time: Duration) -> Self {
        self.audio(|audio| audio.max_length = Some(zero_if_unlimited(time)))
    }
}

/// A running recording. Dropping it lets the recording go on.
///
/// A recording has no volume:
///
/// ```compile_fail
/// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
/// call.record().await?.volume(3.0);
/// # Ok(()) }
/// ```
pub type RecordAction = Action<Record>;

/// Steering a recording. On one that is over each of these succeeds and does nothing.
///
/// ```
/// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
/// use signalwire_relay_core::PauseBehavior;
/// let recording = call.record().await?;
/// recording.pause().behavior(PauseBehavior::Silence).await?;
/// recording.resume().await?;
/// recording.stop().await?;
/// println!("{:?}", recording.wait().await?.duration());
/// # Ok(()) }
/// ```
impl Action<Record> {
    /// Ends the recording (`calling.record.stop`). Succeeds if it is over already.
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.record.stop"))
    }

    /// Pauses the recording (`calling.record.pause`).
    pub fn pause(&self) -> Request<PauseRecord> {
        self.control(PauseRecord::new())
    }

    /// Goes on after a pause (`calling.record.resume`).
    pub fn resume(&self) -> Request<Control> {
        self.control(Control::new("calling.record.resume"))
    }
}

params! {
    /// Parameters of `calling.record.pause`.
    pub struct PauseRecord {
        optional {
            /// What becomes of the pause. Default: the service's, [`PauseBehavior::Skip`].
            behavior: PauseBehavior,
        }
    }
}

method!(PauseRecord, "calling.record.pause");

impl Call {
    /// Records the call (`calling.record`).
    ///
    /// Done when the service has accepted it; the [`RecordAction`] gives the file's URL when it is over.
    ///
    /// # Completion
    ///
    /// A terminator key, [`stop`](Action::stop), [`max_length`](Request::max_length), the end of the call, and silence, if
    /// [`initial_timeout`](Request::initial_timeout) and [`end_silence_timeout`](Request::end_silence_timeout) are set.
    /// Without any of these a recording of somebody who says nothing may last as long as the call.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use std::time::Duration;
    /// let silence = Duration::from_secs(3);
    /// let voicemail = call.record().beep(true).initial_timeout(2 * silence).end_silence_timeout(silence).await?;
    /// println!("{:?}", voicemail.wait().await?.url());
    /// # Ok(()) }
    /// ```
    pub fn record(&self) -> Request<Record> {
        self.request(Record::new(RecordMedia::default()))
    }
}

event! {
    /// `calling.call.record`: a recording got on.
    pub struct RecordEvent(Record, "calling.call.record", keyed, addressed) {
        /// How it is getting on.
        pub state: RecordState,
        /// The recording as a file.
        pub recording_id: Option<String>,
        /// When it began; told at its end.
        pub start_time: Option<SystemTime>,
        /// When the first frame was recorded, which is more exact than the start. (By the newer specification, in seconds.)
        pub first_frame_time: Option<SystemTime>,
        /// When it ended; told at its end.
        pub end_time: Option<SystemTime>,
        /// What becomes of the time that it is paused; told when it is.
        pub pause_behavior: Option<PauseBehavior>,
        url: Option<String>,
        duration: Option<Duration>,
        size: Option<u64>,
        record: RecordFile,
    }
}

impl RecordEvent {
    /// Where the file is.
    pub fn url(&self) -> Option<&str> {
        self.record.url.as_deref().or(self.url.as_deref())
    }

    /// How long the recording is.
    pub fn duration(&self) -> Option<Duration> {
        self.record.duration.or(self.duration)
    }

    /// How large the file is, in bytes.
    pub fn size(&self) -> Option<u64> {
        self.record.size.or(self.size)
    }

    /// The file format.
    pub fn format(&self) -> Option<&RecordFormat> {
        self.record.audio.format.as_ref().or(self.record.format.as_ref())
    }

    /// Whose voice is recorded.
    pub fn direction(&self) -> Option<&RecordDirection> {
        self.record.audio.direction.as_ref()
    }

    /// Whether the two parties are on channels of their own.
    pub fn stereo(&self) -> Option<bool> {
        self.record.audio.stereo
    }
}

object! {
    /// What the service says of the file where it does so in the `record` member, not at the top of the event.
    struct RecordFile {
        url: Option<String>,
        duration: Option<Duration>,
        size: Option<u64>,
        format: Option<RecordFormat>,
        audio: RecordedAudio,
    }
}

object! {
    /// How the recording was asked for.
    struct RecordedAudio {
        format: Option<RecordFormat>,
        direction: Option<RecordDirection>,
        stereo: Option<bool>,
    }
}
