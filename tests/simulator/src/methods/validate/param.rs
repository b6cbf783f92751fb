//! The rows of parameter tables.

use super::Kind;
use crate::Reading;

/// One row of a parameter table.
#[derive(Debug)]
pub(crate) struct Param {
    pub(super) name: &'static str,
    need: Need,
    pub(super) kind: Kind,
    /// The one reading that knows the parameter; `None` if both do.
    only: Option<Reading>,
    /// The reading in which a request with the parameter is refused.
    pub(super) refused: Option<Reading>,
}

/// The need for a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Optional,
    Required,
    /// Required in this reading, optional in the other one.
    RequiredIn(Reading),
}

impl Param {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Marks a parameter that only one reading knows. The service accepts it in the other one too, unless the scenario
    /// is strict.
    pub(crate) const fn only(mut self, reading: Reading) -> Self {
        self.only = Some(reading);
        self
    }

    /// Requires the parameter in this reading only.
    pub(crate) const fn required_in(mut self, reading: Reading) -> Self {
        self.need = Need::RequiredIn(reading);
        self
    }

    /// Refuses every request with the parameter in this reading, even if the scenario is not strict.
    pub(crate) const fn refused_in(mut self, reading: Reading) -> Self {
        self.refused = Some(reading);
        self
    }

    pub(super) fn is_required(&self, reading: Reading) -> bool {
        match self.need {
            Need::Optional => false,
            Need::Required => true,
            Need::RequiredIn(only) => only == reading,
        }
    }

    pub(super) fn is_known(&self, reading: Reading) -> bool {
        self.only.is_none_or(|only| only == reading)
    }
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Param {
    Param { name, need: Need::Required, kind, only: None, refused: None }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Param {
    Param { name, need: Need::Optional, kind, only: None, refused: None }
}

/// A row that accepts every other parameter.
pub(crate) const fn others() -> Param {
    optional(OTHERS, Kind::Any)
}

/// A parameter that only the newer specification knows.
pub(crate) const fn newer(name: &'static str, kind: Kind) -> Param {
    optional(name, kind).only(Reading::Specification)
}

/// A parameter that only the older sources know.
pub(crate) const fn older(name: &'static str, kind: Kind) -> Param {
    optional(name, kind).only(Reading::Sdks)
}

/// The name of the row for all parameters without a row of their own.
pub(super) const OTHERS: &str = "*";
