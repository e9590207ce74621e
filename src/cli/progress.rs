//! How far a long run is: a bar on standard error with an estimate of what is left, if anybody watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use crate::experiment::Progress;

/// A bar, or nothing.
pub(super) struct Bar(Option<ProgressBar>);

const STEPS: u64 = 10_000;
/// Runs shorter than this show no bar.
const PATIENCE: Duration = Duration::from_millis(500);

impl Bar {
    /// A bar for the scenario called `name`, unless nobody watches or `quiet`.
    pub(super) fn new(name: &str, quiet: bool) -> Bar {
        if quiet || !output::wants_progress() {
            return Bar(None);
        }
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::hidden());
        let template = "{prefix} {wide_bar} {percent:>3} %  {msg}  {eta} left";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▌░"));
        bar.set_prefix(name.to_owned());
        Bar(Some(bar))
    }

    /// Shows how far it is.
    pub(super) fn show(&self, progress: Progress) {
        let Some(bar) = &self.0 else { return };
        if bar.is_hidden() && bar.elapsed() > PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
        let Progress { done, events, runs_done, runs } = progress;
        bar.set_position((done * STEPS as f64) as u64);
        bar.set_message(format!("{runs_done}/{runs} runs, {:.0} M events", events as f64 / 1e6));
    }
}

/// However it ends, the bar is taken away before anything is said about it.
impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
