//! Digit bindings: methods that run when the party on a call presses certain keys.

use serde_json::{Map, Value};

use super::validate::{KEYS_AND_PAUSES, Kind, count, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, find, is_offered, text};
use crate::SimulatedService;
use crate::service::bindings::Binding;

/// The default realm of a binding.
const DEFAULT_REALM: &str = "default";
/// The name of all realms together.
const ALL: &str = "all";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.bind_digit",
        on: On::AnsweredCall,
        params: &[
            required("digits", Kind::SomeChars(KEYS_AND_PAUSES)),
            required("bind_method", Kind::Text),
            optional("params", Kind::Open),
            optional("realm", Kind::Text),
            optional("max_triggers", Kind::Differs(&Kind::Whole(1, i64::MAX), &Kind::Whole(0, i64::MAX))),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: text("Digit binding created"),
        run: Run::Function(bind),
    },
    Method {
        name: "calling.clear_digit_bindings",
        on: On::AnsweredCall,
        params: &[optional("realm", Kind::Text), older("swml", Kind::Flag)],
        shape: Shape::Call,
        message: text("Digit bindings cleared"),
        run: Run::Function(clear),
    },
];

fn bind(service: &mut SimulatedService, request: &Request) -> Outcome {
    let digits = request.text("digits").unwrap_or_default();
    // Pauses are allowed but cannot be pressed.
    let keys: String = digits.chars().filter(|key| !key.eq_ignore_ascii_case(&'w')).collect();
    let digits = if keys.is_empty() { digits.to_owned() } else { keys };
    let name = request.text("bind_method").unwrap_or_default();
    let offered = is_offered(name, &service.scenario);
    let method = find(name).filter(|method| offered && method.on != On::Session);
    let method = method.ok_or_else(|| {
        ServiceError::bad(format!("Parameter 'bind_method' must be a method of a call, not '{name}'"))
    })?;
    let triggers = count(request.value("max_triggers")).filter(|most| *most > 0);
    let binding = Binding {
        digits,
        method,
        params: request.value("params").as_object().cloned().unwrap_or_else(Map::<String, Value>::new),
        realm: request.text("realm").unwrap_or(DEFAULT_REALM).to_owned(),
        triggers_left: triggers,
        connection: request.connection,
        session: request.session,
    };
    let call = service.calls.get_mut(&request.call()?).ok_or_else(ServiceError::no_call)?;
    call.bindings.push(binding);
    accepted()
}

fn clear(service: &mut SimulatedService, request: &Request) -> Outcome {
    let cleared = match request.text("realm") {
        None if service.scenario.is_to_specification() => Some(DEFAULT_REALM),
        Some(ALL) if service.scenario.is_to_specification() => None,
        realm => realm,
    };
    let call = service.calls.get_mut(&request.call()?).ok_or_else(ServiceError::no_call)?;
    call.bindings.retain(|binding| cleared.is_some_and(|realm| realm != binding.realm));
    accepted()
}
