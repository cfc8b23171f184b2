//! What must not happen at the same time.

use std::collections::BTreeSet;

use cloudformation_ops::{Family, ServiceStack, Stack};
use gocd_client::BuildsReadExt;
use ops_client::Result;
use ops_plan::{Draft, Finding};

use super::RollBackService;
use super::step::UpdateService;
use crate::services::ServiceReads;
use crate::words::names;

/// Every stack takes an update now.
pub(super) fn at_rest(draft: &mut Draft<UpdateService>, stacks: &[(ServiceStack, Stack)]) {
    const GUARD: &str = "at-rest";
    let mut busy = false;
    for (_, stack) in stacks.iter().filter(|(_, stack)| !stack.status.takes_an_update()) {
        busy = true;
        let text = format!("{} is {}", stack.name, stack.status);
        let advice = stack.status.remedy().unwrap_or("wait until that has ended, and look again");
        draft.finding(Finding::block(GUARD, text).with_advice(advice));
    }
    if !busy {
        let all = names(stacks.iter().map(|(_, stack)| format!("{} ({})", stack.name, stack.status)));
        draft.finding(Finding::pass(GUARD, format!("nobody changes {all}")));
    }
}

/// No deploy runs.
pub(super) async fn deploys(recipe: &RollBackService, draft: &mut Draft<UpdateService>, reads: &ServiceReads) {
    const GUARD: &str = "to-prod";
    const RIGHT: &str = "right when whoever deploys knows of this, and the deploy does not touch the service";
    let Some(builds) = reads.builds.as_ref().filter(|_| !recipe.deploys.is_empty()) else {
        let text = "whether a deploy runs was not looked at: no build server or no pipeline that deploys is configured";
        draft.finding(Finding::ask(GUARD, text, "right when the build server's page shows none"));
        return;
    };
    let (mut running, mut unknown) = (Vec::new(), Vec::new());
    for pipeline in &recipe.deploys {
        match builds.running(pipeline).await {
            Ok(None) => {}
            Ok(Some(build)) => running.push(format!("{pipeline} {build}")),
            Err(error) => unknown.push(format!("{pipeline}: {error}")),
        }
    }
    draft.finding(if !running.is_empty() {
        Finding::ask(GUARD, format!("a deploy runs: {}", names(running)), RIGHT)
    } else if !unknown.is_empty() {
        let text = format!("whether a deploy runs is not known: {}", names(unknown));
        Finding::ask(GUARD, text, "right when the build server's page shows none")
    } else {
        Finding::pass(GUARD, format!("no deploy runs ({})", names(&recipe.deploys)))
    });
}

/// No other suffix of the same place is being made or taken down.
pub(super) async fn spin(
    draft: &mut Draft<UpdateService>,
    reads: &ServiceReads,
    meant: &[(ServiceStack, Stack)],
) -> Result<()> {
    const GUARD: &str = "spin";
    let places: BTreeSet<&str> = meant.iter().map(|(name, _)| name.prototype.as_str()).collect();
    let suffixes: BTreeSet<&str> = meant.iter().map(|(name, _)| name.suffix.as_str()).collect();
    let all = reads.stacks.stacks(&Family::of_environment(draft.target().environment.to_string())).await?;
    let spun = all.iter().filter(|stack| stack.status.is_in_progress()).filter(|stack| {
        ServiceStack::parse(&stack.name)
            .is_some_and(|name| places.contains(&*name.prototype) && !suffixes.contains(&*name.suffix))
    });
    let spun: Vec<String> = spun.map(|stack| format!("{} ({})", stack.name, stack.status)).collect();
    draft.finding(if spun.is_empty() {
        Finding::pass(GUARD, "no other stack of the same place is being spun")
    } else {
        let right = "right when the new stack gets the wanted version, too";
        Finding::ask(GUARD, format!("a stack is being spun: {}", names(spun)), right)
    });
    Ok(())
}
