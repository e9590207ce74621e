//! Optimistic concurrency: two pieces of work on the same record, of which the first to finish wins.
//!
//! The record is read when the work begins and written when it is done, unless somebody else has written it meanwhile. A message's key
//! says which record it is about; messages without keys are all about the same one.

use super::Service;
use crate::model::context::Context;
use crate::model::message::MessageId;
use crate::model::observation::Observer;

impl Service {
    /// A worker reads the record that `message` is about.
    #[cold]
    pub(super) fn read_version<O: Observer>(
        &mut self,
        worker: u32,
        message: MessageId,
        cx: &Context<O>,
    ) {
        let record = cx.key(message);
        let version = self.records.as_ref().and_then(|records| records.get(&record).copied());
        self.workers[worker as usize].version = version.unwrap_or_default();
    }

    /// Whether a worker finds that the record was written since it read it; if not, it writes it itself.
    #[inline]
    pub(super) fn conflicts<O: Observer>(
        &mut self,
        worker: u32,
        message: MessageId,
        cx: &mut Context<O>,
    ) -> bool {
        self.records.is_some() && !self.write_version(worker, message, cx)
    }

    #[cold]
    fn write_version<O: Observer>(
        &mut self,
        worker: u32,
        message: MessageId,
        cx: &mut Context<O>,
    ) -> bool {
        if self.is_known_done(worker, message, cx) {
            return true;
        }
        let record = cx.key(message);
        let read = self.workers[worker as usize].version;
        let Some(records) = &mut self.records else { return true };
        let version = records.entry(record).or_default();
        let is_unchanged = *version == read;
        *version += u32::from(is_unchanged);
        is_unchanged
    }
}
