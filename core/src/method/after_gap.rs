//! Finding out, after a gap, whether an operation is over.

use std::borrow::Cow;
use std::time::Duration;

/// The time without an event after which an operation counts as over that can neither be asked about nor has a limit of
/// its own, counted from the end of a gap.
pub(crate) const SILENCE_TIMEOUT: Duration = Duration::from_mins(5);

/// The time that the last event of an operation may take once the operation is over by its own limit.
const EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to find out whether the last event of an operation fell into a gap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AfterGap {
    /// There is none: the operation lasts as long as its call, unless it is stopped.
    #[default]
    Lasts,
    /// A control that says again what holds already. A service that does not know the operation refuses it.
    Restate {
        /// The method of the control.
        method: Cow<'static, str>,
        /// Its parameters as the JSON text of an object.
        params: String,
    },
    /// The service is asked whether it knows the other leg of a connection.
    AskPeer,
    /// The service ends the operation by itself, or reports on it, within this time.
    Within(Duration),
}

impl AfterGap {
    /// A control without parameters, or with this volume in dB.
    pub(crate) fn restate(method: &'static str, volume: Option<f64>) -> Self {
        let params = volume.map_or_else(|| "{}".to_owned(), |volume| format!(r#"{{"volume":{volume}}}"#));
        Self::Restate { method: method.into(), params }
    }

    /// The service ends the operation by itself within this time, and a moment for the event.
    pub(crate) fn limit(time: Duration) -> Self {
        Self::Within(time.saturating_add(EVENT_TIMEOUT))
    }

    /// Returns `true` if a control sets what the restated one would set.
    pub(crate) fn is_set_by(&self, control: &str) -> bool {
        matches!(self, Self::Restate { method, .. } if setting(method) == setting(control))
    }
}

/// The setting of a control, by the last part of its name.
fn setting(method: &str) -> &str {
    match method.rsplit('.').next() {
        Some("pause" | "resume") => "pause",
        name => name.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_sets_what_its_like_sets() {
        let recording = AfterGap::restate("calling.record.resume", None);
        assert!(recording.is_set_by("calling.record.pause") && !recording.is_set_by("calling.record.stop"));
        let play = AfterGap::restate("calling.play.volume", Some(-3.5));
        assert!(play.is_set_by("calling.play.volume") && !play.is_set_by("calling.play.pause"));
        let params = r#"{"volume":-3.5}"#.to_owned();
        assert_eq!(play, AfterGap::Restate { method: "calling.play.volume".into(), params });
        assert!(!AfterGap::Lasts.is_set_by("calling.play.volume"));
    }
}
