//! Controlling a running operation.

use std::borrow::Cow;

use serde::Serialize;

use super::{Accepted, Method, validate};
use crate::error::{Error, InvalidArgument};
use crate::session::Effect;

/// Controls a running operation: stop, pause, resume, volume and the like.
///
/// On an operation that is over each of these succeeds and does nothing.
#[derive(Debug, Serialize)]
pub struct Control {
    #[serde(skip)]
    name: &'static str,
    #[serde(skip)]
    effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<f64>,
}

impl Control {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, effect: Effect::None, volume: None }
    }

    pub(crate) fn stop(name: &'static str) -> Self {
        Self { name, effect: Effect::Stop, volume: None }
    }

    pub(crate) fn volume(name: &'static str, volume: f64) -> Self {
        Self { name, effect: Effect::None, volume: Some(volume) }
    }
}

impl Method for Control {
    type Output = ();

    fn name(&self) -> Cow<'static, str> {
        self.name.into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::volume(self.volume)
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<(), Error> {
        result.map(drop)
    }
}
