//! Clients on each runtime, and what they log.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use signalwire_relay_blocking::Run;
use signalwire_relay_core::{Client, Config, Error};

pub(crate) const RUNTIMES: [&str; 3] = ["tokio", "smol", "blocking"];

pub(crate) type Flow<T> = fn(Client) -> Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Starts a client and runs a flow with it.
pub(crate) fn on<T>(runtime: &str, config: Config, flow: Flow<T>) -> Result<T, Error> {
    match runtime {
        "tokio" => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("runtimes can be had")
            .block_on(async {
                let client = signalwire_relay_tokio::RelayClient::start(config)?;
                flow((*client).clone()).await
            }),
        "smol" => smol::block_on(async {
            let client = signalwire_relay_smol::RelayClient::start(config)?;
            flow((*client).clone()).await
        }),
        _ => {
            let client = signalwire_relay_blocking::RelayClient::start(config)?;
            flow((*client).clone()).run()
        }
    }
}

/// Everything that is logged in this process.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Captures everything from now on, down to this level.
    pub(crate) fn from(level: tracing_subscriber::filter::LevelFilter) -> Self {
        let captured = Self::default();
        let writer = captured.clone();
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        captured
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
