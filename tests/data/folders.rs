//! Folders of pictures.

use super::*;

#[test]
fn a_folder_of_pictures_is_learned_with_its_folders_as_classes() {
    let room = Room::new();
    cats_and_dogs(&room);
    let ran = run(
        &room,
        "train ./pictures --device cpu --epochs 2 --name zoo --layers 8",
    )
    .ok();
    assert!(ran.stdout.contains("no test set was held out"), "{ran:#?}");
    let expected = json!({ "train": 16, "test": 16, "held_out": false, "shape": [1, 5, 6] });
    assert_eq!(facts(&room, "zoo"), expected);
    for figure in ["loss", "reconstruction", "latent", "grid"] {
        check_figure(&room, &format!("runs/zoo/figures/{figure}"));
    }
    let both = [("cat".to_owned(), 8), ("dog".to_owned(), 8)];
    assert_eq!(classes_on_the_map(&room, "zoo"), both);
    let codes = cells(&run(&room, "encode zoo --classes dog").ok().stdout);
    assert_eq!(codes.len(), 8);
    // Two images of one name stay two.
    assert_eq!(codes[7][1], "dog/7");
    // Other pictures are given in the same way; these are the same ones.
    let dogs = cells(&run(&room, "encode zoo --data pictures/dog").ok().stdout);
    // Caption and row of each line are those of its own set.
    let numbers = |lines: &[Vec<String>]| {
        lines
            .iter()
            .map(|line| line[2..4].to_vec())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&dogs), numbers(&codes));
    run(&room, "morph zoo #0 #15 --steps 3").ok();
    let noisy = run(&room, "denoise zoo --noise gaussian:.2 --copies 2 --json").ok();
    assert!(noisy.json()["median"]["psnr"].is_number());
    let said = run(&room, "reconstruct zoo").ok().stdout;
    let (sentence, classes) = said.split_once('\n').expect("two parts");
    assert!(classes.contains("worst sample"), "{said}");
    let words = sentence
        .split_whitespace()
        .map(|word| word.trim_end_matches(','));
    let decimals = words.filter_map(|word| word.parse::<f64>().ok().and(word.split('.').nth(1)));
    let decimals: Vec<usize> = decimals.map(str::len).collect();
    assert_eq!(decimals, [2, 3], "{said}");
}

#[test]
fn pictures_are_brought_to_one_size_and_to_grey() {
    let room = Room::new();
    let larger = bmp(7, 9, |y, x| [(y * 9 + x) as u8, 0, 200]);
    let three = [("a.bmp", colour(1)), ("b.bmp", grey(2)), ("c.bmp", larger)];
    folder(&room, "all", &three);
    folder(&room, "two", &three[..2]);
    let shape = |more: &str, name: &str| {
        train(&room, name, more);
        facts(&room, name)["shape"].clone()
    };
    assert_eq!(shape("two", "colour"), json!([3, 5, 6]));
    assert_eq!(shape("two --grey", "grey"), json!([1, 5, 6]));
    assert_eq!(shape("all --size 4x3", "small"), json!([3, 4, 3]));
    refused(
        &room,
        "train all",
        3,
        "c.bmp`: expected 5x6 pixels as in `a.bmp`, found 7x9",
        "`--size 5x5`",
    );
    // A run brings other pictures to its size, too.
    let codes = run(&room, "encode small --data two").ok().stdout;
    assert_eq!(cells(&codes).len(), 2);
    let hint = "of the shape it was trained on";
    refused(
        &room,
        "encode grey --data fonts",
        2,
        "`fonts` has samples of 1x7x5, and this run learned 1x5x6",
        hint,
    );
}

#[test]
fn a_part_can_be_held_out() {
    let room = Room::new();
    cats_and_dogs(&room);
    let ran = train(&room, "held", "./pictures --test-fraction .25 --layers 8");
    assert!(!ran.stdout.contains("held out"), "{ran:#?}");
    let expected = json!({ "train": 12, "test": 4, "held_out": true, "shape": [1, 5, 6] });
    assert_eq!(facts(&room, "held"), expected);
    let codes = |part: &str| {
        let ran = run(&room, &format!("encode held --part {part}")).ok();
        cells(&ran.stdout)
    };
    let (train_codes, test_codes) = (codes("train"), codes("test"));
    assert_eq!((train_codes.len(), test_codes.len()), (12, 4));
    let both = || train_codes.iter().chain(&test_codes);
    let mut different: Vec<_> = both().map(|row| &row[2..]).collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 16, "no picture is in both parts");
    refused(
        &room,
        "train ./pictures --test-fraction 1",
        2,
        "above 0 and under 1, found 1",
        "",
    );
}

#[test]
fn a_damaged_picture_is_named_or_left_out_and_counted() {
    let room = Room::new();
    let whole = grey(1);
    folder(
        &room,
        "some",
        &[
            ("a.bmp", whole.clone()),
            ("b.bmp", whole[..70].to_vec()),
            ("c.bmp", grey(2)),
            ("d.png", b"no picture".to_vec()),
            ("notes.txt", b"no picture either".to_vec()),
        ],
    );
    refused(
        &room,
        "train some",
        3,
        "b.bmp`: expected an image that can be read",
        "",
    );
    let ran = train(&room, "rest", "some --skip-bad --layers 8");
    let data = facts(&room, "rest");
    assert_eq!((&data["train"], &data["skipped"]), (&json!(2), &json!(2)));
    for message in ["skipped 2:", "b.bmp`", "d.png`"] {
        assert!(ran.stderr.contains(message), "{ran:#?}");
    }
    assert_eq!(cells(&run(&room, "encode rest").ok().stdout)[1][1], "c");
}

#[test]
fn a_folder_without_a_picture_to_learn_from_is_refused() {
    let room = Room::new();
    let huge = bmp_header(60_000, 60_000, 0);
    for (name, file, bytes, found) in [
        ("words", "notes.txt", b"words".to_vec(), "found none"),
        ("empty", "a.bmp", Vec::new(), "an image that can be read"),
        ("noise", "a.png", b"noise".to_vec(), "an image that can be"),
        ("huge", "a.bmp", huge, "Image size exceeds limit"),
    ] {
        folder(&room, name, &[(file, bytes)]);
        refused(&room, &format!("train {name}"), 3, found, "");
        let skipping = format!("train {name} --skip-bad");
        refused(&room, &skipping, 3, "found none", "");
    }
    folder(&room, "both/class", &[("a.bmp", grey(1))]);
    room.write("both/b.bmp", grey(2));
    refused(
        &room,
        "train both",
        3,
        "either images or folders of images, found `b.bmp`",
        "",
    );
}
