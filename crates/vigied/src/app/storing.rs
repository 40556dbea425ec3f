//! Stores a decoded batch: checks the quota of the account, invalidates kept answers, appends, and counts. Everything that
//! receives samples calls this, so that quotas and counters are the same for all.

use super::App;
use crate::http::problem::Refusal;
use base::sample::{Appended, Batch, RejectReason};
use base::scope::{Action, Domain, Scope};
use base::store::Durability;
use iam::directory::Plan;
use wire::code;

impl App {
    /// Stores a batch; `early` says why items that came with it are not samples. Blocks.
    ///
    /// # Errors
    /// Why nothing may be relied on. Then nothing is counted either.
    pub(crate) fn store_batch<'r>(
        &self,
        scope: &Scope,
        batch: &Batch,
        early: impl Iterator<Item = &'r RejectReason>,
        durability: Durability,
    ) -> Result<Appended, Refusal> {
        let domain = scope.domain();
        let account = self.iam.directory().account_of(domain).ok_or_else(|| {
            // The domain was deleted after the credential was verified.
            Refusal(code::DOMAIN_NOT_FOUND.problem(format!("there is no domain `{domain}`")))
        })?;
        self.require_plan(domain)?;
        let reaches_all = scope.reaches_all(Action::Write);
        let allowance = self.quotas.allowance(account, reaches_all)?;
        // Ends once readers see what was written, and before the sender gets the answer.
        let change = self.queries.render_cache().writing(domain);
        let appended = self
            .store
            .append_with_quota(scope, batch, durability, &allowance)?;
        drop(change);
        allowance.wrote(&appended);
        let late = appended.rejected.iter().map(|rejected| &rejected.1);
        let reasons = early.map(for_now).chain(late);
        // Counted here, so that it also counts if the sender is gone.
        self.metrics.wrote(domain, &appended, reasons);
        Ok(appended)
    }

    /// Checks that the plan of the domain lets something be sent: samples, or events.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn require_plan(&self, domain: Domain) -> Result<(), Refusal> {
        let plan = self.iam.plan_of(domain);
        match plan.filter(|plan| !plan.takes_samples()) {
            Some(plan) => Err(not_in_plan(plan)),
            None => Ok(()),
        }
    }

    /// Counts samples that are rejected before there is a batch. The store is not asked, so nobody waits for its disk or its room.
    pub(crate) fn count_rejects<'r>(
        &self,
        domain: Domain,
        reasons: impl Iterator<Item = &'r RejectReason>,
    ) {
        self.metrics.wrote(domain, &Appended::default(), reasons);
    }
}

fn not_in_plan(plan: Plan) -> Refusal {
    let message = format!("the space has the plan `{plan}`, in which nothing can be sent");
    Refusal(code::NOT_IN_PLAN.problem(message).hint(
        "give it the plan `premium`: an Administrator changes its instance with `PATCH /v2/resource_instances/ID`, or makes one",
    ))
}

/// The reason, borrowed no longer than the others.
const fn for_now<'l: 's, 's>(reason: &'l RejectReason) -> &'s RejectReason {
    reason
}
