//! The two descriptions of the protocol.

use serde::Deserialize;

/// The description of the protocol that the service follows where the published ones differ.
///
/// It is not documented which of them the real service follows in each case. A client has to work with both.
///
/// # Differences on calls
///
/// | | `Specification` | `Sdks` |
/// | --- | --- | --- |
/// | envelope of an event | with `project_id`, `space_id`; that of an offer with `context`, that of a message with `context` instead of `event_channel` | `event_type`, `event_channel`, `timestamp`, `params` |
/// | times of a call | milliseconds, always there, 0 is not yet | seconds, absent until known |
/// | end reasons | `maxDuration`, `notFound`, with `end_source` | `max_duration`, `not_found` |
/// | `dial_winner` | text, in states and outcome | `true`, in the outcome |
/// | failed dial | `reason`, `source` | an empty `call` |
/// | `failed_reason` of a bridge | `noAnswer` | `no_answer` |
/// | `timeout`, `send_digits`, `max_duration` of a dial | have their effect | ignored |
/// | first-input clock of a collect | started by the client | runs by itself unless it is told not to |
/// | `collect` after a prompt | time-out, digits with `min`, speech | all members of a collect |
/// | `continue` | another name of `continuous` | ignored |
/// | confidence | 0 to 100 | 0 to 1 |
/// | collect at the end of its call | `finished` | `error` |
/// | recording | does not end by silence; ends by `#` | ends after 5 s without, or 1 s after, speech; ends by `#` and `*` |
/// | fax detector without `tone` | hears a called machine | hears both |
/// | `NOT_READY` | with `detect_interruptions` | always |
/// | fax that fails | `finished` without success | `error` |
/// | payment | a last event with `result` 300 ms after the marker | the marker has `state` |
/// | echo | 5 to 120 s, 60 s if not given | as long as asked for, 0 or absent is no limit |
/// | queue | 180 s if not given; `stats` every 30 s; `id` of the queue | no limit; `id` of the entry |
/// | `queue.leave` | with the `control_id` of entering, otherwise 404 | with any |
/// | after `calling.transfer` | commands are refused with 404; states are still sent; `context:` offers the call again | the call goes on |
/// | `calling.refer` | `inProgress`, then what the target did | `success` or `failed` |
/// | `clear_digit_bindings` without realm | realm `default`; `all` is every one | every one |
/// | a second `play_and_collect` | refused with 409 | plays beside the first |
/// | call quality in conferences | every 10 s, where it is asked for | no event |
/// | AI session | `calling.ai.*` events; `connect` and `play_and_collect` are refused with 409; at most 300 s on hold | only the event of its end |
/// | live transcription and translation without a webhook | `calling.ai.transcribe.*`, `calling.ai.translate.*` events | no event |
/// | room, user event | `calling.call.room`, `calling.user_event` | no event |
/// | `calling.error` | `error`, `fatal` | `code`, `message` |
/// | message states | `tag`, empty `tags`, context `default` if not given | `tags` as they were sent |
///
/// ```
/// use signalwire_relay_simulator::{Reading, Scenario};
///
/// let older = Scenario::from_toml(r#"reading = "sdks""#)?;
/// assert_eq!(older, Scenario::new().reading(Reading::Sdks));
/// # Ok::<(), signalwire_relay_simulator::ScenarioError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// The newer public specification.
    ///
    /// Among the requests that are refused in this reading alone:
    ///
    /// - `signalwire.connect` with a major version above 4, with a minor version other than 0, or with an
    ///   `authorization_state` without its `protocol`;
    /// - `signalwire.receive` and `signalwire.unreceive` of a client that connected with version 4;
    /// - `calling.hold` and `calling.unhold`, see [`Scenario::refuse_hold`](crate::Scenario::refuse_hold);
    /// - `prompt` in `calling.ai_unhold`, `reset.consolidate` in `calling.ai_message`, and `voice_id` in
    ///   `calling.amazon_bedrock`;
    /// - `calling.answer` of a telephone call with a codec that no telephone has;
    /// - a payment connector without TLS, and numbers or booleans instead of text in `calling.pay`;
    /// - `messaging.send` with a body beside a `template_id`, or with more than 8 media.
    ///
    /// The result of `signalwire.connect` has `ice_servers` and does not say if the session was resumed. A resume
    /// with a valid state brings no new `signalwire.authorization.state`.
    #[default]
    Specification,
    /// The behaviour that the server SDKs expect.
    Sdks,
}
