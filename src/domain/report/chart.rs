//! Bar charts, drawn here as SVG: no script, and the same on a screen and on paper.

use maud::{Markup, html};

/// A bar: its name, its length in hundredths of a percent of the scale's whole, what stands behind it, its kind.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// What it is called.
    pub name: String,
    /// Its length, in hundredths of a percent; nothing where it is not known.
    pub length: Option<i128>,
    /// What is written behind it.
    pub label: String,
    /// The class that colours it.
    pub kind: &'static str,
}

/// The width of a drawing, which is stretched to that of the page: text stands beside it and keeps its size.
const WIDTH: i128 = 1000;

/// Bars one below the other, each under its name, with a line where the whole is, if there is one.
pub(super) fn bars(title: &str, bars: &[Bar], line: Option<&str>) -> Markup {
    let longest =
        bars.iter().filter_map(|bar| bar.length).max().unwrap_or(0).max(if line.is_some() { 10_000 } else { 1 });
    // What is far over the whole is cut, or nothing else could be told apart.
    let scale = if line.is_some() { longest.min(15_000) } else { longest };
    let width = |length: i128| length.clamp(0, scale) * WIDTH / scale;
    html! {
        div class="bars" role="group" aria-label=(title) {
            @for bar in bars {
                p { span { (bar.name) } strong { (bar.label) } }
                svg role="img" aria-label=(format!("{} {}", bar.name, bar.label)) viewBox=(format!("0 0 {WIDTH} 12")) preserveAspectRatio="none" xmlns="http://www.w3.org/2000/svg" {
                    rect x="0" y="1" width=(WIDTH) height="10" class="ground" {}
                    @if let Some(length) = bar.length {
                        rect x="0" y="1" width=(width(length).max(2)) height="10" class=(bar.kind) {}
                    }
                    @if line.is_some() {
                        line x1=(width(10_000)) y1="0" x2=(width(10_000)) y2="12" class="whole" {}
                    }
                }
            }
            @if let Some(text) = line { p class="key" { "竖线：" (text) } }
        }
    }
}
