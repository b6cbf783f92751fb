//! Writing frames, each once, when it leaves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::ids::{CallId, ControlId, NodeId, Tag};
use crate::json::{given, raw_object, read_object};

/// The answer to a request of the service.
pub(in crate::session) fn acknowledgement(id: &RawValue, result: &str) -> String {
    let mut text = String::with_capacity(36 + id.get().len() + result.len());
    text.push_str(r#"{"jsonrpc":"2.0","id":"#);
    text.push_str(id.get());
    text.push_str(r#","result":"#);
    text.push_str(result);
    text.push('}');
    text
}

/// The answer to a ping: what came with it, sent back.
pub(in crate::session) fn pong(params: Option<&RawValue>) -> String {
    raw_object! {
        struct Ping { payload, timestamp, }
    }
    let Ping { payload, timestamp } = params.map(|params| read_object(params.get())).unwrap_or_default();
    let members = [("payload", given(payload)), ("timestamp", given(timestamp))];
    let echo: BTreeMap<_, _> = members.into_iter().filter_map(|(name, raw)| Some((name, raw?))).collect();
    serde_json::to_string(&echo).unwrap_or_else(|_| "{}".to_owned())
}

/// A call as commands name it on the wire.
#[derive(Debug, Clone)]
pub(in crate::session) struct CallAddress {
    pub(in crate::session) call_id: CallId,
    pub(in crate::session) node_id: NodeId,
}

/// The members that the session adds to the parameters of a request.
#[derive(Debug, Default, Clone, Copy)]
pub(in crate::session) struct Members<'a> {
    pub(in crate::session) call: Option<&'a CallAddress>,
    pub(in crate::session) control_id: Option<&'a ControlId>,
    pub(in crate::session) tag: Option<&'a Tag>,
    pub(in crate::session) context: Option<&'a str>,
    pub(in crate::session) contexts: Option<&'a [String]>,
}

/// Writes a request of ours. `params` is the JSON text of an object.
pub(in crate::session) fn request(id: Uuid, method: &str, members: Members<'_>, params: &str) -> String {
    let mut text = String::with_capacity(192 + method.len() + params.len());
    // Writing to a String cannot fail.
    let _ = write!(text, r#"{{"jsonrpc":"2.0","id":"{}","method":"#, id.as_hyphenated());
    push_text(&mut text, method);
    text.push_str(r#","params":{"#);
    let start = text.len();
    let mut member = |name: &str, write: &dyn Fn(&mut String)| {
        if text.len() > start {
            text.push(',');
        }
        text.push('"');
        text.push_str(name);
        text.push_str("\":");
        write(&mut text);
    };
    if let Some(CallAddress { call_id, node_id }) = members.call {
        member("node_id", &|text| push_text(text, node_id.as_str()));
        member("call_id", &|text| push_text(text, call_id.as_str()));
    }
    if let Some(control_id) = members.control_id {
        member("control_id", &|text| push_text(text, control_id.as_str()));
    }
    if let Some(tag) = members.tag {
        member("tag", &|text| push_text(text, tag.as_str()));
    }
    if let Some(context) = members.context {
        member("context", &|text| push_text(text, context));
    }
    if let Some(contexts) = members.contexts {
        // A list of strings always serialises.
        member("contexts", &|text| text.push_str(&serde_json::to_string(contexts).unwrap_or_default()));
    }
    let own = params.trim().strip_prefix('{').map_or("}", str::trim_start);
    if text.len() > start && own != "}" {
        text.push(',');
    }
    text.push_str(own);
    text.push('}');
    text
}

fn push_text(text: &mut String, value: &str) {
    let plain = value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        // A string always serialises.
        text.push_str(&serde_json::to_string(value).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn members_of_the_session_come_before_the_parameters() {
        let call = CallAddress { call_id: "c1".into(), node_id: "n\"1".into() };
        let (control, tag, contexts) = ("k".into(), "t".into(), ["a\"b".to_owned()]);
        let full = Members {
            call: Some(&call),
            control_id: Some(&control),
            tag: Some(&tag),
            context: Some("x\"y"),
            contexts: Some(&contexts),
        };
        let value = |members, params| -> Value {
            serde_json::from_str(&request(Uuid::nil(), "calling.play", members, params)).expect("valid JSON")
        };
        assert_eq!(
            value(full, r#" { "a": 1 } "#)["params"],
            json!({"node_id": "n\"1", "call_id": "c1", "control_id": "k", "tag": "t", "context": "x\"y",
                "contexts": ["a\"b"], "a": 1})
        );
        assert_eq!(value(full, "{}")["params"]["tag"], "t");
        assert_eq!(value(Members::default(), r#"{"a":1}"#)["params"], json!({"a": 1}));
        assert_eq!(value(Members::default(), "{}")["params"], json!({}));
        assert_eq!(value(Members::default(), "{ }")["id"], Uuid::nil().to_string());
    }

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).expect("test JSON is valid")
    }

    #[test]
    fn pings_are_echoed() {
        assert_eq!(
            pong(Some(&raw(r#"{"timestamp":1.50,"payload":"p","x":1}"#))),
            r#"{"payload":"p","timestamp":1.50}"#
        );
        for empty in [None, Some(&*raw("{}")), Some(&*raw("[]")), Some(&*raw("7"))] {
            assert_eq!(pong(empty), "{}", "{empty:?}");
        }
    }
}
