//! Collects the examples in the documentation of the core: each fenced block that is a function `example` of a call or of
//! a client becomes a module. So does each program: that of the README, and the examples of the tokio runtime.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The kinds of examples: what the function takes, and the name of their list.
const KINDS: [(&str, &str); 2] = [
    ("call: signalwire_relay_core::Call", "OF_CALLS"),
    ("client: signalwire_relay_core::Client", "OF_CLIENTS"),
];

/// The examples of the tokio runtime that are programs of their own.
const PROGRAMS: [&str; 8] =
    ["hello", "ivr", "outbound", "sms", "voicemail_detect", "conference", "ai_agent", "ai_menu"];

fn main() {
    let core = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../../core/src");
    println!("cargo::rerun-if-changed={}", core.display());
    let mut files = Vec::new();
    collect(&core, &mut files);
    files.sort();
    let (mut modules, mut lists) = (String::new(), KINDS.map(|_| String::new()));
    for file in &files {
        let source = fs::read_to_string(file).expect("sources are text");
        for (line, block) in blocks(&source) {
            let signature = |takes: &str| format!("fn example({takes})");
            let Some(kind) = KINDS.iter().position(|(takes, _)| block.contains(&signature(takes))) else {
                continue;
            };
            let name = format!("example_{}", modules.matches("pub mod").count());
            let is_async = block.contains("async fn example(");
            let function = if is_async { "async fn example(" } else { "fn example(" };
            let block = block.replacen(function, &format!("pub {function}"), 1);
            writeln!(modules, "pub mod {name} {{\n{block}}}").expect("text grows");
            let place = file.strip_prefix(&core).unwrap_or(file).display();
            let call =
                if is_async { format!("{name}::example(it).await") } else { format!("{name}::example(it)") };
            writeln!(lists[kind], "(\"{place}:{line}\", |it| Box::pin(async move {{ outcome({call}) }})),")
                .expect("text grows");
        }
    }
    for ((takes, list), entries) in KINDS.iter().zip(&lists) {
        let kind = takes.rsplit(' ').next().unwrap_or_default();
        writeln!(modules, "pub const {list}: &[(&str, fn({kind}) -> Running)] = &[\n{entries}];")
            .expect("text grows");
    }
    let to = PathBuf::from(variable("OUT_DIR"));
    fs::write(to.join("examples.rs"), modules).expect("the output folder can be written to");
    fs::write(to.join("programs.rs"), programs()).expect("the output folder can be written to");
}

/// The programs as modules, word for word but for the runtime, which is that of the tests.
fn programs() -> String {
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../..");
    let readme = root.join("README.md");
    println!("cargo::rerun-if-changed={}", readme.display());
    let text = fs::read_to_string(readme).expect("it is there");
    let (_, program) = text.split_once("```rust\n").expect("the README shows a program");
    let (program, _) = program.split_once("```").expect("it ends");
    let mut modules = module("readme", program);
    for name in PROGRAMS {
        let file = root.join(format!("runtime-tokio/examples/{name}.rs"));
        println!("cargo::rerun-if-changed={}", file.display());
        modules += &module(name, &fs::read_to_string(file).expect("it is there"));
    }
    modules
}

fn module(name: &str, program: &str) -> String {
    let kept = program.lines().filter(|line| {
        !line.starts_with("#[tokio::main]") && !line.trim_start().starts_with("tracing_subscriber::")
    });
    let program = kept.collect::<Vec<_>>().join("\n");
    let replaced = [
        ("signalwire_relay_tokio", "crate::runtime"),
        ("signalwire_relay_simulator::Demo", "crate::runtime::Demo"),
        ("std::env::args()", "crate::runtime::args()"),
        ("env::args()", "crate::runtime::args()"),
        ("async fn main", "pub async fn main"),
    ];
    let program = replaced.iter().fold(program, |program, (from, to)| program.replace(from, to));
    format!("pub mod {name} {{\n{program}\n}}\n")
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets it")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The fenced blocks of Rust that are compiled, with the line in which each begins.
fn blocks(source: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, bool, String)> = None;
    for (number, line) in source.lines().enumerate() {
        let line = line.trim_start();
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else { continue };
        let text = text.strip_prefix(' ').unwrap_or(text);
        match (&mut open, text.strip_prefix("```")) {
            (None, Some(language)) => open = Some((number + 1, language.is_empty(), String::new())),
            (Some(_), Some(_)) => {
                if let Some((line, true, block)) = open.take() {
                    blocks.push((line, block));
                }
            }
            (Some((_, _, block)), None) => {
                block.push_str(text.strip_prefix("# ").unwrap_or(text));
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}
