//! Prompting for keys and speech (`calling.play_and_collect`).

use super::{
    AfterGap, Collect, CollectEvent, Control, Playlist, audio, operation, params, tts, validate,
    voice_setters,
};
use crate::client::{Action, Call, Request};

params! {
    /// Parameters of `calling.play_and_collect`.
    pub struct PlayAndCollect {
        required { play: Playlist, collect: Collect, }
        optional {
            /// How loud the prompt is, −40 to 40 dB relative to the source. Default 0.
            volume: f64,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

// The prompt and the input share one control id; the end of the prompt is not the end of the input.
operation!(
    PlayAndCollect,
    "calling.play_and_collect",
    ControlId,
    CollectEvent,
    ends: CollectEvent::is_last,
    after_gap: |prompt| {
        AfterGap::restate("calling.play_and_collect.volume", Some(prompt.volume.unwrap_or(0.0)))
    },
    validate: |prompt| {
        prompt.play.validate("play")?;
        prompt.collect.validate()?;
        validate::volume(prompt.volume)?;
        validate::optional_web_url("status_url", prompt.status_url.as_deref())
    }
);

voice_setters!(PlayAndCollect);

impl Request<PlayAndCollect> {
    /// Sets the smallest number of keys that counts as input (`digits.min` on the wire), for a prompt that collects keys. Only
    /// prompts have it: a [collect](Call::collect) has no such parameter. (Known to the newer specification only.) Default:
    /// none.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::Collect;
    /// let pin = call.prompt_tts("Four to six keys, please.", Collect::digits(6)).min_digits(4).await?;
    /// println!("{:?}", pin.wait().await?.digits());
    /// # Ok(()) }
    /// ```
    pub fn min_digits(mut self, min: u32) -> Self {
        self.method.collect.set_min_digits(min);
        self
    }
}

/// A running prompt. It is over when the input is, not when the prompt has been heard. Dropping it lets it go
/// on.
pub type CollectAction = Action<PlayAndCollect>;

/// Steering a prompt. On one that is over each of these succeeds and does nothing.
///
/// ```
/// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
/// use signalwire_relay_core::Collect;
/// let prompt = call.prompt_tts("Your PIN, please.", Collect::digits(4)).await?;
/// prompt.volume(6.0).await?;
/// prompt.stop().await?;
/// # Ok(()) }
/// ```
impl Action<PlayAndCollect> {
    /// Stops prompting and collecting (`calling.play_and_collect.stop`). Succeeds if it is over already.
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.play_and_collect.stop"))
    }

    /// Sets the volume of the prompt, −40 to 40 dB relative to the source (`calling.play_and_collect.volume`).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) outside of that: nothing was sent then.
    pub fn volume(&self, db: f64) -> Request<Control> {
        self.control(Control::volume("calling.play_and_collect.volume", db))
    }

    /// Starts the clock for the first input (`calling.collect.start_input_timers`). Older services only: by the newer
    /// specification the clock of a prompt runs by itself.
    pub fn start_input_timers(&self) -> Request<Control> {
        self.control(Control::new("calling.collect.start_input_timers"))
    }
}

impl Call {
    /// Plays a prompt and collects keys or speech; input cuts the prompt short (`calling.play_and_collect`).
    ///
    /// Done when the service has accepted it; the [`CollectAction`] gives the result.
    ///
    /// # Errors
    /// [`Error::ServiceError`](crate::Error::ServiceError) with the code 409 while another prompt runs on the call, or an AI agent, by
    /// the newer specification.
    ///
    /// # Completion
    ///
    /// Input that is complete; [`initial_timeout`](Collect::initial_timeout), 4 s by default and counted from the end
    /// of the prompt, if there is none; [`stop`](Action::stop); the end of the call. By the newer specification its
    /// clock always runs; by the SDKs it can be [held back](Collect::start_input_timers).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::{Collect, audio, secs, tts};
    /// let prompt = audio("https://example.com/chime.mp3").then(tts("Your PIN, please."));
    /// let pin = call.play_and_collect(prompt, Collect::digits(4).initial_timeout(secs(8))).await?;
    /// println!("{:?}", pin.wait().await?.digits());
    /// # Ok(()) }
    /// ```
    pub fn play_and_collect(&self, media: impl Into<Playlist>, collect: Collect) -> Request<PlayAndCollect> {
        self.request(PlayAndCollect::new(media.into(), collect))
    }

    /// Speaks a prompt and collects keys or speech (`calling.play_and_collect`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::Collect;
    /// let menu = call.prompt_tts("Press 1 or 2.", Collect::digits(1)).await?.wait().await?;
    /// println!("{:?}", menu.digits());
    /// # Ok(()) }
    /// ```
    pub fn prompt_tts(&self, text: impl Into<String>, collect: Collect) -> Request<PlayAndCollect> {
        self.play_and_collect(tts(text), collect)
    }

    /// Plays an audio file, by its `http` or `https` URL, and collects keys or speech
    /// (`calling.play_and_collect`).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::Collect;
    /// let menu = call.prompt_audio("https://example.com/menu.mp3", Collect::digits(1)).await?;
    /// println!("{:?}", menu.wait().await?.digits());
    /// # Ok(()) }
    /// ```
    pub fn prompt_audio(&self, url: impl Into<String>, collect: Collect) -> Request<PlayAndCollect> {
        self.play_and_collect(audio(url), collect)
    }
}
