//! How far several uploads are that are told of as one.

use std::sync::{Mutex, PoisonError};

/// Adds up what was sent of each.
pub(super) struct Total<'a>(Mutex<Counts<'a>>);

struct Counts<'a> {
    sent: Vec<u64>,
    size: u64,
    progress: &'a mut (dyn FnMut(u64, u64) + Send),
}

impl<'a> Total<'a> {
    /// Of `count` uploads of `size` bytes in all.
    pub(super) fn new(count: usize, size: u64, progress: &'a mut (dyn FnMut(u64, u64) + Send)) -> Self {
        Self(Mutex::new(Counts { sent: vec![0; count], size, progress }))
    }

    /// So many bytes of one of them have been sent; fewer than before, if it begins anew.
    pub(super) fn moved(&self, one: usize, bytes: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { sent, size, progress } = &mut *counts;
        if let Some(sent) = sent.get_mut(one) {
            *sent = bytes;
        }
        // That all of it is there is told by `done`.
        let so_far: u64 = sent.iter().sum();
        if so_far < *size {
            progress(so_far, *size);
        }
    }

    pub(super) fn done(&self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { size, progress, .. } = &mut *counts;
        progress(*size, *size);
    }
}
