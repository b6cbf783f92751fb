//! Asking a sidecar, and telling it something (`calling.ai_sidecar.ask`, `calling.ai_sidecar.poke`).

use std::borrow::Cow;

use serde::Serialize;

use super::{SidecarAction, SidecarEvent, SidecarKind, SidecarReport};
use crate::client::{Events, Wait};
use crate::error::{Error, InvalidArgument};
use crate::events::EventData;
use crate::ids::AskId;
use crate::json::text_of;
use crate::method::{Accepted, Method, method, params, validate};

params! {
    /// Parameters of `calling.ai_sidecar.poke`.
    pub struct PokeSidecar {
        required { text: String, }
    }
}

method!(PokeSidecar, "calling.ai_sidecar.poke", validate: |poke| validate::not_empty("text", &poke.text));

/// Parameters of `calling.ai_sidecar.ask`.
#[derive(Debug, Serialize)]
pub struct AskSidecar {
    text: String,
    #[serde(skip)]
    reports: Events,
    #[serde(skip)]
    sidecar: SidecarAction,
}

impl AskSidecar {
    pub(super) fn new(text: String, sidecar: SidecarAction) -> Self {
        Self { text, reports: sidecar.events(), sidecar }
    }
}

impl Method for AskSidecar {
    type Output = SidecarAsk;

    fn name(&self) -> Cow<'static, str> {
        "calling.ai_sidecar.ask".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::not_empty("text", &self.text)
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<SidecarAsk, Error> {
        let value = result?.reply.value();
        let id =
            value.get("ask_id").and_then(text_of).filter(|id| !id.is_empty()).map(|id| AskId::from(&*id));
        Ok(SidecarAsk { id, reports: self.reports, sidecar: self.sidecar })
    }
}

/// A question that an AI sidecar was asked.
#[derive(Debug)]
pub struct SidecarAsk {
    id: Option<AskId>,
    reports: Events,
    sidecar: SidecarAction,
}

impl SidecarAsk {
    /// The id of the question, if the service gave one. The answer has the same.
    pub fn id(&self) -> Option<&AskId> {
        self.id.as_ref()
    }

    /// Waits for the answer: a report of [`SidecarKind::AskAnswer`] with the id of the question, or any answer if the
    /// service gave no id. Its text is [`SidecarReport::raw`]. Gives `None` if the sidecar ends without an answer.
    ///
    /// Can be called again, after a limit has passed too. Dropping it only stops waiting. An answer stays available while
    /// no more than [`MAX_WAITING_EVENTS`](crate::MAX_WAITING_EVENTS) reports follow it before it is waited for.
    ///
    /// # Errors
    /// [`Error::CallGone`] if the call ends first; [`Error::TimedOut`] if a limit was set and passes.
    pub fn answer(&self) -> Wait<Option<SidecarEvent>> {
        let (id, sidecar) = (self.id.clone(), self.sidecar.clone());
        let answers = move |report: &SidecarReport| {
            report.kind == SidecarKind::AskAnswer && (id.is_none() || report.ask_id == id)
        };
        let answer = self
            .reports
            .first(move |event| SidecarEvent::of(event).filter(|event| answers(&event.report)).cloned());
        let what = format!("the answer of the AI sidecar on call {}", self.sidecar.call().id());
        Wait::new(self.sidecar.call().sender().clone(), what, async move {
            match (answer.await, sidecar.result()) {
                (None, Some(Err(error))) => Err(error),
                (answer, _) => Ok(answer),
            }
        })
    }
}
