//! The table that the suite ends with.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::runtimes;

/// How the trials went: how long each took, or nothing if it failed.
#[derive(Default)]
pub(crate) struct Table(Mutex<BTreeMap<&'static str, Row>>);

type Row = BTreeMap<(&'static str, bool), Option<Duration>>;

impl Table {
    pub(crate) fn enter(
        &self,
        scenario: &'static str,
        runtime: &'static str,
        tls: bool,
        took: Option<Duration>,
    ) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.entry(scenario).or_default().insert((runtime, tls), took);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let width = rows.keys().map(|name| name.len()).max().unwrap_or_default().max("scenario".len());
        write!(f, "{:width$}", "scenario")?;
        for runtime in runtimes::ALL {
            write!(f, " │ {:^15}", runtime.name())?;
        }
        write!(f, "\n{:width$}", "")?;
        for _ in runtimes::ALL {
            write!(f, " │ {:>7} {:>7}", "plain", "TLS")?;
        }
        write!(f, "\n{}", "─".repeat(width))?;
        for _ in runtimes::ALL {
            write!(f, "─┼─{}", "─".repeat(15))?;
        }
        writeln!(f)?;
        for (scenario, row) in &*rows {
            write!(f, "{scenario:width$}")?;
            for runtime in runtimes::ALL {
                let cell = |tls| match row.get(&(runtime.name(), tls)) {
                    None => "-".to_owned(),
                    Some(None) => "FAILED".to_owned(),
                    Some(Some(took)) => format!("{:.2} s", took.as_secs_f64()),
                };
                write!(f, " │ {:>7} {:>7}", cell(false), cell(true))?;
            }
            writeln!(f)?;
        }
        let cells = || rows.values().flat_map(BTreeMap::values);
        let (all, failed) = (cells().count(), cells().filter(|took| took.is_none()).count());
        writeln!(f, "\n{} scenarios, {} trials: {} passed, {failed} failed", rows.len(), all, all - failed)
    }
}
