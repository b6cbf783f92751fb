//! An HTTP proxy for tests: it gives tunnels (`CONNECT`), to those who say who they are if it is told so.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The longest head of a request that is read.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A proxy on a free port of this machine. It goes on until the process ends.
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a proxy does with requests.
#[derive(Clone)]
pub(crate) struct Rules {
    /// The value of the header `Proxy-Authorization` that it asks for.
    pub(crate) authorization: Option<&'static str>,
    /// The port of this machine that every tunnel leads to, whatever was asked for.
    pub(crate) port: u16,
}

impl Proxy {
    pub(crate) fn start(rules: Rules) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has room");
        let address = listener.local_addr().expect("it is bound");
        let asked = Arc::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (rules, log) = (rules.clone(), Arc::clone(&log));
                // A client that leaves in the middle is no trouble of the proxy.
                thread::spawn(move || drop(serve(stream, &rules, &log)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first lines of the requests so far.
    #[allow(dead_code, reason = "not every test that has a proxy asks it")]
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(mut client: TcpStream, rules: &Rules, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let head = read_head(&mut client)?;
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(first.clone());
    let authorization = lines.find_map(|line| line.strip_prefix("Proxy-Authorization: "));
    if rules.authorization.is_some_and(|wanted| authorization != Some(wanted)) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n";
        return client.write_all(refusal.as_bytes());
    }
    if !first.starts_with("CONNECT ") {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    }
    let service = TcpStream::connect((Ipv4Addr::LOCALHOST, rules.port))?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")?;
    let (up, down) = ((client.try_clone()?, service.try_clone()?), (service, client));
    let upwards = thread::spawn(move || carry(up.0, up.1));
    carry(down.0, down.1);
    upwards.join().expect("it does not panic");
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    // Whichever end fails, both are closed.
    let _ = io::copy(&mut from, &mut to);
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD_BYTES && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}
