//! The Query APIs of AWS, as far as operating a platform needs them, and who is asking. Every call is a form that is
//! posted to one address, and every answer is XML. Which service is meant, the version of its API says.

pub(crate) mod xml;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::server::form::pairs;
use crate::server::{App, MAX_REQUEST};
use crate::world::{self, Done};
use crate::{Operation, fleet, redshift, stacks};
use xml::Xml;

/// AWS, below `/aws`. Who is given an address without a slash at its end adds one.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/aws", post(serve)).route("/aws/", post(serve))
}

/// The services that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    AutoScaling,
    Sts,
    Redshift,
    CloudFormation,
}

impl Service {
    /// The one that is meant; Auto Scaling, where nothing is said.
    fn of(form: &Form) -> Self {
        match form.get("Version") {
            Some("2012-12-01") => Self::Redshift,
            Some("2010-05-15") => Self::CloudFormation,
            Some("2011-06-15") => Self::Sts,
            _ if form.get("Action") == Some("GetCallerIdentity") => Self::Sts,
            _ => Self::AutoScaling,
        }
    }

    fn namespace(self) -> &'static str {
        match self {
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::CloudFormation => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
            Self::Redshift => "http://redshift.amazonaws.com/doc/2012-12-01/",
        }
    }

    /// Which call of a port it is, and what it is about.
    fn asked(self, action: &str, form: &Form) -> Option<(Operation, Uuid)> {
        match self {
            Self::AutoScaling => fleet::asked(action, form),
            Self::Sts => (action == "GetCallerIdentity").then_some((Operation::FleetProbe, Uuid::nil())),
            Self::Redshift => redshift::asked(action, form),
            Self::CloudFormation => stacks::asked(action, form),
        }
    }

    /// Does it. What it answers, without the envelope.
    fn act(self, state: &mut world::State, operation: Operation, form: &Form) -> Result<Done<Xml>, Refusal> {
        match self {
            Self::AutoScaling => fleet::act(state, operation, form),
            Self::Sts => Ok(Done::same(identity())),
            Self::Redshift => redshift::act(state, operation, form),
            Self::CloudFormation => stacks::act(state, operation, form),
        }
    }

    fn answered(self, action: &str, result: Xml) -> Response {
        let id = Xml::default().leaf("RequestId", REQUEST_ID);
        let envelope = Xml::default().node(&format!("{action}Result"), result).node("ResponseMetadata", id);
        document(StatusCode::OK, &Xml::root(&format!("{action}Response"), self.namespace(), envelope))
    }

    fn refused(self, status: StatusCode, code: &str, words: &str) -> Response {
        let error = Xml::default().leaf("Type", "Sender").leaf("Code", code).leaf("Message", words);
        let envelope = Xml::default().node("Error", error).leaf("RequestId", REQUEST_ID);
        document(status, &Xml::root("ErrorResponse", self.namespace(), envelope))
    }

    /// A refusal begins with its code. Only Redshift tells by the status that something is not there.
    fn told(self, refusal: &Refusal) -> Response {
        let (code, words) = refusal.words().split_once(": ").unwrap_or(("ValidationError", refusal.words()));
        let status = match (self, refusal) {
            (Self::Redshift, Refusal::NotFound(_)) => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        self.refused(status, code, words)
    }

    fn expired(self) -> fn() -> Response {
        fn told(service: Service) -> Response {
            let words = "The security token included in the request is expired";
            service.refused(StatusCode::FORBIDDEN, "ExpiredToken", words)
        }
        match self {
            Self::AutoScaling => || told(Self::AutoScaling),
            Self::Sts => || told(Self::Sts),
            Self::Redshift => || told(Self::Redshift),
            Self::CloudFormation => || told(Self::CloudFormation),
        }
    }

    /// A fault, as AWS tells it: in XML, and a throttle as 400.
    fn as_aws(self, response: Response) -> Response {
        let is_fault = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => self.refused(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
            status if is_fault && status.is_server_error() => {
                self.refused(status, "ServiceUnavailable", "The service is unavailable. Please try again shortly.")
            }
            _ => response,
        }
    }
}

const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// What was asked for: the fields of a form.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field that the call needs.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::Invalid(format!("ValidationError: Value null at '{name}' failed to satisfy constraint"))
        })
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let wrong = || Refusal::Invalid(format!("ValidationError: {name} is no number"));
        self.get(name).map(|text| text.parse().map_err(|_| wrong())).transpose()
    }

    /// `Names.member.1`, `Names.member.2` and so on.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|at| self.get(&format!("{name}.member.{at}"))).collect()
    }

    /// Part of a list, and how to ask for what follows: so many at once where nothing is said, and by a field of this
    /// name.
    pub(crate) fn page<T>(&self, all: Vec<T>, usual: u32, token: &str) -> Result<(Vec<T>, Option<usize>), Refusal> {
        let wanted = self.number("MaxRecords")?.unwrap_or(usual);
        if wanted == 0 || wanted > LARGEST_PAGE {
            return Err(Refusal::Invalid(format!("ValidationError: MaxRecords must be between 1 and {LARGEST_PAGE}")));
        }
        let wrong = || Refusal::Invalid(format!("Invalid{token}: The {token} value is not valid"));
        let from = self.get(token).map(|token| token.parse::<usize>().map_err(|_| wrong())).transpose()?;
        let (from, count) = (from.unwrap_or(0), wanted as usize);
        let next = (all.len().saturating_sub(count) > from).then_some(from.saturating_add(count));
        Ok((all.into_iter().skip(from).take(count).collect(), next))
    }
}

/// The most that are told at once.
const LARGEST_PAGE: u32 = 100;

async fn serve(State(app): State<App>, request: Request) -> Response {
    let signed = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let signed = signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 "));
    let Ok(body) = to_bytes(request.into_body(), MAX_REQUEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let form = Form(pairs(&String::from_utf8_lossy(&body)));
    let service = Service::of(&form);
    let action = form.get("Action").unwrap_or_default().to_owned();
    let Some((operation, subject)) = service.asked(&action, &form) else {
        let words = format!("Could not find operation {action}");
        return service.refused(StatusCode::BAD_REQUEST, "InvalidAction", &words);
    };
    let words = "Missing Authentication Token";
    let unsigned = || service.refused(StatusCode::FORBIDDEN, "MissingAuthenticationToken", words);
    let act = async || {
        let done = app.world().act(operation, subject, |state| service.act(state, operation, &form));
        done.map_or_else(|refusal| service.told(&refusal), |result| service.answered(&action, result))
    };
    service.as_aws(app.perform(operation, subject, (!signed).then(unsigned), service.expired(), act).await)
}

fn identity() -> Xml {
    let arn = "arn:aws:iam::123456789012:user/sandbox";
    Xml::default().leaf("Arn", arn).leaf("UserId", "AIDASANDBOX").leaf("Account", "123456789012")
}

fn document(status: StatusCode, xml: &Xml) -> Response {
    // By its id is an answer of AWS told from a proxy's page.
    let id = (HeaderName::from_static("x-amzn-requestid"), REQUEST_ID);
    (status, [(CONTENT_TYPE, "text/xml"), id], xml.to_string()).into_response()
}
