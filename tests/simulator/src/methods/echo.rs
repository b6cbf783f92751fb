//! Sending back what is heard.

use serde_json::json;

use super::lasting::Lasting;
use super::media::to_time;
use super::rules::{Kind, WEB, older, optional};
use super::{Method, On, Shape, accepted, texts};

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.echo",
    on: On::AnsweredCall,
    params: &[
        // 0 is until the call ends.
        optional("timeout", Kind::Seconds),
        optional("status_url", WEB),
        older("swml", Kind::Flag),
    ],
    shape: Shape::Call,
    message: texts("Echoing", "Echo started"),
    run: |board, request| {
        let limit = to_time(request.value("timeout")).filter(|time| !time.is_zero());
        let echo = Lasting::new("echo", "calling.call.echo")
            .first(json!({"state": "echoing"}))
            .last(json!({"state": "finished"}))
            .limit(limit);
        board.start_operation(request, Box::new(echo))?;
        accepted()
    },
}];
