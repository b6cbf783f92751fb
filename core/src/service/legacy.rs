//! What the service still understands of older clients, and nothing new needs.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::calling::{Device, Devices};
use crate::client::{Client, Request};
use crate::error::{Error, InvalidArgument};
use crate::ids::{CallId, NodeId, Tag};
use crate::json::{Redacted, text_of, whole_seconds};
use crate::method::{Accepted, Method, params, validate};
use crate::service::Subscription;

params! {
    /// Parameters of `calling.begin`.
    pub struct Begin {
        required { device: Device, }
        optional {
            /// A tag that the events of the call carry. Default: none.
            tag: Tag,
            /// The region that the call is placed from. Default: the service's choice.
            region: String,
            /// The node that is to place the call. Default: the service's choice.
            node_id: NodeId,
            /// How long the call may last, in whole seconds. (One older document says minutes.) Default: no limit.
            #[serde(with = "whole_seconds")]
            max_duration: Duration,
        }
    }
}

/// A call that was begun with [`Client::begin`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Begun {
    /// The call.
    pub call_id: CallId,
    /// Its node.
    pub node_id: NodeId,
}

impl Method for Begin {
    type Output = Option<Begun>;

    fn name(&self) -> Cow<'static, str> {
        "calling.begin".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate::whole("max_duration", self.max_duration)?;
        Devices::from(self.device.clone()).validate_dialable()
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Option<Begun>, Error> {
        let value = result?.reply.value();
        let text = |name| value.get(name).and_then(text_of);
        let ids = text("call_id").zip(text("node_id"));
        Ok(ids.map(|(call_id, node_id)| Begun { call_id: (&*call_id).into(), node_id: (&*node_id).into() }))
    }
}

/// Parameters of `calling.call`: whatever they are.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct LegacyCall {
    params: Redacted,
}

impl Method for LegacyCall {
    type Output = Value;

    fn name(&self) -> Cow<'static, str> {
        "calling.call".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        validate_object(&self.params.0)
    }

    fn has_member(&self, name: &str) -> bool {
        self.params.0.get(name).is_some()
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Value, Error> {
        result.map(|accepted| accepted.reply.value())
    }
}

params! {
    /// Parameters of `signalwire.execute`.
    pub struct LegacyExecute {
        required { protocol: String, method: String, params: Redacted, }
        optional {
            /// Nodes that have been asked before. Default: none.
            attempted: Vec<String>,
            /// Who asks. Default: the service knows.
            requester_identity: String,
            /// The node of who asks. Default: the service knows.
            requester_nodeid: String,
            /// Who is asked. Default: the service's choice.
            responder_identity: String,
            /// The node of who is asked. Default: the service's choice.
            responder_nodeid: String,
        }
    }
}

impl Method for LegacyExecute {
    type Output = Value;

    fn name(&self) -> Cow<'static, str> {
        "signalwire.execute".into()
    }

    fn validate(&self) -> Result<(), InvalidArgument> {
        for (field, value) in [("protocol", &self.protocol), ("method", &self.method)] {
            if value.is_empty() {
                return Err(InvalidArgument::new(field, "it must not be empty"));
            }
        }
        validate_object(&self.params.0)
    }

    fn finish(self, result: Result<Accepted, Error>) -> Result<Value, Error> {
        result.map(|accepted| accepted.reply.value())
    }
}

fn validate_object(params: &Value) -> Result<(), InvalidArgument> {
    if params.is_object() {
        Ok(())
    } else {
        Err(InvalidArgument::new("params", "they must be a JSON object"))
    }
}

impl Client {
    /// Calls one party, in the old way (`calling.begin`). Gives the new call's ids, if the service tells them.
    ///
    /// There is no [`Call`](crate::Call) for it, and nothing waits for its answer: place calls with
    /// [`dial`](Self::dial).
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// use signalwire_relay_core::phone;
    /// if let Some(begun) = client.begin(phone("+15551001000").from("+15550000000")).await? {
    ///     println!("{} on {}", begun.call_id, begun.node_id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn begin(&self, device: impl Into<Device>) -> Request<Begin> {
        self.request(Begin::new(device.into()))
    }

    /// Sends `calling.call`, of which nothing is documented but that it exists.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// let result = client.legacy_call(serde_json::json!({})).await?;
    /// # let _ = result;
    /// # Ok(()) }
    /// ```
    pub fn legacy_call(&self, params: Value) -> Request<LegacyCall> {
        self.request(LegacyCall { params: Redacted(params) })
    }

    /// Receives calls for more contexts, in the old way (`calling.receive`). They are kept as those of
    /// [`receive`](Self::receive) are, which is the way to do it. With no contexts nothing is sent.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// client.legacy_receive(["office"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn legacy_receive<C: Into<String>>(
        &self,
        contexts: impl IntoIterator<Item = C>,
    ) -> Request<Subscription> {
        self.request(Subscription::new("calling.receive", contexts))
    }

    /// Sends a method wrapped in the old envelope (`signalwire.execute`): `protocol` is the session's name, see
    /// [`protocol`](Self::protocol). Gives the envelope's result. [`execute`](Self::execute) sends without.
    ///
    /// ```
    /// # async fn example(client: signalwire_relay_core::Client) -> Result<(), signalwire_relay_core::Error> {
    /// if let Some(protocol) = client.protocol() {
    ///     let result = client.legacy_execute(protocol, "signalwire.ping", serde_json::json!({})).await?;
    ///     println!("{}", result["result"]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn legacy_execute(
        &self,
        protocol: impl Into<String>,
        method: impl Into<String>,
        params: Value,
    ) -> Request<LegacyExecute> {
        self.request(LegacyExecute::new(protocol.into(), method.into(), Redacted(params)))
    }
}
