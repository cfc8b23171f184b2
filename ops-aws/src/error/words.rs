//! What is kept of other people's words.

use std::error::Error as StdError;

/// Session tokens are hundreds of characters long; no word of a sentence is.
const LONGEST: usize = 96;

/// A service that does not know a signature repeats the whole request, with the session's token.
const ECHO: &str = "The Canonical String";

/// Without what may be a secret: the echo of a signed request, and long runs of characters that tokens are made of.
pub(super) fn clean(words: &str) -> String {
    let words = words.split_once(ECHO).map_or(words, |(before, _)| before).trim_end();
    let mut clean = String::with_capacity(words.len());
    let mut run = String::new();
    for c in words.chars() {
        if c.is_ascii_alphanumeric() || "+/=_-%".contains(c) {
            run.push(c);
        } else {
            flush(&mut run, &mut clean);
            clean.push(c);
        }
    }
    flush(&mut run, &mut clean);
    clean
}

fn flush(run: &mut String, clean: &mut String) {
    clean.push_str(if run.len() > LONGEST { "[removed]" } else { run });
    run.clear();
}

/// What a failure and those below it say, in one line, each once.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for error in super::below(error).skip(1) {
        let words = error.to_string();
        if !said.iter().any(|before| before.contains(&words)) {
            said.push(words);
        }
    }
    clean(&said.join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_token_is_removed() {
        let token = "FwoGZXIvYXdzE".repeat(30);
        assert_eq!(clean(&format!("You sent '{token}', i-0abc")), "You sent '[removed]', i-0abc");
        let echo = "It does not match. The Canonical String for this request should have been 'POST x-amz-security-token:short";
        assert_eq!(clean(echo), "It does not match.");
        let group =
            "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:00000000-0000-4000-8000-000000000000:x";
        assert_eq!(clean(group), group);
    }
}
