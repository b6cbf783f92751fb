//! Identifiers. Each is its own type, so that two of them cannot be swapped.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Opaque text, cheap to clone; compare it, send it back, read nothing into it. `Display` escapes line breaks and
        /// control characters.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the identifier is the empty text, which stands for "none was given".
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        crate::json::read_text!($name);

        impl Default for $name {
            fn default() -> Self {
                Self(Arc::from(""))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::printable::Printable(&self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::json::shared_text(deserializer).map(Self)
            }
        }
    };
}

id! {
    /// Names a call. Made by the service.
    CallId
}
id! {
    /// Names the node of the service that hosts a call; every command to the call carries it. Made by the
    /// service.
    NodeId
}
id! {
    /// Names one running operation (a play, a record …) of a call. Made by the client, unless you give one.
    ControlId
}
id! {
    /// Ties the legs and the outcome of a dial to the request. Made by the client, unless you give one.
    Tag
}
id! {
    /// Names a message. Made by the service.
    MessageId
}

id! {
    /// Names a question to an AI sidecar. Made by the service.
    AskId
}

/// Names one thing that the application asked of a [`Session`](crate::session::Session) and will hear about
/// again. Chosen by the application, unique among what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);
