//! Sending and receiving faxes (`calling.send_fax`, `calling.receive_fax`).

use super::{Control, operation, params, validate};
use crate::client::{Action, Call, Request};
use crate::enums::open_enum;
use crate::events::event;
use crate::json::object;

params! {
    /// Parameters of `calling.send_fax`.
    pub struct SendFax {
        required { document: String, }
        optional {
            /// Who the receiver sees as the sender. Default: the call's own number.
            identity: String,
            /// The header of each page; empty for none. Default: the service's name.
            header_info: String,
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

params! {
    /// Parameters of `calling.receive_fax`.
    pub struct ReceiveFax {
        optional {
            /// A URL that receives the events as webhooks too. Default: none.
            status_url: String,
        }
    }
}

operation!(SendFax, "calling.send_fax", ControlId, FaxEvent, ends: FaxEvent::is_last, late: true, validate: |fax| {
    validate::web_url("document", &fax.document)?;
    validate::optional_web_url("status_url", fax.status_url.as_deref())
});

operation!(ReceiveFax, "calling.receive_fax", ControlId, FaxEvent, ends: FaxEvent::is_last, late: true, validate: |fax| {
    validate::optional_web_url("status_url", fax.status_url.as_deref())
});

/// A fax on its way out. Dropping it lets it go on.
pub type SendFaxAction = Action<SendFax>;
/// A fax on its way in. Dropping it lets it go on.
pub type ReceiveFaxAction = Action<ReceiveFax>;

impl Action<SendFax> {
    /// Stops sending (`calling.send_fax.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let fax = call.send_fax("https://example.com/order.pdf").await?;
    /// fax.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.send_fax.stop"))
    }
}

impl Action<ReceiveFax> {
    /// Stops receiving (`calling.receive_fax.stop`). Succeeds if it is over already.
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let fax = call.receive_fax().await?;
    /// fax.stop().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Request<Control> {
        self.control(Control::stop("calling.receive_fax.stop"))
    }
}

impl Call {
    /// Sends a fax: a PDF, by its `http` or `https` URL (`calling.send_fax`).
    ///
    /// # Completion
    ///
    /// The last page, a failure (no fax machine answers, the document cannot be fetched), [`stop`](Action::stop), or
    /// the end of the call. How long the service tries if nothing answers is its own choice: bound the wait with
    /// [`Wait::timeout`](crate::Wait::timeout).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let fax = call.send_fax("https://example.com/order.pdf").identity("+15550000000").await?;
    /// println!("{:?} pages", fax.wait().await?.pages());
    /// # Ok(()) }
    /// ```
    pub fn send_fax(&self, document: impl Into<String>) -> Request<SendFax> {
        self.request(SendFax::new(document.into()))
    }

    /// Receives a fax (`calling.receive_fax`).
    ///
    /// # Completion
    ///
    /// As for [`send_fax`](Self::send_fax).
    ///
    /// ```
    /// # async fn example(call: signalwire_relay_core::Call) -> Result<(), signalwire_relay_core::Error> {
    /// let fax = call.receive_fax().await?.wait().await?;
    /// println!("{:?}", fax.document());
    /// # Ok(()) }
    /// ```
    pub fn receive_fax(&self) -> Request<ReceiveFax> {
        self.request(ReceiveFax::new())
    }
}

open_enum! {
    /// What a fax event tells.
    pub enum FaxEventType {
        /// A page went through.
        Page = "page",
        /// The fax is over.
        Finished = "finished",
        /// The fax failed.
        Error = "error",
    }
}

object! {
    struct Fax {
        #[serde(rename = "type")]
        kind: FaxEventType,
        params: FaxParams,
        document: Option<String>,
        pages: Option<u64>,
    }
}

object! {
    struct FaxParams {
        direction: Option<String>,
        number: Option<u64>,
        identity: Option<String>,
        remote_identity: Option<String>,
        document: Option<String>,
        pages: Option<u64>,
        success: Option<bool>,
        result: Option<i64>,
        result_text: Option<String>,
        format: Option<String>,
    }
}

event! {
    /// `calling.call.fax`: a page went through, or the fax is over.
    pub struct FaxEvent(Fax, "calling.call.fax", keyed, addressed) {
        fax: Fax,
        /// `finished` or `error` if it is over, in some versions of the service.
        pub state: Option<String>,
    }
}

impl FaxEvent {
    /// What the event tells.
    pub fn kind(&self) -> &FaxEventType {
        &self.fax.kind
    }

    /// `send` or `receive`.
    pub fn direction(&self) -> Option<&str> {
        self.fax.params.direction.as_deref()
    }

    /// The number of the page that went through.
    pub fn page(&self) -> Option<u64> {
        self.fax.params.number
    }

    /// Our side's identity.
    pub fn identity(&self) -> Option<&str> {
        self.fax.params.identity.as_deref()
    }

    /// The other side's identity.
    pub fn remote_identity(&self) -> Option<&str> {
        self.fax.params.remote_identity.as_deref()
    }

    /// Where the document is.
    pub fn document(&self) -> Option<&str> {
        self.fax.params.document.as_deref().or(self.fax.document.as_deref())
    }

    /// How many pages it has.
    pub fn pages(&self) -> Option<u64> {
        self.fax.params.pages.or(self.fax.pages)
    }

    /// Whether it went through.
    pub fn success(&self) -> Option<bool> {
        self.fax.params.success
    }

    /// The result as a number, 0 if all went well, and as text.
    pub fn result(&self) -> (Option<i64>, Option<&str>) {
        (self.fax.params.result, self.fax.params.result_text.as_deref())
    }

    /// The document's format.
    pub fn format(&self) -> Option<&str> {
        self.fax.params.format.as_deref()
    }

    fn is_last(&self) -> bool {
        matches!(self.fax.kind, FaxEventType::Finished | FaxEventType::Error)
            || matches!(self.state.as_deref(), Some("finished" | "error"))
    }
}
