//! What an idle client costs: how often its threads wake up, and how long a command takes to get out.
//!
//! ```text
//! cargo run --release -p signalwire-relay-blocking --example idle -- 10
//! ```
//!
//! The argument is for how many seconds it idles. The service is a thread of this process, so that both ends have one
//! clock; it lets the client in, then notes when each frame arrives.

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

use signalwire_relay_blocking::{Config, RelayClient, Run};
use tungstenite::{Message, WebSocket};

const COMMANDS: usize = 101;
const BETWEEN: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let idle = Duration::from_secs_f64(std::env::args().nth(1).map_or(Ok(10.0), |text| text.parse())?);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let host = listener.local_addr()?.to_string();
    let (arrived, arrivals) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("the client connects");
        let mut socket = tungstenite::accept(stream).expect("the client speaks WebSocket");
        // Ends with an error when the client is gone.
        while answer(&mut socket, &arrived).is_some() {}
    });
    let client = RelayClient::connect(Config::new().project("p").token("t").host(host).plaintext())?;
    arrivals.recv()?; // the credentials

    let before = wake_ups()?;
    thread::sleep(idle);
    let woken = wake_ups()? - before;
    println!("idle for {idle:?}: the client's threads woke up {woken} times");

    let mut delays = Vec::new();
    for _ in 0..COMMANDS {
        let issued = Instant::now();
        client.execute("signalwire.ping", serde_json::json!({})).run()?;
        delays.push(arrivals.recv()? - issued);
        thread::sleep(BETWEEN); // idle again
    }
    println!("the first command after that arrived after {:?}", delays[0]);
    delays.sort_unstable();
    println!("of {COMMANDS}: median {:?}, slowest {:?}", delays[COMMANDS / 2], delays[COMMANDS - 1]);
    Ok(())
}

/// Answers one request, as little as will do.
fn answer(socket: &mut WebSocket<TcpStream>, arrived: &Sender<Instant>) -> Option<()> {
    let message = socket.read().ok()?;
    let now = Instant::now();
    let Message::Text(text) = message else { return Some(()) };
    let request: serde_json::Value = serde_json::from_str(&text).ok()?;
    let reply = serde_json::json!({"jsonrpc": "2.0", "id": request["id"], "result": {"protocol": "s", "code": "200"}});
    arrived.send(now).ok()?;
    socket.send(Message::text(reply.to_string())).ok()
}

/// How often threads of the client have gone to sleep and woken up again, so far. Zero where there is no `/proc`.
fn wake_ups() -> std::io::Result<u64> {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Ok(0) };
    let mut sum = 0;
    for thread in threads {
        let status = fs::read_to_string(thread?.path().join("status"))?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if field("Name:").is_some_and(|name| name.starts_with("relay-")) {
            sum += field("voluntary_ctxt_switches:").and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(sum)
}
