//! Which revision of the protocol the server understands.

use mezon_proto::wire::Revision;

/// The revision that is spoken, and whether the other one may be tried.
#[derive(Debug)]
pub(super) struct Dialect {
    revision: Revision,
    /// Nothing has been answered yet, so it may be the wrong one.
    in_doubt: bool,
}

impl Dialect {
    /// Begins with `revision`. With `detect`, the other one has its turn when that is not understood.
    pub(super) fn new(revision: Revision, detect: bool) -> Self {
        Self { revision, in_doubt: detect }
    }

    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// The server has answered a request: it is the right one.
    pub(super) fn understood(&mut self) {
        self.in_doubt = false;
    }

    /// A connection has ended on which something was asked and nothing answered.
    pub(super) fn not_understood(&mut self) {
        if self.in_doubt {
            self.revision = match self.revision {
                Revision::Int32Cid => Revision::StringCid,
                _ => Revision::Int32Cid,
            };
        }
    }
}
