//! Waiting in a queue. A connect to a `queue` device takes out whoever waits longest.

use super::rules::{Kind, WEB, newer, optional, required};
use super::{Method, On, Shape, accepted, texts};
use crate::Reading;

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
        run: |board, request| {
            let (name, status_url) = (request.text("queue_name"), request.text("status_url"));
            let control_id = request.control_id().to_owned();
            let (name, status_url) = (name.unwrap_or_default(), status_url.unwrap_or_default());
            board.enter_queue(request.call()?, request.session, name, control_id, status_url)?;
            accepted()
        },
    },
    Method {
        name: "calling.queue.leave",
        on: On::AnsweredCall,
        params: &[
            // The one of entering, except for the SDKs: some of them make a new one for leaving.
            required("control_id", Kind::Text),
            required("queue_name", Kind::Text),
            optional("queue_id", Kind::Text),
            optional("status_url", WEB),
        ],
        shape: Shape::Operation,
        message: texts("Leaving queue", "Leaving Queue"),
        run: |board, request| {
            if board.scenario.reading == Reading::Specification {
                board.check_queue_control(request.call()?, request.control_id())?;
            }
            board.leave_queue(request.call()?, request.text("queue_name").unwrap_or_default())?;
            accepted()
        },
    },
];
