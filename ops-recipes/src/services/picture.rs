//! Figures over time, drawn: as SVG, and in lines of text for the terminal.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// What a line of a picture stands for: it decides how the line looks, the same in every picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// What is asked for.
    Demand,
    /// What is allowed.
    Limit,
    /// What goes wrong.
    Trouble,
}

impl Role {
    /// Blue and orange are told apart by everybody.
    fn colour(self) -> RGBColor {
        match self {
            Self::Demand => RGBColor(0, 114, 178),
            Self::Limit => RGBColor(90, 90, 90),
            Self::Trouble => RGBColor(213, 94, 0),
        }
    }
}

/// One figure over time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// What it is.
    pub name: String,
    /// What it stands for.
    pub role: Role,
    /// Its values, by time, in order. Where there is none, nothing is known.
    pub points: Vec<(Timestamp, f64)>,
}

impl Line {
    /// A figure over time.
    pub fn new(name: impl Into<String>, role: Role, points: Vec<(Timestamp, f64)>) -> Self {
        Self { name: name.into(), role, points }
    }
}

/// Figures that are looked at together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Panel {
    /// What they are about.
    pub title: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// The figures, all in one unit.
    pub lines: Vec<Line>,
}

impl Panel {
    /// Figures of this time.
    pub fn new(title: impl Into<String>, from: Timestamp, to: Timestamp) -> Self {
        Self { title: title.into(), from, to, lines: Vec::new() }
    }

    /// And this one.
    #[must_use]
    pub fn with(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    fn highest(&self) -> f64 {
        let all = self.lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
        all.filter(|value| value.is_finite()).fold(0.0, f64::max)
    }

    fn seconds(&self) -> std::ops::Range<f64> {
        let (from, to) = (seconds(self.from), seconds(self.to));
        from..to.max(from + 1.0)
    }
}

const WIDTH: u32 = 900;
const HEIGHT: u32 = 260;
/// Seconds between two values that still belong together.
const GAP: f64 = 90.0;

/// The panels below each other, as an SVG.
///
/// # Errors
/// Where it cannot be drawn: a defect of what draws, in its words.
pub fn svg(panels: &[Panel]) -> Result<String, String> {
    let mut text = String::new();
    let height = HEIGHT * u32::try_from(panels.len().max(1)).unwrap_or(1);
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        let wrong = |error: &dyn std::fmt::Display| error.to_string();
        root.fill(&WHITE).map_err(|error| wrong(&error))?;
        for (panel, area) in panels.iter().zip(root.split_evenly((panels.len().max(1), 1))) {
            draw(panel, &area).map_err(|error| wrong(&error))?;
        }
        root.present().map_err(|error| wrong(&error))?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(panel: &Panel, area: &Area<'_>) -> Drawn {
    let top = (panel.highest() * 1.1).max(1.0);
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(24)
        .y_label_area_size(52)
        .build_cartesian_2d(panel.seconds(), 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|at| clock(*at))
        .y_label_formatter(&|value| figure(*value))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for line in &panel.lines {
        let colour = line.role.colour();
        let points = || line.points.iter().map(|(at, value)| (seconds(*at), *value));
        let drawn = match line.role {
            Role::Trouble => chart.draw_series(
                points().map(|(at, value)| Rectangle::new([(at, 0.0), (at + 50.0, value)], colour.mix(0.6).filled())),
            )?,
            Role::Limit => chart.draw_series(DashedLineSeries::new(points(), 6, 4, colour.stroke_width(2)))?,
            Role::Demand => chart.draw_series(
                segments(points()).into_iter().map(|known| PathElement::new(known, colour.stroke_width(2))),
            )?,
        };
        drawn
            .label(&line.name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 12, y + 4)], colour.mix(0.8).filled()));
    }
    if panel.lines.iter().all(|line| line.points.is_empty()) {
        let style = TextStyle::from(("sans-serif", 14)).pos(Pos::new(HPos::Center, VPos::Center));
        let (width, height) = area.dim_in_pixel();
        area.draw_text("no data points", &style, (i32::try_from(width / 2)?, i32::try_from(height / 2)?))?;
    } else {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(TRANSPARENT)
            .draw()?;
    }
    Ok(())
}

/// What belongs together: a line is not drawn over a time of which nothing is known.
fn segments(points: impl Iterator<Item = (f64, f64)>) -> Vec<Vec<(f64, f64)>> {
    let mut segments: Vec<Vec<(f64, f64)>> = Vec::new();
    for point in points {
        match segments.last_mut() {
            Some(known) if known.last().is_some_and(|last| point.0 - last.0 <= GAP) => known.push(point),
            _ => segments.push(vec![point]),
        }
    }
    segments
}

/// The panels as text, at most so many columns wide: a line of bars for each figure.
pub fn text(panels: &[Panel], width: usize) -> String {
    let mut text = String::new();
    for panel in panels {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}", panel.title);
        let named = panel.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0).min(12);
        let room = width.saturating_sub(named + 18).clamp(10, 60);
        let top = panel.highest();
        for line in &panel.lines {
            let bars = bars(panel, line, room, top);
            let most = line.points.iter().map(|(_, value)| *value).fold(f64::NAN, f64::max);
            let told = match line.role {
                // What goes wrong is told only where it does.
                Role::Trouble if most.is_nan() => "none".to_owned(),
                _ if most.is_nan() => "nothing known".to_owned(),
                _ => format!("≤ {}", figure(most)),
            };
            let _ = writeln!(text, "  {:named$} {bars} {told}", line.name);
        }
        let (from, to) = (clock(seconds(panel.from)), clock(seconds(panel.to)));
        let gap = room.saturating_sub(from.len() + to.len());
        let _ = writeln!(text, "  {:named$} {from}{:gap$}{to} UTC", "", "");
    }
    text
}

/// The highest value of each stretch of time; a blank where nothing is known.
fn bars(panel: &Panel, line: &Line, room: usize, top: f64) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let span = panel.seconds();
    let mut highest = vec![None::<f64>; room];
    for (at, value) in line.points.iter().filter(|(_, value)| value.is_finite()) {
        let place = (seconds(*at) - span.start) / (span.end - span.start);
        if (0.0..=1.0).contains(&place) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the room")]
            let column = ((place * room as f64) as usize).min(room - 1);
            highest[column] = Some(highest[column].map_or(*value, |known| known.max(*value)));
        }
    }
    if line.role == Role::Limit {
        // What is allowed is so until it changes.
        let mut last = None;
        for value in &mut highest {
            last = value.or(last);
            *value = last;
        }
    }
    let bar = |value: Option<f64>| match value {
        None => ' ',
        Some(value) if value <= 0.0 || top <= 0.0 => '·',
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the steps")]
        Some(value) => STEPS[((value / top * 7.0).round() as usize).min(7)],
    };
    highest.into_iter().map(bar).collect()
}

fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

fn clock(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of our time")]
    match Timestamp::from_second(seconds as i64) {
        Ok(at) => at.to_zoned(TimeZone::UTC).strftime("%H:%M").to_string(),
        Err(_) => String::new(),
    }
}

/// `0.4`, `21`, `15k`.
fn figure(value: f64) -> String {
    match value {
        _ if value >= 10_000.0 => format!("{:.0}k", value / 1000.0),
        _ if value >= 10.0 || value == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 - 1_795_000_000 % 3600 + minute * 60).unwrap()
    }

    fn panel() -> Panel {
        let consumed = (0..60).filter(|minute| *minute != 30).map(|minute| (at(minute), f64::from(minute as i32)));
        Panel::new("prod-s3-analytics-datomic: writes a second", at(0), at(60))
            .with(Line::new("consumed", Role::Demand, consumed.collect()))
            .with(Line::new("provisioned", Role::Limit, vec![(at(0), 20.0), (at(59), 20.0)]))
            .with(Line::new("throttled", Role::Trouble, vec![(at(45), 3.0), (at(46), 0.0)]))
    }

    #[test]
    fn in_the_terminal_it_fits_and_gaps_are_blank() {
        let text = text(&[panel()], 50);
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("██ ≤ 59") && lines[1].contains("consumed    ▁"), "{text}");
        assert!(lines[2].contains("▃▃▃▃"), "a limit holds until it changes: {text}");
        assert!(lines[3].trim_end().ends_with("≤ 3.0"), "{text}");
        assert!(lines[4].contains("UTC"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_said() {
        let nothing = Panel::new("reads", at(0), at(60)).with(Line::new("consumed", Role::Demand, Vec::new()));
        assert!(text(std::slice::from_ref(&nothing), 80).contains("nothing known"));
        assert!(svg(&[nothing]).unwrap().contains("no data points"));
        assert!(svg(&[]).unwrap().starts_with("<svg"));
    }

    #[test]
    fn names_are_escaped_and_no_value_breaks_it() {
        let odd = Panel::new("<script>&", at(5), at(5)).with(Line::new(
            "\"a\"<b>",
            Role::Trouble,
            vec![(at(5), f64::NAN), (at(5), f64::INFINITY), (at(5), 1.0), (at(9_999), -4.0)],
        ));
        let drawn = svg(&[odd.clone(), panel()]).unwrap();
        assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;"), "{drawn}");
        assert!(!text(&[odd], 0).is_empty());
    }
}
