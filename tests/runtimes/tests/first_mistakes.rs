//! What the program of a new user prints when something is not set up as it should be, on each runtime, and whether the page
//! says so.
//!
//! `RELAY_WRITE_PAGE=1` has the table of the page written instead of compared.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use signalwire_relay_simulator::listener::{ListenOptions, Simulator};
use signalwire_relay_simulator::{Caller, Report, Scenario, Step};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../core/docs/first_mistakes.md");
const RUNTIMES: [&str; 3] = ["tokio", "smol", "blocking"];
/// How long a program may take before it counts as hanging.
const TEST_TIMEOUT: Duration = Duration::from_mins(3);
/// How many programs run at once.
const PROGRAMS: usize = 6;

/// A mistake, as it is made.
struct Mistake {
    what: &'static str,
    /// The mistake of the program itself.
    program: &'static str,
    service: Service,
    /// Changes the settings from those that are right.
    settings: fn(&mut Settings),
    end: End,
    ends: When,
}

type Settings = BTreeMap<&'static str, String>;

/// The service that the program finds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Right,
    WithoutTls,
    Expired,
    Away,
}

/// What ends the program.
#[derive(Clone, Copy)]
enum End {
    Itself,
    /// One signal, once the program has had time to notice its mistake.
    Signal(Noticed),
    /// A signal in the middle of a call, which then ends.
    SignalInCall,
    TwoSignalsInCall,
}

/// What shows that the mistake has had its effect.
#[derive(Clone, Copy)]
enum Noticed {
    /// A line of the log; without a log, that the program waits for calls.
    Logged(&'static str),
    Reported(fn(&Report) -> bool),
}

/// When the program ends.
#[derive(Clone, Copy)]
enum When {
    AtOnce,
    /// After pauses of these many seconds in all, at least and at most.
    After(f64, f64),
    CallsOver,
    Stopped,
}

impl When {
    fn text(self) -> String {
        match self {
            Self::AtOnce => "at once".to_owned(),
            Self::After(least, most) => format!("after {least} to {most} s"),
            Self::CallsOver => "with its calls, after 28 s at most".to_owned(),
            Self::Stopped => "when it is stopped".to_owned(),
        }
    }
}

/// Four attempts, of which each fails at once.
const FOUR_ATTEMPTS: When = When::After(3.5, 7.0);

fn mistakes() -> Vec<Mistake> {
    let right = Mistake {
        what: "",
        program: "none",
        service: Service::Right,
        settings: |_| {},
        end: End::Itself,
        ends: When::AtOnce,
    };
    let setting = |what, settings| Mistake { what, settings, ..right };
    let service = |what, service, settings| Mistake { what, service, settings, ends: FOUR_ATTEMPTS, ..right };
    vec![
        setting("no token", |settings| drop(settings.remove("SIGNALWIRE_API_TOKEN"))),
        Mistake {
            ends: When::After(1.5, 3.0),
            ..setting("a wrong token", |settings| set(settings, "SIGNALWIRE_API_TOKEN", "PT-wrong"))
        },
        setting("a line break in the token", |settings| {
            set(settings, "SIGNALWIRE_API_TOKEN", "demo-\ntoken");
        }),
        setting("quotation marks around the host", |settings| {
            set(settings, "SIGNALWIRE_SPACE", "\"demo.signalwire.com\"");
        }),
        setting("a placeholder for the host", |settings| set(settings, "SIGNALWIRE_SPACE", "<your-space>")),
        setting("a variable for the host", |settings| set(settings, "SIGNALWIRE_SPACE", "${MY_SPACE}")),
        setting("a URL for the host", |settings| {
            set(settings, "SIGNALWIRE_SPACE", "https://demo.signalwire.com/");
        }),
        setting("a limit that is no number", |settings| set(settings, "RELAY_MAX_ACTIVE_CALLS", "many")),
        setting("a CA file that is not there", |settings| {
            set(settings, "SIGNALWIRE_RELAY_CA_FILE", "/etc/nowhere.pem");
        }),
        setting("a container without CA certificates", |settings| {
            settings.remove("SIGNALWIRE_RELAY_CA_FILE");
            set(settings, "SSL_CERT_FILE", "/etc/nowhere.pem");
            set(settings, "SSL_CERT_DIR", "/etc/nowhere");
        }),
        service("a wrong port", Service::Away, |settings| {
            let host = settings["SIGNALWIRE_SPACE"].replace("localhost", "127.0.0.1");
            set(settings, "SIGNALWIRE_SPACE", &host);
        }),
        Mistake {
            ends: When::After(3.5, 43.0),
            ..service("a host that does not exist, or no network", Service::Away, |settings| {
                set(settings, "SIGNALWIRE_SPACE", "nowhere.invalid");
            })
        },
        service("a certificate of an unknown issuer", Service::Right, |settings| {
            settings.remove("SIGNALWIRE_RELAY_CA_FILE");
        }),
        service("an expired certificate", Service::Expired, |_| {}),
        service("a port without TLS", Service::WithoutTls, |_| {}),
        service("a proxy that is not there", Service::Right, |settings| {
            set(settings, "SIGNALWIRE_SPACE", "demo.signalwire.com");
            set(settings, "HTTPS_PROXY", "http://name:password@127.0.0.1:1");
        }),
        setting("a proxy of another kind", |settings| {
            set(settings, "SIGNALWIRE_SPACE", "demo.signalwire.com");
            set(settings, "HTTPS_PROXY", "socks5://127.0.0.1:1080");
        }),
        Mistake {
            program: "no-contexts",
            end: End::Signal(Noticed::Logged("no context is wanted")),
            ends: When::Stopped,
            ..setting("no contexts", |_| {})
        },
        Mistake {
            program: "no-handler",
            end: End::Signal(Noticed::Reported(|report| matches!(report, Report::CallPassed { .. }))),
            ends: When::Stopped,
            ..setting("no handler", |_| {})
        },
        Mistake {
            program: "blocking-call",
            end: End::Signal(Noticed::Reported(|report| matches!(report, Report::CallEnded { .. }))),
            ends: When::Stopped,
            ..setting("a blocking call in a handler", |_| {})
        },
        Mistake { program: "two-clients", ..setting("a second client beside the first", |_| {}) },
        Mistake { end: End::SignalInCall, ends: When::CallsOver, ..setting("Ctrl-C, during a call", |_| {}) },
        Mistake { end: End::TwoSignalsInCall, ..setting("Ctrl-C twice, during a call", |_| {}) },
    ]
}

fn set(settings: &mut Settings, name: &'static str, value: &str) {
    settings.insert(name, value.to_owned());
}

/// What a program has written so far.
#[derive(Clone, Default)]
struct Lines(Arc<(Mutex<Written>, Condvar)>);

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    /// There is no more to come.
    ended: bool,
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let written = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                written.0.0.lock().expect("nobody panicked").lines.push(line);
                written.0.1.notify_all();
            }
            written.0.0.lock().expect("nobody panicked").ended = true;
            written.0.1.notify_all();
        });
        lines
    }

    fn wait_for(&self, part: &str) {
        drop(self.wait_until(part, |written| written.lines.iter().any(|line| line.contains(part))));
    }

    /// All that it wrote, once it has ended.
    fn all(&self) -> Vec<String> {
        self.wait_until("the end", |written| written.ended).lines.clone()
    }

    fn wait_until(&self, what: &str, holds: impl Fn(&Written) -> bool) -> MutexGuard<'_, Written> {
        let written = self.0.0.lock().expect("nobody panicked");
        let waited = self.0.1.wait_timeout_while(written, TEST_TIMEOUT, |written| !holds(written));
        let (written, waited) = waited.expect("nobody panicked");
        assert!(!waited.timed_out(), "{what} does not come after {:?}", written.lines);
        written
    }
}

/// What a program has shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    printed: Vec<String>,
    exit_code: Option<i32>,
}

fn run(mistake: &Mistake, runtime: &str, log: bool) -> Shown {
    let ca = ca_file(&format!("{}-{runtime}-{log}", mistake.what.replace([' ', ',', '-'], "")));
    let mut scenario = Scenario::new();
    if !matches!(mistake.end, End::Itself) {
        let caller = Caller::new("+15551110000", "+15552220000").patience(Duration::from_mins(30));
        scenario = scenario.caller(caller.script([Step::StaySilent]));
    }
    let options = ListenOptions::new(scenario);
    let options = match mistake.service {
        Service::Right | Service::Away => options.tls().ca_out(&ca),
        Service::Expired => options.expired_certificate().ca_out(&ca),
        Service::WithoutTls => options,
    };
    let simulator = Simulator::start(options).expect("loopback has room");
    if mistake.service == Service::Away {
        simulator.stop_listening().expect("it listens");
    }
    let host = format!("localhost:{}", simulator.address().port());
    let mut settings = Settings::from([
        ("SIGNALWIRE_PROJECT_ID", "demo-project".to_owned()),
        ("SIGNALWIRE_API_TOKEN", "demo-token".to_owned()),
        ("SIGNALWIRE_SPACE", host),
    ]);
    if mistake.service != Service::WithoutTls {
        set(&mut settings, "SIGNALWIRE_RELAY_CA_FILE", &ca.to_string_lossy());
    }
    (mistake.settings)(&mut settings);
    let mut command = Command::new(env!("CARGO_BIN_EXE_first_mistakes"));
    command.args([runtime, mistake.program, if log { "log" } else { "" }]).env_clear().envs(settings);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().expect("the program was built");
    let said = Lines::of(child.stdout.take().expect("piped"));
    let printed = Lines::of(child.stderr.take().expect("piped"));
    stop(mistake.end, &simulator, &mut child, &said, log.then_some(&printed));
    let exit_code = wait(&mut child, mistake.what);
    if let When::After(least, _) = mistake.ends {
        let took = began.elapsed().as_secs_f64();
        assert!(took >= least, "{} on {runtime} took only {took} s", mistake.what);
    }
    let port = simulator.address().port();
    drop(simulator);
    let _ = std::fs::remove_file(&ca);
    Shown { printed: normal(&printed, port, &ca), exit_code }
}

/// Ends the program in the way in which it is to end.
fn stop(end: End, simulator: &Simulator, child: &mut Child, said: &Lines, log: Option<&Lines>) {
    let wait_for = |wanted: fn(&Report) -> bool| {
        let reported = simulator.wait_for(TEST_TIMEOUT, wanted);
        reported.expect("it happens")
    };
    match end {
        End::Itself => {}
        End::Signal(noticed) => {
            said.wait_for("Waiting for calls.");
            wait_until_it_listens(child);
            match (noticed, log) {
                (Noticed::Logged(part), Some(log)) => log.wait_for(part),
                (Noticed::Logged(_), None) => {}
                (Noticed::Reported(wanted), _) => drop(wait_for(wanted)),
            }
            signal(child);
        }
        End::SignalInCall | End::TwoSignalsInCall => {
            let answered = wait_for(|report| matches!(report, Report::CallAnswered { .. }));
            said.wait_for("Waiting for calls.");
            wait_until_it_listens(child);
            signal(child);
            wait_for(|report| matches!(report, Report::Unsubscribed { .. }));
            if matches!(end, End::TwoSignalsInCall) {
                signal(child);
            } else if let Report::CallAnswered { call, .. } = answered {
                simulator.with(|service, now| service.hang_up(now, &call));
            }
        }
    }
}

/// Waits until the program has a handler for the interrupt (the signal of number 2), which ends it by itself before.
fn wait_until_it_listens(child: &Child) {
    let began = Instant::now();
    let listens = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("this is Linux");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("it is told");
        u64::from_str_radix(caught.trim(), 16).expect("a number") & 2 != 0
    };
    while !listens() {
        assert!(began.elapsed() < TEST_TIMEOUT, "it does not listen");
        thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill exists");
    assert!(sent.success());
}

fn wait(child: &mut Child, what: &str) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status.code();
        }
        if began.elapsed() > TEST_TIMEOUT {
            let _ = child.kill();
            panic!("{what}: it does not end");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn ca_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("signalwire-relay-mistakes-{}-{name}.pem", std::process::id()))
}

/// The lines without what differs from run to run, and without what is said for each attempt again.
fn normal(lines: &Lines, port: u16, ca: &Path) -> Vec<String> {
    let mut normal: Vec<String> = Vec::new();
    for line in lines.all() {
        let line = line.trim().replace(&port.to_string(), "8773");
        let line = line.replace(&*ca.to_string_lossy(), "/etc/relay-ca.pem");
        let line = without(&line, "; attempt ", "\n");
        let line = without(&line, " attempts in ", "\n");
        let line = without(&line, "passed call ", " on:");
        let line = without(&line, "the handler of call ", " failed:");
        let line = without(&line, "failed to lookup address information: ", ";");
        let line = without(&line, " (certificate expired: ", ");");
        // All is well.
        if !line.ends_with(" ready") && !line.contains(" draining: ") && !normal.contains(&line) {
            normal.push(line);
        }
    }
    normal
}

/// Replaces what stands between two parts of a line by dots; to its end, if the second is not there.
fn without(line: &str, start: &str, end: &str) -> String {
    let Some(begin) = line.find(start).map(|at| at + start.len()) else { return line.to_owned() };
    let length = line[begin..].find(end).unwrap_or(line.len() - begin);
    format!("{}…{}", &line[..begin], &line[begin + length..])
}

/// Returns `true` if a line of the log repeats what the program prints.
fn repeats(line: &str, said: &str) -> bool {
    line == said || said.strip_prefix("Error: ").is_some_and(|said| line == format!("WARN closed: {said}"))
}

/// The rows for one mistake: one for all runtimes that show the same.
fn rows(mistake: &Mistake, shown: &BTreeMap<(usize, bool), Shown>) -> String {
    let mut same: BTreeMap<(&Shown, Vec<&String>), Vec<&str>> = BTreeMap::new();
    for (number, runtime) in RUNTIMES.into_iter().enumerate() {
        let (silent, logged) = (&shown[&(number, false)], &shown[&(number, true)]);
        assert_eq!(
            silent.exit_code, logged.exit_code,
            "{} on {runtime}: a log changes nothing",
            mistake.what
        );
        let is_new = |line: &&String| !silent.printed.iter().any(|said| repeats(line, said));
        let log = logged.printed.iter().filter(is_new).collect();
        same.entry((silent, log)).or_default().push(runtime);
    }
    let mut rows = String::new();
    for ((silent, log), runtimes) in &same {
        let on = if runtimes.len() == RUNTIMES.len() { "all".to_owned() } else { runtimes.join(", ") };
        let cell = |lines: &[&String]| match lines {
            [] => "nothing".to_owned(),
            lines => lines.iter().map(|line| format!("`{line}`")).collect::<Vec<_>>().join("<br>"),
        };
        let code = silent.exit_code.map_or("none".to_owned(), |code| code.to_string());
        let printed = cell(&silent.printed.iter().collect::<Vec<_>>());
        let _ = writeln!(
            rows,
            "| {} | {on} | {printed} | {} | {code} | {} |",
            mistake.what,
            cell(log),
            mistake.ends.text()
        );
    }
    rows
}

#[test]
fn the_page_says_what_programs_print() {
    let mistakes = mistakes();
    let mut tasks: Vec<_> = (0..mistakes.len())
        .flat_map(|mistake| {
            (0..RUNTIMES.len()).flat_map(move |on| [(mistake, on, false), (mistake, on, true)])
        })
        .collect();
    tasks.reverse();
    let (tasks, shown) = (Mutex::new(tasks), Mutex::new(BTreeMap::<usize, BTreeMap<_, _>>::new()));
    thread::scope(|scope| {
        for _ in 0..PROGRAMS {
            scope.spawn(|| {
                loop {
                    let next = tasks.lock().expect("nobody panicked").pop();
                    let Some((number, on, log)) = next else { return };
                    let outcome = run(&mistakes[number], RUNTIMES[on], log);
                    let mut shown = shown.lock().expect("nobody panicked");
                    shown.entry(number).or_default().insert((on, log), outcome);
                }
            });
        }
    });
    let shown = shown.into_inner().expect("nobody panicked");
    let mut table =
        "| Mistake | On | Printed | In the log | Exit code | Ends |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for (mistake, shown) in mistakes.iter().zip(shown.values()) {
        table += &rows(mistake, shown);
    }

    let page = std::fs::read_to_string(PAGE).expect("the page is there");
    let (before, rest) =
        page.split_once("\n| Mistake |").map_or((&*page, ""), |(before, rest)| (before, rest));
    let after =
        rest.lines().skip_while(|line| line.starts_with('|') || line.ends_with('|')).collect::<Vec<_>>();
    let mut new = format!("{}\n\n{table}", before.trim_end());
    if !after.is_empty() {
        let _ = writeln!(new, "{}", after.join("\n"));
    }
    if std::env::var_os("RELAY_WRITE_PAGE").is_some() {
        std::fs::write(PAGE, new).expect("the page can be written");
    } else {
        assert!(
            page == new,
            "the page differs from what programs print; RELAY_WRITE_PAGE=1 writes it:\n{new}"
        );
    }
}
