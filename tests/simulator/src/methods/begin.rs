//! The older methods of calling out.

use serde_json::{Map, Value};

use super::media::Device;
use super::validate::{Kind, optional, others, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, accepted, text};
use crate::SimulatedService;

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "calling.begin",
        on: On::Session,
        params: &[
            required("device", Kind::Device),
            optional("tag", Kind::Text),
            optional("region", Kind::Text),
            optional("node_id", Kind::Text),
            optional("max_duration", Kind::Whole(0, i64::MAX)),
        ],
        shape: Shape::Plain,
        message: text("Call started"),
        run: Run::Function(begin),
    },
    // Only the name of this method is documented.
    Method {
        name: "calling.call",
        on: On::Session,
        params: &[others()],
        shape: Shape::Plain,
        message: text("OK"),
        run: Run::Function(|_, _| accepted()),
    },
];

fn begin(service: &mut SimulatedService, request: &Request) -> Outcome {
    let device = Device::read(request.value("device"))
        .ok_or_else(|| ServiceError::bad("Parameter 'device' must be an object"))?;
    let tag = request.text("tag").unwrap_or_default();
    let call = service.begin_call(request.session, tag, device);
    let node = crate::service::NODE;
    Ok(Map::from_iter([
        ("call_id".to_owned(), Value::from(call.id())),
        ("node_id".to_owned(), Value::from(node)),
    ]))
}
