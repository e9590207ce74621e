//! Ctrl-C and SIGTERM. The first asks the experiment to end with what it has; the second ends the program at once, as does
//! the first while nothing has been simulated yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::{io, process, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
#[cfg(unix)]
use signal_hook::{consts::SIGXFSZ, flag};

use crate::report::folder;

/// What came so far, and what is to be done about it.
#[derive(Debug, Clone, Default)]
pub(super) struct Listening {
    /// The number of the first signal that came, or 0.
    pub(super) came: Arc<AtomicI32>,
    simulating: Arc<AtomicBool>,
}

impl Listening {
    /// From now on there is something to keep: the first signal no longer ends the program.
    pub(super) fn keep_what_there_is(&self) {
        self.simulating.store(true, Ordering::Relaxed);
    }
}

/// Listens to signals from now on.
pub(super) fn listen() -> io::Result<Listening> {
    // A limit on the size of files is then an error of whoever writes, as a full disk is.
    #[cfg(unix)]
    flag::register(SIGXFSZ, Arc::default())?;
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let listening = Listening::default();
    let Listening { came, simulating } = listening.clone();
    thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            let is_first = came.swap(signal, Ordering::Relaxed) == 0;
            if !(is_first && simulating.load(Ordering::Relaxed)) {
                let _nothing_more_is_written = folder::abandon_all();
                process::exit(128 + signal);
            }
        }
    })?;
    Ok(listening)
}
