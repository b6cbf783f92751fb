//! Events of the application's own, for a browser that takes part in the call.

use super::rules::{Kind, optional, others};
use super::{Method, On, Shape, accepted};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.user_event",
    on: On::AnsweredCall,
    // Clients put the members of the event beside its name.
    params: &[
        optional("event", Kind::Any),
        optional("async", Kind::Flag),
        optional("swml", Kind::Flag),
        others(),
    ],
    shape: Shape::Call,
    message: "Event sent",
    run: |board, request| {
        board.note(request.call()?, format!("user event {}", request.value("event")));
        accepted()
    },
}];
