//! What a handle asks of its connection.

use std::time::Duration;

use super::{Waiter, not_sent};
use crate::NotSent;
use crate::machine::{CallId, Input, Request};

/// What a handle wants.
#[derive(Debug)]
pub(super) enum Command {
    Call { id: CallId, request: Request, timeout: Duration, waiter: Waiter },
    Notify { id: CallId, request: Request, waiter: Waiter },
    NetworkChanged,
}

impl Command {
    /// `None`: its caller is gone, so it does not leave the process.
    pub(super) fn into_input(self) -> Option<Input<Waiter>> {
        match self {
            Self::Call { id, request, timeout, waiter } if !waiter.is_closed() => {
                Some(Input::Call { id, request, timeout, waiter })
            }
            Self::Notify { id, request, waiter } if !waiter.is_closed() => Some(Input::Notify { id, request, waiter }),
            Self::NetworkChanged => Some(Input::NetworkChanged),
            Self::Call { .. } | Self::Notify { .. } => None,
        }
    }

    /// Whether it says that a channel is left.
    pub(super) fn is_leave(&self) -> bool {
        match self {
            Self::Call { request, .. } | Self::Notify { request, .. } => request.is_leave(),
            Self::NetworkChanged => false,
        }
    }

    pub(super) fn refuse(self, reason: NotSent) {
        let waiter = match self {
            Self::Call { waiter, .. } | Self::Notify { waiter, .. } => waiter,
            Self::NetworkChanged => return,
        };
        let _ = waiter.send(not_sent(reason));
    }
}
