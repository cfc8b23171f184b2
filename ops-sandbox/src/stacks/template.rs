//! The template that all stacks have: its parameters, and which resources they change.

use std::collections::BTreeMap;

use cloudformation_ops::{ChangeAction, ParameterValue, PropertyChange, Replacement, ResourceChange};

use crate::refusal::Refusal;

/// The values of parameters, hidden ones too.
pub(crate) type Values = BTreeMap<String, String>;

pub(super) const SERVICE: &str = "Service";
pub(super) const ALARM: &str = "Alarm";
pub(super) const TOKEN: &str = "ApiToken";

/// As many instances as a side may have.
const MOST: u32 = 20;

/// A side of a service: its parameters and its resources.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) size: &'static str,
    pub(super) version: &'static str,
    pub(super) launch: &'static str,
    pub(super) group: &'static str,
}

pub(super) const BLUE: Side =
    Side { size: "BlueSize", version: "BlueVersion", launch: "BlueLaunch", group: "BlueGroup" };
pub(super) const GREEN: Side =
    Side { size: "GreenSize", version: "GreenVersion", launch: "GreenLaunch", group: "GreenGroup" };
pub(super) const SIDES: [&Side; 2] = [&BLUE, &GREEN];

/// Every resource, with its type, in the order in which they are changed.
pub(super) const RESOURCES: [(&str, &str); 6] = [
    (BLUE.launch, "AWS::AutoScaling::LaunchConfiguration"),
    (GREEN.launch, "AWS::AutoScaling::LaunchConfiguration"),
    (ALARM, "AWS::CloudWatch::Alarm"),
    (SETTINGS, "AWS::SSM::Parameter"),
    (BLUE.group, "AWS::AutoScaling::AutoScalingGroup"),
    (GREEN.group, "AWS::AutoScaling::AutoScalingGroup"),
];

/// What all other parameters are written to.
const SETTINGS: &str = "Settings";

impl Side {
    /// How many instances it shall have.
    pub(super) fn size(&self, values: &Values) -> usize {
        values.get(self.size).and_then(|size| size.parse::<u32>().ok()).unwrap_or_default().min(MOST) as usize
    }

    /// What they shall run.
    pub(super) fn version<'a>(&self, values: &'a Values) -> &'a str {
        values.get(self.version).map_or("", String::as_str)
    }

    /// Whether what it shall run never gets healthy, and somebody would notice.
    pub(super) fn fails(&self, values: &Values) -> bool {
        self.size(values) > 0 && !is_sound(self.version(values))
    }
}

/// Whether instances of a version get healthy.
pub(super) fn is_sound(version: &str) -> bool {
    !["broken", "dead", "stuck"].iter().any(|word| version.contains(word))
}

/// Whether a resource takes its time.
pub(super) fn is_group(resource: &str) -> bool {
    SIDES.iter().any(|side| side.group == resource)
}

/// Which version a resource is made for that cannot be changed: another version needs another one in its place.
pub(super) fn made_for<'a>(resource: &str, values: &'a Values) -> Option<&'a str> {
    SIDES.iter().find(|side| side.launch == resource).map(|side| side.version(values))
}

pub(super) fn type_of(resource: &str) -> &'static str {
    RESOURCES.iter().find(|(name, _)| *name == resource).map_or("Custom::Unknown", |(_, kind)| kind)
}

/// As AWS shows values.
pub(super) fn shown(values: &Values) -> BTreeMap<String, ParameterValue> {
    let value = |key: &str, value: &str| match key {
        TOKEN => ParameterValue::Hidden,
        _ => ParameterValue::Plain(value.to_owned()),
    };
    values.iter().map(|(key, plain)| (key.clone(), value(key, plain))).collect()
}

/// That the template takes these values, where they are new.
pub(super) fn check(now: &Values, wanted: &Values) -> Result<(), Refusal> {
    let mut new = wanted.iter().filter(|(key, value)| now.get(*key) != Some(value));
    let refused = new.find_map(|(key, value)| why_not(key, value).map(|why| (key, why)));
    match refused {
        None => Ok(()),
        Some((key, why)) => Err(Refusal::Invalid(format!("ValidationError: Parameter '{key}' {why}"))),
    }
}

fn why_not(key: &str, value: &str) -> Option<String> {
    let is_size = SIDES.iter().any(|side| side.size == key);
    let is_version = SIDES.iter().any(|side| side.version == key);
    match key {
        _ if is_size => match value.parse::<u32>() {
            Err(_) => Some("must be a number".to_owned()),
            Ok(size) if size > MOST => Some(format!("must be a number not greater than {MOST}")),
            Ok(_) => None,
        },
        _ if is_version => {
            let good = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b));
            (!good).then(|| "must match pattern [0-9A-Za-z._+-]+".to_owned())
        }
        ALARM => (!["on", "off"].contains(&value)).then(|| "must be one of AllowedValues".to_owned()),
        _ => None,
    }
}

/// What becomes of resources where these values become those.
pub(super) fn changes(now: &Values, wanted: &Values) -> Vec<ResourceChange> {
    let changed: Vec<&str> =
        wanted.keys().map(String::as_str).filter(|key| now.get(*key) != wanted.get(*key)).collect();
    let mut found: BTreeMap<&str, Vec<PropertyChange>> = BTreeMap::new();
    let mut add = |resource, path: &str, key: &str| {
        let mut change = PropertyChange::new(path);
        // What is hidden is not told.
        if key != TOKEN {
            (change.before, change.after) = (now.get(key).cloned(), wanted.get(key).cloned());
        }
        change.cause = Some(key.to_owned());
        found.entry(resource).or_default().push(change);
    };
    for key in changed {
        if let Some(side) = SIDES.iter().find(|side| side.size == key) {
            add(side.group, "/Properties/MinSize", key);
            add(side.group, "/Properties/DesiredCapacity", key);
        } else if let Some(side) = SIDES.iter().find(|side| side.version == key) {
            add(side.launch, "/Properties/UserData", key);
        } else if key == ALARM {
            add(ALARM, "/Properties/ActionsEnabled", key);
        } else {
            add(SETTINGS, "/Properties/Value", key);
        }
    }
    for side in SIDES {
        if found.contains_key(side.launch) {
            let mut follows = PropertyChange::new("/Properties/LaunchConfigurationName");
            follows.cause = Some(side.launch.to_owned());
            found.entry(side.group).or_default().push(follows);
        }
    }
    let listed = RESOURCES.iter().filter_map(|(name, kind)| {
        let mut change = ResourceChange::new(*name, *kind, ChangeAction::Modify);
        change.properties = found.remove(name)?;
        if made_for(name, now).is_some() {
            change.replacement = Replacement::Always;
            change.properties.iter_mut().for_each(|property| property.replaces = Replacement::Always);
        }
        Some(change)
    });
    listed.collect()
}
