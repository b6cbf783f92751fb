//! What can be played into a call.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::validate;
use crate::enums::open_enum;
use crate::error::InvalidArgument;
use crate::json::write_seconds;

open_enum! {
    /// The gender of a synthetic voice.
    pub enum Gender {
        /// A male voice.
        Male = "male",
        /// A female voice, which is the service's default.
        Female = "female",
    }
}

/// One thing to play.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "params", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Media {
    /// An audio file.
    Audio(AudioMedia),
    /// Spoken text.
    Tts(TtsMedia),
    /// Silence.
    Silence(SilenceMedia),
    /// A ringing tone.
    Ringtone(RingtoneMedia),
    /// Anything else: the whole object, `type` and `params` included, sent as it is.
    #[serde(untagged)]
    Raw(Value),
}

impl Media {
    fn validate(&self) -> Result<(), InvalidArgument> {
        match self {
            Self::Audio(audio) => validate::web_url("url", &audio.url),
            Self::Tts(tts) => validate::not_empty("text", &tts.text),
            Self::Silence(silence) => validate::positive("duration", silence.duration),
            Self::Ringtone(ringtone) => {
                validate::not_empty("name", &ringtone.name)?;
                validate::positive("duration", ringtone.duration)
            }
            Self::Raw(_) => Ok(()),
        }
    }
}

/// An audio file. Made by [`audio`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AudioMedia {
    url: String,
}

/// Spoken text. Made by [`tts`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TtsMedia {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<Gender>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<String>,
}

impl TtsMedia {
    /// The language, as a BCP-47 tag. Default: the service's, `en-US`.
    pub fn language(mut self, tag: impl Into<String>) -> Self {
        self.language = Some(tag.into());
        self
    }

    /// The voice's gender. Default: the service's, female.
    pub fn gender(mut self, gender: Gender) -> Self {
        self.gender = Some(gender);
        self
    }

    /// The voice, by its provider's name. Default: chosen by gender.
    pub fn voice(mut self, name: impl Into<String>) -> Self {
        self.voice = Some(name.into());
        self
    }
}

/// Silence. Made by [`silence`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SilenceMedia {
    #[serde(serialize_with = "write_seconds")]
    duration: Option<Duration>,
}

/// A ringing tone. Made by [`ringtone`].
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RingtoneMedia {
    name: String,
    #[serde(serialize_with = "write_seconds", skip_serializing_if = "Option::is_none")]
    duration: Option<Duration>,
}

impl RingtoneMedia {
    /// How long to ring. Default: one cycle, or until stopped; the service's documents differ.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }
}

/// The audio file at an `http` or `https` URL.
pub fn audio(url: impl Into<String>) -> AudioMedia {
    AudioMedia { url: url.into() }
}

/// Text to speak.
pub fn tts(text: impl Into<String>) -> TtsMedia {
    TtsMedia { text: text.into(), language: None, gender: None, voice: None }
}

/// Silence of a length above zero.
pub fn silence(duration: Duration) -> SilenceMedia {
    SilenceMedia { duration: Some(duration) }
}

/// The ringing tone of a country, by its two-letter code in lower case, such as `us` or `it`.
pub fn ringtone(country: impl Into<String>) -> RingtoneMedia {
    RingtoneMedia { name: country.into(), duration: None }
}

/// Things to play, one after the other.
///
/// ```
/// use std::time::Duration;
/// use signalwire_relay_core::{Playlist, silence, tts};
///
/// let one: Playlist = tts("Hello").into();
/// let more = one.then(silence(Duration::from_millis(500))).then(tts("Ciao").language("it-IT"));
/// # let _ = more;
/// ```
#[must_use]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Playlist(Vec<Media>);

impl Playlist {
    /// The same list with one more thing at its end.
    pub fn then(mut self, media: impl Into<Media>) -> Self {
        self.0.push(media.into());
        self
    }

    pub(crate) fn validate(&self, field: &'static str) -> Result<(), InvalidArgument> {
        if self.0.is_empty() {
            return Err(InvalidArgument::new(field, "there is nothing to play"));
        }
        self.0.iter().try_for_each(Media::validate)
    }

    /// Lets `set` complete the texts in the list.
    pub(crate) fn each_text(&mut self, mut set: impl FnMut(&mut TtsMedia)) {
        for media in &mut self.0 {
            if let Media::Tts(tts) = media {
                set(tts);
            }
        }
    }

    pub(crate) fn default_language(&mut self, tag: &str) {
        self.each_text(|tts| {
            tts.language.get_or_insert_with(|| tag.to_owned());
        });
    }

    pub(crate) fn default_gender(&mut self, gender: &Gender) {
        self.each_text(|tts| {
            tts.gender.get_or_insert_with(|| gender.clone());
        });
    }

    pub(crate) fn default_voice(&mut self, name: &str) {
        self.each_text(|tts| {
            tts.voice.get_or_insert_with(|| name.to_owned());
        });
    }
}

impl From<Vec<Media>> for Playlist {
    fn from(media: Vec<Media>) -> Self {
        Self(media)
    }
}

impl<const N: usize> From<[Media; N]> for Playlist {
    fn from(media: [Media; N]) -> Self {
        Self(media.into())
    }
}

impl From<Media> for Playlist {
    fn from(media: Media) -> Self {
        Self(vec![media])
    }
}

/// The setters of a request that plays a list, for the voice of the texts in it.
macro_rules! voice_setters {
    ($method:ident) => {
        impl $crate::client::Request<$method> {
            /// The language of every text in the list that has none of its own, as a BCP-47 tag. Default: the
            /// service's, `en-US`.
            pub fn language(mut self, tag: &str) -> Self {
                self.method.play.default_language(tag);
                self
            }

            /// The gender of every text in the list that has none of its own. Default: the service's, female.
            pub fn gender(mut self, gender: impl Into<$crate::calling::Gender>) -> Self {
                self.method.play.default_gender(&gender.into());
                self
            }

            /// The voice of every text in the list that has none of its own. Default: chosen by gender.
            pub fn voice(mut self, name: &str) -> Self {
                self.method.play.default_voice(name);
                self
            }
        }
    };
}
pub(crate) use voice_setters;

macro_rules! media {
    ($($variant:ident($data:ident),)+) => {
        $(
            impl From<$data> for Media {
                fn from(data: $data) -> Self {
                    Self::$variant(data)
                }
            }

            impl From<$data> for Playlist {
                fn from(data: $data) -> Self {
                    Self(vec![data.into()])
                }
            }

            impl $data {
                /// A list of this and, after it, something else.
                pub fn then(self, media: impl Into<Media>) -> Playlist {
                    Playlist::from(self).then(media)
                }
            }
        )+
    };
}

media! {
    Audio(AudioMedia),
    Tts(TtsMedia),
    Silence(SilenceMedia),
    Ringtone(RingtoneMedia),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_has_the_documented_shape() {
        let list = tts("Hi")
            .gender(Gender::Male)
            .then(silence(Duration::from_millis(500)))
            .then(audio("https://x/a.mp3"))
            .then(ringtone("us").duration(Duration::from_secs(6)))
            .then(Media::Raw(json!({"type": "song"})));
        assert_eq!(
            serde_json::to_value(&list).expect("serialises"),
            json!([
                {"type": "tts", "params": {"text": "Hi", "gender": "male"}},
                {"type": "silence", "params": {"duration": 0.5}},
                {"type": "audio", "params": {"url": "https://x/a.mp3"}},
                {"type": "ringtone", "params": {"name": "us", "duration": 6}},
                {"type": "song"},
            ])
        );
        assert_eq!(list.validate("play"), Ok(()));
    }

    #[test]
    fn what_the_service_would_refuse_is_named() {
        let field = |list: Playlist| list.validate("play").expect_err("refused").field;
        assert_eq!(field(Playlist::default()), "play");
        assert_eq!(field(tts("").into()), "text");
        assert_eq!(field(audio("a.mp3").into()), "url");
        assert_eq!(field(silence(Duration::ZERO).into()), "duration");
        assert_eq!(field(ringtone("").into()), "name");
    }
}
