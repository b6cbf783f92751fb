//! Sending and receiving faxes.

use std::time::Duration;

use serde_json::{Value, json};

use super::validate::{Kind, WEB, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, texts};
use crate::SimulatedService;
use crate::service::operation::{Control, Operation, OperationContext, Tick};

pub(super) const SEND: &str = "calling.send_fax";
pub(super) const RECEIVE: &str = "calling.receive_fax";
const EVENT: &str = "calling.call.fax";

/// The number of pages of every document, and the duration of a page.
const PAGES: u32 = 2;
const PAGE_TIME: Duration = Duration::from_secs(2);

pub(super) const METHODS: &[Method] = &[
    Method {
        name: SEND,
        on: On::AnsweredCall,
        params: &[
            required("control_id", Kind::Text),
            required("document", WEB),
            optional("identity", Kind::AnyText),
            optional("header_info", Kind::AnyText),
            optional("status_url", WEB),
        ],
        shape: Shape::Operation,
        message: texts("Sending fax", "OK"),
        run: Run::Function(send),
    },
    Method {
        name: RECEIVE,
        on: On::AnsweredCall,
        params: &[required("control_id", Kind::Text), optional("status_url", WEB)],
        shape: Shape::Operation,
        message: texts("Receiving fax", "OK"),
        run: Run::Function(receive),
    },
];

fn send(service: &mut SimulatedService, request: &Request) -> Outcome {
    let document = request.text("document").unwrap_or_default().to_owned();
    let fetched = !service.scenario.unplayable.contains(&document);
    let (ours, theirs) = identities(service, request)?;
    let identity = request.text("identity").map_or(ours, str::to_owned);
    let fax = Fax { direction: "send", identity, remote: theirs, document, fetched, pages: 0 };
    service.start_operation(request, Box::new(fax))?;
    accepted()
}

fn receive(service: &mut SimulatedService, request: &Request) -> Outcome {
    let (ours, theirs) = identities(service, request)?;
    let document = format!("https://files.example/faxes/{}.pdf", service.next_recording());
    let fax = Fax { direction: "receive", identity: ours, remote: theirs, document, fetched: true, pages: 0 };
    service.start_operation(request, Box::new(fax))?;
    accepted()
}

/// Returns the numbers of both sides, that of the client first.
fn identities(service: &SimulatedService, request: &Request) -> Result<(String, String), ServiceError> {
    let call = service.calls.get(&request.call()?).ok_or_else(ServiceError::no_call)?;
    let (from, to) = call.numbers();
    Ok(if call.is_inbound() { (to, from) } else { (from, to) })
}

/// A fax under way.
#[derive(Debug)]
struct Fax {
    direction: &'static str,
    identity: String,
    remote: String,
    document: String,
    /// `false` if the document cannot be fetched.
    fetched: bool,
    pages: u32,
}

impl Fax {
    /// Ends without success. The newer specification has no separate event for a failure.
    fn failed(&self, context: &mut OperationContext<'_>, result: u32, text: &str) {
        let kind = if context.is_to_specification() { "finished" } else { "error" };
        self.end(context, kind, result, text);
    }

    fn end(&self, context: &mut OperationContext<'_>, kind: &str, result: u32, text: &str) {
        let other = context.scenario().other_forms;
        let mut fax = json!({"type": kind, "params": {
            "direction": self.direction,
            "identity": self.identity,
            "remote_identity": self.remote,
            "success": result == 0,
            "result": result,
            "result_text": text,
            "format": "pdf",
        }});
        let target = if other { &mut fax } else { &mut fax["params"] };
        target["document"] = self.document.as_str().into();
        target["pages"] = self.pages.into();
        let mut event = json!({"fax": fax});
        if other || context.scenario().state_in_fax_events {
            event["state"] = Value::from(kind);
        }
        context.emit(EVENT, event);
        context.note(format!("fax {kind} after {} pages: {text}", self.pages));
        context.finish();
    }
}

impl Operation for Fax {
    fn start(&mut self, context: &mut OperationContext<'_>) {
        context.note(format!("fax begins ({})", self.direction));
        let page = context.scenario().paced(PAGE_TIME);
        context.after(page, Tick::Done);
    }

    fn on_timer(&mut self, context: &mut OperationContext<'_>, _: Tick) {
        if !self.fetched {
            self.failed(context, 404, "Document not found");
            return;
        }
        self.pages += 1;
        let params = json!({"direction": self.direction, "number": self.pages});
        context.emit(EVENT, json!({"fax": {"type": "page", "params": params}}));
        if self.pages == PAGES {
            self.end(context, "finished", 0, "OK");
        } else {
            let page = context.scenario().paced(PAGE_TIME);
            context.after(page, Tick::Done);
        }
    }

    fn on_control(&mut self, context: &mut OperationContext<'_>, _: &Control) -> Outcome {
        self.end(context, "finished", 1, "Stopped");
        accepted()
    }

    fn fails(&mut self, context: &mut OperationContext<'_>) {
        self.failed(context, 48, "Disconnected after permitted retries");
    }

    fn call_ends(&mut self, context: &mut OperationContext<'_>) {
        self.failed(context, 2, "The call dropped prematurely");
    }
}
