//! TLS: the platform's verification, with the roots of a CA file beside its own, or settings of the program's.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ConfigBuilder, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::config::{Config, Endpoint};
use crate::connect_failure::{ConnectFailure, ConnectStage};
use crate::error::Error;
use crate::printable::printable;

/// The TLS settings for the configured endpoint; `None` if it is without TLS. Reads the trust roots, once.
///
/// # Errors
/// [`Error::Config`] if the endpoint is unusable, [`Error::Transport`] if the trust roots are.
pub(super) fn tls_config(config: &Config) -> Result<Option<Arc<ClientConfig>>, Error> {
    if !config.endpoint()?.tls {
        return Ok(None);
    }
    if let Some(given) = config.given_tls() {
        return Ok(Some(given));
    }
    Ok(Some(Arc::new(builder(config)?.with_no_client_auth())))
}

/// Settings that verify certificates as this library does, up to the certificate of the client.
pub(crate) fn builder(config: &Config) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let roots = match config.extra_roots() {
        Some(path) => read_roots(path).map_err(|error| unusable(Box::new(error)))?,
        None => Vec::new(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone()).map_err(|error| {
        let remedy =
            "install the certificates of this system (the package ca-certificates), or name a CA file";
        unusable(format!("there are no usable trust roots ({error}); {remedy}").into())
    })?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(Box::new(error)))?;
    // What is dangerous is a verifier that does not verify; this is the platform's.
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)))
}

/// The name that the endpoint's certificate has to be for.
pub(super) fn server_name(endpoint: &Endpoint) -> Result<ServerName<'static>, ConnectFailure> {
    let unnameable = |_| {
        let reason = format!("{} is not a name that a certificate can be for", endpoint.host);
        ConnectFailure::new(ConnectStage::Tls, reason)
    };
    ServerName::try_from(endpoint.host.clone()).map_err(unnameable)
}

/// The failure of a TLS handshake.
pub(super) fn failed(endpoint: &Endpoint, error: &io::Error) -> ConnectFailure {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    let reason = match tls {
        Some(rustls::Error::InvalidCertificate(error)) => certificate_refused(endpoint, error),
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("{endpoint} does not speak TLS; is it the right port?")
        }
        Some(error) => format!("cannot set up TLS with {endpoint}: {error}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("{endpoint} closed the connection before TLS was set up")
        }
        None => format!("cannot set up TLS with {endpoint}: {error}"),
    };
    ConnectFailure::new(ConnectStage::Tls, reason)
}

fn certificate_refused(endpoint: &Endpoint, error: &CertificateError) -> String {
    let what = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet: is the clock of this machine right?"
        }
        CertificateError::UnknownIssuer => {
            "is from an issuer that is not trusted; for a private one name its CA file \
             (SIGNALWIRE_RELAY_CA_FILE, Config::ca_file)"
        }
        CertificateError::BadSignature => {
            "is not signed by the authority that is trusted under the name of its issuer: is the CA file an old one?"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is for another name"
        }
        CertificateError::Revoked => "was revoked",
        _ => "is not accepted",
    };
    format!("the certificate of {endpoint} {what} ({error})")
}

fn unusable(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Transport(Arc::from(error))
}

fn read_roots(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let explain = |error: String| io::Error::other(format!("the CA file {}: {error}", path.display()));
    let file = File::open(path).map_err(|error| explain(error.to_string()))?;
    let mut roots = Vec::new();
    for root in CertificateDer::pem_reader_iter(BufReader::new(file)) {
        let number = roots.len() + 1;
        let root = root.map_err(|error| explain(format!("certificate {number} cannot be read: {error}")))?;
        // The verifier would not say which file, nor which certificate.
        RootCertStore::empty().add(root.clone()).map_err(|error| {
            explain(format!("certificate {number} cannot be used: {}", printable(&error)))
        })?;
        roots.push(root);
    }
    if roots.is_empty() {
        return Err(explain("it contains no certificate".to_owned()));
    }
    Ok(roots)
}
