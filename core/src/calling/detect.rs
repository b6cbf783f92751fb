//! Detecting machines, faxes and keys (`calling.detect`).

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{AfterGap, Control, operation, params, validate};
use crate::client::{Action, Call, Request, Wait};
use crate::enums::open_enum;
use crate::enums::variants;
use crate::error::InvalidArgument;
use crate::events::event;
use crate::json::{object, write_seconds};

open_enum! {
    /// A fax tone.
    pub enum FaxTone {
        /// That of a called fax machine.
        Ced = "CED",
        /// That of a calling fax machine.
        Cng = "CNG",
    }
}

/// What to detect.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "params", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Detector {
    /// Whether a person or a machine answered.
    Machine(MachineDetector),
    /// A fax tone.
    Fax(FaxDetector),
    /// Keys.
    Digit(DigitDetector),
    /// Anything else: the whole object, `type` and `params` included.
    #[serde(untagged)]
    Raw(Value),
}

/// Detects answering machines. All times default to the service's.
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct MachineDetector {
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    initial_timeout: Option<Duration>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    end_silence_timeout: Option<Duration>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    machine_ready_timeout: Option<Duration>,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    machine_voice_threshold: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine_words_threshold: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detect_interruptions: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detect_message_end: Option<bool>,
}

/// Detects fax tones.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FaxDetector {
    #[serde(skip_serializing_if = "Option::is_none")]
    tone: Option<FaxTone>,
}

/// Detects keys.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DigitDetector {
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<String>,
}

impl Detector {
    fn validate(&self) -> Result<(), InvalidArgument> {
        match self {
            Self::Digit(digit) => validate::keys("digits", digit.digits.as_deref()),
            _ => Ok(()),
        }
    }
}

params! {
    /// Parameters of `calling.detect`.
    pub struct Detect {
        required { detect: Detector, }
        optional {
            /// How long the detector runs. Default: the service's, 30 s. (To limit waiting for the service's
            /// answer, use [`timeout`](Request::timeout).)
            #[serde(rename = "timeout", serialize_with = "write_seconds")]
            run_for: Duration,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

/// How long a detection runs by default.
const DETECT_TIMEOUT: Duration = Duration::from_secs(30);

operation!(
    Detect,
    "calling.detect",
    ControlId,
    DetectEvent,
    answers: DetectEvent::is_result,
    ends: DetectEvent::is_last,
    after_gap: |detect| AfterGap::limit(detect.run_for.unwrap_or(DETECT_TIMEOUT)),
    validate: |detect| {
        detect.detect.validate()?;
        validate::optional_web_url("status_url", detect.status_url.as_deref())
    }
);

macro_rules! machine_setters {
    ($( $(#[doc = $doc:literal])+ $field:ident: $type:ty, )+) => {
        impl Request<Detect> {
            $(
                $(#[doc = $doc])+
                pub fn $field(mut self, value: $type) -> Self {
                    if let Detector::Machine(machine) = &mut self.method.detect {
                        machine.$field = Some(value);
                    }
                    self
                }
            )+
        }

        impl MachineDetector {
            $(
                $(#[doc = $doc])+
                pub fn $field(mut self, value: $type) -> Self {
                    self.$field = Some(value);
                    self
                }
            )+
        }
    };
}

machine_setters! {
    /// For machines: how long to wait for a voice. Default: the service's, 4.5 s.
    initial_timeout: Duration,
    /// For machines: the silence that ends an utterance. Default: the service's, 1 s.
    end_silence_timeout: Duration,
    /// For machines: how long to wait for the end of the greeting. Default: as the silence.
    machine_ready_timeout: Duration,
    /// For machines: a voice longer than this is a machine's. Default: the service's, 1.25 s.
    machine_voice_threshold: Duration,
    /// For machines: more words than this are a machine's. Default: the service's, 6.
    machine_words_threshold: u32,
    /// For machines: whether interruptions are detected. Default: no.
    detect_interruptions: bool,
    /// For machines: whether the end of the greeting is reported. Default: the service's, yes.
    detect_message_end: bool,
}

impl FaxDetector {
    /// The tone to listen for. Default: the service's: [`FaxTone::Ced`] by the newer specification, either by another
    /// document.
    pub fn tone(mut self, tone: FaxTone) -> Self {
        self.tone = Some(tone);
        self
    }
}

impl DigitDetector {
    /// The keys to listen for, from `0-9 A-D * #`. Default: the service's, all but the letters.
    pub fn digits(mut self, keys: impl Into<String>) -> Self {
        self.digits = Some(keys.into());
        self
    }
}

variants! {
    Detector {
        Machine(MachineDetector),
        Fax(FaxDetector),
        Digit(DigitDetector),
    }
}

/// A running detector. [`wait`](Action::wait) gives the first result that means something; the detector may go on
/// after it, and [`events`](Action::events) follows it. Dropping it lets it run on.
pub type DetectAction = Action<Detect>;

impl Action<Detect> {
    /// Stops detecting (`calling.detect.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let detect = call.detect_digit(None).await?;
    /// detect.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.detect.stop"))
    }

    /// Waits until the greeting of a machine is over and a message can be left
    /// ([`DetectEvent::is_ready`]), or until the detector is over without. A machine that speaks again is not ready any more.
    ///
    /// Dropping it only stops waiting.
    ///
    /// # Errors
    /// [`Error::CallGone`](crate::Error::CallGone) if the call ends first.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::secs;
    /// let detect = call.detect_answering_machine().await?;
    /// if detect.ready().timeout(secs(40)).await?.is_ready() {
    ///     call.play_tts("Please call us back.").await?.wait().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn ready(&self) -> Wait<DetectEvent> {
        self.wait_until(|event| match event.result() {
            "READY" => Some(true),
            "NOT_READY" => Some(false),
            _ => None,
        })
    }
}

impl Call {
    /// Starts a detector (`calling.detect`).
    ///
    /// # Completion
    ///
    /// [`run_for`](Request::run_for), 30 s by default; [`stop`](Action::stop); the end of the call. Waiting for the
    /// action is over before that, with the first result that means something.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{MachineDetector, secs};
    /// let detector = MachineDetector::default().initial_timeout(secs(6));
    /// println!("{:?}", call.detect(detector).run_for(secs(20)).await?.wait().await?.result());
    /// # Ok(()) }
    /// ```
    pub fn detect(&self, detector: impl Into<Detector>) -> Request<Detect> {
        self.request(Detect::new(detector.into()))
    }

    /// Detects whether a person or a machine answered (`calling.detect`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let detect = call.detect_answering_machine().await?;
    /// if detect.wait().await?.is_machine() {
    ///     detect.ready().await?;
    ///     call.play_tts("Please call us back.").await?.wait().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn detect_answering_machine(&self) -> Request<Detect> {
        self.detect(MachineDetector::default())
    }

    /// Detects a fax tone (`calling.detect`).
    ///
    /// Without a tone the service listens for [`FaxTone::Ced`], that of a called machine, by the newer specification; by
    /// another document for either tone. A fax machine that calls sends [`FaxTone::Cng`]. To recognise both for certain,
    /// run a detector for each:
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::FaxTone;
    /// let (calling, called) = (call.detect_fax(FaxTone::Cng).await?, call.detect_fax(FaxTone::Ced).await?);
    /// let is_fax = calling.wait().await?.result() == "CNG" || called.wait().await?.result() == "CED";
    /// # let _ = is_fax;
    /// # Ok(()) }
    /// ```
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::FaxTone;
    /// call.detect_fax(FaxTone::Ced).await?.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn detect_fax(&self, tone: impl Into<Option<FaxTone>>) -> Request<Detect> {
        self.detect(FaxDetector { tone: tone.into() })
    }

    /// Detects a key, of those given or of all (`calling.detect`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let key = call.detect_digit("12#").await?.wait().await?;
    /// println!("{:?}", key.result());
    /// # Ok(()) }
    /// ```
    pub fn detect_digit<'a>(&self, digits: impl Into<Option<&'a str>>) -> Request<Detect> {
        self.detect(DigitDetector { digits: digits.into().map(str::to_owned) })
    }
}

object! {
    /// What a detector found.
    pub struct Detected {
        /// What it was looking for: `machine`, `fax` or `digit`.
        pub kind as "type": String,
        params: DetectedParams,
    }
}

object! {
    struct DetectedParams {
        event: String,
        beep: Option<bool>,
    }
}

event! {
    /// `calling.call.detect`: a detector found something, or is over.
    pub struct DetectEvent(Detect, "calling.call.detect", keyed, addressed) {
        /// What it found.
        pub detect: Option<Detected>,
        /// `finished` or `error` if it is over, in some versions of the service.
        pub state: Option<String>,
    }
}

impl DetectEvent {
    /// What was found: `HUMAN`, `MACHINE`, `UNKNOWN`, `READY`, `NOT_READY`, `CED`, `CNG`, a key; or `finished` or
    /// `error`. Empty if the event does not say.
    pub fn result(&self) -> &str {
        self.detect.as_ref().map_or("", |detected| &detected.params.event)
    }

    /// Whether a person answered.
    pub fn is_human(&self) -> bool {
        self.result() == "HUMAN"
    }

    /// Whether a machine answered.
    pub fn is_machine(&self) -> bool {
        matches!(self.result(), "MACHINE" | "READY" | "NOT_READY")
    }

    /// Whether a machine's greeting is over.
    pub fn is_ready(&self) -> bool {
        self.result() == "READY"
    }

    /// Whether a beep was heard.
    pub fn beep(&self) -> bool {
        self.detect.as_ref().and_then(|detected| detected.params.beep).unwrap_or(false)
    }

    fn is_result(&self) -> bool {
        !matches!(self.result(), "" | "NOT_READY")
    }

    fn is_last(&self) -> bool {
        matches!(self.result(), "finished" | "error")
            || matches!(self.state.as_deref(), Some("finished" | "error"))
    }
}
