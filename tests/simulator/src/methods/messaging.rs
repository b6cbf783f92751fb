//! Sending messages.

use serde_json::{Map, Value, json};

use super::validate::{Kind, SECURE_WEB, newer, older, optional, required};
use super::{Method, On, Outcome, Request, Run, ServiceError, Shape, text};
use crate::{Reading, SimulatedService};

/// The method whose events can precede its reply.
pub(crate) const SEND: &str = "messaging.send";

/// The default context of a message.
const DEFAULT_CONTEXT: &str = "default";
/// Maximum number of files in a message.
const MAX_MEDIA: usize = 8;
/// The kinds of messages that `WhatsApp` has.
const MESSAGE_TYPES: &[&str] = &[
    "whatsapp_media_text",
    "whatsapp_media_contacts",
    "whatsapp_media_audio",
    "whatsapp_media_document",
    "whatsapp_media_image",
    "whatsapp_media_sticker",
    "whatsapp_media_video",
    "whatsapp_media_reaction",
    "whatsapp_media_location",
    "whatsapp_interactive_cta",
    "whatsapp_interactive_flow",
    "whatsapp_interactive_list",
    "whatsapp_interactive_location_request_message",
    "whatsapp_interactive_reply_button",
];

pub(super) const METHODS: &[Method] = &[Method {
    name: SEND,
    on: On::Session,
    params: &[
        optional("context", Kind::Text),
        required("to_number", Kind::Text),
        required("from_number", Kind::Text),
        optional("body", Kind::AnyText),
        optional("media", Kind::Differs(&Kind::Urls(&["http://", "https://"]), &Kind::Texts)),
        newer("tag", Kind::Text),
        newer("status_callback", SECURE_WEB),
        newer("send_as_mms", Kind::Flag),
        newer("message_type", Kind::OneOf(MESSAGE_TYPES)),
        newer("template_id", Kind::Text),
        newer("header_template_parameters", Kind::TextOrListOrObject),
        newer("body_template_parameters", Kind::TextOrListOrObject),
        newer("button_template_parameters", Kind::TextOrListOrObject),
        older("tags", Kind::Texts),
        older("region", Kind::Text),
    ],
    shape: Shape::Plain,
    message: text("Message accepted"),
    run: Run::Function(send),
}];

fn send(service: &mut SimulatedService, request: &Request) -> Outcome {
    let has_body = request.text("body").is_some_and(|body| !body.is_empty());
    let has_media = request.value("media").as_array().is_some_and(|media| !media.is_empty());
    let has_template = request.params.contains_key("template_id");
    if service.scenario.reading == Reading::Specification {
        let invalid = |data: Value| Err(ServiceError::bad("Validation failed").with_data(data));
        if has_template && request.params.contains_key("body") {
            return invalid(json!({"body": ["must be absent with template_id"]}));
        }
        if request.value("media").as_array().is_some_and(|media| media.len() > MAX_MEDIA) {
            return invalid(json!({"media": ["too many items"]}));
        }
    }
    if !has_body && !has_media && !has_template {
        return Err(ServiceError::bad("Missing parameter 'body' or 'media'"));
    }
    let mut params = request.params.clone();
    params.entry("context").or_insert_with(|| DEFAULT_CONTEXT.into());
    let id = service.send_message(request.session, &params);
    Ok(Map::from_iter([("message_id".to_owned(), Value::from(id))]))
}
