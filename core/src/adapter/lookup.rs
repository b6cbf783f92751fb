//! Looking up the addresses of a host, on a thread that nobody has to wait for.

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::client::{WaitFor, WatchCell};
use crate::name_lookup::NameLookup;

type Found = Result<Vec<SocketAddr>, String>;

/// Looks up addresses. Clones share their look-ups.
///
/// A name server that does not answer holds up a look-up for as long as the operating system is patient: longer than an
/// attempt to connect. Each look-up has a thread of its own, which does not keep the process from ending. An attempt
/// that finds the look-up of an earlier one still under way waits for that, so there is one such thread at most.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    look_up: NameLookup,
    pending: Arc<Mutex<Option<Pending>>>,
}

#[derive(Debug, Clone)]
struct Pending {
    host: String,
    port: u16,
    found: Arc<WatchCell<Option<Found>>>,
}

impl Lookup {
    pub(super) fn new(look_up: NameLookup) -> Self {
        Self { look_up, pending: Arc::default() }
    }

    /// The addresses of a host. The error is for people to read.
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Found {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = self.begin(host, port)?;
        WaitFor::new(found, |found: &mut Option<Found>| found.clone()).await
    }

    /// Begins a look-up, unless there is one already.
    fn begin(&self, host: &str, port: u16) -> Result<Arc<WatchCell<Option<Found>>>, String> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pending) = pending.as_ref()
            && (&*pending.host, pending.port) == (host, port)
            && pending.found.with(|found| found.is_none())
        {
            return Ok(pending.found.clone());
        }
        let new = Pending { host: host.to_owned(), port, found: WatchCell::shared(None) };
        let (look_up, own) = (self.look_up.clone(), new.clone());
        thread::Builder::new()
            .name("relay-lookup".to_owned())
            .spawn(move || {
                let found = catch_unwind(AssertUnwindSafe(|| look_up.look_up(&own.host, own.port)));
                let found = match found {
                    Ok(Ok(addresses)) if addresses.is_empty() => Err("the host has no address".to_owned()),
                    Ok(found) => found.map_err(|error| error.to_string()),
                    Err(_) => Err("the function that looks up names has panicked".to_owned()),
                };
                own.found.update(|result| *result = Some(found));
            })
            .map_err(|error| format!("no thread can be started to look the name up: {error}"))?;
        let found = new.found.clone();
        *pending = Some(new);
        Ok(found)
    }
}
