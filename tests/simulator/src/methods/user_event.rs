//! Events of the application's own. They come back to everybody who reads the context of the call.

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
        let key = request.call()?;
        board.note(key, format!("user event {}", request.value("event")));
        if board.scenario.is_to_specification()
            && let Some(members) = request.value("event").as_object()
        {
            board.tell_of_user_event(key, members);
        }
        accepted()
    },
}];
