//! Errors that the service reports on its own account (`calling.error`).

use crate::events::event;

event! {
    /// `calling.error`: something went wrong at the service. It says so and does nothing else.
    pub struct ErrorEvent(Error, "calling.error") {
        /// The service's code.
        pub code: String,
        /// The service's text.
        pub message: String,
        /// More of the service's text.
        pub description: Option<String>,
    }
}
