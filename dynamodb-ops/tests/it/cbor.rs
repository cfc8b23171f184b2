//! What CloudWatch speaks, as far as it is told here.

use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

pub(crate) fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.into()].concat()
}

pub(crate) fn number(number: f64) -> Vec<u8> {
    [vec![0xfb], number.to_be_bytes().to_vec()].concat()
}

/// Seconds since 1970.
pub(crate) fn time(seconds: i64) -> Vec<u8> {
    let bytes = u64::try_from(seconds).unwrap().to_be_bytes();
    [vec![0xc1, 0x1b], bytes.to_vec()].concat()
}

pub(crate) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len()), items.concat()].concat()
}

pub(crate) fn map(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<u8> = entries.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    let count = head(5, 0)[0];
    // Without its length, until a break.
    [vec![count | 0x1f], entries, vec![0xff]].concat()
}

fn head(major: u8, length: usize) -> Vec<u8> {
    let major = major << 5;
    match u8::try_from(length).unwrap() {
        short @ 0..24 => vec![major | short],
        long => vec![major | 24, long],
    }
}

/// The answer to `GetMetricData`.
pub(crate) fn metrics(status: u16, body: Vec<u8>) -> ResponseTemplate {
    let answer = ResponseTemplate::new(status).insert_header("x-amzn-requestid", "r");
    answer.insert_header("smithy-protocol", "rpc-v2-cbor").set_body_raw(body, "application/cbor")
}

pub(crate) fn on_metrics(answer: ResponseTemplate) -> Mock {
    let operation = "/service/GraniteServiceVersion20100801/operation/GetMetricData";
    Mock::given(path(operation)).respond_with(answer)
}

/// All that is asked for, told completely: these points of `id`, and nothing else.
pub(crate) fn told(id: &str, points: &[(i64, f64)], status: &str, next: Option<&str>) -> Vec<u8> {
    let result = |id: &str, points: &[(i64, f64)], status: &str| {
        let times: Vec<_> = points.iter().map(|(at, _)| time(*at)).collect();
        let values: Vec<_> = points.iter().map(|(_, value)| number(*value)).collect();
        let (times, values) = (array(&times), array(&values));
        map(&[("Id", text(id)), ("StatusCode", text(status)), ("Timestamps", times), ("Values", values)])
    };
    let mut results = vec![result(id, points, status)];
    for unit in ["read", "write"] {
        let others = (0..7).map(|n| format!("{unit}{n}")).filter(|other| other != id);
        results.extend(others.map(|other| result(&other, &[], "Complete")));
    }
    let mut answer = vec![("MetricDataResults", array(&results))];
    answer.extend(next.map(|token| ("NextToken", text(token))));
    map(&answer)
}
