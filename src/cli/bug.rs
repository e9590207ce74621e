//! An internal error: what is printed so that it can be reported and seen again.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::exit::Exit;
use super::output;
use crate::experiment::reproducer::{self, Reproducer};

/// From now on a panic says what it takes to see it again.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|panic| output::diagnostic(describe(panic))));
}

/// Does `work`; an internal error unwinds no further than this, so that half-written folders are cleared away.
pub(super) fn caught(work: impl FnOnce() -> Exit) -> Exit {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(Exit::Bug)
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let reason = payload.downcast_ref::<String>().map(String::as_str);
    let reason = reason.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason");
    let place = panic.location().map_or_else(String::new, |place| format!(" ({place})"));
    let run = reproducer::current().map_or_else(String::new, |run| describe_run(&run));
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "internal error: {reason}{place}\n\
         This is a bug of pileup. Please report it, with the scenario and these lines:\n  \
         version         {version}{run}"
    )
}

fn describe_run(run: &Reproducer) -> String {
    let Reproducer { scenario, variant, seed, replication, simulated } = run;
    format!(
        "\n  scenario        {scenario}\n  variant         {variant}\n  seed            {seed}\n  \
         replication     {replication}\n  simulated time  {simulated}, or soon after"
    )
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::num::NonZeroUsize;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicI32;

    use super::*;
    use crate::experiment::sink::{RunLabel, RunSink, Sink};
    use crate::experiment::{self, Control, Limits, Options};
    use crate::scenario::source::Source;
    use crate::scenario::{self, Overrides};
    use crate::time::SimTime;

    #[test]
    fn an_internal_error_ends_with_its_own_code() {
        assert_eq!(caught(|| panic!("the ledger does not balance")), Exit::Bug);
        assert_eq!(caught(|| Exit::Unmet), Exit::Unmet);
    }

    /// Breaks after the third window.
    struct Breaks(u32);

    impl Sink for Breaks {
        fn open(&self, _: RunLabel<'_>) -> io::Result<Box<dyn RunSink + Send>> {
            Ok(Box::new(Breaks(self.0)))
        }
    }

    impl RunSink for Breaks {
        fn window(&mut self, _: f64, _: &[&[f64]], _: &[&[f64]]) -> io::Result<()> {
            self.0 -= 1;
            assert!(self.0 > 0, "the ledger does not balance");
            Ok(())
        }

        fn finish(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn run_until_it_breaks() -> Exit {
        let source = Source::Builtin("incident-2013".to_owned());
        let overrides =
            Overrides { seed: Some(7), variants: vec!["direct".into()], sets: Vec::new() };
        let scenario = scenario::load(&source, &overrides).unwrap();
        let options = Options {
            replications: NonZeroUsize::MIN,
            jobs: NonZeroUsize::MIN,
            limits: Limits::default(),
        };
        let control = Control { stop: &AtomicI32::new(0), progress: &|_| {} };
        caught(|| {
            experiment::run(&scenario, options, &Breaks(3), &control).unwrap();
            Exit::Done
        })
    }

    /// The hook is one for the whole process, so the panics of other tests are passed on.
    #[test]
    fn an_internal_error_of_a_run_names_all_that_it_takes_to_see_it_again() {
        static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| match reproducer::current() {
            Some(run) if run.seed == 7 => TOLD.lock().unwrap().push(describe(panic)),
            _ => usual(panic),
        }));
        assert_eq!(run_until_it_breaks(), Exit::Bug);
        let told = TOLD.lock().unwrap().concat();
        let first = told.lines().next().unwrap();
        assert!(first.starts_with("internal error: the ledger does not balance ("), "{first}");
        let lines: Vec<&str> = told.lines().skip(3).map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "scenario        incident-2013",
                "variant         direct",
                "seed            7",
                "replication     0",
                "simulated time  20s, or soon after"
            ]
        );
        assert_eq!(reproducer::current(), None, "the next run is not taken for this one");
    }

    #[test]
    fn a_run_is_described_so_that_it_can_be_seen_again() {
        let run = Reproducer {
            scenario: "storm".into(),
            variant: "direct".into(),
            seed: 7,
            replication: 2,
            simulated: SimTime::from_nanos(2_000_000_000),
        };
        assert_eq!(
            describe_run(&run),
            "\n  scenario        storm\n  variant         direct\n  seed            7\n  replication     2\n  \
             simulated time  2s, or soon after"
        );
    }
}
