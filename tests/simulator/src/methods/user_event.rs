//! User events. The service sends them to every session that reads the context of the call.

use super::validate::{Kind, older, optional, others};
use super::{Method, On, Run, Shape, accepted, texts};
use crate::Reading;

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.user_event",
    on: On::AnsweredCall,
    // Some SDKs put the members of the event beside `event`.
    params: &[
        optional("event", Kind::Differs(&Kind::Open, &Kind::Any)).required_in(Reading::Specification),
        older("async", Kind::Flag),
        older("swml", Kind::Flag),
        others().only(Reading::Sdks),
    ],
    shape: Shape::Call,
    message: texts("Sending user event", "Event sent"),
    run: Run::Function(|service, request| {
        let key = request.call()?;
        service.note(key, format!("user event {}", request.value("event")));
        if service.scenario.is_to_specification()
            && let Some(members) = request.value("event").as_object()
        {
            service.send_user_event(key, members);
        }
        accepted()
    }),
}];
