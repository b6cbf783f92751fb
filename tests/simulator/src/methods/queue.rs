//! Waiting in a queue. A connect to a `queue` device takes out whoever waits longest.

use super::rules::{Kind, WEB, optional, required};
use super::{Method, On, Shape, accepted};

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.queue.enter",
        on: On::AnsweredCall,
        params: &[
            required("control_id", Kind::Text),
            required("queue_name", Kind::Text),
            optional("status_url", WEB),
            optional("wait_url", Kind::Text),
        ],
        shape: Shape::Operation,
        message: "Entering Queue",
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
            // Some clients make a new one for leaving: it need not be the one of the entering.
            required("control_id", Kind::Text),
            required("queue_name", Kind::Text),
            optional("queue_id", Kind::Text),
            optional("status_url", WEB),
        ],
        shape: Shape::Operation,
        message: "Leaving Queue",
        run: |board, request| {
            board.leave_queue(request.call()?, request.text("queue_name").unwrap_or_default())?;
            accepted()
        },
    },
];
