//! The scheduler's Thrift interface, in both encodings. Whoever comes here has come to a scheduler that leads, or wants to.

use aurora_client::wire::{
    self, Answer, ApplicationException, Encoding, Message, Response as Told, ResponseCode, ResponseDetail, ServerInfo,
};
use aurora_client::{HostMode, Instances};
use axum::body::to_bytes;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderName};

use super::ask::{Ask, Wrong, means};
use super::who::{User, challenge};
use super::{At, MAX_REQUEST, Request, Response, StatusCode, shape, text};
use crate::refusal::Refusal;
use crate::world::{self, Done};
use axum::response::IntoResponse;

/// How a method is unknown, and how its arguments cannot be read, in Thrift's numbers.
const UNKNOWN_METHOD: i32 = 1;
const PROTOCOL_ERROR: i32 = 7;

/// A reply in the making: whom it answers, and how.
struct Reply {
    encoding: Encoding,
    name: String,
    seq: i32,
}

impl Reply {
    fn bytes(&self, bytes: Vec<u8>) -> Response {
        (StatusCode::OK, [(CONTENT_TYPE, self.encoding.content_type())], bytes).into_response()
    }

    fn tell(&self, told: Told) -> Response {
        self.bytes(wire::reply(self.encoding, &self.name, self.seq, told))
    }

    fn exception(&self, kind: i32, message: String) -> Response {
        let exception = ApplicationException { message: Some(message), kind: Some(kind) };
        self.bytes(wire::exception(self.encoding, &self.name, self.seq, &exception))
    }
}

/// One call.
pub(super) async fn serve(at: &At, request: Request) -> Response {
    let headers = request.headers().clone();
    let Some(encoding) = Encoding::of_content_type(header(&headers, &CONTENT_TYPE)) else {
        return text(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Content-Type");
    };
    let Ok(body) = to_bytes(request.into_body(), MAX_REQUEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let message = match Message::open(encoding, &body) {
        Ok(message) => message,
        Err(error) => return text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    let wants_binary = header(&headers, &ACCEPT) == Some(Encoding::Binary.content_type());
    let encoding = if wants_binary { Encoding::Binary } else { Encoding::Json };
    let reply = Reply { encoding, name: message.name.clone(), seq: message.seq };
    let ask = match Ask::read(message) {
        Ok(ask) => ask,
        Err(Wrong::Unknown) => {
            return reply.exception(UNKNOWN_METHOD, format!("Invalid method name: '{}'", reply.name));
        }
        Err(Wrong::Garbled(why)) => return reply.exception(PROTOCOL_ERROR, why),
        Err(Wrong::Refused(refusal)) => return reply.tell(refused(&refusal)),
    };
    let world = at.app.world();
    let user = User::of(&headers);
    let secured = world.state().aurora.secured;
    let stranger = secured && ask.challenge().is_some() && user.is_none();
    let (operation, subject) = ask.operation();
    let act = async || {
        let may = !secured || ask.challenge().is_none_or(|admin| user.is_some_and(|user| user.may(admin)));
        let done = match may || matches!(ask, Ask::Pulse) {
            true => world.act(operation, subject, |state| act(state, &ask)),
            false => Err(Refusal::Forbidden(format!("Subject is not permitted to call {}", reply.name))),
        };
        reply.tell(done.unwrap_or_else(|refusal| refused(&refusal)))
    };
    at.app.perform(operation, subject, stranger.then(challenge), challenge, act).await
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn told(code: ResponseCode, result: Option<Answer>, detail: Option<String>) -> Told {
    Told {
        response_code: Some(code),
        result,
        server_info: Some(ServerInfo {
            cluster_name: Some("aurora".to_owned()),
            stats_url_prefix: Some(String::new()),
        }),
        details: Some(detail.into_iter().map(|message| ResponseDetail { message: Some(message) }).collect()),
    }
}

fn refused(refusal: &Refusal) -> Told {
    let code = match refusal {
        Refusal::Forbidden(_) | Refusal::Unauthenticated(_) => ResponseCode::AuthFailed,
        Refusal::Conflict(_) => ResponseCode::JobUpdatingError,
        Refusal::Unavailable(_) | Refusal::Unreachable(_) => ResponseCode::Error,
        Refusal::Invalid(_) | Refusal::NotFound(_) | Refusal::Throttled(_) | Refusal::Rejected(_) => {
            ResponseCode::InvalidRequest
        }
    };
    told(code, None, Some(refusal.words().to_owned()))
}

fn ok(answer: Answer) -> Told {
    told(ResponseCode::Ok, Some(answer), None)
}

fn done(changed: bool) -> Done<Told> {
    Done { answer: told(ResponseCode::Ok, None, None), changed }
}

/// Does it.
fn act(state: &mut world::State, ask: &Ask) -> Result<Done<Told>, Refusal> {
    let now = state.now();
    let aurora = &mut state.aurora;
    match ask {
        Ask::Tasks { query, brief } => {
            let meant = aurora.records().map(|record| &record.task);
            let meant = meant.filter(|task| means(query, task, shape::status(task.status)));
            let above = |number: Option<i32>| number.and_then(|one| usize::try_from(one).ok()).filter(|one| *one > 0);
            let meant = meant.skip(above(query.offset).unwrap_or(0)).take(above(query.limit).unwrap_or(usize::MAX));
            let mut tasks: Vec<wire::ScheduledTask> = meant.map(shape::task).collect();
            if *brief {
                let configs = tasks.iter_mut().filter_map(|task| task.assigned_task.as_mut()?.task.as_mut());
                configs.filter_map(|config| config.executor_config.as_mut()).for_each(|one| one.data = None);
            }
            let tasks = wire::ScheduleStatusResult { tasks: Some(tasks) };
            Ok(Done::same(ok(Answer::ScheduleStatus(tasks))))
        }
        Ask::Reasons(query) => {
            let reasons = aurora.reasons(|record| means(query, &record.task, shape::status(record.task.status)));
            let reason = |one: aurora_client::PendingReason| wire::PendingReason {
                task_id: Some(one.task.to_string()),
                reason: Some(one.reason),
            };
            let reasons = wire::GetPendingReasonResult { reasons: Some(reasons.into_iter().map(reason).collect()) };
            Ok(Done::same(ok(Answer::GetPendingReason(reasons))))
        }
        Ask::Jobs(role) => {
            let jobs = aurora.summaries(role.as_deref());
            let active = jobs.iter().filter(|job| job.active + job.pending > 0);
            let configs = active.filter_map(|job| shape::summary(job).job).collect();
            Ok(Done::same(ok(Answer::GetJobs(wire::GetJobsResult { configs: Some(configs) }))))
        }
        Ask::Summaries(role) => {
            let summaries = aurora.summaries(role.as_deref()).iter().map(shape::summary).collect();
            Ok(Done::same(ok(Answer::JobSummary(wire::JobSummaryResult { summaries: Some(summaries) }))))
        }
        Ask::Roles => {
            let mut roles = std::collections::BTreeMap::<String, i32>::new();
            for job in aurora.summaries(None) {
                *roles.entry(job.key.role().to_owned()).or_default() += 1;
            }
            let role =
                |(role, jobs)| wire::RoleSummary { role: Some(role), job_count: Some(jobs), cron_job_count: Some(0) };
            let summaries = roles.into_iter().map(role).collect();
            Ok(Done::same(ok(Answer::RoleSummary(wire::RoleSummaryResult { summaries: Some(summaries) }))))
        }
        Ask::Tiers => Ok(Done::same(ok(shape::tiers()))),
        Ask::Quota(role) if role.is_empty() => Err(Refusal::Unavailable("ownerRole must not be blank".to_owned())),
        Ask::Quota(role) => Ok(Done::same(ok(shape::quota(&aurora.quota(role))))),
        Ask::Check(job) => {
            aurora.check(&job.new)?;
            Ok(Done::same(ok(Answer::PopulateJob(wire::PopulateJobResult { task_config: None }))))
        }
        // A key without a job in it: only who is known hears that it is wrong.
        Ask::Pulse if aurora.secured => Err(Refusal::Rejected("Invalid job key".to_owned())),
        Ask::Pulse => Err(Refusal::Unavailable("Invalid job key".to_owned())),
        Ask::Create(job) => aurora.create(job.as_ref().clone(), None, now).map(|()| done(true)),
        Ask::Kill { job, instances, message } => {
            let named = |one: &u32| {
                matches!(instances, Instances::All) || matches!(instances, Instances::Only(set) if set.contains(*one))
            };
            let none = !aurora.active_instances(job).iter().any(named);
            let changed = aurora.kill(job, instances, message, now)?;
            let mut done = done(changed);
            if none {
                done.answer = told(ResponseCode::Ok, None, Some("No tasks to kill.".to_owned()));
            }
            Ok(done)
        }
        Ask::Restart { job, instances } => aurora.restart(job, instances, now).map(done),
        Ask::Hosts(hosts) => {
            let statuses = Some(shape::hosts(aurora.host_statuses(hosts)));
            Ok(Done::same(ok(Answer::MaintenanceStatus(wire::MaintenanceStatusResult { statuses }))))
        }
        Ask::Maintenance(mode, hosts) => {
            let changed = aurora.set_mode(hosts, *mode, now);
            let statuses = Some(shape::hosts(aurora.host_statuses(hosts)));
            let answer = match mode {
                HostMode::Scheduled => Answer::StartMaintenance(wire::StartMaintenanceResult { statuses }),
                HostMode::Draining => Answer::DrainHosts(wire::DrainHostsResult { statuses }),
                _ => Answer::EndMaintenance(wire::EndMaintenanceResult { statuses }),
            };
            Ok(Done { answer: ok(answer), changed })
        }
        Ask::SetQuota { role, quota } => Ok(done(aurora.set_quota(role, *quota))),
        Ask::Snapshot => Ok(done(true)),
    }
}
