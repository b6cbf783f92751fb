//! An idle client sleeps: no polling, no short timeouts. Alone in its file, for it counts the threads of its process.
#![cfg(target_os = "linux")]

use std::fs;
use std::thread;

use signalwire_relay_blocking::{Config, RelayClient, Run, secs};
use signalwire_relay_simulator::Scenario;
use signalwire_relay_simulator::listener::{ListenOptions, Simulator};

/// How often threads of the client have gone to sleep and woken up again, so far.
fn wake_ups() -> u64 {
    let threads = fs::read_dir("/proc/self/task").expect("this is Linux");
    let statuses = threads.map(|thread| {
        let path = thread.expect("threads can be listed").path().join("status");
        fs::read_to_string(path).unwrap_or_default() // it may have ended
    });
    let of_client = statuses.filter(|status| status.starts_with("Name:\trelay-"));
    of_client
        .map(|status| {
            let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            count.and_then(|count| count.trim().parse::<u64>().ok()).expect("it is counted")
        })
        .sum()
}

#[test]
fn an_idle_client_does_not_wake_up() {
    let simulator = Simulator::start(ListenOptions::new(Scenario::new()).tls()).expect("loopback has room");
    let ca = std::env::temp_dir().join(format!("signalwire-relay-idle-{}.pem", std::process::id()));
    fs::write(&ca, simulator.ca_pem().expect("it speaks TLS")).expect("the temporary folder is writable");
    let config =
        Config::new().project("demo-project").token("demo-token").host(simulator.host()).ca_file(&ca);
    let client = RelayClient::connect(config).expect("the simulator is there");
    client.execute("signalwire.ping", serde_json::json!({})).run().expect("it answers");

    // It may still be about to go to sleep.
    let mut before = wake_ups();
    assert!(before > 0, "the client's threads are found");
    loop {
        thread::sleep(secs(0.5));
        let now = wake_ups();
        if now == before {
            break;
        }
        before = now;
    }
    thread::sleep(secs(2));
    let woken = wake_ups() - before;
    assert!(woken <= 2, "{woken} wake-ups in two seconds");
    let _ = fs::remove_file(ca);
}
