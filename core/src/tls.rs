//! TLS settings of your own: a client certificate, other trust roots, another provider of cryptography.
//!
//! The types in this module are those of the crate [`rustls`], which is exported here. They follow the versions of that
//! crate: a release of this library that moves to the next version of it changes them, and nothing else of this
//! library's interface.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use signalwire_relay_core::tls::rustls::pki_types::pem::PemObject;
//! use signalwire_relay_core::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
//! use signalwire_relay_core::{Config, tls};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::from_env()?;
//! let certificates = CertificateDer::pem_file_iter("client.pem")?.collect::<Result<Vec<_>, _>>()?;
//! let key = PrivateKeyDer::from_pem_file("client.key")?;
//! let settings = tls::builder(&config)?.with_client_auth_cert(certificates, key)?;
//! let config = config.tls(Arc::new(settings));
//! # drop(config);
//! # Ok(()) }
//! ```

use std::sync::Arc;

pub use rustls;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder};

use crate::config::Config;
use crate::error::Error;

/// Begins TLS settings that verify the service as this library does: with the trust roots of the platform, and those of
/// [`Config::ca_file`]. What is left to say is the certificate of the client.
///
/// # Errors
/// [`Error::Transport`] if the trust roots cannot be used.
pub fn builder(config: &Config) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    crate::adapter::tls_builder(config)
}

impl Config {
    /// Sets the TLS settings for the connection to the service, in place of the library's. [`Config::ca_file`] has no
    /// effect then, unless the settings come from [`builder`]. Default: the platform's verification, and no certificate of the
    /// client.
    ///
    /// The type is that of the crate `rustls`: see [the module](self) on its versions.
    pub fn tls(mut self, settings: impl Into<Arc<ClientConfig>>) -> Self {
        self.set_tls(settings.into());
        self
    }
}
