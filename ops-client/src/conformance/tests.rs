use super::*;
use crate::Error;

const CLOCK: Needs = Needs::Other("turn the clock");

trait Stage: Prepare<Scenario = u8, Start = u8> {
    fn number(&self) -> u8;
}

struct Number(u8);

#[async_trait]
impl Prepare for Number {
    type Scenario = u8;
    type Start = u8;

    fn name(&self) -> &str {
        "a number"
    }

    fn can(&self, what: Needs) -> bool {
        matches!(what, Needs::Prepare | Needs::Change)
    }

    async fn prepare(&self, scenario: &u8) -> Result<u8> {
        if self.0 == 0 { Err(Error::invalid("number.prepare", "zero")) } else { Ok(*scenario) }
    }
}

impl Stage for Number {
    fn number(&self) -> u8 {
        self.0
    }
}

mod suite {
    use super::*;

    cases! { pub(super) CASES on dyn Stage:
        "it is the scenario's number" => scenario;
        #[needs(Prepare, Change)] "it is small" => small;
        #[needs(Prepare, Fault, CLOCK)] "time does not change it" => never;
    }

    async fn scenario(scene: Scene<'_, dyn Stage>) -> Outcome {
        same("the start", scene.scenario, scene.start)?;
        same("the number", scene.start, &scene.stage.number())
    }

    async fn small(scene: Scene<'_, dyn Stage>) -> Outcome {
        check(scene.stage.number() < parsed("10")?, "it is below ten")
    }

    async fn never(_: Scene<'_, dyn Stage>) -> Outcome {
        Err("it cannot be done here, and was".to_owned())
    }
}

async fn report(number: u8, scenario: Result<u8>) -> Report {
    run_all(&Number(number) as &dyn Stage, scenario, suite::CASES).await
}

#[tokio::test]
async fn each_case_passes_fails_or_is_not_possible() {
    let right = report(7, Ok(7)).await;
    assert_eq!(right.passed(), ["it is the scenario's number", "it is small"]);
    assert_eq!(right.not_possible(), ["time does not change it"]);
    assert!(right.failed().is_empty(), "{right}");

    let wrong = report(11, Ok(7)).await;
    assert_eq!(
        wrong.to_string(),
        "a number: 0 passed, 1 not possible, 2 failed\n  \
         FAILED        it is the scenario's number: the number: wanted 7, found 11\n  \
         FAILED        it is small: it does not hold that it is below ten\n  \
         not possible  time does not change it (cannot fault, turn the clock)\n"
    );
}

#[tokio::test]
async fn a_stage_that_cannot_begin_fails_what_is_possible() {
    for report in [report(0, Ok(7)).await, report(7, Err(Error::invalid("number.scenario", "none"))).await] {
        assert_eq!(report.failed().len(), 2, "{report}");
        assert_eq!(report.not_possible().len(), 1, "{report}");
    }
}
