//! Entering and leaving a queue. A connect to a `queue` device removes the call that has waited longest.

use std::time::Duration;

use super::media::to_time;
use super::validate::{Kind, WEB, newer, optional, required};
use super::{Method, On, Run, Shape, accepted, texts};
use crate::service::queues::QueueOptions;

/// The default waiting time. The older description has no limit.
const WAIT_TIMEOUT: Duration = Duration::from_mins(3);

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.queue.enter",
        on: On::AnsweredCall,
        params: &[
            required("control_id", Kind::Text),
            required("queue_name", Kind::Text),
            optional("status_url", WEB),
            optional("wait_url", Kind::Text),
            newer("wait_time", Kind::Whole(1, i64::MAX)),
            newer("execute_after_queue", Kind::Text),
            newer("whisper_url", Kind::Text),
        ],
        shape: Shape::Operation,
        message: texts("Entering queue", "Entering Queue"),
        run: Run::Function(|service, request| {
            let name = request.text("queue_name").unwrap_or_default();
            let limit = to_time(request.value("wait_time")).filter(|time| !time.is_zero());
            let options = QueueOptions {
                control_id: request.control_id().to_owned(),
                status_url: request.text("status_url").unwrap_or_default().to_owned(),
                limit: Some(limit.unwrap_or(WAIT_TIMEOUT)),
            };
            service.enter_queue(request.call()?, request.session, name, options)?;
            accepted()
        }),
    },
    Method {
        name: "calling.queue.leave",
        on: On::AnsweredCall,
        params: &[
            // The control id of `queue.enter`. Some SDKs send a new one, so their reading accepts any.
            required("control_id", Kind::Text),
            required("queue_name", Kind::Text),
            optional("queue_id", Kind::Text),
            optional("status_url", WEB),
        ],
        shape: Shape::Operation,
        message: texts("Leaving queue", "Leaving Queue"),
        run: Run::Function(|service, request| {
            let (key, name) = (request.call()?, request.text("queue_name").unwrap_or_default());
            if service.scenario.is_to_specification() {
                service.check_leaving(key, request.control_id(), name, request.text("queue_id"))?;
            }
            service.leave_queue(key, name)?;
            accepted()
        }),
    },
];
