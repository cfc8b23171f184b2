//! One stack of the service: what is live there, and which steps lead to the wanted version.

use cloudformation_ops::{EventId, ServiceStack, Stack};
use ops_client::Result;
use ops_plan::{Draft, Finding};

use super::look::last_touched;
use super::step::{ParameterChange, Serving, UpdateService, told};
use super::version::Version;
use super::{Manner, RollBackService};
use crate::services::ServiceReads;
use crate::services::sides::{Picture, Side, Sides};

/// A stack of the service, and its sides.
pub(super) struct Shard {
    pub(super) stack: Stack,
    pub(super) sides: Sides,
}

impl Shard {
    /// The versions that are live.
    pub(super) fn live(&self) -> impl Iterator<Item = &str> {
        self.sides.both().into_iter().filter(|side| side.size > 0).map(|side| side.version.as_str())
    }
}

/// Reads the sides of every stack, and says them in the draft.
pub(super) fn read(
    recipe: &RollBackService,
    draft: &mut Draft<UpdateService>,
    stacks: Vec<(ServiceStack, Stack)>,
) -> Vec<Shard> {
    let mut shards = Vec::with_capacity(stacks.len());
    for (_, stack) in stacks {
        match Sides::of(&stack, &recipe.parameters) {
            Ok(sides) => {
                draft.note(format!("{}: {sides}.", stack.name));
                shards.push(Shard { stack, sides });
            }
            Err(why) => {
                let advice = "say what its parameters are called, or do it by hand";
                draft.finding(Finding::block("parameters", format!("{}: {why}", stack.name)).with_advice(advice));
            }
        }
    }
    shards
}

/// The steps of one stack, or why there are none.
pub(super) async fn plan(
    recipe: &RollBackService,
    draft: &mut Draft<UpdateService>,
    reads: &ServiceReads,
    shard: &Shard,
    version: &Version,
) -> Result<()> {
    let Some(steps) = steps(recipe, draft, shard, version) else { return Ok(()) };
    let newest = reads.stacks.events(&shard.stack.name, None).await?.pop().map(|event| event.id);
    let planned = draft.now().as_millisecond();
    let mut before: Option<&Step> = None;
    for step in &steps {
        let update = step.update(&shard.stack, before, newest.clone(), planned);
        draft.phase_at(format!("{}: {}", shard.stack.name, step.name), 1, vec![update]);
        before = Some(step);
    }
    Ok(())
}

/// A step before it is an action.
struct Step {
    word: &'static str,
    name: String,
    changes: Vec<ParameterChange>,
    serving: Serving,
    back: Serving,
}

impl Step {
    fn update(&self, stack: &Stack, before: Option<&Self>, after: Option<EventId>, planned: i64) -> UpdateService {
        // What an earlier step of this plan changes is not as it is now.
        let mut then = stack.clone();
        for change in before.into_iter().flat_map(|step| &step.changes) {
            then.parameters.insert(change.key.clone(), cloudformation_ops::ParameterValue::Plain(change.to.clone()));
        }
        UpdateService {
            stack: stack.name.clone(),
            step: self.word.to_owned(),
            what: told(&self.changes),
            others: UpdateService::others(&then, &self.changes),
            changes: self.changes.clone(),
            since: before.is_none().then(|| last_touched(stack)),
            after,
            token: format!("rollback-{}-{planned}", self.word),
            serving: self.serving.clone(),
            back: self.back.clone(),
        }
    }
}

fn steps(
    recipe: &RollBackService,
    draft: &mut Draft<UpdateService>,
    shard: &Shard,
    version: &Version,
) -> Option<Vec<Step>> {
    let stack = &shard.stack.name;
    let wanted = version.short();
    match shard.sides.picture() {
        Picture::One { live, .. } if version.is(&live.version) => {
            draft.finding(Finding::pass("version", format!("{stack}: {} is live already", live.version)));
            None
        }
        Picture::One { live, .. } if recipe.manner == Manner::Fast => {
            draft.finding(Finding::warn("downtime", format!("{stack}: nobody answers for about 5 min")));
            Some(vec![in_place(live, wanted)])
        }
        Picture::One { .. } if recipe.single => {
            let text = format!("{stack}: only one instance of {} may be there", recipe.service);
            let advice = "two at once would end each other: go back in place (fast)";
            draft.finding(Finding::block("single", text).with_advice(advice));
            None
        }
        Picture::One { live, idle } => Some(vec![up(idle, live.size, wanted, Some(live)), down(live, wanted)]),
        Picture::Both => {
            let [one, other] = shard.sides.both();
            let (good, bad) = if version.is(&one.version) { (one, other) } else { (other, one) };
            if !version.is(&good.version) {
                let text = format!("{stack}: both sides are live, and neither has {wanted}");
                let advice = "a deploy is half done: let it end, or set one side to 0 first";
                draft.finding(Finding::block("both-live", text).with_advice(advice));
                return None;
            }
            if version.is(&bad.version) {
                draft.finding(Finding::pass("version", format!("{stack}: both sides have {wanted}")));
                return None;
            }
            let text = format!("{stack}: {} comes up already; what is left is that {} goes", good.colour, bad.colour);
            draft.finding(Finding::warn("both-live", text));
            Some(vec![down(bad, wanted)])
        }
        Picture::Neither => {
            let Some(start) = recipe.start.filter(|start| start.size > 0) else {
                let text = format!("{stack}: neither side has instances");
                let advice = "say which side comes up, and with how many instances (--side, --size)";
                draft.finding(Finding::block("sides", text).with_advice(advice));
                return None;
            };
            let text = format!("{stack}: neither side has instances; {} gets {}", start.side, start.size);
            let right = "right when the service is down, and nobody meant it to be";
            draft.finding(Finding::ask("both-zero", text, right));
            Some(vec![up(shard.sides.side(start.side), start.size, wanted, None)])
        }
    }
}

/// The idle side comes up with the wanted version.
fn up(idle: &Side, size: u32, wanted: &str, live: Option<&Side>) -> Step {
    let mut changes = Vec::new();
    change(&mut changes, &idle.version_key, &idle.version, wanted);
    change(&mut changes, &idle.size_key, &idle.size.to_string(), &size.to_string());
    let (serving, back) = match live {
        Some(live) => (Serving::Among(wanted.to_owned()), Serving::Only(live.version.clone())),
        None => (Serving::Only(wanted.to_owned()), Serving::Nobody),
    };
    Step { word: "up", name: format!("{} comes up", idle.colour), changes, serving, back }
}

/// The bad side goes.
fn down(bad: &Side, wanted: &str) -> Step {
    let mut changes = Vec::new();
    change(&mut changes, &bad.size_key, &bad.size.to_string(), "0");
    Step {
        word: "down",
        name: format!("{} goes", bad.colour),
        changes,
        serving: Serving::Only(wanted.to_owned()),
        back: Serving::Among(bad.version.clone()),
    }
}

fn in_place(live: &Side, wanted: &str) -> Step {
    let mut changes = Vec::new();
    change(&mut changes, &live.version_key, &live.version, wanted);
    Step {
        word: "in-place",
        name: format!("{} changes in place", live.colour),
        changes,
        serving: Serving::Only(wanted.to_owned()),
        back: Serving::Only(live.version.clone()),
    }
}

fn change(changes: &mut Vec<ParameterChange>, key: &str, from: &str, to: &str) {
    if from != to {
        changes.push(ParameterChange { key: key.to_owned(), from: from.to_owned(), to: to.to_owned() });
    }
}
