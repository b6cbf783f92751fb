//! Taking the noise out of a call.

use serde_json::json;

use super::lasting::Lasting;
use super::{Method, On, Shape, accepted, text};
use crate::service::operation::Command;

const NAME: &str = "calling.denoise";

pub(super) const METHODS: &[Method] = &[
    Method {
        name: NAME,
        on: On::AnsweredCall,
        params: &[],
        shape: Shape::Call,
        message: text("Denoiser on"),
        run: |service, request| {
            let denoiser = Lasting::new("denoiser", "calling.call.denoise")
                .first(json!({"denoised": true}))
                .last(json!({"denoised": false}));
            service.start_operation(request, Box::new(denoiser))?;
            accepted()
        },
    },
    Method {
        name: "calling.denoise.stop",
        on: On::AnsweredCall,
        params: &[],
        shape: Shape::Call,
        message: text("Denoiser off"),
        run: |service, request| service.command(request, &[NAME], &Command::Stop),
    },
];
