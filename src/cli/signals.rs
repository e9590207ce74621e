//! Ctrl-C and SIGTERM: the first asks the experiment to end with what it has, the second ends the program at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Listens to signals from now on: the number of the first that came, or 0.
pub(super) fn listen() -> io::Result<Arc<AtomicI32>> {
    let came = Arc::new(AtomicI32::new(0));
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let seen = Arc::clone(&came);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if seen.swap(signal, Ordering::Relaxed) != 0 {
                std::process::exit(128 + signal);
            }
        }
    });
    Ok(came)
}
