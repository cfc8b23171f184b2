//! A dataset has an attribute twice, and what takes it out cannot be undone.

use ops_plan::Recipe;
use ops_recipes::datasets::{AttributeSelection, RetractAttribute};

use crate::exit::Failure;
use crate::tour::guide::Guide;
use crate::tour::night::{Night, wrong};

const DATASET: &str = "dataset/customer-addresses";

pub(super) async fn go(guide: &mut Guide, night: &Night) -> Result<(), Failure> {
    let attribute = &night.nightly.duplicate_attribute;
    guide.paged(
        &format!("archive: issue with the schema of {DATASET}: duplicate attribute {attribute}"),
        RetractAttribute::ID,
    )?;
    guide.tell("triage looks at systems, and they are all well: here the alert's text alone is enough");
    guide.typed(&format!("retract-attribute --dataset {DATASET} --duplicates"));
    let dataset = DATASET.parse().map_err(wrong)?;
    let question = RetractAttribute::new(night.nightly.transaction, dataset, AttributeSelection::Duplicates)
        .with_knowledge(guide.reach.settings.knowledge());
    let plan = guide.planned(&question).await?;

    guide.say("");
    guide.refused(&plan, "irreversible")?;
    let approved = guide.says_yes(plan)?;
    let going = guide.run(approved).await?;
    guide.reported(&going).await?;
    guide.expect(going.report.changed == 1, "one attribute is gone")
}
