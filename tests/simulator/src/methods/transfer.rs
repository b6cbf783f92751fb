//! Transferring a call to another SIP address, or to another program of the service.

use super::validate::{Kind, Param, WEB, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text};
use crate::{Reading, SimulatedService};

const ADDRESS: Kind = Kind::Differs(&Kind::Url(&["sip:", "sips:"]), &Kind::Text);

const SIP: &[Param] = &[
    optional("to", ADDRESS).required_in(Reading::Specification),
    // Another spelling of the target.
    older("uri", Kind::Text),
    optional("from", ADDRESS),
    optional("username", Kind::AnyText),
    optional("password", Kind::AnyText),
    // Accepted and ignored by the service.
    newer("headers", Kind::Any),
];

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.refer",
        on: On::AnsweredCall,
        params: &[required("device", Kind::Typed(&[("sip", SIP)])), optional("status_url", WEB)],
        shape: Shape::Plain,
        message: text("Starting SIP REFER"),
        run: Run::Function(refer),
    },
    Method {
        name: "calling.transfer",
        on: On::AnsweredCall,
        params: &[required("dest", Kind::TextOrObject)],
        shape: Shape::Call,
        message: text("Transferring"),
        run: Run::Function(|service, request| {
            let key = request.call()?;
            let dest = request.text("dest").unwrap_or("a document");
            service.note(key, format!("transferred to {dest}"));
            if service.scenario.is_to_specification() {
                service
                    .transfer_away(key, request.text("dest").and_then(|dest| dest.strip_prefix("context:")));
            }
            accepted()
        }),
    },
];

fn refer(service: &mut SimulatedService, request: &Request) -> Outcome {
    let params = &request.value("device")["params"];
    let target = params["to"].as_str().or_else(|| params["uri"].as_str());
    let Some(target) = target else {
        return Err(ServiceError::bad("Missing parameter 'device.params.to'"));
    };
    service.start_refer(request.call()?, target.to_owned());
    accepted()
}
