//! Waiting for the first connection.

use crate::client::Client;
use crate::error::Error;

/// Waits until the client is ready for the first time, within the limits of
/// [`Config::connect_attempts`](crate::Config::connect_attempts) and
/// [`Config::connect_timeout`](crate::Config::connect_timeout): `connect` of every adapter. At a limit the client closes.
/// Dropping the future only stops waiting.
///
/// # Errors
/// [`Error::Unreachable`] at a limit; else why the client closed.
pub async fn reach(client: &Client) -> Result<(), Error> {
    client.limit_connecting();
    client.ready().await
}
