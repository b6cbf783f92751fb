//! Joining and leaving video rooms. In the older description they have no events.

use serde_json::json;

use super::lasting::Lasting;
use super::validate::{Kind, WEB, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text};
use crate::SimulatedService;

pub(super) const JOIN: &str = "calling.join_room";

pub(super) const METHODS: &[Method] = &[Method {
    name: JOIN,
    on: On::AnsweredCall,
    params: &[
        required("name", Kind::Text),
        optional("status_url", WEB),
        older("hagrid_json_api_url", Kind::Text),
        older("hagrid_node_id", Kind::Text),
        older("swml", Kind::Flag),
    ],
    shape: Shape::Call,
    message: text("Joining room"),
    run: Run::Function(join),
}];

fn join(service: &mut SimulatedService, request: &Request) -> Outcome {
    let name = request.text("name").unwrap_or_default();
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Err(ServiceError::bad("Parameter 'name' must be made of A-Z, a-z, 0-9, _ and -"));
    }
    let room = if service.scenario.is_to_specification() {
        let event = |status: &str| json!({"join_status": status, "room_name": name});
        Lasting::new("room", "calling.call.room")
            .first(event("joined"))
            .last(event("leave"))
            .failed(event("failed"))
    } else {
        Lasting::silent("room")
    };
    service.start_operation(request, Box::new(room))?;
    accepted()
}
