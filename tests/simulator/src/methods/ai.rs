//! AI agents on a call.

use serde_json::json;

use super::lasting::Lasting;
use super::rules::{Kind, Param, WEB, older, optional, required};
use super::{Method, On, Outcome, Refused, Request, Shape, accepted, texts};
use crate::switchboard::operation::Command;
use crate::{Cue, Reading, Switchboard};

const NAME: &str = "calling.ai";
const BEDROCK: &str = "calling.amazon_bedrock";

const RESET: &[Param] = &[
    optional("full_reset", Kind::Flag),
    optional("user_prompt", Kind::AnyText),
    optional("system_prompt", Kind::AnyText),
    older("consolidate", Kind::Flag).refused_in(Reading::Specification),
];

// What describes an agent is interpreted far behind this service: only its outer form is checked.
pub(super) const METHODS: &[Method] = &[
    Method {
        name: NAME,
        on: On::AnsweredCall,
        params: &[
            required("control_id", Kind::Text),
            optional("agent", Kind::Text),
            optional("prompt", Kind::Open),
            optional("post_prompt", Kind::Open),
            optional("post_prompt_url", WEB),
            optional("post_prompt_auth_user", Kind::AnyText),
            optional("post_prompt_auth_password", Kind::AnyText),
            optional("global_data", Kind::Open),
            // Lists in most places, objects in some.
            optional("pronounce", Kind::Any),
            optional("hints", Kind::Any),
            optional("languages", Kind::Any),
            optional("SWAIG", Kind::Open),
            optional("params", Kind::Open),
        ],
        shape: Shape::Operation,
        message: texts("AI started", "OK"),
        run: start,
    },
    Method {
        name: "calling.ai.stop",
        on: On::AnsweredCall,
        params: &[optional("control_id", Kind::Text).required_in(Reading::Specification)],
        shape: Shape::Operation,
        message: texts("+OK", "OK"),
        run: stop,
    },
    Method {
        name: BEDROCK,
        on: On::AnsweredCall,
        params: &[
            optional("prompt", Kind::Differs(&Kind::Open, &Kind::Any)),
            optional("SWAIG", Kind::Open),
            optional("params", Kind::Open),
            optional("global_data", Kind::Open),
            optional("post_prompt", Kind::Open),
            optional("post_prompt_url", WEB),
            older("voice_id", Kind::Any).refused_in(Reading::Specification),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("success", "AI started"),
        run: |board, request| {
            board.start_operation(request, Box::new(Lasting::silent("AI agent").cue(Cue::AiStarted)))?;
            accepted()
        },
    },
    Method {
        name: "calling.ai_message",
        on: On::AnsweredCall,
        params: &[
            optional("message_text", Kind::Text),
            optional("role", Kind::OneOf(&["system", "user", "assistant"])),
            optional("reset", Kind::Object(RESET)),
            optional("global_data", Kind::Open),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("+OK", "Message sent"),
        run: |board, request| {
            let text = request.text("message_text").unwrap_or_default();
            tell_agent(board, request, &format!("AI agent is told \"{text}\""))
        },
    },
    Method {
        name: "calling.ai_hold",
        on: On::AnsweredCall,
        params: &[
            // Seconds, but as text: a number is refused.
            optional("timeout", Kind::Text),
            optional("prompt", Kind::AnyText),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("+OK", "AI on hold"),
        run: |board, request| tell_agent(board, request, "AI agent is on hold"),
    },
    Method {
        name: "calling.ai_unhold",
        on: On::AnsweredCall,
        params: &[
            older("prompt", Kind::AnyText).refused_in(Reading::Specification),
            older("async", Kind::Flag),
            older("swml", Kind::Flag),
        ],
        shape: Shape::Call,
        message: texts("+OK", "AI resumed"),
        run: |board, request| tell_agent(board, request, "AI agent is resumed"),
    },
];

/// Returns `true` if an AI agent is on the call of a request.
pub(super) fn holds(board: &Switchboard, request: &Request) -> Result<bool, Refused> {
    Ok(board.runs(request.call()?, &[NAME, BEDROCK]))
}

/// The refusal of an operation that needs the call for itself.
pub(super) fn occupied() -> Refused {
    Refused::conflict("An AI agent is on the call")
}

fn start(board: &mut Switchboard, request: &Request) -> Outcome {
    let described = ["agent", "prompt"].iter().any(|name| request.params.contains_key(*name));
    if !described && board.scenario.reading == Reading::Specification {
        return Err(Refused::bad("Missing parameter 'agent' or 'prompt'"));
    }
    if board.runs(request.call()?, &[NAME]) {
        return Err(Refused::conflict("An AI agent is already on the call"));
    }
    let agent = if board.scenario.other_forms {
        Lasting::silent("AI agent")
    } else {
        Lasting::new("AI agent", "calling.call.ai").last(json!({"state": "finished"}))
    };
    board.start_operation(request, Box::new(agent.cue(Cue::AiStarted)))?;
    accepted()
}

/// Stops the agent with this control id; without one whatever agent is on the call.
fn stop(board: &mut Switchboard, request: &Request) -> Outcome {
    if !request.control_id().is_empty() {
        return board.command(request, &[NAME], &Command::Stop);
    }
    let key = request.call()?;
    if !board.runs(key, &[NAME, BEDROCK]) {
        return Err(Refused::conflict("No AI agent is on the call"));
    }
    board.command_all(key, &[NAME, BEDROCK], &Command::Stop);
    accepted()
}

fn tell_agent(board: &mut Switchboard, request: &Request, what: &str) -> Outcome {
    let key = request.call()?;
    if !board.runs(key, &[NAME, BEDROCK]) {
        return Err(Refused::conflict("No AI agent is on the call"));
    }
    board.note(key, what);
    accepted()
}
