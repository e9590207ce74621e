//! What a node sends, and over which links.

use super::Builder;
use crate::model::blueprint::LinkPlan;
use crate::model::outbound::Target;
use crate::policy::log_client::LogClient;
use crate::policy::partitioner::PartitionBy;
use crate::scenario::document::Sending;
use crate::scenario::logs;

impl Builder<'_> {
    pub(super) fn links(&self, sends: &[Sending]) -> Vec<LinkPlan> {
        sends.iter().map(|sending| self.link(sending)).collect()
    }

    fn link(&self, sending: &Sending) -> LinkPlan {
        match sending {
            Sending::Call(call) => LinkPlan {
                target: Target::Call(self.service(&call.to)),
                at: self.node(&call.to),
                partition_by: PartitionBy::Key,
                latency: Some(call.latency.clone()),
                registry: None,
                timeout: call.timeout,
                deadline: call.deadline,
                patience: call.patience.clone(),
                retry: call.retry.clone(),
                circuit_breaker: call.circuit_breaker.clone(),
                adaptive_throttle: call.adaptive_throttle.clone(),
                client: LogClient::default(),
                window: None,
            },
            Sending::Publish(publish) => LinkPlan {
                target: Target::Publish(self.broker(&publish.to), self.destination(publish)),
                at: self.node(&publish.to),
                partition_by: publish.partition_by,
                latency: Some(publish.latency.clone()),
                registry: publish.registry.or(logs::registry(self.document, publish)),
                timeout: publish.timeout,
                deadline: None,
                patience: None,
                retry: publish.retry.clone(),
                circuit_breaker: None,
                adaptive_throttle: None,
                client: publish.client.clone().unwrap_or_default(),
                window: publish.max_unconfirmed,
            },
        }
    }
}
