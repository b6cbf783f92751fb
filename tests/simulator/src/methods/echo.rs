//! Echoing the audio of a call.

use std::time::Duration;

use serde_json::json;

use super::lasting::Lasting;
use super::media::to_time;
use super::validate::{Kind, WEB, older, optional};
use super::{Method, On, Run, Shape, accepted, texts};

/// The default duration of an echo, and the bounds of a requested one.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
const MIN_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_TIMEOUT: Duration = Duration::from_mins(2);

pub(super) const METHODS: &[Method] = &[Method {
    name: "calling.echo",
    on: On::AnsweredCall,
    params: &[optional("timeout", Kind::Seconds), optional("status_url", WEB), older("swml", Kind::Flag)],
    shape: Shape::Call,
    message: texts("Echoing", "Echo started"),
    run: Run::Function(|service, request| {
        let asked = to_time(request.value("timeout"));
        let limit = if service.scenario.is_to_specification() {
            Some(asked.unwrap_or(DEFAULT_TIMEOUT).clamp(MIN_TIMEOUT, MAX_TIMEOUT))
        } else {
            // 0 means no limit.
            asked.filter(|time| !time.is_zero())
        };
        let echo = Lasting::new("echo", "calling.call.echo")
            .first(json!({"state": "echoing"}))
            .last(json!({"state": "finished"}))
            .limit(limit);
        service.start_operation(request, Box::new(echo))?;
        accepted()
    }),
}];
