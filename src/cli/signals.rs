//! Ctrl-C and SIGTERM: the first asks the experiment to end with what it has, the second ends the program at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::{fs, io, process, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Listens to signals from now on: the number of the first that came, or 0. The second leaves nothing of `half_written`.
pub(super) fn listen(half_written: Vec<PathBuf>) -> io::Result<Arc<AtomicI32>> {
    let came = Arc::new(AtomicI32::new(0));
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let seen = Arc::clone(&came);
    thread::spawn(move || {
        for signal in signals.forever() {
            if seen.swap(signal, Ordering::Relaxed) != 0 {
                for folder in &half_written {
                    // What can't be removed is in nobody's way.
                    let _ = fs::remove_dir_all(folder);
                }
                process::exit(128 + signal);
            }
        }
    });
    Ok(came)
}
