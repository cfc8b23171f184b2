//! The Query API of Auto Scaling, as far as operating a fleet needs it, and who is asking. Every call is a form that is posted
//! to the root, and every answer is XML.

mod shape;
mod xml;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use fleet_ops::{InstanceId, RefreshRequest, Size};
use uuid::Uuid;

use super::About;
use crate::Operation;
use crate::refusal::Refusal;
use crate::server::form::pairs;
use crate::server::{App, MAX_REQUEST};
use crate::world::{self, Done};
use xml::Xml;

/// AWS, below `/aws`. Who is given an address without a slash at its end adds one.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/aws", post(serve)).route("/aws/", post(serve))
}

/// What was asked for: the fields of a form.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field that the call needs.
    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::Invalid(format!("ValidationError: Value null at '{name}' failed to satisfy constraint"))
        })
    }

    fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let wrong = || Refusal::Invalid(format!("ValidationError: {name} is no number"));
        self.get(name).map(|text| text.parse().map_err(|_| wrong())).transpose()
    }

    /// `Names.member.1`, `Names.member.2` and so on.
    fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|at| self.get(&format!("{name}.member.{at}"))).collect()
    }
}

async fn serve(State(app): State<App>, request: Request) -> Response {
    let signed = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let signed = signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 "));
    let Ok(body) = to_bytes(request.into_body(), MAX_REQUEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let form = Form(pairs(&String::from_utf8_lossy(&body)));
    let action = form.get("Action").unwrap_or_default().to_owned();
    let Some((operation, subject)) = asked(&action, &form) else {
        return refused(StatusCode::BAD_REQUEST, "InvalidAction", &format!("Could not find operation {action}"));
    };
    let unsigned = || refused(StatusCode::FORBIDDEN, "MissingAuthenticationToken", "Missing Authentication Token");
    let act = async || {
        let done = app.world().act(operation, subject, |state| act(state, operation, &form));
        match done {
            Ok(result) => answered(&action, result),
            Err(refusal) => {
                let (code, words) = refusal.words().split_once(": ").unwrap_or(("ValidationError", refusal.words()));
                refused(StatusCode::BAD_REQUEST, code, words)
            }
        }
    };
    as_aws(app.perform(operation, subject, (!signed).then(unsigned), expired, act).await)
}

/// A fault, as AWS tells it: in XML, and a throttle as 400.
fn as_aws(response: Response) -> Response {
    let is_fault = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => refused(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
        status if is_fault && status.is_server_error() => {
            refused(status, "ServiceUnavailable", "The service is unavailable. Please try again shortly.")
        }
        _ => response,
    }
}

/// Which call of a port it is, and what it is about.
fn asked(action: &str, form: &Form) -> Option<(Operation, Uuid)> {
    let group = form.get("AutoScalingGroupName");
    let about = group.map_or(About::Everything, About::Group);
    let names = form.list("AutoScalingGroupNames");
    Some(match action {
        "GetCallerIdentity" => (Operation::FleetProbe, About::Everything.subject()),
        "DescribeAutoScalingGroups" => match names[..] {
            [name] => (Operation::FleetGroup, About::Group(name).subject()),
            _ => (Operation::FleetGroups, About::Everything.subject()),
        },
        "DescribeInstanceRefreshes" => (Operation::FleetRefreshes, about.subject()),
        "TerminateInstanceInAutoScalingGroup" => {
            let machine = InstanceId::new(form.get("InstanceId").unwrap_or_default());
            (Operation::ReplaceMachine, About::Machine(&machine).subject())
        }
        "UpdateAutoScalingGroup" | "SetDesiredCapacity" => (Operation::SetGroupSize, about.subject()),
        "StartInstanceRefresh" => (Operation::StartRefresh, about.subject()),
        "CancelInstanceRefresh" => (Operation::CancelRefresh, about.subject()),
        _ => return None,
    })
}

/// Does it. What it answers, without the envelope.
fn act(state: &mut world::State, operation: Operation, form: &Form) -> Result<Done<Xml>, Refusal> {
    let now = state.now();
    let fleet = &mut state.fleet;
    match operation {
        Operation::FleetProbe => Ok(Done::same(shape::identity())),
        Operation::FleetGroup | Operation::FleetGroups => shape::groups(fleet, form).map(Done::same),
        Operation::FleetRefreshes => shape::refreshes(fleet, form).map(Done::same),
        Operation::ReplaceMachine => {
            let machine = InstanceId::new(form.need("InstanceId")?);
            if form.need("ShouldDecrementDesiredCapacity")? != "false" {
                let words = "ValidationError: the sandbox always puts another machine in its place";
                return Err(Refusal::Invalid(words.to_owned()));
            }
            let changed = fleet.replace(&machine, now)?;
            Ok(Done { answer: shape::terminating(&machine, now), changed })
        }
        Operation::SetGroupSize => {
            let name = form.need("AutoScalingGroupName")?;
            let known = fleet.group(name)?.size;
            let min = form.number("MinSize")?.unwrap_or(known.min);
            let max = form.number("MaxSize")?.unwrap_or(known.max);
            let desired = form.number("DesiredCapacity")?.unwrap_or(known.desired.clamp(min, max.max(min)));
            let changed = fleet.set_size(name, Size::new(min, desired, max), now)?;
            Ok(Done { answer: Xml::default(), changed })
        }
        Operation::StartRefresh => {
            let name = form.need("AutoScalingGroupName")?;
            let percent = form.number("Preferences.MinHealthyPercentage")?.unwrap_or(90);
            let percent = u8::try_from(percent.min(100)).unwrap_or(100);
            let warmup = form.number("Preferences.InstanceWarmup")?.unwrap_or(0);
            let id = fleet.start_refresh(name, RefreshRequest::new(percent, warmup), now)?;
            Ok(Done::changed(Xml::default().leaf("InstanceRefreshId", &id)))
        }
        _ => {
            let id = fleet.cancel_refresh(form.need("AutoScalingGroupName")?, now)?;
            Ok(Done::changed(Xml::default().leaf("InstanceRefreshId", &id)))
        }
    }
}

const AUTO_SCALING: &str = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fn answered(action: &str, result: Xml) -> Response {
    let namespace = if action == "GetCallerIdentity" { STS } else { AUTO_SCALING };
    let id = Xml::default().leaf("RequestId", "00000000-0000-4000-8000-000000000000");
    let envelope = Xml::default().node(&format!("{action}Result"), result).node("ResponseMetadata", id);
    document(StatusCode::OK, &Xml::root(&format!("{action}Response"), namespace, envelope))
}

fn refused(status: StatusCode, code: &str, words: &str) -> Response {
    let error = Xml::default().leaf("Type", "Sender").leaf("Code", code).leaf("Message", words);
    let envelope = Xml::default().node("Error", error).leaf("RequestId", "00000000-0000-4000-8000-000000000000");
    document(status, &Xml::root("ErrorResponse", AUTO_SCALING, envelope))
}

fn expired() -> Response {
    let words = "The security token included in the request is expired";
    refused(StatusCode::FORBIDDEN, "ExpiredToken", words)
}

fn document(status: StatusCode, xml: &Xml) -> Response {
    (status, [(CONTENT_TYPE, "text/xml")], xml.to_string()).into_response()
}
