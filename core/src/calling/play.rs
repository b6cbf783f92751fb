//! Playing audio, speech, silence and tones (`calling.play`).

use std::time::Duration;

use super::{
    AfterGap, Control, Playlist, RingtoneMedia, audio, operation, params, ringtone, silence, tts, validate,
    voice_setters,
};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::events::event;

open_enum! {
    /// Who hears what is played.
    pub enum PlayDirection {
        /// The call's own party; the default.
        Listen = "listen",
        /// The party it is connected to.
        Speak = "speak",
        /// Both.
        Both = "both",
    }
}

open_enum! {
    /// How a play is getting on.
    pub enum PlayState {
        /// It is heard.
        Playing = "playing",
        /// It is paused.
        Paused = "paused",
        /// It is over, by itself or because it was stopped.
        Finished = "finished",
        /// It failed.
        Error = "error",
    }
}

params! {
    /// Parameters of `calling.play`.
    pub struct Play {
        required { play: Playlist, }
        optional {
            /// How loud, −40 to 40 dB relative to the source. Default 0.
            volume: f64,
            /// Who hears it. Default: the call's own party.
            direction: PlayDirection,
            /// How often the whole list is played (`loop` on the wire); 0 is until stopped. Default 1.
            #[serde(rename = "loop")]
            repeat: u32,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

operation!(
    Play,
    "calling.play",
    ControlId,
    PlayEvent,
    ends: |event| matches!(event.state, PlayState::Finished | PlayState::Error),
    after_gap: |play| AfterGap::restate("calling.play.volume", Some(play.volume.unwrap_or(0.0))),
    missed_end: r#"{"state": "finished"}"#,
    validate: |play| {
        play.play.validate("play")?;
        validate::volume(play.volume)?;
        validate::optional_web_url("status_url", play.status_url.as_deref())
    }
);

voice_setters!(Play);

/// A running play. Dropping it lets the play go on.
pub type PlayAction = Action<Play>;

/// Steering a play. On one that is over each of these succeeds and does nothing.
///
/// ```
/// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
/// let play = call.play_audio("https://example.com/music.mp3").repeat(0_u32).await?;
/// play.pause().await?;
/// play.resume().await?;
/// play.volume(-10.0).await?;
/// play.stop().await?;
/// # Ok(()) }
/// ```
impl Action<Play> {
    /// Stops playing (`calling.play.stop`). Succeeds if it is over already.
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.play.stop"))
    }

    /// Pauses (`calling.play.pause`).
    pub fn pause(&self) -> Request<Control> {
        self.control(Control::new("calling.play.pause"))
    }

    /// Goes on after a pause (`calling.play.resume`).
    pub fn resume(&self) -> Request<Control> {
        self.control(Control::new("calling.play.resume"))
    }

    /// Sets the volume, −40 to 40 dB relative to the source (`calling.play.volume`).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) outside of that: nothing was sent then.
    pub fn volume(&self, db: f64) -> Request<Control> {
        self.control(Control::volume("calling.play.volume", db))
    }
}

impl Call {
    /// Plays a list of audio files, texts, silences and tones (`calling.play`).
    ///
    /// Done when the service has accepted it; the [`PlayAction`] tells when it is over.
    ///
    /// # Completion
    ///
    /// The end of the list, played as often as [`repeat`](Request::repeat) says; media that cannot be played;
    /// [`stop`](Action::stop); the end of the call. With `repeat(0)` it goes on until it is stopped.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{audio, tts};
    /// let play = call.play(tts("One moment.").then(audio("https://example.com/hold.mp3"))).volume(-3.0).await?;
    /// play.pause().await?;
    /// play.resume().await?;
    /// play.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn play(&self, media: impl Into<Playlist>) -> Request<Play> {
        self.request(Play::new(media.into()))
    }

    /// Speaks a text (`calling.play`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.play_tts("Buongiorno").language("it-IT").await?.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn play_tts(&self, text: impl Into<String>) -> Request<Play> {
        self.play(tts(text))
    }

    /// Plays the audio file at an `http` or `https` URL (`calling.play`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.play_audio("https://example.com/welcome.mp3").repeat(2_u32).await?;
    /// # Ok(()) }
    /// ```
    pub fn play_audio(&self, url: impl Into<String>) -> Request<Play> {
        self.play(audio(url))
    }

    /// Plays silence of a length above zero (`calling.play`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.play_silence(std::time::Duration::from_secs(2)).await?.wait().await?;
    /// # Ok(()) }
    /// ```
    pub fn play_silence(&self, duration: Duration) -> Request<Play> {
        self.play(silence(duration))
    }

    /// Plays a ringing tone: a country's two-letter code in lower case, or [`ringtone`] with a duration
    /// (`calling.play`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// call.play_ringtone("us").await?;
    /// # Ok(()) }
    /// ```
    pub fn play_ringtone(&self, name: impl Into<RingtoneMedia>) -> Request<Play> {
        self.play(name.into())
    }
}

impl From<&str> for RingtoneMedia {
    fn from(country: &str) -> Self {
        ringtone(country)
    }
}

event! {
    /// `calling.call.play`: a play, or the prompt of a collect, got on.
    pub struct PlayEvent(Play, "calling.call.play", keyed) {
        /// How it is getting on.
        pub state: PlayState,
    }
}
