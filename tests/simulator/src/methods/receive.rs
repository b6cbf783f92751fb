//! Subscribing to contexts and unsubscribing from them.

use serde_json::Value;

use super::validate::{Kind, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text, texts};
use crate::{Report, SimulatedService};

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "signalwire.receive",
        on: On::Session,
        params: &[optional("contexts", Kind::Texts), optional("context", Kind::Text)],
        shape: Shape::Plain,
        message: texts(
            "Receiving all inbound related to the requested relay contexts and available scopes",
            "Receiving events",
        ),
        run: Run::Function(receive),
    },
    Method {
        name: "signalwire.unreceive",
        on: On::Session,
        params: &[required("contexts", Kind::SomeTexts)],
        shape: Shape::Plain,
        message: texts(
            "Receiving all inbound related to the requested relay contexts and available scopes",
            "Unreceiving events",
        ),
        run: Run::Function(unreceive),
    },
    // The older way to subscribe.
    Method {
        name: "calling.receive",
        on: On::Session,
        params: &[optional("context", Kind::Text), optional("contexts", Kind::Texts)],
        shape: Shape::Plain,
        message: text("Receiving events"),
        run: Run::Function(receive),
    },
];

fn receive(service: &mut SimulatedService, request: &Request) -> Outcome {
    let contexts = contexts(request);
    if contexts.is_empty() {
        return Err(ServiceError::bad("Missing parameter 'contexts'"));
    }
    if contexts.iter().any(|context| service.scenario.unpaid_contexts.contains(context)) {
        return Err(ServiceError::new(402, "Payment required"));
    }
    service.subscribe(request.session, &contexts);
    accepted()
}

fn unreceive(service: &mut SimulatedService, request: &Request) -> Outcome {
    let contexts = contexts(request);
    if let Some(session) = service.sessions.get_mut(&request.session) {
        session.contexts.retain(|context| !contexts.contains(context));
    }
    service.report(Report::Unsubscribed { connection: request.connection, contexts });
    accepted()
}

fn contexts(request: &Request) -> Vec<String> {
    let list = request.value("contexts").as_array().into_iter().flatten();
    list.chain(request.params.get("context")).filter_map(Value::as_str).map(str::to_owned).collect()
}
