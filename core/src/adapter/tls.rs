//! TLS: the platform's verification, with the roots of a CA file beside its own.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;

use crate::config::{Config, Endpoint};
use crate::connect_failure::{ConnectFailure, ConnectStage};
use crate::error::Error;

/// The TLS settings for the configured endpoint; `None` if it is without TLS. Reads the trust roots, once.
/// Verification cannot be switched off.
///
/// # Errors
/// [`Error::Config`] if the endpoint is unusable, [`Error::Transport`] if the trust roots are.
pub fn tls_config(config: &Config) -> Result<Option<Arc<ClientConfig>>, Error> {
    if !config.endpoint()?.tls {
        return Ok(None);
    }
    let roots = match config.extra_roots() {
        Some(path) => read_roots(path).map_err(|error| unusable(Box::new(error)))?,
        None => Vec::new(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone())
        .map_err(|error| unusable(format!("no usable trust roots: {error}").into()))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(Box::new(error)))?
        .dangerous() // What is dangerous is a verifier that does not verify; this is the platform's.
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Some(Arc::new(config)))
}

/// The name that the endpoint's certificate has to be for.
///
/// # Errors
/// If there is no such name, with a sentence that says so.
pub fn server_name(endpoint: &Endpoint) -> Result<ServerName<'static>, ConnectFailure> {
    ServerName::try_from(endpoint.host.clone()).map_err(|_| {
        ConnectFailure::new(
            ConnectStage::Tls,
            format!("{} is not a name that a certificate can be for", endpoint.host),
        )
    })
}

fn unusable(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Transport(Arc::from(error))
}

fn read_roots(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let explain = |error: String| io::Error::other(format!("the CA file {}: {error}", path.display()));
    let file = File::open(path).map_err(|error| explain(error.to_string()))?;
    let roots = CertificateDer::pem_reader_iter(BufReader::new(file))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| explain(error.to_string()))?;
    if roots.is_empty() {
        return Err(explain("it contains no certificate".to_owned()));
    }
    Ok(roots)
}
