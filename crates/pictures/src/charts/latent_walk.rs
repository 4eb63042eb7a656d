//! A way through the codes, one decoded image a frame.

use std::{fmt::Write as _, sync::Arc};

use crate::{
    Figure, Scatter, Tile,
    charts::scatter_plot::Map,
    export::{
        figure::Ground,
        svg::{Anchor, Svg, number, pair},
    },
    layout::{
        font,
        theme::{AXIS, FRAME, INK, LABEL, MARGIN, MARK, SOFT_INK},
    },
    marks::tile::whole_scale,
};

/// A way through the codes; frames for [`gif`](crate::gif()) or [`apng`](crate::apng()).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Walk {
    /// Title of each frame; may be empty.
    pub title: String,
    /// The places of the way, in their order.
    pub frames: Vec<WalkFrame>,
    /// A map of codes beside the image, on which the way is drawn; its own title and note are not.
    pub map: Option<Scatter>,
    /// Whether the way ends where it began.
    pub closed: bool,
}

/// One place of a way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WalkFrame {
    /// What the decoder makes of the place.
    pub tile: Tile,
    /// The place on the map; drawn at the edge where the map's range leaves it out. One that is not finite is not drawn.
    pub at: (f64, f64),
    /// Small line under the image; may be empty.
    pub text: String,
}

/// An image is at most this wide and high beside a map.
const BESIDE: f64 = 336.0;
/// An image is at most this wide and high by itself.
const ALONE: f64 = 448.0;
const GAP: f64 = 16.0;
const HALO: &str = "#ffffff";
const PATH: &str = "#222222";
/// Lines of the text under an image, at most.
const TEXT_LINES: usize = 3;

/// Draws a way, one figure a place: the image enlarged, every pixel a sharp square, and beside it the map with the way
/// so far. What does not change is drawn once and shared by all frames, so an animation of hundreds is fast even over a
/// cloud of many thousand points. The CSV of a frame is `frame,x,y`, the way so far.
pub fn walk(walk: &Walk) -> Vec<Figure> {
    let scene = Scene::of(walk);
    let ground = Arc::new(scene.ground());
    let mut csv = String::from("frame,x,y\n");
    let draw = |(index, frame): (usize, &WalkFrame)| {
        let _ = writeln!(csv, "{index},{},{}", frame.at.0, frame.at.1);
        let svg = scene.frame(index);
        Figure::over(&ground, svg, csv.clone())
    };
    walk.frames.iter().enumerate().map(draw).collect()
}

/// Where things stand in every frame.
struct Scene<'a> {
    walk: &'a Walk,
    map: Option<Map<'a>>,
    /// Upper left corner of the map with its axes.
    map_origin: (f64, f64),
    /// Upper left corner and size of the room for images.
    image: (f64, f64),
    room: (f64, f64),
    /// Units a pixel.
    scale: f64,
    /// Where the way stands on the paper, as far as it is finite.
    way: Vec<Option<(f64, f64)>>,
    size: (f64, f64),
}

impl<'a> Scene<'a> {
    fn of(walk: &'a Walk) -> Self {
        let places: Vec<(f64, f64)> = walk.frames.iter().map(|frame| frame.at).collect();
        let map = walk.map.as_ref().map(|scatter| Map::of(scatter, &places));
        let most = if map.is_some() { BESIDE } else { ALONE };
        let tiles = || walk.frames.iter().map(|frame| &frame.tile);
        let width = tiles().map(|tile| tile.width).max().unwrap_or(0).max(1) as f64;
        let height = tiles().map(|tile| tile.height).max().unwrap_or(0).max(1) as f64;
        let scale = whole_scale(most / width.max(height));
        let room = ((width * scale).ceil(), (height * scale).ceil());
        let map_size = map.as_ref().map_or((0.0, 0.0), Map::size);
        let map_left = MARGIN + room.0 + GAP;
        let all = match map {
            Some(_) => map_left + map_size.0,
            None => 2.0 * MARGIN + room.0,
        };
        let top = Svg::default().heading(&walk.title, None, all) + 4.0;
        let texts = walk.frames.iter().filter(|frame| !frame.text.is_empty());
        let lines = texts.map(|frame| font::lines(&frame.text, LABEL, room.0, TEXT_LINES).len());
        let text = match lines.max() {
            Some(lines) => LABEL + 8.0 + (lines - 1) as f64 * (LABEL + 3.0),
            None => 0.0,
        };
        let height = map_size.1.max(room.1 + text + MARGIN);
        let mut scene = Self {
            walk,
            map,
            map_origin: (map_left, top),
            image: (
                MARGIN,
                top + ((height - room.1 - text - MARGIN) / 2.0).floor(),
            ),
            room,
            scale,
            way: Vec::new(),
            size: (all, top + height),
        };
        scene.way = places.iter().map(|place| scene.on_paper(*place)).collect();
        scene
    }

    fn on_paper(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let map = self
            .map
            .as_ref()
            .filter(|_| x.is_finite() && y.is_finite())?;
        Some(map.at((x, y), self.map_origin))
    }

    /// Title, map, and a frame around the room for images.
    fn ground(&self) -> Ground {
        let mut svg = Svg::default();
        svg.heading(&self.walk.title, None, self.size.0);
        let ((left, top), (width, height)) = (self.image, self.room);
        svg.rect(left - 1.0, top - 1.0, width + 2.0, height + 2.0, FRAME);
        svg.rect(left, top, width, height, "#ffffff");
        if let Some(map) = &self.map {
            map.draw(&mut svg, self.map_origin);
        }
        let whole: Vec<(f64, f64)> = self.way.iter().copied().flatten().collect();
        if whole.len() > 1 {
            // The whole way, so that a reader sees where it leads.
            let path = smooth_path(&whole, self.walk.closed);
            svg.stroke(&path, HALO, 3.0, "");
            svg.stroke(&path, AXIS, 1.2, "");
        }
        Ground::new(svg, self.size)
    }

    /// The image of a place, its text, and the way so far.
    fn frame(&self, index: usize) -> Svg {
        let mut svg = Svg::default();
        let WalkFrame { tile, text, .. } = &self.walk.frames[index];
        let ((left, top), (width, height)) = (self.image, self.room);
        let inset = |room: f64, pixels: usize| ((room - pixels as f64 * self.scale) / 2.0).round();
        let at = (
            left + inset(width, tile.width),
            top + inset(height, tile.height),
        );
        tile.draw(&mut svg, at, self.scale);
        let below = (left + width / 2.0, top + height + LABEL + 6.0);
        let lines = font::lines(text, LABEL, width, TEXT_LINES);
        for (index, line) in lines.iter().enumerate() {
            let at = (below.0, below.1 + index as f64 * (LABEL + 3.0));
            svg.text(at, line, LABEL, SOFT_INK, Anchor::Middle);
        }
        let way: Vec<(f64, f64)> = self.way[..=index].iter().copied().flatten().collect();
        if way.len() > 1 {
            let path = smooth_path(&way, false);
            svg.stroke(&path, HALO, 4.0, "");
            svg.stroke(&path, PATH, 1.8, "");
        }
        if let (Some(start), true) = (way.first(), way.len() > 1) {
            disc(&mut svg, *start, 3.5, INK);
        }
        if let Some(present) = self.way[index] {
            disc(&mut svg, present, 6.5, MARK);
        }
        svg
    }
}

/// A smooth path through places: the curve of Catmull and Rom, as cubic curves of Bézier. At each place it runs in the direction from the
/// one before to the one after.
fn smooth_path(places: &[(f64, f64)], closed: bool) -> String {
    let count = places.len();
    let at = |index: isize| match closed {
        true => places[index.rem_euclid(count as isize) as usize],
        false => places[index.clamp(0, count as isize - 1) as usize],
    };
    let handle = |from: (f64, f64), before: (f64, f64), after: (f64, f64)| {
        pair((
            from.0 + (after.0 - before.0) / 6.0,
            from.1 + (after.1 - before.1) / 6.0,
        ))
    };
    let mut path = format!("M{}", pair(places[0]));
    let pieces = if closed { count } else { count - 1 };
    for piece in 0..pieces as isize {
        let [before, from, to, after] = [-1, 0, 1, 2].map(|step| at(piece + step));
        path += &format!(
            "C{} {} {}",
            handle(from, before, to),
            handle(to, after, from),
            pair(to)
        );
    }
    path
}

/// A disc with a white edge.
fn disc(svg: &mut Svg, (x, y): (f64, f64), radius: f64, fill: &str) {
    let [x, y, radius] = [x, y, radius].map(number);
    svg.raw(&format!(
        r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="{HALO}" stroke-width="1.5"/>"#
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Point, export::raster};

    fn spiral(count: usize, map: Option<Scatter>) -> Walk {
        let frame = |index: usize| {
            let turn = index as f64 / 5.0;
            WalkFrame {
                tile: Tile {
                    pixels: vec![0.5, 0.25, 1.0, 0.0],
                    channels: 1,
                    height: 2,
                    width: 2,
                    ink: false,
                },
                at: (turn.cos(), turn.sin()),
                text: format!("place {index}"),
            }
        };
        Walk {
            title: "way".into(),
            frames: (0..count).map(frame).collect(),
            map,
            closed: false,
        }
    }

    #[test]
    fn a_frame_over_its_ground_is_the_whole_image() {
        let point = |index: u32| Point {
            x: f64::from(index % 50),
            y: f64::from(index / 50),
            class: Some(index as usize % 3),
            ..Point::default()
        };
        let map = Scatter {
            points: (0..2500).map(point).collect(),
            classes: ["a", "b", "c"].map(String::from).to_vec(),
            ..Scatter::default()
        };
        for map in [None, Some(map)] {
            let figure = &walk(&spiral(9, map))[8];
            let over = figure.render(1).expect("an image");
            let whole = raster::render(figure.svg(), figure.size(), 1).expect("an image");
            assert!(over.bytes == whole.bytes);
        }
    }

    #[test]
    fn a_smooth_path_goes_through_its_places_and_closes() {
        let places = [(0.0, 0.0), (6.0, 0.0), (6.0, 6.0), (0.0, 6.0)];
        let open = smooth_path(&places, false);
        assert!(
            open.starts_with("M0 0C1 0 ") && open.ends_with(" 0 6"),
            "{open}"
        );
        assert_eq!(open.matches('C').count(), 3);
        let closed = smooth_path(&places, true);
        assert!(
            closed.starts_with("M0 0C1 -1 ") && closed.ends_with(" 0 0"),
            "{closed}"
        );
        assert_eq!(closed.matches('C').count(), 4);
    }

    #[test]
    fn the_way_stays_on_the_map() {
        let range = Some([(-0.5, 0.5), (-0.5, 0.5)]);
        let map = Scatter {
            range,
            ..Scatter::default()
        };
        let walk = spiral(9, Some(map));
        let scene = Scene::of(&walk);
        let corners = [(-0.5, 0.5), (0.5, -0.5)].map(|corner| scene.on_paper(corner));
        let [Some((left, top)), Some((right, bottom))] = corners else {
            panic!("the corners are on the map");
        };
        let inside = |at: &Option<(f64, f64)>| {
            at.is_some_and(|(x, y)| (left..=right).contains(&x) && (top..=bottom).contains(&y))
        };
        assert!(scene.way.iter().all(inside));
        // The first place is (1, 0), which is beyond the right edge.
        assert_eq!(scene.way[0], Some((right, (top + bottom) / 2.0)));
        assert_eq!(scene.on_paper((f64::NAN, 0.0)), None);
    }
}
