//! The simulated RELAY service as a program.

use std::fs::File;
use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{BUILTINS, Scenario};

/// The interval at which the program checks whether it has to exit.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// With `--until-done`: the simulated time without pending work after which the program exits. It gives an application
/// that dials several numbers the time to dial the next one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// A simulated SignalWire RELAY service on a loopback port.
///
/// Prints its URL when it is ready, then one line per event. Scripted parties call in, pick up, press keys and hang up.
/// Ctrl-C ends it.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
struct Arguments {
    /// Address to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "localhost:8773")]
    listen: String,

    /// Allow an address that other machines can reach
    #[arg(long)]
    allow_remote: bool,

    /// Listen for wss:// with a certificate made for this run (the default)
    #[arg(long, conflicts_with = "plain")]
    tls: bool,

    /// Listen for ws://, without TLS
    #[arg(long)]
    plain: bool,

    /// Write the certificate that clients have to trust to FILE, as PEM
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    ca_out: Option<PathBuf>,

    /// The scenario: the name of a built-in one, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "hello")]
    scenario: String,

    /// List the built-in scenarios and exit
    #[arg(long)]
    list_scenarios: bool,

    /// Seed of every random decision
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Simulated seconds per real second
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,

    /// Also accept this project; needs --token
    #[arg(long, value_name = "ID", requires = "token")]
    project: Option<String>,

    /// The API token of --project
    #[arg(long, value_name = "TOKEN", requires = "project")]
    token: Option<String>,

    /// Write every frame to FILE, or to standard error if it is -; credentials are redacted
    #[arg(long, value_name = "FILE|-")]
    frame_log: Option<String>,

    /// Exit with status 0 when all scripted calls have ended
    #[arg(long)]
    until_done: bool,
}

const EXAMPLES: &str = "\
Clients are let in with project `demo-project` and token `demo-token`, or with the JWT `demo-jwt`.

Examples:
  Callers for a menu, ten times as fast as life:
      signalwire-relay-simulator --scenario ivr --speed 10 --ca-out ca.pem
  A client that takes its settings from the environment:
      SIGNALWIRE_SPACE=localhost:8773 SIGNALWIRE_RELAY_CA_FILE=ca.pem \\
      SIGNALWIRE_PROJECT_ID=demo-project SIGNALWIRE_API_TOKEN=demo-token  my-application";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = if arguments.list_scenarios { list() } else { run(arguments) };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has closed the pipe, as `head` does.
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("signalwire-relay-simulator: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let until_done = arguments.until_done;
    let interrupted = interrupts()?;
    let simulator = Simulator::start(options(arguments)?)?;
    let mut out = io::stdout();
    writeln!(out, "listening on {}", simulator.url())?;
    out.flush()?;
    let mut quiet_since = None;
    loop {
        while let Some(report) = simulator.next_report(POLL_INTERVAL) {
            writeln!(out, "{report}")?;
            out.flush()?;
            if interrupted() {
                return Ok(());
            }
        }
        if interrupted() {
            return Ok(());
        }
        let (done, now) = simulator.with(|service, now| (service.is_done(), now));
        quiet_since = if done { quiet_since.or(Some(now)) } else { None };
        if until_done && quiet_since.is_some_and(|since| now.saturating_sub(since) >= IDLE_TIMEOUT) {
            return Ok(());
        }
    }
}

fn options(arguments: Arguments) -> Result<ListenOptions, Failure> {
    let mut scenario = scenario(&arguments.scenario)?;
    if let (Some(project), Some(token)) = (arguments.project, arguments.token) {
        scenario = scenario.credential(project, token);
    }
    let mut options = ListenOptions::new(scenario)
        .address(resolve(&arguments.listen)?)
        .seed(arguments.seed)
        .speed(arguments.speed);
    if arguments.allow_remote {
        options = options.allow_remote();
    }
    if !arguments.plain {
        options = options.tls();
    }
    if let Some(path) = arguments.ca_out {
        options = options.ca_out(path);
    }
    Ok(match arguments.frame_log.as_deref() {
        None => options,
        Some("-") => options.frame_log(io::stderr()),
        Some(path) => options.frame_log(File::create(path).map_err(|error| Failure::file(path, &error))?),
    })
}

fn scenario(name: &str) -> Result<Scenario, Failure> {
    if !Path::new(name).exists() {
        return Scenario::builtin(name).map_err(|error| Failure::Use(format!("{error}, and no such file")));
    }
    let text = std::fs::read_to_string(name).map_err(|error| Failure::file(name, &error))?;
    Scenario::from_toml(&text).map_err(|error| Failure::Use(format!("{name}: {error}")))
}

/// Resolves an address. IPv4 is preferred where a name has both: some clients try nothing else.
fn resolve(address: &str) -> Result<SocketAddr, Failure> {
    let found: Vec<_> =
        address.to_socket_addrs().map_err(|error| Failure::Use(format!("{address}: {error}")))?.collect();
    let chosen = found.iter().find(|address| address.is_ipv4()).or(found.first());
    chosen.copied().ok_or_else(|| Failure::Use(format!("{address} has no address")))
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if f64::is_finite(speed) && speed > 0.0 => Ok(speed),
        _ => Err("a number greater than 0 is needed".into()),
    }
}

/// Listens for Ctrl-C. The returned function returns `true` once it was pressed.
fn interrupts() -> io::Result<impl Fn() -> bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("interrupts".into()).spawn(move || {
        let came = runtime.block_on(tokio::signal::ctrl_c());
        if came.is_ok() {
            let _ = sender.send(());
        } else {
            // Without signals the program is killed from outside; the channel stays open until then.
            std::thread::park();
        }
    })?;
    Ok(move || receiver.try_recv().is_ok())
}

fn list() -> Result<(), Failure> {
    let mut out = io::stdout();
    for (name, text) in BUILTINS {
        writeln!(out, "{name}")?;
        for line in text.lines().take_while(|line| line.starts_with('#')) {
            writeln!(out, "   {}", line.trim_start_matches('#'))?;
        }
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Use(String),
}

impl Failure {
    fn file(path: &str, error: &io::Error) -> Self {
        Self::Use(format!("{path}: {error}"))
    }
}
