//! A service with its station, subscriptions and chance.

use super::{Builder, Sent};
use crate::model::blueprint::ServicePlan;
use crate::model::id::Id;
use crate::model::order::KeyOrder;
use crate::model::outbound::Owner;
use crate::model::service::{Service, ServiceParts, ServiceSettings, Subscription};
use crate::model::station::Station;
use crate::model::world::Role;
use crate::policy::commit::Commit;
use crate::policy::discipline::Discipline;
use crate::policy::exhaustion::WhenExhausted;
use crate::policy::onward_keys::OnwardKeys;
use crate::policy::restart::RestartState;
use crate::random::Sampler;

impl Builder<'_> {
    pub(super) fn add_service(&mut self, plan: &ServicePlan) {
        let id = Id::new(self.services.len());
        let name = format!("service/{}", plan.name);
        let is_keyed = plan.keys != OnwardKeys::None;
        let in_transactions = plan.consumes.iter().any(|from| from.commit == Commit::Transaction);
        let is_by_worker = in_transactions && plan.workers > 1;
        let sent = Sent { priority: 0, is_followed: plan.follow, is_keyed, is_by_worker };
        let links = self.add_links(&name, Owner::Service(id), plan.node, sent, &plan.sends);
        let keys = self.keyed(&format!("{name}/keys"));
        self.orders[plan.node.index()] = KeyOrder::of_service(plan.keys, keys);
        let restart = match &plan.when_exhausted {
            WhenExhausted::Crash { restart_after: Some(restart) } => restart,
            WhenExhausted::Crash { restart_after: None }
            | WhenExhausted::Refuse
            | WhenExhausted::Shed { .. } => &plan.restart,
        };
        let parts = ServiceParts {
            id,
            node: plan.node,
            settings: settings(plan),
            station: self.station(plan),
            shares: plan.discipline == Discipline::ProcessorSharing,
            subscriptions: plan
                .consumes
                .iter()
                .enumerate()
                .map(|(index, from)| {
                    let broker = &self.blueprint.brokers[from.broker.index()];
                    let polls = self.stream(&format!("{name}/polls/{index}"));
                    Subscription::new(from, broker.kind.is_by_worker(), polls)
                })
                .collect(),
            on_failure: plan.consumes.iter().map(|from| from.on_failure.clone()).collect(),
            links,
            restart: RestartState::new(restart),
            service_draws: self.keyed(&format!("{name}/service_time")),
            error_draws: self.keyed(&format!("{name}/errors")),
            onward_draws: self.keyed(&format!("{name}/onward")),
        };
        self.services.push(Service::new(parts));
        self.roles[plan.node.index()] = Role::Service(id);
    }

    fn station(&self, plan: &ServicePlan) -> Station {
        let priorities = self.blueprint.producers.iter().map(|producer| producer.priority).max();
        Station::new(
            plan.workers,
            plan.threads.unwrap_or(u32::MAX),
            plan.accept_backlog as usize,
            plan.discipline.clone(),
            usize::from(priorities.unwrap_or(0)) + 1,
            self.keyed(&format!("service/{}/lots", plan.name)),
        )
    }
}

fn settings(plan: &ServicePlan) -> ServiceSettings {
    let service_time: Sampler = plan.service_time.sampler();
    ServiceSettings {
        service_time,
        contention: plan.contention.clone(),
        when_exhausted: plan.when_exhausted.clone(),
        warm_up: plan.warm_up.clone(),
        load_shedding: plan.load_shedding.clone(),
        concurrency_limit: plan.concurrency_limit.clone(),
        idempotency: plan.idempotency.clone(),
        concurrency_control: plan.concurrency_control,
        works_on: plan.works_on.clone(),
    }
}
