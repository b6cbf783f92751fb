//! Noise reduction on a call.

use serde_json::json;

use super::lasting::Lasting;
use super::{Method, On, Run, Shape, accepted, text};

pub(super) const NAME: &str = "calling.denoise";

pub(super) const METHODS: &[Method] = &[Method {
    name: NAME,
    on: On::AnsweredCall,
    params: &[],
    shape: Shape::Call,
    message: text("Denoiser on"),
    run: Run::Function(|service, request| {
        let denoiser = Lasting::new("denoiser", "calling.call.denoise")
            .first(json!({"denoised": true}))
            .last(json!({"denoised": false}));
        service.start_operation(request, Box::new(denoiser))?;
        accepted()
    }),
}];
